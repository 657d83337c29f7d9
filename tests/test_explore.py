"""The explorer without a browser: what it shows is what cc.score makes of the same row."""

import time

import pytest

import creditcalc as cc
from creditcalc.explore import Explorer
from creditcalc.wording import interval, points

COUNTY, PERIOD = "范县", "2021-05"


@pytest.fixture(scope="module")
def study():
    return cc.open_study()


@pytest.fixture
def explorer(study):
    return Explorer(study, COUNTY, PERIOD)


def reported(study, **changes):
    """The county's row as it was reported, with changes, scored under the study's readings."""
    rows = study.table[(study.table["jurisdiction"] == COUNTY) & (study.table["period"] == PERIOD)]
    return cc.score(rows.assign(**changes), study.book)


def test_it_opens_on_what_was_reported(explorer, study):
    assert explorer.changes == {}
    assert explorer.card.totals()["total"].item() == reported(study).totals()["total"].item()


def test_every_input_and_reading_can_be_reached(explorer, study):
    assert set(explorer.fields) == set(study.book.inputs)
    assert set(explorer.readings) == set(study.book.readings)


@pytest.mark.parametrize("changes", [{"commitments": 1937.0}, {"budget": 0.0}, {"loans_xyd": 945.48, "questionnaires": 60.0}])
def test_a_changed_input_is_scored(explorer, study, changes):
    explorer.set(**changes)
    expected = reported(study, **changes).totals()
    assert explorer.changes == changes
    assert explorer.card.totals()["score"].item() == pytest.approx(expected["score"].item())
    assert points(expected["score"].item()) in explorer.answer.value
    assert interval(expected["low"].item(), expected["high"].item()) in explorer.answer.value


def test_a_person_moving_a_widget_does_the_same(explorer, study):
    explorer.fields["commitments"].editor.value = 1937
    assert explorer.card.points["S7.1"].item() == pytest.approx(7)
    explorer.readings["proportional"].value = "of_full"
    expected = reported(study, commitments=1937.0).under({"proportional": "of_full"})
    assert explorer.card.totals()["score"].item() == pytest.approx(expected.totals()["score"].item())


def test_a_missing_input_can_be_given_and_taken_back(explorer):
    assert explorer.card.status["S2.1"].item() == "missing"
    explorer.set(campaign_score=2.5)
    assert explorer.card.points["S2.1"].item() == 2.5
    explorer.set(campaign_score=None)
    assert explorer.card.status["S2.1"].item() == "missing"


def test_another_county_is_shown_as_it_was_reported(explorer, study):
    explorer.set(commitments=0.0)
    explorer.choose("清丰县", "2021-04")
    rows = study.table[(study.table["jurisdiction"] == "清丰县") & (study.table["period"] == "2021-04")]
    assert explorer.card.totals()["total"].item() == cc.score(rows, study.book).totals()["total"].item()
    with pytest.raises(cc.UnknownName, match="范县"):
        explorer.choose("没有县", PERIOD)


def test_an_answer_comes_at_once(explorer):
    began = time.perf_counter()
    for commitments in range(1500, 1510):
        explorer.set(commitments=float(commitments))
    assert (time.perf_counter() - began) / 10 < 1
