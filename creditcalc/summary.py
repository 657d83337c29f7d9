"""All jurisdictions of a period together: the text of the index page and the sheets of the summary workbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from creditcalc import wording
from creditcalc.answers import steps
from creditcalc.compare import ranks
from creditcalc.datatable import Column, Table
from creditcalc.display import Note, Prose, Shown
from creditcalc.plan import Plan
from creditcalc.problems import Problem
from creditcalc.record import Key, Page
from creditcalc.scoring import score
from creditcalc.targets import targets

STATUS = {"made": "已生成", "unchanged": "未变", "failed": "失败", "refused": "未生成", "left": "本次未做"}
SEVERITY = {"error": "错误", "notice": "提示"}
KINDS = {"item": "评分指标", "bonus": "附加项"}
SHOWN = 500  # problems on the index page; the workbook has all


def index_body(plan: Plan, pages: list[Page]) -> str:
    """The index page's text: how the run went, who stands where, what has no page and why, what is wrong with the data."""
    errors, notices = plan.study.checked.errors, [p for p in plan.study.problems if p.severity == "notice"]
    shown: list[tuple[str, Iterable[Shown]]] = [
        ("本次运行", _outcome(pages, errors, notices)),
        ("得分", [_standings(plan, pages)]),
    ]
    without = [page for page in pages if page.error]
    if without:
        shown.append(("没有生成的页面", [_without_page(without)]))
    if errors:
        shown.append(("数据错误", [_problem_table(errors)]))
    if notices:
        shown.append(("数据提示", [_problem_table(notices)]))
    return "\n".join(f"<h2>{title}</h2>\n" + "\n".join(part.html() for part in parts) for title, parts in shown)


def _outcome(pages: list[Page], errors: list[Problem], notices: list[Problem]) -> Iterable[Shown]:
    counts = {word: sum(page.status == status for page in pages) for status, word in STATUS.items()}
    yield Prose(
        [
            "，".join(f"{word} {n} 页" for word, n in counts.items() if n)
            + f"；数据错误 {len(errors)} 处，提示 {len(notices)} 处。"
        ]
    )
    for status, text in (("failed", "生成时出错"), ("refused", "数据有错误，没有生成页面")):
        names = "、".join(page.name for page in pages if page.status == status)
        if names:
            yield Note(f"{names}：{text}", "失败", "bad")


def _totals(plan: Plan) -> pd.DataFrame:
    """The period's totals, counties ranked within their city, without those whose data has errors."""
    study = plan.study
    totals = study.totals[study.totals["period"] == plan.period]
    counties = totals[totals["level"] == "county"].groupby("city", sort=False)
    places = [ranks(group)["rank"] for _, group in counties]
    totals = totals.assign(rank=pd.concat(places).reindex(totals.index) if places else np.nan)
    keys = zip(totals["level"], totals["city"], totals["jurisdiction"], strict=True)
    totals = totals[[key not in plan.refused for key in keys]]
    return totals.sort_values(["city", "level", "rank"], kind="stable")


def _standings(plan: Plan, pages: list[Page]) -> Table:
    """Confirmed score, interval, bonus, eligibility and rank of each jurisdiction, with a link to its page."""
    page_of = {page.key: page for page in pages}
    totals = _totals(plan)
    own = [page_of[Key(*who)] for who in zip(totals["level"], totals["city"], totals["jurisdiction"], strict=True)]
    frame = pd.DataFrame(
        {
            "rank": totals["rank"],
            "name": totals["jurisdiction"],
            "city": totals["city"],
            "score": totals["score"],
            "interval": [wording.interval(low, high) for low, high in zip(totals["low"], totals["high"], strict=True)],
            "bonus": [wording.interval(low, high) for low, high in zip(totals["bonus_low"], totals["bonus_high"], strict=True)],
            "eligible": totals["eligible"].map(wording.ELIGIBLE),
            "page": [STATUS[page.status] for page in own],
            "_file": [page.file for page in own],
            "_tone": totals["eligible"].map({"yes": "good", "no": "bad", "pending": "warn"}),
        }
    )
    columns = {
        "name": Column("县（区、市）", link="_file"),
        "city": Column("所属市"),
        "rank": Column("排名", kind="number", digits=0),
        "score": Column("已确认得分", kind="number", shade="bar", full=plan.study.book.full),
        "interval": Column("得分区间"),
        "bonus": Column("附加分"),
        "eligible": Column("申报条件", kind="status", tone="_tone"),
        "page": Column("页面"),
    }
    return Table(frame, "各县（区）与全市得分", unit="分", source="排名在本市各县（区）之间，按得分区间的下限", columns=columns)


def _without_page(pages: list[Page]) -> Table:
    rows = [{"name": page.name, "status": STATUS[page.status], "why": page.error} for page in pages]
    columns = {"name": Column("县（区、市）"), "status": Column("状态"), "why": Column("原因")}
    return Table(pd.DataFrame(rows), "没有生成的页面和原因", columns=columns)


