"""What each ledger's cases add to which input, and what is wrong with a case.

A count takes sound cases and returns for each input what every case adds to it: 0 where it adds
nothing, no number where the ledger leaves it open, which leaves the jurisdiction's input open too.
It may write a ``note`` beside a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from creditcalc.case_lists import codes
from creditcalc.case_lists.workdays import KNOWN, unknown, workdays
from creditcalc.intake.faults import CellFault
from creditcalc.intake.grid import plain
from creditcalc.problems import Problem, RulebookError
from creditcalc.rules.rulebook import Rulebook

REPAIR_DAYS = 3  # 评分指标 五·（二）双公示 3
MONTHS = 12  # of ranks, 基础指标 7
BOTTOM = 3
CASE_TYPES = {"分级分类监管": "graded_domains", "联合奖惩": "joint_domains"}
# a list's inputs, and the rule that may say by which day the treatment has to be closed
TREATED = {
    "gov_defaulters": ("gov_defaulters", "gov_defaulters_rectified", "B03"),
    "inst_defaulters": ("inst_defaulters", "inst_defaulters_rectified", "S3.1"),
    "repeat": ("repeat_targets", "repeat_exited", "S7.4a"),
    "agency": ("agency_targets", "agency_exited", "S7.4b"),
}
BEFORE = {  # what cannot be earlier than what
    "objections": ("closed", "received", "办结早于受理"),
    "repairs": ("closed", "received", "办结早于受理"),
    "dual": ("reported", "decided", "上报早于决定"),
    "recommended": ("funded", "date", "获贷早于推荐"),
    "commitments": ("performed", "date", "履约早于承诺"),
    **dict.fromkeys(TREATED, ("exited", "date", "退出早于列入")),
}
BY_WORKDAYS = {
    "objections": ("received", "closed"),
    "repairs": ("received", "closed"),
    "dual": ("decided", "reported"),
}


class Asked(NamedTuple):
    """Which month the inputs are for, up to which moment cases count, and by which rules."""

    period: str
    until: pd.Timestamp
    book: Rulebook
    report_days: int

    @property
    def recent(self) -> pd.DatetimeIndex:
        """The last days of the twelve months that end with the period."""
        return pd.date_range(
            end=pd.Timestamp(self.period) + pd.offsets.MonthEnd(0), periods=MONTHS, freq="ME"
        )

    def year_end(self, rule: str, end: str) -> pd.Timestamp:
        """A year-end of a rule's evidence window; RulebookError where the rulebook is silent."""
        window = self.book.rules[rule].window if rule in self.book.rules else {}
        if end not in window:
            cure = f"在规则 {rule} 的 window 中写明 {end}，或移走贷款台账"
            raise RulebookError(
                [Problem("规则没有写明贷款余额是哪一年末的", rule, cure, file=str(self.book.path))]
            )
        return pd.Timestamp(window[end])


Adds = dict[str, pd.Series]
YEAR_ENDS = {  # whose evidence window says at which year-ends an amount is taken
    ("unsecured", "B06", "from"): "unsecured_loans_prev",
    ("unsecured", "B06", "to"): "unsecured_loans_curr",
    ("small", "S6.1.2", "from"): "small_loans_prev",
    ("small", "S6.1.2", "to"): "small_loans_curr",
    **{(name, "S6.1.2", "to"): f"loans_{name}" for name in ("xyd", "credit", "enterprise")},
}


class Doubt(NamedTuple):
    """What is wrong with, or odd about, which cases."""

    column: str
    cases: pd.Series
    fault: CellFault
    severity: str = "error"


