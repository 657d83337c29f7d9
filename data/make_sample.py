"""Writes data/sample/indicators.csv and evidence.csv: invented data for one city, its nine units
and twelve months.

Every figure is made up (示例数据，纯属虚构). `python data/make_sample.py` rewrites both files, with
`--check` it only compares and exits 1 where one differs. The tables below tell the story, the
generator only fills the months between.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import creditcalc as cc
from creditcalc.evidence.register import asked

SEED = 20210527
TARGET = Path(__file__).parent / "sample"
CITY = "濮阳市"
COUNTIES = [
    "华龙区",
    "濮阳县",
    "清丰县",
    "南乐县",
    "范县",
    "台前县",
    "经济技术开发区",
    "工业园区",
    "城乡一体化示范区",
]
PERIODS = [f"{2020 + month // 12}-{month % 12 + 1:02}" for month in range(5, 17)]
DECIMALS = {"amount": 2, "score": 1, "rank": 2}  # counts and days have none
YEAR_END_KNOWN = "2021-01"  # figures of the end of 2020 cannot stand in a row of 2020

# Cells: `7`, `是` or `否` in every month; `3>9` from 3 in the first month to 9 in the last,
# `3>9@2021-02` to 9 in that month; `2021-01` 否 before that month and 是 from it on. 华龙 nearly
# all urban, strong · 濮阳 large and slow, weighs on the city · 清丰 near full marks · 南乐 on
# thresholds · 范县 gaps in its data · 台前 weak, a hall not connected (B02) · 经开 improves every
# month · 园区 small, no hall · 示范 declines: its enterprises outgrow its commitments.
STORY = """
input                     华龙区        濮阳县       清丰县        南乐县        范县
pop_resident              186400        238700       171200        140300        133900
pop_urban                 175100        97900        75600         58900         54100
uscc_total                21437>22618   24152>25347  15184>16093   13120>13917   11786>12431
uscc_errors               4>0           5>1          1>0           2>1           3>1
halls_total               4             6            5             4             4
halls_connected           4             4>6@2021-03  5             3>4@2020-11   2>4@2021-02
portal_ideology_ok        是            是           是            是            2020-09
gov_defaulters            0             1            0             0             0
gov_defaulters_rectified  0             0>1          0             0             0
dual_due                  423>1487      512>1763     301>1129      243>868       208>794
dual_valid_objections     0>1           0>1          0             0             0
regulators_total          24            26           25            24            23
regulators_graded         20>24@2020-12 12>26        22>25@2020-11 15>24@2021-02 10>23@2021-04
measures_total            3             4            2             3             2
measures_lawful           3             3>4          2             3             2
campaign_score            1.8>2.7       1.2>2.0      2.3>3.0       1.5>2.4       1.4>2.2
inst_defaulters           1             2            0             1             0
inst_defaulters_rectified 0>1           0>1          0             0>1           0
depts_total               32            34           33            30            31
depts_sharing             12>24         6>13         15>28         4>6           5>9
banks_total               14            10           9             8             9
banks_connected           8>12          3>6          6>9           3>5           2>5
rural_system_local        否            是           是            2020-09       否
households_total          4218          52347        41826         33591         31874
households_local          0             21034>33927  30118>40619   17462>26183   0
households_reported       1086>3294     24763>40235  28914>38672   14208>27119   10987>22341
agri_total                60            940          820           610           580
agri_local                0             300>560      520>790       240>430       0
agri_reported             10>44         380>610      460>740       190>420       170>380
rating_unfair_competition 否            否           否            否            否
repairs_overdue           0             0            0             0             0
repairs_noncompliant      0             0            0             0             0
share_social_insurance    是            是           是            是            是
share_tax                 是            是           是            是            2020-11
share_housing_fund        是            2020-10      是            2020-12       2020-11
share_water               2020-09       2021-02      是            2021-01       2021-03
share_electricity         2020-09       2021-02      是            2021-04       2021-03
share_gas                 2021-01       否           2020-11       2021-04       否
share_logistics           否            否           2021-02       否            否
share_ip                  2021-03       否           2021-01       否            否
site_outages              0             0            0             0             0
report_nonconformities    0             0>1          0             0             0
xyd_recommended           20>64         18>72        16>58         10>35         12>40
xyd_funded                3>17          2>12         4>19          1>7           1>6
xyd_risk_fund             2021-01       否           2020-10       否            否
questionnaires            3>15          2>12         5>15          3>11          2>9
enterprises               5483>5712     5124>5387    3307>3478     1958>2000     1893>1937
commitments               4316>5476     2987>3886    2883>3562     1009>1300     1052>1587
performances              1196>2612     1004>1493    1412>2487     302>637       297>704
graded_domains            7>12          3>7          9>13          4>8           3>6
joint_domains             3>7           2>4          5>7           2>5           1>3
repeat_targets            4             6            3             3             2
repeat_exited             1>4           1>4          2>3           0>2           0>2
agency_targets            1             1            1             0             0
agency_exited             0>1           0>1          0>1           0             0
contract_supervision      否            否           否            否            否
innovations               0>1           0            0>1           0             0
# What inputs are computed from: records not reported yet and not compliant; award per graded
# domain; working days of each objection in the order of handling; all enterprise loans, the share
# of credit loans in them and of 信易贷 in those; credit loans to small enterprises in 2019 and
# their growth; unsecured loans against credit loans and their growth.
dual_backlog              6>0@2020-12   14>0@2021-04 0             3>0@2021-01   8>0@2021-04
dual_faulty               2>0@2020-11   5>0@2021-02  0             1>0@2020-12   4>0@2021-03
award                     1.6           1.2          1.8           1.3           1.2
days                      6,5,4,5,3,5,4,4,3 9,7,8,6,7,5,6,8 4,5,3,4,2,4 6,6,5,4,4 7,5,6,6
loans                     142600        118900       86400         61800         57300
credit_share              0.315         0.262        0.330         0.284         0.275
xyd_share                 0.068         0.036        0.074         0.060         0.044
small                     18300         16900        11800         8600          7700
small_growth              0.380         0.230        0.460         0.310         0.285
unsecured_share           0.97          0.94         0.98          0.96          0.93
unsecured_growth          0.290         0.225        0.340         0.260         0.240
"""
STORY_OF_THE_OTHERS = """
input                     台前县     经济技术开发区 工业园区    城乡一体化示范区
pop_resident              96200      74500          21800       38600
pop_urban                 36300      58200          16900       25400
uscc_total                9217>9684  8863>10247     3096>3418   4815>5926
uscc_errors               2>0        4>0            0           0
halls_total               3          2              0           1
halls_connected           1>2        1>2@2020-12    0           1
portal_ideology_ok        2020-10    是             是          是
gov_defaulters            1          0              0           0
gov_defaulters_rectified  0>1        0              0           0
dual_due                  147>523    192>758        41>143      78>332
dual_valid_objections     0          0              0           0>1
regulators_total          21         14             8           12
regulators_graded         8>21       3>14@2021-03   4>8@2021-01 12
measures_total            4          2              0           3
measures_lawful           3>4        2              0           3
campaign_score            0.6>1.3    0.8>2.8        1.6>2.0     2.8>1.6
inst_defaulters           1          0              0           0
inst_defaulters_rectified 0>1        0              0           0
depts_total               28         18             9           15
depts_sharing             2>5        3>13           2>4         12>7
banks_total               6          7              3           3
banks_connected           1>2        1>5            1>2         2
rural_system_local        否         否             否          否
households_total          23463      5137           1286        3912
households_local          0          0              0           0
households_reported       5164>11783 713>4712       394>887     3608>2897
agri_total                390        70             12          45
agri_local                0          0              0           0
agri_reported             60>170     8>61           3>7         41>28
rating_unfair_competition 否         否             否          2021-04
repairs_overdue           0>1        0              0           0
repairs_noncompliant      0          0              0           0>1
share_social_insurance    是         是             是          是
share_tax                 2020-12    2020-08        是          是
share_housing_fund        否         2020-09        否          是
share_water               否         2020-10        2020-10     2020-07
share_electricity         2021-04    2020-12        2020-10     2020-07
share_gas                 否         2021-02        否          否
share_logistics           否         否             否          否
share_ip                  否         2021-04        是          否
site_outages              0          0              0           0>1
report_nonconformities    0          0              0           0
xyd_recommended           8>26       6>44           4>12        9>22
xyd_funded                0>3        0>13           0>2         3>4
xyd_risk_fund             否         2021-03        否          否
questionnaires            1>6        1>13           1>5         4>8
enterprises               1244>1289  2447>2831      788>841     1113>1487
commitments               588>779    1149>2694      557>683     1063>1078
performances              113>208    203>1498       152>334     397>431
graded_domains            2>4        1>10           3>5         6
joint_domains             1>2        0>6            1>3         4
repeat_targets            5          2              0           1>2
repeat_exited             0>2        0>2            0           1
agency_targets            1          0              0           0
agency_exited             0          0              0           0
contract_supervision      否         2021-03        否          否
innovations               0          0              0           0
# What inputs are computed from: records not reported yet and not compliant; award per graded
# domain; working days of each objection in the order of handling; all enterprise loans, the share
# of credit loans in them and of 信易贷 in those; credit loans to small enterprises in 2019 and
# their growth; unsecured loans against credit loans and their growth.
dual_backlog              11>0       9>0@2021-02    0           0
dual_faulty               6>0        5>0@2021-01    0           0
award                     0.9        1.5            1.1         1.3
days                      11,8,9,12,10 9,8,6,4,3,2,2 none       3,4,6,9,12
loans                     38700      74200          26500       23100
credit_share              0.238      0.308          0.291       0.279
xyd_share                 0.027      0.063          0.052       0.049
small                     5200       9400           3100        2900
small_growth              0.180      0.420          0.330       0.300
unsecured_share           0.45       0.99           0.95        0.97
unsecured_growth          0.210      0.330          0.270       0.250
"""
NEVER = (
    "rating_coercion rating_unreasonable_bar rating_obstruction "
    "regional_risk institution_risk_event"
)
DEFAULTS = "default_gov_bonds default_hidden_debt default_gov_debt default_soe_bonds"
NONE = f"{DEFAULTS} data_breaches_3y security_intrusions security_notices"
CITY_STORY = """
city_class prefecture            campaign_score 1.6>2.6           policy_score 3.0>4.5
remediation_score 1.5>2.5        civil_files 2020-10              civil_files_used 否
enterprise_platform 是           rural_system_province 是         mlps3_filed 是
mlps3_assessed 2020-10           notice_household 是              notice_market 是
notice_exam 2020-09              notice_insurance 2020-09         notice_relief 2020-12
notice_health 2021-01            notice_legal 2021-02             repair_sync 2020-11
fund_registration_score 0.3>0.8  xyd_platform_own 否              xyd_platform_upper 是
xyd_connected 2020-09            xyd_list_monthly 2020-12         leading_group 是
budget 2021-01                   work_plan 2020-08                law_local 否
law_upper 是
"""
# The city's own departments keep a hall and punish by measures; what else they have a part of is
# counted where it sits, so that the figures of the city are those of its units.
DEPARTMENTS = "市直"
DEPARTMENTS_STORY = """
halls_total 1                    halls_connected 1
measures_total 3                 measures_lawful 3
"""
# Before the first period, 2019-07 to 2020-05, and then one a period: mean 87.25, worst 109.
RANKS = [131, 127, 134, 122, 118, 125, 116, 119, 112, 108, 114]
RANKS += [109, 106, 101, 97, 94, 88, 91, 83, 79, 71, 66, 62]
INVENTED = "示例数据，纯属虚构"  # the mark by which every page made of a row says so
# Since when the city's own count of enterprises is how many above its counties' sum.
OWN_ENTERPRISES = ("2021-03", 26)
GAPS = {  # inputs that did not come in; None is a row that did not
    "工业园区 2020-11": None,
    "范县 2021-05": "objection_workdays institution_risk_event agri_reported campaign_score "
    "share_gas share_logistics",
    "工业园区 2021-05": "xyd_recommended xyd_funded",
    "台前县 2020-06": "agri_total banks_connected performances",
    "范县 2020-12": "households_reported questionnaires",
    "城乡一体化示范区 2020-09": "repeat_targets",
}
# How much of the evidence each has handed in, and of that how much sealed and dated as asked.
HANDED_IN = {
    CITY: (0.9, 0.95),
    "华龙区": (1.0, 1.0),
    "濮阳县": (0.6, 0.8),
    "清丰县": (0.95, 1.0),
    "南乐县": (0.8, 0.9),
    "范县": (0.7, 0.75),
    "台前县": (0.3, 0.6),
    "经济技术开发区": (0.9, 0.9),
    "工业园区": (0.5, 1.0),
    "城乡一体化示范区": (0.6, 0.7),
}
Columns = dict[str, list[Any]]


def path(
    key: str, start: float, end: float, decimals: int = 0, months: int = len(PERIODS)
) -> list[float]:
    """Twelve values from start to end, reached after ``months``: uneven but never turning back."""
    # A generator per series, so that another line of the story changes no other line's figures; and
    # plain uniform numbers alone, whose stream NumPy keeps from version to version.
    rng = np.random.default_rng([SEED, zlib.crc32(key.encode())])
    walk = np.concatenate([[0.0], np.cumsum(0.5 + rng.random(months - 1))])
    values = [round(float(value), decimals) for value in start + (end - start) * walk / walk[-1]]
    return values + values[-1:] * (len(PERIODS) - months)


def series(key: str, cell: str) -> list[Any]:
    """The twelve values of one cell of a story."""
    if ">" in cell:
        move, _, by = cell.partition("@")
        start, end = move.split(">")
        return path(
            key,
            float(start),
            float(end),
            1 if "." in move else 0,
            PERIODS.index(by or PERIODS[-1]) + 1,
        )
    if "-" in cell:
        return [period >= cell for period in PERIODS]
    return [{"是": True, "否": False}.get(cell, cell)] * len(PERIODS)


def told(county: str) -> dict[str, str]:
    """A county's cells of the story, by their lines' names."""
    story = STORY if county in STORY else STORY_OF_THE_OTHERS
    header, *lines = (line.split() for line in story.strip().splitlines() if line[0] != "#")
    return {line[0]: line[header.index(county)] for line in lines}


def county_columns(county: str) -> Columns:
    """Every input that a county types, month by month, beside what some are computed from."""
    columns = {name: series(f"{county} {name}", cell) for name, cell in told(county).items()}
    columns |= dict.fromkeys(NEVER.split(), [False] * len(PERIODS))
    columns |= dict.fromkeys(NONE.split(), [0] * len(PERIODS))
    days = [int(day) for day in columns["days"][0].split(",") if day != "none"]
    columns["objections_handled"] = path(f"{county} objections", min(1, len(days)), len(days))
    columns["objection_workdays"] = [sum(days[: int(n)]) for n in columns["objections_handled"]]
    due, backlog, faulty = (
        np.array(columns[name], float) for name in ("dual_due", "dual_backlog", "dual_faulty")
    )
    columns |= {
        name: list(due - backlog) for name in ("dual_reported", "dual_timely", "dual_published")
    }
    columns["dual_compliant"] = list(due - backlog - faulty)
    columns["graded_domain_score"] = [
        float(n) * float(columns["award"][0]) for n in columns["graded_domains"]
    ]
    return columns | loans(county, {name: values[0] for name, values in columns.items()})


def loans(county: str, facts: dict[str, Any]) -> Columns:
    """The year-end amounts; those of 2020 in the months that know them."""
    names = "loans credit_share xyd_share small small_growth unsecured_share unsecured_growth"
    total, share, xyd, small, growth, unsecured, unsecured_growth = (
        float(facts[name]) for name in names.split()
    )
    rng = np.random.default_rng([SEED, zlib.crc32(county.encode())])
    odd = 0.99 + 0.02 * rng.random(3)  # off the story's round figures
    credit = round(total * share)  # whole, so that two decimals can state 6% of it exactly
    small, unsecured = round(small * odd[0], 2), round(credit * unsecured * odd[1], 2)
    known = {"unsecured_loans_prev": unsecured / (1 + unsecured_growth), "small_loans_prev": small}
    later = {"unsecured_loans_curr": unsecured, "small_loans_curr": small * (1 + growth)}
    later |= {"loans_xyd": credit * xyd, "loans_credit": credit, "loans_enterprise": total * odd[2]}
    columns: Columns = {name: [value] * len(PERIODS) for name, value in known.items()}
    return columns | {
        n: [v if p >= YEAR_END_KNOWN else None for p in PERIODS] for n, v in later.items()
    }


def city_columns() -> Columns:
    """Every input that only the city can give."""
    words = CITY_STORY.split()
    columns = {
        name: series(f"{CITY} {name}", cell)
        for name, cell in zip(words[::2], words[1::2], strict=True)
    }
    last_twelve = [RANKS[n : n + 12] for n in range(len(PERIODS))]
    columns["monitor_rank_mean"] = [sum(ranks) / 12 for ranks in last_twelve]
    columns["monitor_rank_worst"] = [max(ranks) for ranks in last_twelve]
    return columns | {"monitor_bottom3_streak": [0] * len(PERIODS)}


def departments(book: cc.Rulebook, month: int) -> dict[str, Any]:
    """What the city's own departments report in a month: all that they have a part of, mostly 0."""
    words = DEPARTMENTS_STORY.split()
    told = dict(zip(words[::2], words[1::2], strict=True))
    row: dict[str, Any] = {name: 0 for name, i in book.inputs.items() if i.direct}
    return row | {name: series(f"{DEPARTMENTS} {name}", cell)[month] for name, cell in told.items()}


