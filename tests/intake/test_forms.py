"""The fill-in form: what is written is read back, whoever filled it in, and what was tampered with
is named.
"""

import datetime as dt
from collections import Counter

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditcalc.intake.checked_table import check_inputs
from creditcalc.intake.forms import FORM_VERSION, HEADER, is_form, sections, write_forms
from creditcalc.intake.grid import Grid
from creditcalc.intake.read_files import read_grids
from creditcalc.rules.load import load_rulebook

BOOK = load_rulebook()


@pytest.fixture
def form(tmp_path):
    """Writes the form of one county, has it changed, and checks it."""

    def check(change, **options):
        path = tmp_path / "form.xlsx"
        write_forms(path, BOOK, ["范县"], **{"period": "2021-05", "city": "濮阳市"} | options)
        book = openpyxl.load_workbook(path)
        change(book.active)
        book.save(path)
        return check_inputs(path, BOOK)

    return check


def row_of(sheet, text):
    return next(row[0].row for row in sheet.iter_rows(max_col=1) if row[0].value == text)


def fill(values):
    """Fills the values of some inputs in."""

    def change(sheet):
        for name, value in values.items():
            sheet.cell(row_of(sheet, name), HEADER.index("填报值") + 1, value)

    return change


# ----------------------------------------------------------------------------------------------
# writing


def test_every_input_has_one_line_under_the_first_rule_that_uses_it():
    found = sections(BOOK)
    assert Counter(i.name for inputs in found.values() for i in inputs) == Counter(
        list(BOOK.inputs)
    )
    assert list(found)[:3] == ["基本情况", "基础指标", "一、贯彻落实决策部署"]
    assert list(found)[-1] == "附加项"
    assert [i.name for i in found["基本情况"]] == ["pop_resident", "pop_urban"]
    assert "loans_credit" in {i.name for i in found["六、信用支持实体经济"]}
    assert "uscc_total" in {i.name for i in found["基础指标"]}


def test_a_form_says_whose_it_is_and_what_to_fill_in(tmp_path):
    write_forms(tmp_path / "a.xlsx", BOOK, ["范县", "濮阳市"], period="2021-05", city="濮阳市")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["范县", "濮阳市"]
    rows = list(book["濮阳市"].iter_rows(values_only=True))
    assert BOOK.title in rows[0][0]
    assert dict(row[:2] for row in rows[1:7]) == {
        **{"县（区）": "濮阳市", "期间": "2021-05", "级别": "市", "所属市": "濮阳市"},
        **{"台账": BOOK.id, "表式版本": FORM_VERSION},
    }
    assert book["范县"]["B4"].value == "县区"
    assert rows[7] == HEADER
    i = BOOK.inputs["uscc_total"]
    assert rows[row_of(book["濮阳市"], "uscc_total") - 1] == (
        i.name,
        i.label,
        i.help,
        i.unit,
        None,
        None,
        None,
    )


def test_what_a_person_fills_in_would_stay_open_in_a_protected_sheet(tmp_path):
    write_forms(tmp_path / "a.xlsx", BOOK, ["范县"])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    line = [cell.protection.locked for cell in sheet[row_of(sheet, "budget")]]
    assert line == [True] * 4 + [False] * 3
    head = [
        sheet.cell(row_of(sheet, label), 2).protection.locked
        for label in ("县（区）", "期间", "级别", "所属市", "台账", "表式版本")
    ]
    assert head == [False] * 4 + [True] * 2


@pytest.mark.parametrize(
    ("names", "titles"),
    [
        ([], ["填报表"]),
        (["范县", "范县"], ["范县", "范县_2"]),
        (["a/b", "A:B"], ["a_b", "A_B_2"]),
        (["县" * 40, "县" * 41], ["县" * 25, "县" * 25 + "_2"]),
        (["'x'", "", "[]*?\\"], ["x", "填报表", "_____"]),
        (["a", "a_2", "A", "a"], ["a", "a_2", "A_3", "a_4"]),
    ],
)
def test_sheet_names_that_excel_accepts(tmp_path, names, titles):
    write_forms(tmp_path / "a.xlsx", BOOK, names)
    assert openpyxl.load_workbook(tmp_path / "a.xlsx", read_only=True).sheetnames == titles


# ----------------------------------------------------------------------------------------------
# reading


def test_an_empty_form_is_a_row_that_knows_nothing_yet(form):
    checked = form(lambda sheet: None)
    assert checked.problems == []
    assert checked.table.iloc[0, :4].tolist() == ["范县", "2021-05", "county", "濮阳市"]
    assert list(checked.table)[4:] == list(BOOK.inputs)
    assert checked.table.iloc[0, 4:].isna().all()


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "pop_resident": st.integers(0, 10**9),
        "small_loans_curr": st.floats(0, 10**9).map(lambda x: round(x, 2)),
        "budget": st.sampled_from(["是", "否", "有", "无", True, 0]),
        "city_class": st.sampled_from(["地级市", "capital"]),
        "policy_score": st.sampled_from([0, 2.5, 5]),
    },
)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=VALUES)
def test_what_is_filled_in_is_read(form, values):
    checked = form(fill(values))
    assert checked.problems == []
    meant = {"是": 1, "有": 1, "否": 0, "无": 0, "地级市": "prefecture"}
    read = checked.table.iloc[0, 4:].dropna()
    assert read.to_dict() == {name: meant.get(value, value) for name, value in values.items()}


