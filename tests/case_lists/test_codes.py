"""Social credit codes beside python-stdnum, whose check is narrower in one place and wider in two.

It refuses letters among the first eight characters, although GB 32100 gives A, N and Y to
registration departments; and it checks neither the inner organisation code's own check character
nor department and category.
"""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from creditcalc.case_lists.codes import ALPHABET, CATEGORIES, FAULTS, checks, faults, inner_checks

REAL = "91110000600037341L"  # python-stdnum's own example


def fault(code):
    return FAULTS[faults([code])[0]]


def made(head="91", region="410900", body="MA000001"):
    """A code with the check characters that this module gives it."""
    points = np.array([f"{head}{region}{body}00"]).view(np.uint32).reshape(1, 18)
    points[:, 16] = inner_checks(points[:, 8:16])
    points[:, 17] = checks(points[:, :17])
    return points.view("U18").item()


def inner_by_hand(body):
    """GB 11714 in its own words: 11 less the remainder, 10 as X, 11 as 0."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(c, 36) * w for c, w in zip(body, weights, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


bodies = st.text(ALPHABET, min_size=8, max_size=8)
regions = st.text("0123456789", min_size=6, max_size=6)
heads = st.sampled_from(
    [first + second for first, seconds in CATEGORIES.items() for second in seconds]
)


@given(heads, regions, bodies)
def test_a_code_made_by_the_standards_is_right(head, region, body):
    code = made(head, region, body)
    assert fault(code) == ""
    assert code[16] == inner_by_hand(body)
    if head.isdigit():
        assert uscc.is_valid(code)


@given(st.text(ALPHABET, min_size=17, max_size=17))
def test_the_check_character_is_that_of_stdnum(body):
    points = np.array([body]).view(np.uint32).reshape(1, 17)
    assert chr(checks(points)[0]) == uscc.calc_check_digit(body)


@given(regions, bodies, st.integers(8, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(region, body, at, character):
    code = made("91", region, body)
    wrong = code[:at] + character + code[at + 1 :]
    assert (fault(wrong) == "") == (wrong == code)
    assert uscc.is_valid(wrong) <= (wrong == code)


def test_it_is_stricter_than_stdnum_on_the_inner_code_alone():
    code = made(body="MA000001")
    wrong = code[:16] + ("1" if code[16] == "0" else "0")
    wrong += uscc.calc_check_digit(wrong)
    assert uscc.is_valid(wrong)
    assert fault(wrong) == "组织机构代码的校验码不对"


@pytest.mark.parametrize("head", ["A1", "N2", "Y1"])
def test_it_takes_letters_of_departments_that_stdnum_refuses(head):
    assert fault(made(head)) == ""
    assert not uscc.is_valid(made(head))


def test_a_remainder_of_0_gives_0():
    codes = [made(body=f"MA0{n:05}") for n in range(200)]
    zeros = [code for code in codes if code[17] == "0"]
    assert zeros and all(uscc.is_valid(code) for code in zeros)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "不是 18 位"),
        (REAL[:-1], "不是 18 位"),
        (REAL + "0", "不是 18 位"),
        (REAL.lower(), "有字符集以外的字符"),
        ("9111000060003734IL", "有字符集以外的字符"),
        ("9111000060003734法L", "有字符集以外的字符"),
        ("9 110000600037341L", "有字符集以外的字符"),
        ("B1110000600037341L", "登记管理部门或机构类别不存在"),
        ("0" * 18, "登记管理部门或机构类别不存在"),
        ("9711000060003734XL", "登记管理部门或机构类别不存在"),
        ("91A10000600037341L", "行政区划码不是数字"),
        (REAL[:-1] + "M", "校验码不对"),
        (REAL, ""),
    ],
)
def test_what_is_wrong(code, said):
    assert fault(code) == said


def test_a_million_codes_take_less_than_two_seconds():
    rng = np.random.default_rng(1)
    points = np.array([ALPHABET]).view(np.uint32)[rng.integers(0, 31, (1_000_000, 18))]
    points[:, :2], points[:, 2:8] = (ord("9"), ord("1")), rng.integers(48, 58, (1_000_000, 6))
    points[:, 16] = inner_checks(points[:, 8:16])
    points[:, 17] = checks(points[:, :17])
    points[::1000, 17] = ord("Z")
    codes = points.view("U18").ravel().tolist()
    start = time.process_time()
    found = faults(codes)
    assert time.process_time() - start < 2
    assert np.flatnonzero(found).tolist() == list(range(0, 1_000_000, 1000))