def cut_to_wholes(row: dict[str, Any], book: cc.Rulebook) -> None:
    """Cut every part to its whole, which two uneven paths may cross between the first month and the
    last.
    """
    for name, kind in book.inputs.items():
        if row.get(name) is not None and row.get(kind.part_of) is not None:
            row[name] = min(float(row[name]), float(row[kind.part_of]) * kind.times)


def rows(book: cc.Rulebook) -> Iterator[dict[str, Any]]:
    """All rows, a period's counties and departments before its city."""
    counties, city = {county: county_columns(county) for county in COUNTIES}, city_columns()
    if forgotten := book.inputs.keys() - city.keys() - counties[COUNTIES[0]].keys():
        sys.exit(f"The story forgets these inputs of the rulebook: {', '.join(sorted(forgotten))}")
    for n, period in enumerate(PERIODS):
        for county, columns in counties.items():
            row = {name: values[n] for name, values in columns.items()}
            cut_to_wholes(row, book)
            gap = GAPS.get(f"{county} {period}", "")
            if gap is not None:
                yield (
                    row
                    | dict.fromkeys(gap.split())
                    | {"jurisdiction": county, "period": period, "level": "county"}
                )
        yield departments(book, n) | {
            "jurisdiction": DEPARTMENTS,
            "period": period,
            "level": "direct",
        }
        own = {name: values[n] for name, values in city.items()}
        if period >= OWN_ENTERPRISES[0]:
            own["enterprises"] = (
                sum(columns["enterprises"][n] for columns in counties.values()) + OWN_ENTERPRISES[1]
            )
        yield own | {"jurisdiction": CITY, "period": period, "level": "city"}


