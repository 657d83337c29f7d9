"""Counties → city by adding inputs up, city → counties for what is settled city-wide (spec 2 and
6).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from creditcalc.exact import TOLERANCE, Array
from creditcalc.problems import InputError, Problem
from creditcalc.rules.rulebook import Rulebook
from creditcalc.scoring.arrays import Columns

GROUP = ["city", "period"]


@dataclass(frozen=True)
class RolledUp:
    """A table whose cities are completed from their counties, beside what was typed.

    ``table`` has every row, ``typed`` the rows as they were typed, both with ``level`` and
    ``city``; ``short`` are the cities of which a county may be missing altogether, "" being any.
    """

    table: pd.DataFrame
    typed: pd.DataFrame
    short: frozenset[str] = frozenset()

    def only(self, rows: pd.Series) -> RolledUp:
        """The rows of the table for which ``rows`` is true, beside all that was typed."""
        return replace(self, table=self.table[rows])

    def counties(self, city: str) -> list[str]:
        """Every county that the table has for a city, in any period."""
        typed = self.typed
        mine = (typed["city"] == city) & (typed["level"] == "county")
        return list(typed.loc[mine, "jurisdiction"].unique())

    def absent(self, city: str, period: str) -> list[str]:
        """The counties of a city that have no row in a period."""
        typed = self.typed
        mine = (typed["city"] == city) & (typed["period"] == period) & (typed["level"] == "county")
        here = set(typed.loc[mine, "jurisdiction"])
        return [name for name in self.counties(city) if name not in here]

    def may_lack(self, city: str) -> bool:
        """Whether a county of a city may be missing altogether, so that no sum of its is sure."""
        return bool({"", city} & self.short)

    def typed_rows(self, city: str, period: str) -> pd.DataFrame:
        """What a city and its counties typed for a period."""
        typed = self.typed
        return typed[(typed["city"] == city) & (typed["period"] == period)]

    def stated(self, city: str, period: str) -> dict[str, object]:
        """What a city's own row states for a period, by input."""
        rows = self.typed_rows(city, period)
        row = rows[rows["level"] == "city"].tail(1)
        return {str(name): row[name].iloc[0] for name in row if row[name].notna().any()}


def with_cities(table: pd.DataFrame, city: str | None = None) -> pd.DataFrame:
    """The table with ``level`` and ``city`` filled: a city row's city is itself, a county's blank
    is the only city there is.

    Raises InputError where a county's city is not known.
    """
    level = (table["level"] if "level" in table else pd.Series(pd.NA, index=table.index)).astype(
        object
    )
    level = level.replace("", pd.NA).fillna("county")
    owner = (
        table["city"].astype(object)
        if "city" in table
        else pd.Series(pd.NA, index=table.index, dtype=object)
    )
    owner = owner.replace("", pd.NA)
    owner = owner.where(level != "city", table["jurisdiction"])
    if owner.isna().any():
        known = list(dict.fromkeys([*owner.dropna(), *([city] if city else [])]))
        if len(known) != 1:
            what = (
                "表中没有市级行，也没有注明所属市"
                if not known
                else f"表中有 {len(known)} 个市（{'、'.join(known[:5])}）"
            )
            counties = "、".join(table["jurisdiction"][owner.isna()].unique()[:5])
            cure = "用 --city 指明，或在表中加“所属市”一列"
            raise InputError(
                [Problem(f"{what}，不知道县区属于哪个市", counties, cure, column="city")]
            )
        owner = owner.fillna(known[0])
    return table.assign(level=level, city=owner)


def roll_up(
    table: pd.DataFrame, book: Rulebook, city: str | None = None, short: Collection[str] = ()
) -> RolledUp:
    """Each city's row completed (or made, at the end) from its counties, and counties' blanks
    inherited from their city's.

    The counties of a city are all county-level jurisdictions that the table has for it in any
    period; one without a row or value leaves a sum or a maximum missing, and an any-of or all-of
    open unless another county decides it. ``city`` names the city of a table that does not say it,
    ``short`` the cities ("" is any) that have a county which the table does not: no sum of theirs
    is complete. Raises InputError where a county's city is not known, or a jurisdiction has several
    rows in a period.
    """
    typed = with_cities(table, city)
    twice = typed.duplicated(["city", "jurisdiction", "level", "period"])
    if twice.any():
        names = typed.loc[twice, ["jurisdiction", "period"]].agg(" ".join, axis=1)
        raise InputError(
            [
                Problem("同一县（区）或市同一期间不止一行", name, "只留一行")
                for name in names.unique()
            ]
        )
    inputs = [name for name in book.inputs if name in typed]
    county = (typed["level"] == "county").to_numpy()
    counties, cities = typed[county], typed[~county]
    added = _added_up(counties, book, inputs, short)
    target = pd.MultiIndex.from_frame(cities[GROUP])
    new = added.loc[~added.index.isin(target)].reset_index()
    new = new.assign(jurisdiction=new["city"], level="city")
    inherited = [name for name in inputs if book.inputs[name].inherit]
    own = pd.MultiIndex.from_frame(counties[GROUP])
    filled = {name: _fill(typed[name], ~county, added[name], target) for name in inputs}
    filled |= {
        name: _fill(filled[name], county, pd.Series(cities[name].to_numpy(), index=target), own)
        for name in inherited
    }
    rolled = pd.concat(
        [typed.assign(**filled), new[[c for c in typed if c in new]]], ignore_index=not new.empty
    )
    return RolledUp(rolled, typed, frozenset(short))


