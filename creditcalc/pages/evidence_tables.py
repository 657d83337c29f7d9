"""The tables of evidence and of responsible units: what has been handed in, what is missing, and
what that puts at stake.
"""

from __future__ import annotations

import pandas as pd

from creditcalc import words
from creditcalc.analysis.steps import steps
from creditcalc.pages.office_data import UnitBrief
from creditcalc.pages.page_data import Brief
from creditcalc.pages.tables import STATUS, id_column
from creditcalc.render.display import Fact, Facts, Note, Prose, Shown, Together
from creditcalc.render.table import Column, Table
from creditcalc.rules import phrases

SOURCE = "佐证材料表"
UNASKED = "台账未载明材料的项目按已佐证计"
NO_TABLE = "数据旁边没有佐证材料表（evidence.csv 或 evidence.xlsx），没有核对佐证材料。"


def evidence_figures(brief: Brief) -> Shown:
    """How much of the confirmed score is evidenced, and how many materials are still missing."""
    log = brief.group.worklog
    if log is None:
        return Note(NO_TABLE)
    t = log.totals.set_index("jurisdiction").loc[brief.name].to_dict()
    asked, settled, overdue = (int(t[name]) for name in ("asked", "settled", "overdue"))
    late = f"，其中已过期 {overdue} 份" if overdue else ""
    return Facts(
        [
            Fact(
                "已佐证得分",
                words.points(t["evidenced"]),
                f"已确认 {words.points(t['score'])} 分；{UNASKED}",
            ),
            Fact("未佐证得分", words.points(t["score"] - t["evidenced"]), "材料齐全前可能不被认可"),
            Fact(
                "佐证材料",
                f"{settled} / {asked}",
                f"还差 {asked - settled} 份{late}",
                "bad" if late else "",
            ),
        ]
    )


def evidence(brief: Brief) -> Table:
    """The materials that are still to be handed in or put right, overdue first."""
    log = brief.group.worklog
    frame = pd.DataFrame() if log is None else log.tasks
    if len(frame):
        frame = frame[frame["jurisdiction"] == brief.name]
    return _task_table(frame, f"还缺的佐证材料（截至 {brief.group.as_of}，过期的在前）")


def unit_progress(brief: Brief) -> Together:
    """The materials of each responsible unit that lacks some, the points at stake, and the units
    that lack none.
    """
    log = brief.group.worklog
    names = ["unit", "asked", "settled", "overdue", "stake"]
    frame = (
        pd.DataFrame(columns=names)
        if log is None
        else log.by_unit.sort_values("stake", ascending=False, kind="stable")
    )
    done = frame["settled"] == frame["asked"]
    columns = {
        "unit": Column("责任单位"),
        "asked": Column("应交", kind="number", digits=0),
        "settled": Column("已齐", kind="number", digits=0),
        "overdue": Column("过期", kind="number", digits=0),
        "stake": Column("缺材料涉及得分", kind="number", shade="bar"),
    }
    table = Table(
        frame[~done], "还缺佐证材料的责任单位", unit="份、分", source=SOURCE, columns=columns
    )
    whole = frame.loc[done, "unit"]
    rest = (
        [Prose([f"材料已齐的责任单位（{len(whole)} 个）：{'、'.join(whole)}。"])]
        if len(whole)
        else []
    )
    return Together([table, *rest])


def unit_figures(unit: UnitBrief) -> Facts:
    """A unit's items and losses at one look."""
    scored = unit.items[unit.items["kind"] != "base"]
    gates = unit.items[unit.items["kind"] == "base"]
    failed = gates.loc[gates["status"] != phrases.STATUS["pass"], "name"]
    facts = [
        Fact("评分指标", f"{len(scored)} 项", f"满分合计 {words.number(scored['full'].sum())} 分"),
        Fact(
            "已确认得分",
            words.points(scored["score"].sum()),
            f"失分 {words.points(scored['lost'].sum())} 分",
        ),
        Fact(
            "基础指标",
            f"{len(gates)} 项",
            f"未通过或待核实：{'、'.join(failed) or '无'}",
            "bad" if len(failed) else "",
        ),
    ]
    if len(unit.materials):
        missing = unit.materials[~unit.materials["settled"]]
        late = (
            f"，其中已过期 {int(missing['overdue'].sum())} 份" if missing["overdue"].any() else ""
        )
        facts.append(
            Fact(
                "佐证材料",
                f"还差 {len(missing)} 份",
                f"共 {len(unit.materials)} 份{late}",
                "bad" if late else "",
            )
        )
    return Facts(facts)


