"""Where a case may belong, and which cases cannot be counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from creditcalc.case_lists.cases import tell_missing_parts
from creditcalc.case_lists.counts import Asked, doubts
from creditcalc.case_lists.kinds import JURISDICTIONS, LedgerKind, kinds
from creditcalc.case_lists.repeats import find_repeats
from creditcalc.intake.faults import CellFault
from creditcalc.intake.typed_lines import JURISDICTION, Lines
from creditcalc.problems import Problem, nearest


@dataclass(frozen=True)
class Places:
    """Which jurisdictions there are (any, unless they are ``listed``), and the city of each; a city
    is its own.
    """

    city_of: dict[str, str]
    listed: bool

    @property
    def cities(self) -> set[str]:
        """The cities among them."""
        return {name for name, city in self.city_of.items() if name == city}

    def counties(self, city: str) -> list[str]:
        """A city's counties."""
        return [name for name, own in self.city_of.items() if own == city != name]


def settle_list(listed: Lines) -> list[Problem]:
    """The problems of a list of jurisdictions that says two things of one; it is in the list no
    more.
    """
    known = len(listed.problems)
    find_repeats(kinds()[JURISDICTIONS], listed)
    return listed.problems[known:]


def settle_places(listed: Lines | None, ledgers: dict[str, Lines], names: Iterable[str]) -> Places:
    """The jurisdictions of the list where there is one, else those that the ledgers name."""
    city_of = dict.fromkeys(names, "")
    cities: list[str] = []
    if listed is not None:
        frame = (
            listed.frame[~listed.bad]
            .reindex(columns=["jurisdiction", "level", "city"])
            .astype("str")
        )
        city_of |= dict(zip(frame["jurisdiction"], frame["city"].fillna(""), strict=True))
        cities = [*frame.loc[frame["level"] == "city", "jurisdiction"], *frame["city"].dropna()]
    known = bool(city_of)
    if not cities and "ranks" in ledgers:
        cities = [*ledgers["ranks"].frame["jurisdiction"].dropna().unique()]
    if not known:
        seen = [
            str(name)
            for lines in ledgers.values()
            for name in lines.frame["jurisdiction"].dropna().unique()
        ]
        city_of = dict.fromkeys(seen, "")
    only = cities[0] if len(set(cities)) == 1 else ""
    return Places(
        {name: city or only for name, city in city_of.items()} | {city: city for city in cities},
        known,
    )


def judge(kind: LedgerKind, lines: Lines, places: Places, asked: Asked) -> None:
    """Find the bad cases of a ledger."""
    frame, who = lines.frame, lines.frame["jurisdiction"]
    for name in who[places.listed & who.notna() & ~who.isin([*places.city_of])].unique():
        lines.find(
            who == name,
            CellFault("名单里没有这个县区", nearest(name, places.city_of) or "核对名称"),
            JURISDICTION,
        )
    of_city = who.isin(places.cities)
    if kind.of_city:
        lines.find(
            who.notna() & ~of_city & ~lines.bad,
            CellFault("不是城市", "这本台账按城市记"),
            JURISDICTION,
        )
    elif kind.name != "cases":
        divided = {places.city_of.get(name) for name in who[~of_city].unique()}
        lines.find(
            of_city & who.isin(divided),
            CellFault("台账已按县区记，又有全市的一行", "写明是哪个县区的"),
            JURISDICTION,
        )
    find_repeats(kind, lines)
    _tell_contrary_reports(lines)
    sole = frame[frame["same_as"] == ""]
    for name, cases, fault, severity in doubts(kind.name, sole, asked):
        found = cases.reindex(frame.index, fill_value=False)
        told = found if severity == "error" else found & ~lines.bad
        lines.find(told, fault, kind.column(name), severity=severity)
    if kind.name == "cases":
        tell_missing_parts(lines)


def _tell_contrary_reports(lines: Lines) -> None:
    """A notice where one line says that a jurisdiction has no case and others hold cases of it."""
    frame = lines.frame
    having = frame.loc[frame["filled"], "jurisdiction"].dropna().unique()
    contrary = ~frame["filled"] & frame["jurisdiction"].isin(having)
    first = contrary & ~frame[["file", "sheet", "jurisdiction"]].where(contrary).duplicated()
    fault = CellFault(
        "这一行说没有案例，别处却有这个县区的案例，按有案例计", "删去这一行，或核对那些案例"
    )
    lines.find(first, fault, JURISDICTION, severity="notice")


def sound_cases(lines: Lines, kind: LedgerKind, asked: Asked) -> pd.DataFrame:
    """The cases that count."""
    return lines.frame[usable(lines) & ~later_cases(lines, kind, asked)].copy()


def usable(lines: Lines) -> pd.Series:
    """Which lines hold a case that is not bad and stands nowhere before."""
    return lines.frame["filled"] & ~lines.bad & (lines.frame["same_as"] == "")


def later_cases(lines: Lines, kind: LedgerKind, asked: Asked) -> pd.Series:
    """Which usable cases come after the day asked for."""
    dates = lines.frame.get(kind.date)
    return usable(lines) & (dates > asked.until if dates is not None else False)
