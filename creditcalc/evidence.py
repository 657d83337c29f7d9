"""Evidence (佐证材料): what the ledger asks for, what has been handed in, and how each material stands on a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from creditcalc.cells import Fault
from creditcalc.inputs import Checked, check_inputs
from creditcalc.ledgers.reading import Column, Lines, read_lines
from creditcalc.problems import Problem, nearest
from creditcalc.rulebook import Evidence, Rule, Rulebook
from creditcalc.sources import plain, read_grids

ID = Column("id", ("编号", "指标", "指标编号"), must=True)
MATERIAL = Column("material", ("佐证材料", "材料"), must=True)
HANDED = Column("handed", ("已交", "是否已交"), "flag")
SEALED = Column("sealed", ("已盖章", "是否盖章"), "flag", optional=True)
DATED = Column("dated", ("材料日期", "日期"), "date", optional=True)
UNIT = Column("unit", ("报送单位", "提供单位"), optional=True)
DUE = Column("due", ("截止日期",), "date", optional=True)
COLUMNS = (ID, MATERIAL, HANDED, SEALED, DATED, UNIT, DUE)
NAMES = [column.name for column in COLUMNS]
GIVEN = ["jurisdiction", *NAMES, "remark"]
TWICE = Fault("同一材料不止一行", "只留一行")
NOT_THEIRS = Fault("这份材料由市里报送，县（区）的这一行没有用到", "由市里报送的写市的名称")
DONE, SPARED, UNSTATED = "齐全", "任选其一，已有", "台账未载明"
STATES = (DONE, SPARED, UNSTATED, "未交", "未盖章", "没有材料日期", "材料日期不在期限内")
SETTLED = (DONE, SPARED, UNSTATED)


@dataclass(frozen=True)
class Given:
    """What was handed in, a line per jurisdiction and material, and the problems of its source."""

    table: pd.DataFrame
    problems: list[Problem]


def beside(data: Path) -> Path | None:
    """The evidence table that lies in a data folder or beside a data file."""
    folder = data if data.is_dir() else data.parent
    return next((path for path in (folder / f"evidence{end}" for end in (".csv", ".xlsx")) if path.is_file()), None)


def check_with_evidence(data: Path, book: Rulebook, city: str | None = None) -> tuple[Checked, pd.DataFrame | None]:
    """The data with the problems of both, and the evidence that was handed in: None where no table of it lies beside."""
    checked, path = check_inputs(data, book, city or ""), beside(data)
    if path is None:
        return checked, None
    rows = checked.table
    cities = {city, *rows["city"], *rows.loc[rows["level"] == "city", "jurisdiction"]} - {"", None}
    given = check_evidence(path, book, list(rows["jurisdiction"].unique()), sorted(map(str, cities)))
    faults = [replace(problem, jurisdiction="") for problem in given.problems]
    return replace(checked, problems=checked.problems + faults), given.table


def check_evidence(path: Path, book: Rulebook, jurisdictions: Sequence[str], cities: Sequence[str] = ()) -> Given:
    """The evidence table of a file; lines that cannot be used are left out and listed.

    With ``cities`` a county's line for what its city is to hand in is noticed: nothing counts it.
    """
    grids, problems = read_grids(path)
    frames = [pd.DataFrame(columns=GIVEN)]
    for grid in grids:
        lines = read_lines(grid, COLUMNS)
        problems += lines.problems
        if "id" not in lines.frame:
            continue
        lines.problems = []
        _check(lines, book, jurisdictions)
        if cities:
            duties = [rule.id for rule in book.rules.values() if rule.scope == "county"]
            own = lines.frame["id"].isin(duties) | lines.frame["jurisdiction"].isin(cities)
            lines.find(~own & ~lines.bad, NOT_THEIRS, ID, severity="notice")
        problems += lines.problems
        frames.append(lines.frame[~lines.bad].reindex(columns=GIVEN))
    return Given(pd.concat(frames, ignore_index=True), problems)


def _check(lines: Lines, book: Rulebook, jurisdictions: Sequence[str]) -> None:
    """Find what a line names that does not exist, and materials that stand there twice; texts become the rulebook's own."""
    frame = lines.frame
    known = frame["jurisdiction"].isin(jurisdictions) | frame["jurisdiction"].isna()
    for name in frame.loc[~known, "jurisdiction"].unique():
        cure = nearest(str(name), jurisdictions) or f"数据中有：{'、'.join(jurisdictions[:30])}"
        lines.find(frame["jurisdiction"] == name, Fault("数据中没有这个县区", cure), Column("jurisdiction", ("县区",)))
    for id in frame["id"].dropna().unique():
        rows = frame["id"] == id
        if str(id) not in book.rules:
            cure = nearest(str(id), book.rules) or "编号如 S6.1.3a，见 creditcalc rules"
            lines.find(rows, Fault("没有这个指标", cure), ID)
            continue
        texts = {plain(e.text): e.text for e in book.rules[str(id)].evidence}
        texts |= {str(n): e.text for n, e in enumerate(book.rules[str(id)].evidence, 1)}
        meant = frame.loc[rows, "material"].map(plain, na_action="ignore").map(texts)
        strange = rows & ~lines.bad & meant.reindex(frame.index).isna()
        lines.find(strange, Fault("台账没有要这份材料", f"写：{'；'.join(dict.fromkeys(texts.values()))}"), MATERIAL)
        frame.loc[rows, "material"] = meant
    twice = ~lines.bad & frame.duplicated(["jurisdiction", "id", "material"], keep=False) & ~lines.bad
    lines.find(twice, TWICE, MATERIAL)


