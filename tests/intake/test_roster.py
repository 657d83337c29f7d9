"""The roster: who should report, other names, months; and what is said where there is none."""

import pandas as pd
import pytest

import creditcalc as cc
from creditcalc.intake.checked_table import check_inputs
from creditcalc.pages.opening import open_study

HEADER = "县区,期间,级别,所属市,commitments,enterprises\n"
ROSTER = """名称,级别,所属市,别名,自,至
某市,市,,,,
甲县,县区,某市,,,
城乡一体化示范区,县区,某市,示范区、新区,,
丙县,县区,某市,,2021-02,
市直,市直,某市,市直部门,,
"""
WHOLE = "甲县,2021-05,,某市,50,100\n城乡一体化示范区,2021-05,,某市,40,100\n"


@pytest.fixture
def folder(tmp_path):
    def write(rows, roster=""):
        (tmp_path / "data.csv").write_text(HEADER + rows, encoding="utf-8")
        if roster:
            (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
        return tmp_path

    return write


def said(problems):
    return [(p.severity, p.what, p.value, p.period) for p in problems]


def city(study, name="commitments", period="2021-05"):
    rows = study.table
    return rows.loc[(rows["level"] == "city") & (rows["period"] == period), name].item()


def test_another_name_stands_for_the_one_in_force_and_that_is_said(folder):
    rows = WHOLE.replace("城乡一体化示范区", "示范区") + "丙县,2021-05,,某市,10,100\n"
    checked = check_inputs(folder(rows, ROSTER))
    assert "城乡一体化示范区" in checked.table["jurisdiction"].tolist()
    assert [p.what for p in checked.problems] == ["“示范区”按名册算作“城乡一体化示范区”"]


def test_two_names_of_one_in_a_month_are_two_rows_of_it(folder):
    rows = WHOLE + "新区,2021-05,,某市,10,100\n"
    errors = check_inputs(folder(rows, ROSTER)).errors
    assert {p.what for p in errors} == {"同一县区（市）同一期间不止一行"}


def test_who_is_absent_by_the_roster_leaves_the_city_open_and_is_said_first(folder):
    study = open_study(folder(WHOLE + "市直,2021-05,市直,某市,5,10\n", ROSTER))
    assert pd.isna(city(study))
    first = study.problems[0]
    assert first.value == "丙县" and first.what.endswith("2021-05 没有：全市合计因此待定")


def test_before_its_first_month_nobody_waits_for_a_county(folder):
    rows = (WHOLE + "市直,2021-05,市直,某市,5,10\n").replace("2021-05", "2021-01")
    study = open_study(folder(rows, ROSTER))
    assert city(study, period="2021-01") == 95
    assert study.problems == ()


def test_a_row_out_of_its_months_and_an_unknown_name_are_errors(folder):
    rows = "丙县,2021-01,,某市,10,100\n花县,2021-05,,某市,1,1\n"
    errors = check_inputs(folder(WHOLE + rows, ROSTER)).errors
    assert [(p.row, p.column) for p in errors] == [(4, "期间"), (5, "县区")]
    assert errors[0].what == "名册中“丙县”的期间是 2021-02 至 现在，不含这一期"
    assert errors[1].what == "名册中没有这个名称" and errors[1].cure.startswith(
        "名册中有：某市、甲县"
    )


def test_what_is_wrong_with_a_roster_is_said_with_its_place(folder):
    roster = ROSTER + "丁县,县区,某市,甲县,,\n甲县,县区,某市,,,\n戊县,县区,某市,,2021-05,2021-04\n"
    problems = check_inputs(folder(WHOLE, roster)).problems
    assert [(p.row, p.what) for p in problems if p.file.endswith("roster.csv")] == [
        (7, "别名与别的名称相同"),
        (8, "同一县（区）在名册中不止一行"),
        (9, "“至”早于“自”"),
    ]


def test_without_a_roster_a_name_of_some_months_is_asked_about(folder):
    rows = WHOLE + "甲县,2021-04,,某市,45,100\n示范区,2021-04,,某市,40,100\n"
    study = open_study(folder(rows))
    assert pd.isna(city(study)) and pd.isna(city(study, period="2021-04"))
    absent = {p.value: p for p in study.problems if "全市合计因此待定" in p.what}
    assert absent["示范区"].what == "2021-04 有“示范区”，2021-05 没有：全市合计因此待定"
    assert "是否就是“城乡一体化示范区”" in absent["示范区"].cure


@pytest.mark.parametrize(("other", "name"), [("甲", "county"), ("某", "city")])
def test_names_that_differ_at_the_end_alone_are_suspected(folder, other, name):
    row = f"{other},2021-05,,某市,1,1\n" if name == "county" else f"乙县,2021-05,,{other},1,1\n"
    found = [p.what for p in open_study(folder(WHOLE + row)).problems]
    longer = "甲县" if name == "county" else "某市"
    assert f"“{other}”与“{longer}”像是同一个" in found


def test_a_second_city_with_one_row_is_asked_about(folder):
    study = open_study(folder(WHOLE + "乙县,2021-05,,某地市,1,1\n"))
    assert "“某地市”成了另一个市，表中只有 1 行" in [p.what for p in study.problems]


def test_the_city_s_departments_are_part_of_its_sums(folder):
    study = open_study(folder(WHOLE + "市直,2021-05,市直,某市,7,\n"))
    assert city(study) == 97 and pd.isna(city(study, "enterprises"))
    assert "市直" not in study.table["jurisdiction"].tolist()
    assert study.problems == ()


def test_where_nobody_reports_for_the_departments_that_is_said(folder):
    study = open_study(folder(WHOLE))
    assert city(study) == 90
    assert said(study.problems) == [
        ("notice", "没有市直部门的数据，各项汇总数都不含市直", "某市", "")
    ]


def test_departments_share_what_a_city_loses(folder):
    study = open_study(folder(WHOLE + "市直,2021-05,市直,某市,10,50\n"))
    found = cc.contribution(study.card, "某市", "2021-05").items
    mine = found[found["id"] == "S7.1"].set_index("county")["share"]
    assert mine.index.tolist() == ["甲县", "城乡一体化示范区", "市直"] and (mine > 0).all()
