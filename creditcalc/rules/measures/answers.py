"""Yes or no, and how many are yes: what is known decides where it can (three-valued logic)."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import numpy as np

from creditcalc import words
from creditcalc.exact import Array
from creditcalc.rules.formulas import Test
from creditcalc.rules.inputs import input_value
from creditcalc.rules.kinds import Names
from creditcalc.rules.measures.base import Measure, Numbers, Terms
from creditcalc.rules.measures.moves import EPSILON, Changes, Inputs, Values, absent


@dataclass(frozen=True)
class Answers(Measure):
    """A measure of answers; counts among its inputs are yes above 0."""

    inputs: Names

    def changes(self, values: Values, wanted: float, inputs: Inputs) -> Changes:
        """The answers to turn."""
        known = [name for name in self.inputs if not absent(values.get(name))]
        yes = [name for name in known if values[name] > 0]
        no = [name for name in known if not values[name] > 0]
        return self.turned(yes, no, [n for n in self.inputs if n not in known], wanted)

    @abstractmethod
    def turned(
        self, yes: Sequence[str], no: Sequence[str], unknown: Sequence[str], wanted: float
    ) -> Changes:
        """The answers to turn, of those that are yes, no and not known."""

    def arithmetic(self, value: float, values: Values, terms: Terms) -> str:
        """Every answer."""
        asked = [terms.inputs[name] for name in self.inputs]
        return "；".join(f"{i.label}：{input_value(i, values.get(i.name))}" for i in asked)


class Logic(Answers):
    """Answers that make one answer."""

    is_logic = True
    outcomes: ClassVar[tuple[str, str]] = ("否", "是")  # no and yes in words
    wish: ClassVar[str]  # after the names of the inputs
    check: ClassVar[str]  # beside their values

    def text(self, x: float, terms: Terms) -> str:
        """The outcome in words."""
        return words.MISSING if math.isnan(x) else self.outcomes[int(x > 0)]

    def goal(self) -> str:
        """What a yes takes, or yes where there is but one answer."""
        return self.demand if len(set(self.inputs)) > 1 else "是"

    def asked(self, test: Test, terms: Terms) -> str:
        """What a yes takes, after the names."""
        return "、".join(terms.inputs[name].label for name in self.names) + self.wish

    def demanded(self, test: Test, terms: Terms) -> str:
        """What a yes takes."""
        return self.check


class AnyOf(Logic, kind="any_of"):
    """Yes where one is yes (or above 0), no where all are no, else missing: one known yes decides.

    >>> AnyOf(("a", "b")).value({"a": np.zeros(2), "b": np.array([np.nan, 0.0])}.get)
    array([nan,  0.])
    >>> AnyOf(("a", "b")).value({"a": np.ones(1), "b": np.array([np.nan])}.get)
    array([1.])
    """

    demand = wish = check = "有其一"

    def value(self, number: Numbers) -> Array:
        """Whether one is yes."""
        return any_of([number(name) for name in self.inputs])

    def turned(
        self, yes: Sequence[str], no: Sequence[str], unknown: Sequence[str], wanted: float
    ) -> Changes:
        """One to yes."""
        return dict.fromkeys([*no, *unknown][:1], 1.0)


class NoneOf(Logic, kind="none_of"):
    """Yes where all are no (or 0), no where one is yes: one known breach decides.

    >>> NoneOf(("a", "b")).value({"a": np.array([0.0, np.nan]), "b": np.array([0.0, 2.0])}.get)
    array([1., 0.])
    """

    outcomes = ("有发生", "未发生")
    demand = wish = "均未发生"
    check = "均为 0 或否"

    def value(self, number: Numbers) -> Array:
        """Whether none is yes."""
        return 1.0 - any_of([number(name) for name in self.inputs])

    def turned(
        self, yes: Sequence[str], no: Sequence[str], unknown: Sequence[str], wanted: float
    ) -> Changes:
        """All that are yes to no."""
        return dict.fromkeys(yes, 0.0)


class AllOf(Logic, kind="all_of"):
    """Yes where all are yes, no where one is no: one known no decides.

    >>> of = {"a": np.array([1.0, np.nan, np.nan]), "b": np.array([1.0, 0.0, 1.0])}.get
    >>> AllOf(("a", "b")).value(of)
    array([ 1.,  0., nan])
    """

    demand = check = "全部为是"
    wish = "为是"

    def value(self, number: Numbers) -> Array:
        """Whether all are yes."""
        return all_of([number(name) for name in self.inputs])

    def turned(
        self, yes: Sequence[str], no: Sequence[str], unknown: Sequence[str], wanted: float
    ) -> Changes:
        """All that are no to yes."""
        return dict.fromkeys(no, 1.0)


class CountYes(Answers, kind="count_yes"):
    """How many are yes, missing where one is not known (``bounds`` has what is possible).

    >>> of = {"a": np.array([1.0, 1.0]), "b": np.array([0.0, np.nan])}.get
    >>> CountYes(("a", "b")).value(of), CountYes(("a", "b")).bounds(of)
    (array([ 1., nan]), (array([1., 1.]), array([1., 2.])))
    """

    def value(self, number: Numbers) -> Array:
        """How many are yes."""
        return agreed(*self.bounds(number))

    def bounds(self, number: Numbers) -> tuple[Array, Array]:
        """The least and the greatest number of yes that the missing ones leave open."""
        flags = [number(name) for name in self.inputs]
        low, unknown = np.zeros((2, *flags[0].shape), dtype=np.int8)
        for flag in flags:
            low += (flag > 0).view(np.int8)
            unknown += np.isnan(flag).view(np.int8)
        return low.astype(float), (low + unknown).astype(float)

    def turned(
        self, yes: Sequence[str], no: Sequence[str], unknown: Sequence[str], wanted: float
    ) -> Changes:
        """As many to yes as are wanted."""
        return dict.fromkeys([*no, *unknown][: math.ceil(wanted - EPSILON) - len(yes)], 1.0)

    def unit(self, terms: Terms) -> str:
        """Kinds of what is asked for."""
        return "类"

    def arithmetic(self, value: float, values: Values, terms: Terms) -> str:
        """Every answer, and how many are yes."""
        return f"{super().arithmetic(value, values, terms)}；共 {self.exact(value, terms)}"


def any_of(flags: Sequence[Array]) -> Array:
    """Whether one is yes, of several arrays."""
    truth = np.ceil(np.minimum(reduce(np.maximum, flags), 1.0))
    if len(flags) > 1:
        blank = np.isnan(truth)
        if np.count_nonzero(blank):
            truth[blank & (reduce(np.fmax, flags) > 0)] = 1.0
    return truth


def all_of(flags: Sequence[Array]) -> Array:
    """Whether all are yes, of several arrays."""
    truth = np.clip(reduce(np.minimum, flags), 0.0, 1.0)
    if len(flags) > 1:
        blank = np.isnan(truth)
        if np.count_nonzero(blank):
            truth[blank & (reduce(np.fmin, flags) <= 0)] = 0.0
    return truth


def agreed(low: Array, high: Array) -> Array:
    """What the bounds agree on.

    >>> agreed(np.array([1.0, 3.0]), np.array([2.0, 3.0]))
    array([nan,  3.])
    """
    result = low.copy()
    result[low < high] = np.nan
    return result
