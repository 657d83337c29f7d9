"""Contribution: every share is found again by adding up changed counties, scoring the city and
averaging over all orders.
"""

import importlib
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import oracle
from support.rows import ANY_READINGS, BEST, QUICK, VALUES, frame, typed, whole_row

import creditcalc as cc
from creditcalc.analysis.contribution import moves

BOOK = cc.load_rulebook()
ITEMS = [rule.id for rule in BOOK.of_kind("item")]
MAY, APRIL = "2021-05", "2021-04"
NAN = np.nan
CITY = "甲市"


def city(counties, own=None, period=MAY):
    """A typed table of one city: what each county says, by name, and what its own row says."""
    rows = [{"jurisdiction": CITY, "level": "city", **(own or {})}]
    rows += [
        {"jurisdiction": name, "level": "county", **values} for name, values in counties.items()
    ]
    return pd.DataFrame(rows).assign(period=period, city=CITY)


def scored(table, readings=None):
    return cc.score(cc.roll_up(table, BOOK), BOOK, readings)


def numbers(*counts):
    """Counties by number: how each says one input or several."""
    return {f"{n}县": values for n, values in enumerate(counts)}


def shares(found, id, column="share"):
    rows = found.items[found.items["id"] == id]
    return rows[column].tolist()


def regained(table, changes, id, readings=None):
    """What the city gains on an item when these changes are typed in and everything is added up and
    scored again.
    """
    found = cc.what_if(table, BOOK, changes, readings)
    return found.after.points[id].iloc[0] - found.before.points[id].iloc[0]


# ------------------------------------------------------------------------------------------------
# against all orders

FACTS = [name for name in oracle.CITY if name != "city_class"]


@st.composite
def cities(draw, least=2, most=4):
    """Counties that know everything, the city's own facts, and now and then a number that the city
    types itself.
    """
    names = [f"{n}县" for n in range(draw(st.integers(least, most)))]
    counties = {}
    for name in names:
        known = {k: v for k, v in draw(VALUES).items() if v is not None}
        systems = {"rural_system_local": 1, "rural_system_province": draw(st.sampled_from([0, 1]))}
        counties[name] = typed({**BEST, **known, **systems, **dict.fromkeys(FACTS)})
    own = {k: v for k, v in draw(VALUES).items() if k in FACTS and v is not None}
    own |= dict.fromkeys(
        draw(
            st.sets(
                st.sampled_from(["enterprises", "joint_domains", "loans_enterprise"]), max_size=1
            )
        ),
        9,
    )
    blank = dict.fromkeys(oracle.INPUTS)
    rows = [{"jurisdiction": CITY, **whole_row({**blank, **own}, "city")}]
    rows += [{"jurisdiction": name, **whole_row(values)} for name, values in counties.items()]
    return frame(rows).assign(city=CITY, period=MAY)


def every_subset(table, card, readings):
    """The city's points on each item it lacks for every set of counties that reach their own
    target, by one roll-up.
    """
    found = cc.targets(card)
    full = found[found["goal"] == "full"].set_index(["jurisdiction", "id"])["changes"].to_dict()
    names = table.loc[table["level"] == "county", "jurisdiction"].tolist()
    lost = [id for id in ITEMS if card.full[id].iloc[0] - card.points[id].iloc[0] > 1e-9]
    sets = [frozenset(c) for size in range(len(names) + 1) for c in combinations(names, size)]
    cases = [(id, members) for id in lost for members in sets]
    if not cases:
        return names, {}
    periods = [f"{n:06}" for n in range(len(cases))]
    whole = table.iloc[np.tile(np.arange(len(table)), len(cases))].reset_index(drop=True)
    whole["period"] = np.repeat(periods, len(table))
    at = {name: table["jurisdiction"].tolist().index(name) for name in names}
    changed = {
        name: whole[name].to_numpy(copy=True)
        for name in {n for changes in full.values() for n in changes}
    }
    for n, (id, members) in enumerate(cases):
        for name in members:
            for column, value in full.get((name, id), {}).items():
                changed[column][n * len(table) + at[name]] = value
    after = cc.score(cc.roll_up(whole.assign(**changed), BOOK), BOOK, readings)
    top = after.table["level"] == "city"
    points = after.points[top].set_index(after.table.loc[top, "period"])
    return names, {
        case: points.loc[period, case[0]] for case, period in zip(cases, periods, strict=True)
    }


