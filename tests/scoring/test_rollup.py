"""Counties → city by each kind of roll-up, city → counties for the closed list, cities told apart,
typed values kept.
"""

import numpy as np
import pandas as pd
import pytest

import creditcalc as cc
from creditcalc.scoring.notices import differing
from creditcalc.scoring.rollup import with_cities

NAN = np.nan
MAY, APRIL = "2021-05", "2021-04"


@pytest.fixture(scope="module")
def book():
    return cc.load_rulebook()


def rows(*records):
    """A table of (jurisdiction, values); a name that ends in 市 is a city, the period is May unless
    it says otherwise.
    """
    return pd.DataFrame(
        {
            "jurisdiction": name,
            "period": MAY,
            "level": "city" if name.endswith("市") else "county",
            **values,
        }
        for name, values in records
    )


def rolled_up(table, book, **given):
    return cc.roll_up(table, book, **given).table


def cell(table, name, column, period=MAY):
    (found,) = table.loc[(table["jurisdiction"] == name) & (table["period"] == period), column]
    return found


def missing(value):
    return pytest.approx(value, nan_ok=True)


# ------------------------------------------------------------------------------------------------
# counties → city


@pytest.mark.parametrize(
    ("name", "counties", "city"),
    [
        ("loans_xyd", [1.5, 2], 3.5),
        ("loans_xyd", [0, 0], 0),
        ("loans_xyd", [1, NAN], NAN),
        ("joint_domains", [3, 5], 5),
        ("joint_domains", [7, NAN], NAN),
        ("share_tax", [0, 1], 1),
        ("share_tax", [0, 0], 0),
        ("share_tax", [1, NAN], 1),
        ("share_tax", [0, NAN], NAN),
        ("portal_ideology_ok", [1, 1], 1),
        ("portal_ideology_ok", [1, 0], 0),
        ("portal_ideology_ok", [1, NAN], NAN),
        ("portal_ideology_ok", [0, NAN], 0),
        ("campaign_score", [1, 1], NAN),
        ("city_class", ["capital", "capital"], None),
    ],
)
def test_each_kind_of_roll_up(book, name, counties, city):
    table = rows(*((f"{n}县", {name: value}) for n, value in enumerate(counties)))
    made = cell(rolled_up(table, book, city="某市"), "某市", name)
    assert made is None or np.isnan(made) if city is None else made == missing(city)


@pytest.mark.parametrize(
    ("name", "may", "april"),
    [("loans_xyd", 6, NAN), ("joint_domains", 3, NAN), ("share_tax", 1, 1)],
)
def test_a_county_without_a_row_in_the_period_is_missing(book, name, may, april):
    value = {"share_tax": 1}.get(name, 3)
    table = rows(
        ("甲县", {name: value}), ("甲县", {name: value, "period": APRIL}), ("乙县", {name: value})
    )
    rolled = rolled_up(table, book, city="某市")
    assert [cell(rolled, "某市", name, period) for period in (MAY, APRIL)] == missing([may, april])


def test_an_input_without_a_column_gets_none(book):
    assert "loans_xyd" not in rolled_up(rows(("甲县", {"share_tax": 1})), book, city="某市")


def test_a_city_s_row_is_completed_and_what_it_types_is_kept(book):
    table = rows(
        ("某市", {"loans_xyd": NAN, "share_tax": 0, "joint_domains": NAN}),
        ("甲县", {"loans_xyd": 1, "share_tax": 1, "joint_domains": 2}),
    )
    rolled = rolled_up(table, book)
    assert rolled.loc[0, ["loans_xyd", "share_tax", "joint_domains"]].tolist() == [1, 0, 2]
    assert len(rolled) == 2


def test_a_city_s_row_is_made_for_each_period_that_lacks_one(book):
    table = rows(
        ("甲县", {"loans_xyd": 1}), ("某市", {}), ("甲县", {"loans_xyd": 2, "period": APRIL})
    )
    rolled = rolled_up(table, book)
    assert rolled["jurisdiction"].tolist() == ["甲县", "某市", "甲县", "某市"]
    assert rolled["level"].tolist() == ["county", "city", "county", "city"]
    assert (cell(rolled, "某市", "loans_xyd"), cell(rolled, "某市", "loans_xyd", APRIL)) == (1, 2)


def test_order_index_and_other_columns_stay_and_made_rows_come_last(book):
    table = rows(("乙县", {"loans_xyd": 2, "note": "z"}), ("甲县", {"loans_xyd": 1, "note": "a"}))
    made = rolled_up(table.set_axis([7, 3]), book, city="某市")
    assert made["jurisdiction"].tolist() == ["乙县", "甲县", "某市"]
    assert made.index.tolist() == [0, 1, 2]
    assert made["note"].tolist()[:2] == ["z", "a"]
    complete = pd.concat([table, rows(("某市", {}))]).set_axis([7, 3, 5])
    assert rolled_up(complete, book).index.tolist() == [7, 3, 5]


