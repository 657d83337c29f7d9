"""Scores a folder of Parquet files and writes the results as they come: here one after another, on
a cluster a few at once.

The results and the problems are those of the whole table. What a file cannot know by itself is
found out first, from its names alone: the cities there are, and who stands in several files for the
same period.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from creditcalc.cluster.parquet import read_part
from creditcalc.cluster.sinks import sink
from creditcalc.intake.checked_table import (
    DOUBLED,
    IDENTITY,
    Checked,
    doubled,
    is_unsound,
    placed,
    told,
    without_faults,
)
from creditcalc.intake.faults import Finding
from creditcalc.intake.limits import beyond_limits
from creditcalc.intake.read_files import data_files
from creditcalc.problems import InputError, Problem
from creditcalc.rules.rulebook import Readings, Rulebook
from creditcalc.scoring.scorecard import score

ROWS_AT_ONCE = 2_000  # scored at once: the long table has a row for each rule
Mapped = Callable[
    [Callable[[Path], pd.DataFrame], list[Path]], Iterator[pd.DataFrame]
]  # as map does, of tables
Who = tuple[str, str, str]  # city, jurisdiction, period


@dataclass(frozen=True)
class Known:
    """What is known of all files together; ``faulty`` have an error, once that is known."""

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
    of_files = mapped(partial(_problems, book=book, known=known), files)
    for file, found in zip(files, of_files, strict=True):
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
    table = read_part(file, book, keys_only=True).table
    return pd.DataFrame(
        {"city": table["city"].astype("category"), "hash": _hashes(table)}, index=table.index
    )


def _suspects(file: Path, book: Rulebook, known: Known, hashes: NDArray[np.uint64]) -> pd.DataFrame:
    """Who stands in the rows of a file that have one of these hashes."""
    table = read_part(file, book, known.cities, keys_only=True).table
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
    problems, blocks, table, findings = read_part(file, book, known.cities)
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
    faulty = file in known.faulty
    found = check_partition(file, book, known) if faulty else read_part(file, book, known.cities)
    table = found.table
    owners = table[["city", "jurisdiction"]].itertuples(index=False, name=None)
    table = table[[not is_unsound(known.unsound, city, name) for city, name in owners]]
    starts = range(0, len(table), ROWS_AT_ONCE)
    blocks = pd.DataFrame(index=range(len(starts)), columns=list(names), dtype=object)
    for n, start in enumerate(starts):
        card = score(table[start : start + ROWS_AT_ONCE], book, readings)
        for name in names:
            blocks.at[n, name] = pa.Table.from_pandas(getattr(card, name)(), preserve_index=False)
    return blocks
