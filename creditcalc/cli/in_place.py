"""Whether a merged table may take the place of the one it adds to: only if it holds all of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import pandas as pd

from creditcalc.intake.forms import is_form
from creditcalc.intake.merge import merge_inputs
from creditcalc.intake.read_files import read_grids
from creditcalc.problems import OutputError, Problem
from creditcalc.render.workbook import write_table
from creditcalc.rules.rulebook import Rulebook

DRAWN = re.compile("xl/(drawings/drawing|media/|charts/|embeddings/|pivotTables/)")
ELSEWHERE = "用 --out 写到另一个文件"
RowCells = dict[Hashable, Any]


def expect_nothing_lost(
    old: Path,
    table: pd.DataFrame,
    errors: Sequence[Problem],
    book: Rulebook,
) -> None:
    """OutputError, with all reasons, where ``table`` in ``old``'s place would not hold all of it.

    Any of the merging's own ``errors`` is such a reason: a faulty cell is blank in what is merged.
    """
    reasons = [*errors, *_beside_the_table(old)]
    if not reasons:
        with TemporaryDirectory() as folder:
            new = Path(folder) / old.name
            write_table(new, table)
            before, after = (merge_inputs([path], book).table for path in (old, new))
        reasons = [*lost(before, after, str(old))]
    if reasons:
        what, cure = (
            "原样留着，没有改动：替换会丢失上面列出的内容",
            f"先改正上面列出的再合并，或{ELSEWHERE}",
        )
        raise OutputError([*reasons, Problem(what, "", cure, file=str(old))])


def _beside_the_table(old: Path) -> Iterator[Problem]:
    """What a file holds that no table of rows and columns can carry on."""
    grids, unreadable = read_grids(old)
    if any(map(is_form, grids)):
        what = "是填报表，合并的结果是数据表，表式和备注会丢失"
        yield Problem(what, "", ELSEWHERE, file=str(old))
    elif old.suffix.lower() == ".xlsx" and not unreadable:
        yield from _of_the_workbook(old)


def _of_the_workbook(old: Path) -> Iterator[Problem]:
    """Other sheets, formulas, comments and drawings of a workbook."""
    from openpyxl import load_workbook

    with ZipFile(old) as archive:
        if any(map(DRAWN.match, archive.namelist())):
            yield Problem("工作簿里有图片、图表之类，结果里没有", "", ELSEWHERE, file=str(old))
    book = load_workbook(old)
    rows = {sheet.title: sheet.iter_rows() for sheet in book.worksheets}
    sheets = {name: [*filter(_holds, chain(*lines))] for name, lines in rows.items()}
    filled = [name for name, cells in sheets.items() if cells]
    if len(filled) > 1:
        yield Problem("不止一张工作表，结果只有一张", "、".join(filled), ELSEWHERE, file=str(old))
    for name, cells in sheets.items():
        formulas = [cell.coordinate for cell in cells if cell.data_type == "f"]
        comments = [cell.coordinate for cell in cells if cell.comment]
        for what, found in (("公式", formulas), ("批注", comments)):
            if found:
                yield Problem(
                    f"工作表里有{what}，结果里没有", found[0], ELSEWHERE, file=str(old), sheet=name
                )


def _holds(cell: Any) -> bool:
    """Whether a cell of a workbook holds a value or a comment."""
    return cell.value is not None or bool(cell.comment)


def lost(before: pd.DataFrame, after: pd.DataFrame, file: str) -> Iterator[Problem]:
    """The columns, rows and cells of a table that another, which should hold all, has not."""
    for name in before.columns.difference(after.columns):
        yield Problem("合并的结果里没有这一列", "", ELSEWHERE, file=file, column=str(name))
    rows: dict[tuple[str, str], list[RowCells]] = defaultdict(list)
    for new in after.to_dict("records"):
        rows[new["jurisdiction"], new["period"]].append(new)
    for row in before.to_dict("records"):
        who = f"{row['jurisdiction']} {row['period']}"
        changed = [_changed(row, new) for new in rows[row["jurisdiction"], row["period"]]]
        if not changed:
            yield Problem("合并的结果里没有这一行", who, ELSEWHERE, file=file)
        elif [] not in changed:
            name = min(changed, key=len)[0]
            yield Problem(
                f"合并的结果里 {who} 的这一格变了",
                str(row[name]),
                ELSEWHERE,
                file=file,
                column=name,
            )


def _changed(row: RowCells, new: RowCells) -> list[str]:
    """The columns in which a row does not keep what it held."""
    same = [name for name in map(str, row) if name in new]
    return [name for name in same if not _kept(row[name], new[name], name)]


def _kept(old: Any, new: Any, name: str) -> bool:
    """Whether a cell's value is still there: a blank may be filled, to a remark others added."""
    if pd.isna(old) or old == "":
        return True
    return f"；{old}；" in f"；{new}；" if name == "remark" else old == new
