"""The value is the points, or yes is full marks (酌情计分; 是/否)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from creditcalc import words
from creditcalc.exact import Array
from creditcalc.rules.formulas.base import Formula, Said


@dataclass(frozen=True)
class Flag(Formula, kind="flag"):
    """Full marks for yes.

    >>> Flag().points(np.array([0.0, 1.0, np.nan]), 2)
    array([ 0.,  2., nan])
    >>> Flag().inverse(2, 2)
    1.0
    """

    def points(self, x: Array, full: float) -> Array:
        """Full marks times yes."""
        return full * x

    def reach(self, points: float, full: float) -> float:
        """Yes, for any points."""
        return 1.0

    def goal(self, full: float, said: Said) -> str:
        """The full marks."""
        return said.awarded(full)

    def arithmetic(self, value: float, earned: float, full: float, said: Said) -> str:
        """What is demanded, and whether it is met."""
        met = "满足" if value > 0 else "不满足"
        return f"要求{said.demand}：{met} → {words.points(earned)}"


@dataclass(frozen=True)
class Awarded(Formula, kind="awarded"):
    """The award (酌情计分), or a value that the ledger makes the score, within 0 and full marks.

    >>> Awarded().points(np.array([0.0, 2.5, 5.0]), 5)
    array([0. , 2.5, 5. ])
    >>> Awarded().inverse(5, 5)
    5.0
    """

    def points(self, x: Array, full: float) -> Array:
        """The value within its limits."""
        return np.clip(x, 0.0, full)

    def reach(self, points: float, full: float) -> float:
        """The award that is the points."""
        return float(points)

    def goal(self, full: float, said: Said) -> str:
        """The full marks."""
        return said.awarded(full)

    def arithmetic(self, value: float, earned: float, full: float, said: Said) -> str:
        """What is taken for the points."""
        return f"按{said.award}计 {words.points(earned)}（最多 {words.number(full)}）"
