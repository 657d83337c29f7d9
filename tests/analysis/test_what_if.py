"""What if: what it says is what scoring and rolling up two tables gives."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import ANY_READINGS, QUICK, ROWS, frame

import creditcalc as cc

BOOK = cc.load_rulebook()
MAY, APRIL = "2021-05", "2021-04"
NAN = np.nan
NUMBERS = sorted(name for name, i in BOOK.inputs.items() if i.type != "class")


def table(*records):
    """Rows of (jurisdiction, values); a name that ends in 市 is a city."""
    return pd.DataFrame(
        {
            "jurisdiction": name,
            "period": MAY,
            "level": "city" if name.endswith("市") else "county",
            **values,
        }
        for name, values in records
    )


LOANS = {"loans_credit": 10_000.0, "loans_enterprise": 40_000.0}
CITY = table(
    ("甲市", {"xyd_connected": 0.0}),
    ("东县", {"loans_xyd": 450.0, **LOANS}),
    ("西县", {"loans_xyd": 350.0, **LOANS, "xyd_connected": 1.0}),
)


def total(found, name, column="change"):
    return found.totals.set_index("jurisdiction").loc[name, column]


def moved(found, name):
    rows = found.items[found.items["jurisdiction"] == name]
    return dict(zip(rows["id"], rows["change"], strict=True))


def test_a_county_s_change_reaches_its_city_by_adding_up():
    found = cc.what_if(CITY, BOOK, {"东县": {"loans_xyd": 600}})
    assert moved(found, "东县") == pytest.approx({"S6.1.3a": 1.5})
    assert moved(found, "甲市") == pytest.approx({"S6.1.3a": (950 - 800) / 600 * 3})
    assert moved(found, "西县") == {}
    assert total(found, "甲市") == pytest.approx(0.75) and total(found, "西县") == 0
    assert found.after.table.set_index("jurisdiction").loc["甲市", "loans_xyd"] == 950


def test_one_input_that_moves_two_items():
    found = cc.what_if(CITY, BOOK, {"东县": {"loans_xyd": 600, "loans_credit": 12_000}})
    assert moved(found, "东县") == pytest.approx({"S6.1.3a": 0.5, "S6.1.3b": 2})
    assert total(found, "东县") == pytest.approx(2.5)


def test_what_the_city_types_reaches_its_counties_blanks_alone():
    found = cc.what_if(CITY, BOOK, {"甲市": {"xyd_connected": 1}})
    assert moved(found, "甲市") == moved(found, "东县") == {"S6.1.1": 3}
    assert moved(found, "西县") == {}


def test_many_jurisdictions_at_once():
    found = cc.what_if(
        CITY, BOOK, {"东县": {"loans_xyd": 600}, "西县": {"loans_xyd": 600}, "甲市": {"budget": 1}}
    )
    assert moved(found, "甲市") == pytest.approx({"S6.1.3a": 2, "S8.2": NAN}, nan_ok=True)
    before, after = (card.points.iloc[0]["S8.2"] for card in (found.before, found.after))
    assert np.isnan(before) and after == 2


def test_a_period_of_its_own_or_all_of_them():
    both = pd.concat([CITY, CITY.assign(period=APRIL)], ignore_index=True)
    one = cc.what_if(both, BOOK, {("东县", APRIL): {"loans_xyd": 600}})
    assert set(one.items["period"]) == {APRIL} and set(one.items["jurisdiction"]) == {
        "东县",
        "甲市",
    }
    every = cc.what_if(both, BOOK, {"东县": {"loans_xyd": 600}})
    assert sorted(every.items.loc[every.items["jurisdiction"] == "东县", "period"]) == [APRIL, MAY]


def test_an_item_that_becomes_decided_or_open_is_listed_with_its_states():
    found = cc.what_if(CITY, BOOK, {"东县": {"questionnaires": 75, "loans_xyd": NAN}})
    rows = found.items[found.items["jurisdiction"] == "东县"].set_index("id")
    assert rows.loc["S6.2", ["status_before", "status_after", "score_after"]].tolist() == [
        "missing",
        "scored",
        0.5,
    ]
    assert rows.loc["S6.1.3a", ["status_before", "status_after"]].tolist() == ["scored", "missing"]
    assert np.isnan(rows.loc["S6.2", "change"])
    assert total(found, "东县") == pytest.approx(0.5 - 1.5)
    assert found.totals.set_index("jurisdiction").loc[
        "东县", ["high_before", "high_after"]
    ].diff().iloc[1] == pytest.approx(1)


def test_a_base_indicator_that_turns_is_listed_and_the_eligibility_shown():
    one = table(
        ("甲市", {"gov_defaulters": 2.0, "gov_defaulters_rectified": 2.0, "xyd_platform_own": 1.0})
    )
    found = cc.what_if(one, BOOK, {"甲市": {"gov_defaulters_rectified": 1}})
    assert found.items[["id", "status_before", "status_after"]].to_numpy().tolist() == [
        ["B03", "pass", "fail"]
    ]
    assert found.totals[["eligible_before", "eligible_after", "change"]].to_numpy().tolist() == [
        ["pending", "no", 0]
    ]


def test_an_interval_that_narrows_is_listed_though_it_stays_open():
    found = cc.what_if(table(("东县", {"share_tax": NAN})), BOOK, {"东县": {"share_tax": 1}})
    row = found.items.set_index("id").loc["S5.3"]
    assert row[["low_before", "low_after", "high_before", "high_after"]].tolist() == [0, 1, 7, 7]


def test_without_a_city_nothing_is_rolled_up_unless_told():
    counties = CITY.iloc[1:]
    plain = cc.what_if(counties, BOOK, {"东县": {"loans_xyd": 600}})
    assert plain.totals["jurisdiction"].tolist() == ["东县", "西县"]
    told = cc.what_if(counties, BOOK, {"东县": {"loans_xyd": 600}}, city="丙市")
    assert moved(told, "丙市") == pytest.approx({"S6.1.3a": 0.75})


def test_no_change_moves_nothing_and_the_table_is_left_as_it_was():
    before = CITY.copy()
    found = cc.what_if(CITY, BOOK, {"东县": {"loans_xyd": 450}})
    assert found.items.empty and (found.totals["change"] == 0).all()
    cc.what_if(CITY, BOOK, {"东县": {"loans_xyd": 600, "innovations": 3}})
    pd.testing.assert_frame_equal(CITY, before)


def test_readings_and_the_cap_of_the_bonus_hold_for_both():
    one = table(
        (
            "东县",
            {
                "law_local": 1.0,
                "innovations": 3.0,
                "contract_supervision": 0.0,
                "loans_xyd": 450.0,
                **LOANS,
            },
        )
    )
    found = cc.what_if(
        one,
        BOOK,
        {"东县": {"contract_supervision": 1, "loans_xyd": 540}},
        {"bonus_cap": "ten", "proportional": "of_full"},
    )
    assert moved(found, "东县") == pytest.approx({"A2": 5, "S6.1.3a": 2.7 - 2.25})
    assert total(found, "东县") == pytest.approx(2 + 0.45)
    assert total(found, "东县", "bonus_after") == 10


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"北县": {"loans_xyd": 1}}, ["北县", "东县"]),
        ({("东县", "2020-01"): {"loans_xyd": 1}}, ["东县", "2020-01"]),
        ({"东县": {"loans_xy": 1}}, ["loans_xy", "loans_xyd"]),
    ],
    ids=["a county", "a period", "an input"],
)
def test_an_unknown_name_says_what_there_is(changes, words):
    with pytest.raises(cc.UnknownName) as raised:
        cc.what_if(CITY, BOOK, changes)
    assert all(word in str(raised.value) for word in words)


def test_a_column_of_whole_numbers_takes_a_fraction():
    """The table of the design's own example holds whole numbers."""
    one = pd.DataFrame(
        {"jurisdiction": ["范县"], "period": [MAY], "loans_xyd": [450], "loans_credit": [10_000]}
    )
    found = cc.what_if(one, BOOK, {"范县": {"loans_xyd": 450.5}})
    assert total(found, "范县") == pytest.approx(0.5 / 300 * 3)


