"""The sample's ledgers: the committed folder is the script's, says it is invented, and counts to
the sample table's inputs.
"""

import subprocess
import sys

import pandas as pd
import pytest
from support.places import ROOT

import creditcalc as cc
from creditcalc.case_lists import read_ledgers

DATA = ROOT / "data"
FOLDER = DATA / "sample" / "ledgers"
UNITS = ["南乐县", "范县", "工业园区"]
NOT_KEPT = {
    ("范县", "objections_handled")
}  # the sample knows how many, the ledger with their days has not come in


@pytest.fixture(scope="module")
def found():
    return read_ledgers(FOLDER)


@pytest.fixture(scope="module")
def sample():
    return (
        cc.read_inputs(DATA / "sample" / "indicators.csv")
        .query("period == '2021-05'")
        .set_index("jurisdiction")
    )


def test_the_folder_is_what_the_script_writes():
    subprocess.run([sys.executable, DATA / "make_ledgers.py", "--check"], check=True)


def test_every_line_says_that_it_is_invented():
    for path in sorted(FOLDER.iterdir()):
        if path.suffix == ".md":
            assert "虚构" in path.read_text(encoding="utf-8")
        else:
            table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
            assert (table["备注"] == "示例数据，纯属虚构").all()


def test_the_folder_is_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1.5e6


def test_there_is_nothing_bad_in_it(found):
    assert found.errors == []
    assert (found.period, found.as_of) == ("2021-05", "2021-05-31")
    assert found.table["jurisdiction"].tolist() == [*UNITS, "濮阳市"]
    assert set(found.table["remark"]) == {"示例数据，纯属虚构"}


def test_the_inputs_of_the_units_are_the_sample_s_cell_by_cell(found, sample):
    given = found.table.set_index("jurisdiction").drop(
        columns=["period", "level", "city", "remark"]
    )
    cells = {
        (unit, name) for unit in UNITS for name in given if not name.startswith("monitor_")
    } - NOT_KEPT
    counted = pd.Series({cell: given.loc[cell] for cell in cells}, dtype=float)
    typed = pd.Series({cell: sample.loc[cell] for cell in cells}, dtype=float)
    pd.testing.assert_series_equal(counted, typed, rtol=1e-12)
    assert counted.notna().sum() == len(cells) - 3  # 范县's days, 工业园区's two lists


def test_what_is_not_kept_is_blank(found):
    table = found.table.set_index("jurisdiction")
    assert all(pd.isna(table.loc[cell]) for cell in NOT_KEPT)


def test_the_city_s_inputs_are_its_ranks_alone(found, sample):
    city = (
        found.table.set_index("jurisdiction")
        .loc["濮阳市"]
        .drop(["period", "level", "city", "remark"])
        .dropna()
    )
    assert city.to_dict() == sample.loc["濮阳市", [*city.index]].to_dict()
    assert {*city.index} == {"monitor_rank_mean", "monitor_rank_worst", "monitor_bottom3_streak"}


def test_every_count_has_its_cases(found):
    table = found.table.melt(
        ["jurisdiction", "period", "level", "city", "remark"], var_name="input"
    ).dropna(subset="value")
    sums = found.cases.groupby(["jurisdiction", "input"])["value"].sum()
    for owner, name, value in table[["jurisdiction", "input", "value"]].itertuples(index=False):
        if not name.startswith("monitor_rank"):
            assert sums.get((owner, name), 0) == pytest.approx(value)


def test_the_folder_does_not_disturb_the_sample():
    assert len(cc.read_inputs(DATA / "sample")) == 131
