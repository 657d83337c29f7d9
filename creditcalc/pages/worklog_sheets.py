"""The worklog as a workbook to hand in: the ledger's own two tables, progress by jurisdiction and
office, a sheet per office.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from creditcalc import words
from creditcalc.evidence.register import UNSTATED
from creditcalc.evidence.worklog import Worklog, units
from creditcalc.intake.forms import sheet_titles
from creditcalc.pages.office_data import OfficeData
from creditcalc.pages.page_data import PageData
from creditcalc.pages.showing import headed
from creditcalc.rules import phrases
from creditcalc.rules.rulebook import Readings, Rule, Rulebook

TASKS = (
    "jurisdiction",
    "id",
    "name",
    "material",
    "material_kind",
    "seal",
    "state",
    "due",
    "late",
    "stake",
    "gate",
    "sender",
    "owner",
    "remark",
)
COUNTS = ("asked", "settled", "overdue")
PROGRESS = ("jurisdiction", *COUNTS, "score", "evidenced")
OFFICES = ("office", *COUNTS, "missing_stake")
ITEMS = (
    "id",
    "name",
    "part",
    "city_value",
    "goal",
    "full",
    "points",
    "lost",
    "status",
    "actions",
    "missing_materials",
)


def worklog_sheets(
    page: PageData, log: Worklog, provenance: Mapping[str, str]
) -> dict[str, pd.DataFrame]:
    """The sheets of a city's worklog (or, for a county's page, of the county's own), their headers
    for people.
    """
    mine = log.materials[log.materials["jurisdiction"] == page.name]
    sheets = {
        "基础指标": _base(page, mine),
        "评分指标": _items(page, mine),
        "待办": _tasks(log.tasks, page.book.rules),
    }
    if page.level == "county":
        own = log.tasks[log.tasks["jurisdiction"] == page.name]
        sheets["待办"] = _tasks(own, page.book.rules)
        return sheets | {"说明": _notes(page, log, provenance)}
    sheets["县（区）完成情况"] = headed(log.totals, PROGRESS)
    sheets["责任单位完成情况"] = headed(page.offices(), OFFICES)
    sheets["说明"] = _notes(page, log, provenance)
    names = units(page.book)
    titles = sheet_titles(names, taken=sheets)
    offices = [_office(OfficeData(name, page), log) for name in names]
    return sheets | dict(zip(titles, offices, strict=True))


def _base(page: PageData, mine: pd.DataFrame) -> pd.DataFrame:
    """The base indicators as the ledger's first table lists them."""
    rows = [
        {"序号": n, "指标": f"{rule.name}：{rule.rule}", **_evidence_cells(rule, page, mine)}
        for n, rule in enumerate(page.book.of_kind("base"), 1)
    ]
    return pd.DataFrame(rows)


def _items(page: PageData, mine: pd.DataFrame) -> pd.DataFrame:
    """The scored and bonus items as the ledger's second table lists them."""
    points, full = (dict(frame.loc[page.now]) for frame in (page.card.points, page.card.full))
    rows = []
    for rule in [*page.book.of_kind("item"), *page.book.of_kind("bonus")]:
        category = (
            f"{rule.category}、{page.book.categories[rule.category].name}"
            if rule.category
            else "附加项"
        )
        rows.append(
            {
                "项目": category,
                "评估内容": f"{rule.id} {rule.name}：{rule.rule}",
                "满分": full[rule.id],
                "得分": points[rule.id],
                **_evidence_cells(rule, page, mine),
            }
        )
    return pd.DataFrame(rows)


def _evidence_cells(rule: Rule, page: PageData, mine: pd.DataFrame) -> dict[str, str]:
    """Materials, units and progress of a rule."""
    state = phrases.STATUS[str(page.card.status.loc[page.now, rule.id])]
    own = mine[mine["id"] == rule.id]
    units = [*(f"{unit}（牵头）" for unit in rule.lead), *rule.units]
    return {
        "佐证材料": "；".join(e.text for e in rule.evidence),
        "责任单位": "、".join(units),
        "完成情况": f"{state}；{_progress(own) if len(own) else _of_city(rule, page)}",
    }


def _of_city(rule: Rule, page: PageData) -> str:
    """How the materials stand that a county's score rests on and its city owes."""
    log = page.group.worklog
    if log is None or page.evidence_word(rule.id) == "已佐证":
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


def _tasks(tasks: pd.DataFrame, rules: Mapping[str, Rule]) -> pd.DataFrame:
    """Materials still to be handed in or put right, overdue first."""
    frame = tasks.rename(columns={"kind": "material_kind", "unit": "sender"}).assign(
        name=[rules[id].name for id in tasks["id"]],
        seal=tasks["needs_seal"].map({True: "是", False: ""}),
        late=tasks["overdue"].map({True: "已过期", False: ""}),
        gate=tasks["gate"].map({True: "是", False: ""}),
        owner=["、".join(names) for names in tasks["owners"]],
    )
    return headed(frame, TASKS)


def _office(office: OfficeData, log: Worklog) -> pd.DataFrame:
    """An office's items: what they give, what would win the rest, and the evidence that is
    missing.
    """
    wins: dict[str, list[str]] = {}
    columns = ["id", "aim", "city_steps", "total_gain"]
    for id, aim, steps, gain in office.losses()[columns].to_numpy():
        if aim != "next":
            points = f"（+{words.points(gain)} 分）" if aim == "full" else "（即通过）"
            wins.setdefault(id, []).append(steps + points)
    tasks = log.tasks[[office.name in owners for owners in log.tasks["owners"]]]
    missing: dict[str, list[str]] = {}
    for name, id, material, state in tasks[["jurisdiction", "id", "material", "state"]].to_numpy():
        missing.setdefault(id, []).append(f"{name}：{material}（{state}）")
    items = office.items()
    items["actions"] = [" 或 ".join(wins.get(id, [])) for id in items["id"]]
    items["missing_materials"] = ["；".join(missing.get(id, [])) for id in items["id"]]
    return headed(items, ITEMS)


def _notes(page: PageData, log: Worklog, provenance: Mapping[str, str]) -> pd.DataFrame:
    """What the workbook was made of and under which readings."""
    return note_sheet(
        {"期间": page.period, "截至": log.as_of, **provenance},
        page.readings,
        page.book,
        page.sample,
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
