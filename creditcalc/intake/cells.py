"""Turns cells as they were typed into values, or into the faults that forbid them.

A column's type says what its cells hold. A text is read once, however often a column repeats it.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from creditcalc.intake.dates import day_of, moment_of, month_of, period_of
from creditcalc.intake.faults import COVERED, UNREADABLE, CellFault, fault_in, unreadable
from creditcalc.intake.grid import Covered, blank, plain
from creditcalc.intake.number_format import Formatted
from creditcalc.intake.table import TypedColumn

LONGEST_NAME = 50  # characters
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format, surrogate, line and paragraph separator
LEVEL_WORDS = {
    **dict.fromkeys(("county", "县区", "县(区)", "县", "区", "县级"), "county"),
    **dict.fromkeys(("city", "市", "市级"), "city"),
}
FLAGS = {
    **dict.fromkeys(("是", "有", "true", "yes"), 1.0),
    **dict.fromkeys(("否", "无", "false", "no"), 0.0),
}
TYPED_NUMBER = re.compile(r"[+-]?(([0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+)(\.[0-9]+)?|\.[0-9]+)")
NOT_NUMBERS = [
    *UNREADABLE,
    (re.compile(r".*[%‰]"), CellFault("是百分比，不是数", "填数量本身，比率由程序计算")),
    (
        re.compile(r"[+-]?[0-9.,]+"),
        CellFault("小数点或千位分隔符的位置不对", "写成 1234.5 或 1,234.5"),
    ),
    (re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+"), CellFault("是科学计数法", "写出全部数字")),
    (re.compile(r"[+-]?[0-9].*"), CellFault("数后面有单位或文字", "只填数")),
]
NOT_A_NUMBER = CellFault("不是数", "填数；没有填 0，不知道就留空")
NOT_A_NAME = CellFault("不是名称", "写成一行文字")
NO_FLAG = CellFault("不是“是”或“否”", "填 是 或 否，不知道就留空")
AS_NUMBER = CellFault("代码存成了数，后几位可能已经丢失", "把这一列设为文本，重新填代码")
BELOW_ZERO = CellFault("是负数", "填 0 或正数，不知道就留空")
NO_RANK = CellFault("不是从 1 起的整数", "填名次")


@dataclass(frozen=True)
class TypedCells:
    """A column's cells as values, the faulty ones missing, and which records have which fault."""

    values: pd.Series
    faults: dict[CellFault, npt.NDArray[np.bool_]]


def type_cells(cells: Sequence[object], column: TypedColumn) -> TypedCells:
    """The values of a column's cells; a blank is missing, and a fault where the column must be
    filled.
    """
    numbers, different = _pooled(cells)
    read = reader_of(column)
    values = [*map(read, different), read(None)]
    wrong: dict[CellFault, list[int]] = defaultdict(list)
    for n, value in enumerate(values):
        if isinstance(value, CellFault):
            wrong[value].append(n)
            values[n] = None
    pool = pd.Series(values, dtype=DTYPES.get(column.type, "str"))
    return TypedCells(
        pd.Series(pool.array.take(numbers)),
        {
            fault: mask
            for fault, places in wrong.items()
            if (mask := np.isin(numbers, places)).any()
        },
    )


def _pooled(cells: Sequence[object]) -> tuple[npt.NDArray[np.intp], Sequence[object]]:
    """Each cell's number among the different ones, or one more than those for none; 1, 1.0 and True
    are three.
    """
    if len({*map(type, cells)} - {type(None)}) > 1:
        known: dict[tuple[type, object], int] = {}
        found = [known.setdefault((type(cell), cell), len(known)) for cell in cells]
        return np.array(found, np.intp), [cell for _, cell in known]
    numbers, different = pd.factorize(np.fromiter(cells, object, len(cells)))
    return np.where(numbers < 0, len(different), numbers), different.tolist()


def reader_of(column: TypedColumn) -> Callable[[object], object]:
    """What turns a cell of a column into its value: None for a blank, a CellFault where it cannot
    be used.
    """
    parse, missing = _parser(column), column.missing if column.must else None

    def read(cell: object) -> object:
        if isinstance(cell, Covered):
            return COVERED
        return missing if blank(cell) else parse(cell)

    return read


