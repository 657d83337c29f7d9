"""The library against the exact oracle, and the oracle against the specification's worked cases.

Rows are directed, not merely random: every ratio that decides something is met exactly, and one
unit (a count, 0.01 of an amount) either side of it, and
`test_rows_stand_on_both_sides_of_every_threshold` proves that they are.
"""

from fractions import Fraction
from itertools import product
from math import ceil, floor, isclose

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

import creditcalc as cc

CENT = Fraction(1, 100)


# --- The oracle on the worked cases of the specification ---

OF_FULL = {"proportional": "of_full"}
STRICT = {"inclusive": "no"}
WHOLE, STARTED = {"partial_step": "whole_steps"}, {"partial_step": "started_steps"}
PER_10K, PER_100K = {"objection_scale": "per_10k"}, {"objection_scale": "per_100k"}
EMPTY_OPEN = {"no_target": "missing"}
CLASSES = oracle.names("social_insurance tax housing_fund water electricity gas logistics ip")


def xyd(part):
    return {"loans_xyd": part, "loans_credit": 10_000}


def small(growth):
    return {"small_loans_prev": 1000, "small_loans_curr": 1000 + growth}


def promises(count):
    return {"commitments": count, "enterprises": 100}


def sharing(part, **more):
    return {"depts_sharing": part, "depts_total": 1000, **more}


def classes(known):
    return {f"share_{name}": value for name, value in zip(CLASSES, known, strict=True)}


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
AMOUNTS = [Fraction(n, 100) for n in (100, 15, 3335, 1_000_000, 123_456_785, 9_876_543_210)]
STEPS = [Fraction(k, 100_000) for k in range(11)]
OBJECTION_ENDS = [Fraction(k, unit) for unit in (10, 10_000, 100_000) for k in (1, 5)]
EXITS = [Fraction(0), Fraction(1)]
DEPTS = BANKS = [Fraction(1, 5), Fraction(1, 2)]
PAIRS = [
    ("uscc_errors", "uscc_total", STEPS, 1, (100_000, 700_000, 123_457)),
    ("gov_defaulters_rectified", "gov_defaulters", [Fraction(1)], 1, (1, 3, 12)),
    ("regulators_graded", "regulators_total", [Fraction(1)], 1, (1, 21, 30)),
    ("measures_lawful", "measures_total", [Fraction(1)], 1, (1, 49, 120)),
    ("inst_defaulters_rectified", "inst_defaulters", [Fraction(1)], 1, (1, 3, 8)),
    ("depts_sharing", "depts_total", DEPTS, 1, (10, 35, 70, 490, 33)),
    ("banks_connected", "banks_total", BANKS, 1, (10, 15, 30, 110, 7)),
    ("pop_urban", "pop_resident", [Fraction(9, 10)], 1, (10, 70, 490_000, 3_770_001)),
    (
        "dual_valid_objections",
        "dual_published",
        OBJECTION_ENDS,
        1,
        (100_000, 300_000, 70, 4_900_000, 33_333),
    ),
    (
        "objection_workdays",
        "objections_handled",
        [Fraction(n) for n in range(5, 12)],
        CENT,
        (1, 7, 10),
    ),
    ("unsecured_loans_curr", "unsecured_loans_prev", [Fraction(6, 5)], CENT, AMOUNTS),
    ("small_loans_curr", "small_loans_prev", [Fraction(6, 5), Fraction(7, 5)], CENT, AMOUNTS),
    ("xyd_funded", "xyd_recommended", [Fraction(1, 5)], 1, (5, 35, 245, 33)),
    ("commitments", "enterprises", [Fraction(13, 20), Fraction(1)], 1, (20, 140, 98_000, 12_343)),
    ("repeat_exited", "repeat_targets", EXITS, 1, (1, 3, 49)),
    ("agency_exited", "agency_targets", EXITS, 1, (1, 7, 12)),
]
MAY_EXCEED = {"objection_workdays", "unsecured_loans_curr", "small_loans_curr", "commitments"}
COUNTS = {
    "questionnaires": range(48, 102),
    "repairs_overdue": range(4),
    "repairs_noncompliant": range(4),
    "site_outages": range(6),
    "report_nonconformities": range(6),
    "joint_domains": range(9),
    "innovations": range(5),
}
AWARDS = {
    "policy_score": 5,
    "campaign_score": 3,
    "remediation_score": 3,
    "fund_registration_score": 1,
}
SINGLE_FLAGS = oracle.names("""civil_files civil_files_used enterprise_platform repair_sync xyd_connected xyd_list_monthly
    xyd_risk_fund leading_group budget work_plan contract_supervision""")
