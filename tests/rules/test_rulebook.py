"""What a rulebook answers: readings resolved, the inputs of a rule, the rules of an input, kinds
and their roles.
"""

from dataclasses import FrozenInstanceError

import pytest

import creditcalc as cc
from creditcalc.rules.formulas.steps import ExcessDeduct
from creditcalc.rules.kinds import parameters
from creditcalc.rules.measures import MEASURES
from creditcalc.rules.rulebook import Call, Choice, input_names


@pytest.fixture(scope="module")
def book():
    return cc.load_rulebook()


def test_resolve_gives_every_reading_its_default(book):
    assert book.resolve() == book.resolve({}) == {r.id: r.default for r in book.readings.values()}


def test_resolve_puts_the_chosen_over_the_defaults(book):
    chosen = {"no_target": "missing", "bonus_cap": "ten"}
    assert book.resolve(chosen) == book.resolve() | chosen


def test_resolve_lists_every_unknown_reading_and_option(book):
    wrong = {
        "proportonal": "of_full",
        "zzz": "yes",
        "inclusive": "maybe",
        "bonus_cap": "ten",
        "no_target": "",
    }
    with pytest.raises(cc.ReadingError) as caught:
        book.resolve(wrong)
    near, far, option, blank = map(str, caught.value.problems)
    assert "proportonal" in near and "是否指 proportional" in near
    assert "zzz" in far and all(reading in far for reading in book.readings)
    assert "maybe" in option and "inclusive" in option and "yes、no" in option
    assert "no_target" in blank and "full、missing" in blank


@pytest.mark.parametrize(
    ("rule", "readings", "inputs"),
    [
        ("S7.1", {}, ["commitments", "enterprises"]),
        (
            "S7.1",
            {"commitment_basis": "with_performances"},
            ["commitments", "performances", "enterprises"],
        ),
        ("S7.1", None, ["commitments", "performances", "enterprises"]),
        ("S7.2", {}, ["graded_domains"]),
        ("S7.2", {"graded_domain": "awarded"}, ["graded_domain_score"]),
        ("S7.2", None, ["graded_domains", "graded_domain_score"]),
        (
            "B07",
            {"monthly_rank": "every_month"},
            ["monitor_rank_worst", "monitor_bottom3_streak", "city_class"],
        ),
        (
            "B07",
            None,
            ["monitor_rank_mean", "monitor_rank_worst", "monitor_bottom3_streak", "city_class"],
        ),
        ("B02", {}, ["portal_ideology_ok", "halls_connected", "halls_total"]),
        ("S6.1.2", {}, ["small_loans_prev", "small_loans_curr"]),
    ],
)
def test_inputs_of_a_rule(book, rule, readings, inputs):
    resolved = None if readings is None else book.resolve(readings)
    assert book.rules[rule].inputs(resolved) == inputs


def test_coverage_takes_the_whole_its_parts_and_the_two_systems(book):
    expected = [
        "agri_total",
        "agri_local",
        "agri_reported",
        "rural_system_local",
        "rural_system_province",
    ]
    assert book.rules["S4.2.3"].inputs() == expected


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("uscc_errors", ["B01", "S5.1"]),
        ("loans_credit", ["S6.1.3a", "S6.1.3b"]),
        ("rural_system_local", ["S4.2.1", "S4.2.2", "S4.2.3"]),
        ("performances", ["S7.1"]),
        ("city_class", ["B07"]),
        ("no_such_input", []),
    ],
)
def test_users_of_an_input(book, name, rules):
    assert [rule.id for rule in book.users(name)] == rules


def test_columns_are_known_by_name_and_by_label(book):
    assert book.columns["常住人口"] == book.columns["pop_resident"] == "pop_resident"
    assert set(book.columns.values()) == set(book.inputs)
    assert len(book.columns) == 2 * len(book.inputs)


def test_kinds_keep_the_ledger_s_order(book):
    ids = [rule.id for kind in ("base", "item", "bonus") for rule in book.of_kind(kind)]
    assert ids == list(book.rules)


def test_a_choice_takes_the_value_of_the_reading_in_force():
    each = Choice("half", {"yes": 0.5, "no": 1})
    call = Call(ExcessDeduct, {"each": each, "step": 3, "free": 0})
    assert call.bind({"half": "yes"}) == ExcessDeduct(each=0.5, step=3, free=0)
    assert call.bind({"half": "no"}) == ExcessDeduct(each=1, step=3, free=0)


def test_input_names_of_a_choice_are_those_of_its_option_or_of_all():
    choice = Choice("basis", {"one": ["a"], "two": ["a", "b"]})
    assert input_names(choice, {"basis": "one"}) == ["a"]
    assert input_names(choice, None) == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("input", ["input"]),
        ("growth", ["prev", "curr"]),
        ("ratio", ["part", "whole"]),
        ("count_yes", ["inputs"]),
        ("coverage", ["whole", "parts", "systems"]),
    ],
)
def test_the_inputs_that_a_kind_takes_are_fields_of_its_class(kind, expected):
    taken = parameters(MEASURES[kind])
    assert [name for name, p in taken.items() if p.is_input] == expected


def test_a_loaded_rulebook_cannot_be_changed_by_accident(book):
    with pytest.raises(FrozenInstanceError):
        book.full = 99
    with pytest.raises(FrozenInstanceError):
        book.rules["S1.1"].full = 99
