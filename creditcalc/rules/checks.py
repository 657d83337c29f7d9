"""What must hold across the tables of a rulebook: inputs used and known, marks that add up."""

from __future__ import annotations

import math
from collections.abc import Iterator

from creditcalc.problems import nearest
from creditcalc.rules.formulas.base import KindFault
from creditcalc.rules.rulebook import Rulebook


def input_faults(book: Rulebook) -> Iterator[KindFault]:
    """Every input used, and every input that another one refers to declared; labels unique."""
    used = {name for rule in book.rules.values() for name in rule.inputs()}
    used |= {n for r in book.reallocations for n in r.measure.inputs()}
    labels: dict[str, str] = {}
    for name, i in book.inputs.items():
        if name not in used:
            yield KindFault(f"inputs.{name}", "没有规则使用这个输入", name, "删去，或在规则中使用")
        for key in ("part_of", "total_of", "expected_within", "kindred"):
            if getattr(i, key) and getattr(i, key) not in book.inputs:
                yield KindFault(
                    f"inputs.{name}.{key}",
                    "输入没有声明",
                    getattr(i, key),
                    nearest(getattr(i, key), book.inputs),
                )
        part, whole = {name}, i.part_of
        while whole in book.inputs and whole not in part:
            part, whole = {*part, whole}, book.inputs[whole].part_of
        if whole == name:
            yield KindFault(
                f"inputs.{name}.part_of",
                "是它自己的一部分",
                i.part_of,
                "写上真正的总数，或删去",
            )
        if i.label in labels:
            yield KindFault(
                f"inputs.{name}.label", "名称重复", i.label, f"与 {labels[i.label]} 不同名"
            )
        if (i.type == "class") != bool(i.classes):
            yield KindFault(f"inputs.{name}.classes", "class 类型须列出类别，其他类型不列", i.type)
        labels[i.label] = name


def total_faults(book: Rulebook) -> Iterator[KindFault]:
    """Categories, total and bonus add up to what the rulebook declares."""
    for rule in book.of_kind("item"):
        if rule.category not in book.categories:
            yield KindFault(
                f"{rule.id}.category",
                "没有声明这个类别",
                rule.category,
                f"可选：{'、'.join(book.categories)}",
            )
    sums = [
        (
            f"categories.{c.id}",
            c.full,
            sum(r.full for r in book.of_kind("item") if r.category == c.id),
        )
        for c in book.categories.values()
    ]
    sums.append(("rulebook.full", book.full, sum(r.full for r in book.of_kind("item"))))
    sums.append(("rulebook.bonus", book.bonus, sum(r.full for r in book.of_kind("bonus"))))
    for place, declared, actual in sums:
        if not math.isclose(declared, actual):
            yield KindFault(
                place,
                "各项满分之和与声明不符",
                f"声明 {declared:g}，各项之和 {actual:g}",
                "改正声明或各项满分",
            )
