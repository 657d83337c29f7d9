import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import openpyxl
import pytest
from support.batches import PARAMETERS, names, notebook, record, statuses, write_data
from support.processes import POSIX, assert_all_gone

from creditcalc.batch import provenance, runner
from creditcalc.batch.one_page import PAPERMILL_ENGINES, NotebookError, check_parameters
from creditcalc.batch.runner import run
from creditcalc.batch.standing import INTERRUPTED
from creditcalc.batch.verify import verify_pages
from creditcalc.bundled import bundled
from creditcalc.files import sha256
from creditcalc.problems import InputError, ReadingError, UnknownName

OUTPUT = {"index.html", "summary.xlsx", "run.json"}


def pytest_generate_tests(metafunc):
    """Whatever is tried without processes is tried with the pages of offices too."""
    if "fake" in metafunc.fixturenames:
        metafunc.parametrize("units", [False, True], ids=["jurisdictions", "offices too"])


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("engine", PAPERMILL_ENGINES)
def test_notebooks_become_pages_and_what_fails_fails_alone(options, light, engine):
    outcome = run(replace(options, engine=engine))
    assert statuses(outcome) == {"某市": "made", "好县": "made", "坏县": "failed", "死县": "failed"}
    assert not outcome.complete
    assert names(outcome.folder) == OUTPUT | {"某市.html", "好县.html", "failed"}
    assert names(outcome.folder / "failed") == {"坏县.ipynb"}
    draft = nbformat.read(outcome.folder / "failed" / "坏县.ipynb", 4)
    assert "县" in str(draft.cells) and draft.cells[-1].outputs == []
    errors = {page.name: page.error for page in outcome.pages if page.error}
    assert (
        errors["坏县"].endswith("ValueError: 坏了") and errors["死县"] == "进程意外退出（信号 9）"
    )
    assert "好县 2021-05" in (outcome.folder / "好县.html").read_text(encoding="utf-8")
    index = (outcome.folder / "index.html").read_text(encoding="utf-8")
    assert (
        "ValueError: 坏了" in index
        and "./%E5%A5%BD%E5%8E%BF.html" in index
        and "%E5%9D%8F%E5%8E%BF.html" not in index
    )


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize(("engine", "seconds"), [("warm", 8), ("kernel", 25)])
def test_a_page_that_never_ends_fails_alone(options, light, engine, seconds, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write_data(options.data, ["久县", "好县"])
    outcome = run(replace(options, engine=engine, timeout=seconds))
    assert statuses(outcome) == {"某市": "made", "久县": "failed", "好县": "made"}
    assert (tmp_path / "began").exists()
    [error] = [page.error for page in outcome.pages if page.error]
    assert error == f"超过时限（{seconds} 秒）没有做完，已停止；可用 --timeout 放宽"


def test_record_tells_what_made_each_page(options, fake, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1622073600")
    outcome = run(replace(options, readings={"proportional": "of_full"}, as_of="2021-06-01"))
    facts = record(outcome)
    assert facts["made_at"] == "2021-05-27 00:00:00+00:00" and facts["period"] == "2021-05"
    assert facts["data"]["files"] == {options.data.name: sha256(options.data)}
    assert (
        facts["rulebook"]["id"] == "puyang-2021" and facts["readings"]["proportional"] == "of_full"
    )
    offices = {"office_report.ipynb"} if options.units else set()
    assert set(facts["notebooks"]) == {"county_report.ipynb", "city_overview.ipynb"} | offices
    assert {"python", "creditcalc", *provenance.LIBRARIES} == set(facts["versions"])
    made = next(page for page in facts["pages"] if page["name"] == "好县")
    assert (
        made["file"] == "好县.html"
        and made["sha256"] == sha256(outcome.folder / "好县.html")
        and made["digest"]
    )
    text = (outcome.folder / "好县.html").read_text(encoding="utf-8")
    assert (
        "'as_of': '2021-06-01'" in text
        and "'readings': 'proportional=of_full'" in text
        and "2021-05-27 00:00:00" in text
    )


def test_unchanged_pages_are_skipped_and_failed_ones_tried_again(options, fake):
    run(options)
    assert statuses(run(options)) == {
        "某市": "unchanged",
        "好县": "unchanged",
        "坏县": "failed",
        "死县": "failed",
    }
    assert statuses(run(replace(options, force=True)))["好县"] == "made"


def test_pages_that_were_made_are_recorded_though_the_summary_cannot_be_written(
    options, fake, monkeypatch
):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(runner, "workbook", full)
        with pytest.raises(OSError):
            run(options)
    again = run(options)
    assert {page.status for page in again.pages if page.file} == {"unchanged"}


def test_the_same_data_at_another_time_and_place_is_unchanged(options, fake, monkeypatch):
    monkeypatch.chdir(options.data.parent)
    options = replace(options, data=Path(options.data.name))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    run(options)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "2")
    assert (
        statuses(run(replace(options, readings={"proportional": "between"})))["好县"] == "unchanged"
    )


def test_a_page_that_is_gone_or_altered_is_made_again(options, fake):
    folder = run(options).folder
    (folder / "好县.html").write_text("改过")
    (folder / "某市.html").unlink()
    assert statuses(run(options)) == {
        "某市": "made",
        "好县": "made",
        "坏县": "failed",
        "死县": "failed",
    }


@pytest.mark.parametrize("content", ["", "[]", '{"pages": [{"name": "../x"}]}', '{"pages": 3}'])
def test_a_record_that_is_not_ours_counts_for_nothing(options, fake, content):
    folder = run(options).folder
    (folder / "run.json").write_text(content)
    assert statuses(run(options))["好县"] == "made"


def test_only_the_city_that_changed_is_made_again(options, fake):
    other = write_data(options.data, ["丁县"], city="他市").read_text().partition("\n")[2]

    def counties(loans):
        text = write_data(options.data, ["甲县", "乙县"], loans).read_text()
        options.data.write_text(text + other)

    counties("450")
    assert set(statuses(run(options)).values()) == {"made"}
    counties("460")
    city = {"某市": "made", "甲县": "made", "乙县": "made"}
    assert statuses(run(options)) == city | {"他市": "unchanged", "丁县": "unchanged"}


def test_a_change_makes_all_pages_of_its_city_again(options, fake):
    write_data(options.data, ["甲县", "乙县", "丙县"])
    run(options)
    write_data(options.data, ["甲县", "乙县", "丙县"], loans="460")
    assert statuses(run(options)) == {
        "某市": "made",
        "甲县": "made",
        "乙县": "made",
        "丙县": "made",
    }


def test_a_changed_notebook_makes_its_pages_again(options, fake, tmp_path):
    folder = tmp_path / "笔记本"
    folder.mkdir()
    for path in options.notebooks.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    options = replace(options, notebooks=folder)
    run(options)
    notebook(folder / "county_report.ipynb", PARAMETERS, "print('新')")
    assert statuses(run(options)) == {
        "某市": "unchanged",
        "好县": "made",
        "坏县": "failed",
        "死县": "failed",
    }


def test_a_changed_program_makes_every_page_again(options, fake, monkeypatch):
    run(options)
    monkeypatch.setattr(provenance, "program_digest", lambda: "新程序")
    assert statuses(run(options)) == {
        "某市": "made",
        "好县": "made",
        "坏县": "failed",
        "死县": "failed",
    }


def test_chosen_counties_leave_the_others_as_they_are(options, fake):
    assert statuses(run(replace(options, counties=("好县",)))) == {
        "某市": "made",
        "好县": "made",
        "坏县": "left",
        "死县": "left",
    }
    outcome = run(replace(options, counties=("坏县",)))
    city = "made"  # since it now leads to both
    assert statuses(outcome) == {"某市": city, "好县": "left", "坏县": "failed", "死县": "left"}
    assert "好县.html" in names(outcome.folder)
    assert statuses(run(options))["好县"] == "unchanged"


def test_an_interrupted_run_keeps_what_is_made_and_what_was_there(options, fake):
    write_data(options.data, ["甲县", "乙县", "断县"])
    outcome = run(options)
    assert statuses(outcome) == {"某市": "made", "甲县": "made", "乙县": "made", "断县": "left"}
    assert outcome.interrupted and not outcome.complete and record(outcome)["interrupted"]
    write_data(options.data, ["断县", "甲县", "乙县"])
    outcome = run(replace(options, force=True))
    assert statuses(outcome) == {"某市": "made", "断县": "left", "甲县": "left", "乙县": "left"}
    assert names(outcome.folder) == OUTPUT | {"某市.html", "甲县.html", "乙县.html"}
    assert all(
        (page.sha256 == sha256(outcome.folder / page.file)) for page in outcome.pages if page.file
    )


def test_the_page_of_a_county_that_the_data_no_longer_has_is_removed_and_told(options, fake):
    write_data(options.data, ["好县", "壮县"])
    assert "壮县.html" in names(run(options).folder)
    write_data(options.data, ["好县", "坏县"])
    outcome = run(options)
    assert names(outcome.folder) == OUTPUT | {"好县.html", "某市.html", "failed"}
    assert outcome.told == ("2021-05 的数据中已没有壮县：删去 壮县.html",)


def test_problems_refuse_their_own_jurisdiction(options, fake):
    good = write_data(options.data, ["甲县", "乙县"])
    assert run(options).complete
    write_data(good, ["甲县", "乙县"], loans="很多")
    outcome = run(options)
    assert statuses(outcome) == {"某市": "made", "甲县": "refused", "乙县": "made"}
    assert not outcome.complete
    [refused] = [page for page in outcome.pages if page.status == "refused"]
    assert refused.outdated and refused.error == "数据有错误；甲县.html 是上次生成的，没有更新"
    assert sha256(outcome.folder / "甲县.html") == refused.sha256, "what was made is not lost"
    assert "是上次生成的页面，这次没有做成" in [
        problem.what for problem in verify_pages(outcome.folder)
    ]
    index = (outcome.folder / "index.html").read_text(encoding="utf-8")
    assert (
        "很多" in index
        and "甲县.html 是上次生成的" in index
        and "%E7%94%B2%E5%8E%BF.html" not in index
    )
    assert any("很多" in problem for problem in record(outcome)["problems"])
    sheets = openpyxl.load_workbook(outcome.folder / "summary.xlsx")
    assert sheets.sheetnames == ["总分", "评分项", "基础指标", "目标", "数据问题", "说明"]
    assert {row[0] for row in sheets["总分"].iter_rows(min_row=3, values_only=True)} == {
        "某市",
        "乙县",
    }
    assert sheets["数据问题"]["A3"].value == "错误" and sheets["总分"].freeze_panes == "A3"


def test_text_of_the_data_is_text_in_the_summary(options, fake):
    write_data(options.data, ["@甲", "+2", "<b>"])
    outcome = run(options)
    assert outcome.complete
    sheet = openpyxl.load_workbook(outcome.folder / "summary.xlsx")["总分"]
    cells = {cell.value: cell for cell in sheet["A"]}
    assert all(cells[name].data_type == "s" and cells[name].quotePrefix for name in ("@甲", "+2"))
    assert "&lt;b&gt;" in (outcome.folder / "index.html").read_text(encoding="utf-8")


def test_counties_of_one_name_have_pages_of_their_own(options, fake):
    first = write_data(options.data, ["同县"], city="甲市").read_text()
    second = write_data(options.data, ["同县"], city="乙市").read_text()
    options.data.write_text(first + second.partition("\n")[2])
    outcome = run(options)
    assert names(outcome.folder) == OUTPUT | {
        "甲市.html",
        "乙市.html",
        "甲市同县.html",
        "乙市同县.html",
    }
    outcome = run(replace(options, city="乙市", counties=("同县",), force=True))
    assert {(page.city, page.name) for page in outcome.pages if page.status == "made"} == {
        ("乙市", "乙市"),
        ("乙市", "同县"),
    }


@pytest.mark.parametrize(
    ("wrong", "error", "there"),
    [
        ({"period": "2021-04"}, UnknownName, "2021-05"),
        ({"counties": ("好",)}, UnknownName, "好县"),
        ({"city": "他市"}, UnknownName, "某市"),
        ({"readings": {"proportion": "x"}}, ReadingError, "proportional"),
        ({"data": Path("没有")}, InputError, "没有"),
    ],
)
def test_a_wrong_call_is_an_error_before_anything_is_written(options, wrong, error, there):
    with pytest.raises(error, match=there):
        run(replace(options, **wrong))
    assert not options.out.exists()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            PARAMETERS.replace("county", "conty"),
            "笔记本没有声明这个参数（值：county）。是否指 conty？",
        ),
        (PARAMETERS + "\noffice = None", "笔记本要的参数没有给（值：office）"),
    ],
)
def test_a_misspelt_or_missing_parameter_is_an_error_before_anything_is_written(
    options, light, tmp_path, parameters, message
):
    folder = tmp_path / "笔记本"
    folder.mkdir()
    notebook(folder / "county_report.ipynb", parameters, "print(1)")
    (folder / "city_overview.ipynb").write_bytes(
        (options.notebooks / "city_overview.ipynb").read_bytes()
    )
    with pytest.raises(NotebookError) as caught:
        run(replace(options, notebooks=folder))
    assert message in str(caught.value)
    assert not options.out.exists()


