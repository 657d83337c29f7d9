"""The kinds of ledgers, as kinds.toml describes them, and which kind a file or sheet is."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from creditcalc.intake.grid import Grid, plain
from creditcalc.intake.table import TypedColumn
from creditcalc.problems import InputError

JURISDICTIONS = "jurisdictions"


@dataclass(frozen=True)
class LedgerKind:
    """One kind of ledger; kinds.toml says what each field means."""

    name: str
    title: str
    columns: tuple[TypedColumn, ...]
    date: str = "date"
    label: str = "subject"
    key: tuple[str, ...] = ()
    alike: str = ""
    shared: bool = False
    bygone: bool = False
    measured: bool = False
    of_city: bool = False

    def column(self, name: str) -> TypedColumn:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return [column.name for column in self.columns]

    @property
    def dates(self) -> list[str]:
        """The names of the columns that hold dates, times or months."""
        return [column.name for column in self.columns if column.type in ("date", "time", "month")]


@cache
def kinds() -> dict[str, LedgerKind]:
    """Every kind by its name."""
    texts: dict[str, dict[str, Any]] = tomllib.loads(
        (Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8")
    )
    return {
        name: LedgerKind(name, **{**text, "columns": _columns(text["columns"])})
        for name, text in texts.items()
    }


def _columns(texts: list[dict[str, Any]]) -> tuple[TypedColumn, ...]:
    """Columns as they are described."""
    return tuple(TypedColumn(**{**text, "labels": tuple(text["labels"])}) for text in texts)


def kinds_named(text: str) -> list[LedgerKind]:
    """The kinds whose title or name a text holds."""
    return [
        kind
        for kind in kinds().values()
        if kind.title in plain(text) or kind.name in plain(text).casefold()
    ]


def kinds_of_file(file: str) -> list[LedgerKind]:
    """The kinds that a file's name holds, or else the nearest name of a folder that holds any."""
    path = Path(file)
    texts = (path.stem, *(folder.name for folder in path.parents))
    return next(filter(None, map(kinds_named, texts)), [])


def kind_of(grid: Grid) -> LedgerKind | None:
    """The ledger that a sheet's title names, else its file or a folder; None for a sheet of
    explanations.
    """
    if "说明" in grid.sheet:
        return None
    named = kinds_named(grid.sheet) or kinds_of_file(grid.file)
    if len(named) == 1:
        return named[0]
    titles = "、".join(kind.title for kind in kinds().values())
    what = "文件名或工作表名同时像几本台账" if named else "看不出是哪本台账"
    cure = f"文件、文件夹或工作表的名称写上台账名，有：{titles}"
    raise InputError([grid.problem(what, grid.sheet, cure)])
