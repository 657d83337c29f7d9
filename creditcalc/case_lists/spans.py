"""Dates that lie far from all others: they choose no period, and their cases are bad.

The months of all cases are taken in order. Where more than two years pass without any case, the
cases after them are far, unless they are more than all before; where more than twenty years pass,
the cases before them are, unless they are as many as those after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from creditcalc.case_lists.kinds import LedgerKind, kinds
from creditcalc.intake.faults import CellFault
from creditcalc.intake.typed_lines import Lines
from creditcalc.problems import Problem

YEAR = 12
FAR_AHEAD = 2 * YEAR
LONG_AGO = 20 * YEAR
LONELY = 3  # months without a case before the last one, which then may be a slip


@dataclass(frozen=True)
class Span:
    """The first and the last month of the cases that are not far from the others, as last days."""

    first: pd.Timestamp
    last: pd.Timestamp


def usual_span(ledgers: dict[str, Lines]) -> Span | None:
    """The span of all ledgers' cases; None where no case has a date."""
    dated = _dates(ledgers, bygone=False)
    dates = dated if len(dated) else _dates(ledgers, bygone=True)
    if dates.empty:
        return None
    counts = (dates.dt.year * YEAR + dates.dt.month - 1).value_counts().sort_index()
    counts = _without_early(_without_late(counts))
    first, last = (_last_day(int(month)) for month in (counts.index[0], counts.index[-1]))
    return Span(first, last)


def _dates(ledgers: dict[str, Lines], *, bygone: bool) -> pd.Series:
    """The dates of the cases of all kinds, or of those whose dates say something of the period."""
    asked = [name for name in ledgers if bygone or not kinds()[name].bygone]
    columns = [(ledgers[name].frame, kinds()[name].date) for name in asked]
    dates = [frame[date].dropna() for frame, date in columns if date in frame]
    return pd.concat([pd.Series(dtype="datetime64[us]"), *dates], ignore_index=True)


def _without_late(counts: pd.Series) -> pd.Series:
    """How many cases each month has, without the months after two years without a case."""
    for cut in np.flatnonzero(np.diff(counts.index) > FAR_AHEAD)[::-1] + 1:
        if counts.iloc[cut:].sum() > counts.iloc[:cut].sum():
            break
        counts = counts.iloc[:cut]
    return counts


def _without_early(counts: pd.Series) -> pd.Series:
    """How many cases each month has, without the months before twenty years without a case."""
    for cut in np.flatnonzero(np.diff(counts.index) > LONG_AGO)[::-1] + 1:
        if counts.iloc[:cut].sum() < counts.iloc[cut:].sum():
            return counts.iloc[cut:]
    return counts


def _last_day(month: int) -> pd.Timestamp:
    """The last day of a month that is counted from the year 0."""
    return pd.Timestamp(month // YEAR, month % YEAR + 1, 1) + pd.offsets.MonthEnd(0)


def last_month(ledgers: dict[str, Lines], span: Span) -> tuple[str, list[Problem]]:
    """The month of the last case that is not far, with a notice where it stands alone."""
    dates = _dates(ledgers, bygone=True)
    months = dates[dates <= _far_ahead_of(span.last)].dt.to_period("M").drop_duplicates()
    last, before = months.max(), months[months < months.max()].max()
    quiet = 0 if pd.isna(before) else (last - before).n - 1
    if quiet < LONELY:
        return str(last), []
    what = f"期间 {last} 取自这里，此前 {quiet} 个月各台账都没有案例"
    cure = "核对日期；日期没有错，就写明期间"
    place = _first_of(ledgers, last)
    return str(last), [Problem(what, cure=cure, severity="notice", **place)]


def _first_of(ledgers: dict[str, Lines], month: pd.Period) -> dict[str, Any]:
    """Where the first case of a month stands."""
    for name, lines in ledgers.items():
        dates = lines.frame.get(kinds()[name].date)
        if dates is not None and (found := lines.frame[dates.dt.to_period("M") == month]).size:
            row = found.iloc[0]
            return {"file": row["file"], "sheet": row["sheet"], "row": int(row["row"])}
    return {}


def find_far(kind: LedgerKind, lines: Lines, span: Span, until: pd.Timestamp) -> None:
    """Find dates two years after the last case and the day asked for, or long before the first.

    They are taken out, as are all that cannot be used.
    """
    latest = _far_ahead_of(max(span.last, until.normalize()))
    late = CellFault(
        f"比其余案例（到 {span.last:%Y-%m}）晚两年以上",
        "核对年份；没有写错，就写明期间再统计",
    )
    early = CellFault(f"比其余案例（从 {span.first:%Y-%m} 起）早二十年以上", "核对年份")
    for name in [name for name in kind.dates if name in lines.frame]:
        dates = lines.frame[name]
        _take_out(lines, dates > latest, late, kind, name)
        if name == kind.date and not kind.bygone:
            _take_out(lines, dates < span.first - pd.DateOffset(months=LONG_AGO), early, kind, name)


def _far_ahead_of(day: pd.Timestamp) -> pd.Timestamp:
    """The last moment that is not far after a day: the end of its month two years on."""
    return (
        day
        + pd.DateOffset(months=FAR_AHEAD)
        + pd.offsets.MonthEnd(0)
        + pd.Timedelta(days=1, microseconds=-1)
    )


def _take_out(lines: Lines, far: pd.Series, fault: CellFault, kind: LedgerKind, name: str) -> None:
    """Name these dates as faults, and leave their cells blank."""
    if far.any():
        lines.find(far, fault, kind.column(name))
        lines.frame.loc[far, name] = pd.NaT
