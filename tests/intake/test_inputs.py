"""Indicator data → one checked table: what is refused and where, what is kept, what any file at all
may hold.
"""

import csv
import datetime as dt
import io
import tomllib
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.places import SAMPLE

from creditcalc.intake.checked_table import check_inputs, parser, read_inputs
from creditcalc.intake.faults import CellFault
from creditcalc.pages.opening import open_study
from creditcalc.problems import InputError, UnknownName
from creditcalc.rules.load import load_rulebook
from creditcalc.scoring.rollup import roll_up

BAD = Path(__file__).parent / "bad_inputs"
EXPECTED = tomllib.loads((BAD / "expected.toml").read_text(encoding="utf-8"))
BOOK = load_rulebook()
KEYS = ["jurisdiction", "period", "level", "city"]

# The closed list of the spec, section 6: part, whole, how many times the whole.
PARTS = [
    *(("uscc_errors", "uscc_total", 1), ("halls_connected", "halls_total", 1)),
    *(("gov_defaulters_rectified", "gov_defaulters", 1), ("dual_reported", "dual_due", 1)),
    *(("dual_compliant", "dual_reported", 1), ("dual_timely", "dual_reported", 1)),
    *(("regulators_graded", "regulators_total", 1), ("measures_lawful", "measures_total", 1)),
    *(("inst_defaulters_rectified", "inst_defaulters", 1), ("depts_sharing", "depts_total", 1)),
    *(("banks_connected", "banks_total", 1), ("households_local", "households_total", 1)),
    *(
        ("households_reported", "households_total", 1),
        ("agri_local", "agri_total", 1),
        ("agri_reported", "agri_total", 1),
    ),
    *(("pop_urban", "pop_resident", 1), ("dual_valid_objections", "dual_published", 1)),
    *(
        ("loans_xyd", "loans_credit", 1),
        ("loans_credit", "loans_enterprise", 1),
        ("xyd_funded", "xyd_recommended", 1),
    ),
    *(("repeat_exited", "repeat_targets", 1), ("agency_exited", "agency_targets", 1)),
    ("graded_domain_score", "graded_domains", 5),
]


NO_NUMBERS = """
1,23 12,34,567 1,,234 ,123 1234,567 0,123 1. 1.2,345 １，２３ 1_000 0x10 1e3 1E3 -- --1 +-1 − −3
12% 12％ 5‰ 3家 约3 一百 3-5 >3 (3) () 2021-05 nan NaN inf -inf Infinity NULL None N/A #N/A - —
/ 是 true =1+1 ٪ ٣ ² 10² ① 3㎡
"""


@pytest.fixture
def checked(tmp_path):
    """Checks a CSV table that is given as its lines."""

    def check(*lines):
        path = tmp_path / "table.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        return check_inputs(path, BOOK)

    return check


def value(column, cell):
    """What one cell of a column is read as."""
    return parser(column, BOOK)(cell)


# ----------------------------------------------------------------------------------------------
# bad_inputs


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_file_says_what_where_and_how_to_mend_it(name):
    expected = {"errors": 1, "sheet": "", "row": None, "column": ""} | EXPECTED[name]
    checked = check_inputs(BAD / name, BOOK)
    assert len(checked.errors) == expected["errors"]
    problem = checked.errors[0]
    assert [word for word in expected["words"] if word not in str(problem)] == []
    assert (problem.sheet, problem.row, problem.column) == (
        expected["sheet"],
        expected["row"],
        expected["column"],
    )
    assert problem.file.startswith(str(BAD / name))
    assert problem.cure


def test_read_inputs_raises_all_errors_and_no_notice(tmp_path):
    text = "县区,期间,budget,commitments,enterprises\n范县,2021-05,x,5,3\n台前县,五月,y,,"
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_inputs(tmp_path, BOOK)
    assert raised.value.problems == check_inputs(tmp_path, BOOK).errors
    assert [problem.column for problem in raised.value.problems] == ["budget", "budget", "期间"]


