"""What notebooks show: escaped text, tables and figures that say what they mean."""

import re
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

from creditcalc.render import theme
from creditcalc.render.display import Fact, Facts, Figure, Note, Prose, badge, safe_href
from creditcalc.render.table import Column, Table

HOSTILE = '<script>alert("1")</script>'
TEXT = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"


def drawn(label="范县", title="标题"):
    theme.use_figure_style()
    figure = Canvas(figsize=(4, 2))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], marker="o", label=label)
    axes.barh([0], [1], hatch="//", color="#1b4f80")
    axes.set_title(title, fontweight="bold")
    axes.legend()
    return figure


def rows(html):
    """The cells of a table as text, row by row, its header first."""
    lines = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    return [
        [
            unescape(re.sub("<.*?>", "", cell))
            for cell in re.findall(r"<t[hd].*?</t[hd]>", line, re.DOTALL)
        ]
        for line in lines
    ]


@pytest.mark.parametrize(
    "shown",
    [
        Prose([HOSTILE], HOSTILE, HOSTILE),
        Note(HOSTILE, HOSTILE),
        Facts([Fact(HOSTILE, HOSTILE, HOSTILE)]),
        Figure(drawn(HOSTILE, HOSTILE), HOSTILE, HOSTILE, HOSTILE),
        Table(pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE, HOSTILE, HOSTILE, row_ids=HOSTILE),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_data_is_text(shown):
    html = shown._repr_html_()
    assert "<script" not in html
    assert TEXT in html


def test_the_plain_text_of_what_is_shown_is_short():
    assert repr(Table(pd.DataFrame({"a": range(1000)}), "表")) == "<Table>"


def test_links_stay_in_the_folder():
    assert safe_href("javascript:alert(1)").startswith("./javascript%3A")
    assert safe_href("//evil.example/x").startswith("./")
    assert (
        safe_href('units/发展改革委.html#"')
        == "./units/%E5%8F%91%E5%B1%95%E6%94%B9%E9%9D%A9%E5%A7%94.html#%22"
    )


def test_an_unknown_tone_is_refused():
    with pytest.raises(ValueError, match="purple"):
        badge("通过", "purple")


# ------------------------------------------------------------------------------------------------
# tables


def test_numbers_are_rounded_as_clerks_do_and_missing_ones_are_words():
    frame = pd.DataFrame(
        {
            "县": ["甲", "乙"],
            "数": [2.675, np.nan],
            "比": [None, 0.12345],
            "有": [True, False],
            "个": [1234, 5],
        }
    )
    columns = {
        "县": Column(),
        "数": Column("数值", kind="number", missing="缺"),
        "比": Column(kind="percent", digits=1),
        "有": Column(),
        "个": Column(kind="number", digits=0),
    }
    html = Table(frame, "表", columns=columns).html()
    assert rows(html) == [
        ["县", "数值", "比", "有", "个"],
        ["甲", "2.68", "—", "是", "1,234"],
        ["乙", "缺", "12.3%", "否", "5"],
    ]
    assert '<span class="badge warn">缺</span>' in html


def test_columns_without_a_description_are_shown_by_their_type():
    frame = pd.DataFrame({"名": ["甲"], "分": [1.5], "数": [3], "有": [True]})
    assert rows(Table(frame, "表").html())[1] == ["甲", "1.50", "3", "是"]


def test_a_table_has_caption_unit_source_and_header_cells():
    html = Table(pd.DataFrame({"县": ["甲"], "分": [1.0]}), "得分", "分", "填报").html()
    assert '<caption><span>得分<span class="unit">单位：分</span></span></caption>' in html
    assert '<p class="source">来源：填报</p>' in html
    assert html.count('scope="col"') == 2
    assert '<th scope="row"' in html
    assert 'tabindex="0" role="region" aria-label="表：得分"' in html


def test_rows_have_ids_and_cells_links_and_tones_from_columns_that_are_not_shown():
    frame = pd.DataFrame(
        {"名": ["甲", "乙"], "id": ["S1", "S2"], "到": ["#S9", None], "色": [None, "bad"]}
    )
    html = Table(frame, "表", columns={"名": Column(link="到", tone="色")}, row_ids="id").html()
    assert re.findall(r'<tr id="(S\d)"', html) == ["S1", "S2"]
    assert '<a href="#S9">甲</a>' in html
    assert '<span class="badge bad">乙</span>' in html
    assert rows(html) == [["名"], ["甲"], ["乙"]]


def test_status_is_a_word_with_a_colour():
    html = Table(
        pd.DataFrame({"状态": ["通过", "待核实", "失分", "不适用", "别的"]}),
        "表",
        columns={"状态": Column(kind="status")},
    ).html()
    assert re.findall(r'badge (\w+)">(\w+)<', html) == [
        ("good", "通过"),
        ("warn", "待核实"),
        ("bad", "失分"),
        ("none", "不适用"),
    ]
    assert "别的" in html


def test_bars_and_shades_show_the_share_of_what_is_full():
    frame = pd.DataFrame({"分": [1.0, 3.0, np.nan, 9.0], "满": [2.0, 4.0, 1.0, 4.0]})
    bars = Table(frame, "表", columns={"分": Column(kind="number", shade="bar", full="满")}).html()
    assert re.findall(r"--share:([\d.]+)", bars) == ["0.500", "0.750", "1.000"]
    heat = Table(frame, "表", columns={"分": Column(kind="number", shade="heat")}).html()
    assert re.findall(r"heat-(\d)", heat) == ["2", "6"]


def test_a_cell_without_a_value_says_why():
    frame = pd.DataFrame({"分": [1.0, np.nan, np.nan], "词": ["", "缺", ""]})
    column = Column(kind="number", digits=0, word="词", missing="—")
    assert [row[0] for row in rows(Table(frame, "表", columns={"分": column}).html())[1:]] == [
        "1",
        "缺",
        "—",
    ]


def test_nothing_but_zeros_and_gaps_has_no_shade():
    frame = pd.DataFrame({"分": [0.0, np.nan]})
    assert (
        "heat" not in Table(frame, "表", columns={"分": Column(kind="number", shade="heat")}).html()
    )


def test_the_last_row_can_be_a_total():
    html = Table(pd.DataFrame({"分": [1.0, 2.0]}), "表", total=True).html()
    assert html.count('<tr class="total">') == 1


def test_an_empty_table_says_so():
    assert rows(Table(pd.DataFrame({"县": []}), "表").html()) == [["县"], ["没有记录"]]


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("2021-05", "short"),
        ("政府失信被执行人整改", ""),
        ("长" * 18, "long"),
        ("W" * 30, "run"),
        ("W" * 60, "long run"),
    ],
)
def test_columns_are_laid_out_by_the_length_of_their_text(text, layout):
    html = Table(pd.DataFrame({"甲": [text]}), "表").html()
    stated = " ".join(f"{word}-1" for word in layout.split())
    assert re.search('<table(?: class="(.*?)")?>', html)[1] == (stated or None)
    assert all(f".{rule} tbody tr>:nth-child(1)" in theme.column_rules() for rule in stated.split())


