"""Explanations: every printed line is worked out again with a small calculator that knows nothing
but the line itself.
"""

import json
import random
import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from support.rows import (
    ANY_READINGS,
    BEST,
    GROUPS,
    ONE_CHANGED,
    QUICK,
    ROWS,
    cleared,
    frame,
    whole_row,
)

import creditcalc as cc
from creditcalc.analysis.explanation import InputUsed, ReadingUsed

BOOK = cc.load_rulebook()
MAY = "2021-05"
HERE = "地区0"
NAN = np.nan
URBAN = {"pop_urban", "pop_resident"}


# ------------------------------------------------------------------------------------------------
# the calculator

NUMBER = r"≈?[-−]?\d[\d,]*(?:\.\d+)?%?"
CLAIM = re.compile(rf"(?P<left>[-\d.,%≈()+−×÷ ]+) = (?P<right>{NUMBER})(?P<rest>.*)")
CLOSE = Fraction(1, 10_000)  # relative: a printed number has six decimals


def calculate(text):
    """What a calculator gives for an expression or number; ≈ is overlooked, 5% is 5 hundredths."""
    assert re.fullmatch(r"[-\d.,%≈()+−×÷ ]+", text), text
    plain = (
        text.replace("≈", "").replace(",", "").replace("×", "*").replace("÷", "/").replace("−", "-")
    )
    plain = re.sub(
        r"(\d+(?:\.\d+)?)(%?)", lambda m: f"(Q('{m[1]}')" + ("/100)" if m[2] else ")"), plain
    )
    return eval(plain, {"Q": Fraction})  # only digits and signs are left of it


def numbers(text):
    return [calculate(number) for number in re.findall(NUMBER, text)]


def close(one, other, least=Fraction(1, 10**9)):
    return abs(one - other) <= max(least, CLOSE * abs(other))


def flag_answers(line):
    """The answers that a line of flags or counts lists: True, False or None."""
    answers = []
    for part in line.split("；"):
        answer = part.rpartition("：")[2]
        known = {"是": True, "否": False, "缺": None}
        answers.append(known[answer] if answer in known else calculate(answer.split()[0]) > 0)
    return answers


def coverage(line):
    """The higher of the quotients in a line, at most 1, rounded half up to two decimals; 0 where no
    system is in use.
    """
    quotients = [calculate(q) for q in re.findall(r"[\d,.]+ ÷ [\d,.]+", line)]
    hundredths = max(quotients, default=0) * 100 + Fraction(1, 2)
    return min(
        Fraction(int(hundredths + Fraction(1, 10**9) * hundredths), 100), 1
    )  # as good as whole is whole


def typed(number, given_values):
    """Whether a printed number is one of the inputs: up to the tolerance of comparisons, or nearly
    where it says ≈.

    One with more decimals than people type has no excuse but a float's noise.
    """
    decimals = len(number.partition(".")[2])
    allowed = CLOSE if number.startswith("≈") else Fraction(1, 10 ** (13 if decimals > 2 else 9))
    return any(abs(calculate(number) - value) <= allowed * value for value in given_values)


