"""Evidence (佐证材料): what the ledger asks for, what has been handed in, and how each material
stands on a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from creditcalc.intake.checked_table import Checked, check_inputs
from creditcalc.intake.faults import CellFault
from creditcalc.intake.grid import plain
from creditcalc.intake.read_files import read_grids, tables_beside
from creditcalc.intake.table import CITY_OF, TypedColumn
from creditcalc.intake.typed_lines import JURISDICTION, PLACE, Lines, joined, read_lines
from creditcalc.problems import Problem, nearest
from creditcalc.rules.rulebook import Evidence, Rule, Rulebook

Place = tuple[str, str]  # of a jurisdiction: its city, its name

ID = TypedColumn("id", ("编号", "指标", "指标编号"), must=True)
MATERIAL = TypedColumn("material", ("佐证材料", "材料"), must=True)
HANDED = TypedColumn("handed", ("已交", "是否已交"), "flag")
SEALED = TypedColumn("sealed", ("已盖章", "是否盖章"), "flag", optional=True)
DATED = TypedColumn("dated", ("材料日期", "日期"), "date", optional=True)
UNIT = TypedColumn("unit", ("报送单位", "提供单位"), optional=True)
DUE = TypedColumn("due", ("截止日期",), "date", optional=True)
EVIDENCE_COLUMNS = (CITY_OF, ID, MATERIAL, HANDED, SEALED, DATED, UNIT, DUE)
GIVEN = ["jurisdiction", *(column.name for column in EVIDENCE_COLUMNS), "remark"]
OWNER = ["city", "jurisdiction"]
TABLE = "evidence"  # what its files are called, whatever their ending
NOT_THEIRS = CellFault("这份材料由市里报送，县（区）的这一行没有用到", "由市里报送的写市的名称")
DONE, SPARED, UNSTATED = "齐全", "任选其一，已有", "台账未载明"
STATES = (DONE, SPARED, UNSTATED, "未交", "未盖章", "没有材料日期", "材料日期不在期限内")
SETTLED = (DONE, SPARED, UNSTATED)


@dataclass(frozen=True)
class Given:
    """What was handed in, a line per jurisdiction and material, and the problems of its source."""

    table: pd.DataFrame
    problems: list[Problem]


def beside(data: Path) -> list[Path]:
    """The files of the evidence table that lie in a data folder or beside a data file: together
    they are one table.
    """
    return tables_beside(data, TABLE)


def check_with_evidence(
    data: Path, book: Rulebook, city: str | None = None
) -> tuple[Checked, pd.DataFrame | None]:
    """The data with the problems of both, and the evidence that was handed in: None where no table
    of it lies beside.
    """
    checked, paths = check_inputs(data, book, city or ""), beside(data)
    if not paths:
        return checked, None
    given = check_evidence(paths, book, _places(checked.table, city or ""))
    faults = [replace(problem, jurisdiction="", city="") for problem in given.problems]
    return replace(checked, problems=checked.problems + faults), given.table


def _places(rows: pd.DataFrame, city: str) -> list[Place]:
    """Every city and each of its counties, also those of months past; ``city`` is the only one
    where none is named.
    """
    own = rows["city"].where(rows["city"] != "", city)
    cities = [name for name in dict.fromkeys([*own, city]) if name]
    counties = zip(own, rows["jurisdiction"], strict=True)
    return list(dict.fromkeys([*((name, name) for name in cities), *counties]))


def check_evidence(paths: Sequence[Path], book: Rulebook, places: Sequence[Place]) -> Given:
    """The evidence table of one or more files; lines that cannot be used are left out and listed.

    ``places`` are the city and the name of each jurisdiction; a city's own is its name twice. A
    county's line for what its city is to hand in is noticed: nothing counts it.
    """
    read = [read_grids(path) for path in paths]
    parts = [read_lines(grid, EVIDENCE_COLUMNS) for grids, _ in read for grid in grids]
    problems = [problem for _, faults in read for problem in faults]
    if not parts:
        return Given(pd.DataFrame(columns=GIVEN), problems)
    lines = joined(parts)
    lines.frame["city"] = lines.frame.get("city", pd.Series("", lines.frame.index)).fillna("")
    _settle_owners(lines, places)
    _check(lines, book)
    if any(city for city, _ in places):
        duties = [rule.id for rule in book.rules.values() if rule.scope == "county"]
        own = lines.frame["id"].isin(duties) | (lines.frame["jurisdiction"] == lines.frame["city"])
        lines.find(~own & ~lines.bad, NOT_THEIRS, ID, severity="notice")
    table = lines.frame[~lines.bad].reindex(columns=GIVEN).reset_index(drop=True)
    return Given(table, problems + lines.problems)


def _settle_owners(lines: Lines, places: Sequence[Place]) -> None:
    """Find the city of each line, which a name says where only one city has it."""
    cities_of = defaultdict(list)
    for city, name in places:
        cities_of[name].append(city)
    frame = lines.frame
    named = frame[frame["jurisdiction"].notna() & ~lines.bad]
    for (owner, said), group in named.groupby(OWNER[::-1], sort=False):
        rows = pd.Series(frame.index.isin(group.index), frame.index)
        name, known = str(owner), cities_of.get(str(owner), [])
        there = "、".join(known)
        if not known:
            cure = nearest(name, cities_of) or f"数据中有：{'、'.join([*cities_of][:30])}"
            lines.find(rows, CellFault("数据中没有这个县区", cure), JURISDICTION)
        elif said and said not in known:
            lines.find(rows, CellFault(f"数据中这个市没有{name}", f"所属市写 {there}"), CITY_OF)
        elif not said and len(known) > 1:
            cure = f"加“所属市”一列，写 {there} 之一"
            lines.find(rows, CellFault(f"几个市都有{name}，不知道是哪一个", cure), CITY_OF)
        elif not said:
            frame.loc[rows, "city"] = known[0]


def _check(lines: Lines, book: Rulebook) -> None:
    """Find what a line names that does not exist, and materials that stand there twice; texts
    become the rulebook's own.
    """
    frame = lines.frame
    for id in frame["id"].dropna().unique():
        rows = frame["id"] == id
        if str(id) not in book.rules:
            cure = nearest(str(id), book.rules) or "编号如 S6.1.3a，见 creditcalc rules"
            lines.find(rows, CellFault("没有这个指标", cure), ID)
            continue
        texts = {plain(e.text): e.text for e in book.rules[str(id)].evidence}
        texts |= {str(n): e.text for n, e in enumerate(book.rules[str(id)].evidence, 1)}
        meant = frame.loc[rows, "material"].map(plain, na_action="ignore").map(texts)
        strange = rows & ~lines.bad & meant.reindex(frame.index).isna()
        lines.find(
            strange,
            CellFault("台账没有要这份材料", f"写：{'；'.join(dict.fromkeys(texts.values()))}"),
            MATERIAL,
        )
        frame.loc[rows, "material"] = meant
    _find_twice(lines)


def _find_twice(lines: Lines) -> None:
    """Find the lines of one material, each with the places of the others: none of them counts."""
    key = [*OWNER, "id", "material"]
    sound = lines.frame[~lines.bad]
    for _, rows in sound[sound.duplicated(key, keep=False)].groupby(key):
        places = {at: Problem("", **dict(row)).where for at, row in rows[PLACE].iterrows()}
        for at in rows.index:
            others = "、".join(place for other, place in places.items() if other != at)
            fault = CellFault(f"同一材料不止一行，还有 {others}", "只留一行")
            lines.find(pd.Series(lines.frame.index == at, lines.frame.index), fault, MATERIAL)


def asked(book: Rulebook, level: str) -> Iterator[tuple[Rule, int, Evidence]]:
    """The materials that a jurisdiction of a level owes: a county its duties', a city all."""
    for rule in book.rules.values():
        if level == "city" or rule.scope == "county":
            yield from ((rule, n, evidence) for n, evidence in enumerate(rule.evidence, 1))


