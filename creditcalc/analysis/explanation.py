"""One score as sentences and as data: inputs, arithmetic that a calculator can check, clause and
readings.
"""

from __future__ import annotations

import html
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from creditcalc import words
from creditcalc.analysis import arithmetic
from creditcalc.problems import Problem, UnknownName, nearest, shown
from creditcalc.rules import phrases
from creditcalc.rules.inputs import input_value
from creditcalc.rules.rulebook import Rule
from creditcalc.scoring.scorecard import Columns, Scorecard, reallocated, score_gate, score_item

ORIGINS = {
    "typed": "填报",
    "rolled_up": "县（区）汇总",
    "inherited": "沿用市级填报",
    "missing": "缺",
}


@dataclass(frozen=True)
class InputUsed:
    """One input of an explanation: its value as data and in words, where it comes from and, where
    added up, from whom.
    """

    name: str
    label: str
    unit: str
    value: float | str | None
    text: str
    origin: str
    parts: dict[str, float | None]
    part_texts: dict[str, str]


@dataclass(frozen=True)
class ReadingUsed:
    """A reading that the rule depends on, and the score under each of its options, the others kept."""

    id: str
    question: str
    option: str
    meaning: str
    scores: dict[str, str]


@dataclass(frozen=True)
class Explanation:
    """Why a rule gives what it gives to one jurisdiction in one period."""

    jurisdiction: str
    period: str
    id: str
    name: str
    kind: str
    clause: str
    rule: str
    note: str
    inputs: tuple[InputUsed, ...]
    arithmetic: tuple[str, ...]
    result: str
    status: str
    full: float | None
    score: float | None
    low: float | None
    high: float | None
    readings: tuple[ReadingUsed, ...]

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain data."""
        return asdict(self)

    def to_json(self) -> str:
        """The explanation as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def lines(self) -> list[tuple[str, list[str]]]:
        """Headings and their lines, as the text and the notebook show them."""
        inputs = [
            f"{i.label}（{i.name}）：{i.text}"
            + (f"（{ORIGINS[i.origin]}）" if i.value is not None else "")
            + "".join(f"\n　{county}：{text}" for county, text in i.part_texts.items())
            for i in self.inputs
        ]
        readings = [
            f"{r.id} = {r.option}（{r.meaning}）；"
            + "，".join(f"{option} 时 {text}" for option, text in r.scores.items())
            for r in self.readings
        ]
        sections = [
            ("规则", [self.rule, f"依据：{self.clause}", *([self.note] if self.note else [])]),
            ("数据", inputs),
            ("计算", list(self.arithmetic)),
            ("结果", [self.result]),
            ("读法", readings),
        ]
        return [(heading, lines) for heading, lines in sections if lines]

    def __str__(self) -> str:
        title = f"{self.jurisdiction} {self.period} {self.id} {self.name}"
        return "\n".join(
            [
                title,
                *(f"【{heading}】" + "\n　".join(["", *lines]) for heading, lines in self.lines()),
            ]
        )

    def _repr_html_(self) -> str:
        title = html.escape(f"{self.jurisdiction} {self.period} {self.id} {self.name}")
        left = "style='text-align:left'"  # JupyterLab aligns every cell right
        rows = "".join(
            f"<tr><th scope='row' {left}>{heading}</th><td {left}>{'<br>'.join(map(_escaped, lines))}</td></tr>"
            for heading, lines in self.lines()
        )
        return f"<table class='explanation'><caption>{title}</caption><tbody>{rows}</tbody></table>"


def explain(card: Scorecard, county: str, period: str, id: str) -> Explanation:
    """Why rule ``id`` gives what it gives to ``county`` (a county or a city) in ``period``.

    Raises UnknownName for a jurisdiction, period or rule that the card does not have.
    """
    book = card.book
    if id not in book.rules:
        raise UnknownName(
            [
                Problem(
                    "没有这个指标",
                    shown(id),
                    nearest(id, book.rules) or f"有：{'、'.join(book.rules)}",
                )
            ]
        )
    at = _position(card, county, period)
    rule, row = book.rules[id], card.table.iloc[[at]]
    names = _relevant(rule, card, row)
    lines = (
        arithmetic.gate_lines(rule, card, row)
        if rule.kind == "base"
        else arithmetic.item_lines(rule, card, at, row)
    )
    status = str(card.status[id].iloc[at])
    numbers = {
        key: _plain(frame[id].iloc[at])
        for key, frame in (
            ("full", card.full),
            ("score", card.points),
            ("low", card.low),
            ("high", card.high),
        )
    }
    return Explanation(
        county,
        period,
        id,
        rule.name,
        rule.kind,
        rule.clause,
        rule.rule,
        rule.note,
        tuple(_input(name, card, row) for name in names),
        tuple(lines),
        _result(status, numbers),
        status,
        **numbers,
        readings=tuple(_reading(reading, rule, card, row) for reading in rule.readings),
    )


