"""The sample: the committed file is the script's, whole and within the rules, and tells the story
its README tells.
"""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from support.places import ROOT

import creditcalc as cc

DATA = ROOT / "data"
CITY, LAST = "濮阳市", "2021-05"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_sample", DATA / "make_sample.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def book():
    return cc.load_rulebook()


@pytest.fixture(scope="module")
def text():
    """Every cell as it is typed."""
    return pd.read_csv(
        DATA / "sample" / "indicators.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False
    )


@pytest.fixture(scope="module")
def table(text, book):
    """The cells as the scoring takes them, read here in its own few lines."""
    read = text.replace("", None)
    for name, i in book.inputs.items():
        if i.type == "class":
            read[name] = read[name].map({label: c for c, label in i.classes.items()})
        else:
            read[name] = read[name].replace({"是": "1", "否": "0"}).astype(float)
    return read


def row(table, jurisdiction, period=LAST):
    found = table[(table["jurisdiction"] == jurisdiction) & (table["period"] == period)]
    assert len(found) == 1
    return found.iloc[0]


def share(table, jurisdiction, part, whole):
    months = table[table["jurisdiction"] == jurisdiction]
    return (months[part] / months[whole]).to_numpy()


# --- the file ---


@pytest.mark.parametrize("name", ["indicators", "evidence"])
def test_the_committed_files_are_what_the_script_writes_every_time(script, name):
    content = getattr(script, name)()
    assert content == getattr(script, name)()
    assert (DATA / "sample" / f"{name}.csv").read_text(encoding="utf-8-sig") == content


def test_it_begins_with_a_byte_order_mark_for_excel():
    assert (
        (DATA / "sample" / "indicators.csv").read_bytes().startswith(b"\xef\xbb\xbfjurisdiction,")
    )


@pytest.mark.parametrize("name", ["indicators.csv", "evidence.csv"])
def test_check_accepts_the_same_files_and_refuses_another(script, tmp_path, monkeypatch, name):
    monkeypatch.setattr(script, "TARGET", tmp_path)
    monkeypatch.setattr("sys.argv", ["make_sample.py"])
    script.main()
    written = tmp_path / name
    assert written.read_bytes().startswith(b"\xef\xbb\xbf")
    monkeypatch.setattr("sys.argv", ["make_sample.py", "--check"])
    script.main()
    written.write_text(
        written.read_text(encoding="utf-8-sig").replace("是", "否", 1),
        encoding="utf-8-sig",
        newline="\n",
    )
    with pytest.raises(SystemExit) as stopped:
        script.main()
    assert stopped.value.code not in (0, None)  # a message, which Python turns into exit status 1


def test_columns_are_the_keys_and_every_input_in_the_rulebooks_order(text, book):
    assert list(text.columns) == ["jurisdiction", "period", "level", "city", "remark", *book.inputs]
    assert set(text["remark"]) == {"示例数据，纯属虚构"}


def test_every_rule_has_all_its_inputs_somewhere_in_the_last_month(table, book):
    known = table[table["period"] == LAST].notna().any()
    assert not [
        (rule.id, name) for rule in book.rules.values() for name in rule.inputs() if not known[name]
    ]


def test_nine_units_and_the_city_over_twelve_months_but_for_one_row(table, script):
    everybody = [*script.COUNTIES, script.DEPARTMENTS, CITY]
    expected = {(unit, period) for unit in everybody for period in script.PERIODS}
    present = list(zip(table["jurisdiction"], table["period"], strict=True))
    assert len(script.COUNTIES) == 9 and (
        script.PERIODS[0],
        script.PERIODS[-1],
        len(script.PERIODS),
    ) == ("2020-06", LAST, 12)
    assert len(present) == len(set(present)) == 131
    assert expected - set(present) == {("工业园区", "2020-11")}
    assert set(table.loc[table["level"] == "city", "jurisdiction"]) == {CITY} == set(table["city"])