def test_counties_of_two_cities_with_one_name_are_not_mixed_up():
    """Either the name is refused, as explain does, or each county is compared with itself."""
    two = CITY.assign(city="甲市")
    two = pd.concat([two, two.assign(city="乙市").replace("甲市", "乙市")], ignore_index=True)
    try:
        found = cc.what_if(two, BOOK, {"东县": {"loans_xyd": 600}})
    except cc.UnknownName:
        return
    assert len(found.items) == 4


PAIRS = [(name, whole) for name, i in BOOK.inputs.items() if (whole := i.part_of or i.total_of)]
PAIRED = {name for pair in PAIRS for name in pair}
BOUND = PAIRED | {name for name, i in BOOK.inputs.items() if i.max is not None or i.type == "rank"}
FREE = [
    name for name in NUMBERS if name not in BOUND
]  # whose values no other input and no full mark limits
FLAGS = [name for name in FREE if BOOK.inputs[name].type == "flag"]
CHANGES = st.tuples(
    st.dictionaries(
        st.sampled_from(FLAGS), st.sampled_from([0.0, 1.0, NAN]), min_size=1, max_size=3
    ),
    st.dictionaries(
        st.sampled_from(sorted({*FREE} - {*FLAGS})),
        st.sampled_from([0.0, 2.0, 60.0, NAN]),
        min_size=1,
        max_size=3,
    ),
).map(lambda pair: {**pair[0], **pair[1]})


