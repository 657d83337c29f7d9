"""A share or a count between two ends, along a line or in tiers (按比例计分; 分档计分)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from creditcalc import words
from creditcalc.exact import TOLERANCE, Array, blanked
from creditcalc.rules.formulas.base import Formula, KindFault, Said
from creditcalc.rules.formulas.thresholds import Above, AtLeast, Test


@dataclass(frozen=True)
class Proportional(Formula, kind="proportional"):
    """Nothing at the 不得分 end, full marks at the full-marks end, in proportion between
    (介于两者之间的按比例计分).

    ``between`` draws a straight line from 0 to full marks; ``of_full`` gives x ÷ full_at × full
    from ``zero`` on (falling: full_at ÷ x × full).

    >>> line = Proportional(zero=0.03, full_at=0.06)
    >>> line.points(np.array([0.0299, 0.03, 0.045, 0.06, 0.07]), 3).round(6)
    array([0. , 0. , 1.5, 3. , 3. ])
    >>> line.inverse(3, 3), line.inverse(1.5, 3)
    (0.06, 0.045)
    >>> of_full = Proportional(zero=0.03, full_at=0.06, line="of_full")
    >>> of_full.points(np.array([0.0299, 0.03, 0.045, 0.06]), 3).round(6)
    array([0.  , 1.5 , 2.25, 3.  ])
    >>> of_full.inverse(1, 3)
    0.03
    """

    zero: float
    full_at: float
    line: Literal["between", "of_full"] = "between"
    falling: bool = False

    @property
    def rises(self) -> bool:
        """Unless it falls."""
        return not self.falling

    def points(self, x: Array, full: float) -> Array:
        """The points along the line, exact at both ends."""
        zero, full_at = self.zero, self.full_at
        if self.line == "between":
            points = np.asarray(np.clip((x - zero) * (full / (full_at - zero)), 0.0, full))
            points += 0.0  # −0 of a falling scale is 0
            none = full * TOLERANCE * abs(zero / (full_at - zero))
            most = full * (1 - TOLERANCE * abs(full_at / (full_at - zero)))
            if none:
                points[(points > 0) & (points <= none)] = 0.0
            points[(points < full) & (points >= most)] = full
            return points
        x = np.where(np.abs(x - zero) <= TOLERANCE * zero, zero, x)
        if self.falling:
            points = np.where(x > zero, 0.0, full_at / np.maximum(x, full_at) * full)
        else:
            points = np.where(x < zero, 0.0, np.minimum(x, full_at) / full_at * full)
        return np.where(points >= full * (1 - TOLERANCE), full, points)

    def reach(self, points: float, full: float) -> float:
        """The place of the points on the line."""
        share = points / full
        if share == 1:
            return float(self.full_at)
        if self.line == "between":
            return float(self.zero + share * (self.full_at - self.zero))
        if self.falling:
            return float(min(self.zero, self.full_at / share))
        return float(max(self.zero, share * self.full_at))

    def goal(self, full: float, said: Said) -> str:
        """The full-marks end."""
        return ("不高于 " if self.falling else "达到 ") + said.text(self.full_at)

    def arithmetic(self, value: float, earned: float, full: float, said: Said) -> str:
        """The end that is reached, or the proportion."""
        zero, most, v = said.digits(self.zero), said.digits(self.full_at), said.digits(value)
        result, marks = words.points(earned), words.number(full)
        if earned >= full:
            return f"{v} {'不高于' if self.falling else '达到'} {most} → {result}"
        if earned <= 0:
            return f"{v} 在不得分端 {zero}（{'高于' if self.falling else '不足或恰在'}）→ 0.00"
        if self.line == "of_full":
            share = f"{most} ÷ {v}" if self.falling else f"{v} ÷ {most}"
        elif self.falling:
            share = f"({zero} − {v}) ÷ ({zero} − {most})"
        else:
            share = f"({v} − {zero}) ÷ ({most} − {zero})"
        return f"{share} × {marks} = {result}"

    def faults(self, full: float) -> Iterator[KindFault]:
        """The ends are in order."""
        zero, full_at = self.zero, self.full_at
        if not (zero > full_at >= 0 if self.falling else 0 <= zero < full_at):
            cure = f"zero 应{'大于' if self.falling else '小于'} full_at"
            yield KindFault("", "不得分端与满分端顺序不对", f"{zero} 与 {full_at}", cure)


@dataclass(frozen=True)
class Tiers(Formula, kind="tiers"):
    """The points of the highest tier that is reached; ``tiers`` holds pairs of threshold and
    points, ascending.

    With ``inclusive="no"`` a tier needs strictly more than its threshold (以上 without 本数).

    >>> two = [(0.2, 0.5), (0.5, 1)]
    >>> Tiers(two).points(np.array([0.199, 0.2, 0.5]), 1)
    array([0. , 0.5, 1. ])
    >>> Tiers(two, inclusive="no").points(np.array([0.2, 0.5, 0.51]), 1)
    array([0. , 0.5, 1. ])
    >>> Tiers(two).inverse(0.5, 1), Tiers(two).inverse(1, 1)
    (0.2, 0.5)
    """

    tiers: Sequence[Sequence[float]]
    inclusive: Literal["yes", "no"] = "yes"

    @property
    def _test(self) -> type[Test]:
        return AtLeast if self.inclusive == "yes" else Above

    def points(self, x: Array, full: float) -> Array:
        """The points of the highest tier that is reached."""
        points = np.zeros(np.shape(x))
        for threshold, earned in self.tiers:
            np.maximum(points, earned * self._test(threshold).reached(x), out=points)
        return blanked(points, x)

    def reach(self, points: float, full: float) -> float:
        """The threshold of the lowest tier that earns the points, or just above it where strictly
        more is needed.
        """
        for threshold, earned in self.tiers:
            if earned >= points - full * TOLERANCE:
                return self._test(threshold).inverse()
        return math.nan

    @property
    def _least(self) -> str:
        return "达到" if self.inclusive == "yes" else "高于"

    def goal(self, full: float, said: Said) -> str:
        """The threshold of the highest tier."""
        return f"{self._least} {said.text(self.tiers[-1][0])}"

    def arithmetic(self, value: float, earned: float, full: float, said: Said) -> str:
        """The value beside every tier."""
        tiers = "，".join(
            f"{self._least} {said.digits(threshold)} 得 {words.number(points)}"
            for threshold, points in self.tiers
        )
        return f"{said.digits(value)}：{tiers} → {words.points(earned)}"

    def faults(self, full: float) -> Iterator[KindFault]:
        """Tiers are apart and ascend up to full marks."""
        ats, earned = [t[0] for t in self.tiers], [t[1] for t in self.tiers]
        if ats != sorted(set(ats)) or earned != sorted(set(earned)) or not ats:
            cure = "界限和得分都应从低到高，各不相同"
            yield KindFault("", "档次重叠或次序不对", self.tiers, cure)
        elif earned[-1] != full or earned[0] <= 0 or not all(math.isfinite(a) for a in ats):
            yield KindFault("", "最高一档应为满分，各档应大于 0", self.tiers, f"满分 {full:g}")
