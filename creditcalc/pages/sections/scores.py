"""得分: by category, and on the duties of counties."""

from __future__ import annotations

import pandas as pd

from creditcalc.pages.page_facts import PageFacts, intervals
from creditcalc.rules import phrases

TOTAL = "合计"


class Scores(PageFacts):
    """The frames of the score."""

    def categories(self, total: bool = False) -> pd.DataFrame:
        """Confirmed points by category: category, category_name, full, score, low, high, interval,
        and for a county the median of the counties' own points; with ``total`` their sum as last
        row.
        """
        frame = self.rules[self.rules["kind"] == "item"].rename(columns={"points": "score"})
        marks = ["full", "score", "low", "high"]
        frame = frame.groupby("category", sort=False)[marks].sum().reset_index()
        names = [self.book.categories[c].name for c in frame["category"]]
        frame.insert(1, "category_name", names)
        if self.level == "county":
            medians = self.group.category_medians.reindex(frame["category"])
            frame["median"] = medians.to_numpy()
        if total:
            last = {"category": TOTAL, "category_name": "", **frame[marks].sum()}
            if self.level == "county":
                last["median"] = self.group.counties.totals()["score"].median()
            frame.loc[len(frame)] = pd.Series(last)
        return frame.assign(interval=intervals(frame))

    def county_duty(self, total: bool = False) -> pd.DataFrame:
        """The items that the ledger gives to counties: id, name, value, goal, points, full, status;
        with ``total`` their sum as last row.
        """
        frame = self.rules
        county = frame["duty"] == phrases.LEVEL["county"]
        frame = frame[(frame["kind"] == "item") & county].copy()
        if total:
            sums = frame[["full", "points", "lost"]].sum()
            frame.loc[TOTAL] = {**dict.fromkeys(frame, None), **sums, "id": TOTAL, "name": ""}
        return frame