@pytest.mark.parametrize("kind", ["county", "city"])
def test_the_project_s_own_notebooks_take_their_parameters(kind):
    given = dict.fromkeys(
        ["city", "period", "data", "rulebook", "readings"] + ["county"] * (kind == "county"), "x"
    )
    check_parameters(
        bundled("notebooks")
        / {"county": "county_report.ipynb", "city": "city_overview.ipynb"}[kind],
        given,
    )


SCRIPT = """
import signal
import sys
from pathlib import Path
from creditcalc.batch.runner import run
from creditcalc.batch.plan import Options

# A shell lets what it starts in the background ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
engine, *paths = sys.argv[1:]
data, out, notebooks = map(Path, paths)
options = Options(
    data=data, out=out, notebooks=notebooks, jobs=2, engine=engine, units=False
)
outcome = run(options, progress=True)
print({page.name: page.status for page in outcome.pages}, outcome.interrupted, outcome.complete)
"""


@pytest.fixture
def endless(options, tmp_path):
    """Starts a run with an engine whose last page never ends, and waits until that is all that is
    left to do.
    """

    def go(engine):
        write_data(options.data, ["好县", "久县"])
        script = tmp_path / "go.py"
        script.write_text(SCRIPT, encoding="utf-8")
        command = [
            sys.executable,
            str(script),
            engine,
            str(options.data),
            str(options.out),
            str(options.notebooks),
        ]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        others = [options.out / "2021-05" / f"{name}.html" for name in ("某市", "好县")]
        while not all(path.exists() for path in [tmp_path / "began", *others]):
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        return process

    return go


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("engine", PAPERMILL_ENGINES)
def test_ctrl_c_ends_everything_and_leaves_a_true_record(options, tmp_path, endless, engine):
    process, folder = endless(engine), options.out / "2021-05"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=180)  # of patience on a busy machine
    assert out.strip() == "{'某市': 'made', '好县': 'made', '久县': 'left'} True False", err
    assert "Traceback" not in err and "页" in err
    assert names(folder) == OUTPUT | {"某市.html", "好县.html"}
    facts = json.loads((folder / "run.json").read_bytes())
    assert facts["interrupted"] and [page["error"] for page in facts["pages"]] == [
        "",
        "",
        INTERRUPTED,
    ]
    assert_all_gone(tmp_path)


def test_ctrl_c_before_the_first_page_leaves_a_true_record(options, light, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "share_study", interrupted)
    outcome = run(options)
    assert outcome.interrupted and set(statuses(outcome).values()) == {"left"}
    assert json.loads((outcome.folder / "run.json").read_bytes())["interrupted"]


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("engine", PAPERMILL_ENGINES)
def test_killing_a_run_leaves_no_process_behind(tmp_path, endless, engine):
    process = endless(engine)
    process.kill()
    process.wait()
    assert_all_gone(tmp_path)


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("engine", PAPERMILL_ENGINES)
def test_a_run_that_ends_leaves_no_process_behind(options, tmp_path, engine):
    script = tmp_path / "go.py"
    script.write_text(SCRIPT, encoding="utf-8")
    command = [
        sys.executable,
        str(script),
        engine,
        str(options.data),
        str(options.out),
        str(options.notebooks),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "'坏县': 'failed'" in done.stdout
    assert_all_gone(tmp_path)