RATINGS = oracle.names(
    "rating_coercion rating_unfair_competition rating_unreasonable_bar rating_obstruction"
)
NOTICES = [
    f"notice_{field}"
    for field in oracle.names("household market exam insurance relief health legal")
]
BONDS = oracle.names("default_gov_bonds default_hidden_debt default_gov_debt default_soe_bonds")
SHARES = list(classes([1] * 8))


def around(target, unit):
    """The multiples of the unit on the target, and one either side."""
    on = {floor(target / unit), ceil(target / unit)}
    return sorted(step * unit for base in on for step in {base - 1, base, base + 1} if step >= 0)


def pair_cases(part, whole, ratios, unit, wholes):
    cases = []
    for total in wholes:
        values = {0, total, *(value for ratio in ratios for value in around(ratio * total, unit))}
        cases += [
            {part: value, whole: total}
            for value in sorted(values)
            if value <= total or part in MAY_EXCEED
        ]
    cases += [{part: 0, whole: 0}, {whole: 0}, {part: 0}, {part: 2}, {whole: 2}, {whole: 9}, {}]
    return cases


def switches(names, good, bad):
    """All good, one bad, one unknown, one bad among unknowns, one good among unknowns, all bad,
    nothing known …
    """
    cases = [dict.fromkeys(names, good)]
    for name in names:
        rest = {other: good for other in names if other != name}
        cases += [{**rest, name: bad}, rest, {name: bad}, {name: good}]
    return [*cases, dict.fromkeys(names, bad), {}]


def halls_cases():
    halls = pair_cases("halls_connected", "halls_total", [Fraction(1)], 1, (1, 2, 9))
    return [
        {**hall, **flag}
        for flag in ({"portal_ideology_ok": 1}, {"portal_ideology_ok": 0}, {})
        for hall in halls
    ]


def dual_cases():
    cases = []
    for due, reported in [
        (9, 9),
        (9, 8),
        (1, 0),
        (0, 0),
        (None, 9),
        (9, None),
        (0, None),
        (None, 0),
        (None, None),
    ]:
        most = 9 if reported is None else reported
        for compliant, timely in product({most, max(0, most - 1), None}, repeat=2):
            cases.append(
                {
                    "dual_due": due,
                    "dual_reported": reported,
                    "dual_compliant": compliant,
                    "dual_timely": timely,
                }
            )
    return cases


def monitor_cases():
    cases = []
    for name in ("prefecture", "county_level", "capital", None):
        for streak in (0, 2, 3, 4, None):
            cases.append(
                {"city_class": name, "monitor_bottom3_streak": streak, "monitor_rank_mean": 100}
            )
        for mean, worst in product(
            (100, 99.99, 100.01, 100.00000005, 100.0000004, None), (100, 101, 99, None)
        ):
            ranks = {
                "monitor_rank_mean": mean,
                "monitor_rank_worst": worst,
                "monitor_bottom3_streak": 2,
            }
            cases.append({"city_class": name, **ranks})
    return cases


def security_cases(names):
    return [
        dict(zip(names, values, strict=True)) for values in product((0, 1, None), repeat=len(names))
    ]


