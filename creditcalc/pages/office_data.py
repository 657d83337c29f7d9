"""What a responsible office's page shows: its items, what they lose, what it would take, and the
evidence that it owes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from creditcalc import words
from creditcalc.pages.page_data import PageData
from creditcalc.pages.sections.evidence import TASKS, task_frame
from creditcalc.render.display import Fact, Facts
from creditcalc.rules import phrases
from creditcalc.rules.rulebook import Rule


@dataclass(frozen=True)
class OfficeData:
    """What an office's page shows of its city: every method gives an ordinary frame to ``show``, or
    a remark as it is.
    """

    name: str
    city: PageData

    @property
    def as_of(self) -> str:
        """The day that counts as today."""
        return self.city.as_of

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules that the office leads or is responsible for."""
        rules = self.city.book.rules.values()
        return [rule for rule in rules if self.name in (*rule.lead, *rule.units)]

    @cached_property
    def _items(self) -> pd.DataFrame:
        frame = self.city.rules.loc[[rule.id for rule in self.rules]]
        parts = ["牵头" if self.name in rule.lead else "责任" for rule in self.rules]
        return frame.assign(part=parts).rename(columns={"value": "city_value"})

    @cached_property
    def actions(self) -> pd.DataFrame:
        """The city's targets on its rules."""
        frame = self.city.actions
        return frame[frame["id"].isin(self._items.index)]

    @cached_property
    def materials(self) -> pd.DataFrame:
        """The evidence that it answers for; what counties owe is their governments'."""
        frame = self.city.materials
        return frame if frame.empty else frame[[self.name in owners for owners in frame["owners"]]]

    def key_figures(self) -> Facts:
        """Its items and losses at one look."""
        items = self._items
        scored, bases = items[items["kind"] != "base"], items[items["kind"] == "base"]
        failed = bases.loc[bases["status"] != phrases.STATUS["pass"], "name"]
        full = f"满分合计 {words.number(scored['full'].sum())} 分"
        lost = f"失分 {words.points(scored['lost'].sum())} 分"
        open_ = f"未通过或待核实：{'、'.join(failed) or '无'}"
        facts = [
            Fact("评分指标", f"{len(scored)} 项", full),
            Fact("已确认得分", words.points(scored["points"].sum()), lost),
            Fact("基础指标", f"{len(bases)} 项", open_, "bad" if len(failed) else ""),
        ]
        if len(self.materials):
            facts.append(self._evidence())
        return Facts(facts)

    def _evidence(self) -> Fact:
        """How many of its materials are missing."""
        missing = self.materials[~self.materials["settled"]]
        overdue = int(missing["overdue"].sum())
        remark = f"共 {len(self.materials)} 份" + (f"，其中已过期 {overdue} 份" if overdue else "")
        return Fact("佐证材料", f"还差 {len(missing)} 份", remark, "bad" if overdue else "")

    def items(self) -> pd.DataFrame:
        """Its items and base indicators with what they give the city: id, name, part, points, full,
        lost, status, evidence, city_value, goal.
        """
        return self._items.copy()

    def losses(self) -> pd.DataFrame:
        """What it takes on its items, by what it brings the city: id, name, aim, city_steps,
        total_gain.
        """
        return self.actions.rename(columns={"steps": "city_steps"})

    def tasks(self) -> pd.DataFrame:
        """The materials still to be handed in or put right, overdue first: jurisdiction, id,
        material_asked, standing, due, stakes, owner.
        """
        log = self.city.group.worklog
        if log is None:
            return pd.DataFrame(columns=TASKS)
        return task_frame(log.tasks[[self.name in owners for owners in log.tasks["owners"]]])
