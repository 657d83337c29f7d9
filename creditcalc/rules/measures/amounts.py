"""An input as it stands, and one quantity beside another: a share, a growth, what is lacking."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from creditcalc import words
from creditcalc.exact import Array, near
from creditcalc.rules.kinds import Names
from creditcalc.rules.measures.base import Measure, Numbers, Quantity, Terms, added, sum_text
from creditcalc.rules.measures.moves import Changes, Inputs, Values, total, whole_units

ALIKE = 5e-9  # shares no further apart print as the same number
Empty = float | Literal["missing"]


@dataclass(frozen=True)
class InputItself(Quantity, kind="input"):
    """The input itself."""

    input: Names

    def value(self, number: Numbers) -> Array:
        """The column of the input."""
        return added(number, self.input)

    def lever(self, values: Values, wanted: float) -> tuple[str, float]:
        """The input itself."""
        name, *others = self.input
        return name, wanted - total(values, others)

    def arithmetic(self, value: float, values: Values, terms: Terms) -> str:
        """The input is the value."""
        return f"{terms.inputs[self.input[0]].label} = {self.exact(value, terms)}"


class Share(Measure):
    """A measure whose value is a share, said in per cent unless the rule names a unit."""

    def text(self, x: float, terms: Terms) -> str:
        """In per cent."""
        return super().text(x, terms) if terms.unit else words.percent(x)

    def digits(self, x: float, terms: Terms) -> str:
        """In per cent."""
        return super().digits(x, terms) if terms.unit else f"{words.precise(100 * x)}%"

    def exact(self, x: float, terms: Terms) -> str:
        """In per cent."""
        if terms.unit or math.isnan(x):
            return super().exact(x, terms)
        return self.digits(x, terms)

    def apart(self, x: float, threshold: float) -> str:
        """In percentage points."""
        apart = x - threshold
        if not near(threshold) < abs(apart) < ALIKE:  # nearer is equal
            return ""
        return f"（{'高出' if apart > 0 else '低了'} {words.precise(abs(100 * apart))} 个百分点）"


@dataclass(frozen=True)
class Ratio(Share, Quantity, kind="ratio"):
    """Part over whole; a whole of 0 counts as ``empty`` whatever the part, or as missing.

    >>> of = {"part": np.array([450.0, 1.0]), "whole": np.array([10000.0, 0.0])}.get
    >>> Ratio(("part",), ("whole",), empty=1).value(of)
    array([0.045, 1.   ])
    >>> Ratio(("part",), ("whole",)).lever({"part": 450, "whole": 10000}, 0.06)
    ('part', 600.0)
    """

    part: Names
    whole: Names
    empty: Empty = "missing"

    def value(self, number: Numbers) -> Array:
        """The part of the whole."""
        return share(added(number, self.part), added(number, self.whole), self.empty)

    def changes(self, values: Values, wanted: float, inputs: Inputs) -> Changes:
        """The part moved; a part of nothing needs a whole first."""
        if wanted > 0 and total(values, self.whole) == 0:
            part = self.part[0]
            return {self.whole[0]: 1.0, part: whole_units(inputs[part], wanted, 0.0)}
        return super().changes(values, wanted, inputs)

    def lever(self, values: Values, wanted: float) -> tuple[str, float]:
        """The part, at an unchanged whole."""
        name, *others = self.part
        return name, wanted * total(values, self.whole) - total(values, others)

    def subject(self, labels: list[str]) -> str:
        """Part and whole."""
        return " ÷ ".join(labels)

    def arithmetic(self, value: float, values: Values, terms: Terms) -> str:
        """The division."""
        part, whole = sum_text(values, self.part), sum_text(values, self.whole)
        if whole == "0":
            return empty_line(self, self.whole[0], value, terms)
        return f"{f'({part})' if '+' in part else part} ÷ {whole} = {self.exact(value, terms)}"


@dataclass(frozen=True)
class Growth(Share, Quantity, kind="growth"):
    """Growth of ``curr`` over ``prev``; missing where nothing was there to grow.

    >>> of = {"prev": np.array([100.0, 0.0]), "curr": np.array([122.8, 5.0])}.get
    >>> Growth(("prev",), ("curr",)).value(of).round(3)
    array([0.228,   nan])
    >>> Growth(("prev",), ("curr",)).lever({"prev": 1000, "curr": 1100}, 0.25)
    ('curr', 1250.0)
    """

    prev: Names
    curr: Names

    def value(self, number: Numbers) -> Array:
        """What was added, of what was there."""
        prev = added(number, self.prev)
        return share(added(number, self.curr) - prev, prev, "missing")

    def lever(self, values: Values, wanted: float) -> tuple[str, float]:
        """The later amount, at an unchanged earlier one."""
        name, *others = self.curr
        return name, total(values, self.prev) * (1 + wanted) - total(values, others)

    def subject(self, labels: list[str]) -> str:
        """The later amount, beside that of the year before."""
        return labels[-1] + "比上年增速"

    def arithmetic(self, value: float, values: Values, terms: Terms) -> str:
        """The difference and the division."""
        prev, curr = sum_text(values, self.prev), sum_text(values, self.curr)
        if prev == "0":
            return empty_line(self, self.prev[0], value, terms)
        return f"({curr} − {prev}) ÷ {prev} = {self.exact(value, terms)}"


@dataclass(frozen=True)
class Shortfall(Quantity, kind="shortfall"):
    """How many of the whole are not yet in the part; a whole of 0 counts as ``empty``.

    >>> of = {"part": np.array([4.0]), "whole": np.array([5.0])}.get
    >>> Shortfall(("part",), ("whole",)).value(of)
    array([1.])
    >>> Shortfall(("part",), ("whole",)).lever({"part": 3, "whole": 5}, 1)
    ('part', 4.0)
    """

    part: Names
    whole: Names
    empty: Empty = "missing"

    def value(self, number: Numbers) -> Array:
        """What the part lacks."""
        whole = added(number, self.whole)
        return where_empty(whole - added(number, self.part), whole, self.empty)

    def lever(self, values: Values, wanted: float) -> tuple[str, float]:
        """The part, at an unchanged whole."""
        name, *others = self.part
        return name, total(values, self.whole) - wanted - total(values, others)

    def arithmetic(self, value: float, values: Values, terms: Terms) -> str:
        """The subtraction."""
        part, whole = sum_text(values, self.part), sum_text(values, self.whole)
        if whole == "0":
            return empty_line(self, self.whole[0], value, terms)
        return f"{whole} − {part} = {self.exact(value, terms)}"


def share(part: Array, whole: Array, empty: Empty) -> Array:
    """Part over whole; a whole of 0 counts as ``empty``, or as missing."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return where_empty(part / whole, whole, empty)


def where_empty(values: Array, whole: Array, empty: Empty) -> Array:
    """``values`` with what a whole of 0 comes to in its place."""
    none = whole == 0
    if np.count_nonzero(none):
        values[none] = np.nan if isinstance(empty, str) else empty
    return values


def empty_line(measure: Measure, whole: str, value: float, terms: Terms) -> str:
    """What a whole of 0 comes to, by itself or by a reading."""
    by = terms.decided.get("empty")
    why = f"按读法 {by} " if by else ""
    outcome = "不作判定" if math.isnan(value) else f"按 {measure.exact(value, terms)} 计"
    return f"{terms.inputs[whole].label}为 0，{why}{outcome}"
