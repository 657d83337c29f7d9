"""The page: self-contained, safe, readable; of a notebook whose outputs are made by hand."""

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser
from io import BytesIO

import nbformat.v4 as v4
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure as Canvas

from creditcalc.render.display import Fact, Facts, Figure, Note, Prose
from creditcalc.render.html import PageHead, render_page, to_html
from creditcalc.render.table import Column, Table
from creditcalc.render.theme import FIGURE_WIDTH, HEAT, TONES, use_figure_style

HOSTILE = [
    "<script>alert(1)</script>",
    "{{7*7}}",
    "[x](javascript:alert(1))",
    '"><img src=http://evil.example/x>',
    "$x^$ `a` **b**",
]
COUNTIES = [
    "华龙区",
    "濮阳县",
    "清丰县",
    "南乐县",
    "范县",
    "台前县",
    "经济技术开发区",
    "工业园区",
    "城乡一体化示范区",
]
CATEGORIES = [
    "信用承诺",
    "分级分类监管",
    "联合奖惩",
    "信用修复",
    "双公示",
    "信易贷",
    "诚信文化宣传",
    "工作保障",
]


def bars(title=""):
    """A bar chart of eight categories."""
    figure = Canvas(figsize=(FIGURE_WIDTH, 3.2))
    axes = figure.add_axes((0.18, 0.14, 0.74, 0.78))
    shares = [96, 82, 75, 100, 64, 58, 91, 88]
    tones = ["good" if share >= 90 else "warn" if share >= 70 else "bad" for share in shares]
    drawn = axes.barh(
        CATEGORIES[::-1],
        shares[::-1],
        color=[TONES[tone].mark for tone in tones[::-1]],
        height=0.62,
    )
    axes.bar_label(drawn, fmt="%d%%", padding=4)
    axes.set(xlim=(0, 108), xlabel="得分占满分的比例（%）", title=title)
    axes.tick_params(left=False)
    axes.grid(True, axis="x")
    return figure


def months():
    """A line for each of three counties over twelve months."""
    figure = Canvas(figsize=(FIGURE_WIDTH, 3))
    axes = figure.add_axes((0.08, 0.15, 0.78, 0.75))
    for n, county in enumerate(COUNTIES[:3]):
        line = [70 + 3 * n + month * (0.8 + n / 4) for month in range(12)]
        axes.plot(range(12), line, marker="o", markersize=4)
        axes.annotate(county, (11, line[-1]), xytext=(8, -4), textcoords="offset points")
    axes.set_xticks(range(12), [f"{(5 + month) % 12 + 1}月" for month in range(12)])
    axes.set(ylabel="分", ylim=(60, 100))
    return figure


def heat():
    """Counties × categories as shaded squares."""
    from matplotlib.colors import ListedColormap

    figure = Canvas(figsize=(FIGURE_WIDTH, 3.6))
    axes = figure.add_axes((0.2, 0.24, 0.78, 0.66))
    values = [[(row * 7 + column * 5) % 11 for column in range(8)] for row in range(9)]
    axes.pcolormesh(values, cmap=ListedColormap(list(HEAT)), edgecolor="white", linewidth=1.5)
    axes.set_xticks([n + 0.5 for n in range(8)], CATEGORIES, rotation=35, ha="right")
    axes.set_yticks([n + 0.5 for n in range(9)], COUNTIES)
    axes.invert_yaxis()
    return figure


