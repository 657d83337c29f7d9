"""What goes wrong while a batch runs: after each fault no half page, a true record, and a next run
that makes the rest.
"""

import json
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock
from support.batches import PARAMETERS, notebook, record, statuses, write_data
from support.editions import few_offices

from creditcalc.batch.plan import Options
from creditcalc.batch.runner import Busy, run
from creditcalc.batch.verify import NoRecord, verify_pages
from creditcalc.cli.main import cli

pytestmark = pytest.mark.slow
SLOW = "import time\ntime.sleep(0.4)\nprint(county)"
MANY = [f"县{n}" for n in range(12)]
FEW = MANY[:6]  # of prints, each of which starts a browser


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    notebook(folder / "county_report.ipynb", PARAMETERS, SLOW)
    notebook(
        folder / "city_overview.ipynb", PARAMETERS.replace("county = None\n", ""), "print(city)"
    )
    notebook(
        folder / "office_report.ipynb", PARAMETERS.replace("county", "office"), "print(office)"
    )
    return folder


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    return few_offices(tmp_path_factory.mktemp("edition") / "edition.toml")


@pytest.fixture
def options(tmp_path, notebooks, edition, units):
    data, out = write_data(tmp_path / "数据.csv", MANY[:3]), tmp_path / "报 告"
    return Options(data, out=out, notebooks=notebooks, rulebook=edition, jobs=2, units=units)


def whole(folder):
    """Whether every page under its final name is there to its end, and nothing temporary lies
    about.
    """
    pages = list(folder.glob("*.html"))
    assert not [
        path.name
        for path in folder.iterdir()
        if path.name.startswith(".") and path.name != ".written"
    ]
    return pages and all(
        path.read_text(encoding="utf-8").rstrip().endswith("</html>") for path in pages
    )


SCRIPT = """
import sys
from pathlib import Path
from creditcalc.batch.plan import Options
from creditcalc.batch.runner import run
data, out, notebooks, edition = map(Path, sys.argv[1:5])
units, pdf = (word == "True" for word in sys.argv[5:])
own = {"notebooks": notebooks, "rulebook": edition, "jobs": 2, "units": units, "pdf": pdf}
run(Options(data=data, out=out, **own), progress=False)
"""


def started(options):
    """A run in a process of its own, which can be killed."""
    paths = options.data, options.out, options.notebooks, options.rulebook
    words = [*map(str, paths), str(options.units), str(options.pdf)]
    return subprocess.Popen([sys.executable, "-c", SCRIPT, *words])


def killed_at(process, folder, many, wanted):
    """Kill a run as soon as its record names so many pages that are as wanted."""
    deadline, found = time.monotonic() + 120, []
    while len(found) < many:
        assert process.poll() is None and time.monotonic() < deadline
        if (folder / "run.json").exists():
            found = [*filter(wanted, json.loads((folder / "run.json").read_bytes())["pages"])]
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("units", [False, True], ids=["jurisdictions", "offices too"])
def test_a_killed_run_is_finished_by_the_next_and_nothing_is_made_twice(options, tmp_path):
    write_data(options.data, MANY)
    process = started(options)
    folder = options.out / "2021-05"
    killed_at(process, folder, 4, lambda page: page["status"] == "made")
    facts = json.loads((folder / "run.json").read_bytes())
    made = {
        page["name"]
        for page in facts["pages"]
        if page["status"] == "made" and page["kind"] != "office"
    }
    assert facts["interrupted"] and 4 <= len(made) < len(MANY) + 1 and whole(folder)
    assert [problem.what for problem in verify_pages(folder) if problem.file == "run.json"] == [
        "这次运行没有做完"
    ]
    found = statuses(run(options, progress=False))
    assert {name for name, status in found.items() if status == "unchanged"} == made
    assert {name for name, status in found.items() if status == "made"} == {"某市", *MANY} - made
    assert whole(folder) and verify_pages(folder) == []


