"""Loading: a rulebook of one's own works without touching code, every fault of a broken one is
named, ours is as specified.

`bad_rulebooks/expected.toml` says what to break in `rulebooks/small.toml` and what must be said
about it.
"""

import datetime
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import oracle

import creditcalc as cc

HERE = Path(__file__).parent
SMALL = HERE / "rulebooks" / "small.toml"
SMALL_TEXT = SMALL.read_text(encoding="utf-8")
EXPECTED = tomllib.loads((HERE / "bad_rulebooks" / "expected.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def small():
    return cc.load_rulebook(SMALL)


@pytest.fixture(scope="module")
def book():
    return cc.load_rulebook()


# ------------------------------------------------------------------------------------------------ a
# rulebook of one's own

ROWS = {
    "jurisdiction": ["甲县", "乙县"],
    "period": ["2024-05", "2024-05"],
    "breaches": [0, None],
    "city_class": ["prefecture", "prefecture"],
    "rank_mean": [50, 51],
    "platform_own": [0, None],
    "platform_shared": [1, None],
    "loans_xyd": [35, None],  # 3.5% lies halfway between 2% and 5%
    "loans_credit": [1000, 1000],
    "objections": [30, None],  # 30% lies halfway between 50% and 10%
    "published": [100, None],
    "depts_sharing": [3, 10],
    "depts_total": [10, 10],
    "workdays": [8, None],  # 4 days on average, one over 3
    "handled": [2, 0],
    "share_tax": [1, 1],
    "share_water": [0, None],
    "innovations": [3, None],
    "pop_urban": [79, 80],  # 80% urban: X4 does not apply, X6 counts double
    "pop_resident": [100, 100],
}


def of_items(frame):
    return frame.filter(regex="[XY]").to_numpy().tolist()


def test_a_rulebook_of_ones_own_scores_a_table(small):
    card = cc.score(pd.DataFrame(ROWS), small)
    nan = pytest.approx(np.nan, nan_ok=True)
    assert of_items(card.points) == [
        pytest.approx([2, 1.5, 0.5, 0.5, 1.5, 0.5, 2]),
        [nan, nan, nan, 0, 2, nan, nan],
    ]
    assert of_items(card.low)[1] == [0, 0, 0, 0, 2, 1, 0]
    assert of_items(card.high)[1] == [2, 3, 1, 0, 2, 2, 2]
    assert of_items(card.full)[1] == [2, 3, 1, 0, 2, 2, 2]
    totals = card.totals().drop(columns=["jurisdiction", "period", "level"]).to_dict("records")
    assert totals[0] == pytest.approx(
        {"score": 6.5, "low": 6.5, "high": 6.5, "bonus": 1, "bonus_low": 1, "bonus_high": 1}
        | {"total": 7.5, "eligible": "yes", "county_duty": 2.5, "county_duty_full": 3}
    )
    assert totals[1] == pytest.approx(
        {"score": 2, "low": 3, "high": 10, "bonus": 0, "bonus_low": 0, "bonus_high": 1}
        | {"total": 2, "eligible": "no", "county_duty": 0, "county_duty_full": 3}
    )


def test_its_readings_decide_its_scores(small):
    card = cc.score(pd.DataFrame(ROWS), small, readings={"slope": "of_full", "no_case": "missing"})
    assert card.points["X2"][0] == pytest.approx(2.1)
    assert card.points["X5"].tolist() == pytest.approx([1.5, np.nan], nan_ok=True)


def test_its_counties_roll_up(small):
    table = cc.roll_up(pd.DataFrame(ROWS), small, city="试验市").table
    rolled = table.set_index("jurisdiction").loc["试验市"]
    assert rolled[["loans_credit", "depts_sharing", "share_tax", "pop_urban"]].tolist() == [
        2000,
        13,
        1,
        159,
    ]
    assert rolled[["loans_xyd", "innovations", "rank_mean"]].isna().all()


def test_where_it_came_from_is_kept(small):
    assert small.path == SMALL and re.fullmatch("[0-9a-f]{64}", small.digest)
    assert cc.load_rulebook(str(SMALL)) == small


def test_a_byte_order_mark_is_no_fault(tmp_path):
    (tmp_path / "bom.toml").write_text("\ufeff" + SMALL_TEXT, encoding="utf-8")
    assert cc.load_rulebook(tmp_path / "bom.toml").full == 10


# ------------------------------------------------------------------------------------------------
# faults, one by one


def changed(text, changes):
    for *anchor, old, new in changes:
        for unique in anchor or [old]:
            assert text.count(unique) == 1, f"{unique!r} must be there once"
        start = text.index(old, text.index(anchor[0]) if anchor else 0)
        text = text[:start] + new + text[start + len(old) :]
    return text


def fault_of(tmp_path, content):
    """The error that a file with this content raises."""
    path = tmp_path / "broken.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(cc.RulebookError) as caught:
        cc.load_rulebook(path)
    assert {problem.file for problem in caught.value.problems} == {str(path)}
    return caught.value


@pytest.mark.parametrize("fault", list(EXPECTED))
def test_fault_is_named(tmp_path, fault):
    expected = EXPECTED[fault]
    error = fault_of(tmp_path, changed(SMALL_TEXT, expected["change"]))
    assert [word for word in expected["words"] if word not in str(error)] == []
    if not expected.get("more"):
        assert len(error.problems) == expected.get("problems", 1), str(error)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SMALL_TEXT.encode("gb18030"), ["TOML", "utf-8"]),
        (SMALL_TEXT.encode("utf-16"), ["TOML", "utf-8"]),
        ("title = " + "[" * 5000 + "]" * 5000, ["TOML"]),
        ("", ["rulebook", "categories", "readings", "items", "inputs", "缺少这个键"]),
        ("full = " + "9" * 5000, ["TOML"]),
        (
            "rulebook = 1\nitems = 2\nreadings = 3\ninputs = 4\ncategories = 5",
            ["rulebook", "类型不对"],
        ),
    ],
    ids=[
        "GB18030",
        "UTF-16",
        "nested deeply",
        "empty",
        "an integer of 5,000 digits",
        "numbers for tables",
    ],
)
def test_file_that_holds_no_rulebook(tmp_path, content, words):
    message = str(fault_of(tmp_path, content))
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    "path",
    ["none.toml", ".", "a\0b", "small.toml/x"],
    ids=["missing", "folder", "NUL", "below a file"],
)
def test_path_that_holds_no_file(path):
    with pytest.raises(cc.RulebookError) as caught:
        cc.load_rulebook(SMALL.parent / path)
    assert len(caught.value.problems) == 1


