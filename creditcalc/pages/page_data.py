"""The brief of a page: all that the page shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from creditcalc.analysis.contribution import Contribution, contribution, moves
from creditcalc.analysis.ranking import ranks
from creditcalc.analysis.sensitivity import Sensitivity, alternatives, extremes, worth_knowing
from creditcalc.analysis.steps import effort, steps, unit
from creditcalc.analysis.targets import Targets, targets
from creditcalc.evidence.worklog import Worklog
from creditcalc.problems import Problem
from creditcalc.rules import phrases
from creditcalc.rules.rulebook import Readings, Rule, Rulebook
from creditcalc.scoring.rollup import RolledUp
from creditcalc.scoring.scorecard import Scorecard, score

STEPS = ("count", "flag", "days")  # inputs whose units are worth comparing by points per unit


@dataclass(frozen=True)
class Group:
    """A city and its counties in one period, scored; what several briefs take from it is worked out
    once.
    """

    card: Scorecard
    city: str
    period: str
    given: pd.DataFrame | None = None
    as_of: str = ""

    @cached_property
    def worklog(self) -> Worklog | None:
        """The evidence of all of them, where there is a table of what was handed in."""
        return None if self.given is None else Worklog(self.card, self.given, self.as_of)

    @cached_property
    def counties(self) -> Scorecard:
        """The counties alone."""
        rows = self.card.table
        return score(rows[rows["level"] == "county"], self.card.book, self.card.readings)

    @cached_property
    def places(self) -> pd.DataFrame:
        """The counties' ranks, and how many they are."""
        totals = self.counties.totals()
        return ranks(totals).assign(of=len(totals)).astype(int)

    @cached_property
    def medians(self) -> pd.Series:
        """The counties' median points per item, of those that are decided."""
        return self.counties.points[[rule.id for rule in self.card.book.of_kind("item")]].median()

    @cached_property
    def category_medians(self) -> pd.Series:
        """The counties' median of their confirmed points in each category."""
        rules = self.card.book.of_kind("item")
        points = self.counties.points[[rule.id for rule in rules]].T
        return points.groupby([rule.category for rule in rules]).sum().median(axis=1)

    @cached_property
    def typed(self) -> pd.DataFrame:
        """What the city and its counties typed themselves for the period, before any roll-up."""
        return self.rolled.typed_rows(self.city, self.period)

    @property
    def rolled(self) -> RolledUp:
        """The city's rows of the period, beside what was typed."""
        assert self.card.rolled is not None
        return self.card.rolled

    @cached_property
    def city_inputs(self) -> dict[str, float]:
        """The city's values of inputs whose threshold is the city's."""
        rows = self.card.table
        town = rows[rows["level"] == "city"].tail(1)
        shared = [
            rule for rule in self.card.book.rules.values() if rule.city_threshold and len(town)
        ]
        return {
            name: float(town[name].iloc[0])
            for r in shared
            for name in r.inputs(self.card.readings)
            if name in town
        }

    @cached_property
    def alternatives(self) -> pd.DataFrame:
        """Everybody's total and rank under each alternative reading."""
        return alternatives(self.card)


@dataclass(frozen=True)
class Brief:
    """What one page shows: the jurisdiction's own rows up to the period, its group, its problems.

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

    @cached_property
    def items(self) -> pd.DataFrame:
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
                "duty": [phrases.LEVEL["county"] if r.scope == "county" else "市" for r in rules],
                "clause": [r.clause for r in rules],
                "goal": [phrases.goal(r, book, self.readings) for r in rules],
                "value": [self._value(r) for r in rules],
                "status": [phrases.STATUS[str(status)] for status in card.status.loc[now]],
                "full": card.full.loc[now].to_numpy(),
                "score": card.points.loc[now].to_numpy(),
                "low": card.low.loc[now].to_numpy(),
                "high": card.high.loc[now].to_numpy(),
                "_href": [f"#{r.id}" for r in rules],
            },
            index=[r.id for r in rules],
        )
        return frame.assign(lost=frame["full"] - frame["score"])

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
        return self.group.rolled.counties(self.city)

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
        """Whether a rule's evidence is complete, in a word; nothing where nobody keeps the table."""
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
        """Its own targets with their change in words, effort, points per unit and duty."""
        frame = self.targets[self.targets["jurisdiction"] == self.name].copy()
        row, book = self.rows.loc[[self.now]].to_dict("records")[0], self.book
        frame["steps"] = [steps(book, row, changes) for changes in frame["changes"]]
        frame["effort"] = [effort(book, row, changes) for changes in frame["changes"]]
        frame["per_unit"] = frame["total_gain"] / frame["effort"]
        types = [{book.inputs[name].type for name in changes} for changes in frame["changes"]]
        frame["whole"] = [kinds <= set(STEPS) for kinds in types]
        shared = [book.rules[id].city_threshold and self.level == "county" for id in frame["id"]]
        own = [
            all(self.level == "city" or n in self.typed or not book.inputs[n].inherit for n in c)
            for c in frame["changes"]
        ]
        frame["shared"], frame["own"] = (
            shared,
            [mine and not part for mine, part in zip(own, shared, strict=True)],
        )
        frame["unit"] = [
            "、".join(dict.fromkeys(unit(book, name) for name in changes))
            for changes in frame["changes"]
        ]
        frame["duty"] = [phrases.LEVEL[book.rules[id].scope] for id in frame["id"]]
        frame["name"] = [
            book.rules[id].name + ("（附加项）" if book.rules[id].kind == "bonus" else "")
            for id in frame["id"]
        ]
        return frame.sort_values("total_gain", ascending=False, kind="stable")

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """What readings and missing inputs leave open for a county, or for a city and all its
        counties.
        """
        one = self.group.alternatives
        if self.level == "city":
            return Sensitivity(one, extremes(self.group.card), worth_knowing(self.group.card))
        own = score(self.rows.loc[[self.now]], self.book, self.readings)
        return Sensitivity(one[one["jurisdiction"] == self.name], extremes(own), worth_knowing(own))

    @cached_property
    def contribution(self) -> Contribution:
        """A city's losses by county."""
        return contribution(self.group.card, self.city, self.period)

    @cached_property
    def moves(self) -> pd.DataFrame:
        """What each county's targets would bring the city."""
        return moves(self.group.card, self.city, self.period, self.targets)
