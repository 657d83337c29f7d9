"""What it takes: for every rule short of its full marks the least change of its inputs that earns them.

A target is found by the inverse of the rule's formula and measure, rounded to whole units of the input, and then proved
by scoring the changed row: what is reported is what that score says, with every other rule that the change moves.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from creditcalc import formulas, measures
from creditcalc.formulas import Array
from creditcalc.rulebook import Call, Condition, Rule, input_names
from creditcalc.scoring import Columns, Scorecard, score, score_condition

COLUMNS = ["jurisdiction", "period", "id", "goal", "changes", "points", "total_gain"]
UNITS = {"count": 1.0, "days": 1.0, "rank": 1.0, "amount": 0.01, "score": 0.01}  # the least step of an input's type
NEXT = 1e-6  # points: more than nothing
EPSILON = 1e-9
Changes = dict[str, float]


class Unreachable(Exception):
    """Why no change of a rule's own inputs reaches the goal."""


class Targets(pd.DataFrame):
    """The long table of targets; ``unreachable`` holds jurisdiction, period, id and reason of what has none."""

    _metadata: ClassVar[list[str]] = ["unreachable"]
    unreachable: pd.DataFrame

    @property
    def _constructor(self) -> type[Targets]:
        return Targets


@dataclass(frozen=True)
class Candidate:
    """A change to try: the row it is reported for, the row it is applied to, and what it should reach there."""

    row: int
    rule: Rule
    goal: str
    changes: Changes
    at: int
    applied: Changes


def targets(card: Scorecard, rows: Sequence[Hashable] | None = None) -> Targets:
    """The targets of every row (or of the index labels ``rows``): jurisdiction, period, id, goal, changes, points, total_gain.

    ``goal`` is full, next (the next step that earns anything) or pass; ``changes`` maps inputs to new values; ``points`` is the
    gain on the rule, ``total_gain`` on the total. Where the threshold is the city's, a county's target is its part of what the
    city lacks and its gain the city's. Sorted by points within a row.

    >>> from creditcalc import load_rulebook
    >>> table = pd.DataFrame({"jurisdiction": ["范县"], "period": ["2021-05"], "loans_xyd": [450], "loans_credit": [10000]})
    >>> found = targets(score(table, load_rulebook()))
    >>> found.loc[found["goal"] == "full", "changes"].item()
    {'loans_xyd': 600.0}
    """
    positions = range(len(card.table)) if rows is None else card.table.index.get_indexer(pd.Index(rows)).tolist()
    search = Search(card)
    tried, reasons = [], []
    for row in positions:
        for rule in card.book.rules.values():
            try:
                tried.append(search.candidates(row, rule))
            except Unreachable as reason:
                reasons.append({**search.key(row), "id": rule.id, "reason": str(reason)})
    proved, failed = search.prove([c for group in tried for c in group])
    reasons += failed
    found = pd.DataFrame(_distinct(proved), columns=[*COLUMNS, "row"]).sort_values(
        ["row", "points"], ascending=[True, False], kind="stable"
    )
    result = Targets(found[COLUMNS].reset_index(drop=True))
    result.unreachable = pd.DataFrame(reasons, columns=["jurisdiction", "period", "id", "reason"]).drop_duplicates(
        ["jurisdiction", "period", "id"], ignore_index=True
    )
    return result


