"""The tables of the reports, each made from one page's brief."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from creditcalc import words
from creditcalc.analysis.ranking import ranks
from creditcalc.pages.page_data import Brief
from creditcalc.render.display import Fact, Facts, Prose
from creditcalc.render.table import Column, Table
from creditcalc.rules import phrases
from creditcalc.rules.inputs import input_value

DUTY = "县（区）"
STATUS = Column("状态", kind="status")


def id_column(label: str = "编号") -> Column:
    """The column of rule ids, which lead to the rule's line in the full list."""
    return Column(label, link="_href")


def key_figures(brief: Brief) -> Facts:
    """Eligibility, score with its interval, county duty, bonus and place at one look."""
    t: Any = brief.card.totals().loc[brief.now]
    counts = brief.card.status.loc[
        brief.now, [r.id for r in brief.book.of_kind("base")]
    ].value_counts()
    tone = {"yes": "good", "no": "bad", "pending": "warn"}[t["eligible"]]
    gates = "，".join(
        f"{phrases.STATUS[s]} {counts[s]} 项"
        for s in ("pass", "fail", "pending")
        if counts.get(s, 0)
    )
    facts = [
        Fact("申报条件", phrases.ELIGIBLE[t["eligible"]], f"基础指标：{gates}", tone),
        Fact(
            "评分指标得分",
            words.points(t["score"]),
            _of(brief.book.full) + _open(t["low"], t["high"]),
        ),
        Fact(
            "附加分",
            words.points(t["bonus"]),
            _of(brief.book.bonus) + _open(t["bonus_low"], t["bonus_high"]),
        ),
        Fact(
            "合计",
            words.points(t["total"]),
            "评分指标与附加项之和" + _open(t["low"] + t["bonus_low"], t["high"] + t["bonus_high"]),
        ),
    ]
    if brief.level == "county":
        facts.append(
            Fact("县（区）任务得分", words.points(t["county_duty"]), _of(t["county_duty_full"]))
        )
        facts.append(Fact("县（区）排名", *place_words(brief)))
    return Facts(facts)


def place_words(brief: Brief) -> tuple[str, str]:
    """The rank among the counties, and what is to be said of it."""
    p = brief.place
    remark = "按至少可得的分数，同分同名次" + ("，有并列" if p["tied"] else "")
    if p["best"] != p["worst"]:
        remark += f"；数据补齐后可能为第 {p['best']}–{p['worst']} 名"
    return f"{p['rank']} / {p['of']}", remark


def _of(full: float) -> str:
    return f"满分 {words.number(full)} 分"


def _open(low: float, high: float) -> str:
    return "" if math.isclose(low, high) else f"；数据补齐后在 {words.interval(low, high)} 之间"


def item_frame(brief: Brief) -> pd.DataFrame:
    """One row per rule of the period: marks, points, interval, loss, and the words that tables
    show.
    """
    return brief.items.copy()


def category_sums(brief: Brief) -> pd.DataFrame:
    """Full marks, points and interval by category, and the median of the counties' own points in
    it.
    """
    frame = item_frame(brief)
    frame = frame[frame["kind"] == "item"]
    sums = frame.groupby("category", sort=False)[["full", "score", "low", "high"]].sum()
    return sums.assign(
        median=brief.group.category_medians.reindex(sums.index),
        name=[brief.book.categories[c].name for c in sums.index],
    )


def base(brief: Brief) -> Table:
    """The base indicators, failed and pending ones first."""
    frame = item_frame(brief)
    frame = frame[frame["kind"] == "base"]
    order = {"不通过": 0, "待核实": 1, "通过": 2}
    frame = frame.sort_values("status", key=lambda s: s.map(order), kind="stable")
    columns = {
        "id": id_column(),
        "name": Column("基础指标"),
        "status": STATUS,
        "value": Column("现值"),
        "goal": Column("要求"),
        "clause": Column("依据"),
    }
    return Table(frame, "基础指标逐项核对", source=source(brief), columns=columns)


def category_table(brief: Brief) -> Table:
    """Points by category with their interval."""
    frame = category_sums(brief).reset_index()
    total = frame[["full", "score", "low", "high"]].sum()
    total["median"] = brief.group.counties.totals()["score"].median()
    frame.loc[len(frame)] = {**total, "category": "合计", "name": ""}
    frame["interval"] = [
        words.interval(a, b) for a, b in zip(frame["low"], frame["high"], strict=True)
    ]
    columns = {
        "category": Column("类别"),
        "name": Column("内容"),
        "full": Column("满分", kind="number"),
        "score": Column("已确认得分", kind="number", shade="bar", full="full"),
        "interval": Column("得分区间"),
    }
    if brief.level == "county":
        columns["median"] = Column("各县（区）中位数", kind="number")
    return Table(frame, "各类得分", unit="分", source=source(brief), columns=columns, total=True)


