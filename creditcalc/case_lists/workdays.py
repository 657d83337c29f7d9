"""Working days between two dates, with China's holidays and make-up workdays: a table of days, not
a call per case.
"""

from __future__ import annotations

from functools import cache

import chinese_calendar as calendar
import numpy as np
import numpy.typing as npt
import pandas as pd

from creditcalc.problems import InputError, Problem

YEARS = min(calendar.holidays).year, max(calendar.holidays).year
KNOWN = f"工作日历只有 {YEARS[0]} 年至 {YEARS[1]} 年"


@cache
def _table() -> tuple[np.datetime64, npt.NDArray[np.int64]]:
    """The first known day, and for each day the working days up to it."""
    days = np.arange(f"{YEARS[0]}-01-01", f"{YEARS[1] + 1}-01-01", dtype="datetime64[D]")
    working = np.is_busday(days)  # Monday to Friday
    working[np.isin(days, np.array([*calendar.holidays], "datetime64[D]"))] = False
    working[np.isin(days, np.array([*calendar.workdays], "datetime64[D]"))] = True
    return days[0], np.cumsum(working)


def unknown(dates: pd.Series) -> pd.Series:
    """Whether a date lies outside the years that the calendar knows; no date does not."""
    outside: pd.Series = dates.notna() & ~dates.dt.year.between(*YEARS)
    return outside


def workdays(start: pd.Series, end: pd.Series) -> pd.Series:
    """The working days after ``start`` up to ``end``; nothing where either is missing, InputError
    where one is not known.

    The day of receipt does not count, and what is closed on that day took 0 days.

    05-01 to 05-05 are holidays, Saturday 05-08 is a make-up workday:

    >>> start = pd.to_datetime(pd.Series(["2021-04-30", "2021-04-30"]))
    >>> workdays(start, pd.to_datetime(pd.Series(["2021-05-08", None]))).tolist()
    [3.0, nan]
    """
    for dates in (start, end):
        if unknown(dates).any():
            raise InputError(
                [Problem(KNOWN, str(dates[unknown(dates)].iloc[0].date()), "更新 chinesecalendar")]
            )
    first, passed = _table()
    known = (start.notna() & end.notna()).to_numpy()
    days = np.full(len(start), np.nan)
    from_day, to_day = (
        (dates[known].to_numpy().astype("datetime64[D]") - first).astype(np.int64)
        for dates in (start, end)
    )
    days[known] = passed[to_day] - passed[from_day]
    return pd.Series(days, start.index)
