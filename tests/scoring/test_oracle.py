"""The library against the exact oracle, and the oracle against the specification's worked cases.

Rows are directed, not merely random: every ratio that decides something is met exactly, and one
unit (a count, 0.01 of an amount) either side of it, and
`test_rows_stand_on_both_sides_of_every_threshold` proves that they are.
"""

from fractions import Fraction
from math import isclose

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support import oracle
from support.rows import (
    ANY_READINGS,
    BEST,
    CENT,
    MAY_EXCEED,
    ONE_CHANGED,
    PAIRS,
    QUICK,
    SWEEP,
    VALUES,
    Table,
    classes,
    frame,
    sweep,
    tables,
    typed,
    whole_row,
)

import creditcalc as cc

# --- The oracle on the worked cases of the specification ---

OF_FULL = {"proportional": "of_full"}
STRICT = {"inclusive": "no"}
WHOLE, STARTED = {"partial_step": "whole_steps"}, {"partial_step": "started_steps"}
PER_10K, PER_100K = {"objection_scale": "per_10k"}, {"objection_scale": "per_100k"}
EMPTY_OPEN = {"no_target": "missing"}


def xyd(part):
    return {"loans_xyd": part, "loans_credit": 10_000}


def small(growth):
    return {"small_loans_prev": 1000, "small_loans_curr": 1000 + growth}


def promises(count):
    return {"commitments": count, "enterprises": 100}


def sharing(part, **more):
    return {"depts_sharing": part, "depts_total": 1000, **more}


both_systems = {"rural_system_local": 1, "rural_system_province": 1, "households_total": 1000}
rural = {**both_systems, "households_local": 803, "households_reported": 797}

WORKED = [
    ("S6.1.3a", xyd(450), {}, "1.5"),
    ("S6.1.3a", xyd(450), OF_FULL, "2.25"),
    ("S6.1.3a", xyd(300), {}, "0"),
    ("S6.1.3a", xyd(300), OF_FULL, "1.5"),
    ("S6.1.3a", xyd(299), OF_FULL, "0"),
    ("S6.1.3a", xyd(600), {}, "3"),
    ("S6.1.3a", xyd(299), {}, "0"),
    ("S6.1.3a", xyd(700), {}, "3"),
    ("S6.1.3b", {"loans_credit": 27, "loans_enterprise": 100}, {}, "0.8"),
    ("S6.1.3b", {"loans_credit": 27, "loans_enterprise": 100}, OF_FULL, "1.8"),
    ("S6.1.2", small(228), {}, "0.7"),
    ("S6.1.2", small(228), OF_FULL, "2.85"),
    ("S7.1", promises(65), {}, "0"),
    ("S7.1", promises(80), {}, "3"),
    ("S7.1", promises(100), {}, "7"),
    ("S7.1", promises(130), {}, "7"),
    ("S7.1", promises(65), OF_FULL, "4.55"),
    ("S7.1", promises(80), OF_FULL, "5.6"),
    ("S7.1", {**promises(60), "performances": 20}, {"commitment_basis": "with_performances"}, "3"),
    ("S6.2", {"questionnaires": 49}, {}, "0"),
    ("S6.2", {"questionnaires": 50}, {}, "0"),
    ("S6.2", {"questionnaires": 75}, {}, "0.5"),
    ("S6.2", {"questionnaires": 99}, {}, "0.98"),
    ("S6.2", {"questionnaires": 100}, {}, "1"),
    ("S5.1", {"uscc_errors": 1, "uscc_total": 250_000}, {}, "0.96"),
    ("S5.1", {"uscc_errors": 1, "uscc_total": 250_000}, WHOLE, "1"),
    ("S5.1", {"uscc_errors": 1, "uscc_total": 250_000}, STARTED, "0.9"),
    ("S5.1", {"uscc_errors": 3, "uscc_total": 100_000}, STARTED, "0.7"),
    ("S5.1", {"uscc_errors": 10, "uscc_total": 100_000}, {}, "0"),
    ("S5.2.2", {"objection_workdays": 53, "objections_handled": 10}, {}, "1.88"),
    ("S5.2.2", {"objection_workdays": 53, "objections_handled": 10}, WHOLE, "2"),
    ("S5.2.2", {"objection_workdays": 53, "objections_handled": 10}, STARTED, "1.6"),
    ("S5.2.2", {"objections_handled": 0}, {}, "2"),
    ("S5.2.1", {"dual_valid_objections": 9, "dual_published": 300_000}, {}, "2"),
    ("S5.2.1", {"dual_valid_objections": 9, "dual_published": 300_000}, PER_10K, "2"),
    ("S5.2.1", {"dual_valid_objections": 9, "dual_published": 300_000}, PER_100K, "1"),
    ("S5.2.1", {"dual_valid_objections": 5, "dual_published": 10}, OF_FULL, "0.4"),
    ("S4.1.2", sharing(200), {}, "0.5"),
    ("S4.1.2", sharing(500), {}, "1"),
    ("S4.1.2", sharing(199), {}, "0"),
    ("S4.1.2", sharing(200), STRICT, "0"),
    ("S4.1.2", sharing(500), STRICT, "0.5"),
    ("S4.1.2", sharing(350, pop_urban=92, pop_resident=100), {}, "1"),
    ("S4.2.2", rural, {}, "0.8"),
    ("S4.2.2", {**rural, "households_local": 805}, {}, "0.81"),
    ("S3.1", {"inst_defaulters": 5, "inst_defaulters_rectified": 4}, {}, "2"),
    ("S3.1", {"inst_defaulters": 0}, {}, "4"),
    ("S5.3", classes([1] * 8), {}, "7"),
    ("S5.3", classes([1] * 7 + [None]), {}, "7"),
    ("S7.2", {"graded_domains": 9}, {}, "4.5"),
    ("S7.2", {"graded_domain_score": 9}, {"graded_domain": "awarded"}, "7"),
]


