"""Values, thresholds, points and states in the words that people read."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from creditcalc import words
from creditcalc.rules.rulebook import (
    Call,
    Condition,
    Input,
    Readings,
    Rule,
    Rulebook,
    chosen,
    input_names,
)

STATUS = {
    "scored": "已计分",
    "missing": "缺数据",
    "not_applicable": "不适用",
    "pass": "通过",
    "fail": "不通过",
    "pending": "待核实",
}
ELIGIBLE = {"yes": "具备申报条件", "no": "不具备申报条件", "pending": "待核实"}
SEVERITY = {"error": "错误", "notice": "提示"}
WHO = {
    "jurisdiction": "县（区、市）",
    "city": "所属市",
    "period": "期间",
}  # the columns that say whose a line is
LEVEL = {"county": "县（区）", "city": "市"}
TESTS = {
    "below": "低于",
    "at_most": "不高于",
    "above": "高于",
    "at_least": "不低于",
    "equals": "等于",
}
OUTCOMES = {"any_of": ("否", "是"), "all_of": ("否", "是"), "none_of": ("有发生", "未发生")}
LOGIC = tuple(OUTCOMES)
SHARES = ("ratio", "growth", "coverage")


def gate(truth: float) -> str:
    """A base indicator's state, or that of one of its conditions.

    >>> gate(1.0), gate(float("nan"))
    ('通过', '待核实')
    """
    return STATUS["pending" if math.isnan(truth) else "pass" if truth else "fail"]


def input_value(i: Input, x: Any) -> str:
    """An input's value with its unit."""
    if pd.isna(x):
        return words.MISSING
    if i.type == "class":
        return i.classes.get(str(x), str(x))
    if i.type == "flag":
        return "是" if float(x) > 0 else "否"
    return f"{words.number(float(x))} {i.unit}"


def measure_value(rule: Rule, book: Rulebook, readings: Readings, x: float) -> str:
    """The value that an item scores, in per cent, in its unit, or as yes or no."""
    assert rule.measure is not None
    return measure_text(rule.measure, rule, book, readings, x)


def goal(rule: Rule, book: Rulebook, readings: Readings) -> str:
    """What earns full marks, or what a base indicator demands."""
    if rule.conditions:
        return "；".join(_condition(c, rule, book, readings) for c in rule.conditions)
    assert rule.measure is not None and rule.formula is not None
    params, kind = rule.formula.bind(readings), rule.formula.kind
    if rule.measure.kind in LOGIC:
        return (
            {"any_of": "有其一", "all_of": "全部为是", "none_of": "均未发生"}[rule.measure.kind]
            if len(rule.inputs(readings)) > 1
            else "是"
        )

    def value(x: float) -> str:
        assert rule.measure is not None
        return measure_text(rule.measure, rule, book, readings, x)

    if kind == "proportional":
        return ("不高于 " if params.get("falling") else "达到 ") + value(params["full_at"])
    if kind == "tiers":
        return ("达到 " if params.get("inclusive", "yes") == "yes" else "高于 ") + value(
            params["tiers"][-1][0]
        )
    if kind == "per_unit":
        return "达到 " + value(rule.full / params["each"])
    if kind == "excess_deduct":
        return "不超过 " + value(params["free"]) if params["free"] else "为 0"
    if kind == "deduct":
        return value(0)
    return "100%" if rule.measure.kind == "coverage" else f"{words.number(rule.full)} 分"


def _condition(condition: Condition, rule: Rule, book: Rulebook, readings: Readings) -> str:
    """One condition of a base indicator in words."""
    names = [book.inputs[name].label for name in _names(condition.measure, readings)]
    only = {"city": "市级：", "county": "县级："}.get(condition.level, "")
    if condition.class_input:
        known = book.inputs[condition.class_input].classes
        only += f"{'、'.join(known[c] for c in condition.classes)}："
    if condition.measure.kind in LOGIC:
        logic = {"any_of": "有其一", "all_of": "为是", "none_of": "均未发生"}[
            condition.measure.kind
        ]
        return f"{only}{'、'.join(names)}{logic}"
    subject = " ÷ ".join(names) if condition.measure.kind == "ratio" else names[-1]
    subject += "比上年增速" if condition.measure.kind == "growth" else ""
    bound = measure_text(condition.measure, rule, book, readings, condition.threshold)
    return f"{only}{subject}{TESTS[condition.test]} {bound}"


def measure_text(call: Call, rule: Rule, book: Rulebook, readings: Readings, x: float) -> str:
    """A measure's value: a share in per cent unless the rule names its unit, anything else in the
    inputs' unit.
    """
    if math.isnan(x):
        return words.MISSING
    if call.kind in LOGIC:
        return OUTCOMES[call.kind][int(x > 0)]
    if call.kind in SHARES and not rule.value_unit:
        return words.percent(x)
    unit = rule.value_unit or book.inputs[_names(call, readings)[-1]].unit
    return f"{words.number(x)} {'类' if call.kind == 'count_yes' else unit}"


def _names(call: Call, readings: Readings) -> list[str]:
    """The inputs of a measure under the readings."""
    return [
        name
        for key, value in call.params.items()
        if key not in ("empty", "decimals")
        for name in input_names(chosen(value, readings), readings)
    ]