def test_rows_in_any_order_add_up_alike(book):
    records = [
        (f"{n}县", {"loans_xyd": n, "period": period}) for n in range(5) for period in (MAY, APRIL)
    ]
    mixed = rolled_up(rows(*sorted(records, key=str, reverse=True)), book, city="某市")
    assert [cell(mixed, "某市", "loans_xyd", period) for period in (MAY, APRIL)] == [10, 10]


# ------------------------------------------------------------------------------------------------
# city → counties


@pytest.mark.parametrize(
    ("name", "city", "county", "after"),
    [
        ("budget", 1, NAN, 1),
        ("budget", 0, NAN, 0),
        ("budget", 1, 0, 0),
        ("budget", NAN, NAN, NAN),
        ("enterprise_platform", 1, NAN, 1),
        ("campaign_score", 3, NAN, NAN),
        ("share_tax", 1, NAN, NAN),
        ("rating_coercion", 1, NAN, NAN),
        ("data_breaches_3y", 2, NAN, NAN),
        ("loans_xyd", 5, NAN, NAN),
    ],
)
def test_a_county_s_blank_inherits_from_the_closed_list_only(book, name, city, county, after):
    rolled = rolled_up(rows(("某市", {name: city}), ("甲县", {name: county})), book)
    assert cell(rolled, "甲县", name) == missing(after)


def test_a_county_inherits_the_class_of_its_city(book):
    rolled = rolled_up(
        rows(("某市", {"city_class": "capital"}), ("甲县", {"city_class": None})), book
    )
    assert rolled["city_class"].tolist() == ["capital", "capital"]


@pytest.mark.parametrize(
    "typed", [True, False], ids=["blank in the city's row", "no row of the city"]
)
def test_what_only_rolls_up_is_not_inherited(book, typed):
    counties = [("甲县", {"enterprise_platform": 1}), ("乙县", {"enterprise_platform": NAN})]
    rolled = rolled_up(
        rows(*counties, *([("某市", {"enterprise_platform": NAN})] if typed else [])),
        book,
        city="某市",
    )
    assert rolled["enterprise_platform"].tolist() == missing([1, NAN, 1])


def test_a_county_inherits_from_its_own_period_only(book):
    rolled = rolled_up(
        rows(("某市", {"budget": 1, "period": APRIL}), ("甲县", {"budget": NAN})), book
    )
    assert np.isnan(cell(rolled, "甲县", "budget"))


# ------------------------------------------------------------------------------------------------
# which city


def test_several_cities_by_their_column(book):
    table = rows(
        ("甲县", {"city": "东市", "loans_xyd": 1, "budget": NAN}),
        ("甲县", {"city": "西市", "loans_xyd": 10, "budget": NAN}),
        ("乙县", {"city": "西市", "loans_xyd": 20, "budget": 0}),
        ("西市", {"budget": 1}),
    )
    rolled = rolled_up(table, book)
    assert rolled["jurisdiction"].tolist() == ["甲县", "甲县", "乙县", "西市", "东市"]
    assert rolled["city"].tolist() == ["东市", "西市", "西市", "西市", "东市"]
    assert rolled["loans_xyd"].tolist() == [1, 10, 20, 30, 1]
    assert rolled["budget"].tolist() == missing([NAN, 1, 0, 1, NAN])


@pytest.mark.parametrize("blank", [None, NAN, ""], ids=["None", "NaN", "empty"])
@pytest.mark.parametrize(
    ("others", "city"),
    [
        ([("某市", {})], None),
        ([("乙县", {"city": "某市"})], None),
        ([], "某市"),
        ([("某市", {})], "某市"),
    ],
    ids=["a city's row", "another county's city", "the call", "the row and the call"],
)
def test_a_blank_city_is_the_only_one_there_is(others, city, blank):
    assert with_cities(rows(("甲县", {"city": blank}), *others), city)["city"].tolist() == [
        "某市"
    ] * (1 + len(others))


@pytest.mark.parametrize(
    ("others", "city", "words"),
    [
        ([], None, ["没有市级行", "甲县", "--city"]),
        ([("东市", {}), ("西市", {})], None, ["2 个市", "东市", "西市"]),
        ([("东市", {})], "西市", ["2 个市", "东市", "西市"]),
    ],
    ids=["none is known", "two are known", "the call names another"],
)
def test_a_county_of_an_unknown_city_is_refused(book, others, city, words):
    with pytest.raises(cc.InputError) as caught:
        rolled_up(rows(("甲县", {}), *others), book, city=city)
    (problem,) = caught.value.problems
    assert problem.column == "city"
    assert [word for word in words if word not in str(problem)] == []


