"""The tutorials on the sample: what they must say, hold and not hold; nbval (in pytest's own
options) runs them.

After a change of the sample, the rules or the library make their outputs anew, without times and
widget states, by

    jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False \\
    --ExecutePreprocessor.store_widget_state=False notebooks/explore.ipynb notebooks/readings.ipynb
    \\ notebooks/ledgers.ipynb

and read the difference. nbval compares every output but pictures and the random id of the widgets'
view.
"""

import json
import re

import nbformat
import pytest
from support.places import ROOT

import creditcalc as cc

FOLDER = ROOT / "notebooks"
TUTORIALS = ["explore", "readings", "ledgers"]
PERIOD = "2021-05"
UNSTABLE = re.compile(r"0x[0-9a-f]{6,}|/work/|/home/|/root/|/tmp/|site-packages|\d\d:\d\d:\d\d")


@pytest.fixture(params=TUTORIALS)
def notebook(request):
    return nbformat.read(FOLDER / f"{request.param}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def study():
    return cc.open_study()


@pytest.fixture(scope="module")
def doubt(study):
    return cc.sensitivity(study.table.query("period == @PERIOD"), study.book, study.readings)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_a_notebook_as_it_should_be(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    assert [cell.id.partition("-")[2] for cell in notebook.cells] == [
        f"{n:02d}" for n in range(len(notebook.cells))
    ]
    assert all(
        "execution" not in cell.metadata and not cell.metadata.get("tags")
        for cell in notebook.cells
    )


def test_it_says_first_that_the_sample_is_invented(notebook):
    title, remark = notebook.cells[0].source.splitlines()[::2][:2]
    assert title.startswith("# ")
    assert remark.startswith("**示例数据，纯属虚构。**")


def test_its_outputs_are_of_one_run_from_top_to_bottom(notebook):
    cells = code(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) - 2
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


def test_its_outputs_repeat(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            told = {
                mime: data
                for mime, data in output.get("data", {}).items()
                if not mime.startswith(("image/", "application/"))
            }
            assert not UNSTABLE.search(json.dumps(told) + output.get("text", ""))


def test_explore_keeps_its_answer_for_readers_without_a_kernel():
    shown = [
        output.data["text/html"]
        for cell in code(nbformat.read(FOLDER / "explore.ipynb", as_version=4))
        for output in cell.outputs
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {})
    ]
    assert len(shown) == 1
    assert "变动" in shown[0] and "示例数据，纯属虚构" in shown[0]


def test_readings_tells_every_reading_with_its_reason(study):
    text = (FOLDER / "readings.ipynb").read_text(encoding="utf-8")
    for reading in study.book.readings.values():
        for said in (reading.question, reading.reason, *reading.options.values()):
            assert json.dumps(said, ensure_ascii=False)[1:-1] in text


def test_what_readings_says_of_the_sample_is_so(study, doubt):
    """The prose of readings.ipynb, which nbval does not run."""
    one = doubt.one.set_index(["reading", "jurisdiction"])
    most = (
        doubt.one.assign(size=doubt.one["change"].abs())
        .groupby("reading")["size"]
        .max()
        .nlargest(4)
    )
    assert set(most.index) == {"proportional", "no_target", "graded_domain", "commitment_basis"}
    assert (one.loc[["no_target", "objection_scale"], "change"] <= 0).all()
    inclusive = one.loc["inclusive", "change"]
    assert list(inclusive.index[inclusive != 0]) == ["南乐县"]
    shared = study.table.query("jurisdiction == '南乐县' and period == @PERIOD").iloc[0]
    assert shared["depts_sharing"] * 5 == shared["depts_total"]
    over = study.totals.query("period == @PERIOD and bonus > 10")["jurisdiction"]
    capped = one.loc["bonus_cap", "change"]
    assert set(capped.index[capped != 0]) == set(over)
    assert (one.loc["monthly_rank", "change"] == 0).all()


def test_what_readings_says_of_ranks_and_gates_is_so(study, doubt):
    monthly = doubt.one.query("reading == 'monthly_rank'").set_index("jurisdiction")
    assert set(monthly.index[monthly["eligible_before"] == "no"]) == {"濮阳市", "台前县"}
    assert (monthly["eligible"] == "no").all()
    empty = study.card.under({"no_target": "missing"}).status.loc[
        study.table["period"] == PERIOD, "B03"
    ]
    none_listed = study.table.loc[empty.index, "gov_defaulters"] == 0
    assert ((empty == "pending") == none_listed).all()
    pending = doubt.one.query("reading == 'no_target' and eligible == 'pending'")["jurisdiction"]
    assert set(pending) <= set(study.table.loc[empty.index[none_listed], "jurisdiction"])
