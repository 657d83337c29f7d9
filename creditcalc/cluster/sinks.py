"""Where results go that are too many to hold: files that grow table by table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from creditcalc.files import replacing
from creditcalc.intake.excel_file import EXCEL_ROWS
from creditcalc.problems import InputError, Problem
from creditcalc.rules.rulebook import Rulebook
from creditcalc.spreadsheet import for_csv


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
