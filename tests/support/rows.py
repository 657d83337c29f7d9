"""Rows that stand on both sides of every threshold, and strategies that draw any rows.

Rows are directed, not merely random: every ratio that decides something is met exactly, and one
unit (a count, 0.01 of an amount) either side of it.
"""

from fractions import Fraction
from itertools import product
from math import ceil, floor

import pandas as pd
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from support import oracle

CENT = Fraction(1, 100)


CLASSES = oracle.names("social_insurance tax housing_fund water electricity gas logistics ip")


def classes(known):
    return {f"share_{name}": value for name, value in zip(CLASSES, known, strict=True)}


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
SINGLE_FLAGS = oracle.names("""
    civil_files civil_files_used enterprise_platform repair_sync xyd_connected xyd_list_monthly
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
