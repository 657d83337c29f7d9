"""Files and folders → grids: formats, encodings, what is skipped, what Excel cells turn into, where
rows stand.
"""

import datetime as dt
import re
import subprocess
import sys
import time
import zipfile
from decimal import Decimal

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.worksheet.formula import ArrayFormula
from support.processes import LINUX

from creditcalc.intake.checked_table import check_inputs
from creditcalc.intake.grid import blank, plain
from creditcalc.intake.read_files import FORMATS, UNREAD_ENDINGS, read_grids
from creditcalc.rules.load import load_rulebook

BOOK = load_rulebook()
LINES = "县区,期间,budget\n范县,2021-05,是\n"


@pytest.fixture
def workbook(tmp_path):
    """Reads the sheets of a workbook that is given as lists of rows."""

    def read(*sheets, change=lambda book: None):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for number, rows in enumerate(sheets, 1):
            sheet = book.create_sheet(f"表{number}")
            for row in rows:
                sheet.append(row)
        change(book)
        book.save(tmp_path / "book.xlsx")
        return read_grids(tmp_path / "book.xlsx")

    return read


def grid_of(path):
    (grid,), problems = read_grids(path)
    assert problems == []
    return grid


def computed(path, cells):
    """Puts values of formulas into a saved workbook, as Excel does and openpyxl does not."""
    copy = path.with_suffix(".new")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name).decode()
            for cell, xml in cells.items() if name == "xl/worksheets/sheet1.xml" else ():
                content = re.sub(f'<c r="{cell}"[^>]*>(<f>.*?</f>)<v */?>(</v>)?</c>', xml, content)
            new.writestr(name, content)
    copy.replace(path)


# ----------------------------------------------------------------------------------------------
# text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_csv_in_any_of_its_encodings(tmp_path, encoding, ending):
    (tmp_path / "a.csv").write_bytes(LINES.replace("\n", ending).encode(encoding))
    assert grid_of(tmp_path / "a.csv").rows == [
        ["县区", "期间", "budget"],
        ["范县", "2021-05", "是"],
    ]


def test_rare_characters_of_names_survive_gb18030(tmp_path):
    (tmp_path / "a.csv").write_bytes("县区,期间\n埇桥瀍漷滘𠮷,2021-05\n".encode("gb18030"))
    assert grid_of(tmp_path / "a.csv").rows[1][0] == "埇桥瀍漷滘𠮷"


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path):
    (tmp_path / "a.csv").write_text(
        '\n\n县区,期间,budget\n\n"范\n县",2021-05,是\n,,\n台前县,五月,是\n', encoding="utf-8"
    )
    problems = check_inputs(tmp_path, BOOK).errors
    assert [(problem.row, problem.column) for problem in problems] == [(5, "县区"), (7, "期间")]


def test_a_cell_too_long_for_the_reader_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text(LINES + "x" * 200_000, encoding="utf-8")
    assert [problem.row for problem in read_grids(tmp_path)[1]] == [3]


def test_rows_shorter_than_the_header_are_all_named_and_none_is_guessed_at(tmp_path):
    (tmp_path / "a.csv").write_text(
        "县区,期间,budget\n范县,2021-05\n\n台前县,2021-05,是\n南乐县,是\n", encoding="utf-8"
    )
    checked = check_inputs(tmp_path, BOOK)
    assert [(problem.row, problem.unplaced) for problem in checked.errors] == [(2, True), (5, True)]
    assert checked.table.empty


