"""What a target takes, in words and in units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from creditcalc.rules.inputs import input_value
from creditcalc.rules.rulebook import Rulebook
from creditcalc.words import number


def step(book: Rulebook, name: str, before: Any, after: float) -> str:
    """One change of an input: from, to and how much, in its own unit.

    >>> from creditcalc import load_rulebook
    >>> step(load_rulebook(), "commitments", 2850.0, 2988.0)
    '信用承诺信息数 2,850 → 2,988（+138 条）'
    """
    i = book.inputs[name]
    if i.type == "flag" or _missing(before):
        return f"{i.label}：{input_value(i, before)} → {input_value(i, after)}"
    delta = after - float(str(before))
    sign = "+" if delta > 0 else "−"
    moved = f"{i.label} {number(float(str(before)))} → {number(after)}"
    return f"{moved}（{sign}{number(abs(delta))} {i.unit}）"


def steps(book: Rulebook, row: Mapping[Any, Any], changes: Mapping[str, float]) -> str:
    """All changes of a target in words."""
    return "；".join(step(book, name, row.get(name), after) for name, after in changes.items())


def effort(book: Rulebook, row: Mapping[Any, Any], changes: Mapping[str, float]) -> float:
    """How many units a target takes: the sum of its changes, an answer to turn counting one."""
    total = 0.0
    for name, after in changes.items():
        before = row.get(name)
        now = 0.0 if _missing(before) else float(str(before))
        total += 1.0 if book.inputs[name].type == "flag" else abs(after - now)
    return total


def unit(book: Rulebook, name: str) -> str:
    """What points per unit are counted in."""
    return "项" if book.inputs[name].type == "flag" else book.inputs[name].unit


def _missing(x: Any) -> bool:
    return x is None or (isinstance(x, float) and math.isnan(x))
