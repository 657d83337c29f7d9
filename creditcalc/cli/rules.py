"""The command that lists the rules and inputs of an edition."""

from __future__ import annotations

from pathlib import Path

import click

from creditcalc.cli.options import RULEBOOK
from creditcalc.render.terminal import Command, aligned

SCOPE_WORDS = {"county": "县区", "city": "市"}
ROLLUP_WORDS = {
    "sum": "各县区相加",
    "any": "有一处为是",
    "all": "处处为是",
    "max": "取最大",
    "city": "市级填报",
}
RULES = ("id", "name", "full", "duty", "clause", "rule", "reading")
INPUTS = ("input", "label", "unit", "rollup", "help")


@click.command("rules", cls=Command)
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
            SCOPE_WORDS[r.scope],
            r.clause,
            r.rule,
            "、".join(r.readings),
        )
        for r in book.rules.values()
    ]
    marks = f"{len(rows)} 条规则，满分 {book.full:g}，附加 {book.bonus:g}"
    click.echo(f"{book.title}，{book.document}，{book.edition}：{marks}")
    click.echo(aligned([label(name) for name in RULES], rows))
    inputs = [
        (i.name, i.label, i.unit, ROLLUP_WORDS[i.rollup], i.help) for i in book.inputs.values()
    ]
    click.echo(f"\n数据项 {len(inputs)} 个，列名或名称都可以作数据表的列：")
    click.echo(aligned([label(name) for name in INPUTS], inputs))
    return 0
