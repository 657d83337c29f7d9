"""What a roll-up leaves to be said: who is absent, whose names look like one, which sums differ."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from creditcalc.exact import TOLERANCE
from creditcalc.problems import Problem, similar
from creditcalc.rules.rulebook import Rulebook
from creditcalc.scoring.rollup import GROUP, RolledUp, added_up

ROLLED = ("sum", "max", "any", "all")
NO_DEPARTMENTS = "没有市直部门的数据，各项汇总数都不含市直"


def roster_notices(rolled: RolledUp) -> list[Problem]:
    """What is to be said first: absent jurisdictions, doubtful names, departments of which nobody
    reports.
    """
    typed = rolled.typed
    found = [*_alike(typed), *_lonely_cities(typed)]
    for city, rows in typed.groupby("city", sort=False):
        for period in sorted(rows["period"].unique()):
            found += _absent(rolled, str(city), str(period))
        if not rolled.expected(str(city), str(rows["period"].max()), "direct"):
            cure = "用“市直”一行填报（creditcalc template --office）；市级行填的数即为全市数"
            found.append(_notice(NO_DEPARTMENTS, str(city), cure, str(city)))
    return found


def _notice(
    what: str, value: str, cure: str, city: str, period: str = "", column: str = ""
) -> Problem:
    """A notice of a city's, of one of its periods or of all."""
    return Problem(
        what,
        value,
        cure,
        column=column,
        severity="notice",
        jurisdiction=city,
        period=period,
        city=city,
    )


def _absent(rolled: RolledUp, city: str, period: str) -> Iterator[Problem]:
    """A notice for everyone who should report and has no row, which leaves the city's sums open."""
    rows = rolled.typed[rolled.typed["city"] == city]
    for level in ("county", "direct"):
        here = rows[(rows["period"] == period) & (rows["level"] == level)]
        strangers = [
            name
            for name in here["jurisdiction"]
            if (rows["jurisdiction"] == name).sum() < rows["period"].nunique()
        ]
        for name in rolled.absent(city, period, level):
            months = sorted(rows.loc[rows["jurisdiction"] == name, "period"])
            where = f"{months[-1]} 有“{name}”，" if months else f"名册中有“{name}”，"
            what = f"{where}{period} 没有：全市合计因此待定"
            near = similar(name, strangers)
            cure = "补上它的行"
            if near and rolled.roster is None:
                cure = f"是否就是“{near}”？写进名册的“别名”，或补上它的行"
            elif rolled.roster is None:
                cure = "补上它的行；改了名的写进名册的“别名”"
            yield _notice(what, name, cure, city, period)


def _alike(typed: pd.DataFrame) -> Iterator[Problem]:
    """A notice for two names of a level that differ in 市, 县 or 区 at the end alone."""
    counties = typed[typed["level"] == "county"]
    cure = "改为同一个名称，或写进名册的“别名”"
    for names, owners in (
        (set(counties["jurisdiction"]), counties.set_index("jurisdiction")["city"]),
        (set(typed["city"]), typed.set_index("city", drop=False)["city"]),
    ):
        for name in sorted(names):
            for longer in sorted(names & {name + end for end in ("市", "县", "区")}):
                city = str(owners[[longer]].iloc[0])
                yield _notice(f"“{name}”与“{longer}”像是同一个", name, cure, city)


def _lonely_cities(typed: pd.DataFrame) -> Iterator[Problem]:
    """A notice for a city that one row alone names, and for a second one with fewer than two
    counties.
    """
    if typed["city"].nunique() < 2:
        return
    counties = typed[typed["level"] == "county"]
    for city, rows in typed.groupby("city", sort=False):
        mine = counties.loc[counties["city"] == city, "jurisdiction"].nunique()
        if len(rows) == 1 or mine < 2:
            said = f"只有 {len(rows)} 行" if len(rows) == 1 else f"只有 {mine} 个县（区）"
            what = f"“{city}”成了另一个市，表中{said}"
            yield _notice(what, str(city), "核对“所属市”；确是另一个市就不用改", str(city))


def differing(rolled: RolledUp, book: Rulebook) -> list[Problem]:
    """A notice for every value that a city's row states otherwise than its counties' sum; both are
    shown.
    """
    typed = rolled.typed
    cities = typed[typed["level"] == "city"].set_index(GROUP)
    inputs = [name for name in book.inputs if name in typed and book.inputs[name].rollup in ROLLED]
    added = added_up(typed, book, inputs, rolled.roster, rolled.short).reindex(cities.index)
    found = []
    for name in inputs:
        own = cities[name].to_numpy(dtype=float, na_value=np.nan)
        theirs = added[name].to_numpy(dtype=float)
        differs = np.abs(own - theirs) > TOLERANCE * np.maximum(np.abs(own), 1.0)
        for n in np.flatnonzero(differs).tolist():
            town, period = cities.index[n]
            what = f"市级行填的“{book.inputs[name].label}”与各县（区）汇总不一致，按市级行计"
            value = f"填报 {own[n]:,.12g}，汇总 {theirs[n]:,.12g}"
            found.append(_notice(what, value, "核对两处口径", town, period, name))
    return found
