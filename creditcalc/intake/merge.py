"""Several fill-in forms and tables as one: what one leaves blank another may fill, what two say
differently is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from creditcalc.intake.checked_table import (
    IDENTITY,
    parsed,
    placed,
    read_blocks,
    told,
    without_faults,
)
from creditcalc.intake.faults import Finding
from creditcalc.intake.limits import beyond_limits
from creditcalc.intake.read_files import read_grids
from creditcalc.intake.table import Block
from creditcalc.problems import Problem
from creditcalc.rules.inputs import Input
from creditcalc.rules.load import load_rulebook
from creditcalc.rules.rulebook import Rulebook

NOTES = ["jurisdiction", "period", "input", "label", "value", "source", "remark"]


class Outstanding(NamedTuple):
    """The inputs that a jurisdiction has not given for a period, and whether it gave none yet."""

    jurisdiction: str
    period: str
    late: bool
    inputs: list[str]


@dataclass(frozen=True)
class Merged:
    """One table of several files, the problems of all of them, and each form's sources and remarks
    (``notes``, long).
    """

    table: pd.DataFrame
    problems: list[Problem]
    notes: pd.DataFrame


def merge_inputs(paths: Sequence[str | Path], book: Rulebook | None = None) -> Merged:
    """The tables and forms of several files as one table; a blank never replaces a value.

    Two values for one cell that differ are both refused; the cell stays blank until one of them is
    put right.
    """
    book = book or load_rulebook()
    read = [read_grids(Path(path)) for path in paths]
    problems = [problem for _, found in read for problem in found]
    blocks = read_blocks((grid for grids, _ in read for grid in grids), book)
    table, findings = parsed(blocks, book)
    table = without_faults(table, findings)
    contradictions = list(_contradictions(table, blocks))
    table = without_faults(table, contradictions)
    merged = _merged(table)
    limits = beyond_limits(merged, book)
    where = [finding._replace(row=_giver(table, finding)) for finding in limits]
    problems += told(blocks, table, findings + contradictions + where)
    return Merged(placed(without_faults(merged, limits)), problems, _notes(blocks, table, book))


def _contradictions(table: pd.DataFrame, blocks: Sequence[Block]) -> Iterable[Finding]:
    """Every cell that another file fills differently."""
    places = [(block, record) for block in blocks for record in range(len(block.rows))]
    named = table[table["jurisdiction"] != ""]
    for _, group in named[named.duplicated(IDENTITY, keep=False)].groupby(IDENTITY, sort=False):
        for name in group.columns.drop([*IDENTITY, "remark"], errors="ignore"):
            values = group[name].dropna()
            if values.nunique() > 1:
                for row in map(int, values.index):
                    other = next(int(n) for n in values.index if values[n] != values[row])
                    block, record = places[other]
                    at = Problem("", **block.place(record, str(name))).where
                    yield Finding(row, str(name), f"与另一处填的不同（{at}）", "核对后只留一个", "")


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each jurisdiction and period with the first value that a row of it gives;
    nameless rows as they are.
    """
    named = table["jurisdiction"] != ""
    groups = table[named].groupby(IDENTITY, sort=False)
    first = groups.first().reset_index()[list(table.columns)]
    if "remark" in table:
        first["remark"] = (
            groups["remark"]
            .agg(lambda said: "；".join(dict.fromkeys(text for text in said if text)))
            .to_numpy()
        )
    first.index = table.index[named & ~table.duplicated(IDENTITY)]
    return pd.concat([first, table[~named]]).sort_index()


def _giver(table: pd.DataFrame, finding: Finding) -> int:
    """The row that gave a merged cell its value."""
    own = table.loc[finding.row, IDENTITY]
    same = (table[IDENTITY] == own).all(axis=1) & table[finding.name].notna()
    return int(same.index[same][0])


def _notes(blocks: Sequence[Block], table: pd.DataFrame, book: Rulebook) -> pd.DataFrame:
    """Sources and remarks of every form, line by line."""
    starts = pd.Series([len(block.rows) for block in blocks]).cumsum().shift(fill_value=0)
    lines = [
        (
            *table.loc[start, ["jurisdiction", "period"]],
            name,
            book.inputs[name].label,
            block.cells[name][0],
            *texts,
        )
        for start, block in zip(starts, blocks, strict=True)
        for name, texts in block.notes.items()
    ]
    return pd.DataFrame(lines, columns=NOTES)


def with_expected(table: pd.DataFrame, expected: Sequence[str]) -> pd.DataFrame:
    """The table with a blank row for each expected county that a period has none of, so that its
    city's sums stay open.

    The row takes the county's city of another period, or the only city of the table; elsewhere its
    city is left blank.
    """
    cities = [city for city in table["city"].unique() if city]
    known = {row.jurisdiction: row.city for row in table.itertuples() if row.city}
    there = set(zip(table["period"], table["jurisdiction"], strict=True))
    rows = []
    for period, name in product(sorted(set(table["period"]) - {""}), dict.fromkeys(expected)):
        if (period, name) not in there:
            city = known.get(name, cities[0] if len(cities) == 1 else "")
            level = "city" if name == city else "county"
            rows.append({"jurisdiction": name, "period": period, "level": level, "city": city})
    return (
        pd.concat([table, pd.DataFrame(rows).astype("str")], ignore_index=True) if rows else table
    )


def not_come_in(table: pd.DataFrame, book: Rulebook) -> list[Outstanding]:
    """What is still waited for, by period and jurisdiction; a county is not asked for what is its
    city's to say.
    """
    found = []
    for row in table.sort_values("period", kind="stable").to_dict("records"):
        asked = [i.name for i in book.inputs.values() if _asked(i, row["level"])]
        blank = [i for i in asked if pd.isna(row.get(i))]
        if blank:
            found.append(
                Outstanding(row["jurisdiction"], row["period"], len(blank) == len(asked), blank)
            )
    return found


def _asked(i: Input, level: str) -> bool:
    """Whether a jurisdiction of a level is the one to give an input."""
    return (
        (i.rollup == "city" or i.inherit)
        if level == "city"
        else not (i.rollup == "city" and i.inherit)
    )


def as_typed(table: pd.DataFrame, book: Rulebook) -> pd.DataFrame:
    """The table as a person would type it: 是 and 否, classes by their labels, whole numbers
    without a point.
    """
    shown = {}
    for name in table:
        i = book.inputs.get(str(name))
        values = [None if pd.isna(x) else x if i is None else _typed(x, i) for x in table[name]]
        shown[name] = pd.Series(values, index=table.index, dtype=object)
    return pd.DataFrame(shown)


def _typed(x: float | str, i: Input) -> object:
    if i.type == "flag":
        return "是" if x else "否"
    if i.type == "class":
        return i.classes[str(x)]
    return int(x) if float(x).is_integer() else x
