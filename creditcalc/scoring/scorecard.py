"""Table × rulebook × readings → Scorecard: points with their interval, base gates, totals.

All work is done on columns, in pieces of rows that stay in the processor's cache. A rule's result
lies in one row of a rules × rows array, so that each rule's column of the wide tables is
contiguous. Points and statuses are worked out at once, all else when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from creditcalc.exact import Array
from creditcalc.problems import InputError, Problem
from creditcalc.rules.formulas.thresholds import AtLeast
from creditcalc.rules.measures import Measure
from creditcalc.rules.measures.answers import agreed, all_of
from creditcalc.rules.rulebook import Call, Condition, Readings, Rule, Rulebook, chosen
from creditcalc.scoring.arrays import LEVELS, levels, pieces
from creditcalc.scoring.arrays import Columns as Columns

KEYS = ["jurisdiction", "period"]
ITEM_STATUS = ("missing", "scored", "not_applicable")
BASE_STATUS = ("pending", "fail", "pass")
ELIGIBLE = ("pending", "no", "yes")

Codes = NDArray[np.int8]


class Results(NamedTuple):
    """Rules × rows: points (NaN for base indicators) and status (``ITEM_STATUS`` or
    ``BASE_STATUS``, 0 being undecided).
    """

    points: Array
    status: Codes


@dataclass(frozen=True)
class Scorecard:
    """Every rule's result for every row of a table, under one set of readings."""

    table: pd.DataFrame
    book: Rulebook
    readings: Readings
    _columns: Columns
    _results: Results
    _owners: list[pd.DataFrame] = field(default_factory=list, repr=False, compare=False)

    @cached_property
    def points(self) -> pd.DataFrame:
        """Points per row and rule; NaN where inputs are missing and for base indicators."""
        return self._wide(self._results.points)

    @cached_property
    def low(self) -> pd.DataFrame:
        """The least points that the missing inputs still allow."""
        return self._wide(self._interval[0])

    @cached_property
    def high(self) -> pd.DataFrame:
        """The most points that the missing inputs still allow."""
        return self._wide(self._interval[1])

    @cached_property
    def value(self) -> pd.DataFrame:
        """The value that is scored (a share, a count, a yes or no) per row and rule."""
        value = np.empty_like(self._results.points)
        for columns in self._columns.pieces():
            for n, rule in enumerate(self.book.rules.values()):
                score = score_gate if rule.kind == "base" else score_item
                value[n, columns.rows] = score(rule, columns, self.readings)[0]
        return self._wide(value)

    @cached_property
    def full(self) -> pd.DataFrame:
        """Full marks per row and rule, after reallocation; NaN for base indicators."""
        full = np.empty_like(self._results.points)
        full.T[:] = [
            np.nan if rule.kind == "base" else rule.full for rule in self.book.rules.values()
        ]
        order = {id: n for n, id in enumerate(self.book.rules)}
        for columns in self._columns.pieces():
            for id, factor in reallocated(self.book, columns, self.readings).items():
                full[order[id], columns.rows] *= factor
        return self._wide(full)

    @cached_property
    def status(self) -> pd.DataFrame:
        """Words per row and rule: scored, missing, not_applicable; for base indicators pass, fail,
        pending.
        """
        words = {
            kind: pd.CategoricalDtype(list(_words(kind))) for kind in ("base", "item", "bonus")
        }
        coded = zip(self.book.rules.items(), self._results.status, strict=True)
        return pd.DataFrame(
            {
                id: pd.Categorical.from_codes(codes, dtype=words[rule.kind])
                for (id, rule), codes in coded
            },
            index=self.table.index,
        )

    @property
    def undecided(self) -> NDArray[np.bool_]:
        """Whether each rule (column) is missing or pending in each row."""
        undecided: NDArray[np.bool_] = self._results.status.T == 0
        return undecided

    @cached_property
    def _interval(self) -> tuple[Array, Array]:
        """The least and the most points: the points themselves where they are decided."""
        points, status = self._results
        if status[self._rows("item", "bonus")].all():
            return points, points
        low, high = points.copy(), points.copy()
        for columns in self._columns.pieces():
            factors, rows = reallocated(self.book, columns, self.readings), columns.rows
            for n, rule in enumerate(self.book.rules.values()):
                if rule.kind != "base" and not status[n, rows].all():
                    item = Item(rule, self.readings)
                    low[n, rows], high[n, rows] = item.interval(
                        columns, points[n, rows], factors.get(rule.id)
                    )
        return low, high

    def under(self, readings: Readings) -> Scorecard:
        """The same table under other readings (those not named stay); only rules that depend on a
        change are scored again.
        """
        options = self.book.resolve({**self.readings, **readings})
        moved = {id for id, option in options.items() if option != self.readings[id]}
        results = Results(self._results.points.copy(), self._results.status.copy())
        again = [
            n
            for n, rule in enumerate(self.book.rules.values())
            if moved.intersection(rule.readings)
        ]
        _score(again, self._columns, options, results)
        return Scorecard(self.table, self.book, options, self._columns, results)

    def _wide(self, values: Array) -> pd.DataFrame:
        """The values as a table that shares their memory until somebody writes to it."""
        owner = pd.DataFrame(
            values.T, index=self.table.index, columns=list(self.book.rules), copy=False
        )
        self._owners.append(
            owner
        )  # pandas copies what it writes to only while another table is seen to share it
        return owner.copy(deep=False)

    def _rows(self, *kinds: str, scope: str = "") -> list[int]:
        """Where the rules of some kinds (and of one scope) lie in the results."""
        rules = enumerate(self.book.rules.values())
        return [n for n, rule in rules if rule.kind in kinds and scope in ("", rule.scope)]

    def items(self) -> pd.DataFrame:
        """The long table: jurisdiction, period, id, kind, full, value, score, low, high, status."""
        rules = list(self.book.rules.values())
        rows, width = len(self.table), len(rules)
        words = np.array([_words(rule.kind) for rule in rules], dtype=object)
        sheets = {
            "full": self.full,
            "value": self.value,
            "score": self.points,
            "low": self.low,
            "high": self.high,
        }
        return pd.DataFrame(
            {key: np.repeat(self.table[key].to_numpy(), width) for key in KEYS}
            | {
                "id": np.tile([rule.id for rule in rules], rows),
                "kind": np.tile([rule.kind for rule in rules], rows),
            }
            | {name: sheet.to_numpy().ravel() for name, sheet in sheets.items()}
            | {
                "status": np.take_along_axis(
                    words, self._results.status.astype(int), axis=1
                ).T.ravel()
            }
        )

    def totals(self) -> pd.DataFrame:
        """Per jurisdiction and period: score (what the decided items give), its interval, bonus,
        eligibility, county duty.
        """
        item, bonus, duty = (
            self._rows("item"),
            self._rows("bonus"),
            self._rows("item", scope="county"),
        )
        cap = float(chosen(self.book.bonus_cap, self.readings))
        points, (low, high) = self._results.points, self._interval
        score, confirmed = _sum(points, item), np.minimum(_sum(points, bonus), cap)
        gates = self._results.status[self._rows("base")]
        eligible = np.where((gates == 1).any(axis=0), 1, 2 * (gates == 2).all(axis=0))
        rules = list(self.book.rules.values())
        return pd.DataFrame(
            {key: self.table[key].to_numpy() for key in KEYS}
            | {
                "level": np.array(LEVELS, dtype=object)[levels(self.table)],
                "score": score,
                "low": _sum(low, item),
                "high": _sum(high, item),
                "bonus": confirmed,
                "bonus_low": np.minimum(_sum(low, bonus), cap),
                "bonus_high": np.minimum(_sum(high, bonus), cap),
                "total": score + confirmed,
                "eligible": np.array(ELIGIBLE, dtype=object)[eligible],
                "county_duty": _sum(points, duty),
                "county_duty_full": float(sum(rules[n].full for n in duty)),
            },
            index=self.table.index,
        )