@settings(max_examples=4, **QUICK)
@given(
    rows=st.lists(ROWS, min_size=4, max_size=4),
    changes=st.lists(CHANGES, min_size=2, max_size=2),
    readings=ANY_READINGS,
)
def test_it_is_two_tables_scored(rows, changes, readings):
    """Three counties and their city, two of them changed; every rule that differs is listed and no
    other.
    """
    names = ["甲市", "东县", "西县", "南区"]
    levels = ["city", "county", "county", "county"]
    typed = frame(
        [{**r, "jurisdiction": n, "level": v} for r, n, v in zip(rows, names, levels, strict=True)]
    )
    edited = typed.copy()
    for name, new in zip(names, changes, strict=False):
        for column, value in new.items():
            edited.loc[edited["jurisdiction"] == name, column] = value
    found = cc.what_if(typed, BOOK, dict(zip(names, changes, strict=False)), readings)
    before, after = (cc.score(cc.roll_up(t, BOOK), BOOK, readings) for t in (typed, edited))
    differ = set()
    for id in BOOK.rules:
        for at, name in enumerate(names):
            old, new = (
                [c.status[id].iloc[at], *(f[id].iloc[at] for f in (c.points, c.low, c.high))]
                for c in (before, after)
            )
            if old[0] != new[0] or not np.allclose(
                old[1:], new[1:], rtol=0, atol=1e-9, equal_nan=True
            ):
                differ.add((name, id))
    assert set(zip(found.items["jurisdiction"], found.items["id"], strict=True)) == differ
    assert len(found.items) == len(differ)
    change = after.totals()["total"] - before.totals()["total"]
    assert np.allclose(found.totals["change"], change, rtol=0, atol=1e-9)
    for column in ("score", "low", "high", "bonus", "total", "eligible"):
        assert found.totals[f"{column}_before"].tolist() == before.totals()[column].tolist()
        assert found.totals[f"{column}_after"].tolist() == after.totals()[column].tolist()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"commitments": -5}, "负数"),
        ({"commitments": 12.5}, "不是整数"),
        ({"loans_xyd": 1e9}, "大于"),
        ({"budget": 7}, "是”或“否"),
        ({"commitments": "abc"}, "不是数"),
        ({"policy_score": 6}, "超过满分"),
    ],
)
def test_a_value_that_could_not_be_read_in_is_refused(changes, what):
    table = pd.DataFrame(
        {"jurisdiction": ["范县"], "period": [MAY], "loans_credit": [100.0], "enterprises": [10.0]}
    )
    with pytest.raises(cc.InputError) as error:
        cc.what_if(table, BOOK, {("范县", MAY): changes})
    (problem,) = error.value.problems
    assert (
        what in problem.what
        and problem.column == next(iter(changes))
        and problem.jurisdiction == "范县"
    )
