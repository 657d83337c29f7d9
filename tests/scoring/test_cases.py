"""Cases a clerk can check by hand (tests/scoring/cases/*.toml) against the library.

A case names its rule, or `totals` by column; its `case` holds one or more kinds, separated by
blanks. `other_rows` stand beside the case's own row and are rolled up with it before anything is
scored.
"""

import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import creditcalc as cc

KEYS = {
    "rule",
    "case",
    "title",
    "inputs",
    "readings",
    "level",
    "full",
    "other_rows",
    "score",
    "status",
    "low",
    "high",
    "totals",
}
ROW_KEYS = {"level", "period"}
PERIOD = "2021-05"
CITY = "the city"

GRADED = {"proportional", "tiers", "deduct", "excess_deduct", "per_unit", "awarded"}
GRADED_KINDS = {"at-zero", "just-above-zero", "middle", "at-full", "beyond", "missing"}
FLAG_KINDS = {"yes", "no", "missing"}
BASE_KINDS = {"pass", "fail", "pending"}
# Where the threshold is the whole itself, the unit above it is an input error; where it is 0, the
# unit below.
THRESHOLD_KINDS = {
    "B01 B06 B07": {"at-threshold", "one-below", "one-above"},
    "B02 B03 B04 B10 B12": {"at-threshold", "one-below"},
    "B08 B09": {"at-threshold", "one-above"},
}

# The worked cases of the spec, section 8, by rule; both readings of a line are a case each.
WORKED = {
    "S3.1": 1,
    "S4.1.2": 6,
    "S4.2.1": 1,
    "S4.2.2": 2,
    "S4.2.3": 1,
    "S5.1": 3,
    "S5.2.1": 3,
    "S5.2.2": 3,
    "S5.3": 2,
    "S6.1.2": 2,
    "S6.1.3a": 6,
    "S6.1.3b": 2,
    "S6.2": 5,
    "S7.1": 6,
    "S7.2": 1,
}


def load_cases():
    for path in sorted((Path(__file__).parent / "cases").glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            yield {"readings": {}, "level": "county"} | case


def name(case):
    words = [
        case.get("rule", "totals"),
        case["case"],
        case["title"],
        *sorted(case["readings"].values()),
        case["level"],
    ]
    return re.sub(r"[^\w.%]+", "-", " ".join(words))


CASES = list(load_cases())


@cache
def rulebook():
    return cc.load_rulebook()


def faults(case):
    """What is wrong with the case itself: misspelt names, and expectations that say nothing."""
    named = set(case["inputs"]).union(*case.get("other_rows", []))
    book, found = rulebook(), [f"key {k}" for k in set(case) - KEYS]
    found += [
        f"input {k}"
        for k in named - set(book.inputs) - (ROW_KEYS if "other_rows" in case else set())
    ]
    found += [
        f"reading {k} = {v}"
        for k, v in case["readings"].items()
        if k not in book.readings or v not in book.readings[k].options
    ]
    if "rule" in case and case["rule"] not in book.rules:
        found.append(f"rule {case['rule']}")
    if ("rule" in case) == ("totals" in case):
        found.append("either a rule or totals")
    elif "rule" in case and ("score" in case) == ("status" in case):
        found.append("either a score or a status")
    if (case.get("status") == "missing") != ("low" in case and "high" in case):
        found.append("low and high belong to missing, and missing to them")
    return found


def table_of(rows):
    table, inputs = pd.DataFrame(rows), rulebook().inputs
    numbers = [column for column in table if column in inputs and inputs[column].type != "class"]
    return table.astype(dict.fromkeys(numbers, float))


def own_row(case, jurisdiction):
    return {
        "jurisdiction": jurisdiction,
        "period": PERIOD,
        "level": case["level"],
        **case["inputs"],
    }


def scored(table, readings):
    """What the library says of every row: a wide frame by name, and the totals."""
    card = cc.score(table, rulebook(), readings=readings)
    return {
        sheet: getattr(card, sheet) for sheet in ("points", "low", "high", "full", "status")
    } | {"totals": card.totals()}


@cache
def together(readings):
    """All the cases without other rows that share their readings, scored as one table; and the row
    of each.
    """
    alike = [
        case
        for case in CASES
        if tuple(case["readings"].items()) == readings
        and "other_rows" not in case
        and not faults(case)
    ]
    names = [name(case) for case in alike]
    return scored(table_of(map(own_row, alike, names)), dict(readings)), names


def beside(case):
    """A case with other rows, rolled up and scored; and its row."""
    own = own_row(case, CITY if case["level"] == "city" else "own county")
    rows = [own]
    for number, other in enumerate(case["other_rows"], 1):
        jurisdiction = CITY if other.get("level") == "city" else f"county {number}"
        rows.append({"jurisdiction": jurisdiction, "period": PERIOD, "level": "county"} | other)
    table = cc.roll_up(table_of(rows), rulebook(), city=CITY).table
    mine = (table["jurisdiction"] == own["jurisdiction"]) & (table["period"] == PERIOD)
    return scored(table, case["readings"]), mine.tolist().index(True)


def result_of(case):
    """The case's row of every sheet."""
    if "other_rows" in case:
        sheets, row = beside(case)
    else:
        sheets, names = together(tuple(case["readings"].items()))
        row = names.index(name(case))
    return {sheet: frame.iloc[row] for sheet, frame in sheets.items()}


@pytest.mark.parametrize("case", CASES, ids=name)
def test_case(case):
    assert not faults(case)
    result = result_of(case)
    if "totals" in case:
        assert result["totals"][list(case["totals"])].to_dict() == pytest.approx(
            case["totals"], abs=1e-9
        )
        return
    status = case.get("status", "scored")
    rule = rulebook().rules[case["rule"]]
    got = {sheet: row[rule.id] for sheet, row in result.items() if sheet != "totals"}
    assert got.pop("status") == status
    if status == "scored":
        want = dict.fromkeys(("points", "low", "high"), case["score"])
    elif status == "missing":
        want = {"points": np.nan, "low": case["low"], "high": case["high"]}
    elif status == "not_applicable":
        want = dict.fromkeys(got, 0)
    else:
        want = dict.fromkeys(got, np.nan)
    assert got == pytest.approx({"full": case.get("full", rule.full)} | want, abs=1e-9, nan_ok=True)


def test_every_case_has_its_own_name():
    assert [n for n, count in Counter(map(name, CASES)).items() if count > 1] == []


def demanded(rule):
    if rule.kind == "base":
        return BASE_KINDS.union(
            *(kinds for ids, kinds in THRESHOLD_KINDS.items() if rule.id in ids.split())
        )
    return GRADED_KINDS if rule.formula.kind.name in GRADED else FLAG_KINDS


def test_every_rule_has_its_cases():
    rules = rulebook().rules
    given = {id_: set() for id_ in rules}
    for case in CASES:
        if "rule" in case:
            given[case["rule"]] |= set(case["case"].split())
    lacking = {id_: demanded(rule) - given[id_] for id_, rule in rules.items()}
    assert {id_: kinds for id_, kinds in lacking.items() if kinds} == {}


def test_every_other_reading_is_used():
    used = {item for case in CASES for item in case["readings"].items()}
    assert {
        (id_, option)
        for id_, reading in rulebook().readings.items()
        for option in reading.options
        if option != reading.default
    } <= used


def test_the_worked_cases_are_all_here():
    worked = Counter(case["rule"] for case in CASES if "worked" in case["case"].split())
    assert worked == WORKED
