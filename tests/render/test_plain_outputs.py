"""What a notebook shows that knows no class of ours."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from nbformat import v4

from creditcalc.render.html import PageHead, to_html
from creditcalc.render.plain_outputs import NO_TITLE, plain_figure, plain_table


def rows(frame):
    """The texts of a plain frame's table, header first."""
    found = re.findall("<tr>(.*?)</tr>", plain_table(frame).html())
    return [re.findall(r"<t[hd][^>]*>(?:<[^/][^>]*>)?([^<]*)", row) for row in found]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (pd.DataFrame({"甲": [1200], "b": [0.5]}), [["甲", "b"], ["1,200", "0.50"]]),
        (pd.DataFrame({"v": [0.0004, 3.0]}), [["v"], ["0.0004"], ["3.0000"]]),
        (pd.DataFrame({"年": [2020], "x": [np.nan]}), [["年", "x"], ["2020", "—"]]),
        (pd.DataFrame({"x": [1]}, index=[2019]), [["行", "x"], ["2019", "1"]]),
        (
            pd.DataFrame({"x": [1]}, index=pd.Index(["范县"], name="县")),
            [["县", "x"], ["范县", "1"]],
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), [["a", "a"], ["1", "2"]]),
        (pd.DataFrame([[1, -np.inf]], columns=["_a", 7]), [["_a", "7"], ["1", "-∞"]]),
        (pd.DataFrame([[1.0]], columns=[("a", "x")]), [["a x"], ["1.00"]]),
        (
            pd.DataFrame({"天": pd.to_datetime(["2021-05-01", None])}),
            [["天"], ["2021-05-01"], ["—"]],
        ),
        (pd.DataFrame({"列": [[1, 2], None]}), [["列"], ["[1, 2]"], ["—"]]),
        (pd.DataFrame({"类": pd.Categorical(["a", None])}), [["类"], ["a"], ["—"]]),
    ],
)
def test_a_frame_is_shown_under_its_own_names_and_loses_nothing(frame, expected):
    assert rows(frame) == expected


def test_a_cell_is_text_and_a_table_without_a_title_has_a_name():
    html = plain_table(pd.DataFrame({"<i>": ["<script>"]})).html()
    assert "&lt;script&gt;" in html and "<i>" not in html and "<caption" not in html
    assert 'aria-label="表：&lt;i&gt;"' in html


def test_of_a_long_frame_the_page_says_how_much_it_shows():
    html = plain_table(pd.DataFrame({"x": range(1234)})).html()
    assert html.count("<tr") == 1 + 60 and "共 1,234 行，只列前 60 行" in html


@pytest.fixture
def axes():
    _, axes = plt.subplots(1, 2)
    yield axes
    plt.close("all")


def test_the_titles_of_a_figure_are_its_alternative_text(axes):
    axes[0].set_title("左 < 右")
    axes[0].figure.suptitle("合计")
    html = plain_figure(axes[0].figure).html()
    assert 'aria-label="合计；左 &lt; 右"' in html and "<figcaption" not in html
    assert NO_TITLE not in html and ">合计</text>" in html


def test_a_figure_without_a_title_says_so(axes):
    html = plain_figure(axes[0].figure).html()
    assert 'aria-label="没有标题的图"' in html and NO_TITLE in html


@pytest.mark.parametrize(
    ("echo", "kept"),
    [
        ("[<matplotlib.lines.Line2D at 0x7f72e7e66ed0>]", False),
        ("<Axes: ylabel='name'>", False),
        ("Text(0.5, 1.0, '题')", False),
        ("<BarContainer object of 2 artists>", False),
        ("array([[<Axes: >]], dtype=object)", False),
        ("'<Axes'", True),
        ("array([1, 2])", True),
    ],
)
def test_what_matplotlib_gives_back_is_no_content(echo, kept):
    output = v4.new_output("execute_result", {"text/plain": echo})
    cell = v4.new_code_cell("x", outputs=[output])
    assert ("<pre>" in to_html(v4.new_notebook(cells=[cell]), PageHead("页"))) == kept
