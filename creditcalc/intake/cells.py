"""Turns one cell as it was typed into a value, or into the fault that forbids it: numbers, flags,
names, months.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache, partial
from typing import NamedTuple

from creditcalc.intake.number_format import Formatted
from creditcalc.intake.read_files import Merged, blank, plain
from creditcalc.rules.inputs import Input
from creditcalc.rules.rulebook import Rulebook

LONGEST = 50  # characters of a name
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format, surrogate, line and paragraph separator
LEVELS = {
    **dict.fromkeys(("county", "县区", "县(区)", "县", "区", "县级"), "county"),
    **dict.fromkeys(("city", "市", "市级"), "city"),
}
FLAGS = {
    **dict.fromkeys(("是", "有", "true", "yes"), 1.0),
    **dict.fromkeys(("否", "无", "false", "no"), 0.0),
}
PERIOD = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")
MONTH, DAY = r"(?:[-/.年 ]+(1[0-2]|0?[1-9])|(1[0-2]|0[1-9]))", r"(?:[-/.月 ]+(?:[0-9]{1,2}日?)?)?"
LIKE_PERIOD = re.compile(r"([1-9][0-9]{3})" + MONTH + DAY)
EARLIEST = (
    1910  # a cell for dates shows a typed 2021 as a day of 1905, and a typed 5 as one of 1900
)
JANUARY_OR_OCTOBER = re.compile(r"([1-9][0-9]{3})\.1")  # Excel makes 2021.1 of a typed 2021.10
NUMBER = re.compile(r"[+-]?(([0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+)(\.[0-9]+)?|\.[0-9]+)")


class Fault(NamedTuple):
    """Why a cell cannot be used, and what to do about it."""

    what: str
    cure: str


UNREADABLE = [
    (re.compile(r"#[A-Z0-9/_]+[!?]?"), Fault("是 Excel 的错误值", "改正公式，或直接填值")),
    (re.compile(r"=.*"), Fault("公式没有算出的值", "在 Excel 中重新计算并保存，或直接填值")),
]
NOT_NUMBERS = [
    *UNREADABLE,
    (re.compile(r".*[%‰]"), Fault("是百分比，不是数", "填数量本身，比率由程序计算")),
    (re.compile(r"[+-]?[0-9.,]+"), Fault("小数点或千位分隔符的位置不对", "写成 1234.5 或 1,234.5")),
    (re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+"), Fault("是科学计数法", "写出全部数字")),
    (re.compile(r"[+-]?[0-9].*"), Fault("数后面有单位或文字", "只填数")),
]
NOT_A_NUMBER = Fault("不是数", "填数；没有填 0，不知道就留空")
NOT_A_NAME = Fault("不是名称", "写成一行文字")
NO_FLAG = Fault("不是“是”或“否”", "填 是 或 否，不知道就留空")
HIDDEN = Fault("被合并单元格盖住", "取消合并，每格各自填写")
MISSING = {
    "jurisdiction": Fault("没有填县区", "填县区名称；合计、说明等不是数据的行请删去"),
    "period": Fault("没有填期间", "写成 年-月，例如 2021-05"),
}


def parser(name: str, book: Rulebook) -> Callable[[object], object]:
    """What turns a cell of a column into its value: None for a blank, a Fault for what cannot be
    used.
    """
    keys: dict[str, Callable[[object], object]] = {
        "jurisdiction": _name,
        "period": _period,
        "level": _level,
        "city": _name,
        "remark": str,
    }
    parse = keys.get(name) or _input_parser(book.inputs[name])

    @lru_cache(maxsize=2**16, typed=True)  # a column repeats its values
    def parsed(cell: object) -> object:
        if isinstance(cell, Merged):
            return HIDDEN
        return MISSING.get(name) if blank(cell) else parse(cell)

    return parsed


def _input_parser(i: Input) -> Callable[[object], object]:
    """What reads a cell of an input, by the input's type."""
    if i.type == "class":
        classes = {plain(text): code for code, label in i.classes.items() for text in (code, label)}
        unknown = Fault("没有这个类别", f"可选：{'、'.join(i.classes.values())}")
        return lambda cell: classes.get(plain(str(cell)), unknown)
    return _flag if i.type == "flag" else partial(_number, unit=i.unit)