def doubts(kind: str, lines: pd.DataFrame, asked: Asked) -> Iterator[Doubt]:
    """What is wrong with a ledger's cases."""
    later, earlier, what = BEFORE.get(kind, ("", "", ""))
    if later in lines:
        yield Doubt(later, lines[later] < lines[earlier], CellFault(what, "核对这两个日期"))
    for name in BY_WORKDAYS.get(kind, ()):
        yield Doubt(name, unknown(lines[name]), CellFault("不在工作日历的年份里", KNOWN))
    if {"published", "upheld"} <= {*lines}:
        unpublished = lines["upheld"].notna() & ~(lines["published"] <= lines["upheld"])
        yield Doubt(
            "upheld", unpublished, CellFault("有效异议没有公示在先", "核对公示日期和认定日期")
        )
    if kind == "loans":
        ends = {asked.year_end(rule, end) for _, rule, end in YEAR_ENDS}
        other = lines["month"].notna() & ~lines["month"].isin(ends)
        yield Doubt("month", other, CellFault("不是规则比较的年末，没有用到", "核对期间"), "notice")
    if kind == "codes":
        again = CellFault(
            "同一代码、同一主体别的县区也有一行，全市合计时计了两次", "核对这个主体归哪个县区"
        )
        yield Doubt("code", _listed_before(lines), again, "notice")
    if kind == "cases":
        early = (
            lines["taken"] < lines["date"] if "taken" in lines else pd.Series(False, lines.index)
        )
        yield Doubt("taken", early, CellFault("实施早于文件印发", "核对这两个日期"), "notice")
        unknown_type = lines["type"].notna() & ~lines["type"].isin([*CASE_TYPES])
        yield Doubt(
            "type", unknown_type, CellFault("没有这个类型", f"可选：{'、'.join(CASE_TYPES)}")
        )
    if kind == "ranks":
        months = lines[lines["month"].isin(asked.recent)].groupby("jurisdiction")["month"].nunique()
        short = lines["jurisdiction"].map(months).fillna(0) < MONTHS
        what = f"到 {asked.period} 为止的 {MONTHS} 个月没有记全，名次算不出"
        yield Doubt(
            "month", short & ~lines["jurisdiction"].duplicated(), CellFault(what, "补上缺的月份")
        )


def _by(dates: pd.Series, day: pd.Timestamp) -> pd.Series:
    """1 for what had happened by a day."""
    return (dates <= day).astype(float)


def _one_each(lines: pd.DataFrame) -> pd.Series:
    """1 for every case."""
    return pd.Series(1.0, lines.index)


def _codes(lines: pd.DataFrame, _: Asked) -> Adds:
    """A wrong code is one error; a right one on n subjects, wherever they are, is n − 1: all but
    the first.

    A subject that several counties list is one subject; a code without a subject is taken for
    another subject's.
    """
    wrong = codes.faults(lines["code"].to_numpy(object))
    repeated = (wrong == 0) & lines["code"].duplicated() & ~_listed_before(lines)
    lines["note"] = np.array([*codes.FAULTS, "与前面的主体重码"], object)[
        np.where(repeated, len(codes.FAULTS), wrong)
    ]
    return {"uscc_total": _one_each(lines), "uscc_errors": ((wrong > 0) | repeated).astype(float)}


def _listed_before(lines: pd.DataFrame) -> pd.Series:
    """Whether a code and its subject stand in a line above."""
    if "subject" not in lines or lines["code"].is_unique:
        return pd.Series(False, lines.index)
    return lines["subject"].notna() & lines[["code", "subject"]].duplicated()


def _objections(lines: pd.DataFrame, asked: Asked) -> Adds:
    """What is handled, and in how many working days."""
    handled = _by(lines["closed"], asked.until)
    days = workdays(lines["received"], lines["closed"]).where(handled > 0, 0.0)
    lines["note"] = ("用 " + _days(days)).where(handled > 0, "未办结")
    return {"objections_handled": handled, "objection_workdays": days}


def _days(days: pd.Series) -> pd.Series:
    """Working days in words."""
    return days.astype(int).astype(str) + " 个工作日"


def _repairs(lines: pd.DataFrame, asked: Asked) -> Adds:
    """What is still open is overdue as soon as its days have run out."""
    closed = _by(lines["closed"], asked.until)
    days = workdays(lines["received"], lines["closed"].where(closed > 0, asked.until))
    lines["note"] = np.where(closed > 0, "用 ", "未办结，已 ") + _days(days)
    adds = {"repairs_overdue": (days > REPAIR_DAYS).astype(float)}
    if "compliant" in lines:
        adds["repairs_noncompliant"] = (1 - lines["compliant"]).where(closed > 0, 0.0)
    return adds


def _dual(lines: pd.DataFrame, asked: Asked) -> Adds:
    """A record is due when it has been reported or its days to report have passed."""
    reported = _by(lines["reported"], asked.until)
    days = workdays(lines["decided"], lines["reported"].where(reported > 0, asked.until))
    lines["note"] = np.where(reported > 0, "上报用 ", "未上报，已 ") + _days(days)
    adds = {
        "dual_due": ((reported > 0) | (days > asked.report_days)).astype(float),
        "dual_reported": reported,
        "dual_compliant": lines["compliant"].where(reported > 0, 0.0),
        "dual_timely": reported * (days <= asked.report_days),
    }
    dates = {"dual_published": "published", "dual_valid_objections": "upheld"}
    return adds | {
        name: _by(lines[date], asked.until) for name, date in dates.items() if date in lines
    }


