"""各县（区）对照: the counties of a city side by side, and how firm their places are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from creditcalc.analysis.ranking import ranks
from creditcalc.pages.page_facts import PageFacts, intervals
from creditcalc.render.display import Note, Prose, Shown
from creditcalc.words import interval

UNDECIDED = {"missing": "缺", "not_applicable": "—"}  # what stands in a cell without points
NO_COUNTIES = "本期没有各县（区）的数据。"
FULL = 1 - 1e-9  # of full marks


class Standings(PageFacts):
    """The frames of a city's counties."""

    def standings(self) -> pd.DataFrame:
        """The counties by rank: county, rank, places, score, low, high, interval, county_duty,
        bonus, base_state.
        """
        frame = self.group.counties.totals()
        frame = frame.join(ranks(frame)).sort_values(["rank", "jurisdiction"], kind="stable")
        frame = frame.rename(columns={"jurisdiction": "county", "eligible": "base_state"})
        places = [_places(best, worst) for best, worst in frame[["best", "worst"]].to_numpy()]
        return frame.assign(interval=intervals(frame), places=places)

    def stability(self) -> pd.DataFrame:
        """How each county's rank and total move under the readings: county, rank, reading_places
        (one reading changed), span (of the total, over all combinations).
        """
        one = self.sensitivity.one.dropna(subset=["rank"])
        found = one.groupby("jurisdiction", sort=False).agg(
            rank=("rank_before", "first"), best=("rank", "min"), worst=("rank", "max")
        )
        frame = found.reset_index().sort_values("rank", kind="stable")
        best, worst = (frame[["best", "rank"]].min(axis=1), frame[["worst", "rank"]].max(axis=1))
        extremes = self.sensitivity.extremes.set_index("jurisdiction")
        spans = extremes.loc[frame["jurisdiction"], ["lowest", "highest"]].to_numpy(float)
        frame = frame.assign(
            reading_places=[_places(b, w) for b, w in np.column_stack([best, worst])],
            span=[interval(low, high) for low, high in spans],
        )
        return frame.rename(columns={"jurisdiction": "county"})

    def heat_map(self) -> pd.DataFrame:
        """Item × county: the share of full marks in per cent, of the items that somebody has not in
        full; name, and a column for each county, with words where there are no points.
        """
        share, words = self._shares_of_full()
        if share.columns.empty:
            return pd.DataFrame(columns=["name"])
        lossy = share.index[(share.fillna(0) < FULL).any(axis=1)]
        lossy = lossy if len(lossy) else share.index
        frame = pd.DataFrame({"name": [self._item(id) for id in lossy]}, index=lossy)
        words = words.loc[lossy].add_prefix("_word_")
        return frame.join(100 * share.loc[lossy]).join(words)

    def heat_note(self) -> Shown:
        """The finding of the heat map in words."""
        share, _ = self._shares_of_full()
        if share.columns.empty:
            return Note(NO_COUNTIES)
        listed = len(self.heat_map())
        mean = share.loc[self.heat_map().index].mean(axis=1).dropna()
        weakest = "无（都缺数据）"
        if len(mean):
            weakest = f"{self._item(mean.idxmin())}（{100 * mean.min():.0f}%）"
        best = share.columns[int(np.argmin((share >= FULL).sum()))]
        text = (
            f"有失分或缺数据的评分指标共 {listed} 个；平均得分率最低的是{weakest}；"
            f"得满分的指标最少的是{best}。"
        )
        if listed < len(share):
            text += f"各县（区）都得满分的 {len(share) - listed} 项不列。"
        return Prose([text])

    def _shares_of_full(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Every item's share of full marks by county, and the word where it has none."""
        card, items = self.group.counties, [rule.id for rule in self.book.of_kind("item")]
        names = list(card.table["jurisdiction"])
        full = card.full[items]
        share = (card.points[items] / full.where(full > 0)).T.set_axis(names, axis=1)
        words = card.status[items].astype("str").T.set_axis(names, axis=1).map(UNDECIDED.get)
        return share, words

    def _item(self, id: object) -> str:
        return f"{id} {self.book.rules[str(id)].name}"


def _places(best: float, worst: float) -> str:
    """The ranks from the best to the worst, or the one.

    >>> _places(2, 4), _places(3.0, 3.0)
    ('2–4', '3')
    """
    return f"{best:.0f}" if best == worst else f"{best:.0f}–{worst:.0f}"
