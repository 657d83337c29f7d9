"""The lines of a table that lists things one below the other (cases, evidence), with typed cells
and whatever is wrong with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from creditcalc.intake.cells import DTYPES, type_cells
from creditcalc.intake.faults import CellFault, as_written
from creditcalc.intake.grid import Grid, blank
from creditcalc.intake.table import (
    REMARK,
    UNUSED_COLUMNS,
    Block,
    TypedColumn,
    match_header,
    read_table,
)
from creditcalc.problems import Problem

JURISDICTION = TypedColumn(
    "jurisdiction", ("县区", "县（区）", "县（区）、市", "城市"), "name", must=True
)
PLACE = ["file", "sheet", "row"]


@dataclass
class Lines:
    """The lines of a list, which of them are bad cases, and every problem."""

    frame: pd.DataFrame
    bad: pd.Series
    problems: list[Problem]

    def find(
        self,
        lines: pd.Series,
        fault: CellFault,
        column: TypedColumn,
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
            place = {"file": file, "sheet": sheet, "row": row, "column": column.label}
            whose = "" if blank(owner) else owner
            self.problems.append(fault.told(place, as_written(value), severity, jurisdiction=whose))
        if severity == "error":
            self.bad |= lines


def joined(parts: Sequence[Lines]) -> Lines:
    """The lines of several files or sheets as one."""
    frame = pd.concat([lines.frame for lines in parts], ignore_index=True)
    bad = pd.concat([lines.bad for lines in parts], ignore_index=True)
    return Lines(frame, bad, [problem for lines in parts for problem in lines.problems])


def read_lines(grid: Grid, columns: Sequence[TypedColumn]) -> Lines:
    """The lines below a grid's header, all of them bad cases where it lacks a column that the list
    cannot do without.

    A line that holds a jurisdiction and nothing else is not ``filled``: it reports that there was
    no case. ``same_as`` is the place of a line above that is the same case, where there is one.
    """
    known = [JURISDICTION, *columns, REMARK]
    block = read_table(match_header(grid, known), UNUSED_COLUMNS)
    lines = _empty(block)
    used = [column for column in known if column.name in block.cells]
    if lines.bad.any():
        used = [column for column in used if column == JURISDICTION]  # whose lines these were
    for column in known:
        if column not in used and not column.optional:
            dtype = DTYPES.get(column.type, "str")
            lines.frame[column.name] = pd.Series(None, lines.frame.index, dtype=dtype)
    faulty = {column.name: _fill(lines, block, column) for column in used}
    lines.frame["filled"] = (
        lines.frame[[column.name for column in columns if column in used]].notna().any(axis=1)
        | lines.bad
    )
    for column in [column for column in used if column.must]:
        expected = lines.frame["filled"] | (column == JURISDICTION)
        missing = lines.frame[column.name].isna() & ~faulty[column.name]
        lines.find(missing & expected, column.missing, column)
    return lines


def _empty(block: Block) -> Lines:
    """The lines of a block with their places and nothing else; bad where the block has errors."""
    grid = block.grid
    places = {"file": grid.file, "sheet": grid.sheet, "row": np.array(block.rows, int) + grid.first}
    frame = pd.DataFrame(places)
    frame["same_as"] = pd.Series("", frame.index, dtype="str")
    refused = any(problem.severity == "error" for problem in block.problems)
    return Lines(frame, pd.Series(refused, frame.index), block.problems)


def _fill(lines: Lines, block: Block, column: TypedColumn) -> pd.Series:
    """Put a column's values into the lines and find its faults; which lines have one."""
    cells = block.cells[column.name]
    typed = type_cells(cells, column._replace(must=False))  # a line may report that there is none
    lines.frame[column.name] = typed.values
    faulty = pd.Series(False, lines.frame.index)
    for fault, where in typed.faults.items():
        lines.find(pd.Series(where), fault, column, typed=cells)
        faulty |= where
    return faulty
