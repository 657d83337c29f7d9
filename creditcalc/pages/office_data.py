"""The brief of a responsible unit's page: its items, what they lose, what it would take, and the
evidence that it owes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from creditcalc.pages.page_data import Brief
from creditcalc.pages.tables import item_frame
from creditcalc.rules.rulebook import Rule


@dataclass(frozen=True)
class Duties:
    """A city's items and targets, of which each responsible unit has its part."""

    city: Brief

    @cached_property
    def items(self) -> pd.DataFrame:
        """Every rule with value, marks, points, loss and state."""
        return item_frame(self.city)

    @cached_property
    def actions(self) -> pd.DataFrame:
        """Every target of the city."""
        return self.city.actions

    def unit(self, name: str) -> UnitBrief:
        """The brief of one unit."""
        return UnitBrief(name, self)


@dataclass(frozen=True)
class UnitBrief:
    """What a unit's page shows of its city."""

    name: str
    duties: Duties

    @property
    def city(self) -> Brief:
        """The city's brief."""
        return self.duties.city

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules that the unit leads or is responsible for."""
        return [
            rule for rule in self.city.book.rules.values() if self.name in (*rule.lead, *rule.units)
        ]

    @cached_property
    def items(self) -> pd.DataFrame:
        """Its rules with value, marks, points, loss and state in the city."""
        frame = self.duties.items.loc[[rule.id for rule in self.rules]]
        return frame.assign(
            part=["牵头" if self.name in rule.lead else "责任" for rule in self.rules]
        )

    @cached_property
    def actions(self) -> pd.DataFrame:
        """The city's targets on its rules."""
        frame = self.duties.actions
        return frame[frame["id"].isin(self.items.index)]

    @cached_property
    def materials(self) -> pd.DataFrame:
        """The evidence that it answers for; what counties owe is their governments'."""
        frame = self.city.materials
        return frame if frame.empty else frame[[self.name in owners for owners in frame["owners"]]]
