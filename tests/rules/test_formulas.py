"""Every formula kind under every option of its parameters, each with its inverse; the tests of base
indicators.
"""

from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditcalc import exact
from creditcalc.rules.formulas import FORMULAS, TESTS
from creditcalc.rules.formulas.lines import Proportional, Tiers

TWO = [[0.2, 0.5], [0.5, 1]]
VARIANTS = {
    "flag": ("flag", 2, {}),
    "award": ("awarded", 5, {}),
    "half a point off each": ("deduct", 2, {"each": 0.5}),
    "two points off each": ("deduct", 4, {"each": 2}),
    "half a point a unit": ("per_unit", 7, {"each": 0.5}),
    "a point a unit": ("per_unit", 3, {"each": 1}),
    "rising line": (
        "proportional",
        3,
        {"zero": 0.03, "full_at": 0.06, "line": "between", "falling": False},
    ),
    "rising line from 0": ("proportional", 2, {"zero": 0, "full_at": 1}),
    "rising share of full": ("proportional", 7, {"zero": 0.65, "full_at": 1, "line": "of_full"}),
    "rising share of full from 0": (
        "proportional",
        2,
        {"zero": 0, "full_at": 1, "line": "of_full"},
    ),
    "falling line": ("proportional", 2, {"zero": 0.5, "full_at": 0.1, "falling": True}),
    "falling line, per 100,000": (
        "proportional",
        2,
        {"zero": 0.00005, "full_at": 0.00001, "falling": True},
    ),
    "falling line to 0": ("proportional", 2, {"zero": 10, "full_at": 0, "falling": True}),
    "falling share of full": (
        "proportional",
        2,
        {"zero": 0.5, "full_at": 0.1, "line": "of_full", "falling": True},
    ),
    "tiers": ("tiers", 1, {"tiers": TWO, "inclusive": "yes"}),
    "tiers, strictly more": ("tiers", 1, {"tiers": TWO, "inclusive": "no"}),
    "one tier": ("tiers", 1, {"tiers": [[0.2, 1]]}),
    "over 5, pro rata": (
        "excess_deduct",
        2,
        {"free": 5, "step": 1, "each": 0.4, "partial": "pro_rata"},
    ),
    "over 5, whole steps": (
        "excess_deduct",
        2,
        {"free": 5, "step": 1, "each": 0.4, "partial": "whole_steps"},
    ),
    "over 5, started steps": (
        "excess_deduct",
        2,
        {"free": 5, "step": 1, "each": 0.4, "partial": "started_steps"},
    ),
    "over 0, pro rata": ("excess_deduct", 1, {"free": 0, "step": 1e-5, "each": 0.1}),
    "over 0, whole steps": (
        "excess_deduct",
        1,
        {"free": 0, "step": 1e-5, "each": 0.1, "partial": "whole_steps"},
    ),
    "over 0, started steps": (
        "excess_deduct",
        1,
        {"free": 0, "step": 1e-5, "each": 0.1, "partial": "started_steps"},
    ),
}
every_variant = pytest.mark.parametrize("variant", VARIANTS)
SHARES = st.floats(1e-6, 1) | st.sampled_from([k / 20 for k in range(1, 21)])


def points(variant, x):
    kind, full, params = VARIANTS[variant]
    return FORMULAS[kind](**params).points(np.asarray(x, dtype=float), full)


def inverse(variant, wished):
    kind, full, params = VARIANTS[variant]
    return FORMULAS[kind](**params).inverse(wished, full)


def rising(variant):
    kind, _, params = VARIANTS[variant]
    return kind not in ("deduct", "excess_deduct") and not params.get("falling", False)


@every_variant
def test_a_kind_knows_whether_more_of_the_value_earns_more(variant):
    kind, _, params = VARIANTS[variant]
    assert FORMULAS[kind](**params).rises == rising(variant)


