"""失分与对策: what is lost for certain, what would win it back, and who makes a city lose it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from creditcalc.analysis.ranking import months_to_full
from creditcalc.analysis.steps import effort, steps, unit
from creditcalc.pages.page_facts import VISIBLE, PageFacts
from creditcalc.render.display import Prose
from creditcalc.words import number, points

STEP = 0.05  # points that make a step below full marks worth a line


class Losses(PageFacts):
    """The frames of losses and measures."""

    def losses(self) -> pd.DataFrame:
        """Every confirmed loss with the change for full marks and the next step below it, by what
        it brings.

        Columns: id, name, duty, aim (full or next), now, steps, gain (in words), own_gain and
        total_gain (points), rate, pace.
        """
        lost, frame = self.rules, self.actions
        lost = lost[(lost["kind"] != "base") & (lost["lost"] > 1e-9)]
        step = (frame["aim"] == "next") & (frame["total_gain"] >= STEP)
        frame = frame[frame["id"].isin(lost.index) & ((frame["aim"] == "full") | step)]
        frame = frame.join(lost[["value", "goal"]], on="id")
        rows = frame.to_dict("records")
        return frame.assign(
            steps=[("下一步：" if r["aim"] == "next" else "") + r["steps"] for r in rows],
            now=[f"{r['value']}（{'全市' if r['shared'] else ''}{r['goal']}）" for r in rows],
            gain=[_gain(r["own_gain"], r["total_gain"], r["shared"]) for r in rows],
            rate=[_rate(r["per_unit"], r["unit"]) for r in rows],
            pace=[self._pace(r["id"]) if r["aim"] == "full" else "" for r in rows],
        )

    def unreached(self) -> pd.DataFrame:
        """Items short of full marks for which no target can be said: id, name, reason."""
        items = {rule.id for rule in self.book.of_kind("item")}
        frame = self.unreachable[self.unreachable["id"].isin(items)]
        return frame.assign(name=self.names(frame["id"]))

    def _pace(self, id: str) -> str:
        """Months to full marks where the trend is clear, and silence where it is not or a month is
        not known.
        """
        rule = self.book.rules[id]
        if rule.formula is None or rule.measure is None or rule.measure.kind.is_logic:
            return "—"
        goal = rule.formula.bind(self.readings).inverse(rule.full, rule.full)
        known = self.card.value[id].set_axis(pd.PeriodIndex(self.rows["period"], freq="M"))
        every = pd.period_range(known.index.min(), known.index.max(), freq="M")
        months = months_to_full(list(known.reindex(every)), goal)
        return f"约 {months} 个月" if months else "—"

    def shares(self, total: bool = False) -> pd.DataFrame:
        """A city's loss by item: id, city_lost, residual (what no county decides), and a column for
        each county with what its improvement would return; with ``total`` their sum as last row.
        """
        c = self.contribution
        frame = c.items.pivot(index="id", columns="county", values="share")
        frame.insert(0, "residual", c.residual)
        frame.insert(0, "city_lost", c.items.groupby("id")["lost"].first())
        frame = frame.sort_values("city_lost", ascending=False, kind="stable")
        counties = [name for name in self.group.counties.table["jurisdiction"] if name in frame]
        frame = frame[["city_lost", "residual", *counties]]
        sums = frame.sum()
        frame = frame.rename_axis(columns=None).reset_index()
        if total:
            frame.loc[len(frame)] = {**sums, "id": "合计"}
        return frame.assign(_full=float(sums.max() / 4 or 1))

    def undecided(self) -> Prose:
        """The points that are neither earned nor lost, and of which items."""
        ids = self.contribution.undecided
        left = self.card.full.loc[[self.now], ids].to_numpy().sum()
        text = f"另有 {number(left)} 分因缺数据未定，不在其中：{'、'.join(ids)}。"
        return Prose([text] if ids else [])

    def best_moves(self, most: int = 15) -> pd.DataFrame:
        """For each item the move of one county that brings the city most: county, id, name, steps,
        city_points, city_gain, rate, same_gain (the counties that could bring as much instead).
        """
        frame, book = self.moves.copy(), self.book
        typed = self.group.counties.table.set_index("jurisdiction")
        rows = [typed.loc[county] for county in frame["county"]]
        pairs = list(zip(rows, frame["changes"], strict=True))
        frame["steps"] = [steps(book, row, changes) for row, changes in pairs]
        frame["effort"] = [effort(book, row, changes) for row, changes in pairs]
        frame["unit"] = [
            "、".join(dict.fromkeys(unit(book, name) for name in changes)) for _, changes in pairs
        ]
        frame = frame.rename(columns={"points": "city_points", "total_gain": "city_gain"})
        frame = frame.sort_values(["city_gain", "effort"], ascending=[False, True], kind="stable")
        first = frame.drop_duplicates("id").head(most)
        units = first[["city_gain", "effort", "unit"]].to_numpy()
        return first.assign(
            name=self.names(first["id"]),
            same_gain=[_as_good(frame[frame["id"] == id]) for id in first["id"]],
            rate=[_rate(gain / effort, unit) for gain, effort, unit in units],
        )


def _gain(own: float, total: float, shared: bool) -> str:
    """The gain on the total, and the item's own where other rules move too."""
    if shared:
        return f"全市 {points(total)}，本县（区）不变"
    return points(total) if abs(own - total) < VISIBLE else f"{points(total)}（本项 {points(own)}）"


def _rate(rate: float, unit: str) -> str:
    """Points per unit, or per as many units as bring a hundredth.

    >>> _rate(0.5, "项"), _rate(0.000032, "户")
    ('0.5 / 项', '0.032 / 1,000 户')
    """
    if rate <= 0:
        return "—"
    many = 10 ** max(0, math.ceil(-2 - math.log10(rate)))
    return f"{number(rate * many, 4)} / {f'{number(many)} ' if many > 1 else ''}{unit}"


def _as_good(moves: pd.DataFrame) -> str:
    """The counties after the first whose move brings the city as much."""
    gains = moves["city_gain"].to_numpy()
    return "、".join(moves["county"][np.abs(gains - gains[0]) < VISIBLE].iloc[1:]) or "—"
