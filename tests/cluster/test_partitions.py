import json
import subprocess
import sys
import time
from pathlib import Path

import cloudpickle
import distributed
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.processes import LINUX

from creditcalc import load_rulebook
from creditcalc.cli.main import cli
from creditcalc.cli.scores import _sound
from creditcalc.cluster import parquet, sinks
from creditcalc.cluster.connection import ClusterError
from creditcalc.cluster.parquet import read_part
from creditcalc.cluster.partitions import score_partitions
from creditcalc.cluster.tables import mapping
from creditcalc.intake.checked_table import check_inputs
from creditcalc.problems import InputError
from creditcalc.scoring.scorecard import score

BOOK = load_rulebook()
SEVERAL, ONE, BAD, ODD = "几个市", "一个市", "有错", "杂"
PEAK = """
import sys
from pathlib import Path
from distributed import Client, LocalCluster
from creditcalc import load_rulebook
from creditcalc.cluster.partitions import score_partitions
from creditcalc.cluster.tables import mapping

def peak():  # not ru_maxrss, which a process inherits from the one that starts it
    from pathlib import Path
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if "VmHWM" in line) >> 10

where, folder, out = sys.argv[1], *map(Path, sys.argv[2:])
outputs = {"items": out / "i.parquet", "totals": out / "t.csv"}
if where == "here":
    score_partitions(folder, load_rulebook(), {}, outputs)
    print([peak()])
else:
    workers = {"n_workers": 2, "threads_per_worker": 1, "local_directory": out}
    with LocalCluster(**workers, dashboard_address=":0") as cluster, Client(cluster) as client:
        with mapping(cluster.scheduler_address) as mapped:
            score_partitions(folder, load_rulebook(), {}, outputs, mapped)
        print([peak(), *client.run(peak).values()])
"""


def part(rng, first, rows):
    """Rows of the columns that have no relation to another, with gaps."""
    table = {
        "县区": [f"县{n // 12:05}" for n in range(first, first + rows)],
        "period": [f"2021-{n % 12 + 1:02}" for n in range(first, first + rows)],
        "city": [f"市{n // 60}" for n in range(first, first + rows)],
    }
    for i in BOOK.inputs.values():
        match i.type:
            case "class":
                values = pd.Series(rng.choice(list(i.classes.values()), rows), dtype="str")
            case "flag":
                values = pd.Series(rng.random(rows) < 0.9).astype("boolean")
            case "rank" | "count":
                values = pd.Series(rng.integers(10, 20, rows)).astype("Int64")
            case _:
                values = pd.Series(10 + rng.random(rows)).clip(upper=i.max)
        table[i.label] = values.mask(rng.random(rows) < 0.1)
    table = pd.DataFrame(table)
    for i in BOOK.inputs.values():
        if i.part_of:
            table[i.label] = table[i.label].where(
                table[i.label] <= i.times * table[BOOK.inputs[i.part_of].label]
            )
    return table


def write(folder, parts, rows=120):
    rng = np.random.default_rng(1)
    folder.mkdir()
    for n in range(parts):
        part(rng, n * rows, rows).to_parquet(folder / f"{n:03}.parquet", index=False)
    return folder


def named(name):
    return pd.DataFrame({"name": [name]})


