"""A city and its counties in one period: what their pages have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from creditcalc.analysis.ranking import ranks
from creditcalc.analysis.sensitivity import alternatives
from creditcalc.evidence.worklog import Worklog
from creditcalc.scoring.rollup import RolledUp
from creditcalc.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class Group:
    """A city and its counties in one period, scored; what several pages take from it is worked out
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
        return self.card.only(np.flatnonzero(self.card.table["level"] == "county").tolist())

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
