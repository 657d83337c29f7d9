"""Why a cell cannot be used, and how it is told: what, the value as it was written, the cure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from creditcalc.intake.grid import Uncomputed, blank
from creditcalc.problems import Problem


class CellFault(NamedTuple):
    """Why a cell cannot be used, and what to do about it."""

    what: str
    cure: str

    def told(
        self, place: Mapping[str, Any], value: str, severity: str = "error", **whose: Any
    ) -> Problem:
        """The fault as a problem at its place, in the words of a Problem."""
        return Problem(self.what, value, self.cure, **place, severity=severity, **whose)


class Finding(NamedTuple):
    """What is wrong or odd in column ``name`` of a table's row ``row``, beside column ``other``."""

    row: int
    name: str
    what: str
    cure: str
    other: str = ""
    severity: str = "error"


Patterns = Iterable[tuple[re.Pattern[str], CellFault]]

COVERED = CellFault("被合并单元格盖住", "取消合并，每格各自填写")
UNREADABLE = [
    (re.compile(r"#[A-Z0-9/_]+[!?]?"), CellFault("是 Excel 的错误值", "改正公式，或直接填值")),
    (re.compile(r"=.*"), CellFault("公式没有算出的值", "在 Excel 中重新计算并保存，或直接填值")),
]
NOT_FILLED = {
    "jurisdiction": CellFault("没有填县区", "填县区名称；合计、说明等不是数据的行请删去"),
    "period": CellFault("没有填期间", "写成 年-月，例如 2021-05"),
}


def fault_in(text: str, patterns: Patterns = UNREADABLE) -> CellFault | None:
    """The first fault whose pattern fits the whole text."""
    return next((fault for pattern, fault in patterns if pattern.fullmatch(text)), None)


def unreadable(cell: object) -> CellFault | None:
    """The fault of an Excel error and of a formula that was never computed, in a column of texts: a
    text that begins with = is only a text there.
    """
    text = str(cell).strip()
    return fault_in(text) if isinstance(cell, Uncomputed) or text.startswith("#") else None


def as_written(cell: object) -> str:
    """A cell as its user wrote it: Excel and Parquet hold 3 as 3.0, and a day as its midnight.

    >>> as_written(3.0), as_written(None)
    ('3', '')
    """
    if blank(cell):
        return ""
    text = str(cell).removesuffix(" 00:00:00")
    return text.removesuffix(".0") if isinstance(cell, float) else text
