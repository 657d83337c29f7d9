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
from creditcalc.scoring.rollup import RolledUp
from creditcalc.scoring.scorecard import Scorecard

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
    """A reading that the rule depends on, and the score under each of its options, others kept."""

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
        rows = ""
        for heading, lines in self.lines():
            text = "<br>".join(_escaped(line) for line in lines)
            rows += f"<tr><th scope='row' {left}>{heading}</th><td {left}>{text}</td></tr>"
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
    rule, row, found = book.rules[id], card.table.iloc[at], card.result(at, id)
    lines_of = arithmetic.gate_lines if rule.kind == "base" else arithmetic.item_lines
    low, high = found.interval
    numbers = {
        "full": _plain(found.full),
        "score": _plain(found.points),
        "low": _plain(low),
        "high": _plain(high),
    }
    own = card.only([at])
    return Explanation(
        county,
        period,
        id,
        rule.name,
        rule.kind,
        rule.clause,
        rule.rule,
        rule.note,
        tuple(_input(name, card, row) for name in _relevant(rule, card)),
        tuple(lines_of(card, at, id)),
        _result(found.status, numbers),
        found.status,
        **numbers,
        readings=tuple(_reading(reading, rule, own) for reading in rule.readings),
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


def _relevant(rule: Rule, card: Scorecard) -> list[str]:
    """The rule's inputs under the readings, and those that decide a reallocation of its marks."""
    names = rule.inputs(card.readings)
    for move in card.book.reallocations:
        if rule.id in (*move.drop, *move.scale):
            names = names + move.measure.inputs(card.readings)
    return names


def _input(name: str, card: Scorecard, row: pd.Series) -> InputUsed:
    """An input with its value, origin and, for a city's added-up one, what each county gave."""
    i = card.book.inputs[name]
    raw = row.get(name)
    value = None if raw is None or pd.isna(raw) else (str(raw) if i.type == "class" else float(raw))
    origin, parts = _origin(name, card, row)
    texts = {county: input_value(i, part) for county, part in parts.items()}
    origin = origin if value is not None else "missing"
    return InputUsed(name, i.label, i.unit, value, input_value(i, value), origin, parts, texts)


def _origin(name: str, card: Scorecard, row: pd.Series) -> tuple[str, dict[str, float | None]]:
    """Typed, rolled up from counties (with their values) or inherited from the city."""
    rolled = card.rolled
    if rolled is None or name not in rolled.typed:
        return "typed", {}
    same = rolled.typed_rows(row["city"], row["period"])
    own = same["jurisdiction"].eq(row["jurisdiction"]) & same["level"].eq(row["level"])
    if same.loc[own, name].notna().any():
        return "typed", {}
    if row["level"] != "city":
        return "inherited", {}
    if card.book.inputs[name].rollup == "city":
        return "missing", {}
    values = same[same["level"] != "city"].set_index("jurisdiction")[name]
    return "rolled_up", _parts(values, rolled, row)


def _parts(values: pd.Series, rolled: RolledUp, row: pd.Series) -> dict[str, float | None]:
    """What each county, and the city's departments, gave of a sum."""
    whose = [
        name
        for level in ("county", "direct")
        for name in rolled.expected(row["city"], row["period"], level)
    ]
    return {name: _plain(values.get(name)) for name in whose}


def _reading(reading: str, rule: Rule, own: Scorecard) -> ReadingUsed:
    """A reading with the score of a card's one row under each option."""
    question, option = own.book.readings[reading], own.readings[reading]
    scores = {}
    for other in question.options:
        found = own.under({reading: other}).result(0, rule.id)
        if rule.kind == "base":
            scores[other] = phrases.STATUS[found.status]
        else:
            scores[other] = f"{words.interval(*found.interval)} 分"
    meaning = question.options[option]
    return ReadingUsed(reading, question.question, option, meaning, scores)


def _result(status: str, numbers: dict[str, float | None]) -> str:
    """The outcome in words."""
    if numbers["full"] is None:
        return phrases.STATUS[status]
    if status == "not_applicable":
        return "不适用：满分 0 分，分值已并入涉企信用信息共享各项"
    of = f"（满分 {words.number(numbers['full'])} 分）"
    if numbers["score"] is None:
        assert numbers["low"] is not None and numbers["high"] is not None
        between = words.interval(numbers["low"], numbers["high"])
        return f"缺数据，不计分；得分可能在 {between} 分之间{of}"
    return f"得 {words.points(numbers['score'])} 分{of}"


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _plain(x: Any) -> float | None:
    return None if x is None or pd.isna(x) else float(x)
