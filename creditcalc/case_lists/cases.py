"""The register of typical cases (典型案例): each case's statement in the form that S7.2 and S7.3
ask for.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from creditcalc.case_lists.kinds import kinds
from creditcalc.intake.faults import CellFault
from creditcalc.intake.typed_lines import Lines

PARTS = {
    "date": "印发日期",
    "unit": "发布单位",
    "document": "文件",
    "domain": "领域",
    "taken": "实施日期",
    "subject": "对象",
    "measure": "措施",
    "effect": "效果",
}
FORMS = {
    "分级分类监管": "{date}，{unit}印发《{document}》，在{domain}领域实行信用评价、落实差异化监管。"
    "例如：{taken}，{unit}对{subject}依法依规采取{measure}，效果：{effect}。",
    "联合奖惩": "{date}，{unit}按照《{document}》，将信用信息嵌入{domain}的办理流程。"
    "例如：{taken}，{unit}对{subject}依法依规采取{measure}，效果：{effect}。",
}


def tell_missing_parts(register: Lines) -> None:
    """A notice for each part that a case does not state; it counts all the same."""
    for name, label in PARTS.items():
        column = kinds()["cases"].column(name)
        if not column.must:
            cells = register.frame.get(name, pd.Series(None, register.frame.index, dtype="str"))
            lines = cells.isna() & register.frame["filled"] & ~register.bad
            register.find(
                lines,
                CellFault(f"典型案例缺{label}", "补上，说明材料才完整"),
                column,
                severity="notice",
            )


def statements(cases: pd.DataFrame) -> pd.DataFrame:
    """For each case the statement made from its parts, and the parts that are missing from it."""
    said = [(*_statement(case), case) for case in cases.to_dict("records")]
    rows = [
        (c["jurisdiction"], c["type"], c["domain"], text, "、".join(missing))
        for text, missing, c in said
    ]
    return pd.DataFrame(rows, columns=["jurisdiction", "type", "domain", "statement", "missing"])


def _statement(case: dict[Any, Any]) -> tuple[str, list[str]]:
    """One case's statement, and its missing parts.

    >>> case = {"type": "联合奖惩", "unit": "甲局", "domain": "政府采购"}
    >>> _statement({**case, "date": pd.Timestamp("2021-03-01")})[0][:30]
    '2021年3月1日，甲局按照《〔缺：文件〕》，将信用信息嵌入'
    """
    given = {name: case[name] for name in PARTS if name in case and not pd.isna(case[name])}
    missing = [label for name, label in PARTS.items() if name not in given]
    words = {
        name: _worded(given[name]) if name in given else f"〔缺：{label}〕"
        for name, label in PARTS.items()
    }
    return FORMS[case["type"]].format(**words), missing


def _worded(part: Any) -> str:
    """A part in words, so that the statement's own marks do not double."""
    return (
        f"{part.year}年{part.month}月{part.day}日"
        if isinstance(part, pd.Timestamp)
        else part.strip("《》。")
    )
