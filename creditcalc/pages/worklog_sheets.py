"""The worklog as a workbook to hand in: the ledger's own two tables, progress by jurisdiction and
unit, a sheet per unit.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from creditcalc import words
from creditcalc.analysis.steps import steps
from creditcalc.evidence.register import UNSTATED
from creditcalc.evidence.worklog import Worklog, units
from creditcalc.intake.forms import sheet_titles
from creditcalc.pages.evidence_tables import unit_items
from creditcalc.pages.office_data import Duties, UnitBrief
from creditcalc.pages.page_data import Brief
from creditcalc.rules import phrases
from creditcalc.rules.rulebook import Readings, Rule, Rulebook

TASKS = {
    "jurisdiction": "县（区、市）",
    "id": "编号",
    "name": "指标",
    "material": "佐证材料",
    "kind": "类别",
    "seal": "盖公章",
    "state": "情况",
    "due": "截止日期",
    "late": "是否过期",
    "stake": "涉及得分",
    "gate": "涉及申报条件",
    "unit": "报送单位",
    "owner": "责任单位",
    "remark": "备注",
}
PROGRESS = {"asked": "应交", "settled": "已齐", "overdue": "过期"}


def worklog_sheets(
    brief: Brief, log: Worklog, provenance: Mapping[str, str]
) -> dict[str, pd.DataFrame]:
    """The sheets of a city's worklog (or, for a county's brief, of the county's own), their headers
    for people.
    """
    mine = log.materials[log.materials["jurisdiction"] == brief.name]
    sheets = {
        "基础指标": _base(brief, mine),
        "评分指标": _items(brief, mine),
        "待办": _tasks(brief, log.tasks),
    }
    if brief.level == "county":
        sheets["待办"] = _tasks(brief, log.tasks[log.tasks["jurisdiction"] == brief.name])
        return sheets | {"说明": _notes(brief, log, provenance)}
    progress = log.totals.rename(
        columns={
            "jurisdiction": "县（区、市）",
            **PROGRESS,
            "score": "已确认得分",
            "evidenced": "其中已佐证",
        }
    )
    sheets["县（区）完成情况"] = progress
    sheets["责任单位完成情况"] = log.by_unit.rename(
        columns={"unit": "责任单位", **PROGRESS, "stake": "缺材料涉及得分"}
    )
    sheets["说明"] = _notes(brief, log, provenance)
    names = units(brief.book)
    titles = sheet_titles(names, taken=sheets)
    duties = Duties(brief)
    return sheets | {
        title: _unit(duties.unit(name), log) for title, name in zip(titles, names, strict=True)
    }


def _base(brief: Brief, mine: pd.DataFrame) -> pd.DataFrame:
    """The base indicators as the ledger's first table lists them."""
    rows = [
        {"序号": n, "指标": f"{rule.name}：{rule.rule}", **_evidence_cells(rule, brief, mine)}
        for n, rule in enumerate(brief.book.of_kind("base"), 1)
    ]
    return pd.DataFrame(rows)


def _items(brief: Brief, mine: pd.DataFrame) -> pd.DataFrame:
    """The scored and bonus items as the ledger's second table lists them."""
    points, full = (dict(frame.loc[brief.now]) for frame in (brief.card.points, brief.card.full))
    rows = []
    for rule in [*brief.book.of_kind("item"), *brief.book.of_kind("bonus")]:
        category = (
            f"{rule.category}、{brief.book.categories[rule.category].name}"
            if rule.category
            else "附加项"
        )
        rows.append(
            {
                "项目": category,
                "评估内容": f"{rule.id} {rule.name}：{rule.rule}",
                "满分": full[rule.id],
                "得分": points[rule.id],
                **_evidence_cells(rule, brief, mine),
            }
        )
    return pd.DataFrame(rows)


def _evidence_cells(rule: Rule, brief: Brief, mine: pd.DataFrame) -> dict[str, str]:
    """Materials, units and progress of a rule."""
    state = phrases.STATUS[str(brief.card.status.loc[brief.now, rule.id])]
    own = mine[mine["id"] == rule.id]
    units = [*(f"{unit}（牵头）" for unit in rule.lead), *rule.units]
    return {
        "佐证材料": "；".join(e.text for e in rule.evidence),
        "责任单位": "、".join(units),
        "完成情况": f"{state}；{_progress(own) if len(own) else _of_city(rule, brief)}",
    }


