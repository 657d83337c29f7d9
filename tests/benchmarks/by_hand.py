"""The 56 rules as straight-line NumPy, written from the ledger and not from the library: what
scoring has to cost.

Default readings, nothing missing, ``city_class`` and ``level`` as numbers. Nothing is checked,
explained or open.
"""

import numpy as np

NEAR = 1e-9  # a value this near to a threshold (relative) is equal to it
PREFECTURE, COUNTY_LEVEL, CAPITAL = 0, 1, 2
COUNTY, CITY = 0, 1


def share(part, whole, empty=np.nan):
    with np.errstate(divide="ignore", invalid="ignore"):
        x = part / whole
    none = whole == 0
    if none.any():
        x[none] = empty
    return x


def rising(x, zero, full_at, full):
    return np.clip((x - zero) * (full / (full_at - zero)), 0, full)


def half_or_one(x):
    return 0.5 * (x >= 0.2 * (1 - NEAR)) + 0.5 * (x >= 0.5 * (1 - NEAR))


def covered(part, whole, system):
    return np.minimum(share(part, whole), 1) * (system > 0)


def two_decimals(x):
    return np.floor(x * 100 + (0.5 + NEAR)) / 100


def score(c, out):
    """Put the 56 results of the columns ``c`` into ``out``'s rows, base indicators as 1 and 0."""
    uscc = share(c["uscc_errors"], c["uscc_total"])
    halls = c["halls_total"]
    out[0] = uscc < 0.0001 * (1 - NEAR)
    out[1] = (
        (c["portal_ideology_ok"] > 0)
        & ((c["halls_connected"] == halls) | (halls == 0))
        & ((c["level"] == COUNTY) | (halls >= 1))
    )
    out[2] = (c["gov_defaulters_rectified"] == c["gov_defaulters"]) | (c["gov_defaulters"] == 0)
    out[3] = (
        (c["dual_reported"] == c["dual_due"])
        & (c["dual_compliant"] == c["dual_reported"])
        & (c["dual_timely"] == c["dual_reported"])
    )
    out[4] = (c["xyd_platform_own"] > 0) | (c["xyd_platform_upper"] > 0)
    prev = c["unsecured_loans_prev"]
    out[5] = share(c["unsecured_loans_curr"] - prev, prev) > 0.2 * (1 + NEAR)
    capital = c["city_class"] == CAPITAL
    out[6] = (capital & (c["monitor_bottom3_streak"] < 3 * (1 - NEAR))) | (
        ~capital & (c["monitor_rank_mean"] <= 100 * (1 + NEAR))
    )
    out[7] = (c["mlps3_filed"] > 0) & (c["mlps3_assessed"] > 0) & (c["data_breaches_3y"] == 0)
    out[8] = (
        (c["default_gov_bonds"] == 0)
        & (c["default_hidden_debt"] == 0)
        & (c["default_gov_debt"] == 0)
        & (c["default_soe_bonds"] == 0)
    )
    out[9] = (c["regulators_graded"] == c["regulators_total"]) & (c["regulators_total"] >= 1)
    out[10] = (
        (c["notice_household"] > 0)
        & (c["notice_market"] > 0)
        & (c["notice_exam"] > 0)
        & (c["notice_insurance"] > 0)
        & (c["notice_relief"] > 0)
        & (c["notice_health"] > 0)
        & (c["notice_legal"] > 0)
    )
    out[11] = (c["measures_lawful"] == c["measures_total"]) | (c["measures_total"] == 0)

    np.clip(c["policy_score"], 0, 5, out=out[12])
    np.clip(c["campaign_score"], 0, 3, out=out[13])
    np.clip(c["remediation_score"], 0, 3, out=out[14])
    np.clip(4 - 2 * (c["inst_defaulters"] - c["inst_defaulters_rectified"]), 0, 4, out=out[15])
    out[15][c["inst_defaulters"] == 0] = 4
    out[16] = c["civil_files"] > 0
    out[17] = c["civil_files_used"] > 0

    urban = share(c["pop_urban"], c["pop_resident"]) >= 0.9 * (1 - NEAR)
    twice = 1.0 + urban
    local, province = c["rural_system_local"], c["rural_system_province"]
    out[18] = (c["enterprise_platform"] > 0) * twice
    out[19] = half_or_one(share(c["depts_sharing"], c["depts_total"])) * twice
    out[20] = half_or_one(share(c["banks_connected"], c["banks_total"])) * twice
    out[21] = (local > 0) | (province > 0)
    households, agri = c["households_total"], c["agri_total"]
    reported = covered(c["households_reported"], households, province)
    out[22] = two_decimals(np.maximum(covered(c["households_local"], households, local), reported))
    reported = covered(c["agri_reported"], agri, province)
    out[23] = two_decimals(np.maximum(covered(c["agri_local"], agri, local), reported))
    out[21:24, urban] = 0
    coerced = (c["rating_coercion"] > 0) | (c["rating_unfair_competition"] > 0)
    barred = (c["rating_unreasonable_bar"] > 0) | (c["rating_obstruction"] > 0)
    out[24] = 2.0 * ~(coerced | barred)
    out[25] = 2.0 * ~((c["regional_risk"] > 0) | (c["institution_risk_event"] > 0))

    np.clip(1 - uscc * (0.1 / 0.00001), 0, 1, out=out[26])
    out[27] = rising(share(c["dual_valid_objections"], c["dual_published"]), 0.5, 0.1, 2)
    days = share(c["objection_workdays"], c["objections_handled"], 0)
    np.clip(2 - 0.4 * (days - 5), 0, 2, out=out[28])
    np.clip(2 - c["repairs_overdue"], 0, 2, out=out[29])
    np.clip(1 - 0.5 * c["repairs_noncompliant"], 0, 1, out=out[30])
    out[31] = c["repair_sync"] > 0
    shared = (c["share_social_insurance"] > 0) + (c["share_tax"] > 0).astype(np.int8)
    shared += c["share_housing_fund"] > 0
    shared += c["share_water"] > 0
    shared += c["share_electricity"] > 0
    shared += c["share_gas"] > 0
    shared += c["share_logistics"] > 0
    shared += c["share_ip"] > 0
    out[32] = np.minimum(shared, 7)
    np.clip(2 - 0.5 * c["site_outages"], 0, 2, out=out[33])
    np.clip(4 - c["report_nonconformities"], 0, 4, out=out[34])
    np.clip(c["fund_registration_score"], 0, 1, out=out[35])
    out[36] = 2.0 * ((c["security_intrusions"] == 0) & (c["security_notices"] == 0))

    out[37] = 3.0 * (c["xyd_connected"] > 0)
    prev = c["small_loans_prev"]
    out[38] = rising(share(c["small_loans_curr"] - prev, prev), 0.2, 0.4, 5)
    out[39] = rising(share(c["loans_xyd"], c["loans_credit"]), 0.03, 0.06, 3)
    out[40] = rising(share(c["loans_credit"], c["loans_enterprise"]), 0.25, 0.3, 2)
    out[41] = c["xyd_list_monthly"] > 0
    out[42] = share(c["xyd_funded"], c["xyd_recommended"]) >= 0.2 * (1 - NEAR)
    out[43] = c["xyd_risk_fund"] > 0
    out[44] = rising(c["questionnaires"], 50, 100, 1)
    out[45] = rising(share(c["commitments"], c["enterprises"]), 0.65, 1, 7)
    np.clip(0.5 * c["graded_domains"], 0, 7, out=out[46])
    np.clip(c["joint_domains"], 0, 7, out=out[47])
    out[48] = rising(share(c["repeat_exited"], c["repeat_targets"], 1), 0, 1, 2)
    out[49] = rising(share(c["agency_exited"], c["agency_targets"], 1), 0, 1, 2)
    out[50] = 2.0 * (c["leading_group"] > 0)
    out[51] = 2.0 * (c["budget"] > 0)
    out[52] = 2.0 * (c["work_plan"] > 0)
    out[53] = 5.0 * ((c["law_local"] > 0) | (c["law_upper"] > 0))
    out[54] = 5.0 * (c["contract_supervision"] > 0)
    np.clip(c["innovations"], 0, 3, out=out[55])


def score_all(columns, rows, chunk=None):
    """All rows at once, or in pieces that stay in the cache."""
    out = np.empty((56, rows))
    chunk = chunk or max(rows, 1)
    for start in range(0, rows, chunk):
        piece = slice(start, start + chunk)
        score({name: column[piece] for name, column in columns.items()}, out[:, piece])
    return out
