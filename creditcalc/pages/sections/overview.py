"""总览: the key figures, the cheapest points, and where the city's numbers count too."""

from __future__ import annotations

import math
from typing import Any

from creditcalc import words
from creditcalc.pages.page_facts import PageFacts
from creditcalc.render.display import Fact, Facts, Prose
from creditcalc.rules import phrases
from creditcalc.rules.inputs import input_value

CHEAP = 3  # targets that the top of a page names
SHOWN = 0.005  # points that a table can show


class Overview(PageFacts):
    """What stands at the top of a page."""

    def key_figures(self) -> Facts:
        """Eligibility, score with its interval, county duty, bonus and place at one look."""
        t: Any = self.card.totals().loc[self.now]
        bases = [rule.id for rule in self.book.of_kind("base")]
        counts = self.card.status.loc[self.now, bases].value_counts()
        tone = {"yes": "good", "no": "bad", "pending": "warn"}[t["eligible"]]
        states = [s for s in ("pass", "fail", "pending") if counts.get(s, 0)]
        gates = "，".join(f"{phrases.STATUS[s]} {counts[s]} 项" for s in states)
        score = _of(self.book.full) + _open(t["low"], t["high"])
        bonus = _of(self.book.bonus) + _open(t["bonus_low"], t["bonus_high"])
        both = _open(t["low"] + t["bonus_low"], t["high"] + t["bonus_high"])
        facts = [
            Fact("申报条件", phrases.ELIGIBLE[t["eligible"]], f"基础指标：{gates}", tone),
            Fact("评分指标得分", words.points(t["score"]), score),
            Fact("附加分", words.points(t["bonus"]), bonus),
            Fact("合计", words.points(t["total"]), "评分指标与附加项之和" + both),
        ]
        if self.level == "county":
            duty = words.points(t["county_duty"])
            facts.append(Fact("县（区）任务得分", duty, _of(t["county_duty_full"])))
            facts.append(Fact("县（区）排名", *self._place_words()))
        return Facts(facts)

    def _place_words(self) -> tuple[str, str]:
        """The rank among the counties, and what is to be said of it."""
        p = self.place
        remark = "按至少可得的分数，同分同名次" + ("，有并列" if p["tied"] else "")
        if p["best"] != p["worst"]:
            remark += f"；数据补齐后可能为第 {p['best']}–{p['worst']} 名"
        return f"{p['rank']} / {p['of']}", remark

    def cheapest(self) -> Facts:
        """The cheapest points: among whole steps in its own hands those that bring most per unit,
        one for each item.
        """
        frame = self.actions
        worthy = (frame["total_gain"] >= SHOWN) & (frame["aim"] != "pass")
        frame = frame[frame["whole"] & frame["in_hand"] & worthy]
        frame = frame.sort_values(["per_unit", "total_gain"], ascending=False, kind="stable")
        frame = frame.drop_duplicates("id").head(CHEAP)
        facts = [
            Fact(f"{id} {name}（{duty}任务）", f"+{words.points(gain)} 分", what, "good")
            for id, name, duty, gain, what in frame[
                ["id", "name", "duty", "total_gain", "steps"]
            ].to_numpy()
        ]
        return Facts(facts or [Fact("最省力的得分", "无", "没有失分，或失分项目缺数据")])

    def shared_thresholds(self) -> Prose:
        """For a county: its own and the city's count wherever the threshold is the city's."""
        lines = []
        for rule in self.book.rules.values():
            for name in rule.inputs(self.readings) if rule.city_threshold else []:
                i = self.book.inputs[name]
                own = input_value(i, self.rows.loc[self.now].get(name))
                city = input_value(i, self.group.city_inputs.get(name))
                lines.append(f"{rule.id} {rule.name}：本县（区）{own}，全市 {city}。{rule.note}")
        return Prose(lines)


def _of(full: float) -> str:
    return f"满分 {words.number(full)} 分"


def _open(low: float, high: float) -> str:
    return "" if math.isclose(low, high) else f"；数据补齐后在 {words.interval(low, high)} 之间"
