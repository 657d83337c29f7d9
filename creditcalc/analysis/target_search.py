"""What to try for a target: the inverse of a rule's formula and measure, in whole units."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from creditcalc.analysis.target_proof import Candidate, Prover
from creditcalc.rules.measures.moves import EPSILON, UNITS, Changes, Unreachable, absent
from creditcalc.rules.rulebook import Condition, Rule
from creditcalc.scoring.arrays import Columns
from creditcalc.scoring.result import Result
from creditcalc.scoring.rule_scores import GateScore
from creditcalc.scoring.scorecard import Scorecard

NEXT = 1e-6  # points beyond every tolerance, from which the search for the next step begins


class CityLack(NamedTuple):
    """A city's row, the input it lacks for full marks, and each county's part of the lack."""

    city: int
    input: str
    parts: dict[int, int]


class Search:
    """The candidates of a card's rows."""

    def __init__(self, card: Scorecard) -> None:
        self.card, self.book, self.readings = card, card.book, card.readings
        self.prover = Prover(card)
        names = [str(name) for name in card.table]
        rows = card.table.itertuples(index=False, name=None)
        self.rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in rows]
        self.lacks: dict[tuple[str, str, str], CityLack] = {}

    def key(self, row: int) -> dict[str, str]:
        """Jurisdiction and period of a row."""
        return {"jurisdiction": self.rows[row]["jurisdiction"], "period": self.rows[row]["period"]}

    def candidates(self, row: int, rule: Rule) -> list[Candidate]:
        """For every goal of a rule the change to try; Unreachable where nothing can be tried."""
        found = self.card.result(row, rule.id)
        if found.status in ("pass", "not_applicable"):
            return []
        if found.status in ("missing", "pending"):
            unknown = "、".join(self.unknown(row, rule))
            raise Unreachable(
                f"缺数据，先补齐：{unknown}" if unknown else "名单为空或基数为 0，不作判定"
            )
        if rule.kind == "base":
            return [self.candidate(row, rule, "pass", self.pass_changes(row, found))]
        if found.points >= found.full - EPSILON:
            return []
        if rule.city_threshold and self.rows[row].get("level") != "city":
            return [self.county_part(row, rule)]
        return self.item_candidates(row, found)

    def unknown(self, row: int, rule: Rule) -> list[str]:
        """The labels of a rule's inputs that a row lacks."""
        return [
            self.book.inputs[name].label
            for name in rule.inputs(self.readings)
            if absent(self.rows[row].get(name))
        ]

    def item_candidates(self, row: int, found: Result) -> list[Candidate]:
        """The changes for full marks and, where it is less, for the next step."""
        rule = found.rule
        assert rule.measure is not None and rule.formula is not None
        formula, measure = rule.formula.bind(self.readings), rule.measure.bind(self.readings)
        now = found.points * rule.full / found.full
        candidates = []
        for goal, wished in (("full", rule.full), ("next", min(now + NEXT, rule.full))):
            value = formula.inverse(wished, rule.full)
            changes = measure.changes(self.rows[row], value, self.book.inputs)
            candidates.append(self.candidate(row, rule, goal, changes))
        return candidates

    def candidate(self, row: int, rule: Rule, goal: str, changes: Changes) -> Candidate:
        """A change of a row's own inputs, with the step by which its first number may be varied."""
        if not changes:
            return Candidate(row, rule, goal, changes, row, changes)
        name, new = next(iter(changes.items()))
        value = self.rows[row].get(name)
        now = 0.0 if absent(value) else float(str(value))
        unit = UNITS.get(self.book.inputs[name].type, 0.0)
        away = unit if new >= now else -unit
        return Candidate(row, rule, goal, changes, row, changes, away, now)

    def pass_changes(self, row: int, found: Result) -> Changes:
        """What makes every failing condition of a base indicator hold; one may depend on another's
        inputs.
        """
        rule, changes = found.rule, Changes()
        for asked in found.conditions:
            if asked.holds[0] == 0:
                changes |= self.condition_changes(row, asked.condition, changes)
        if len(rule.conditions) > 1:
            own = {n: self.rows[row].get(n) for n in ("level", *rule.inputs(self.readings))}
            gate = GateScore(rule, self.readings)
            for n, condition in enumerate(rule.conditions):
                columns = Columns(pd.DataFrame([own | changes]), self.book)
                if gate.conditions(columns)[n].holds[0] == 0:
                    changes |= self.condition_changes(row, condition, changes)
        if not changes:
            raise Unreachable("改变数值不能使其通过")
        return changes

    def condition_changes(self, row: int, condition: Condition, changes: Changes) -> Changes:
        """What makes one condition hold in a row that is already changed."""
        measure, wanted = condition.measure.bind(self.readings), condition.test.inverse()
        return measure.changes(self.rows[row] | changes, wanted, self.book.inputs)

    def county_part(self, row: int, rule: Rule) -> Candidate:
        """A county's part of what its city lacks for full marks, shared evenly in whole units."""
        key = (self.rows[row].get("city", ""), self.rows[row]["period"], rule.id)
        if key not in self.lacks:
            self.lacks[key] = self.city_lack(*key)
        lack = self.lacks[key]
        part = lack.parts.get(row)
        if not part:
            raise Unreachable("界限是全市的，所缺已由其他县（区）分担")
        changes = {lack.input: self.rows[row][lack.input] + part}
        applied = {lack.input: self.rows[lack.city][lack.input] + part}
        return Candidate(row, rule, "full", changes, lack.city, applied)

    def city_lack(self, town: str, period: str, id: str) -> CityLack:
        """What a city lacks for full marks on a rule, shared among its counties."""
        same = [
            n
            for n, values in enumerate(self.rows)
            if values["period"] == period and values.get("city", "") == town
        ]
        cities = [n for n in same if self.rows[n].get("level") == "city"]
        if not cities:
            raise Unreachable("界限是全市的，表中没有市级行")
        city = cities[0]
        found = self.card.result(city, id)
        if found.status == "missing":
            raise Unreachable("界限是全市的，全市数据尚缺")
        if found.points >= found.full - EPSILON:
            raise Unreachable("界限是全市的，全市已得满分")
        proof = self.prover.least(self.item_candidates(city, found)[:1])[0]
        if proof is None:
            raise Unreachable("界限是全市的，改变数值达不到")
        name, needed = next(iter(proof.candidate.changes.items()))
        rolled = self.card.rolled
        if rolled is not None and name in rolled.stated(town, period):
            raise Unreachable("界限是全市的，市级行自己填了数，不按县（区）汇总")
        counties = [n for n in same if n != city]
        part, more = divmod(round(needed - self.rows[city][name]), len(counties))
        parts = {n: part + 1 if rank < more else part for rank, n in enumerate(counties)}
        return CityLack(city, name, parts)
