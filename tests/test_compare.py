"""Ranks: ties, and the places that missing data leaves open."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditcalc.compare import ranks


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
@given(rows=st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4).map(sorted), min_size=1, max_size=6))
def test_best_and_worst_hold_the_rank_and_whatever_place_comes_out(rows):
    """The confirmed score is below the low where an undecided item surely brings something (S5.3 with 5 yes)."""
    score, low, actual, high = np.array(rows).T
    found = ranks(totals(*zip(score, low, high, strict=True)))
    place = 1 + (actual[None, :] > actual[:, None]).sum(axis=1)
    for rank in (place, found["rank"]):
        assert ((found["best"] <= rank) & (rank <= found["worst"])).all()
