"""The tests of base indicators: a value beside a threshold, exact for what a user typed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from creditcalc.exact import BEYOND, Array, blanked, near


@dataclass(frozen=True)
class Test(ABC):
    """A test with its threshold; ``name`` is the key that a rulebook writes, ``said`` its words."""

    name: ClassVar[str]
    said: ClassVar[str]
    __test__: ClassVar[bool] = False  # nothing for pytest to collect
    beyond: ClassVar[float] = 0.0  # how far past its threshold a strict test first holds, relative

    threshold: float

    def __init_subclass__(cls, kind: str, said: str, beyond: float = 0.0) -> None:
        """Enter the class in ``TESTS`` under its key."""
        cls.name, cls.said, cls.beyond, TESTS[kind] = kind, said, beyond, cls

    def holds(self, x: Array) -> Array:
        """Yes or no for every value, NaN where it is missing."""
        return blanked(self.reached(x).astype(float), x)

    @abstractmethod
    def reached(self, x: Array) -> NDArray[np.bool_]:
        """Whether every value passes; a missing one does not."""

    def inverse(self) -> float:
        """The value nearest to a failing one that passes: the threshold, or just past it where the
        test is strict.

        >>> AtMost(100).inverse()
        100.0
        """
        return self.threshold + self.beyond * (abs(self.threshold) or 1.0)


TESTS: dict[str, type[Test]] = {}


class Below(Test, kind="below", said="低于", beyond=-BEYOND):
    """Strictly below.

    >>> Below(0.0001).holds(np.array([0.00009, 0.0001]))
    array([1., 0.])
    """

    def reached(self, x: Array) -> NDArray[np.bool_]:
        """Less than the threshold and than what equals it."""
        return x < self.threshold - near(self.threshold)


class AtMost(Test, kind="at_most", said="不高于"):
    """Not above.

    >>> AtMost(100).holds(np.array([100.0, 100.5]))
    array([1., 0.])
    """

    def reached(self, x: Array) -> NDArray[np.bool_]:
        """Less than the threshold or equal to it."""
        return x <= self.threshold + near(self.threshold)


class Above(Test, kind="above", said="高于", beyond=BEYOND):
    """Strictly above.

    >>> Above(0.2).holds(np.array([0.2, 0.21]))
    array([0., 1.])
    """

    def reached(self, x: Array) -> NDArray[np.bool_]:
        """More than the threshold and than what equals it."""
        return x > self.threshold + near(self.threshold)


class AtLeast(Test, kind="at_least", said="不低于"):
    """Not below.

    >>> AtLeast(0.9).holds(np.array([0.9, 0.89]))
    array([1., 0.])
    """

    def reached(self, x: Array) -> NDArray[np.bool_]:
        """More than the threshold or equal to it."""
        return x >= self.threshold - near(self.threshold)


class Equals(Test, kind="equals", said="等于"):
    """Equal.

    >>> Equals(1).holds(np.array([1.0, 0.99]))
    array([1., 0.])
    """

    def reached(self, x: Array) -> NDArray[np.bool_]:
        """Equal to the threshold."""
        return np.abs(x - self.threshold) <= near(self.threshold)
