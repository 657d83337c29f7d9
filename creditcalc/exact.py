"""Exact comparisons of floats and 四舍五入, on arrays (float64, NaN is missing).

Comparisons are exact for what a user typed: a value within ``TOLERANCE`` (relative) of a threshold
equals it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 1e-9
BEYOND = 2 * TOLERANCE  # just far enough from a threshold to lie on its other side


def snap(steps: Array) -> Array:
    """Step counts with those within tolerance of a whole number made whole (spec 2, comparisons).

    >>> snap(np.array([2.9999999999, 3.2]))
    array([3. , 3.2])
    """
    gap = np.rint(steps) - steps
    return steps + gap * (np.abs(gap) <= TOLERANCE * np.maximum(1.0, np.abs(steps)))


def round_half_up(x: Array, decimals: int) -> Array:
    """四舍五入, which is not Python's ``round``.

    >>> round_half_up(np.array([0.285, 0.2849]), 2)
    array([0.29, 0.28])
    """
    scale = 10.0**decimals
    return np.floor(snap(x * scale + 0.5)) / scale


def near(threshold: float) -> float:
    """How far from a threshold a value still equals it."""
    return TOLERANCE * abs(threshold)


def blanked(result: Array, x: Array) -> Array:
    """``result`` with the blanks of ``x``.

    >>> blanked(np.array([1.0, 2.0]), np.array([np.nan, 5.0]))
    array([nan,  2.])
    """
    blank = np.isnan(x)
    if np.count_nonzero(blank):
        result[blank] = np.nan
    return result
