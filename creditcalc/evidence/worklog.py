"""Evidence and tasks (台账): whose score is evidenced, what is missing, what that puts at stake,
and who has to act.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from creditcalc.evidence.register import standing
from creditcalc.rules.rulebook import Rule, Rulebook
from creditcalc.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class Worklog:
    """The evidence of a city and its counties in one period, as it stands on the day ``as_of``.

    ``card`` holds their rows of that period alone, ``given`` what was handed in.
    """

    card: Scorecard
    given: pd.DataFrame
    as_of: str

    @cached_property
    def materials(self) -> pd.DataFrame:
        """Every material that is asked for: its state, the points that it puts at stake, the units
        that answer for it.
        """
        table, book = self.card.table, self.card.book
        owing = [*table[["city", "jurisdiction", "level"]].itertuples(index=False, name=None)]
        frame = standing(book, owing, self.given, self.as_of)
        points = self.card.points.set_axis(table["jurisdiction"], axis=0)
        rows, columns = (
            points.axes[n].get_indexer(pd.Index(frame[key]))
            for n, key in enumerate(("jurisdiction", "id"))
        )
        earned = points.to_numpy()[rows, columns]
        frame["stake"] = np.where(frame["settled"], 0.0, np.nan_to_num(earned))
        frame["gate"] = [book.rules[id].kind == "base" for id in frame["id"]]
        frame["owners"] = [
            owners(book, book.rules[id], lv) for id, lv in frame[["id", "level"]].to_numpy()
        ]
        return frame

    @cached_property
    def evidenced(self) -> pd.DataFrame:
        """Whether a rule's evidence is complete, a row per jurisdiction; for what is not a county's
        duty that is its city's.
        """
        own = self.materials.groupby(["jurisdiction", "id"])["settled"].all().unstack()
        own = own.reindex(
            index=self.card.table["jurisdiction"], columns=list(self.card.book.rules)
        ).astype(object)
        cities = self.card.table.loc[self.card.table["level"] == "city", "jurisdiction"]
        shared = own.loc[cities.iloc[0]].to_dict() if len(cities) else {}
        return own.fillna(shared).eq(True)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Per jurisdiction: materials asked for, settled and overdue, the confirmed score, and how
        much of it is evidenced.
        """
        counts = _counted(self.materials, "jurisdiction").reindex(
            self.card.table["jurisdiction"], fill_value=0
        )
        scores = self.card.totals().set_index("jurisdiction")["score"]
        items = [rule.id for rule in self.card.book.of_kind("item")]
        points = self.card.points[items].set_axis(self.card.table["jurisdiction"], axis=0)
        evidenced = points.where(self.evidenced[items]).sum(axis=1)
        return (
            counts.assign(score=scores, evidenced=evidenced)
            .rename_axis("jurisdiction")
            .reset_index()
        )

    @cached_property
    def by_unit(self) -> pd.DataFrame:
        """Per responsible unit: materials asked for, settled, overdue, and the points at stake."""
        frame = self.materials.explode("owners")
        counts = _counted(frame, "owners")
        stake = (
            frame[~frame["settled"]]
            .drop_duplicates(["owners", "jurisdiction", "id"])
            .groupby("owners")["stake"]
            .sum()
        )
        return (
            counts.assign(stake=stake.reindex(counts.index, fill_value=0.0))
            .rename_axis("unit")
            .reset_index()
        )

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """What is still to be handed in or put right: overdue first, then base indicators, then
        most points at stake.
        """
        frame = self.materials[~self.materials["settled"]]
        return frame.sort_values(["overdue", "gate", "stake"], ascending=False, kind="stable")


def owners(book: Rulebook, rule: Rule, level: str) -> list[str]:
    """The units that answer for a rule: a county's government, or the city's leading and
    responsible units.
    """
    if level == "county" and book.county_unit:
        return [book.county_unit]
    return list(dict.fromkeys((*rule.lead, *rule.units)))


def units(book: Rulebook) -> list[str]:
    """Every unit that leads or is responsible for a rule, in the order of the ledger."""
    return list(
        dict.fromkeys(unit for rule in book.rules.values() for unit in (*rule.lead, *rule.units))
    )


def _counted(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """How many materials are asked for, settled and overdue."""
    return frame.groupby(by, sort=False).agg(
        asked=("settled", "size"), settled=("settled", "sum"), overdue=("overdue", "sum")
    )
