"""Adds up what sound cases give to each input, and keeps which cases they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from creditcalc.case_lists.counts import COUNT_OF_KIND, Asked
from creditcalc.case_lists.judging import Places, later_cases, sound_cases
from creditcalc.case_lists.kinds import LedgerKind
from creditcalc.intake.typed_lines import PLACE, Lines
from creditcalc.problems import Problem

COMBINED = {"monitor_rank_mean": "mean", "monitor_rank_worst": "max"}  # all others are sums
CASES = ["jurisdiction", "period", "input", "value", "ledger", *PLACE, "case", "note"]
LATER = ["ledger", *PLACE, "jurisdiction", "date", "case"]
REPEATED = ["ledger", *PLACE, "jurisdiction", "case", "same_as"]
COUNTED = ["ledger", "jurisdiction", "lines", "counted", "later", "repeated", "bad"]
DECIMALS = 6  # of a sum of amounts, which have two


@dataclass
class Tally:
    """What has been counted so far: values by input and jurisdiction, cases, counts."""

    values: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    cases: list[pd.DataFrame] = field(default_factory=list)
    later: list[pd.DataFrame] = field(default_factory=list)
    repeated: list[pd.DataFrame] = field(default_factory=list)
    counts: list[pd.DataFrame] = field(default_factory=list)


def count_cases(
    kind: LedgerKind, lines: Lines, places: Places, asked: Asked, tally: Tally, *, lost: bool
) -> None:
    """Add a ledger's cases to the tally; where lines of it are ``lost``, no jurisdiction has a
    number.
    """
    who, sound = lines.frame["jurisdiction"], sound_cases(lines, kind, asked)
    later, again = later_cases(lines, kind, asked), lines.frame["same_as"] != ""
    marks = {
        "lines": lines.frame["filled"],
        "counted": who.index.isin(sound.index),
        "later": later,
        "repeated": again,
        "bad": lines.bad,
    }
    summed = pd.DataFrame(marks).groupby(who, sort=False).sum().reset_index()
    tally.counts.append(summed.assign(ledger=kind.title))
    late = lines.frame[later]
    tally.later.append(_named(kind, late).assign(date=late.get(kind.date)))
    tally.repeated.append(_named(kind, lines.frame[again]))
    named = [name for name in who.dropna().unique() if not places.listed or name in places.city_of]
    spoilt = {*named} if lost else {*who[lines.bad].dropna()}
    groups = [(sound, named)]
    if kind.name == "cases":
        counties = [name for name in named if name not in places.cities]
        groups = [(sound[sound["jurisdiction"].isin(counties)], counties)]
        groups += _unions(sound, {*counties} - spoilt, spoilt, places, lines)
    for cases, owners in groups:
        for name, values in COUNT_OF_KIND[kind.name](cases, asked).items():
            _add(name, values, cases, kind, asked, tally)
            lines.problems += _left_open(name, values, cases, kind, asked)
            for owner in owners:
                tally.values[name].setdefault(owner, float("nan") if kind.measured else 0.0)
                if owner in spoilt:
                    tally.values[name][owner] = float("nan")


def _add(
    name: str, values: pd.Series, cases: pd.DataFrame, kind: LedgerKind, asked: Asked, tally: Tally
) -> None:
    """Add what cases give to one input, and the cases that give it."""
    groups = values.groupby(cases["jurisdiction"].loc[values.index])
    result = (
        groups.agg(COMBINED[name]) if name in COMBINED else groups.sum(skipna=False).round(DECIMALS)
    )
    tally.values[name].update(zip(result.index, result, strict=True))
    behind = values[values != 0]  # those without a value too
    found = _named(kind, cases.loc[behind.index]).assign(
        input=name, value=behind, period=asked.period
    )
    tally.cases.append(found.assign(note=found.get("note", "")).reindex(columns=CASES))


def _named(kind: LedgerKind, cases: pd.DataFrame) -> pd.DataFrame:
    """Cases with their ledger and what each is called: by its label, else by its key."""
    called = pd.Series(None, cases.index, dtype="str")
    for name in [name for name in (kind.label, *kind.key) if name in cases]:
        words = cases[name].dt.strftime("%Y-%m") if name == kind.date else cases[name]
        called = called.fillna(words)
    return cases.assign(ledger=kind.title, case=called)


def _left_open(
    name: str, values: pd.Series, cases: pd.DataFrame, kind: LedgerKind, asked: Asked
) -> Iterator[Problem]:
    """A notice for each jurisdiction whose input stays open because of blanks in its cases."""
    for owner, many in (
        cases.loc[values.index[values.isna()], "jurisdiction"].value_counts(sort=False).items()
    ):
        what = f"{kind.title}台账有 {many} 行没有填全，“{asked.book.inputs[name].label}”留空"
        yield Problem(what, cure="补上空白", severity="notice", jurisdiction=str(owner))


def _unions(
    sound: pd.DataFrame, whole: set[str], spoilt: set[str], places: Places, lines: Lines
) -> Iterator[tuple[pd.DataFrame, list[str]]]:
    """For each city the domains of its counties and its own as the city's, if all of its counties
    keep the register.
    """
    for city in sorted(places.cities):
        counties = places.counties(city)
        if absent := [name for name in counties if name not in whole]:
            what = f"典型案例台账缺 {'、'.join(absent)}，全市的领域数没有合计"
            lines.problems.append(
                Problem(what, cure="补上这些县区的台账", severity="notice", jurisdiction=city)
            )
        elif city not in spoilt:
            yield (
                sound[sound["jurisdiction"].isin([*counties, city])].assign(jurisdiction=city),
                [city],
            )


def stacked(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """The frames one below the other, with these columns."""
    filled = [frame.reindex(columns=columns) for frame in frames if len(frame)]
    return pd.concat(filled or [pd.DataFrame(columns=columns)], ignore_index=True)
