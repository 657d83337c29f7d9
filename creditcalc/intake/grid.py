"""The cells of a file or sheet, whatever format they come from, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from creditcalc.problems import InputError, Problem

HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
SAVE_AS = "另存为 .xlsx 或 .csv（UTF-8）再读"

Row = Sequence[object]


@dataclass(frozen=True)
class Covered:
    """A cell that a merged range hides, by the range's name."""

    name: str

    def __str__(self) -> str:
        return f"合并单元格 {self.name}"


class Uncomputed(str):
    """A formula in a workbook whose value was never computed; elsewhere a text that begins with =
    is only a text.
    """


@dataclass(frozen=True)
class Grid:
    """The cells of one file or sheet; ``first`` is the number that users see on its first row."""

    file: str
    sheet: str
    rows: list[Row]
    first: int = 1

    @cached_property
    def filled(self) -> list[int]:
        """The indices of the rows that say something."""
        return [n for n, row in enumerate(self.rows) if is_filled(row)]

    def problem(
        self,
        what: str,
        value: object = "",
        cure: str = "",
        *,
        row: int | None = None,
        column: str = "",
        severity: str = "error",
    ) -> Problem:
        """A fault of this grid, at the index ``row`` of its rows."""
        return Problem(
            what,
            str(value),
            cure,
            file=self.file,
            sheet=self.sheet,
            row=None if row is None else row + self.first,
            column=column,
            severity=severity,
        )


def plain(text: str) -> str:
    """Text without blanks around it, and with the full-width forms of ASCII as ASCII.

    Unicode's own folding (NFKC) goes too far: it makes 102 of 10².

    >>> plain("　县（区） "), plain("１，２３４")
    ('县(区)', '1,234')
    """
    return text.translate(HALF_WIDTH).strip()


def blank(cell: object) -> bool:
    """Whether a cell says nothing: empty, white space or not a number.

    >>> blank(None), blank("　"), blank(float("nan")), blank(0)
    (True, True, True, False)
    """
    return not cell.strip() if isinstance(cell, str) else cell is None or cell != cell


def is_filled(row: Row) -> bool:
    """Whether any cell of a row says something."""
    return not all(map(blank, row))


def cell_at(row: Row, at: int) -> object:
    """A cell of a row that may be shorter than others."""
    return row[at] if at < len(row) else None


def refusal(
    path: Path, what: str, value: str = "", cure: str = SAVE_AS, row: int | None = None
) -> InputError:
    """The error of a file that gives nothing at all."""
    return InputError([Problem(what, value, cure, file=str(path), row=row, unplaced=True)])