def test_the_table_says_how_its_columns_are_laid_out_and_a_late_column_s_cells_say_it_themselves():
    frame = pd.DataFrame(
        [[1.0] * (theme.STATED + 1)], columns=[f"列{n}" for n in range(theme.STATED + 1)]
    )
    html = Table(frame, "表").html()
    assert re.findall("num-([0-9]+)", html) == [str(n) for n in range(1, theme.STATED + 1)]
    assert re.findall('<t[hd](?: scope="col")? class="num">(.*?)<', html) == [
        f"列{theme.STATED}",
        "1.00",
    ]
    assert "num" not in Table(frame, "表", dense=True).html()


@pytest.mark.parametrize(
    ("cell", "columns", "turned"),
    [(1, 12, False), (1, 16, True), ("一段说明文字" * 4, 5, False), ("一段说明文字" * 4, 8, True)],
)
def test_a_table_broader_than_paper_turns_its_page(cell, columns, turned):
    frame = pd.DataFrame([[cell] * columns], columns=[f"列{n}" for n in range(columns)])
    assert ('<div class="sheet wide">' in Table(frame, "表").html()) == turned


# ------------------------------------------------------------------------------------------------
# figures


def svg_of(html):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", html, re.DOTALL)[0])


def test_a_figure_says_its_finding_and_keeps_its_text():
    html = Figure(drawn("信用修复"), "信用修复得满分。", "各类得分", "填报").html()
    svg = svg_of(html)
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-label"] == "信用修复得满分。"
    assert {"信用修复", "标题"} <= {text.text for text in svg.iter("text")}
    assert "<figcaption>各类得分<span" in html


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="alt"):
        Figure(drawn(), " ", "标题")


