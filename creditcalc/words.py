"""Numbers, shares, points and intervals in the words that people read."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

MISSING = "缺"
SEVERITY = {"error": "错误", "notice": "提示"}
WHO = {
    "jurisdiction": "县（区、市）",
    "city": "所属市",
    "period": "期间",
}  # the columns that say whose a line is


def number(x: float, decimals: int = 2) -> str:
    """A number with thousands separators and no more decimals than it needs; missing as a word.

    >>> number(12345.5), number(3.0), number(0.125), number(float("nan"))
    ('12,345.5', '3', '0.13', '缺')
    """
    if math.isnan(x):
        return MISSING
    text = f"{_half_up(x, decimals):,.{decimals}f}".replace("-", "−")
    return text.rstrip("0").rstrip(".") if "." in text else text


def points(x: float) -> str:
    """Points with two decimals, rounded half up.

    >>> points(2.675), points(float("nan"))
    ('2.68', '缺')
    """
    return MISSING if math.isnan(x) else f"{_half_up(x, 2):.2f}"


def percent(x: float) -> str:
    """A share in per cent, with as many decimals as a small one needs.

    >>> percent(0.045), percent(0.000004), percent(1.0)
    ('4.5%', '0.0004%', '100%')
    """
    if math.isnan(x):
        return MISSING
    small = 0 < abs(x) < 0.0001
    return number(100 * x, 2 - math.floor(math.log10(abs(100 * x))) if small else 2) + "%"


def interval(low: float, high: float) -> str:
    """An interval of points, or the one number that it has shrunk to.

    >>> interval(3, 5), interval(2, 2)
    ('3.00–5.00', '2.00')
    """
    return points(low) if points(low) == points(high) else f"{points(low)}–{points(high)}"


def precise(x: Any) -> str:
    """A number with up to six significant decimals, ≈ before it where more would follow.

    >>> precise(0.045), precise(1 / 3), precise(None)
    ('0.045', '≈0.333333', '缺')
    """
    if x is None or pd.isna(x):
        return MISSING
    x = float(x)
    decimals = 6 if x == 0 or abs(x) >= 0.01 else 6 - math.floor(math.log10(abs(x)))
    rounded = round(x, decimals)
    return ("" if math.isclose(rounded, x, rel_tol=1e-9) else "≈") + number(rounded, decimals)


def _half_up(x: float, decimals: int) -> float:
    """Round half up, as the number is written: fifteen digits are what a float holds of it."""
    if not math.isfinite(x):
        return x
    return float(Decimal(f"{x:.15g}").quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0
