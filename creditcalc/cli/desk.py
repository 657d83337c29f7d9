"""The commands of the county's desk: forms out and in, case ledgers, evidence and tasks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from creditcalc.cli.options import (
    COUNTY,
    DATA,
    ENDINGS,
    FORCE,
    PATH,
    PERIOD,
    READING,
    RULEBOOK,
    as_text,
    day,
    ending,
    tell_problems,
)
from creditcalc.problems import InputError, Problem, shown
from creditcalc.render.terminal import Command


@click.command(cls=Command)
@click.argument("file", metavar="文件.xlsx", type=PATH, callback=ending(".xlsx"))
@COUNTY
@PERIOD
@click.option("--city", metavar="市", default="", help="所属市；与 --county 同名的一张是全市的表")
@FORCE
@RULEBOOK
def template(
    file: Path,
    counties: tuple[str, ...],
    period: str,
    city: str,
    force: bool,
    rulebook: Path | None,
) -> int:
    """写一份空白填报表，每个县区一张工作表。"""
    from creditcalc.cli.outputs import check_outputs
    from creditcalc.files import replacing
    from creditcalc.intake.forms import write_forms
    from creditcalc.rules.load import load_rulebook

    _expect_names([*counties, *filter(None, [city])])
    check_outputs([file], force=force, rulebook=rulebook)
    with replacing(file) as form:
        write_forms(form, load_rulebook(rulebook), counties, period=period, city=city)
    click.echo(f"已写好 {file}")
    return 0


def _expect_names(names: Iterable[str]) -> None:
    """UsageError for what no table could be read with as the name of a jurisdiction."""
    from creditcalc.intake.cells import CELL_READERS
    from creditcalc.intake.faults import CellFault

    for name in names:
        if isinstance(fault := CELL_READERS["name"](name), CellFault):
            raise click.UsageError(
                f"{fault.what}（{shown(name)}），{fault.cure}", click.get_current_context()
            )


@click.command(cls=Command)
@click.argument("forms", metavar="填报表…", type=PATH, nargs=-1, required=True)
@click.option(
    "--out",
    metavar="文件",
    type=PATH,
    required=True,
    callback=ending(*ENDINGS),
    help="合并成的数据表",
)
@click.option(
    "--notes",
    metavar="文件",
    type=PATH,
    callback=ending(*ENDINGS),
    help="各表的数据来源和备注，逐项",
)
@click.option(
    "--county",
    "expected",
    metavar="县区",
    multiple=True,
    help="应当报来的县区，可多次；没有报来的会列出，表中空一行",
)
@FORCE
@RULEBOOK
def merge(
    forms: tuple[Path, ...],
    out: Path,
    notes: Path | None,
    expected: tuple[str, ...],
    force: bool,
    rulebook: Path | None,
) -> int:
    """把几份填报表（或数据表）合成一张数据表，空白不覆盖已填的值；列出哪些县区、哪些数据还没有报来。

    要在已有的数据表上补，把它也写进要合并的文件，--out
    写它：它的内容全在结果里才会替换，否则一个字也不动。
    """
    from creditcalc.cli.in_place import expect_nothing_lost
    from creditcalc.cli.outputs import check_outputs, in_place
    from creditcalc.intake.merge import as_typed, merge_inputs, not_come_in, with_expected
    from creditcalc.render.workbook import write_tables
    from creditcalc.rules.load import load_rulebook

    _expect_names(expected)
    replaced = out if in_place(out, forms) else None
    check_outputs(
        [out, notes],
        forms,
        force=force,
        rulebook=rulebook,
        replaced=replaced,
        advice="要在已有的数据表上补，把它也写进要合并的文件",
    )
    book = load_rulebook(rulebook)
    merged = merge_inputs(forms, book)
    errors = [problem for problem in merged.problems if problem.severity == "error"]
    if merged.table.empty:
        raise InputError(errors or [Problem("表中没有数据行", file=str(forms[0]))])
    table = with_expected(merged.table, expected)
    result = as_typed(table, book)
    if replaced:
        expect_nothing_lost(replaced, result, errors, book)
    write_tables({out: result} | ({notes: merged.notes} if notes else {}))
    if len(merged.notes) and not notes:
        click.echo(
            f"各表有 {len(merged.notes)} 处数据来源或备注，数据表里没有它们；用 --notes 文件 写出"
        )
    for name, period, late, inputs in not_come_in(table, book):
        labels = "、".join(book.inputs[i].label for i in inputs)
        lacks = "还没有报来，各项都空着" if late else f"缺 {len(inputs)} 项：{labels}"
        click.echo(f"{name} {period}：{lacks}")
    if not expected:
        click.echo("没有用 --county 写明应报的县区，一份表也没有报来的县区不会列出")
    click.echo(f"已写好 {out}：{len(table)} 行")
    tell_problems(errors)
    return int(bool(errors))


@click.command(cls=Command)
@DATA
@PERIOD
@click.option("--county", metavar="县区", default="", help="只出这个县区的台账；不写则出全市的")
@click.option("--city", metavar="市", default="", help="哪个市，表中有几个市时要用")
@READING
@click.option(
    "--as-of", metavar="日期", default="", callback=day, help="按哪一天算过期，默认为期间的最后一天"
)
@click.option(
    "--out",
    metavar="文件.xlsx",
    type=PATH,
    callback=ending(".xlsx"),
    help="台账写成 Excel，可以直接上报",
)
@FORCE
@RULEBOOK
def worklog(
    data: Path,
    period: str,
    county: str,
    city: str,
    readings: dict[str, str],
    as_of: str,
    out: Path | None,
    force: bool,
    rulebook: Path | None,
) -> int:
    """佐证材料台账：各县区、各责任单位交了多少，还缺什么、过期没有、涉及多少分。

    材料表是数据旁边的 evidence.csv 或 evidence.xlsx；几个都在，合起来算一份。
    """
    from creditcalc.batch.provenance import combined, file_digests, versions
    from creditcalc.cli.outputs import check_outputs
    from creditcalc.pages.opening import open_study
    from creditcalc.pages.sections.evidence import UNASKED
    from creditcalc.pages.worklog_sheets import OFFICE_COLUMNS, PROGRESS_COLUMNS, worklog_sheets
    from creditcalc.render.workbook import write_workbook

    check_outputs([out], [data], force=force, rulebook=rulebook)
    study = open_study(data, rulebook, readings, city or None, as_of)
    period = period or study.latest
    cities = study.cities(period)
    if not (city or county) and len(cities) > 1:
        raise click.UsageError(
            f"数据中有几个市，用 --city 指明：{'、'.join(cities)}", click.get_current_context()
        )
    page = study.county(county, period, city) if county else study.city(city or cities[0], period)
    log = page.group.worklog
    if log is None:
        raise InputError(
            [
                Problem(
                    "数据旁边没有佐证材料表",
                    "",
                    "放一份 evidence.csv 或 evidence.xlsx",
                    file=str(data),
                )
            ]
        )
    progress = log.totals if not county else log.totals[log.totals["jurisdiction"] == county]
    click.echo(as_text(progress, PROGRESS_COLUMNS))
    click.echo(UNASKED)
    if not county:
        click.echo(as_text(page.offices(), OFFICE_COLUMNS))
    if out:
        facts = {
            "台账": f"{study.book.document}，{study.book.edition}",
            "规则指纹": study.book.digest,
        }
        facts["数据指纹"] = combined(file_digests(data))
        facts["版本"] = "，".join(f"{library} {version}" for library, version in versions().items())
        write_workbook(out, worklog_sheets(page, log, facts), f"{page.name} {period} 工作台账")
        click.echo(f"已写好 {out}")
    tell_problems(study.checked.errors)
    return int(bool(study.checked.errors))


@click.command(cls=Command)
@click.argument("folder", metavar="台账文件夹", type=PATH)
@click.option(
    "--out",
    metavar="文件",
    type=PATH,
    required=True,
    callback=ending(*ENDINGS),
    help=f"各项输入，{'、'.join(ENDINGS)}",
)
@click.option(
    "--as-of",
    metavar="日期",
    default="",
    callback=day,
    help="按哪一天的情况统计，默认为期间的最后一天",
)
@PERIOD
@click.option(
    "--report-days",
    metavar="天数",
    type=click.IntRange(1),
    default=7,
    help="双公示应在几个工作日内上报，默认 7",
)
@click.option(
    "--cases",
    metavar="文件.xlsx",
    type=PATH,
    callback=ending(".xlsx"),
    help="每个数背后的案例和有问题的案例",
)
@FORCE
@RULEBOOK
def ledgers(
    folder: Path,
    out: Path,
    as_of: str,
    period: str,
    report_days: int,
    cases: Path | None,
    force: bool,
    rulebook: Path | None,
) -> int:
    """由案例台账（文件夹里各层的表）统计各项输入。有问题的案例逐条列出，所涉的输入留空；同一件只计一次。

    不写期间则取案例中最近的一个月；比其余案例晚两年以上的日期是错，不算。
    """
    from creditcalc.case_lists import read_ledgers
    from creditcalc.cli.outputs import check_outputs
    from creditcalc.pages.case_sheets import sheets
    from creditcalc.render.workbook import write_tables
    from creditcalc.rules.load import load_rulebook

    check_outputs([out, cases], [folder], force=force, rulebook=rulebook, deep=True)
    book = load_rulebook(rulebook)
    found = read_ledgers(folder, period=period, as_of=as_of, report_days=report_days, book=book)
    table = found.table.convert_dtypes()
    write_tables({out: table} | ({cases: sheets(found, book)} if cases else {}))
    for problem in found.problems:
        click.echo(
            f"提示：{problem}" if problem.severity == "notice" else str(problem),
            err=problem.severity == "error",
        )
    parts = {"lines": "案例", "later": "晚于这一天", "bad": "有问题", "repeated": "重复"}
    counted = "，".join(
        f"{label} {int(found.counts[name].sum())} 件" for name, label in parts.items()
    )
    click.echo(f"期间 {found.period}，按 {found.as_of} 的情况：{counted}；已写好 {out}")
    return int(bool(found.errors))
