"""Both report notebooks, executed by papermill as a user would, and the pages made of them."""

import csv
import re
from fractions import Fraction
from html import unescape

import papermill
import pytest
from support import oracle
from support.places import ROOT

import creditcalc as cc
from creditcalc import words
from creditcalc.render.fonts import missing_glyphs
from creditcalc.render.html import PageHead, to_html
from creditcalc.rules import phrases

pytestmark = pytest.mark.slow
PERIOD = "2021-05"
PAGES = {
    "county_report": {"county": "范县", "period": PERIOD},
    "city_overview": {"city": "濮阳市", "period": PERIOD},
}
REPORTS = (*PAGES, "office_report")


@pytest.fixture(scope="module", params=PAGES)
def page(request, tmp_path_factory):
    source = ROOT / "notebooks" / f"{request.param}.ipynb"
    target = tmp_path_factory.mktemp("notebooks") / "out.ipynb"
    executed = papermill.execute_notebook(source, target, PAGES[request.param], progress_bar=False)
    name = PAGES[request.param].get("county", "濮阳市")
    return (
        name,
        executed,
        to_html(
            executed, PageHead(name, [("期间", PERIOD)], [("目录", "index.html")], sample=True)
        ),
    )


@pytest.fixture(scope="module")
def study():
    return cc.open_study()


def text_of(html):
    return unescape(
        re.sub(r"<[^>]+>", "\n", re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))
    )


def rows_by_id(html):
    """The rows of the full list, which other tables link to, as lists of cell texts."""
    found = re.findall(
        r'<tr id="?([^\s">]+)"?[^>]*>(.*?)(?=<tr|</tbody|</table)', html, flags=re.DOTALL
    )  # end tags may be left out
    cells = {
        id: re.findall(r"<t[hd]\b[^>]*>.*?(?=<t[hd]\b|</tr|$)", row, flags=re.DOTALL)
        for id, row in found
    }
    return {id: [text_of(cell).strip() for cell in row] for id, row in cells.items()}


def test_the_page_says_what_was_computed(page, study):
    name, _, html = page
    totals = study.card.totals()
    mine = totals[(totals["jurisdiction"] == name) & (totals["period"] == PERIOD)].iloc[0]
    text = text_of(html)
    for number in (mine["score"], mine["bonus"], mine["total"]):
        assert f"\n{words.points(number)}\n" in text
    assert phrases.ELIGIBLE[mine["eligible"]] in text


def test_every_item_of_the_county_page_is_what_the_oracle_makes_of_the_file(page):
    name, _, html = page
    if name != "范县":
        rows = rows_by_id(html)
        assert len(rows) == 56
        return
    with (ROOT / "data" / "sample" / "indicators.csv").open(encoding="utf-8-sig") as file:
        lines = [row for row in csv.DictReader(file) if row["period"] == PERIOD]
    said = {"是": Fraction(1), "否": Fraction(0), "": None, "地级市": "prefecture"}
    typed = [
        {
            key: said.get(value, value)
            for key, value in line.items()
            if key not in ("city", "remark")
        }
        for line in lines
    ]
    county = next(row for row in oracle.roll_up(typed, "濮阳市") if row["jurisdiction"] == name)
    expected = oracle.score_row(county)
    shown = rows_by_id(html)
    states = {
        "pass": "通过",
        "fail": "不通过",
        "pending": "待核实",
        "scored": "已计分",
        "missing": "缺数据",
    }
    assert shown.keys() == expected.keys()
    for id, result in expected.items():
        assert states[result.status] in shown[id]
        if result.low is not None:
            assert words.interval(float(result.low), float(result.high)) in shown[id]


def test_the_page_stands_by_itself(page):
    _, _, html = page
    assert '<html lang="zh' in html
    assert len(html.encode()) < 200_000
    assert "<script" not in html
    assert not re.search(r'(?:src|href)\s*=\s*["\']?(?:https?:)?//', html)
    assert "Traceback" not in html
    assert "open_study" not in html, "no code on the page"
    assert "示例数据" in html


def test_every_picture_has_words(page):
    _, _, html = page
    pictures = re.findall(r"<svg[^>]*>", html)
    assert len(pictures) >= 3
    for picture in pictures:
        assert re.search(r'role="img"', picture)
        assert len(re.search(r'aria-label="([^"]*)"', picture)[1]) > 15
    assert "<img" not in html


def test_no_glyph_is_missing(page):
    _, executed, html = page
    assert missing_glyphs(text_of(html)) == set()
    streams = [
        o
        for cell in executed.cells
        for o in cell.get("outputs", [])
        if o["output_type"] == "stream"
    ]
    assert streams == []


@pytest.mark.parametrize(
    ("name", "first"),
    [("county_report", "华龙区"), ("city_overview", "濮阳市"), ("office_report", "市场监管局")],
)
def test_run_all_without_parameters_shows_the_first_of_the_latest_month(name, first, tmp_path):
    source = ROOT / "notebooks" / f"{name}.ipynb"
    papermill.execute_notebook(source, tmp_path / "out.ipynb", progress_bar=False)
    made = papermill.iorw.load_notebook_node(str(tmp_path / "out.ipynb"))
    study = cc.open_study()
    own = {
        "county_report": study.county,
        "city_overview": study.city,
        "office_report": study.office,
    }[name]()
    assert own.name == first
    outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
    figures = next(o for o in outputs if "text/html" in o.get("data", {}))
    assert figures["data"]["text/html"] == own.key_figures()._repr_html_()


def test_notebooks_are_committed_without_outputs_and_hold_no_arithmetic():
    for name in REPORTS:
        notebook = papermill.iorw.load_notebook_node(str(ROOT / "notebooks" / f"{name}.ipynb"))
        for cell in notebook.cells:
            assert not cell.get("outputs")
            if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
                assert not re.search(r"\s[-+*/]\s", cell.source)
