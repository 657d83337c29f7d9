"""One input of a rulebook: what is entered, and its values in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from creditcalc import words


@dataclass(frozen=True)
class Input:
    """One input: what is entered, in which unit, how counties add up to their city.

    It is at most ``times`` its whole ``part_of``; it is a total over so many things as
    ``total_of``. ``direct`` where the city's own departments (市直) have a part of the sum.
    """

    name: str
    label: str
    type: str
    unit: str
    rollup: str
    help: str
    inherit: bool = False
    direct: bool = False
    max: float | None = None
    part_of: str = ""
    times: float = 1
    total_of: str = ""
    expected_within: str = ""
    kindred: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)


def input_value(i: Input, x: Any) -> str:
    """An input's value with its unit."""
    if pd.isna(x):
        return words.MISSING
    if i.type == "class":
        return i.classes.get(str(x), str(x))
    if i.type == "flag":
        return "是" if float(x) > 0 else "否"
    return f"{words.number(float(x))} {i.unit}"
