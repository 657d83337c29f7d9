"""Scores a folder of Parquet files and writes the results as they come: here one after another, on
a cluster a few at once.

The results and the problems are those of the whole table. What a file cannot know by itself is
found out first, from its names alone: the cities there are, and who stands in several files for the
same period.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from creditcalc.files import replacing
from creditcalc.intake.checked_table import (
    DOUBLED,
    IDENTITY,
    KEY_NAMES,
    NEEDED,
    Checked,
    doubled,
    indicator_columns,
    is_unsound,
    parsed,
    parser,
    placed,
    read_blocks,
    settle_cities,
    told,
    without_faults,
)
from creditcalc.intake.excel_file import EXCEL_ROWS
from creditcalc.intake.faults import CellFault, Finding
from creditcalc.intake.grid import Grid, plain
from creditcalc.intake.limits import beyond_limits
from creditcalc.intake.read_files import LARGEST_FILE, data_files, read_grids
from creditcalc.intake.table import Block, names_of
from creditcalc.problems import InputError, Problem
from creditcalc.rules.rulebook import Readings, Rulebook
from creditcalc.scoring.scorecard import score
from creditcalc.spreadsheet import for_csv

ROWS = 2_000  # scored at once: the long table has a row for each rule
Mapped = Callable[
    [Callable[[Path], pd.DataFrame], list[Path]], Iterator[pd.DataFrame]
]  # as map does, of tables
Who = tuple[str, str, str]  # city, jurisdiction, period


class Read(NamedTuple):
    """A file's blocks with its own problems, its table, and what is wrong in that."""

    problems: list[Problem]
    blocks: list[Block]
    table: pd.DataFrame
    findings: list[Finding]


@dataclass(frozen=True)
class Known:
    """What is known of all files together; ``faulty`` are those with an error, once that is known."""

    cities: frozenset[str] = frozenset()
    doubled: frozenset[Who] = frozenset()
    unsound: frozenset[tuple[str, str]] = frozenset()
    faulty: frozenset[Path] = frozenset()


def partitions(folder: Path) -> list[Path]:
    """The files of a folder whose tables are all Parquet; none of any other."""
    files = data_files(folder)[0] if folder.is_dir() else []
    return files if all(file.suffix.lower() == ".parquet" for file in files) else []


def score_partitions(
    folder: Path,
    book: Rulebook,
    readings: Readings,
    outputs: Mapping[str, Path],
    mapped: Mapped = map,
) -> list[Problem]:
    """Score a folder of Parquet files into ``outputs`` (``items`` and ``totals``) and give all
    problems.

    ``mapped`` makes a table of each file, in order. A jurisdiction with an error in any file is in
    no result. Raises InputError where there is no row that can be scored, or more than an Excel
    sheet holds.
    """
    files, problems = data_files(folder)
    known = _known(files, book, mapped)
    faulty = set()
    for file, found in zip(
        files, mapped(partial(_problems, book=book, known=known), files), strict=True
    ):
        problems.extend(found["problem"])
        if any(problem.severity == "error" for problem in found["problem"]):
            faulty.add(file)
    checked = Checked(pd.DataFrame(), problems)
    known = replace(known, unsound=frozenset(checked.unsound), faulty=frozenset(faulty))
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(sink(path)) for name, path in outputs.items()}
        rows = 0
        for blocks in mapped(
            partial(_scored, names=tuple(sinks), book=book, readings=readings, known=known), files
        ):
            for name, write in sinks.items():
                rows += sum(map(write, blocks[name]))
        if not rows:
            raise InputError(checked.errors or [Problem("表中没有数据行", file=str(folder))])
    return problems


def check_size(files: list[Path], book: Rulebook, outputs: Mapping[str, Path]) -> None:
    """Raise InputError for an Excel file that could not hold the results."""
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    long = {"items": rows * len(book.rules), "totals": rows}
    problems = [
        Problem(
            f"结果约 {long[name]:,} 行，一张 Excel 工作表放不下", path.name, "改用 .parquet 或 .csv"
        )
        for name, path in outputs.items()
        if path.suffix.lower() == ".xlsx" and long[name] >= EXCEL_ROWS
    ]
    if problems:
        raise InputError(problems)


def _known(files: list[Path], book: Rulebook, mapped: Mapped) -> Known:
    """What all files' names tell together."""
    cities: set[str] = set()
    hashes = [np.array([], dtype=np.uint64)]
    for names in mapped(partial(_names, book=book), files):
        cities.update(names["city"].cat.categories)
        hashes.append(names["hash"].dropna().to_numpy(np.uint64))
    known, every = Known(frozenset(cities - {""})), np.sort(np.concatenate(hashes))
    suspect = np.unique(every[1:][every[1:] == every[:-1]])
    if not len(suspect):
        return known
    number: Counter[Who] = Counter()
    for found in mapped(partial(_suspects, book=book, known=known, hashes=suspect), files):
        number.update(found.itertuples(index=False, name=None))
    return replace(known, doubled=frozenset(who for who, n in number.items() if n > 1))


