"""Moving an input to a wished value: in whole units, its whole raised along."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from creditcalc.exact import snap
from creditcalc.rules.inputs import Input

UNITS = {
    "count": 1.0,
    "days": 1.0,
    "rank": 1.0,
    "amount": 0.01,
    "score": 0.01,
}  # the least step of an input's type
EPSILON = 1e-9
Changes = dict[str, float]
Inputs = Mapping[str, Input]
Values = Mapping[str, Any]  # of a row, by input; what is missing is absent, None or NaN


class Unreachable(Exception):
    """Why no change of a rule's own inputs reaches the goal."""


def absent(x: Any) -> bool:
    """Whether a value is missing."""
    return x is None or bool(pd.isna(x))


def total(values: Values, names: Iterable[str]) -> float:
    """The sum of some inputs, NaN where one is missing.

    >>> total({"a": 1.0, "b": 2}, ["a", "b"]), total({"a": 1.0}, ["a", "b"])
    (3.0, nan)
    """
    found: list[Any] = [values.get(name) for name in names]
    return math.nan if any(absent(x) for x in found) else math.fsum(float(x) for x in found)


def moved(inputs: Inputs, values: Values, name: str, exact: float) -> Changes:
    """One input moved to an exact value, in whole units, and its whole raised where it must be."""
    if absent(exact) or absent(values.get(name)):
        raise Unreachable(f"“{inputs[name].label}”没有可算的目标值")
    new = whole_units(inputs[name], exact, float(values[name]))
    return {name: new} | raised_whole(inputs[name], values, new)


def whole_units(i: Input, exact: float, now: float) -> float:
    """The nearest whole number of units on the far side of ``exact``, seen from ``now``."""
    unit = UNITS[i.type]
    steps = float(snap(np.asarray(exact / unit)))
    whole = round((math.ceil(steps) if exact >= now else math.floor(steps)) * unit, 2)
    if whole == now != exact:  # within tolerance of where it is, and yet not there
        whole = round(now + math.copysign(unit, exact - now), 2)
    return whole


def raised_whole(i: Input, values: Values, new: float) -> Changes:
    """The whole of which the input is a part, raised where the part would outgrow it."""
    whole: Any = values.get(i.part_of) if i.part_of else None
    if absent(whole) or new <= i.times * float(whole) + EPSILON:
        return {}
    return {i.part_of: float(math.ceil(new / i.times - EPSILON))}
