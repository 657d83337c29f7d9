"""Sensitivity: every number is found again by scoring, one option, one combination or one answer at
a time.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import oracle
from support.rows import ANY_READINGS, BEST, QUICK, ROWS, Table, frame, whole_row

import creditcalc as cc

BOOK = cc.load_rulebook()
MAY = "2021-05"
NAN = np.nan
OPTIONS = {r.id: list(r.options) for r in BOOK.readings.values()}
COMBINATIONS = [
    dict(zip(OPTIONS, combination, strict=True)) for combination in product(*OPTIONS.values())
]


def placed(rows, cities=("甲市", "乙市")):
    """The rows as counties of two cities, every fourth a city's own row, under an index of their
    own.
    """
    table = frame(
        [
            {**row, "period": MAY if n < 8 else "2021-04", "jurisdiction": f"地区{n}"}
            for n, row in enumerate(rows)
        ]
    )
    level = ["city" if n % 4 == 3 else "county" for n in range(len(rows))]
    table = table.assign(level=level, city=[cities[n % len(cities)] for n in range(len(rows))])
    return table.set_index(pd.Index(range(100, 100 - len(rows), -1)))


@st.composite
def tables(draw):
    return Table(draw(st.lists(ROWS, min_size=9, max_size=9)))


@pytest.fixture(scope="module")
def sample():
    study = cc.open_study()
    return study.table[study.table["period"] == study.latest]


# ------------------------------------------------------------------------------------------------
# one option at a time


def places(table, totals):
    """Among a city's counties of a period, one more than have a higher low; nothing for the city
    itself.
    """
    rows = pd.DataFrame(
        {
            "city": table["city"],
            "period": table["period"],
            "level": table["level"],
            "low": totals["low"],
        }
    )
    same = [
        rows[(rows["city"] == r.city) & (rows["period"] == r.period) & (rows["level"] == "county")]
        for r in rows.itertuples()
    ]
    found = [
        1 + (s["low"] > r.low + 1e-9).sum() for r, s in zip(rows.itertuples(), same, strict=True)
    ]
    return np.where(rows["level"] == "county", found, NAN)


@settings(max_examples=2, **QUICK)
@given(rows=tables(), readings=ANY_READINGS)
def test_each_alternative_is_the_score_under_it(rows, readings):
    table = placed(rows)
    found = cc.sensitivity(table, BOOK, readings).one
    before = cc.score(table, BOOK, readings).totals()
    alternatives = [
        (id, option)
        for id, options in OPTIONS.items()
        for option in options
        if option != readings[id]
    ]
    assert list(dict.fromkeys(zip(found["reading"], found["option"], strict=True))) == alternatives
    assert len(found) == len(alternatives) * len(table)
    for (id, option), rows_there in found.groupby(["reading", "option"], sort=False):
        after = cc.score(table, BOOK, {**readings, id: option}).totals()
        assert rows_there["jurisdiction"].tolist() == table["jurisdiction"].tolist()
        for name in ("score", "total"):
            assert np.allclose(rows_there[name], after[name], rtol=0, atol=1e-9), (id, option, name)
        assert np.allclose(
            rows_there["change"], after["total"] - before["total"], rtol=0, atol=1e-9
        )
        assert rows_there["eligible"].tolist() == after["eligible"].tolist()
        assert rows_there["eligible_before"].tolist() == before["eligible"].tolist()
        assert np.array_equal(rows_there["rank"], places(table, after), equal_nan=True)
        assert np.array_equal(rows_there["rank_before"], places(table, before), equal_nan=True)


def test_the_sample_moves_as_its_readme_tells(sample):
    """B07 passes by the mean of the ranks and not by the worst month; the objections count under
    the small scales alone.
    """
    found = (
        cc.sensitivity(sample, BOOK)
        .one.set_index(["reading", "option", "jurisdiction"])
        .sort_index()
    )
    worst_month = found.xs("every_month", level="option")
    assert (worst_month["eligible"] == "no").all() and (
        worst_month["eligible_before"] == "yes"
    ).any()
    assert (worst_month["change"] == 0).all()
    assert found.loc[("objection_scale", "per_10k", "濮阳市"), "change"] < 0


def test_a_change_of_rank_is_seen():
    """Both have 7 domains: by the domain 3.5 points each, by the award 7 and 3; 乙 is first by one
    mark of another item.
    """
    table = pd.DataFrame(
        {
            "jurisdiction": ["甲县", "乙县"],
            "period": MAY,
            "graded_domains": 7.0,
            "graded_domain_score": [7.0, 3],
            "policy_score": [1.0, 2],
        }
    )
    rows = cc.sensitivity(table, BOOK).one.set_index(["reading", "jurisdiction"])
    assert rows.loc["graded_domain", ["rank_before", "rank"]].to_numpy().tolist() == [
        [2, 1],
        [1, 2],
    ]
    assert rows.loc["graded_domain", "change"].tolist() == pytest.approx([3.5, -0.5])
    assert rows.loc["inclusive", ["rank_before", "rank"]].to_numpy().tolist() == [[2, 2], [1, 1]]


# ------------------------------------------------------------------------------------------------
# all combinations

# Every reading decides something of this row; thresholds are met exactly, so that options pull
# against each other.
PULLED = {
    **BEST,
    **{
        "depts_total": 10,
        "depts_sharing": 2,
        "uscc_errors": 7,
        "uscc_total": 250_000,
        "inst_defaulters": 0,
    },
    **{
        "dual_published": 5000,
        "dual_valid_objections": 2,
        "objections_handled": 10,
        "objection_workdays": 63,
    },
    **{
        "small_loans_prev": 100,
        "small_loans_curr": 123,
        "loans_xyd": 4,
        "loans_credit": 100,
        "loans_enterprise": 390,
    },
    **{
        "graded_domains": 9,
        "graded_domain_score": 4,
        "commitments": 60,
        "performances": 20,
        "enterprises": 100,
    },
    **{
        "repeat_targets": 0,
        "repeat_exited": 0,
        "law_upper": 1,
        "contract_supervision": 1,
        "innovations": 2,
    },
}
OPEN = {
    **PULLED,
    "inst_defaulters": None,
    "objection_workdays": None,
    "share_ip": None,
    "share_tax": None,
    "innovations": None,
}


@pytest.mark.parametrize("values", [PULLED, OPEN], ids=["decided", "partly open"])
def test_the_extremes_are_those_of_all_combinations(values):
    """Brute force over the 1152 combinations with the exact scorer, then the library at the
    combinations it names.
    """
    row = whole_row(values)
    assert len(COMBINATIONS) == 1152
    totals = [
        float(oracle.totals(oracle.score_row(row, combination), combination)["total"])
        for combination in COMBINATIONS
    ]
    assert len(set(totals)) > 100
    table = frame([row])
    (found,) = cc.sensitivity(table, BOOK).extremes.to_dict("records")
    assert found["combinations"] == 1152
    assert (found["lowest"], found["highest"]) == pytest.approx(
        (min(totals), max(totals)), abs=1e-9
    )
    for end in ("lowest", "highest"):
        again = cc.score(table, BOOK, found[f"{end}_readings"]).totals()["total"].iloc[0]
        assert again == pytest.approx(found[end], abs=1e-9)


@settings(max_examples=2, **QUICK)
@given(
    rows=tables(),
    readings=ANY_READINGS,
    others=st.lists(st.sampled_from(COMBINATIONS), min_size=10, max_size=10),
)
def test_no_combination_lies_outside_the_extremes_and_both_are_reached(rows, readings, others):
    table = placed(rows)
    found = cc.sensitivity(table, BOOK, readings).extremes
    assert np.allclose(
        found["total"], cc.score(table, BOOK, readings).totals()["total"], rtol=0, atol=1e-9
    )
    for combination in others:
        total = cc.score(table, BOOK, combination).totals()["total"].to_numpy()
        assert (found["lowest"] <= total + 1e-9).all() and (total <= found["highest"] + 1e-9).all()
    for n, row in enumerate(found.to_dict("records")[::2]):
        for end in ("lowest", "highest"):
            named, one = row[f"{end}_readings"], table.iloc[[2 * n]]
            assert cc.score(one, BOOK, {**readings, **named}).totals()["total"].iloc[
                0
            ] == pytest.approx(row[end], abs=1e-9)
            assert all(readings[id] != option for id, option in named.items())


def test_a_reading_that_changes_nothing_is_not_named(sample):
    card = cc.score(sample, BOOK)
    for n, row in enumerate(cc.sensitivity(sample, BOOK).extremes.to_dict("records")):
        for end in ("lowest", "highest"):
            named = row[f"{end}_readings"]
            for id in named:
                kept = {other: option for other, option in named.items() if other != id}
                assert abs(card.under(kept).totals()["total"].iloc[n] - row[end]) > 1e-9, (
                    row["jurisdiction"],
                    named,
                    id,
                )


# ------------------------------------------------------------------------------------------------
# what is missing

ANSWERS = (0.0, 1.0, 2.0, 40.0, 1e7)
ABSENT = {
    # what is not known, besides the rest of the best row → what closes for certain and at most
    "an award": ({"policy_score": NAN}, {"policy_score": (5, 5)}),
    "a flag": ({"budget": NAN}, {"budget": (2, 2)}),
    "one of two flags, the other no": (
        {"regional_risk": NAN},
        {"regional_risk": (2, 2)},
    ),
    "both of two flags": (
        {"regional_risk": NAN, "institution_risk_event": NAN},
        {"regional_risk": (0, 2), "institution_risk_event": (0, 2)},
    ),
    "three classes": (
        {"share_tax": NAN, "share_ip": NAN, "share_gas": NAN},
        {"share_tax": (0, 1), "share_ip": (0, 1), "share_gas": (0, 1)},
    ),
    "a part and its whole": (
        {"xyd_recommended": NAN, "xyd_funded": NAN},
        {"xyd_recommended": (0, 0), "xyd_funded": (0, 0)},
    ),
    "parts of a part, which only its own whole tells": (
        {"dual_reported": NAN, "dual_compliant": NAN, "dual_timely": NAN},
        {"dual_reported": (0, 0), "dual_compliant": (0, 0), "dual_timely": (0, 0)},
    ),
    "the whole of one share and part of another": ({"loans_credit": NAN}, {"loans_credit": (2, 5)}),
    "a list that may be empty": (
        {"repeat_targets": NAN, "repeat_exited": NAN},
        {"repeat_targets": (0, 2), "repeat_exited": (0, 0)},
    ),
    "a system": (
        {"rural_system_local": NAN, "rural_system_province": 0},
        {"rural_system_local": (3, 3)},
    ),
}


@pytest.mark.parametrize(("absent", "worth"), ABSENT.values(), ids=ABSENT)
def test_what_one_answer_closes(absent, worth):
    found = cc.sensitivity(frame([whole_row({**BEST, **absent})]), BOOK).missing
    closes = {r["input"]: (r["closes"], r["closes_at_most"]) for r in found.to_dict("records")}
    assert set(closes) == set(worth)
    assert all(closes[name] == pytest.approx(worth[name]) for name in worth)


def answered(table, at, name, answer):
    row = table.iloc[[at]].copy()
    row[name] = pd.Series(
        [answer], index=row.index, dtype=object if isinstance(answer, str) else float
    )
    return row


def width(card):
    scored = [rule.id for rule in BOOK.rules.values() if rule.kind != "base"]
    return (card.high[scored] - card.low[scored]).sum(axis=1).to_numpy()


def waiting(table, at, name, rules, readings):
    """The rules that stay open while everything but one input is answered, in one of many ways."""
    row = table.iloc[at].to_dict()
    beside = {
        row[i] for r in rules for i in r.inputs(readings) if BOOK.inputs[i].type == "count"
    }  # a whole may equal a part
    answers = [*ANSWERS, *(value for value in beside if not pd.isna(value))]
    fills = [
        {i: a if k.type != "class" else c for i, k in BOOK.inputs.items()}
        for a in answers
        for c in ("prefecture", "capital")
    ]
    full = [
        row | {i: v for i, v in fill.items() if pd.isna(row[i]) and i != name} for fill in fills
    ]
    status = cc.score(pd.DataFrame(full), BOOK, readings).status
    return [r for r in rules if status[r.id].isin(["missing", "pending"]).any()]


@settings(max_examples=3, **QUICK)
@given(rows=st.lists(ROWS, min_size=3, max_size=3).map(Table), readings=ANY_READINGS)
def test_closing_and_shares_of_any_row(rows, readings):
    """Every missing input answered in many ways; the shares, with what no answer decides, are the
    interval.
    """
    table = frame(rows)
    card, found = cc.score(table, BOOK, readings), cc.sensitivity(table, BOOK, readings).missing
    before = width(card)
    for at, name in enumerate(table["jurisdiction"]):
        mine = found[found["jurisdiction"] == name].set_index("input")
        absent = [i for i in BOOK.inputs if pd.isna(table[i].iloc[at])]
        undecided = {id for id in BOOK.rules if card.status[id].iloc[at] in ("missing", "pending")}
        users = {
            i: [r for r in BOOK.rules.values() if i in r.inputs(readings) and r.id in undecided]
            for i in absent
        }
        users = {i: waiting(table, at, i, rules, readings) for i, rules in users.items()}
        assert set(mine.index) == {i for i in absent if users[i]}
        tried = [
            (i, a)
            for i in mine.index
            for a in (ANSWERS if BOOK.inputs[i].type != "class" else BOOK.inputs[i].classes)
        ]
        tried = [(i, a) for i, a in tried if BOOK.inputs[i].type != "flag" or a in (0, 1)]
        if tried:
            changed = pd.concat([answered(table, at, i, a) for i, a in tried], ignore_index=True)
            closed = pd.Series(before[at] - width(cc.score(changed, BOOK, readings))).groupby(
                [i for i, _ in tried]
            )
            assert np.allclose(
                mine["closes"], closed.min().reindex(mine.index).clip(lower=0), rtol=0, atol=1e-9
            )
            assert np.allclose(
                mine["closes_at_most"],
                closed.max().reindex(mine.index).clip(lower=0),
                rtol=0,
                atol=1e-9,
            )
        for i in mine.index:
            assert mine.loc[i, "label"] == BOOK.inputs[i].label
            assert mine.loc[i, "items"] == [r.id for r in users[i] if r.kind != "base"]
            assert mine.loc[i, "gates"] == [r.id for r in users[i] if r.kind == "base"]
        assert mine["closes_at_most"].is_monotonic_decreasing
        closable = {id for ids in mine["items"] for id in ids}
        assert mine["share"].sum() == pytest.approx(
            sum(card.high[i].iloc[at] - card.low[i].iloc[at] for i in closable), abs=1e-9
        )
        assert (mine["share"] >= 0).all() and (
            mine["closes"] <= mine["closes_at_most"] + 1e-9
        ).all()


def test_the_shares_of_the_sample_add_up_to_its_intervals(sample):
    found = cc.sensitivity(sample, BOOK).missing.groupby("jurisdiction")["share"].sum()
    totals = cc.score(sample, BOOK).totals().set_index("jurisdiction")
    expected = pd.Series(width(cc.score(sample, BOOK)), index=totals.index)[
        lambda interval: interval > 0
    ]
    assert len(expected) >= 2 and set(found.index) == set(expected.index)
    assert np.allclose(found.reindex(expected.index), expected)


def test_nothing_is_missing_from_the_best():
    found = cc.sensitivity(frame([whole_row(BEST)]), BOOK).missing
    assert found.empty
    assert list(found.columns) == [
        "jurisdiction",
        "period",
        "input",
        "label",
        "closes",
        "closes_at_most",
        "share",
        "items",
        "gates",
    ]


@pytest.mark.parametrize(
    ("values", "unasked"),
    [
        (
            {"households_reported": NAN, "households_local": NAN, "rural_system_local": 0},
            "households_local",
        ),
        ({"monitor_rank_mean": NAN, "monitor_bottom3_streak": NAN}, "monitor_bottom3_streak"),
    ],
    ids=["a system that is not in use", "another class of city"],
)
def test_what_decides_nothing_is_not_asked_for(values, unasked):
    found = cc.sensitivity(frame([whole_row({**BEST, **values})]), BOOK).missing["input"].tolist()
    assert found == [name for name, value in values.items() if value is NAN and name != unasked]


def test_a_bonus_is_worth_asking_for():
    (found,) = cc.sensitivity(
        frame([whole_row({**BEST, "contract_supervision": NAN})]), BOOK
    ).missing.to_dict("records")
    assert (found["closes"], found["share"], found["items"]) == (5, 5, ["A2"])


# ------------------------------------------------------------------------------------------------
# some rows only


def test_some_rows_are_those_of_all_with_ranks_among_all(sample):
    labels = list(sample.index[[5, 1]])
    names = sample.loc[labels, "jurisdiction"].tolist()
    some, every = cc.sensitivity(sample, BOOK, rows=labels), cc.sensitivity(sample, BOOK)
    for part, whole in (
        (some.one, every.one),
        (some.extremes, every.extremes),
        (some.missing, every.missing),
    ):
        keys = [k for k in ("jurisdiction", "reading", "option", "input") if k in part]
        expected = whole[whole["jurisdiction"].isin(names)]
        pd.testing.assert_frame_equal(
            part.sort_values(keys, ignore_index=True),
            expected.sort_values(keys, ignore_index=True),
            check_dtype=False,
        )
