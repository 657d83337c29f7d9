"""Reads indicator data into one checked table and lists every fault with its place, its value and
its cure.

Nothing is guessed: a faulty cell is missing in the table, and a row whose identity is faulty keeps
none of its inputs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pandas as pd

from creditcalc.intake.cells import reader_of, type_cells
from creditcalc.intake.faults import CellFault, Finding, as_written
from creditcalc.intake.forms import is_form, read_form
from creditcalc.intake.grid import Grid
from creditcalc.intake.limits import beyond_limits
from creditcalc.intake.read_files import read_grids
from creditcalc.intake.roster import Roster, by_roster, read_roster
from creditcalc.intake.table import (
    CITY_OF,
    REFUSED_COLUMNS,
    REMARK,
    Block,
    TypedColumn,
    match_header,
    read_table,
)
from creditcalc.problems import InputError, Problem
from creditcalc.rules.inputs import Input
from creditcalc.rules.load import load_rulebook
from creditcalc.rules.rulebook import Rulebook

IDENTITY = ["city", "jurisdiction", "period"]
KEY_COLUMNS = (
    TypedColumn("jurisdiction", ("县区", "县（区）"), "name", must=True),
    TypedColumn("period", ("期间", "月份"), "period", must=True),
    TypedColumn("level", ("级别",), "level", optional=True),
    CITY_OF,
    REMARK._replace(type="remark"),
)
KEY_NAMES = [column.name for column in KEY_COLUMNS]
NEEDED = {column.name for column in KEY_COLUMNS if not column.optional}
DOUBLED = CellFault("同一县区（市）同一期间不止一行", "只留一行")


@dataclass(frozen=True)
class Checked:
    """A table as far as it can be used, all that is wrong (errors) or odd (notices) in its source,
    and who should report, where a roster says it.
    """

    table: pd.DataFrame
    problems: list[Problem]
    roster: Roster | None = None

    @property
    def errors(self) -> list[Problem]:
        """What has to be put right."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def notices(self) -> list[Problem]:
        """What only looks odd."""
        return [problem for problem in self.problems if problem.severity == "notice"]

    @property
    def unsound(self) -> set[tuple[str, str]]:
        """City and jurisdiction of everyone who has an error of their own."""
        return {
            (problem.city, problem.jurisdiction) for problem in self.errors if problem.jurisdiction
        }

    @property
    def short(self) -> set[str]:
        """The cities that a row or file may belong to which could not be placed; "" is any."""
        return {problem.city for problem in self.errors if problem.unplaced}


def is_unsound(unsound: Collection[tuple[str, str]], city: str, name: str) -> bool:
    """Whether a jurisdiction is among those with errors, some of which are known without their
    city.
    """
    return (city, name) in unsound or ("", name) in unsound


def read_inputs(path: str | Path, book: Rulebook | None = None) -> pd.DataFrame:
    """The checked table of a file or folder; InputError with every error where there is any."""
    checked = check_inputs(path, book)
    if checked.errors:
        raise InputError(checked.errors)
    return checked.table


def check_inputs(path: str | Path, book: Rulebook | None = None, city: str = "") -> Checked:
    """The table of a file or folder as far as it can be used, with every problem (none is raised).

    ``city`` is that of the counties of a table which names none.
    """
    book = book or load_rulebook()
    grids, problems = read_grids(Path(path))
    roster, wrong = read_roster(Path(path))
    blocks = read_blocks(grids, book)
    table, findings = parsed(blocks, book, [city] if city else [], roster)
    findings += doubled(table) + beyond_limits(table, book)
    found = told(blocks, table, findings)
    return Checked(placed(without_faults(table, findings)), wrong + problems + found, roster)


def indicator_columns(book: Rulebook) -> list[TypedColumn]:
    """The columns of the indicator table: its keys and the rulebook's inputs."""
    return [*KEY_COLUMNS, *map(_column, book.inputs.values())]


def _column(i: Input) -> TypedColumn:
    """The column of an input."""
    if i.type in ("flag", "class"):
        return TypedColumn(i.name, (i.label,), i.type, optional=True, classes=i.classes)
    return TypedColumn(i.name, (i.label,), "number", optional=True, unit=i.unit)


def parser(name: str, book: Rulebook) -> Callable[[object], object]:
    """What turns a cell of a column into its value: None for a blank, a CellFault where it cannot
    be used.
    """
    return reader_of(next(column for column in indicator_columns(book) if column.name == name))


def read_blocks(grids: Iterable[Grid], book: Rulebook) -> list[Block]:
    """Each grid as a form or a table."""
    columns = indicator_columns(book)
    return [
        read_form(grid, book, KEY_COLUMNS) if is_form(grid) else _read_table(grid, columns)
        for grid in grids
    ]


def _read_table(grid: Grid, columns: list[TypedColumn]) -> Block:
    """The records of a table; there are none where jurisdiction and period do not stand once each,
    and nobody knows whose they were.
    """
    header = match_header(grid, columns)
    block = read_table(header, REFUSED_COLUMNS)
    problems = block.problems
    if not NEEDED & header.places.keys():
        cure = (
            "第一行写列名（县区、期间和各项输入，CSV 用逗号分隔），或用填报表；"
            "不是数据的工作表请移走"
        )
        what = "既不是数据表，也不是填报表：没有“县区”和“期间”列"
        problems = [grid.problem(what, "、".join(filter(None, header.texts)), cure)]
    elif not block.rows and not header.lacking:
        problems.append(grid.problem("表中没有数据行", cure="填入数据", row=header.row))
    if header.once.keys() >= NEEDED:
        return block
    lost = [replace(problem, unplaced=True) for problem in problems]
    return replace(block, cells={name: [] for name in block.cells}, rows=[], problems=lost)


