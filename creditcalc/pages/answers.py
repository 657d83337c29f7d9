"""The tables that answer “why not more, and what would it take”: targets, readings, missing data,
peers, contributions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from creditcalc import words
from creditcalc.analysis.ranking import against_median, change_since, months_to_full
from creditcalc.analysis.steps import effort, steps, unit
from creditcalc.pages.page_data import Brief
from creditcalc.pages.tables import id_column, item_frame, source
from creditcalc.render.display import Fact, Facts, Prose
from creditcalc.render.table import Column, Table
from creditcalc.rules import phrases
from creditcalc.words import interval, number, points

CHEAP = 3  # targets that the top of a page names
SHOWN = 0.005  # points that a table can show
STEP = 0.05  # points that make a step below full marks worth a line


def cheapest(brief: Brief) -> Facts:
    """The cheapest points: among whole steps in its own hands those that bring most per unit, one
    for each item.
    """
    frame = brief.actions
    frame = frame[
        frame["whole"] & frame["own"] & (frame["total_gain"] >= SHOWN) & (frame["goal"] != "pass")
    ]
    frame = (
        frame.sort_values(["per_unit", "total_gain"], ascending=False, kind="stable")
        .drop_duplicates("id")
        .head(CHEAP)
    )
    columns = zip(
        frame["id"], frame["name"], frame["total_gain"], frame["steps"], frame["duty"], strict=True
    )
    facts = [
        Fact(f"{id} {name}（{duty}任务）", f"+{points(gain)} 分", what, "good")
        for id, name, gain, what, duty in columns
    ]
    return Facts(facts or [Fact("最省力的得分", "无", "没有失分，或失分项目缺数据")])


def gates(brief: Brief) -> Table:
    """What makes each failed base indicator pass, and why some cannot be said."""
    frame = brief.actions
    frame = frame[frame["goal"] == "pass"]
    base = {rule.id for rule in brief.book.of_kind("base")}
    left = _unreachable(brief)
    left = left[left["id"].isin(base)].assign(steps=lambda t: t["reason"])
    frame = pd.concat([frame[["id", "steps"]], left[["id", "steps"]]])
    frame = frame.assign(
        name=[brief.book.rules[id].name for id in frame["id"]],
        _href=["#" + id for id in frame["id"]],
    )
    columns = {"id": id_column(), "name": Column("基础指标"), "steps": Column("怎样通过")}
    return Table(frame, "未通过的基础指标怎样通过", source=source(brief), columns=columns)


def actions(brief: Brief) -> Table:
    """失分与对策: every confirmed loss with the change for full marks, its effort and points, and
    the next step below it.
    """
    losses, frame = item_frame(brief), brief.actions
    losses = losses[(losses["kind"] != "base") & (losses["lost"] > 1e-9)]
    worthy = (frame["goal"] == "full") | ((frame["goal"] == "next") & (frame["total_gain"] >= STEP))
    frame = frame[frame["id"].isin(losses.index) & worthy]
    frame = frame.join(losses[["value", "goal"]].rename(columns={"goal": "required"}), on="id")
    frame = frame.assign(
        _href=["#" + id for id in frame["id"]],
        steps=[
            "下一步：" * (goal == "next") + text
            for goal, text in zip(frame["goal"], frame["steps"], strict=True)
        ],
        now=[
            f"{value}（{'全市' if part else ''}{required}）"
            for value, required, part in zip(
                frame["value"], frame["required"], frame["shared"], strict=True
            )
        ],
        gain=[
            f"全市 {points(total)}，本县（区）不变" if part else _gain(own, total)
            for own, total, part in zip(
                frame["points"], frame["total_gain"], frame["shared"], strict=True
            )
        ],
        rate=[
            _rate(rate, unit) for rate, unit in zip(frame["per_unit"], frame["unit"], strict=True)
        ],
        pace=[
            _pace(brief, id) if goal == "full" else ""
            for id, goal in zip(frame["id"], frame["goal"], strict=True)
        ],
    )
    columns = {
        "id": id_column(),
        "name": Column("评分指标"),
        "duty": Column("任务"),
        "now": Column("现值（满分要求）"),
        "steps": Column("要做到"),
        "gain": Column("可得分"),
        "rate": Column("每单位"),
        "pace": Column("按目前进度"),
    }
    return Table(
        frame, "失分与对策，按可得分从多到少", unit="分", source=source(brief), columns=columns
    )


def _gain(own: float, total: float) -> str:
    """The gain on the total, and the item's own where other rules move too."""
    return points(total) if abs(own - total) < SHOWN else f"{points(total)}（本项 {points(own)}）"


