"""A Parquet file's cells: whole columns at once where their types allow, one by one otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from creditcalc.intake.checked_table import (
    KEY_NAMES,
    NEEDED,
    indicator_columns,
    parsed,
    parser,
    read_blocks,
    settle_cities,
)
from creditcalc.intake.faults import CellFault, Finding
from creditcalc.intake.grid import Grid, plain
from creditcalc.intake.read_files import LARGEST_FILE, read_grids
from creditcalc.intake.table import Block, names_of
from creditcalc.problems import Problem
from creditcalc.rules.rulebook import Rulebook


class Part(NamedTuple):
    """A file's blocks with its own problems, its table, and what is wrong in that."""

    problems: list[Problem]
    blocks: list[Block]
    table: pd.DataFrame
    findings: list[Finding]


def read_part(
    file: Path, book: Rulebook, cities: Collection[str] = (), keys_only: bool = False
) -> Part:
    """A file's cells; ``cities`` are those that any file names."""
    try:
        quick = _columns(file, book, keys_only) if file.stat().st_size <= LARGEST_FILE else None
    except (OSError, pa.ArrowException):
        quick = None  # the slow way tells what is wrong
    if quick:
        return Part([], [quick[0]], quick[1], settle_cities(quick[1], cities))
    grids, problems = read_grids(file)
    blocks = read_blocks(grids, book)
    return Part(problems, blocks, *parsed(blocks, book, cities))


def _columns(file: Path, book: Rulebook, keys_only: bool) -> tuple[Block, pd.DataFrame] | None:
    """A file's columns where each holds numbers, or texts of which every one is good; None
    otherwise.
    """
    source = pq.ParquetFile(file)
    known, header = (
        names_of(indicator_columns(book)),
        [name for name in source.schema_arrow.names if not name.startswith("__index_level_")],
    )
    written = {known.get(plain(text), ""): text for text in header}
    rows = source.metadata.num_rows
    if "" in written or len(written) < len(header) or not written.keys() >= NEEDED or not rows:
        return None
    wanted = {
        name: written[name]
        for name in (*KEY_NAMES, *book.inputs)
        if name in written and not (keys_only and name not in KEY_NAMES)
    }
    cells = source.read(list(wanted.values()), use_threads=False)
    table: dict[str, pd.Series] = {}
    for name, text in wanted.items():
        is_text = name in KEY_NAMES or book.inputs[name].type == "class"
        column = (_texts if is_text else _numbers)(cells[text], name, book)
        if column is None:
            return None
        table[name] = pd.Series(column, dtype="str" if is_text else "float64")
    for name in {"level", "city"} - table.keys():
        table[name] = pd.Series([""] * rows, dtype="str")
    frame = pd.DataFrame(table).fillna(dict.fromkeys(KEY_NAMES, ""))
    frame["level"] = frame["level"].replace("", "county")
    return Block(
        Grid(str(file), "", [], first=0), Cells(cells, wanted), written, range(1, rows + 1), []
    ), frame


class Cells(Mapping[str, Any]):
    """A table's cells by input name, made into Python's objects when they are asked for."""

    def __init__(self, table: pa.Table, written: Mapping[str, str]) -> None:
        self._table, self._written = table, written

    def __getitem__(self, name: str) -> Any:
        return _Column(self._table[self._written[name]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


@dataclass(frozen=True)
class _Column:
    """A column's cells as Python's objects."""

    column: pa.ChunkedArray

    def __getitem__(self, row: int) -> object:
        return self.column[row].as_py()


def _texts(column: pa.ChunkedArray, name: str, book: Rulebook) -> NDArray[np.object_] | None:
    """A column of texts parsed; None where it is no such column or a text is at fault."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return None
    codes, words = pd.factorize(column.to_pandas())
    parse = parser(name, book)
    values = [*map(parse, words), parse(None) if (codes < 0).any() else None]
    if any(isinstance(value, CellFault) for value in values):
        return None
    return np.array(values, dtype=object)[codes]


def _numbers(column: pa.ChunkedArray, name: str, book: Rulebook) -> NDArray[np.float64] | None:
    """A column of numbers or flags; None where it is something else."""
    is_flag = book.inputs[name].type == "flag"
    if is_flag and pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return None
    values: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy()
    return None if is_flag and not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all() else values
