import openpyxl
import pandas as pd
import pytest

from creditcalc.render.workbook import write_table, write_workbook

FRAME = pd.DataFrame(
    {
        "名称": ['=HYPERLINK("http://x")', "+1", "-甲", "@乙", "\t丙", "范县", "坏\x00字"],
        "分": [1.5, float("nan"), 3.0, 4.25, 0.0, 1 / 3, 2.0],
    }
)


def test_text_never_becomes_a_formula(tmp_path):
    write_workbook(tmp_path / "a.xlsx", {"甲": FRAME, "空": FRAME.iloc[:0]})
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["甲", "空"]
    cells = [row[0] for row in book["甲"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == [*FRAME["名称"][:6], "坏\ufffd字"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [bool(cell.quotePrefix) for cell in cells] == [True] * 5 + [False] * 2
    assert [cell.value for cell in book["甲"]["B"][1:4]] == [1.5, None, 3]


def test_an_infinite_number_is_not_lost(tmp_path):
    write_workbook(
        tmp_path / "a.xlsx",
        {"甲": pd.DataFrame({"分": [float("inf"), float("-inf"), float("nan")]})},
    )
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["甲"]
    assert [cell.value for cell in sheet["A"][1:]] == ["inf", "-inf", None]


def test_header_stays_in_view_and_columns_are_wide_enough(tmp_path):
    write_workbook(tmp_path / "a.xlsx", {"甲": FRAME})
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["甲"]
    assert sheet.freeze_panes == "A2" and sheet["A1"].font.bold
    assert sheet.column_dimensions["A"].width >= 22 and sheet.column_dimensions["B"].width >= 8


@pytest.mark.parametrize(
    ("ending", "read"),
    [(".csv", pd.read_csv), (".parquet", pd.read_parquet), (".xlsx", pd.read_excel)],
)
def test_a_table_comes_back_as_it_was(tmp_path, ending, read):
    frame = FRAME.iloc[1:6].reset_index(drop=True)
    write_table(tmp_path / f"a{ending}", frame)
    if ending == ".csv":  # where an apostrophe keeps a text a text
        frame["名称"] = ["'+1", "'-甲", "'@乙", "'\t丙", "范县"]
    pd.testing.assert_frame_equal(read(tmp_path / f"a{ending}"), frame, check_dtype=False)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{ending}"]
    if ending == ".csv":
        assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
