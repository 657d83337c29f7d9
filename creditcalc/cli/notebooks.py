"""The command that lays out the package's report notebooks, to be changed for ``report``."""

from __future__ import annotations

from pathlib import Path

import click

from creditcalc.cli.options import FORCE, PATH
from creditcalc.render.terminal import Command


@click.command("notebooks", cls=Command)
@click.argument("folder", metavar="文件夹", type=PATH)
@FORCE
def lay_out(folder: Path, force: bool) -> int:
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
