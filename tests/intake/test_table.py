"""A grid's columns and typed cells, whichever table declares them."""

import datetime as dt

import pytest

from creditcalc.case_lists.kinds import kinds
from creditcalc.evidence.register import EVIDENCE_COLUMNS
from creditcalc.intake.cells import CELL_READERS, type_cells
from creditcalc.intake.checked_table import check_inputs, indicator_columns
from creditcalc.intake.grid import Covered, Grid, Uncomputed
from creditcalc.intake.table import (
    REFUSED_COLUMNS,
    UNUSED_COLUMNS,
    TypedColumn,
    match_header,
    names_of,
    read_table,
)
from creditcalc.intake.typed_lines import read_lines
from creditcalc.rules.load import load_rulebook

BOOK = load_rulebook()
COLUMNS = [
    TypedColumn("name", ("名称", "单位"), "name", must=True),
    TypedColumn("day", ("日期",), "date"),
    TypedColumn("sum", ("金额",), "amount", optional=True),
]
DECLARED = [
    indicator_columns(BOOK),
    EVIDENCE_COLUMNS,
    *(kind.columns for kind in kinds().values()),
]


def block(*rows, strangers=REFUSED_COLUMNS):
    return read_table(match_header(Grid("a.csv", "", [*rows]), COLUMNS), strangers)


def typed(cells, type="text", **more):
    """Values of a column's cells, a fault as what it says."""
    found = type_cells(cells, TypedColumn("x", ("某",), type, **more))
    values = [None if value != value else value for value in found.values.tolist()]
    for fault, where in found.faults.items():
        values = [fault.what if at else value for at, value in zip(where, values, strict=True)]
    return values


@pytest.mark.parametrize("columns", DECLARED)
def test_what_a_table_declares_can_be_told_apart_and_read(columns):
    said = [text for column in columns for text in {column.name, *column.labels}]
    assert len({*said}) == len(said)
    assert {*names_of(columns).values()} == {column.name for column in columns}
    assert all(column.type in CELL_READERS or column.classes for column in columns)


def test_columns_are_known_by_any_of_their_names_and_stand_in_any_order():
    found = block(
        [], [None, "日期 ", "ＮＡＭＥ".lower(), None], [None, "五月", "甲"], [None, "六月"]
    )
    assert (found.cells, found.rows, found.problems) == (
        {"day": ["五月", "六月"], "name": ["甲", None]},
        [2, 3],
        [],
    )
    assert found.place(1, "day") == {"file": "a.csv", "sheet": "", "row": 4, "column": "日期"}


@pytest.mark.parametrize(
    ("strangers", "severity"), [(REFUSED_COLUMNS, "error"), (UNUSED_COLUMNS, "notice")]
)
def test_columns_that_are_unknown_repeated_lacking_or_nameless_are_all_told(strangers, severity):
    found = block(["名称", "金颔", "单位", None], ["甲", 1, "乙", "丙"], strangers=strangers)
    assert found.cells == {}
    told = [(p.severity, p.row, p.column, p.value) for p in found.problems]
    assert told == [
        (severity, 1, "金颔", "金颔" if severity == "error" else ""),
        ("error", 1, "名称、单位", ""),
        ("error", 1, "", ""),
        (severity, 2, "第 4 列", "丙"),
    ]
    assert all(problem.cure for problem in found.problems if problem.severity == "error")


def test_what_must_be_filled_is_at_fault_where_it_is_blank():
    assert typed([None, " ", "甲"], must=True) == ["没有填某", "没有填某", "甲"]
    assert typed([None, " ", "甲"]) == [None, None, "甲"]


@pytest.mark.parametrize(
    ("cells", "type", "values"),
    [
        ([1, True, 1.0, "1"], "number", [1, "不是数", 1, 1]),
        ([True, 1], "name", ["不是名称", "1"]),
        ([Uncomputed("=1"), "=1"], "text", ["公式没有算出的值", "=1"]),
        ([Covered("A1:A2"), "合并单元格 A1:A2"], "text", ["被合并单元格盖住", "合并单元格 A1:A2"]),
        ([float("nan"), None, 0.0], "flag", [None, None, 0]),
        ([dt.date(2021, 5, 3), dt.datetime(2021, 5, 3, 8)], "date", [dt.datetime(2021, 5, 3)] * 2),
        ([], "number", []),
    ],
)
def test_cells_that_are_equal_and_of_other_types_are_read_each_for_itself(cells, type, values):
    assert typed(cells, type) == values


@pytest.mark.parametrize("type", sorted(CELL_READERS))
def test_a_covered_cell_is_named_in_a_column_of_any_type(type):
    assert typed([Covered("A1:A2")], type) == ["被合并单元格盖住"]


def test_lines_of_a_refused_table_keep_only_whose_they_are():
    rows = [["县区", "日期", "名称", "名称"], ["甲县", "坏", "乙", "丙"]]
    lines = read_lines(Grid("a.csv", "", rows), COLUMNS)
    assert lines.frame["jurisdiction"].tolist() == ["甲县"]
    assert lines.frame[["name", "day"]].isna().all(axis=None)
    assert lines.bad.tolist() == [True]
    assert [problem.column for problem in lines.problems] == ["名称、名称"]


def test_a_table_whose_rows_may_be_anybodys_leaves_every_city_short(tmp_path):
    text = "县区,县区,期间,uscc_total\n范县,台前县,2021-05,3\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    checked = check_inputs(tmp_path, BOOK)
    assert ([p.what for p in checked.errors], checked.short) == (["同一列出现 2 次"], {""})
