"""A table's columns as arrays, for all of its rows or a piece of them that stays in the processor's
cache.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from creditcalc.exact import Array
from creditcalc.problems import InputError, Problem, nearest, shown
from creditcalc.rules.rulebook import Rulebook

LEVELS = ("county", "city", "direct")
FEW = 1_000  # rows
PIECE = 40_000  # rows: 320 kB of a column


class Columns:
    """A table's columns as arrays, of all rows or of a piece of them; one that is absent is missing
    in every row.
    """

    def __init__(self, table: pd.DataFrame, book: Rulebook) -> None:
        self.book, self.rows = book, slice(0, len(table))
        self._table = table.set_axis(
            table.columns.astype(object), axis=1
        )  # names in Arrow are looked up half as fast
        self._arrays = dict[str, NDArray[Any]]()
        self._codes = dict[str, NDArray[np.intp]]()
        if len(table) <= FEW:  # cheaper to copy than to look at column by column
            floats = table.select_dtypes("float64")
            self._arrays.update(zip(floats.columns, floats.to_numpy().T, strict=True))

    def __len__(self) -> int:
        return self.rows.stop - self.rows.start

    def pieces(self) -> Iterator[Columns]:
        """The same columns piece by piece."""
        for rows in pieces(len(self._table)):
            piece = copy.copy(self)
            piece.rows = rows
            yield piece

    def only(self, at: int) -> Columns:
        """The same columns for the row at a position."""
        one = copy.copy(self)
        one.rows = slice(at, at + 1)
        return one

    def number(self, name: str) -> Array:
        """An input as float64, NaN where it is missing; InputError where it holds text."""
        if name not in self._arrays:
            self._arrays[name] = self._numbers(name)
        numbers = np.ascontiguousarray(self._arrays[name][self.rows], dtype=float)
        infinite = np.isinf(numbers)
        if np.count_nonzero(infinite):
            raise _not_a_number(name, numbers[infinite][0])
        return numbers

    def _numbers(self, name: str) -> NDArray[Any]:
        if name not in self._table:
            return np.broadcast_to(np.nan, len(self._table))
        column = self._table[name]
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
            return column.to_numpy()
        try:
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):
            numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        bad = column[column.notna().to_numpy() & (np.isnan(numbers) | (column.dtype.kind in "mM"))]
        if len(bad):
            raise _not_a_number(name, bad.iloc[0])
        return numbers

    def is_class(self, name: str, classes: tuple[str, ...]) -> Array:
        """Whether a class input is one of ``classes``: yes, no or missing."""
        if name not in self._table:
            return np.full(len(self), np.nan)
        known = self.book.inputs[name].classes
        if name not in self._codes:
            codes, words = pd.factorize(self._table[name])
            for word in words:
                if word not in known:
                    cure = nearest(str(word), known) or f"可选：{'、'.join(known)}"
                    raise InputError([Problem("没有这个类别", shown(word), cure, column=name)])
            self._codes[name] = np.array([*(list(known).index(word) for word in words), -1])[codes]
        truth = np.array([*(float(word in classes) for word in known), np.nan])
        return np.take(truth, self._codes[name][self.rows])

    def is_level(self, level: str) -> Array:
        """Whether a row is a county's or a city's."""
        if "level" not in self._codes:
            self._codes["level"] = levels(self._table)
        there: NDArray[np.bool_] = self._codes["level"][self.rows] == LEVELS.index(level)
        return there.astype(float)


def pieces(rows: int) -> Iterator[slice]:
    """So many rows in pieces that stay in the cache; no result depends on where they are cut."""
    np.empty(
        50 * PIECE
        # once as much has been freed, glibc keeps the memory of temporaries and does not map each
        # anew
    )
    for start in range(0, rows, PIECE):
        yield slice(start, min(start + PIECE, rows))


def summed(values: Array, rules: list[int]) -> Array:
    """The sum over rules per row, in the rules' order, undecided ones left out."""
    total = np.zeros(values.shape[1])
    for rows in pieces(len(total)):
        for n in rules:
            part = values[n, rows]
            undecided = np.isnan(part)
            total[rows] += np.where(undecided, 0.0, part) if undecided.any() else part
    return total


def levels(table: pd.DataFrame) -> NDArray[np.intp]:
    """Each row's place in ``LEVELS``; a blank is a county."""
    if "level" not in table:
        return np.zeros(len(table), dtype=np.intp)
    codes, words = pd.factorize(table["level"])
    for word in words:
        if word not in ("", *LEVELS):
            raise InputError(
                [Problem("没有这个级别", shown(word), f"可选：{'、'.join(LEVELS)}", column="level")]
            )
    return np.array([*(LEVELS.index(word or "county") for word in words), 0])[codes]


def _not_a_number(name: str, value: object) -> InputError:
    return InputError(
        [
            Problem(
                "不是数",
                shown(value),
                "先用 read_inputs 读入，或把文字换成数（是为 1，否为 0）",
                column=name,
            )
        ]
    )
