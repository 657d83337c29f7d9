"""An analyst's own notebook, style sheet and logo in the batch."""

import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from support.batches import PARAMETERS, notebook, statuses, write_data

from creditcalc.batch.one_page import PAPERMILL_ENGINES, NotebookError
from creditcalc.batch.plan import NOTEBOOKS, Options
from creditcalc.batch.runner import run
from creditcalc.bundled import bundled
from creditcalc.cli.main import cli
from creditcalc.render.dress import DressError

OWN = """
import pandas as pd
from matplotlib import pyplot as plt
print("打印的一句话")
pd.DataFrame({"项目": ["甲", "乙"], "万元": [1234, 0.5]})
"""
DRAW = "plt.plot([1, 2], label='线'); plt.title('逐年上升'); plt.legend()"
BARE = "plt.bar(['甲'], [1])"


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "自己的"
    folder.mkdir()
    notebook(folder / "county_report.ipynb", PARAMETERS, OWN, DRAW, BARE)
    return folder


@pytest.fixture
def data(tmp_path):
    return write_data(tmp_path / "数据.csv", ["甲县"])


@pytest.mark.slow
@pytest.mark.parametrize("engine", PAPERMILL_ENGINES)
def test_plain_outputs_are_content_of_the_page_with_either_engine(
    tmp_path, own, data, engine, monkeypatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    outcome = run(
        Options(data=data, out=tmp_path / "报告", notebooks=own, engine=engine, units=False)
    )
    assert statuses(outcome) == {"甲县": "made", "某市": "made"}, outcome.undone
    page = (outcome.folder / "甲县.html").read_text(encoding="utf-8")
    assert "<pre>打印的一句话" in page and "dataframe" not in page
    assert re.search(r"<th scope=col[^>]*>万元.*?1,234\.00", page, re.DOTALL)
    assert 'aria-label="逐年上升"' in page and "没有标题的图" in page
    assert page.count("<figure>") == 2 and page.count("这张图没有标题") == 1
    assert "<matplotlib" not in page and "BarContainer" not in page and "image/png" not in page
    city = (outcome.folder / "某市.html").read_text(encoding="utf-8")
    assert "各县（区）对照" in city, "the other notebooks are the package's"


@pytest.fixture
def dressed(options, own, tmp_path):
    (tmp_path / "a.css").write_text("h1{color:red}", encoding="utf-8")
    (tmp_path / "标.svg").write_text("<svg></svg>", encoding="utf-8")
    write_data(options.data, ["甲县", "乙县"])
    return replace(options, notebooks=own, css=tmp_path / "a.css", logo=tmp_path / "标.svg")


MADE = {"某市": "made", "甲县": "made", "乙县": "made"}


def test_a_page_is_made_again_where_style_sheet_or_logo_changes(dressed, fake, tmp_path):
    assert statuses(run(dressed)) == MADE
    assert statuses(run(dressed)) == dict.fromkeys(MADE, "unchanged")
    for path, text in ((dressed.css, "h1{color:blue}"), (dressed.logo, "<svg> </svg>")):
        path.write_text(text, encoding="utf-8")
        assert statuses(run(dressed)) == MADE
    assert statuses(run(dressed)) == dict.fromkeys(MADE, "unchanged")
    assert statuses(run(replace(dressed, logo=dressed.logo.rename(tmp_path / "其他.svg")))) == MADE
    assert statuses(run(replace(dressed, css=None, logo=None))) == MADE


def test_a_page_is_made_again_where_its_own_notebook_changes_or_goes(dressed, fake):
    run(dressed)
    notebook(dressed.notebooks / "county_report.ipynb", PARAMETERS, OWN, BARE)
    changed = {"某市": "unchanged", "甲县": "made", "乙县": "made"}
    assert statuses(run(dressed)) == changed
    assert statuses(run(replace(dressed, notebooks=None))) == changed


def test_the_index_is_dressed_too(dressed, fake):
    index = (run(dressed).folder / "index.html").read_text(encoding="utf-8")
    assert "h1{color:red}" in index and 'alt="标"' in index


def test_a_folder_without_a_report_s_notebook_is_told_before_anything_is_written(options, tmp_path):
    notebook(tmp_path / "country_report.ipynb", PARAMETERS)
    with pytest.raises(NotebookError, match=r"county_report\.ipynb"):
        run(replace(options, notebooks=tmp_path))
    assert not options.out.exists()


def test_a_style_sheet_that_no_page_can_carry_is_told_before_anything_is_written(dressed):
    dressed.css.write_text("@import url(x.css);", encoding="utf-8")
    with pytest.raises(DressError):
        run(dressed)
    assert not dressed.out.exists()


def call(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_the_package_s_notebooks_are_laid_out_and_never_over_others_unless_forced(tmp_path):
    folder = tmp_path / "笔记本"
    assert call("notebooks", folder).exit_code == 0
    contents = {name: (bundled("notebooks") / name).read_bytes() for name in NOTEBOOKS.values()}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == contents
    (folder / "county_report.ipynb").write_text("自己的")
    (folder / "city_overview.ipynb").unlink()
    assert call("notebooks", folder).exit_code == 2
    assert (folder / "county_report.ipynb").read_text() == "自己的"
    assert not (folder / "city_overview.ipynb").exists(), "all or none"
    assert call("notebooks", folder, "--force").exit_code == 0
    assert (folder / "county_report.ipynb").read_bytes() == contents["county_report.ipynb"]


def test_the_package_s_notebooks_are_not_laid_over_themselves():
    assert call("notebooks", bundled("notebooks"), "--force").exit_code == 2
