"""Counties → city by adding inputs up, city → counties for what is settled city-wide (spec 2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from creditcalc.exact import Array
from creditcalc.intake.roster import Roster
from creditcalc.problems import InputError, Problem
from creditcalc.rules.rulebook import Rulebook
from creditcalc.scoring.arrays import Columns

GROUP = ["city", "period"]
NOTHING = {"sum": 0.0, "max": 0.0, "any": 0.0, "all": 1.0}  # by kind of roll-up


@dataclass(frozen=True)
class RolledUp:
    """A table whose cities are completed from counties and departments, beside what was typed.

    ``table`` has the rows of counties and cities, ``typed`` every row as it was typed (also that of
    a city's own departments), both with ``level`` and ``city``; ``roster`` says who should report,
    ``short`` of which cities a county may be missing altogether, "" being any.
    """

    table: pd.DataFrame
    typed: pd.DataFrame
    roster: Roster | None = None
    short: frozenset[str] = frozenset()

    def only(self, rows: pd.Series) -> RolledUp:
        """The rows of the table for which ``rows`` is true, beside all that was typed."""
        return replace(self, table=self.table[rows])

    def of_city(self, city: str) -> RolledUp:
        """A city's rows and what was typed for them, numbered as if there were no others."""
        table = self.table[self.table["city"] == city].reset_index(drop=True)
        typed = self.typed[self.typed["city"] == city].reset_index(drop=True)
        return replace(self, table=table, typed=typed, short=self.short & {"", city})

    def expected(self, city: str, period: str, level: str = "county") -> list[str]:
        """The jurisdictions of a level that should report to a city for a period: those of the
        roster, or without one all that the table has for it in any period.
        """
        return expected(self.typed, self.roster, city, period, level)

    def absent(self, city: str, period: str, level: str = "county") -> list[str]:
        """Those of them that have no row in the period."""
        rows = self.typed_rows(city, period)
        here = set(rows.loc[rows["level"] == level, "jurisdiction"])
        return [name for name in self.expected(city, period, level) if name not in here]

    def may_lack(self, city: str) -> bool:
        """Whether a county of a city may be missing altogether, so that no sum of its is sure."""
        return bool({"", city} & self.short)

    def typed_rows(self, city: str, period: str) -> pd.DataFrame:
        """What a city, its counties and its departments typed for a period."""
        typed = self.typed
        return typed[(typed["city"] == city) & (typed["period"] == period)]

    def stated(self, city: str, period: str) -> dict[str, object]:
        """What a city's own row states for a period, by input."""
        rows = self.typed_rows(city, period)
        row = rows[rows["level"] == "city"].tail(1)
        return {str(name): row[name].iloc[0] for name in row if row[name].notna().any()}


def expected(
    typed: pd.DataFrame, roster: Roster | None, city: str, period: str, level: str = "county"
) -> list[str]:
    """The jurisdictions of a level that should report to a city for a period."""
    if roster is not None and roster.knows(city):
        return roster.expected(city, period, level)
    mine = (typed["city"] == city) & (typed["level"] == level)
    return list(typed.loc[mine, "jurisdiction"].unique())


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
    table: pd.DataFrame,
    book: Rulebook,
    city: str | None = None,
    roster: Roster | None = None,
    short: Collection[str] = (),
) -> RolledUp:
    """Each city's row completed (or made, at the end) from its counties and its own departments
    (市直), and counties' blanks inherited from their city's.

    Whoever should report (by ``roster``, or by the table's rows of any period) and has no row or no
    value leaves a sum or a maximum missing, and an any-of or all-of open unless another one decides
    it; of the departments only what the rulebook says they have a part of. ``city`` names the city
    of a table that does not say it, ``short`` the cities ("" is any) that have a county which the
    table does not: no sum of theirs is complete. Raises InputError where a county's city is not
    known, or a jurisdiction has several rows in a period.
    """
    typed = with_cities(table, city)
    twice = typed.duplicated(["city", "jurisdiction", "level", "period"])
    if twice.any():
        names = typed.loc[twice, ["jurisdiction", "period"]].agg(" ".join, axis=1)
        what, cure = "同一县（区）或市同一期间不止一行", "只留一行"
        raise InputError([Problem(what, name, cure) for name in names.unique()])
    inputs = [name for name in book.inputs if name in typed]
    added = added_up(typed, book, inputs, roster, short)
    rows = typed[typed["level"] != "direct"]
    county = (rows["level"] == "county").to_numpy()
    counties, cities = rows[county], rows[~county]
    target = pd.MultiIndex.from_frame(cities[GROUP])
    new = added.loc[~added.index.isin(target)].reset_index()
    new = new.assign(jurisdiction=new["city"], level="city")
    inherited = [name for name in inputs if book.inputs[name].inherit]
    own = pd.MultiIndex.from_frame(counties[GROUP])
    filled = {name: _fill(rows[name], ~county, added[name], target) for name in inputs}
    for name in inherited:
        stated = pd.Series(cities[name].to_numpy(), index=target)
        filled[name] = _fill(filled[name], county, stated, own)
    rolled = pd.concat(
        [rows.assign(**filled), new[[c for c in typed if c in new]]], ignore_index=not new.empty
    )
    return RolledUp(rolled, typed, roster, frozenset(short))


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


def added_up(
    typed: pd.DataFrame,
    book: Rulebook,
    inputs: list[str],
    roster: Roster | None = None,
    short: Collection[str] = (),
) -> pd.DataFrame:
    """One row per city and period with the inputs of counties and departments added up, NaN where
    one that should be there is missing.
    """
    order = typed[typed["level"] != "city"].sort_values(GROUP, kind="stable")
    groups, first, size = _groups(order)
    direct = (order["level"] == "direct").to_numpy()
    departments = np.add.reduceat(direct.astype(int), first) if len(first) else size
    counties = size - departments
    complete, with_departments, with_counties = np.ones((3, len(groups)), bool)
    wanted: dict[tuple[str, str], tuple[int, int]] = {}
    for n, (city, period) in enumerate(groups):
        key = (city, period) if roster else (city, "")
        if key not in wanted:
            wanted[key] = (
                len(expected(typed, roster, city, period, "county")),
                len(expected(typed, roster, city, period, "direct")),
            )
        complete[n] = counties[n] == wanted[key][0] and not {"", city} & {*short}
        with_departments[n] = departments[n] >= wanted[key][1]
        with_counties[n] = wanted[key][0] > 0
    columns = Columns(order, book)
    beside = direct & np.repeat(with_counties, size)
    added = {}
    for name in inputs:
        i = book.inputs[name]
        if i.type == "class":
            continue
        values = columns.number(name)
        if beside.any() and not i.direct:  # what is not theirs to report adds nothing
            values = np.where(beside & np.isnan(values), NOTHING.get(i.rollup, np.nan), values)
        whole = complete & (with_departments | (not i.direct))
        added[name] = _combine(values, first, whole, i.rollup)
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
