"""Every table and figure of the reports on every jurisdiction of the sample, and what single ones must say."""

import inspect
import re

import pytest

import creditcalc as cc
from creditcalc import answers, figures, tables
from creditcalc.brief import Brief
from creditcalc.display import Figure, Shown

PERIOD = "2021-05"
CITY_ONLY = {"standings", "base_matrix", "heat_map", "best_moves", "shares", "stability"}
COUNTY_ONLY = {"shared_thresholds", "beside_median", "county_duty", "place_words"}


def shows(module):
    """The functions of a module that make something to show from a brief."""
    functions = inspect.getmembers(module, inspect.isfunction)
    own = [(n, f) for n, f in functions if f.__module__ == module.__name__ and not n.startswith("_")]
    return [(name, f) for name, f in own if next(iter(inspect.signature(f).parameters), "") == "brief"]


@pytest.fixture(scope="module")
def study():
    return cc.open_study()


@pytest.fixture(scope="module")
def briefs(study):
    return [study.city("濮阳市", PERIOD), *(study.county(name, PERIOD) for name in study.counties(PERIOD))]


@pytest.mark.parametrize(("name", "make"), [f for m in (tables, answers, figures) for f in shows(m)])
def test_it_can_be_shown_for_everyone(briefs, name, make):
    for brief in briefs:
        if name in (COUNTY_ONLY if brief.level == "city" else CITY_ONLY):
            continue
        made = make(brief)
        if not isinstance(made, Shown):
            continue
        html = made._repr_html_()
        assert "nan" not in re.sub(r"<[^>]*>", "", html).lower()
        if isinstance(made, Figure):
            assert brief.name in made.alt


def test_a_first_month_and_an_empty_row_can_be_shown_too(study, tmp_path):
    (tmp_path / "a.csv").write_text(
        "jurisdiction,period,level\n甲市,2021-05,city\n乙县,2021-05,\n丙县,2021-05,\n", encoding="utf-8"
    )
    bare = cc.open_study(tmp_path / "a.csv")
    for brief in (bare.county("乙县", PERIOD), bare.city("甲市", PERIOD), study.county("范县", "2020-06")):
        assert isinstance(brief, Brief)
        for name, make in [f for m in (tables, answers, figures) for f in shows(m)]:
            if name not in (COUNTY_ONLY if brief.level == "city" else CITY_ONLY):
                made = make(brief)
                assert not isinstance(made, Shown) or made._repr_html_()


def test_the_cheapest_points_are_in_the_countys_own_hands_and_true(study):
    brief = study.county("范县", PERIOD)
    frame = answers.action_frame(brief)
    named = [fact.label.split()[0] for fact in answers.cheapest(brief).facts]
    assert len(named) == len(set(named)) == 3
    for id in named:
        changes = frame[frame["id"] == id]["changes"].iloc[0]
        assert not any(brief.book.inputs[name].inherit for name in changes)
        after = cc.what_if(study.checked.table, brief.book, {("范县", PERIOD): changes}).totals
        gain = after[(after["jurisdiction"] == "范县") & (after["period"] == PERIOD)]["change"].item()
        assert gain == pytest.approx(frame[(frame["id"] == id)]["total_gain"].iloc[0])


def test_losses_in_the_table_add_up_to_what_the_county_lacks(study):
    brief = study.county("台前县", PERIOD)
    frame = tables.item_frame(brief).query("kind == 'item'")
    assert frame["lost"].sum() == pytest.approx(100 - brief.card.totals()["score"].iloc[-1])


def test_a_failed_base_indicator_is_named_first_with_what_makes_it_pass(study):
    brief = study.county("台前县", PERIOD)
    assert tables.base(brief).frame["id"].iloc[0] == "B02"
    assert "2 → 3" in answers.gates(brief).frame["steps"].iloc[0]
