"""Which lines of a ledger are one case, known by its key or by all of its columns together.

A case that stands twice counts once and is told. Where the key agrees and other columns differ
nobody can know which line is right: both are bad cases. Lines without a key show a corrected copy
only by their table: where at least half of a jurisdiction's lines in the shorter of two tables
stand in the other, and each has lines that the other has not, the lines in which they differ are
bad cases. A line without a key is the one with a key that agrees in all else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from creditcalc.case_lists.kinds import LedgerKind
from creditcalc.intake.grid import plain
from creditcalc.intake.typed_lines import PLACE, Lines
from creditcalc.problems import Problem

ONE_LINE = "是一件就只留一行"
RIGHT_LINE = "核对哪一行对，只留那一行"
NUMBERS = "；是两件就各写各的编号（只在本表里排的号，列名写“序号”）"
ONE_COUNTY = "核对这件归哪个县区，只留一处"
ONE_TABLE = "只留对的那一份；不是同一批案例，就给每件写上编号"
CASE_NUMBER = "number"  # the column that is there to tell cases apart


def find_repeats(kind: LedgerKind, lines: Lines) -> None:
    """Mark lines that repeat another with its place, ``same_as``; contradictions are bad cases."""
    found = lines.frame[lines.frame["filled"] & ~lines.bad]
    if found.empty:
        return
    cells = _cells(kind, found)
    cases = _cases(kind, found, cells)
    versions, apart = _compared(cases)
    again = (cases["first"].to_numpy() != cases.index) & ~apart.reindex(
        cases.index, fill_value=False
    )
    differ = again & (cases["whole"] != cases["whole"].loc[cases["first"]].to_numpy())
    lines.problems += _contradictions(kind, found, cells, cases["first"][differ])
    lines.problems += _told_versions(found, versions)
    bad = cases["case"].isin(cases.loc[differ, "case"])
    for version in versions:
        bad |= cases.index.isin([*version.one, *version.other])
    lines.bad |= bad.reindex(lines.bad.index, fill_value=False)
    same = cases["first"][again & ~bad]
    theirs = found.loc[same, PLACE].itertuples(index=False)
    lines.frame.loc[same.index, "same_as"] = [_place(*place) for place in theirs]
    cure = ONE_LINE + (NUMBERS if CASE_NUMBER in kind.names else "")
    lines.problems += _told(found, same, "是同一件，只计一次", cure)
    sole = cases[~again & ~bad]
    lines.problems += _told_counties(kind, found, cells, sole)
    lines.problems += _told_likely(kind, found, cells, sole)


def same_text(text: str) -> str:
    """What is compared of a text: not its blanks, its letters' width and case, a number's zeros.

    >>> same_text("００１ "), same_text("决 字〔2021〕1号Ａ")
    ('1', '决字〔2021〕1号a')
    """
    text = "".join(plain(text).split()).casefold()
    return text.lstrip("0") or "0" if text.isdecimal() else text


def _cells(kind: LedgerKind, found: pd.DataFrame) -> pd.DataFrame:
    """Each cell as a number that all of its column that say the same share; a blank as −1."""
    names = dict.fromkeys(name for name in ("jurisdiction", *kind.names) if name in found)
    return pd.DataFrame({name: _said(found[name]) for name in names}, found.index)


def _said(column: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """A column's values as numbers."""
    numbers, different = pd.factorize(column)
    if not isinstance(column.dtype, pd.StringDtype):
        return numbers
    folded, _ = pd.factorize(pd.Series([same_text(text) for text in different], dtype=object))
    return np.append(folded, -1)[numbers]  # −1 takes the last