def _distinct(proved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the next steps that are full marks already."""
    full = {(p["row"], p["id"]): p["changes"] for p in proved if p["goal"] == "full"}
    return [p for p in proved if p["goal"] != "next" or full.get((p["row"], p["id"])) != p["changes"]]


class Search:
    """The candidates of a card's rows and their proof."""

    def __init__(self, card: Scorecard) -> None:
        self.card, self.book, self.readings = card, card.book, card.readings
        self.status = {id: card.status[id].astype(str).to_numpy() for id in card.book.rules}
        self.points = card.points.to_numpy()
        self.full = card.full.to_numpy()
        self.order = {id: n for n, id in enumerate(card.book.rules)}
        names = [str(name) for name in card.table]
        self.rows = [dict(zip(names, row, strict=True)) for row in card.table.itertuples(index=False, name=None)]
        self.lacks: dict[tuple[str, str, str], tuple[int, str, dict[int, int]]] = {}

    def key(self, row: int) -> dict[str, str]:
        """Jurisdiction and period of a row."""
        return {"jurisdiction": self.rows[row]["jurisdiction"], "period": self.rows[row]["period"]}

    def candidates(self, row: int, rule: Rule) -> list[list[Candidate]]:
        """For every goal of a rule the changes to try, the least first; Unreachable where nothing can be tried."""
        status, n = self.status[rule.id][row], self.order[rule.id]
        if status in ("pass", "not_applicable"):
            return []
        if status in ("missing", "pending"):
            unknown = "、".join(self.unknown(row, rule))
            raise Unreachable(f"缺数据，先补齐：{unknown}" if unknown else "名单为空或基数为 0，不作判定")
        if rule.kind == "base":
            changes = self.pass_changes(row, rule)
            return [[Candidate(row, rule, "pass", c, row, c) for c in self.nearby(self.rows[row], changes)]]
        if self.points[row, n] >= self.full[row, n] - EPSILON:
            return []
        if rule.city_threshold and self.rows[row].get("level") != "city":
            return [[self.county_part(row, rule)]]
        return self.item_candidates(row, rule)

    def unknown(self, row: int, rule: Rule) -> list[str]:
        """The labels of a rule's inputs that a row lacks."""
        return [self.book.inputs[name].label for name in rule.inputs(self.readings) if _missing(self.rows[row].get(name))]

    def item_candidates(self, row: int, rule: Rule) -> list[list[Candidate]]:
        """The changes for full marks and, where it is less, for the next step."""
        assert rule.measure is not None and rule.formula is not None
        formula, params = formulas.FORMULAS[rule.formula.kind], rule.formula.bind(self.readings)
        n = self.order[rule.id]
        now = self.points[row, n] * rule.full / self.full[row, n]
        found = []
        for goal, wished in (("full", rule.full), ("next", now + NEXT)):
            value = formula.inverse(wished, rule.full, **params)
            changes = self.changes(self.rows[row], rule.measure, value)
            found.append([Candidate(row, rule, goal, c, row, c) for c in self.nearby(self.rows[row], changes)])
        return found

    def changes(self, values: Mapping[str, Any], call: Call, wanted: float) -> Changes:
        """The new values of a measure's inputs that make it ``wanted``, in whole units of the inputs."""
        params = call.bind(self.readings)
        if call.kind in ("any_of", "none_of", "all_of", "count_yes"):
            return self.flag_changes(values, call.kind, params["inputs"], wanted)
        if call.kind == "coverage":
            return self.coverage_changes(values, params, wanted)
        if call.kind == "ratio" and values.get(params["whole"]) == 0 and wanted > 0:  # a part of nothing needs a whole first
            part = input_names(params["part"], None)[0]
            return {params["whole"]: 1.0, part: self.whole_units(part, wanted, 0.0)}
        name, exact = _lever(values, call.kind, params, wanted)
        if _missing(exact) or _missing(values.get(name)):
            raise Unreachable(f"“{self.book.inputs[name].label}”没有可算的目标值")
        changes = {name: self.whole_units(name, exact, float(values[name]))}
        return changes | self.raised_whole(values, name, changes[name])

    def whole_units(self, name: str, exact: float, now: float) -> float:
        """The nearest whole number of units on the far side of ``exact``, seen from ``now``."""
        unit = UNITS[self.book.inputs[name].type]
        steps = float(formulas.snap(np.asarray(exact / unit)))
        return round((math.ceil(steps) if exact >= now else math.floor(steps)) * unit, 2)

    def raised_whole(self, values: Mapping[str, Any], name: str, new: float) -> Changes:
        """The whole of which the input is a part, raised where the part would outgrow it."""
        i = self.book.inputs[name]
        whole: Any = values.get(i.part_of) if i.part_of else None
        if _missing(whole) or new <= i.times * float(whole) + EPSILON:
            return {}
        return {i.part_of: float(math.ceil(new / i.times - EPSILON))}

    def flag_changes(self, values: Mapping[str, Any], kind: str, names: Sequence[str], wanted: float) -> Changes:
        """The answers to turn: one to yes, all to no, all to yes, or as many to yes as are wanted."""
        yes = [n for n in names if not _missing(values.get(n)) and values[n] > 0]
        no = [n for n in names if not _missing(values.get(n)) and not values[n] > 0]
        if kind == "none_of":
            return dict.fromkeys(yes, 0.0)
        if kind == "all_of":
            return dict.fromkeys(no, 1.0)
        more = 1 if kind == "any_of" else math.ceil(wanted - EPSILON) - len(yes)
        return dict.fromkeys((no + [n for n in names if n not in no and n not in yes])[:more], 1.0)

    def coverage_changes(self, values: Mapping[str, Any], params: Mapping[str, Any], wanted: float) -> Changes:
        """More covered in the system in use that covers most, or in the system that covers most, put into use."""
        whole = values.get(params["whole"])
        pairs = [
            (values.get(part) or 0.0, part, system) for part, system in zip(params["parts"], params["systems"], strict=True)
        ]
        used = [pair for pair in pairs if values.get(pair[2]) == 1]
        if _missing(whole) or not whole:
            raise Unreachable(f"“{self.book.inputs[params['whole']].label}”没有数")
        _, part, system = max(used or pairs, key=lambda pair: pair[0])
        needed = measures.coverage_inverse(wanted, float(whole), decimals=params["decimals"])
        now = 0.0 if _missing(values.get(part)) else float(values[part])
        more = self.whole_units(part, needed, now)
        return ({part: more} if more > now else {}) | ({} if used else {system: 1.0})

    def nearby(self, values: Mapping[str, Any], changes: Changes) -> Iterator[Changes]:
        """The changes with their first number one unit nearer, as found, and one unit further: rounding may be off by one."""
        name = next(iter(changes), "")
        unit = UNITS.get(self.book.inputs[name].type) if name else None
        if unit is None:
            yield changes
            return
        now = 0.0 if _missing(values.get(name)) else float(values[name])
        away = unit if changes[name] >= now else -unit
        for step in (-1, 0, 1):
            new = round(changes[name] + step * away, 2)
            if new >= 0 and abs(new - now) > EPSILON:
                yield changes | {name: new}

    def pass_changes(self, row: int, rule: Rule) -> Changes:
        """What makes every failing condition of a base indicator hold; one may depend on another's inputs."""
        changes: Changes = {}
        for condition, holds in zip(rule.conditions, self.conditions[rule.id], strict=True):
            if holds[row] == 0:
                changes |= self.condition_changes(row, condition, changes)
        own = {name: self.rows[row].get(name) for name in ("level", *rule.inputs(self.readings))}
        for condition in rule.conditions if len(rule.conditions) > 1 else ():
            columns = Columns(pd.DataFrame([own | changes]), self.book)
            if score_condition(condition, columns, self.readings)[1][0] == 0:
                changes |= self.condition_changes(row, condition, changes)
        if not changes:
            raise Unreachable("改变数值不能使其通过")
        return changes

    def condition_changes(self, row: int, condition: Condition, changes: Changes) -> Changes:
        """What makes one condition hold in a row that is already changed."""
        wanted = formulas.holds_inverse(condition.test, condition.threshold)
        return self.changes(self.rows[row] | changes, condition.measure, wanted)

    @cached_property
    def conditions(self) -> dict[str, list[Array]]:
        """Whether each condition of each base indicator holds, in every row."""
        columns = Columns(self.card.table, self.book)
        return {
            rule.id: [score_condition(c, columns, self.readings)[1] for c in rule.conditions]
            for rule in self.book.of_kind("base")
        }

    def county_part(self, row: int, rule: Rule) -> Candidate:
        """A county's part of what its city lacks for full marks, shared evenly in whole units."""
        key = (self.rows[row].get("city", ""), self.rows[row]["period"], rule.id)
        if key not in self.lacks:
            self.lacks[key] = self.city_lack(*key)
        city, name, parts = self.lacks[key]
        if not parts.get(row):
            raise Unreachable("界限是全市的，所缺已由其他县（区）分担")
        applied = {name: self.rows[city][name] + parts[row]}
        return Candidate(row, rule, "full", {name: self.rows[row][name] + parts[row]}, city, applied)

    def city_lack(self, town: str, period: str, id: str) -> tuple[int, str, dict[int, int]]:
        """The city's row, the input it lacks for full marks, and each county's part of the lack."""
        same = [n for n, values in enumerate(self.rows) if values["period"] == period and values.get("city", "") == town]
        cities = [n for n in same if self.rows[n].get("level") == "city"]
        if not cities:
            raise Unreachable("界限是全市的，表中没有市级行")
        city, at = cities[0], self.order[id]
        if self.status[id][city] == "missing":
            raise Unreachable("界限是全市的，全市数据尚缺")
        if self.points[city, at] >= self.full[city, at] - EPSILON:
            raise Unreachable("界限是全市的，全市已得满分")
        proved, _ = self.prove(self.item_candidates(city, self.book.rules[id])[:1])
        (name, needed), *_ = proved[0]["changes"].items()
        source = self.card.table.attrs.get("source")
        if source is not None and name in source.table:
            typed = source.table
            own = (typed["level"] == "city") & (typed["city"] == town) & (typed["period"] == period)
            if typed.loc[own, name].notna().any():
                raise Unreachable("界限是全市的，市级行自己填了数，不按县（区）汇总")
        part, more = divmod(round(needed - self.rows[city][name]), len(same) - 1)
        return city, name, {n: part + (rank < more) for rank, n in enumerate(n for n in same if n != city)}

    def prove(self, groups: Sequence[Sequence[Candidate]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Score every candidate; of each group report the first that reaches its goal, or that none does."""
        flat = [c for group in groups for c in group]
        if not flat:
            return [], []
        after = score(_changed(self.card.table, flat), self.book, self.readings)
        points, totals = after.points.to_numpy(), after.totals()["total"].to_numpy()
        before = self.card.totals()["total"].to_numpy()
        proved: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        start = 0
        for group in groups:
            for n, c in enumerate(group, start):
                at = self.order[c.rule.id]
                gain = points[n, at] - self.points[c.at, at]
                if self.reached(c, after, n, points[n, at], gain):
                    total = totals[n] - before[c.at]
                    proved.append({**self.key(c.row), "id": c.rule.id, "goal": c.goal, "changes": c.changes, "row": c.row,
                                   "points": 0.0 if c.goal == "pass" else gain, "total_gain": total})  # fmt: skip
                    break
            else:
                unknown = "、".join(self.unknown(group[0].row, group[0].rule))
                reason = f"改变已知的数还不够，先补齐：{unknown}" if unknown else "改变自身数值达不到"
                failed.append({**self.key(group[0].row), "id": group[0].rule.id, "reason": reason})
            start += len(group)
        return proved, failed

    def reached(self, c: Candidate, after: Scorecard, n: int, points: float, gain: float) -> bool:
        """Whether a changed row reaches the candidate's goal."""
        if c.goal == "pass":
            return str(after.status[c.rule.id].iloc[n]) == "pass"
        if c.goal == "next" or c.row != c.at:
            return gain > EPSILON or c.row != c.at
        return bool(points >= self.full[c.at, self.order[c.rule.id]] - EPSILON)


def _lever(values: Mapping[str, Any], kind: str, params: Mapping[str, Any], wanted: float) -> tuple[str, float]:
    """The input to move for a measure to become ``wanted``, and its exact new value."""
    if kind == "input":
        return params["input"], wanted
    if kind == "growth":
        return params["curr"], measures.growth_inverse(wanted, float(values[params["prev"]]))
    inverse = measures.MEASURE_INVERSES[kind]
    name, *others = input_names(params["part"], None)
    return name, inverse(wanted, float(values[params["whole"]])) - sum(float(values[other]) for other in others)


def _changed(table: pd.DataFrame, candidates: Sequence[Candidate]) -> pd.DataFrame:
    """A row for every candidate: the row it is applied to, changed."""
    frame = table.iloc[[c.at for c in candidates]].reset_index(drop=True)
    by_input: dict[str, dict[int, float]] = {}
    for n, c in enumerate(candidates):
        for name, new in c.applied.items():
            by_input.setdefault(name, {})[n] = new
    for name, news in by_input.items():
        column = frame[name].to_numpy(dtype=float, na_value=np.nan, copy=True) if name in frame else np.full(len(frame), np.nan)
        column[list(news)] = list(news.values())
        frame[name] = column
    return frame


def _missing(x: Any) -> bool:
    return x is None or bool(pd.isna(x))