@pytest.mark.parametrize(("rule", "inputs", "readings", "score"), WORKED)
def test_worked_case(rule, inputs, readings, score):
    result = oracle.score_row(inputs, readings)[rule]
    assert (result.status, result.score) == ("scored", Fraction(score))
    assert result.low == result.score == result.high


@pytest.mark.parametrize(
    ("rule", "inputs", "readings", "interval"),
    [
        ("S5.3", classes([1] * 3 + [0] * 3 + [None] * 2), {}, (3, 5)),
        ("S4.2.2", {**both_systems, "households_local": 1000}, {}, (0, 1)),
        (
            "S4.2.2",
            {"rural_system_local": 1, "households_local": 803, "households_total": 1000},
            {},
            (0, 1),
        ),
        ("S3.1", {"inst_defaulters": 0, "inst_defaulters_rectified": 0}, EMPTY_OPEN, (0, 4)),
        ("S7.4a", {"repeat_targets": 0}, EMPTY_OPEN, (0, 2)),
        ("S4.1.2", {"pop_urban": 9, "pop_resident": 10}, {}, (0, 2)),
        ("S6.1.2", {"small_loans_prev": 0, "small_loans_curr": 5}, {}, (0, 5)),
    ],
)
def test_worked_case_that_is_missing(rule, inputs, readings, interval):
    result = oracle.score_row(inputs, readings)[rule]
    assert (result.status, result.score, (result.low, result.high)) == ("missing", None, interval)


