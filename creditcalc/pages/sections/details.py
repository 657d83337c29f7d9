"""全部指标明细, 本期指标数据, 数据问题与提示: all that the page rests on, line by line."""

from __future__ import annotations

import pandas as pd

from creditcalc.pages.page_facts import PageFacts
from creditcalc.pages.sections.missing import is_absent
from creditcalc.render.display import Prose
from creditcalc.rules.inputs import Input, input_value


class Details(PageFacts):
    """The frames of rules, inputs and problems."""

    def items(self) -> pd.DataFrame:
        """One row per rule: id, name, kind, category, duty, rule, value, goal, full, points, low,
        high, lost, interval, status, evidence, clause.
        """
        return self.rules.copy()

    def inputs(self) -> pd.DataFrame:
        """Every input of the period's row with its origin, so that each number can be followed
        back: label, input, typed, origin, used.
        """
        row = self.rows.loc[self.now]
        rows = [
            {
                "label": i.label,
                "input": i.name,
                "typed": self._in_words(i, row.get(i.name)),
                "origin": self._origin(i, row.get(i.name)),
                "used": "、".join(r.id for r in self.book.users(i.name)) or "城镇化率",
            }
            for i in self.book.inputs.values()
        ]
        return pd.DataFrame(rows)

    def _in_words(self, i: Input, value: object) -> str:
        return input_value(i, None if is_absent(value) else value)

    def _origin(self, i: Input, value: object) -> str:
        """Whether a value was typed here or taken from others."""
        if i.name in self.typed:
            return "填报"
        taken = "县（区）汇总" if self.level == "city" else "沿用市级填报"
        return "缺" if is_absent(value) else taken

    def problem_list(self) -> pd.DataFrame:
        """Problems of the whole table and notices that concern this jurisdiction: severity, where,
        what, found, cure.
        """
        rows = [(p.severity, p.where, p.what, p.value, p.cure) for p in self.problems]
        return pd.DataFrame(rows, columns=["severity", "where", "what", "found", "cure"])

    def remark(self) -> Prose:
        """What the period's row remarks."""
        text = self.rows.loc[self.now].get("remark")
        return Prose([] if is_absent(text) or not text else [f"填报备注：{text}"])
