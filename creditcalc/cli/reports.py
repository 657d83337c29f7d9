"""The commands that make the pages of a period and check them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from creditcalc.cli.options import (
    COUNTY,
    ENGINES,
    OWN_CSS,
    OWN_LOGO,
    OWN_NOTEBOOKS,
    PATH,
    PERIOD,
    READING,
    RULEBOOK,
    day,
    engine,
    tell_problems,
    whole_number,
)
from creditcalc.render.terminal import Command

if TYPE_CHECKING:
    from creditcalc.batch.makers import Maker
    from creditcalc.batch.plan import Options
    from creditcalc.batch.runner import Run

STATUSES = {
    "made": "生成",
    "unchanged": "未变",
    "failed": "失败",
    "refused": "因数据错误未生成",
    "left": "本次未做",
}


@click.command("report", cls=Command)
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
    callback=whole_number,
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
    callback=whole_number,
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
@OWN_NOTEBOOKS
@OWN_CSS
@OWN_LOGO
@RULEBOOK
@click.option(
    "--as-of",
    metavar="日期",
    default="",
    callback=day,
    help="按哪一天算“今天”，默认为期间的最后一天",
)
def report(scheduler: str, **choices: Any) -> int:
    """生成一个期间的全部报告：每个县区一页，全市一页，加目录和汇总表。

    数据是 CSV、Excel、Parquet
    文件或放这些文件的文件夹；不写则用内置的示例数据。不写期间则取数据中最近的一期。
    """
    from creditcalc.batch.workers import PRELOADED, start

    if not scheduler:
        start(PRELOADED[choices["engine"]])  # it gets ready while this process imports and reads
    from creditcalc.batch.plan import Options
    from creditcalc.batch.runner import run

    options = Options(**choices)
    outcome = run(options, maker=_maker(options, scheduler))
    _tell_run(outcome)
    return 0 if outcome.complete else 1


@click.command("verify", cls=Command)
@click.argument("folder", metavar="文件夹", type=PATH)
def verify_folder(folder: Path) -> int:
    """按运行记录核对 report 写出的文件夹（如 reports/2021-05）：哪些文件被改动、缺失或多出。"""
    from creditcalc.batch.verify import verify_pages

    problems = verify_pages(folder)
    tell_problems(problems)
    if not problems:
        click.echo(f"{folder}：与运行记录一致")
    return int(bool(problems))


def _maker(options: Options, scheduler: str) -> Maker:
    """Who makes the pages: a cluster's workers where a scheduler is named, else own processes."""
    if scheduler:
        from creditcalc.cluster.pages import OnCluster

        return OnCluster(options, scheduler)
    from creditcalc.batch.makers import OwnProcesses

    return OwnProcesses(options)


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
