"""A grid's columns: which of those that a table declares stand where, and what is said of others.

A table declares columns; ``match_header`` finds them in a row, ``read_table`` the records below.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from creditcalc.intake.faults import NOT_FILLED, CellFault
from creditcalc.intake.grid import Grid, Row, blank, cell_at, plain
from creditcalc.problems import Problem, nearest


class TypedColumn(NamedTuple):
    """A column that a table declares: what it may be called and what its cells hold.

    ``must``: every record has it; ``optional``: a table may do without it. ``unit`` is what a
    number counts, ``classes`` are the codes and labels that a class may have.
    """

    name: str
    labels: Sequence[str]
    type: str = "text"
    must: bool = False
    optional: bool = False
    unit: str = ""
    classes: Mapping[str, str] = {}

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.labels[0]

    @property
    def missing(self) -> CellFault:
        """The fault of a record that must have it and has not."""
        return NOT_FILLED.get(self.name) or CellFault(f"没有填{self.label}", "补上")


CITY_OF = TypedColumn("city", ("所属市", "所属城市"), "name", optional=True)
REMARK = TypedColumn("remark", ("备注",), optional=True)


class Strangers(NamedTuple):
    """What is said of a column that a table does not declare, and of one without a name."""

    unknown: CellFault
    nameless: CellFault
    severity: str


NAME_IT = "补上列名，或清空这一列"
REFUSED_COLUMNS = Strangers(
    CellFault("未知的列", "删去这一列，或改为规则中的输入名"),
    CellFault("这一列没有列名，却有内容", NAME_IT),
    "error",
)
UNUSED_COLUMNS = Strangers(
    CellFault("没有用到这一列", ""), CellFault("这一列没有列名，没有用到", NAME_IT), "notice"
)


@dataclass(frozen=True)
class Header:
    """The row of a grid that heads a table, what its cells say, and where each column stands."""

    grid: Grid
    row: int
    texts: Sequence[str]
    columns: Sequence[TypedColumn]
    places: Mapping[str, Sequence[int]]

    @cached_property
    def once(self) -> dict[str, int]:
        """Where each column stands that stands there once."""
        return {name: at[0] for name, at in self.places.items() if len(at) == 1}

    @property
    def lacking(self) -> list[TypedColumn]:
        """The columns that the table cannot do without and has not."""
        return [
            column
            for column in self.columns
            if not column.optional and column.name not in self.places
        ]


@dataclass(frozen=True)
class Block:
    """The records of a grid: cells by column name, columns as they are written, and the rows where
    they stand.

    A form is one record whose cells stand in ``lines`` of their own, with ``notes`` (source and
    remark) beside them, and whose problems are its jurisdiction's.
    """

    grid: Grid
    cells: Mapping[str, Row]
    written: Mapping[str, str]
    rows: Sequence[int]
    problems: list[Problem]
    lines: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def place(self, record: int, name: str) -> dict[str, Any]:
        """Where a record's cell stands, in the words of a Problem."""
        row = self.lines.get(name, self.rows[record]) + self.grid.first
        return {
            "file": self.grid.file,
            "sheet": self.grid.sheet,
            "row": row,
            "column": self.written.get(name, ""),
        }


def names_of(columns: Iterable[TypedColumn]) -> dict[str, str]:
    """The name of a column by everything that a header may call it."""
    return {
        plain(text): column.name for column in columns for text in (column.name, *column.labels)
    }


def match_header(grid: Grid, columns: Sequence[TypedColumn], row: int | None = None) -> Header:
    """A row of a grid, by default the first that says something, as the header of a table of these
    columns.
    """
    row = grid.filled[0] if row is None else row
    texts = ["" if blank(cell) else str(cell).strip() for cell in grid.rows[row]]
    names = names_of(columns)
    places: dict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(texts):
        if plain(text) in names:
            places[names[plain(text)]].append(at)
    return Header(grid, row, texts, columns, dict(places))


def read_table(header: Header, strangers: Strangers) -> Block:
    """The records below a header, with the cells of each column that stands there once."""
    grid, rows = header.grid, header.grid.filled[1:]
    cells = {name: [cell_at(grid.rows[n], at) for n in rows] for name, at in header.once.items()}
    written = {name: header.texts[at] for name, at in header.once.items()}
    problems = [
        *_unknown(header, strangers),
        *_repeated(header),
        *_lacking(header),
        *_nameless(header, strangers),
    ]
    return Block(grid, cells, written, rows, problems)


def _unknown(header: Header, strangers: Strangers) -> Iterator[Problem]:
    """A problem for each column that the table does not declare."""
    names = names_of(header.columns)
    for text in filter(None, header.texts):
        if plain(text) not in names:
            value = text if strangers.severity == "error" else ""
            yield header.grid.problem(
                strangers.unknown.what,
                value,
                nearest(plain(text), names) or strangers.unknown.cure,
                row=header.row,
                column=text,
                severity=strangers.severity,
            )


def _repeated(header: Header) -> Iterator[Problem]:
    """An error for each column that stands there more than once."""
    for places in header.places.values():
        if len(places) > 1:
            twice = "、".join(header.texts[at] for at in places)
            what = f"同一列出现 {len(places)} 次"
            yield header.grid.problem(what, cure="只留一列", row=header.row, column=twice)


def _lacking(header: Header) -> Iterator[Problem]:
    """An error for each column that the table cannot do without and has not."""
    for column in header.lacking:
        cure = "补上这一列" if column.must else "补上这一列，不知道的格子留空"
        yield header.grid.problem(f"没有“{column.label}”列", cure=cure, row=header.row)


def _nameless(header: Header, strangers: Strangers) -> Iterator[Problem]:
    """A problem for each column without a name, at the first of its cells that holds something."""
    grid = header.grid
    named = {at for at, text in enumerate(header.texts) if text}
    breadth = max(len(grid.rows[n]) for n in grid.filled)
    for at in [at for at in range(breadth) if at not in named]:
        held = (n for n in grid.filled if not blank(cell_at(grid.rows[n], at)))
        if (first := next(held, None)) is not None:
            what, cure = strangers.nameless
            yield grid.problem(
                what,
                cell_at(grid.rows[first], at),
                cure,
                row=first,
                column=f"第 {at + 1} 列",
                severity=strangers.severity,
            )
