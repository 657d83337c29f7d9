"""The whole specification a second time: slow, exact, one row at a time, in fractions.

The library scores tables with arrays of floats. This file says the same rules again in `Fraction`,
one small function per rule or family, written from the specification alone and sharing nothing with
the library: where the two disagree, one of them has misread the specification. Read it beside
`indicators.md`: `score_row` lists the rules in the specification's order, and nothing here is read
from a rulebook.

Truth is three-valued throughout: True, False, or None for "not known".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

Value = Fraction | str | None  # flags are Fraction 0/1; city_class is a str; None is missing
Truth = bool | None


@dataclass(frozen=True)
class Result:
    """What one rule gives one row; for a base indicator everything but the status is None."""

    status: str
    full: Fraction | None
    score: Fraction | None
    low: Fraction | None
    high: Fraction | None


# --- Section 3: the readings ---

DEFAULTS = {
    "inclusive": "yes",
    "proportional": "between",
    "partial_step": "pro_rata",
    "objection_scale": "printed",
    "graded_domain": "half_point",
    "bonus_cap": "none",
    "commitment_basis": "commitments",
    "monthly_rank": "mean",
    "no_target": "full",
}

# --- Section 4 to 6: the inputs by roll-up kind ---


def names(text: str) -> list[str]:
    return text.split()


SUM = names("""
    uscc_total uscc_errors halls_total halls_connected gov_defaulters gov_defaulters_rectified
    dual_due dual_reported dual_compliant dual_timely unsecured_loans_prev unsecured_loans_curr
    data_breaches_3y default_gov_bonds default_hidden_debt default_gov_debt default_soe_bonds
    regulators_total regulators_graded measures_total measures_lawful inst_defaulters
    inst_defaulters_rectified depts_total depts_sharing banks_total banks_connected
    households_total households_local households_reported agri_total agri_local agri_reported
    dual_published dual_valid_objections objections_handled objection_workdays repairs_overdue
    repairs_noncompliant site_outages report_nonconformities security_intrusions
    security_notices small_loans_prev small_loans_curr loans_xyd loans_credit loans_enterprise
    xyd_recommended xyd_funded questionnaires commitments performances enterprises
    repeat_targets repeat_exited agency_targets agency_exited innovations pop_resident
    pop_urban""")
ANY = names("""
    xyd_platform_own xyd_platform_upper enterprise_platform rural_system_local
    rural_system_province rating_coercion rating_unfair_competition rating_unreasonable_bar
    rating_obstruction regional_risk institution_risk_event share_social_insurance share_tax
    share_housing_fund share_water share_electricity share_gas share_logistics share_ip
    xyd_connected xyd_risk_fund law_local law_upper contract_supervision""")
ALL = ["portal_ideology_ok"]
MAX = ["graded_domains", "graded_domain_score", "joint_domains"]
CITY = names("""
    city_class monitor_rank_mean monitor_rank_worst monitor_bottom3_streak mlps3_filed
    mlps3_assessed notice_household notice_market notice_exam notice_insurance notice_relief
    notice_health notice_legal policy_score campaign_score remediation_score civil_files
    civil_files_used repair_sync fund_registration_score xyd_list_monthly leading_group budget
    work_plan""")
INPUTS = SUM + ANY + ALL + MAX + CITY

# Facts of the city as a whole: a county's blank takes what the city's own row says.
INHERITED = names("""
    xyd_platform_own xyd_platform_upper city_class monitor_rank_mean monitor_rank_worst
    monitor_bottom3_streak mlps3_filed mlps3_assessed notice_household notice_market
    notice_exam notice_insurance notice_relief notice_health notice_legal policy_score
    remediation_score civil_files civil_files_used enterprise_platform rural_system_local
    rural_system_province repair_sync fund_registration_score xyd_connected xyd_list_monthly
    xyd_risk_fund leading_group budget work_plan law_local law_upper contract_supervision""")

# Section 1: the items that name the counties among the responsible units (36 points).
COUNTY_DUTY = ["S2.1", "S5.2.3a", "S5.2.3b", "S5.2.3c", "S5.3", "S6.2", "S7.1", "S7.2", "S7.3"]


def exact(name: str, given: object) -> Value:
    """The number the user typed: a float stands for its shortest decimal, NaN for missing."""
    if given is None or given != given:
        return None
    if name == "city_class":
        return str(given)
    if isinstance(given, float):
        return Fraction(repr(float(given)))
    if isinstance(given, str):
        return Fraction(Decimal(given))
    return Fraction(given)


# --- Section 2: comparisons ---

TOLERANCE = Fraction(1, 10**9)


def side(value: Fraction, threshold: Fraction | int) -> int:
    """-1 below the threshold, 0 as good as on it, 1 above it."""
    if abs(value - threshold) <= TOLERANCE * abs(threshold):
        return 0
    return 1 if value > threshold else -1


def at_least(value: Fraction | None, threshold: Fraction | int) -> Truth:
    return None if value is None else side(value, threshold) >= 0


def at_most(value: Fraction | None, threshold: Fraction | int) -> Truth:
    return None if value is None else side(value, threshold) <= 0


def above(value: Fraction | None, threshold: Fraction | int) -> Truth:
    return no(at_most(value, threshold))


def below(value: Fraction | None, threshold: Fraction | int) -> Truth:
    return no(at_least(value, threshold))


def settled(steps: Fraction) -> Fraction:
    """A count of steps that is as good as whole is whole."""
    whole = Fraction(floor(steps + Fraction(1, 2)))
    return whole if abs(steps - whole) <= TOLERANCE * max(1, abs(steps)) else steps


def counted_steps(steps: Fraction, readings: Mapping[str, str]) -> Fraction:
    """Reading `partial_step`: what part of a step deducts."""
    match readings["partial_step"]:
        case "whole_steps":
            return Fraction(floor(settled(steps)))
        case "started_steps":
            return Fraction(ceil(settled(steps)))
    return settled(steps)


def two_decimals(value: Fraction) -> Fraction:
    """Round half up, on hundredths."""
    return Fraction(floor(settled(value * 100 + Fraction(1, 2))), 100)


def ratio(part: Value, whole: Value) -> Fraction | None:
    """A denominator of 0 counts as missing (rules with a note of their own ask before)."""
    return None if part is None or whole is None or whole == 0 else part / whole


def growth(previous: Value, current: Value) -> Fraction | None:
    return None if previous is None or current is None else ratio(current - previous, previous)


# --- Three-valued logic ---


def yes(flag: Value) -> Truth:
    return None if flag is None else flag == 1


def zero(count: Value) -> Truth:
    return None if count is None else count == 0


def no(truth: Truth) -> Truth:
    return None if truth is None else not truth


def all_of(*truths: Truth) -> Truth:
    """One known no decides; otherwise one unknown leaves it open."""
    return False if False in truths else None if None in truths else True


def any_of(*truths: Truth) -> Truth:
    """One known yes decides; otherwise one unknown leaves it open."""
    return True if True in truths else None if None in truths else False


def complete(part: Value, whole: Value, when_empty: Truth) -> Truth:
    """part = whole. Only a whole of 0 decides without its part."""
    if whole == 0:
        return when_empty
    return None if part is None or whole is None else side(part, whole) == 0


# --- Results ---


def scored(full: int, points: Fraction | int) -> Result:
    points = Fraction(points)
    return Result("scored", Fraction(full), points, points, points)


def missing(full: int) -> Result:
    """Nothing is known: anything from nothing to full marks."""
    return Result("missing", Fraction(full), None, Fraction(0), Fraction(full))


NOT_APPLICABLE = Result("not_applicable", Fraction(0), Fraction(0), Fraction(0), Fraction(0))


def gate(truth: Truth) -> Result:
    """A base indicator passes, fails or waits; it never has points."""
    return Result(
        "pending" if truth is None else "pass" if truth else "fail", None, None, None, None
    )


def all_or_nothing(full: int, truth: Truth) -> Result:
    return missing(full) if truth is None else scored(full, full if truth else 0)


def awarded(full: int, points: Value) -> Result:
    return missing(full) if points is None else scored(full, min(full, points))


def each_adds(full: int, per_case: Fraction, cases: Value) -> Result:
    return missing(full) if cases is None else scored(full, min(full, per_case * cases))


def each_deducts(full: int, per_case: Fraction, cases: Value) -> Result:
    return missing(full) if cases is None else scored(full, max(0, full - per_case * cases))


def empty_list(full: int, readings: Mapping[str, str]) -> Result:
    """Reading `no_target`: nothing to put right is full marks, or undecided."""
    return scored(full, full) if readings["no_target"] == "full" else missing(full)


def rising(
    full: int,
    zero_end: Fraction,
    full_end: Fraction,
    value: Fraction | None,
    readings: Mapping[str, str],
):
    """Proportional, more is better. Under `of_full` the zero end itself already earns its share."""
    if value is None:
        return missing(full)
    if at_least(value, full_end):
        return scored(full, full)
    if below(value, zero_end):
        return scored(full, 0)
    value = zero_end if side(value, zero_end) == 0 else value
    if readings["proportional"] == "of_full":
        return scored(full, value / full_end * full)
    return scored(full, (value - zero_end) / (full_end - zero_end) * full)


def falling(
    full: int,
    full_end: Fraction,
    zero_end: Fraction,
    value: Fraction | None,
    readings: Mapping[str, str],
):
    """Proportional, less is better."""
    if value is None:
        return missing(full)
    if at_most(value, full_end):
        return scored(full, full)
    if above(value, zero_end):
        return scored(full, 0)
    value = zero_end if side(value, zero_end) == 0 else value
    if readings["proportional"] == "of_full":
        return scored(full, full_end / value * full)
    return scored(full, (zero_end - value) / (zero_end - full_end) * full)


# --- Section 4: base indicators that need more than one line ---


def b02_halls(row, level: str) -> Truth:
    """A county need not have a hall, a city must."""
    halls = complete(row["halls_connected"], row["halls_total"], when_empty=level != "city")
    return all_of(yes(row["portal_ideology_ok"]), halls)


def b03_government_defaulters(row, readings) -> Truth:
    when_empty = True if readings["no_target"] == "full" else None
    return complete(row["gov_defaulters_rectified"], row["gov_defaulters"], when_empty)


def b04_double_publicity(row) -> Truth:
    """Three rates of 100%; nothing due, or nothing reported to judge, leaves a rate unknown."""
    return all_of(
        complete(row["dual_reported"], row["dual_due"], when_empty=None),
        complete(row["dual_compliant"], row["dual_reported"], when_empty=None),
        complete(row["dual_timely"], row["dual_reported"], when_empty=None),
    )


def b07_monitoring(row, readings) -> Truth:
    """Without the class nobody knows which of the two tests is meant."""
    if row["city_class"] is None:
        return None
    if row["city_class"] == "capital":
        return below(row["monitor_bottom3_streak"], 3)
    if readings["monthly_rank"] == "every_month":
        return at_most(row["monitor_rank_worst"], 100)
    return at_most(row["monitor_rank_mean"], 100)


# --- Section 5: items that need more than one line ---


def is_urban(row) -> bool:
    """At 90% the rural items give way; an unknown share leaves them in place."""
    return at_least(ratio(row["pop_urban"], row["pop_resident"]), Fraction(90, 100)) is True


def doubled_when_urban(row, result: Result) -> Result:
    """S4.1.1-3 take over the rural points."""
    if not is_urban(row):
        return result
    twice = [
        None if points is None else 2 * points
        for points in (result.full, result.score, result.low, result.high)
    ]
    return Result(result.status, *twice)


def not_when_urban(row, result: Result) -> Result:
    return NOT_APPLICABLE if is_urban(row) else result


def s3_1_institutions(row, readings) -> Result:
    listed, rectified = row["inst_defaulters"], row["inst_defaulters_rectified"]
    if listed == 0:
        return empty_list(4, readings)
    if listed is None or rectified is None:
        return missing(4)
    return each_deducts(4, Fraction(2), listed - rectified)


def s4_1_tiers(share: Fraction | None, readings) -> Result:
    """S4.1.2-3: at 20% a half, at 50% one; reading `inclusive` says whether the boundary belongs to
    the tier.
    """
    if share is None:
        return missing(1)
    reaches = at_least if readings["inclusive"] == "yes" else above
    if reaches(share, Fraction(50, 100)):
        return scored(1, 1)
    return scored(1, Fraction(1, 2) if reaches(share, Fraction(20, 100)) else 0)


def s4_2_coverage(row, local: Fraction | None, reported: Fraction | None) -> Result:
    """S4.2.2-3: the coverage of the system in use, of two the higher; an unknown system may be
    either.
    """
    local_system, province_system = (
        yes(row["rural_system_local"]),
        yes(row["rural_system_province"]),
    )
    if local_system is False and province_system is False:
        return scored(1, 0)
    if local_system is None or province_system is None:
        return missing(1)
    coverages = [local] if local_system else []
    coverages += [reported] if province_system else []
    if None in coverages:
        return missing(1)
    return scored(1, min(1, two_decimals(max(coverages))))


def s5_1_codes(share: Fraction | None, readings) -> Result:
    return (
        missing(1)
        if share is None
        else each_deducts(1, Fraction(1, 10), counted_steps(share * 100_000, readings))
    )


def s5_2_1_objections(share: Fraction | None, readings) -> Result:
    unit = {"printed": 10, "per_10k": 10_000, "per_100k": 100_000}[readings["objection_scale"]]
    return falling(2, Fraction(1, unit), Fraction(5, unit), share, readings)


def s5_2_2_objection_days(row, readings) -> Result:
    if row["objections_handled"] == 0:
        return empty_list(2, readings)
    mean = ratio(row["objection_workdays"], row["objections_handled"])
    if mean is None:
        return missing(2)
    if at_most(mean, 5):
        return scored(2, 2)
    return each_deducts(2, Fraction(4, 10), counted_steps(mean - 5, readings))


def s5_3_classes(classes: list[Truth]) -> Result:
    """One per class shared, at most 7: what is unknown can only add."""
    low = min(7, classes.count(True))
    high = min(7, classes.count(True) + classes.count(None))
    if low == high:
        return scored(7, low)
    return Result("missing", Fraction(7), None, Fraction(low), Fraction(high))


def s7_1_commitments(row, readings) -> Result:
    basis = row["commitments"]
    if readings["commitment_basis"] == "with_performances":
        known = basis is not None and row["performances"] is not None
        basis = basis + row["performances"] if known else None
    return rising(7, Fraction(65, 100), Fraction(1), ratio(basis, row["enterprises"]), readings)


def s7_2_graded(row, readings) -> Result:
    if readings["graded_domain"] == "awarded":
        return each_adds(7, Fraction(1), row["graded_domain_score"])
    return each_adds(7, Fraction(1, 2), row["graded_domains"])


def s7_4_exits(exited: Value, targets: Value, readings) -> Result:
    if targets == 0:
        return empty_list(2, readings)
    return rising(2, Fraction(0), Fraction(1), ratio(exited, targets), readings)


# --- One row, all 56 rules ---


def score_row(
    row: Mapping[str, object], readings: Mapping[str, str] = {}, level: str = "county"
) -> dict[str, Result]:
    """Every rule's result, in the order of the specification."""
    readings = {**DEFAULTS, **readings}
    row = {name: exact(name, row.get(name)) for name in INPUTS}

    def flags(text: str) -> list[Truth]:
        return [yes(row[name]) for name in names(text)]

    def zeros(text: str) -> list[Truth]:
        return [zero(row[name]) for name in names(text)]

    def flag(name: str) -> Truth:
        return yes(row[name])

    def share(part: str, whole: str) -> Fraction | None:
        return ratio(row[part], row[whole])

    code_errors = share("uscc_errors", "uscc_total")
    unsecured_growth = growth(row["unsecured_loans_prev"], row["unsecured_loans_curr"])
    small_growth = growth(row["small_loans_prev"], row["small_loans_curr"])
    defaults = "default_gov_bonds default_hidden_debt default_gov_debt default_soe_bonds"
    notices = (
        "notice_household notice_market notice_exam notice_insurance notice_relief notice_health "
        "notice_legal"
    )
    meddling = (
        "rating_coercion rating_unfair_competition rating_unreasonable_bar rating_obstruction"
    )
    classes = (
        "share_social_insurance share_tax share_housing_fund share_water share_electricity "
        "share_gas share_logistics share_ip"
    )
    depts = s4_1_tiers(share("depts_sharing", "depts_total"), readings)
    banks = s4_1_tiers(share("banks_connected", "banks_total"), readings)
    rural_system = any_of(*flags("rural_system_local rural_system_province"))
    households = s4_2_coverage(
        row,
        share("households_local", "households_total"),
        share("households_reported", "households_total"),
    )
    agri = s4_2_coverage(
        row, share("agri_local", "agri_total"), share("agri_reported", "agri_total")
    )
    return {
        "B01": gate(below(code_errors, Fraction(1, 10_000))),
        "B02": gate(b02_halls(row, level)),
        "B03": gate(b03_government_defaulters(row, readings)),
        "B04": gate(b04_double_publicity(row)),
        "B05": gate(any_of(*flags("xyd_platform_own xyd_platform_upper"))),
        "B06": gate(above(unsecured_growth, Fraction(20, 100))),
        "B07": gate(b07_monitoring(row, readings)),
        "B08": gate(
            all_of(flag("mlps3_filed"), flag("mlps3_assessed"), zero(row["data_breaches_3y"]))
        ),
        "B09": gate(all_of(*zeros(defaults))),
        "B10": gate(complete(row["regulators_graded"], row["regulators_total"], when_empty=False)),
        "B11": gate(all_of(*flags(notices))),
        "B12": gate(complete(row["measures_lawful"], row["measures_total"], when_empty=True)),
        "S1.1": awarded(5, row["policy_score"]),
        "S2.1": awarded(3, row["campaign_score"]),
        "S2.2": awarded(3, row["remediation_score"]),
        "S3.1": s3_1_institutions(row, readings),
        "S3.2a": all_or_nothing(1, flag("civil_files")),
        "S3.2b": all_or_nothing(1, flag("civil_files_used")),
        "S4.1.1": doubled_when_urban(row, all_or_nothing(1, flag("enterprise_platform"))),
        "S4.1.2": doubled_when_urban(row, depts),
        "S4.1.3": doubled_when_urban(row, banks),
        "S4.2.1": not_when_urban(row, all_or_nothing(1, rural_system)),
        "S4.2.2": not_when_urban(row, households),
        "S4.2.3": not_when_urban(row, agri),
        "S4.3": all_or_nothing(2, no(any_of(*flags(meddling)))),
        "S4.4": all_or_nothing(2, no(any_of(*flags("regional_risk institution_risk_event")))),
        "S5.1": s5_1_codes(code_errors, readings),
        "S5.2.1": s5_2_1_objections(share("dual_valid_objections", "dual_published"), readings),
        "S5.2.2": s5_2_2_objection_days(row, readings),
        "S5.2.3a": each_deducts(2, Fraction(1), row["repairs_overdue"]),
        "S5.2.3b": each_deducts(1, Fraction(1, 2), row["repairs_noncompliant"]),
        "S5.2.3c": all_or_nothing(1, flag("repair_sync")),
        "S5.3": s5_3_classes(flags(classes)),
        "S5.4.1": each_deducts(2, Fraction(1, 2), row["site_outages"]),
        "S5.4.2": each_deducts(4, Fraction(1), row["report_nonconformities"]),
        "S5.5": awarded(1, row["fund_registration_score"]),
        "S5.6": all_or_nothing(2, all_of(*zeros("security_intrusions security_notices"))),
        "S6.1.1": all_or_nothing(3, flag("xyd_connected")),
        "S6.1.2": rising(5, Fraction(20, 100), Fraction(40, 100), small_growth, readings),
        "S6.1.3a": rising(
            3, Fraction(3, 100), Fraction(6, 100), share("loans_xyd", "loans_credit"), readings
        ),
        "S6.1.3b": rising(
            2,
            Fraction(25, 100),
            Fraction(30, 100),
            share("loans_credit", "loans_enterprise"),
            readings,
        ),
        "S6.1.4a": all_or_nothing(1, flag("xyd_list_monthly")),
        "S6.1.4b": all_or_nothing(
            1, at_least(share("xyd_funded", "xyd_recommended"), Fraction(20, 100))
        ),
        "S6.1.4c": all_or_nothing(1, flag("xyd_risk_fund")),
        "S6.2": rising(1, Fraction(50), Fraction(100), row["questionnaires"], readings),
        "S7.1": s7_1_commitments(row, readings),
        "S7.2": s7_2_graded(row, readings),
        "S7.3": each_adds(7, Fraction(1), row["joint_domains"]),
        "S7.4a": s7_4_exits(row["repeat_exited"], row["repeat_targets"], readings),
        "S7.4b": s7_4_exits(row["agency_exited"], row["agency_targets"], readings),
        "S8.1": all_or_nothing(2, flag("leading_group")),
        "S8.2": all_or_nothing(2, flag("budget")),
        "S8.3": all_or_nothing(2, flag("work_plan")),
        "A1": all_or_nothing(5, any_of(*flags("law_local law_upper"))),
        "A2": all_or_nothing(5, flag("contract_supervision")),
        "A3": each_adds(3, Fraction(1), row["innovations"]),
    }