def test_an_empty_path_is_not_the_bundled_rulebook():
    with pytest.raises(cc.RulebookError):
        cc.load_rulebook("")


def test_faults_are_listed_in_the_file_s_order(tmp_path):
    keys = [f"key_{n}" for n in range(9)]
    error = fault_of(
        tmp_path,
        SMALL_TEXT.replace("[rulebook]", "[rulebook]\n" + "\n".join(f"{k} = 1" for k in keys)),
    )
    assert [problem.value for problem in error.problems] == keys


# ------------------------------------------------------------------------------------------------
# faults, everywhere

GONE = object()
NASTY = {
    "nothing": GONE,
    "an empty text": "",
    "not a number": np.nan,
    "401 digits": 10**400,
    "a hexadecimal of 4,000 digits": 16**4000,
    "an empty list": [],
    "an empty table": {},
    "a list in a list": [[]],
    "a table in a list": [{}],
    "a reading that is a list": {"by": []},
    "a choice of lists and tables": {"by": "slope", "between": [[]], "of_full": {}},
    "a date": datetime.date(2024, 3, 1),
}


def places(value, path=()):
    """Every place of a document, one each of those that are alike (the items of a list, the
    inputs).
    """
    found = {}
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            found |= {(*path, key): None} | places(child, (*path, key))
    return found


def unlike(paths):
    alike = {}
    for path in paths:
        generic = [
            "*" if isinstance(key, int) or before == "inputs" else key
            for before, key in pairwise(("", *path))
        ]
        alike.setdefault(tuple(generic), path)
    return list(alike.values())


def replaced(value, path, new):
    """The document with another value at a place."""
    (key, *rest), value = path, value.copy()
    if new is GONE and not rest:
        del value[key]
    else:
        value[key] = replaced(value[key], rest, new) if rest else new
    return value


DOCUMENT = tomllib.loads(SMALL_TEXT)
PLACES = unlike(places(DOCUMENT))


@pytest.mark.parametrize("nasty", NASTY)
def test_anything_anywhere_loads_or_is_a_rulebook_error(monkeypatch, nasty):
    raised = {}
    for path in PLACES:
        document = replaced(DOCUMENT, path, NASTY[nasty])
        monkeypatch.setattr(tomllib, "loads", lambda text, document=document: document)
        try:
            cc.load_rulebook(SMALL)
        except cc.RulebookError as error:
            assert error.problems
        except Exception as error:
            raised.setdefault(f"{type(error).__name__}: {error}"[:80], path)
    assert raised == {}


