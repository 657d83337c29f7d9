"""Writes data/sample/ledgers/: invented case ledgers of three units and their city, whose counts
are the sample's inputs.

Every case is made up (示例数据，纯属虚构). `python data/make_ledgers.py` rewrites the folder from
indicators.csv, with `--check` it only compares and exits 1 where a table differs (tables, not
bytes: a Parquet file names its writer).
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from make_sample import CITY, COUNTIES, INVENTED, RANKS, SEED

import creditcalc as cc
from creditcalc.case_lists.codes import ALPHABET, checks, inner_checks
from creditcalc.case_lists.workdays import workdays

SAMPLE = Path(__file__).parent / "sample"
TARGET = SAMPLE / "ledgers"
UNITS = {"南乐县": "410923", "范县": "410926", "工业园区": "410971"}
PERIOD, END = "2021-05", pd.Timestamp("2021-05-31")
OBJECTIONS = {"南乐县": [6, 6, 5, 4, 4]}  # working days of each
BANKS = ["甲银行", "乙银行", "丙银行"]
DOMAINS = "市场监管 生态环境 交通运输 卫生健康 应急管理 住房城建 教育体育 水利"
OFFERS = "招标投标 政府采购 融资授信 评先评优 土地出让"
LARGE = ("codes", "commitments", "dual")  # these are written as Parquet


class Unit:
    """A unit's inputs in the sample, and the dice for what they do not say."""

    def __init__(self, name: str, inputs: pd.Series) -> None:
        self.name, self.inputs = name, inputs
        self.dice = np.random.default_rng([SEED, zlib.crc32(name.encode())])

    def __getitem__(self, name: str) -> int:
        """An input that the sample knows, as a whole number."""
        return int(self.inputs[name])

    def pick(self, n: int, many: int) -> np.ndarray:
        """Numbers below ``many``; plain uniform numbers, whose stream NumPy keeps from version to
        version.
        """
        return np.floor(self.dice.random(n) * many).astype(int)

    def days(self, n: int, start: str, latest: int = 40) -> pd.Series:
        """Working days from a date to some weeks before the period's end, in order."""
        days = pd.date_range(start, END - pd.Timedelta(days=latest))
        working = days[
            workdays(pd.Series(days - pd.Timedelta(days=1)), pd.Series(days)).to_numpy() > 0
        ]
        return pd.Series(working[np.sort(self.pick(n, len(working)))])


def after(dates: pd.Series, number: np.ndarray | list[int]) -> pd.Series:
    """The days that many working days later."""
    days = pd.Series(pd.date_range("2018-01-01", "2021-12-31"))
    worked = workdays(pd.Series(days.iloc[0], days.index), days).to_numpy()
    at = np.searchsorted(worked, worked[(dates - days.iloc[0]).dt.days] + np.asarray(number))
    return pd.Series(days.to_numpy()[at], dates.index)


def first(column: pd.Series, n: int) -> pd.Series:
    """The first n values; the others blank."""
    return column.where(column.index < n)


def codes(unit: Unit) -> dict[str, object]:
    """Codes of enterprises and households: in 南乐县 one with a wrong check character, in 范县 one
    that two subjects bear.
    """
    n = unit["uscc_total"]
    points = np.array([ALPHABET]).view(np.uint32)
    grid = np.zeros((n, 18), np.uint32)
    heads = (
        np.array([f"9{category}{UNITS[unit.name]}" for category in "12"])
        .view(np.uint32)
        .reshape(2, 8)
    )
    grid[:, :8] = heads[unit.pick(n, 2)]
    grid[:, 8:10] = np.array(["MA"]).view(np.uint32)
    grid[:, 10:16] = points[
        np.arange(n)[:, None] // 31 ** np.arange(6)[::-1] % 31
    ]  # numbered through, so each its own
    grid[:, 16] = inner_checks(grid[:, 8:16])
    grid[:, 17] = checks(grid[:, :17])
    if unit.name == "南乐县":
        grid[77, 17] = ord("0") if grid[77, 17] != ord("0") else ord("1")
    if unit.name == "范县":
        grid[88] = grid[33]
    return {
        "统一社会信用代码": grid.view("U18").ravel(),
        "主体": [f"虚构主体{k + 1:05}" for k in range(n)],
    }