def test_every_broken_file_is_expected_to_say_something():
    assert {path.name for path in BAD.iterdir()} - {"expected.toml"} == EXPECTED.keys()


# ----------------------------------------------------------------------------------------------
# cells


@pytest.mark.parametrize(
    "text", ["是", "有", "1", "true", "TRUE", "Yes", " 是 ", "１", "ＹＥＳ", "1.0"]
)
def test_yes(text):
    assert value("budget", text) == 1


@pytest.mark.parametrize("text", ["否", "无", "0", "false", "False", "NO", "０", "0.0"])
def test_no(text):
    assert value("budget", text) == 0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(
            ("1,234", 1234),
            ("１，２３４", 1234),
            ("1,234,567.5", 1234567.5),
            ("１２．５", 12.5),
            ("+7", 7),
            ("007", 7),
        ),
        *(
            (" 3 ", 3),
            (".5", 0.5),
            ("0", 0),
            ("-0", 0),
            ("1000000000000000", 1e15),
            ("0.1", 0.1),
            ("　8　", 8),
        ),
    ],
)
def test_numbers(text, number):
    assert value("loans_credit", text) == number


@pytest.mark.parametrize("text", [*NO_NUMBERS.split(), "1 234", "3 家", "3\n4"])
def test_what_is_no_number_is_a_fault(text):
    assert isinstance(value("uscc_total", text), CellFault)


@pytest.mark.parametrize("text", ["prefecture", "地级市", " 地级市 "])
def test_a_class_by_code_or_label(text):
    assert value("city_class", text) == "prefecture"


@pytest.mark.parametrize("text", ["", " ", "　", "\t", None, float("nan")])
@pytest.mark.parametrize(
    "column", ["uscc_total", "budget", "city_class", "policy_score", "city", "level"]
)
def test_blank_is_missing_and_no_fault(column, text):
    assert value(column, text) is None


@pytest.mark.parametrize(
    "cell",
    ["2021-05", " 2021-05 ", "２０２１－０５", dt.date(2021, 5, 1), dt.datetime(2021, 5, 31, 9)],
)
def test_a_period(cell):
    assert value("period", cell) == "2021-05"


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        *(
            (text, "2021-05")
            for text in (
                "2021-5",
                "2021/05",
                "2021.5",
                "202105",
                "2021年5月",
                "2021 年 5 月",
                "2021-05-31",
            )
        ),
        *(("2021年12月31日", "2021-12"), ("2021-11-3", "2021-11")),
        *(
            ("2021.10", "2021-10"),
            ("2021.01", "2021-01"),
            ("202110.0", "2021-10"),
            ("2021-1", "2021-01"),
            ("2021/1", "2021-01"),
        ),
        *((text, "2021-10") for text in (202110, 202110.0)),
        *(
            (2021.01, "2021-01"),
            (2021.11, "2021-11"),
            (2021.12, "2021-12"),
            (2021.5, "2021-05"),
            (2021.9, "2021-09"),
        ),
        *(
            (text, "年-月")
            for text in ("2021-13", "20211", 44317, "2021-0", "21-05", "五月", "2021", "0999-05")
        ),
    ],
)
def test_what_is_no_period_is_refused_with_the_right_spelling(text, cure):
    assert value("period", text).cure.startswith(f"写成 {cure}")


@pytest.mark.parametrize("cell", ["2021.1", " ２０２１.1 ", 2021.1, 2021.10])
def test_a_period_that_may_be_january_or_october_is_not_said_to_be_january(cell):
    fault = value("period", cell)
    assert [text in fault.cure for text in ("2021-01", "2021-10", "文本格式")] == [True] * 3


@pytest.mark.parametrize(
    ("text", "level"),
    [
        *((text, "county") for text in ("county", "县区", "县（区）", "县", "区", "县级")),
        *((text, "city") for text in ("city", "CITY", "市", "市级")),
    ],
)
def test_levels(text, level):
    assert value("level", text) == level


@pytest.mark.parametrize(
    ("cell", "name"), [("　Ａ（区） ", "Ａ（区）"), (410928, "410928"), ("县" * 50, "县" * 50)]
)
def test_a_name_stays_as_it_was_typed_but_for_blanks_around_it(cell, name):
    assert value("jurisdiction", cell) == name