def _rate(rate: float, unit: str) -> str:
    """Points per unit, or per as many units as bring a hundredth.

    >>> _rate(0.5, "项"), _rate(0.000032, "户")
    ('0.5 / 项', '0.032 / 1,000 户')
    """
    if rate <= 0:
        return "—"
    many = 10 ** max(0, math.ceil(-2 - math.log10(rate)))
    return f"{number(rate * many, 4)} / {f'{number(many)} ' if many > 1 else ''}{unit}"


def _pace(brief: Brief, id: str) -> str:
    """Months to full marks where the trend is clear, and silence where it is not or a month is not
    known.
    """
    rule = brief.book.rules[id]
    if rule.formula is None or rule.measure is None or rule.measure.kind.is_logic:
        return "—"
    goal = rule.formula.bind(brief.readings).inverse(rule.full, rule.full)
    known = brief.card.value[id].set_axis(pd.PeriodIndex(brief.rows["period"], freq="M"))
    every = pd.period_range(known.index.min(), known.index.max(), freq="M")
    months = months_to_full(list(known.reindex(every)), goal)
    return f"约 {months} 个月" if months else "—"


def unreachable(brief: Brief) -> Table:
    """Items short of full marks for which no target can be said, with the reason."""
    items = {rule.id for rule in brief.book.of_kind("item")}
    frame = _unreachable(brief)
    frame = frame[frame["id"].isin(items)]
    frame = frame.assign(
        name=[brief.book.rules[id].name for id in frame["id"]],
        _href=["#" + id for id in frame["id"]],
    )
    columns = {"id": id_column(), "name": Column("评分指标"), "reason": Column("原因")}
    return Table(frame, "说不出对策的项目与原因", source=source(brief), columns=columns)


def _unreachable(brief: Brief) -> pd.DataFrame:
    left = brief.targets.unreachable
    return left[left["jurisdiction"] == brief.name]


def reading_moves(brief: Brief) -> Table:
    """The readings that move this jurisdiction's total, rank or eligibility, and by how much."""
    one = brief.sensitivity.one
    frame = one[one["jurisdiction"] == brief.name].copy()
    moved = (frame["change"].abs() > SHOWN) | (frame["eligible"] != frame["eligible_before"])
    frame = frame[moved | (frame["rank"] != frame["rank_before"]) & frame["rank"].notna()]
    frame["order"] = -frame["change"].abs()
    frame = frame.sort_values("order", kind="stable")
    frame["option"] = [
        f"{o}：{brief.book.readings[r].options[o]}"
        for r, o in zip(frame["reading"], frame["option"], strict=True)
    ]
    frame["place"] = [
        "—"
        if pd.isna(now)
        else f"第 {now:.0f} 名" + ("" if now == before else f"（原第 {before:.0f} 名）")
        for now, before in zip(frame["rank"], frame["rank_before"], strict=True)
    ]
    frame["gate"] = [
        phrases.ELIGIBLE[now]
        if now == before
        else f"{phrases.ELIGIBLE[before]} → {phrases.ELIGIBLE[now]}"
        for now, before in zip(frame["eligible"], frame["eligible_before"], strict=True)
    ]
    columns = {
        "reading": Column("读法"),
        "option": Column("改为"),
        "change": Column("合计变动", kind="number"),
        "total": Column("合计", kind="number"),
        "place": Column("名次"),
        "gate": Column("申报条件"),
    }
    return Table(
        frame,
        "改选一种读法，合计、名次或申报条件怎样变（没有影响的不列）",
        unit="分",
        source=source(brief),
        columns=columns,
    )


def extremes(brief: Brief) -> Prose:
    """The lowest and the highest total over all combinations of readings."""
    e = brief.sensitivity.extremes
    mine = e[e["jurisdiction"] == brief.name].to_dict("records")[0]

    def named(readings: Mapping[str, str]) -> str:
        return "、".join(f"{r}={o}" for r, o in readings.items()) or "本页采用的读法"

    low, high, now = (points(mine[key]) for key in ("lowest", "highest", "total"))
    least, most = named(mine["lowest_readings"]), named(mine["highest_readings"])
    text = f"全部 {mine['combinations']} 种读法组合下，已确认合计最低 {low} 分（{least}），最高 {high} 分（{most}）"
    return Prose([f"{text}；本页 {now} 分。"])


