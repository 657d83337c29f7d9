"""What the city loses and which county decides it: by adding up changed inputs and scoring again,
never by averaging scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from creditcalc.analysis.targets import targets
from creditcalc.exact import TOLERANCE, Array
from creditcalc.problems import Problem, UnknownName, nearest, shown
from creditcalc.rules.rulebook import Rule
from creditcalc.scoring.arrays import Columns
from creditcalc.scoring.rollup import NOTHING, combine
from creditcalc.scoring.rule_scores import ItemScore
from creditcalc.scoring.scorecard import Scorecard, score

EXACT = 10  # counties up to which every subset is scored
PERMUTATIONS = 400  # sampled beyond
SEED = 20210527
Subsets = NDArray[np.bool_]
Value = Callable[[Subsets], Array]


@dataclass(frozen=True)
class Contribution:
    """The city's loss of one period by item and county.

    ``items`` has a row per item that the city does not have in full and county: ``lost`` (the
    city's loss on the item), ``share`` (the county's Shapley share of what returns when all
    counties reach full marks) and ``error`` (its standard error, 0 where exact).
    ``residual`` is per item what no county decides; shares and residual add up to the loss.
    """

    items: pd.DataFrame
    residual: pd.Series
    undecided: list[str]


def contribution(card: Scorecard, city: str, period: str) -> Contribution:
    """Which county the city's losses come from, of a card scored from a rolled-up table.

    Raises UnknownName where the card has no row of the city in the period.
    """
    table = card.table
    same = (table["period"] == period) & (table["city"] == city if "city" in table else True)
    at = np.flatnonzero(same & (table["level"] == "city"))
    if not len(at):
        there = list(table.loc[table["level"] == "city", "jurisdiction"].unique())
        raise UnknownName(
            [
                Problem(
                    "没有这个市的汇总行",
                    shown(city),
                    f"{nearest(city, there)}有：{'、'.join(there)}；先 roll_up",
                )
            ]
        )
    counties = np.flatnonzero(same & (table["level"] == "county")).tolist()
    game = _Game(card, int(at[0]), counties)
    rows: list[dict[str, Any]] = []
    residual, undecided = {}, []
    for rule in card.book.of_kind("item"):
        mine = card.result(game.city, rule.id)
        lost = mine.full - mine.points
        if math.isnan(lost):
            undecided.append(rule.id)
        elif lost > TOLERANCE and not game.rows:
            residual[rule.id] = lost
        elif lost > TOLERANCE:
            shares, errors, returned = game.shares(rule)
            residual[rule.id] = lost - returned
            for n, county in enumerate(game.names):
                shared = {"lost": lost, "share": shares[n], "error": errors[n]}
                rows.append({"id": rule.id, "county": county, **shared})
    names = ["id", "county", "lost", "share", "error"]
    return Contribution(
        pd.DataFrame(rows, columns=names), pd.Series(residual, dtype=float), undecided
    )


def moves(card: Scorecard, city: str, period: str, found: pd.DataFrame) -> pd.DataFrame:
    """What each county's target for full marks would bring the city: county, id, changes, points
    and total_gain of the city.

    ``found`` is what ``targets`` gives for the city and its counties; a county is asked for no more
    than its city lacks. Each move is added up and the city scored again. Largest gain first.
    """
    table = card.table
    same = np.flatnonzero((table["period"] == period) & (table["city"] == city))
    at = next(int(n) for n in same if table["level"].iloc[n] == "city")
    counties = [int(n) for n in same if n != at]
    game = _Game(card, at, counties)
    found = pd.concat([found, game.of_departments])
    full = found[
        (found["goal"] == "full")
        & (found["period"] == period)
        & found["jurisdiction"].isin(game.names)
    ]
    lacks = found[
        (found["goal"] == "full") & (found["period"] == period) & (found["jurisdiction"] == city)
    ]
    wanted = dict(zip(lacks["id"], lacks["changes"], strict=True))
    columns = full[["jurisdiction", "id", "changes"]].itertuples(index=False, name=None)
    moved = [
        (name, game.capped(name, changes, wanted.get(id, {}))) for name, id, changes in columns
    ]
    changed = [game.city_changes(name, changes) for name, changes in moved]
    after = score(
        table.iloc[[at] * len(full)].reset_index(drop=True).pipe(_with_changes, changed),
        card.book,
        card.readings,
    )
    before = card.totals()["total"].iloc[at]
    gains = [after.points[id].iloc[n] - card.points[id].iloc[at] for n, id in enumerate(full["id"])]
    frame = pd.DataFrame({"county": full["jurisdiction"], "id": full["id"]}).reset_index(drop=True)
    frame["changes"] = pd.Series([changes for _, changes in moved], dtype=object)
    frame = frame.assign(points=gains, total_gain=after.totals()["total"].to_numpy() - before)
    return frame[frame["total_gain"] > TOLERANCE].sort_values(
        "total_gain", ascending=False, kind="stable", ignore_index=True
    )


def _with_changes(frame: pd.DataFrame, changed: Sequence[dict[str, float]]) -> pd.DataFrame:
    """A frame of repeated rows, each with its own changes."""
    names = {name for changes in changed for name in changes}
    held = frame.reindex(columns=sorted(names))  # one that the table lacks is missing
    columns = {
        name: [changes.get(name, now) for changes, now in zip(changed, held[name], strict=True)]
        for name in sorted(names)
    }
    return frame.assign(**columns)


class _Game:
    """A city, its counties and its own departments: the city's points on an item when some of them
    have reached full marks.
    """

    def __init__(self, card: Scorecard, city: int, counties: list[int]) -> None:
        self.card, self.city, self.counties = card, city, counties
        self.rows = card.table.iloc[counties].to_dict("records")
        self.town = card.table.iloc[city].to_dict()
        name, period = str(self.town["jurisdiction"]), str(self.town["period"])
        rolled = card.rolled
        stated = self.town if rolled is None else rolled.stated(name, period)
        self.own = {key: value for key, value in stated.items() if pd.notna(value)}
        self.absent = self.absent_departments = 0
        self.of_departments = pd.DataFrame()
        if rolled is not None:
            self.absent = len(rolled.absent(name, period)) + int(rolled.may_lack(name))
            self.absent_departments = len(rolled.absent(name, period, "direct"))
            rows = rolled.typed_rows(name, period)
            departments = rows[rows["level"] == "direct"]
            self.rows += departments.to_dict("records")
            self.of_departments = targets(score(departments, card.book, card.readings))
        self.names = [str(row["jurisdiction"]) for row in self.rows]
        found = pd.concat([targets(card, list(card.table.index[counties])), self.of_departments])
        full = found[found["goal"] == "full"]
        self.full: dict[tuple[str, str], dict[str, float]] = {}
        for line in full.to_dict("records"):
            self.full[line["jurisdiction"], line["id"]] = line["changes"]

    def shares(self, rule: Rule) -> tuple[Array, Array, float]:
        """Shapley shares, their standard errors, and what returns when all counties are at full
        marks.
        """
        value, n = self.value(rule), len(self.rows)
        ends = value(np.array([[False] * n, [True] * n]))
        exact = n <= EXACT
        shares, errors = (_exact if exact else _sampled)(value, n)
        return shares, errors, float(ends[1] - ends[0])

    def value(self, rule: Rule) -> Value:
        """The city's points on a rule, for certain, for subsets (rows of booleans) of counties that
        have reached full marks.
        """
        names = [n for n in rule.inputs(self.card.readings) if n in self.card.table]
        better = [self.full.get((county, rule.id), {}) for county in self.names]
        now = {name: self.numbers(name) for name in names}
        then = {}
        for name in names:
            moved = [c.get(name, np.nan) for c in better]
            then[name] = np.where(np.isnan(moved), now[name], moved)
        factor = self.card.result(self.city, rule.id).factor
        item = ItemScore(rule, self.card.readings)

        def points(subsets: Subsets) -> Array:
            frame = pd.DataFrame(
                {name: self.added(name, np.where(subsets, then[name], now[name])) for name in names}
            )
            columns = Columns(frame.assign(level="city"), self.card.book)
            return factor * item.interval(columns, item.points(columns)[1])[0]

        return points

    def numbers(self, name: str) -> Array:
        """The counties' and departments' values of an input; what is not the departments' to report
        adds nothing.
        """
        i = self.card.book.inputs[name]
        values = np.array([row.get(name, np.nan) for row in self.rows], dtype=float)
        direct = np.array([row.get("level") == "direct" for row in self.rows])
        if not i.direct and not direct.all():
            values[direct & np.isnan(values)] = NOTHING.get(i.rollup, np.nan)
        return values

    def added(self, name: str, values: Array) -> Array:
        """The city's value for each subset: its own typed one, or its counties' added up."""
        if name in self.own:
            return np.full(len(values), float(self.own[name]))
        i = self.card.book.inputs[name]
        absent = self.absent + (self.absent_departments if i.direct else 0)
        blanks = np.full((len(values), absent), np.nan)
        return combine(np.hstack([values, blanks]), i.rollup)

    def city_changes(self, county: str, changes: dict[str, float]) -> dict[str, float]:
        """The city's inputs after one county's have changed."""
        at, after = self.names.index(county), {}
        for name, new in changes.items():
            values = self.numbers(name)
            values[at] = new
            after[name] = float(self.added(name, values[None, :])[0])
        return after

    def capped(
        self, county: str, changes: dict[str, float], wanted: dict[str, float]
    ) -> dict[str, float]:
        """A county's one change, cut to what its city lacks where the city's input is its counties'
        sum.
        """
        (name, new), *more = changes.items()
        if (
            more
            or list(wanted) != [name]
            or self.card.book.inputs[name].rollup != "sum"
            or name in self.own
        ):
            return changes
        now = float(self.numbers(name)[self.names.index(county)])
        lack = wanted[name] - float(self.town[name])
        return {name: now + math.copysign(min(abs(new - now), abs(lack)), new - now)}


def _exact(value: Value, n: int) -> tuple[Array, Array]:
    """Shapley values over all subsets."""
    subsets = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)
    points, size = value(subsets), subsets.sum(axis=1)
    weight = np.array(
        [math.factorial(s) * math.factorial(n - 1 - s) / math.factorial(n) for s in range(n)]
    )
    shares = np.zeros(n)
    for county in range(n):
        without = np.flatnonzero(~subsets[:, county])
        shares[county] = np.sum(
            weight[size[without]] * (points[without + (1 << county)] - points[without])
        )
    return shares, np.zeros(n)


def _sampled(value: Value, n: int) -> tuple[Array, Array]:
    """Shapley values over sampled orders, with their standard errors."""
    rng = np.random.default_rng(SEED)
    orders = np.array([rng.permutation(n) for _ in range(PERMUTATIONS)])
    place = np.argsort(orders, axis=1)
    subsets = place[:, None, :] < np.arange(n + 1)[None, :, None]
    points = value(subsets.reshape(-1, n)).reshape(PERMUTATIONS, n + 1)
    gains = np.diff(points, axis=1)[np.arange(PERMUTATIONS)[:, None], place]
    return gains.mean(axis=0), gains.std(axis=0, ddof=1) / math.sqrt(PERMUTATIONS)
