"""What one rule gives one row, with the steps that lead there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from creditcalc.rules.rulebook import Readings, Reallocation, Rule
from creditcalc.scoring.arrays import Columns
from creditcalc.scoring.rule_scores import (
    ConditionScore,
    GateScore,
    ItemScore,
    scored_value,
)


@dataclass(frozen=True)
class Result:
    """What one rule gives one row: ``points`` (NaN where they are not decided, and for a base
    indicator), ``status`` in the words of ``Scorecard.status``, ``factor`` what its marks are
    multiplied with where they are reallocated, and the steps that lead there.
    """

    rule: Rule
    points: float
    status: str
    factor: float
    _readings: Readings
    _columns: Columns
    _at: int

    @cached_property
    def _row(self) -> Columns:
        return self._columns.only(self._at)

    @cached_property
    def value(self) -> float:
        """The value that is scored; NaN where it is missing."""
        return float(scored_value(self.rule, self._row, self._readings)[0])

    @property
    def full(self) -> float:
        """Full marks after reallocation; NaN for a base indicator."""
        return math.nan if self.rule.kind == "base" else self.rule.full * self.factor

    @cached_property
    def before_reallocation(self) -> float:
        """The points as if its marks had not been moved."""
        item = ItemScore(self.rule, self._readings)
        return float(item.points(self._row)[1][0])

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The least and the most points that the missing inputs still allow; NaN for a base
        indicator.
        """
        if self.rule.kind == "base":
            return math.nan, math.nan
        item = ItemScore(self.rule, self._readings)
        ends = item.interval(self._row, np.array([self.points]), np.array([self.factor]))
        return float(ends[0][0]), float(ends[1][0])

    @cached_property
    def conditions(self) -> list[ConditionScore]:
        """A base indicator's conditions, as arrays of one."""
        return GateScore(self.rule, self._readings).conditions(self._row)

    @cached_property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the greatest value that the missing inputs leave, where the measure can
        tell.
        """
        assert self.rule.measure is not None
        bounds = self.rule.measure.bind(self._readings).bounds(self._row.number)
        return None if bounds is None else (float(bounds[0][0]), float(bounds[1][0]))

    def share(self, move: Reallocation) -> float:
        """The share by which a reallocation of the rule's marks is decided."""
        return float(move.measure.bind(self._readings).value(self._row.number)[0])