def worth(brief: Brief) -> Table:
    """What each missing input is worth: which telephone call to make first."""
    frame = brief.sensitivity.missing
    frame = frame[frame["jurisdiction"] == brief.name].copy()
    frame["waiting"] = [
        "、".join([*items, *gates])
        for items, gates in zip(frame["items"], frame["gates"], strict=True)
    ]
    frame["whom"] = [_whom(brief, name) for name in frame["input"]]
    columns = {
        "label": Column("缺的数据"),
        "input": Column("列名"),
        "whom": Column("问谁"),
        "waiting": Column("等它的指标"),
        "closes": Column("知道后至少确定", kind="number"),
        "closes_at_most": Column("至多确定", kind="number"),
        "share": Column("占未定分值", kind="number", shade="bar"),
    }
    return Table(
        frame, "缺的数据值多少分，从多到少", unit="分", source=source(brief), columns=columns
    )


def _whom(brief: Brief, name: str) -> str:
    """Who has not given an input: the counties whose blank leaves the city's sum open, or who is to
    say it.
    """
    i = brief.book.inputs[name]
    if brief.level == "county":
        return brief.city if i.inherit else brief.name
    if i.rollup == "city":
        return brief.name
    typed = brief.group.typed
    given = typed[(typed["level"] == "county") & (typed[name].notna() if name in typed else False)]
    return "、".join(
        county for county in brief.counties if county not in set(given["jurisdiction"])
    )


def beside_median(brief: Brief, most: int = 5) -> Table:
    """Weaknesses and strengths against the counties' median."""
    items = [rule.id for rule in brief.book.of_kind("item")]
    own = brief.card.points.loc[[brief.now], items].iloc[0]
    frame = against_median(own, brief.group.medians.to_frame().T)
    frame = frame[frame["difference"].abs() > SHOWN]
    weak, strong = (
        frame[frame["difference"] < 0].head(most),
        frame[frame["difference"] > 0].tail(most).iloc[::-1],
    )
    frame = pd.concat([weak.assign(side="弱项"), strong.assign(side="强项")], ignore_index=True)
    frame = frame.assign(
        name=[brief.book.rules[id].name for id in frame["id"]],
        _href=["#" + id for id in frame["id"]],
    )
    columns = {
        "side": Column("强弱"),
        "id": id_column(),
        "name": Column("评分指标"),
        "own": Column("本县（区）", kind="number"),
        "median": Column("各县（区）中位数", kind="number"),
        "difference": Column("相差", kind="number"),
    }
    return Table(frame, "与各县（区）中位数相比", unit="分", source=source(brief), columns=columns)


def changes(brief: Brief, since: str = "") -> Table:
    """The items that moved since an earlier period, by default the one before."""
    known = list(brief.rows["period"])
    earlier = since or (known[-2] if len(known) > 1 else known[-1])
    frame = change_since(brief.card, brief.name, earlier, brief.period)
    lost = frame["before"].isna() != frame["after"].isna()
    frame = frame[lost | (frame["change"].abs() > SHOWN)]
    frame = frame.sort_values(
        "change", key=abs, ascending=False, kind="stable", na_position="first"
    )
    frame = frame.assign(
        name=[brief.book.rules[id].name for id in frame["id"]],
        _href=["#" + id for id in frame["id"]],
    )
    columns = {
        "id": id_column(),
        "name": Column("评分指标"),
        "before": Column(earlier, kind="number", missing=words.MISSING),
        "after": Column(brief.period, kind="number", missing=words.MISSING),
        "change": Column("变动", kind="number"),
    }
    return Table(
        frame,
        f"{earlier} 以来各项得分的变动（“缺”是数据未报，不计分）",
        unit="分",
        source=source(brief),
        columns=columns,
    )


