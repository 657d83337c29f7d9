"""So many points less for every step beyond what is free (每增加 X 减 Y)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from creditcalc import words
from creditcalc.exact import BEYOND, TOLERANCE, Array, snap
from creditcalc.rules.formulas.base import Formula, KindFault, Said
from creditcalc.rules.formulas.counts import not_above_zero


@dataclass(frozen=True)
class ExcessDeduct(Formula, kind="excess_deduct"):
    """``each`` less for every ``step`` beyond ``free``, not below 0 (每增加 X 减 Y); ``partial``
    settles a part of a step.

    >>> over = ExcessDeduct(free=5, step=1, each=0.4)
    >>> over.points(np.array([5.0, 5.3, 10.0]), 2).round(6)
    array([2.  , 1.88, 0.  ])
    >>> over.inverse(2, 2), over.inverse(1.6, 2)
    (5.0, 6.0)
    >>> ExcessDeduct(free=5, step=1, each=0.4, partial="started_steps").points(np.array([5.3]), 2)
    array([1.6])
    """

    free: float
    step: float
    each: float
    partial: Literal["pro_rata", "whole_steps", "started_steps"] = "pro_rata"

    @property
    def rises(self) -> bool:
        """Steps cost points."""
        return False

    def points(self, x: Array, full: float) -> Array:
        """Full marks less the steps."""
        excess = np.asarray(np.maximum(x - self.free, 0.0))
        if self.free:
            excess[(excess > 0) & (excess <= TOLERANCE * self.free)] = 0.0
        steps = snap(excess / self.step)
        if self.partial != "pro_rata":
            steps = np.floor(steps) if self.partial == "whole_steps" else np.ceil(steps)
        return np.maximum(full - self.each * steps, 0.0)

    def reach(self, points: float, full: float) -> float:
        """The greatest value that still leaves the points."""
        steps = float(snap(np.asarray((full - points) / self.each)))
        if self.partial == "started_steps":
            steps = math.floor(steps)
        elif self.partial == "whole_steps":
            steps = (math.floor(steps) + 1) * (1 - BEYOND)  # all of the next step but its end
        return float(self.free + steps * self.step)

    def goal(self, full: float, said: Said) -> str:
        """What is free."""
        return "不超过 " + said.text(self.free) if self.free else "为 0"

    def arithmetic(self, value: float, earned: float, full: float, said: Said) -> str:
        """The steps, how many of them count, and the subtraction."""
        steps = max((value - self.free) / self.step, 0)
        counted = {
            "pro_rata": steps,
            "whole_steps": math.floor(steps + 1e-9),
            "started_steps": math.ceil(steps - 1e-9),
        }
        taken = words.precise(counted[self.partial])
        step = "每步十万分之一" if self.step < 0.001 else f"每步 {words.number(self.step)}"
        beyond = f"超出 {said.digits(self.free)} 的部分合 {words.precise(steps)} 步（{step}）"
        lost = f"{words.number(self.each)} × {taken}"
        result = f"{words.number(full)} − {lost} = {words.points(earned)}"
        return f"{beyond}，按 {taken} 步计：{result}（不低于 0）"

    def faults(self, full: float) -> Iterator[KindFault]:
        """A step is something and costs something, and less than nothing is not free."""
        yield from not_above_zero("each", self.each)
        yield from not_above_zero("step", self.step)
        if self.free < 0:
            yield KindFault("free", "不应小于 0", self.free)