def missing(brief: Brief) -> Table:
    """What is not known: the items and base indicators that wait for it, and what they could still
    give.
    """
    frame = item_frame(brief)
    frame = frame[frame["status"].isin(["缺数据", "待核实"])].copy()
    row = brief.rows.loc[brief.now]
    frame["inputs"] = [
        "、".join(
            brief.book.inputs[n].label
            for n in brief.book.rules[id].inputs(brief.readings)
            if _absent(row.get(n))
        )
        for id in frame["id"]
    ]
    frame["interval"] = [
        "—" if math.isnan(a) else words.interval(a, b)
        for a, b in zip(frame["low"], frame["high"], strict=True)
    ]
    columns = {
        "id": id_column(),
        "name": Column("指标"),
        "status": STATUS,
        "inputs": Column("缺的数据"),
        "interval": Column("得分区间"),
    }
    return Table(frame, "缺数据的指标", unit="分", source=source(brief), columns=columns)


def _absent(x: Any) -> bool:
    return x is None or bool(pd.isna(x))


def county_duty(brief: Brief) -> Table:
    """The items that the ledger gives to counties."""
    frame = item_frame(brief)
    frame = frame[(frame["kind"] == "item") & (frame["duty"] == DUTY)]
    total = frame[["full", "score", "lost"]].sum()
    frame.loc["合计"] = {**dict.fromkeys(frame, None), **total, "id": "合计", "name": ""}
    columns = {
        "id": id_column(),
        "name": Column("评分指标"),
        "value": Column("现值"),
        "goal": Column("满分要求"),
        "score": Column("得分", kind="number", shade="bar", full="full"),
        "full": Column("满分", kind="number"),
        "status": STATUS,
    }
    return Table(
        frame, "县（区）任务各项得分", unit="分", source=source(brief), columns=columns, total=True
    )


def months(brief: Brief) -> Table:
    """The totals of every month up to the period."""
    frame = brief.card.totals()
    frame["change"] = frame["score"].diff()
    frame["interval"] = [
        words.interval(a, b) for a, b in zip(frame["low"], frame["high"], strict=True)
    ]
    frame["eligible"] = frame["eligible"].map({"yes": "通过", "no": "不通过", "pending": "待核实"})
    columns = {
        "period": Column("期间"),
        "score": Column("已确认得分", kind="number"),
        "change": Column("比上一期", kind="number"),
        "interval": Column("得分区间"),
        "bonus": Column("附加分", kind="number"),
        "eligible": Column("基础指标", kind="status"),
    }
    return Table(frame, "逐月得分", unit="分", source=source(brief), columns=columns)


def readings(brief: Brief) -> Table:
    """The readings in force, with what else each could be and which rules depend on it."""
    rows = []
    for r in brief.book.readings.values():
        option = brief.readings[r.id]
        affected = [rule.id for rule in brief.book.rules.values() if r.id in rule.readings]
        rows.append(
            {
                "id": r.id,
                "question": r.question,
                "option": f"{option}：{r.options[option]}",
                "default": "默认" if option == r.default else "改选",
                "others": "；".join(f"{o}：{text}" for o, text in r.options.items() if o != option),
                "reason": r.reason,
                "rules": "、".join(affected) or "附加分合计",
            }
        )
    columns = {
        "id": Column("读法"),
        "question": Column("问题"),
        "option": Column("本页采用"),
        "default": Column("是否默认"),
        "others": Column("其他选项"),
        "reason": Column("默认的理由"),
        "rules": Column("涉及指标"),
    }
    return Table(pd.DataFrame(rows), "本页采用的读法", source=brief.book.document, columns=columns)


def repairs(brief: Brief) -> Table:
    """The certain repairs of the ledger's text, and what rules leave knowingly open."""
    rows = [{"what": "文字更正", "clause": r.clause, "text": r.text} for r in brief.book.repairs]
    rows += [
        {"what": "说明", "clause": r.clause, "text": f"{r.id}：{r.note}"}
        for r in brief.book.rules.values()
        if r.note
    ]
    columns = {"what": Column("性质"), "clause": Column("依据"), "text": Column("内容")}
    frame = pd.DataFrame(rows, columns=list(columns))  # a rulebook may have none
    return Table(frame, "台账文本的更正与说明", source=brief.book.document, columns=columns)


def problems(brief: Brief) -> Table:
    """Problems of the whole table and notices that concern this jurisdiction."""
    rows = [
        {
            "kind": words.SEVERITY[p.severity],
            "where": p.where,
            "what": p.what,
            "value": p.value,
            "cure": p.cure,
        }
        for p in brief.problems
    ]
    columns = {
        "kind": Column("性质", kind="status"),
        "where": Column("位置"),
        "what": Column("问题"),
        "value": Column("值"),
        "cure": Column("办法"),
    }
    return Table(
        pd.DataFrame(rows, columns=list(columns)),
        "数据问题与提示",
        source="填报数据",
        columns=columns,
    )


def remark(brief: Brief) -> Prose:
    """What the period's row remarks."""
    text = brief.rows.loc[brief.now].get("remark")
    return Prose([] if _absent(text) or not text else [f"填报备注：{text}"])