def _position(card: Scorecard, county: str, period: str) -> int:
    """The row of a jurisdiction and period."""
    found = np.flatnonzero(
        (card.table["jurisdiction"] == county) & (card.table["period"] == period)
    )
    if len(found) == 1:
        return int(found[0])
    if len(found) > 1:
        raise UnknownName(
            [Problem("几个市都有这个县（区）", shown(county), "先按 city 列筛选出一个市再评分")]
        )
    names, periods = card.table["jurisdiction"].unique(), card.table["period"].unique()
    if county in names:
        there = sorted(card.table.loc[card.table["jurisdiction"] == county, "period"])
        raise UnknownName(
            [Problem(f"{county} 没有这个期间", shown(period), f"有：{'、'.join(there)}")]
        )
    what = f"{nearest(county, names)}有：{'、'.join(names[:30])}"
    raise UnknownName(
        [
            Problem(
                "没有这个县（区）或市" + ("" if period in periods else "，也没有这个期间"),
                shown(county),
                what,
            )
        ]
    )


def _relevant(rule: Rule, card: Scorecard, row: pd.DataFrame) -> list[str]:
    """The rule's inputs under the readings, and those that decide a reallocation of its marks."""
    names = rule.inputs(card.readings)
    for move in card.book.reallocations:
        if rule.id in (*move.drop, *move.scale):
            names = names + move.measure.inputs(card.readings)
    return names


def _input(name: str, card: Scorecard, row: pd.DataFrame) -> InputUsed:
    """An input with its value, origin and, for a city's added-up one, what each county gave."""
    i = card.book.inputs[name]
    raw = row[name].iloc[0] if name in row else None
    value = None if raw is None or pd.isna(raw) else (str(raw) if i.type == "class" else float(raw))
    origin, parts = _origin(name, card, row)
    texts = {county: input_value(i, part) for county, part in parts.items()}
    origin = origin if value is not None else "missing"
    return InputUsed(name, i.label, i.unit, value, input_value(i, value), origin, parts, texts)


def _origin(name: str, card: Scorecard, row: pd.DataFrame) -> tuple[str, dict[str, float | None]]:
    """Typed, rolled up from counties (with their values) or inherited from the city."""
    source = card.table.attrs.get("source")
    if source is None or name not in source.table:
        return "typed", {}
    key = row.iloc[0]
    typed = source.table
    same = (typed["city"] == key["city"]) & (typed["period"] == key["period"])
    own = typed.loc[
        same & (typed["jurisdiction"] == key["jurisdiction"]) & (typed["level"] == key["level"]),
        name,
    ]
    if own.notna().any():
        return "typed", {}
    if key["level"] != "city":
        return "inherited", {}
    if card.book.inputs[name].rollup == "city":
        return "missing", {}
    counties = typed.loc[
        (typed["city"] == key["city"]) & (typed["level"] == "county"), "jurisdiction"
    ].unique()
    values = typed.loc[same & (typed["level"] == "county")].set_index("jurisdiction")[name]
    return "rolled_up", {c: _plain(values.get(c)) for c in counties}


def _reading(reading: str, rule: Rule, card: Scorecard, row: pd.DataFrame) -> ReadingUsed:
    """A reading with the score under each option."""
    book, option = card.book, card.readings[reading]
    scores = {}
    for other in book.readings[reading].options:
        columns, readings = Columns(row, book), {**card.readings, reading: other}
        if rule.kind == "base":
            scores[other] = phrases.gate(float(score_gate(rule, columns, readings)[1][0]))
        else:
            _, _, low, high = score_item(
                rule, columns, readings, reallocated(book, columns, readings).get(rule.id)
            )
            scores[other] = f"{words.interval(low[0], high[0])} 分"
    return ReadingUsed(
        reading,
        book.readings[reading].question,
        option,
        book.readings[reading].options[option],
        scores,
    )


def _result(status: str, numbers: dict[str, float | None]) -> str:
    """The outcome in words."""
    if numbers["full"] is None:
        return phrases.STATUS[status]
    if status == "not_applicable":
        return "不适用：满分 0 分，分值已并入涉企信用信息共享各项"
    of = f"（满分 {words.number(numbers['full'])} 分）"
    if numbers["score"] is None:
        assert numbers["low"] is not None and numbers["high"] is not None
        return f"缺数据，不计分；得分可能在 {words.interval(numbers['low'], numbers['high'])} 分之间{of}"
    return f"得 {words.points(numbers['score'])} 分{of}"


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _plain(x: Any) -> float | None:
    return None if x is None or pd.isna(x) else float(x)