@settings(max_examples=3, **QUICK)
@given(table=cities(3), readings=ANY_READINGS)
def test_a_share_is_the_mean_gain_over_all_orders(table, readings):
    card = scored(table, readings)
    found = cc.contribution(card, CITY, MAY)
    names, points = every_subset(table, card, readings)
    lost = list(dict.fromkeys(id for id, _ in points))
    assert list(dict.fromkeys(found.items["id"])) == lost == found.residual.index.tolist()
    assert found.undecided == [id for id in ITEMS if np.isnan(card.points[id].iloc[0])]
    for id in lost:
        mine = found.items[found.items["id"] == id].set_index("county")
        assert mine.index.tolist() == names and (mine["error"] == 0).all()
        loss = card.full[id].iloc[0] - card.points[id].iloc[0]
        assert np.allclose(mine["lost"], loss)
        assert mine["share"].sum() + found.residual[id] == pytest.approx(loss, abs=1e-9)
        orders = list(permutations(names))
        for name in names:
            before = [frozenset(order[: order.index(name)]) for order in orders]
            gains = [points[id, some | {name}] - points[id, some] for some in before]
            # a target may be a cent nearer than the exact inverse, where a cent is within the
            # tolerance of comparisons
            assert mine.loc[name, "share"] == pytest.approx(sum(gains) / len(orders), abs=1e-6), (
                id,
                name,
            )


def test_the_sample_s_shares_and_what_no_county_decides_are_its_loss():
    study = cc.open_study()
    card = cc.score(study.table[study.table["period"] == study.latest], BOOK)
    found = cc.contribution(card, "濮阳市", study.latest)
    at = card.table["jurisdiction"].tolist().index("濮阳市")
    loss = (card.full[ITEMS] - card.points[ITEMS]).iloc[at]
    assert found.undecided == loss[loss.isna()].index.tolist() and found.undecided
    assert found.residual.index.tolist() == loss[loss > 1e-9].index.tolist()
    total = found.items.groupby("id")["share"].sum().reindex(found.residual.index) + found.residual
    assert np.allclose(total, loss[loss > 1e-9], rtol=0, atol=1e-9)
    assert (found.items["error"] == 0).all()
    assert found.residual["S1.1"] == pytest.approx(
        loss["S1.1"]
    )  # an award to the city: no county decides it


# ------------------------------------------------------------------------------------------------
# worked games


def test_a_sum_is_shared_by_what_each_adds():
    """70, 80 and 100 promises of 100 each: 30 and 20 more make it whole, and every promise more
    earns the same.
    """
    found = cc.contribution(
        scored(city(numbers(*({"commitments": c, "enterprises": 100} for c in (70, 80, 100))))),
        CITY,
        MAY,
    )
    assert shares(found, "S7.1") == pytest.approx([2, 4 / 3, 0])
    assert shares(found, "S7.1", "lost") == pytest.approx([10 / 3] * 3)
    assert found.residual["S7.1"] == pytest.approx(0)


def test_a_threshold_is_shared_by_who_can_cross_it():
    """30 departments, 15 are needed, 9 are there; 6 more from the first, 5 from the second, 0 from
    the third.
    """
    counties = numbers(*({"depts_sharing": s, "depts_total": 10} for s in (0, 1, 8)))
    found = cc.contribution(scored(city(counties)), CITY, MAY)
    # targets: 5, 5 of 10: +5, +4; neither alone reaches 15, both do
    assert shares(found, "S4.1.2") == pytest.approx([0.25, 0.25, 0])


def test_the_largest_domain_count_needs_but_one():
    found = cc.contribution(
        scored(city(numbers(*({"joint_domains": n} for n in (3, 4, 5))))), CITY, MAY
    )
    assert shares(found, "S7.3") == pytest.approx([2 / 3] * 3)


def test_one_breach_of_many_is_everyone_s():
    """Two of three have meddled: only both together give the two points back."""
    meddling = dict.fromkeys(
        ["rating_unfair_competition", "rating_unreasonable_bar", "rating_obstruction"], 0.0
    )
    found = cc.contribution(
        scored(city(numbers(*({"rating_coercion": n, **meddling} for n in (1.0, 0.0, 1.0))))),
        CITY,
        MAY,
    )
    assert shares(found, "S4.3") == pytest.approx([1, 0, 1])


def test_what_the_city_types_no_county_decides():
    counties = numbers(*({"commitments": c, "enterprises": 100, "budget": 0} for c in (70, 80)))
    found = cc.contribution(scored(city(counties, {"commitments": 140, "budget": 0})), CITY, MAY)
    assert shares(found, "S7.1") == [0, 0] and found.residual["S7.1"] == pytest.approx(6)
    assert shares(found, "S8.2") == [0, 0] and found.residual["S8.2"] == 2