def _problem_table(problems: list[Problem]) -> Table:
    rows = [{"县（区、市）": p.jurisdiction or "—", "期间": p.period or "—", "问题": str(p)} for p in problems[:SHOWN]]
    more = f"（共 {len(problems)} 处，只列前 {SHOWN} 处，全部见汇总表）" if len(problems) > SHOWN else ""
    return Table(pd.DataFrame(rows), f"{SEVERITY[problems[0].severity]}{more}")


def sheets(plan: Plan) -> dict[str, pd.DataFrame]:
    """The sheets of the summary workbook, with headers for people."""
    study = plan.study
    rows = study.table[study.table["period"] == plan.period]
    card = score(rows, study.book, study.readings)
    items = card.items().assign(city=np.repeat(rows["city"].to_numpy(), len(study.book.rules)))
    items = items[~items.set_index(["city", "jurisdiction"]).index.isin([(key.city, key.name) for key in plan.refused])]
    rules = study.book.rules
    items = items.assign(
        name=items["id"].map({id: rule.name for id, rule in rules.items()}),
        category=items["id"].map({id: rule.category for id, rule in rules.items()}),
        clause=items["id"].map({id: rule.clause for id, rule in rules.items()}),
        status=items["status"].map(wording.STATUS),
        kind=items["kind"].map(KINDS),
    )
    scored = items["kind"].notna()
    totals = _totals(plan)
    totals = totals.assign(level=totals["level"].map(wording.LEVEL), eligible=totals["eligible"].map(wording.ELIGIBLE))
    return {
        "总分": _headed(totals, TOTALS),
        "评分项": _headed(items[scored], ITEMS),
        "基础指标": _headed(items[~scored], BASE),
        "目标": _headed(_target_frame(plan, rows), TARGETS),
        "数据问题": problem_frame(study.problems),
    }


def _target_frame(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """What it takes, for everyone whose data is sound: the changes in words and the points that they bring."""
    book, frames = plan.study.book, []
    for city, group in table.groupby("city"):
        found = targets(score(group, book, plan.study.readings)).assign(city=city)
        typed = {row["jurisdiction"]: row for row in group.to_dict("records")}
        pairs = zip(found["jurisdiction"], found["changes"], strict=True)
        frames.append(found.assign(steps=[steps(book, typed[name], changes) for name, changes in pairs]))
    frame = pd.concat(frames)
    frame = frame[~frame.set_index(["city", "jurisdiction"]).index.isin([(key.city, key.name) for key in plan.refused])]
    return frame.assign(
        name=frame["id"].map({id: rule.name for id, rule in book.rules.items()}),
        duty=frame["id"].map({id: wording.LEVEL[rule.scope] for id, rule in book.rules.items()}),
        goal=frame["goal"].map(GOALS),
    )


WHO = {"jurisdiction": "县（区、市）", "city": "所属市", "period": "期间"}
TOTALS = WHO | {
    "level": "级别",
    "rank": "排名",
    "score": "已确认得分",
    "low": "最低可能得分",
    "high": "最高可能得分",
    "bonus": "已确认附加分",
    "bonus_low": "最低可能附加分",
    "bonus_high": "最高可能附加分",
    "total": "合计",
    "eligible": "申报条件",
    "county_duty": "县（区）任务得分",
    "county_duty_full": "县（区）任务满分",
}
ITEMS = WHO | {
    "id": "编号",
    "name": "指标",
    "kind": "性质",
    "category": "类别",
    "full": "满分",
    "value": "现值",
    "score": "得分",
    "low": "最低可能得分",
    "high": "最高可能得分",
    "status": "状态",
    "clause": "依据",
}
GOALS = {"full": "满分", "next": "下一步", "pass": "通过"}
TARGETS = WHO | {
    "id": "编号",
    "name": "指标",
    "duty": "任务",
    "goal": "目标",
    "steps": "要做到",
    "points": "本项可得分",
    "total_gain": "合计可得分",
}
BASE = WHO | {"id": "编号", "name": "基础指标", "value": "现值", "status": "结论", "clause": "依据"}


def _headed(frame: pd.DataFrame, headers: Mapping[str, str]) -> pd.DataFrame:
    return frame[list(headers)].rename(columns=dict(headers))


def problem_frame(problems: Iterable[Problem]) -> pd.DataFrame:
    """Problems as a table, one line each."""
    headers = ["性质", *WHO.values(), "文件", "工作表", "行", "列", "问题", "值", "怎么办"]
    rows = [
        (SEVERITY[p.severity], p.jurisdiction, p.city, p.period, p.file, p.sheet, p.row, p.column, p.what, p.value, p.cure)
        for p in problems
    ]
    return pd.DataFrame(rows, columns=headers)
