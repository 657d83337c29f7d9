"""The scorecard: shapes, columns and order, what a column may hold, totals, duty, eligibility,
bonus cap.
"""

import copy

import numpy as np
import pandas as pd
import pytest
from support import oracle

import creditcalc as cc
from creditcalc.scoring import arrays as arrays

WIDE = ["points", "low", "high", "value", "full", "status"]
ITEMS = ["jurisdiction", "period", "id", "kind", "full", "value", "score", "low", "high", "status"]
TOTALS = [
    "jurisdiction",
    "period",
    "level",
    "score",
    "low",
    "high",
    "bonus",
    "bonus_low",
    "bonus_high",
]
TOTALS += ["total", "eligible", "county_duty", "county_duty_full"]
ELIGIBLE = {
    **dict.fromkeys(["portal_ideology_ok", "xyd_platform_own", "mlps3_filed", "mlps3_assessed"], 1),
    **{name: 1 for name in oracle.INPUTS if name.startswith("notice_")},
    **{name: 0 for name in oracle.INPUTS if name.startswith("default_")},
    **{
        "uscc_total": 9,
        "uscc_errors": 0,
        "halls_total": 2,
        "halls_connected": 2,
        "gov_defaulters": 0,
        "measures_total": 0,
    },
    **dict.fromkeys(
        [
            "dual_due",
            "dual_reported",
            "dual_compliant",
            "dual_timely",
            "regulators_total",
            "regulators_graded",
        ],
        3,
    ),
    **{"unsecured_loans_prev": 10, "unsecured_loans_curr": 13, "data_breaches_3y": 0},
    **{"city_class": "capital", "monitor_bottom3_streak": 2},
}


@pytest.fixture(scope="module")
def book():
    return cc.load_rulebook()


def table(index=None, **columns):
    """A table of as many rows as the longest column has."""
    rows = max([len(column) for column in columns.values()], default=1)
    keys = {"jurisdiction": [f"{n}县" for n in range(rows)], "period": ["2021-05"] * rows}
    return pd.DataFrame({**keys, **columns}, index=index)


@pytest.fixture(scope="module")
def card(book):
    """Three rows under an index of their own: items decided, open, and not applicable."""
    columns = {
        "policy_score": [5, 2.5, None],
        "share_tax": [1, None, 0],
        "enterprise_platform": [1, 1, None],
        "pop_urban": [90, 80, None],
        "pop_resident": [100, 100, 100],
        "innovations": [2, 9, None],
        "default_gov_debt": [0, 1, None],
        "joint_domains": [3, 0, None],
    }
    return cc.score(table([30, 10, 20], **columns), book)


# ------------------------------------------------------------------------------------------------
# wide, long, totals


@pytest.mark.parametrize("sheet", WIDE)
def test_wide_sheets_have_the_table_s_rows_and_a_column_per_rule(card, book, sheet):
    frame = getattr(card, sheet)
    assert frame.index.tolist() == [30, 10, 20]
    assert frame.columns.tolist() == list(book.rules)


def test_items_are_the_wide_sheets_row_by_row(card, book):
    items = card.items()
    assert items.columns.tolist() == ITEMS
    assert items["id"].tolist() == list(book.rules) * 3
    assert (
        items["jurisdiction"].tolist() == np.repeat(["0县", "1县", "2县"], len(book.rules)).tolist()
    )
    for column, sheet in zip(
        ["full", "value", "score", "low", "high"],
        ["full", "value", "points", "low", "high"],
        strict=True,
    ):
        np.testing.assert_array_equal(items[column], getattr(card, sheet).to_numpy().ravel())
    assert items["status"].tolist() == card.status.astype(object).to_numpy().ravel().tolist()


def test_base_indicators_have_a_status_and_no_marks(card):
    base = card.items().query("kind == 'base'")
    assert len(base) == 3 * 12
    assert base[["full", "score", "low", "high"]].isna().all(axis=None)
    assert set(base["status"]) <= {"pass", "fail", "pending"}
    assert card.status["B09"].tolist() == ["pending", "fail", "pending"]