def score(table: pd.DataFrame, book: Rulebook, readings: Readings | None = None) -> Scorecard:
    """Score every row of ``table`` as it stands under ``readings`` (defaults of the rulebook for
    those not named).

    ``table`` has a row per jurisdiction and period and a column per input: numbers, flags as 1 and
    0, classes as text. Raises ReadingError for an unknown reading and InputError for a column that
    holds anything else.

    >>> from creditcalc import load_rulebook
    >>> table = pd.DataFrame({"jurisdiction": ["范县"], "period": ["2021-05"], "loans_xyd": [450], "loans_credit": [10000]})
    >>> float(score(table, load_rulebook()).points.loc[0, "S6.1.3a"].round(6))
    1.5
    """
    missing = [key for key in KEYS if key not in table]
    if missing:
        raise InputError(
            [Problem("缺少这一列", key, "补上县区或期间", column=key) for key in missing]
        )
    table = table.copy(deep=False)  # what is worked out later is still of the table as it is now
    options, columns, shape = (
        book.resolve(readings),
        Columns(table, book),
        (len(book.rules), len(table)),
    )
    results = Results(np.empty(shape), np.empty(shape, dtype=np.int8))
    _score(range(len(book.rules)), columns, options, results)
    return Scorecard(table, book, options, columns, results)


