"""Measures: three-valued logic against every way in which the missing could turn out, ratios and
their inverses.
"""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditcalc.rules.measures import MEASURES
from creditcalc.rules.measures.amounts import Growth, Ratio, Shortfall
from creditcalc.rules.measures.answers import CountYes
from creditcalc.rules.measures.base import Quantity
from creditcalc.rules.measures.coverage import Coverage

NAN = np.nan
KNOWN = {
    "any_of": lambda flags: any(flag > 0 for flag in flags),
    "all_of": lambda flags: all(flag > 0 for flag in flags),
    "none_of": lambda flags: not any(flag > 0 for flag in flags),
    "count_yes": lambda flags: sum(flag > 0 for flag in flags),
}


def completions(flags):
    """Every row of known flags that a row with missing ones could be."""
    return product(*([0, 1] if np.isnan(flag) else [flag] for flag in flags))


def outcomes(kind, flags):
    return {KNOWN[kind](known) for known in completions(flags)}


def columns(rows):
    """The columns of some rows by number, and their names."""
    found = [np.array(column, dtype=float) for column in zip(*rows, strict=True)]
    names = tuple(map(str, range(len(found))))
    return names, dict(zip(names, found, strict=True)).get


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", KNOWN)
def test_logic_decides_exactly_what_every_completion_agrees_on(kind, width):
    rows = list(product([0, 1, 3, NAN], repeat=width))
    expected = [float(*found) if len(found := outcomes(kind, row)) == 1 else NAN for row in rows]
    names, number = columns(rows)
    np.testing.assert_array_equal(MEASURES[kind](names).value(number), expected)


@pytest.mark.parametrize("width", [1, 3, 4])
def test_count_yes_bounds_are_the_least_and_the_most_of_all_completions(width):
    rows = list(product([0, 1, NAN], repeat=width))
    names, number = columns(rows)
    low, high = CountYes(names).bounds(number)
    found = [outcomes("count_yes", row) for row in rows]
    assert (low.tolist(), high.tolist()) == ([min(f) for f in found], [max(f) for f in found])


def one(measure, *values, **params):
    """A measure of one row."""
    names, number = columns([values])
    return float(measure(*((name,) for name in names), **params).value(number)[0])


@pytest.mark.parametrize(
    ("part", "whole", "empty", "expected"),
    [
        (3, 4, "missing", 0.75),
        (5, 4, "missing", 1.25),
        (0, 4, "missing", 0),
        (0, 0, "missing", NAN),
        (1, 0, "missing", NAN),
        (0, 0, 1, 1),
        (NAN, 0, 1, 1),
        (NAN, 0, 0, 0),
        (NAN, 0, "missing", NAN),
        (0, NAN, 1, NAN),
        (NAN, 4, 1, NAN),
    ],
)
def test_ratio(part, whole, empty, expected):
    assert one(Ratio, part, whole, empty=empty) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("prev", "curr", "expected"),
    [
        (100, 150, 0.5),
        (100, 50, -0.5),
        (100, 0, -1),
        (0, 5, NAN),
        (0, 0, NAN),
        (NAN, 5, NAN),
        (5, NAN, NAN),
        (0, NAN, NAN),
    ],
)
def test_growth(prev, curr, expected):
    assert one(Growth, prev, curr) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("part", "whole", "empty", "expected"),
    [
        (4, 5, "missing", 1),
        (5, 5, "missing", 0),
        (0, 0, "missing", NAN),
        (NAN, 0, 0, 0),
        (NAN, 5, 0, NAN),
        (0, NAN, 0, NAN),
    ],
)
def test_shortfall(part, whole, empty, expected):
    assert one(Shortfall, part, whole, empty=empty) == pytest.approx(expected, nan_ok=True)


FARMS = Coverage(("0",), ("1", "2"), ("3", "4"), decimals=2)


def coverage(whole, parts, systems):
    return float(FARMS.value(columns([(whole, *parts, *systems)])[1])[0])


@pytest.mark.parametrize(
    ("whole", "parts", "systems", "expected"),
    [
        (1000, (804, 100), (1, 1), 0.8),
        (1000, (805, 100), (1, 1), 0.81),
        (1000, (100, 804), (1, 1), 0.8),
        (1000, (100, 804), (1, 0), 0.1),
        (1000, (1200, 0), (1, 0), 1),
        (1000, (804, NAN), (1, 0), 0.8),
        (1000, (804, NAN), (1, 1), NAN),
        (1000, (1000, NAN), (1, 1), NAN),
        (1000, (804, 100), (1, NAN), NAN),
        (1000, (804, 100), (0, NAN), NAN),
        (1000, (804, 100), (0, 0), 0),
        (NAN, (NAN, NAN), (0, 0), 0),
        (0, (0, 0), (0, 0), 0),
        (0, (0, 0), (1, 0), NAN),
        (NAN, (804, 100), (1, 1), NAN),
    ],
)
def test_coverage(whole, parts, systems, expected):
    assert coverage(whole, parts, systems) == pytest.approx(expected, nan_ok=True)


VALUES, WHOLES = st.floats(-0.5, 2), st.floats(0.01, 1e9)


@settings(max_examples=50, deadline=None)
@given(value=VALUES, whole=WHOLES)
def test_levers_lead_back_to_the_value(value, whole):
    around = {"whole": whole}
    part = Ratio(("part",), ("whole",)).lever(around, value)[1]
    assert one(Ratio, part, whole) == pytest.approx(value)
    later = Growth(("whole",), ("part",)).lever(around, value)[1]
    assert one(Growth, whole, later) == pytest.approx(value, abs=1e-9)
    left = Shortfall(("part",), ("whole",)).lever(around, value)[1]
    assert one(Shortfall, left, whole) == pytest.approx(value, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(hundredths=st.integers(1, 100), whole=st.integers(1, 10**6))
def test_coverage_inverse_is_the_least_part_that_rounds_to_the_value(hundredths, whole):
    value = hundredths / 100
    part = FARMS.least(value, whole)
    assert coverage(whole, (part, 0), (1, 0)) == value
    assert coverage(whole, (part * (1 - 1e-6), 0), (1, 0)) < value


def test_the_measures_that_one_input_moves():
    quantities = {name for name, kind in MEASURES.items() if issubclass(kind, Quantity)}
    assert quantities == {"input", "ratio", "growth", "shortfall"}