def ledger():
    """Items with a value, points, a full mark, a status and a link."""
    rows = [
        (
            "S1.1.1",
            "信用承诺覆盖率",
            0.985,
            2.0,
            2.0,
            "满分",
            "按规定应签署信用承诺的市场主体中，已签署并在网站公示的比例。",
        ),
        (
            "S1.1.2",
            "证明事项告知承诺",
            0.71234,
            1.235,
            2.0,
            "部分得分",
            "实行告知承诺制的证明事项占全部证明事项的比例，达到百分之八十得满分。",
        ),
        (
            "S2.1.3",
            "双公示数据迟报率",
            None,
            None,
            3.0,
            "缺",
            "行政许可、行政处罚等信用信息自作出决定之日起七个工作日内公示，迟报的按比例扣分。",
        ),
        (
            "S3.2.1",
            "失信主体比例",
            0.0312,
            0.0,
            1.5,
            "失分",
            "本地区严重失信主体占市场主体总数的比例。",
        ),
        (
            "S4.1.2",
            "港口航运信用监管",
            None,
            None,
            1.0,
            "不适用",
            "没有港口的地区不适用，分值按规定调整。",
        ),
    ]
    frame = pd.DataFrame(
        rows, columns=["id", "item", "value", "points", "full", "status", "clause"]
    )
    return frame.assign(target="#" + frame["id"])


def tables():
    """Six tables of the kinds that reports show."""
    frame = ledger()
    columns = {
        "id": Column("编号", link="target"),
        "item": Column("指标"),
        "value": Column("数值", kind="percent", missing="缺"),
        "points": Column("得分", kind="number", shade="bar", full="full"),
        "full": Column("满分", kind="number"),
        "status": Column("状态", kind="status"),
        "clause": Column("依据"),
    }
    wide = pd.DataFrame(
        {"县（区）": COUNTIES}
        | {name: [(n * 3 + k * 5) % 9 / 8 for n in range(9)] for k, name in enumerate(CATEGORIES)}
    )
    shaded = {"县（区）": Column()} | {
        name: Column(kind="number", shade="heat", full=1.0) for name in CATEGORIES
    }
    broad = pd.concat(
        [wide.set_index("县（区）"), wide.set_index("县（区）").add_suffix("（上期）")], axis=1
    ).reset_index()
    long = pd.concat([frame.assign(id=frame["id"] + f"-{n}") for n in range(12)])
    ranks = pd.DataFrame(
        {"名次": range(1, 10), "县（区）": COUNTIES, "总分": [88.125 - n for n in range(9)]}
    )
    hostile = pd.DataFrame(
        {"填报单位": [*HOSTILE, "长" * 400, "\u202e反向 abc"], "备注": ["文字\x00"] * 7}
    )
    return [
        Table(frame, "失分在哪里", "分", "各县（区）填报，台账（2021 年版）", columns),
        Table(wide, "各类别失分", "分", "汇总", shaded),
        Table(broad, "本期与上期", "分", "汇总"),
        Table(long, "全部指标", "分", "台账（2021 年版）", columns, row_ids="id"),
        Table(ranks, "名次", "分", total=True),
        Table(hostile, "备注原文"),
    ]


def output(shown):
    return v4.new_output(
        "display_data", {"text/html": shown._repr_html_(), "text/plain": repr(shown)}
    )


def code(*shown):
    return v4.new_code_cell("secret_code = 1", outputs=[output(each) for each in shown])


@pytest.fixture(scope="module")
def notebook():
    return demo()


def demo():
    """A report of five figures and six tables."""
    use_figure_style()
    losses, shaded, broad, everything, ranks, hostile = tables()
    cards = [
        Fact("总分", "83.41", "区间 83.41–88.20"),
        Fact("能否参评", "待定", "1 项基础指标缺数据", "warn"),
        Fact("名次", "3 / 9", "上月第 5"),
        Fact("可确定补回", "4.30 分", "按分值排序见后", "good"),
    ]
    cells = [
        v4.new_markdown_cell("# 县（区）报告"),
        v4.new_markdown_cell("## 一眼看结论\n\n本节先说**能否参评**，再说失分在哪里。"),
        code(
            Facts(cards),
            Note("两项数据尚未填报，总分以区间表示。"),
            Note("基础指标第 3 项不通过。", "不通过", "bad"),
        ),
        v4.new_markdown_cell("## 得分"),
        code(
            Figure(
                bars(),
                "信易贷得分最低，为满分的 58%，信用修复得满分。",
                "各类别得分占满分的比例",
                "本期填报",
            ),
            ranks,
        ),
        code(
            Figure(months(), "三个县的总分都在上升，清丰县最快。", "总分变化"),
            Figure(heat(), "失分集中在双公示。", "失分分布"),
        ),
        v4.new_markdown_cell("## 失分在哪里\n\n- 第一条\n- 第二条 $a$ 与 $b$"),
        code(losses, shaded, broad),
        v4.new_markdown_cell("## 逐项说明"),
        code(
            Prose(
                ["依据台账第 6.1.3 条：比例达到 80% 得满分。", *HOSTILE],
                "S6.1.3a 信用承诺",
                "S6.1.3a",
            ),
            everything,
        ),
        v4.new_markdown_cell("## 数据问题"),
        code(
            hostile,
            Figure(bars(HOSTILE[0]), "同上。", "带敌意标题的图"),
            Figure(months(), "三县上升。", "又一张总分变化"),
        ),
    ]
    return v4.new_notebook(cells=cells)