def test_a_city_s_city_is_itself_whatever_its_row_says():
    assert with_cities(rows(("某市", {"city": "某省"}), ("甲县", {"city": "某市"})))[
        "city"
    ].tolist() == ["某市", "某市"]


def test_level_and_city_are_filled_in():
    table = pd.DataFrame({"jurisdiction": ["甲县", "乙县", "某市"], "level": ["", None, "city"]})
    filled = with_cities(table)
    assert filled["level"].tolist() == ["county", "county", "city"]
    assert filled["city"].tolist() == ["某市"] * 3


# ------------------------------------------------------------------------------------------------
# again, and other columns

PLAIN = rows(
    ("甲县", {"loans_xyd": 1.5, "share_tax": 1, "budget": NAN, "city_class": None}),
    ("乙县", {"loans_xyd": 2, "share_tax": NAN, "budget": 0, "city_class": None}),
    ("某市", {"loans_xyd": NAN, "share_tax": NAN, "budget": 1, "city_class": "prefecture"}),
    (
        "甲县",
        {"loans_xyd": 5, "share_tax": NAN, "budget": NAN, "city_class": None, "period": APRIL},
    ),
)
INHERITABLE = rows(("甲县", {"enterprise_platform": 1}), ("乙县", {"enterprise_platform": NAN}))


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(INHERITABLE, id="rolled up what can be inherited"),
    ],
)
def test_rolling_up_again_changes_nothing(book, table):
    once = cc.roll_up(table, book, city="某市")
    again = cc.roll_up(once.typed, book, city="某市")
    pd.testing.assert_frame_equal(again.table, once.table, check_dtype=False)


@pytest.mark.parametrize("kind", ["float64", "Int64", "object", "boolean"])
def test_columns_of_any_kind_are_completed(book, kind):
    table = rows(
        ("甲县", {"share_tax": 1}), ("乙县", {"share_tax": 0}), ("某市", {"share_tax": None})
    )
    for city in ("the typed row", "a made row"):
        some = table if city == "the typed row" else table.iloc[:2]
        rolled = rolled_up(some.astype({"share_tax": kind}), book, city="某市")
        assert rolled["share_tax"].astype(float).tolist() == [1, 0, 1]


def test_a_column_of_text_is_named(book):
    with pytest.raises(cc.InputError) as caught:
        rolled_up(
            rows(("甲县", {"share_tax": "是"}), ("乙县", {"share_tax": None})), book, city="某市"
        )
    assert [problem.column for problem in caught.value.problems] == ["share_tax"]


def test_tables_without_counties_or_without_rows(book):
    only_city = rows(("某市", {"loans_xyd": 1, "budget": NAN}))
    assert rolled_up(only_city, book)[["loans_xyd", "budget"]].to_numpy().tolist() == [
        missing([1, NAN])
    ]
    assert len(rolled_up(only_city.iloc[:0], book)) == 0


def test_the_table_stays_as_it_is_and_comes_along_as_the_source(book):
    before = PLAIN.copy()
    rolled = cc.roll_up(before, book, city="某市")
    pd.testing.assert_frame_equal(before, PLAIN)
    pd.testing.assert_frame_equal(rolled.typed[list(PLAIN)], PLAIN, check_dtype=False)


# ------------------------------------------------------------------------------------------------
# notices


@pytest.mark.parametrize(
    ("name", "typed", "counties", "noticed"),
    [
        ("questionnaires", 75, [40, 40], True),
        ("questionnaires", 80, [40, 40], False),
        ("loans_xyd", 0.3, [0.1, 0.2], False),
        ("questionnaires", 75, [40, NAN], False),
        ("questionnaires", NAN, [40, 40], False),
        ("share_tax", 0, [1, NAN], True),
        ("joint_domains", 3, [4, 5], True),
        ("budget", 0, [1, 1], False),
    ],
    ids=[
        "differs",
        "equal",
        "equal but for floats",
        "a county is open",
        "not typed",
        "a flag",
        "a maximum",
        "city's own",
    ],
)
def test_a_notice_where_the_city_says_otherwise(book, name, typed, counties, noticed):
    table = rows(
        ("某市", {name: typed}), *((f"{n}县", {name: value}) for n, value in enumerate(counties))
    )
    assert len(differing(cc.roll_up(table, book), book)) == noticed


def test_a_notice_shows_both_sums_and_where(book):
    table = rows(
        ("某市", {"questionnaires": 1075}),
        ("甲县", {"questionnaires": 40}),
        ("乙县", {"questionnaires": 41}),
    )
    (notice,) = differing(cc.roll_up(table, book), book)
    assert (notice.severity, notice.column, notice.jurisdiction, notice.period) == (
        "notice",
        "questionnaires",
        "某市",
        MAY,
    )
    assert book.inputs["questionnaires"].label in notice.what
    assert "1,075" in notice.value and "81" in notice.value