def test_cells_are_of_their_inputs_type(text, book):
    allowed = {
        "flag": "是|否",
        "count": r"\d+",
        "days": r"\d+",
        "amount": r"\d+(\.\d\d)?",
        "score": r"\d+\.\d",
        "rank": r"[1-9]\d*(\.\d\d)?",
        "class": "地级市",
    }
    for name, i in book.inputs.items():
        assert text[name].str.fullmatch(f"({allowed[i.type]})?").all(), name
        if i.max is not None:
            assert (text[name].replace("", "0").astype(float) <= i.max).all(), name


def test_a_part_is_nowhere_larger_than_its_whole(table, book):
    parts = [i for i in book.inputs.values() if i.part_of]
    assert len(parts) >= 20
    for i in parts:
        assert not (table[i.name] > table[i.part_of] * i.times + 1e-9).any(), i.name


def test_what_is_counted_never_falls_and_year_ends_stand_still(table, script):
    growing = [
        "commitments",
        "performances",
        "questionnaires",
        "graded_domains",
        "joint_domains",
        "dual_published",
    ]
    growing += [
        "objections_handled",
        "objection_workdays",
        "xyd_recommended",
        "repairs_overdue",
        "repeat_exited",
    ]
    for unit in script.COUNTIES:
        months = table[table["jurisdiction"] == unit]
        assert all(months[name].dropna().is_monotonic_increasing for name in growing)
        for name in (
            "small_loans_curr",
            "unsecured_loans_curr",
            "loans_xyd",
            "loans_credit",
            "loans_enterprise",
        ):
            assert (months[name].notna() == (months["period"] >= "2021-01")).all()
            assert months[name].nunique() == 1
        assert (
            months["small_loans_prev"].notna().all() and months["small_loans_prev"].nunique() == 1
        )


def test_the_city_gives_only_what_the_city_can(table, book):
    given = set(table.columns[table[table["level"] == "city"].notna().any()]) & book.inputs.keys()
    own = {name for name, i in book.inputs.items() if i.rollup == "city"}
    assert own <= given
    assert {name for name in given - own if not book.inputs[name].inherit} == {"enterprises"}
    county = table[table["level"] == "county"]
    assert not own - {"campaign_score"} & set(county.columns[county.notna().any()])


# --- the story ---


def test_nanle_stands_exactly_on_its_thresholds(table):
    nanle = row(table, "南乐县")
    assert nanle["commitments"] * 100 == nanle["enterprises"] * 65
    assert (
        round(nanle["loans_xyd"] * 100) == nanle["loans_credit"] * 6
        and nanle["loans_xyd"] == 1053.06
    )
    assert nanle["depts_sharing"] * 5 == nanle["depts_total"]
    assert nanle["xyd_funded"] * 5 == nanle["xyd_recommended"]
    assert nanle["objection_workdays"] == nanle["objections_handled"] * 5


def test_one_unit_alone_is_nearly_urban(table):
    last = table[(table["period"] == LAST) & (table["level"] == "county")]
    assert list(last.loc[last["pop_urban"] / last["pop_resident"] >= 0.9, "jurisdiction"]) == [
        "华龙区"
    ]


def test_one_unit_improves_and_one_declines_in_every_month(table):
    assert (np.diff(share(table, "经济技术开发区", "commitments", "enterprises")) > 0).all()
    assert (np.diff(share(table, "城乡一体化示范区", "commitments", "enterprises")) < 0).all()


def test_one_hall_is_not_connected_and_the_park_has_none(table):
    last = table[(table["period"] == LAST) & (table["level"] == "county")]
    open_halls = last[last["halls_connected"] < last["halls_total"]]
    assert list(open_halls["jurisdiction"]) == ["台前县"]
    assert row(table, "工业园区")["halls_total"] == 0


