"""The command line. What a command needs is imported when it runs, so that help and faults of a
call come at once.
"""

from __future__ import annotations

import gc
import os

import click

from creditcalc import __version__
from creditcalc.batch.warm_server import INLINE
from creditcalc.cli import desk, notebooks, reports, rules, scores
from creditcalc.files import fixed_time
from creditcalc.render.terminal import Program, use_utf8


@click.group(cls=Program, invoke_without_command=True)
@click.version_option(__version__, message="%(prog)s %(version)s", help="显示版本")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """社会信用体系建设示范城市工作台账：核对数据、计分、生成报告。"""
    if fixed_time() is None:
        os.environ.pop("SOURCE_DATE_EPOCH", None)  # libraries take an empty one for a time
    if not ctx.invoked_subcommand:
        click.echo(ctx.get_help())


for command in (
    reports.report,
    scores.score_table,
    scores.explain_item,
    scores.check,
    reports.verify_folder,
    rules.rules,
    notebooks.lay_out,
    desk.template,
    desk.merge,
    desk.ledgers,
    desk.worklog,
):
    cli.add_command(command)


def main() -> None:
    """The program ``creditcalc``."""
    # Importing makes much and leaves no garbage: a tenth of the time to start is looking for it.
    gc.set_threshold(100_000)
    os.environ["MPLBACKEND"] = INLINE  # an unknown one would end matplotlib's import
    use_utf8()
    cli(prog_name="creditcalc")