def coverage_cases(kind):
    """Both sides of every kind of rounding edge, for one system, the other, both and neither."""
    total, local, reported = f"{kind}_total", f"{kind}_local", f"{kind}_reported"
    edges = [(1000, n) for n in (803, 804, 805, 806, 286, 285, 284, 575, 4, 5, 995, 994, 1000, 0)]
    edges += [(200, n) for n in (1, 3, 57, 115, 199)] + [
        (7, 3),
        (10**12, 5 * 10**9 - 1),
        (10**10, 5 * 10**7 - 1),
    ]
    cases = [{total: whole, local: part, reported: max(0, part - 3)} for whole, part in edges]
    cases += [{total: whole, local: part // 2, reported: part} for whole, part in edges]
    return [
        *cases,
        {total: 9, local: 9},
        {total: 9, reported: 9},
        {local: 3, reported: 3},
        {total: 0},
        {total: 9},
        {},
    ]


def loans_cases():
    """The chain: 信易贷 loans within credit loans within enterprise loans."""
    cases = []
    for enterprise in AMOUNTS[::2]:
        for credit in [
            enterprise,
            *around(enterprise / 4, CENT),
            *around(enterprise * 3 / 10, CENT),
        ]:
            for xyd_loans in [
                *around(credit * 3 / 100, CENT),
                *around(credit * 6 / 100, CENT),
                credit,
            ]:
                if xyd_loans <= credit <= enterprise:
                    cases.append(
                        {
                            "loans_xyd": xyd_loans,
                            "loans_credit": credit,
                            "loans_enterprise": enterprise,
                        }
                    )
    cases += [{**case, name: None} for case in cases[::40] for name in case]
    return [
        *cases,
        {},
        {"loans_xyd": 0, "loans_credit": 0, "loans_enterprise": 0},
        {"loans_enterprise": 0},
    ]


def performance_cases():
    """Commitments and performances that meet the two ends only together."""
    pairs = [
        (commitments, ends - commitments)
        for ends in (64, 65, 66, 99, 100, 101)
        for commitments in (30, 64)
    ]
    cases = [{"commitments": a, "performances": b, "enterprises": 100} for a, b in pairs]
    return [*cases, {"performances": 3, "enterprises": 9}, {"commitments": 9, "enterprises": 9}]


# Within the tolerance of a threshold or of a whole step, and just outside it.
NEAR = {
    "uscc_errors": [{"uscc_errors": 10**5, "uscc_total": 10**10 - n} for n in (1, 1000)],
    "objection_workdays": [
        {"objection_workdays": days, "objections_handled": 10}
        for days in (50.00000002, 50.0000002, 60.0000000005, 60.0000001, 59.9999999995, 59.9999999)
    ],
    "unsecured_loans_curr": [
        {"unsecured_loans_curr": curr, "unsecured_loans_prev": 10_000}
        for curr in (12_000.000001, 12_000.00001)
    ],
    "small_loans_curr": [
        {"small_loans_curr": curr, "small_loans_prev": 10_000}
        for curr in (12_000.000001, 13_999.999999, 13_999.9999)
    ],
    "commitments": performance_cases(),
}

GROUPS = {part: pair_cases(part, whole, *rest) + NEAR.get(part, []) for part, whole, *rest in PAIRS}
GROUPS |= {name: [{name: n} for n in values] + [{}] for name, values in COUNTS.items()}
GROUPS |= {
    name: [{name: Fraction(full * n, 8)} for n in range(8, -1, -1)] + [{}]
    for name, full in AWARDS.items()
}
GROUPS |= {name: [{name: 1}, {name: 0}, {}] for name in SINGLE_FLAGS}
GROUPS |= {
    "halls": halls_cases(),
    "dual": dual_cases(),
    "platform": switches(["xyd_platform_own", "xyd_platform_upper"], 1, 0),
    "monitor": monitor_cases(),
    "mlps3": switches(["mlps3_filed", "mlps3_assessed"], 1, 0),
    "breaches": [{"data_breaches_3y": n} for n in (0, 1, None)],
    "bonds": switches(BONDS, 0, 1),
    "notices": switches(NOTICES, 1, 0),
    "systems": switches(["rural_system_local", "rural_system_province"], 1, 0),
    "households": coverage_cases("households"),
    "agri": coverage_cases("agri"),
    "ratings": switches(RATINGS, 0, 1),
    "risks": switches(["regional_risk", "institution_risk_event"], 0, 1),
    "shares": [
        classes([1] * n + [0] * m + [None] * (8 - n - m)) for n in range(9) for m in range(9 - n)
    ]
    + [{}],
    "security": security_cases(["security_intrusions", "security_notices"]),
    "loans": loans_cases(),
    "graded": [
        {"graded_domains": n, "graded_domain_score": score}
        for n in range(16)
        for score in (None, 0, n, n * Fraction(5, 4))
    ]
    + [{"graded_domain_score": Fraction(13, 2)}, {}],
    "law": switches(["law_local", "law_upper"], 1, 0),
}

# Eligible, full marks, full bonus: a row that differs from it in a few groups shows what those do
# to the totals.
BEST = {
    **dict.fromkeys(
        [*SINGLE_FLAGS, *NOTICES, *SHARES, "xyd_platform_own", "mlps3_filed", "mlps3_assessed"], 1
    ),
    **dict.fromkeys(
        ["rural_system_local", "rural_system_province", "law_upper", "portal_ideology_ok"], 1
    ),
    **dict.fromkeys(
        [
            *RATINGS,
            *BONDS,
            "xyd_platform_upper",
            "regional_risk",
            "institution_risk_event",
            "law_local",
        ],
        0,
    ),
    **dict.fromkeys(
        ["data_breaches_3y", "security_intrusions", "security_notices", "uscc_errors"], 0
    ),
    **dict.fromkeys(
        ["repairs_overdue", "repairs_noncompliant", "site_outages", "report_nonconformities"], 0
    ),
    **dict.fromkeys(
        ["dual_due", "dual_reported", "dual_compliant", "dual_timely", "dual_published"], 5000
    ),
    **{part: 7 for part, _, ratios, *_ in PAIRS if part not in MAY_EXCEED and ratios[-1] == 1},
    **{whole: 7 for part, whole, ratios, *_ in PAIRS if part not in MAY_EXCEED and ratios[-1] == 1},
    **AWARDS,
    **{
        "uscc_total": 1000,
        "dual_valid_objections": 0,
        "objections_handled": 4,
        "objection_workdays": 18.5,
    },
    **{
        "depts_total": 40,
        "depts_sharing": 30,
        "banks_total": 9,
        "banks_connected": 9,
        "pop_resident": 9,
        "pop_urban": 5,
    },
    **{
        "halls_total": 2,
        "halls_connected": 2,
        "questionnaires": 120,
        "joint_domains": 8,
        "innovations": 4,
    },
    **{
        "households_total": 50,
        "households_local": 49,
        "households_reported": 50,
        "performances": 5,
    },
    **{
        "agri_total": 50,
        "agri_local": 50,
        "agri_reported": 4,
        "commitments": 12,
        "enterprises": 11,
    },
    **{
        "small_loans_prev": 1.1,
        "small_loans_curr": 1.9,
        "unsecured_loans_prev": 50.5,
        "unsecured_loans_curr": 99.25,
    },
    **{
        "loans_xyd": 70.5,
        "loans_credit": 700,
        "loans_enterprise": 1400,
        "xyd_recommended": 40,
        "xyd_funded": 9,
    },
    **{"graded_domains": 15, "graded_domain_score": 33.5, "city_class": "prefecture"},
    **{"monitor_rank_mean": 45.5, "monitor_rank_worst": 77, "monitor_bottom3_streak": 0},
}


def typed(values):
    """As a table holds it: every number a float, the class a text, a blank None."""
    return {
        name: value if value is None or isinstance(value, str) else float(value)
        for name, value in values.items()
    }


def whole_row(values, level="county"):
    return {**dict.fromkeys(oracle.INPUTS), **typed(values), "level": level}


def cleared(group):
    """The inputs a group decides, all blank: a case names only those it knows."""
    return dict.fromkeys({name for case in GROUPS[group] for name in case})


def sweep(groups):
    """Every case of these groups once, in rows that are otherwise the best."""
    for group in groups:
        for number, case in enumerate(GROUPS[group]):
            yield whole_row(
                {**BEST, **cleared(group), **case}, "city" if number % 3 == 1 else "county"
            )


SWEEP = list(sweep(GROUPS))

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

ALTERNATIVES = {
    "inclusive": ["no"],
    "proportional": ["of_full"],
    "partial_step": ["whole_steps", "started_steps"],
    "objection_scale": ["per_10k", "per_100k"],
    "graded_domain": ["awarded"],
    "bonus_cap": ["ten"],
    "commitment_basis": ["with_performances"],
    "monthly_rank": ["every_month"],
    "no_target": ["missing"],
}
ONE_CHANGED = [{}] + [
    {name: option} for name, options in ALTERNATIVES.items() for option in options
]
ANY_READINGS = st.fixed_dictionaries(
    {
        name: st.sampled_from([oracle.DEFAULTS[name], *options])
        for name, options in ALTERNATIVES.items()
    }
)
# A failure names its rows and how they differ from the best one; shrinking whole tables would add
# minutes and no more.
QUICK = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.reuse, Phase.generate],
}