def _parser(column: TypedColumn) -> Callable[[object], object]:
    """What reads a cell that holds something, by the column's type."""
    if column.type == "class":
        items = column.classes.items()
        codes = {plain(text): code for code, label in items for text in (code, label)}
        unknown = CellFault("没有这个类别", f"可选：{'、'.join(column.classes.values())}")
        return lambda cell: codes.get(plain(str(cell)), unknown)
    return partial(_number, unit=column.unit) if column.unit else CELL_READERS[column.type]


def _number(cell: object, unit: str = "") -> float | CellFault:
    """A number that may carry thousands separators and full-width digits.

    >>> _number("１，２３４.5"), _number("+7"), _number("12%").what
    (1234.5, 7.0, '是百分比，不是数')
    """
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        return float(str(cell))  # an int may be beyond what float() takes
    if isinstance(cell, dt.date | dt.time):
        return CellFault("是日期，不是数", "把单元格的格式改为常规，再填数")
    if isinstance(cell, Formatted):
        return _formatted(cell, unit)
    text = plain(str(cell))
    return (
        float(text.replace(",", ""))
        if TYPED_NUMBER.fullmatch(text)
        else fault_in(text, NOT_NUMBERS) or NOT_A_NUMBER
    )


def _formatted(cell: Formatted, unit: str) -> float | CellFault:
    """The number behind a format that only adds the unit which is asked for.

    >>> _formatted(Formatted(4e8, "40000.0万"), "万元").what
    '显示的数不是单元格里存的数，存的是 400000000'
    """
    if cell.unit and unit.startswith(cell.unit):
        return float(cell.held)
    cure = f"把单元格的格式改为常规，{f'按“{unit}”' if unit else '按要求的单位'}重新填数"
    if cell.unit:
        return CellFault(f"格式在数后面加了“{cell.unit}”，存的是 {cell.held:.15g}", cure)
    return CellFault(f"显示的数不是单元格里存的数，存的是 {cell.held:.15g}", cure)


def _flag(cell: object) -> float | CellFault:
    """Yes as 1, no as 0.

    >>> _flag("有"), _flag("False"), _flag(1)
    (1.0, 0.0, 1.0)
    """
    text = plain(str(cell))
    value = FLAGS.get(text.casefold(), _number(cell))
    return value if value in (0.0, 1.0) else fault_in(text) or NO_FLAG


def _name(cell: object) -> str | CellFault:
    """A name as it is typed, on one line."""
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        return NOT_A_NAME
    text = str(cell).strip()
    if any(unicodedata.category(ch) in UNSEEN for ch in text):
        return CellFault("名称里有换行或看不见的字符", "删去这些字符")
    if len(text) > LONGEST_NAME:
        return CellFault(f"名称超过 {LONGEST_NAME} 个字", "写简短的名称")
    return fault_in(text) or text


def _level(cell: object) -> str | CellFault:
    """``county`` or ``city``."""
    text = plain(str(cell))
    return (
        LEVEL_WORDS.get(text.casefold())
        or fault_in(text)
        or CellFault("没有这个级别", "填 县区 或 市")
    )


def _text(cell: object) -> str | CellFault:
    """A text as it stands, without blanks around it."""
    if isinstance(cell, float) and cell.is_integer():  # a number beside blanks is read as 7.0
        cell = int(cell)
    return unreadable(cell) or str(cell).strip()


def _code(cell: object) -> str | CellFault:
    """A social credit code, as text alone."""
    if isinstance(cell, str) and cell.isascii() and cell.isalnum():
        return cell  # a million times
    text = _text(cell) if isinstance(cell, str) else AS_NUMBER
    return text if isinstance(text, CellFault) or text.isascii() else plain(text)


def _amount(cell: object) -> object:
    """A number that is not negative."""
    value = _number(cell)
    return BELOW_ZERO if isinstance(value, float) and value < 0 else value


def _rank(cell: object) -> object:
    """A whole number from 1 on."""
    value = _number(cell)
    return NO_RANK if isinstance(value, float) and (value < 1 or value % 1) else value


CELL_READERS: dict[str, Callable[[object], object]] = {
    "text": _text,
    "remark": str,
    "name": _name,
    "code": _code,
    "level": _level,
    "period": period_of,
    "month": month_of,
    "date": day_of,
    "time": moment_of,
    "flag": _flag,
    "number": _number,
    "amount": _amount,
    "rank": _rank,
}  # by what a column holds; a class is read by its column's codes and labels
DTYPES: dict[str, Any] = {
    **dict.fromkeys(("date", "time", "month"), "datetime64[us]"),
    **dict.fromkeys(("flag", "number", "amount", "rank"), "float64"),
}
