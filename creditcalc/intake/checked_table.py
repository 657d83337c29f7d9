"""Reads indicator data into one checked table and lists every fault with its place, its value and
its cure.

Nothing is guessed: a faulty cell is missing in the table, and a row whose identity is faulty keeps
none of its inputs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from creditcalc.exact import TOLERANCE
from creditcalc.intake.cells import Fault, parser
from creditcalc.intake.forms import is_form, read_form
from creditcalc.intake.read_files import KEYS, Block, Grid, blank, read_grids, read_table
from creditcalc.problems import InputError, Problem
from creditcalc.rules.inputs import Input
from creditcalc.rules.load import load_rulebook
from creditcalc.rules.rulebook import Rulebook

IDENTITY = ["city", "jurisdiction", "period"]
LARGEST, LEAST = 1e15, 1e-9


class Limit(NamedTuple):
    """What breaks a bound of a column, by itself or beside column ``other``."""

    breaks: Callable[[pd.Series, pd.Series], pd.Series]
    what: str
    cure: str
    other: str = ""
    severity: str = "error"


class Finding(NamedTuple):
    """What is wrong or odd in column ``name`` of the table's row ``row``, beside column ``other``."""

    row: int
    name: str
    what: str
    cure: str
    other: str = ""
    severity: str = "error"


DOUBLED = Fault("同一县区（市）同一期间不止一行", "只留一行")
NEGATIVE = Limit(lambda x, _: x < 0, "是负数", "填 0 或正数，不知道就留空")
FRACTION = Limit(lambda x, _: x % 1 > 0, "不是整数", "这一项是个数，填整数")
RANK_0 = Limit(lambda x, _: x < 1, "名次小于 1", "名次从 1 起")
HUGE = Limit(lambda x, _: x > LARGEST, "数太大", "核对单位，最大 1,000 万亿")
TINY = Limit(
    lambda x, _: (x > 0) & (x < LEAST), "数太小", "核对单位，没有填 0"
)  # a ratio to it would pass all bounds
LIMITS = {
    "count": (NEGATIVE, FRACTION, HUGE),
    "amount": (NEGATIVE, TINY, HUGE),
    "days": (NEGATIVE, HUGE),
    "score": (NEGATIVE, HUGE),
    "rank": (RANK_0, HUGE),
}


@dataclass(frozen=True)
class Checked:
    """A table as far as it can be used, and all that is wrong (errors) or odd (notices) in its
    source.
    """

    table: pd.DataFrame
    problems: list[Problem]

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
        """The cities that a row or file which could not be placed may belong to; "" is any of them."""
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
    blocks = read_blocks(grids, book)
    table, findings = parsed(blocks, book, [city] if city else [])
    findings += beyond_limits(table, book)
    return Checked(
        placed(without_faults(table, findings)), problems + told(blocks, table, findings)
    )


def read_blocks(grids: Iterable[Grid], book: Rulebook) -> list[Block]:
    """Each grid as a form or a table."""
    return [(read_form if is_form(grid) else read_table)(grid, book) for grid in grids]


def parsed(
    blocks: list[Block], book: Rulebook, cities: Iterable[str] = ()
) -> tuple[pd.DataFrame, list[Finding]]:
    """The values of all blocks' cells, blank where they are faulty, with every row's city, and the
    faults.

    ``cities`` are those of a table of which the blocks are a part, or the one that its user names.
    """
    table: dict[str, pd.Series] = {}
    findings = []
    given = {name for block in blocks for name in block.cells}
    for name in [
        name
        for name in (*KEYS, *book.inputs)
        if name in given or name in IDENTITY or name == "level"
    ]:
        parse = parser(name, book)
        cells = chain.from_iterable(
            block.cells.get(name, [None] * len(block.rows)) for block in blocks
        )
        values = [parse(cell) for cell in cells]
        for row, value in enumerate(values):
            if isinstance(value, Fault):
                findings.append(Finding(row, name, *value))
                values[row] = None
        is_text = name in KEYS or book.inputs[name].type == "class"
        table[name] = pd.Series(values, dtype="str" if is_text else "float64")
    blanks = {name: "county" if name == "level" else "" for name in KEYS}
    frame = pd.DataFrame(table).fillna(blanks)
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


def _limits(i: Input, book: Rulebook) -> Iterator[Limit]:
    """What breaks the bounds of an input, and what is odd about it."""
    yield from LIMITS.get(i.type, ())
    if (full := i.max) is not None:
        yield Limit(lambda x, _: x > full, f"超过满分 {full:g}", f"填 0 至 {full:g} 分")
    if i.part_of:
        most = f"“{book.inputs[i.part_of].label}”" + (f"的 {i.times:g} 倍" if i.times != 1 else "")
        exact = i.times * (1 + TOLERANCE)
        yield Limit(
            lambda x, whole: x > exact * whole, f"“{i.label}”大于{most}", "核对这两个数", i.part_of
        )
    if i.total_of:
        what = f"“{i.label}”大于 0，“{book.inputs[i.total_of].label}”却是 0"
        yield Limit(lambda x, number: (x > 0) & (number == 0), what, "核对这两个数", i.total_of)
    if i.expected_within:
        what = f"“{i.label}”大于“{book.inputs[i.expected_within].label}”"
        yield Limit(lambda x, y: x > y, what, "核对口径", i.expected_within, "notice")
    if i.kindred:
        what = f"“{i.label}”与“{book.inputs[i.kindred].label}”口径相近，却相差一倍以上"
        yield Limit(lambda x, y: (x > 2 * y) | (y > 2 * x), what, "核对口径", i.kindred, "notice")


def beyond_limits(table: pd.DataFrame, book: Rulebook) -> list[Finding]:
    """Every value that breaks a limit of its input, and every row of a jurisdiction and period that
    has several.
    """
    numbers = table.columns[table.dtypes == "float64"]
    found = []
    for name in numbers:
        for limit in _limits(book.inputs[name], book):
            if limit.other in ("", *numbers):
                broken = limit.breaks(table[name], table[limit.other or name])
                found += [Finding(row, name, *limit[1:]) for row in table.index[broken]]
    doubled = (
        table.duplicated(IDENTITY, keep=False)
        & (table["jurisdiction"] != "")
        & (table["period"] != "")
    )
    return [Finding(row, "jurisdiction", *DOUBLED) for row in table.index[doubled]] + found


def without_faults(table: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """The table without its faulty values; a row whose identity is faulty keeps none of its inputs."""
    inputs = [name for name in map(str, table) if name not in KEYS]
    faulty: dict[str, list[int]] = defaultdict(list)
    for finding in findings:
        if finding.severity == "error":
            for name in (
                inputs if finding.name in KEYS else filter(None, (finding.name, finding.other))
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
        value = " 与 ".join("" if blank(cell) else _written(cell) for cell in cells)
        lost = severity == "error" and not whose[row]["jurisdiction"]
        problems.append(
            Problem(
                what,
                value,
                cure,
                **block.place(record, name),
                severity=severity,
                **whose[row],
                unplaced=lost,
            )
        )
    return problems


def _written(cell: object) -> str:
    """A cell as its user wrote it; Excel and Parquet hold 3 as 3.0."""
    return str(cell).removesuffix(".0") if isinstance(cell, float) else str(cell)
