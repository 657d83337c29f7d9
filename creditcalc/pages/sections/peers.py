"""强项与弱项, 逐月变化: a jurisdiction beside its peers and beside itself in earlier months."""

from __future__ import annotations

import pandas as pd

from creditcalc import words
from creditcalc.analysis.ranking import against_median, change_since
from creditcalc.pages.page_facts import PageFacts, intervals

SHOWN = 0.005  # points that a table can show


class Peers(PageFacts):
    """The frames that compare."""

    def peers(self, most: int = 5) -> pd.DataFrame:
        """Weaknesses and strengths against the counties' median: side, id, name, own, median,
        difference.
        """
        items = [rule.id for rule in self.book.of_kind("item")]
        own = self.card.points.loc[[self.now], items].iloc[0]
        frame = against_median(own, self.group.medians.to_frame().T)
        frame = frame[frame["difference"].abs() > SHOWN]
        weak = frame[frame["difference"] < 0].head(most)
        strong = frame[frame["difference"] > 0].tail(most).iloc[::-1]
        both = [weak.assign(side="弱项"), strong.assign(side="强项")]
        frame = pd.concat(both, ignore_index=True)
        return frame.assign(name=self.names(frame["id"]))

    def trend(self) -> pd.DataFrame:
        """The totals of every month up to the period: period, score, month_change, low, high,
        interval, bonus, base_state.
        """
        frame = self.card.totals().rename(columns={"eligible": "base_state"})
        return frame.assign(month_change=frame["score"].diff(), interval=intervals(frame))

    def earlier(self, since: str = "") -> str:
        """The period to compare with: the one that is given, or the one before."""
        known = list(self.rows["period"])
        return since or (known[-2] if len(known) > 1 else known[-1])

    def changes(self, since: str = "") -> pd.DataFrame:
        """The items that moved since an earlier period: id, name, a column with the points of each
        of the two periods, change.
        """
        earlier = self.earlier(since)
        frame = change_since(self.card, self.name, earlier, self.period)
        lost = frame["before"].isna() != frame["after"].isna()
        frame = frame[lost | (frame["change"].abs() > SHOWN)]
        frame = frame.sort_values(
            "change", key=abs, ascending=False, kind="stable", na_position="first"
        )
        frame.insert(1, "name", self.names(frame["id"]))
        if earlier == self.period:
            frame = frame.drop(columns="before")
        said = {f"_word_{period}": words.MISSING for period in (earlier, self.period)}
        return frame.rename(columns={"before": earlier, "after": self.period}).assign(**said)
