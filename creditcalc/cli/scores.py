"""The commands that check a table, score it, and explain one score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from creditcalc.cli.options import (
    CITY,
    DATA,
    ENDINGS,
    FORCE,
    PATH,
    READING,
    RULEBOOK,
    as_text,
    ending,
    tell_problems,
)
from creditcalc.problems import InputError, Problem
from creditcalc.render.terminal import Command

if TYPE_CHECKING:
    import pandas as pd

    from creditcalc.intake.checked_table import Checked
    from creditcalc.rules.rulebook import Rulebook

TOTALS_PRINTED = (
    "jurisdiction",
    "period",
    "score",
    "low",
    "high",
    "bonus",
    "total",
    "eligible",
    "county_duty",
)


@click.command("score", cls=Command)
@DATA
@READING
@CITY
@click.option(
    "--roll-up", "rolled_up", is_flag=True, help="由县区汇总出市级行，县区的空白按规则取市级的值"
)
@click.option(
    "--out",
    metavar="文件",
    type=PATH,
    callback=ending(*ENDINGS),
    help=f"逐项得分，{'、'.join(ENDINGS)}",
)
@click.option(
    "--totals",
    metavar="文件",
    type=PATH,
    callback=ending(*ENDINGS),
    help=f"总分，{'、'.join(ENDINGS)}",
)
@click.option(
    "--scheduler",
    metavar="地址",
    default="",
    help="Dask 调度器的地址：Parquet 文件夹由它的 worker 逐个文件计分",
)
@FORCE
@RULEBOOK
def score_table(
    data: Path,
    readings: dict[str, str],
    city: str,
    rolled_up: bool,
    out: Path | None,
    totals: Path | None,
    scheduler: str,
    force: bool,
    rulebook: Path | None,
) -> int:
    """计分。不写 --out 则把总分打印出来。

    只放 Parquet 文件的文件夹逐个文件计分，结果边算边写（.parquet 或 .csv），数据可以比内存大。
    """
    from creditcalc.cli.outputs import check_outputs
    from creditcalc.intake.checked_table import check_inputs
    from creditcalc.render.workbook import write_tables
    from creditcalc.rules.load import load_rulebook
    from creditcalc.scoring import scorecard

    if city and not rolled_up:
        raise click.UsageError("--city 要与 --roll-up 合用", click.get_current_context())
    check_outputs([out, totals], [data], force=force, rulebook=rulebook)
    book = load_rulebook(rulebook)
    if out and not rolled_up and data.is_dir():
        outputs = {"items": out} | ({"totals": totals} if totals else {})
        if (problems := _score_partitions(data, book, readings, outputs, scheduler)) is not None:
            errors = [problem for problem in problems if problem.severity == "error"]
            tell_problems(errors)
            return int(bool(errors))
    if scheduler:
        hint = "--scheduler 只用于不汇总地计一个 Parquet 文件夹，并用 --out 写成 .parquet 或 .csv"
        raise click.UsageError(hint, click.get_current_context())
    if rolled_up:
        from creditcalc.pages.opening import open_study

        study = open_study(data, rulebook, readings, city or None)
        checked, table = study.checked, study.table
    else:
        checked = check_inputs(data, book)
        table = checked.table
    table = table[_sound(table, checked)]
    if table.empty:
        raise InputError(checked.errors or [Problem("表中没有数据行", file=str(data))])
    card = scorecard.score(table, book, readings)
    tables = ({out: card.items()} if out else {}) | ({totals: card.totals()} if totals else {})
    write_tables(tables)
    if not out:
        click.echo(as_text(card.totals(), TOTALS_PRINTED))
    tell_problems(checked.errors)
    return int(bool(checked.errors))


@click.command("explain", cls=Command)
@DATA
@click.option("--county", metavar="县区", required=True, help="县区或市的名称")
@click.option("--period", metavar="期间", required=True, help="期间，如 2021-05")
@click.option("--item", "id", metavar="编号", required=True, help="指标编号，如 S6.1.3a")
@READING
@click.option(
    "--city", metavar="市", default="", help="县区所属的市，表中没有写明或几个市有同名县区时要用"
)
@click.option("--json", "as_json", is_flag=True, help="打印成 JSON")
@RULEBOOK
def explain_item(
    data: Path,
    county: str,
    period: str,
    id: str,
    readings: dict[str, str],
    city: str,
    as_json: bool,
    rulebook: Path | None,
) -> int:
    """说明一个县区（市）的一项得分：数据、算式、依据、读法。"""
    from creditcalc.analysis.explanation import explain as explained
    from creditcalc.pages.opening import open_study

    study = open_study(data, rulebook, readings, city or None)
    explanation = explained(study.of_city(city), county, period, id)
    click.echo(explanation.to_json() if as_json else str(explanation))
    return 0


@click.command("check", cls=Command)
@DATA
@RULEBOOK
def check(data: Path, rulebook: Path | None) -> int:
    """核对数据和旁边的佐证材料表，列出全部错误和提示，不计分。"""
    from creditcalc.evidence.register import check_with_evidence
    from creditcalc.rules.load import load_rulebook

    checked, _ = check_with_evidence(data, load_rulebook(rulebook))
    for problem in checked.errors:
        click.echo(f"错误：{problem}")
    for problem in checked.notices:
        click.echo(f"提示：{problem}")
    table = checked.table
    names, periods = table["jurisdiction"].nunique(), table["period"].nunique()
    counts = f"{len(table)} 行，{names} 个县区（市），{periods} 个期间"
    click.echo(f"共 {counts}；错误 {len(checked.errors)} 处，提示 {len(checked.notices)} 处")
    return 2 if table.empty else int(bool(checked.errors))


def _sound(table: pd.DataFrame, checked: Checked) -> list[bool]:
    """Whether each row's jurisdiction is free of errors."""
    from creditcalc.intake.checked_table import is_unsound

    owners = zip(table["city"], table["jurisdiction"], strict=True)
    return [not is_unsound(checked.unsound, city, name) for city, name in owners]


def _score_partitions(
    folder: Path, book: Rulebook, readings: dict[str, str], outputs: dict[str, Path], scheduler: str
) -> list[Problem] | None:
    """The problems of a folder scored file by file; None where it has other files or the results go
    to Excel.
    """
    from creditcalc.cluster.partitions import partitions, score_partitions
    from creditcalc.cluster.sinks import check_size

    files = partitions(folder)
    check_size(files, book, outputs)
    if not files or any(path.suffix.lower() == ".xlsx" for path in outputs.values()):
        return None
    if not scheduler:
        return score_partitions(folder, book, readings, outputs)
    from creditcalc.cluster.tables import mapping

    with mapping(scheduler) as mapped:
        return score_partitions(folder.absolute(), book, readings, outputs, mapped)
