"""Tables as files: CSV, Parquet, and Excel workbooks in which every text is text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from creditcalc import words
from creditcalc.files import fixed_time, replacing
from creditcalc.problems import InputError, Problem
from creditcalc.render.terminal import width
from creditcalc.spreadsheet import computed, for_csv

CORE, SAVED = "docProps/core.xml", re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
NARROWEST_COLUMN, WIDEST = 8, 44  # characters
A4 = 9  # as Excel numbers paper
LINE_HEIGHT = 15  # points that a line of text is high
LONGEST_CELL = 32_767  # characters of a cell
# rows: a longer sheet is not printed, and a style for each of its cells costs more than all else
STYLED = 5000
SAMPLED = 200  # rows that decide how wide a column is
Sheets = Mapping[str, pd.DataFrame]


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame in the format that the file's ending names: .csv, .parquet or .xlsx."""
    write_tables({path: frame})


def write_tables(files: Mapping[Path, pd.DataFrame | Sheets]) -> None:
    """Write each file's frame as its ending says, or its sheets as a workbook: all or none."""
    contents = {path: _content(path, table) for path, table in files.items()}
    with ExitStack() as stack:
        for path, content in contents.items():
            file = stack.enter_context(replacing(path))
            if isinstance(content, bytes):
                file.write(content)
            elif path.suffix.lower() == ".csv":
                _save_csv(file, for_csv(content))
            else:
                content.to_parquet(file, index=False)


def _content(path: Path, table: pd.DataFrame | Sheets) -> pd.DataFrame | bytes:
    """A table as it is, or a workbook of it; InputError where a cell has no room for a text."""
    if not isinstance(table, pd.DataFrame):
        return workbook(table)
    if path.suffix.lower() != ".xlsx":
        return table
    texts = (value for name in table for value in table[name] if isinstance(value, str))
    if any(len(text) > LONGEST_CELL for text in texts):
        what = f"有超过 {LONGEST_CELL:,} 个字的内容，Excel 的一格放不下"
        raise InputError([Problem(what, "", "写成 .csv", file=str(path))])
    return workbook({"Sheet1": table})


def _save_csv(file: BinaryIO, frame: pd.DataFrame) -> None:
    """Write a CSV file that Excel opens; csv does not quote a carriage return by itself."""
    texts = frame.select_dtypes(include=["object", "string"]).astype("string")
    cells = (texts[name].str.contains("\r", regex=False).any() for name in texts)
    broken = any("\r" in str(name) for name in frame) or any(cells)
    quoting: Literal[0, 2] = 2 if broken else 0  # csv.QUOTE_NONNUMERIC, csv.QUOTE_MINIMAL
    frame.to_csv(file, index=False, encoding="utf-8-sig", lineterminator="\n", quoting=quoting)


def problem_frame(problems: Iterable[Problem]) -> pd.DataFrame:
    """Problems as a table, one line each, with headers for people."""
    headers = ["性质", *words.WHO.values(), "文件", "工作表", "行", "列", "问题", "值", "怎么办"]
    rows = [
        (
            words.SEVERITY[p.severity],
            p.jurisdiction,
            p.city,
            p.period,
            p.file,
            p.sheet,
            p.row,
            p.column,
            p.what,
            p.value,
            p.cure,
        )
        for p in problems
    ]
    return pd.DataFrame(rows, columns=headers)


def write_workbook(path: Path, sheets: Sheets, title: str = "") -> None:
    """Write ``workbook`` to a file."""
    content = workbook(sheets, title)
    with replacing(path) as file:
        file.write(content)


