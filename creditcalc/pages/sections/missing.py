"""缺的数据: what each missing input is worth, whom to ask, and which rules wait."""

from __future__ import annotations

from typing import Any

import pandas as pd

from creditcalc.pages.page_facts import PageFacts


class Missing(PageFacts):
    """The frames of what is not known."""

    def missing(self) -> pd.DataFrame:
        """What each missing input is worth, that is which telephone call to make first: absent,
        input, whom, waiting, closes, closes_at_most, share.
        """
        frame = self.sensitivity.missing
        frame = frame[frame["jurisdiction"] == self.name].rename(columns={"label": "absent"})
        rules = [[*items, *gates] for items, gates in frame[["items", "gates"]].to_numpy()]
        return frame.assign(
            waiting=["、".join(ids) for ids in rules],
            whom=[self._whom(name) for name in frame["input"]],
        )

    def waiting(self) -> pd.DataFrame:
        """The items and base indicators that wait for data: id, name, status, absent, interval."""
        frame = self.rules[self.rules["status"].isin(["缺数据", "待核实"])]
        return frame.assign(absent=[self._absent(id) for id in frame["id"]])

    def _absent(self, id: str) -> str:
        """The inputs of a rule that are not known."""
        row, rule = self.rows.loc[self.now], self.book.rules[id]
        names = [name for name in rule.inputs(self.readings) if is_absent(row.get(name))]
        return "、".join(self.book.inputs[name].label for name in names)

    def _whom(self, name: str) -> str:
        """Who has not given an input: the counties whose blank leaves the city's sum open, or who
        is to say it.
        """
        i = self.book.inputs[name]
        if self.level == "county":
            return self.city if i.inherit else self.name
        if i.rollup == "city":
            return self.name
        typed = self.group.typed
        known = typed[name].notna() if name in typed else False
        given = set(typed.loc[(typed["level"] == "county") & known, "jurisdiction"])
        return "、".join(county for county in self.counties if county not in given)


def is_absent(value: Any) -> bool:
    """Whether a cell of the table holds nothing."""
    return value is None or bool(pd.isna(value))
