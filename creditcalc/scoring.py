"""Table × rulebook × readings → Scorecard: points with their interval, base gates, totals.

All work is done on whole columns. A rule's result lies in one row of a rules × rows array, so that each rule's column
of the wide tables is contiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from creditcalc import formulas, measures
from creditcalc.formulas import Array
from creditcalc.problems import InputError, Problem, nearest, shown
from creditcalc.rulebook import Call, Condition, Readings, Rule, Rulebook, chosen, roles

KEYS = ["jurisdiction", "period"]
LEVELS = ("county", "city")
ITEM_STATUS = ("missing", "scored", "not_applicable")
BASE_STATUS = ("pending", "fail", "pass")
ELIGIBLE = ("pending", "no", "yes")


class Columns:
    """The table's columns as arrays; one that is absent is missing in every row."""

    def __init__(self, table: pd.DataFrame, book: Rulebook) -> None:
        self.table, self.book = table, book
        self._absent = np.full(len(table), np.nan)
        self._absent.flags.writeable = False

    def number(self, name: str) -> Array:
        """An input as float64, NaN where it is missing; InputError where it holds text."""
        if name not in self.table:
            return self._absent
        column = self.table[name]
        try:
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):
            numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        bad = column[column.notna().to_numpy() & (~np.isfinite(numbers) | (column.dtype.kind in "mM"))]
        if len(bad):
            cure = "先用 read_inputs 读入，或把文字换成数（是为 1，否为 0）"
            raise InputError([Problem("不是数", shown(bad.iloc[0]), cure, column=name)])
        return numbers

    def is_class(self, name: str, classes: tuple[str, ...]) -> Array:
        """Whether a class input is one of ``classes``: yes, no or missing."""
        if name not in self.table:
            return self._absent
        column = self.table[name]
        known = self.book.inputs[name].classes
        bad = column[column.notna() & ~column.isin(list(known))]
        if len(bad):
            cure = nearest(str(bad.iloc[0]), known) or f"可选：{'、'.join(known)}"
            raise InputError([Problem("没有这个类别", shown(bad.iloc[0]), cure, column=name)])
        return np.where(column.isna(), np.nan, column.isin(classes).astype(float))

    @cached_property
    def level(self) -> NDArray[np.str_]:
        """``county`` or ``city`` per row."""
        return _levels(self.table).astype(str)


class Results(NamedTuple):
    """Rules × rows: value, points and their interval (NaN for base indicators), and gates (1, 0, NaN) of base indicators."""

    value: Array
    points: Array
    low: Array
    high: Array
    gates: Array