def parsed(
    blocks: list[Block],
    book: Rulebook,
    cities: Iterable[str] = (),
    roster: Roster | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """The values of all blocks' cells, blank where they are faulty, with every row's city, and the
    faults.

    ``cities`` are those of a table of which the blocks are a part, or the one that its user names;
    ``roster`` says which names are in force.
    """
    table: dict[str, pd.Series] = {}
    findings = []
    there = {name for block in blocks for name in block.cells}.union(IDENTITY, ["level"])
    for column in [column for column in indicator_columns(book) if column.name in there]:
        name = column.name
        cells = [block.cells.get(name, [None] * len(block.rows)) for block in blocks]
        typed = type_cells([*chain.from_iterable(cells)], column)
        for fault, where in typed.faults.items():
            findings += [Finding(row, name, *fault) for row in map(int, where.nonzero()[0])]
        table[name] = typed.values
    blanks = {name: "county" if name == "level" else "" for name in KEY_NAMES}
    frame = pd.DataFrame(table).fillna(blanks)
    if roster:
        findings += by_roster(frame, roster)
    return frame, findings + settle_cities(frame, cities)


def settle_cities(table: pd.DataFrame, known: Iterable[str] = ()) -> list[Finding]:
    """Fills the city of city rows and, where the table knows one city only, of counties.

    Finds the counties that are left without, and those that would be counties of themselves.
    """
    own = table["level"] == "city"
    strange = own & (table["city"] != "") & (table["city"] != table["jurisdiction"])
    findings = [
        Finding(row, "city", "市级行的所属市不是它自己", "改为同名，或留空")
        for row in table.index[strange]
    ]
    table["city"] = table["city"].where(~own, table["jurisdiction"])
    cities = {city for city in (*table["city"], *known) if city}
    homeless = table["city"] == ""
    if len(cities) == 1:
        table.loc[homeless, "city"] = next(iter(cities))
    elif cities:
        unnamed = homeless & table["jurisdiction"].isin(cities)
        table["city"] = table["city"].mask(unnamed, table["jurisdiction"])
        what = f"表中有 {len(cities)} 个市，不知道这个县区属于哪个市"
        named = (table["city"] == "") & (table["jurisdiction"] != "")
        findings += [
            Finding(row, "city", what, "加“所属市”一列并填写") for row in table.index[named]
        ]
    itself = ~own & (table["city"] == table["jurisdiction"]) & (table["city"] != "")
    for row in table.index[itself]:
        what = f"“{table['jurisdiction'][row]}”是市，却会算作自己的一个县区"
        findings.append(Finding(row, "level", what, "这一行的“级别”写 市"))
    return findings


def doubled(table: pd.DataFrame) -> list[Finding]:
    """Every row of a jurisdiction and period that has several."""
    again = table.duplicated(IDENTITY, keep=False)
    named = (table["jurisdiction"] != "") & (table["period"] != "")
    return [Finding(row, "jurisdiction", *DOUBLED) for row in table.index[again & named]]


def without_faults(table: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """The table without its faulty values; a row whose identity is faulty keeps no inputs."""
    inputs = [name for name in map(str, table) if name not in KEY_NAMES]
    faulty: dict[str, list[int]] = defaultdict(list)
    for finding in findings:
        if finding.severity == "error":
            for name in (
                inputs if finding.name in KEY_NAMES else filter(None, (finding.name, finding.other))
            ):
                faulty[name].append(finding.row)
    table = table.copy()
    for name, rows in faulty.items():
        table.loc[rows, name] = None
    return table


def placed(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each jurisdiction and period.

    A jurisdiction whose period cannot be read stands without values in its city's latest one: it
    would be missing from the city's counties otherwise, and their sums be taken for complete.
    """
    named = table[table["jurisdiction"] != ""]
    dated, lost = named[named["period"] != ""], named[named["period"] == ""]
    lost = lost.assign(period=lost["city"].map(dated.groupby("city")["period"].max()))
    return pd.concat([dated, lost.dropna(subset="period")]).drop_duplicates(
        IDENTITY, ignore_index=True
    )


def told(blocks: list[Block], table: pd.DataFrame, findings: list[Finding]) -> list[Problem]:
    """Blocks' problems and findings as problems, in the order of the rows, each with its place and
    its jurisdiction.
    """
    whose = [
        dict(zip(IDENTITY, names, strict=True)) for names in table[IDENTITY].itertuples(index=False)
    ]
    places = [(block, record) for block in blocks for record in range(len(block.rows))]
    problems = [problem for block in blocks if not block.lines for problem in block.problems]
    forms = [(row, block) for row, (block, _) in enumerate(places) if block.lines]
    problems += [
        replace(problem, **whose[row]) for row, block in forms for problem in block.problems
    ]
    for row, name, what, cure, other, severity in sorted(findings):
        block, record = places[row]
        cells = [block.cells[column][record] for column in (name, other) if column in block.cells]
        lost = severity == "error" and not whose[row]["jurisdiction"]
        problems.append(
            CellFault(what, cure).told(
                block.place(record, name),
                " 与 ".join(map(as_written, cells)),
                severity,
                **whose[row],
                unplaced=lost,
            )
        )
    return problems
