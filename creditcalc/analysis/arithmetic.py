"""The arithmetic of a score as lines that a calculator can check."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from creditcalc import words
from creditcalc.rules import phrases
from creditcalc.rules.measures import Measure
from creditcalc.rules.rulebook import Call, Reallocation, Rule
from creditcalc.scoring.result import Result
from creditcalc.scoring.scorecard import Scorecard


def item_lines(card: Scorecard, at: int, id: str) -> list[str]:
    """The arithmetic of a scored or bonus item in the row at a position."""
    found, row = card.result(at, id), card.table.iloc[at]
    rule, moves = found.rule, card.book.reallocations
    assert rule.measure is not None and rule.formula is not None
    if found.status == "not_applicable":
        dropped = [move for move in moves if id in move.drop]
        return [line for m in dropped for line in (_share_line(m, found, card, row), m.rule)]
    value = found.value
    if math.isnan(value) and found.bounds is not None:  # what is known may decide
        value = found.bounds[0]
    lines = [_measure_line(rule.measure, value, rule, card, row)]
    earned = found.before_reallocation
    if not math.isnan(earned):
        said = rule.measure.bind(card.readings).said(
            card.book.terms(rule, rule.measure, card.readings)
        )
        formula = rule.formula.bind(card.readings)
        lines.append(formula.arithmetic(value, earned, rule.full, said))
    if found.factor != 1:
        lines += [_share_line(move, found, card, row) for move in moves if id in move.scale]
        lines.append(
            f"满分由 {words.number(rule.full)} 换算为 {words.number(found.full)}："
            f"× {words.number(found.factor)}"
        )
    return lines


def gate_lines(card: Scorecard, at: int, id: str) -> list[str]:
    """One line per condition of a base indicator, with what it demands and whether it holds."""
    rule, row, lines = card.book.rules[id], card.table.iloc[at], []
    for condition, values, holds, concerns in card.result(at, id).conditions:
        if concerns is not None and concerns[0] == 0:
            continue
        only = condition.class_input
        if only and pd.isna(row.get(only)):
            unknown = f"{card.book.inputs[only].label}：{words.MISSING}，不知道适用哪条要求"
            lines.append(f"{unknown} → {phrases.gate(math.nan)}")
            break
        value = float(values[0])
        line = _measure_line(condition.measure, value, rule, card, row)
        measure, test = condition.measure.bind(card.readings), condition.test
        demand = measure.demanded(test, card.book.terms(rule, condition.measure, card.readings))
        demand += measure.apart(value, test.threshold)
        lines.append(f"{line}；要求{demand} → {phrases.gate(float(holds[0]))}")
    return lines


def _share_line(move: Reallocation, found: Result, card: Scorecard, row: pd.Series) -> str:
    """The share that decides a reallocation, beside its bound."""
    line = _measure_line(move.measure, found.share(move), found.rule, card, row)
    return f"{line}，达到 {words.percent(move.at_least)}"


def _measure_line(
    call: Call[Measure], value: float, rule: Rule, card: Scorecard, row: pd.Series
) -> str:
    """How the inputs make the value, with the numbers that a calculator needs."""
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    terms = card.book.terms(rule, call, card.readings)
    return call.bind(card.readings).arithmetic(value, values, terms)