@pytest.mark.parametrize(
    ("rule", "inputs", "level", "status"),
    [
        ("B01", {"uscc_errors": 1, "uscc_total": 10_000}, "county", "fail"),
        ("B01", {"uscc_errors": 1, "uscc_total": 10_001}, "county", "pass"),
        ("B02", {"portal_ideology_ok": 1, "halls_total": 0}, "county", "pass"),
        ("B02", {"portal_ideology_ok": 1, "halls_total": 0}, "city", "fail"),
        ("B02", {"portal_ideology_ok": 0}, "county", "fail"),
        ("B03", {"gov_defaulters": 0}, "county", "pass"),
        (
            "B04",
            {"dual_due": 0, "dual_reported": 0, "dual_compliant": 0, "dual_timely": 0},
            "county",
            "pending",
        ),
        ("B04", {"dual_reported": 9, "dual_timely": 8}, "county", "fail"),
        ("B05", {"xyd_platform_upper": 1}, "county", "pass"),
        ("B06", {"unsecured_loans_prev": "1.0", "unsecured_loans_curr": "1.2"}, "county", "fail"),
        ("B06", {"unsecured_loans_prev": 1.0, "unsecured_loans_curr": 1.21}, "county", "pass"),
        (
            "B07",
            {"monitor_rank_mean": 1, "monitor_rank_worst": 1, "monitor_bottom3_streak": 0},
            "city",
            "pending",
        ),
        ("B07", {"city_class": "capital", "monitor_bottom3_streak": 3}, "city", "fail"),
        ("B07", {"city_class": "prefecture", "monitor_rank_mean": 100}, "city", "pass"),
        ("B08", {"data_breaches_3y": 1}, "city", "fail"),
        ("B09", {"default_gov_debt": 1}, "city", "fail"),
        ("B10", {"regulators_total": 0}, "city", "fail"),
        ("B12", {"measures_total": 0}, "city", "pass"),
        ("B12", {"measures_lawful": 0}, "city", "pending"),
    ],
)
def test_worked_base_indicator(rule, inputs, level, status):
    assert oracle.score_row(inputs, level=level)[rule] == oracle.Result(
        status, None, None, None, None
    )


def test_worked_urban_share_moves_three_points():
    results = oracle.score_row(sharing(350, pop_urban=92, pop_resident=100))
    assert [results[f"S4.2.{n}"] for n in (1, 2, 3)] == [oracle.NOT_APPLICABLE] * 3
    assert [results[f"S4.1.{n}"].full for n in (1, 2, 3)] == [2, 2, 2]


def test_worked_totals_of_nothing_known():
    totals = oracle.totals(oracle.score_row({}), {"bonus_cap": "ten"})
    assert (totals["score"], totals["low"], totals["high"]) == (0, 0, 100)
    assert (totals["bonus"], totals["bonus_low"], totals["bonus_high"]) == (0, 0, 10)
    assert (totals["eligible"], totals["county_duty"], totals["county_duty_full"]) == (
        "pending",
        0,
        36,
    )


def test_worked_roll_up():
    """A silent county leaves a sum missing; a typed fact of the city reaches it; what was rolled up
    does not.
    """
    rows = [
        {
            "jurisdiction": "甲",
            "period": "2021-05",
            "level": "county",
            "questionnaires": 30,
            "law_local": 1,
        },
        {
            "jurisdiction": "乙",
            "period": "2021-05",
            "level": "county",
            "questionnaires": 40,
            "innovations": 1,
        },
        {
            "jurisdiction": "市",
            "period": "2021-05",
            "level": "city",
            "xyd_connected": True,
            "campaign_score": "2.5",
        },
        {"jurisdiction": "甲", "period": "2021-06", "questionnaires": 50},
    ]
    city, first, second, later, alone = sorted(
        oracle.roll_up(rows, "市"),
        key=lambda row: (row["period"], "市甲乙".index(row["jurisdiction"])),
    )
    assert (city["questionnaires"], city["innovations"], city["law_local"]) == (70, None, 1)
    assert [row["xyd_connected"] for row in (first, second, alone)] == [1, 1, None]
    assert (first["law_local"], second["law_local"], second["campaign_score"]) == (1, None, None)
    assert (later["level"], later["questionnaires"]) == ("city", None)


# --- Directed rows: groups of inputs that decide something together ---

# part, whole (None: the count itself decides), ratios that decide, unit of the part, wholes to try
NEAR_ENDS = [
    ("loans_xyd", "loans_credit", [Fraction(3, 100), Fraction(6, 100)], CENT),
    ("loans_credit", "loans_enterprise", [Fraction(1, 4), Fraction(3, 10)], CENT),
    ("questionnaires", None, [Fraction(50), Fraction(100)], 1),
    ("monitor_rank_mean", None, [Fraction(100)], CENT),
    ("monitor_rank_worst", None, [Fraction(100)], 1),
    ("monitor_bottom3_streak", None, [Fraction(3)], 1),
    ("graded_domains", None, [Fraction(14)], 1),
    ("joint_domains", None, [Fraction(7)], 1),
    ("innovations", None, [Fraction(3)], 1),
    ("repairs_overdue", None, [Fraction(2)], 1),
    ("households_local", "households_total", [Fraction(805, 1000), Fraction(285, 1000)], 1),
    ("agri_local", "agri_total", [Fraction(805, 1000), Fraction(285, 1000)], 1),
    ("halls_connected", "halls_total", [Fraction(1)], 1),
    ("dual_reported", "dual_due", [Fraction(1)], 1),
    ("dual_compliant", "dual_reported", [Fraction(1)], 1),
    ("dual_timely", "dual_reported", [Fraction(1)], 1),
] + [(part, whole, ratios, unit) for part, whole, ratios, unit, _ in PAIRS]