def test_lines_longer_than_the_header_are_named_with_the_shorter_ones_and_none_is_guessed_at(
    tmp_path,
):
    lines = [
        *(
            "县区,期间,uscc_total,uscc_errors,备注",
            "甲县,2021-05,15758,3,无",
            "乙县,2021-05,15,758,3,",
        ),
        *("丙县,2021-05,9,1,写,了逗号", "丁县,2021-05,9,1", "戊县,2021-05,9,1,,"),
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    checked = check_inputs(tmp_path, BOOK)
    assert [(p.row, p.what.partition("：")[0], p.value, p.unplaced) for p in checked.errors] == [
        *(
            (3, "这一行有 6 列，表头有 5 列", "15,758", True),
            (4, "这一行有 6 列，表头有 5 列", "", True),
        ),
        *((5, "这一行有 4 列，表头有 5 列", "", True), (6, "这一行有 6 列，表头有 5 列", "", True)),
    ]
    assert checked.table.empty


@pytest.mark.parametrize("above", ["某市信用指标", "sep=,", "某市信用指标,,"])
def test_a_title_above_the_table_is_no_header_whose_length_counts(tmp_path, above):
    (tmp_path / "a.csv").write_text(f"{above}\n{LINES}", encoding="utf-8")
    assert ["既不是数据表" in problem.what for problem in check_inputs(tmp_path, BOOK).errors] == [
        True
    ]


def test_a_remark_may_have_lines_of_its_own(tmp_path):
    (tmp_path / "a.csv").write_text(
        '县区,期间,budget,备注\n范县,2021-05,是,"一,\n二,三"\n', encoding="utf-8"
    )
    assert check_inputs(tmp_path, BOOK).table["remark"].tolist() == ["一,\n二,三"]


@pytest.mark.parametrize(
    "text",
    [
        "县区,期间,budget,,\n范县,2021-05,是,,\n,,,,\n",
        "\n县区,期间,budget\n,,,,,\n范县,2021-05,是\n\n,\n",
        '县区,期间,budget,uscc_total\n范县,2021-05,是,"15,758"\n',
    ],
    ids=["blank columns beside the table", "blank lines of any length", "a quoted number"],
)
def test_lines_that_lost_no_cell_are_read(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    checked = check_inputs(tmp_path, BOOK)
    assert checked.problems == []
    assert checked.table["budget"].tolist() == [1]


def test_two_encodings_in_one_file_are_refused_and_neither_garbled(tmp_path):
    lines = [
        "县区,期间,备注\n".encode("gb18030"),
        "范县,2021-05,这里是别的编码呀\n".encode(),
        "台前县,2021-05,无\n".encode("gb18030"),
    ]
    (tmp_path / "a.csv").write_bytes(b"".join(lines))
    assert [(p.row, "两种编码" in p.what) for p in check_inputs(tmp_path, BOOK).errors] == [
        (2, True)
    ]
    (tmp_path / "a.csv").write_bytes(b"".join([lines[0], lines[2]]))
    assert check_inputs(tmp_path, BOOK).table["jurisdiction"].tolist() == ["台前县"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("范县,2021-05,\0\n".encode(), "有空字符"),
        ("范县,2021-05,某\n".encode("gb18030"), "从这一行起换了编码"),
    ],
)
def test_the_line_that_spoils_a_file_is_named(tmp_path, line, what):
    (tmp_path / "a.csv").write_bytes("县区,期间,备注\n南乐县,2021-05,说明\n".encode() + line)
    [problem] = check_inputs(tmp_path, BOOK).errors
    assert problem.row == 3 and what in problem.what


def repacked(path, sheet):
    """A small workbook whose worksheet's end is replaced."""
    workbook = openpyxl.Workbook()
    workbook.active.append(["县区", "期间"])
    workbook.save(path)
    parts = {name: zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(
                name,
                content.replace(b"</sheetData>", sheet + b"</sheetData>")
                if "sheet1" in name
                else content,
            )
    return path


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (b" " * (200 << 20), "解压后超过"),
        (
            b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (n, n) for n in range(3, 200_005)),
            "超过 200,000 行",
        ),
        (b"<row><c/></row>" * 200_001, "超过 200,000 行"),
        ((b"<row>" + b'<c s="1"/>' * 10_000 + b"</row>") * 201, "超过 2,000,000 格"),
    ],
    ids=[
        "a zip bomb",
        "rows that are only formatted",
        "rows that say nothing",
        "cells that are only formatted",
    ],
)
def test_a_workbook_that_unpacks_to_too_much_is_refused_at_once(tmp_path, sheet, words):
    began = time.process_time()
    (problem,) = check_inputs(repacked(tmp_path / "a.xlsx", sheet), BOOK).errors
    assert words in problem.what and "格式" in problem.cure
    assert time.process_time() - began < 20