def _names(file: Path, book: Rulebook) -> pd.DataFrame:
    """City of each row of a file, and a hash of jurisdiction and period where there are both."""
    table = read(file, book, keys_only=True).table
    return pd.DataFrame(
        {"city": table["city"].astype("category"), "hash": _hashes(table)}, index=table.index
    )


def _suspects(file: Path, book: Rulebook, known: Known, hashes: NDArray[np.uint64]) -> pd.DataFrame:
    """Who stands in the rows of a file that have one of these hashes."""
    table = read(file, book, known, keys_only=True).table
    found: pd.DataFrame = table.loc[_hashes(table).isin(hashes), IDENTITY]
    return found


def _hashes(table: pd.DataFrame) -> pd.Series:
    """A hash of jurisdiction and period for each row that has both."""
    named = table.loc[
        (table["jurisdiction"] != "") & (table["period"] != ""), ["jurisdiction", "period"]
    ]
    return pd.util.hash_pandas_object(named, index=False).astype("UInt64").reindex(table.index)


def _problems(file: Path, book: Rulebook, known: Known) -> pd.DataFrame:
    """A file's problems, one to a row."""
    return pd.DataFrame({"problem": check_partition(file, book, known).problems}, dtype=object)


def check_partition(file: Path, book: Rulebook, known: Known) -> Checked:
    """What ``check_inputs`` gives of a file, as a part of the whole."""
    problems, blocks, table, findings = read(file, book, known)
    findings = findings + doubled(table) + beyond_limits(table, book)
    if known.doubled:
        found = {finding.row for finding in findings if finding[2:4] == DOUBLED}
        people = enumerate(table[IDENTITY].itertuples(index=False, name=None))
        findings += [
            Finding(n, "jurisdiction", *DOUBLED)
            for n, who in people
            if who in known.doubled and n not in found
        ]
    return Checked(
        placed(without_faults(table, findings)), problems + told(blocks, table, findings)
    )


def _scored(
    file: Path, names: tuple[str, ...], book: Rulebook, readings: Readings, known: Known
) -> pd.DataFrame:
    """The results of a file's sound rows: for every so many of them a row of Arrow tables, one for
    each of ``names``.
    """
    table = (check_partition if file in known.faulty else read)(file, book, known).table
    owners = zip(table["city"], table["jurisdiction"], strict=True)
    table = table[[not is_unsound(known.unsound, city, name) for city, name in owners]]
    starts = range(0, len(table), ROWS)
    blocks = pd.DataFrame(index=range(len(starts)), columns=list(names), dtype=object)
    for n, start in enumerate(starts):
        card = score(table[start : start + ROWS], book, readings)
        for name in names:
            blocks.at[n, name] = pa.Table.from_pandas(getattr(card, name)(), preserve_index=False)
    return blocks


def read(file: Path, book: Rulebook, known: Known | None = None, keys_only: bool = False) -> Read:
    """A file's cells: whole columns at once where their types allow, one by one otherwise."""
    cities = known.cities if known else ()
    try:
        quick = _columns(file, book, keys_only) if file.stat().st_size <= LARGEST_FILE else None
    except (OSError, pa.ArrowException):
        quick = None  # the slow way tells what is wrong
    if quick:
        return Read([], [quick[0]], quick[1], settle_cities(quick[1], cities))
    grids, problems = read_grids(file)
    blocks = read_blocks(grids, book)
    return Read(problems, blocks, *parsed(blocks, book, cities))


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


@contextmanager
def sink(path: Path) -> Iterator[Callable[[pa.Table], int]]:
    """Something that appends a table to a CSV or Parquet file, which is there at the end, and tells
    how many rows it had.
    """
    writer: pq.ParquetWriter | None = None
    with replacing(path) as file, ExitStack() as stack:

        def append(table: pa.Table) -> int:
            nonlocal writer
            if path.suffix.lower() == ".csv":
                first = not file.tell()
                encoding = "utf-8-sig" if first else "utf-8"
                frame = for_csv(table.to_pandas())
                frame.to_csv(
                    file, header=first, index=False, encoding=encoding, lineterminator="\n"
                )
            else:
                writer = writer or stack.enter_context(pq.ParquetWriter(file, table.schema))
                writer.write_table(table)
            return len(table)

        yield append
