"""The figures of the reports, made of frames: each states its finding in its alternative text.

Figures are drawn on ``matplotlib.figure.Figure`` with margins set by hand: automatic layouts cost
as much as the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from creditcalc.pages.sections.standings import NO_COUNTIES
from creditcalc.render.display import Figure, Note
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
from creditcalc.rules.phrases import LEVEL
from creditcalc.words import interval, number, points

LETTER = 0.135  # inches that a Chinese letter of a label takes
GAP = 0.05  # inches between a label and its bar
LONGEST_LABEL = 24  # letters that leave the bars their room
MOST = 14  # bars that a reader takes in at one look
UNDECIDED = TONES["warn"].fill
EDGE = TONES["warn"].mark


def categories(frame: pd.DataFrame, name: str, source: str = "") -> Figure:
    """Points by category as a share of full marks, what is still open, and the counties' median
    where the frame has it; ``name`` is whose they are.
    """
    t = frame
    labels = [f"{id}　{content}" for id, content in t[["category", "category_name"]].to_numpy()]
    canvas, ax = _rows(labels, "占满分的百分比（%）", right=1.35)
    y, least = np.arange(len(t)), 100 * t["low"] / t["full"]
    still_open = 100 * (t["high"] - t["low"]) / t["full"]
    ax.barh(y, least, color=ACCENT, height=0.55, label="至少得分")
    if still_open.max() > 0:
        _still_open(ax, still_open, least, height=0.55)
    if "median" in t:
        share = 100 * t["median"] / t["full"]
        look: dict[str, Any] = {
            "color": PAPER,
            "edgecolor": INK,
            "marker": "D",
            "s": 30,
            "zorder": 3,
        }
        ax.scatter(share, y, label="各县（区）中位数", **look)
    for n, (low, high, full) in enumerate(t[["low", "high", "full"]].to_numpy(float)):
        ax.text(102, n, f"{interval(low, high)} / {number(full)}", va="center", fontsize=9)
    ax.set_xlim(0, 100)
    _legend(canvas)
    share = t["low"] / t["full"]
    top, worst = t.iloc[int(share.argmax())], t.iloc[int(share.argmin())]
    alt = (
        f"{name}各类得分占满分的比例：最高是{top['category_name']}，{_of(top)}；"
        f"最低是{worst['category_name']}，{_of(worst)}。"
    )
    return Figure(canvas, alt, "各类得分占满分的比例", source)


def losses(frame: pd.DataFrame, name: str, source: str = "") -> Figure:
    """Points lost for certain and points still open, item by item, the largest first; ``name`` is
    whose they are.
    """
    caption = "失分最多的项目"
    frame = frame[(frame["kind"] == "item") & (frame["full"] > 0)]
    frame = frame.assign(sure=frame["full"] - frame["high"], open=frame["high"] - frame["low"])
    frame = frame[frame["sure"] + frame["open"] > 1e-9]
    frame = frame.sort_values(["sure", "open"], ascending=False, kind="stable").head(MOST)
    if frame.empty:
        canvas, ax = _rows(["全部项目"], "失分")
        ax.set_xlim(0, 1)
        return Figure(canvas, f"{name}没有失分，也没有待定的项目。", caption, source)
    labels = [f"{id} {item}" for id, item in frame[["id", "name"]].to_numpy()]
    canvas, ax = _rows(labels, "分", right=0.6)
    y, duty = np.arange(len(frame)), (frame["duty"] == LEVEL["county"]).to_numpy()
    bad, none = TONES["bad"].mark, TONES["none"].mark
    ax.barh(y[duty], frame["sure"][duty], color=bad, height=0.6, label="失分：县（区）任务")
    ax.barh(y[~duty], frame["sure"][~duty], color=none, height=0.6, label="失分：市级任务")
    if frame["open"].max() > 0:
        _still_open(ax, frame["open"], frame["sure"], height=0.6)
    for n, (sure, undecided) in enumerate(frame[["sure", "open"]].to_numpy(float)):
        text = f"\u00a0{interval(sure, sure + undecided)}"
        ax.text(sure + undecided, n, text, va="center", fontsize=9)
    _legend(canvas)
    first = frame.iloc[0]
    alt = (
        f"{name}失分最多的 {len(frame)} 项：首位是 {first['id']} {first['name']}，"
        f"失 {points(first['sure'])} 分。"
    )
    return Figure(canvas, alt, caption, source)


def trend(frame: pd.DataFrame, name: str, source: str = "") -> Figure:
    """The score over the months with the interval that missing data leaves open; ``name`` is whose
    it is.
    """
    use_figure_style()
    t = frame.set_index("period")
    canvas = Canvas(figsize=(FIGURE_WIDTH, 2.7))
    ax = canvas.add_axes((0.08, 0.16, 0.89, 0.68))
    x = np.arange(len(t))
    ax.fill_between(x, t["low"], t["high"], color=UNDECIDED, label="数据补齐后可能的范围")
    look: dict[str, Any] = {"marker": "o", "markersize": 4.5, "linewidth": 2}
    ax.plot(x, t["score"], color=ACCENT, label="已确认得分", **look)
    step = max(1, len(t) // 12)
    ax.set_xticks(x[::step], list(t.index[::step]), fontsize=8.5)
    ax.set_ylabel("分")
    ax.grid(axis="y")
    for n in sorted({0, len(t) - 1}):
        score = t["score"].iloc[n]
        ax.annotate(
            points(score), (n, score), xytext=(0, 7), textcoords="offset points", ha="center"
        )
    ax.margins(y=0.15)
    _legend(canvas)
    first, last = t["score"].iloc[0], t["score"].iloc[-1]
    moved = "上升" if last > first else "下降" if last < first else "持平"
    alt = (
        f"{name}已确认得分由 {t.index[0]} 的 {points(first)} 分到 {t.index[-1]} 的 "
        f"{points(last)} 分，{moved} {points(abs(last - first))} 分。"
    )
    return Figure(canvas, alt, "逐月得分", source)


def standings(frame: pd.DataFrame, name: str, source: str = "") -> Figure | Note:
    """All counties, by rank, with what they have for certain and what missing data leaves open;
    ``name`` is their city.
    """
    t = frame
    if t.empty:
        return Note(NO_COUNTIES)
    labels = [f"{rank}　{county}" for rank, county in t[["rank", "county"]].to_numpy()]
    canvas, ax = _rows(labels, "分", right=1.1)
    y = np.arange(len(t))
    ax.barh(y, t["low"], color=ACCENT, height=0.55, label="至少得分")
    _still_open(ax, t["high"] - t["low"], t["low"], height=0.55)
    for n, (low, high) in enumerate(t[["low", "high"]].to_numpy(float)):
        ax.text(101, n, interval(low, high), va="center", fontsize=9)
    ax.set_xlim(0, 100)
    _legend(canvas)
    first, last = t.iloc[0], t.iloc[-1]
    alt = (
        f"{name}各县（区）至少得分：最高 {first['county']} {points(first['low'])} 分，"
        f"最低 {last['county']} {points(last['low'])} 分，"
        f"相差 {points(first['low'] - last['low'])} 分。"
    )
    return Figure(canvas, alt, "各县（区）得分与名次", source)


def _still_open(ax: Axes, width: pd.Series, left: pd.Series, height: float) -> None:
    """What is still open beside what is certain."""
    look: dict[str, Any] = {"color": UNDECIDED, "edgecolor": EDGE, "label": "缺数据，未定"}
    ax.barh(np.arange(len(width)), width, left=left, height=height, **look)


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