# ------------------------------------------------------------------------------------------------
# the bundled rulebook

names = str.split
TYPES = {
    "amount": names(
        "unsecured_loans_prev unsecured_loans_curr small_loans_prev small_loans_curr loans_xyd"
    )
    + names("loans_credit loans_enterprise"),
    "days": ["objection_workdays"],
    "score": names(
        "policy_score campaign_score remediation_score fund_registration_score graded_domain_score"
    ),
    "rank": names("monitor_rank_mean monitor_rank_worst"),
    "class": ["city_class"],
    "flag": oracle.ANY
    + names("""
        portal_ideology_ok mlps3_filed mlps3_assessed notice_household notice_market notice_exam
        notice_insurance notice_relief notice_health notice_legal civil_files civil_files_used
        repair_sync xyd_list_monthly leading_group budget work_plan
    """),
}
ROLLUPS = {
    "sum": oracle.SUM,
    "any": oracle.ANY,
    "all": oracle.ALL,
    "max": oracle.MAX,
    "city": oracle.CITY,
}
PARTS = {
    "uscc_total": "uscc_errors",
    "halls_total": "halls_connected",
    "gov_defaulters": "gov_defaulters_rectified",
    "dual_due": "dual_reported",
    "dual_reported": "dual_compliant dual_timely",
    "regulators_total": "regulators_graded",
    "measures_total": "measures_lawful",
    "inst_defaulters": "inst_defaulters_rectified",
    "depts_total": "depts_sharing",
    "banks_total": "banks_connected",
    "households_total": "households_local households_reported",
    "agri_total": "agri_local agri_reported",
    "pop_resident": "pop_urban",
    "dual_published": "dual_valid_objections",
    "loans_credit": "loans_xyd",
    "loans_enterprise": "loans_credit",
    "xyd_recommended": "xyd_funded",
    "repeat_targets": "repeat_exited",
    "agency_targets": "agency_exited",
    "graded_domains": "graded_domain_score",
}
READINGS = {
    "inclusive": ("yes no", "S4.1.2 S4.1.3"),
    "proportional": ("between of_full", "S5.2.1 S6.1.2 S6.1.3a S6.1.3b S6.2 S7.1 S7.4a S7.4b"),
    "partial_step": ("pro_rata whole_steps started_steps", "S5.1 S5.2.2"),
    "objection_scale": ("printed per_10k per_100k", "S5.2.1"),
    "graded_domain": ("half_point awarded", "S7.2"),
    "bonus_cap": ("none ten", ""),
    "commitment_basis": ("commitments with_performances", "S7.1"),
    "monthly_rank": ("mean every_month", "B07"),
    "no_target": ("full missing", "B03 S3.1 S5.2.2 S7.4a S7.4b"),
}
DATES = {
    "S2.1": ("2018-06", "2021-06-30"),
    "B06": ("2019-12-31", "2020-12-31"),
    "S6.1.2": ("2019-12-31", "2020-12-31"),
    "B07": ("2020-06", "2021-05"),
    "B08": ("2018-06", "2021-06"),
    "B09": ("", "2021-06-30"),
}


def test_twelve_base_indicators_41_items_and_three_bonus_items(book):
    ids = [rule.id for kind in ("base", "item", "bonus") for rule in book.of_kind(kind)]
    assert ids == [
        *(f"B{n:02}" for n in range(1, 13)),
        *(i for i in book.rules if i[0] == "S"),
        "A1",
        "A2",
        "A3",
    ]
    assert len(book.of_kind("item")) == 41


def test_categories_add_up_as_printed(book):
    sums = [sum(r.full for r in book.of_kind("item") if r.category == c) for c in book.categories]
    assert (list(book.categories), sums) == (list("一二三四五六七八"), [5, 6, 6, 10, 25, 17, 25, 6])
    assert (book.full, book.bonus) == (100, 13)
    assert all(
        rule.category == "一二三四五六七八"[int(rule.id[1]) - 1] for rule in book.of_kind("item")
    )


def test_every_rule_carries_its_text_materials_and_units(book):
    for rule in book.rules.values():
        texts = [rule.name, rule.rule, *rule.lead, *rule.units, *(e.text for e in rule.evidence)]
        assert rule.units and rule.evidence and all(text.strip() for text in texts)
        clauses = {"base": "基础指标", "item": f"评分指标 {rule.category}", "bonus": "附加项"}
        assert rule.clause.startswith(clauses[rule.kind])