def test_totals_are_the_sums_of_the_items(card):
    totals = card.totals()
    assert totals.columns.tolist() == TOTALS
    assert totals.index.tolist() == [30, 10, 20]
    sums = card.items().groupby(["jurisdiction", "kind"])[["score", "low", "high"]].sum()
    items, bonus = sums.xs("item", level="kind"), sums.xs("bonus", level="kind")
    np.testing.assert_allclose(totals[["score", "low", "high"]], items)
    np.testing.assert_allclose(totals[["bonus", "bonus_low", "bonus_high"]], bonus)
    np.testing.assert_allclose(totals["total"], totals["score"] + totals["bonus"])


def test_full_marks_are_100_with_and_without_reallocation(card, book):
    items = [rule.id for rule in book.of_kind("item")]
    assert card.full[items].sum(axis=1).tolist() == [100, 100, 100]
    assert card.full.loc[30, ["S4.1.1", "S4.2.1"]].tolist() == [2, 0]
    assert card.status["S4.2.1"].tolist() == ["not_applicable", "missing", "missing"]


def test_county_duty_is_out_of_36(card):
    totals = card.totals()
    assert totals["county_duty_full"].tolist() == [36, 36, 36]
    assert (
        totals["county_duty"].tolist()
        == card.points[oracle.COUNTY_DUTY].sum(axis=1).tolist()
        == [3, 0, 0]
    )


@pytest.mark.parametrize(
    ("change", "eligible"),
    [
        ({}, "yes"),
        ({"uscc_errors": 9}, "no"),
        ({"uscc_errors": None}, "pending"),
        ({"city_class": None}, "pending"),
    ],
    ids=["all pass", "one fails", "one is open", "it is open which class the city is"],
)
def test_eligible(book, change, eligible):
    row = table(**{name: [value] for name, value in (ELIGIBLE | change).items()})
    assert cc.score(row, book).totals()["eligible"].tolist() == [eligible]


def test_a_failure_decides_though_another_is_open(book):
    row = table(
        **{
            name: [value]
            for name, value in (ELIGIBLE | {"uscc_errors": 9, "xyd_platform_own": None}).items()
        }
    )
    assert cc.score(row, book).totals()["eligible"].tolist() == ["no"]


def test_the_cap_holds_each_end_of_the_bonus(book):
    rows = table(law_local=[1, 1, 1], contract_supervision=[1, None, 0], innovations=[3, 3, 0])
    totals = cc.score(rows, book, readings={"bonus_cap": "ten"}).totals()
    assert totals[["bonus", "bonus_low", "bonus_high"]].to_numpy().tolist() == [
        [10, 10, 10],
        [8, 8, 10],
        [5, 5, 5],
    ]
    assert totals["total"].tolist() == [10, 8, 5]


# ------------------------------------------------------------------------------------------------
# what a column may hold


def test_an_absent_column_is_missing_in_every_row(book):
    columns = {"site_outages": [1, 2], "uscc_total": [10, 10]}
    absent = cc.score(table(**columns), book)
    blank = cc.score(
        table(**columns, **{name: [np.nan] * 2 for name in book.inputs if name not in columns}),
        book,
    )
    pd.testing.assert_frame_equal(absent.items(), blank.items())


@pytest.mark.parametrize(
    "yes_no_blank",
    [
        [1.0, 0.0, np.nan],
        [1, 0, None],
        [True, False, None],
        pd.array([1, 0, None], dtype="Int64"),
        pd.array([True, False, None], dtype="boolean"),
        pd.array([1, 0, None], dtype="Float32"),
        np.array([1, 0, None], dtype=object),
        pd.array([1, 0, None], dtype="int8[pyarrow]"),
    ],
    ids=["floats", "ints", "bools", "Int64", "boolean", "Float32", "objects", "arrow"],
)
def test_numbers_of_any_kind(book, yes_no_blank):
    card = cc.score(table(budget=yes_no_blank, repairs_overdue=yes_no_blank), book)
    assert card.status["S8.2"].tolist() == ["scored", "scored", "missing"]
    assert card.points[["S8.2", "S5.2.3a"]].iloc[:2].to_numpy().tolist() == [[2, 1], [0, 2]]


@pytest.mark.parametrize(
    "column", [[True, False], np.array([1, 0], dtype="uint8")], ids=["bool", "uint8"]
)
def test_numbers_without_blanks(book, column):
    assert cc.score(table(budget=column), book).points["S8.2"].tolist() == [2, 0]


