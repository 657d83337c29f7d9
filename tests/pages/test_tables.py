"""Every table and figure of the reports on every jurisdiction of the sample, and what single ones
must say.
"""

import inspect
import re

import pandas as pd
import pytest

import creditcalc as cc
from creditcalc.pages import figures, show
from creditcalc.pages.page_data import PageData
from creditcalc.render.display import Shown

PERIOD = "2021-05"
CITY_ONLY = {"standings", "heat_map", "heat_note", "best_moves", "shares", "undecided", "stability"}
COUNTY_ONLY = {"shared_thresholds", "peers"}
FRAMES = sorted(
    name
    for name, method in inspect.getmembers(PageData, inspect.isfunction)
    if not name.startswith("_")
    and "return" in method.__annotations__
    and method.__annotations__["return"] in ("pd.DataFrame", "Prose", "Facts", "Shown")
)
DRAWN = {
    "categories": "categories",
    "losses": "items",
    "trend": "trend",
    "standings": "standings",
}  # each figure, and the frame that it is made of


@pytest.fixture(scope="module")
def study():
    return cc.open_study()


@pytest.fixture(scope="module")
def pages(study):
    return [
        study.city("濮阳市", PERIOD),
        *(study.county(name, PERIOD) for name in study.counties(PERIOD)),
    ]


def wanted(name, page):
    """Whether a page of this level shows it."""
    return name not in (COUNTY_ONLY if page.level == "city" else CITY_ONLY)


def html_of(made):
    shown = show(made, "表") if isinstance(made, pd.DataFrame) else made
    assert isinstance(shown, Shown)
    return shown.html()


@pytest.mark.parametrize("name", FRAMES)
def test_it_can_be_shown_for_everyone(pages, name):
    for page in pages:
        if wanted(name, page):
            html = html_of(getattr(page, name)())
            assert "nan" not in re.sub(r"<[^>]*>", "", html).lower()


@pytest.mark.parametrize(("figure", "frame"), DRAWN.items())
def test_a_figure_is_drawn_of_a_frame_and_names_whose_it_is(pages, figure, frame):
    for page in pages:
        if wanted(frame, page):
            made = getattr(figures, figure)(getattr(page, frame)(), page.name)
            assert page.name in made.alt and "<svg" in made.html()


def test_a_first_month_and_an_empty_row_can_be_shown_too(study, tmp_path):
    (tmp_path / "a.csv").write_text(
        "jurisdiction,period,level\n甲市,2021-05,city\n乙县,2021-05,\n丙县,2021-05,\n",
        encoding="utf-8",
    )
    bare = cc.open_study(tmp_path / "a.csv")
    for page in (
        bare.county("乙县", PERIOD),
        bare.city("甲市", PERIOD),
        study.county("范县", "2020-06"),
    ):
        for name in FRAMES:
            assert not wanted(name, page) or html_of(getattr(page, name)())
        for figure, frame in DRAWN.items():
            if wanted(frame, page):
                assert getattr(figures, figure)(getattr(page, frame)(), page.name).html()


def test_every_frame_of_the_page_is_among_those_that_are_shown():
    assert {"losses", "items", "missing", "base", "readings_used", "peers", "trend"} <= set(FRAMES)
    assert len(FRAMES) > 30


def test_the_cheapest_points_are_in_the_countys_own_hands_and_true(study):
    page = study.county("范县", PERIOD)
    frame = page.actions
    named = [fact.label.split()[0] for fact in page.cheapest().facts]
    assert len(named) == len(set(named)) == 3
    for id in named:
        changes = frame[frame["id"] == id]["changes"].iloc[0]
        assert all(name in page.typed or not page.book.inputs[name].inherit for name in changes)
        after = cc.what_if(study.checked.table, page.book, {("范县", PERIOD): changes}).totals
        gain = after[(after["jurisdiction"] == "范县") & (after["period"] == PERIOD)][
            "change"
        ].item()
        assert gain == pytest.approx(frame[(frame["id"] == id)]["total_gain"].iloc[0])


def test_losses_in_the_table_add_up_to_what_the_county_lacks(study):
    page = study.county("台前县", PERIOD)
    frame = page.items().query("kind == 'item'")
    assert frame["lost"].sum() == pytest.approx(100 - page.card.totals()["score"].iloc[-1])


