"""Whose page it is, and what is worked out for it once; its frames are in ``sections``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from creditcalc import words
from creditcalc.analysis.contribution import Contribution, contribution, moves
from creditcalc.analysis.sensitivity import Sensitivity, extremes, worth_knowing
from creditcalc.analysis.steps import effort, steps, unit
from creditcalc.analysis.targets import Targets, targets
from creditcalc.pages.group import Group
from creditcalc.problems import Problem
from creditcalc.rules import phrases
from creditcalc.rules.rulebook import Readings, Rule, Rulebook
from creditcalc.scoring.scorecard import Scorecard, score

STEPS = ("count", "flag", "days")  # inputs whose units are worth comparing by points per unit
VISIBLE = 0.005  # points that a table can show


@dataclass(frozen=True)
class PageFacts:
    """What one page draws on: the jurisdiction's rows up to the period, its group, its problems.

    Of its group a county shows only its place, the medians, the ranks under other readings and the
    city's inputs whose threshold is the city's; a city shows all of it.
    """

    name: str
    level: str
    rows: pd.DataFrame
    group: Group
    problems: tuple[Problem, ...]
    sample: bool

    @property
    def book(self) -> Rulebook:
        """The rulebook."""
        return self.group.card.book

    @property
    def readings(self) -> Readings:
        """The readings in force."""
        return self.group.card.readings

    @property
    def city(self) -> str:
        """The city that it belongs to, or is."""
        return self.group.city

    @property
    def period(self) -> str:
        """The period of the page."""
        return self.group.period

    @cached_property
    def card(self) -> Scorecard:
        """The score of every row, the period's own being the last."""
        rows = replace(self.group.rolled, table=self.rows)
        return score(rows, self.book, self.readings)

    @cached_property
    def now(self) -> int:
        """The index label of the period's own row."""
        return int(self.rows.index[-1])

    @property
    def as_of(self) -> str:
        """The day that counts as today."""
        return self.group.as_of

    @property
    def source(self) -> str:
        """Where the numbers of the page come from."""
        return f"{self.period} 填报数据，按{self.book.document}计算"

    @cached_property
    def rules(self) -> pd.DataFrame:
        """One row per rule of the period: marks, points, interval, loss, and the words that tables
        show.
        """
        card, now, book = self.card, self.now, self.book
        rules = list(book.rules.values())
        frame = pd.DataFrame(
            {
                "id": [r.id for r in rules],
                "name": [r.name for r in rules],
                "kind": [r.kind for r in rules],
                "category": [r.category for r in rules],
                "duty": [phrases.LEVEL[r.scope] for r in rules],
                "rule": [r.rule for r in rules],
                "clause": [r.clause for r in rules],
                "goal": [phrases.goal(r, book, self.readings) for r in rules],
                "value": [self._value(r) for r in rules],
                "status": [phrases.STATUS[str(status)] for status in card.status.loc[now]],
                "full": card.full.loc[now].to_numpy(),
                "points": card.points.loc[now].to_numpy(),
                "low": card.low.loc[now].to_numpy(),
                "high": card.high.loc[now].to_numpy(),
            },
            index=[r.id for r in rules],
        )
        frame = frame.assign(lost=frame["full"] - frame["points"], interval=intervals(frame))
        log = self.group.worklog
        return frame.assign(evidence=[self.evidence_word(r.id) for r in rules] if log else None)

    def names(self, ids: Iterable[str]) -> list[str]:
        """The names of rules."""
        return [self.book.rules[id].name for id in ids]

    def _value(self, rule: Rule) -> str:
        """The value that the rule scores; for a base indicator that of each condition which
        concerns the jurisdiction.
        """
        found = self.card.result(len(self.rows) - 1, rule.id)
        if rule.measure:
            return phrases.measure_value(rule, self.book, self.readings, found.value)
        return "；".join(
            phrases.measure_text(c.measure, rule, self.book, self.readings, float(value[0]))
            for c, value, _, concerns in found.conditions
            if concerns is None or concerns[0] != 0
        )

    @cached_property
    def typed(self) -> set[str]:
        """The columns that the jurisdiction filled in itself for the period."""
        rows = self.group.typed
        own = rows[(rows["jurisdiction"] == self.name) & (rows["level"] == self.level)]
        return {str(name) for name in own if own[name].notna().any()}

    @property
    def counties(self) -> list[str]:
        """Every county that the table has for the city, in any period."""
        return self.group.rolled.expected(self.city, self.period)

    @property
    def materials(self) -> pd.DataFrame:
        """The evidence that it owes, of a city also what its counties owe; empty where nobody keeps
        the table.
        """
        log = self.group.worklog
        if log is None:
            return pd.DataFrame()
        return (
            log.materials
            if self.level == "city"
            else log.materials[log.materials["jurisdiction"] == self.name]
        )

    def evidence_word(self, id: str) -> str:
        """Whether a rule's evidence is complete, in a word; empty where nobody keeps the table."""
        log = self.group.worklog
        return "" if log is None else "已佐证" if log.evidenced.loc[self.name, id] else "未佐证"

    @property
    def place(self) -> dict[str, int]:
        """A county's rank among its city's counties, with the ranks that are open, and how many
        they are.
        """
        mine = self.group.places.loc[[self.now]]
        return {str(name): int(column.iloc[0]) for name, column in mine.items()}

    @cached_property
    def targets(self) -> Targets:
        """The targets of a county, or of a city and all its counties."""
        return targets(self.group.card, [self.now] if self.level == "county" else None)

    @cached_property
    def actions(self) -> pd.DataFrame:
        """Its own targets with their change in words, effort, points per unit and duty.

        ``shared`` says whether the threshold is the city's, ``in_hand`` whether the jurisdiction
        itself types all that is to change.
        """
        mine = self.targets[self.targets["jurisdiction"] == self.name]
        frame = pd.DataFrame(mine).rename(columns={"goal": "aim", "points": "own_gain"})
        row, book = self.rows.loc[[self.now]].to_dict("records")[0], self.book
        rules, changes = [book.rules[id] for id in frame["id"]], list(frame["changes"])
        frame["steps"] = [steps(book, row, change) for change in changes]
        frame["effort"] = [effort(book, row, change) for change in changes]
        frame["per_unit"] = frame["total_gain"] / frame["effort"]
        frame["whole"] = [{book.inputs[n].type for n in change} <= set(STEPS) for change in changes]
        frame["shared"] = [rule.city_threshold and self.level == "county" for rule in rules]
        own = zip(frame["shared"], changes, strict=True)
        frame["in_hand"] = [not shared and self._types(change) for shared, change in own]
        frame["unit"] = ["、".join(dict.fromkeys(unit(book, n) for n in c)) for c in changes]
        frame["duty"] = [phrases.LEVEL[rule.scope] for rule in rules]
        frame["name"] = [r.name + ("（附加项）" if r.kind == "bonus" else "") for r in rules]
        return frame.sort_values("total_gain", ascending=False, kind="stable")

    def _types(self, names: Iterable[str]) -> bool:
        """Whether the jurisdiction itself types all of these inputs."""
        inputs = self.book.inputs
        own = (name in self.typed or not inputs[name].inherit for name in names)
        return self.level == "city" or all(own)

    @property
    def unreachable(self) -> pd.DataFrame:
        """Its rules for which no target can be said, with the reason."""
        left = self.targets.unreachable
        return left[left["jurisdiction"] == self.name]

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """What readings and missing inputs leave open for a county, or for a city and all its
        counties.
        """
        one = self.group.alternatives
        if self.level == "city":
            return Sensitivity(one, extremes(self.group.card), worth_knowing(self.group.card))
        own = self.card.only([len(self.rows) - 1])
        return Sensitivity(one[one["jurisdiction"] == self.name], extremes(own), worth_knowing(own))

    @cached_property
    def contribution(self) -> Contribution:
        """A city's losses by county."""
        return contribution(self.group.card, self.city, self.period)

    @cached_property
    def moves(self) -> pd.DataFrame:
        """What each county's targets would bring the city."""
        return moves(self.group.card, self.city, self.period, self.targets)


def intervals(frame: pd.DataFrame, least: str = "low", most: str = "high") -> list[str]:
    """The points of two columns as one interval in each row; a rule without points has a dash."""
    pairs = frame[[least, most]].to_numpy(float)
    return ["—" if math.isnan(low) else words.interval(low, high) for low, high in pairs]