def value_of(line, explanation):
    """The value that the first line arrives at, as it is printed (None where it is missing),
    checked by calculator.
    """
    known = {i.label: i for i in explanation.inputs}
    given_values = {
        Fraction(repr(i.value))
        for i in explanation.inputs
        if isinstance(i.value, float) and i.name not in URBAN
    }
    empty = re.fullmatch(
        rf"(?P<label>.+)为 0，(?:按读法 (?P<reading>\w+)=full )?按 (?P<value>{NUMBER})(?: \S+)? 计",
        line,
    )
    if empty:
        assert known[empty["label"]].value == 0
        return empty["value"]
    undecided = re.fullmatch(r"(?P<label>.+)为 0，(?:按读法 \w+=missing )?不作判定", line)
    if undecided:
        assert known[undecided["label"]].value == 0
        return None
    if "取较高者" in line:
        printed = line.rpartition(" = ")[2]
        if printed == "缺":
            return None
        assert calculate(printed) == coverage(line)
        quotients = re.findall(r"[\d,.]+ ÷ [\d,.]+", line)
        assert all(
            typed(number, given_values)
            for quotient in quotients
            for number in quotient.split(" ÷ ")
        )
        return printed
    if CLAIM.fullmatch(line):
        claim = CLAIM.fullmatch(line)
        assert close(calculate(claim["left"]), calculate(claim["right"])), line
        assert all(typed(number, given_values) for number in re.findall(NUMBER, claim["left"])), (
            line
        )
        return claim["right"]
    label, equals, right = line.rpartition(" = ")
    if equals:
        if right == "缺":
            assert "缺" in label or label.endswith(" ÷ 0") or known[label].value is None, line
            return None
        assert close(numbers(right)[0], Fraction(repr(known[label].value)))
        return re.match(NUMBER, right)[0]
    flags, counted, right = line.partition("；共 ")
    assert len(flag_answers(flags)) == len([i for i in explanation.inputs if i.name not in URBAN])
    if not counted:
        return line
    answers = flag_answers(flags)
    assert None in answers if right == "缺" else calculate(right.split()[0]) == answers.count(True)
    return None if right == "缺" else right.split()[0]


def points_of(line, value, explanation, full):
    """The points that a reader works out from the second line and the value before it; the printed
    ones must agree.
    """
    rule = BOOK.rules[explanation.id]
    if ended := re.fullmatch(
        rf"(?P<v>{NUMBER}) (?P<how>达到|不高于) (?P<end>{NUMBER}) → (?P<points>.+)", line
    ):
        v, end = calculate(ended["v"]), calculate(ended["end"])
        assert ended["v"] == value
        assert v >= end or close(v, end) if ended["how"] == "达到" else v <= end or close(v, end), (
            line
        )
        worked, printed = Fraction(full), ended["points"]
    elif ended := re.fullmatch(
        rf"(?P<v>{NUMBER}) 在不得分端 (?P<end>{NUMBER})（(?P<how>.+)）→ 0.00", line
    ):
        v, end = calculate(ended["v"]), calculate(ended["end"])
        assert ended["v"] == value
        assert v >= end or close(v, end) if ended["how"] == "高于" else v <= end or close(v, end), (
            line
        )
        worked, printed = Fraction(0), "0.00"
    elif tiers := re.fullmatch(rf"(?P<v>{NUMBER})：(?P<tiers>.+) → (?P<points>.+)", line):
        assert tiers["v"] == value
        worked, printed = Fraction(0), tiers["points"]
        for how, threshold, earned in re.findall(
            rf"(达到|高于) ({NUMBER}) 得 ([\d.]+)", tiers["tiers"]
        ):
            v, at = calculate(value), calculate(threshold)
            same = close(v, at, 0) and abs(v - at) <= Fraction(2, 10**9) * at
            if (same and how == "达到") or (not same and v > at):
                worked = calculate(earned)
    elif awarded := re.fullmatch(
        r"按(?:评分|覆盖率)计 (?P<points>[\d.]+)（最多 (?P<most>[\d.]+)）", line
    ):
        worked, printed = min(calculate(value), calculate(awarded["most"])), awarded["points"]
        assert calculate(awarded["most"]) == full
    elif met := re.fullmatch(r"要求\S+：(?P<met>满足|不满足) → (?P<points>[\d.]+)", line):
        yes = any(answer is True for answer in flag_answers(value))
        holds = not yes if rule.measure.kind.name == "none_of" else yes
        assert (met["met"] == "满足") == holds
        worked, printed = Fraction(full if holds else 0), met["points"]
    else:
        before, _, sums = line.rpartition("：")
        claim = CLAIM.fullmatch(sums)
        assert claim, line
        worked, printed = calculate(claim["left"]), claim["right"]
        assert value in line or before, line
        if before:
            free, steps, step, taken = re.fullmatch(
                rf"超出 ({NUMBER}) 的部分合 ({NUMBER}) 步（每步 ?(.+)），按 ({NUMBER}) 步计", before
            ).groups()
            width = Fraction(1, 100_000) if step == "十万分之一" else calculate(step)
            assert close(
                calculate(steps),
                max((calculate(value) - calculate(free)) / width, Fraction(0)),
                Fraction(1, 10**5),
            )
            assert taken in claim["left"]
        if claim["rest"]:
            how = re.fullmatch(
                r"（(?:不低于 (?P<least>\d+)|最多 (?P<most>[\d.]+))）", claim["rest"]
            )
            worked = (
                max(worked, calculate(how["least"]))
                if how["least"]
                else min(worked, calculate(how["most"]))
            )
            assert how["least"] or calculate(how["most"]) == full
    assert abs(worked - calculate(printed)) <= Fraction(1, 100), line
    return worked