def test_a_city_s_threshold_is_shared_by_the_counties_parts():
    found = cc.contribution(
        scored(city(numbers(*({"questionnaires": n} for n in (30, 20, 25))))), CITY, MAY
    )
    assert shares(found, "S6.2") == pytest.approx([9 / 50, 8 / 50, 8 / 50])


def test_an_open_item_is_named_and_not_shared():
    found = cc.contribution(
        scored(city(numbers({"joint_domains": 3}, {"joint_domains": NAN}))), CITY, MAY
    )
    assert found.items.empty and set(found.undecided) >= {"S7.3", "S7.1"}
    assert list(found.items.columns) == [
        "id",
        "county",
        "lost",
        "share",
        "error",
    ]


@settings(max_examples=4, **QUICK)
@given(table=cities(3, 3), readings=ANY_READINGS)
def test_equals_share_equally_and_who_is_at_full_marks_has_no_share(table, readings):
    """The first county twice; and the last, made the best in everything, can give nothing more."""
    names = table["jurisdiction"].tolist()
    for name in oracle.INPUTS:
        table.loc[2, name] = table.loc[1, name]
        table.loc[3, name] = typed({name: None if name in FACTS else BEST[name]})[name]
    card = scored(table, readings)
    items = cc.contribution(card, CITY, MAY).items
    if items.empty:
        return
    wide = items.pivot(index="id", columns="county", values="share")
    additive = [
        id for id in wide.index if not BOOK.rules[id].city_threshold
    ]  # whose parts are whole numbers
    assert np.allclose(
        wide.loc[additive, names[1]], wide.loc[additive, names[2]], rtol=0, atol=1e-9
    )
    full = [id for id in wide.index if card.points[id].iloc[3] >= card.full[id].iloc[3] - 1e-9]
    assert (wide.loc[full, names[3]] == 0).all()


# ------------------------------------------------------------------------------------------------
# more than ten counties


@pytest.fixture(scope="module")
def eleven():
    rng = np.random.default_rng(11)
    counties = [
        {
            **{
                "commitments": float(rng.integers(40, 110)),
                "enterprises": 100.0,
                "questionnaires": float(rng.integers(0, 8)),
            },
            **{
                "depts_sharing": float(rng.integers(1, 6)),
                "depts_total": 10.0,
                "joint_domains": float(rng.integers(2, 6)),
            },
            **{
                "loans_xyd": float(rng.integers(1, 9)),
                "loans_credit": 100.0,
                "loans_enterprise": float(rng.integers(350, 600)),
            },
            **{
                "repeat_targets": 3.0,
                "repeat_exited": float(rng.integers(0, 4)),
                "report_nonconformities": float(n < 3),
            },
        }
        for n in range(11)
    ]
    return scored(city(numbers(*counties)))


def test_samples_lie_near_the_exact_shares(eleven, monkeypatch):
    """Eleven counties are sampled; told that eleven are few, the library takes all 2048 sets."""
    sampled = cc.contribution(eleven, CITY, MAY)
    monkeypatch.setattr(importlib.import_module("creditcalc.analysis.contribution"), "EXACT", 11)
    exact = cc.contribution(eleven, CITY, MAY)
    assert (exact.items["error"] == 0).all() and (sampled.items["error"] > 0).any()
    assert sampled.items[["id", "county"]].equals(exact.items[["id", "county"]])
    assert set(exact.items["id"]) >= {
        "S7.1",
        "S6.2",
        "S4.1.2",
        "S7.3",
        "S6.1.3a",
        "S6.1.3b",
        "S7.4a",
        "S5.4.2",
    }
    off = (sampled.items["share"] - exact.items["share"]).abs()
    assert (off <= 4 * sampled.items["error"] + 1e-9).all(), sampled.items.assign(
        exact=exact.items["share"]
    )
    assert (off > 1e-6).any()
    assert np.allclose(sampled.residual, exact.residual, rtol=0, atol=1e-9)
    sums = sampled.items.groupby("id")["share"].sum().reindex(sampled.residual.index)
    assert np.allclose(
        sums + sampled.residual,
        sampled.items.groupby("id")["lost"].first().reindex(sampled.residual.index),
    )


def test_sampling_says_the_same_every_time(eleven):
    one, other = (cc.contribution(eleven, CITY, MAY) for _ in range(2))
    pd.testing.assert_frame_equal(one.items, other.items)


# ------------------------------------------------------------------------------------------------
# the best moves


