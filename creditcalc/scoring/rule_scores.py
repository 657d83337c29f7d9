"""What one rule gives for columns of inputs: an item's points with their interval, a base
indicator's conditions and its gate, and the marks that a reallocation moves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from creditcalc.exact import Array
from creditcalc.rules.formulas.thresholds import AtLeast
from creditcalc.rules.measures import Measure
from creditcalc.rules.measures.answers import agreed, all_of
from creditcalc.rules.rulebook import Condition, Readings, Rule, Rulebook
from creditcalc.scoring.arrays import Columns


class ConditionScore(NamedTuple):
    """A condition's value, whether it holds and whether it concerns the row (None: every row).

    It holds where it does not concern the row, and is open where that is not known.
    """

    condition: Condition
    value: Array
    holds: Array
    concerns: Array | None


class GateScore:
    """A base indicator's conditions under a set of readings."""

    def __init__(self, rule: Rule, readings: Readings) -> None:
        self._parts = [
            (condition, condition.measure.bind(readings)) for condition in rule.conditions
        ]

    def conditions(self, columns: Columns) -> list[ConditionScore]:
        """Every condition for every row."""
        return [_condition(condition, measure, columns) for condition, measure in self._parts]

    def score(self, columns: Columns) -> tuple[Array, Array]:
        """The value of the one condition (of several: the gate itself) and the gate."""
        found = self.conditions(columns)
        if len(found) == 1:
            return found[0].value, found[0].holds
        gate = all_of([condition.holds for condition in found])
        return gate, gate


def _condition(condition: Condition, measure: Measure, columns: Columns) -> ConditionScore:
    value = measure.value(columns.number)
    holds = condition.test.holds(value)
    limits = []
    if condition.level:
        limits.append(columns.is_level(condition.level))
    if condition.class_input:
        limits.append(columns.is_class(condition.class_input, condition.classes))
    if not limits:
        return ConditionScore(condition, value, holds, None)
    concerns = all_of(limits)
    holds[np.isnan(holds) & (concerns == 0)] = 1.0
    return ConditionScore(condition, value, np.maximum(holds, 1.0 - concerns), concerns)


class ItemScore:
    """An item's measure and formula under a set of readings.

    ``factor`` multiplies its marks where they are reallocated; at 0 it does not apply and has 0 of
    0 points.
    """

    def __init__(self, rule: Rule, readings: Readings) -> None:
        assert rule.measure is not None and rule.formula is not None
        self.measure, self.full = rule.measure.bind(readings), rule.full
        self._formula = rule.formula.bind(readings)
        self._narrows = type(self.measure).bounds is not Measure.bounds  # spares a look for blanks

    def points(self, columns: Columns, factor: Array | None = None) -> tuple[Array, Array]:
        """Value and points, decided where the least and the most are the same."""
        value = self.measure.value(columns.number)
        points = self._marks(value, factor)
        if self._narrows and np.isnan(points).any():
            points = agreed(*self.interval(columns, points, factor))
        return value, points

    def interval(
        self, columns: Columns, points: Array, factor: Array | None = None
    ) -> tuple[Array, Array]:
        """The least and the most: up to full marks where the points are not decided and the measure
        cannot tell more.
        """
        undecided = np.isnan(points)
        if not undecided.any():
            return points, points
        bounded = self._bounded(columns, factor)
        if bounded is not None:
            return bounded
        full = self.full if factor is None else self.full * factor
        return np.where(undecided, 0.0, points), np.where(undecided, full, points)

    def _bounded(self, columns: Columns, factor: Array | None) -> tuple[Array, Array] | None:
        """The least and the most points that the bounds of the measure leave, where it has any."""
        bounds = self.measure.bounds(columns.number)
        if bounds is None:
            return None
        ends = self._marks(bounds[0], factor), self._marks(bounds[1], factor)
        return ends if self._formula.rises else ends[::-1]

    def _marks(self, value: Array, factor: Array | None) -> Array:
        """What the formula makes of a value, after reallocation."""
        points = self._formula.points(value, self.full)
        if factor is not None:
            points *= factor
            points[np.isnan(points) & (factor == 0)] = 0.0
        return points


def scored_value(rule: Rule, columns: Columns, readings: Readings) -> Array:
    """The value that a rule scores for every row: of an item's measure, or of a gate."""
    if rule.measure is None:
        return GateScore(rule, readings).score(columns)[0]
    return rule.measure.bind(readings).value(columns.number)


def reallocated(book: Rulebook, columns: Columns, readings: Readings) -> dict[str, Array]:
    """The factor on each reallocated item's marks per row: 0 where it does not apply."""
    factors: dict[str, Array] = {}
    for move in book.reallocations:
        share = move.measure.bind(readings).value(columns.number)
        moved = AtLeast(move.at_least).holds(share) == 1
        for ids, factor in ((move.drop, 0.0), (move.scale, move.factor)):
            marks = 1.0 + (factor - 1.0) * moved
            factors |= {id: factors[id] * marks if id in factors else marks for id in ids}
    return factors
