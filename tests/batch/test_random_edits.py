"""Whatever is edited, a run gives the pages that a run with ``--force`` gives, byte for byte."""

import os
import random
from dataclasses import replace
from functools import cache
from unittest.mock import patch

import pytest
from support.desk import CITIES, COLUMNS, MONTHS, AtHand, Edits, small_desk
from support.processes import POSIX

from creditcalc.batch import one_page, provenance, runner
from creditcalc.batch.makers import OwnProcesses
from creditcalc.batch.runner import run
from creditcalc.bundled import bundled
from creditcalc.pages.opening import open_study
from creditcalc.problems import ProblemError

EDITS = int(os.environ.get("CREDITCALC_EDITS", "60"))
PARTS = 3  # tests that share them
SEED = int(os.environ.get("CREDITCALC_SEED", "13"))


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A small desk, and runs without what is made anew each time and depends on no digest."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1622073600")
    monkeypatch.setattr(provenance, "program_digest", lambda: "程序")
    monkeypatch.setattr(one_page, "drawn", lambda text: {})
    monkeypatch.setattr(runner, "index_body", lambda plan, pages: "")
    monkeypatch.setattr(runner, "workbook", lambda sheets, title: b"")
    monkeypatch.setattr(runner, "summary_sheets", lambda plan: {})
    monkeypatch.setattr(runner, "check_parameters", lambda notebook, given: None)
    return small_desk(tmp_path)


def pages(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*.html")
        if path.name != "index.html"
    }


def rerun_and_forced(desk, maker=AtHand, **choices):
    """What a run in one folder and one that makes everything anew in another leave there."""
    ran = replace(desk.lay(), out=desk.folder / "ran", **choices)
    anew = replace(ran, out=desk.folder / "anew", force=True)
    study = cache(lambda: open_study(ran.data, ran.rulebook, ran.readings, ran.city, ran.as_of))
    with patch.object(runner, "open_study", lambda *_: study()):  # read once for both
        outcome = run(ran, maker=maker(ran))
        run(anew, maker=maker(anew))
    return outcome, pages(ran.out), pages(anew.out)


def different(rerun, forced):
    """The pages that differ, each with its first line that does."""
    found = sorted(map(str, rerun.keys() ^ forced.keys()))
    for name in rerun.keys() & forced.keys():
        lines = zip(rerun[name].splitlines(), forced[name].splitlines(), strict=False)
        if rerun[name] != forced[name]:
            old, new = next((pair for pair in lines if pair[0] != pair[1]), (b"", b"longer"))
            found.append(f"{name}: {old.decode()} is to be {new.decode()}")
    return found


def made(outcome):
    return {page.name for page in outcome.pages if page.status == "made"}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_rerun_after_any_edit_is_what_force_would_give(desk, part):
    seed = SEED + part
    edits, told, unchanged = Edits(random.Random(seed)), [], 0
    rerun_and_forced(desk)
    while len(told) < EDITS / PARTS:
        if edits.random.random() < 0.1:  # back to good order
            desk = small_desk(desk.folder)
        changed = desk.copy()
        edit = edits.edit(changed)
        try:
            outcome, rerun, forced = rerun_and_forced(changed)
        except ProblemError:
            continue  # of which there would be no pages
        told.append(edit)
        assert different(rerun, forced) == [], f"seed {seed}, edits {len(told)}: {told[-8:]}"
        unchanged += sum(page.status == "unchanged" for page in outcome.pages)
        desk = changed
    assert unchanged > len(told) / 10  # pages were left alone too


@POSIX
@pytest.mark.slow
def test_so_it_is_with_the_package_s_own_notebooks(desk):
    edits, told = Edits(random.Random(SEED)), []
    choices = {"city": "乙市", "notebooks": bundled("notebooks")}
    desk.rows = [row for row in desk.rows if row["city"] == "乙市"]
    desk.evidence = [line for line in desk.evidence if line["县区"] == "乙市"]
    rerun_and_forced(desk, OwnProcesses, **choices)
    for edit in (edits.edit_cell, edits.edit_evidence, edits.edit_remark):
        told.append(edit(desk))
        _, rerun, forced = rerun_and_forced(desk, OwnProcesses, **choices)
        assert len(rerun) == 3 and different(rerun, forced) == [], told


def test_a_county_renamed_in_an_earlier_month_alone_is_renamed_on_its_city_s_page(desk):
    for row in desk.rows:
        if row["jurisdiction"] == "东县":
            row["period"] = MONTHS[0]
    desk.rows = [row for n, row in enumerate(desk.rows) if n not in (1, 2)]
    _, before, _ = rerun_and_forced(desk)
    desk.rows[0]["jurisdiction"] = "更名县"
    outcome, rerun, forced = rerun_and_forced(desk)
    [name] = [name for name in rerun if name.name == "甲市.html"]
    assert "东县" in before[name].decode() and "东县" not in rerun[name].decode()
    assert rerun == forced and "甲市" in made(outcome)


@pytest.mark.slow
@pytest.mark.parametrize("city", CITIES)
def test_a_change_of_one_county_makes_no_page_of_another_city(desk, city):
    rerun_and_forced(desk)
    row = next(row for row in desk.rows if row["city"] == city)
    for name, new in [(COLUMNS[-1], "3"), ("remark", "改"), ("jurisdiction", "更名县")]:
        row[name] = new
        outcome, *_ = rerun_and_forced(desk)
        assert {page.city for page in outcome.pages if page.status == "made"} == {city}, name