def test_a_move_gains_the_city_what_it_says():
    table = city(
        numbers(
            {
                "loans_xyd": 3.0,
                "loans_credit": 100.0,
                "loans_enterprise": 400.0,
                "joint_domains": 3.0,
                "innovations": 1.0,
            },
            {
                "loans_xyd": 4.0,
                "loans_credit": 100.0,
                "loans_enterprise": 380.0,
                "joint_domains": 6.0,
                "innovations": 0.0,
            },
        ),
        {"policy_score": 4.0},
    )
    card = scored(table)
    found = moves(card, CITY, MAY, cc.targets(card))
    assert list(found.columns) == ["county", "id", "changes", "points", "total_gain"]
    assert set(found["id"]) >= {"S6.1.3a", "S6.1.3b", "S7.3", "A3"} and "S1.1" not in set(
        found["id"]
    )
    assert (np.diff(found["total_gain"]) <= 1e-9).all() and (found["total_gain"] > 0).all()
    for row in found.to_dict("records"):
        after = cc.what_if(table, BOOK, {row["county"]: row["changes"]})
        assert row["total_gain"] == pytest.approx(after.totals["change"].iloc[0], abs=1e-9)
        assert row["points"] == pytest.approx(
            regained(table, {row["county"]: row["changes"]}, row["id"]), abs=1e-9
        )
    assert (found["points"] - found["total_gain"]).abs().max() > 0.1  # credit loans move two shares


# ------------------------------------------------------------------------------------------------
# names and periods


def test_the_period_and_the_city_asked_for_are_those_shared():
    may = city(numbers({"joint_domains": 3.0}, {"joint_domains": 4.0}))
    other = (
        city(numbers({"joint_domains": 1.0}))
        .assign(city="乙市")
        .replace({"jurisdiction": {CITY: "乙市", "0县": "丙县"}})
    )
    april = city(numbers({"joint_domains": 6.0}, {"joint_domains": 2.0}), period=APRIL)
    card = scored(pd.concat([other, april, may], ignore_index=True).sample(frac=1, random_state=1))
    assert sorted(shares(cc.contribution(card, CITY, MAY), "S7.3")) == pytest.approx([1.5, 1.5])
    assert sorted(shares(cc.contribution(card, CITY, APRIL), "S7.3")) == pytest.approx([0.5, 0.5])
    found = cc.contribution(card, "乙市", MAY).items
    assert found["county"].unique().tolist() == ["丙县"] and found[
        "share"
    ].tolist() == pytest.approx([6])


@pytest.mark.parametrize(("name", "period"), [("丁市", MAY), (CITY, "2019-01"), ("0县", MAY)])
def test_a_city_without_a_row_says_which_there_are(name, period):
    card = scored(city(numbers({"joint_domains": 3.0})))
    with pytest.raises(cc.UnknownName, match=CITY):
        cc.contribution(card, name, period)


# ------------------------------------------------------------------------------------------------
# faults


UNMEDDLED = dict.fromkeys(
    ["rating_unfair_competition", "rating_unreasonable_bar", "rating_obstruction"], 0.0
)


def test_what_another_county_leaves_open_is_a_number_still():
    """One has meddled, of the other it is not known: the first alone gives nothing back for
    certain, and no share is NaN.
    """
    counties = numbers({"rating_coercion": 1.0, **UNMEDDLED}, {"rating_coercion": NAN, **UNMEDDLED})
    found = cc.contribution(scored(city(counties)), CITY, MAY)
    assert shares(found, "S4.3") == [0, 0]
    assert found.residual["S4.3"] == 2


def test_a_county_without_a_row_leaves_it_open_too():
    """The absent county may have meddled: the city stays open when the first has put its own right,
    as what_if says.
    """
    table = city(numbers({"rating_coercion": 1.0, **UNMEDDLED}))
    april = pd.DataFrame(
        [
            {
                "jurisdiction": "9县",
                "level": "county",
                "period": APRIL,
                "city": CITY,
                "rating_coercion": 0.0,
            }
        ]
    )
    table = pd.concat([table, april], ignore_index=True)
    found = cc.contribution(scored(table), CITY, MAY)
    assert np.isnan(regained(table, {("0县", MAY): {"rating_coercion": 0.0}}, "S4.3"))
    assert found.items.empty or shares(found, "S4.3") == [0]


def test_a_city_without_counties_loses_by_itself():
    found = cc.contribution(
        scored(city({}, {"rating_coercion": 1.0, "rating_obstruction": NAN})), CITY, MAY
    )
    assert found.items.empty and found.residual["S4.3"] == 2
