"""The dictionary of fields, and what show() makes of an ordinary frame with it."""

import ast
import re
from html import unescape

import pandas as pd
import pytest
from support.places import ROOT

import creditcalc as cc
from creditcalc.pages import show
from creditcalc.pages.fields import FIELDS
from creditcalc.pages.showing import headed
from creditcalc.render.block_style import by_itself

BOXES = ("render/table.py", "pages/showing.py")  # where a Column is made of a field


@pytest.fixture(scope="module")
def losses():
    return cc.open_study().county("范县", "2021-05").losses()


def cells(html):
    """The texts of a table's cells, row by row."""
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    found = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub("<.*?>", "", cell)) for cell in row] for row in found]


def test_the_columns_that_are_shown_are_those_of_the_frame_in_its_order(losses):
    html = show(losses[["name", "id", "pace"]], "失分").html()
    assert cells(html)[0] == ["指标", "编号", "按目前进度"]
    assert cells(show(losses.drop(columns="name")[["id", "pace"]], "失分").html())[0] == [
        "编号",
        "按目前进度",
    ]


def test_a_column_of_the_analysts_own_stands_under_its_own_name_by_its_type(losses):
    mine = losses[["id"]].assign(联系人数=range(len(losses)), 已联系=True, 分=1.5)
    shown = cells(show(mine, "失分").html())
    assert shown[0] == ["编号", "联系人数", "已联系", "分"]
    assert shown[1][1:] == ["0", "是", "1.50"]


def test_a_column_need_not_have_text_as_its_name():
    assert cells(show(pd.DataFrame({2020: [1], 2021: [2]}), "年").html()) == [
        ["2020", "2021"],
        ["1", "2"],
    ]


def test_ids_lead_to_the_list_of_rules_but_not_where_they_are_the_list_nor_from_a_sum():
    frame = pd.DataFrame({"id": ["S1.1", "合计"], "points": [1.0, 1.0]})
    assert show(frame, "表", total=True).html().count('href="#') == 1
    assert 'href="#S1.1"' in show(frame, "表", total=True).html()
    assert "href" not in show(frame, "表", row_ids="id").html()


def test_hidden_columns_say_where_a_cell_leads_and_what_stands_for_nothing():
    frame = pd.DataFrame(
        {"甲县": [1.0, None], "_word_甲县": ["", "缺"], "_link_甲县": ["a.html", ""]}
    )
    html = show(frame, "表").html()
    assert cells(html) == [["甲县"], ["1.00"], ["缺"]] and 'href="./a.html"' in html


def test_a_bar_is_full_at_full_marks_and_else_at_the_largest_value():
    frame = pd.DataFrame({"points": [1.0, 2.0], "full": [4.0, 4.0]})
    assert re.findall(r"--share:([\d.]+)", show(frame, "表").html()) == ["0.250", "0.500"]
    alone = show(frame[["points"]], "表").html()
    assert re.findall(r"--share:([\d.]+)", alone) == ["0.500", "1.000"]


def test_codes_are_shown_in_words_and_states_have_their_tone():
    frame = pd.DataFrame({"eligible": ["yes", "no"], "standing": ["未交", "未交，已过期"]})
    html = show(frame, "表").html()
    assert cells(html)[1:] == [["具备申报条件", "未交"], ["不具备申报条件", "未交，已过期"]]
    assert re.findall(r'badge (\w+)"', html) == ["good", "warn", "bad", "bad"]


def test_a_spare_column_without_a_value_is_left_out():
    frame = pd.DataFrame({"id": ["S1.1"], "evidence": [None]})
    assert cells(show(frame, "表").html())[0] == ["编号"]
    assert cells(show(frame.assign(evidence="已佐证"), "表").html())[0] == ["编号", "佐证"]
    assert cells(show(frame.iloc[:0], "表").html())[0] == ["编号", "佐证"]


def test_the_frame_that_is_shown_stays_as_it_was(losses):
    before = losses.copy()
    show(losses, "失分")
    pd.testing.assert_frame_equal(losses, before)


def test_files_have_the_same_headers_and_words():
    frame = pd.DataFrame({"jurisdiction": ["范县"], "eligible": ["no"], "mine": [1]})
    assert headed(frame, ["eligible", "jurisdiction", "mine"]).to_dict("list") == {
        "申报条件": ["不具备申报条件"],
        "县（区、市）": ["范县"],
        "mine": [1],
    }


def test_what_a_notebook_shows_carries_its_style_and_a_page_does_not():
    shown = show(pd.DataFrame({"id": ["S1.1"]}), "表")
    assert shown._repr_html_() == by_itself(shown.html()) != shown.html()
    assert "<style" not in shown.html()


def test_no_other_module_says_how_a_column_is_shown():
    for path in (ROOT / "creditcalc").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        tables = [node for node in imports if node.module == "creditcalc.render.table"]
        names = {alias.name for node in tables for alias in node.names}
        if path.relative_to(ROOT / "creditcalc").as_posix() not in BOXES:
            assert "Column" not in names, path


@pytest.mark.parametrize("name", ["county_report", "city_overview", "office_report"])
def test_every_column_that_a_notebook_names_is_known(name):
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8").replace('\\"', '"')
    named = re.findall(r'\["([^\]]+)"\]', text)
    columns = {column for group in named for column in group.split('", "')} - {"parameters"}
    assert len(columns) > 10 and columns <= set(FIELDS), columns - set(FIELDS)


def test_a_cell_with_several_things_is_one_text():
    frame = pd.DataFrame({"gates": [["B01", "B02"]], "changes": [{"commitments": 1600.0}]})
    assert cells(show(frame, "表").html())[1] == ["B01、B02", "commitments=1600.0"]
