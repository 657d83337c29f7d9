"""The same 56 rules as OpenFisca variables: one variable per input, one per rule with its formula
(``[bench]`` extra).
"""

import numpy as np
from by_hand import CAPITAL, CITY, NEAR, covered, half_or_one, rising, share, two_decimals
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

PERIOD = "2021-05"


def same(part, whole):
    return lambda get: get(part) == get(whole)


def yes(*names, of=np.logical_and):
    return lambda get: of.reduce([get(name) > 0 for name in names])


def none(*names):
    return lambda get: np.logical_and.reduce([get(name) == 0 for name in names])


def within(name, full, each=1):
    return lambda get: np.clip(each * get(name), 0, full)


def less(name, full, each):
    return lambda get: np.clip(full - each * get(name), 0, full)


def line(part, whole, zero, full_at, full, empty=np.nan):
    return lambda get: rising(share(get(part), get(whole), empty), zero, full_at, full)


def growth(get, name):
    return share(get(f"{name}_curr") - get(f"{name}_prev"), get(f"{name}_prev"))


def urban(get):
    return share(get("pop_urban"), get("pop_resident")) >= 0.9 * (1 - NEAR)


def coverage(get, kind):
    whole = get(f"{kind}_total")
    local = covered(get(f"{kind}_local"), whole, get("rural_system_local"))
    reported = covered(get(f"{kind}_reported"), whole, get("rural_system_province"))
    return two_decimals(np.maximum(local, reported)) * ~urban(get)


def tiers(get, part, whole):
    return half_or_one(share(get(part), get(whole))) * (1.0 + urban(get))


def halls(get):
    there, total = get("halls_connected"), get("halls_total")
    return (
        (get("portal_ideology_ok") > 0)
        & ((there == total) | (total == 0))
        & ((get("level") != CITY) | (total >= 1))
    )


def monitored(get):
    capital = get("city_class") == CAPITAL
    return np.where(capital, get("monitor_bottom3_streak") < 3, get("monitor_rank_mean") <= 100)


def defaulters(get):
    short = get("inst_defaulters") - get("inst_defaulters_rectified")
    return np.where(get("inst_defaulters") == 0, 4, np.clip(4 - 2 * short, 0, 4))


def shared(get):
    kinds = (
        "social_insurance",
        "tax",
        "housing_fund",
        "water",
        "electricity",
        "gas",
        "logistics",
        "ip",
    )
    return np.minimum(sum((get(f"share_{kind}") > 0).astype(int) for kind in kinds), 7)


def either(*names):
    return yes(*names, of=np.logical_or)


def times(full, holds):
    return lambda get: full * holds(get)


def both(*parts):
    return lambda get: np.logical_and.reduce([part(get) for part in parts])