def _number(cell: object, unit: str = "") -> float | Fault:
    """A number that may carry thousands separators and full-width digits.

    >>> _number("１，２３４.5"), _number("+7"), _number("12%").what
    (1234.5, 7.0, '是百分比，不是数')
    """
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        return float(str(cell))  # an int may be beyond what float() takes
    if isinstance(cell, dt.date | dt.time):
        return Fault("是日期，不是数", "把单元格的格式改为常规，再填数")
    if isinstance(cell, Formatted):
        return _formatted(cell, unit)
    text = plain(str(cell))
    return (
        float(text.replace(",", ""))
        if NUMBER.fullmatch(text)
        else _fault(text, NOT_NUMBERS) or NOT_A_NUMBER
    )


def _formatted(cell: Formatted, unit: str) -> float | Fault:
    """The number behind a format that only adds the unit which is asked for.

    >>> _formatted(Formatted(4e8, "40000.0万"), "万元").what
    '显示的数不是单元格里存的数，存的是 400000000'
    """
    if cell.unit and unit.startswith(cell.unit):
        return float(cell.held)
    cure = f"把单元格的格式改为常规，{f'按“{unit}”' if unit else '按要求的单位'}重新填数"
    if cell.unit:
        return Fault(f"格式在数后面加了“{cell.unit}”，存的是 {cell.held:.15g}", cure)
    return Fault(f"显示的数不是单元格里存的数，存的是 {cell.held:.15g}", cure)


def _flag(cell: object) -> float | Fault:
    """Yes as 1, no as 0.

    >>> _flag("有"), _flag("False"), _flag(1)
    (1.0, 0.0, 1.0)
    """
    text = plain(str(cell))
    value = FLAGS.get(text.casefold(), _number(cell))
    return value if value in (0.0, 1.0) else _fault(text, UNREADABLE) or NO_FLAG


def _name(cell: object) -> str | Fault:
    """A name as it is typed, on one line."""
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        return NOT_A_NAME
    text = str(cell).strip()
    if any(unicodedata.category(ch) in UNSEEN for ch in text):
        return Fault("名称里有换行或看不见的字符", "删去这些字符")
    if len(text) > LONGEST:
        return Fault(f"名称超过 {LONGEST} 个字", "写简短的名称")
    return _fault(text, UNREADABLE) or text


def _period(cell: object) -> str | Fault:
    """A month as YYYY-MM, from such text or a date.

    >>> _period(dt.date(2021, 5, 31)), _period("2021年5月").cure
    ('2021-05', '写成 2021-05')
    >>> _period(2021.10).cure
    '可能是 2021-01，也可能是 2021-10：把单元格设为文本格式，再写成其中一个'
    """
    if isinstance(cell, dt.date) and cell.year < EARLIEST:
        return Fault("期间不是 YYYY-MM，多半是把数填进了日期格式的单元格", MISSING["period"].cure)
    text = f"{cell.year:04}-{cell.month:02}" if isinstance(cell, dt.date) else plain(str(cell))
    if PERIOD.fullmatch(text):
        return text
    if either := JANUARY_OR_OCTOBER.fullmatch(text):
        cure = (
            f"可能是 {either[1]}-01，也可能是 {either[1]}-10：把单元格设为文本格式，再写成其中一个"
        )
        return Fault("期间不是 YYYY-MM", cure)
    like = LIKE_PERIOD.fullmatch(text)
    cure = f"写成 {like[1]}-{int(like[2] or like[3]):02}" if like else MISSING["period"].cure
    return _fault(text, UNREADABLE) or Fault("期间不是 YYYY-MM", cure)


def _level(cell: object) -> str | Fault:
    """``county`` or ``city``."""
    text = plain(str(cell))
    return (
        LEVELS.get(text.casefold())
        or _fault(text, UNREADABLE)
        or Fault("没有这个级别", "填 县区 或 市")
    )


def _fault(text: str, faults: list[tuple[re.Pattern[str], Fault]]) -> Fault | None:
    """The first fault whose pattern fits the whole text."""
    return next((fault for pattern, fault in faults if pattern.fullmatch(text)), None)


READERS = {
    "name": _name,
    "month": _period,
    "level": _level,
    "flag": _flag,
    "number": _number,
}  # by what a column holds
