"""Options and answers that commands share: readings, days, numbers, endings of files, problems on
stderr.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from creditcalc.problems import Problem

if TYPE_CHECKING:
    import pandas as pd

ENGINES = ("warm", "kernel") if hasattr(os, "fork") else ("kernel",)
ENDINGS = (".csv", ".parquet", ".xlsx")


def reading(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Readings as they are written, k=v."""
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value}，应写成 读法=选项，如 proportional=of_full")
    return dict(value.split("=", 1) for value in values)


def day(_: click.Context, __: click.Parameter, value: str) -> str:
    """A date, or nothing."""
    try:
        return value and date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter(f"{value}，应写成 2021-05-31") from None


def count(_: click.Context, __: click.Parameter, value: str) -> int:
    """A whole number above zero."""
    if not (value.isascii() and value.isdigit() and int(value)):
        raise click.BadParameter(f"{value}，应为大于 0 的整数")
    return int(value)


def engine(_: click.Context, __: click.Parameter, value: str) -> str:
    """One of the ways of running a notebook that this system has."""
    if value not in ENGINES:
        raise click.BadParameter(f"{value}，这个系统可选：{'、'.join(ENGINES)}")
    return value


def ending(*endings: str) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    """A check that a file has one of these endings."""

    def check(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
        if path and path.suffix.lower() not in endings:
            raise click.BadParameter(f"{path.name}，文件名应以 {'、'.join(endings)} 结尾")
        return path

    return check


PATH = click.Path(path_type=Path)
DATA = click.argument("data", metavar="数据", type=PATH)
READING = click.option(
    "--reading",
    "readings",
    metavar="读法=选项",
    multiple=True,
    callback=reading,
    help="改选一种读法，可多次",
)
RULEBOOK = click.option(
    "--rulebook", metavar="文件", type=PATH, help="规则文件（TOML），默认为内置的 2021 年版"
)
CITY = click.option(
    "--city", metavar="市", default="", help="与 --roll-up 合用：表中没有写明时，县区所属的市"
)
PERIOD = click.option("--period", metavar="期间", default="", help="期间，如 2021-05")
FORCE = click.option("--force", is_flag=True, help="已经有了的输出文件也覆盖；这次要读的文件除外")
COUNTY = click.option(
    "--county", "counties", metavar="县区", multiple=True, help="县区名称，可多次"
)


def tell_problems(problems: Iterable[Problem]) -> None:
    """Every problem in a paragraph on stderr."""
    for problem in problems:
        click.echo(str(problem), err=True)


def as_text(frame: pd.DataFrame, names: Sequence[str]) -> str:
    """These columns of a frame for the terminal, numbers with a fraction as points."""
    from creditcalc import words
    from creditcalc.pages.showing import headed
    from creditcalc.render.terminal import aligned

    shown = headed(frame, names)
    rows = [
        [words.points(x) if isinstance(x, float) else str(x) for x in row]
        for row in shown.to_numpy(dtype=object)
    ]
    return aligned(shown.columns.tolist(), rows)
