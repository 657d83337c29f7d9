"""基础指标: which pass, here and in every county, and what makes the others pass."""

from __future__ import annotations

import pandas as pd

from creditcalc.pages.page_facts import PageFacts
from creditcalc.rules import phrases

ORDER = {"不通过": 0, "待核实": 1, "通过": 2}


class Base(PageFacts):
    """The frames of the base indicators."""

    def base(self) -> pd.DataFrame:
        """The base indicators, failed and pending ones first: id, name, status, value, goal,
        clause.
        """
        frame = self.rules[self.rules["kind"] == "base"]
        return frame.sort_values("status", key=lambda s: s.map(ORDER), kind="stable")

    def base_by_county(self) -> pd.DataFrame:
        """The base indicators that somebody does not pass: id, name, and a column with the state of
        the city and of each of its counties.
        """
        rules = self.book.of_kind("base")
        counties = self.group.counties
        rows = {self.name: self.card.status.loc[self.now]}
        rows |= {
            name: counties.status.iloc[n] for n, name in enumerate(counties.table["jurisdiction"])
        }
        states = {
            who: [phrases.STATUS[str(status[rule.id])] for rule in rules]
            for who, status in rows.items()
        }
        frame = pd.DataFrame({"id": [r.id for r in rules], "name": [r.name for r in rules]})
        frame = frame.assign(**states)
        return frame[(frame[list(rows)] != "通过").any(axis=1)]

    def to_pass(self) -> pd.DataFrame:
        """What makes each failed base indicator pass, and why some cannot be said: id, name,
        to_pass.
        """
        frame = self.actions[self.actions["aim"] == "pass"]
        base = {rule.id for rule in self.book.of_kind("base")}
        left = self.unreachable[self.unreachable["id"].isin(base)]
        frame = pd.concat(
            [frame[["id", "steps"]], left[["id", "reason"]].rename(columns={"reason": "steps"})]
        )
        return frame.assign(name=self.names(frame["id"])).rename(columns={"steps": "to_pass"})
