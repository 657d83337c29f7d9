"""Notebooks in a real JupyterLab and a real browser: run all cells of explore.ipynb, move sliders,
see what creditcalc computes; run all cells of a report and look at it.

``CREDITCALC_SCREENSHOT=page.png`` keeps a picture of the page (with Chinese letters where a Chinese
font is installed, say Debian's ``fonts-noto-cjk``).
"""

import json
import os
import shutil
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from playwright.sync_api import expect, sync_playwright

import creditcalc as cc
from creditcalc.bundled import bundled
from creditcalc.words import interval

pytestmark = pytest.mark.slow
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TOKEN = "loopback-only"
COUNTY, PERIOD = "范县", "2021-05"
START, STOP = 120, 20  # seconds that the server may take
PATIENCE = 120_000  # milliseconds that the page may take


@pytest.fixture
def lab(tmp_path):
    """The address of a notebook by its name, in a JupyterLab with a folder and settings of its own,
    which is always shut down.
    """
    folders = ("CONFIG", "RUNTIME", "DATA")
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in folders} | {
        "IPYTHONDIR": str(tmp_path / "ipython")
    }
    own |= {f"JUPYTERLAB_{name}_DIR": str(tmp_path / name) for name in ("SETTINGS", "WORKSPACES")}
    shutil.copytree(bundled("notebooks"), tmp_path / "notebooks")
    (tmp_path / "CONFIG" / "labconfig").mkdir(parents=True)
    # On its first start Lab asks whether it may fetch news; the question would lie over the page.
    settings = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (tmp_path / "CONFIG" / "labconfig" / "page_config.json").write_text(json.dumps(settings))
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={tmp_path / 'notebooks'}",
        "--LabApp.extension_manager=readonly",
    ]
    log = tmp_path / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            stdout=out,
            stderr=out,
            env=os.environ | own,
        )
    try:
        address = _address(process, tmp_path / "RUNTIME", log)
        yield lambda name: f"{address}lab/tree/{name}.ipynb?token={TOKEN}"
    finally:
        process.terminate()  # the server ends its kernels
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process, runtime, log):
    """Where the server listens, once it says so."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            if text := file.read_text():
                return json.loads(text)["url"]
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture
def page(chromium):
    """An empty page of a headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()


def run_all(page, address):
    """Open a notebook and run all its cells."""
    page.goto(address)
    page.get_by_text(
        "Python 3 (ipykernel) | Idle"
    ).wait_for()  # cells run before the kernel answers are lost
    page.locator(
        ".jp-MarkdownCell"
    ).first.click()  # the menu speaks of cells once a notebook has the focus
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


@pytest.fixture
def desk(page, lab):
    """The explorer's widgets after all cells of the notebook have run."""
    run_all(page, lab("explore"))
    yield page.locator(".jupyter-widgets.widget-vbox").first
    if picture := os.environ.get("CREDITCALC_SCREENSHOT"):
        page.screenshot(path=picture)


def shows(desk, totals):
    """The panel shows a row's totals, as soon as it has them."""
    for key, ends in {
        "score": ("score", "score"),
        "low": ("low", "high"),
        "total": ("total", "total"),
    }.items():
        text = interval(*(totals[end] for end in ends))
        expect(desk.locator(f".creditcalc-{key}")).to_have_text(text, timeout=PATIENCE)


def test_what_is_moved_is_scored(page, desk):
    book, study = cc.load_rulebook(), cc.open_study()
    inputs, readings = (
        {"commitments": 1600, "joint_domains": 5, "share_gas": 1},
        {},
    )  # as the notebook sets them
    row = study.table.query("jurisdiction == @COUNTY and period == @PERIOD")

    def computed():
        return cc.score(row.assign(**inputs), book, readings).totals().iloc[0]

    def field(name):
        return desk.locator(".widget-hbox").filter(has_text=book.inputs[name].label).last

    def open_section(title):
        desk.locator(".jupyter-widget-Collapse-header", has_text=title).click()

    shows(desk, computed())

    open_section(book.categories["七"].name)
    field("joint_domains").locator(".noUi-handle").press("ArrowRight")
    inputs["joint_domains"] = 6
    shows(desk, computed())

    readout = field("commitments").locator(".widget-readout")
    readout.fill("1800")
    readout.press("Enter")
    inputs["commitments"] = 1800
    shows(desk, computed())

    field("graded_domains").get_by_role("checkbox").uncheck()
    inputs["graded_domains"] = None
    shows(desk, computed())

    open_section("读法")
    desk.locator(".widget-vbox").filter(
        has_text=book.readings["proportional"].question
    ).last.locator("select").select_option(label=book.readings["proportional"].options["of_full"])
    readings["proportional"] = "of_full"
    shows(desk, computed())

    desk.get_by_role("button", name="还原").click()
    inputs, readings = {}, {}
    shows(desk, computed())
    assert (
        page.locator("[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedError").count()
        == 0
    )


CARDS = """cards => cards.map(card => {
  const [label, value] = card.querySelectorAll("p");
  const [box, above, below] = [card, label, value].map(part => part.getBoundingClientRect());
  return [box.top, box.left, box.right, above.bottom <= below.top, value.textContent];
})"""
CELL = """cell => {
  const {textAlign, backgroundColor} = getComputedStyle(cell);
  return [textAlign, backgroundColor];
}"""


def test_a_report_runs_without_parameters_and_looks_right(page, lab):
    run_all(page, lab("county_report"))
    facts = page.locator(".creditcalc .facts").first
    facts.wait_for(timeout=PATIENCE)
    county = cc.open_study().county()
    expected = [fact.value for fact in county.key_figures().facts]
    cards = facts.locator(":scope > div").evaluate_all(CARDS)
    assert [value for *_, value in cards] == expected
    assert all(above for *_, above, _ in cards), "a card's label stands above its value"
    tops = {top for top, *_ in cards}
    assert len(tops) < len(cards), "cards stand side by side"
    for (top, _, right, *_), (after, left, *_) in pairwise(cards):
        assert after > top or right < left, "no card lies over another"

    table = page.locator(".creditcalc table").first
    table.scroll_into_view_if_needed()
    first, second = (table.locator(f"tbody tr:nth-child({n}) td").first for n in (1, 2))
    assert first.evaluate(CELL) == second.evaluate(CELL) == ["left", "rgba(0, 0, 0, 0)"]
    badge = table.locator(".badge").first.evaluate(CELL)[1]
    assert badge not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
    if picture := os.environ.get("CREDITCALC_SCREENSHOT"):
        page.screenshot(path=f"{picture}.report.png")
    assert page.locator(".jp-RenderedError").count() == 0