@pytest.mark.parametrize(
    "cell",
    [True, 1.5, dt.date(2021, 5, 1), "范\x00县", "范\u2028县", "\ufeff范县", "#REF!", "县" * 51],
)
def test_what_is_no_name(cell):
    assert isinstance(value("jurisdiction", cell), CellFault)


@given(
    name=st.sampled_from([*KEYS, "uscc_total", "budget", "city_class", "monitor_rank_mean"]),
    cell=st.one_of(
        *(
            st.text(),
            st.integers(),
            st.floats(),
            st.booleans(),
            st.none(),
            st.binary(),
            st.decimals(allow_nan=False),
        ),
        *(st.dates(), st.datetimes(), st.times(), st.timedeltas()),
        st.sampled_from(["=", "#", "1,", "２０２１－１", "1e999", "9" * 400]),
    ),
)
def test_any_cell_is_a_value_or_a_fault(name, cell):
    assert isinstance(value(name, cell), str | float | CellFault | None)


# ----------------------------------------------------------------------------------------------
# values


@pytest.mark.parametrize(("part", "whole", "times"), PARTS)
def test_a_part_is_at_most_its_whole(checked, part, whole, times):
    most = 2 * times
    rows = (
        f"甲,2021-05,{most},2,是",
        f"乙,2021-05,{most + 1},2,是",
        "丙,2021-05,9,,是",
        "丁,2021-05,,2,是",
    )
    found = checked(f"县区,期间,{part},{whole},budget", *rows)
    assert [(problem.jurisdiction, problem.column, problem.value) for problem in found.errors] == [
        ("乙", part, f"{most + 1} 与 2")
    ]
    np.testing.assert_array_equal(found.table[part], [most, np.nan, 9, np.nan])
    np.testing.assert_array_equal(found.table[whole], [2, np.nan, np.nan, 2])
    assert found.table["budget"].tolist() == [1] * 4


def test_the_rulebook_holds_exactly_the_closed_list_of_parts():
    assert {(i.name, i.part_of, i.times) for i in BOOK.inputs.values() if i.part_of} == set(PARTS)


def test_a_sum_that_misses_its_whole_by_a_rounding_error_is_no_part_beyond_it(checked):
    assert (
        checked("县区,期间,loans_xyd,loans_credit", f"范县,2021-05,{0.1 + 0.2!r},0.3").problems
        == []
    )


def test_no_days_are_spent_on_no_objection(checked):
    rows = "甲,2021-05,0,5", "乙,2021-05,0,0", "丙,2021-05,2,5", "丁,2021-05,,5", "戊,2021-05,0,"
    found = checked("县区,期间,objections_handled,objection_workdays", *rows)
    assert [(p.jurisdiction, p.column, p.value) for p in found.errors] == [
        ("甲", "objection_workdays", "5 与 0")
    ]
    np.testing.assert_array_equal(found.table["objections_handled"], [np.nan, 0, 2, np.nan, 0])
    np.testing.assert_array_equal(found.table["objection_workdays"], [np.nan, 0, 5, 5, np.nan])


def test_the_rulebook_holds_the_totals_over_things_that_are_counted():
    assert {(i.name, i.total_of) for i in BOOK.inputs.values() if i.total_of} == {
        ("objection_workdays", "objections_handled")
    }


def test_every_fault_of_a_cell_is_listed(checked):
    assert [
        problem.what for problem in checked("县区,期间,uscc_total", "范县,2021-05,-1.5").errors
    ] == ["不是整数", "是负数"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("commitments,enterprises", "3562,3478"), "“信用承诺信息数”大于“企业总数”"),
        (("unsecured_loans_curr,loans_credit", "400,900"), "相差一倍以上"),
        (("unsecured_loans_curr,loans_credit,loans_enterprise", "900,400,1000"), "相差一倍以上"),
        (("unsecured_loans_curr,loans_credit", "0,1"), "相差一倍以上"),
    ],
)
def test_what_only_looks_odd_is_a_notice(checked, lines, words):
    noticed = checked("县区,期间," + lines[0], "范县,2021-05," + lines[1])
    assert noticed.errors == []
    assert noticed.unsound == set()
    assert [words in problem.what for problem in noticed.notices] == [True]
    assert (noticed.notices[0].row, noticed.notices[0].jurisdiction) == (2, "范县")
    assert noticed.table.notna().all(axis=None)


