"""The command line. What a command needs is imported when it runs, so that help and faults of a call come at once."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from creditcalc.problems import InputError, Problem
from creditcalc.terminal import Program, aligned, use_utf8

if TYPE_CHECKING:
    import pandas as pd

    from creditcalc.batch import Run
    from creditcalc.inputs import Checked

ENGINES = ("warm", "kernel") if hasattr(os, "fork") else ("kernel",)
ENDINGS = (".csv", ".parquet", ".xlsx")
STATUSES = {"made": "生成", "unchanged": "未变", "failed": "失败", "refused": "因数据错误未生成", "left": "未做"}
SCOPES = {"county": "县区", "city": "市"}
ROLLUPS = {"sum": "各县区相加", "any": "有一处为是", "all": "处处为是", "max": "取最大", "city": "市级填报"}
TOTALS = {
    "jurisdiction": "县区",
    "period": "期间",
    "score": "得分",
    "low": "下限",
    "high": "上限",
    "bonus": "附加分",
    "total": "合计",
    "eligible": "申报条件",
    "county_duty": "县区任务",
}


def _reading(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Readings as they are written, k=v."""
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value}，应写成 读法=选项，如 proportional=of_full")
    return dict(value.split("=", 1) for value in values)


def _day(_: click.Context, __: click.Parameter, value: str) -> str:
    """A date, or nothing."""
    try:
        return value and date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter(f"{value}，应写成 2021-05-31") from None


def _count(_: click.Context, __: click.Parameter, value: str) -> int:
    """A whole number above zero."""
    if not (value.isascii() and value.isdigit() and int(value)):
        raise click.BadParameter(f"{value}，应为大于 0 的整数")
    return int(value)


def _engine(_: click.Context, __: click.Parameter, value: str) -> str:
    """One of the ways of running a notebook that this system has."""
    if value not in ENGINES:
        raise click.BadParameter(f"{value}，这个系统可选：{'、'.join(ENGINES)}")
    return value