def a_little_worse(variant, x):
    kind, _, params = VARIANTS[variant]
    if kind == "flag":
        return x - 1
    step = {"deduct": 1, "excess_deduct": params.get("step")}.get(
        kind, abs(params.get("full_at", 0) - params.get("zero", 0))
    )
    return x + (-1 if rising(variant) else 1) * 1e-6 * max(abs(x), step)


def test_every_kind_and_every_option_has_a_variant():
    seen = {
        (kind, key, str(value))
        for kind, _, params in VARIANTS.values()
        for key, value in params.items()
    }
    assert {kind for kind, _, _ in VARIANTS.values()} == set(FORMULAS)
    for kind, formula in FORMULAS.items():
        for key, hint in get_type_hints(formula).items():
            options = (
                get_args(hint)
                if get_origin(hint) is Literal
                else [False, True]
                if hint is bool
                else []
            )
            assert {(kind, key, str(option)) for option in options} <= seen


@every_variant
@settings(max_examples=60, deadline=None)
@given(share=SHARES)
def test_inverse_is_the_nearest_value_that_earns_the_points(variant, share):
    wished = share * VARIANTS[variant][1]
    x = inverse(variant, wished)
    assert points(variant, x) >= wished - 1e-9
    assert points(variant, a_little_worse(variant, x)) < wished


@pytest.mark.parametrize("line", ["between", "of_full"])
@pytest.mark.parametrize(
    ("zero", "full_at"), [(0.25, 0.3), (0.00005, 0.00001), (0.1, 0.7), (0.9, 0.3)]
)
def test_inverse_of_full_marks_is_the_threshold_itself(zero, full_at, line):
    ends = {"zero": zero, "full_at": full_at, "falling": zero > full_at, "line": line}
    assert Proportional(**ends).inverse(2, 2) == full_at


@every_variant
def test_inverse_of_too_much_is_nothing_and_of_nothing_is_anything(variant):
    full = VARIANTS[variant][1]
    assert np.isnan([inverse(variant, full * more) for more in (1 + 1e-6, 1.5, 1e9)]).all()
    assert {inverse(variant, nothing) for nothing in (0, -0.0, -1)} == {
        -np.inf if rising(variant) else np.inf
    }