def test_a_figure_carries_no_date_no_font_and_no_address():
    html = Figure(drawn(), "甲", "乙").html()
    assert not re.search(r"https?:|xmlns|<metadata|<style|font-family|20\d\d-", html)


def test_equal_figures_are_equal_bytes():
    assert Figure(drawn(), "甲", "乙").html() == Figure(drawn(), "甲", "乙").html()


def test_the_ids_of_two_figures_differ_and_every_reference_has_its_id():
    first, second = (
        svg_of(Figure(drawn(label), "甲", "乙").html()) for label in ("范县", "南乐县")
    )
    for svg in (first, second):
        ids = [element.attrib["id"] for element in svg.iter() if "id" in element.attrib]
        used = re.findall(
            r'(?:url\(#|href="#)([^)"]+)', ElementTree.tostring(svg, encoding="unicode")
        )
        assert set(ids) == set(used)
        assert len(ids) == len(set(ids)) > 0
    assert not {e.get("id") for e in first.iter()} & {e.get("id") for e in second.iter()} - {None}


def test_figures_write_odd_names_as_they_are_and_nothing_to_stderr(capfd):
    texts = {
        text.text
        for text in svg_of(Figure(drawn("$x^$ 😀", "\x00甲"), "甲", "乙").html()).iter("text")
    }
    assert {"$x^$ 😀", "\ufffd甲"} <= texts
    assert capfd.readouterr().err == ""


def test_bars_of_one_colour_are_one_shape_below_all_texts():
    canvas = Canvas()
    axes = canvas.add_subplot()
    axes.barh([1, 2, 3], [1, 2, 3], color="#123456")
    svg = svg_of(Figure(canvas, "甲", "乙").html())
    shapes = [
        path.attrib["d"]
        for path in svg.iter("path")
        if "fill:#123456" in path.attrib.get("style", "")
    ]
    assert [shape.count("M") for shape in shapes] == [3]
    assert not [group for group in svg.iter("g") if not group.attrib]


# ------------------------------------------------------------------------------------------------
# colours


def contrast(first, second):
    """The contrast of two colours as WCAG 2 defines it."""

    def luminance(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", theme.TONES)
def test_tones_can_be_read(name):
    tone = theme.TONES[name]
    assert contrast(tone.text, tone.fill) >= 4.5
    assert contrast(tone.text, theme.WASH) >= 4.5
    assert contrast(tone.mark, theme.PAPER) >= 3


@pytest.mark.parametrize("step", range(len(theme.HEAT)))
def test_shaded_cells_can_be_read(step):
    text = theme.PAPER if step >= theme.HEAT_LIGHT_TEXT else theme.INK
    assert contrast(text, theme.HEAT[step]) >= 4.5


def test_plain_text_can_be_read():
    assert (
        min(
            contrast(text, back)
            for text in (theme.INK, theme.MUTED, theme.ACCENT)
            for back in (theme.PAPER, theme.WASH)
        )
        >= 4.5
    )
