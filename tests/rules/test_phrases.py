"""What people read: numbers, shares, intervals, values with units, goals."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditcalc as cc
from creditcalc import words
from creditcalc.rules import phrases
from creditcalc.rules.inputs import input_value
from creditcalc.scoring import scorecard


@pytest.fixture(scope="module")
def book():
    return cc.load_rulebook()


@pytest.mark.parametrize(
    ("x", "decimals", "text"),
    [
        (0, 2, "0"),
        (1234567.891, 2, "1,234,567.89"),
        (100, 0, "100"),
        (1000, 2, "1,000"),
        (0.5, 2, "0.5"),
        (0.50, 0, "1"),
        (2.5, 0, "3"),
        (-2.5, 0, "−3"),
        (-1234.5, 2, "−1,234.5"),
        (1e-9, 2, "0"),
        (-1e-9, 2, "0"),
        (float("nan"), 2, "缺"),
    ],
)
def test_number(x, decimals, text):
    assert words.number(x, decimals) == text


@settings(max_examples=300, deadline=None)
@given(
    number=st.integers(0, 113_000).map(lambda n: Decimal(n) / 1000)
    | st.integers(0, 10**8).map(lambda n: Decimal(n) / 10**6)
)
def test_points_have_two_decimals_rounded_half_up(number):
    assert words.points(float(number)) == str(number.quantize(Decimal("0.01"), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0%"),
        (0.285, "28.5%"),
        (0.12345, "12.35%"),
        (1.3, "130%"),
        (-0.05, "−5%"),
        (0.0001, "0.01%"),
        (0.00001, "0.001%"),
        (0.0000123, "0.00123%"),
        (float("nan"), "缺"),
    ],
)
def test_percent(x, text):
    assert words.percent(x) == text


@pytest.mark.parametrize(
    ("truth", "text"), [(1.0, "通过"), (0.0, "不通过"), (float("nan"), "待核实")]
)
def test_gate(truth, text):
    assert phrases.gate(truth) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(3, 5, "3.00–5.00"), (2, 2, "2.00"), (2, 2.001, "2.00"), (0, 0.005, "0.00–0.01")],
)
def test_interval(low, high, text):
    assert words.interval(low, high) == text


@pytest.mark.parametrize(
    ("name", "x", "text"),
    [
        ("budget", 1.0, "是"),
        ("budget", 0, "否"),
        ("budget", True, "是"),
        ("budget", np.False_, "否"),
        ("budget", float("nan"), "缺"),
        ("budget", None, "缺"),
        ("budget", pd.NA, "缺"),
        ("loans_xyd", 12345.5, "12,345.5 万元"),
        ("questionnaires", np.int64(1200), "1,200 份"),
        ("questionnaires", np.float32("nan"), "缺"),
        ("city_class", "prefecture", "地级市"),
        ("city_class", None, "缺"),
        ("city_class", pd.NA, "缺"),
    ],
)
def test_input_value(book, name, x, text):
    assert input_value(book.inputs[name], x) == text


@pytest.mark.parametrize(
    ("rule", "readings", "x", "text"),
    [
        ("S6.1.3a", {}, 0.045, "4.5%"),
        ("S5.1", {}, 0.000004, "0.0004%"),
        ("S5.2.2", {}, 5.3, "5.3 个工作日"),
        ("S5.3", {}, 6, "6 类"),
        ("S6.2", {}, 1075, "1,075 份"),
        ("S7.2", {}, 9, "9 个"),
        ("S7.2", {"graded_domain": "awarded"}, 6.5, "6.5 分"),
        ("S8.1", {}, 1, "是"),
        ("S4.3", {}, 0, "有发生"),
        ("S4.3", {}, 1, "未发生"),
        ("S3.1", {}, 1, "1 家"),
        ("S1.1", {}, 2.5, "2.5 分"),
        ("S5.2.2", {}, float("nan"), "缺"),
    ],
)
def test_measure_value(book, rule, readings, x, text):
    assert phrases.measure_value(book.rules[rule], book, book.resolve(readings), x) == text


@pytest.mark.parametrize(
    ("rule", "readings", "text"),
    [
        ("S1.1", {}, "5 分"),
        ("S3.1", {}, "0 家"),
        ("S3.2a", {}, "是"),
        ("S4.1.2", {}, "达到 50%"),
        ("S4.1.2", {"inclusive": "no"}, "高于 50%"),
        ("S4.2.1", {}, "有其一"),
        ("S4.2.2", {}, "100%"),
        ("S4.3", {}, "均未发生"),
        ("S5.1", {}, "为 0"),
        ("S5.2.1", {}, "不高于 10%"),
        ("S5.2.1", {"objection_scale": "per_100k"}, "不高于 0.001%"),
        ("S5.2.2", {}, "不超过 5 个工作日"),
        ("S5.3", {}, "达到 7 类"),
        ("S6.1.2", {}, "达到 40%"),
        ("S6.2", {}, "达到 100 份"),
        ("S7.2", {}, "达到 14 个"),
        ("S7.2", {"graded_domain": "awarded"}, "达到 7 分"),
        ("A3", {}, "达到 3 项"),
        ("B01", {}, "重错代码数 ÷ 统一社会信用代码总数低于 0.01%"),
        ("B05", {}, "自建信易贷平台、依托上级信易贷平台有其一"),
        ("B06", {}, "2020 年末无抵押无担保贷款余额比上年增速高于 20%"),
        ("B08", {}, "等保三级备案、等保三级测评为是；近三年严重安全事件数均未发生"),
        (
            "B07",
            {"monthly_rank": "every_month"},
            "地级市、县级市：监测排名最差一月不高于 100 名；"
            "省会及副省级：连续排在后 3 名的最长月数低于 3 个月",
        ),
    ],
)
def test_goal(book, rule, readings, text):
    assert phrases.goal(book.rules[rule], book, book.resolve(readings)) == text


def test_the_level_of_a_condition_is_said(book):
    assert phrases.goal(book.rules["B02"], book, book.resolve()).endswith(
        "市级：政务服务大厅数不低于 1 个"
    )


def test_every_rule_has_words_under_every_option(book):
    for reading in book.readings.values():
        for option in reading.options:
            readings = book.resolve({reading.id: option})
            for rule in book.rules.values():
                words = [phrases.goal(rule, book, readings)]
                words += [phrases.measure_value(rule, book, readings, 1.0)] if rule.measure else []
                assert all(words) and not any(
                    bad in word for word in words for bad in ("None", "nan", "缺", "{")
                )


def test_every_state_has_its_word():
    assert set(phrases.STATUS) == {*scorecard.ITEM_STATUS, *scorecard.BASE_STATUS}
    assert set(phrases.ELIGIBLE) == set(scorecard.ELIGIBILITY)
