"""Table × rulebook × readings → Scorecard: points with their interval, base gates, totals.

All work is done on columns, in pieces of rows that stay in the processor's cache. A rule's result
lies in one row of a rules × rows array, so that each rule's column of the wide tables is
contiguous. Points and statuses are worked out at once, all else when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from creditcalc.exact import Array
from creditcalc.problems import InputError, Problem
from creditcalc.rules.rulebook import Readings, Rulebook, chosen
from creditcalc.scoring.arrays import LEVELS, Columns, levels, summed
from creditcalc.scoring.result import Result
from creditcalc.scoring.rollup import RolledUp
from creditcalc.scoring.rule_scores import GateScore, ItemScore, reallocated, scored_value

KEYS = ["jurisdiction", "period"]
ITEM_STATUS = ("missing", "scored", "not_applicable")
BASE_STATUS = ("pending", "fail", "pass")
ELIGIBILITY = ("pending", "no", "yes")

Codes = NDArray[np.int8]


class Results(NamedTuple):
    """Rules × rows: points (NaN for base indicators) and status (``ITEM_STATUS`` or
    ``BASE_STATUS``, 0 being undecided).
    """

    points: Array
    status: Codes


@dataclass(frozen=True)
class Scorecard:
    """Every rule's result for every row of a table, under one set of readings.

    ``rolled`` is what the table was rolled up from, None where it was scored as typed.
    """

    table: pd.DataFrame
    book: Rulebook
    readings: Readings
    rolled: RolledUp | None
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
                value[n, columns.rows] = scored_value(rule, columns, self.readings)
        return self._wide(value)

    @cached_property
    def full(self) -> pd.DataFrame:
        """Full marks per row and rule, after reallocation; NaN for base indicators."""
        full = np.empty_like(self._results.points)
        full.T[:] = [
            np.nan if rule.kind == "base" else rule.full for rule in self.book.rules.values()
        ]
        for id, factor in self._factors.items():
            full[self._order[id]] *= factor
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
                    item = ItemScore(rule, self.readings)
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
        return replace(self, readings=options, _results=results, _owners=[])

    def only(self, rows: Sequence[int]) -> Scorecard:
        """The same results for the rows at some positions."""
        table = self.table.iloc[list(rows)]
        results = Results(self._results.points[:, list(rows)], self._results.status[:, list(rows)])
        columns = Columns(table, self.book)
        return replace(self, table=table, _columns=columns, _results=results, _owners=[])

    def points_under(self, id: str, readings: Readings) -> Array:
        """An item's points for every row under other readings (those not named stay), its marks
        reallocated as now; NaN where they are not decided.
        """
        rule, options = self.book.rules[id], self.book.resolve({**self.readings, **readings})
        return ItemScore(rule, options).points(self._columns, self._factors.get(id))[1]

    @cached_property
    def _factors(self) -> dict[str, Array]:
        """The factor on each reallocated item's marks."""
        return reallocated(self.book, self._columns, self.readings)

    def result(self, at: int, id: str) -> Result:
        """What a rule gives the row at a position."""
        rule, n = self.book.rules[id], self._order[id]
        status = _words(rule.kind)[self._results.status[n, at]]
        factor = float(self._factors[id][at]) if id in self._factors else 1.0
        points = float(self._results.points[n, at])
        return Result(rule, points, status, factor, self.readings, self._columns, at)

    @cached_property
    def _order(self) -> dict[str, int]:
        """Where each rule lies in the results."""
        return {id: n for n, id in enumerate(self.book.rules)}

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
        status = np.take_along_axis(words, self._results.status.astype(int), axis=1)
        columns = {key: np.repeat(self.table[key].to_numpy(), width) for key in KEYS}
        columns["id"] = np.tile([rule.id for rule in rules], rows)
        columns["kind"] = np.tile([rule.kind for rule in rules], rows)
        for name in ("full", "value", "points", "low", "high"):
            columns[name] = getattr(self, name).to_numpy().ravel()
        return pd.DataFrame({**columns, "status": status.T.ravel()}).rename(
            columns={"points": "score"}
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
        score, confirmed = summed(points, item), np.minimum(summed(points, bonus), cap)
        gates = self._results.status[self._rows("base")]
        passed = np.where((gates == 2).all(axis=0), 2, 0)
        eligible = np.where((gates == 1).any(axis=0), 1, passed)
        rules = list(self.book.rules.values())
        return pd.DataFrame(
            {key: self.table[key].to_numpy() for key in KEYS}
            | {
                "level": np.array(LEVELS, dtype=object)[levels(self.table)],
                "score": score,
                "low": summed(low, item),
                "high": summed(high, item),
                "bonus": confirmed,
                "bonus_low": np.minimum(summed(low, bonus), cap),
                "bonus_high": np.minimum(summed(high, bonus), cap),
                "total": score + confirmed,
                "eligible": np.array(ELIGIBILITY, dtype=object)[eligible],
                "county_duty": summed(points, duty),
                "county_duty_full": float(sum(rules[n].full for n in duty)),
            },
            index=self.table.index,
        )


def score(
    table: pd.DataFrame | RolledUp, book: Rulebook, readings: Readings | None = None
) -> Scorecard:
    """Score every row of ``table``, rolled up or as it stands, under ``readings`` (defaults of the
    rulebook for those not named).

    ``table`` has a row per jurisdiction and period and a column per input: numbers, flags as 1 and
    0, classes as text. Raises ReadingError for an unknown reading and InputError for a column that
    holds anything else.

    >>> from creditcalc import load_rulebook
    >>> values = {"loans_xyd": [450], "loans_credit": [10000]}
    >>> table = pd.DataFrame({"jurisdiction": ["范县"], "period": ["2021-05"], **values})
    >>> float(score(table, load_rulebook()).points.loc[0, "S6.1.3a"].round(6))
    1.5
    """
    rolled = table if isinstance(table, RolledUp) else None
    if isinstance(table, RolledUp):
        table = table.table
    missing = [key for key in KEYS if key not in table]
    if missing:
        cure = "补上县区或期间"
        raise InputError([Problem("缺少这一列", key, cure, column=key) for key in missing])
    table = table.copy(deep=False)  # what is worked out later is of the table as it is now
    options, columns = book.resolve(readings), Columns(table, book)
    shape = (len(book.rules), len(table))
    results = Results(np.empty(shape), np.empty(shape, dtype=np.int8))
    _score(range(len(book.rules)), columns, options, results)
    return Scorecard(table, book, options, rolled, columns, results)


def _score(numbers: Iterable[int], columns: Columns, readings: Readings, results: Results) -> None:
    """Put the results of some rules in their place, for one piece of the rows after another."""
    rules = list(columns.book.rules.values())
    gates = [(n, GateScore(rules[n], readings)) for n in numbers if rules[n].kind == "base"]
    items = [
        (n, rules[n].id, ItemScore(rules[n], readings)) for n in numbers if rules[n].kind != "base"
    ]
    for piece in columns.pieces():
        factors, rows = reallocated(columns.book, piece, readings), piece.rows
        for n, gate in gates:
            results.points[n, rows], results.status[n, rows] = np.nan, _code(gate.score(piece)[1])
        for n, id, item in items:
            results.points[n, rows] = points = item.points(piece, factors.get(id))[1]
            results.status[n, rows] = points == points
            if id in factors:
                results.status[n, rows] += factors[id] == 0


def _code(truth: Array) -> Codes:
    """0 for NaN, 1 for no, 2 for yes."""
    code: Codes = (truth == 0).view(np.int8) + 2 * (truth == 1).view(np.int8)
    return code


def _words(kind: str) -> tuple[str, ...]:
    return BASE_STATUS if kind == "base" else ITEM_STATUS