def assert_urban(line, explanation):
    """The share that moves marks: resident and urban population, worked out, beside the bound that
    it reaches.
    """
    known = {i.name: Fraction(repr(i.value)) for i in explanation.inputs if i.name in URBAN}
    share, bound = re.fullmatch(rf"(.+)，达到 ({NUMBER})", line).groups()
    claim = CLAIM.fullmatch(share)
    urban, resident = (calculate(number) for number in claim["left"].split(" ÷ "))
    assert (urban, resident) == (known["pop_urban"], known["pop_resident"])
    assert close(urban / resident, calculate(claim["right"])) and urban / resident >= calculate(
        bound
    ) == Fraction(9, 10)


def assert_true(explanation):
    """All that an item's lines claim, down to its score."""
    rule = BOOK.rules[explanation.id]
    first, *more = explanation.arithmetic
    if explanation.status == "not_applicable":
        assert_urban(first, explanation)
        assert more == [BOOK.reallocations[0].rule]
        assert (explanation.full, explanation.score) == (0, 0)
        assert explanation.result.startswith("不适用")
        return
    value = value_of(first, explanation)
    factor = Fraction(1)
    if more and (scaled := re.search(r"满分由 ([\d.]+) 换算为 ([\d.]+)：× ([\d.]+)$", more[-1])):
        old, new, factor = map(calculate, scaled.groups())
        assert old * factor == new == explanation.full
        *more, share, _ = more
        assert_urban(share, explanation)
    else:
        assert explanation.full == rule.full
    if explanation.status == "missing":
        assert explanation.score is None and not more
        assert None in [i.value for i in explanation.inputs] or value is None
        low, high = numbers(explanation.result.partition("可能在")[2].replace("–", " "))[:2]
        assert (low, high) == (
            round(Fraction(explanation.low), 2),
            round(Fraction(explanation.high), 2),
        )
        return
    (second,) = more
    worked = points_of(second, value, explanation, rule.full)
    assert abs(worked * factor - Fraction(explanation.score)) <= Fraction(1, 100)
    assert explanation.low == explanation.score == explanation.high
    points, full = numbers(explanation.result)
    assert abs(points - worked * factor) <= Fraction(1, 100) and full == explanation.full


def exact(line, printed, explanation):
    """A condition's value as the calculator has it, where the printed one is only nearly so."""
    if printed is None or not printed.startswith("≈"):
        return None if printed is None else calculate(printed)
    claim, label = CLAIM.fullmatch(line), line.rpartition(" = ")[0]
    return (
        calculate(claim["left"])
        if claim
        else next(Fraction(i.value) for i in explanation.inputs if i.label == label)
    )


TESTS = {
    "低于": lambda v, t: v < t,
    "不高于": lambda v, t: v <= t,
    "高于": lambda v, t: v > t,
    "不低于": lambda v, t: v >= t,
    "等于": lambda v, t: v == t,
}
WORDS = {True: "通过", False: "不通过", None: "待核实"}