def typed(value: Any, kind: str, classes: Mapping[str, str]) -> str:
    """A value as a clerk types it: 是 or 否, a class by its label, whole counts, amounts with two
    decimals.
    """
    if value is None or kind == "flag":
        return {None: "", True: "是", False: "否"}[value]
    return (
        classes[value]
        if kind == "class"
        else f"{float(value):.{DECIMALS.get(kind, 0)}f}".removesuffix(".00")
    )


def evidence() -> str:
    """The content of evidence.csv: a line per material that somebody owes, handed in or not."""
    book, out = cc.load_rulebook(), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["县区", "编号", "佐证材料", "已交", "已盖章", "材料日期", "报送单位", "备注"])
    for name, (handed_in, in_order) in HANDED_IN.items():
        for rule, number, material in asked(book, "city" if name == CITY else "county"):
            if material.text == book.unstated:
                continue
            rng = np.random.default_rng([SEED, zlib.crc32(f"{name} {rule.id} {number}".encode())])
            handed, good, day = (
                rng.random() < handed_in,
                rng.random() < in_order,
                1 + int(28 * rng.random()),
            )
            dated = f"{(rule.window.get('to') or '2021-05')[:7]}-{day:02}" if good else "2017-11-06"
            unit = (rule.lead or rule.units)[0] if name == CITY else f"{name}人民政府（管委会）"
            said = [
                typed(handed, "flag", {}),
                typed(good, "flag", {}) if handed and material.sealed else "",
                dated if handed else "",
            ]
            writer.writerow([name, rule.id, material.text, *said, unit if handed else "", INVENTED])
    return out.getvalue()


def indicators() -> str:
    """The content of indicators.csv."""
    book, out = cc.load_rulebook(), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["jurisdiction", "period", "level", "city", "remark", *book.inputs])
    for row in rows(book):
        inputs = [typed(row.get(i.name), i.type, i.classes) for i in book.inputs.values()]
        writer.writerow([row["jurisdiction"], row["period"], row["level"], CITY, INVENTED, *inputs])
    return out.getvalue()


def main() -> None:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description="Write the invented sample data.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where a file differs"
    )
    check = parser.parse_args().check
    for path, content in (
        (TARGET / "indicators.csv", indicators()),
        (TARGET / "evidence.csv", evidence()),
    ):
        if not check:
            # The byte order mark tells Excel that this is UTF-8.
            path.write_text(content, encoding="utf-8-sig", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8-sig") != content:
            sys.exit(f"{path} differs from what {Path(__file__).name} writes")


if __name__ == "__main__":
    main()
