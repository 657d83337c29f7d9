"""The figures of the reports: each states its finding in its alternative text.

Figures are drawn on ``matplotlib.figure.Figure`` with margins set by hand: automatic layouts cost
as much as the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from creditcalc.analysis.ranking import ranks
from creditcalc.pages import tables
from creditcalc.pages.page_data import Brief
from creditcalc.render.display import Figure, Note, Prose, Together
from creditcalc.render.table import Column, Table
from creditcalc.render.theme import (
    ACCENT,
    FIGURE_WIDTH,
    INK,
    LINE,
    MUTED,
    PAPER,
    TONES,
    use_figure_style,
)
from creditcalc.words import interval, number, points

LETTER = 0.135  # inches that a Chinese letter of a label takes
GAP = 0.05  # inches between a label and its bar
LONGEST_LABEL = 24  # letters that leave the bars their room
MOST = 14  # bars that a reader takes in at one look
OPEN = TONES["warn"].fill
EDGE = TONES["warn"].mark
NO_COUNTIES = "本期没有各县（区）的数据。"
UNDECIDED = {"missing": "缺", "not_applicable": "—"}  # what stands in a cell without points


def categories(brief: Brief) -> Figure:
    """Points by category as a share of full marks, what is still open, and the counties' median."""
    t = tables.category_sums(brief)
    canvas, ax = _rows(
        [f"{id}　{name}" for id, name in zip(t.index, t["name"], strict=True)],
        "占满分的百分比（%）",
        right=1.35,
    )
    y, least, still_open = (
        np.arange(len(t)),
        100 * t["low"] / t["full"],
        100 * (t["high"] - t["low"]) / t["full"],
    )
    ax.barh(y, least, color=ACCENT, height=0.55, label="至少得分")
    if still_open.max() > 0:
        ax.barh(
            y, still_open, left=least, color=OPEN, edgecolor=EDGE, height=0.55, label="缺数据，未定"
        )
    if brief.level == "county":
        ax.scatter(
            100 * t["median"] / t["full"],
            y,
            color=PAPER,
            edgecolor=INK,
            marker="D",
            s=30,
            zorder=3,
            label="各县（区）中位数",
        )
    for n, (low, high, full) in enumerate(t[["low", "high", "full"]].to_numpy(float)):
        ax.text(102, n, f"{interval(low, high)} / {number(full)}", va="center", fontsize=9)
    ax.set_xlim(0, 100)
    _legend(canvas)
    share = t["low"] / t["full"]
    top, worst = t.iloc[int(share.argmax())], t.iloc[int(share.argmin())]
    alt = f"{brief.name}各类得分占满分的比例：最高是{top['name']}，{_of(top)}；最低是{worst['name']}，{_of(worst)}。"
    return Figure(canvas, alt, "各类得分占满分的比例", _source(brief))


def losses(brief: Brief) -> Figure:
    """Points lost for certain and points still open, item by item, the largest first."""
    frame = tables.item_frame(brief)
    frame = frame[(frame["kind"] == "item") & (frame["full"] > 0)]
    frame = frame.assign(sure=frame["full"] - frame["high"], open=frame["high"] - frame["low"])
    frame = (
        frame[frame["sure"] + frame["open"] > 1e-9]
        .sort_values(["sure", "open"], ascending=False, kind="stable")
        .head(MOST)
    )
    if frame.empty:
        canvas, ax = _rows(["全部项目"], "失分")
        ax.set_xlim(0, 1)
        return Figure(
            canvas, f"{brief.name}没有失分，也没有待定的项目。", "失分最多的项目", _source(brief)
        )
    canvas, ax = _rows(
        [f"{id} {name}" for id, name in zip(frame["id"], frame["name"], strict=True)],
        "分",
        right=0.6,
    )
    y, duty = np.arange(len(frame)), (frame["duty"] == tables.DUTY).to_numpy()
    bad, none = TONES["bad"].mark, TONES["none"].mark
    ax.barh(y[duty], frame["sure"][duty], color=bad, height=0.6, label="失分：县（区）任务")
    ax.barh(y[~duty], frame["sure"][~duty], color=none, height=0.6, label="失分：市级任务")
    if frame["open"].max() > 0:
        ax.barh(
            y,
            frame["open"],
            left=frame["sure"],
            color=OPEN,
            edgecolor=EDGE,
            height=0.6,
            label="缺数据，未定",
        )
    for n, (sure, undecided) in enumerate(frame[["sure", "open"]].to_numpy(float)):
        ax.text(
            sure + undecided,
            n,
            f"\u00a0{interval(sure, sure + undecided)}",
            va="center",
            fontsize=9,
        )
    _legend(canvas)
    first = frame.iloc[0]
    alt = f"{brief.name}失分最多的 {len(frame)} 项：首位是 {first['id']} {first['name']}，失 {points(first['sure'])} 分。"
    return Figure(canvas, alt, "失分最多的项目", _source(brief))