def test_gaps_of_the_last_month(table, book, script):
    always = table[(table["level"] == "county") & (table["period"] == LAST)].set_index(
        "jurisdiction"
    )[list(book.inputs)]
    gaps = always.loc[:, always.notna().any()].isna()
    assert {
        unit: set(gaps.columns[gaps.loc[unit]]) for unit in script.COUNTIES if gaps.loc[unit].any()
    } == {
        "范县": {
            "objection_workdays",
            "institution_risk_event",
            "agri_reported",
            "campaign_score",
            "share_gas",
            "share_logistics",
        },
        "工业园区": {"xyd_recommended", "xyd_funded"},
    }


def test_the_city_counts_a_few_enterprises_more_than_its_units(table):
    units = table[table["level"] == "county"].groupby("period")["enterprises"].sum()
    city = table[table["level"] == "city"].set_index("period")["enterprises"].dropna()
    assert (city - units[city.index]).to_dict() == {"2021-03": 26, "2021-04": 26, LAST: 26}


def test_ranks_pass_by_their_mean_and_not_by_their_worst_month(table):
    city = row(table, CITY)
    assert (
        city["monitor_rank_mean"],
        city["monitor_rank_worst"],
        city["monitor_bottom3_streak"],
    ) == (87.25, 109, 0)


def test_three_objections_are_valid_in_7797_records(table):
    last = table[table["period"] == LAST]
    assert (last["dual_valid_objections"].sum(), last["dual_published"].sum()) == (3, 7797)


def test_questionnaires_lie_between_the_citys_two_thresholds(table):
    assert 80 <= table.loc[table["period"] == LAST, "questionnaires"].sum() < 100


# --- the story as it is scored ---


@pytest.fixture(scope="module")
def card(table, book):
    return cc.score(cc.roll_up(table, book), book)


def test_totals_are_those_the_readme_tells(card):
    totals = card.totals()
    last = totals[totals["period"] == LAST]
    readme = (DATA / "sample" / "README.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in readme.splitlines()]
    told = {cells[0]: cells[2] for cells in rows if cells[0] in set(last["jurisdiction"])}
    for r in last.itertuples():
        interval = "" if r.low == r.high else f" [{r.low:.2f}, {r.high:.2f}]"
        assert told[r.jurisdiction] == f"{r.score:.2f}{interval}"
    assert len(told) == 10


def test_the_city_is_neither_perfect_nor_hopeless(card):
    items = card.items()
    city = items[(items["jurisdiction"] == CITY) & (items["period"] == LAST)]
    assert list(city.loc[city["status"] == "missing", "id"]) == [
        "S4.2.3",
        "S4.4",
        "S5.2.2",
        "S6.1.4b",
    ]
    lost = set(city.loc[city["score"] < city["full"], "id"])
    assert {"S6.1.2", "S6.1.3a", "S6.1.3b", "S7.1", "S7.4a"} <= lost
    assert 75 <= city.loc[city["kind"] == "item", "score"].sum() <= 85


def test_b02_alone_fails_in_the_last_month_and_only_through_one_unit(card):
    items = card.items()
    base = items[(items["kind"] == "base") & (items["status"] != "pass")]
    last = base[base["period"] == LAST]
    assert set(zip(last["jurisdiction"], last["id"], last["status"], strict=True)) == {
        ("台前县", "B02", "fail"),
        (CITY, "B02", "fail"),
    }
    assert (base[base["jurisdiction"] == CITY].groupby("period").size().drop(LAST) > 1).all()


def test_improving_and_declining_units_do_so_in_points(card):
    totals = (
        card.totals()
        .pivot(index="period", columns="jurisdiction", values="score")
        .drop(columns=CITY)
    )
    assert (np.diff(totals["经济技术开发区"]) > 0).all()
    places = totals.rank(axis=1, ascending=False)
    assert list(places["城乡一体化示范区"].iloc[[0, -1]]) == [1, 6]
    assert list(places["经济技术开发区"].iloc[[0, -1]]) == [7, 3]
