import shutil
from pathlib import Path

import pandas as pd
import pytest
from support.places import SAMPLE

import creditcalc as cc
from creditcalc.batch.provenance import made_of
from creditcalc.pages.opening import parse_readings

PERIOD = "2021-05"


@pytest.fixture(scope="module")
def study():
    return cc.open_study(SAMPLE)


def edited(folder, changes):
    """The sample with some cells changed: {(jurisdiction, period): {column: text}}."""
    table = pd.read_csv(
        SAMPLE / "indicators.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )
    for (name, period), cells in changes.items():
        rows = (table["jurisdiction"] == name) & (table["period"] == period)
        assert rows.sum() == 1
        for column, value in cells.items():
            table.loc[rows, column] = value
    table.to_csv(folder / "data.csv", index=False)
    shutil.copy(SAMPLE / "evidence.csv", folder)
    return folder / "data.csv"


def test_a_copy_of_the_sample_is_still_invented(tmp_path):
    shutil.copy(SAMPLE / "indicators.csv", tmp_path / "real.csv")
    assert cc.open_study(tmp_path / "real.csv").sample


def test_other_data_is_not_called_invented(tmp_path):
    (tmp_path / "a.csv").write_text(
        "jurisdiction,period,city\n范县,2021-05,濮阳市\n", encoding="utf-8"
    )
    assert not cc.open_study(tmp_path / "a.csv").sample


def test_what_a_city_s_pages_are_made_of_changes_with_every_cell(study, tmp_path):
    before = made_of(study, "濮阳市")
    assert before == made_of(cc.open_study(SAMPLE), "濮阳市")
    for period in (PERIOD, "2021-04"):
        own = edited(tmp_path, {("清丰县", period): {"commitments": "3600"}})
        assert made_of(cc.open_study(own), "濮阳市") != before


def test_readings_change_every_page(study):
    other = cc.open_study(SAMPLE, readings="proportional=of_full")
    assert made_of(other, "濮阳市") != made_of(study, "濮阳市")


def test_the_city_page_holds_all_counties(study):
    page = study.city("濮阳市", PERIOD)
    assert len(page.group.counties.table) == 9
    players = {*page.group.counties.table["jurisdiction"], "市直"}
    assert set(page.contribution.items["county"]) == players


def test_a_county_without_a_row_is_absent_and_leaves_the_city_open(study):
    assert study.absent("2020-11", "濮阳市") == ["工业园区"]
    assert "工业园区" not in study.counties("2020-11")


@pytest.mark.parametrize(
    ("ask", "there"),
    [
        (lambda s: s.county("范", PERIOD), "范县"),
        (lambda s: s.county("范县", "2022-01"), "2021-05"),
        (lambda s: s.city("开封市", PERIOD), "濮阳市"),
    ],
    ids=["county", "period", "city"],
)
def test_unknown_names_say_what_there_is_instead(study, ask, there):
    with pytest.raises(cc.UnknownName, match=there):
        ask(study)


def test_a_city_that_the_table_does_not_have_is_refused():
    with pytest.raises(cc.UnknownName, match="濮阳市"):
        cc.open_study(SAMPLE, city="开封市")


def test_places_of_problems_are_told_without_the_machines_folders(study):
    assert all(not Path(problem.file).is_absolute() for problem in study.problems)


def test_readings_as_text():
    assert parse_readings(" proportional = of_full ,") == {"proportional": "of_full"}
    with pytest.raises(cc.ReadingError, match="名称=选项"):
        parse_readings("proportional")
