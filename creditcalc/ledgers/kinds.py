"""The kinds of ledgers, as kinds.toml describes them, and which kind a file or sheet is."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from creditcalc.ledgers.reading import Column
from creditcalc.problems import InputError
from creditcalc.sources import Grid, plain

JURISDICTIONS = "jurisdictions"


@dataclass(frozen=True)
class LedgerKind:
    """One kind of ledger; kinds.toml says what each field means."""

    name: str
    title: str
    columns: tuple[Column, ...]
    date: str = "date"
    label: str = "subject"
    key: tuple[str, ...] = ()
    measured: bool = False
    of_city: bool = False

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


@cache
def kinds() -> dict[str, LedgerKind]:
    """Every kind by its name."""
    texts: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8"))
    return {name: LedgerKind(name, **{**text, "columns": _columns(text["columns"])}) for name, text in texts.items()}


def _columns(texts: list[dict[str, Any]]) -> tuple[Column, ...]:
    """Columns as they are described."""
    return tuple(Column(**{**text, "labels": tuple(text["labels"])}) for text in texts)


def kinds_named(text: str) -> list[LedgerKind]:
    """The kinds whose title or name a text holds."""
    return [kind for kind in kinds().values() if kind.title in plain(text) or kind.name in plain(text).casefold()]


def kind_of(grid: Grid) -> LedgerKind | None:
    """The ledger that a sheet's title names, or else the file's name; None for a sheet of explanations."""
    if "说明" in grid.sheet:
        return None
    for text in (grid.sheet, Path(grid.file).stem):
        named = kinds_named(text)
        if len(named) == 1:
            return named[0]
        if named:
            break
    titles = "、".join(kind.title for kind in kinds().values())
    what = "文件名或工作表名同时像几本台账" if named else "看不出是哪本台账"
    raise InputError([grid.problem(what, grid.sheet, f"文件名或工作表名写上台账名，有：{titles}")])