BOOK = cc.load_rulebook()


def frame(rows):
    """The rows as the library reads them, in a table with the period's and the jurisdictions'
    names.
    """
    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        text = name in ("jurisdiction", "period", "level", "city_class")
        columns[name] = pd.Series(values, dtype=object if text else float)
    columns.setdefault("jurisdiction", [f"地区{number}" for number in range(len(rows))])
    columns.setdefault("period", ["2021-05"] * len(rows))
    return pd.DataFrame(columns)


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


def test_sweep_agrees():
    sums = assert_agreement(SWEEP, {})
    assert {row["eligible"] for row in sums} == {"yes", "no", "pending"}


@pytest.mark.parametrize("readings", ONE_CHANGED[1:], ids=str)
def test_sweep_agrees_under_every_option(readings):
    (reading,) = readings
    assert_agreement(list(sweep(DECIDED_BY[reading])), readings)


def free_pair(part, whole, unit):
    """Any two numbers of the unit, the part within the whole where it must be."""

    def case(numbers):
        low, high = numbers if part in MAY_EXCEED else sorted(numbers)
        return {part: low * unit, whole: high * unit if part != "objection_workdays" else high}

    return st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(case)


def group_strategy(group):
    cases = st.sampled_from(GROUPS[group])
    for part, whole, _, unit, _ in PAIRS:
        if part == group:
            return cases | free_pair(part, whole, unit)
    return cases