@dataclass(frozen=True)
class Scorecard:
    """Every rule's result for every row of a table, under one set of readings."""

    table: pd.DataFrame
    book: Rulebook
    readings: Readings
    _results: Results
    _factors: Mapping[str, Array]

    @cached_property
    def points(self) -> pd.DataFrame:
        """Points per row and rule; NaN where inputs are missing and for base indicators."""
        return self._wide(self._results.points)

    @cached_property
    def low(self) -> pd.DataFrame:
        """The least points that the missing inputs still allow."""
        return self._wide(self._results.low)

    @cached_property
    def high(self) -> pd.DataFrame:
        """The most points that the missing inputs still allow."""
        return self._wide(self._results.high)

    @cached_property
    def value(self) -> pd.DataFrame:
        """The value that is scored (a share, a count, a yes or no) per row and rule."""
        return self._wide(self._results.value)

    @cached_property
    def full(self) -> pd.DataFrame:
        """Full marks per row and rule, after reallocation; NaN for base indicators."""
        ones = np.ones(len(self.table))
        marks = {r.id: np.nan if r.kind == "base" else r.full for r in self.book.rules.values()}
        return self._wide(np.array([mark * self._factors.get(id, ones) for id, mark in marks.items()]))

    @cached_property
    def status(self) -> pd.DataFrame:
        """Words per row and rule: scored, missing, not_applicable; for base indicators pass, fail, pending."""
        columns = {}
        for n, rule in enumerate(self.book.rules.values()):
            if rule.kind == "base":
                codes, words = _code(self._results.gates[n]), BASE_STATUS
            else:
                codes, words = (~np.isnan(self._results.points[n])).astype(np.int8), ITEM_STATUS
                if rule.id in self._factors:
                    codes[self._factors[rule.id] == 0] = 2
            columns[rule.id] = pd.Categorical.from_codes(codes, categories=pd.Index(words))
        return pd.DataFrame(columns, index=self.table.index)

    def under(self, readings: Readings) -> Scorecard:
        """The same table under other readings (those not named stay); only rules that depend on a change are scored again."""
        options = self.book.resolve({**self.readings, **readings})
        moved = {id for id, option in options.items() if option != self.readings[id]}
        results = Results(*(array.copy() for array in self._results))
        columns = Columns(self.table, self.book)
        for n, rule in enumerate(self.book.rules.values()):
            if moved.intersection(rule.readings):
                _score_rule(n, rule, columns, options, results, self._factors)
        return Scorecard(self.table, self.book, options, results, self._factors)

    def _wide(self, values: Array) -> pd.DataFrame:
        return pd.DataFrame(values.T, index=self.table.index, columns=list(self.book.rules), copy=True)

    def items(self) -> pd.DataFrame:
        """The long table: jurisdiction, period, id, kind, full, value, score, low, high, status."""
        rules = list(self.book.rules.values())
        rows, width = len(self.table), len(rules)
        status = self.status
        long = {key: np.repeat(self.table[key].to_numpy(), width) for key in KEYS}
        return pd.DataFrame(
            long
            | {
                "id": np.tile([rule.id for rule in rules], rows),
                "kind": np.tile([rule.kind for rule in rules], rows),
                "full": self.full.to_numpy().ravel(),
                "value": self._results.value.T.ravel(),
                "score": self._results.points.T.ravel(),
                "low": self._results.low.T.ravel(),
                "high": self._results.high.T.ravel(),
                "status": np.array([status[rule.id].astype(object).to_numpy() for rule in rules]).T.ravel(),
            }
        )

    def totals(self) -> pd.DataFrame:
        """Per jurisdiction and period: score (what the decided items give), its interval, bonus, eligibility, county duty."""
        rules = list(self.book.rules.values())
        item = np.array([rule.kind == "item" for rule in rules])
        bonus = np.array([rule.kind == "bonus" for rule in rules])
        base = np.array([rule.kind == "base" for rule in rules])
        county = item & np.array([rule.scope == "county" for rule in rules])
        cap = float(chosen(self.book.bonus_cap, self.readings))
        score = _sum(self._results.points, item)
        confirmed = np.minimum(_sum(self._results.points, bonus), cap)
        gate = measures.all_of(*self._results.gates[base]) if base.any() else np.ones(len(self.table))
        return pd.DataFrame(
            {key: self.table[key].to_numpy() for key in KEYS}
            | {
                "level": _levels(self.table),
                "score": score,
                "low": _sum(self._results.low, item),
                "high": _sum(self._results.high, item),
                "bonus": confirmed,
                "bonus_low": np.minimum(_sum(self._results.low, bonus), cap),
                "bonus_high": np.minimum(_sum(self._results.high, bonus), cap),
                "total": score + confirmed,
                "eligible": np.array(ELIGIBLE, dtype=object)[_code(gate)],
                "county_duty": _sum(self._results.points, county),
                "county_duty_full": float(sum(rule.full for rule in rules if rule.kind == "item" and rule.scope == "county")),
            },
            index=self.table.index,
        )


def score(table: pd.DataFrame, book: Rulebook, readings: Readings | None = None) -> Scorecard:
    """Score every row of ``table`` as it stands under ``readings`` (defaults of the rulebook for those not named).

    ``table`` has a row per jurisdiction and period and a column per input: numbers, flags as 1 and 0, classes as text.
    Raises ReadingError for an unknown reading and InputError for a column that holds anything else.

    >>> from creditcalc import load_rulebook
    >>> table = pd.DataFrame({"jurisdiction": ["范县"], "period": ["2021-05"], "loans_xyd": [450], "loans_credit": [10000]})
    >>> float(score(table, load_rulebook()).points.loc[0, "S6.1.3a"].round(6))
    1.5
    """
    missing = [key for key in KEYS if key not in table]
    if missing:
        raise InputError([Problem("缺少这一列", key, "补上县区或期间", column=key) for key in missing])
    options = book.resolve(readings)
    columns = Columns(table, book)
    results = Results(*(np.full((len(book.rules), len(table)), np.nan) for _ in Results._fields))
    factors = reallocated(book, columns, options)
    for n, rule in enumerate(book.rules.values()):
        _score_rule(n, rule, columns, options, results, factors)
    return Scorecard(table, book, options, results, factors)


def _score_rule(
    n: int, rule: Rule, columns: Columns, readings: Readings, results: Results, factors: Mapping[str, Array]
) -> None:
    """Put one rule's results in their place."""
    if rule.kind == "base":
        results.value[n], results.gates[n] = score_gate(rule, columns, readings)
    else:
        item = score_item(rule, columns, readings, factors.get(rule.id))
        results.value[n], results.points[n], results.low[n], results.high[n] = item


