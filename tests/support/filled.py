"""Forms as somebody fills them in."""

import openpyxl

import creditcalc as cc
from creditcalc.intake.forms import HEADER, write_forms

BOOK = cc.load_rulebook()
MAY = "2021-05"
VALUE, SOURCE, REMARK = (HEADER.index(text) + 1 for text in ("填报值", "数据来源", "备注"))


def row_of(sheet, name):
    return next(row[0].row for row in sheet.iter_rows(max_col=1) if row[0].value == name)


def write_form(path, values, county="范县", notes=(), change=lambda sheet: None):
    """A form of one county, filled in; ``notes`` are (input, source, remark)."""
    write_forms(path, BOOK, [county], period=MAY, city="濮阳市")
    workbook = openpyxl.load_workbook(path)
    sheet = workbook.active
    for name, value in values.items():
        sheet.cell(row_of(sheet, name), VALUE, value)
    for name, source, remark in notes:
        sheet.cell(row_of(sheet, name), SOURCE, source)
        sheet.cell(row_of(sheet, name), REMARK, remark)
    change(sheet)
    workbook.save(path)
    return path