def objections(unit: Unit) -> dict[str, object] | None:
    """Nothing of 范县, whose days have not come in; nothing to report in 工业园区."""
    if np.isnan(unit.inputs["objection_workdays"]):
        return None
    days = OBJECTIONS.get(unit.name, [])
    received = unit.days(len(days), "2020-06-01")
    return {
        "异议事项": [f"虚构异议{k + 1}" for k in range(len(days))],
        "受理日期": received,
        "办结日期": after(received, days),
    }


def repairs(unit: Unit) -> dict[str, object]:
    """Repairs, all closed within three working days."""
    received = unit.days(3 + len(unit.name), "2020-06-01")
    closed = after(received, unit.pick(len(received), 4))
    names = [f"虚构修复{k + 1}" for k in received.index]
    return {"修复事项": names, "受理日期": received, "办结日期": closed, "是否合规": "是"}


def dual(unit: Unit) -> dict[str, object]:
    """Records, each reported and published within seven working days."""
    n = unit["dual_due"]
    decided = unit.days(n, "2020-06-01")
    reported = after(decided, unit.pick(n, 8))
    numbers = [f"虚构{unit.name}决字〔{day.year}〕{k + 1}号" for k, day in enumerate(decided)]
    dates = {
        "上报日期": reported,
        "是否合规": "是",
        "公示日期": reported,
        "有效异议认定日期": pd.Series(pd.NaT, decided.index),
    }
    return {"决定文书号": numbers, "决定日期": decided, **dates}


def loans(unit: Unit) -> dict[str, object]:
    """Three banks at two year-ends, to the cent."""
    amounts = {
        "无抵押无担保贷款余额": ("unsecured_loans_prev", "unsecured_loans_curr"),
        "小微企业信用贷款余额": ("small_loans_prev", "small_loans_curr"),
        "信易贷贷款规模": ("", "loans_xyd"),
        "企业信用贷款规模": ("", "loans_credit"),
        "全部企业贷款规模": ("", "loans_enterprise"),
    }
    columns: dict[str, object] = {"银行": BANKS * 2, "期间": ["2019-12"] * 3 + ["2020-12"] * 3}
    return columns | {
        label: [x for name in names for x in shared(unit, name)] for label, names in amounts.items()
    }