def test_forms_and_tables_make_one_table(tmp_path):
    write_forms(tmp_path / "1.xlsx", BOOK, ["濮阳市", "范县"], period="2021-05", city="濮阳市")
    pd.DataFrame({"县区": ["台前县"], "期间": ["2021-05"], "budget": ["是"]}).to_excel(
        tmp_path / "2.xlsx", index=False
    )
    checked = check_inputs(tmp_path, BOOK)
    assert checked.problems == []
    assert checked.table[["jurisdiction", "level", "city"]].values.tolist() == [
        *(
            ["濮阳市", "city", "濮阳市"],
            ["范县", "county", "濮阳市"],
            ["台前县", "county", "濮阳市"],
        ),
    ]


def test_lines_may_be_moved_and_notes_added(form):
    def change(sheet):
        fill({"budget": "是", "uscc_total": 9})(sheet)
        sheet.insert_rows(row_of(sheet, "uscc_total"))
        sheet.append([None, "填表人：无名"])

    checked = form(change)
    assert checked.problems == []
    assert checked.table[["uscc_total", "budget"]].values.tolist() == [[9, 1]]


def test_a_fault_names_sheet_row_and_column(form):
    rows = {}

    def change(sheet):
        fill({"budget": "可", "uscc_total": 2.5})(sheet)
        rows.update((name, row_of(sheet, name)) for name in ("budget", "uscc_total"))

    checked = form(change)
    found = {
        (problem.sheet, problem.row, problem.column, problem.jurisdiction)
        for problem in checked.errors
    }
    assert found == {("范县", row, "填报值", "范县") for row in rows.values()}
    assert checked.unsound == {("濮阳市", "范县")}


@pytest.mark.parametrize("label", ["台账", "表式版本"])
def test_a_form_of_another_edition_gives_nothing_but_the_name_of_its_jurisdiction(form, label):
    def change(sheet):
        fill({"uscc_total": 5})(sheet)
        sheet.cell(row_of(sheet, label), 2, "another")

    checked = form(change)
    assert checked.unsound == {("濮阳市", "范县")}
    assert checked.table.values.tolist() == [["范县", "2021-05", "county", "濮阳市"]]


def test_a_form_without_its_edition_is_refused(form):
    checked = form(lambda sheet: sheet.delete_rows(row_of(sheet, "台账")))
    assert [(problem.column, problem.row) for problem in checked.errors] == [("台账", None)]


def test_a_repeated_line_gives_no_value_even_if_both_agree(form):
    def change(sheet):
        fill({"uscc_total": 5, "budget": "是"})(sheet)
        sheet.append(["uscc_total", None, None, None, 5])

    checked = form(change)
    assert [problem.value for problem in checked.errors] == ["uscc_total"]
    assert "uscc_total" not in checked.table
    assert checked.table["budget"].tolist() == [1]


def test_a_line_that_is_missing_leaves_the_others(form):
    def change(sheet):
        fill({"budget": "是"})(sheet)
        sheet.delete_rows(row_of(sheet, "uscc_total"))

    checked = form(change)
    assert [problem.value for problem in checked.errors] == ["uscc_total"]
    assert checked.table["budget"].tolist() == [1]


def test_a_form_without_a_period_cannot_be_placed(form):
    checked = form(lambda sheet: None, period="")
    assert [(problem.what, problem.column, problem.row) for problem in checked.errors] == [
        ("没有填期间", "期间", 3)
    ]
    assert checked.table.empty


def test_an_excel_date_as_the_period_of_a_form(form):
    def change(sheet):
        cell = sheet.cell(row_of(sheet, "期间"), 2, dt.date(2021, 6, 1))
        cell.number_format = "yyyy-mm"

    assert form(change).table["period"].tolist() == ["2021-06"]


@pytest.mark.parametrize(
    ("rows", "is_one"),
    [
        ([["代码", "填报值"]], True),
        ([["title"], [], ["填报值", None, " 代码 "]], True),
        ([["县区", "期间"], ["代码", None], ["填报值"]], False),
        ([], False),
    ],
)
def test_a_form_is_known_by_its_header(rows, is_one):
    assert is_form(Grid("a", "", rows)) is is_one


def test_the_head_of_a_form_in_full_reads_as_text(tmp_path):
    write_forms(tmp_path / "a.xlsx", BOOK, ["范县"], period="2021-05")
    (grid,), _ = read_grids(tmp_path / "a.xlsx")
    assert grid.rows[2][:2] == ["期间", "2021-05"]