def assert_gate_true(explanation):
    """Every condition of a base indicator worked out from its line, and all of them together."""
    outcomes = []
    for line in explanation.arithmetic:
        if line.startswith(
            "城市类别：缺"
        ):  # which of the conditions holds for this city is not known
            assert explanation.arithmetic == (line,) and line.endswith("→ 待核实")
            assert next(i.value for i in explanation.inputs if i.name == "city_class") is None
            outcomes.append(None)
            continue
        left, _, demand = line.partition("；要求")
        if "；要求" not in line:
            raise AssertionError(line)
        while "；要求" in demand:
            more, _, demand = demand.partition("；要求")
            left += "；" + more
        wanted, _, outcome = demand.partition(" → ")
        words = {"有其一": any, "全部为是": all, "均为 0 或否": lambda answers: not any(answers)}
        if wanted in words:
            answers = flag_answers(left)
            settled = {
                words[wanted]([a if a is not None else guess for a in answers])
                for guess in (True, False)
            }
            holds = settled.pop() if len(settled) == 1 else None
        else:
            v = exact(left, value_of(left, explanation), explanation)
            how, threshold, side, apart = re.fullmatch(
                rf"(\D+) ({NUMBER})(?: [^（]+)?(?:（(高出|低了) ({NUMBER}) 个百分点）)?", wanted
            ).groups()
            t = calculate(threshold)
            if apart:
                assert close(calculate(apart) / 100, abs(v - t), Fraction(1, 10**12)) and (
                    side == "高出"
                ) == (v > t), line
            v = t if v is not None and abs(v - t) <= abs(t) / 10**9 else v
            holds = None if v is None else TESTS[how](v, t)
        assert outcome == WORDS[holds], line
        outcomes.append(holds)
    together = False if False in outcomes else None if None in outcomes else True
    assert explanation.result == WORDS[together]
    assert explanation.status == {True: "pass", False: "fail", None: "pending"}[together]
    assert (explanation.full, explanation.score, explanation.low, explanation.high) == (None,) * 4


def check(explanation):
    (assert_gate_true if explanation.kind == "base" else assert_true)(explanation)


def explained(values, id, readings=None, level="county"):
    """The explanation of one rule for a table of one row."""
    return cc.explain(cc.score(frame([whole_row(values, level)]), BOOK, readings), HERE, MAY, id)


# ------------------------------------------------------------------------------------------------
# every line is true


def groups_of(id):
    """The groups of inputs that a rule uses."""
    names = set(BOOK.rules[id].inputs())
    if id.startswith(("S4.1", "S4.2")):
        names |= URBAN
    return [
        group
        for group, cases in GROUPS.items()
        if names & {name for case in cases for name in case}
    ]