def _ending(*endings: str) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    """A check that a file has one of these endings."""

    def check(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
        if path and path.suffix.lower() not in endings:
            raise click.BadParameter(f"{path.name}，文件名应以 {'、'.join(endings)} 结尾")
        return path

    return check


PATH = click.Path(path_type=Path)
DATA = click.argument("data", metavar="数据", type=PATH)
READING = click.option(
    "--reading", "readings", metavar="读法=选项", multiple=True, callback=_reading, help="改选一种读法，可多次"
)
RULEBOOK = click.option("--rulebook", metavar="文件", type=PATH, help="规则文件（TOML），默认为内置的 2021 年版")
CITY = click.option("--city", metavar="市", default="", help="与 --roll-up 合用：表中没有写明时，县区所属的市")
PERIOD = click.option("--period", metavar="期间", default="", help="期间，如 2021-05")
COUNTY = click.option("--county", "counties", metavar="县区", multiple=True, help="县区名称，可多次")


@click.group(cls=Program, invoke_without_command=True)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """社会信用体系建设示范城市工作台账：核对数据、计分、生成报告。"""
    if not ctx.invoked_subcommand:
        click.echo(ctx.get_help())


@cli.command()
@click.argument("data", metavar="[数据]", type=PATH, required=False)
@PERIOD
@COUNTY
@click.option("--city", metavar="市", default="", help="县区所属的市，表中没有写明时要用；表中有几个市时只做这一个")
@READING
@click.option("--jobs", metavar="个数", default=str(os.cpu_count() or 1), callback=_count, help="同时做几页，默认为处理器核数")
@click.option(
    "--engine",
    metavar="方式",
    default=ENGINES[0],
    callback=_engine,
    help=f"怎样运行笔记本：{'、'.join(ENGINES)}，默认 {ENGINES[0]}",
)
@click.option("--timeout", metavar="秒", default="300", callback=_count, help="一页最多用多少秒，默认 300；超时只影响这一页")
@click.option("--out", metavar="文件夹", default="reports", type=PATH, help="报告放在哪里，默认 reports")
@click.option("--units/--no-units", default=True, help="各责任单位的页面也做（默认），或不做")
@click.option("--pdf", is_flag=True, help="每页另印一份 PDF，要装有 Chromium 或 Chrome")
@click.option("--force", is_flag=True, help="没有变化的页面也重做")
@RULEBOOK
@click.option("--as-of", metavar="日期", default="", callback=_day, help="按哪一天算“今天”，默认为期间的最后一天")
def report(**choices: Any) -> int:
    """生成一个期间的全部报告：每个县区一页，全市一页，加目录和汇总表。

    数据是 CSV、Excel、Parquet 文件或放这些文件的文件夹；不写则用内置的示例数据。不写期间则取数据中最近的一期。
    """
    from creditcalc.batch import run
    from creditcalc.plan import Options

    outcome = run(Options(**choices))
    _tell_run(outcome)
    return 0 if outcome.complete else 1


@cli.command()
@DATA
@READING
@CITY
@click.option("--roll-up", "rolled_up", is_flag=True, help="由县区汇总出市级行，县区的空白按规则取市级的值")
@click.option("--out", metavar="文件", type=PATH, callback=_ending(*ENDINGS), help=f"逐项得分，{'、'.join(ENDINGS)}")
@click.option("--totals", metavar="文件", type=PATH, callback=_ending(*ENDINGS), help=f"总分，{'、'.join(ENDINGS)}")
@RULEBOOK
def score(
    data: Path,
    readings: dict[str, str],
    city: str,
    rolled_up: bool,
    out: Path | None,
    totals: Path | None,
    rulebook: Path | None,
) -> int:
    """计分。不写 --out 则把总分打印出来。"""
    from creditcalc import scoring
    from creditcalc.inputs import check_inputs
    from creditcalc.loading import load_rulebook
    from creditcalc.workbook import write_table

    if city and not rolled_up:
        raise click.UsageError("--city 要与 --roll-up 合用", click.get_current_context())
    book = load_rulebook(rulebook)
    if rolled_up:
        from creditcalc.study import open_study

        study = open_study(data, rulebook, readings, city or None)
        checked, table = study.checked, study.table
    else:
        checked = check_inputs(data, book)
        table = checked.table
    if table.empty:
        raise InputError(checked.errors or [Problem("表中没有数据行", file=str(data))])
    card = scoring.score(table[_sound(table, checked)], book, readings)
    if out:
        write_table(out, card.items())
    else:
        click.echo(_totals_text(card.totals()))
    if totals:
        write_table(totals, card.totals())
    _tell(checked.errors)
    return int(bool(checked.errors))


@cli.command()
@DATA
@click.option("--county", metavar="县区", required=True, help="县区或市的名称")
@click.option("--period", metavar="期间", required=True, help="期间，如 2021-05")
@click.option("--item", "id", metavar="编号", required=True, help="指标编号，如 S6.1.3a")
@READING
@click.option("--city", metavar="市", default="", help="县区所属的市，表中没有写明或几个市有同名县区时要用")
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
    from creditcalc.explain import explain as explained
    from creditcalc.study import open_study

    study = open_study(data, rulebook, readings, city or None)
    explanation = explained(study.of_city(city), county, period, id)
    click.echo(explanation.to_json() if as_json else str(explanation))
    return 0


@cli.command()
@DATA
@RULEBOOK
def check(data: Path, rulebook: Path | None) -> int:
    """核对数据，列出全部错误和提示，不计分。"""
    from creditcalc.inputs import check_inputs
    from creditcalc.loading import load_rulebook

    checked = check_inputs(data, load_rulebook(rulebook))
    for problem in checked.errors:
        click.echo(f"错误：{problem}")
    for problem in checked.notices:
        click.echo(f"提示：{problem}")
    table = checked.table
    counts = f"{len(table)} 行，{table['jurisdiction'].nunique()} 个县区（市），{table['period'].nunique()} 个期间"
    click.echo(f"共 {counts}；错误 {len(checked.errors)} 处，提示 {len(checked.notices)} 处")
    return 2 if table.empty else int(bool(checked.errors))


@cli.command()
@click.argument("file", metavar="文件.xlsx", type=PATH, callback=_ending(".xlsx"))
@COUNTY
@PERIOD
@click.option("--city", metavar="市", default="", help="所属市；与 --county 同名的一张是全市的表")
@RULEBOOK
def template(file: Path, counties: tuple[str, ...], period: str, city: str, rulebook: Path | None) -> int:
    """写一份空白填报表，每个县区一张工作表。"""
    from creditcalc.files import replacing
    from creditcalc.forms import write_forms
    from creditcalc.loading import load_rulebook

    if file.exists():
        raise click.UsageError(f"{file} 已经有了，里面可能填了数；请换一个文件名", click.get_current_context())
    with replacing(file) as temporary:
        write_forms(temporary, load_rulebook(rulebook), counties, period=period, city=city)
    click.echo(f"已写好 {file}")
    return 0


@cli.command()
@click.argument("folder", metavar="文件夹", type=PATH)
def verify(folder: Path) -> int:
    """按运行记录核对 report 写出的文件夹（如 reports/2021-05）：哪些文件被改动、缺失或多出。"""
    from creditcalc.verify import verify as verified

    problems = verified(folder)
    _tell(problems)
    if not problems:
        click.echo(f"{folder}：与运行记录一致")
    return int(bool(problems))


@cli.command()
@click.argument("forms", metavar="填报表…", type=PATH, nargs=-1, required=True)
@click.option("--out", metavar="文件", type=PATH, required=True, callback=_ending(*ENDINGS), help="合并成的数据表")
@click.option("--notes", metavar="文件", type=PATH, callback=_ending(*ENDINGS), help="各表的数据来源和备注，逐项")
@click.option("--county", "expected", metavar="县区", multiple=True, help="应当报来的县区，可多次；没有报来的会列出")
@RULEBOOK
def merge(forms: tuple[Path, ...], out: Path, notes: Path | None, expected: tuple[str, ...], rulebook: Path | None) -> int:
    """把几份填报表（或数据表）合成一张数据表，空白不覆盖已填的值；列出哪些县区、哪些数据还没有报来。"""
    from creditcalc.loading import load_rulebook
    from creditcalc.merging import as_typed, merge_inputs, not_come_in
    from creditcalc.workbook import write_table

    if out.exists() and not any(form.exists() and form.samefile(out) for form in forms):
        hint = f"{out} 已经有了；要在它上面补，把它也写进要合并的文件，否则换一个文件名"
        raise click.UsageError(hint, click.get_current_context())
    book = load_rulebook(rulebook)
    merged = merge_inputs(forms, book)
    errors = [problem for problem in merged.problems if problem.severity == "error"]
    if merged.table.empty:
        raise InputError(errors or [Problem("表中没有数据行", file=str(forms[0]))])
    write_table(out, as_typed(merged.table, book))
    if notes:
        write_table(notes, merged.notes)
    elif len(merged.notes):
        click.echo(f"各表有 {len(merged.notes)} 处数据来源或备注，数据表里没有它们；用 --notes 文件 写出")
    for name, period, late, inputs in not_come_in(merged.table, book, expected):
        labels = "、".join(book.inputs[i].label for i in inputs)
        click.echo(f"{name} {period}：{'还没有报来' if late else f'缺 {len(inputs)} 项：{labels}'}")
    click.echo(f"已写好 {out}：{len(merged.table)} 行")
    _tell(errors)
    return int(bool(errors))


@cli.command()
@DATA
@PERIOD
@click.option("--county", metavar="县区", default="", help="只出这个县区的台账；不写则出全市的")
@click.option("--city", metavar="市", default="", help="哪个市，表中有几个市时要用")
@READING
@click.option("--as-of", metavar="日期", default="", callback=_day, help="按哪一天算过期，默认为期间的最后一天")
@click.option("--out", metavar="文件.xlsx", type=PATH, callback=_ending(".xlsx"), help="台账写成 Excel，可以直接上报")
@RULEBOOK
def worklog(
    data: Path,
    period: str,
    county: str,
    city: str,
    readings: dict[str, str],
    as_of: str,
    out: Path | None,
    rulebook: Path | None,
) -> int:
    """佐证材料台账：各县区、各责任单位交了多少，还缺什么、过期没有、涉及多少分。

    材料表是数据旁边的 evidence.csv 或 evidence.xlsx。
    """
    from creditcalc.handover import worklog_sheets
    from creditcalc.provenance import combined, file_digests
    from creditcalc.study import open_study
    from creditcalc.workbook import write_workbook

    study = open_study(data, rulebook, readings, city or None, as_of)
    period = period or study.latest
    cities = study.cities(period)
    if not (city or county) and len(cities) > 1:
        raise click.UsageError(f"数据中有几个市，用 --city 指明：{'、'.join(cities)}", click.get_current_context())
    brief = study.county(county, period, city) if county else study.city(city or cities[0], period)
    log = brief.group.worklog
    if log is None:
        raise InputError([Problem("数据旁边没有佐证材料表", "", "放一份 evidence.csv 或 evidence.xlsx", file=str(data))])
    progress = log.totals if not county else log.totals[log.totals["jurisdiction"] == county]
    heads = ["县区", "应交", "已齐", "过期", "已确认得分", "其中已佐证"]
    click.echo(aligned(heads, _in_words(progress)))
    if not county:
        click.echo(aligned(["责任单位", "应交", "已齐", "过期", "缺材料涉及得分"], _in_words(log.by_unit)))
    if out:
        facts = {"台账": f"{study.book.document}，{study.book.edition}", "数据指纹": combined(file_digests(data))}
        write_workbook(out, worklog_sheets(brief, log, facts), f"{brief.name} {period} 工作台账")
        click.echo(f"已写好 {out}")
    _tell(study.checked.errors)
    return int(bool(study.checked.errors))


@cli.command()
@click.argument("folder", metavar="台账文件夹", type=PATH)
@click.option(
    "--out", metavar="文件", type=PATH, required=True, callback=_ending(*ENDINGS), help=f"各项输入，{'、'.join(ENDINGS)}"
)
@click.option("--as-of", metavar="日期", default="", callback=_day, help="按哪一天的情况统计，默认为期间的最后一天")
@PERIOD
@click.option("--cases", metavar="文件.xlsx", type=PATH, callback=_ending(".xlsx"), help="每个数背后的案例和有问题的案例")
@RULEBOOK
def ledgers(folder: Path, out: Path, as_of: str, period: str, cases: Path | None, rulebook: Path | None) -> int:
    """由案例台账统计各项输入。不写期间则取案例中最近的一个月；有问题的案例逐条列出，所涉的输入留空。"""
    from creditcalc.ledgers import read_ledgers
    from creditcalc.ledgers.listing import sheets
    from creditcalc.loading import load_rulebook
    from creditcalc.workbook import write_table, write_workbook

    book = load_rulebook(rulebook)
    found = read_ledgers(folder, period=period, as_of=as_of, book=book)
    write_table(out, found.table.convert_dtypes())
    if cases:
        write_workbook(cases, sheets(found, book))
    for problem in found.problems:
        click.echo(f"提示：{problem}" if problem.severity == "notice" else str(problem), err=problem.severity == "error")
    lines, later, bad = (int(found.counts[name].sum()) for name in ("lines", "later", "bad"))
    click.echo(
        f"期间 {found.period}，按 {found.as_of} 的情况：案例 {lines} 件，晚于这一天 {later} 件，有问题 {bad} 件；已写好 {out}"
    )
    return int(bool(found.errors))


@cli.command()
@RULEBOOK
def rules(rulebook: Path | None) -> int:
    """把规则和数据项打印成两张表；用 --rulebook 同时检查一份规则文件。"""
    from creditcalc.loading import load_rulebook

    book = load_rulebook(rulebook)
    rows = [
        (r.id, r.name, f"{r.full:g}" if r.full else "", SCOPES[r.scope], r.clause, r.rule, "、".join(r.readings))
        for r in book.rules.values()
    ]
    click.echo(f"{book.title}，{book.document}，{book.edition}：{len(rows)} 条规则，满分 {book.full:g}，附加 {book.bonus:g}")
    click.echo(aligned(["编号", "名称", "满分", "任务", "依据", "规则", "读法"], rows))
    inputs = [(i.name, i.label, i.unit, ROLLUPS[i.rollup], i.help) for i in book.inputs.values()]
    click.echo(f"\n数据项 {len(inputs)} 个，列名或名称都可以作数据表的列：")
    click.echo(aligned(["列名", "名称", "单位", "全市", "填报说明"], inputs))
    return 0


def _sound(table: pd.DataFrame, checked: Checked) -> list[bool]:
    """Whether each row's jurisdiction is free of errors."""
    owners = zip(table["city"], table["jurisdiction"], strict=True)
    return [not checked.unsound & {(city, name), ("", name)} for city, name in owners]


def _totals_text(totals: pd.DataFrame) -> str:
    """Totals as a table for the terminal."""
    from creditcalc import wording

    words = totals.assign(eligible=totals["eligible"].map(wording.ELIGIBLE))[list(TOTALS)]
    return aligned(list(TOTALS.values()), _in_words(words))


def _in_words(frame: pd.DataFrame) -> list[list[str]]:
    """A frame's cells for the terminal, numbers with a fraction as points."""
    from creditcalc import wording

    return [[wording.points(x) if isinstance(x, float) else str(x) for x in row] for row in frame.to_numpy(dtype=object)]


def _tell(problems: Iterable[Problem]) -> None:
    """Every problem in a paragraph on stderr."""
    for problem in problems:
        click.echo(str(problem), err=True)


def _tell_run(outcome: Run) -> None:
    """What came of a report: what there is on stdout, what there is not and why on stderr."""
    _tell(problem for problem in outcome.problems if problem.severity == "error")
    for page in outcome.pages:
        if page.error:
            click.echo(f"{page.name}：{page.error}", err=True)
    counts = {word: sum(page.status == status for page in outcome.pages) for status, word in STATUSES.items()}
    click.echo("，".join(f"{word} {n} 页" for word, n in counts.items() if n) + f"：{outcome.folder / 'index.html'}")


def main() -> None:
    """The program ``creditcalc``."""
    gc.set_threshold(100_000)  # importing makes much and leaves no garbage: a tenth of the time to start is looking for it
    cast(dict[str, Any], sys.modules).setdefault("hypothesis", None)  # a tester's library, which pandera would import
    use_utf8()
    cli(prog_name="creditcalc")
