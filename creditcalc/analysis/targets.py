"""What it takes: for every rule short of its full marks the least change of its inputs that earns
them.

A target is found by the inverse of the rule's formula and measure, rounded to whole units of the
input, and then proved by scoring the changed row: what is reported is what that score says, with
every other rule that the change moves.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from creditcalc.exact import Array
from creditcalc.rules.measures.moves import EPSILON, UNITS, Changes, Unreachable, absent
from creditcalc.rules.rulebook import Condition, Rule
from creditcalc.scoring.scorecard import Columns, Scorecard, score, score_condition

COLUMNS = ["jurisdiction", "period", "id", "goal", "changes", "points", "total_gain"]
NEXT = 1e-6  # points beyond every tolerance, from which the search for the next step begins
TRIES = 16  # how often the search for the least change doubles its stride


class Targets(pd.DataFrame):
    """The long table of targets; ``unreachable`` holds jurisdiction, period, id and reason of what
    has none.
    """

    _metadata: ClassVar[list[str]] = ["unreachable"]
    unreachable: pd.DataFrame

    @property
    def _constructor(self) -> type[Targets]:
        return Targets


@dataclass(frozen=True)
class Candidate:
    """A change to try: the row it is reported for, the row it is applied to, and what it should
    reach there.

    ``unit`` is the least step of the changed number in the direction of the change, 0 where there
    is nothing to vary.
    """

    row: int
    rule: Rule
    goal: str
    changes: Changes
    at: int
    applied: Changes
    unit: float = 0.0

    def moved(self, steps: int) -> Candidate:
        """The same with its first number so many steps further from where it is now."""
        name = next(iter(self.changes))
        changes = self.changes | {name: round(self.changes[name] + steps * self.unit, 2)}
        return replace(self, changes=changes, applied=changes)


class Proof(NamedTuple):
    """What scoring says of a candidate that reaches its goal: the gain on its rule and on the
    total.
    """

    candidate: Candidate
    gain: float
    total: float


@dataclass
class Bracket:
    """Where the least of a candidate's moves that reaches the goal lies: beyond ``near``, at
    ``far`` or nearer.
    """

    start: Candidate
    near: int | None
    far: int | None
    best: Proof | None
    stride: int = 1
    tries: int = 0

    @property
    def open(self) -> bool:
        """Whether there is still a move to try."""
        if self.near is None or self.far is None:
            return self.tries < TRIES
        return self.far - self.near > 1

    def next(self) -> int:
        """The move to try: further by a stride that doubles until both ends are known, then the
        middle.
        """
        self.tries, self.stride = self.tries + 1, self.stride * 2
        if self.far is None:
            return (self.near or 0) + self.stride
        if self.near is None:
            return self.far - self.stride
        return (self.near + self.far) // 2


def targets(card: Scorecard, rows: Sequence[Hashable] | None = None) -> Targets:
    """The targets of every row (or of the index labels ``rows``): jurisdiction, period, id, goal,
    changes, points, total_gain.

    ``goal`` is full, next (the next step that earns anything) or pass; ``changes`` maps inputs to
    new values; ``points`` is the gain on the rule, ``total_gain`` on the total. Where the threshold
    is the city's, a county's target is its part of what the city lacks and its gain the city's.
    Sorted by points within a row.

    >>> from creditcalc import load_rulebook
    >>> table = pd.DataFrame({"jurisdiction": ["范县"], "period": ["2021-05"], "loans_xyd": [450], "loans_credit": [10000]})
    >>> found = targets(score(table, load_rulebook()))
    >>> found.loc[found["goal"] == "full", "changes"].item()
    {'loans_xyd': 600.0}
    """
    positions = (
        range(len(card.table))
        if rows is None
        else card.table.index.get_indexer(pd.Index(rows)).tolist()
    )
    search = Search(card)
    tried, reasons = [], []
    for row in positions:
        for rule in card.book.rules.values():
            try:
                tried.append(search.candidates(row, rule))
            except Unreachable as reason:
                reasons.append({**search.key(row), "id": rule.id, "reason": str(reason)})
    proved, failed = search.prove([c for group in tried for c in group])
    reasons += failed
    found = pd.DataFrame(_distinct(proved), columns=[*COLUMNS, "row"]).sort_values(
        ["row", "points"], ascending=[True, False], kind="stable"
    )
    result = Targets(found[COLUMNS].reset_index(drop=True))
    result.unreachable = pd.DataFrame(
        reasons, columns=["jurisdiction", "period", "id", "reason"]
    ).drop_duplicates(["jurisdiction", "period", "id"], ignore_index=True)
    return result


def _distinct(proved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the next steps that are full marks already."""
    full = {(p["row"], p["id"]): p["changes"] for p in proved if p["goal"] == "full"}
    return [
        p for p in proved if p["goal"] != "next" or full.get((p["row"], p["id"])) != p["changes"]
    ]


