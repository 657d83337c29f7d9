"""Where a jurisdiction stands: its rank, its peers, its change since an earlier month, its pace."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from creditcalc.exact import TOLERANCE
from creditcalc.problems import Problem, UnknownName, shown
from creditcalc.scoring.scorecard import Scorecard

TREND, CLEAR, HORIZON = (
    6,
    0.9,
    36,
)  # months that make a trend, how straight it must be, how far it may be drawn out


def ranks(totals: pd.DataFrame) -> pd.DataFrame:
    """The rank of every row by what it has for certain (``low``), ties as 1, 2, 2, 4, and the ranks
    that are open.

    ``best`` counts only those that are above whatever the missing data says, ``worst`` all that
    could be.

    >>> ranks(pd.DataFrame({"low": [80.0, 70, 70, 60], "high": [80.0, 70, 70, 75]}))
       rank  best  worst   tied
    0     1     1      1  False
    1     2     2      3   True
    2     2     2      3   True
    3     4     2      4  False
    """
    low, high = totals["low"].to_numpy(), totals["high"].to_numpy()
    above = low[None, :] > low[:, None] + TOLERANCE
    surely = low[None, :] > high[:, None] + TOLERANCE
    maybe = high[None, :] > low[:, None] + TOLERANCE
    np.fill_diagonal(maybe, False)
    tied = (np.abs(low[None, :] - low[:, None]) <= TOLERANCE).sum(axis=1) > 1
    places = {
        "rank": 1 + above.sum(axis=1),
        "best": 1 + surely.sum(axis=1),
        "worst": 1 + maybe.sum(axis=1),
        "tied": tied,
    }
    return pd.DataFrame(places, index=totals.index)


def ranks_by_city(table: pd.DataFrame, totals: pd.DataFrame) -> pd.Series:
    """The rank of every county among its city's counties of the period; a city has none (NaN)."""
    place = pd.Series(np.nan, index=totals.index)
    county = (totals["level"] == "county").to_numpy()
    city = table["city"].fillna("") if "city" in table else pd.Series("", index=table.index)
    for _, group in totals[county].groupby([city[county], totals["period"][county]]):
        place[group.index] = ranks(group)["rank"]
    return place


def against_median(own: pd.Series, peers: pd.DataFrame) -> pd.DataFrame:
    """One jurisdiction's points per item beside its peers' median: id, own, median, difference,
    from weak to strong.

    ``peers`` has a row per peer and a column per item; peers without a score on an item are left
    out of its median.
    """
    frame = pd.DataFrame({"own": own, "median": peers.median()}).dropna()
    frame = frame.assign(difference=frame["own"] - frame["median"]).rename_axis("id").reset_index()
    return frame.sort_values("difference", kind="stable", ignore_index=True)


def change_since(card: Scorecard, name: str, earlier: str, period: str) -> pd.DataFrame:
    """Per item the points of two periods and the change; an item that is not decided in one of them
    has none.

    Raises UnknownName for a period that the jurisdiction has no row for.
    """
    rows = {}
    for when in (earlier, period):
        at = np.flatnonzero((card.table["jurisdiction"] == name) & (card.table["period"] == when))
        if not len(at):
            there = "、".join(sorted(card.table.loc[card.table["jurisdiction"] == name, "period"]))
            raise UnknownName([Problem(f"{name} 没有这个期间", shown(when), f"有：{there}")])
        rows[when] = card.points.iloc[at[0]]
    items = [rule.id for rule in card.book.of_kind("item")]
    frame = pd.DataFrame(
        {
            "id": items,
            "before": rows[earlier][items].to_numpy(),
            "after": rows[period][items].to_numpy(),
        }
    )
    return frame.assign(change=frame["after"] - frame["before"])


def months_to_full(values: Sequence[float], goal: float) -> int | None:
    """How many more months at the present pace until a value reaches its goal, where the trend is
    clear enough to say so.

    Clear means: the last ``TREND`` values are all known, a straight line explains them (R² at least
    ``CLEAR``) and leads to the goal within ``HORIZON`` months.

    >>> months_to_full([0.60, 0.62, 0.64, 0.66, 0.68, 0.70], 1.0)
    15
    >>> months_to_full([0.60, 0.70, 0.58, 0.66, 0.68, 0.61], 1.0) is None
    True
    """
    last = np.asarray(values[-TREND:], dtype=float)
    if len(last) < TREND or np.isnan(last).any() or np.ptp(last) == 0:
        return None
    months = np.arange(TREND)
    slope, start = np.polyfit(months, last, 1)
    fit = 1 - np.var(last - (start + slope * months)) / np.var(last)
    left = (goal - last[-1]) / slope
    return math.ceil(left - TOLERANCE) if fit >= CLEAR and 0 < left <= HORIZON else None