def measured(call: Call, columns: Columns, readings: Readings) -> Array:
    """A measure's value for every row."""
    return measures.MEASURES[call.kind](*_inputs(call, columns, readings), **_parameters(call, readings))


def _inputs(call: Call, columns: Columns, readings: Readings) -> list[Any]:
    """The arrays of a measure's roles; names in a role that takes one array are added up."""
    arguments: list[Any] = []
    for role, listed in roles(call.kind).items():
        names = chosen(call.params[role], readings)
        arrays = [columns.number(name) for name in ([names] if isinstance(names, str) else names)]
        if not listed:
            arguments.append(sum(arrays[1:], start=arrays[0]))
        elif role == "inputs":
            arguments.extend(arrays)
        else:
            arguments.append(arrays)
    return arguments


def _parameters(call: Call, readings: Readings) -> dict[str, Any]:
    return {key: value for key, value in call.bind(readings).items() if key not in roles(call.kind)}


def score_item(rule: Rule, columns: Columns, readings: Readings, factor: Array | None = None) -> tuple[Array, ...]:
    """Value, points, low and high of an item; a value that is not decided leaves the interval open up to full marks.

    ``factor`` multiplies its marks where they are reallocated; at 0 it does not apply and has 0 of 0 points.
    """
    assert rule.measure is not None and rule.formula is not None
    formula, params = formulas.FORMULAS[rule.formula.kind].points, rule.formula.bind(readings)
    value = measured(rule.measure, columns, readings)
    points = formula(value, rule.full, **params)
    if rule.measure.kind in measures.BOUNDS:
        least, most = measures.BOUNDS[rule.measure.kind](*_inputs(rule.measure, columns, readings))
        low, high = formula(least, rule.full, **params), formula(most, rule.full, **params)
        points = np.where(low == high, low, np.nan)
    else:
        undecided = np.isnan(points)
        low, high = np.where(undecided, 0.0, points), np.where(undecided, rule.full, points)
    if factor is not None:
        points, low, high = (np.where(factor == 0, 0.0, x * factor) for x in (points, low, high))
    return value, points, low, high


def score_gate(rule: Rule, columns: Columns, readings: Readings) -> tuple[Array, Array]:
    """The value of a base indicator's one condition (the gate itself, where it has several) and its gate."""
    results = [score_condition(condition, columns, readings) for condition in rule.conditions]
    gate = measures.all_of(*(holds for _, holds, _ in results))
    return (results[0][0] if len(results) == 1 else gate), gate


def score_condition(condition: Condition, columns: Columns, readings: Readings) -> tuple[Array, Array, Array]:
    """A condition's value, whether it holds and whether it concerns the row.

    It holds where it does not concern the row, and is open where that is not known.
    """
    value = measured(condition.measure, columns, readings)
    holds = formulas.TESTS[condition.test](value, condition.threshold)
    concerned = np.ones(len(value))
    if condition.level:
        concerned = (columns.level == condition.level).astype(float)
    if condition.class_input:
        concerned = measures.all_of(concerned, columns.is_class(condition.class_input, condition.classes))
    holds = np.where(concerned == 1, holds, np.where(concerned == 0, 1.0, np.nan))
    return value, holds, concerned


def reallocated(book: Rulebook, columns: Columns, readings: Readings) -> dict[str, Array]:
    """The factor on each reallocated item's marks per row: 0 where it does not apply."""
    factors: dict[str, Array] = {}
    for move in book.reallocations:
        moved = formulas.at_least(measured(move.measure, columns, readings), move.at_least) == 1
        for id in move.drop:
            factors[id] = factors.get(id, np.ones(len(moved))) * np.where(moved, 0.0, 1.0)
        for id in move.scale:
            factors[id] = factors.get(id, np.ones(len(moved))) * np.where(moved, move.factor, 1.0)
    return factors


def _code(truth: Array) -> NDArray[np.int8]:
    """0 for NaN, 1 for no, 2 for yes."""
    return np.where(np.isnan(truth), 0, truth + 1).astype(np.int8)


def _sum(values: Array, rules: NDArray[np.bool_]) -> Array:
    """The sum over rules per row, undecided ones left out."""
    total: Array = np.nansum(values[rules], axis=0)
    return total


def _levels(table: pd.DataFrame) -> NDArray[np.object_]:
    level = table["level"] if "level" in table else pd.Series("county", index=table.index)
    level = level.fillna("county").replace("", "county")
    if not level.isin(LEVELS).all():
        bad = shown(level[~level.isin(LEVELS)].iloc[0])
        raise InputError([Problem("没有这个级别", bad, f"可选：{'、'.join(LEVELS)}", column="level")])
    return level.to_numpy(dtype=object)
