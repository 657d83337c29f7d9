"""Texts that a spreadsheet would compute stay texts in it, and come back as they were."""

import csv
import subprocess

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import creditcalc as cc
from creditcalc.cli.main import cli
from creditcalc.intake.read_files import FORMATS, read_grids
from creditcalc.render.workbook import write_table
from creditcalc.spreadsheet import MARKED, computed, marked, unmarked

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"
TEXTS = st.text(
    st.sampled_from("'=+-@＝－−\t\r\n 　\u200b\ufeff\",;15甲")
    | st.characters(codec="utf-8", exclude_characters="\0")
)
FORMULAS = [
    "=1+2",
    "+1+cmd|' /C calc'!A0",
    "-1+2",
    "-5",
    "+7",
    "@SUM(1+1)",
    " =1+2",
    "　-5",
    "\u00a0=1",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+2",
    "＋1",
    "－5",
    "＠SUM(1)",
    "−5",
    "\u200b=1",
    "'=1+2",
    "''-5",
]


@pytest.mark.parametrize("text", [*SIGNS, *FORMULAS])
def test_what_a_spreadsheet_would_compute_is_marked_whatever_stands_before_it(text):
    assert (
        marked(text) == f"'{text}" and not computed(marked(text)) and unmarked(marked(text)) == text
    )


@pytest.mark.parametrize(
    "text", ["", "范县", "'", "''", "'甲'", "'90年代", "甲=乙", "3-5", "（-）", "—", "·"]
)
def test_ordinary_texts_are_written_and_read_as_they_are(text):
    assert marked(text) == unmarked(text) == text


@given(TEXTS)
@example("'")
@example("''=")
def test_no_text_is_lost_by_its_mark(text):
    assert unmarked(marked(text)) == text and not computed(marked(text))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4),
    st.tuples(TEXTS, TEXTS).filter(lambda names: len({*names}) == 2),
)
def test_any_table_of_texts_comes_back_from_a_csv_file(tmp_path, rows, names):
    write_table(tmp_path / "t.csv", pd.DataFrame(rows, columns=list(names)))
    (grid,) = FORMATS[".csv"](tmp_path / "t.csv", (tmp_path / "t.csv").read_bytes())
    assert [tuple(row) for row in grid.rows] == [names, *rows]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        TEXTS.map(lambda text: f"'{text}").filter(lambda text: not MARKED.match(text)), min_size=1
    )
)
def test_an_apostrophe_that_a_person_typed_stays(tmp_path, texts):
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([text] for text in texts)
    (grid,) = read_grids(tmp_path / "t.csv")[0]
    assert [row[0] for row in grid.rows] == texts


def test_numbers_are_never_marked(tmp_path):
    frame = pd.DataFrame(
        {
            "整数": [-1, 2],
            "小数": [-0.5, None],
            "混合": pd.Series([-3, "-3"], dtype=object),
            "是": [True, False],
        }
    )
    write_table(tmp_path / "t.csv", frame)
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines()[1:] == [
        "-1,-0.5,-3,True",
        "2,,'-3,False",
    ]


NAMES = ["+1+cmd|' /C calc'!A0", "@SUM(1+1)", "-2+3", "-5", "＝1+2", "'+8", "范县"]
REMARKS = ['=HYPERLINK("http://x","点")', " =1+2", "-5", "+7", "'=1+2", "'甲'", "先报"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What ``merge`` and ``score`` (of a file, and of a folder of Parquet files) write as CSV of
    names that compute.
    """
    folder = tmp_path_factory.mktemp("written")
    (folder / "P").mkdir()
    table = pd.DataFrame(
        {
            "jurisdiction": NAMES,
            "period": "2021-05",
            "city": "某市",
            "uscc_total": 5,
            "remark": REMARKS,
        }
    )
    table.to_parquet(folder / "t.parquet", index=False)
    table.to_parquet(folder / "P" / "t.parquet", index=False)
    for call in (
        ["merge", "t.parquet", "--out", "merged.csv"],
        ["score", "t.parquet", "--out", "items.csv", "--totals", "totals.csv"],
        ["score", "P", "--out", "parts.csv"],
    ):
        done = CliRunner().invoke(
            cli, [call[0], *(x if x.startswith("-") else str(folder / x) for x in call[1:])]
        )
        assert done.exit_code == 0, done.output
    return folder


@pytest.mark.slow
def test_libreoffice_opens_every_text_as_text(written, soffice):
    opened, profile = written / "opened", f"-env:UserInstallation={(written / 'profile').as_uri()}"
    files = [str(written / f"{name}.csv") for name in ("merged", "items", "totals", "parts")]
    pd.DataFrame({"甲": NAMES, "乙": REMARKS}).to_csv(written / "raw.csv", index=False)
    convert = [
        "--headless",
        "--infilter=CSV:44,34,76,1,,0,false,true,false,false,false,0,true",
        "--convert-to",
        "xlsx",
    ]
    subprocess.run(
        [soffice, profile, *convert, "--outdir", str(opened), *files, str(written / "raw.csv")],
        check=True,
        timeout=300,
    )
    cells = {
        path.stem: [*openpyxl.load_workbook(path).active.iter_rows()] for path in opened.iterdir()
    }
    raw = {cell.data_type for row in cells.pop("raw") for cell in row}
    assert {"f", "n"} <= raw  # what LibreOffice makes of them as they are
    assert len(cells) == len(files)
    for rows in cells.values():
        at = [cell.value for cell in rows[0]].index("jurisdiction")
        assert {row[at].data_type for row in rows} == {"s"}
        assert {row[at].value for row in rows[1:]} == set(map(marked, NAMES))
    header = [cell.value for cell in cells["merged"][0]]
    remarks, totals = (
        [row[header.index(name)] for row in cells["merged"][1:]]
        for name in ("remark", "uscc_total")
    )
    assert [(cell.value, cell.data_type) for cell in remarks] == [
        (marked(text), "s") for text in REMARKS
    ]
    assert [(cell.value, cell.data_type) for cell in totals] == [(5, "n")] * len(NAMES)


def test_what_merge_writes_is_read_as_it_was(written):
    table = cc.read_inputs(written / "merged.csv")
    assert (table["jurisdiction"].tolist(), table["remark"].tolist()) == (NAMES, REMARKS)


def test_a_folder_of_parts_is_written_as_one_file_is(written):
    assert (written / "parts.csv").read_bytes() == (written / "items.csv").read_bytes()
