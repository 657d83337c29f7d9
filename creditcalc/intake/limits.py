"""What breaks the bounds of an input, and what is odd about its value alone or beside another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pandas as pd

from creditcalc.exact import TOLERANCE
from creditcalc.intake.faults import Finding
from creditcalc.rules.inputs import Input
from creditcalc.rules.rulebook import Rulebook

LARGEST_NUMBER, LEAST_NUMBER = 1e15, 1e-9


class Limit(NamedTuple):
    """What breaks a bound of a column, by itself or beside column ``other``."""

    breaks: Callable[[pd.Series, pd.Series], pd.Series]
    what: str
    cure: str
    other: str = ""
    severity: str = "error"


NEGATIVE = Limit(lambda x, _: x < 0, "是负数", "填 0 或正数，不知道就留空")
FRACTION = Limit(lambda x, _: x % 1 > 0, "不是整数", "这一项是个数，填整数")
RANK_0 = Limit(lambda x, _: x < 1, "名次小于 1", "名次从 1 起")
HUGE = Limit(lambda x, _: x > LARGEST_NUMBER, "数太大", "核对单位，最大 1,000 万亿")
TINY = Limit(
    lambda x, _: (x > 0) & (x < LEAST_NUMBER), "数太小", "核对单位，没有填 0"
)  # a ratio to it would pass all bounds
LIMITS = {
    "count": (NEGATIVE, FRACTION, HUGE),
    "amount": (NEGATIVE, TINY, HUGE),
    "days": (NEGATIVE, HUGE),
    "score": (NEGATIVE, HUGE),
    "rank": (RANK_0, HUGE),
}


def _limits(i: Input, book: Rulebook) -> Iterator[Limit]:
    """What breaks the bounds of an input, and what is odd about it."""
    yield from LIMITS.get(i.type, ())
    if (full := i.max) is not None:
        yield Limit(lambda x, _: x > full, f"超过满分 {full:g}", f"填 0 至 {full:g} 分")
    if i.part_of:
        most = f"“{book.inputs[i.part_of].label}”" + (f"的 {i.times:g} 倍" if i.times != 1 else "")
        exact = i.times * (1 + TOLERANCE)
        yield Limit(
            lambda x, whole: x > exact * whole, f"“{i.label}”大于{most}", "核对这两个数", i.part_of
        )
    if i.total_of:
        what = f"“{i.label}”大于 0，“{book.inputs[i.total_of].label}”却是 0"
        yield Limit(lambda x, number: (x > 0) & (number == 0), what, "核对这两个数", i.total_of)
    if i.expected_within:
        what = f"“{i.label}”大于“{book.inputs[i.expected_within].label}”"
        yield Limit(lambda x, y: x > y, what, "核对口径", i.expected_within, "notice")
    if i.kindred:
        what = f"“{i.label}”与“{book.inputs[i.kindred].label}”口径相近，却相差一倍以上"
        yield Limit(lambda x, y: (x > 2 * y) | (y > 2 * x), what, "核对口径", i.kindred, "notice")


def beyond_limits(table: pd.DataFrame, book: Rulebook) -> list[Finding]:
    """Every value that breaks a limit of its input."""
    numbers = {str(name): column for name, column in table.items() if column.dtype == "float64"}
    found = []
    for name, column in numbers.items():
        for limit in _limits(book.inputs[name], book):
            other = numbers.get(limit.other or name)
            if other is not None:
                broken = limit.breaks(column, other)
                found += [Finding(row, name, *limit[1:]) for row in table.index[broken]]
    return found
