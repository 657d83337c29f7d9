"""Ranks: ties, the places that missing data leaves open, and each county among its own city's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditcalc.analysis.ranking import ranks, ranks_by_city


def totals(*rows, index=None):
    """A table of confirmed scores, lows and highs."""
    return pd.DataFrame(rows, columns=["score", "low", "high"], index=index, dtype=float)


@pytest.mark.parametrize(
    ("scores", "places"),
    [
        ([80, 70, 60], [1, 2, 3]),
        ([60, 80, 70], [3, 1, 2]),
        ([80, 70, 70, 60], [1, 2, 2, 4]),
        ([70, 70, 70], [1, 1, 1]),
        ([0.1 + 0.2, 0.3, 0.2], [1, 1, 3]),
        ([50], [1]),
        ([], []),
    ],
    ids=["falling", "mixed", "a tie", "all tied", "tied but for floats", "one row", "no row"],
)
def test_rank_and_ties(scores, places):
    found = ranks(totals(*((score, score, score) for score in scores)))
    assert found["rank"].tolist() == found["best"].tolist() == found["worst"].tolist() == places
    assert found["tied"].tolist() == [places.count(place) > 1 for place in places]


def test_the_index_is_the_table_s():
    assert ranks(totals((1, 1, 1), (2, 2, 2), index=[7, 3])).index.tolist() == [7, 3]


def test_a_row_of_which_nothing_is_known_can_be_anywhere():
    found = ranks(totals((0, 0, 100), (60, 60, 60), (50, 50, 50)))
    assert found[["best", "worst"]].to_numpy().tolist() == [[1, 3], [1, 2], [2, 3]]


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.integers(0, 9), min_size=4, max_size=4).map(sorted), min_size=1, max_size=6
    )
)
def test_best_and_worst_hold_the_rank_and_whatever_place_comes_out(rows):
    """The confirmed score is below the low where an undecided item surely brings something (S5.3
    with 5 yes).
    """
    score, low, actual, high = np.array(rows).T
    found = ranks(totals(*zip(score, low, high, strict=True)))
    place = 1 + (actual[None, :] > actual[:, None]).sum(axis=1)
    for rank in (place, found["rank"]):
        assert ((found["best"] <= rank) & (rank <= found["worst"])).all()


def placed(*rows, index=None):
    """The ranks by city of rows of (city, period, level, low), and what they are a part of."""
    table = pd.DataFrame(rows, columns=["city", "period", "level", "low"], index=index)
    scores = table.assign(score=table["low"], high=table["low"])[
        ["period", "level", "score", "low", "high"]
    ]
    return ranks_by_city(table, scores)


def test_a_county_is_ranked_among_its_own_city_and_period():
    may, april = "2021-05", "2021-04"
    found = placed(
        ("甲市", may, "county", 60),
        ("乙市", may, "county", 50),
        ("甲市", april, "county", 40),
        ("甲市", may, "city", 99),
        ("甲市", may, "county", 70),
        ("乙市", may, "county", 50),
        ("甲市", may, "county", 60),
        ("乙市", may, "county", 10),
        index=[5, 2, 9, 1, 0, 7, 3, 8],
    )
    assert found.index.tolist() == [5, 2, 9, 1, 0, 7, 3, 8]
    assert found.drop(1).tolist() == [2, 1, 1, 1, 1, 2, 3]
    assert np.isnan(found[1])


def test_counties_of_an_unnamed_city_are_ranked_together():
    table = pd.DataFrame({"city": [None, np.nan, "甲市"]})
    scores = totals((1, 1, 1), (2, 2, 2), (0, 0, 0)).assign(level="county", period="2021-05")
    assert ranks_by_city(table, scores).tolist() == [2, 1, 1]
    assert ranks_by_city(table.drop(columns="city"), scores).tolist() == [2, 1, 3]


def test_a_city_alone_has_no_rank():
    assert placed(("甲市", "2021-05", "city", 1), ("乙市", "2021-05", "city", 2)).isna().all()


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("甲乙"),
            st.sampled_from(["1", "2"]),
            st.sampled_from(["county", "city"]),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_the_rank_is_one_more_than_those_above(rows):
    for (city, period, level, low), rank in zip(rows, placed(*rows), strict=True):
        above = [r for r in rows if r[:3] == (city, period, "county") and r[3] > low]
        assert np.isnan(rank) if level == "city" else rank == 1 + len(above)