def _loans(lines: pd.DataFrame, asked: Asked) -> Adds:
    """Amounts at the year-ends that the rules compare; a bank's blank leaves the sum open."""
    return {
        target: lines.loc[lines["month"] == asked.year_end(rule, end), column]
        for (column, rule, end), target in YEAR_ENDS.items()
        if column in lines
    }


def _recommended(lines: pd.DataFrame, asked: Asked) -> Adds:
    """An enterprise counts once, however often it was recommended or funded."""
    who = lines[["jurisdiction", "subject"]]
    funded = ~who[lines["funded"] <= asked.until].duplicated()
    return {
        "xyd_recommended": (~who.duplicated()).astype(float),
        "xyd_funded": funded.reindex(lines.index, fill_value=False).astype(float),
    }


def _checks(lines: pd.DataFrame, _: Asked) -> Adds:
    """Consecutive failed checks of a site are one outage."""
    site = [lines[name].fillna("") for name in ("jurisdiction", "site") if name in lines]
    failed = lines.sort_values("date", kind="stable")["reachable"] == 0
    before = failed.groupby(site).shift(fill_value=False)
    return {"site_outages": (failed & ~before).astype(float).reindex(lines.index)}


def _ranks(lines: pd.DataFrame, asked: Asked) -> Adds:
    """Mean and worst of the twelve months, and the longest run in the bottom three."""
    lines = lines[lines["month"].isin(asked.recent)].sort_values("month")
    adds = {"monitor_rank_mean": lines["rank"], "monitor_rank_worst": lines["rank"]}
    if "cities" not in lines:
        return adds
    who, low = lines["jurisdiction"], lines["rank"] > lines["cities"] - BOTTOM
    run = (~low).groupby(who).cumsum()  # a month above the bottom begins a new one
    length = low.groupby([who, run]).transform("sum")
    first = run.where(length == length.groupby(who).transform("max")).groupby(who).transform("min")
    return adds | {
        "monitor_bottom3_streak": (low & (run == first))
        .astype(float)
        .where(lines["cities"].notna())
    }


def _commitments(lines: pd.DataFrame, asked: Asked) -> Adds:
    """Commitments, and those that are kept."""
    performed = (
        {"performances": _by(lines["performed"], asked.until)} if "performed" in lines else {}
    )
    return {"commitments": _one_each(lines), **performed}


def _treated(targets: str, exited: str, rule: str) -> Callable[[pd.DataFrame, Asked], Adds]:
    """The count of a list of those to be put right."""

    def count(lines: pd.DataFrame, asked: Asked) -> Adds:
        day = asked.book.rules[rule].closed_by
        last = min(asked.until, pd.Timestamp(f"{day} 23:59:59")) if day else asked.until
        done = _by(lines["exited"], last)
        lines["note"] = np.where(done > 0, "已退出", f"到 {last:%Y-%m-%d} 未退出")
        return {targets: _one_each(lines), exited: done}

    return count


def _closed_up(text: str) -> str:
    """A name without the blanks that one clerk types and another does not."""
    return "".join(plain(text).split())


def _cases(lines: pd.DataFrame, _: Asked) -> Adds:
    """A domain counts once for each jurisdiction."""
    domains = lines[["jurisdiction", "type"]].assign(domain=lines["domain"].map(_closed_up))
    new = ~domains.duplicated()
    return {
        name: (new & (domains["type"] == title)).astype(float) for title, name in CASE_TYPES.items()
    }


COUNT_OF_KIND: dict[str, Callable[[pd.DataFrame, Asked], Adds]] = {
    "codes": _codes,
    "objections": _objections,
    "repairs": _repairs,
    "dual": _dual,
    "loans": _loans,
    "recommended": _recommended,
    "checks": _checks,
    "ranks": _ranks,
    "commitments": _commitments,
    "questionnaires": lambda lines, _: {"questionnaires": lines["valid"]},
    **{name: _treated(*inputs) for name, inputs in TREATED.items()},
    "cases": _cases,
}