class Search:
    """The candidates of a card's rows and their proof."""

    def __init__(self, card: Scorecard) -> None:
        self.card, self.book, self.readings = card, card.book, card.readings
        self.status = {id: card.status[id].astype(str).to_numpy() for id in card.book.rules}
        self.points = card.points.to_numpy()
        self.full = card.full.to_numpy()
        self.order = {id: n for n, id in enumerate(card.book.rules)}
        names = [str(name) for name in card.table]
        self.rows = [
            dict(zip(names, row, strict=True))
            for row in card.table.itertuples(index=False, name=None)
        ]
        self.lacks: dict[tuple[str, str, str], tuple[int, str, dict[int, int]]] = {}

    def key(self, row: int) -> dict[str, str]:
        """Jurisdiction and period of a row."""
        return {"jurisdiction": self.rows[row]["jurisdiction"], "period": self.rows[row]["period"]}

    def candidates(self, row: int, rule: Rule) -> list[Candidate]:
        """For every goal of a rule the change to try; Unreachable where nothing can be tried."""
        status, n = self.status[rule.id][row], self.order[rule.id]
        if status in ("pass", "not_applicable"):
            return []
        if status in ("missing", "pending"):
            unknown = "、".join(self.unknown(row, rule))
            raise Unreachable(
                f"缺数据，先补齐：{unknown}" if unknown else "名单为空或基数为 0，不作判定"
            )
        if rule.kind == "base":
            changes = self.pass_changes(row, rule)
            return [self.candidate(row, rule, "pass", changes)]
        if self.points[row, n] >= self.full[row, n] - EPSILON:
            return []
        if rule.city_threshold and self.rows[row].get("level") != "city":
            return [self.county_part(row, rule)]
        return self.item_candidates(row, rule)

    def unknown(self, row: int, rule: Rule) -> list[str]:
        """The labels of a rule's inputs that a row lacks."""
        return [
            self.book.inputs[name].label
            for name in rule.inputs(self.readings)
            if absent(self.rows[row].get(name))
        ]

    def item_candidates(self, row: int, rule: Rule) -> list[Candidate]:
        """The changes for full marks and, where it is less, for the next step."""
        assert rule.measure is not None and rule.formula is not None
        formula, measure = rule.formula.bind(self.readings), rule.measure.bind(self.readings)
        n = self.order[rule.id]
        now = self.points[row, n] * rule.full / self.full[row, n]
        found = []
        for goal, wished in (("full", rule.full), ("next", min(now + NEXT, rule.full))):
            value = formula.inverse(wished, rule.full)
            changes = measure.changes(self.rows[row], value, self.book.inputs)
            found.append(self.candidate(row, rule, goal, changes))
        return found

    def candidate(self, row: int, rule: Rule, goal: str, changes: Changes) -> Candidate:
        """A change of a row's own inputs, with the step by which its first number may be varied."""
        name = next(iter(changes), "")
        unit = UNITS.get(self.book.inputs[name].type, 0.0) if name else 0.0
        away = unit if not name or changes[name] >= self.now(row, name) else -unit
        return Candidate(row, rule, goal, changes, row, changes, away)

    def now(self, row: int, name: str) -> float:
        """A row's own value of an input, nothing where it is missing."""
        value: Any = self.rows[row].get(name)
        return 0.0 if absent(value) else float(value)

    def pass_changes(self, row: int, rule: Rule) -> Changes:
        """What makes every failing condition of a base indicator hold; one may depend on another's
        inputs.
        """
        changes: Changes = {}
        for condition, holds in zip(rule.conditions, self.conditions[rule.id], strict=True):
            if holds[row] == 0:
                changes |= self.condition_changes(row, condition, changes)
        own = {name: self.rows[row].get(name) for name in ("level", *rule.inputs(self.readings))}
        for condition in rule.conditions if len(rule.conditions) > 1 else ():
            columns = Columns(pd.DataFrame([own | changes]), self.book)
            if score_condition(condition, columns, self.readings)[1][0] == 0:
                changes |= self.condition_changes(row, condition, changes)
        if not changes:
            raise Unreachable("改变数值不能使其通过")
        return changes

    def condition_changes(self, row: int, condition: Condition, changes: Changes) -> Changes:
        """What makes one condition hold in a row that is already changed."""
        measure, wanted = condition.measure.bind(self.readings), condition.test.inverse()
        return measure.changes(self.rows[row] | changes, wanted, self.book.inputs)

    @cached_property
    def conditions(self) -> dict[str, list[Array]]:
        """Whether each condition of each base indicator holds, in every row."""
        columns = Columns(self.card.table, self.book)
        return {
            rule.id: [score_condition(c, columns, self.readings)[1] for c in rule.conditions]
            for rule in self.book.of_kind("base")
        }

    def county_part(self, row: int, rule: Rule) -> Candidate:
        """A county's part of what its city lacks for full marks, shared evenly in whole units."""
        key = (self.rows[row].get("city", ""), self.rows[row]["period"], rule.id)
        if key not in self.lacks:
            self.lacks[key] = self.city_lack(*key)
        city, name, parts = self.lacks[key]
        if not parts.get(row):
            raise Unreachable("界限是全市的，所缺已由其他县（区）分担")
        applied = {name: self.rows[city][name] + parts[row]}
        return Candidate(
            row, rule, "full", {name: self.rows[row][name] + parts[row]}, city, applied
        )

    def city_lack(self, town: str, period: str, id: str) -> tuple[int, str, dict[int, int]]:
        """The city's row, the input it lacks for full marks, and each county's part of the lack."""
        same = [
            n
            for n, values in enumerate(self.rows)
            if values["period"] == period and values.get("city", "") == town
        ]
        cities = [n for n in same if self.rows[n].get("level") == "city"]
        if not cities:
            raise Unreachable("界限是全市的，表中没有市级行")
        city, at = cities[0], self.order[id]
        if self.status[id][city] == "missing":
            raise Unreachable("界限是全市的，全市数据尚缺")
        if self.points[city, at] >= self.full[city, at] - EPSILON:
            raise Unreachable("界限是全市的，全市已得满分")
        proved, _ = self.prove(self.item_candidates(city, self.book.rules[id])[:1])
        (name, needed), *_ = proved[0]["changes"].items()
        source = self.card.table.attrs.get("source")
        if source is not None and name in source.table:
            typed = source.table
            own = (typed["level"] == "city") & (typed["city"] == town) & (typed["period"] == period)
            if typed.loc[own, name].notna().any():
                raise Unreachable("界限是全市的，市级行自己填了数，不按县（区）汇总")
        part, more = divmod(round(needed - self.rows[city][name]), len(same) - 1)
        return (
            city,
            name,
            {n: part + (rank < more) for rank, n in enumerate(n for n in same if n != city)},
        )

    def prove(
        self, candidates: Sequence[Candidate]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Score every candidate; of each report the least move that reaches its goal, or that none
        does.
        """
        proved: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for c, proof in zip(candidates, self.least(candidates), strict=True):
            if proof:
                gain = 0.0 if c.goal == "pass" else proof.gain
                proved.append(
                    {
                        **self.key(c.row),
                        "id": c.rule.id,
                        "goal": c.goal,
                        "changes": proof.candidate.changes,
                        "row": c.row,
                        "points": gain,
                        "total_gain": proof.total,
                    }
                )
            else:
                unknown = "、".join(self.unknown(c.row, c.rule))
                reason = (
                    f"改变已知的数还不够，先补齐：{unknown}" if unknown else "改变自身数值达不到"
                )
                failed.append({**self.key(c.row), "id": c.rule.id, "reason": reason})
        return proved, failed

    def least(self, candidates: Sequence[Candidate]) -> list[Proof | None]:
        """For each candidate the least move that reaches its goal.

        The inverse of a formula is exact but for the tolerance of comparisons, which of a large
        number is many units wide: the move before and the move after are tried too, and then as
        many as it takes.
        """
        if not candidates:
            return []
        moves = [[-1, 0, 1] if c.unit else [0] for c in candidates]
        proofs = iter(
            self.tried(
                [(c, step) for c, steps in zip(candidates, moves, strict=True) for step in steps]
            )
        )
        brackets = []
        for c, steps in zip(candidates, moves, strict=True):
            found = [(step, next(proofs)) for step in steps]
            far, best = next(((step, proof) for step, proof in found if proof), (None, None))
            near = steps[-1] if far is None else None if far == steps[0] else far - 1
            brackets.append(Bracket(c, near, far, best))
        while wanted := [b for b in brackets if b.start.unit and b.open]:
            steps = [bracket.next() for bracket in wanted]
            tried = self.tried([(b.start, step) for b, step in zip(wanted, steps, strict=True)])
            for bracket, step, proof in zip(wanted, steps, tried, strict=True):
                if proof:
                    bracket.far, bracket.best = step, proof
                else:
                    bracket.near = step
        return [bracket.best for bracket in brackets]

    def tried(self, moves: Sequence[tuple[Candidate, int]]) -> list[Proof | None]:
        """What scoring says of each candidate moved by so many steps; None where its goal is not
        reached or nothing changes.
        """
        moved = [c.moved(step) if step else c for c, step in moves]
        there = [n for n, c in enumerate(moved) if self.changes_something(c)]
        found: list[Proof | None] = [None] * len(moved)
        if not there:
            return found
        after = score(
            _changed(self.card.table, [moved[n] for n in there]), self.book, self.readings
        )
        points, totals = after.points.to_numpy(), after.totals()["total"].to_numpy()
        for n, at in enumerate(there):
            c = moved[at]
            order = self.order[c.rule.id]
            gain = points[n, order] - self.points[c.at, order]
            if self.reached(c, after, n, points[n, order], gain):
                found[at] = Proof(c, gain, totals[n] - self.totals[c.at])
        return found

    def changes_something(self, c: Candidate) -> bool:
        """Whether a candidate moves its number from where it is, in its direction and not below 0."""
        if not c.unit:
            return True
        name = next(iter(c.changes))
        away = (c.changes[name] - self.now(c.row, name)) * math.copysign(1.0, c.unit)
        return c.changes[name] >= 0 and away > EPSILON

    @cached_property
    def totals(self) -> NDArray[np.float64]:
        """Every row's total before any change."""
        return self.card.totals()["total"].to_numpy(dtype=float)

    def reached(self, c: Candidate, after: Scorecard, n: int, points: float, gain: float) -> bool:
        """Whether a changed row reaches the candidate's goal."""
        if c.goal == "pass":
            return str(after.status[c.rule.id].iloc[n]) == "pass"
        if c.goal == "next" or c.row != c.at:
            return gain > EPSILON or c.row != c.at
        return bool(points >= self.full[c.at, self.order[c.rule.id]] - EPSILON)


def _changed(table: pd.DataFrame, candidates: Sequence[Candidate]) -> pd.DataFrame:
    """A row for every candidate: the row it is applied to, changed."""
    frame = table.iloc[[c.at for c in candidates]].reset_index(drop=True)
    by_input: dict[str, dict[int, float]] = {}
    for n, c in enumerate(candidates):
        for name, new in c.applied.items():
            by_input.setdefault(name, {})[n] = new
    for name, news in by_input.items():
        column = (
            frame[name].to_numpy(dtype=float, na_value=np.nan, copy=True)
            if name in frame
            else np.full(len(frame), np.nan)
        )
        column[list(news)] = list(news.values())
        frame[name] = column
    return frame
