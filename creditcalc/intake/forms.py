"""Writes and reads the fill-in form (填报表): an Excel sheet per jurisdiction, a line per input."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, BinaryIO

from creditcalc.intake.grid import Grid, Row, blank, cell_at, plain
from creditcalc.intake.table import Block, TypedColumn, match_header, names_of
from creditcalc.problems import Problem, nearest
from creditcalc.rules.inputs import Input
from creditcalc.rules.rulebook import Rule, Rulebook

FORM_VERSION = "1"
CODE, VALUE, GIVEN_BY, NOTED = "代码", "填报值", "数据来源", "备注"
DEEPEST = 30  # rows from the top among which the header of a form is looked for
HEADER = (CODE, "数据项", "填报说明", "单位", VALUE, GIVEN_BY, NOTED)
FORM_COLUMNS = [TypedColumn(text, (text,), optional=True) for text in HEADER]
WIDTHS = (28, 34, 52, 10, 16, 24, 24)
BOOK, VERSION = "台账", "表式版本"
HEAD = {
    "jurisdiction": "县（区）",
    "period": "期间",
    "level": "级别",
    "city": "所属市",
    BOOK: BOOK,
    VERSION: VERSION,
}
LEVEL_OF_COUNTY, LEVEL_OF_CITY = "县区", "市"
GENERAL = "基本情况"
HEADING_OF_KIND = {"base": "基础指标", "bonus": "附加项"}
FROM_NEW = "从新的填报表重填，不要增删或改动代码"


def sections(book: Rulebook) -> dict[str, list[Input]]:
    """The inputs under the heading of the first rule that uses them, in the order of the ledger."""
    order = [
        GENERAL,
        HEADING_OF_KIND["base"],
        *(f"{c.id}、{c.name}" for c in book.categories.values()),
        HEADING_OF_KIND["bonus"],
    ]
    found: dict[str, list[Input]] = defaultdict(list)
    for i in book.inputs.values():
        found[_heading(book, next(iter(book.users(i.name)), None))].append(i)
    return {heading: found[heading] for heading in order if heading in found}


def _heading(book: Rulebook, rule: Rule | None) -> str:
    """The heading of a rule's section; what no rule uses, only reallocations, is general."""
    if rule is None:
        return GENERAL
    return (
        HEADING_OF_KIND.get(rule.kind) or f"{rule.category}、{book.categories[rule.category].name}"
    )


def write_forms(
    path: str | Path | BinaryIO,
    book: Rulebook,
    jurisdictions: Sequence[str],
    *,
    period: str = "",
    city: str = "",
) -> None:
    """A workbook with a form for each jurisdiction (the one named ``city`` as the city's own), or
    one without a name.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.remove(workbook.active)
    names = list(jurisdictions) or [""]
    for name, title in zip(names, sheet_titles(names), strict=True):
        level = LEVEL_OF_CITY if name and name == city else LEVEL_OF_COUNTY
        head = {
            "jurisdiction": name,
            "period": period,
            "level": level,
            "city": city,
            BOOK: book.id,
            VERSION: FORM_VERSION,
        }
        _write(workbook.create_sheet(title), book, head)
    workbook.save(path)


def sheet_titles(names: Iterable[str], taken: Iterable[str] = ()) -> Iterator[str]:
    """A sheet name for each jurisdiction or unit that Excel accepts and no other has, whatever its
    case.
    """
    taken = {title.casefold() for title in taken}
    for name in names:
        stem = re.sub(r"[\\/*?:\[\]\x00-\x1f]", "_", name)[:25].strip("'") or "填报表"
        titles = chain([stem], (f"{stem}_{n}" for n in count(2)))
        title = next(title for title in titles if title.casefold() not in taken)
        taken.add(title.casefold())
        yield title


def _write(sheet: Any, book: Rulebook, head: Mapping[str, str]) -> None:
    """One form. The cells to fill in are unlocked, so that the sheet can be protected."""
    from openpyxl.styles import Alignment, Font, PatternFill, Protection

    bold, to_fill = Font(bold=True), PatternFill("solid", fgColor="FFF8DC")
    sheet.append([f"{book.title} 填报表（{book.edition}）"])
    sheet["A1"].font = Font(bold=True, size=14)
    for key, text in head.items():
        sheet.append([HEAD[key], text or None])
        cell = sheet.cell(sheet.max_row, 2)
        cell.number_format = "@"  # else Excel makes a date of the period
        cell.protection = Protection(locked=key in (BOOK, VERSION))
    sheet.append(HEADER)
    header = sheet.max_row
    for cell in sheet[header]:
        cell.font = bold
    sheet.freeze_panes = sheet.cell(header + 1, 3)
    checks = {(i.type, i.max): _check(i) for i in book.inputs.values()}
    for check in checks.values():
        sheet.add_data_validation(check)
    for heading, inputs in sections(book).items():
        sheet.append([None, heading])
        sheet.cell(sheet.max_row, 2).font = bold
        for i in inputs:
            sheet.append([i.name, i.label, i.help, i.unit])
            row = sheet[sheet.max_row]
            row[2].alignment = Alignment(wrap_text=True, vertical="top")
            row[4].fill = to_fill
            checks[i.type, i.max].add(row[4])
            for cell in row[4:]:
                cell.protection = Protection(locked=False)
    for column, width in zip("ABCDEFG", WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    sheet.protection.sheet = True  # without a password: against slips, not against people
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
    sheet.print_title_rows = f"{header}:{header}"


def _check(i: Input) -> Any:
    """What Excel accepts in an input's cell: an answer of a list, or a number within its bounds."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if i.type in ("flag", "class"):
        answers = list(i.classes.values()) or ["是", "否"]
        check = DataValidation(
            type="list", formula1=f'"{",".join(answers)}"', error=f"请填：{'、'.join(answers)}"
        )
    else:
        least, kind = (1 if i.type == "rank" else 0), "whole" if i.type == "count" else "decimal"
        most = f"，不超过 {i.max:g}" if i.max is not None else ""
        check = DataValidation(
            type=kind,
            operator="greaterThanOrEqual" if i.max is None else "between",
            formula1=str(least),
            formula2=None if i.max is None else f"{i.max:g}",
            error=f"请填{'整数' if kind == 'whole' else '数'}，不小于 {least}{most}；不知道就留空",
        )
    check.showErrorMessage, check.errorTitle = True, "填报值不合要求"
    return check