def all_rules(brief: Brief) -> Table:
    """Every rule with its value, points and clause; other tables link here."""
    frame = item_frame(brief)
    frame["points"] = [
        "—" if k == "base" else words.interval(a, b)
        for k, a, b in zip(frame["kind"], frame["low"], frame["high"], strict=True)
    ]
    frame["rule"] = [brief.book.rules[id].rule for id in frame["id"]]
    frame["evidence"] = [brief.evidence_word(id) for id in frame["id"]]
    columns = {
        "id": Column("编号"),
        "name": Column("指标"),
        "rule": Column("规则"),
        "value": Column("现值"),
        "goal": Column("要求"),
        "points": Column("得分"),
        "full": Column("满分", kind="number", digits=0),
        "status": STATUS,
        **({"evidence": Column("佐证", kind="status")} if brief.group.worklog else {}),
        "clause": Column("依据"),
    }
    return Table(
        frame, "全部指标明细", unit="分", source=source(brief), columns=columns, row_ids="id"
    )


def inputs(brief: Brief) -> Table:
    """Every input of the period's row, with its origin, so that each number can be followed back."""
    row, typed = brief.rows.loc[brief.now], brief.typed
    rows = []
    for i in brief.book.inputs.values():
        value = row.get(i.name)
        taken = "县（区）汇总" if brief.level == "city" else "沿用市级填报"
        origin = "填报" if i.name in typed else "缺" if _absent(value) else taken
        used = "、".join(r.id for r in brief.book.users(i.name)) or "城镇化率"
        rows.append(
            {
                "label": i.label,
                "name": i.name,
                "value": input_value(i, None if _absent(value) else value),
                "origin": origin,
                "used": used,
            }
        )
    columns = {
        "label": Column("数据项"),
        "name": Column("列名"),
        "value": Column("本期值"),
        "origin": Column("来源", kind="status"),
        "used": Column("用于"),
    }
    return Table(
        pd.DataFrame(rows), "本期指标数据", source="填报数据与市、县（区）汇总", columns=columns
    )


def standings(brief: Brief) -> Table:
    """All counties of a city side by side."""
    frame = brief.group.counties.totals()
    frame = frame.join(ranks(frame)).sort_values(["rank", "jurisdiction"], kind="stable")
    frame["interval"] = [
        words.interval(a, b) for a, b in zip(frame["low"], frame["high"], strict=True)
    ]
    frame["places"] = [
        f"{b}–{w}" if b != w else str(b) for b, w in zip(frame["best"], frame["worst"], strict=True)
    ]
    frame["eligible"] = frame["eligible"].map({"yes": "通过", "no": "不通过", "pending": "待核实"})
    columns = {
        "jurisdiction": Column("县（区）"),
        "rank": Column("名次", kind="number", digits=0),
        "places": Column("可能的名次"),
        "score": Column("已确认得分", kind="number", shade="bar", full=100),
        "interval": Column("得分区间"),
        "county_duty": Column("县（区）任务得分", kind="number"),
        "bonus": Column("附加分", kind="number"),
        "eligible": Column("基础指标", kind="status"),
    }
    return Table(
        frame,
        "各县（区）得分与名次（按区间下限排名，同分同名次，如 1、2、2、4）",
        unit="分",
        source=source(brief),
        columns=columns,
    )


def base_matrix(brief: Brief) -> Table:
    """The base indicators of the city and its counties side by side; only those that somebody does
    not pass.
    """
    rules = brief.book.of_kind("base")
    rows = {brief.name: brief.card.status.loc[brief.now]}
    names = brief.group.counties.table["jurisdiction"]
    rows |= {name: brief.group.counties.status.iloc[n] for n, name in enumerate(names)}
    frame = pd.DataFrame(
        {
            "id": [r.id for r in rules],
            "name": [r.name for r in rules],
            "_href": [f"#{r.id}" for r in rules],
        }
        | {who: [phrases.STATUS[str(status[r.id])] for r in rules] for who, status in rows.items()}
    )
    frame = frame[(frame[list(rows)] != "通过").any(axis=1)]
    columns = {"id": id_column(), "name": Column("基础指标")} | {
        who: Column(kind="status") for who in rows
    }
    return Table(
        frame, "未全部通过的基础指标：市与各县（区）", source=source(brief), columns=columns
    )


def shared_thresholds(brief: Brief) -> Prose:
    """For a county: its own and the city's count wherever the threshold is the city's."""
    lines = []
    for rule in brief.book.rules.values():
        for name in rule.inputs(brief.readings) if rule.city_threshold else []:
            i = brief.book.inputs[name]
            own = input_value(i, brief.rows.loc[brief.now].get(name))
            city = input_value(i, brief.group.city_inputs.get(name))
            lines.append(f"{rule.id} {rule.name}：本县（区）{own}，全市 {city}。{rule.note}")
    return Prose(lines)


def source(brief: Brief) -> str:
    """Where a table's numbers come from."""
    return f"{brief.period} 填报数据，按{brief.book.document}计算"