def standing(
    book: Rulebook, owners: Sequence[tuple[str, str, str]], given: pd.DataFrame, as_of: str
) -> pd.DataFrame:
    """Every material that the ``owners`` (city, name, level) owe, and how it stands on the day
    ``as_of``.

    Columns: city, jurisdiction, level, id, number, kind, material, needs_seal, window_from,
    window_to, due, state, settled, overdue, unit, remark.
    """
    rows = [
        {
            "city": city,
            "jurisdiction": name,
            "level": level,
            "id": rule.id,
            "number": n,
            "kind": e.kind,
            "material": e.text,
            "needs_seal": e.sealed,
            "any": e.any,
            "unstated": e.text == book.unstated,
            "planned": book.materials_due,
            "window_from": rule.window.get("from", ""),
            "window_to": rule.window.get("to", ""),
        }
        for city, name, level in owners
        for rule, n, e in asked(book, level)
    ]
    frame = pd.DataFrame(rows).merge(given, how="left", on=[*OWNER, "id", "material"])
    day = frame["dated"].astype("datetime64[us]").dt.strftime("%Y-%m-%d")
    windowed = (frame["window_from"] != "") | (frame["window_to"] != "")
    outside = (day < frame["window_from"]) | (
        (frame["window_to"] != "") & (day > frame["window_to"])
    )
    conditions = [
        frame["unstated"],
        ~(frame["handed"] == 1),
        frame["needs_seal"] & ~(frame["sealed"] == 1),
        windowed & day.isna(),
        windowed & outside,
    ]
    state = np.select(conditions, [UNSTATED, *STATES[3:]], DONE)
    one_of = (
        frame[frame["any"]]
        .assign(done=state[frame["any"]] == DONE)
        .groupby([*OWNER, "id"])["done"]
        .any()
    )
    groups = pd.MultiIndex.from_frame(frame[[*OWNER, "id"]])
    spared = frame["any"].to_numpy() & one_of.reindex(groups).eq(True).to_numpy() & (state != DONE)
    frame["state"] = np.where(spared, SPARED, state)
    frame["settled"] = frame["state"].isin(SETTLED)
    frame["due"] = (
        frame["due"].astype("datetime64[us]").dt.strftime("%Y-%m-%d").fillna(frame["planned"])
    )
    frame["overdue"] = ~frame["settled"] & (frame["due"] < as_of)
    frame["dated"] = day
    return frame.drop(columns=["planned", "unstated", "handed", "sealed"])