# --- Totals ---


def confirmed(results: Iterable[Result]) -> Fraction:
    """What the decided rules give; the undecided give nothing yet."""
    return sum((result.score for result in results if result.score is not None), Fraction(0))


def totals(
    results: Mapping[str, Result], readings: Mapping[str, str] = {}
) -> dict[str, Fraction | str]:
    """The 100 points, the bonus apart from them, the gate, and the counties' share."""
    most = Fraction(10 if readings.get("bonus_cap") == "ten" else 13)
    items = [result for rule, result in results.items() if rule.startswith("S")]
    extras = [result for rule, result in results.items() if rule.startswith("A")]
    gates = [result.status for rule, result in results.items() if rule.startswith("B")]
    duty = [results[rule] for rule in COUNTY_DUTY]
    score, bonus = confirmed(items), min(most, confirmed(extras))
    return {
        "score": score,
        "low": sum(item.low for item in items),
        "high": sum(item.high for item in items),
        "bonus": bonus,
        "bonus_low": min(most, sum(extra.low for extra in extras)),
        "bonus_high": min(most, sum(extra.high for extra in extras)),
        "total": score + bonus,
        "eligible": "no" if "fail" in gates else "pending" if "pending" in gates else "yes",
        "county_duty": confirmed(duty),
        "county_duty_full": sum(item.full for item in duty),
    }


