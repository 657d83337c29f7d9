"""The colours and the type of pages and figures, in one place so that both agree.

Every tone's text has a contrast of at least 4.5 : 1 on its own fill and on white, its mark at least
3 : 1 on white; green and red differ in lightness and hue enough for colour-blind readers, and a
word always says the same.
"""

from __future__ import annotations

from dataclasses import dataclass

INK = "#1d2a38"
MUTED = "#566270"
LINE = "#d4dbe2"
WASH = "#f3f6f9"
PAPER = "#ffffff"
ACCENT = "#1b4f80"


@dataclass(frozen=True)
class Tone:
    """One status colour: for words, for what lies behind them, for bars and dots."""

    text: str
    fill: str
    mark: str


TONES = {
    "good": Tone("#00614a", "#dff2ea", "#1f8f6f"),
    "warn": Tone("#7a4a00", "#fcefd2", "#bd7b00"),
    "bad": Tone("#9c2a16", "#fbe5df", "#c8462b"),
    "none": Tone("#4d5863", "#e9edf1", "#808b96"),
}

# The tone of a word of status; a word that is not here is shown without colour.
WORDS = {
    **dict.fromkeys(("达标", "通过", "满分", "符合", "已完成", "有资格", "成功"), "good"),
    **dict.fromkeys(
        ("缺", "缺数据", "待核实", "待定", "待补", "部分得分", "进行中", "提示"), "warn"
    ),
    **dict.fromkeys(
        ("失分", "不通过", "不达标", "未得分", "不符合", "逾期", "无资格", "失败", "错误"), "bad"
    ),
    **dict.fromkeys(("不适用", "未开始", "无"), "none"),
}

# From little to much, for shaded cells and heat maps: the accent's own hue, so that it reads in
# print and to colour-blind eyes.
HEAT = ("#f2f6fa", "#dbe7f2", "#bcd3e8", "#92b7d8", "#6a9dca", "#34699c", "#1b4f80")
HEAT_LIGHT_TEXT = 5  # from this step on the text is white

# For lines and groups: distinct in hue and in lightness (after Okabe and Ito).
SERIES = (ACCENT, "#d0761c", "#1f8f6f", "#9a5b9e", "#6aaed6", "#8a6d1d", "#808b96")

FIGURE_WIDTH = 7.5  # inches: the width of a page's column
TEXT_SIZE = 10  # points

# How a column is laid out is said once, by a class of the table, for the first so many columns;
# cells of later ones say it themselves. Said by every cell it would be a tenth of a page.
STATED = 12


def css_variables() -> str:
    """The colours as CSS custom properties, and the shaded cells of tables.

    >>> "--accent:#1b4f80" in css_variables()
    True
    """
    plain = {
        "ink": INK,
        "muted": MUTED,
        "line": LINE,
        "wash": WASH,
        "paper": PAPER,
        "accent": ACCENT,
    }
    tones = {
        f"{name}-{part}": value
        for name, tone in TONES.items()
        for part, value in (("text", tone.text), ("fill", tone.fill), ("mark", tone.mark))
    }
    heat = {f"heat-{step}": colour for step, colour in enumerate(HEAT)}
    light = ";color:var(--paper)"
    cells = [
        f".{name}{{background:var(--{name}){light if step >= HEAT_LIGHT_TEXT else ''}}}"
        for step, name in enumerate(heat)
    ]
    return (
        ":root{"
        + ";".join(f"--{name}:{value}" for name, value in (plain | tones | heat).items())
        + "}"
        + "".join(cells)
    )


def column_rules() -> str:
    """The CSS for tables whose classes say how their columns are laid out: ``short-2`` for the
    second and so on.
    """
    broad, nowrap = "{{min-width:var(--{})", ";white-space:nowrap}"
    rules = [
        ("num", "tr>", "{text-align:right}"),
        ("num", "td", broad.format("short") + nowrap),
        ("short", "tbody tr>", broad.format("short") + nowrap),
        ("long", "tbody tr>", broad.format("long") + ";text-wrap:wrap}"),
        ("run", "tbody tr>", "{overflow-wrap:anywhere}"),
    ]
    columns = range(1, STATED + 1)
    return "".join(
        ",".join(f".{word}-{n} {cell}:nth-child({n})" for n in columns) + rule
        for word, cell, rule in rules
    )


def use_figure_style() -> None:
    """Make matplotlib draw in the page's font and colours."""
    from matplotlib import rcParams
    from matplotlib.rcsetup import cycler

    from creditcalc.render.fonts import use_chinese_font

    use_chinese_font()
    rcParams.update(
        {
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "font.size": TEXT_SIZE,
            "axes.titlesize": TEXT_SIZE + 1,
            "axes.titlelocation": "left",
            "axes.prop_cycle": cycler(color=SERIES),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.grid.axis": "x",
            "grid.color": LINE,
            "grid.linewidth": 0.8,
            "legend.frameon": False,
            "xtick.major.size": 0,
            "ytick.major.size": 0,
            **dict.fromkeys(
                (
                    "text.color",
                    "axes.labelcolor",
                    "axes.titlecolor",
                    "xtick.labelcolor",
                    "ytick.labelcolor",
                ),
                INK,
            ),
            **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), MUTED),
        }
    )
