"""Which files a run may touch: finished work and users' files stay, nobody else's file is followed
or run.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from filelock import FileLock
from support.batches import names, record, statuses, write_data
from support.processes import OTHER, ROOT_ONLY

from creditcalc.batch import provenance, runner
from creditcalc.batch.runner import run
from creditcalc.batch.verify import verify
from creditcalc.files import LinkedElsewhere, replacing, sha256


@pytest.fixture
def offices(options, fake):
    write_data(options.data, ["甲县", "乙县"])
    return replace(options, units=True)


def all_files(folder):
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "choice", [{"counties": ("甲县",)}, {"units": False}, {"city": "某市", "units": False}]
)
def test_a_choice_of_pages_touches_no_other(offices, choice):
    folder = run(offices).folder
    before = all_files(folder)
    pages = {name for name in before if name.endswith(".html")}
    assert len([name for name in pages if name.startswith("units/")]) > 20
    outcome = run(replace(offices, **choice))
    assert (
        outcome.told == ()
        and {name for name in all_files(folder) if name.endswith(".html")} == pages
    )
    kept = [page for page in outcome.pages if page.kind == "office"]
    assert (
        len(kept) > 20
        and {page.status for page in kept} == {"left"}
        and all(page.file for page in kept)
    )
    assert verify(folder) == [] and set(statuses(run(offices)).values()) == {"unchanged"}


def test_one_city_of_two_leaves_the_other_and_its_offices(options, fake):
    first = write_data(options.data, ["甲县"], city="甲市").read_text()
    options.data.write_text(
        first + write_data(options.data, ["乙县"], city="乙市").read_text().partition("\n")[2]
    )
    options.data.write_text(
        first + options.data.read_text().partition("\n")[2].replace(first.partition("\n")[2], "")
    )
    both = replace(options, units=True)
    folder = run(both).folder
    before = set(all_files(folder))
    assert run(replace(both, city="甲市")).told == () and set(all_files(folder)) == before
    assert verify(folder) == []


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_without_a_record_no_file_is_lost(offices, content):
    folder = run(offices).folder
    (folder / "范县.pdf").write_text("自己打印的")
    (folder / "failed").mkdir(exist_ok=True)
    (folder / "failed" / "笔记.txt").write_text("自己的")
    before = set(all_files(folder).values())
    (folder / "run.json").unlink() if content is None else (folder / "run.json").write_text(content)
    outcome = run(replace(offices, counties=("甲县",)))
    lost = before - set(all_files(folder).values())
    assert lost <= {record(outcome)["outputs"].get("run.json"), *before} and len(lost) <= 1, (
        "run.json alone is new"
    )
    assert (folder / "甲县（原有）.html").exists() and any(
        "改名为 甲县（原有）.html" in text for text in outcome.told
    )


def test_files_that_the_record_does_not_name_stay(offices):
    folder = run(offices).folder
    (folder / "甲县.pdf").write_text("自己打印的")
    (folder / "failed").mkdir()
    (folder / "failed" / "甲县.ipynb").write_text("自己的")
    (folder / "旧县.html").write_text("自己的")
    write_data(offices.data, ["甲县"])
    outcome = run(offices)
    assert outcome.told == ("2021-05 的数据中已没有乙县：删去 乙县.html",)
    assert {"甲县.pdf", "旧县.html", "failed"} <= names(folder) and (
        folder / "failed" / "甲县.ipynb"
    ).read_text() == "自己的"


def test_an_altered_page_is_kept_under_another_name_unless_forced(offices):
    folder = run(offices).folder
    (folder / "甲县.html").write_text("批注")
    outcome = run(offices)
    assert outcome.told == (
        "甲县.html 不是 report 写的，或在生成后被改动：已改名为 甲县（原有）.html 留存",
    )
    assert (folder / "甲县（原有）.html").read_text() == "批注" and statuses(outcome)[
        "甲县"
    ] == "made"
    (folder / "甲县.html").write_text("批注二")
    assert (
        run(replace(offices, force=True)).told == ()
        and "批注二" not in (folder / "甲县.html").read_text()
    )
    write_data(offices.data, ["乙县"])
    (folder / "甲县.html").write_text("批注三")
    assert run(offices).told == ("2021-05 的数据中已没有甲县：甲县.html 在生成后被改动，没有删",)


def test_failed_notebooks_of_earlier_runs_are_cleared_and_no_other(options, fake):
    folder = run(options).folder
    assert names(folder / "failed") == {"坏县.ipynb"}
    (folder / "failed" / "草稿.ipynb").write_text("自己的")
    write_data(options.data, ["好县"])
    outcome = run(options)
    assert "上次失败的笔记本：删去 failed/坏县.ipynb" in outcome.told and names(
        folder / "failed"
    ) == {"草稿.ipynb"}


# ------------------------------------------------------------ reruns equal runs from nothing


def edit_same_name(options):
    text = options.data.read_text()
    options.data.write_text(text + "甲县,2021-05,他市,1,10\n")


def edit_city_states_a_sum(options):
    text = options.data.read_text().replace("loans_credit\n", "loans_credit,level\n")
    lines = [line + "," if n else line for n, line in enumerate(text.splitlines())]
    options.data.write_text("\n".join([*lines, "某市,2021-05,某市,750,20000,city"]) + "\n")


def edit_swap(options):
    head, *rows = options.data.read_text().splitlines()
    options.data.write_text("\n".join([head, *reversed(rows)]) + "\n")


def edit_rename_in_an_earlier_month(options):
    options.data.write_text(options.data.read_text().replace("旧县,2021-04", "老县,2021-04"))


EDITS = [edit_same_name, edit_city_states_a_sum, edit_swap, edit_rename_in_an_earlier_month]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_a_rerun_equals_a_forced_run(options, fake, monkeypatch, edit, tmp_path):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1622073600")
    write_data(options.data, ["甲县", "乙县"])
    options.data.write_text(options.data.read_text() + "旧县,2021-04,某市,3,30\n")
    folder = run(options).folder
    edit(options)
    run(options)
    rerun = {name: digest for name, digest in all_files(folder).items() if name.endswith(".html")}
    run(replace(options, force=True))
    forced = {name: digest for name, digest in all_files(folder).items() if name.endswith(".html")}
    fresh = run(replace(options, out=tmp_path / "新")).folder
    pages = {name: digest for name, digest in all_files(fresh).items() if name.endswith(".html")}
    index = "index.html"  # which says how many pages this run made
    assert {**rerun, index: ""} == {**forced, index: ""} == {**pages, index: ""}


def test_another_version_of_any_library_makes_pages_again(options, fake, monkeypatch):
    write_data(options.data, ["甲县"])
    run(options)
    real = provenance.metadata.version
    monkeypatch.setattr(
        provenance.metadata, "version", lambda name: "99" if name == "fonttools" else real(name)
    )
    outcome = run(options)
    assert (
        set(statuses(outcome).values()) == {"made"}
        and record(outcome)["versions"]["fonttools"] == "99"
    )


# ------------------------------------------------------------ other users


def test_nothing_is_unpickled_from_where_pages_are_written(options, light):
    write_data(options.data, ["好县"])
    work = options.out / "2021-05" / ".work"
    work.mkdir(parents=True)
    (work / "study.pickle").write_bytes(
        b"cos\nsystem\n(S'touch %s/owned'\ntR." % os.fsencode(options.out)
    )
    assert statuses(run(options)) == {"某市": "made", "好县": "made"}
    assert not (options.out / "owned").exists() and (work / "study.pickle").exists()


def test_a_linked_workplace_is_neither_followed_nor_removed(options, light, tmp_path):
    write_data(options.data, ["好县"])
    (tmp_path / "他处").mkdir()
    (tmp_path / "他处" / "文件").write_text("别人的")
    (options.out / "2021-05").mkdir(parents=True)
    (options.out / "2021-05" / ".work").symlink_to(tmp_path / "他处")
    assert run(options).complete
    assert names(tmp_path / "他处") == {"文件"} and (options.out / "2021-05" / ".work").is_symlink()


@pytest.mark.parametrize("place", ["2021-05", "2021-05/units", "2021-05/failed"])
def test_a_folder_of_a_run_that_is_a_link_is_refused(options, fake, tmp_path, place):
    (tmp_path / "他处").mkdir()
    link = options.out / place
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "他处")
    with pytest.raises(LinkedElsewhere, match="通往别处的链接"):
        run(replace(options, units=True))
    assert names(tmp_path / "他处") == set()


def test_a_planted_record_and_a_linked_folder_lose_nothing_outside(options, fake, tmp_path):
    write_data(options.data, ["好县"])
    other = tmp_path / "他处"
    other.mkdir()
    (other / "a.html").write_text("别人的")
    folder = run(options).folder
    (folder / "units").symlink_to(other)
    facts = json.loads((folder / "run.json").read_text())
    page = dict(
        facts["pages"][0],
        kind="office",
        name="某局",
        file="units/a.html",
        sha256=sha256(other / "a.html"),
    )
    facts["pages"].append(page)
    (folder / "run.json").write_text(json.dumps(facts))
    assert run(options).complete and (other / "a.html").read_text() == "别人的"
    assert [problem.what for problem in verify(folder)] == []
    facts["pages"][-1]["file"] = "../他处/a.html"
    (folder / "run.json").write_text(json.dumps(facts))
    assert run(options).complete and (other / "a.html").exists()


def test_a_temporary_file_cannot_be_foretold(tmp_path, monkeypatch):
    (tmp_path / "他处").write_text("别人的")
    (tmp_path / f".{os.getpid()}-summary.xlsx").symlink_to(tmp_path / "他处")
    with replacing(tmp_path / "summary.xlsx") as file:
        file.write(b"x")
        [temporary] = [
            path
            for path in tmp_path.iterdir()
            if path.name.endswith("-summary.xlsx") and not path.is_symlink()
        ]
    assert (tmp_path / "他处").read_text() == "别人的" and not temporary.exists()
    monkeypatch.setattr("secrets.token_hex", lambda n: "same")
    (tmp_path / ".same-summary.xlsx").symlink_to(tmp_path / "他处")
    with pytest.raises(FileExistsError), replacing(tmp_path / "summary.xlsx") as file:
        file.write(b"y")
    assert (tmp_path / "他处").read_text() == "别人的" and (
        tmp_path / "summary.xlsx"
    ).read_bytes() == b"x"


def test_a_link_in_place_of_the_result_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "他处").write_text("别人的")
    (tmp_path / "x.csv").symlink_to(tmp_path / "他处")
    with replacing(tmp_path / "x.csv") as file:
        file.write(b"x")
    assert (tmp_path / "他处").read_text() == "别人的" and not (tmp_path / "x.csv").is_symlink()


def test_a_link_in_place_of_the_lock_is_not_followed(options, fake, tmp_path):
    options.out.mkdir()
    (tmp_path / "他处").write_text("别人的")
    (options.out / ".2021-05.lock").symlink_to(tmp_path / "他处")
    with pytest.raises(LinkedElsewhere, match=r"\.2021-05\.lock：这里应是 report 自己的文件"):
        run(options)
    assert (tmp_path / "他处").read_text() == "别人的"
    assert FileLock(tmp_path / "own.lock").acquire()


@ROOT_ONLY
def test_another_user_who_may_write_into_the_output_runs_nothing(options, light, tmp_path):
    """While pages are made the other user swaps whatever there is for a pickle that would leave a
    mark.
    """
    write_data(options.data, [f"县{n}" for n in range(6)])
    folder = options.out / "2021-05"
    folder.mkdir(parents=True)
    for path in (options.out, folder):
        path.chmod(0o777)
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(path.stat().st_mode | 0o055)
    attack = f"""