def _cases(kind: LedgerKind, found: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """For each line its ``case``, whose ``first`` line is which, and its ``whole``, equal where all
    columns are.

    ``loose`` lines may be equal to another and yet be a case of their own.
    """
    key = dict.fromkeys(("jurisdiction", *kind.key))
    has_key = bool(kind.key) and {*key} <= {*cells}
    keyed = (cells[[*key]] >= 0).all(axis=1) if has_key else pd.Series(False, cells.index)
    table = found.groupby(["file", "sheet"], sort=False).ngroup()
    loose = ~keyed & (cells.get(kind.alike, pd.Series(-1, cells.index)) < 0) & bool(kind.alike)
    turn = cells.assign(table=table).groupby([*cells, "table"]).cumcount().where(loose, 0)
    numbering = [*kind.key] if has_key and not kind.alike else []
    whole = _groups(cells.drop(columns=numbering).assign(turn=turn))
    case = whole + len(found)
    if has_key:
        numbered = _groups(cells[[*key]])[keyed]
        case = numbered.reindex(case.index).fillna(_with_number(numbered, whole, case)).astype(int)
    known = {"jurisdiction": cells["jurisdiction"], "table": table, "keyed": keyed, "loose": loose}
    return pd.DataFrame({**known, "whole": whole, "case": case, "first": _firsts(case)})


def _with_number(numbered: pd.Series, whole: pd.Series, case: pd.Series) -> pd.Series:
    """The cases of lines without a key: the first with a key that agrees in all else, where there
    is one.
    """
    first = numbered.groupby(whole.loc[numbered.index]).first()
    return whole.map(first).fillna(case)


def _groups(cells: pd.DataFrame) -> pd.Series:
    """A number for each line that equal lines share."""
    return cells.groupby([*cells], sort=False).ngroup()


def _firsts(groups: pd.Series) -> pd.Series:
    """For each line the label of the first of its group."""
    return groups.index.to_series().groupby(groups).transform("first")


@dataclass(frozen=True)
class Versions:
    """The lines of one jurisdiction in which two tables differ that are mostly equal."""

    one: list[int]
    other: list[int]


def _compared(cases: pd.DataFrame) -> tuple[list[Versions], pd.Series]:
    """The tables that are two versions of one, and which loose lines are equal by chance."""
    versions: list[Versions] = []
    apart = pd.Series(False, cases.index)
    if cases["keyed"].all() or cases["table"].nunique() < 2:
        return versions, apart
    for _, owned in cases.groupby("jurisdiction", sort=False):
        tables = [table for _, table in owned.groupby("table", sort=False)]
        for one, other in combinations(tables, 2):
            shared = {*one["case"]} & {*other["case"]}
            left, right = ([*t.index[~t["case"].isin(shared)]] for t in (one, other))
            if not (shared and left and right) or cases["keyed"].loc[[*left, *right]].all():
                continue
            if 2 * len(shared) >= min(len(one), len(other)):
                versions.append(Versions(left, right))
            else:
                apart |= apart.index.isin(other.index[other["loose"]])
    return versions, apart


def _contradictions(
    kind: LedgerKind,
    found: pd.DataFrame,
    cells: pd.DataFrame,
    firsts: pd.Series,
) -> Iterator[Problem]:
    """An error for each line whose key stands before it with other columns."""
    columns = [column for column in kind.columns if column.name in cells]
    same = "、".join(column.label for column in columns if column.name in kind.key)
    others = [column for column in columns if column.name not in kind.key]
    cure = RIGHT_LINE + (NUMBERS if CASE_NUMBER in kind.key else "")
    for at, first in zip(firsts.index.to_list(), firsts.to_list(), strict=True):
        row, numbers, theirs = found.loc[at], cells.loc[at], cells.loc[first]
        differing = [c.label for c in others if numbers[c.name] != theirs[c.name]]
        where = _seen_from(row, found.loc[first])
        what = f"与{where}{same or '县区'}相同，{'、'.join(differing)}不同"
        value = "、".join(str(row[name]).removesuffix(" 00:00:00") for name in kind.key)
        yield _problem(row, what, value, cure, column=same)


def _told_versions(found: pd.DataFrame, versions: list[Versions]) -> Iterator[Problem]:
    """An error for the first line in which the later of two versions differs, naming all lines."""
    for version in versions:
        one, other = found.loc[version.one], found.loc[version.other]
        table = _place(*one.iloc[0][["file", "sheet"]])
        what = f"这张表与 {table} 大半相同，像是改过的同一份"
        what += f"，不同的是这里第 {_rows(other)} 行和那里第 {_rows(one)} 行"
        yield _problem(other.iloc[0], what, "", ONE_TABLE)


def _told_counties(
    kind: LedgerKind,
    found: pd.DataFrame,
    cells: pd.DataFrame,
    sole: pd.DataFrame,
) -> Iterator[Problem]:
    """A notice for lines that have a name or a key and agree in all with another county's."""
    if not kind.shared:
        return
    named = cells.get(kind.label, pd.Series(-1, cells.index)) >= 0
    asked = sole.index[sole["keyed"] | named.loc[sole.index]]
    firsts = _firsts(_groups(cells.loc[asked].drop(columns="jurisdiction")))
    other = found.loc[firsts, "jurisdiction"].to_numpy() != found.loc[asked, "jurisdiction"]
    yield from _told(found, firsts[other], "是同一件，两个县区各计一次", ONE_COUNTY)


def _told_likely(
    kind: LedgerKind,
    found: pd.DataFrame,
    cells: pd.DataFrame,
    sole: pd.DataFrame,
) -> Iterator[Problem]:
    """A notice for lines without a key that share name and date with another table's alone."""
    names = [kind.label, kind.date]
    if CASE_NUMBER not in kind.names or not {*names} <= {*cells}:
        return
    asked = sole.index[~sole["keyed"] & (cells.loc[sole.index, names] >= 0).all(axis=1)]
    firsts = _firsts(_groups(cells.loc[asked, ["jurisdiction", *names]]))
    table = sole["table"]
    firsts = firsts[table.loc[firsts].to_numpy() != table.loc[asked]]
    alike = "、".join(kind.column(name).label for name in names)
    yield from _told(found, firsts, f"的{alike}相同，其余不同，各计一次", RIGHT_LINE + NUMBERS)


def _told(found: pd.DataFrame, firsts: pd.Series, what: str, cure: str) -> Iterator[Problem]:
    """A notice for each line that repeats one of its table, one for all that repeat another's."""
    mine, theirs = found.loc[firsts.index], found.loc[firsts].set_axis(firsts.index)
    near = (mine[["file", "sheet"]] == theirs[["file", "sheet"]]).all(axis=1)
    each = mine["row"].where(near, 0)  # a line of the same table is told by itself
    keys = [
        mine["file"],
        mine["sheet"],
        mine["jurisdiction"],
        theirs["file"],
        theirs["sheet"],
        each,
    ]
    for _, rows in mine.groupby(keys, sort=False):
        row, first = rows.iloc[0], theirs.loc[rows.index[0]]
        text = f"与{_seen_from(row, first)}{what}"
        if len(rows) > 1:
            text = f"这一行{text}；这样的共 {len(rows)} 行：第 {_rows(rows)} 行"
        yield _problem(row, text, "", cure, severity="notice")


def _problem(
    row: pd.Series,
    what: str,
    value: str,
    cure: str,
    column: str = "",
    severity: str = "error",
) -> Problem:
    """A problem of one line."""
    where = {"file": row["file"], "sheet": row["sheet"], "row": int(row["row"]), "column": column}
    return Problem(what, value, cure, severity=severity, jurisdiction=row["jurisdiction"], **where)


SHOWN_ROWS = 10  # of those that a message names


def _rows(rows: pd.DataFrame) -> str:
    """The numbers of rows, the first of many."""
    numbers = "、".join(str(row) for row in rows["row"].iloc[:SHOWN_ROWS])
    return numbers + ("……" if len(rows) > SHOWN_ROWS else "")


def _seen_from(row: pd.Series, other: pd.Series) -> str:
    """The place of a line, in the same table by its row alone."""
    near = [*row[["file", "sheet"]]] == [*other[["file", "sheet"]]]
    return f"第 {other['row']} 行" if near else f" {_place(*other[PLACE])} "


def _place(file: str, sheet: str, row: int | None = None) -> str:
    """Where a line stands, or in which table."""
    return Problem("", file=file, sheet=sheet, row=row).where