def change(file, **columns):
    """Put values into the first rows of a file's columns."""
    table = pd.read_parquet(file)
    for name, values in columns.items():
        cells = table[name].astype(object)
        cells.iloc[: len(values)] = values
        table[name] = pd.Series(list(cells))
    table.to_parquet(file, index=False)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Clean parts of several cities and of one; parts with every fault that only all together show;
    of odd types.
    """
    home = tmp_path_factory.mktemp("parquet")
    made = {
        SEVERAL: write(home / "several", 4),
        ONE: write(home / "one", 3, 36),
        BAD: write(home / "bad", 4),
    }
    made[ODD] = write(home / "odd", 3)
    for n, city in ((0, None), (2, "市0")):
        change(made[ONE] / f"{n:03}.parquet", city=[city] * 36)
    change(made[ONE] / "001.parquet", city=[None] * 36)
    loans = BOOK.inputs["loans_xyd"].label
    change(
        made[BAD] / "001.parquet",
        县区=["县00000", "县00011"],
        city=["市0", None],
        **{loans: [None, None, -1.0, 2e15]},
    )
    change(
        made[BAD] / "002.parquet",
        县区=["县00000", "县00023"],
        city=["市7", "市0"],
        period=["2021-01", "2021-02"],
    )
    change(
        made[BAD] / "003.parquet",
        县区=["县00000", "县00000"],
        city=["市0", "市0"],
        period=["2021-03", "2021-03"],
    )
    change(made[ODD] / "000.parquet", **{loans: ["1,200", "12%", "３"] + [None] * 117})
    change(made[ODD] / "001.parquet", 县区=[" 县00011", "县\n1", None], period=["2021年5月"])
    pd.read_parquet(made[ODD] / "002.parquet").astype(
        {"city": "category", loans: "float32"}
    ).to_parquet(made[ODD] / "002.parquet")
    return made


def whole(folder):
    """The ordinary path: the whole table read, checked and scored at once."""
    checked = check_inputs(folder, BOOK)
    return checked, score(checked.table[_sound(checked.table, checked)], BOOK)


def bits(frame):
    """A frame's columns as bytes and texts."""
    return {
        name: column.to_numpy().tobytes() if column.dtype == "float64" else list(column)
        for name, column in frame.reset_index(drop=True).items()
    }


@pytest.mark.parametrize("which", [SEVERAL, ONE, BAD, ODD])
def test_the_results_are_the_bits_and_the_problems_those_of_the_whole_table(
    folders, which, tmp_path
):
    checked, card = whole(folders[which])
    assert bool(checked.errors) == (which in (BAD, ODD)) and len(card.table) > 100
    problems = score_partitions(
        folders[which],
        BOOK,
        {},
        {name: tmp_path / f"{name}.parquet" for name in ("items", "totals")},
    )
    assert sorted(map(repr, problems)) == sorted(map(repr, checked.problems))
    assert bits(pd.read_parquet(tmp_path / "items.parquet")) == bits(card.items())
    assert bits(pd.read_parquet(tmp_path / "totals.parquet")) == bits(card.totals())


def test_clean_parts_are_read_by_column_and_never_by_cell(folders, monkeypatch):
    monkeypatch.setattr(parquet, "read_grids", lambda path: pytest.fail("by cell"))
    ordinary = check_inputs(folders[SEVERAL] / "001.parquet", BOOK)
    found = read_part(folders[SEVERAL] / "001.parquet", BOOK)
    assert bits(found.table) == bits(ordinary.table)


def test_the_command_writes_what_it_writes_of_one_file(folders, tmp_path):
    one = tmp_path / "one.parquet"
    pd.concat(map(pd.read_parquet, sorted(folders[SEVERAL].iterdir()))).to_parquet(one, index=False)
    outputs = {}
    for data in (one, folders[SEVERAL]):
        names = [str(tmp_path / f"{data.name}{ending}") for ending in (".items.csv", ".totals.csv")]
        call = ["score", str(data), "--out", names[0], "--totals", names[1]]
        assert CliRunner().invoke(cli, call).exit_code == 0
        outputs[data] = [Path(name).read_bytes() for name in names]
    assert outputs[one] == outputs[folders[SEVERAL]]


@pytest.mark.slow
@pytest.mark.parametrize("which", [ONE, BAD])
def test_workers_give_the_same(folders, which, cluster, tmp_path):
    checked, card = whole(folders[which])
    with mapping(cluster) as mapped:
        problems = score_partitions(
            folders[which], BOOK, {}, {"items": tmp_path / "i.parquet"}, mapped
        )
    assert sorted(map(repr, problems)) == sorted(map(repr, checked.problems))
    assert bits(pd.read_parquet(tmp_path / "i.parquet")) == bits(card.items())


@pytest.mark.slow
def test_a_file_that_changed_is_read_anew_although_another_run_still_has_the_old_one(
    cluster, tmp_path
):
    files = [tmp_path / f"{n}.parquet" for n in range(2)]
    for file in files:
        pd.DataFrame({"n": [1]}).to_parquet(file)
    with mapping(cluster) as one, mapping(cluster) as other:
        early = one(pd.read_parquet, files)
        next(early)
        pd.DataFrame({"n": [2]}).to_parquet(files[1])
        assert [table["n"][0] for table in other(pd.read_parquet, files)] == [1, 2]


