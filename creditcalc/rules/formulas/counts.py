"""So many points for every case or unit (有 1 条…减…; 每个领域、每类、每项得…)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from creditcalc import words
from creditcalc.exact import Array
from creditcalc.rules.formulas.base import Formula, KindFault, Said


@dataclass(frozen=True)
class Deduct(Formula, kind="deduct"):
    """``each`` less for every case, not below 0 (有 1 条…减…).

    >>> Deduct(each=0.5).points(np.array([0.0, 1.0, 5.0]), 2)
    array([2. , 1.5, 0. ])
    >>> Deduct(each=0.5).inverse(1.5, 2), Deduct(each=0.5).inverse(2, 2)
    (1.0, 0.0)
    """

    each: float

    @property
    def rises(self) -> bool:
        """Cases cost points."""
        return False

    def points(self, x: Array, full: float) -> Array:
        """Full marks less the cases."""
        return np.clip(full - self.each * x, 0.0, full)

    def reach(self, points: float, full: float) -> float:
        """The most cases that leave the points."""
        return (full - points) / self.each

    def goal(self, full: float, said: Said) -> str:
        """No case."""
        return said.text(0)

    def arithmetic(self, value: float, earned: float, full: float, said: Said) -> str:
        """The subtraction."""
        lost = f"{words.number(self.each)} × {said.digits(value)}"
        return f"{words.number(full)} − {lost} = {words.points(earned)}（不低于 0）"

    def faults(self, full: float) -> Iterator[KindFault]:
        """A case costs something."""
        yield from not_above_zero("each", self.each)


@dataclass(frozen=True)
class PerUnit(Formula, kind="per_unit"):
    """``each`` for every unit, at most full marks (每个领域、每类、每项得…).

    >>> PerUnit(each=0.5).points(np.array([0.0, 9.0, 14.0, 15.0]), 7)
    array([0. , 4.5, 7. , 7. ])
    >>> PerUnit(each=0.5).inverse(7, 7)
    14.0
    """

    each: float

    def points(self, x: Array, full: float) -> Array:
        """So much for every unit."""
        return np.clip(self.each * x, 0.0, full)

    def reach(self, points: float, full: float) -> float:
        """The least number of units that earns the points."""
        return points / self.each

    def goal(self, full: float, said: Said) -> str:
        """As many units as full marks take."""
        return "达到 " + said.text(full / self.each)

    def arithmetic(self, value: float, earned: float, full: float, said: Said) -> str:
        """The multiplication."""
        product = f"{words.number(self.each)} × {said.digits(value)} = {words.points(earned)}"
        return f"{product}（最多 {words.number(full)}）"

    def faults(self, full: float) -> Iterator[KindFault]:
        """A unit earns something."""
        yield from not_above_zero("each", self.each)


def not_above_zero(key: str, x: float) -> Iterator[KindFault]:
    """The fault of a parameter that must be above 0.

    >>> [fault.what for fault in not_above_zero("each", 0)]
    ['应大于 0']
    """
    if not 0 < x < math.inf:
        yield KindFault(key, "应大于 0", x)
