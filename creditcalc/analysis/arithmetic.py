"""The arithmetic of a score as lines that a calculator can check."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from creditcalc import words
from creditcalc.rules import measures, phrases
from creditcalc.rules.formulas import TOLERANCE
from creditcalc.rules.rulebook import (
    Call,
    Choice,
    Condition,
    Reallocation,
    Rule,
    chosen,
    input_names,
)
from creditcalc.scoring.scorecard import Columns, Scorecard, measured, score_condition, score_item

ALIKE = 5e-9  # shares no further apart print as the same number


def item_lines(rule: Rule, card: Scorecard, at: int, row: pd.DataFrame) -> list[str]:
    """The arithmetic of a scored or bonus item."""
    assert rule.measure is not None and rule.formula is not None
    if str(card.status[rule.id].iloc[at]) == "not_applicable":
        moves = [move for move in card.book.reallocations if rule.id in move.drop]
        return [line for move in moves for line in (_share_line(move, rule, card, row), move.rule)]
    value = float(card.value[rule.id].iloc[at])
    if rule.measure.kind in measures.BOUNDS and math.isnan(value):  # what is known may decide
        value = float(
            sum(row[name].iloc[0] > 0 for name in rule.inputs(card.readings) if name in row)
        )
    lines = [_measure_line(rule.measure, value, rule, card, row)]
    points = score_item(rule, Columns(row, card.book), card.readings)[1]
    if not math.isnan(points[0]):
        lines.append(_formula_line(rule, value, float(points[0]), card))
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
            lines.append(
                f"{card.book.inputs[only].label}：{words.MISSING}，不知道适用哪条要求 → {phrases.gate(math.nan)}"
            )
            break
        line = _measure_line(condition.measure, float(value[0]), rule, card, row)
        demand = f"要求{_demand(condition, rule, card)}{_margin(condition, float(value[0]))}"
        lines.append(f"{line}；{demand} → {phrases.gate(float(holds[0]))}")
    return lines


def _margin(condition: Condition, value: float) -> str:
    """How far a value lies from its threshold, where both would print as the same number."""
    apart = value - condition.threshold
    least = TOLERANCE * abs(condition.threshold)  # nearer is equal
    if condition.measure.kind not in phrases.SHARES or not least < abs(apart) < ALIKE:
        return ""
    return f"（{'高出' if apart > 0 else '低了'} {words.precise(abs(100 * apart))} 个百分点）"


def _share_line(move: Reallocation, rule: Rule, card: Scorecard, row: pd.DataFrame) -> str:
    """The share that decides a reallocation, beside its bound."""
    share = float(measured(move.measure, Columns(row, card.book), card.readings)[0])
    return f"{_measure_line(move.measure, share, rule, card, row)}，达到 {words.percent(move.at_least)}"


def _demand(condition: Condition, rule: Rule, card: Scorecard) -> str:
    if condition.measure.kind in phrases.LOGIC:
        return {"any_of": "有其一", "all_of": "全部为是", "none_of": "均为 0 或否"}[
            condition.measure.kind
        ]
    threshold = phrases.measure_text(
        condition.measure, rule, card.book, card.readings, condition.threshold
    )
    return f"{phrases.TESTS[condition.test]} {threshold}"


def _measure_line(call: Call, value: float, rule: Rule, card: Scorecard, row: pd.DataFrame) -> str:
    """How the inputs make the value, with the numbers that a calculator needs."""
    book, readings = card.book, card.readings

    def text(names: Sequence[str]) -> str:
        return " + ".join(words.precise(row[n].iloc[0] if n in row else None) for n in names)

    def role(name: str) -> list[str]:
        return input_names(chosen(call.params[name], readings), readings)

    shown_value = words.MISSING if math.isnan(value) else _measured(call, value, rule, card)
    if call.kind == "ratio":
        part, whole = text(role("part")), text(role("whole"))
        part = f"({part})" if "+" in part else part
        if whole == "0":
            return _empty_line("whole", call, value, shown_value, card)
        return f"{part} ÷ {whole} = {shown_value}"
    if call.kind == "growth":
        prev, curr = text(role("prev")), text(role("curr"))
        if prev == "0":
            return _empty_line("prev", call, value, shown_value, card)
        return f"({curr} − {prev}) ÷ {prev} = {shown_value}"
    if call.kind == "shortfall":
        whole = text(role("whole"))
        if whole == "0":
            return _empty_line("whole", call, value, shown_value, card)
        return f"{whole} − {text(role('part'))} = {shown_value}"
    if call.kind == "input":
        return f"{book.inputs[role('input')[0]].label} = {shown_value}"
    if call.kind == "coverage":
        return _coverage_line(call, value, card, row)
    flags = "；".join(
        f"{book.inputs[n].label}：{phrases.input_value(book.inputs[n], row[n].iloc[0] if n in row else None)}"
        for n in role("inputs")
    )
    return flags if call.kind != "count_yes" else f"{flags}；共 {shown_value}"


def _empty_line(whole: str, call: Call, value: float, shown_value: str, card: Scorecard) -> str:
    """What a whole of 0 comes to, by itself or by a reading."""
    empty = call.params.get("empty")
    why = f"按读法 {empty.by}={card.readings[empty.by]} " if isinstance(empty, Choice) else ""
    outcome = "不作判定" if math.isnan(value) else f"按 {shown_value} 计"
    return f"{card.book.inputs[call.params[whole]].label}为 0，{why}{outcome}"


def _coverage_line(call: Call, value: float, card: Scorecard, row: pd.DataFrame) -> str:
    """The coverage of every system, and which one counts."""
    book = card.book
    whole = words.precise(row[call.params["whole"]].iloc[0] if call.params["whole"] in row else None)
    texts = []
    for part, system in zip(call.params["parts"], call.params["systems"], strict=True):
        used = phrases.input_value(
            book.inputs[system], row[system].iloc[0] if system in row else None
        )
        covered = words.precise(row[part].iloc[0] if part in row else None)
        if used == "是":
            used += f"，{covered} ÷ {whole}"
            if words.MISSING not in used and whole != "0":
                used += f" = {words.number(float(row[part].iloc[0] / row[call.params['whole']].iloc[0]), 4)}"
        texts.append(f"{book.inputs[system].label}：{used}")
    outcome = words.MISSING if math.isnan(value) else f"{value:.2f}"
    return f"{'；'.join(texts)}；取较高者，最多为 1，四舍五入到两位小数 = {outcome}"


def _formula_line(rule: Rule, value: float, earned: float, card: Scorecard) -> str:
    """How the value earns the points."""
    assert rule.measure is not None and rule.formula is not None
    params, kind, full = (
        rule.formula.bind(card.readings),
        rule.formula.kind,
        words.number(rule.full),
    )
    result = words.points(earned)

    def text(x: float) -> str:
        assert rule.measure is not None
        return _measured(rule.measure, x, rule, card, unit=False)

    if kind == "proportional":
        zero, most, v = text(params["zero"]), text(params["full_at"]), text(value)
        if earned >= rule.full:
            return f"{v} {'不高于' if params.get('falling') else '达到'} {most} → {result}"
        if earned <= 0:
            return f"{v} 在不得分端 {zero}（{'高于' if params.get('falling') else '不足或恰在'}）→ 0.00"
        if params["line"] == "of_full":
            return (
                f"{most} ÷ {v} × {full} = {result}"
                if params.get("falling")
                else f"{v} ÷ {most} × {full} = {result}"
            )
        if params.get("falling"):
            return f"({zero} − {v}) ÷ ({zero} − {most}) × {full} = {result}"
        return f"({v} − {zero}) ÷ ({most} − {zero}) × {full} = {result}"
    if kind == "tiers":
        bounds = "，".join(
            f"{'达到' if params.get('inclusive', 'yes') == 'yes' else '高于'} {text(at)} 得 {words.number(p)}"
            for at, p in params["tiers"]
        )
        return f"{text(value)}：{bounds} → {result}"
    if kind == "deduct":
        return f"{full} − {words.number(params['each'])} × {text(value)} = {result}（不低于 0）"
    if kind == "excess_deduct":
        steps = max((value - params["free"]) / params["step"], 0)
        counted = {
            "pro_rata": steps,
            "whole_steps": math.floor(steps + 1e-9),
            "started_steps": math.ceil(steps - 1e-9),
        }
        step = (
            "每步十万分之一" if params["step"] < 0.001 else f"每步 {words.number(params['step'])}"
        )
        taken = words.precise(counted[params["partial"]])
        return (
            f"超出 {text(params['free'])} 的部分合 {words.precise(steps)} 步（{step}），按 {taken} 步计："
            f"{full} − {words.number(params['each'])} × {taken} = {result}（不低于 0）"
        )
    if kind == "per_unit":
        return f"{words.number(params['each'])} × {text(value)} = {result}（最多 {full}）"
    if kind == "awarded":
        return (
            f"按{'覆盖率' if rule.measure.kind == 'coverage' else '评分'}计 {result}（最多 {full}）"
        )
    demand = {"any_of": "有其一", "none_of": "均未发生", "all_of": "全部为是"}.get(
        rule.measure.kind, "为是"
    )
    return f"要求{demand}：{'满足' if value > 0 else '不满足'} → {result}"


def _measured(call: Call, value: float, rule: Rule, card: Scorecard, unit: bool = True) -> str:
    """A value with the digits that reproduce the score, marked ≈ where they are not all."""
    if call.kind in phrases.SHARES and not rule.value_unit:
        return words.precise(100 * value) + "%"
    text = words.precise(value)
    return (
        f"{text}{phrases.measure_text(call, rule, card.book, card.readings, value).removeprefix(words.number(value))}"
        if unit
        else text
    )


def _absent(row: pd.DataFrame, name: str) -> bool:
    """Whether a row does not know an input."""
    return name not in row or bool(row[name].isna().iloc[0])