def test_what_is_just_not_odd(checked):
    assert (
        checked(
            "县区,期间,commitments,enterprises,unsecured_loans_curr,loans_credit",
            "范县,2021-05,5,5,2,1",
        ).problems
        == []
    )


# ---------------------------------------------------------------------------------------------- who
# is who


def test_what_is_faulty_is_missing_and_the_rest_is_kept(checked):
    found = checked(
        "县区,期间,级别,uscc_total,budget",
        "濮阳市,2021-05,市,,是",
        "范县,2021-05,,3,是",
        "台前县,2021-05,,x,否",
    )
    assert found.unsound == {("濮阳市", "台前县")}
    assert found.table["jurisdiction"].tolist() == ["濮阳市", "范县", "台前县"]
    np.testing.assert_array_equal(found.table["uscc_total"], [np.nan, 3, np.nan])
    np.testing.assert_array_equal(found.table["budget"], [1, 1, 0])


def test_a_doubled_row_is_kept_once_and_says_nothing(checked):
    found = checked("县区,期间,uscc_total", "范县,2021-05,3", "台前县,2021-05,4", "范县,2021-05,3")
    assert found.table["jurisdiction"].tolist() == ["范县", "台前县"]
    np.testing.assert_array_equal(found.table["uscc_total"], [np.nan, 4])
    assert {problem.row for problem in found.errors} == {2, 4}


def test_an_unknown_level_leaves_nothing_of_its_row_but_the_name(checked):
    found = checked("县区,期间,级别,uscc_total", "范县,2021-05,乡,3")
    assert found.table[KEYS].values.tolist() == [["范县", "2021-05", "county", ""]]
    assert found.table["uscc_total"].isna().all()


def test_a_county_whose_period_cannot_be_read_never_makes_its_citys_sum_look_complete(checked):
    header = "县区,期间,所属市,uscc_total"
    found = checked(
        header,
        "甲县,2021-5,某市,3",
        "乙县,2021-04,某市,4",
        "乙县,2021-05,某市,4",
        "丙县,2021-06,他市,1",
    )
    assert found.unsound == {("某市", "甲县")}
    lost = found.table[found.table["jurisdiction"] == "甲县"]
    assert lost["period"].tolist() == ["2021-05"]
    assert lost["uscc_total"].isna().all()
    city = roll_up(found.table, BOOK).table.query("level == 'city' and city == '某市'")
    assert len(city) == 2
    assert city["uscc_total"].isna().all()


def test_a_readable_row_is_not_shadowed_by_one_whose_period_cannot_be_read(checked):
    found = checked("县区,期间,uscc_total", "甲县,五月,3", "甲县,2021-05,4")
    assert found.table["uscc_total"].tolist() == [4]


def test_a_row_without_a_name_is_refused(checked):
    found = checked("县区,期间,uscc_total", "甲县,2021-05,3", "合计,,3", ",2021-05,3", " ,,7")
    assert found.table["jurisdiction"].tolist() == ["甲县", "合计"]
    assert [(problem.row, problem.what) for problem in found.errors] == [
        *((3, "没有填期间"), (4, "没有填县区")),
        *((5, "没有填县区"), (5, "没有填期间")),
    ]


