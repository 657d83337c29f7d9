"""Excel number formats: which leave a number as it is, which show another one, and which."""

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditcalc.intake.checked_table import check_inputs
from creditcalc.intake.number_format import Formatted, as_seen, scale
from creditcalc.rules.load import load_rulebook

BOOK = load_rulebook()
ACCOUNTING = '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ '
LARGE = '[>=100000000]0!.00,,"亿";[>=10000]0!.0,"万";0'


@pytest.mark.parametrize(
    "number_format",
    [
        *(
            "",
            "General",
            "G/通用格式",
            "0",
            "#,##0",
            "0.00",
            "#,##0.0##",
            "?,???",
            "000000",
            "@",
            "General;General;General;@",
        ),
        *(
            "# ?/?",
            "# ??/100",
            "0.00E+00",
            "##0.0E+0",
            ACCOUNTING,
            "[Red]0;[Blue]-0",
            "0_);(0)",
            "#,##0;-#,##0;",
            "0;-0;;@",
        ),
        *(
            '"约"0',
            '0"家"',
            '0" 户"',
            "0\\家",
            '"No."0',
            '0"km"',
            "[$¥-804]#,##0.00",
            '"¥"#,##0',
            "[DBNum1][$-804]General",
        ),
        *("0!-00", '[>=10000]0!.0,"万"', LARGE, '0"万"0000', "[<0]0%;0"),
    ],
)
@pytest.mark.parametrize("value", [0, 12.5, 1234])
def test_formats_that_leave_a_number_as_it_is(number_format, value):
    assert as_seen(value, number_format) is value


@pytest.mark.parametrize(
    ("number_format", "value", "shown"),
    [
        *(
            ('0!.0,"万"', 400000000, "40000.0万"),
            ("0\\.0,", 400000000, "40000.0"),
            ('0"."0,万', 157580, "15.8万"),
        ),
        *(
            ("#,##0,", 15758000, "15,758"),
            ("0.0,", 157580, "157.6"),
            ("0,.0", 157580, "157.6"),
            ("0.00,,", 12e6, "12.00"),
        ),
        *(
            ('#,##0,"千"', 15758000, "15,758千"),
            ("0!.0000", 15758, "1.5758"),
            ("[$¥-804]#,##0,", 5000, "5"),
            ("0, ", 5e3, "5"),
        ),
        *(
            ('[>=10000]0!.0,"万";0', 20000, "2.0万"),
            ("[<10]0;[<100]0.0;0.0,", 5000, "5.0"),
            (LARGE, 5e8, "5.00亿"),
        ),
        *(
            (LARGE, 50000, "5.0万"),
            ('0"00"', 12, "1200"),
            ('"1"00', 12, "112"),
            ("0,", 10**400, "inf"),
        ),
        *(((";;;"), 12, "空白"), (";;;@", 12, "空白"), ('"已报"', 12, "已报"), ("0;;", -1, "空白")),
    ],
)
def test_formats_that_show_another_number(number_format, value, shown):
    seen = as_seen(value, number_format)
    assert isinstance(seen, Formatted)
    assert (str(seen), seen.held, seen.unit) == (shown, value, "")


@pytest.mark.parametrize(
    ("number_format", "value", "shown"),
    [
        ("0%", 0.35, "35%"),
        ("0.0%", 0.1 + 0.2, "30%"),
        ('0"%"', 35, "35%"),
        ("0\\%", 35, "35%"),
        ('0"‰"', 5, "5‰"),
        ("0%", 0, "0%"),
    ],
)
def test_shares_are_texts(number_format, value, shown):
    assert as_seen(value, number_format) == shown


@pytest.mark.parametrize(
    ("column", "number_format", "number"),
    [
        *(
            ("loans_credit", '0.00"万元"', 5.2),
            ("loans_credit", '0"万"', 5.2),
            ("loans_credit", "#,##0.0", 5.2),
        ),
        *(("enterprises", '0"家"', 5), ("enterprises", '0"户"', 5)),
        *(
            ("loans_credit", '0"元"', None),
            ("loans_credit", '0"亿元"', None),
            ("enterprises", '0"万"', None),
        ),
        *(
            ("enterprises", '0"千家"', None),
            ("enterprises", '0"K"', None),
            ("budget", "0,", None),
            ("budget", "0", 1),
        ),
    ],
)
def test_a_unit_in_the_format_is_the_inputs_own_or_refused(tmp_path, column, number_format, number):
    book = openpyxl.Workbook()
    book.active.append(["县区", "期间", column])
    book.active.append(
        ["范县", "2021-05", 1 if column == "budget" else 5.2 if number == 5.2 else 5]
    )
    book.active["C2"].number_format = number_format
    book.save(tmp_path / "a.xlsx")
    checked = check_inputs(tmp_path, BOOK)
    assert checked.table[column].dropna().tolist() == ([] if number is None else [number])
    assert [(p.row, p.column) for p in checked.errors] == ([(2, column)] if number is None else [])


def test_numbers_that_look_alike_are_not_taken_for_each_other(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["县区", "期间", "loans_credit"],
        ["甲", "2021-05", 5.2],
        ["乙", "2021-05", 4.9],
        ["丙", "2021-05", 5e8],
    ):
        book.active.append(row)
    for cell, number_format in (("C2", '0"万元"'), ("C3", '0"万元"'), ("C4", '0!.0,"万"')):
        book.active[cell].number_format = number_format
    book.save(tmp_path / "a.xlsx")
    checked = check_inputs(tmp_path, BOOK)
    assert checked.table["loans_credit"].dropna().tolist() == [5.2, 4.9]
    assert [(p.row, p.value) for p in checked.errors] == [(4, "50000.0万")]


@pytest.mark.parametrize(
    ("marks", "by"),
    [
        *(
            ("", 1),
            ("0", 1),
            ("0,000", 1),
            ("0,000.00", 1),
            ("0,", 1e-3),
            ("0,,", 1e-6),
            ("0.0,", 1e-3),
            ("0,.0,", 1e-6),
        ),
        *(
            ("0p0", 0.1),
            ("0p0000", 1e-4),
            ("0p0,", 1e-4),
            ("p0", 1),
            ("0p", 1),
            ("0%", 100),
            ("0.0%", 100),
            ("0,%", 0.1),
        ),
    ],
)
def test_by_what_marks_multiply(marks, by):
    assert scale(marks) == pytest.approx(by, rel=1e-12)


@given(
    value=st.floats(-1e15, 1e15) | st.integers(),
    number_format=st.text('0#?,.;"\\!_*[]>=<1%@/EeG万元- ', max_size=12),
)
def test_any_format_is_read(value, number_format):
    seen = as_seen(value, number_format)
    assert seen is value or isinstance(seen, str) or seen.held == value