def test_a_failed_base_indicator_is_named_first_with_what_makes_it_pass(study):
    page = study.county("台前县", PERIOD)
    assert page.base()["id"].iloc[0] == "B02"
    assert "2 → 3" in page.to_pass()["to_pass"].iloc[0]


# ------------------------------------------------------------------------------------------------
# what single tables must say


def test_medians_are_those_of_the_counties_own_sums(study):
    page = study.county("范县", PERIOD)
    points = page.group.counties.points
    frame = page.categories(total=True).set_index("category")
    for category in page.book.categories:
        ids = [rule.id for rule in page.book.of_kind("item") if rule.category == category]
        assert frame.loc[category, "median"] == pytest.approx(sorted(points[ids].sum(axis=1))[4])
    assert frame.loc["合计", "median"] == pytest.approx(
        sorted(page.group.counties.totals()["score"])[4]
    )


def test_a_citys_threshold_gives_a_county_its_part_and_no_points_of_its_own(study):
    frame = study.county("范县", PERIOD).losses().set_index("id")
    assert "全市" in frame.loc["S6.2", "gain"] and "不变" in frame.loc["S6.2", "gain"]
    assert "S6.2" not in [
        fact.label.split()[0] for fact in study.county("范县", PERIOD).cheapest().facts
    ]


def test_bonus_items_are_among_the_losses_in_the_order_of_what_they_bring(study):
    frame = study.county("范县", PERIOD).losses()
    assert (
        "A2" in set(frame["id"])
        and frame.loc[frame["id"] == "A2", "name"].str.contains("附加项").all()
    )
    assert frame["total_gain"].is_monotonic_decreasing


def test_best_moves_of_the_city_ask_for_no_more_than_it_lacks(study):
    page = study.city("濮阳市", PERIOD)
    frame = page.best_moves().set_index("id")
    assert frame.index.is_unique
    assert "+1 项" in frame.loc["A3", "steps"] and frame.loc["A3", "city_gain"] == pytest.approx(
        1
    )  # the city has 2 of 3
    assert len(frame.loc["A3", "same_gain"].split("、")) == len(page.counties) - 1


def test_what_is_lost_not_earned_and_open_is_all_accounted_for(study):
    page = study.city("濮阳市", PERIOD)
    shares, undecided = page.shares(total=True), page.contribution.undecided
    lost = shares.set_index("id").loc["合计", "city_lost"]
    left = page.card.full.loc[page.now, undecided].sum()
    (told,) = page.undecided().paragraphs
    assert undecided and all(id in told for id in undecided)
    assert lost + left + page.card.totals()["score"].iloc[-1] == pytest.approx(100)


def test_the_city_is_told_whom_to_call(study):
    frame = study.city("濮阳市", PERIOD).missing().set_index("input")
    assert frame.loc["objection_workdays", "whom"] == "范县"
    assert frame.loc["xyd_recommended", "whom"] == "工业园区"
    assert set(study.county("范县", PERIOD).missing()["whom"]) == {"范县"}


def test_an_item_that_went_missing_is_among_the_changes(study):
    frame = study.county("范县", PERIOD).changes().set_index("id")
    gone = {id for id in frame.index if frame[PERIOD].isna()[id]}
    assert gone == {"S2.1", "S4.2.3", "S4.4", "S5.2.2", "S5.3"}
    points = study.county("范县", PERIOD).card.totals()["score"]
    assert frame[PERIOD].fillna(0).sum() - frame["2021-04"].sum() == pytest.approx(
        points.iloc[-1] - points.iloc[-2], abs=0.05
    )


def test_a_month_that_is_missing_leaves_the_pace_unsaid(tmp_path):
    periods = ["2020-11", "2020-12", "2021-01", "2021-02", "2021-03", "2021-04", "2021-05"]
    rows = [f"甲县,{period},{600 + 20 * n},1000" for n, period in enumerate(periods)]
    for kept, pace in ((rows, "约 14 个月"), (rows[:3] + rows[4:], "—")):
        text = "\n".join(["jurisdiction,period,commitments,enterprises", *kept])
        (tmp_path / "a.csv").write_text(text, encoding="utf-8")
        frame = cc.open_study(tmp_path / "a.csv", city="甲市").county("甲县", PERIOD).losses()
        assert frame[(frame["id"] == "S7.1") & (frame["aim"] == "full")]["pace"].tolist() == [pace]