@pytest.mark.parametrize(
    ("lines", "cities"),
    [
        (["县区,期间", "范县,2021-05"], [""]),
        (["县区,期间,级别", "范县,2021-05,", "濮阳市,2021-05,市"], ["濮阳市", "濮阳市"]),
        (
            ["县区,期间,级别", "濮阳市,2021-04,市", "濮阳市,2021-05,市", "范县,2021-05,"],
            ["濮阳市"] * 3,
        ),
        (["县区,期间,所属市", "范县,2021-05,濮阳市", "台前县,2021-05,"], ["濮阳市", "濮阳市"]),
        (
            [
                "县区,期间,级别,所属市",
                "甲市,2021-05,市,",
                "乙市,2021-05,市,乙市",
                "甲县,2021-05,,乙市",
            ],
            ["甲市", "乙市", "乙市"],
        ),
        (["县区,期间,级别", "甲市,2021-05,市", "乙市,2021-05,市"], ["甲市", "乙市"]),
        (["县区,期间,所属市", "城区,2021-05,甲市", "城区,2021-05,乙市"], ["甲市", "乙市"]),
    ],
)
def test_whose_county_it_is(checked, lines, cities):
    found = checked(*lines)
    assert found.problems == []
    assert found.table["city"].tolist() == cities


def test_a_county_that_may_be_of_several_cities_stays_without_one(checked):
    found = checked(
        "县区,期间,级别,budget",
        "甲市,2021-05,市,是",
        "乙市,2021-05,市,是",
        "丙县,2021-05,,是",
        "丁县,2021-05,,是",
    )
    assert [(problem.row, problem.jurisdiction) for problem in found.errors] == [
        (4, "丙县"),
        (5, "丁县"),
    ]
    assert found.unsound == {("", "丙县"), ("", "丁县")}
    assert found.table["city"].tolist() == ["甲市", "乙市", "", ""]


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (["县区,期间,所属市,uscc_total", "濮阳市,2021-05,,9", "范县,2021-05,濮阳市,3"], 2),
        (
            [
                "县区,期间,级别,uscc_total",
                "濮阳市,2021-04,市,9",
                "濮阳市,2021-05,,9",
                "范县,2021-05,,3",
            ],
            3,
        ),
        (
            [
                "县区,期间,级别,uscc_total",
                "濮阳市,2021-04,市,9",
                "开封市,2021-04,市,9",
                "濮阳市,2021-05,县区,9",
            ],
            4,
        ),
    ],
)
def test_a_citys_row_without_its_level_is_no_county_of_itself(checked, lines, row):
    found = checked(*lines)
    assert [(p.row, p.jurisdiction, "是市" in p.what) for p in found.errors] == [
        (row, "濮阳市", True)
    ]
    assert found.table.loc[found.table["level"] == "county", "uscc_total"].dropna().tolist() in (
        [],
        [3],
    )
    rolled = roll_up(found.table, BOOK).table.query(
        "level == 'city' and period == '2021-05' and city == '濮阳市'"
    )
    assert rolled["uscc_total"].isna().all()


def test_a_county_may_bear_the_name_of_another_city(checked):
    found = checked(
        "县区,期间,级别,所属市",
        "朝阳,2021-05,市,",
        "朝阳,2021-05,,长春",
        "双塔,2021-05,,朝阳",
        "农安,2021-05,,长春",
    )
    assert found.problems == []


