"""The roster (名册): which jurisdictions should report, under which names, since and until when.

A table ``roster`` beside the data says it. Without one, whoever the data names should report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from creditcalc.intake.cells import type_cells
from creditcalc.intake.faults import CellFault, Finding, as_written
from creditcalc.intake.grid import Grid
from creditcalc.intake.read_files import read_grids, tables_beside
from creditcalc.intake.table import CITY_OF, UNUSED_COLUMNS, TypedColumn, match_header, read_table
from creditcalc.problems import Problem, nearest

ROSTER_FILES = ("roster", "名册")
NAME = TypedColumn("name", ("名称", "县区", "单位名称", "jurisdiction"), "name", must=True)
LEVEL_OF = TypedColumn("level", ("级别",), "level", optional=True)
ALIASES = TypedColumn("aliases", ("别名", "曾用名"), optional=True)
SINCE = TypedColumn("since", ("自", "启用"), "period", optional=True)
UNTIL = TypedColumn("until", ("至", "停用"), "period", optional=True)
ROSTER_COLUMNS = (NAME, LEVEL_OF, CITY_OF, ALIASES, SINCE, UNTIL)
SEPARATORS = re.compile(r"[、,，;；/\s]+")
ALIAS_TWICE = CellFault("别名与别的名称相同", "一个名称只写给一个县（区）")
TWICE = CellFault("同一县（区）在名册中不止一行", "只留一行")
ENDS_EARLY = CellFault("“至”早于“自”", "改正其中一个")


@dataclass(frozen=True)
class Member:
    """A jurisdiction that should report, with its other names and its months, blank being any."""

    name: str
    level: str
    city: str
    aliases: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    def reports_in(self, period: str) -> bool:
        """Whether it should report for a period.

        >>> Member("示范区", "county", "濮阳市", since="2021-02").reports_in("2021-01")
        False
        """
        return self.since <= period and (not self.until or period <= self.until)


@dataclass(frozen=True)
class Roster:
    """Everybody who should report."""

    members: tuple[Member, ...]

    def expected(self, city: str, period: str, level: str = "county") -> list[str]:
        """The names of a city's jurisdictions of a level that should report for a period."""
        return [
            member.name
            for member in self.members
            if member.level == level and member.city == city and member.reports_in(period)
        ]

    def knows(self, city: str) -> bool:
        """Whether it says anything of a city."""
        return any(member.city == city for member in self.members)

    @property
    def names(self) -> dict[str, Member]:
        """Every member by its name."""
        return {member.name: member for member in self.members}

    @property
    def aliases(self) -> dict[str, str]:
        """The name in force by every other name."""
        return {alias: member.name for member in self.members for alias in member.aliases}


def rosters_beside(data: Path) -> list[Path]:
    """The files of the roster that lie in a data folder or beside a data file."""
    return [path for name in ROSTER_FILES for path in tables_beside(data, name)]


def read_roster(data: str | Path) -> tuple[Roster | None, list[Problem]]:
    """The roster beside the data, None where there is none, and what is wrong with it."""
    members: list[Member] = []
    problems: list[Problem] = []
    paths = rosters_beside(Path(data))
    for path in paths:
        grids, faults = read_grids(path)
        problems += faults
        for grid in grids:
            found, wrong = _members(grid)
            members += found
            problems += wrong
    if not paths:
        return None, []
    return Roster(tuple(_settled(members))), problems


def _members(grid: Grid) -> tuple[list[Member], list[Problem]]:
    """The members that a grid lists, and what is wrong with its lines, which are then left out."""
    block = read_table(match_header(grid, ROSTER_COLUMNS), UNUSED_COLUMNS)
    problems, bad = list(block.problems), set[int]()
    columns: dict[str, list[str]] = {}
    for column in ROSTER_COLUMNS:
        cells = block.cells.get(column.name, [None] * len(block.rows))
        typed = type_cells(list(cells), column)
        columns[column.name] = ["" if pd.isna(x) else str(x) for x in typed.values]
        for fault, where in typed.faults.items():
            for n in map(int, where.nonzero()[0]):
                problems.append(fault.told(block.place(n, column.name), as_written(cells[n])))
                bad.add(n)
    members: list[Member] = []
    said: dict[str, str] = {}
    for n in [n for n in range(len(block.rows)) if n not in bad]:
        row = {name: values[n] for name, values in columns.items()}
        aliases = tuple(text for text in SEPARATORS.split(row["aliases"]) if text)
        member = Member(
            row["name"], row["level"] or "county", row["city"], aliases, row["since"], row["until"]
        )
        wrong = _fault_of(member, said)
        if wrong:
            problems.append(wrong.told(block.place(n, "name"), member.name))
            continue
        members.append(member)
        said |= dict.fromkeys([member.name, *aliases], member.name)
    return members, problems


def _fault_of(member: Member, said: dict[str, str]) -> CellFault | None:
    """What is wrong with a member beside those above it, if anything."""
    if member.until and member.until < member.since:
        return ENDS_EARLY
    if said.get(member.name) == member.name:
        return TWICE
    return ALIAS_TWICE if {member.name, *member.aliases} & said.keys() else None


def _settled(members: Sequence[Member]) -> Iterator[Member]:
    """The members with their city: a city's is itself, and the only one there is that of others."""
    cities = {member.city or member.name for member in members if member.level == "city"}
    cities |= {member.city for member in members if member.city}
    only = next(iter(cities)) if len(cities) == 1 else ""
    for member in members:
        yield replace(member, city=member.name if member.level == "city" else member.city or only)


def by_roster(table: pd.DataFrame, roster: Roster) -> list[Finding]:
    """Puts the names in force in place of other names, and the roster's cities where the table
    names none; finds rows renamed, rows that the roster does not know, and rows out of their time.
    """
    findings: list[Finding] = []
    for name in ("jurisdiction", "city"):
        old = table[name].isin(list(roster.aliases))
        if name == "jurisdiction":
            findings += [
                _renamed(row, str(table.loc[row, name]), roster) for row in table.index[old]
            ]
        table[name] = table[name].where(~old, table[name].map(roster.aliases))
    known = roster.names
    for row, name, period in table[["jurisdiction", "period"]].itertuples(name=None):
        member = known.get(name)
        if member is None and name:
            cure = nearest(name, known) or f"名册中有：{'、'.join([*known][:30])}"
            findings.append(Finding(row, "jurisdiction", "名册中没有这个名称", cure))
        elif member is not None:
            if not table.at[row, "city"]:
                table.at[row, "city"] = member.city
            if period and not member.reports_in(period):
                since, until = member.since or "最初", member.until or "现在"
                what = f"名册中“{name}”的期间是 {since} 至 {until}，不含这一期"
                cure = "改正期间，或改名册的“自”“至”"
                findings.append(Finding(row, "period", what, cure))
    return findings


def _renamed(row: int, old: str, roster: Roster) -> Finding:
    """The notice of a row that stands under another name."""
    what = f"“{old}”按名册算作“{roster.aliases[old]}”"
    return Finding(row, "jurisdiction", what, "", severity="notice")