def is_form(grid: Grid) -> bool:
    """Whether a grid has the header of a form."""
    return _header(grid) is not None


def _header(grid: Grid) -> int | None:
    """The index of the row that heads the lines of a form."""
    return next(
        (n for n, row in enumerate(grid.rows[:DEEPEST]) if {CODE, VALUE} <= set(map(_text, row))),
        None,
    )


def read_form(grid: Grid, book: Rulebook, keys: Sequence[TypedColumn]) -> Block:
    """The one record of a form, whose head holds the ``keys``; of another rulebook's or version's
    form, its jurisdiction and period alone.
    """
    top = _header(grid)
    assert top is not None, "ask is_form first"
    head = {_text(row[0]): n for n, row in enumerate(grid.rows[:top]) if len(row) > 1}
    at_top = {name: head[text] for text, name in names_of(keys).items() if text in head}
    cells = {name: [grid.rows[n][1]] for name, n in at_top.items()}
    written = {name: str(grid.rows[n][0]).strip() for name, n in at_top.items()}
    problems = [*_wrong_edition(grid, head, book)]
    if problems:
        return Block(grid, cells, written, [top], problems, at_top)
    found = match_header(grid, FORM_COLUMNS, top).places
    columns = {text: places[0] for text, places in found.items()}
    lines, problems = _lines(grid, range(top + 1, len(grid.rows)), columns, book)
    cells |= {name: [cell_at(grid.rows[n], columns[VALUE])] for name, n in lines.items()}
    written |= dict.fromkeys(lines, VALUE)
    notes = {name: _noted(grid.rows[n], columns) for name, n in lines.items()}
    said = {name: texts for name, texts in notes.items() if any(texts)}
    return Block(grid, cells, written, [top], problems, at_top | lines, said)


def _noted(row: Row, columns: Mapping[str, int]) -> tuple[str, str]:
    """Source and remark of a line."""
    source, remark = (
        _text(cell_at(row, columns[text])) if text in columns else "" for text in (GIVEN_BY, NOTED)
    )
    return source, remark


def _wrong_edition(grid: Grid, head: Mapping[str, int], book: Rulebook) -> Iterator[Problem]:
    """A problem where a form is of another rulebook or version than can be read."""
    for label, due in ((BOOK, book.id), (VERSION, FORM_VERSION)):
        n = head.get(label)
        found = "" if n is None else _text(grid.rows[n][1])
        if found != due:
            yield grid.problem(
                f"填报表的{label}不是 {due}",
                found,
                "用 creditcalc template 生成新表重填",
                row=n,
                column=label,
            )


def _lines(
    grid: Grid, rows: Iterable[int], columns: Mapping[str, int], book: Rulebook
) -> tuple[dict[str, int], list[Problem]]:
    """Where each input's line stands, and the lines that are unknown, repeated or missing."""
    lines: dict[str, int] = {}
    repeated: set[str] = set()
    problems = []
    for n in rows:
        name = _text(cell_at(grid.rows[n], columns[CODE]))
        filled = cell_at(grid.rows[n], columns[VALUE])
        if name in lines:
            problems.append(
                grid.problem("同一代码出现不止一次", name, "只留一行", row=n, column=CODE)
            )
            repeated.add(name)
        elif name in book.inputs:
            lines[name] = n
        elif name:
            problems.append(
                grid.problem(
                    "没有这个代码", name, nearest(name, book.inputs) or FROM_NEW, row=n, column=CODE
                )
            )
        elif not blank(filled):
            problems.append(
                grid.problem("这一行没有代码，却填了值", filled, FROM_NEW, row=n, column=CODE)
            )
    missing = [name for name in book.inputs if name not in lines]
    problems += [
        grid.problem(f"缺少“{book.inputs[name].label}”一行", name, FROM_NEW, column=CODE)
        for name in missing
    ]
    return {name: n for name, n in lines.items() if name not in repeated}, problems


def _text(cell: object) -> str:
    """What a cell says, in plain text."""
    return "" if blank(cell) else plain(str(cell))