def test_the_named_city_is_no_county_of_itself(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("县区,期间,uscc_total\n濮阳市,2021-05,9\n范县,2021-05,3\n", encoding="utf-8")
    assert check_inputs(path, BOOK).problems == []
    problems = check_inputs(path, BOOK, "濮阳市").errors
    assert [(p.row, "“级别”写 市" in p.cure) for p in problems] == [(2, True)]
    study = open_study(path, city="濮阳市")
    assert [p.what for p in study.checked.errors] == [problems[0].what]
    assert study.table.query("level == 'city'")["uscc_total"].isna().all()


def test_no_other_city_is_taken_for_the_named_one(checked, tmp_path):
    lines = "县区,期间,级别", "甲市,2021-05,市", "甲县,2021-05,"
    assert checked(*lines).table["city"].tolist() == ["甲市", "甲市"]
    with pytest.raises(UnknownName):
        open_study(tmp_path / "table.csv", city="乙市")


def test_columns_follow_the_rulebook_whatever_their_order_and_names(checked):
    found = checked(
        " 专项经费保障 ,期间,ｕｓｃｃ_total,县(区),城市类别", "是,2021-05,3,范县,地级市"
    )
    assert found.problems == []
    assert list(found.table) == [*KEYS, "city_class", "uscc_total", "budget"]
    assert found.table.dtypes.astype(str).tolist() == ["str"] * 5 + ["float64"] * 2


def test_a_file_without_rows_gives_an_empty_table():
    table = check_inputs(BAD / "empty.csv", BOOK).table
    assert list(table) == KEYS
    assert table.empty


def test_the_sample_is_sound():
    checked = check_inputs(SAMPLE)
    assert checked.errors == []
    assert list(checked.table) == [*KEYS, "remark", *BOOK.inputs]


# ---------------------------------------------------------------------------------------------- any
# table, any file

NAMES = st.text(
    st.characters(categories=["Lo", "Lu", "Nd"], include_characters="（）·"), min_size=1, max_size=8
)
VALUES = {
    "count": st.integers(0, 10**9).map(float),
    "amount": st.integers(0, 10**12).map(lambda cents: cents / 100),
    "days": st.integers(0, 10**6).map(lambda tenths: tenths / 10),
    "rank": st.integers(10, 4000).map(lambda tenths: tenths / 10),
    "score": st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    "flag": st.sampled_from([0.0, 1.0]),
    "class": st.sampled_from(["prefecture", "county_level", "capital"]),
}
WRITERS = ("utf-8", "utf-8-sig", "gb18030", "xlsx", "parquet")


@st.composite
def tables(draw):
    """A valid table of few columns and rows, as read_inputs gives it."""
    names = draw(st.lists(st.sampled_from(list(BOOK.inputs)), min_size=1, max_size=6, unique=True))
    names = [name for name in BOOK.inputs if name in names]
    who = draw(
        st.lists(
            st.tuples(NAMES, st.dates(dt.date(2018, 1, 1))),
            min_size=1,
            max_size=5,
            unique_by=lambda w: w[0],
        )
    )
    rows = []
    for name, day in who:
        row = {"jurisdiction": name, "period": f"{day:%Y-%m}", "level": "county", "city": "某市"}
        row |= {name: draw(st.none() | VALUES[BOOK.inputs[name].type]) for name in names}
        for i in map(BOOK.inputs.get, names):
            whole = row.get(i.part_of)
            if whole is not None and row[i.name] is not None and row[i.name] > i.times * whole:
                row[i.name] = whole
            if row.get(i.name) and row.get(i.total_of) == 0:
                row[i.name] = 0
        rows.append(row)
    table = pd.DataFrame(rows)
    numbers = [name for name in names if BOOK.inputs[name].type != "class"]
    texts = [*KEYS, *(name for name in names if name not in numbers)]
    return table.astype(dict.fromkeys(numbers, "float64") | dict.fromkeys(texts, "str"))


def write(table, writer, labels, folder):
    """The table in one of the formats, its flags and classes in words, its columns by label or by
    name.
    """
    words = table.astype(object).where(table.notna(), None)
    for i in (BOOK.inputs[name] for name in table if name in BOOK.inputs):
        said = {"flag": {1.0: "是", 0.0: "否"}, "class": i.classes}.get(i.type)
        if said:
            words[i.name] = [said.get(code) for code in words[i.name]]
        elif writer.startswith(("utf", "gb")):
            words[i.name] = [
                None if number is None else f"{number:,.6f}".rstrip("0").rstrip(".")
                for number in words[i.name]
            ]
    if labels:
        keys = dict(zip(KEYS, ("县（区）", "期间", "级别", "所属市"), strict=True))
        words = words.rename(columns={name: BOOK.inputs[name].label for name in BOOK.inputs} | keys)
    if writer == "xlsx":
        path = folder / "table.xlsx"
        words.to_excel(path, index=False)
    elif writer == "parquet":
        path = folder / "table.parquet"
        words.to_parquet(path)
    else:
        path = folder / "table.csv"
        text = words.to_csv(index=False, lineterminator="\r\n")
        if writer == "gb18030":
            assume(not fits_utf8(text.encode(writer)))
        path.write_bytes(text.encode(writer))
    return path


def fits_utf8(content):
    """Whether bytes of GB18030 could as well be UTF-8; no program can tell then."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=tables(), writer=st.sampled_from(WRITERS), labels=st.booleans())
def test_a_valid_table_is_read_back_as_it_was_written(tmp_path, table, writer, labels):
    read = read_inputs(write(table, writer, labels, tmp_path), BOOK)
    pd.testing.assert_frame_equal(read, table)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=5), max_size=5
    ),
    header=st.booleans(),
)
def test_any_text_in_a_csv_is_read_or_refused(tmp_path, rows, header):
    text = io.StringIO()
    csv.writer(text).writerows(
        [["县区", "期间", "uscc_total", "budget", "city_class"]] * header + rows
    )
    (tmp_path / "any.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    table = check_inputs(tmp_path / "any.csv", BOOK).table
    assert not table[["jurisdiction", "period"]].isin([""]).any(axis=None)


CELLS = st.one_of(
    *(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    *(st.datetimes(dt.datetime(1901, 1, 1)), st.times()),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    st.sampled_from(["#REF!", "=A1", "范县", "2021-05"]),
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(CELLS, max_size=5), max_size=4))
def test_any_cells_in_a_workbook_are_read_or_refused(tmp_path, rows):
    book = openpyxl.Workbook()
    for row in [["县区", "期间", "uscc_total", "budget", "城市类别"], *rows]:
        book.active.append(row)
    book.save(tmp_path / "any.xlsx")
    checked = check_inputs(tmp_path / "any.xlsx", BOOK)
    assert all(problem.file and problem.cure for problem in checked.errors)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200), suffix=st.sampled_from([".csv", ".xlsx", ".parquet"]))
def test_any_bytes_are_read_or_refused(tmp_path, content, suffix):
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_inputs(path, BOOK)


@settings(max_examples=30, deadline=None)
@given(
    at=st.integers(0),
    flip=st.integers(1, 255),
    name=st.sampled_from(["excel-date.xlsx", "infinite.parquet"]),
)
def test_a_workbook_or_parquet_file_with_one_wrong_byte_is_read_or_refused(
    tmp_path_factory, at, flip, name
):
    content = bytearray((BAD / name).read_bytes())
    content[at % len(content)] ^= flip
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    check_inputs(path, BOOK)


def test_a_row_without_a_name_leaves_its_citys_sums_open(tmp_path):
    """Its county is not among the counties, so the city's sums would be taken for complete."""
    path = tmp_path / "data.csv"
    path.write_text(
        "县区,期间,级别,questionnaires\n甲市,2021-05,市,\n甲县,2021-05,,60\n,2021-05,,60\n",
        encoding="utf-8",
    )
    checked = check_inputs(path)
    assert [(p.row, p.column, p.jurisdiction) for p in checked.errors] == [(4, "县区", "")]
    assert checked.short == {"甲市"}
    table = open_study(path).table.set_index("jurisdiction")
    assert table.loc["甲县", "questionnaires"] == 60 and pd.isna(
        table.loc["甲市", "questionnaires"]
    )


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", "县名,期间,questionnaires\n乙县,2021-05,60\n".encode()]
)
def test_a_file_that_cannot_be_placed_leaves_every_citys_sums_open(tmp_path, content):
    (tmp_path / "1.csv").write_text(
        "县区,期间,级别,questionnaires\n甲市,2021-05,市,\n甲县,2021-05,,60\n", encoding="utf-8"
    )
    assert open_study(tmp_path).table["questionnaires"].tolist() == [60, 60]
    (tmp_path / "2.csv").write_bytes(content)
    study = open_study(tmp_path)
    assert study.checked.short == {""} and study.checked.unsound == set()
    table = study.table.set_index("jurisdiction")
    assert table.loc["甲县", "questionnaires"] == 60 and pd.isna(
        table.loc["甲市", "questionnaires"]
    )