HEAD = PageHead(
    title="范县 2021 年 5 月信用建设监测报告",
    facts=[
        ("县（区）", "范县"),
        ("期间", "2021-05"),
        ("台账", "2021 年版（示范城市）"),
        ("数据摘要", "sha256 3f2a9c…"),
        ("生成时间", "2026-11-22 22:40"),
        ("版本", "creditcalc 0.1.0"),
        (
            "口径",
            "比例得分：按满分折算；部分得分：逐级；缺数据：以区间表示；不适用：分值按规定调整到同类指标",
        ),
    ],
    links=[("全市报告", "濮阳市.html"), ("目录页", "index.html")],
    sample=True,
)


@pytest.fixture(scope="module")
def page(notebook):
    return to_html(notebook, HEAD)


class Elements(HTMLParser):
    """Every element of a page with its attributes, and all of its text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def named(self, *names):
        return [attrs for tag, attrs in self.found if tag in names]


@pytest.fixture(scope="module")
def elements(page):
    return Elements(page)


def test_a_page_needs_nothing_from_outside(elements):
    assert not elements.named("script", "iframe", "object", "base", "form")
    targets = [
        value
        for _, attrs in elements.found
        for name, value in attrs.items()
        if name in ("href", "src", "action")
    ]
    assert len(targets) > 10
    assert all(target.startswith(("#", "./", "data:")) for target in targets)
    assert not [name for _, attrs in elements.found for name in attrs if name.startswith("on")]


def test_a_page_says_its_language_and_forbids_everything_else(elements):
    assert elements.named("html")[0]["lang"] == "zh-CN"
    policy = [
        attrs["content"]
        for attrs in elements.named("meta")
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy[0].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:"
    )
    assert "script" not in policy[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_was_typed(elements, text):
    assert text in "".join(elements.text)


def test_no_code_is_shown(page):
    assert "secret_code" not in page


def test_the_head_stands_above_and_the_notebooks_own_title_goes(elements, page):
    assert len(elements.named("h1")) == 1
    text = "".join(elements.text)
    assert all(part in text for fact in HEAD.facts for part in fact)
    assert "县（区）报告" not in text
    assert "示例数据（虚构）" in text
    assert 'href="./%E6%BF%AE%E9%98%B3%E5%B8%82.html"' in page


def test_real_data_is_not_called_a_sample(notebook):
    assert "示例数据" not in to_html(notebook, PageHead("标题"))


def test_the_contents_lead_to_every_section(elements):
    sections = [attrs["id"] for attrs in elements.named("h2")]
    assert len(sections) == 5
    assert {f"#{section}" for section in sections} <= {
        attrs.get("href") for attrs in elements.named("a")
    }


def test_every_figure_has_words_for_it(elements):
    figures = elements.named("svg")
    assert len(figures) == 5
    assert all(figure["role"] == "img" and figure["aria-label"] for figure in figures)
    assert not elements.named("img")


def test_ids_are_unique_and_links_in_the_page_lead_somewhere(elements):
    ids = [attrs["id"] for _, attrs in elements.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {
        attrs["href"][1:] for attrs in elements.named("a", "use") if attrs["href"].startswith("#")
    }
    assert {link for link in links if not link.startswith("S")} <= set(ids)


def test_every_character_is_in_the_pages_font(page):
    data = re.search(r"font/woff2;base64,([^)]*)\)", page)[1]
    font = TTFont(BytesIO(base64.b64decode(data)))
    text = {char for char in unescape(page.replace(data, "")) if char.isprintable()}
    assert text - {chr(code) for code in font.getBestCmap()} == {"\ufffd"}


def test_equal_notebooks_give_equal_pages(page):
    assert to_html(demo(), HEAD) == page


def test_a_page_is_light(page):
    assert len(page.encode()) < 200_000
    empty = to_html(v4.new_notebook(cells=[v4.new_markdown_cell("## 结论\n\n没有数据。")]), HEAD)
    assert len(empty.encode()) < 40_000


def test_a_title_cannot_leave_its_place():
    title = '</style><script>alert(1)</script>"}\\ \u202e{{7*7}}'
    elements = Elements(
        render_page(PageHead(title, [(title, title)], [(title, title)]), "<p>甲</p>")
    )
    assert not elements.named("script")
    assert "".join(elements.text).count(title) == 5


def refused(cell):
    with pytest.raises(ValueError) as error:
        to_html(v4.new_notebook(cells=[v4.new_markdown_cell("## 甲"), cell]), HEAD)
    return str(error.value)


def with_output(*output, **fields):
    return v4.new_code_cell("x", outputs=[v4.new_output(*output, **fields)])


def test_what_went_wrong_in_a_cell_is_never_a_page():
    assert "第 2 个单元格出错：ZeroDivisionError: 除以零" in refused(
        with_output("error", ename="ZeroDivisionError", evalue="除以零", traceback=[])
    )
    assert "第 2 个单元格有警告" in refused(
        with_output("stream", name="stderr", text="UserWarning: 甲")
    )


@pytest.mark.parametrize("kind", ["image/png", "text/markdown", "application/javascript"])
def test_outputs_that_are_not_text_or_our_html_are_refused(kind):
    assert kind in refused(with_output("display_data", {kind: "x", "text/plain": "x"}))


@pytest.mark.parametrize(
    "prose",
    [
        "[甲](https://a.example)",
        "![图](https://a.example/x.png)",
        "![图](x.png)",
        "<a href='//a.example'>甲</a>",
    ],
)
def test_prose_with_links_outside_is_refused(prose):
    assert "外部" in refused(v4.new_markdown_cell(prose))


def test_html_with_a_script_is_refused():
    assert "脚本" in refused(
        with_output("display_data", {"text/html": "<SCRIPT>alert(1)</SCRIPT>"})
    )


def test_printed_text_is_text():
    cell = with_output("stream", name="stdout", text="<b>甲</b>\x00")
    result = with_output("execute_result", {"text/plain": "<Table>"}, execution_count=1)
    page = to_html(v4.new_notebook(cells=[cell, result, v4.new_code_cell("x")]), HEAD)
    assert "<pre>&lt;b&gt;甲&lt;/b&gt;\ufffd</pre>" in page
    assert "<pre>&lt;Table&gt;</pre>" in page


def test_a_page_may_run_the_one_script_it_was_made_with():
    page = render_page(PageHead("目录"), "<h2>全部</h2>", script="document.title = '甲' + (1 < 2)")
    digest = re.search(r"script-src &#39;sha256-([^&]+)&#39;", page)[1]
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == digest
    with pytest.raises(ValueError, match="脚本"):
        render_page(PageHead("目录"), "", script="</script>")


def test_a_browser_shows_the_page_without_scrolling_sideways(page, chromium, tmp_path):
    from playwright.sync_api import sync_playwright

    path = tmp_path / "范县.html"
    path.write_text(page, encoding="utf-8")
    seen = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("console", lambda message: seen.append(message.text))
        tab.on("request", lambda request: seen.append(request.url))
        for width in (1280, 390):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.goto(path.as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") == width
            assert tab.evaluate("document.fonts.check('16px \"Report Sans\"', '范县')")
        browser.close()
    assert set(seen) == {path.as_uri()}