def test_explanations_and_screenshots_need_a_seal(book):
    materials = [material for rule in book.rules.values() for material in rule.evidence]
    assert {m.kind for m in materials if m.sealed} == {"说明", "截图"}
    assert {m.kind for m in materials if not m.sealed}.isdisjoint({"说明", "截图"})


@pytest.mark.parametrize(
    "rule", ["S4.3", "S5.2.1", "S5.2.2", "S5.5", "S6.1.1", "S7.4a", "S7.4b", "S8.1", "A1"]
)
def test_what_the_ledger_lost_is_not_invented(book, rule):
    found = book.rules[rule]
    assert "未载明" in [*found.lead, *found.units, *(material.text for material in found.evidence)]


def test_scope_is_the_counties_where_the_ledger_names_them(book):
    assert [rule.id for rule in book.rules.values() if rule.scope == "county"] == [
        "B02",
        *oracle.COUNTY_DUTY,
    ]


def test_types_and_roll_ups(book):
    types = {name: kind for kind, members in TYPES.items() for name in members}
    rollups = {name: kind for kind, members in ROLLUPS.items() for name in members}
    assert {i.name: (i.type, i.rollup) for i in book.inputs.values()} == {
        name: (types.get(name, "count"), rollup) for name, rollup in rollups.items()
    }


def test_awards_end_at_the_full_marks_of_their_items(book):
    marks = {i.name: i.max for i in book.inputs.values() if i.max is not None}
    assert marks == {
        "policy_score": 5,
        "campaign_score": 3,
        "remediation_score": 3,
        "fund_registration_score": 1,
    }


def test_inherited_inputs_are_the_closed_list(book):
    assert {i.name for i in book.inputs.values() if i.inherit} == set(oracle.INHERITED)


def test_inputs_of_the_city_s_own_departments_are_the_closed_list(book):
    assert {i.name for i in book.inputs.values() if i.direct} == set(oracle.DIRECT)


def test_parts_of_wholes_are_the_closed_list(book):
    found = {(i.name, i.part_of, i.times) for i in book.inputs.values() if i.part_of}
    pairs = [(part, whole) for whole, parts in PARTS.items() for part in names(parts)]
    assert found == {(part, whole, 5 if whole == "graded_domains" else 1) for part, whole in pairs}


def test_notices_are_for_commitments_and_for_kindred_loans(book):
    assert {i.name: i.expected_within for i in book.inputs.values() if i.expected_within} == {
        "commitments": "enterprises"
    }
    assert {i.name: i.kindred for i in book.inputs.values() if i.kindred} == {
        "unsecured_loans_curr": "loans_credit"
    }


def test_readings_with_defaults_alternatives_and_the_rules_they_decide(book):
    found = {
        r.id: (
            " ".join([r.default, *(o for o in r.options if o != r.default)]),
            " ".join(deciding(book, r.id)),
        )
        for r in book.readings.values()
    }
    assert found == {
        id_: (options, " ".join(sorted(names(rules)))) for id_, (options, rules) in READINGS.items()
    }
    assert all(r.question and r.reason and all(r.options.values()) for r in book.readings.values())


def deciding(book, reading):
    return sorted(rule.id for rule in book.rules.values() if reading in rule.readings)


def test_dates(book):
    found = {
        rule.id: (rule.window.get("from", ""), rule.window["to"])
        for rule in book.rules.values()
        if rule.window
    }
    assert found.keys() == DATES.keys()
    assert all(
        given.startswith(date)
        for id_ in DATES
        for given, date in zip(found[id_], DATES[id_], strict=True)
    )
    closed = {rule.id: rule.closed_by for rule in book.rules.values() if rule.closed_by}
    assert closed == {"S7.4a": "2021-06-15", "S7.4b": "2021-05-30"}
    assert (book.issued, book.materials_due) == ("2021-05-27", "2021-06-01")


def test_certain_repairs_are_listed(book):
    assert [
        any(word in repair.text for repair in book.repairs)
        for word in ("涉农", "较高", "国办发〔2020〕42号")
    ] == [True] * 3


def test_no_person_can_be_reached_through_the_file(book):
    text = book.path.read_text(encoding="utf-8")
    assert "@" not in text
    assert re.findall(r"(?<!\d)(?:\d{11}|\d{3,4}-\d{7,8})(?!\d)", text) == []
