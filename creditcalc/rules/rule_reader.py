"""Reads the rules of a rulebook file: conditions, measures, formulas, reallocations."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from creditcalc.problems import nearest, shown
from creditcalc.rules.formulas import FORMULAS, TESTS, Formula
from creditcalc.rules.measures import MEASURES, Measure
from creditcalc.rules.rulebook import (
    Call,
    Choice,
    Condition,
    Evidence,
    Reallocation,
    Rule,
    chosen,
)
from creditcalc.rules.schema import (
    REALLOCATION_KEYS,
    RULE_KEYS,
    RULE_OPTIONAL,
    SCOPES,
    SCORED_KEYS,
)
from creditcalc.rules.table_reader import TableReader
from creditcalc.rules.toml_file import NUMBER, is_kind, is_texts

NO_MEASURE = Call[Measure](MEASURES["input"], {"input": ""})  # where none could be read
NO_FORMULA = Call[Formula](FORMULAS["flag"], {})


class RuleReader(TableReader):
    """Reads rules one after another."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.rules: dict[str, Rule] = {}
        self.sealed: list[str] = []

    def rule(self, raw: Any, kind: str, place: str) -> None:
        """Keep one rule of a kind: base, item or bonus."""
        required = RULE_KEYS | ({"conditions": list} if kind == "base" else SCORED_KEYS)
        r = self.table(
            raw, required | ({"category": str} if kind == "item" else {}), RULE_OPTIONAL, place
        )
        place = r["id"] or place
        if r["id"] in self.rules:
            self.fault(place, "规则编号重复", r["id"], "每条规则用一个编号")
        keys = {"kind": str, "text": str}
        evidence = [
            self.table(e, keys, {"any": bool}, f"{place}.evidence[{n}]")
            for n, e in enumerate(r["evidence"])
        ]
        r["evidence"] = tuple(Evidence(**e, sealed=e["kind"] in self.sealed) for e in evidence)
        for key in ("lead", "units"):
            if not all(isinstance(unit, str) for unit in r[key]):
                self.fault(f"{place}.{key}", "应为单位名称的列表", r[key])
            r[key] = tuple(r[key])
        for end, day in r.get("window", {}).items():
            if end not in ("from", "to") or not is_kind(day, date):
                self.fault(
                    f"{place}.window.{end}",
                    "应为起止日期",
                    day,
                    '写成 from = "2021-01-01"，to = "2021-12-31"',
                )
                r["window"] = {}
        window = r.get("window", {})
        if len(window) == 2 and window["from"] > window["to"]:
            self.fault(
                f"{place}.window",
                "起始日期晚于截止日期",
                f"{window['from']} 至 {window['to']}",
                "改正其中一个",
            )
        if kind == "base":
            r["conditions"] = tuple(
                self.condition(c, f"{place}.conditions[{n}]") for n, c in enumerate(r["conditions"])
            )
            if not r["conditions"]:
                self.fault(f"{place}.conditions", "没有条件", "", "至少写一个条件")
        else:
            if not r["full"] > 0:
                self.fault(f"{place}.full", "满分应大于 0", r["full"])
            r["measure"] = self.call(r["measure"], MEASURES, NO_MEASURE, f"{place}.measure")
            r["formula"] = self.call(r["formula"], FORMULAS, NO_FORMULA, f"{place}.formula")
            self.check_formula(r["formula"], r["full"], f"{place}.formula")
        self.rules[r["id"]] = Rule(kind=kind, **r)

    def condition(self, raw: Any, place: str) -> Condition:
        """One condition of a base indicator."""
        if not isinstance(raw, dict):
            self.fault(place, "应为一个表", raw)
            raw = {}
        rest = dict(raw)
        tests = [key for key in TESTS if key in rest]
        threshold = rest.pop(tests[0]) if len(tests) == 1 else 1
        kind = rest.get("kind")
        logic = isinstance(kind, str) and kind in MEASURES and MEASURES[kind].is_logic
        if len(tests) != (0 if logic else 1):
            what = "是/否类条件不写界限" if logic else "须写且只写一个界限"
            self.fault(place, what, "、".join(tests), "、".join(TESTS))
        elif not is_kind(threshold, NUMBER):
            self.fault(place, "界限应为有限的数", threshold)
        level, class_input, classes = (
            rest.pop("level", ""),
            rest.pop("class", ""),
            rest.pop("classes", []),
        )
        if not isinstance(class_input, str) or not is_texts(classes):
            self.fault(
                f"{place}.classes",
                "应为文字",
                shown(classes),
                "class 写一个输入，classes 写类别的列表",
            )
            class_input, classes = "", []
        if level not in ("", *SCOPES):
            self.fault(f"{place}.level", "不在允许的值中", level, f"可选：{'、'.join(SCOPES)}")
        if class_input:
            known = self.inputs[class_input].classes if class_input in self.inputs else {}
            for name in (
                [class_input, *classes] if not known else [c for c in classes if c not in known]
            ):
                self.fault(
                    f"{place}.classes",
                    "没有声明这个类别",
                    name,
                    nearest(name, [*known, *self.inputs]),
                )
        measure = self.call(rest, MEASURES, NO_MEASURE, place)
        test = TESTS[tests[0] if tests else "equals"]
        return Condition(
            measure,
            test(float(threshold) if is_kind(threshold, NUMBER) else 1.0),
            level,
            class_input,
            tuple(classes),
        )

    def reallocation(self, raw: Any, n: int) -> Reallocation:
        """One reallocation, whose marks must come from where they go."""
        place = f"reallocations[{n}]"
        r = self.table(raw, REALLOCATION_KEYS, {}, place)
        r["measure"] = self.call(r["measure"], MEASURES, NO_MEASURE, f"{place}.measure")
        for key in ("drop", "scale"):
            items = [id for id, rule in self.rules.items() if rule.kind == "item"]
            for rule in r[key]:
                if rule not in items:
                    self.fault(
                        f"{place}.{key}", "没有这个评分项", rule, nearest(shown(rule), items)
                    )
            r[key] = tuple(rule for rule in items if rule in r[key])
        dropped = sum(self.rules[rule].full for rule in r["drop"])
        gained = sum(self.rules[rule].full * (r["factor"] - 1) for rule in r["scale"])
        if not math.isclose(dropped, gained):
            self.fault(
                place, "移出与移入的分值不相等", f"{dropped:g} 与 {gained:g}", "调整 factor 或项目"
            )
        return Reallocation(**r)

    def check_formula(self, call: Call[Formula], full: float, place: str) -> None:
        """What the kind finds wrong with its parameters, under every option of a reading."""
        for params in _alternatives(call):
            try:
                for key, what, value, cure in call.kind(**params).faults(full):
                    self.fault(f"{place}.{key}".rstrip("."), what, value, cure)
            except (TypeError, KeyError, IndexError, ValueError, OverflowError):
                self.fault(place, "参数不成形", params)


def _alternatives(call: Call[Formula]) -> Iterator[dict[str, Any]]:
    """The parameters under each reading's options in turn, those of one reading together."""
    by = {v.by: v.options for v in call.params.values() if isinstance(v, Choice)}
    if not by:
        yield dict(call.params)
    for reading, options in by.items():
        for option in options:
            first = {name: next(iter(o)) for name, o in by.items()} | {reading: option}
            yield {k: chosen(v, first) for k, v in call.params.items()}
