"""Problems: where, what, value, cure on one line; errors that carry all of them."""

import pytest

import creditcalc as cc
from creditcalc.problems import SHOWN, Problem, ProblemError, UnknownName, nearest, shown


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("坏了"), "坏了"),
        (Problem("坏了", cure="修好"), "坏了。修好"),
        (Problem("坏了", "x"), "坏了（值：x）"),
        (
            Problem("坏了", file="a.xlsx", sheet="范县", row=3, column="budget"),
            "a.xlsx，工作表 范县，第 3 行，列 budget：坏了",
        ),
        (Problem("坏了", row=3), "第 3 行：坏了"),
        (Problem("坏了", "a\nb", column="c\td"), "列 c d：坏了（值：a b）"),
    ],
    ids=[
        "what alone",
        "with a cure",
        "with a value",
        "with every place",
        "with a row",
        "on one line",
    ],
)
def test_a_problem_says_where_what_value_and_cure(problem, text):
    assert str(problem) == text


def test_a_problem_is_an_error_unless_it_says_so():
    assert Problem("坏了").severity == "error"


def test_equal_problems_are_one():
    assert (
        len({Problem("坏了", "x", row=1), Problem("坏了", "x", row=1), Problem("坏了", "x", row=2)})
        == 2
    )


@pytest.mark.parametrize("kind", [cc.InputError, cc.RulebookError, cc.ReadingError, UnknownName])
def test_an_error_carries_every_problem_and_prints_a_line_each(kind):
    problems = (Problem("一", row=1), Problem("二", row=2))
    error = kind(problems)
    assert isinstance(error, ProblemError) and isinstance(error, ValueError)
    assert error.problems == list(problems)
    assert str(error) == "第 1 行：一\n第 2 行：二"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.5, "3.5"),
        ("x" * SHOWN, "x" * SHOWN),
        ("x" * (SHOWN + 1), "x" * SHOWN + "…"),
        ("a\r\n\x1b[31mb", "a   [31mb"),
        ("a\u202eb\u2028c", "a b c"),
        ("范县", "范县"),
    ],
    ids=[
        "a number",
        "as long as may be",
        "longer",
        "control characters",
        "text direction and line separator",
        "Chinese",
    ],
)
def test_shown(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("budgte", "是否指 budget？"),
        ("budget", "是否指 budget？"),
        ("xyz", ""),
        ("", ""),
        ("b" * 10**6, ""),
    ],
    ids=["a slip", "the name itself", "nothing like it", "empty", "a million characters"],
)
def test_nearest(name, cure):
    assert nearest(name, iter(["loans_xyd", "budget", "work_plan"])) == cure