def _of_city(rule: Rule, brief: Brief) -> str:
    """How the materials stand that a county's score rests on and its city owes."""
    log = brief.group.worklog
    if log is None or brief.evidence_word(rule.id) == "已佐证":
        return "材料由市里报送，已佐证"
    theirs = log.materials[
        (log.materials["level"] == "city")
        & (log.materials["id"] == rule.id)
        & ~log.materials["settled"]
    ]
    faults = "；".join(
        f"{text}（{state}）"
        for text, state in zip(theirs["material"], theirs["state"], strict=True)
    )
    return f"未佐证：材料由市里报送，市里还缺 {faults}"


def _progress(own: pd.DataFrame) -> str:
    """How many of a rule's materials are settled, and what is wrong with the others."""
    left = own[~own["settled"]]
    if (own["state"] == UNSTATED).all():
        return "台账未载明要交的材料"
    if left.empty:
        return "材料齐全，已佐证"
    faults = "；".join(
        f"{text}（{state}）" for text, state in zip(left["material"], left["state"], strict=True)
    )
    late = (
        f"，应于 {left['due'].min()} 前报，已过期"
        if left["overdue"].any()
        else f"，{left['due'].min()} 前报"
    )
    return f"未佐证：材料 {len(own) - len(left)}/{len(own)} 齐，还缺 {faults}{late}"


def _tasks(brief: Brief, tasks: pd.DataFrame) -> pd.DataFrame:
    """Materials still to be handed in or put right, overdue first."""
    rules = brief.book.rules
    frame = tasks.assign(
        name=[rules[id].name for id in tasks["id"]],
        seal=tasks["needs_seal"].map({True: "是", False: ""}),
        late=tasks["overdue"].map({True: "已过期", False: ""}),
        gate=tasks["gate"].map({True: "是", False: ""}),
        owner=["、".join(names) for names in tasks["owners"]],
    )
    return frame[list(TASKS)].rename(columns=TASKS)


def _unit(unit: UnitBrief, log: Worklog) -> pd.DataFrame:
    """A unit's items: what they give, what would win the rest, and the evidence that is missing."""
    row = unit.city.rows.loc[[unit.city.now]].to_dict("records")[0]
    wins: dict[str, list[str]] = {}
    for id, goal, changes, gain in unit.actions[["id", "goal", "changes", "total_gain"]].to_numpy():
        if goal != "next":
            points = f"（+{words.points(gain)} 分）" if goal == "full" else "（即通过）"
            wins.setdefault(id, []).append(steps(unit.city.book, row, changes) + points)
    tasks = log.tasks[[unit.name in owners for owners in log.tasks["owners"]]]
    missing: dict[str, list[str]] = {}
    for name, id, material, state in tasks[["jurisdiction", "id", "material", "state"]].to_numpy():
        missing.setdefault(id, []).append(f"{name}：{material}（{state}）")
    frame = unit_items(unit).frame.assign(
        actions=[" 或 ".join(wins.get(id, [])) for id in unit.items["id"]],
        missing=["；".join(missing.get(id, [])) for id in unit.items["id"]],
    )
    shown = {
        "id": "编号",
        "name": "指标",
        "part": "职责",
        "value": "全市现值",
        "goal": "要求",
        "full": "满分",
        "score": "得分",
        "lost": "失分",
        "status": "状态",
        "actions": "对策",
        "missing": "还缺的佐证材料",
    }
    return frame[list(shown)].rename(columns=shown)


def _notes(brief: Brief, log: Worklog, provenance: Mapping[str, str]) -> pd.DataFrame:
    """What the workbook was made of and under which readings."""
    return note_sheet(
        {"期间": brief.period, "截至": log.as_of, **provenance},
        brief.readings,
        brief.book,
        brief.sample,
    )


def note_sheet(
    facts: Mapping[str, str], readings: Readings, book: Rulebook, sample: bool
) -> pd.DataFrame:
    """Facts and the readings in force, a line each."""
    rows = [
        *facts.items(),
        *(("读法 " + r, f"{o}：{book.readings[r].options[o]}") for r, o in readings.items()),
    ]
    rows.append(("数据", "示例数据，纯属虚构" if sample else "填报数据"))
    return pd.DataFrame(rows, columns=["项目", "内容"])