@pytest.mark.usefixtures("chromium")
def test_a_run_that_was_killed_while_it_printed_prints_the_rest_and_nothing_twice(
    options, tmp_path, monkeypatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1622073600")
    write_data(options.data, FEW)
    printing = replace(options, pdf=True)
    folder = options.out / "2021-05"
    killed_at(started(printing), folder, 3, lambda page: page["pdf"])
    pages = json.loads((folder / "run.json").read_bytes())["pages"]
    printed = [folder / page["file"].replace(".html", ".pdf") for page in pages if page["pdf"]]
    assert 3 <= len(printed) < len(FEW) + 1
    stamps = {path: path.stat().st_mtime_ns for path in printed}
    outcome = run(printing, progress=False)
    assert outcome.complete and outcome.told == () and verify_pages(folder) == []
    assert {path: path.stat().st_mtime_ns for path in printed} == stamps
    fresh = run(replace(printing, out=tmp_path / "新"), progress=False).folder
    prints = [
        {path.name: path.read_bytes() for path in place.glob("*.pdf")} for place in (folder, fresh)
    ]
    assert prints[0] == prints[1] and len(prints[0]) == len(FEW) + 1


def test_a_second_run_into_the_same_folder_says_so_and_stops(options):
    assert run(options, progress=False).complete
    before = (options.out / "2021-05" / "run.json").read_bytes()
    with FileLock(options.out / ".2021-05.lock"), pytest.raises(Busy, match="另一个 report"):
        run(replace(options, force=True), progress=False)
    assert (options.out / "2021-05" / "run.json").read_bytes() == before
    assert set(statuses(run(options, progress=False)).values()) == {"unchanged"}, (
        "the lock is free again"
    )


def limited(command, size, **settings):
    """A command that can write no file longer than ``size`` bytes, as on a disk that is full."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(
        command,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        **settings,
    )


REPORT = "from creditcalc.cli.main import main; main()"


@pytest.mark.parametrize("command", ["score", "worklog"])
def test_a_workbook_that_has_no_room_is_said_in_a_sentence(tmp_path, command):
    out = tmp_path / "大.xlsx"
    more = ["--period", "2021-05"] if command == "worklog" else []
    done = limited(
        [sys.executable, "-c", REPORT, command, "data/sample", "--out", str(out), *more], 4_000
    )
    assert done.returncode == 1 and done.stderr.splitlines() == [
        "读写文件失败（磁盘放不下这么大的文件）"
    ], done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_takes_no_file_is_named():
    done = CliRunner().invoke(
        cli, ["worklog", "data/sample", "--period", "2021-05", "--out", "/proc/x.xlsx"]
    )
    assert done.exit_code == 1
    assert done.stderr.splitlines() == ["读写文件失败：/proc/x.xlsx（没有这个文件或文件夹）"]


def report(options, *more):
    units = "--units" if options.units else "--no-units"
    own = ["--out", str(options.out), "--rulebook", str(options.rulebook), units, "--jobs", "2"]
    return [sys.executable, "-c", REPORT, "report", str(options.data), *own, *more]


@pytest.mark.parametrize("units", [False, True], ids=["jurisdictions", "offices too"])
def test_a_disk_that_is_full_leaves_no_half_file_and_the_next_run_makes_it_good(options):
    done = limited(report(options), 60_000)
    assert done.returncode == 1 and "Traceback" not in done.stderr and done.stderr.strip()
    folder = options.out / "2021-05"
    if folder.exists():
        assert not list(folder.glob("*.html")) or whole(folder)
    done = subprocess.run(report(options), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert whole(folder) and verify_pages(folder) == []


def apart(script, options, **paths):
    """Run a shell script with mounts of its own, in which ``report`` makes the pages; skip where
    the system forbids mounts.
    """
    trial = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if (
        not shutil.which("unshare")
        or subprocess.run(trial, capture_output=True, check=False).returncode
    ):
        pytest.skip("this system does not let a test mount anything")
    script = f"report() {{ {shlex.join(report(options))}; }}\n{script}"
    environment = os.environ | {name: str(path) for name, path in paths.items()}
    return subprocess.run(
        ["unshare", "-m", "sh", "-euc", script],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def test_no_room_in_shared_memory_is_no_matter(options):
    done = apart(
        "mount -t tmpfs -o size=4k tmpfs /dev/shm; "
        "head -c 9999 /dev/zero > /dev/shm/full || report",
        options,
    )
    assert done.returncode == 0 and "No space left" in done.stderr, done.stderr
    assert whole(options.out / "2021-05") and verify_pages(options.out / "2021-05") == []


@pytest.mark.parametrize(
    "room", [8, 100, 250, 450]
)  # KB: none, for the data, for a page or two, for all but the last
def test_a_small_disk_is_told_and_what_it_holds_is_whole(options, tmp_path, room):
    first, second = tmp_path / "first", tmp_path / "second"
    script = f"""
        mkdir "$OUT"; mount -t tmpfs -o size={room}k tmpfs "$OUT"
        if report; then exit 9; fi
        cp -a "$OUT" "$FIRST"
        mount -o remount,size=20m "$OUT"
        report
        cp -a "$OUT" "$SECOND"
    """
    done = apart(script, options, OUT=options.out, FIRST=first, SECOND=second)
    assert done.returncode == 0, done.stderr
    assert (
        "磁盘满了" in done.stderr
        and "Traceback" not in done.stderr
        and "Exception" not in done.stderr
    )
    folder = first / "2021-05"
    if (folder / "run.json").exists():
        assert {problem.file for problem in verify_pages(folder)} <= {
            "run.json",
            "index.html",
            "summary.xlsx",
        }
    assert not folder.exists() or not list(folder.glob("*.html")) or whole(folder)
    assert whole(second / "2021-05") and verify_pages(second / "2021-05") == []


def test_a_place_that_is_read_only_is_told_and_left_as_it_is(options):
    assert run(options, progress=False).complete
    before = (options.out / "2021-05" / "run.json").read_bytes()
    mount, file = (
        'mount --bind "$OUT" "$OUT"; mount -o remount,ro,bind "$OUT"; ',
        options.out / "x.csv",
    )
    score = shlex.join([sys.executable, "-c", REPORT, "score", "data/sample", "--out", str(file)])
    done = apart(mount + score, options, OUT=options.out)
    assert (
        done.returncode == 1
        and done.stderr == f"读写文件失败：{file}（这个位置是只读的，换一个）\n"
    )
    done = apart(mount + "report", options, OUT=options.out)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert "只读" in done.stderr and str(options.out) in done.stderr
    assert (options.out / "2021-05" / "run.json").read_bytes() == before and verify_pages(
        options.out / "2021-05"
    ) == []


@pytest.mark.parametrize("place", ["/proc/creditcalc", "data"])
def test_an_output_that_cannot_be_written_is_said_in_a_sentence(options, place):
    out = place if place.startswith("/") else str(options.data / "under a file")
    done = CliRunner().invoke(cli, ["report", str(options.data), "--out", out, "--no-units"])
    assert done.exit_code in (1, 2) and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "写" in done.stderr or "目录" in done.stderr or "文件" in done.stderr


def test_a_cell_that_takes_all_memory_fails_its_page_alone(options, tmp_path):
    books = tmp_path / "greedy"
    books.mkdir()
    greedy = "import resource, numpy\nresource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
    greedy += "if county == '县1':\n    numpy.ones(1 << 30)\nprint(county)"
    notebook(books / "county_report.ipynb", PARAMETERS, greedy)
    notebook(
        books / "city_overview.ipynb", PARAMETERS.replace("county = None\n", ""), "print(city)"
    )
    outcome = run(replace(options, notebooks=books), progress=False)
    assert statuses(outcome) == {"某市": "made", "县0": "made", "县1": "failed", "县2": "made"}
    assert "Memory" in next(page.error for page in outcome.pages if page.name == "县1")


def test_plain_c_is_a_locale_too(options):
    environment = {**os.environ, "LC_ALL": "C", "LANG": "C"}
    done = subprocess.run(report(options), capture_output=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "生成" in done.stdout.decode("utf-8")
    assert whole(options.out / "2021-05")


# ------------------------------------------------------------------------------------------------
# reproducible, verifiable


def pages_of(options):
    folder = options.out / "2021-05"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}


def test_the_same_inputs_give_the_same_bytes_but_for_the_line_with_the_time(
    options, monkeypatch, tmp_path
):
    """Also after the clock was set back: pages go by what they are made of and not by when."""
    made, outputs = [], []
    for number, epoch in enumerate(("1700000000", "1700000000", "1600000000")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        again = replace(options, out=tmp_path / f"{number}")
        assert run(again, progress=False).complete
        made.append(pages_of(again))
        outputs.append(json.loads((again.out / "2021-05" / "run.json").read_bytes())["outputs"])
    assert made[0] == made[1] and outputs[0] == outputs[1]
    assert made[0] != made[2]
    for name, page in made[0].items():
        other = made[2][name].splitlines()
        differ = [n for n, line in enumerate(page.splitlines()) if line != other[n]]
        assert all(
            "生成时间" in page.splitlines()[n] or "font/woff2" in page.splitlines()[n]
            for n in differ
        ), name
    assert set(statuses(run(again, progress=False)).values()) == {"unchanged"}


def test_a_time_that_is_none_is_refused(options, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "abc")
    done = CliRunner().invoke(cli, ["report", str(options.data), "--out", str(options.out)])
    assert (
        done.exit_code == 2
        and "SOURCE_DATE_EPOCH" in done.stderr
        and len(done.stderr.splitlines()) == 1
    )


def test_verify_names_what_was_altered_lost_or_added(options):
    assert run(options, progress=False).complete
    folder = options.out / "2021-05"
    assert verify_pages(folder) == []
    (folder / "县0.html").write_text("改", encoding="utf-8")
    (folder / "县1.html").unlink()
    (folder / "新.html").write_text("<html>", encoding="utf-8")
    (folder / "summary.xlsx").write_bytes(b"")
    found = {problem.file: problem.what for problem in verify_pages(folder)}
    assert set(found) == {"县0.html", "县1.html", "新.html", "summary.xlsx"}
    assert (
        "不见" in found["县1.html"] and "不一致" in found["县0.html"] and "不是" in found["新.html"]
    )
    told = CliRunner().invoke(cli, ["verify", str(folder)])
    assert told.exit_code == 1 and "县0.html" in told.stderr
    assert CliRunner().invoke(cli, ["verify", str(folder.parent)]).exit_code == 2
    with pytest.raises(NoRecord):
        verify_pages(folder.parent)


@pytest.mark.parametrize(
    "change", [{"outputs": []}, {"outputs": {"../x": ""}}, {"pages": [{"file": 5}]}, {"pages": 1}]
)
def test_a_record_of_another_shape_is_none(options, change):
    assert run(options, progress=False).complete
    place = options.out / "2021-05" / "run.json"
    place.write_text(json.dumps(json.loads(place.read_bytes()) | change), encoding="utf-8")
    with pytest.raises(NoRecord):
        verify_pages(place.parent)
    assert set(statuses(run(options, progress=False)).values()) == {"made"}
    kept = {f"{name}（原有）.html" for name in ("index", "某市", *MANY[:3])}
    assert {problem.file for problem in verify_pages(place.parent)} == kept, (
        "none of whose files is lost"
    )


def test_the_record_says_what_made_the_pages(options):
    outcome = run(options, progress=False)
    facts = record(outcome)
    assert (
        facts["data"]["files"].keys() == {options.data.name}
        and len(facts["rulebook"]["digest"]) == 64
    )
    assert {"python", "creditcalc", "pandas"} <= facts["versions"].keys() and facts["readings"][
        "proportional"
    ] == "between"
    assert set(facts["outputs"]) == {"index.html", "summary.xlsx"}


def test_printing_without_a_browser_is_refused_before_anything_is_made(options, monkeypatch):
    monkeypatch.setenv("PATH", str(options.out))
    done = CliRunner().invoke(
        cli, ["report", str(options.data), "--out", str(options.out), "--no-units", "--pdf"]
    )
    assert done.exit_code == 2 and "浏览器" in done.stderr and not options.out.exists()


@pytest.mark.usefixtures("chromium")
def test_pages_are_printed_once_and_again_when_they_change(options):
    outcome = run(replace(options, pdf=True), progress=False)
    folder = outcome.folder
    assert outcome.complete and {path.stem for path in folder.glob("*.pdf")} == {"某市", *MANY[:3]}
    stamps = {path: path.stat().st_mtime_ns for path in folder.glob("*.pdf")}
    assert verify_pages(folder) == []
    (folder / "县1.pdf").write_bytes(b"%PDF")
    (folder / "县2.pdf").unlink()
    (folder / "别处.PDF").write_bytes(b"%PDF")
    assert {problem.file for problem in verify_pages(folder)} == {"县1.pdf", "县2.pdf", "别处.PDF"}
    write_data(options.data, MANY[:3], loans="460")  # the first county's, and so the city's
    assert run(replace(options, pdf=True), progress=False).complete
    strange = {"别处.PDF", "县1（原有）.pdf"}
    assert {problem.file for problem in verify_pages(folder)} == strange, (
        "what was altered or lost is printed again"
    )
    changed = {
        path.stem for path, stamp in stamps.items() if Path(path).stat().st_mtime_ns != stamp
    }
    assert changed >= {"某市", "县0", "县1", "县2"}
    write_data(options.data, MANY[:3], loans="470")
    assert run(options, progress=False).complete
    old = {problem.file for problem in verify_pages(folder) if problem.what == "是旧页面印的"}
    assert old == {f"{name}.pdf" for name in ("某市", *MANY[:3])}, (
        "what was printed is not lost, and not called current"
    )
    assert ".pdf" not in (folder / "index.html").read_text(encoding="utf-8").casefold()