@pytest.mark.parametrize(
    "column",
    [
        pytest.param([1, "是"], id="a word"),
        pytest.param(["1", "1,000"], id="separators"),
        pytest.param([1, [2]], id="a list"),
        pytest.param([1, "inf"], id="inf as text"),
        pytest.param([1, "nan"], id="nan as text"),
        pytest.param([1, np.inf], id="infinity"),
        pytest.param(pd.to_datetime(["2021-05-01", "2021-05-02"]), id="dates"),
    ],
)
def test_a_column_that_holds_anything_else_is_named(book, column):
    with pytest.raises(cc.InputError) as caught:
        cc.score(table(budget=column), book)
    assert [problem.column for problem in caught.value.problems] == ["budget"]


def test_an_unknown_class_is_named_with_the_nearest(book):
    with pytest.raises(cc.InputError) as caught:
        cc.score(table(city_class=["capital", "capitol"]), book)
    (problem,) = caught.value.problems
    assert (problem.column, problem.value, problem.cure) == (
        "city_class",
        "capitol",
        "是否指 capital？",
    )


def test_every_missing_key_column_is_named(book):
    with pytest.raises(cc.InputError) as caught:
        cc.score(pd.DataFrame({"budget": [1]}), book)
    assert [problem.column for problem in caught.value.problems] == ["jurisdiction", "period"]


def test_an_unknown_reading_is_refused(book):
    with pytest.raises(cc.ReadingError):
        cc.score(table(budget=[1]), book, readings={"inclusiv": "no"})


def test_an_unknown_level_is_refused(book):
    with pytest.raises(cc.InputError):
        cc.score(table(level=["town"]), book)


@pytest.mark.parametrize("blank", [None, np.nan, pd.NA, ""], ids=["None", "NaN", "NA", "empty"])
def test_a_blank_level_is_a_county(book, blank):
    rows = table(
        level=np.array([blank, "city"], dtype=object), halls_total=[0, 0], portal_ideology_ok=[1, 1]
    )
    card = cc.score(rows, book)
    assert card.status["B02"].tolist() == ["pass", "fail"]
    assert card.totals()["level"].tolist() == ["county", "city"]


# ------------------------------------------------------------------------------------------------
# what it leaves alone


def test_a_table_without_rows(book):
    card = cc.score(table(budget=[1]).iloc[:0], book)
    assert (len(card.points), len(card.status), len(card.items()), len(card.totals())) == (
        0,
        0,
        0,
        0,
    )
    assert (card.items().columns.tolist(), card.totals().columns.tolist()) == (ITEMS, TOTALS)


def test_the_table_and_the_readings_stay_as_they_are(book):
    rows, readings = (
        table(budget=[1, None], pop_urban=[95, 1], pop_resident=[100, 100]),
        {"bonus_cap": "ten"},
    )
    before = copy.deepcopy((rows, readings))
    cc.score(rows, book, readings=readings).totals()
    pd.testing.assert_frame_equal(rows, before[0])
    assert readings == before[1]


def test_a_sheet_that_its_reader_changes_does_not_change_the_card(book):
    card = cc.score(table(policy_score=[4.0]), book)
    sheet = card.points
    sheet.loc[0, "S1.1"] = 99
    assert card.totals()["score"].tolist() == [4]


def test_a_row_s_result_does_not_depend_on_its_neighbours(card, book):
    alone = [cc.score(card.table.iloc[[n]], book).totals() for n in range(3)]
    pd.testing.assert_frame_equal(pd.concat(alone), card.totals())


def test_more_put_right_than_listed_is_no_more_than_full_marks(book):
    """The city's own list is shorter than what its counties put right together."""
    counties = {
        "jurisdiction": ["甲县", "乙县"],
        "level": ["county"] * 2,
        "inst_defaulters_rectified": [3, 2],
    }
    city = {"jurisdiction": ["某市"], "level": ["city"], "inst_defaulters": [3]}
    rows = pd.concat([pd.DataFrame(counties), pd.DataFrame(city)], ignore_index=True).assign(
        period="2021-05"
    )
    assert cc.score(cc.roll_up(rows, book), book).points["S3.1"].tolist()[-1] == 4


