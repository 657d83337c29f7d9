"""Proof of targets: every candidate is scored, and the least of its moves that reaches its goal is
kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from creditcalc.rules.measures.moves import EPSILON, Changes
from creditcalc.rules.rulebook import Rule
from creditcalc.scoring.result import Result
from creditcalc.scoring.scorecard import Scorecard, score

TRIES = 16  # how often the search for the least change doubles its stride


@dataclass(frozen=True)
class Candidate:
    """A change to try: the row it is reported for, the row it is applied to, and what it should
    reach there.

    ``unit`` is the least step of the changed number in the direction of the change, 0 where there
    is nothing to vary; ``now`` is that number before.
    """

    row: int
    rule: Rule
    goal: str
    changes: Changes
    at: int
    applied: Changes
    unit: float = 0.0
    now: float = 0.0

    @property
    def steps(self) -> tuple[int, ...]:
        """The moves to try first: the inverse is exact but for the rounding of its last digit."""
        return (-1, 0, 1) if self.unit else (0,)

    def moved(self, steps: int) -> Candidate:
        """The same with its first number so many steps further from where it is now."""
        name = next(iter(self.changes))
        changes = self.changes | {name: round(self.changes[name] + steps * self.unit, 2)}
        return replace(self, changes=changes, applied=changes)

    @property
    def changes_something(self) -> bool:
        """Whether it moves its number from where it is, in its direction and not below 0."""
        if not self.unit:
            return True
        new = next(iter(self.changes.values()))
        away = (new - self.now) * math.copysign(1.0, self.unit)
        return new >= 0 and away > EPSILON


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


class Prover:
    """Scores changed rows of a card."""

    def __init__(self, card: Scorecard) -> None:
        self.card = card
        self.totals = card.totals()["total"].to_numpy(dtype=float)

    def least(self, candidates: Sequence[Candidate]) -> list[Proof | None]:
        """For each candidate the least move that reaches its goal.

        The inverse of a formula is exact but for the tolerance of comparisons, which of a large
        number is many units wide: the move before and the move after are tried too, and then as
        many as it takes.
        """
        if not candidates:
            return []
        first = [(c, step) for c in candidates for step in c.steps]
        proofs = iter(self.tried(first))
        brackets = []
        for c in candidates:
            found = {step: next(proofs) for step in c.steps}
            far = next((step for step, proof in found.items() if proof), None)
            near = c.steps[-1]  # none of them is far enough
            if far is not None:
                near = far - 1
            known = far != c.steps[0]  # what lies nearer than the first step was not tried
            best = None if far is None else found[far]
            brackets.append(Bracket(c, near if known else None, far, best))
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
        there = [n for n, c in enumerate(moved) if c.changes_something]
        found: list[Proof | None] = [None] * len(moved)
        if not there:
            return found
        after = score(
            _changed(self.card.table, [moved[n] for n in there]), self.card.book, self.card.readings
        )
        totals = after.totals()["total"].to_numpy()
        for n, at in enumerate(there):
            c = moved[at]
            result = after.result(n, c.rule.id)
            gain = result.points - self.card.result(c.at, c.rule.id).points
            if reached(c, result, gain):
                found[at] = Proof(c, gain, totals[n] - self.totals[c.at])
        return found


def reached(c: Candidate, result: Result, gain: float) -> bool:
    """Whether a changed row reaches the candidate's goal."""
    if c.goal == "pass":
        return result.status == "pass"
    if c.row != c.at:
        return True
    return gain > EPSILON if c.goal == "next" else result.points >= result.full - EPSILON


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