@every_variant
@settings(max_examples=40, deadline=None)
@given(scale=st.sampled_from([1e-5, 1, 20]), xs=st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_points_lie_between_0_and_full_and_go_one_way(variant, scale, xs):
    kind, full, _ = VARIANTS[variant]
    xs = np.round(xs) if kind == "flag" else scale * np.array(xs)
    earned = points(variant, np.sort(xs))
    assert ((earned >= 0) & (earned <= full)).all()
    assert (np.diff(earned) * (1 if rising(variant) else -1) >= -1e-12).all()


@pytest.mark.parametrize(
    "variant",
    [v for v in VARIANTS if v != "flag"],
)
def test_a_value_out_of_range_earns_no_more_than_full_and_no_less_than_nothing(variant):
    earned = points(variant, [-1.0, -1e-9, 1e12])
    assert ((earned >= 0) & (earned <= VARIANTS[variant][1])).all()


@every_variant
def test_missing_stays_missing_and_leaves_its_neighbours_alone(variant):
    earned = points(variant, [[0, np.nan], [np.nan, 1]])
    np.testing.assert_array_equal(np.isnan(earned), [[False, True], [True, False]])
    assert earned[0, 0] == points(variant, 0) and earned[1, 1] == points(variant, 1)


@pytest.mark.parametrize(
    ("variant", "threshold", "at"),
    [
        ("rising line", 0.03, 0),
        ("rising line", 0.06, 3),
        ("rising line from 0", 1, 2),
        ("rising share of full", 0.65, 4.55),
        ("falling line", 0.5, 0),
        ("falling line", 0.1, 2),
        ("falling line, per 100,000", 0.00005, 0),
        ("falling line, per 100,000", 0.00001, 2),
        ("falling share of full", 0.5, 0.4),
        ("falling share of full", 0.1, 2),
        ("tiers", 0.2, 0.5),
        ("tiers", 0.5, 1),
        ("tiers, strictly more", 0.2, 0),
        ("tiers, strictly more", 0.5, 0.5),
        ("over 5, pro rata", 5, 2),
        ("over 5, whole steps", 5, 2),
        ("over 5, started steps", 5, 2),
        ("over 0, whole steps", 0.00003, 0.7),
        ("over 0, started steps", 0.00003, 0.7),
    ],
)
def test_a_value_within_tolerance_of_a_threshold_is_on_it(variant, threshold, at):
    near = points(variant, threshold * np.array([1 - 5e-10, 1, 1 + 5e-10]))
    assert near == pytest.approx(at, abs=1e-8)
    if variant != "over 5, whole steps":
        assert len(set(points(variant, threshold * np.array([1 - 1e-7, 1, 1 + 1e-7])).tolist())) > 1


def test_tiers_inverse_takes_points_within_tolerance_of_a_tier():
    wished = 0.1 + 0.2  # 0.30000000000000004
    assert Tiers([[0.2, 0.3], [0.5, 1]]).inverse(wished, 1) == 0.2


@pytest.mark.parametrize(
    ("steps", "snapped"),
    [
        (3 - 1e-10, 3),
        (3 + 1e-10, 3),
        (3 - 1e-8, 3 - 1e-8),
        (1e-10, 0),
        (1e-8, 1e-8),
        (1e6 + 1e-4, 1e6),
        (-2 - 1e-10, -2),
    ],
)
def test_snap(steps, snapped):
    assert exact.snap(np.array([steps])).tolist() == [snapped]


@settings(max_examples=300, deadline=None)
@given(
    number=st.integers(0, 10**7).map(lambda n: Decimal(n) / 10**6)
    | st.integers(0, 1000).map(lambda n: Decimal(n) / 100)
    | st.integers(0, 1000).map(lambda n: Decimal(2 * n + 1) / 200),
    decimals=st.integers(0, 3),
)
def test_round_half_up_is_what_decimal_says(number, decimals):
    expected = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    rounded = exact.round_half_up(np.array([float(number)]), decimals)
    assert rounded.tolist() == pytest.approx([float(expected)], abs=1e-12)


def test_round_half_up_keeps_missing():
    assert np.isnan(exact.round_half_up(np.array([np.nan]), 2)).all()


# ------------------------------------------------------------------------------------------------
# tests of base indicators

AROUND = np.array([-1e-6, -5e-10, 0, 5e-10, 1e-6])  # relative distance from the threshold
HOLDS = {
    "below": [1, 0, 0, 0, 0],
    "at_most": [1, 1, 1, 1, 0],
    "above": [0, 0, 0, 0, 1],
    "at_least": [0, 1, 1, 1, 1],
    "equals": [0, 1, 1, 1, 0],
}


BELOW_ZERO = [(test, -0.05) for test in TESTS]
AT_ZERO = [(test, 0) for test in TESTS]


@pytest.mark.parametrize(
    ("test", "threshold"), [*product(TESTS, [0.0001, 0.2, 1, 100]), *BELOW_ZERO]
)
def test_holds_on_each_side_of_the_threshold(test, threshold):
    x = threshold + abs(threshold) * AROUND
    np.testing.assert_array_equal(
        TESTS[test](threshold).holds(np.append(x, np.nan)), [*HOLDS[test], np.nan]
    )


@pytest.mark.parametrize(
    ("test", "threshold"), [*product(TESTS, [0.0001, 0.2, 1, 100]), *AT_ZERO, *BELOW_ZERO]
)
def test_holds_inverse_just_passes(test, threshold):
    tested = TESTS[test](threshold)
    x = tested.inverse()
    worse = x + (1 if test in ("below", "at_most", "equals") else -1) * 1e-6 * (abs(threshold) or 1)
    assert tested.holds(np.array([x, worse])).tolist() == [1, 0]