def _score(numbers: Iterable[int], columns: Columns, readings: Readings, results: Results) -> None:
    """Put the results of some rules in their place, for one piece of the rows after another."""
    rules = list(columns.book.rules.values())
    gates = [(n, Gate(rules[n], readings)) for n in numbers if rules[n].kind == "base"]
    items = [(n, rules[n].id, Item(rules[n], readings)) for n in numbers if rules[n].kind != "base"]
    for piece in columns.pieces():
        factors, rows = reallocated(columns.book, piece, readings), piece.rows
        for n, gate in gates:
            results.points[n, rows], results.status[n, rows] = np.nan, _code(gate.score(piece)[1])
        for n, id, item in items:
            results.points[n, rows] = points = item.points(piece, factors.get(id))[1]
            results.status[n, rows] = points == points
            if id in factors:
                results.status[n, rows] += factors[id] == 0


class Item:
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


class Gate:
    """A base indicator's conditions under a set of readings."""

    def __init__(self, rule: Rule, readings: Readings) -> None:
        self._parts = [
            (condition, condition.measure.bind(readings)) for condition in rule.conditions
        ]

    def score(self, columns: Columns) -> tuple[Array, Array]:
        """The value of the one condition (the gate itself, where there are several) and the gate."""
        results = [_condition(condition, measure, columns) for condition, measure in self._parts]
        if len(results) == 1:
            return results[0][:2]
        gate = all_of([holds for _, holds, _ in results])
        return gate, gate


def _condition(
    condition: Condition, measure: Measure, columns: Columns
) -> tuple[Array, Array, Array | None]:
    value = measure.value(columns.number)
    holds = condition.test.holds(value)
    limits = [columns.is_level(condition.level)] if condition.level else []
    limits += (
        [columns.is_class(condition.class_input, condition.classes)]
        if condition.class_input
        else []
    )
    if not limits:
        return value, holds, None
    concerned = all_of(limits)
    holds[np.isnan(holds) & (concerned == 0)] = 1.0
    return value, np.maximum(holds, 1.0 - concerned), concerned


def measured(call: Call[Measure], columns: Columns, readings: Readings) -> Array:
    """A measure's value for every row."""
    return call.bind(readings).value(columns.number)


def score_item(
    rule: Rule, columns: Columns, readings: Readings, factor: Array | None = None
) -> tuple[Array, ...]:
    """Value, points, low and high of an item; a value that is not decided leaves the interval open
    up to full marks.
    """
    item = Item(rule, readings)
    value, points = item.points(columns, factor)
    return value, points, *item.interval(columns, points, factor)


def score_gate(rule: Rule, columns: Columns, readings: Readings) -> tuple[Array, Array]:
    """The value of a base indicator's one condition (the gate itself, where it has several) and its
    gate.
    """
    return Gate(rule, readings).score(columns)


def score_condition(
    condition: Condition, columns: Columns, readings: Readings
) -> tuple[Array, Array, Array]:
    """A condition's value, whether it holds and whether it concerns the row.

    It holds where it does not concern the row, and is open where that is not known.
    """
    value, holds, concerned = _condition(condition, condition.measure.bind(readings), columns)
    return value, holds, np.ones(len(value)) if concerned is None else concerned


def reallocated(book: Rulebook, columns: Columns, readings: Readings) -> dict[str, Array]:
    """The factor on each reallocated item's marks per row: 0 where it does not apply."""
    factors: dict[str, Array] = {}
    for move in book.reallocations:
        share = measured(move.measure, columns, readings)
        moved = AtLeast(move.at_least).holds(share) == 1
        for ids, factor in ((move.drop, 0.0), (move.scale, move.factor)):
            marks = 1.0 + (factor - 1.0) * moved
            factors |= {id: factors[id] * marks if id in factors else marks for id in ids}
    return factors


def _sum(values: Array, rules: list[int]) -> Array:
    """The sum over rules per row, in the rules' order, undecided ones left out."""
    total = np.zeros(values.shape[1])
    for rows in pieces(len(total)):
        for n in rules:
            part = values[n, rows]
            undecided = np.isnan(part)
            total[rows] += np.where(undecided, 0.0, part) if undecided.any() else part
    return total


def _code(truth: Array) -> Codes:
    """0 for NaN, 1 for no, 2 for yes."""
    code: Codes = 2 * (truth == 1).view(np.int8) + (truth == 0).view(np.int8)
    return code


def _words(kind: str) -> tuple[str, ...]:
    return BASE_STATUS if kind == "base" else ITEM_STATUS