def shared(unit: Unit, name: str) -> list[float | None]:
    """An amount as three banks' parts."""
    if not name:
        return [None] * 3
    cents = round(unit.inputs[name] * 100)
    parts = [cents // 2, cents // 3]
    return [part / 100 for part in (*parts, cents - sum(parts))]


def recommended(unit: Unit) -> dict[str, object] | None:
    """Lists of enterprises, the first of them funded; nothing of 工业园区, whose lists have not
    come in.
    """
    if np.isnan(unit.inputs["xyd_recommended"]):
        return None
    listed = unit.days(unit["xyd_recommended"], "2020-12-01")
    funded = first(listed + pd.Timedelta(days=20), unit["xyd_funded"])
    return {
        "企业": [f"虚构企业{k + 1:03}" for k in listed.index],
        "推荐日期": listed,
        "获贷日期": funded,
    }


def checked(unit: Unit) -> dict[str, object]:
    """A check a week, none failed."""
    times = pd.Series(pd.date_range("2020-06-01 09:00", END, freq="7D"))
    return {"网站": "虚构门户网站", "监测时间": times, "能否访问": "是"}


def commitments(unit: Unit) -> dict[str, object]:
    """Commitments, the first of them kept."""
    made = unit.days(unit["commitments"], "2020-01-02")
    kept = first(made + pd.Timedelta(days=30), unit["performances"])
    who = [f"虚构企业{k:04}" for k in unit.pick(len(made), unit["enterprises"])]
    numbers = [f"虚构承诺{k + 1}" for k in made.index]
    return {"承诺编号": numbers, "企业": who, "承诺日期": made, "履约日期": kept}


def questionnaires(unit: Unit) -> dict[str, object]:
    """Valid ones, and two that are not."""
    n = unit["questionnaires"]
    return {"回收日期": unit.days(n + 2, "2021-01-04"), "是否有效": ["是"] * n + ["否"] * 2}


def treated(unit: Unit, targets: str, exited: str) -> dict[str, object]:
    """A list, the first of it left."""
    listed = unit.days(unit[targets], "2020-06-01")
    left = first(listed + pd.Timedelta(days=30), unit[exited])
    return {
        "对象": [f"虚构对象{k + 1}" for k in listed.index],
        "列入日期": listed,
        "退出日期": left,
    }


def cases(unit: Unit) -> dict[str, object]:
    """One line for each domain."""
    graded, joint = (
        DOMAINS.split()[: unit["graded_domains"]],
        OFFERS.split()[: unit["joint_domains"]],
    )
    domains = graded + joint
    issued = unit.days(len(domains), "2020-06-01")
    return {
        "类型": ["分级分类监管"] * len(graded) + ["联合奖惩"] * len(joint),
        "领域": domains,
        "发布单位": [f"{unit.name}{domain}主管部门（虚构）" for domain in domains],
        "文件": [f"{domain}领域信用管理办法（虚构）" for domain in domains],
        "印发日期": issued,
        "实施日期": issued + pd.Timedelta(days=20),
        "对象": [f"虚构企业{k + 1:04}" for k in range(len(domains))],
        "措施": ["降低抽查频次"] * len(graded) + ["优先办理"] * len(joint),
        "效果": "办理时间缩短三分之一",
    }


MADE = {
    **{
        "codes": codes,
        "objections": objections,
        "repairs": repairs,
        "dual": dual,
        "loans": loans,
        "recommended": recommended,
    },
    **{"checks": checked, "commitments": commitments, "questionnaires": questionnaires},
    "gov_defaulters": lambda unit: treated(unit, "gov_defaulters", "gov_defaulters_rectified"),
    "inst_defaulters": lambda unit: treated(unit, "inst_defaulters", "inst_defaulters_rectified"),
    "repeat": lambda unit: treated(unit, "repeat_targets", "repeat_exited"),
    "agency": lambda unit: treated(unit, "agency_targets", "agency_exited"),
    "cases": cases,
}


def tables() -> Iterator[tuple[str, pd.DataFrame]]:
    """Every file's name and content; a unit with nothing to report has a line of its own."""
    sample = (
        cc.read_inputs(SAMPLE / "indicators.csv")
        .query("period == @PERIOD")
        .set_index("jurisdiction")
    )
    units = [Unit(name, sample.loc[name]) for name in UNITS]
    for name, make in MADE.items():
        parts = []
        for unit in units:
            columns = make(unit)
            if columns is not None:
                part = pd.DataFrame(columns)
                part = part if len(part) else part.reindex([0])
                part.insert(0, "县区", unit.name)
                parts.append(part)
        yield f"{name}.{'parquet' if name in LARGE else 'csv'}", pd.concat(parts, ignore_index=True)
    months = pd.period_range(end=PERIOD, periods=12, freq="M").astype(str)
    yield (
        "ranks.csv",
        pd.DataFrame({"城市": CITY, "月份": months, "名次": RANKS[-12:], "参评城市数": 261}),
    )
    places = [(name, "县区", CITY) for name in COUNTIES] + [(CITY, "市", CITY)]
    yield "jurisdictions.csv", pd.DataFrame(places, columns=["县区", "级别", "所属市"])


def written(table: pd.DataFrame) -> pd.DataFrame:
    """A table as a clerk types it, marked as invented."""
    times = table.select_dtypes("datetime")
    dates = {
        name: times[name].dt.strftime("%Y-%m-%d %H:%M" if name == "监测时间" else "%Y-%m-%d")
        for name in times
    }
    return table.assign(**dates, 备注=INVENTED)


def read(path: Path) -> pd.DataFrame:
    """A file as text, whatever its format."""
    table = (
        pd.read_parquet(path)
        if path.suffix == ".parquet"
        else pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    )
    return table.astype("str").fillna("")


def write(path: Path, table: pd.DataFrame) -> None:
    """Write a table in the format that its name says."""
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False, compression="zstd")
    else:
        table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def main() -> None:
    """Write the folder, or compare it."""
    parser = argparse.ArgumentParser(description="Write the invented sample ledgers.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where a table differs"
    )
    check = parser.parse_args().check
    TARGET.mkdir(exist_ok=True)
    made = {name: written(table) for name, table in tables()}
    for name, table in made.items():
        if not check:
            write(TARGET / name, table)
        elif not (TARGET / name).exists() or not read(TARGET / name).equals(
            table.astype("str").fillna("")
        ):
            sys.exit(f"{TARGET / name} differs from what {Path(__file__).name} writes")
    if surplus := {path.name for path in TARGET.iterdir()} - made.keys() - {"README.md"}:
        strange = ", ".join(sorted(surplus))
        sys.exit(f"{TARGET} holds what {Path(__file__).name} does not write: {strange}")


if __name__ == "__main__":
    main()