def unit_items(unit: UnitBrief) -> Table:
    """A unit's items and base indicators with what they give the city."""
    brief = unit.city
    frame = unit.items.assign(evidence=[brief.evidence_word(id) for id in unit.items["id"]])
    columns = {
        "id": Column("编号"),
        "name": Column("指标"),
        "part": Column("职责"),
        "score": Column("得分", kind="number", shade="bar", full="full"),
        "full": Column("满分", kind="number", digits=0),
        "lost": Column("失分", kind="number"),
        "status": STATUS,
    }
    if brief.group.worklog is not None:
        columns["evidence"] = Column("佐证", kind="status")
    columns |= {"value": Column("全市现值"), "goal": Column("要求")}
    return Table(
        frame, f"{unit.name}的指标", unit="分", source="全市数据", columns=columns, row_ids="id"
    )


def unit_actions(unit: UnitBrief) -> Table:
    """What it takes on a unit's items."""
    row = unit.city.rows.loc[[unit.city.now]].to_dict("records")[0]
    frame = unit.actions.assign(
        steps=[steps(unit.city.book, row, changes) for changes in unit.actions["changes"]],
        goal=unit.actions["goal"].map({"full": "满分", "next": "下一步", "pass": "通过"}),
        _href=["#" + id for id in unit.actions["id"]],
    )
    columns = {
        "id": id_column(),
        "name": Column("指标"),
        "goal": Column("目标"),
        "steps": Column("全市要做到"),
        "total_gain": Column("可得分", kind="number", shade="bar"),
    }
    return Table(frame, "对策，按可得分从多到少", unit="分", source="全市数据", columns=columns)


def unit_evidence(unit: UnitBrief) -> Table:
    """The materials that a unit has still to hand in or put right, overdue first."""
    log = unit.city.group.worklog
    frame = pd.DataFrame() if log is None else log.tasks
    if len(frame):
        frame = frame[[unit.name in owners for owners in frame["owners"]]]
    return _task_table(frame, f"还缺的佐证材料（截至 {unit.city.group.as_of}，过期的在前）")


def _task_table(frame: pd.DataFrame, title: str) -> Table:
    columns = {
        "jurisdiction": Column("县（区、市）"),
        "id": id_column(),
        "material": Column("佐证材料"),
        "state": Column("情况", kind="status", tone="_tone"),
        "due": Column("截止"),
        "stakes": Column("涉及"),
        "owner": Column("责任单位"),
    }
    if frame.empty:
        return Table(
            pd.DataFrame(columns=[*columns, "_href", "_tone"]),
            title,
            source=SOURCE,
            columns=columns,
        )
    kinds = zip(frame["material"], frame["kind"], frame["needs_seal"], strict=True)
    frame = frame.assign(
        material=[f"{text}（{kind}{'，盖公章' if seal else ''}）" for text, kind, seal in kinds],
        state=[
            state + ("，已过期" if late else "")
            for state, late in zip(frame["state"], frame["overdue"], strict=True)
        ],
        stakes=[
            "申报条件" if gate else f"{words.points(x)} 分"
            for gate, x in zip(frame["gate"], frame["stake"], strict=True)
        ],
        owner=["、".join(owners) for owners in frame["owners"]],
        _href=["#" + id for id in frame["id"]],
        _tone=["bad" if late else "warn" for late in frame["overdue"]],
    )
    return Table(frame, title, source=SOURCE, columns=columns)
