"""An Excel workbook → a grid for each sheet: values as their user sees them, formulas that were
never computed, merged cells; nothing that unpacks to more than a machine holds.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from creditcalc.intake.grid import Covered, Grid, Row, Uncomputed, blank, refusal
from creditcalc.intake.number_format import as_seen

EXCEL_ROWS = 1_048_576
LARGEST_UNPACKED = 192 << 20  # bytes: no year's data of a province comes near
UNPACKED_AT_ONCE = 1 << 20  # bytes
# Of a worksheet, which takes a minute to read; a larger table is better a CSV or Parquet file.
MOST_ROWS, MOST_CELLS = 200_000, 2_000_000
FORMATTED = "多半是整行整列设了格式：把数据复制到新的工作簿；真有这么多数据就存成 CSV 再读"
TAGS = re.compile(rb"<(?:\w+:)?(row|c)[\s/>]")
ROW_NUMBER = re.compile(rb'<(?:\w+:)?row\s[^<>]*?\br="([0-9]+)"')
MERGED_RANGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^<>]*\bref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')


def read_xlsx(path: Path, content: bytes) -> Iterator[Grid]:
    """Every sheet's cells: formulas beside their computed values, since neither reading of openpyxl
    shows both.
    """
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
            raise refusal(path, f"解压后超过 {LARGEST_UNPACKED >> 20} MB", cure=FORMATTED)
        for part in archive.namelist():
            tags, last = Counter[bytes](), 0
            for piece in _pieces(archive, part):
                tags.update(TAGS.findall(piece))
                last = max(last, *map(int, ROW_NUMBER.findall(piece)), 0)
            if last > EXCEL_ROWS:
                raise refusal(
                    path,
                    "有一行的行号超过 Excel 的最后一行",
                    f"{last:,}",
                    "在 Excel 中打开，另存一次",
                )
            if (many := tags[b"row"]) > MOST_ROWS:
                raise refusal(path, f"一张工作表超过 {MOST_ROWS:,} 行", f"{many:,} 行", FORMATTED)
            if (many := tags[b"c"]) > MOST_CELLS:
                raise refusal(path, f"一张工作表超过 {MOST_CELLS:,} 格", f"{many:,} 格", FORMATTED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that are not read
        books = [
            load_workbook(io.BytesIO(content), read_only=True, data_only=computed)
            for computed in (True, False)
        ]
        for sheets in zip(*(book.worksheets for book in books), strict=True):
            for sheet in sheets:
                sheet.reset_dimensions()  # other programs write them wrong
            pairs = zip(*(sheet.iter_rows(max_row=EXCEL_ROWS) for sheet in sheets), strict=True)
            rows: list[Row] = [
                [_shown(*cells) for cells in zip(*rows, strict=True)] for rows in pairs
            ]
            _mark_merged(sheets[0], rows)
            yield Grid(str(path), sheets[0].title, rows)


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A part's content, never more of it in memory than a piece: a part that is larger than it says
    ends in an error.
    """
    rest = b""  # a tag that the end of a piece would cut in two
    with archive.open(part) as content:
        while piece := content.read(UNPACKED_AT_ONCE):
            piece = rest + piece
            cut = max(piece.rfind(b"<"), len(piece) - UNPACKED_AT_ONCE)  # no tag of ours is so long
            yield piece[:cut]
            rest = piece[cut:]
    yield rest


def _mark_merged(sheet: Any, rows: list[Any]) -> None:
    """Put a Covered where a merged range hides a cell: blank, it would pass for one that nobody
    filled in.
    """
    from openpyxl.utils import range_boundaries

    with sheet.parent._archive.open(
        sheet._worksheet_path
    ) as part:  # openpyxl does not tell of them when it streams
        ranges = MERGED_RANGE.findall(part.read())
    for name in map(bytes.decode, ranges):
        left, top, right, bottom = range_boundaries(name)
        for n in range(top - 1, min(bottom, len(rows))):
            for j in range(left - 1, min(right, len(rows[n]))):
                if (n, j) != (top - 1, left - 1) and not blank(rows[top - 1][left - 1]):
                    rows[n][j] = Covered(name)


def _shown(computed: Any, typed: Any) -> object:
    """An Excel cell's value as its user sees it, a formula that was never computed as its text."""
    value = computed.value
    if (
        value is None and typed.data_type == "f" and computed.data_type != "str"
    ):  # "str" is a computed empty text
        return Uncomputed(getattr(typed.value, "text", typed.value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return as_seen(value, computed.number_format)
    return value
