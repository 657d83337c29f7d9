"""Tables as files: CSV, Parquet, and Excel workbooks in which every text is text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from creditcalc.files import replacing
from creditcalc.terminal import width

FORMULA = ("=", "+", "-", "@", "\t")  # what Excel may take for the beginning of a formula
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
NARROWEST, WIDEST = 8, 60  # characters
SAMPLED = 200  # rows that decide how wide a column is


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame in the format that the file's ending names: .csv, .parquet or .xlsx."""
    if path.suffix.lower() == ".xlsx":
        return write_workbook(path, {"Sheet1": frame})
    with replacing(path) as temporary:
        if path.suffix.lower() == ".csv":
            frame.to_csv(temporary, index=False, encoding="utf-8-sig", lineterminator="\n")
        else:
            frame.to_parquet(temporary, index=False)
    return None


def write_workbook(path: Path, sheets: Mapping[str, pd.DataFrame]) -> None:
    """Write each frame to a sheet of its own, its column names as a header that stays in view."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    workbook = Workbook(write_only=True)
    for title, frame in sheets.items():
        sheet = workbook.create_sheet(title)
        sheet.freeze_panes = "A2"
        for n, name in enumerate(frame.columns, 1):
            sheet.column_dimensions[get_column_letter(n)].width = _width([name, *frame[name].iloc[:SAMPLED]])
        header = list(_cells(sheet, frame.columns))
        for cell in header:
            cell.font = Font(bold=True)
        sheet.append(header)
        for row in frame.itertuples(index=False, name=None):
            sheet.append(list(_cells(sheet, row)))
    with replacing(path) as temporary:
        workbook.save(temporary)


def _cells(sheet: Any, values: Any) -> Iterator[Any]:
    """Cells of a row: missing ones empty, text marked as text and never as a formula."""
    from openpyxl.cell import WriteOnlyCell

    for value in values:
        text = ILLEGAL.sub("\ufffd", value) if isinstance(value, str) else None
        cell = WriteOnlyCell(sheet, None if pd.isna(value) else value if text is None else text)
        if text is not None:
            cell.data_type = "s"
            cell.quotePrefix = text.startswith(FORMULA)
        elif isinstance(value, float):
            cell.number_format = "0.00##"
        yield cell


def _width(values: list[object]) -> int:
    """How wide a column is that shows most of its values whole."""
    return min(max(NARROWEST, *(width(str(value)) + 2 for value in values)), WIDEST)
