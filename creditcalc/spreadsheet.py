"""Texts that a spreadsheet would compute: marked in a CSV file, plain again when it is read.

A CSV file has no cell types: what begins with = + - @ may be taken for a formula, quoted or not.
The mark is an apostrophe in front, by which Excel, WPS and LibreOffice leave the cell a text.
"""

from __future__ import annotations

import re

import pandas as pd

# OWASP's list for CSV files, and other forms of its signs that an Excel of East Asia may take so.
# Blanks before a sign do not protect: spreadsheets drop them.
BLANKS = r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*"
COMPUTED = rf"(?:[\t\r\n]|{BLANKS}[=+\-@＝＋－＠﹦﹢﹣﹫−])"
BARE, MARKED, EITHER = (re.compile(marks + COMPUTED) for marks in ("", "'+", "'*"))


def computed(text: str) -> bool:
    """Whether a spreadsheet may take a text for something to compute.

    >>> computed("+1+cmd|' /C calc'!A0"), computed("　＝1"), computed("-5"), computed("范县")
    (True, True, True, False)
    """
    return BARE.match(text) is not None


def marked(text: str) -> str:
    """A text as it stands in a CSV file.

    One that looks marked already is marked once more, so that every text is read as it was.

    >>> marked("=1+2"), marked("'=1+2"), marked("'甲'")
    ("'=1+2", "''=1+2", "'甲'")
    """
    return f"'{text}" if EITHER.match(text) else text


def unmarked(text: str) -> str:
    """A text that stands in a CSV file as it was before it was marked.

    >>> unmarked("'=1+2"), unmarked("''=1+2"), unmarked("'甲'")
    ('=1+2', "'=1+2", "'甲'")
    """
    return text[1:] if MARKED.match(text) else text


def for_csv(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with its texts and headers marked; numbers stay numbers."""
    texts = frame.columns[[not pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]]
    return frame.assign(**{name: _marked(frame[name]) for name in texts}).rename(columns=marked)


def _marked(column: pd.Series) -> pd.Series:
    """A column with its texts marked, each of which is looked at once."""
    texts = (text for text in column.unique() if isinstance(text, str))
    marks = {text: marked(text) for text in texts if EITHER.match(text)}
    return column.astype(object).map(lambda cell: marks.get(cell, cell)) if marks else column
