"""Values, goals and states of rules in the words that people read."""

from __future__ import annotations

import math

from creditcalc.rules.measures import Measure
from creditcalc.rules.rulebook import Call, Condition, Readings, Rule, Rulebook

STATUS = {
    "scored": "已计分",
    "missing": "缺数据",
    "not_applicable": "不适用",
    "pass": "通过",
    "fail": "不通过",
    "pending": "待核实",
}
ELIGIBLE = {"yes": "具备申报条件", "no": "不具备申报条件", "pending": "待核实"}
LEVEL = {"county": "县（区）", "city": "市"}


def gate(truth: float) -> str:
    """A base indicator's state, or that of one of its conditions.

    >>> gate(1.0), gate(float("nan"))
    ('通过', '待核实')
    """
    return STATUS["pending" if math.isnan(truth) else "pass" if truth else "fail"]


def measure_value(rule: Rule, book: Rulebook, readings: Readings, x: float) -> str:
    """The value that an item scores, in per cent, in its unit, or as yes or no."""
    assert rule.measure is not None
    return measure_text(rule.measure, rule, book, readings, x)


def goal(rule: Rule, book: Rulebook, readings: Readings) -> str:
    """What earns full marks, or what a base indicator demands."""
    if rule.conditions:
        return "；".join(_condition(c, rule, book, readings) for c in rule.conditions)
    assert rule.measure is not None and rule.formula is not None
    measure, formula = rule.measure.bind(readings), rule.formula.bind(readings)
    said = measure.said(book.terms(rule, rule.measure, readings))
    return measure.goal() or formula.goal(rule.full, said)


def _condition(condition: Condition, rule: Rule, book: Rulebook, readings: Readings) -> str:
    """One condition of a base indicator in words."""
    only = {"city": "市级：", "county": "县级："}.get(condition.level, "")
    if condition.class_input:
        known = book.inputs[condition.class_input].classes
        only += f"{'、'.join(known[c] for c in condition.classes)}："
    terms = book.terms(rule, condition.measure, readings)
    return only + condition.measure.bind(readings).asked(condition.test, terms)


def measure_text(
    call: Call[Measure], rule: Rule, book: Rulebook, readings: Readings, x: float
) -> str:
    """A measure's value in words: a share in per cent unless the rule names its unit, anything else
    in the inputs' unit.
    """
    return call.bind(readings).text(x, book.terms(rule, call, readings))
