"""What is wrong with an input or a rulebook: where, what, value and cure, collected and never one
at a time.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHORT_NAME = 3  # characters
SHOWN = 60  # characters of a user's value that a message repeats


@dataclass(frozen=True)
class Problem:
    """One fault or oddity, with the place where its reader finds it and what to do about it.

    An ``error`` refuses the row (or the file, where no row is named); a ``notice`` is shown and
    refuses nothing.

    >>> print(Problem("不是数", "abc", "改为数字", file="a.csv", row=3, column="pop_urban"))
    a.csv，第 3 行，列 pop_urban：不是数（值：abc）。改为数字
    """

    what: str
    value: str = ""
    cure: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    severity: str = "error"
    jurisdiction: str = ""
    period: str = ""
    city: str = ""
    unplaced: bool = False

    @property
    def where(self) -> str:
        """File, sheet, row and column, as far as they are known."""
        parts = [
            one_line(self.file),
            f"工作表 {one_line(self.sheet)}" if self.sheet else "",
            f"第 {self.row} 行" if self.row else "",
            f"列 {shown(self.column)}" if self.column else "",
        ]
        return "，".join(part for part in parts if part)

    def __str__(self) -> str:
        place = f"{self.where}：" if self.where else ""
        value = f"（值：{shown(self.value)}）" if self.value else ""
        return f"{place}{self.what}{value}" + (f"。{self.cure}" if self.cure else "")


class ProblemError(ValueError):
    """Something that could not be used, with every problem that was found in ``problems``."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InputError(ProblemError):
    """Indicator data that cannot be used."""


class OutputError(ProblemError):
    """A file that must not be written."""


class RulebookError(ProblemError):
    """A rulebook that cannot be used."""


class ReadingError(ProblemError):
    """A reading or an option of one that the rulebook does not have."""


class UnknownName(ProblemError):
    """A jurisdiction, period, item or city that the data or the rulebook does not have."""


def shown(value: object) -> str:
    """A user's value on one line, cut to a length that a message can carry.

    >>> shown("a\\nb")
    'a b'
    """
    try:
        text = str(value)
    except ValueError:  # an integer of more digits than Python prints
        text = "数字过长"
    text = one_line(text)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def one_line(text: str) -> str:
    """A text without what could break a line, or turn or colour it.

    >>> one_line("a\\u202eb\\x1b[31m")
    'a b [31m'
    """
    return "".join(ch if ch.isprintable() else " " for ch in text)


def nearest(name: str, known: Iterable[str]) -> str:
    """The cure for an unknown name: the nearest known one, or nothing.

    >>> nearest("loans_xdy", ["loans_xyd", "budget"])
    '是否指 loans_xyd？'
    """
    close = similar(name, known)
    return f"是否指 {close}？" if close else ""


def similar(name: str, known: Iterable[str]) -> str:
    """The known name that is most like another, or that holds it whole, or nothing.

    >>> similar("示范区", ["工业园区", "城乡一体化示范区"]), similar("范线", ["甲县", "范县"])
    ('城乡一体化示范区', '范县')
    """
    names = list(known)
    close = difflib.get_close_matches(name[:200], names, n=1, cutoff=0.6)
    close = close or [other for other in names if len(name) > 1 and name in other]
    if not close and 1 < len(name) <= SHORT_NAME:  # one of two characters is half of a name
        close = [other for other in names if other[:-1] == name[:-1]]
    return close[0] if close else ""
