"""计分依据: how the ledger is read, what another reading would change, where its text is mended."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from creditcalc.pages.page_facts import PageFacts
from creditcalc.render.display import Prose
from creditcalc.rules import phrases
from creditcalc.words import points

SHOWN = 0.005  # points that a table can show


class ReadingFrames(PageFacts):
    """The frames of readings."""

    def readings_used(self) -> pd.DataFrame:
        """The readings in force, with what else each could be and which rules depend on it:
        reading, question, chosen, default, others, default_reason, users.
        """
        rows = []
        for r in self.book.readings.values():
            option = self.readings[r.id]
            users = [rule.id for rule in self.book.rules.values() if r.id in rule.readings]
            others = [f"{o}：{text}" for o, text in r.options.items() if o != option]
            rows.append(
                {
                    "reading": r.id,
                    "question": r.question,
                    "chosen": f"{option}：{r.options[option]}",
                    "default": "默认" if option == r.default else "改选",
                    "others": "；".join(others),
                    "default_reason": r.reason,
                    "users": "、".join(users) or "附加分合计",
                }
            )
        return pd.DataFrame(rows)

    def reading_moves(self) -> pd.DataFrame:
        """The readings that move this total, rank or eligibility: reading, option, total_change,
        total, place, eligible_then.
        """
        one = self.sensitivity.one
        frame = one[one["jurisdiction"] == self.name].rename(columns={"change": "total_change"})
        moved = frame["total_change"].abs() > SHOWN
        moved |= frame["eligible"] != frame["eligible_before"]
        moved |= (frame["rank"] != frame["rank_before"]) & frame["rank"].notna()
        frame = frame[moved]
        frame = frame.sort_values("total_change", key=lambda change: -change.abs(), kind="stable")
        rows = frame.to_dict("records")
        return frame.assign(
            option=[self._option(r["reading"], r["option"]) for r in rows],
            place=[_place(r["rank"], r["rank_before"]) for r in rows],
            eligible_then=[_eligible(r["eligible"], r["eligible_before"]) for r in rows],
        )

    def _option(self, reading: str, option: str) -> str:
        return f"{option}：{self.book.readings[reading].options[option]}"

    def extremes(self) -> Prose:
        """The lowest and the highest total over all combinations of readings."""
        e = self.sensitivity.extremes
        mine = e[e["jurisdiction"] == self.name].to_dict("records")[0]
        low, high, now = (points(mine[key]) for key in ("lowest", "highest", "total"))
        least, most = _named(mine["lowest_readings"]), _named(mine["highest_readings"])
        return Prose(
            [
                f"全部 {mine['combinations']} 种读法组合下，已确认合计最低 {low} 分（{least}），"
                f"最高 {high} 分（{most}）；本页 {now} 分。"
            ]
        )

    def repairs(self) -> pd.DataFrame:
        """The certain repairs of the ledger's text, and what rules leave knowingly open: nature,
        clause, text.
        """
        rows = [("文字更正", r.clause, r.text) for r in self.book.repairs]
        rules = [rule for rule in self.book.rules.values() if rule.note]
        rows += [("说明", rule.clause, f"{rule.id}：{rule.note}") for rule in rules]
        return pd.DataFrame(rows, columns=["nature", "clause", "text"])


def _place(now: float, before: float) -> str:
    """A rank, and the one before where it was another."""
    if pd.isna(now):
        return "—"
    return f"第 {now:.0f} 名" + ("" if now == before else f"（原第 {before:.0f} 名）")


def _eligible(now: str, before: str) -> str:
    """The eligibility, and the one before where it was another."""
    said = phrases.ELIGIBLE
    return said[now] if now == before else f"{said[before]} → {said[now]}"


def _named(readings: Mapping[str, str]) -> str:
    return "、".join(f"{r}={o}" for r, o in readings.items()) or "本页采用的读法"