def trend(brief: Brief) -> Figure:
    """The score over the months with the interval that missing data leaves open."""
    use_figure_style()
    t = brief.card.totals().set_index("period")
    canvas = Canvas(figsize=(FIGURE_WIDTH, 2.7))
    ax = canvas.add_axes((0.08, 0.16, 0.89, 0.68))
    x = np.arange(len(t))
    ax.fill_between(x, t["low"], t["high"], color=OPEN, label="数据补齐后可能的范围")
    ax.plot(
        x, t["score"], color=ACCENT, marker="o", markersize=4.5, linewidth=2, label="已确认得分"
    )
    step = max(1, len(t) // 12)
    ax.set_xticks(x[::step], list(t.index[::step]), fontsize=8.5)
    ax.set_ylabel("分")
    ax.grid(axis="y")
    for n in sorted({0, len(t) - 1}):
        ax.annotate(
            points(t["score"].iloc[n]),
            (n, t["score"].iloc[n]),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
        )
    ax.margins(y=0.15)
    _legend(canvas)
    first, last = t["score"].iloc[0], t["score"].iloc[-1]
    moved = "上升" if last > first else "下降" if last < first else "持平"
    alt = (
        f"{brief.name}已确认得分由 {t.index[0]} 的 {points(first)} 分到 {t.index[-1]} 的 {points(last)} 分，"
        f"{moved} {points(abs(last - first))} 分。"
    )
    return Figure(canvas, alt, "逐月得分", _source(brief))


def standings(brief: Brief) -> Figure | Note:
    """All counties by what they have for certain, with what missing data leaves open."""
    t = brief.group.counties.totals()
    if t.empty:
        return Note(NO_COUNTIES)
    t = t.assign(rank=ranks(t)["rank"]).sort_values(["rank", "jurisdiction"], kind="stable")
    canvas, ax = _rows(
        [f"{rank}　{name}" for rank, name in zip(t["rank"], t["jurisdiction"], strict=True)],
        "分",
        right=1.1,
    )
    y = np.arange(len(t))
    ax.barh(y, t["low"], color=ACCENT, height=0.55, label="至少得分")
    ax.barh(
        y,
        t["high"] - t["low"],
        left=t["low"],
        color=OPEN,
        edgecolor=EDGE,
        height=0.55,
        label="缺数据，未定",
    )
    for n, (low, high) in enumerate(t[["low", "high"]].to_numpy(float)):
        ax.text(101, n, interval(low, high), va="center", fontsize=9)
    ax.set_xlim(0, 100)
    _legend(canvas)
    first, last = t.iloc[0], t.iloc[-1]
    alt = (
        f"{brief.name}各县（区）至少得分：最高 {first['jurisdiction']} {points(first['low'])} 分，"
        f"最低 {last['jurisdiction']} {points(last['low'])} 分，相差 {points(first['low'] - last['low'])} 分。"
    )
    return Figure(canvas, alt, "各县（区）得分与名次", _source(brief))


def heat_map(brief: Brief) -> Together | Note:
    """County × item: the share of full marks in shaded cells; missing data and items that do not
    apply are written in.
    """
    card, items = brief.group.counties, [r.id for r in brief.book.of_kind("item")]
    names = list(card.table["jurisdiction"])
    if not names:
        return Note(NO_COUNTIES)
    full = card.full[items]
    share = (card.points[items] / full.where(full > 0)).T.set_axis(names, axis=1)
    words = card.status[items].astype("str").T.set_axis(names, axis=1).map(UNDECIDED.get)
    lossy = share.index[(share.fillna(0) < 1 - 1e-9).any(axis=1)]
    lossy = lossy if len(lossy) else share.index
    share, words = share.loc[lossy], words.loc[lossy]
    mean = share.mean(axis=1).dropna()
    weakest = (
        f"{_item(brief, mean.idxmin())}（{100 * mean.min():.0f}%）"
        if len(mean)
        else "无（都缺数据）"
    )
    best = names[int(np.argmin((share >= 1 - 1e-9).sum()))]
    finding = f"有失分或缺数据的评分指标共 {len(lossy)} 个；平均得分率最低的是{weakest}；得满分的指标最少的是{best}。"
    rows = pd.DataFrame({"item": [_item(brief, id) for id in lossy]}, index=lossy)
    rows = rows.join(100 * share).join(words.add_suffix("_word"))
    shaded = {
        name: Column(name, kind="number", digits=0, word=f"{name}_word", shade="heat", full=100.0)
        for name in names
    }
    title = "各县（区）× 评分指标：得分占满分的百分比（缺 = 缺数据，— = 不适用）"
    title += (
        f"；各县（区）都得满分的 {len(items) - len(lossy)} 项不列"
        if len(lossy) < len(items)
        else ""
    )
    grid = Table(
        rows, title, "%", _source(brief), {"item": Column("评分指标")} | shaded, dense=True
    )
    return Together([Prose([finding]), grid])


def _item(brief: Brief, id: object) -> str:
    return f"{id} {brief.book.rules[str(id)].name}"


def _rows(labels: Sequence[str], unit: str, right: float = 0.3) -> tuple[Canvas, Axes]:
    """An empty chart of horizontal bars, first label on top, with room for the labels and, in
    inches, right of the bars.
    """
    use_figure_style()
    labels = [_shortened(label) for label in labels]
    height = 0.3 * len(labels) + 1.0
    left = (LETTER * max(map(_letters, labels)) + 0.2) / FIGURE_WIDTH
    width = FIGURE_WIDTH * (1 - left) - right
    canvas = Canvas(figsize=(FIGURE_WIDTH, height))
    ax = canvas.add_axes((left, 0.55 / height, width / FIGURE_WIDTH, 1 - 0.95 / height))
    ax.set_yticks([])
    for n, label in enumerate(labels):  # a tick for each would take a seventh of the chart's time
        ax.text(
            -GAP / width,
            n,
            label,
            ha="right",
            va="center_baseline",
            transform=ax.get_yaxis_transform(),
        )
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.set_xlabel(unit, fontsize=9, color=MUTED)
    ax.grid(axis="x", color=LINE)
    return canvas, ax


def _legend(canvas: Canvas) -> None:
    """One line of legend above the chart."""
    handles, labels = canvas.axes[0].get_legend_handles_labels()
    canvas.legend(
        handles,
        labels,
        loc="upper left",
        ncols=len(handles),
        fontsize=9,
        borderaxespad=0.1,
        handlelength=1.4,
    )


def _shortened(label: str) -> str:
    """A label that leaves the bars their room: of a longer one its beginning and its end.

    >>> _shortened("1　" + "一二三四五六七八九十" * 5)
    '1　一二三四五六七八九十一二…三四五六七八九十'
    """
    if len(label) <= LONGEST_LABEL:
        return label
    end = LONGEST_LABEL // 3
    return f"{label[: LONGEST_LABEL - end - 2]}…{label[-end:]}"


def _letters(label: str) -> float:
    """A label's width in Chinese letters; a Latin one takes about half."""
    return sum(1.0 if ord(ch) > 0x2E7F else 0.55 for ch in label)


def _of(row: pd.Series) -> str:
    return f"{interval(row['low'], row['high'])} 分（满分 {number(row['full'])} 分）"


def _source(brief: Brief) -> str:
    return f"{brief.period} 填报数据，按{brief.book.document}计算"