def _fill(
    column: pd.Series, rows: NDArray[np.bool_], values: pd.Series, keys: pd.MultiIndex
) -> pd.Series:
    """``column`` with its blanks in ``rows`` taken from ``values``, looked up by those rows'
    ``keys``.
    """
    blank = rows & column.isna().to_numpy()
    if not blank.any():
        return column
    looked_up = values[~values.index.duplicated()].reindex(keys).to_numpy()
    if looked_up.dtype == object:
        column = column.astype(object)
    else:
        column = pd.Series(
            column.to_numpy(dtype=float, na_value=np.nan, copy=True), index=column.index
        )
    column.loc[blank] = looked_up[blank[rows]]
    return column


def _added_up(
    counties: pd.DataFrame, book: Rulebook, inputs: list[str], short: Collection[str]
) -> pd.DataFrame:
    """One row per city and period with the counties' inputs added up, NaN where one is missing."""
    order = counties.sort_values(GROUP, kind="stable")
    expected = order.groupby("city")["jurisdiction"].nunique()
    groups, first, size = _groups(order)
    towns = groups.get_level_values("city")
    complete = (size == expected.reindex(towns).to_numpy()) & ~(
        towns.isin(list(short)) | ("" in short)
    )
    numeric = [name for name in inputs if book.inputs[name].type != "class"]
    columns = Columns(order, book)
    values = {name: columns.number(name) for name in numeric}
    added = {
        name: _combine(values[name], first, complete, book.inputs[name].rollup) for name in numeric
    }
    return pd.DataFrame({**dict.fromkeys(inputs), **added}, index=groups, columns=inputs)


def _groups(order: pd.DataFrame) -> tuple[pd.MultiIndex, NDArray[np.intp], NDArray[np.intp]]:
    """The cities and periods of sorted rows, where each begins and how many rows it has."""
    keys = order[GROUP]
    starts = np.flatnonzero((keys != keys.shift()).any(axis=1).to_numpy())
    return (
        pd.MultiIndex.from_frame(keys.iloc[starts]),
        starts,
        np.diff(np.append(starts, len(order))),
    )


def _combine(
    values: Array, first: NDArray[np.intp], complete: NDArray[np.bool_], rollup: str
) -> Array:
    """One input over the counties of each group, by its kind of roll-up."""
    if not len(first) or rollup == "city":
        return np.full(len(first), np.nan)
    if rollup in ("sum", "max"):
        combined = (np.add if rollup == "sum" else np.maximum).reduceat(
            values, first
        )  # both keep NaN
        return np.where(complete, combined, np.nan)
    known = (np.fmax if rollup == "any" else np.fmin).reduceat(values, first)
    undecided = ~complete | np.isnan(np.add.reduceat(values, first))
    decisive = known == (1.0 if rollup == "any" else 0.0)
    return np.where(undecided & ~decisive, np.nan, known)


def combine(values: Array, rollup: str) -> Array:
    """One input over the counties, which are the columns of ``values``; each row is another case of
    the city.

    >>> combine(np.array([[1.0, 2.0], [1.0, np.nan]]), "sum")
    array([ 3., nan])
    """
    cases, counties = values.shape
    return _combine(values.ravel(), np.arange(cases) * counties, np.ones(cases, bool), rollup)


def notices(
    table: pd.DataFrame, book: Rulebook, city: str | None = None, short: Collection[str] = ()
) -> list[Problem]:
    """A notice for every value that a city's row states otherwise than its counties' sum; both are
    shown.
    """
    typed = with_cities(table, city)
    cities = typed[typed["level"] == "city"].set_index(GROUP)
    inputs = [
        name
        for name in book.inputs
        if name in typed and book.inputs[name].rollup in ("sum", "max", "any", "all")
    ]
    added = _added_up(typed[typed["level"] == "county"], book, inputs, short).reindex(cities.index)
    found = []
    for name in inputs:
        own, theirs = (
            cities[name].to_numpy(dtype=float, na_value=np.nan),
            added[name].to_numpy(dtype=float),
        )
        differs = np.abs(own - theirs) > TOLERANCE * np.maximum(np.abs(own), 1.0)
        for n in np.flatnonzero(differs).tolist():
            town, period = cities.index[n]
            what = f"市级行填的“{book.inputs[name].label}”与各县（区）汇总不一致，按市级行计"
            value = f"填报 {own[n]:,.12g}，汇总 {theirs[n]:,.12g}"
            found.append(
                Problem(
                    what,
                    value,
                    "核对两处口径",
                    column=name,
                    severity="notice",
                    jurisdiction=town,
                    period=period,
                    city=town,
                )
            )
    return found
