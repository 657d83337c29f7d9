"""The formula kinds of the ledger as pure array functions: a value becomes points, or passes a
test.

Arrays are float64, NaN is missing, yes is 1 and no is 0. Every formula has its inverse: the value
nearest to the 不得分 end that still earns the wished points. Comparisons are exact for what a user
typed: a value within ``TOLERANCE`` (relative) of a threshold equals it. Limits are drawn with
minima and maxima, and only the few values that need more are put in their place one by one:
choosing value by value costs five times as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

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


# ------------------------------------------------------------------------------------------------
# formulas


def flag(x: Array, full: float) -> Array:
    """Full marks for yes.

    >>> flag(np.array([0.0, 1.0, np.nan]), 2)
    array([ 0.,  2., nan])
    """
    return full * x


def flag_inverse(points: float, full: float) -> float:
    """Yes (1) for any points up to full marks.

    >>> flag_inverse(2, 2)
    1.0
    """
    return _reach(points, full, 1.0, -np.inf)


def awarded(x: Array, full: float) -> Array:
    """The award (酌情计分), or a value that the ledger makes the score, within 0 and full marks.

    >>> awarded(np.array([0.0, 2.5, 5.0]), 5)
    array([0. , 2.5, 5. ])
    """
    return np.clip(x, 0.0, full)


def awarded_inverse(points: float, full: float) -> float:
    """The award that is the points.

    >>> awarded_inverse(5, 5)
    5.0
    """
    return _reach(points, full, float(points), -np.inf)


def deduct(x: Array, full: float, *, each: float) -> Array:
    """``each`` less for every case, not below 0 (有 1 条…减…).

    >>> deduct(np.array([0.0, 1.0, 5.0]), 2, each=0.5)
    array([2. , 1.5, 0. ])
    """
    return np.clip(full - each * x, 0.0, full)


def deduct_inverse(points: float, full: float, *, each: float) -> float:
    """The most cases that leave the points.

    >>> deduct_inverse(1.5, 2, each=0.5), deduct_inverse(2, 2, each=0.5)
    (1.0, 0.0)
    """
    return _reach(points, full, (full - points) / each, np.inf)


def per_unit(x: Array, full: float, *, each: float) -> Array:
    """``each`` for every unit, at most full marks (每个领域、每类、每项得…).

    >>> per_unit(np.array([0.0, 9.0, 14.0, 15.0]), 7, each=0.5)
    array([0. , 4.5, 7. , 7. ])
    """
    return np.clip(each * x, 0.0, full)


def per_unit_inverse(points: float, full: float, *, each: float) -> float:
    """The least number of units that earns the points.

    >>> per_unit_inverse(7, 7, each=0.5)
    14.0
    """
    return _reach(points, full, points / each, -np.inf)


def proportional(
    x: Array,
    full: float,
    *,
    zero: float,
    full_at: float,
    line: Literal["between", "of_full"] = "between",
    falling: bool = False,
) -> Array:
    """Nothing at the 不得分 end, full marks at the full-marks end, in proportion between
    (介于两者之间的按比例计分).

    ``between`` draws a straight line from 0 to full marks; ``of_full`` gives x ÷ full_at × full
    from ``zero`` on (falling: full_at ÷ x × full).

    >>> proportional(np.array([0.0299, 0.03, 0.045, 0.06, 0.07]), 3, zero=0.03, full_at=0.06).round(6)
    array([0. , 0. , 1.5, 3. , 3. ])
    >>> proportional(np.array([0.0299, 0.03, 0.045, 0.06]), 3, zero=0.03, full_at=0.06, line="of_full").round(6)
    array([0.  , 1.5 , 2.25, 3.  ])
    """
    if line == "between":
        points = np.asarray(np.clip((x - zero) * (full / (full_at - zero)), 0.0, full))
        points += 0.0  # −0 of a falling scale is 0
        none = full * TOLERANCE * abs(zero / (full_at - zero))
        most = full * (1 - TOLERANCE * abs(full_at / (full_at - zero)))
        if none:
            points[(points > 0) & (points <= none)] = 0.0
        points[(points < full) & (points >= most)] = full
        return points
    x = np.where(np.abs(x - zero) <= TOLERANCE * zero, zero, x)
    if falling:
        points = np.where(x > zero, 0.0, full_at / np.maximum(x, full_at) * full)
    else:
        points = np.where(x < zero, 0.0, np.minimum(x, full_at) / full_at * full)
    return np.where(points >= full * (1 - TOLERANCE), full, points)


def proportional_inverse(
    points: float,
    full: float,
    *,
    zero: float,
    full_at: float,
    line: Literal["between", "of_full"] = "between",
    falling: bool = False,
) -> float:
    """The value nearest to the 不得分 end that earns the points.

    >>> proportional_inverse(3, 3, zero=0.03, full_at=0.06), proportional_inverse(1.5, 3, zero=0.03, full_at=0.06)
    (0.06, 0.045)
    >>> proportional_inverse(1, 3, zero=0.03, full_at=0.06, line="of_full")
    0.03
    """
    share = points / full
    if share == 1:
        x = full_at
    elif line == "between":
        x = zero + share * (full_at - zero)
    elif falling:
        x = min(zero, full_at / share) if share > 0 else zero
    else:
        x = max(zero, share * full_at)
    return _reach(points, full, float(x), np.inf if falling else -np.inf)


def tiers(
    x: Array,
    full: float,
    *,
    tiers: Sequence[Sequence[float]],
    inclusive: Literal["yes", "no"] = "yes",
) -> Array:
    """The points of the highest tier that is reached; ``tiers`` holds pairs of threshold and
    points, ascending.

    With ``inclusive="no"`` a tier needs strictly more than its threshold (以上 without 本数).

    >>> tiers(np.array([0.199, 0.2, 0.5]), 1, tiers=[(0.2, 0.5), (0.5, 1)])
    array([0. , 0.5, 1. ])
    >>> tiers(np.array([0.2, 0.5, 0.51]), 1, tiers=[(0.2, 0.5), (0.5, 1)], inclusive="no")
    array([0. , 0.5, 1. ])
    """
    points = np.zeros(np.shape(x))
    for threshold, earned in tiers:
        reached = (
            x >= threshold - _near(threshold)
            if inclusive == "yes"
            else x > threshold + _near(threshold)
        )
        np.maximum(points, earned * reached, out=points)
    return _blanked(points, x)


def tiers_inverse(
    points: float,
    full: float,
    *,
    tiers: Sequence[Sequence[float]],
    inclusive: Literal["yes", "no"] = "yes",
) -> float:
    """The threshold of the lowest tier that earns the points, or just above it where strictly more
    is needed.

    >>> tiers_inverse(0.5, 1, tiers=[(0.2, 0.5), (0.5, 1)]), tiers_inverse(1, 1, tiers=[(0.2, 0.5), (0.5, 1)])
    (0.2, 0.5)
    """
    for threshold, earned in tiers:
        if earned >= points - full * TOLERANCE:
            return _reach(
                points,
                full,
                holds_inverse("at_least" if inclusive == "yes" else "above", threshold),
                -np.inf,
            )
    return float("nan")


def excess_deduct(
    x: Array,
    full: float,
    *,
    free: float,
    step: float,
    each: float,
    partial: Literal["pro_rata", "whole_steps", "started_steps"] = "pro_rata",
) -> Array:
    """``each`` less for every ``step`` beyond ``free``, not below 0 (每增加 X 减 Y); ``partial``
    settles a part of a step.

    >>> excess_deduct(np.array([5.0, 5.3, 10.0]), 2, free=5, step=1, each=0.4).round(6)
    array([2.  , 1.88, 0.  ])
    >>> excess_deduct(np.array([5.3]), 2, free=5, step=1, each=0.4, partial="started_steps")
    array([1.6])
    """
    excess = np.asarray(np.maximum(x - free, 0.0))
    if free:
        excess[(excess > 0) & (excess <= TOLERANCE * free)] = 0.0
    steps = snap(excess / step)
    if partial != "pro_rata":
        steps = np.floor(steps) if partial == "whole_steps" else np.ceil(steps)
    return np.maximum(full - each * steps, 0.0)


def excess_deduct_inverse(
    points: float,
    full: float,
    *,
    free: float,
    step: float,
    each: float,
    partial: Literal["pro_rata", "whole_steps", "started_steps"] = "pro_rata",
) -> float:
    """The greatest value that still leaves the points.

    >>> excess_deduct_inverse(2, 2, free=5, step=1, each=0.4), excess_deduct_inverse(1.6, 2, free=5, step=1, each=0.4)
    (5.0, 6.0)
    """
    steps = float(snap(np.asarray((full - points) / each)))
    if partial == "started_steps":
        steps = math.floor(steps)
    elif partial == "whole_steps":
        steps = (math.floor(steps) + 1) * (1 - BEYOND)  # all of the next step but its end
    return _reach(points, full, float(free + steps * step), np.inf)


# ------------------------------------------------------------------------------------------------
# tests of base indicators


def below(x: Array, threshold: float) -> Array:
    """Strictly below.

    >>> below(np.array([0.00009, 0.0001]), 0.0001)
    array([1., 0.])
    """
    return _truth(x, x < threshold - _near(threshold))


def at_most(x: Array, threshold: float) -> Array:
    """Not above.

    >>> at_most(np.array([100.0, 100.5]), 100)
    array([1., 0.])
    """
    return _truth(x, x <= threshold + _near(threshold))


def above(x: Array, threshold: float) -> Array:
    """Strictly above.

    >>> above(np.array([0.2, 0.21]), 0.2)
    array([0., 1.])
    """
    return _truth(x, x > threshold + _near(threshold))


def at_least(x: Array, threshold: float) -> Array:
    """Not below.

    >>> at_least(np.array([0.9, 0.89]), 0.9)
    array([1., 0.])
    """
    return _truth(x, x >= threshold - _near(threshold))


def equals(x: Array, threshold: float) -> Array:
    """Equal.

    >>> equals(np.array([1.0, 0.99]), 1)
    array([1., 0.])
    """
    return _truth(x, np.abs(x - threshold) <= _near(threshold))


def holds_inverse(test: str, threshold: float) -> float:
    """The value nearest to a failing one that passes: the threshold, or just past it where the test
    is strict.

    >>> holds_inverse("at_most", 100)
    100.0
    """
    beyond = {"below": -BEYOND, "above": BEYOND}.get(test, 0.0)
    return threshold + beyond * (abs(threshold) or 1.0)


# ------------------------------------------------------------------------------------------------
# registries


class Formula(NamedTuple):
    """A formula kind: points from a value, and the value from points."""

    points: Callable[..., Array]
    inverse: Callable[..., float]


FORMULAS: dict[str, Formula] = {
    "flag": Formula(flag, flag_inverse),
    "awarded": Formula(awarded, awarded_inverse),
    "deduct": Formula(deduct, deduct_inverse),
    "per_unit": Formula(per_unit, per_unit_inverse),
    "proportional": Formula(proportional, proportional_inverse),
    "tiers": Formula(tiers, tiers_inverse),
    "excess_deduct": Formula(excess_deduct, excess_deduct_inverse),
}
TESTS: dict[str, Callable[[Array, float], Array]] = {
    f.__name__: f for f in (below, at_most, above, at_least, equals)
}


def _near(threshold: float) -> float:
    return TOLERANCE * abs(threshold)


def _truth(x: Array, holds: NDArray[np.bool_]) -> Array:
    return _blanked(holds.astype(float), x)


def _blanked(result: Array, x: Array) -> Array:
    """``result`` with the blanks of ``x``."""
    blank = np.isnan(x)
    if np.count_nonzero(blank):
        result[blank] = np.nan
    return result


def _reach(points: float, full: float, x: float, anything: float) -> float:
    """``x``, but every value where no points are asked for, and none where more than full marks
    are.
    """
    if points <= 0:
        return anything
    return x if points <= full * (1 + TOLERANCE) else float("nan")
