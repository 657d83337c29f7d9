"""The commands that make reports, and lay out the notebooks that they are made of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from creditcalc.cli.options import (
    COUNTY,
    ENGINES,
    FORCE,
    PATH,
    PERIOD,
    READING,
    RULEBOOK,
    count,
    day,
    engine,
    tell_problems,
)
from creditcalc.render.terminal import Command

if TYPE_CHECKING:
    from creditcalc.batch.runner import Run

STATUSES = {
    "made": "生成",
    "unchanged": "未变",
    "failed": "失败",
    "refused": "因数据错误未生成",
    "left": "本次未做",
}


@click.command(cls=Command)
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
@click.option(
    "--notebooks",
    metavar="文件夹",
    type=PATH,
    help="用这个文件夹里自己的报告笔记本，没有的用内置的；creditcalc notebooks 写出内置的",
)
@click.option("--css", metavar="文件", type=PATH, help="自己的样式表，写进每一页")
@click.option(
    "--logo",
    metavar="文件",
    type=PATH,
    help="标志图片（PNG、JPEG、GIF、SVG），放在每一页上方，文件名是它的替代文字",
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


@click.command(cls=Command)
@click.argument("folder", metavar="文件夹", type=PATH)
@FORCE
def notebooks(folder: Path, force: bool) -> int:
    """把内置的报告笔记本写进一个文件夹，改好后用 report --notebooks 文件夹 做报告。"""
    from creditcalc.batch.plan import NOTEBOOKS
    from creditcalc.bundled import bundled
    from creditcalc.cli.outputs import check_outputs
    from creditcalc.files import replacing

    source = bundled("notebooks")
    folder.mkdir(exist_ok=True)
    check_outputs([folder / name for name in NOTEBOOKS.values()], [source], force=force)
    for name in NOTEBOOKS.values():
        with replacing(folder / name) as file:
            file.write((source / name).read_bytes())
        click.echo(f"已写好 {folder / name}")
    return 0


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