# --- Roll-up (sections 2 and 6; the city's own departments: tables.md, section 2) ---

DIRECT = names("""uscc_total uscc_errors halls_total halls_connected gov_defaulters
    gov_defaulters_rectified dual_due dual_reported dual_compliant dual_timely dual_published
    dual_valid_objections regulators_total regulators_graded measures_total measures_lawful
    inst_defaulters inst_defaulters_rectified depts_total depts_sharing banks_total banks_connected
    objections_handled objection_workdays repairs_overdue repairs_noncompliant enterprises
    commitments performances repeat_targets repeat_exited agency_targets agency_exited""")


def rolled_up(name: str, values: list[Value]) -> Value:
    """One input of the city out of all its counties'; a silent county is a None among them."""
    if not values or name in CITY:
        return None
    if name in ANY or name in ALL:
        decided = (any_of if name in ANY else all_of)(*(yes(value) for value in values))
        return None if decided is None else Fraction(decided)
    if None in values:
        return None
    return max(values) if name in MAX else sum(values)


def roll_up(rows: list[dict], city: str) -> list[dict]:
    """The table with the city's row of each period completed or made, and the counties' blanks
    inherited.

    What the city's own row says stands. A county inherits only that, never what was rolled up.
    """
    counties = sorted(
        {row["jurisdiction"] for row in rows if row.get("level") not in ("city", "direct")}
    )
    departments = {row["jurisdiction"] for row in rows if row.get("level") == "direct"}
    made = []
    for period in sorted({row["period"] for row in rows}):
        given = {row["jurisdiction"]: row for row in rows if row["period"] == period}
        typed = {name: exact(name, given.get(city, {}).get(name)) for name in INPUTS}
        facts = {
            county: {name: exact(name, given.get(county, {}).get(name)) for name in INPUTS}
            for county in counties
        }
        completed = {}
        for name in INPUTS:
            parts = [facts[county][name] for county in counties]
            for office in departments:
                part = exact(name, given.get(office, {}).get(name))
                if part is not None or name in DIRECT or not counties:
                    parts.append(part)
            completed[name] = rolled_up(name, parts) if typed[name] is None else typed[name]
        made.append({"jurisdiction": city, "period": period, "level": "city", **completed})
        for county in counties:
            if county in given:
                blanks = {name: typed[name] for name in INHERITED if facts[county][name] is None}
                made.append(
                    {
                        "jurisdiction": county,
                        "period": period,
                        "level": "county",
                        **facts[county],
                        **blanks,
                    }
                )
    return made
