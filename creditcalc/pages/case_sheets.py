"""A run's result as the sheets of a workbook: every number, the cases behind it, what is wrong,
what came too late.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from creditcalc.case_lists.gathering import Ledgers
from creditcalc.render.workbook import problem_frame
from creditcalc.rules.rulebook import Rulebook

ROWS = 1_000_000  # of a sheet; Excel holds 1,048,576
HEADINGS = {
    **{
        "jurisdiction": "县区",
        "period": "期间",
        "level": "级别",
        "city": "所属市",
        "remark": "备注",
        "ledger": "台账",
    },
    **{
        "file": "文件",
        "sheet": "工作表",
        "row": "行",
        "case": "案例",
        "note": "说明",
        "date": "日期",
        "same_as": "同一件在",
    },
    **{
        "lines": "案例数",
        "counted": "计入",
        "later": "晚于截止日",
        "repeated": "重复",
        "bad": "有问题",
    },
    **{"type": "类型", "domain": "领域", "statement": "说明材料", "missing": "缺的部分"},
}


def sheets(ledgers: Ledgers, book: Rulebook) -> dict[str, pd.DataFrame]:
    """A frame for each sheet, under Chinese headings."""
    names = HEADINGS | {name: i.label for name, i in book.inputs.items()}
    found = {
        "输入": ledgers.table,
        "件数": ledgers.counts,
        "有问题的案例": problem_frame(ledgers.problems),
        "晚于截止日": ledgers.later,
        **({"重复的行": ledgers.repeated} if len(ledgers.repeated) else {}),
        "典型案例说明": ledgers.statements,
        **dict(_cases(ledgers.cases)),
    }
    return {title: frame.rename(columns=names) for title, frame in found.items()}


def _cases(cases: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """For each ledger a line per case, with what it adds to each input; no number where it leaves
    the input open.
    """
    keys = ["jurisdiction", "file", "sheet", "row", "case", "note"]
    for ledger, found in cases.fillna({"case": "", "note": ""}).groupby("ledger", sort=False):
        wide = (
            found.pivot(index=keys, columns="input", values="value")
            .sort_index(level=["jurisdiction", "row"])
            .reset_index()
        )
        for n in range(0, len(wide), ROWS):
            yield (
                f"案例-{ledger}" + (f"-{n // ROWS + 1}" if n else ""),
                wide[n : n + ROWS].convert_dtypes(),
            )