def best_moves(brief: Brief, most: int = 15) -> Table:
    """For each item the move of one county that brings the city most, with the counties that could
    bring as much instead.
    """
    rows = brief.group.counties.table.set_index("jurisdiction")
    frame = brief.moves.copy()
    pairs = list(zip(frame["county"], frame["changes"], strict=True))
    frame["steps"] = [steps(brief.book, rows.loc[county], changes) for county, changes in pairs]
    frame["effort"] = [effort(brief.book, rows.loc[county], changes) for county, changes in pairs]
    frame["unit"] = [
        "、".join(dict.fromkeys(unit(brief.book, name) for name in changes)) for _, changes in pairs
    ]
    frame = frame.sort_values(["total_gain", "effort"], ascending=[False, True], kind="stable")
    first = frame.drop_duplicates("id").head(most)
    first = first.assign(
        name=[brief.book.rules[id].name for id in first["id"]],
        others=[_as_good(frame[frame["id"] == id]) for id in first["id"]],
        rate=[
            _rate(gain / units, unit)
            for gain, units, unit in first[["total_gain", "effort", "unit"]].to_numpy()
        ],
        _href=["#" + id for id in first["id"]],
    )
    shown = {
        "county": Column("县（区）"),
        "id": id_column(),
        "name": Column("指标"),
        "steps": Column("要做到"),
        "points": Column("全市本项", kind="number"),
        "total_gain": Column("全市合计", kind="number", shade="bar"),
        "rate": Column("每单位"),
        "others": Column("同样可行（任选其一）"),
    }
    title = "对全市最有用的单项改进（每项只列一个县（区），其他不变；做到全市满分为止）"
    return Table(first, title, unit="分", source=source(brief), columns=shown)


def _as_good(moves: pd.DataFrame) -> str:
    """The counties after the first whose move brings the city as much."""
    gains = moves["total_gain"].to_numpy()
    return "、".join(moves["county"][np.abs(gains - gains[0]) < SHOWN].iloc[1:]) or "—"


def shares(brief: Brief) -> Table:
    """The city's loss by item: what each county's improvement would return, and what no county
    decides.
    """
    c = brief.contribution
    frame = c.items.pivot(index="id", columns="county", values="share").assign(residual=c.residual)
    frame = frame.assign(lost=c.items.groupby("id")["lost"].first()).sort_values(
        "lost", ascending=False, kind="stable"
    )
    counties = [name for name in brief.group.counties.table["jurisdiction"] if name in frame]
    total = frame.sum(numeric_only=True)
    frame = frame.reset_index().assign(_href=lambda t: "#" + t["id"])
    frame.loc[len(frame)] = {**total, "id": "合计"}
    columns = {
        "id": id_column(),
        "lost": Column("全市失分", kind="number"),
        "residual": Column("市级自身", kind="number"),
    }
    columns |= {
        name: Column(kind="number", shade="heat", full=float(total.max() / 4 or 1))
        for name in counties
    }
    title = "全市失分的来源（沙普利值，各列之和等于失分）"
    if c.undecided:
        open_points = brief.card.full.loc[[brief.now], c.undecided].to_numpy().sum()
        title += f"；另有 {number(open_points)} 分因缺数据未定，不在其中：{'、'.join(c.undecided)}"
    return Table(frame, title, unit="分", source=source(brief), columns=columns, total=True)


def stability(brief: Brief) -> Table:
    """How each county's rank and total move under the readings, one at a time."""
    one = brief.sensitivity.one.dropna(subset=["rank"])
    extreme = brief.sensitivity.extremes.set_index("jurisdiction")
    found = one.groupby("jurisdiction", sort=False).agg(
        rank=("rank_before", "first"), best=("rank", "min"), worst=("rank", "max")
    )
    frame = found.reset_index().sort_values("rank", kind="stable")
    frame["places"] = [
        f"{b:.0f}" if b == w else f"{b:.0f}–{w:.0f}"
        for b, w in zip(
            frame[["best", "rank"]].min(axis=1), frame[["worst", "rank"]].max(axis=1), strict=True
        )
    ]
    spans = extreme.loc[frame["jurisdiction"], ["lowest", "highest"]].to_numpy(float)
    frame["span"] = [interval(low, high) for low, high in spans]
    columns = {
        "jurisdiction": Column("县（区）"),
        "rank": Column("名次", kind="number", digits=0),
        "places": Column("改选一种读法时的名次"),
        "span": Column("全部读法组合下的合计"),
    }
    return Table(
        frame, "名次与合计在各种读法下是否站得住", unit="分", source=source(brief), columns=columns
    )
