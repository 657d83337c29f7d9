"""Every page of the sample in Debian's Chromium: no error, no request, no sideways scrolling,
readable, printable.
"""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from creditcalc.batch.plan import Options
from creditcalc.batch.runner import run
from creditcalc.files import sha256
from creditcalc.render.pdf import print_pages

pytestmark = pytest.mark.slow
WIDTHS = (390, 1280)  # a telephone and a wide screen
UNITS = ("发展改革委", "各县（区）人民政府、管委会")  # with axe; the others are made alike
# Playwright runs a page's own script in an isolated world, so that axe can read a page whose policy
# forbids scripts.
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    outcome = run(Options(out=tmp_path_factory.mktemp("报告 1")), progress=False)
    assert outcome.complete, [page.error for page in outcome.pages]
    return outcome


@pytest.fixture(scope="module")
def pages(made):
    return [made.folder / "index.html", *(made.folder / page.file for page in made.pages)]


@pytest.fixture(scope="module")
def browser(chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def test_the_sample_has_a_page_for_everyone(made):
    kinds = [page.kind for page in made.pages]
    assert (kinds.count("county"), kinds.count("city")) == (9, 1) and kinds.count("office") > 40


def test_every_page_is_light(pages):
    heavy = {page.name: size for page in pages if (size := page.stat().st_size) >= 200_000}
    assert not heavy


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_needs_anything_or_scrolls_sideways(browser, pages, width):
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    tab = context.new_page()
    said, asked = [], []
    tab.on("console", lambda message: said.append((tab.url, message.text)))
    tab.on("pageerror", lambda error: said.append((tab.url, str(error))))
    tab.on("request", lambda request: asked.append(request.url))
    for page in pages:
        asked.clear()
        tab.goto(page.as_uri())
        assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]
        wide, room = tab.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= room, (page.name, wide)
        assert tab.evaluate("document.documentElement.lang") == "zh-CN"
    context.close()
    assert said == []


def test_a_page_is_read_without_a_script_and_can_run_none(browser, made):
    context = browser.new_context(java_script_enabled=False, offline=True)
    tab = context.new_page()
    tab.goto((made.folder / "范县.html").as_uri())
    assert "失分与对策" in tab.inner_text("main")
    policy = tab.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content")
    assert "default-src 'none'" in policy and "script-src" not in policy
    context.close()


def test_nothing_serious_keeps_anyone_from_reading(browser, made):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    names = [page.file for page in made.pages if page.kind != "office" or page.name in UNITS]
    for name in ["index.html", *names]:
        tab.goto((made.folder / name).as_uri())
        found = Axe().run(tab).response["violations"]
        worst = [(v["id"], v["nodes"][0]["html"][:120]) for v in found if v["impact"] in SERIOUS]
        assert worst == [], name
    tab.close()


def test_every_link_leads_somewhere(browser, pages):
    tab = browser.new_page()
    for page in pages:
        tab.goto(page.as_uri())
        for target in tab.eval_on_selector_all("a[href]", "links => links.map(a => a.href)"):
            file, _, fragment = target.partition("#")
            assert file.startswith("file:"), target
            if file == page.as_uri():
                assert not fragment or tab.evaluate(
                    "id => !!document.getElementById(decodeURIComponent(id))", fragment
                ), target
            else:
                assert Path(unquote(file.removeprefix("file://"))).exists(), target
    tab.close()


def test_the_box_narrows_the_standings_to_a_name(browser, made):
    tab = browser.new_page()
    tab.goto((made.folder / "index.html").as_uri())
    rows = tab.locator("p.find + .sheet tbody tr")
    assert rows.count() == 10
    tab.fill("#find", "范县")
    assert (
        rows.filter(visible=True).count() == 1 and "范县" in rows.filter(visible=True).inner_text()
    )
    tab.fill("#find", "")
    assert rows.filter(visible=True).count() == 10
    tab.close()


@pytest.fixture(scope="module")
def printed(made, chromium):
    pages = [
        made.folder / name
        for name in ("范县.html", "濮阳市.html", "units/发展改革委.html", "index.html")
    ]
    for page, pdf, error in print_pages({page: sha256(page) for page in pages}, jobs=2):
        assert error == ""
        page.with_suffix(".pdf").write_bytes(pdf)
    return pages


def test_what_is_printed_has_its_text_and_no_blank_page(printed, pdftotext):
    for page in printed:
        text = subprocess.run(
            [pdftotext, "-layout", page.with_suffix(".pdf"), "-"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        sheets = text.split("\f")[:-1]
        source = page.read_text(encoding="utf-8")
        title = re.search(r"<title>(.*?)</title>", source)[1]
        headings = {
            re.sub(r"<[^>]*>|\s", "", heading) for heading in re.findall(r"<h2.*?</h2>", source)
        }
        assert title.split()[0] in text and "濮信用" in text and headings
        for number, sheet in enumerate(sheets, 1):
            words = re.sub(r"\s|第 \d+ 页，共 \d+ 页", "", sheet).replace(
                re.sub(r"\s", "", title), ""
            )
            assert len(words) > 20, (page.name, number)
            lines = [re.sub(r"\s", "", line) for line in sheet.splitlines() if line.strip()][
                1:-1
            ]  # without head and foot
            assert lines[-1] not in headings, (
                page.name,
                number,
                "a heading alone at the end of a sheet",
            )
            assert not lines[0].startswith("来源："), (
                page.name,
                number,
                "a source without its table",
            )
            assert f"第{number}页，共{len(sheets)}页" in re.sub(r"\s", "", sheet), (
                page.name,
                number,
            )


def test_tables_and_figures_fit_the_paper(browser, printed):
    """At the width of A4 between its margins nothing is wider than the page."""
    tab = browser.new_page(viewport={"width": round((210 - 32) / 25.4 * 96), "height": 1000})
    tab.emulate_media(media="print")
    for page in printed:
        tab.goto(page.as_uri())
        wide = tab.eval_on_selector_all(
            ".sheet:not(.wide) table, figure svg",
            "all => all.filter(e =>"
            " e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"
            ".map(e => (e.querySelector('caption') || e).textContent.slice(0, 40))",
        )
        assert wide == [], page.name
    tab.close()
