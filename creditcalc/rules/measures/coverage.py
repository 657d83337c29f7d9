"""How much of a whole is covered by one of several systems (四·（二）2、3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from creditcalc import words
from creditcalc.exact import Array, round_half_up, snap
from creditcalc.rules.inputs import input_value
from creditcalc.rules.kinds import Names
from creditcalc.rules.measures.amounts import Share, share
from creditcalc.rules.measures.answers import any_of
from creditcalc.rules.measures.base import Numbers, Terms, added, sum_text
from creditcalc.rules.measures.moves import (
    Changes,
    Inputs,
    Unreachable,
    Values,
    absent,
    total,
    whole_units,
)


@dataclass(frozen=True)
class Coverage(Share, kind="coverage"):
    """The higher of the coverages whose system is in use, at most 1, rounded half up; no system is
    0 (四·（二）2、3).

    A system that is not known, or one in use whose ratio is not, leaves the value missing.

    >>> one = np.array([1.0])
    >>> of = {"whole": 1000 * one, "own": 803 * one, "other": 797 * one, "used": one}.get
    >>> Coverage(("whole",), ("own", "other"), ("used", "used"), decimals=2).value(of)
    array([0.8])
    """

    whole: Names
    parts: Names
    systems: Names
    decimals: int

    award = "覆盖率"

    def value(self, number: Numbers) -> Array:
        """The higher coverage."""
        whole = added(number, self.whole)
        best = np.zeros(whole.shape)
        for part, system in self.pairs:
            counts = any_of([number(system)])
            covered = np.minimum(share(number(part), whole, "missing"), 1.0)
            covered[np.isnan(covered) & (counts == 0)] = 0.0
            best = np.maximum(best, covered * counts)
        return round_half_up(best, self.decimals)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every part with its system."""
        return list(zip(self.parts, self.systems, strict=True))

    def changes(self, values: Values, wanted: float, inputs: Inputs) -> Changes:
        """More covered in the system in use that covers most, or in the system that covers most,
        put into use.
        """
        whole = total(values, self.whole)
        if absent(whole) or not whole:
            raise Unreachable(f"“{inputs[self.whole[0]].label}”没有数")
        used = [pair for pair in self.pairs if values.get(pair[1]) == 1]
        part, system = max(used or self.pairs, key=lambda pair: values.get(pair[0]) or 0.0)
        now = 0.0 if absent(values.get(part)) else float(values[part])
        more = whole_units(inputs[part], self.least(wanted, whole), now)
        return ({part: more} if more > now else {}) | ({} if used else {system: 1.0})

    def least(self, wanted: float, whole: float) -> float:
        """The least part whose rounded coverage reaches the value.

        >>> farms = Coverage(("whole",), (), (), decimals=2)
        >>> round(farms.least(0.8, 1000), 6), round(farms.least(0.801, 1000), 6)
        (795.0, 805.0)
        """
        scale = 10**self.decimals
        reached = math.ceil(float(snap(np.asarray(wanted * scale)))) / scale
        return float(max(reached - 0.5 / scale, 0.0) * whole)

    def awarded(self, full: float) -> str:
        """All of it."""
        return "100%"

    def arithmetic(self, value: float, values: Values, terms: Terms) -> str:
        """The coverage of every system, and which one counts."""
        whole = sum_text(values, self.whole)
        texts = []
        for part, system in self.pairs:
            used = input_value(terms.inputs[system], values.get(system))
            if used == "是":
                used += f"，{words.precise(values.get(part))} ÷ {whole}"
                if words.MISSING not in used and whole != "0":
                    covered = float(values[part] / total(values, self.whole))
                    used += f" = {words.number(covered, 4)}"
            texts.append(f"{terms.inputs[system].label}：{used}")
        outcome = words.MISSING if math.isnan(value) else f"{value:.2f}"
        return f"{'；'.join(texts)}；取较高者，最多为 1，四舍五入到两位小数 = {outcome}"
