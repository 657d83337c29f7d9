"""The measures: how a rule's inputs become the one value that a formula of ``formulas`` scores.

Arrays are float64, NaN is missing, yes is 1 and no is 0. Logic is three-valued: what is known
decides where it can.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Literal

import numpy as np

from creditcalc.rules.formulas import Array, round_half_up, snap


def input(input: Array) -> Array:
    """The input itself."""
    return input


def ratio(part: Array, whole: Array, *, empty: float | Literal["missing"] = "missing") -> Array:
    """Part over whole; a whole of 0 counts as ``empty`` whatever the part, or as missing.

    >>> ratio(np.array([450.0, 1.0]), np.array([10000.0, 0.0]), empty=1)
    array([0.045, 1.   ])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return _where_empty(part / whole, whole, empty)


def ratio_inverse(value: float, whole: float) -> float:
    """The part that makes the ratio, at an unchanged whole.

    >>> ratio_inverse(0.06, 10000)
    600.0
    """
    return value * whole


def growth(prev: Array, curr: Array) -> Array:
    """Growth of ``curr`` over ``prev``; missing where nothing was there to grow.

    >>> growth(np.array([100.0, 0.0]), np.array([122.8, 5.0])).round(3)
    array([0.228,   nan])
    """
    return ratio(curr - prev, prev)


def growth_inverse(value: float, prev: float) -> float:
    """The later amount that makes the growth, at an unchanged earlier one.

    >>> growth_inverse(0.25, 1000)
    1250.0
    """
    return prev * (1 + value)


def shortfall(part: Array, whole: Array, *, empty: float | Literal["missing"] = "missing") -> Array:
    """How many of the whole are not yet in the part; a whole of 0 counts as ``empty``.

    >>> shortfall(np.array([4.0]), np.array([5.0]))
    array([1.])
    """
    return _where_empty(whole - part, whole, empty)


def shortfall_inverse(value: float, whole: float) -> float:
    """The part that leaves the shortfall, at an unchanged whole.

    >>> shortfall_inverse(1, 5)
    4
    """
    return whole - value


def any_of(*inputs: Array) -> Array:
    """Yes where one is yes (or above 0), no where all are no, else missing: one known yes decides.

    >>> any_of(np.array([0.0, 0.0]), np.array([np.nan, 0.0]))
    array([nan,  0.])
    >>> any_of(np.array([1.0]), np.array([np.nan]))
    array([1.])
    """
    truth = np.ceil(np.minimum(reduce(np.maximum, inputs), 1.0))
    if len(inputs) > 1:
        blank = np.isnan(truth)
        if np.count_nonzero(blank):
            truth[blank & (reduce(np.fmax, inputs) > 0)] = 1.0
    return truth


def none_of(*inputs: Array) -> Array:
    """Yes where all are no (or 0), no where one is yes: one known breach decides.

    >>> none_of(np.array([0.0, np.nan]), np.array([0.0, 2.0]))
    array([1., 0.])
    """
    return 1.0 - any_of(*inputs)


def all_of(*inputs: Array) -> Array:
    """Yes where all are yes, no where one is no: one known no decides.

    >>> all_of(np.array([1.0, np.nan, np.nan]), np.array([1.0, 0.0, 1.0]))
    array([ 1.,  0., nan])
    """
    truth = np.clip(reduce(np.minimum, inputs), 0.0, 1.0)
    if len(inputs) > 1:
        blank = np.isnan(truth)
        if np.count_nonzero(blank):
            truth[blank & (reduce(np.fmin, inputs) <= 0)] = 0.0
    return truth


def count_yes(*inputs: Array) -> Array:
    """How many are yes, missing where one is not known (``count_yes_bounds`` has what is possible).

    >>> count_yes(np.array([1.0, 1.0]), np.array([0.0, np.nan]))
    array([ 1., nan])
    """
    low, high = count_yes_bounds(*inputs)
    return agreed(low, high)


def count_yes_bounds(*inputs: Array) -> tuple[Array, Array]:
    """The least and the greatest number of yes that the missing ones leave open.

    >>> count_yes_bounds(np.array([1.0]), np.array([np.nan]))
    (array([1.]), array([2.]))
    """
    low, unknown = np.zeros((2, *inputs[0].shape), dtype=np.int8)
    for flag in inputs:
        low += (flag > 0).view(np.int8)
        unknown += np.isnan(flag).view(np.int8)
    return low.astype(float), (low + unknown).astype(float)


def agreed(low: Array, high: Array) -> Array:
    """What the bounds agree on.

    >>> agreed(np.array([1.0, 3.0]), np.array([2.0, 3.0]))
    array([nan,  3.])
    """
    result = low.copy()
    result[low < high] = np.nan
    return result


def coverage(
    whole: Array, parts: Sequence[Array], systems: Sequence[Array], *, decimals: int
) -> Array:
    """The higher of the coverages whose system is in use, at most 1, rounded half up; no system is
    0 (四·（二）2、3).

    A system that is not known, or one in use whose ratio is not, leaves the value missing.

    >>> one = np.array([1.0])
    >>> coverage(1000 * one, [803 * one, 797 * one], [one, one], decimals=2)
    array([0.8])
    """
    best = np.zeros(whole.shape)
    for part, system in zip(parts, systems, strict=True):
        counts, share = any_of(system), np.minimum(ratio(part, whole), 1.0)
        share[np.isnan(share) & (counts == 0)] = 0.0
        best = np.maximum(best, share * counts)
    return round_half_up(best, decimals)


def coverage_inverse(value: float, whole: float, *, decimals: int) -> float:
    """The least part whose rounded coverage reaches the value.

    >>> round(coverage_inverse(0.8, 1000, decimals=2), 6), round(coverage_inverse(0.801, 1000, decimals=2), 6)
    (795.0, 805.0)
    """
    scale = 10**decimals
    reached = math.ceil(float(snap(np.asarray(value * scale)))) / scale
    return float(max(reached - 0.5 / scale, 0.0) * whole)


MEASURES: dict[str, Callable[..., Array]] = {
    f.__name__: f
    for f in (input, ratio, growth, shortfall, any_of, none_of, all_of, count_yes, coverage)
}
BOUNDS: dict[str, Callable[..., tuple[Array, Array]]] = {"count_yes": count_yes_bounds}
MEASURE_INVERSES: dict[str, Callable[..., float]] = {
    "ratio": ratio_inverse,
    "growth": growth_inverse,
    "shortfall": shortfall_inverse,
    "coverage": coverage_inverse,
}


def _where_empty(values: Array, whole: Array, empty: float | str) -> Array:
    none = whole == 0
    if np.count_nonzero(none):
        values[none] = np.nan if isinstance(empty, str) else empty
    return values
