"""Turns a grid into lines with typed columns: a cell's text is read once, however often a column
repeats it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from creditcalc.intake.cells import HIDDEN, MISSING, READERS, UNREADABLE, Fault
from creditcalc.intake.read_files import Grid, Merged, Uncomputed, blank, plain
from creditcalc.problems import Problem, nearest

DAY = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?",
    re.ASCII,
)
RUN_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
SERIAL_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
NO_DATE = Fault("不是日期", "写成 2021-05-31")
SERIAL = Fault("是数，不是日期", "把单元格的格式改为日期")
AS_NUMBER = Fault("代码存成了数，后几位可能已经丢失", "把这一列设为文本，重新填代码")
NEGATIVE = Fault("是负数", "填 0 或正数，不知道就留空")
NO_RANK = Fault("不是从 1 起的整数", "填名次")


class Column(NamedTuple):
    """A column of a ledger: ``must`` be filled in every line; ``optional``, a ledger may do without
    it.
    """

    name: str
    labels: Sequence[str]
    type: str = "text"
    must: bool = False
    optional: bool = False

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.labels[0]


JURISDICTION = Column(
    "jurisdiction", ("县区", "县（区）", "县（区）、市", "城市"), "name", must=True
)
REMARK = Column("remark", ("备注",), optional=True)
PLACE = ["file", "sheet", "row"]


@dataclass
class Lines:
    """The lines of a ledger, which of them are bad cases, and every problem."""

    frame: pd.DataFrame
    bad: pd.Series
    problems: list[Problem]

    def find(
        self,
        lines: pd.Series,
        fault: Fault,
        column: Column,
        *,
        typed: Sequence[Any] | None = None,
        severity: str = "error",
    ) -> None:
        """A problem for each of these lines, with the value of its column or as it was typed; an
        error makes it a bad case.
        """
        where = np.flatnonzero(lines).tolist()
        values = (
            self.frame[column.name].iloc[where] if column.name in self.frame else [""] * len(where)
        )
        shown = values if typed is None else [typed[n] for n in where]
        records = self.frame[[*PLACE, "jurisdiction"]].iloc[where].itertuples(index=False)
        for (file, sheet, row, owner), value in zip(records, shown, strict=True):
            text = "" if blank(value) else str(value).removesuffix(" 00:00:00")
            place = {"file": file, "sheet": sheet, "row": row, "column": column.label}
            whose = "" if blank(owner) else owner
            self.problems.append(
                Problem(
                    fault.what, text, fault.cure, **place, severity=severity, jurisdiction=whose
                )
            )
        if severity == "error":
            self.bad |= lines


def joined(parts: Sequence[Lines]) -> Lines:
    """The lines of several files or sheets as one."""
    frame = pd.concat([lines.frame for lines in parts], ignore_index=True)
    bad = pd.concat([lines.bad for lines in parts], ignore_index=True)
    return Lines(frame, bad, [problem for lines in parts for problem in lines.problems])


def read_lines(grid: Grid, columns: Sequence[Column]) -> Lines:
    """The lines below a grid's header, all of them bad cases where it lacks a column that the
    ledger cannot do without.

    A line that holds a jurisdiction and nothing else is not ``filled``: it reports that there was
    no case. ``same_as`` is the place of a line above that is the same case, where there is one.
    """
    known = [JURISDICTION, *columns, REMARK]
    filled = [n for n, row in enumerate(grid.rows) if not all(map(blank, row))]
    places, problems = _header(grid, filled[0], known)
    problems += _nameless(grid, filled)
    if refused := any(problem.severity == "error" for problem in problems):
        places = {
            name: at for name, at in places.items() if name == JURISDICTION.name
        }  # whose lines these were
    rows = filled[1:]
    frame = pd.DataFrame(
        {"file": grid.file, "sheet": grid.sheet, "row": np.array(rows, int) + grid.first}
    )
    frame["same_as"] = pd.Series("", frame.index, dtype="str")
    lines = Lines(frame, pd.Series(refused, frame.index), problems)
    for column in [column for column in known if column.name not in places and not column.optional]:
        frame[column.name] = pd.Series(None, frame.index, dtype=DTYPES.get(column.type, "str"))
    faulty = {}
    for column in [column for column in known if column.name in places]:
        at = places[column.name]
        cells = [grid.rows[n][at] if at < len(grid.rows[n]) else None for n in rows]
        numbers, pool, faults = _pool(cells, column.type)
        frame[column.name] = pool.iloc[numbers].set_axis(frame.index)
        for fault, wrong in faults.items():
            lines.find(pd.Series(np.isin(numbers, wrong)), fault, column, typed=cells)
        faulty[column] = np.isin(numbers, [n for wrong in faults.values() for n in wrong])
    frame["filled"] = (
        frame[[column.name for column in columns if column in faulty]].notna().any(axis=1)
        | lines.bad
    )
    for column in [column for column in faulty if column.must]:
        said = MISSING.get(column.name, Fault(f"没有填{column.label}", "补上"))
        lines.find(
            frame[column.name].isna()
            & ~faulty[column]
            & (frame["filled"] | (column == JURISDICTION)),
            said,
            column,
        )
    return lines


def _header(
    grid: Grid, top: int, columns: Iterable[Column]
) -> tuple[dict[str, int], list[Problem]]:
    """Where each column stands; problems for those that are missing, there twice or unknown."""
    names = {
        plain(text): column.name for column in columns for text in (column.name, *column.labels)
    }
    places: dict[str, int] = {}
    problems = []
    for at, cell in enumerate(grid.rows[top]):
        text = "" if blank(cell) else str(cell).strip()
        name = names.get(plain(text))
        if name in places:
            problems.append(grid.problem("同一列不止一次", cure="只留一列", row=top, column=text))
        elif name:
            places[name] = at
        elif text:
            unused = grid.problem(
                "没有用到这一列", cure=nearest(plain(text), names), row=top, column=text
            )
            problems.append(replace(unused, severity="notice"))
    for column in columns:
        if column.name not in places and not column.optional:
            problems.append(
                grid.problem(
                    f"没有“{column.label}”列", cure="补上这一列，不知道的格子留空", row=top
                )
            )
    return places, problems


def _nameless(grid: Grid, filled: list[int]) -> Iterator[Problem]:
    """A notice for each column that holds something and has no name, at the first cell that does."""
    header = grid.rows[filled[0]]
    named = {at for at, cell in enumerate(header) if not blank(cell)}
    breadth = max(len(grid.rows[n]) for n in filled)
    for at in [at for at in range(breadth) if at not in named]:
        held = (n for n in filled if at < len(grid.rows[n]) and not blank(grid.rows[n][at]))
        if (first := next(held, None)) is not None:
            cell = str(grid.rows[first][at])
            fault = grid.problem(
                "这一列没有列名，没有用到", cell, "补上列名，或清空这一列", row=first
            )
            yield replace(fault, column=f"第 {at + 1} 列", severity="notice")


def _pool(cells: list[object], type: str) -> tuple[Any, pd.Series, dict[Fault, list[int]]]:
    """Each cell's number in the pool of different values, the pool (its last one missing), the
    faulty ones by fault.
    """
    numbers, different = pd.factorize(pd.Series(cells, dtype=object))
    values = [None if blank(cell) else PARSERS[type](cell) for cell in different]
    faults: dict[Fault, list[int]] = defaultdict(list)
    for n, value in enumerate(values):
        if isinstance(value, Fault):
            faults[value].append(n)
            values[n] = None
    return numbers, pd.Series([*values, None], dtype=DTYPES.get(type, "str")), faults


def _text(cell: object) -> str | Fault:
    """A text as it stands, without blanks around it."""
    if isinstance(cell, Merged):
        return HIDDEN
    if isinstance(cell, float) and cell.is_integer():  # a number beside blanks is read as 7.0
        cell = int(cell)
    text = str(cell).strip()
    if isinstance(cell, Uncomputed) or text.startswith("#"):
        return next((fault for pattern, fault in UNREADABLE if pattern.fullmatch(text)), text)
    return text


def _code(cell: object) -> str | Fault:
    """A social credit code, as text alone."""
    if isinstance(cell, str) and cell.isascii() and cell.isalnum():
        return cell  # a million times
    text = _text(cell) if isinstance(cell, str) else AS_NUMBER
    return text if isinstance(text, Fault) or text.isascii() else plain(text)


def _time(cell: object) -> dt.datetime | Fault:
    """A date, perhaps with a time of day.

    >>> _time("2021年5月31日"), _time(44347).cure
    (datetime.datetime(2021, 5, 31, 0, 0), '把单元格的格式改为日期')
    """
    if isinstance(cell, dt.date):
        return dt.datetime(
            cell.year, cell.month, cell.day, getattr(cell, "hour", 0), getattr(cell, "minute", 0)
        )
    text = plain(str(cell))
    if found := DAY.fullmatch(text) or RUN_TOGETHER.fullmatch(text):
        try:
            parts = [int(part or 0) for part in found.groups()] + [
                0,
                0,
                0,
            ]  # some say no time of day
            return dt.datetime(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5])
        except ValueError:
            return NO_DATE
    broken = _text(cell)
    return (
        broken
        if isinstance(broken, Fault)
        else SERIAL
        if SERIAL_NUMBER.fullmatch(text)
        else NO_DATE
    )


def _day(cell: object) -> dt.datetime | Fault:
    """A date without the time of day that one of two tables may state."""
    found = _time(cell)
    return found if isinstance(found, Fault) else dt.datetime(found.year, found.month, found.day)


def _month(cell: object) -> dt.datetime | Fault:
    """A month, as its last day."""
    month = READERS["month"](cell)
    return (
        month
        if isinstance(month, Fault)
        else pd.Period(str(month)).end_time.normalize().to_pydatetime()
    )


def _amount(cell: object) -> object:
    """A number that is not negative."""
    value = READERS["number"](cell)
    return NEGATIVE if isinstance(value, float) and value < 0 else value


def _rank(cell: object) -> object:
    """A whole number from 1 on."""
    value = READERS["number"](cell)
    return NO_RANK if isinstance(value, float) and (value < 1 or value % 1) else value


PARSERS: dict[str, Any] = {
    **READERS,
    **{
        "text": _text,
        "code": _code,
        "date": _day,
        "time": _time,
        "month": _month,
        "amount": _amount,
        "rank": _rank,
    },
}
DTYPES = {
    **dict.fromkeys(("date", "time", "month"), "datetime64[us]"),
    **dict.fromkeys(("flag", "amount", "rank"), "float64"),
}