import os, time, pathlib
os.setuid({OTHER})
bad = b"cos\\nsystem\\n(S'touch {tmp_path}/owned'\\ntR."
folder, end = pathlib.Path({str(folder)!r}), time.monotonic() + 60
while time.monotonic() < end and not (folder / "stop").exists():
    for path in [*folder.rglob("*.pickle"), *folder.rglob(".work")]:
        try:
            path.rename(path.with_name("moved"))
        except OSError:
            pass
    for path in (folder / ".work", folder / ".work" / "units"):
        try:
            path.mkdir()
        except OSError:
            pass
    for name in ("study.pickle", "outlines.pickle"):
        try:
            (folder / ".work" / name).write_bytes(bad)
        except OSError:
            pass
"""
    attacker = subprocess.Popen([sys.executable, "-c", attack])
    try:
        assert run(options).complete
    finally:
        (folder / "stop").touch()
        attacker.wait()
    assert (folder / ".work" / "study.pickle").exists(), "the other user was at it"
    assert not (tmp_path / "owned").exists()
    shutil.rmtree(folder / ".work")


# ------------------------------------------------------------ what a choice of pages leaves alone


def test_a_page_that_a_killed_run_wrote_outlives_a_choice(offices):
    """Its digest stands in the list of what was written, and not yet in the record."""
    folder = run(offices).folder
    page = folder / "乙县.html"
    page.write_text(page.read_text() + "<!-- 新 -->")
    (folder / ".written").write_text(json.dumps(["乙县.html", sha256(page)]) + "\n")
    written = page.read_bytes()
    assert run(replace(offices, counties=("甲县",))).told == () and page.read_bytes() == written
    assert json.loads((folder / ".written").read_text()) == ["乙县.html", sha256(page)]
    assert run(offices).told == (), "the next whole run takes it for its own"
    assert not (folder / ".written").exists() and verify(folder) == []


def test_an_altered_page_and_its_pdf_outlive_a_choice(offices):
    folder = run(offices).folder
    (folder / "乙县.pdf").write_bytes(b"%PDF")
    facts = json.loads((folder / "run.json").read_text())
    [page] = [page for page in facts["pages"] if page["name"] == "乙县"]
    page |= {"pdf": sha256(folder / "乙县.pdf"), "pdf_of": page["sha256"]}
    (folder / "run.json").write_text(json.dumps(facts))
    (folder / "乙县.html").write_text("批注")
    before = all_files(folder)
    outcome = run(replace(offices, counties=("甲县",)))
    after = all_files(folder)
    assert outcome.told == () and {after["乙县.html"], after["乙县.pdf"]} <= {*before.values()}
    assert [problem.file for problem in verify(folder)] == ["乙县.html"]


def test_what_is_missing_is_still_missed_after_a_choice(offices):
    folder = run(offices).folder
    gone = ["乙县.html", next(name for name in all_files(folder) if name.startswith("units/"))]
    for name in gone:
        (folder / name).unlink()
    run(replace(offices, counties=("甲县",)))
    assert {problem.file for problem in verify(folder)} == set(gone)
    assert "%E4%B9%99%E5%8E%BF.html" not in (folder / "index.html").read_text(encoding="utf-8")
    assert run(offices).complete and verify(folder) == []


def test_a_failure_is_remembered_until_its_page_is_asked_for(options, fake):
    write_data(options.data, ["好县", "坏县"])
    folder = run(options).folder
    outcome = run(replace(options, counties=("好县",)))
    assert outcome.told == () and names(folder / "failed") == {"坏县.ipynb"}
    assert outcome.complete and outcome.undone == [], "what was asked for is there"
    assert statuses(outcome)["坏县"] == "failed" and record(outcome)["failed"].keys() == {
        "failed/坏县.ipynb"
    }
    assert statuses(run(options))["坏县"] == "failed" and names(folder / "failed") == {"坏县.ipynb"}


@pytest.mark.parametrize("content", [b'["\xe8\x8c', b"[" * 100_000, b"\xff\xfe\n{}\n3\n"])
def test_half_a_list_of_what_was_written_stops_nothing(offices, content):
    folder = run(offices).folder
    (folder / ".written").write_bytes(content)
    assert run(offices).complete and not (folder / ".written").exists()


def test_a_list_that_has_another_name_is_not_written_into(offices, tmp_path):
    folder = run(offices).folder
    (tmp_path / "他处").write_text("别人的")
    (folder / ".written").hardlink_to(tmp_path / "他处")
    with pytest.raises(LinkedElsewhere, match="另有别的名字"):
        run(offices)
    assert (tmp_path / "他处").read_text() == "别人的"


def test_the_record_is_read_when_nobody_else_is_at_it(offices, monkeypatch):
    """Another run comes to its end between the plan and the lock."""
    folder = run(offices).folder
    real = runner._alone
    reading = {"inclusive": "no"}

    def late(plan):
        monkeypatch.setattr(runner, "_alone", real)
        run(replace(offices, readings=reading))
        return real(plan)

    monkeypatch.setattr(runner, "_alone", late)
    outcome = run(replace(offices, counties=("甲县",)))
    assert outcome.told == () and verify(folder) == []
    assert run(replace(offices, readings=reading)).told == ()


def test_a_record_that_is_not_ours_is_kept(offices):
    offices.out.joinpath("2021-05").mkdir(parents=True)
    (offices.out / "2021-05" / "run.json").write_text("自己的")
    outcome = run(offices)
    assert (outcome.folder / "run（原有）.json").read_text() == "自己的"
    assert any("改名为 run（原有）.json" in text for text in outcome.told)
