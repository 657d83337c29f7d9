"""Reads the tables of a rulebook file key by key, and collects every fault of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from creditcalc.problems import Problem, RulebookError, nearest, shown
from creditcalc.rules.inputs import Input
from creditcalc.rules.kinds import parameters
from creditcalc.rules.rulebook import Call, Choice, Kind, Reading, input_names
from creditcalc.rules.toml_file import NUMBER, allowed, fits, is_kind

MOST_FAULTS = 1000
BLANK: dict[Any, Any] = {str: "", dict: {}, list: [], NUMBER: 0, bool: False, date: ""}
CURES: dict[Any, str] = {NUMBER: "数应为有限的数", date: '写成 "2021-05-31"，带引号'}


class TableReader:
    """The tables of one file, and what is wrong with them; what is declared so far is known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.readings: dict[str, Reading] = {}
        self.inputs: dict[str, Input] = {}

    def fault(self, place: str, what: str, value: object = "", cure: str = "") -> None:
        """Keep one fault; RulebookError where there are too many to be of use."""
        self.problems.append(Problem(what, shown(value), cure, file=str(self.path), column=place))
        if len(self.problems) == MOST_FAULTS:
            raise RulebookError(
                [*self.problems, Problem("错误太多，后面的没有列出", file=str(self.path))]
            )

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
