"""What every measure kind knows: the one value that its inputs make, the way back, and its words.

A kind is one class: its fields of type ``Names`` are the inputs that a rulebook names, the others
its parameters, ``kind=`` its own name there. Arrays are float64, NaN is missing, yes is 1, no is 0.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import ClassVar

import numpy as np

from creditcalc import words
from creditcalc.exact import Array
from creditcalc.rules.formulas import Test
from creditcalc.rules.kinds import Names, parameters
from creditcalc.rules.measures.moves import Changes, Inputs, Values, moved

Numbers = Callable[[str], Array]  # the column of an input


@dataclass(frozen=True)
class Terms:
    """What a measure needs in order to speak: the inputs by name, the unit that the rule gives the
    value, and by which reading (written reading=option) each parameter is decided that one decides.
    """

    inputs: Inputs
    unit: str = ""
    decided: Mapping[str, str] = field(default_factory=dict)


class Measure(ABC):
    """A measure kind under given inputs and parameters."""

    name: ClassVar[str]
    is_logic: ClassVar[bool] = False  # yes or no, so that a condition takes no threshold
    demand: ClassVar[str] = "为是"  # what a yes takes
    award: ClassVar[str] = "评分"  # what the value is where it is itself the points

    def __init_subclass__(cls, kind: str = "") -> None:
        """Enter the class in ``MEASURES`` under the name that a rulebook gives it."""
        if kind:
            cls.name, MEASURES[kind] = kind, cls

    @property
    def names(self) -> list[str]:
        """The inputs in the order of the kind's fields."""
        roles = [key for key, p in parameters(type(self)).items() if p.is_input]
        return [name for role in roles for name in getattr(self, role)]

    @abstractmethod
    def value(self, number: Numbers) -> Array:
        """The value for every row, NaN where it is not decided."""

    def bounds(self, number: Numbers) -> tuple[Array, Array] | None:
        """The least and the greatest value that the missing inputs leave, where that is less than
        everything.
        """
        return None

    @abstractmethod
    def changes(self, values: Values, wanted: float, inputs: Inputs) -> Changes:
        """The new values of inputs that make the measure ``wanted``, in whole units of the inputs.

        Raises Unreachable where no input can be moved to it.
        """

    # --------------------------------------------------------------------------------------------
    # words

    def unit(self, terms: Terms) -> str:
        """The unit of the value: the rule's, or that of the last input."""
        return terms.unit or terms.inputs[self.names[-1]].unit

    def text(self, x: float, terms: Terms) -> str:
        """A value in words."""
        return words.MISSING if math.isnan(x) else f"{words.number(x)} {self.unit(terms)}"

    def digits(self, x: float, terms: Terms) -> str:
        """A value with the digits that reproduce the score, without its unit."""
        return words.precise(x)

    def exact(self, x: float, terms: Terms) -> str:
        """A value with the digits that reproduce the score, and its unit."""
        return words.MISSING if math.isnan(x) else f"{words.precise(x)} {self.unit(terms)}"

    def awarded(self, full: float) -> str:
        """The value that is full marks where it is itself the points."""
        return f"{words.number(full)} 分"

    def goal(self) -> str:
        """What full marks take where the formula need not be asked, or nothing."""
        return ""

    def subject(self, labels: list[str]) -> str:
        """What a condition speaks of, by the labels of the inputs."""
        return labels[-1]

    def asked(self, test: Test, terms: Terms) -> str:
        """What a condition asks for, with the names of the inputs."""
        labels = [terms.inputs[name].label for name in self.names]
        return f"{self.subject(labels)}{test.said} {self.text(test.threshold, terms)}"

    def demanded(self, test: Test, terms: Terms) -> str:
        """What a condition asks for, beside the value."""
        return f"{test.said} {self.text(test.threshold, terms)}"

    def apart(self, x: float, threshold: float) -> str:
        """How far a value lies from its threshold, where both would print as the same number."""
        return ""

    @abstractmethod
    def arithmetic(self, value: float, values: Values, terms: Terms) -> str:
        """How the inputs make the value, with the numbers that a calculator needs."""

    def said(self, terms: Terms) -> Spoken:
        """The value as a formula speaks of it."""
        return Spoken(self, terms)


MEASURES: dict[str, type[Measure]] = {}


class Quantity(Measure):
    """A measure that one of its inputs moves, while the others stay."""

    @abstractmethod
    def lever(self, values: Values, wanted: float) -> tuple[str, float]:
        """The input to move for the measure to become ``wanted``, and its exact new value."""

    def changes(self, values: Values, wanted: float, inputs: Inputs) -> Changes:
        """The one input, and its whole raised where it would outgrow it."""
        return moved(inputs, values, *self.lever(values, wanted))


@dataclass(frozen=True)
class Spoken:
    """A measure's values in words, as formulas ask for them (``formulas.base.Said``)."""

    measure: Measure
    terms: Terms

    @property
    def demand(self) -> str:
        """What a yes takes."""
        return self.measure.demand

    @property
    def award(self) -> str:
        """What the value is where it is itself the points."""
        return self.measure.award

    def text(self, x: float) -> str:
        """A value with its unit."""
        return self.measure.text(x, self.terms)

    def digits(self, x: float) -> str:
        """A value with the digits that reproduce the score."""
        return self.measure.digits(x, self.terms)

    def awarded(self, full: float) -> str:
        """The value that is full marks."""
        return self.measure.awarded(full)


def added(number: Numbers, names: Names) -> Array:
    """The columns of the inputs, added up.

    >>> added({"a": np.array([1.0]), "b": np.array([2.0])}.get, ("a", "b"))
    array([3.])
    """
    return reduce(np.add, [number(name) for name in names])


def sum_text(values: Values, names: Names) -> str:
    """The values of the inputs as a sum."""
    return " + ".join(words.precise(values.get(name)) for name in names)