def workbook(sheets: Sheets, title: str = "") -> bytes:
    """An Excel file with each frame on a sheet of its own: a header that stays in view, A4
    landscape, as wide as the page.

    With a ``title`` each sheet begins with it, beside the sheet's name, and is fit to be handed in.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    line = Side(style="thin", color="BFBFBF")
    border, wrapped = Border(line, line, line, line), Alignment(vertical="top", wrap_text=True)
    book = Workbook(write_only=True)
    for name, frame in sheets.items():
        sheet = book.create_sheet(name)
        _set_up_printing(sheet, header=2 if title else 1)
        widths = [_width([column, *frame[column].iloc[:SAMPLED]]) for column in frame.columns]
        for n, breadth in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(n)].width = breadth
        if title:
            sheet.append(_stamp(sheet, font=Font(bold=True, size=14))([f"{title}　{name}"]))
        sheet.append(
            _stamp(sheet, font=Font(bold=True), border=border, alignment=wrapped)(frame.columns)
        )
        style = {"border": border, "alignment": wrapped} if len(frame) <= STYLED else {}
        stamp = _stamp(sheet, **style)
        for n, row in enumerate(frame.itertuples(index=False, name=None), 3 if title else 2):
            if style:
                sheet.row_dimensions[n].height = LINE_HEIGHT * _lines(row, widths)
            sheet.append(stamp(row))
    content = BytesIO()  # a place where there is no room would leave openpyxl with its files open
    book.save(content)
    moment = fixed_time()
    return _dated(content, moment) if moment else content.getvalue()


def _dated(content: BytesIO, moment: datetime) -> bytes:
    """A workbook as if it had been saved at a moment: openpyxl writes the time of day into it and
    into its archive.
    """
    again = BytesIO()
    with ZipFile(content) as parts, ZipFile(again, "w") as archive:
        for name in parts.namelist():
            part = parts.read(name)
            if name == CORE:
                part = SAVED.sub(f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode(), part)
            archive.writestr(ZipInfo(name), part, ZIP_DEFLATED)
    return again.getvalue()


def _set_up_printing(sheet: Any, header: int) -> None:
    """A4, landscape, one page wide, the header on every page, pages numbered."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.freeze_panes = f"A{header + 1}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr = (
        0,
        PageSetupProperties(fitToPage=True),
    )
    sheet.print_title_rows = f"1:{header}"
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"


def _stamp(sheet: Any, **style: Any) -> Callable[[Iterable[object]], list[Any]]:
    """What makes the cells of one row after the other, styled once for all of them: missing ones
    empty, texts as texts.

    A sheet that is only written has done with a row's cells as soon as it is appended; new cells
    with a style of their own would cost more than all else.
    """
    from openpyxl.cell import WriteOnlyCell

    made: dict[tuple[int, str, bool], Any] = {}

    def cell(at: int, number_format: str, quoted: bool) -> Any:
        new = WriteOnlyCell(sheet)
        for name, value in {**style, "number_format": number_format, "quotePrefix": quoted}.items():
            setattr(new, name, value)
        return made.setdefault((at, number_format, quoted), new)

    def row(values: Iterable[object]) -> list[Any]:
        cells = []
        for at, value in enumerate(map(_storable, values)):
            text = isinstance(value, str)
            number_format = "0.00##" if isinstance(value, float) else "General"
            kind = at, number_format, text and computed(str(value))
            cells.append(made.get(kind) or cell(*kind))
            cells[-1].value = value
            if text:
                cells[-1].data_type = "s"  # never a formula
        return cells

    return row


def _storable(value: Any) -> object:
    """A value as a cell can hold it."""
    if isinstance(value, float) and math.isinf(value):
        return str(value)  # openpyxl would leave the cell empty
    if not isinstance(value, str):
        return None if pd.isna(value) else value
    text = ILLEGAL.sub("\ufffd", value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def _lines(row: Iterable[object], widths: Iterable[float]) -> int:
    """How many lines a row of wrapped texts takes: not every program works it out by itself."""
    texts = (
        (value, room) for value, room in zip(row, widths, strict=True) if isinstance(value, str)
    )
    return (
        max(
            (-(-width(text) // (int(room) - 3)) + text.count("\n") for text, room in texts),
            default=1,
        )
        or 1
    )


def _width(values: list[object]) -> int:
    """How wide a column is that shows most of its values whole."""
    return min(max(NARROWEST_COLUMN, *(width(str(value)) + 2 for value in values)), WIDEST)
