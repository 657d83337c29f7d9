"""One row's score beside what it was, as HTML without style sheet and script: totals, base gates,
bars, what moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from creditcalc.exact import TOLERANCE
from creditcalc.pages.fields import label
from creditcalc.render.display import escape
from creditcalc.render.theme import ACCENT, INK, LINE, MUTED, PAPER, TONES, WASH, WORDS
from creditcalc.rules.phrases import ELIGIBLE, STATUS
from creditcalc.rules.rulebook import Category
from creditcalc.scoring.scorecard import Scorecard
from creditcalc.words import interval, number

ENDS_OF_TOTALS = {  # the field that names a total, and the columns of its ends
    "score": ("score",),
    "interval": ("low", "high"),
    "bonus_interval": ("bonus_low", "bonus_high"),
    "total": ("total",),
}


@dataclass(frozen=True)
class Side:
    """The first row of a card, read once."""

    card: Scorecard

    @cached_property
    def totals(self) -> dict[str, tuple[str, str]]:
        """Label and text of every total, by name."""
        t = self.card.totals().iloc[0]
        found = {
            names[0]: (label(field), interval(t[names[0]], t[names[-1]]))
            for field, names in ENDS_OF_TOTALS.items()
        }
        return {**found, "eligible": (label("eligible"), ELIGIBLE[t["eligible"]])}

    @cached_property
    def marks(self) -> dict[str, tuple[float, float, float]]:
        """Points for certain, points at most and full marks of every rule but base indicators."""
        low, high, full = (
            frame.iloc[0].to_dict() for frame in (self.card.low, self.card.high, self.card.full)
        )
        rules = self.card.book.rules.values()
        items = [rule.id for rule in rules if rule.kind != "base"]
        return {id: (low[id], high[id], full[id]) for id in items}

    @cached_property
    def results(self) -> dict[str, str]:
        """Every rule's points, or the state of its gate, in words."""
        found = {id: interval(low, high) for id, (low, high, _) in self.marks.items()}
        for rule in self.card.book.of_kind("base"):
            found[rule.id] = STATUS[self.card.result(0, rule.id).status]
        return {id: found[id] for id in self.card.book.rules}

    def of_category(self, id: str) -> list[float]:
        """A category's points for certain, at most, and full marks."""
        marks = [
            self.marks[rule.id] for rule in self.card.book.rules.values() if rule.category == id
        ]
        return [sum(column) for column in zip(*marks, strict=True)]


def contrast(before: Side, now: Side) -> str:
    """Two sides of one row as one panel; the class of each cell that shows what is now names the
    total.
    """
    book, row = now.card.book, now.card.table.iloc[0]
    totals = ""
    for name, (title, text) in now.totals.items():
        totals += (
            f'<tr><th style="text-align:left">{title}</th>'
            f'<td align="right">{before.totals[name][1]}</td>'
            f'<td align="right" class="creditcalc-{name}"><b>{text}</b></td></tr>'
        )
    moved = [
        f"{id} {rule.name} {before.results[id]} → {now.results[id]}"
        for id, rule in book.rules.items()
        if before.results[id] != now.results[id]
    ]
    gates = [_gate(f"{r.id} {r.name}", now.results[r.id]) for r in book.of_kind("base")]
    bars = [
        _category(c, before.of_category(c.id), now.of_category(c.id))
        for c in book.categories.values()
    ]
    look = f"background:{PAPER};color:{INK};border:1px solid {LINE};padding:10px 14px"
    who, remark = f"{row['jurisdiction']} {row['period']}", row.get("remark") or ""
    return (
        f'<div style="{look};line-height:1.5">'
        f'<table width="100%"><tr><th style="text-align:left">{escape(who)}</th>'
        f'<td align="right">填报</td><td align="right">现在</td></tr>{totals}</table>'
        f"<p>{' '.join(gates)}</p>{''.join(bars)}"
        f'<p style="color:{MUTED}">上条为填报，下条为现在；浅色为缺数据，未定。{escape(remark)}</p>'
        f'<p class="creditcalc-moved"><b>变动</b>　{escape("；".join(moved) or "无")}</p>'
        f"{_excess(now)}</div>"
    )


def _excess(now: Side) -> str:
    """What the check would refuse in these inputs: a part over its whole, a total over nothing."""
    inputs, row = now.card.book.inputs, now.card.table.iloc[0]
    found = [
        f"“{i.label}”大于“{inputs[i.part_of].label}”"
        for i in inputs.values()
        if i.part_of and row.get(i.name, 0) > i.times * (1 + TOLERANCE) * row.get(i.part_of, np.nan)
    ]
    found += [
        f"“{i.label}”大于 0，“{inputs[i.total_of].label}”却是 0"
        for i in inputs.values()
        if i.total_of and row.get(i.name, 0) > 0 and row.get(i.total_of) == 0
    ]
    return (
        f'<p style="color:{TONES["bad"].text}">填报时不会接受：{escape("；".join(found))}</p>'
        if found
        else ""
    )


def _gate(name: str, state: str) -> str:
    """A base indicator and its state: short where it passes."""
    tone = TONES[WORDS[state]]
    text = name.partition(" ")[0] if WORDS[state] == "good" else name
    style = f"background:{tone.fill};color:{tone.text};padding:0 4px;white-space:nowrap"
    return f'<span style="{style}">{escape(text)} {state}</span>'


def _category(category: Category, before: Sequence[float], now: Sequence[float]) -> str:
    """A category's points, and a bar for each side."""
    one, other = (interval(low, high) for low, high, _ in (before, now))
    points = f"{one} → {other}" if one != other else other
    title = f"{category.id}　{escape(category.name)}"
    return (
        f'<div style="display:flex;justify-content:space-between"><span>{title}</span> '
        f"<span>{points} / {number(now[2])}</span></div>{_bar(MUTED, *before)}{_bar(ACCENT, *now)}"
    )


def _bar(colour: str, low: float, high: float, full: float) -> str:
    """Points as a share of full marks: certain, open, lost."""
    a, b = (f"{100 * x / full:.1f}%" for x in (low, high))
    ends = f"{colour} {a},{TONES['warn'].fill} {a} {b},{WASH} {b}"
    return (
        f'<div style="height:6px;margin-bottom:2px;background:linear-gradient(90deg,{ends})"></div>'
    )