@pytest.mark.parametrize("pad", range(0, 15, 5))
def test_rows_are_counted_to_the_last_one(tmp_path, pad):
    [problem] = check_inputs(
        repacked(tmp_path / "a.xlsx", b" " * pad + b"<row><c/></row>" * 400_000), BOOK
    ).errors
    assert problem.value == "400,001 行"


def test_a_row_beyond_the_last_of_excel_is_not_lost_without_a_word(tmp_path):
    row = b'<row spans="1:2" r="900000000"><c r="A900000000"><v>1</v></c></row>'
    [problem] = check_inputs(repacked(tmp_path / "a.xlsx", row), BOOK).errors
    assert "超过 Excel 的最后一行" in problem.what and problem.value == "900,000,000"


@pytest.mark.parametrize(
    "content", [b"," * 20_000_001, b"\n" * 20_000_001], ids=["commas", "lines"]
)
def test_a_csv_file_of_nothing_but_commas_or_lines_is_refused_at_once(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(LINES.encode() + content)
    began = time.process_time()
    (problem,) = check_inputs(tmp_path, BOOK).errors
    assert "20,000,000 格" in problem.what and time.process_time() - began < 5


MEASURED = """
import re, sys
from creditcalc.intake.read_files import read_grids
from pathlib import Path
_, (problem,) = read_grids(Path(sys.argv[1]))
print(problem.what, re.search("VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
@LINUX
def test_a_part_that_says_it_is_smaller_than_it_is_costs_no_memory(tmp_path):
    content = bytearray(repacked(tmp_path / "a.xlsx", b" " * (600 << 20)).read_bytes())
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(b"xl/worksheets/sheet1.xml"))
    content[entry + 24 : entry + 28] = (1000).to_bytes(
        4, "little"
    )  # the size that the directory tells
    (tmp_path / "a.xlsx").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, tmp_path / "a.xlsx"],
        capture_output=True,
        text=True,
        check=True,
    )
    what, peak = done.stdout.split()
    assert "已损坏" in what and int(peak) < 300_000  # KB


def test_a_file_that_is_too_large_is_not_even_read(tmp_path):
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate((256 << 20) + 1)
    (problem,) = check_inputs(tmp_path, BOOK).errors
    assert "256 MB" in problem.what


# ----------------------------------------------------------------------------------------------
# Excel


def test_every_sheet_with_cells_is_read_and_empty_ones_are_not(workbook):
    grids, problems = workbook(
        [["县区", "期间"], ["范县", "2021-05"]], [], [[None, " "]], [["县区"]]
    )
    assert [grid.sheet for grid in grids] == ["表1", "表4"]
    assert problems == []


def test_a_table_may_stand_below_blank_rows_and_beside_blank_columns(tmp_path, workbook):
    workbook(
        [[], [None, "县区", "期间", None, "budget"], [], [None, "范县", "2021-05", None, "可"]]
    )
    checked = check_inputs(tmp_path, BOOK)
    assert [(problem.sheet, problem.row, problem.column) for problem in checked.problems] == [
        ("表1", 4, "budget")
    ]


def test_cells_keep_their_types_and_dates_their_months(tmp_path, workbook):
    header = ["县区", "期间", "loans_credit", "budget", "law_local"]
    workbook(
        [
            header,
            [410928, dt.date(2021, 5, 20), 1.5, True, 0],
            ["范县", dt.datetime(2021, 6, 1), 2, "是", False],
        ]
    )
    table = check_inputs(tmp_path, BOOK).table
    assert table["jurisdiction"].tolist() == ["410928", "范县"]
    assert table["period"].tolist() == ["2021-05", "2021-06"]
    assert table[["loans_credit", "law_local", "budget"]].values.tolist() == [
        [1.5, 0, 1],
        [2, 0, 1],
    ]


def test_a_formula_counts_by_its_computed_value(tmp_path, workbook):
    header = ["县区", "期间", "uscc_total", "uscc_errors", "budget", "law_local"]
    workbook([header, ["范县", "2021-05", "=1+2", '=""', '=IF(TRUE,"是","")', "=1/0"]])
    value = {"C2": "3", "D2": "", "E2": "是", "F2": "#DIV/0!"}
    kind = {"C2": "n", "D2": "str", "E2": "str", "F2": "e"}
    computed(
        tmp_path / "book.xlsx",
        {cell: rf'<c r="{cell}" t="{kind[cell]}">\1<v>{value[cell]}</v></c>' for cell in value},
    )
    checked = check_inputs(tmp_path / "book.xlsx", BOOK)
    assert [(problem.column, problem.value) for problem in checked.errors] == [
        ("law_local", "#DIV/0!")
    ]
    assert checked.table["uscc_total"].tolist() == [3]
    assert checked.table["budget"].tolist() == [1]
    assert checked.table["uscc_errors"].isna().all()


def test_formulas_that_were_never_computed_show_themselves(workbook):
    (grid,), _ = workbook([["=1+2", ArrayFormula("B1", "=SUM(A1:A2)")]])
    assert grid.rows == [["=1+2", "=SUM(A1:A2)"]]


def test_shares_are_seen_as_per_cent(workbook):
    def as_shares(book):
        for cell, format in zip(book.active[1], ("0%", "0.00%", "0.00", "0%"), strict=True):
            cell.number_format = format

    (grid,), _ = workbook([[0.35, 0.1 + 0.2, 0.5, "text"]], change=as_shares)
    assert grid.rows == [["35%", "30%", 0.5, "text"]]


def test_a_sheet_that_misstates_its_size_is_read_in_full(tmp_path, workbook):
    workbook([["县区", "期间"], ["范县", "2021-05"]])
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', parts[sheet])
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    assert grid_of(path).rows == [["县区", "期间"], ["范县", "2021-05"]]


# ----------------------------------------------------------------------------------------------
# Parquet


def test_parquet_columns_of_many_types(tmp_path):
    columns = {
        "jurisdiction": pa.array(["甲", "乙"]).dictionary_encode(),
        "period": pa.array([dt.date(2021, 5, 1), dt.date(2021, 6, 30)]),
        "uscc_total": pa.array([3, None], pa.int64()),
        "loans_credit": pa.array([Decimal("1.50"), None]),
        "budget": pa.array([True, None]),
        "policy_score": pa.array([0.5, float("nan")]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    checked = check_inputs(tmp_path, BOOK)
    assert checked.problems == []
    assert checked.table["period"].tolist() == ["2021-05", "2021-06"]
    values = checked.table[["uscc_total", "policy_score", "loans_credit", "budget"]]
    assert values.iloc[0].tolist() == [3, 0.5, 1.5, 1]
    assert values.iloc[1].isna().all()


def test_the_index_of_a_filtered_frame_is_no_column_of_the_users(tmp_path):
    frame = pd.DataFrame({"jurisdiction": ["甲", "乙"], "period": "2021-05"})
    frame[frame["jurisdiction"] == "乙"].to_parquet(tmp_path / "a.parquet")
    checked = check_inputs(tmp_path, BOOK)
    assert checked.problems == []
    assert checked.table["jurisdiction"].tolist() == ["乙"]


# ----------------------------------------------------------------------------------------------
# files and folders


def test_a_folder_is_read_as_one_table(tmp_path):
    (tmp_path / "1.csv").write_text(LINES, encoding="utf-8")
    (tmp_path / "2.CSV").write_text(
        "jurisdiction,period,loans_credit\n台前县,2021-05,5\n", encoding="utf-8"
    )
    frame = pd.DataFrame({"县区": ["濮阳市"], "月份": ["2021-05"], "级别": ["市"]})
    frame.to_parquet(tmp_path / "3.parquet")
    frame.assign(月份="2021-04").to_excel(tmp_path / "4.xlsx", index=False)
    checked = check_inputs(tmp_path, BOOK)
    assert checked.problems == []
    assert checked.table["jurisdiction"].tolist() == ["范县", "台前县", "濮阳市", "濮阳市"]
    assert checked.table["city"].unique().tolist() == ["濮阳市"]
    assert list(checked.table)[4:] == ["loans_credit", "budget"]


def test_faults_of_all_files_are_listed_and_the_sound_ones_read(tmp_path):
    (tmp_path / "1.csv").write_text(LINES.replace("是", "可"), encoding="utf-8")
    (tmp_path / "2.csv").write_text(LINES.replace("范县", "台前县"), encoding="utf-8")
    (tmp_path / "3.xlsx").write_bytes(b"no workbook")
    (tmp_path / "4.csv").write_text(LINES, encoding="utf-8")
    checked = check_inputs(tmp_path, BOOK)
    found = [(problem.file.removeprefix(f"{tmp_path}/"), problem.row) for problem in checked.errors]
    assert found == [("3.xlsx", None), ("1.csv", 2), ("1.csv", 2), ("4.csv", 2)]
    assert checked.table["jurisdiction"].tolist() == ["范县", "台前县"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "evidence.csv",
            "Evidence.xlsx",
            "evidence.csv.gz",
            "README",
            "readme.xls",
            "a.md",
            "b.txt",
            "c.toml",
            "d.json",
        ),
        *(".hidden.csv", "~$a.xlsx", "folder.csv/inside.csv"),
    ],
)
def test_what_a_folder_may_hold_beside_its_tables(tmp_path, name):
    (tmp_path / "a.csv").write_text(LINES, encoding="utf-8")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("not,a,table", encoding="utf-8")
    checked = check_inputs(tmp_path, BOOK)
    assert checked.problems == []
    assert len(checked.table) == 1


def test_evidence_that_is_asked_for_by_name_is_read(tmp_path):
    (tmp_path / "evidence.csv").write_text("not,a,table", encoding="utf-8")
    assert len(check_inputs(tmp_path / "evidence.csv", BOOK).errors) == 1


def test_a_file_of_no_known_kind_is_a_notice_in_a_folder(tmp_path):
    (tmp_path / "a.csv").write_text(LINES, encoding="utf-8")
    (tmp_path / "photo.jpg").write_bytes(b"")
    checked = check_inputs(tmp_path, BOOK)
    assert checked.errors == []
    assert [problem.file for problem in checked.notices] == [str(tmp_path / "photo.jpg")]


@pytest.mark.parametrize("suffix", sorted(UNREAD_ENDINGS))
def test_a_table_of_a_kind_that_is_not_read_is_an_error_in_a_folder(tmp_path, suffix):
    (tmp_path / "a.csv").write_text(LINES, encoding="utf-8")
    (tmp_path / f"b{suffix}").write_bytes(b"")
    assert ["另存为 .xlsx" in problem.cure for problem in check_inputs(tmp_path, BOOK).errors] == [
        True
    ]


@pytest.mark.parametrize("name", ["absent.csv", "absent", "absent/inside.csv", "nul\0.csv"])
def test_a_path_that_leads_nowhere(tmp_path, name):
    grids, problems = read_grids(tmp_path / name)
    assert grids == []
    assert ["没有这个文件" in problem.what for problem in problems] == [True]


def test_a_path_that_cannot_be(tmp_path):
    assert [problem.what for problem in read_grids(tmp_path / f"{'x' * 300}.csv")[1]] == [
        "读不到这个路径"
    ]


def test_an_unreadable_file_says_why(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(LINES, encoding="utf-8")

    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", denied)
    _, problems = read_grids(tmp_path)
    assert [(problem.what, problem.value) for problem in problems] == [
        ("读不到文件", "Permission denied")
    ]


def test_an_unreadable_folder_says_why(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.iterdir", denied)
    _, problems = read_grids(tmp_path)
    assert [(problem.what, problem.value) for problem in problems] == [
        ("读不到这个路径", "Permission denied")
    ]


def test_what_is_read_and_what_is_refused_are_apart():
    assert not FORMATS.keys() & UNREAD_ENDINGS


# ----------------------------------------------------------------------------------------------
# text of cells


@pytest.mark.parametrize(
    ("text", "half"),
    [("（Ａ１）", "(A1)"), ("　％ ", "%"), ("10²", "10²"), ("①", "①"), ("、。", "、。")],
)
def test_only_full_width_ascii_is_folded(text, half):
    assert plain(text) == half


@pytest.mark.parametrize(
    ("cell", "nothing"), [("", True), ("\u3000\t", True), (None, True), (float("nan"), True)]
)
def test_blank(cell, nothing):
    assert blank(cell) is nothing


@pytest.mark.parametrize("cell", [0, False, 0.0, "0", "-", dt.date(2021, 5, 1)])
def test_not_blank(cell):
    assert not blank(cell)