@pytest.mark.parametrize(
    ("part", "whole", "ratios", "unit"), NEAR_ENDS, ids=lambda value: str(value)[:24]
)
def test_rows_stand_on_both_sides_of_every_threshold(part, whole, ratios, unit):
    for ratio in ratios:
        seen = set()
        for row in SWEEP:
            value, total = (
                oracle.exact(part, row[part]),
                oracle.exact(whole, row[whole]) if whole else Fraction(1),
            )
            if value is not None and total:
                distance = value - ratio * total
                if abs(distance) <= unit:
                    seen.add((distance > 0) - (distance < 0))
        bounded = whole and part not in MAY_EXCEED
        assert seen >= {0} | ({-1} if ratio > 0 else set()) | (
            {1} if ratio != 1 or not bounded else set()
        )


# --- The library against the oracle ---

BOOK = cc.load_rulebook()


def differences(what, found, expected, rows):
    """One readable line for each cell that differs: what each of the two says, and how the row
    differs from the best.
    """
    lines = []
    for rule in expected[0]:
        theirs, mine = found[rule].to_numpy(), [row[rule] for row in expected]
        if isinstance(mine[0], str):
            same = theirs == np.array(mine, object)
        else:
            mine = np.array([np.nan if value is None else float(value) for value in mine])
            same = np.isclose(theirs.astype(float), mine, rtol=0, atol=1e-9, equal_nan=True)
        for at in np.flatnonzero(~same):
            row = {name: value for name, value in rows[at].items() if value != BEST.get(name)}
            lines.append(f"{what} {rule}: library {theirs[at]}, oracle {mine[at]}; {row}")
    return lines


def assert_agreement(rows, readings):
    """Every score, bound, status, full mark and total; gives the totals."""
    card = cc.score(frame(rows), BOOK, readings=readings)
    results = [oracle.score_row(row, readings, row["level"]) for row in rows]
    sums = [oracle.totals(row, readings) for row in results]
    assert list(card.points.columns) == list(results[0])
    found = {
        "score": card.points,
        "low": card.low,
        "high": card.high,
        "full": card.full,
        "status": card.status,
    }
    lines = differences("totals", card.totals(), sums, rows)
    for what, wide in found.items():
        lines += differences(
            what,
            wide,
            [{rule: getattr(r, what) for rule, r in row.items()} for row in results],
            rows,
        )
    assert not lines, f"{readings}: {len(lines)} differences\n" + "\n".join(lines[:12])
    return sums


# The groups whose points each reading decides; the default is swept over all of them.
DECIDED_BY = {
    "inclusive": ["depts_sharing", "banks_connected", "pop_urban"],
    "proportional": [
        "small_loans_curr",
        "loans",
        "questionnaires",
        "commitments",
        "dual_valid_objections",
        "repeat_exited",
    ],
    "partial_step": ["uscc_errors", "objection_workdays"],
    "objection_scale": ["dual_valid_objections"],
    "graded_domain": ["graded"],
    "bonus_cap": ["innovations", "law", "contract_supervision"],
    "commitment_basis": ["commitments"],
    "monthly_rank": ["monitor"],
    "no_target": [
        "gov_defaulters_rectified",
        "inst_defaulters_rectified",
        "objection_workdays",
        "repeat_exited",
        "agency_exited",
    ],
}


@pytest.mark.slow
def test_sweep_agrees():
    sums = assert_agreement(SWEEP, {})
    assert {row["eligible"] for row in sums} == {"yes", "no", "pending"}