def asked(book: Rulebook, level: str) -> Iterator[tuple[Rule, int, Evidence]]:
    """The materials that a jurisdiction of a level owes: a county those of its duties, a city all."""
    for rule in book.rules.values():
        if level == "city" or rule.scope == "county":
            yield from ((rule, n, evidence) for n, evidence in enumerate(rule.evidence, 1))


def standing(book: Rulebook, jurisdictions: Sequence[tuple[str, str]], given: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Every material that (name, level) pairs owe, and how it stands on the day ``as_of``.

    Columns: jurisdiction, level, id, number, kind, material, needs_seal, window_from, window_to, due, state, settled,
    overdue, unit, remark.
    """
    rows = [
        {"jurisdiction": name, "level": level, "id": rule.id, "number": n, "kind": e.kind, "material": e.text,
         "needs_seal": e.sealed, "any": e.any, "unstated": e.text == book.unstated, "planned": book.materials_due,
         "window_from": rule.window.get("from", ""), "window_to": rule.window.get("to", "")}
        for name, level in jurisdictions
        for rule, n, e in asked(book, level)
    ]  # fmt: skip
    frame = pd.DataFrame(rows).merge(given, how="left", on=["jurisdiction", "id", "material"])
    day = frame["dated"].astype("datetime64[us]").dt.strftime("%Y-%m-%d")
    windowed = (frame["window_from"] != "") | (frame["window_to"] != "")
    outside = (day < frame["window_from"]) | ((frame["window_to"] != "") & (day > frame["window_to"]))
    conditions = [
        frame["unstated"],
        ~(frame["handed"] == 1),
        frame["needs_seal"] & ~(frame["sealed"] == 1),
        windowed & day.isna(),
        windowed & outside,
    ]
    state = np.select(conditions, [UNSTATED, *STATES[3:]], DONE)
    one_of = frame[frame["any"]].assign(done=state[frame["any"]] == DONE).groupby(["jurisdiction", "id"])["done"].any()
    groups = pd.MultiIndex.from_frame(frame[["jurisdiction", "id"]])
    spared = frame["any"].to_numpy() & one_of.reindex(groups).eq(True).to_numpy() & (state != DONE)
    frame["state"] = np.where(spared, SPARED, state)
    frame["settled"] = frame["state"].isin(SETTLED)
    frame["due"] = frame["due"].astype("datetime64[us]").dt.strftime("%Y-%m-%d").fillna(frame["planned"])
    frame["overdue"] = ~frame["settled"] & (frame["due"] < as_of)
    frame["dated"] = day
    return frame.drop(columns=["planned", "unstated", "handed", "sealed"])
