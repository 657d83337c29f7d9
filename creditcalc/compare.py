"""Ranks and peers: where a jurisdiction stands among others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from creditcalc.formulas import TOLERANCE


def ranks(totals: pd.DataFrame) -> pd.DataFrame:
    """The rank of every row by what it has for certain (``low``), ties as 1, 2, 2, 4, and the ranks that are open.

    ``best`` counts only those that are above whatever the missing data says, ``worst`` all that could be.

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
    places = {"rank": 1 + above.sum(axis=1), "best": 1 + surely.sum(axis=1), "worst": 1 + maybe.sum(axis=1), "tied": tied}
    return pd.DataFrame(places, index=totals.index)


def ranks_by_city(table: pd.DataFrame, totals: pd.DataFrame) -> pd.Series:
    """The rank of every county among its city's counties of the same period; a city has none (NaN)."""
    place = pd.Series(np.nan, index=totals.index)
    county = (totals["level"] == "county").to_numpy()
    city = table["city"].fillna("") if "city" in table else pd.Series("", index=table.index)
    for _, group in totals[county].groupby([city[county], totals["period"][county]]):
        place[group.index] = ranks(group)["rank"]
    return place