@pytest.mark.parametrize("id", BOOK.rules)
def test_the_arithmetic_of_directed_rows_is_true(id):
    """A sample of the rows that meet the rule's thresholds, under a reading that it depends on or
    by default.
    """
    random.seed(id)
    own = [r for r in ONE_CHANGED if not r or set(r) <= set(BOOK.rules[id].readings)]
    for group in groups_of(id):
        cases = random.sample(GROUPS[group], min(len(GROUPS[group]), 20 // len(groups_of(id))))
        rows = [
            whole_row({**BEST, **cleared(group), **case}, "city" if n % 3 else "county")
            for n, case in enumerate(cases)
        ]
        cards = [cc.score(frame(rows), BOOK, readings) for readings in own]
        for n in range(len(rows)):
            found = cc.explain(cards[n % len(cards)], f"地区{n}", MAY, id)
            check(found)


@settings(max_examples=6, **QUICK)
@given(row=ROWS, readings=ANY_READINGS)
def test_the_arithmetic_of_any_row_is_true_for_every_rule(row, readings):
    card = cc.score(frame([row]), BOOK, readings)
    for id in BOOK.rules:
        explanation = cc.explain(card, HERE, MAY, id)
        check(explanation)
        assert str(explanation) and explanation.clause == BOOK.rules[id].clause


@settings(max_examples=2, **QUICK)
@given(row=ROWS, readings=ANY_READINGS)
def test_a_reading_shows_what_the_score_is_under_each_option(row, readings):
    table = frame([row])
    card = cc.score(table, BOOK, readings)
    cards = {
        (r.id, o): cc.score(table, BOOK, {**readings, r.id: o})
        for r in BOOK.readings.values()
        for o in r.options
    }
    for rule in BOOK.rules.values():
        used = cc.explain(card, HERE, MAY, rule.id).readings if rule.readings else ()
        assert [r.id for r in used] == rule.readings
        for reading in used:
            assert reading.option == readings[reading.id]
            assert reading.meaning == BOOK.readings[reading.id].options[reading.option]
            assert list(reading.scores) == list(BOOK.readings[reading.id].options)
            for option, text in reading.scores.items():
                other = cards[reading.id, option]
                if rule.kind == "base":
                    assert (
                        text
                        == {"pass": "通过", "fail": "不通过", "pending": "待核实"}[
                            other.status[rule.id].iloc[0]
                        ]
                    )
                else:
                    low, *high = map(float, text.removesuffix(" 分").split("–"))
                    found = [other.low[rule.id].iloc[0], other.high[rule.id].iloc[0]]
                    assert [low, *(high or [low])] == pytest.approx(found, abs=0.0051)


@pytest.mark.parametrize(
    ("id", "values", "readings", "lines"),
    [
        (
            "S6.1.3a",
            {"loans_xyd": 450, "loans_credit": 10_000},
            {},
            ["450 ÷ 10,000 = 4.5%", "(4.5% − 3%) ÷ (6% − 3%) × 3 = 1.50"],
        ),
        (
            "S6.1.3a",
            {"loans_xyd": 450, "loans_credit": 10_000},
            {"proportional": "of_full"},
            ["450 ÷ 10,000 = 4.5%", "4.5% ÷ 6% × 3 = 2.25"],
        ),
        (
            "S5.2.2",
            {"objection_workdays": 53, "objections_handled": 10},
            {"partial_step": "started_steps"},
            [
                "53 ÷ 10 = 5.3 个工作日",
                "超出 5 的部分合 0.3 步（每步 1），按 1 步计：2 − 0.4 × 1 = 1.60（不低于 0）",
            ],
        ),
        (
            "S3.1",
            {"inst_defaulters": 5, "inst_defaulters_rectified": 4},
            {},
            ["5 − 4 = 1 家", "4 − 2 × 1 = 2.00（不低于 0）"],
        ),
        (
            "S7.1",
            {"commitments": 60, "performances": 20, "enterprises": 100},
            {"commitment_basis": "with_performances"},
            ["(60 + 20) ÷ 100 = 80%", "(80% − 65%) ÷ (100% − 65%) × 7 = 3.00"],
        ),
        (
            "S5.2.1",
            {"dual_valid_objections": 9, "dual_published": 300_000},
            {"objection_scale": "per_100k"},
            ["9 ÷ 300,000 = 0.003%", "(0.005% − 0.003%) ÷ (0.005% − 0.001%) × 2 = 1.00"],
        ),
        (
            "S4.1.2",
            {"depts_sharing": 35, "depts_total": 100, "pop_urban": 92, "pop_resident": 100},
            {},
            [
                "35 ÷ 100 = 35%",
                "35%：达到 20% 得 0.5，达到 50% 得 1 → 0.50",
                "92 ÷ 100 = 92%，达到 90%",
                "满分由 1 换算为 2：× 2",
            ],
        ),
    ],
    ids=["proportional", "of_full", "started step", "shortfall", "a sum", "falling", "reallocated"],
)
def test_a_worked_case_reads_so(id, values, readings, lines):
    assert list(explained(values, id, readings).arithmetic) == lines


def test_seven_known_classes_decide_and_are_counted():
    """The eighth is missing, the score is 7, and the line says 1 × 缺."""
    known = {name: 1 for name in BEST if name.startswith("share_")}
    check(explained({**known, "share_ip": None}, "S5.3"))


@pytest.mark.parametrize("amount", [628820.69, 700_000, 1234567.89])
def test_a_large_number_is_printed_as_it_was_typed(amount):
    line = explained({"loans_credit": 1, "loans_enterprise": amount}, "S6.1.3b").arithmetic[0]
    assert line.startswith(f"1 ÷ {amount:,} = ")


def test_an_empty_list_that_is_not_decided_is_no_false_sum():
    """0 − 0 is not missing; it is the reading that leaves it open."""
    (line,) = explained(
        {"inst_defaulters": 0, "inst_defaulters_rectified": 0}, "S3.1", {"no_target": "missing"}
    ).arithmetic
    assert "0 − 0" not in line and "no_target=missing" in line


# ------------------------------------------------------------------------------------------------
# states


def test_every_condition_of_a_base_indicator_has_its_line():
    values = {"portal_ideology_ok": 1, "halls_total": 0, "halls_connected": 0}
    county, city = explained(values, "B02"), explained(values, "B02", level="city")
    assert [line.rpartition(" → ")[2] for line in county.arithmetic] == ["通过", "通过"]
    assert [line.rpartition(" → ")[2] for line in city.arithmetic] == ["通过", "通过", "不通过"]
    assert (county.status, city.status) == ("pass", "fail")
    lines = explained({"dual_due": 9, "dual_reported": 9, "dual_compliant": 8}, "B04").arithmetic
    assert [line.rpartition(" → ")[2] for line in lines] == ["通过", "不通过", "待核实"]


def test_only_the_test_of_the_citys_class_is_shown():
    values = {"monitor_rank_mean": 120, "monitor_rank_worst": 130, "monitor_bottom3_streak": 2}
    (line,) = explained({**values, "city_class": "capital"}, "B07").arithmetic
    assert line.endswith("要求低于 3 个月 → 通过")
    (line,) = explained({**values, "city_class": "prefecture"}, "B07").arithmetic
    assert line.endswith("要求不高于 100 名 → 不通过")
    (line,) = explained(values, "B07").arithmetic
    assert line.startswith("城市类别：缺") and line.endswith("待核实")


def test_what_is_missing_is_called_missing():
    e = explained({"loans_credit": 10_000}, "S6.1.3a")
    assert (e.status, e.score, e.low, e.high) == ("missing", None, 0, 3)
    assert e.arithmetic == ("缺 ÷ 10,000 = 缺",)
    assert [(i.name, i.value, i.origin) for i in e.inputs] == [
        ("loans_xyd", None, "missing"),
        ("loans_credit", 10_000, "typed"),
    ]
    assert "缺" in e.inputs[0].text and "0.00–3.00" in e.result


def test_an_absent_column_is_missing_too():
    table = pd.DataFrame({"jurisdiction": ["范县"], "period": [MAY]})
    card = cc.score(table, BOOK)
    for id in BOOK.rules:
        e = cc.explain(card, "范县", MAY, id)
        assert e.status in ("missing", "pending")
        assert {i.value for i in e.inputs} == {None} and {i.origin for i in e.inputs} == {"missing"}


def test_the_urban_share_is_among_the_inputs_it_decides():
    urban = {"pop_urban": 9, "pop_resident": 10, "rural_system_local": 1, "enterprise_platform": 1}
    for id in ("S4.2.1", "S4.1.1"):
        names = [i.name for i in explained(urban, id).inputs]
        assert set(names) >= URBAN and len(set(names)) == len(names)
    assert explained(urban, "S4.2.1").status == "not_applicable"
    assert explained(urban, "S4.1.1").score == explained(urban, "S4.1.1").full == 2


# ------------------------------------------------------------------------------------------------
# where values come from


@pytest.fixture(scope="module")
def card():
    """Two cities; 丙县 has no row in May, 乙县 no value; 甲市 types some facts, 乙市 none."""
    rows = [
        ("甲县", MAY, "county", "甲市", 10, 3, 1, NAN, 20, NAN),
        ("乙县", MAY, "county", "甲市", 20, 5, NAN, NAN, 40, 1),
        ("丙县", "2021-04", "county", "甲市", 30, 9, 1, NAN, 70, 1),
        ("甲市", MAY, "city", "甲市", NAN, NAN, NAN, 1, 150, NAN),
        ("丁县", MAY, "county", "乙市", 7, 2, 0, NAN, 8, 0),
        ("戊县", MAY, "county", "乙市", 8, 6, 0, NAN, 9, 0),
    ]
    names = [
        "jurisdiction",
        "period",
        "level",
        "city",
        "questionnaires",
        "joint_domains",
        "share_tax",
        "repair_sync",
    ]
    table = pd.DataFrame(rows, columns=[*names, "enterprises", "rural_system_local"])
    table.index = [5, 3, 9, 1, 0, 7]
    return cc.score(cc.roll_up(table, BOOK), BOOK)


def used(card, county, id, name, period=MAY):
    (found,) = [i for i in cc.explain(card, county, period, id).inputs if i.name == name]
    return found


def test_a_sum_names_the_counties_that_made_it_up(card):
    found = used(card, "乙市", "S6.2", "questionnaires")
    assert (found.value, found.origin, found.parts) == (15, "rolled_up", {"丁县": 7, "戊县": 8})
    assert sum(found.parts.values()) == found.value
    assert used(card, "乙市", "S7.3", "joint_domains").parts == {"丁县": 2, "戊县": 6}
    assert used(card, "乙市", "S7.3", "joint_domains").value == 6


def test_a_county_without_a_row_or_a_value_is_shown_as_missing(card):
    found = used(card, "甲市", "S6.2", "questionnaires")
    assert (found.value, found.origin, found.parts) == (
        None,
        "missing",
        {"甲县": 10, "乙县": 20, "丙县": None},
    )
    assert "　丙县：缺" in str(cc.explain(card, "甲市", MAY, "S6.2"))
    found = used(card, "甲市", "S5.3", "share_tax")
    assert (found.value, found.origin, found.parts) == (
        1,
        "rolled_up",
        {"甲县": 1, "乙县": None, "丙县": None},
    )


def test_typed_inherited_and_what_the_city_alone_can_give(card):
    assert (
        used(card, "甲市", "S7.1", "enterprises").origin,
        used(card, "甲市", "S7.1", "enterprises").parts,
    ) == ("typed", {})
    assert (
        used(card, "甲县", "S5.2.3c", "repair_sync").value,
        used(card, "甲县", "S5.2.3c", "repair_sync").origin,
    ) == (
        1,
        "inherited",
    )
    assert used(card, "甲市", "S5.2.3c", "repair_sync").origin == "typed"
    assert used(card, "乙市", "S5.2.3c", "repair_sync").origin == "missing"
    assert used(card, "丁县", "S5.2.3c", "repair_sync").origin == "missing"
    assert used(card, "甲县", "S6.2", "questionnaires").origin == "typed"


def test_what_was_rolled_up_is_not_inherited(card):
    """乙县 knows of a system, so the city has one; 甲县's own blank stays blank."""
    assert used(card, "甲市", "S4.2.1", "rural_system_local").origin == "rolled_up"
    assert used(card, "甲县", "S4.2.1", "rural_system_local").origin == "missing"


def test_every_rule_is_explained_for_every_row_of_a_rolled_up_table(card):
    for id in BOOK.rules:
        for county in ("甲县", "甲市", "乙市"):
            check(cc.explain(card, county, MAY, id))


def test_the_city_of_the_sample_is_explained_by_its_counties():
    study = cc.open_study()
    card = cc.score(study.table[study.table["period"] == study.latest], BOOK)
    for id in BOOK.rules:
        e = cc.explain(card, "濮阳市", study.latest, id)
        check(e)
        for i in e.inputs:
            if i.parts and BOOK.inputs[i.name].rollup == "sum" and i.value is not None:
                assert list(i.parts) == study.counties(study.latest, "濮阳市")
                assert sum(i.parts.values()) == pytest.approx(i.value)


# ------------------------------------------------------------------------------------------------
# as data, text and HTML


def rebuilt(data):
    """An explanation out of plain data."""
    parts = {"inputs": InputUsed, "readings": ReadingUsed}
    made = {key: tuple(kind(**one) for one in data[key]) for key, kind in parts.items()}
    return cc.Explanation(**{**data, **made, "arithmetic": tuple(data["arithmetic"])})


def not_json(constant):
    raise AssertionError(constant)


@pytest.mark.parametrize("id", ["B07", "S4.2.2", "S5.3", "S6.2", "S7.1", "A1"])
def test_json_holds_all_of_it(card, id):
    e = cc.explain(card, "甲市", MAY, id)
    assert rebuilt(e.to_dict()) == e
    assert rebuilt(json.loads(e.to_json(), parse_constant=not_json)) == e
    assert e.clause in e.to_json()  # Chinese, not \\u escapes


def test_the_text_has_every_part():
    e = explained({"loans_xyd": 450, "loans_credit": 10_000}, "S6.1.3a")
    text = str(e)
    for part in (
        HERE,
        MAY,
        "S6.1.3a",
        e.name,
        e.rule,
        e.clause,
        *e.arithmetic,
        e.result,
        e.readings[0].meaning,
    ):
        assert part in text
    assert "信易贷" in text and "450 万元（填报）" in text and "of_full 时 2.25 分" in text


def test_the_display_escapes_what_was_typed():
    table = pd.DataFrame({"jurisdiction": ["<b>&县"], "period": [MAY], "questionnaires": [75]})
    display = cc.explain(cc.score(table, BOOK), "<b>&县", MAY, "S6.2")._repr_html_()
    assert "&lt;b&gt;&amp;县" in display and "<b>" not in display
    assert "(75 − 50) ÷ (100 − 50) × 1 = 0.50" in display


# ------------------------------------------------------------------------------------------------
# names that are not there


@pytest.mark.parametrize(
    ("county", "period", "id", "words"),
    [
        ("甲县", MAY, "S6.1.3aa", ["S6.1.3aa", "S6.1.3a？"]),
        ("甲县", MAY, "Z9", ["Z9", "B01"]),
        ("甲甲县", MAY, "S6.2", ["甲甲县", "甲县"]),
        ("己县", "2019-01", "S6.2", ["己县", "期间"]),
        ("丙县", MAY, "S6.2", ["丙县", MAY, "2021-04"]),
    ],
    ids=["a rule nearly", "a rule", "a county nearly", "county and period", "a period"],
)
def test_an_unknown_name_says_what_there_is(card, county, period, id, words):
    with pytest.raises(cc.UnknownName) as raised:
        cc.explain(card, county, period, id)
    assert all(word in str(raised.value) for word in words)


def test_a_county_of_two_cities_is_not_guessed():
    table = pd.DataFrame(
        {"jurisdiction": ["城关区"] * 2, "period": MAY, "city": ["甲市", "乙市"], "level": "county"}
    )
    with pytest.raises(cc.UnknownName, match="几个市"):
        cc.explain(cc.score(table, BOOK), "城关区", MAY, "S6.2")
