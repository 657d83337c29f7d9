"""What every formula kind knows: how a value becomes points, and back, and how that is said.

A kind is one class: its fields are the parameters that a rulebook gives, its name there stands
behind ``kind=``. Arrays are float64, NaN is missing, yes is 1 and no is 0.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, NamedTuple, Protocol

from creditcalc.exact import TOLERANCE, Array


class KindFault(NamedTuple):
    """What is wrong with a kind's parameters; ``key`` is one of them, or blank for all."""

    key: str
    what: str
    value: object = ""
    cure: str = ""


class Said(Protocol):
    """How the value that a formula scores is said; the measure knows it."""

    @property
    def demand(self) -> str:
        """What a yes takes: 有其一, 均未发生."""

    @property
    def award(self) -> str:
        """What the value is where it is itself the points: 评分, 覆盖率."""

    def text(self, x: float) -> str:
        """A value with its unit."""

    def digits(self, x: float) -> str:
        """A value with the digits that reproduce the score, without its unit."""

    def awarded(self, full: float) -> str:
        """The value that is full marks where it is itself the points."""


class Formula(ABC):
    """A formula kind under given parameters: a value becomes points.

    Limits are drawn with minima and maxima, and only the few values that need more are put in their
    place one by one: choosing value by value costs five times as much.
    """

    name: ClassVar[str]

    def __init_subclass__(cls, kind: str = "") -> None:
        """Enter the class in ``FORMULAS`` under the name that a rulebook gives it."""
        if kind:
            cls.name, FORMULAS[kind] = kind, cls

    @property
    def rises(self) -> bool:
        """Whether more of the value earns more points, or fewer."""
        return True

    @abstractmethod
    def points(self, x: Array, full: float) -> Array:
        """The points of every value, between 0 and full marks, NaN where it is missing."""

    def inverse(self, points: float, full: float) -> float:
        """The value nearest to the 不得分 end that earns the points.

        Every value where no points are asked for, and NaN where more than full marks are.
        """
        if points <= 0:
            return -math.inf if self.rises else math.inf
        return self.reach(points, full) if points <= full * (1 + TOLERANCE) else math.nan

    @abstractmethod
    def reach(self, points: float, full: float) -> float:
        """``inverse`` of points above 0 and up to full marks."""

    @abstractmethod
    def goal(self, full: float, said: Said) -> str:
        """What earns full marks, in words."""

    @abstractmethod
    def arithmetic(self, value: float, earned: float, full: float, said: Said) -> str:
        """How the value earns the points, in numbers that a calculator can check."""

    def faults(self, full: float) -> Iterator[KindFault]:
        """What is wrong with the parameters."""
        yield from ()


FORMULAS: dict[str, type[Formula]] = {}
