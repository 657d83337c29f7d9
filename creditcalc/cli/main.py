"""The command line. What a command needs is imported when it runs, so that help and faults of a
call come at once.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from creditcalc import __version__
from creditcalc.batch.warm_server import INLINE
from creditcalc.cli import desk
from creditcalc.cli.options import (
    CITY,
    COUNTY,
    DATA,
    ENDINGS,
    ENGINES,
    FORCE,
    PATH,
    PERIOD,
    READING,
    RULEBOOK,
    as_text,
    count,
    day,
    ending,
    engine,
    tell_problems,
)
from creditcalc.files import fixed_time
from creditcalc.problems import InputError, Problem
from creditcalc.render.terminal import Program, aligned, use_utf8

if TYPE_CHECKING:
    import pandas as pd

    from creditcalc.batch.runner import Run
    from creditcalc.intake.checked_table import Checked
    from creditcalc.rules.rulebook import Rulebook

STATUSES = {
    "made": "生成",
    "unchanged": "未变",
    "failed": "失败",
    "refused": "因数据错误未生成",
    "left": "本次未做",
}
SCOPES = {"county": "县区", "city": "市"}
ROLLUPS = {
    "sum": "各县区相加",
    "any": "有一处为是",
    "all": "处处为是",
    "max": "取最大",
    "city": "市级填报",
}
TOTALS = (
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
RULES = ("id", "name", "full", "duty", "clause", "rule", "reading")
INPUTS = ("input", "label", "unit", "rollup", "help")


@click.group(cls=Program, invoke_without_command=True)
@click.version_option(__version__, message="%(prog)s %(version)s", help="显示版本")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """社会信用体系建设示范城市工作台账：核对数据、计分、生成报告。"""
    if fixed_time() is None:
        os.environ.pop("SOURCE_DATE_EPOCH", None)  # libraries take an empty one for a time
    if not ctx.invoked_subcommand:
        click.echo(ctx.get_help())


@cli.command()
@click.argument("data", metavar="[数据]", type=PATH, required=False)
@PERIOD
@COUNTY
@click.option(
    "--city",
    metavar="市",
    default="",
    help="县区所属的市，表中没有写明时要用；表中有几个市时只做这一个",
)
@READING
@click.option(
    "--jobs",
    metavar="个数",
    default=str(os.cpu_count() or 1),
    callback=count,
    help="同时做几页，默认为处理器核数",
)
@click.option(
    "--engine",
    metavar="方式",
    default=ENGINES[0],
    callback=engine,
    help=f"怎样运行笔记本：{'、'.join(ENGINES)}，默认 {ENGINES[0]}",
)
@click.option(
    "--scheduler",
    metavar="地址",
    default="",
    help="Dask 调度器的地址，如 tcp://10.0.0.1:8786；页面由它的 worker 做",
)
@click.option(
    "--timeout",
    metavar="秒",
    default="300",
    callback=count,
    help="一页最多用多少秒，默认 300；超时只影响这一页",
)
@click.option(
    "--out", metavar="文件夹", default="reports", type=PATH, help="报告放在哪里，默认 reports"
)
@click.option("--units/--no-units", default=True, help="各责任单位的页面也做（默认），或不做")
@click.option("--pdf", is_flag=True, help="每页另印一份 PDF，要装有 Chromium 或 Chrome")
@click.option(
    "--force", is_flag=True, help="没有变化的页面也重做，并覆盖 report 没有写过或已被改动的同名文件"
)
@RULEBOOK
@click.option(
    "--as-of",
    metavar="日期",
    default="",
    callback=day,
    help="按哪一天算“今天”，默认为期间的最后一天",
)
def report(**choices: Any) -> int:
    """生成一个期间的全部报告：每个县区一页，全市一页，加目录和汇总表。

    数据是 CSV、Excel、Parquet
    文件或放这些文件的文件夹；不写则用内置的示例数据。不写期间则取数据中最近的一期。
    """
    from creditcalc.batch.workers import PRELOADED, start

    if not choices["scheduler"]:
        start(PRELOADED[choices["engine"]])  # it gets ready while this process imports and reads
    from creditcalc.batch.plan import Options
    from creditcalc.batch.runner import run

    outcome = run(Options(**choices))
    _tell_run(outcome)
    return 0 if outcome.complete else 1


@cli.command()
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
def score(
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
        from creditcalc.pages.study import open_study

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
        click.echo(as_text(card.totals(), TOTALS))
    tell_problems(checked.errors)
    return int(bool(checked.errors))


@cli.command()
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
def explain(
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
    from creditcalc.pages.study import open_study

    study = open_study(data, rulebook, readings, city or None)
    explanation = explained(study.of_city(city), county, period, id)
    click.echo(explanation.to_json() if as_json else str(explanation))
    return 0


@cli.command()
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
    counts = f"{len(table)} 行，{table['jurisdiction'].nunique()} 个县区（市），{table['period'].nunique()} 个期间"
    click.echo(f"共 {counts}；错误 {len(checked.errors)} 处，提示 {len(checked.notices)} 处")
    return 2 if table.empty else int(bool(checked.errors))


@cli.command()
@click.argument("folder", metavar="文件夹", type=PATH)
def verify(folder: Path) -> int:
    """按运行记录核对 report 写出的文件夹（如 reports/2021-05）：哪些文件被改动、缺失或多出。"""
    from creditcalc.batch.verify import verify as verified

    problems = verified(folder)
    tell_problems(problems)
    if not problems:
        click.echo(f"{folder}：与运行记录一致")
    return int(bool(problems))


@cli.command()
@RULEBOOK
def rules(rulebook: Path | None) -> int:
    """把规则和数据项打印成两张表；用 --rulebook 同时检查一份规则文件。"""
    from creditcalc.pages.fields import label
    from creditcalc.rules.load import load_rulebook

    book = load_rulebook(rulebook)
    rows = [
        (
            r.id,
            r.name,
            f"{r.full:g}" if r.full else "",
            SCOPES[r.scope],
            r.clause,
            r.rule,
            "、".join(r.readings),
        )
        for r in book.rules.values()
    ]
    click.echo(
        f"{book.title}，{book.document}，{book.edition}：{len(rows)} 条规则，满分 {book.full:g}，附加 {book.bonus:g}"
    )
    click.echo(aligned([label(name) for name in RULES], rows))
    inputs = [(i.name, i.label, i.unit, ROLLUPS[i.rollup], i.help) for i in book.inputs.values()]
    click.echo(f"\n数据项 {len(inputs)} 个，列名或名称都可以作数据表的列：")
    click.echo(aligned([label(name) for name in INPUTS], inputs))
    return 0


for command in (desk.template, desk.merge, desk.ledgers, desk.worklog):
    cli.add_command(command)


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
    from creditcalc.cluster.partitions import check_size, partitions, score_partitions

    files = partitions(folder)
    check_size(files, book, outputs)
    if not files or any(path.suffix.lower() == ".xlsx" for path in outputs.values()):
        return None
    if not scheduler:
        return score_partitions(folder, book, readings, outputs)
    from creditcalc.cluster.pages import mapping

    with mapping(scheduler) as mapped:
        return score_partitions(folder.absolute(), book, readings, outputs, mapped)


def _tell_run(outcome: Run) -> None:
    """What came of a report: what there is on stdout, what there is not and why on stderr."""
    tell_problems(problem for problem in outcome.problems if problem.severity == "error")
    for page in outcome.undone:
        click.echo(f"{page.name}：{page.error}", err=True)
    for text in outcome.told:
        click.echo(text, err=True)
    if stale := sum(page.pdf != "" and not page.printed for page in outcome.pages):
        click.echo(f"{stale} 份 PDF 是旧页面印的；用 --pdf 重印", err=True)
    counts = {
        word: sum(page.status == status for page in outcome.pages)
        for status, word in STATUSES.items()
    }
    click.echo(
        "，".join(f"{word} {n} 页" for word, n in counts.items() if n)
        + f"：{outcome.folder / 'index.html'}"
    )


def main() -> None:
    """The program ``creditcalc``."""
    gc.set_threshold(
        100_000
    )  # importing makes much and leaves no garbage: a tenth of the time to start is looking for it
    os.environ["MPLBACKEND"] = (
        INLINE  # an unknown one in the environment would end matplotlib's import
    )
    use_utf8()
    cli(prog_name="creditcalc")
