"""The arithmetic of a score as lines that a calculator can check."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from creditcalc import words
from creditcalc.rules import phrases
from creditcalc.rules.measures import Measure
from creditcalc.rules.rulebook import Call, Reallocation, Rule
from creditcalc.scoring.scorecard import Columns, Scorecard, measured, score_condition, score_item


def item_lines(rule: Rule, card: Scorecard, at: int, row: pd.DataFrame) -> list[str]:
    """The arithmetic of a scored or bonus item."""
    assert rule.measure is not None and rule.formula is not None
    if str(card.status[rule.id].iloc[at]) == "not_applicable":
        moves = [move for move in card.book.reallocations if rule.id in move.drop]
        return [line for move in moves for line in (_share_line(move, rule, card, row), move.rule)]
    columns, measure = Columns(row, card.book), rule.measure.bind(card.readings)
    value, bounds = float(card.value[rule.id].iloc[at]), measure.bounds(columns.number)
    if bounds is not None and math.isnan(value):  # what is known may decide
        value = float(bounds[0][0])
    lines = [_measure_line(rule.measure, value, rule, card, row)]
    earned = float(score_item(rule, columns, card.readings)[1][0])
    if not math.isnan(earned):
        said = measure.said(card.book.terms(rule, rule.measure, card.readings))
        formula = rule.formula.bind(card.readings)
        lines.append(formula.arithmetic(value, earned, rule.full, said))
    factor = float(card.full[rule.id].iloc[at]) / rule.full
    if factor != 1:
        lines += [
            _share_line(move, rule, card, row)
            for move in card.book.reallocations
            if rule.id in move.scale
        ]
        lines.append(
            f"满分由 {words.number(rule.full)} 换算为 {words.number(rule.full * factor)}："
            f"× {words.number(factor)}"
        )
    return lines


def gate_lines(rule: Rule, card: Scorecard, row: pd.DataFrame) -> list[str]:
    """One line per condition of a base indicator, with what it demands and whether it holds."""
    lines = []
    for condition in rule.conditions:
        value, holds, concerned = score_condition(condition, Columns(row, card.book), card.readings)
        if concerned[0] == 0:
            continue
        only = condition.class_input
        if only and _absent(row, only):
            unknown = f"{card.book.inputs[only].label}：{words.MISSING}，不知道适用哪条要求"
            lines.append(f"{unknown} → {phrases.gate(math.nan)}")
            break
        line = _measure_line(condition.measure, float(value[0]), rule, card, row)
        measure, test = condition.measure.bind(card.readings), condition.test
        demand = measure.demanded(test, card.book.terms(rule, condition.measure, card.readings))
        demand += measure.apart(float(value[0]), test.threshold)
        lines.append(f"{line}；要求{demand} → {phrases.gate(float(holds[0]))}")
    return lines


def _share_line(move: Reallocation, rule: Rule, card: Scorecard, row: pd.DataFrame) -> str:
    """The share that decides a reallocation, beside its bound."""
    share = float(measured(move.measure, Columns(row, card.book), card.readings)[0])
    line = _measure_line(move.measure, share, rule, card, row)
    return f"{line}，达到 {words.percent(move.at_least)}"


def _measure_line(
    call: Call[Measure], value: float, rule: Rule, card: Scorecard, row: pd.DataFrame
) -> str:
    """How the inputs make the value, with the numbers that a calculator needs."""
    values: dict[str, Any] = {str(name): row[name].iloc[0] for name in row}
    terms = card.book.terms(rule, call, card.readings)
    return call.bind(card.readings).arithmetic(value, values, terms)


def _absent(row: pd.DataFrame, name: str) -> bool:
    """Whether a row does not know an input."""
    return name not in row or bool(row[name].isna().iloc[0])