@pytest.mark.slow
def test_what_is_sent_for_a_file_does_not_grow_with_the_number_of_files(cluster, monkeypatch):
    sizes, compute = [], distributed.Client.compute
    monkeypatch.setattr(
        distributed.Client,
        "compute",
        lambda self, part: sizes.append(len(cloudpickle.dumps(part))) or compute(self, part),
    )
    most = []
    with mapping(cluster) as mapped:
        for number in (10, 200):
            names = [f"{'长' * 100}{n:05}" for n in range(number)]
            assert [table["name"][0] for table in mapped(named, names)] == names
            most.append(max(sizes))
    assert most[1] == pytest.approx(most[0], rel=0.05)


def test_a_scheduler_that_loses_its_workers_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr("creditcalc.cluster.connection.ABANDONED", 1)
    start = {
        "n_workers": 1,
        "processes": False,
        "dashboard_address": ":0",
        "local_directory": tmp_path,
    }
    with distributed.LocalCluster(**start) as local, mapping(local.scheduler_address) as mapped:
        local.scale(0)
        while local.scheduler.workers:
            time.sleep(0.05)
        with pytest.raises(ClusterError, match="没有 worker"):
            list(mapped(named, ["一"]))


@pytest.mark.slow
def test_the_command_goes_through_a_scheduler(folders, cluster, tmp_path):
    written = []
    for name, choices in (("here.csv", []), ("there.csv", ["--scheduler", cluster])):
        call = ["score", str(folders[SEVERAL]), "--out", str(tmp_path / name), *choices]
        assert CliRunner().invoke(cli, call).exit_code == 0
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_a_scheduler_is_of_no_use_for_one_file(folders, tmp_path):
    call = [
        "score",
        str(folders[SEVERAL] / "000.parquet"),
        "--out",
        str(tmp_path / "o.csv"),
        "--scheduler",
        "x",
    ]
    result = CliRunner().invoke(cli, call)
    assert result.exit_code == 2 and "Parquet 文件夹" in result.stderr


def test_nothing_is_written_of_what_excel_cannot_hold_or_has_no_rows(
    folders, tmp_path, monkeypatch
):
    monkeypatch.setattr(sinks, "EXCEL_ROWS", 4 * 120 * len(BOOK.rules))
    call = ["score", str(folders[SEVERAL]), "--out", str(tmp_path / "o.xlsx")]
    result = CliRunner().invoke(cli, call)
    assert result.exit_code == 2 and "工作表放不下" in result.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    pd.read_parquet(folders[SEVERAL] / "000.parquet").iloc[:0].to_parquet(empty / "a.parquet")
    with pytest.raises(InputError, match="表中没有数据行"):
        score_partitions(empty, BOOK, {}, {"items": tmp_path / "o.parquet"})
    assert not list(tmp_path.glob("o.*"))


def test_nothing_is_written_where_no_row_is_sound(folders, tmp_path):
    folder, out = tmp_path / "bad", tmp_path / "o.csv"
    folder.mkdir()
    bad = pd.read_parquet(folders[SEVERAL] / "000.parquet").iloc[:1]
    bad[BOOK.inputs["loans_xyd"].label] = -1.0
    bad.to_parquet(folder / "a.parquet")
    told = []
    for data in (folder, folder / "a.parquet"):
        result = CliRunner().invoke(cli, ["score", str(data), "--out", str(out)])
        assert result.exit_code == 2 and "-1" in result.stderr and not out.exists()
        told.append(result.stderr)
    assert told[0] == told[1]


@pytest.fixture(scope="module")
def fewer_and_more(tmp_path_factory):
    """A folder of few parts and one of ten times as many."""
    home = tmp_path_factory.mktemp("parts")
    return [write(home / str(parts), parts) for parts in (10, 100)]


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "most"), [("here", 1.15), ("there", 1.2)]
)  # a scheduler keeps a log of what it sent
def test_peak_memory_of_no_process_grows_with_the_number_of_parts(
    where, most, fewer_and_more, tmp_path
):
    peaks = []
    for folder in fewer_and_more:
        out = tmp_path / folder.name
        out.mkdir()
        call = [sys.executable, "-c", PEAK, where, str(folder), str(out)]
        peaks.append(
            json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout)
        )
    print("peak of 10 and of 100 parts, MB:", *peaks)
    assert all(many < most * few for few, many in zip(*peaks, strict=True))
