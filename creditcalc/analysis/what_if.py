"""What if: a table before and after changes, scored and rolled up both times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from creditcalc.exact import TOLERANCE
from creditcalc.intake.checked_table import IDENTITY, parser
from creditcalc.intake.faults import CellFault
from creditcalc.intake.limits import beyond_limits
from creditcalc.problems import InputError, Problem, UnknownName, nearest, shown
from creditcalc.rules.rulebook import Readings, Rulebook
from creditcalc.scoring.rollup import RolledUp, roll_up
from creditcalc.scoring.scorecard import Scorecard, score

OUTCOME = ["score", "low", "high", "status"]


@dataclass(frozen=True)
class WhatIf:
    """Before and after: ``items`` per rule that moves, ``totals`` per jurisdiction and period."""

    before: Scorecard
    after: Scorecard
    items: pd.DataFrame
    totals: pd.DataFrame


def what_if(
    table: pd.DataFrame | RolledUp,
    book: Rulebook,
    changes: Mapping[Any, Mapping[str, float]],
    readings: Readings | None = None,
    city: str | None = None,
) -> WhatIf:
    """Compare a table with itself after ``changes``: jurisdiction, or (jurisdiction, period), →
    input → new value.

    Cities are rolled up before and after, where the table has or is told one. Raises UnknownName
    for a row or input that is not there, and InputError for values that could not be read in
    either.
    """
    if isinstance(table, RolledUp):
        table = table.typed
    changed, touched = table.copy(), pd.Series(False, index=table.index)
    problems: list[Problem] = []
    for key, inputs in changes.items():
        name, period = key if isinstance(key, tuple) else (key, None)
        rows = (changed["jurisdiction"] == name) & (
            True if period is None else changed["period"] == period
        )
        if not rows.any():
            there = "、".join(map(str, changed["jurisdiction"].unique()[:30]))
            raise UnknownName([Problem("没有这个县（区）、市或期间", shown(key), f"有：{there}")])
        if "city" in changed and changed.loc[rows, "city"].nunique() > 1:
            raise UnknownName(
                [Problem("几个市都有这个县（区）", shown(key), "先按 city 列筛选出一个市")]
            )
        for input_name, value in inputs.items():
            if input_name not in book.inputs:
                raise UnknownName(
                    [Problem("没有这个输入", shown(input_name), nearest(input_name, book.inputs))]
                )
            if input_name not in changed:
                changed[input_name] = np.nan
            if book.inputs[input_name].type != "class":
                changed[input_name] = changed[input_name].astype(float)
            entered = parser(input_name, book)(value)
            if isinstance(entered, CellFault):
                problems.append(
                    Problem(
                        entered.what,
                        shown(value),
                        entered.cure,
                        column=input_name,
                        jurisdiction=name,
                    )
                )
            else:
                changed.loc[rows, input_name] = cast(Any, entered)
        touched |= rows
    names = {input_name for inputs in changes.values() for input_name in inputs}
    problems += _beyond_limits(changed[touched], names, book)
    if problems:
        raise InputError(problems)
    whole = city is not None or ("level" in table and (table["level"] == "city").any())
    before, after = (
        score(roll_up(t, book, city) if whole else t, book, readings) for t in (table, changed)
    )
    return WhatIf(before, after, _compared(before, after), _totals_compared(before, after))


def _beyond_limits(rows: pd.DataFrame, names: set[str], book: Rulebook) -> list[Problem]:
    """What the check of a table would refuse in the changed inputs."""
    numbers = {name: float for name, i in book.inputs.items() if name in rows and i.type != "class"}
    rows = rows.assign(**{name: rows.get(name, "") for name in IDENTITY}).astype(numbers)
    said = rows.to_dict("index")
    return [
        Problem(
            found.what,
            shown(said[found.row][found.name]),
            found.cure,
            column=found.name,
            jurisdiction=str(said[found.row]["jurisdiction"]),
            period=str(said[found.row]["period"]),
        )
        for found in beyond_limits(rows, book)
        if found.severity == "error" and names & {found.name, found.other}
    ]


def _compared(before: Scorecard, after: Scorecard) -> pd.DataFrame:
    """The rules whose points, interval or state differ."""
    both = before.items().rename(columns={name: f"{name}_before" for name in OUTCOME})
    both = both.join(
        after.items()[OUTCOME].add_suffix("_after")
    )  # both score the same rows in the same order
    moved = both["status_before"] != both["status_after"]
    for name in ("score", "low", "high"):
        one, other = both[f"{name}_before"], both[f"{name}_after"]
        moved |= (one.fillna(-1) - other.fillna(-1)).abs() > TOLERANCE
    return (
        both[moved]
        .assign(change=lambda t: t["score_after"] - t["score_before"])
        .reset_index(drop=True)
    )


def _totals_compared(before: Scorecard, after: Scorecard) -> pd.DataFrame:
    """Totals before and after with their difference."""
    numbers = ["score", "low", "high", "bonus", "total"]
    one, other = before.totals(), after.totals()
    frame = one[["jurisdiction", "period", "level"]].copy()
    for name in numbers:
        frame[f"{name}_before"], frame[f"{name}_after"] = one[name], other[name]
    return frame.assign(
        change=other["total"] - one["total"],
        eligible_before=one["eligible"],
        eligible_after=other["eligible"],
    )