NOTICES = [
    f"notice_{x}" for x in ("household", "market", "exam", "insurance", "relief", "health", "legal")
]
RATING = [
    f"rating_{x}" for x in ("coercion", "unfair_competition", "unreasonable_bar", "obstruction")
]
DEBTS = [f"default_{x}" for x in ("gov_bonds", "hidden_debt", "gov_debt", "soe_bonds")]
RULES = {
    "B01": lambda get: share(get("uscc_errors"), get("uscc_total")) < 0.0001 * (1 - NEAR),
    "B02": halls,
    "B03": lambda get: (
        (get("gov_defaulters_rectified") == get("gov_defaulters")) | (get("gov_defaulters") == 0)
    ),
    "B04": both(
        same("dual_reported", "dual_due"),
        same("dual_compliant", "dual_reported"),
        same("dual_timely", "dual_reported"),
    ),
    "B05": either("xyd_platform_own", "xyd_platform_upper"),
    "B06": lambda get: growth(get, "unsecured_loans") > 0.2 * (1 + NEAR),
    "B07": monitored,
    "B08": both(yes("mlps3_filed", "mlps3_assessed"), none("data_breaches_3y")),
    "B09": none(*DEBTS),
    "B10": both(
        same("regulators_graded", "regulators_total"), lambda get: get("regulators_total") >= 1
    ),
    "B11": yes(*NOTICES),
    "B12": lambda get: (
        (get("measures_lawful") == get("measures_total")) | (get("measures_total") == 0)
    ),
    "S1.1": within("policy_score", 5),
    "S2.1": within("campaign_score", 3),
    "S2.2": within("remediation_score", 3),
    "S3.1": defaulters,
    "S3.2a": yes("civil_files"),
    "S3.2b": yes("civil_files_used"),
    "S4.1.1": lambda get: (get("enterprise_platform") > 0) * (1.0 + urban(get)),
    "S4.1.2": lambda get: tiers(get, "depts_sharing", "depts_total"),
    "S4.1.3": lambda get: tiers(get, "banks_connected", "banks_total"),
    "S4.2.1": lambda get: either("rural_system_local", "rural_system_province")(get) & ~urban(get),
    "S4.2.2": lambda get: coverage(get, "households"),
    "S4.2.3": lambda get: coverage(get, "agri"),
    "S4.3": times(2.0, none(*RATING)),
    "S4.4": times(2.0, none("regional_risk", "institution_risk_event")),
    "S5.1": lambda get: np.clip(1 - 1e4 * share(get("uscc_errors"), get("uscc_total")), 0, 1),
    "S5.2.1": line("dual_valid_objections", "dual_published", 0.5, 0.1, 2),
    "S5.2.2": lambda get: np.clip(
        2 - 0.4 * (share(get("objection_workdays"), get("objections_handled"), 0) - 5), 0, 2
    ),
    "S5.2.3a": less("repairs_overdue", 2, 1),
    "S5.2.3b": less("repairs_noncompliant", 1, 0.5),
    "S5.2.3c": yes("repair_sync"),
    "S5.3": shared,
    "S5.4.1": less("site_outages", 2, 0.5),
    "S5.4.2": less("report_nonconformities", 4, 1),
    "S5.5": within("fund_registration_score", 1),
    "S5.6": times(2.0, none("security_intrusions", "security_notices")),
    "S6.1.1": times(3.0, yes("xyd_connected")),
    "S6.1.2": lambda get: rising(growth(get, "small_loans"), 0.2, 0.4, 5),
    "S6.1.3a": line("loans_xyd", "loans_credit", 0.03, 0.06, 3),
    "S6.1.3b": line("loans_credit", "loans_enterprise", 0.25, 0.3, 2),
    "S6.1.4a": yes("xyd_list_monthly"),
    "S6.1.4b": lambda get: share(get("xyd_funded"), get("xyd_recommended")) >= 0.2 * (1 - NEAR),
    "S6.1.4c": yes("xyd_risk_fund"),
    "S6.2": lambda get: rising(get("questionnaires"), 50, 100, 1),
    "S7.1": line("commitments", "enterprises", 0.65, 1, 7),
    "S7.2": within("graded_domains", 7, 0.5),
    "S7.3": within("joint_domains", 7),
    "S7.4a": line("repeat_exited", "repeat_targets", 0, 1, 2, empty=1),
    "S7.4b": line("agency_exited", "agency_targets", 0, 1, 2, empty=1),
    "S8.1": times(2.0, yes("leading_group")),
    "S8.2": times(2.0, yes("budget")),
    "S8.3": times(2.0, yes("work_plan")),
    "A1": times(5.0, either("law_local", "law_upper")),
    "A2": times(5.0, yes("contract_supervision")),
    "A3": within("innovations", 3),
}


def system(inputs):
    """The tax-and-benefit system whose variables are the inputs and the rules."""
    entity = build_entity(key="jurisdiction", plural="jurisdictions", label="", is_person=True)
    built = TaxBenefitSystem([entity])
    common = {"value_type": float, "entity": entity, "definition_period": DateUnit.MONTH}
    for name in inputs:
        built.add_variable(type(name, (Variable,), dict(common)))
    for id, rule in RULES.items():
        built.add_variable(type(id, (Variable,), {**common, "formula": formula_of(rule)}))
    return built


def formula_of(rule):
    def formula(jurisdictions, period):
        return rule(lambda name: jurisdictions(name, period))

    return formula


def score(built, columns, rows):
    """Every rule's result, by id."""
    simulation = SimulationBuilder().build_default_simulation(built, rows)
    for name, values in columns.items():
        simulation.set_input(name, PERIOD, values)
    return {id: simulation.calculate(id, PERIOD) for id in RULES}
