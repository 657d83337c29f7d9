"""Reads and checks a rulebook file; every fault of it is found in one go.

The fields of a kind's class say which inputs and parameters it takes, so another edition is
another TOML file and no code, and another kind is one class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from creditcalc.problems import Problem, RulebookError, nearest, shown
from creditcalc.rules.formulas import FORMULAS, TESTS, Formula
from creditcalc.rules.inputs import Input
from creditcalc.rules.kinds import parameters
from creditcalc.rules.measures import MEASURES, Measure
from creditcalc.rules.rulebook import (
    Call,
    Category,
    Choice,
    Condition,
    Evidence,
    Kind,
    Reading,
    Reallocation,
    Repair,
    Rule,
    Rulebook,
    chosen,
    input_names,
)
from creditcalc.rules.toml_file import NUMBER, allowed, fits, is_kind, is_texts, read_toml

BUNDLED = Path(__file__).parent / "editions" / "puyang-2021.toml"
TYPES = ("count", "amount", "days", "flag", "score", "rank", "class")
ROLLUPS = ("sum", "any", "all", "max", "city")
SCOPES = ("county", "city")
RULE_KEYS: dict[str, Any] = {
    "id": str,
    "name": str,
    "scope": SCOPES,
    "clause": str,
    "rule": str,
    "evidence": list,
    "lead": list,
    "units": list,
}
RULE_OPTIONAL: dict[str, Any] = {
    "note": str,
    "window": dict,
    "closed_by": date,
    "value_unit": str,
    "city_threshold": bool,
}
SCORED_KEYS: dict[str, Any] = {"full": NUMBER, "measure": dict, "formula": dict}
INPUT_KEYS: dict[str, Any] = {
    "label": str,
    "type": TYPES,
    "unit": str,
    "rollup": ROLLUPS,
    "help": str,
}
INPUT_OPTIONAL: dict[str, Any] = {
    "inherit": bool,
    "max": NUMBER,
    "part_of": str,
    "times": NUMBER,
    "total_of": str,
    "expected_within": str,
    "kindred": str,
    "classes": dict,
}
HEAD_KEYS: dict[str, Any] = {
    "id": str,
    "edition": str,
    "title": str,
    "document": str,
    "issued": date,
    "full": NUMBER,
    "bonus": NUMBER,
    "bonus_cap": (int, float, dict),
    "materials_due": date,
    "sealed_kinds": list,
    "unstated": str,
}
SECTIONS: dict[str, Any] = {
    "rulebook": dict,
    "categories": list,
    "readings": dict,
    "items": list,
    "inputs": dict,
}
SECTIONS_OPTIONAL: dict[str, Any] = {
    "base": list,
    "bonus": list,
    "repairs": list,
    "reallocations": list,
}
REALLOCATION_KEYS: dict[str, Any] = {
    "id": str,
    "clause": str,
    "rule": str,
    "measure": dict,
    "at_least": NUMBER,
    "drop": list,
    "scale": list,
    "factor": NUMBER,
}
NO_MEASURE = Call[Measure](MEASURES["input"], {"input": ""})  # where none could be read
NO_FORMULA = Call[Formula](FORMULAS["flag"], {})
MOST_FAULTS = 1000
BLANK: dict[Any, Any] = {str: "", dict: {}, list: [], NUMBER: 0, bool: False, date: ""}
CURES: dict[Any, str] = {NUMBER: "数应为有限的数", date: '写成 "2021-05-31"，带引号'}


def load_rulebook(path: str | Path | None = None) -> Rulebook:
    """The bundled 2021 ledger, or the rulebook at ``path``.

    Raises RulebookError with every fault of the file.

    >>> book = load_rulebook()
    >>> len(book.of_kind("base")), len(book.of_kind("item")), len(book.of_kind("bonus"))
    (12, 41, 3)
    """
    path = BUNDLED if path is None else Path(path)
    raw, digest = read_toml(path)
    return _Reader(path, digest).book(raw)


class _Reader:
    """Builds a Rulebook from a TOML document and collects every fault on the way."""

    def __init__(self, path: Path, digest: str) -> None:
        self.path, self.digest = path, digest
        self.problems: list[Problem] = []
        self.readings: dict[str, Reading] = {}
        self.inputs: dict[str, Input] = {}
        self.rules: dict[str, Rule] = {}
        self.sealed: list[str] = []

    def fault(self, place: str, what: str, value: object = "", cure: str = "") -> None:
        self.problems.append(Problem(what, shown(value), cure, file=str(self.path), column=place))
        if len(self.problems) == MOST_FAULTS:
            raise RulebookError(
                [*self.problems, Problem("错误太多，后面的没有列出", file=str(self.path))]
            )

    def book(self, raw: dict[str, Any]) -> Rulebook:
        raw = self.table(raw, SECTIONS, SECTIONS_OPTIONAL, "")
        head = self.table(raw["rulebook"], HEAD_KEYS, {"county_unit": str}, "rulebook")
        self.sealed = head.pop("sealed_kinds")
        self.readings = {
            name: Reading(
                id=name,
                **self.table(
                    r,
                    {"question": str, "default": str, "reason": str, "options": dict},
                    {},
                    f"readings.{name}",
                ),
            )
            for name, r in raw["readings"].items()
        }
        for r in self.readings.values():
            if r.default not in r.options:
                self.fault(
                    f"readings.{r.id}.default",
                    "默认值不在选项中",
                    r.default,
                    f"可选：{'、'.join(r.options)}",
                )
        for name, i in raw["inputs"].items():
            self.inputs[name] = Input(
                name=name, **self.table(i, INPUT_KEYS, INPUT_OPTIONAL, f"inputs.{name}")
            )
        categories: dict[str, Category] = {}
        for n, c in enumerate(raw["categories"]):
            category = Category(
                **self.table(c, {"id": str, "name": str, "full": NUMBER}, {}, f"categories[{n}]")
            )
            if category.id in categories:
                self.fault(f"categories[{n}]", "类别编号重复", category.id, "每个类别用一个编号")
            categories[category.id] = category
        for section, kind in (("base", "base"), ("items", "item"), ("bonus", "bonus")):
            for n, r in enumerate(raw.get(section, [])):
                self.rule(r, kind, f"{section}[{n}]")
        book = Rulebook(
            **{**head, "bonus_cap": self.value(head["bonus_cap"], NUMBER, "rulebook.bonus_cap")},
            categories=categories,
            repairs=tuple(
                Repair(**self.table(r, {"clause": str, "text": str}, {}, f"repairs[{n}]"))
                for n, r in enumerate(raw.get("repairs", []))
            ),
            readings=self.readings,
            reallocations=tuple(
                self.reallocation(r, n) for n, r in enumerate(raw.get("reallocations", []))
            ),
            rules=self.rules,
            inputs=self.inputs,
            path=self.path,
            digest=self.digest,
        )
        self.check_inputs(book)
        self.check_totals(book)
        if self.problems:
            raise RulebookError(list(dict.fromkeys(self.problems)))
        return book

    def table(
        self, raw: Any, required: dict[str, Any], optional: dict[str, Any], place: str
    ) -> dict[str, Any]:
        """The known keys of a table with a blank for every faulty or missing one, so that reading
        goes on.
        """
        if not isinstance(raw, dict):
            self.fault(place, "应为一个表", raw)
            raw = {}
        known = required | optional
        for key in [key for key in raw if key not in known]:
            self.fault(
                f"{place}.{key}".lstrip("."),
                "未知的键",
                key,
                nearest(key, known) or f"可用的键：{'、'.join(known)}",
            )
        good: dict[str, Any] = {}
        for key, kind in known.items():
            here = f"{place}.{key}".lstrip(".")
            blank = "" if isinstance(kind, tuple) and kind != NUMBER else BLANK[kind]
            if key not in raw:
                if key in required:
                    self.fault(here, "缺少这个键", "", f"补上 {key}")
                    good[key] = blank
            elif isinstance(kind, tuple) and isinstance(kind[0], str):
                good[key] = raw[key]
                if raw[key] not in kind:
                    self.fault(here, "不在允许的值中", raw[key], f"可选：{'、'.join(kind)}")
            elif not is_kind(raw[key], kind):
                self.fault(here, "类型不对", raw[key], CURES.get(kind, ""))
                good[key] = blank
            elif kind is str and not raw[key].strip():
                self.fault(here, "不能为空", "", "填写内容")
                good[key] = ""
            else:
                good[key] = raw[key]
        return good

    def rule(self, raw: Any, kind: str, place: str) -> None:
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

    def call(
        self,
        raw: dict[str, Any],
        kinds: Mapping[str, type[Kind]],
        blank: Call[Kind],
        place: str,
    ) -> Call[Kind]:
        """A kind and its parameters, checked against the fields of its class; ``blank`` where there
        is no such kind.
        """
        kind = raw.get("kind", "")
        if not isinstance(kind, str) or kind not in kinds:
            self.fault(
                place,
                "未知的种类",
                kind,
                nearest(shown(kind), kinds) or f"可用的种类：{'、'.join(kinds)}",
            )
            return blank
        taken = parameters(kinds[kind])
        for key in [key for key in raw if key not in {*taken, "kind"}]:
            self.fault(
                f"{place}.{key}",
                "未知的键",
                key,
                nearest(key, taken) or f"可用的键：{'、'.join(taken)}",
            )
        params: dict[str, Any] = {}
        for key, p in taken.items():
            if key in raw:
                hint = None if p.is_input else p.hint
                params[key] = self.value(raw[key], hint, f"{place}.{key}")
            elif p.required:
                self.fault(f"{place}.{key}", "缺少这个键", "", f"补上 {key}")
                params[key] = "" if p.is_input else 1
            if p.is_input and not all(
                isinstance(name, str) for name in input_names(params.get(key, ""), None)
            ):
                self.fault(f"{place}.{key}", "应为输入的名称", params[key])
                params[key] = ""
            if p.is_input and key in params:
                for name in input_names(params[key], None):
                    if name and name not in self.inputs and key in raw:
                        self.fault(
                            f"{place}.{key}",
                            "输入没有声明",
                            name,
                            nearest(str(name), self.inputs) or "在 [inputs] 中声明",
                        )
        return Call(kinds[kind], params)

    def value(self, raw: Any, hint: Any, place: str) -> Any:
        """A plain value, or the Choice that ``{ by = reading, … }`` writes; a by alone passes the
        option's name.
        """
        if not isinstance(raw, dict):
            if hint is not None and not fits(raw, hint):
                self.fault(place, "类型不对或不在允许的值中", raw, allowed(hint))
            return raw
        by = raw.get("by", "")
        if not isinstance(by, str) or by not in self.readings:
            self.fault(
                place, "没有这种读法", by, nearest(shown(by), self.readings) or "写 by = 读法的编号"
            )
            return 1
        options = {k: v for k, v in raw.items() if k != "by"}
        known = self.readings[by].options
        for option in [option for option in options if option not in known]:
            self.fault(place, f"读法 {by} 没有这个选项", option, nearest(option, known))
        for option in [option for option in known if options and option not in options]:
            self.fault(place, f"读法 {by} 的选项没有给值", option, f"补上 {option} = …")
        options = {k: options.get(k, 1) for k in known} if options else {k: k for k in known}
        for value in options.values():
            if hint is not None and not fits(value, hint):
                self.fault(place, "类型不对或不在允许的值中", value, allowed(hint))
        return Choice(by, options)

    def check_formula(self, call: Call[Formula], full: float, place: str) -> None:
        """What the kind finds wrong with its parameters, under every option of a reading."""
        for params in _alternatives(call):
            try:
                for key, what, value, cure in call.kind(**params).faults(full):
                    self.fault(f"{place}.{key}".rstrip("."), what, value, cure)
            except (TypeError, KeyError, IndexError, ValueError, OverflowError):
                self.fault(place, "参数不成形", params)

    def check_inputs(self, book: Rulebook) -> None:
        """Every input used, and every input that another one refers to declared; labels unique."""
        used = {name for rule in book.rules.values() for name in rule.inputs()}
        used |= {n for r in book.reallocations for n in r.measure.inputs()}
        labels: dict[str, str] = {}
        for name, i in book.inputs.items():
            if name not in used:
                self.fault(f"inputs.{name}", "没有规则使用这个输入", name, "删去，或在规则中使用")
            for key in ("part_of", "total_of", "expected_within", "kindred"):
                if getattr(i, key) and getattr(i, key) not in book.inputs:
                    self.fault(
                        f"inputs.{name}.{key}",
                        "输入没有声明",
                        getattr(i, key),
                        nearest(getattr(i, key), book.inputs),
                    )
            part, whole = {name}, i.part_of
            while whole in book.inputs and whole not in part:
                part, whole = {*part, whole}, book.inputs[whole].part_of
            if whole == name:
                self.fault(
                    f"inputs.{name}.part_of",
                    "是它自己的一部分",
                    i.part_of,
                    "写上真正的总数，或删去",
                )
            if i.label in labels:
                self.fault(
                    f"inputs.{name}.label", "名称重复", i.label, f"与 {labels[i.label]} 不同名"
                )
            if (i.type == "class") != bool(i.classes):
                self.fault(f"inputs.{name}.classes", "class 类型须列出类别，其他类型不列", i.type)
            labels[i.label] = name

    def check_totals(self, book: Rulebook) -> None:
        """Categories, total and bonus add up to what the rulebook declares."""
        for rule in book.of_kind("item"):
            if rule.category not in book.categories:
                self.fault(
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
                self.fault(
                    place,
                    "各项满分之和与声明不符",
                    f"声明 {declared:g}，各项之和 {actual:g}",
                    "改正声明或各项满分",
                )


def _alternatives(call: Call[Formula]) -> Iterator[dict[str, Any]]:
    """The parameters under each reading's options in turn, those of one reading together."""
    by = {v.by: v.options for v in call.params.values() if isinstance(v, Choice)}
    if not by:
        yield dict(call.params)
    for reading, options in by.items():
        for option in options:
            first = {name: next(iter(o)) for name, o in by.items()} | {reading: option}
            yield {k: chosen(v, first) for k, v in call.params.items()}
