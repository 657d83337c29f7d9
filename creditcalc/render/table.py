"""A data frame as a table for people: caption, unit, source, units and states that a reader sees at
once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from creditcalc.exact import round_half_up
from creditcalc.render.display import Shown, badge, escape, safe_href
from creditcalc.render.theme import HEAT, STATED

# Half characters: up to the first a cell never breaks, from the second on its column is kept wide.
SHORT_TEXT, LONG_TEXT = 12, 36
YEAR_RANGE = 1900, 2100  # whole numbers that are all within are written without a separator
MOST_DIGITS = 6  # after the point of a number that nobody said how to show
HALF = "\u2e7f"  # the last character before the Chinese ones, which are twice as broad
RUN = re.compile(
    r"[^\s\u4e00-\u9fff]{25}"
)  # longer than any word or number of ours: only such a run may break anywhere
# In print, ems: what a sheet of paper has room for, what a cell's blanks and a badge take, the
# narrowest columns of media.css.
ROOM, PADDING, BADGE = 58.0, 0.9, 1.1
NARROWEST = {"long": 8.0, "short": 3.0, "": 4.5}


@dataclass(frozen=True)
class Column:
    """How one column is shown.

    ``tone``, ``link`` and ``word`` name columns of the frame that hold each cell's tone (good,
    warn, bad, none), its link target, and what stands there instead of ``missing`` where there is
    no value; ``full`` is what a full bar or the darkest shade stands for: a number, a column's
    name, or by default the largest value.
    """

    label: str = ""
    kind: Literal["text", "number", "percent", "status"] = "text"
    digits: int = 2
    missing: str = "—"
    tone: str = ""
    link: str = ""
    word: str = ""
    shade: Literal["", "bar", "heat"] = ""
    full: float | str | None = None


@dataclass(frozen=True, repr=False, eq=False)
class Table(Shown):
    """A frame's rows under a title, with unit and source; the first column shown names the row.

    Without ``title`` it has no caption. Without ``columns`` every column of the frame is shown;
    with them, those named, in their order.
    ``row_ids`` names the column that holds each row's id, so that a link can lead to it; ``total``
    sets the last row apart; ``dense`` keeps many narrow columns together.
    """

    frame: pd.DataFrame
    title: str
    unit: str = ""
    source: str = ""
    columns: Mapping[str, Column] | None = None
    row_ids: str = ""
    total: bool = False
    dense: bool = False

    def html(self) -> str:
        """The table in a region that scrolls by itself, and its source below."""
        columns = self.columns or {str(name): guessed(self.frame[name]) for name in self.frame}
        cells = [_Cells(self.frame, name, column) for name, column in columns.items()]
        least = sum(column.least for column in cells)
        layout = (
            []
            if self.dense
            else [f"{word}-{n}" for n, c in enumerate(cells[:STATED], 1) for word in c.layout]
        )
        for column in cells if self.dense else cells[:STATED]:
            column.layout = ()
        unit = f'<span class="unit">单位：{escape(self.unit)}</span>' if self.unit else ""
        source = f'<p class="source">来源：{escape(self.source)}</p>' if self.source else ""
        caption = (
            f"<caption><span>{escape(self.title)}{unit}</span></caption>" if self.title else ""
        )
        name = self.title or "、".join(cell.label for cell in cells)
        wide = "wide" if least > ROOM else ""  # for which a page is turned on its side
        dense = "dense" if self.dense else ""
        return (
            f"<div{_class('sheet', wide, dense)}>"
            f'<div class="table-wrap" tabindex="0" role="region" aria-label="表：{escape(name)}">'
            f"<table{_class(*layout)}>"
            f"{caption}<thead><tr>{''.join(column.heading() for column in cells)}</tr></thead>"
            f"<tbody>{self._rows(cells)}</tbody></table></div>{source}</div>"
        )

    def _rows(self, cells: list[_Cells]) -> str:
        """All rows, or one that says that there is none."""
        rows = "".join(self._row(cells, row) for row in range(len(self.frame)))
        return rows or f'<tr><td class="missing" colspan="{len(cells)}">没有记录</td></tr>'

    def _row(self, cells: list[_Cells], row: int) -> str:
        mark = f' id="{escape(self.frame[self.row_ids].iloc[row])}"' if self.row_ids else ""
        kind = ' class="total"' if self.total and row == len(self.frame) - 1 else ""
        first, *others = cells
        rest = "".join(column.cell(row, "td") for column in others)
        return f"<tr{mark}{kind}>{first.cell(row, 'th')}{rest}</tr>"


class _Cells:
    """One column's cells as HTML."""

    def __init__(self, frame: pd.DataFrame, name: str, column: Column) -> None:
        self.frame, self.column = frame, column
        self.label = column.label or name
        self.values = frame[name].tolist()
        absent = [word or column.missing for word in self._others(column.word)]
        self.texts = [
            word if pd.isna(value) else text(value, column)
            for value, word in zip(self.values, absent, strict=True)
        ]
        self.tones, self.targets = self._others(column.tone), self._others(column.link)
        breadth = {"text": _breadth(self.texts), "status": ("short",)}.get(column.kind, ())
        self.layout = ("num", *breadth) if column.kind in ("number", "percent") else breadth
        self.shares = self._shares() if column.shade else []

    @property
    def least(self) -> float:
        """The ems that the column takes in print at least."""
        narrow = self.column.kind in ("number", "percent") or "short" in self.layout
        kind = "long" if "long" in self.layout else "short" if narrow else ""
        unbroken = [
            length / 2 for length in map(_halves, [self.label, *self.texts]) if length <= SHORT_TEXT
        ]
        badge = BADGE if any(self.tones) else 0.0
        return max(NARROWEST[kind], *unbroken, 0) + badge + PADDING

    def heading(self) -> str:
        """The column's header cell."""
        number = "num" if "num" in self.layout else ""
        broad = "" if _breadth([self.label]) == ("short",) else "broad"
        return f'<th scope="col"{_class(number, broad)}>{escape(self.label)}</th>'

    def cell(self, row: int, tag: str) -> str:
        """One cell, as the row's header (``th``) or as data (``td``)."""
        missing = pd.isna(self.values[row])
        shade, style = ("", "") if missing or not self.shares else self._shade(self.shares[row])
        names = _class(*self.layout, "missing" if missing else "", shade)
        scope = ' scope="row"' if tag == "th" else ""
        return f"<{tag}{scope}{names}{style}>{self._content(row)}</{tag}>"

    def _content(self, row: int) -> str:
        """The cell's text, with its tone and link."""
        tone, word, target = self.tones[row], self.texts[row], self.targets[row]
        state = tone or self.column.kind == "status" or pd.isna(self.values[row])
        content = badge(word, tone) if state else escape(word)
        return f'<a href="{escape(safe_href(target))}">{content}</a>' if target else content

    def _others(self, name: str) -> list[str]:
        """What another column of the frame says about each cell, empty where it says nothing."""
        values = self.frame[name] if name else [None] * len(self.values)
        return ["" if pd.isna(value) else str(value) for value in values]

    def _shares(self) -> list[float]:
        """Each value as a share of what is full, between 0 and 1."""
        values = pd.to_numeric(pd.Series(self.values), errors="coerce").to_numpy(dtype=float)
        full = self.column.full
        whole = (
            self.frame[full].to_numpy(dtype=float)
            if isinstance(full, str)
            else full or np.nanmax([*values, 0.0])
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.nan_to_num(np.clip(values / whole, 0, 1))
        return [float(share) for share in shares]

    def _shade(self, share: float) -> tuple[str, str]:
        """Class and style of a bar or of a shaded cell; the least is left plain."""
        if self.column.shade == "bar":
            return ("bar", f' style="--share:{share:.3f}"') if share else ("", "")
        step = min(int(share * len(HEAT)), len(HEAT) - 1)
        return f"heat-{step}" if step else "", ""


def text(value: object, column: Column) -> str:
    """One value that is present, as a reader writes it.

    >>> text(1234.565, Column(kind="number")), text(0.285, Column(kind="percent", digits=0))
    ('1,234.57', '29%')
    >>> text(True, Column())
    '是'
    """
    if isinstance(value, bool | np.bool_):
        return "是" if value else "否"
    if column.kind == "text" or not isinstance(value, int | float | np.number):
        return str(value)
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    scale, sign = (100, "%") if column.kind == "percent" else (1, "")
    number = round_half_up(np.array([value], dtype=float) * scale, column.digits)[0]
    return f"{number:,.{column.digits}f}{sign}"


def guessed(values: pd.Series, label: str = "") -> Column:
    """How a column is shown when nobody said it: by its type, with as many digits as its smallest
    value needs, years as they are written.

    >>> [guessed(pd.Series(values)).digits for values in ([1, 2], [0.5], [0.0004, 2])]
    [0, 2, 4]
    """
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return Column(label)
    if pd.api.types.is_integer_dtype(values):
        years = len(values) > 0 and bool(values.between(*YEAR_RANGE).all())
        return Column(label) if years else Column(label, "number", 0)
    sizes = values.astype(float).abs()
    least = sizes[sizes > 0].min()
    return Column(
        label, "number", 2 if not least < 0.01 else min(MOST_DIGITS, -math.floor(math.log10(least)))
    )


def _breadth(texts: list[str]) -> tuple[str, ...]:
    """The classes that keep a column from being squeezed to one character, or its cells from being
    broken at all.
    """
    longest = max(map(_halves, texts), default=0)
    if longest <= SHORT_TEXT:
        return ("short",)
    kinds = ["long"] if longest >= LONG_TEXT else []
    if any(RUN.search(text) for text in texts):
        kinds.append("run")
    return tuple(kinds)


def _halves(text: str) -> int:
    """A text's length in half characters."""
    return sum(1 + (char > HALF) for char in text)


def _class(*names: str) -> str:
    """A class attribute, where there is something to say."""
    given = " ".join(filter(None, names))
    return f' class="{given}"' if given else ""