def test_a_condition_for_a_level_and_a_class_asks_for_both(book, tmp_path):
    text = book.path.read_text(encoding="utf-8").replace(
        'class = "city_class"', 'level = "city", class = "city_class"'
    )
    (tmp_path / "both.toml").write_text(text, encoding="utf-8")
    rows = table(
        level=["county", "city"], city_class=["prefecture"] * 2, monitor_rank_mean=[101] * 2
    )
    assert cc.score(rows, cc.load_rulebook(tmp_path / "both.toml")).status["B07"].tolist() == [
        "pass",
        "fail",
    ]


# ------------------------------------------------------------------------------------------------
# pieces


def random_table(book, rows):
    """Any numbers, a tenth of them missing, both levels and every class."""
    random = np.random.default_rng(7)
    values = random.integers(0, 30, (rows, len(book.inputs))) / random.integers(
        1, 4, (rows, len(book.inputs))
    )
    frame = pd.DataFrame(values, columns=list(book.inputs)).mask(random.random(values.shape) < 0.1)
    flags = [name for name, input in book.inputs.items() if input.type == "flag"]
    frame[flags] = np.sign(frame[flags]).where(random.random((rows, len(flags))) < 0.5, 0)
    frame["city_class"] = random.choice(["prefecture", "county_level", "capital", None], rows)
    return frame.assign(
        jurisdiction="某县", period="2021-05", level=random.choice(["county", "city"], rows)
    )


@pytest.mark.parametrize(
    "readings", [{}, {"proportional": "of_full", "partial_step": "started_steps"}], ids=str
)
@pytest.mark.parametrize("piece", [1, 7, 50])
def test_scoring_in_pieces_equals_scoring_whole_to_the_last_bit(book, monkeypatch, piece, readings):
    rows = random_table(book, 101)
    whole = cc.score(rows, book, readings=readings)
    sheets = {sheet: getattr(whole, sheet) for sheet in WIDE} | {
        "totals": whole.totals(),
        "items": whole.items(),
    }
    monkeypatch.setattr(arrays, "PIECE", piece)
    cut = cc.score(rows, book, readings=readings)
    parts = [
        cc.score(rows.iloc[n : n + piece], book, readings=readings)
        for n in range(0, len(rows), piece)
    ]
    for sheet, expected in sheets.items():
        found = getattr(cut, sheet)() if sheet in ("totals", "items") else getattr(cut, sheet)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
        apart = [
            getattr(part, sheet)() if sheet in ("totals", "items") else getattr(part, sheet)
            for part in parts
        ]
        joined = pd.concat(apart, ignore_index=sheet == "items")
        pd.testing.assert_frame_equal(joined, expected, check_exact=True)


def test_a_few_rows_are_scored_as_many_are(book, monkeypatch):
    rows = random_table(book, 20)
    few = cc.score(rows, book)
    monkeypatch.setattr(arrays, "FEW", 0)
    pd.testing.assert_frame_equal(cc.score(rows, book).items(), few.items(), check_exact=True)


def test_where_all_is_decided_the_interval_is_the_points_themselves(book):
    rows = random_table(book, 5)
    filled = rows.assign(
        **rows[list(book.inputs)].drop(columns="city_class").fillna(1).replace(0, 1)
    )
    card = cc.score(filled, book)
    assert np.shares_memory(card.low.to_numpy(), card.points.to_numpy())
    assert not np.shares_memory(cc.score(rows, book).low.to_numpy(), card.points.to_numpy())


def test_a_sheet_that_is_changed_leaves_those_that_share_its_memory(book):
    full = {name: [1.0] for name in book.inputs if name != "city_class"}
    card = cc.score(table(**full, city_class=["capital"]), book)
    card.points.loc[0, "S1.1"] = 99
    assert (card.low.loc[0, "S1.1"], card.high.loc[0, "S1.1"]) == (1, 1)


def test_what_is_worked_out_later_is_of_the_table_as_it_was(book):
    rows = table(share_tax=[1.0, np.nan], loans_xyd=[450.0, 300.0], loans_credit=[10000.0, 10000.0])
    card = cc.score(rows, book)
    rows.loc[0, "loans_xyd"], rows.loc[1, "share_tax"] = 0.0, 1.0
    assert card.value["S6.1.3a"].tolist() == [0.045, 0.03]
    assert card.low["S5.3"].tolist() == [1, 0]