@pytest.mark.parametrize("readings", ONE_CHANGED[1:], ids=str)
def test_sweep_agrees_under_every_option(readings):
    (reading,) = readings
    assert_agreement(list(sweep(DECIDED_BY[reading])), readings)


@pytest.mark.parametrize("readings", ONE_CHANGED, ids=str)
@settings(max_examples=2, **QUICK)
@given(rows=tables())
def test_any_rows_agree(readings, rows):
    assert_agreement(rows, readings)


@pytest.mark.slow
@settings(max_examples=15, **QUICK)
@given(
    rows=tables(), readings=ANY_READINGS, absent=st.sets(st.sampled_from(oracle.INPUTS), max_size=3)
)
def test_any_readings_agree_and_an_absent_column_is_missing(rows, readings, absent):
    rows = [{name: value for name, value in row.items() if name not in absent} for row in rows]
    for row in assert_agreement(rows, readings):
        event(f"eligible: {row['eligible']}")


@settings(max_examples=60, **QUICK)
@given(
    values=VALUES, level=st.sampled_from(["county", "city"]), readings=ANY_READINGS, data=st.data()
)
def test_whatever_is_missing_stays_inside_the_interval(values, level, readings, data):
    """The oracle alone: forgetting inputs never decides otherwise, and the interval holds what was
    forgotten.
    """
    known = sorted(name for name, value in values.items() if value is not None)
    forgotten = data.draw(st.sets(st.sampled_from(known), max_size=20)) - {
        "pop_resident",
        "pop_urban",
    }
    before = oracle.score_row(typed(values), readings, level)
    after = oracle.score_row({**typed(values), **dict.fromkeys(forgotten)}, readings, level)
    for rule, wide in after.items():
        if rule.startswith("B"):
            assert wide.status in ("pending", before[rule].status)
        else:
            assert wide.low <= before[rule].low <= before[rule].high <= wide.high


# --- Roll-up ---


@st.composite
def city_tables(draw):
    """Two to four counties, one or two periods, rows and values missing, the city's row absent,
    blank or typed, that of its departments there or not.
    """
    places = ["甲县", "乙县", "丙区", "丁区"][: draw(st.integers(2, 4))]
    rows = []
    for period in ["2021-04", "2021-05"][: draw(st.integers(1, 2))]:
        for place in places:
            if draw(st.integers(0, 5)) == 5:
                continue
            row = whole_row(draw(VALUES))
            blank = draw(st.sets(st.sampled_from(oracle.INPUTS), max_size=25))
            if draw(st.booleans()):
                blank = blank | set(oracle.CITY)
            rows.append({"jurisdiction": place, "period": period, **row, **dict.fromkeys(blank)})
        if draw(st.booleans()):
            typed_by_city = draw(st.sets(st.sampled_from(oracle.INPUTS)))
            values = whole_row(draw(VALUES))
            facts = {name: values[name] for name in typed_by_city}
            rows.append({"jurisdiction": "某市", "period": period, **whole_row(facts, "city")})
        if draw(st.booleans()):
            blank = draw(st.sets(st.sampled_from(oracle.INPUTS)))
            row = whole_row(draw(VALUES), "direct") | dict.fromkeys(blank)
            rows.append({"jurisdiction": "市直", "period": period, **row})
    return Table(draw(st.permutations(rows)))


@settings(max_examples=40, **QUICK)
@given(rows=city_tables().filter(bool))
def test_roll_up_agrees(rows):
    found = cc.roll_up(frame(rows), BOOK, city="某市").table
    found = {(row["jurisdiction"], row["period"]): row for row in found.to_dict("records")}
    expected = {(row["jurisdiction"], row["period"]): row for row in oracle.roll_up(rows, "某市")}
    assert set(found) == set(expected)
    for key, row in expected.items():
        event(f"{row['level']} row")
        assert found[key]["level"] == row["level"]
        for name in oracle.INPUTS:
            theirs, mine = found[key].get(name), row[name]
            if theirs is None or theirs != theirs or mine is None or isinstance(mine, str):
                assert (None if theirs != theirs else theirs) == mine, (key, name)
            else:
                assert isclose(theirs, mine, rel_tol=1e-12, abs_tol=1e-9), (key, name)
