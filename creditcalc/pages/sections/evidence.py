"""佐证材料: how much of the score is evidenced, what is still to be handed in, and by whom."""

from __future__ import annotations

import pandas as pd

from creditcalc import words
from creditcalc.pages.fields import LATE
from creditcalc.pages.page_facts import PageFacts
from creditcalc.render.display import Fact, Facts, Note, Prose, Shown

UNASKED = "台账未载明材料的项目按已佐证计"
NO_TABLE = "数据旁边没有佐证材料表（evidence.csv 或 evidence.xlsx），没有核对佐证材料。"
TASKS = ["jurisdiction", "id", "material_asked", "standing", "due", "stakes", "owner"]
PROGRESS = ["office", "asked", "settled", "overdue", "missing_stake"]


class Evidence(PageFacts):
    """The frames of evidence."""

    def evidence_figures(self) -> Shown:
        """How much of the confirmed score is evidenced, and how many materials are missing."""
        log = self.group.worklog
        if log is None:
            return Note(NO_TABLE)
        t = log.totals.set_index("jurisdiction").loc[self.name].to_dict()
        asked, settled, overdue = (int(t[name]) for name in ("asked", "settled", "overdue"))
        late = f"，其中已过期 {overdue} 份" if overdue else ""
        left, confirmed = t["score"] - t["evidenced"], words.points(t["score"])
        remark = f"还差 {asked - settled} 份{late}"
        return Facts(
            [
                Fact(
                    "已佐证得分",
                    words.points(t["evidenced"]),
                    f"已确认 {confirmed} 分；{UNASKED}",
                ),
                Fact("未佐证得分", words.points(left), "材料齐全前可能不被认可"),
                Fact("佐证材料", f"{settled} / {asked}", remark, "bad" if late else ""),
            ]
        )

    def tasks(self) -> pd.DataFrame:
        """The materials still to be handed in or put right, overdue first: jurisdiction, id,
        material_asked, standing, due, stakes, owner.
        """
        log = self.group.worklog
        if log is None:
            return pd.DataFrame(columns=TASKS)
        return task_frame(log.tasks[log.tasks["jurisdiction"] == self.name])

    def offices(self) -> pd.DataFrame:
        """The materials of each responsible office: office, asked, settled, overdue,
        missing_stake (points).
        """
        log = self.group.worklog
        if log is None:
            return pd.DataFrame(columns=PROGRESS)
        return log.by_unit.rename(columns={"unit": "office", "stake": "missing_stake"})

    def offices_behind(self) -> pd.DataFrame:
        """The offices that lack some of their materials, those that put the most points at stake
        first.
        """
        frame = self.offices().sort_values("missing_stake", ascending=False, kind="stable")
        return frame[frame["settled"] != frame["asked"]]

    def offices_done(self) -> Prose:
        """The offices that lack none."""
        frame = self.offices().sort_values("missing_stake", ascending=False, kind="stable")
        names = frame.loc[frame["settled"] == frame["asked"], "office"]
        text = f"材料已齐的责任单位（{len(names)} 个）：{'、'.join(names)}。"
        return Prose([text] if len(names) else [])


def task_frame(tasks: pd.DataFrame) -> pd.DataFrame:
    """Unsettled materials of a worklog in the words of a page."""
    rows = tasks.to_dict("records")
    if not rows:
        return pd.DataFrame(columns=TASKS)
    return tasks.assign(
        material_asked=[
            f"{r['material']}（{r['kind']}{'，盖公章' if r['needs_seal'] else ''}）" for r in rows
        ],
        standing=[r["state"] + (LATE if r["overdue"] else "") for r in rows],
        stakes=["申报条件" if r["gate"] else f"{words.points(r['stake'])} 分" for r in rows],
        owner=["、".join(r["owners"]) for r in rows],
    )[TASKS]
