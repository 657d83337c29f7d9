"""Reads a folder of ledgers into a row of inputs per jurisdiction, with the cases behind each
number.

A jurisdiction that a ledger does not name has no number from it. One that it names with no case has
0: a line that holds the jurisdiction and nothing else says so. One that has a bad case there has no
number from that ledger until the case is put right: a count without it would pass for whole. For
the same reason a file that cannot be read leaves its ledger open everywhere, and so does a table
that does not say whose its lines are. Every line is counted, comes later, repeats another or is
bad; ``counts`` adds them up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from creditcalc.case_lists.cases import statements
from creditcalc.case_lists.counts import Asked
from creditcalc.case_lists.folder import read_folder
from creditcalc.case_lists.judging import Places, judge, settle_list, settle_places, sound_cases
from creditcalc.case_lists.kinds import JURISDICTIONS, kind_of, kinds, kinds_of_file
from creditcalc.case_lists.spans import Span, find_far, last_month, usual_span
from creditcalc.case_lists.tallying import (
    CASES,
    COUNTED,
    LATER,
    REPEATED,
    Tally,
    count_cases,
    stacked,
)
from creditcalc.intake.dates import YEAR_MONTH
from creditcalc.intake.typed_lines import Lines, joined, read_lines
from creditcalc.problems import InputError, Problem
from creditcalc.rules.load import load_rulebook
from creditcalc.rules.rulebook import Rulebook

NO_LINES = "没有案例的县区也写一行，只填县区"


@dataclass(frozen=True)
class Ledgers:
    """Inputs of one period as a table like that of ``read_inputs``, and what they come from.

    ``cases`` is long: for each jurisdiction and input the cases that add to it, with what each
    adds; a case without a value leaves the input open. ``later`` lists cases after the day asked
    for, ``repeated`` lines of which another is the same case, ``counts`` how many there are of
    each, ``statements`` the register's texts. ``problems`` are bad cases (errors) and what only
    needs a look (notices).
    """

    period: str
    as_of: str
    table: pd.DataFrame
    cases: pd.DataFrame
    later: pd.DataFrame
    repeated: pd.DataFrame
    counts: pd.DataFrame
    statements: pd.DataFrame
    problems: list[Problem]

    @property
    def errors(self) -> list[Problem]:
        """Bad cases, and files that could not be used."""
        return [problem for problem in self.problems if problem.severity == "error"]


def read_ledgers(
    folder: str | Path,
    *,
    period: str = "",
    as_of: str = "",
    jurisdictions: Iterable[str] = (),
    report_days: int = 7,
    book: Rulebook | None = None,
) -> Ledgers:
    """The inputs that the ledgers of a folder (and the folders in it) give for a period.

    The period is by default the last month of their cases that is not far from the others. Cases
    count as they were on ``as_of``, the period's last day by default. InputError where there is no
    ledger to count.
    """
    ledgers, problems = _read(Path(folder))
    lost = _lost(ledgers, problems)
    problems += lost.values()
    problems += [problem for lines in ledgers.values() for problem in lines.problems]
    listed = ledgers.pop(JURISDICTIONS, None)
    if listed:
        problems += settle_list(listed)
    places = settle_places(listed, ledgers, jurisdictions)
    if not ledgers:
        raise InputError(problems or [Problem("没有可以读的台账", file=str(folder))])
    span = usual_span(ledgers)
    if not (span or period or as_of):
        errors = [problem for problem in problems if problem.severity == "error"]
        raise InputError(
            [*errors, Problem("台账里没有日期，不知道是哪个期间", cure="写明期间，如 2021-05")]
        )
    asked, notices = _asked(ledgers, span, period, as_of, report_days, book or load_rulebook())
    problems += notices
    tally = Tally()
    for name, lines in ledgers.items():
        known = len(lines.problems)
        if span:
            find_far(kinds()[name], lines, span, asked.until)
        judge(kinds()[name], lines, places, asked)
        count_cases(kinds()[name], lines, places, asked, tally, lost=name in lost)
        problems += lines.problems[known:]
    register = (
        sound_cases(ledgers["cases"], kinds()["cases"], asked)
        if "cases" in ledgers
        else pd.DataFrame()
    )
    return Ledgers(
        asked.period,
        f"{asked.until:%Y-%m-%d}",
        _table(ledgers, places, asked, tally),
        stacked(tally.cases, CASES),
        stacked(tally.later, LATER),
        stacked(tally.repeated, REPEATED),
        stacked(tally.counts, COUNTED),
        statements(register),
        problems,
    )


def _read(folder: Path) -> tuple[dict[str, Lines], list[Problem]]:
    """The lines of every ledger with their own problems, and those of files and folders."""
    grids, problems = read_folder(folder)
    parts: dict[str, list[Lines]] = defaultdict(list)
    for grid in grids:
        try:
            kind = kind_of(grid)
        except InputError as error:
            problems += error.problems
            continue
        if kind is None:
            what, cure = "工作表名里有“说明”，没有读", "里面有案例就改工作表的名称"
            problems.append(grid.problem(what, cure=cure, severity="notice"))
            continue
        parts[kind.name].append(lines := read_lines(grid, kind.columns))
        if lines.frame.empty:
            what = "只有表头，没有一行"
            problems.append(grid.problem(what, cure=NO_LINES, severity="notice"))
    return {name: joined(parts[name]) for name in kinds() if name in parts}, problems


def _lost(ledgers: Mapping[str, Lines], problems: Iterable[Problem]) -> dict[str, Problem]:
    """A notice for each ledger of which a file is lost (of all, where the file's name does not say
    which), or a table that may be any jurisdiction's.
    """
    files = {problem.file for problem in problems if problem.severity == "error"}
    named = [[kind.name for kind in kinds_of_file(file)] or [*kinds()] for file in files]
    found: dict[str, Problem] = {}
    for name, lines in ledgers.items():
        if any(name in names for names in named):
            what, cure = "台账有文件没有读成", "改好那个文件，再统计一次"
        elif _is_anybodys(lines):
            what, cure = "台账有的表看不出是哪个县区的", "改好那张表的“县区”列，再统计一次"
        else:
            continue
        what = f"{kinds()[name].title}{what}，由它统计的数各县区都留空"
        found[name] = Problem(what, cure=cure, severity="notice")
    return found


def _is_anybodys(lines: Lines) -> bool:
    """Whether there is a table of which no line can be used and none says whose it is."""
    known = ~lines.bad | lines.frame["jurisdiction"].notna()
    return not known.groupby([lines.frame["file"], lines.frame["sheet"]]).any().all()


def _asked(
    ledgers: dict[str, Lines],
    span: Span | None,
    period: str,
    as_of: str,
    report_days: int,
    book: Rulebook,
) -> tuple[Asked, list[Problem]]:
    """What is asked for, as far as it is said, else by the last case; notices of what is odd about
    it.
    """
    if period and not YEAR_MONTH.fullmatch(period):
        raise InputError([Problem("期间不是 YYYY-MM", period, "写成 2021-05")])
    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError:
        raise InputError([Problem("不是日期", as_of, "写成 2021-05-31")]) from None
    notices: list[Problem] = []
    if not period and day:
        period = f"{day:%Y-%m}"
    elif not period and span:
        period, notices = last_month(ledgers, span)
    end = pd.Timestamp(day) if day else pd.Timestamp(period) + pd.offsets.MonthEnd(0)
    until = end + pd.Timedelta(days=1, microseconds=-1)
    return Asked(period, until, book, report_days), notices


def _table(ledgers: dict[str, Lines], places: Places, asked: Asked, tally: Tally) -> pd.DataFrame:
    """A row for each jurisdiction that some ledger names, in the form of ``read_inputs``."""
    inputs = pd.DataFrame(
        {name: tally.values[name] for name in asked.book.inputs if name in tally.values},
        dtype=float,
    )
    order = [name for name in places.city_of if name in inputs.index]
    inputs = inputs.reindex(order)
    table = pd.DataFrame({"jurisdiction": order, "period": asked.period}, dtype="str")
    table["level"] = ["city" if name in places.cities else "county" for name in order]
    table["city"] = [places.city_of[name] for name in order]
    table["remark"] = _remarks(ledgers).reindex(order).fillna("").to_numpy()
    return pd.concat([table, inputs.reset_index(drop=True)], axis=1)


def _remarks(ledgers: dict[str, Lines]) -> pd.Series:
    """What all lines of a jurisdiction in some ledger remark, such as that they are invented."""
    frames = [
        lines.frame[["jurisdiction", "remark"]]
        for lines in ledgers.values()
        if "remark" in lines.frame
    ]
    shared: dict[str, dict[str, None]] = defaultdict(dict)
    for frame in frames:
        for name, said in frame.groupby("jurisdiction")["remark"].unique().items():
            if len(said) == 1 and not pd.isna(said[0]):
                shared[str(name)][said[0]] = None
    return pd.Series({name: "；".join(said) for name, said in shared.items()}, dtype="str")
