"""Every table and figure of the reports on every jurisdiction of the sample, and what single ones
must say.
"""

import inspect
import re

import pytest

import creditcalc as cc
from creditcalc.pages import answers, figures, tables
from creditcalc.pages.page_data import Brief
from creditcalc.render.display import Figure, Shown

PERIOD = "2021-05"
CITY_ONLY = {"standings", "base_matrix", "heat_map", "best_moves", "shares", "stability"}
COUNTY_ONLY = {"shared_thresholds", "beside_median", "county_duty", "place_words"}


def shows(module):
    """The functions of a module that make something to show from a brief."""
    functions = inspect.getmembers(module, inspect.isfunction)
    own = [
        (n, f) for n, f in functions if f.__module__ == module.__name__ and not n.startswith("_")
    ]
    return [
        (name, f) for name, f in own if next(iter(inspect.signature(f).parameters), "") == "brief"
    ]


@pytest.fixture(scope="module")
def study():
    return cc.open_study()


@pytest.fixture(scope="module")
def briefs(study):
    return [
        study.city("濮阳市", PERIOD),
        *(study.county(name, PERIOD) for name in study.counties(PERIOD)),
    ]


@pytest.mark.parametrize(
    ("name", "make"), [f for m in (tables, answers, figures) for f in shows(m)]
)
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
        "jurisdiction,period,level\n甲市,2021-05,city\n乙县,2021-05,\n丙县,2021-05,\n",
        encoding="utf-8",
    )
    bare = cc.open_study(tmp_path / "a.csv")
    for brief in (
        bare.county("乙县", PERIOD),
        bare.city("甲市", PERIOD),
        study.county("范县", "2020-06"),
    ):
        assert isinstance(brief, Brief)
        for name, make in [f for m in (tables, answers, figures) for f in shows(m)]:
            if name not in (COUNTY_ONLY if brief.level == "city" else CITY_ONLY):
                made = make(brief)
                assert not isinstance(made, Shown) or made._repr_html_()


def test_the_cheapest_points_are_in_the_countys_own_hands_and_true(study):
    brief = study.county("范县", PERIOD)
    frame = brief.actions
    named = [fact.label.split()[0] for fact in answers.cheapest(brief).facts]
    assert len(named) == len(set(named)) == 3
    for id in named:
        changes = frame[frame["id"] == id]["changes"].iloc[0]
        assert all(name in brief.typed or not brief.book.inputs[name].inherit for name in changes)
        after = cc.what_if(study.checked.table, brief.book, {("范县", PERIOD): changes}).totals
        gain = after[(after["jurisdiction"] == "范县") & (after["period"] == PERIOD)][
            "change"
        ].item()
        assert gain == pytest.approx(frame[(frame["id"] == id)]["total_gain"].iloc[0])


def test_losses_in_the_table_add_up_to_what_the_county_lacks(study):
    brief = study.county("台前县", PERIOD)
    frame = tables.item_frame(brief).query("kind == 'item'")
    assert frame["lost"].sum() == pytest.approx(100 - brief.card.totals()["score"].iloc[-1])


def test_a_failed_base_indicator_is_named_first_with_what_makes_it_pass(study):
    brief = study.county("台前县", PERIOD)
    assert tables.base(brief).frame["id"].iloc[0] == "B02"
    assert "2 → 3" in answers.gates(brief).frame["steps"].iloc[0]


# ------------------------------------------------------------------------------------------------
# what single tables must say


def test_medians_are_those_of_the_counties_own_sums(study):
    brief = study.county("范县", PERIOD)
    points = brief.group.counties.points
    frame = tables.category_table(brief).frame.set_index("category")
    for category in brief.book.categories:
        ids = [rule.id for rule in brief.book.of_kind("item") if rule.category == category]
        assert frame.loc[category, "median"] == pytest.approx(sorted(points[ids].sum(axis=1))[4])
    assert frame.loc["合计", "median"] == pytest.approx(
        sorted(brief.group.counties.totals()["score"])[4]
    )


def test_a_citys_threshold_gives_a_county_its_part_and_no_points_of_its_own(study):
    frame = answers.actions(study.county("范县", PERIOD)).frame.set_index("id")
    assert "全市" in frame.loc["S6.2", "gain"] and "不变" in frame.loc["S6.2", "gain"]
    assert "S6.2" not in [
        fact.label.split()[0] for fact in answers.cheapest(study.county("范县", PERIOD)).facts
    ]


def test_bonus_items_are_among_the_losses_in_the_order_of_what_they_bring(study):
    frame = answers.actions(study.county("范县", PERIOD)).frame
    assert (
        "A2" in set(frame["id"])
        and frame.loc[frame["id"] == "A2", "name"].str.contains("附加项").all()
    )
    assert frame["total_gain"].is_monotonic_decreasing


def test_best_moves_of_the_city_ask_for_no_more_than_it_lacks(study):
    brief = study.city("濮阳市", PERIOD)
    frame = answers.best_moves(brief).frame.set_index("id")
    assert frame.index.is_unique
    assert "+1 项" in frame.loc["A3", "steps"] and frame.loc["A3", "total_gain"] == pytest.approx(
        1
    )  # the city has 2 of 3
    assert len(frame.loc["A3", "others"].split("、")) == len(brief.counties) - 1


def test_what_is_lost_not_earned_and_open_is_all_accounted_for(study):
    brief = study.city("濮阳市", PERIOD)
    shares, undecided = answers.shares(brief), brief.contribution.undecided
    lost = shares.frame.set_index("id").loc["合计", "lost"]
    left = brief.card.full.loc[brief.now, undecided].sum()
    assert undecided and all(id in shares.title for id in undecided)
    assert lost + left + brief.card.totals()["score"].iloc[-1] == pytest.approx(100)


def test_the_city_is_told_whom_to_call(study):
    frame = answers.worth(study.city("濮阳市", PERIOD)).frame.set_index("input")
    assert frame.loc["objection_workdays", "whom"] == "范县"
    assert frame.loc["xyd_recommended", "whom"] == "工业园区"
    assert set(answers.worth(study.county("范县", PERIOD)).frame["whom"]) == {"范县"}


def test_an_item_that_went_missing_is_among_the_changes(study):
    frame = answers.changes(study.county("范县", PERIOD)).frame.set_index("id")
    gone = {id for id in frame.index if frame["after"].isna()[id]}
    assert gone == {"S2.1", "S4.2.3", "S4.4", "S5.2.2", "S5.3"}
    points = study.county("范县", PERIOD).card.totals()["score"]
    assert frame["after"].fillna(0).sum() - frame["before"].sum() == pytest.approx(
        points.iloc[-1] - points.iloc[-2], abs=0.05
    )


def test_a_month_that_is_missing_leaves_the_pace_unsaid(tmp_path):
    periods = ["2020-11", "2020-12", "2021-01", "2021-02", "2021-03", "2021-04", "2021-05"]
    rows = [f"甲县,{period},{600 + 20 * n},1000" for n, period in enumerate(periods)]
    for kept, pace in ((rows, "约 14 个月"), (rows[:3] + rows[4:], "—")):
        text = "\n".join(["jurisdiction,period,commitments,enterprises", *kept])
        (tmp_path / "a.csv").write_text(text, encoding="utf-8")
        frame = answers.actions(
            cc.open_study(tmp_path / "a.csv", city="甲市").county("甲县", PERIOD)
        ).frame
        assert frame[(frame["id"] == "S7.1") & (frame["goal"] == "full")]["pace"].tolist() == [pace]