STRATEGIES = {
    group: group_strategy(group).map(lambda case, group=group: {**cleared(group), **case})
    for group in GROUPS
}
SOME_CHANGES = st.lists(st.sampled_from(sorted(GROUPS)), max_size=5, unique=True).flatmap(
    lambda groups: st.fixed_dictionaries({group: STRATEGIES[group] for group in groups})
)
VALUES = (SOME_CHANGES | st.fixed_dictionaries(STRATEGIES)).map(
    lambda chosen: {
        **BEST,
        **{name: value for case in chosen.values() for name, value in case.items()},
    }
)
ROWS = st.builds(whole_row, VALUES, st.sampled_from(["county", "city"]))


class Table(list):
    """Rows whose failure message is the difference, not all of them."""

    def __repr__(self):
        return f"{len(self)} rows"


@st.composite
def tables(draw):
    return Table(draw(st.lists(ROWS, min_size=30, max_size=50)))


@pytest.mark.parametrize("readings", ONE_CHANGED, ids=str)
@settings(max_examples=2, **QUICK)
@given(rows=tables())
def test_any_rows_agree(readings, rows):
    assert_agreement(rows, readings)


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
    blank or typed.
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
    return Table(draw(st.permutations(rows)))


@settings(max_examples=15, **QUICK)
@given(rows=city_tables().filter(bool))
def test_roll_up_agrees(rows):
    found = cc.roll_up(frame(rows), BOOK, city="某市")
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
