"""Turns a cell as it was typed into a month, a day or a moment, or the fault that forbids it."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange

from creditcalc.intake.faults import NOT_FILLED, CellFault, fault_in, unreadable
from creditcalc.intake.grid import plain

YEAR_MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")
LIKE_MONTH = re.compile(
    r"([1-9][0-9]{3})(?:[-/.年 ]+(1[0-2]|0?[1-9])|(1[0-2]|0[1-9]))(?:[-/.月 ]+(?:[0-9]{1,2}日?)?)?"
)
EARLIEST = (
    1910  # a cell for dates shows a typed 2021 as a day of 1905, and a typed 5 as one of 1900
)
JANUARY_OR_OCTOBER = re.compile(r"([1-9][0-9]{3})\.1")  # Excel makes 2021.1 of a typed 2021.10
TYPED_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?",
    re.ASCII,
)
RUN_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
SERIAL_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
NO_DATE = CellFault("不是日期", "写成 2021-05-31")
SERIAL = CellFault("是数，不是日期", "把单元格的格式改为日期")


def period_of(cell: object) -> str | CellFault:
    """A month as YYYY-MM, from such text or a date.

    >>> period_of(dt.date(2021, 5, 31)), period_of("2021年5月").cure
    ('2021-05', '写成 2021-05')
    >>> period_of(2021.10).cure
    '可能是 2021-01，也可能是 2021-10：把单元格设为文本格式，再写成其中一个'
    """
    if isinstance(cell, dt.date) and cell.year < EARLIEST:
        what = "期间不是 YYYY-MM，多半是把数填进了日期格式的单元格"
        return CellFault(what, NOT_FILLED["period"].cure)
    text = f"{cell.year}-{cell.month:02}" if isinstance(cell, dt.date) else plain(str(cell))
    if YEAR_MONTH.fullmatch(text):
        return text
    if either := JANUARY_OR_OCTOBER.fullmatch(text):
        cure = (
            f"可能是 {either[1]}-01，也可能是 {either[1]}-10：把单元格设为文本格式，再写成其中一个"
        )
        return CellFault("期间不是 YYYY-MM", cure)
    like = LIKE_MONTH.fullmatch(text)
    cure = f"写成 {like[1]}-{int(like[2] or like[3]):02}" if like else NOT_FILLED["period"].cure
    return fault_in(text) or CellFault("期间不是 YYYY-MM", cure)


def month_of(cell: object) -> dt.datetime | CellFault:
    """A month, as its last day.

    >>> month_of("2021-02")
    datetime.datetime(2021, 2, 28, 0, 0)
    """
    period = period_of(cell)
    if isinstance(period, CellFault):
        return period
    year, month = map(int, period.split("-"))
    return dt.datetime(year, month, monthrange(year, month)[1])


def moment_of(cell: object) -> dt.datetime | CellFault:
    """A date, perhaps with a time of day.

    >>> moment_of("2021年5月31日"), moment_of(44347).cure
    (datetime.datetime(2021, 5, 31, 0, 0), '把单元格的格式改为日期')
    """
    if isinstance(cell, dt.date):
        return dt.datetime(
            cell.year, cell.month, cell.day, getattr(cell, "hour", 0), getattr(cell, "minute", 0)
        )
    text = plain(str(cell))
    if found := TYPED_MOMENT.fullmatch(text) or RUN_TOGETHER.fullmatch(text):
        try:
            year, month, day, *time = (int(part or 0) for part in found.groups())
            hour, minute, second = (*time, 0, 0, 0)[:3]  # some say no time of day
            return dt.datetime(year, month, day, hour, minute, second)
        except ValueError:
            return NO_DATE
    return unreadable(cell) or (SERIAL if SERIAL_NUMBER.fullmatch(text) else NO_DATE)


def day_of(cell: object) -> dt.datetime | CellFault:
    """A date without the time of day that one of two tables may state."""
    found = moment_of(cell)
    return found if isinstance(found, CellFault) else found.replace(hour=0, minute=0, second=0)
