"""Nothing of the user's is overwritten: where a command may write, and what it refuses by name."""

import os
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from support.filled import BOOK, write_form
from support.places import SAMPLE

import creditcalc as cc
from creditcalc.cli.in_place import lost
from creditcalc.cli.main import cli
from creditcalc.cluster import partitions
from creditcalc.intake.merge import merge_inputs
from creditcalc.render import workbook

HEADER = "jurisdiction,period,level,city,uscc_total,uscc_errors,remark\n"
OLD = HEADER + "范县,2021-05,county,濮阳市,100,1,先报\n"


def call(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def bytes_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def place(tmp_path):
    """A data folder with evidence, a folder of case lists, and what stands beside them."""
    shutil.copytree(SAMPLE / "ledgers", tmp_path / "L")
    (tmp_path / "D").mkdir()
    for name in ("indicators.csv", "evidence.csv"):
        shutil.copy(SAMPLE / name, tmp_path / "D" / name)
    (tmp_path / "L" / "sub").mkdir()
    (tmp_path / "D" / "sub").mkdir()
    (tmp_path / "old.csv").write_text("不是这个程序写的")
    (tmp_path / "old.xlsx").write_text("不是这个程序写的")
    (tmp_path / "soft.csv").symlink_to(tmp_path / "D" / "indicators.csv")
    (tmp_path / "soft.xlsx").symlink_to(tmp_path / "D" / "indicators.csv")
    os.link(tmp_path / "D" / "indicators.csv", tmp_path / "hard.csv")
    (tmp_path / "E").symlink_to(tmp_path / "D")
    (tmp_path / "rules.csv").write_bytes(RULES.read_bytes())
    return tmp_path


RULES = next((Path(cc.__file__).parent / "rules" / "editions").glob("*.toml"))
DATA = "D/indicators.csv"
READ = [  # what the call reads, or the next one would
    ["score", DATA, "--out", DATA],
    ["score", DATA, "--totals", DATA],
    ["score", DATA, "--out", "E/indicators.csv"],
    ["score", DATA, "--out", "soft.csv"],
    ["score", DATA, "--out", "hard.csv"],
    ["score", "soft.csv", "--out", DATA],
    ["score", DATA, "--out", "D/evidence.csv"],
    ["score", DATA, "--out", "D/Evidence.xlsx"],
    ["score", "D", "--out", "D/x.csv"],
    ["score", "D", "--out", "E/x.csv"],
    ["score", "D", "--totals", "hard.csv"],
    ["score", DATA, "--out", "rules.csv", "--rulebook", "rules.csv"],
    ["worklog", DATA, "--out", "soft.xlsx"],
    ["worklog", "D", "--out", "D/x.xlsx"],
    ["merge", DATA, "--out", "new.csv", "--notes", DATA],
    ["merge", "D", "--out", "D/x.csv"],
    ["merge", "soft.csv", "--out", "soft.csv"],
    ["merge", DATA, "--out", "hard.csv"],
    ["ledgers", "L", "--out", "L/codes.parquet"],
    ["ledgers", "L", "--out", "L/sub/x.csv"],
    ["ledgers", "L", "--out", "new.csv", "--cases", "L/codes.xlsx"],
]


@pytest.mark.parametrize("arguments", READ, ids=" ".join)
@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
def test_what_a_call_reads_is_refused_by_name(place, monkeypatch, arguments, force):
    monkeypatch.chdir(place)
    before = bytes_of(place)
    done = call(*arguments, *force)
    named = arguments[-1] if "--rulebook" not in arguments else "rules.csv"
    assert done.exit_code == 2 and done.stderr.startswith(f"{named}："), done.output
    assert len(done.stderr.splitlines()) == 1 and "--force 也不行" in done.stderr
    assert bytes_of(place) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", DATA, "--out", "old.csv"],
        ["score", DATA, "--totals", "old.csv"],
        ["merge", DATA, "--out", "old.csv"],
        ["merge", DATA, "--out", "new.csv", "--notes", "old.csv"],
        ["ledgers", "L", "--out", "old.csv"],
        ["ledgers", "L", "--out", "new.csv", "--cases", "old.xlsx"],
        ["worklog", "D", "--out", "old.xlsx"],
        ["template", "old.xlsx"],
    ],
    ids=" ".join,
)
def test_a_file_that_is_there_is_overwritten_only_by_force(place, monkeypatch, arguments):
    monkeypatch.chdir(place)
    before = bytes_of(place)
    done = call(*arguments)
    assert done.exit_code == 2 and done.stderr.startswith(f"{arguments[-1]}：已经有了"), done.output
    assert "--force" in done.stderr and bytes_of(place) == before
    assert call(*arguments, "--force").exit_code in (0, 1)
    after = bytes_of(place)
    old = place / arguments[-1]
    assert after[old] != before[old]
    assert {path: after[path] for path in before if path != old} == {
        path: before[path] for path in before if path != old
    }


@pytest.mark.parametrize(
    "outputs",
    [("x.csv", "x.csv"), ("x.csv", "D/../x.csv"), ("x.csv", "X.csv"), ("old.csv", "link.csv")],
)
def test_two_outputs_are_two_files(place, monkeypatch, outputs):
    monkeypatch.chdir(place)
    Path("link.csv").symlink_to("old.csv")
    before = bytes_of(place)
    done = call("score", DATA, "--out", outputs[0], "--totals", outputs[1], "--force")
    assert done.exit_code == 2 and "两个输出是同一个文件" in done.stderr
    assert bytes_of(place) == before


@pytest.mark.parametrize("bad", ["none/t.csv", "D.csv"])
def test_a_second_output_that_cannot_be_written_leaves_no_first(place, monkeypatch, bad):
    monkeypatch.chdir(place)
    Path("D.csv").mkdir()
    before = bytes_of(place)
    done = call("score", DATA, "--out", "x.csv", "--totals", bad, "--force")
    assert done.exit_code == 2 and done.stderr.startswith(f"{bad}：") and bytes_of(place) == before


def test_a_second_output_that_fails_while_it_is_written_leaves_no_first(place, monkeypatch):
    monkeypatch.chdir(place)
    save, saved = workbook._save_csv, []

    def full(path, frame):
        saved.append(path)
        if len(saved) == 2:
            raise OSError(28, "No space left on device")
        save(path, frame)

    monkeypatch.setattr(workbook, "_save_csv", full)
    before = bytes_of(place)
    done = call("score", DATA, "--out", "old.csv", "--totals", "t.csv", "--force")
    assert (
        done.exit_code == 1 and done.stderr == "读写文件失败：t.csv（磁盘满了，腾出空间再运行）\n"
    )
    assert len(saved) == 2 and bytes_of(place) == before


def test_a_folder_of_parquet_files_is_refused_its_own_files_too(tmp_path, monkeypatch):
    monkeypatch.setattr(partitions, "score_partitions", lambda *_: pytest.fail("worked"))
    (tmp_path / "P").mkdir()
    cc.read_inputs(SAMPLE / "indicators.csv").to_parquet(tmp_path / "P" / "a.parquet", index=False)
    (tmp_path / "old.csv").write_text("旧")
    for out in ("P/a.parquet", "P/b.parquet", "old.csv"):
        assert call("score", tmp_path / "P", "--out", tmp_path / out).exit_code == 2


def test_a_broken_link_is_something_that_is_there(place):
    (place / "link.csv").symlink_to(place / "nowhere.csv")
    done = call("score", place / DATA, "--out", place / "link.csv")
    assert done.exit_code == 2 and "已经有了" in done.stderr


# -------------------------------------------------------------------------- adding to a table


def refused(tmp_path, old, *forms):
    """What is said where ``merge`` may not replace ``old``, which it leaves as it is."""
    before = bytes_of(tmp_path)
    done = call("merge", old, *forms, "--out", old, "--force")
    assert done.exit_code == 2 and bytes_of(tmp_path) == before, done.output
    assert (
        done.stderr.splitlines()[-1].startswith(f"{old}：原样留着，没有改动")
        and "--out" in done.stderr
    )
    return done.stderr


@pytest.fixture
def old(tmp_path):
    (tmp_path / "all.csv").write_text(OLD, encoding="utf-8")
    return tmp_path / "all.csv"


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_a_table_is_added_to_in_its_own_place(tmp_path, ending):
    old = tmp_path / f"all.{ending}"
    write = {"csv": "to_csv", "xlsx": "to_excel", "parquet": "to_parquet"}[ending]
    row = {
        "县区": ["范县"],
        "期间": "2021-05",
        "uscc_total": 100,
        "备注": "先报",
        "uscc_errors": None,
    }
    getattr(pd.DataFrame(row), write)(old, index=False)
    late = tmp_path / "late.csv"
    late.write_text(
        HEADER + "范县,2021-05,,濮阳市,,2,再报\n台前县,2021-05,,濮阳市,7,1,\n", encoding="utf-8"
    )
    done = call("merge", late, old, "--out", old)
    assert done.exit_code == 0, done.output
    table = cc.read_inputs(old)
    assert table[
        ["jurisdiction", "city", "uscc_total", "uscc_errors", "remark"]
    ].to_numpy().tolist() == [
        ["范县", "濮阳市", 100, 2, "再报；先报"],
        ["台前县", "濮阳市", 7, 1, ""],
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("范县,2021-05,,濮阳市,101,,\n", "与另一处填的不同"),
        ("台前县,2021-05,,濮阳市,很多,,\n", "不是数"),
        ("台前县,2021-05,,濮阳市,1,2,\n", "大于"),
        ("台前县,,,濮阳市,1,,\n", "没有填期间"),
        ("南乐县,2021-05,,鹤壁市,1,\n", "列"),
    ],
)
def test_a_fault_of_the_merging_leaves_the_table_as_it_was(old, tmp_path, line, said):
    (tmp_path / "late.csv").write_text(HEADER + line, encoding="utf-8")
    assert said in refused(tmp_path, old, tmp_path / "late.csv")
    done = call("merge", old, tmp_path / "late.csv", "--out", tmp_path / "new.csv")
    assert (
        done.exit_code == 1 and (tmp_path / "new.csv").exists()
    )  # another file is written with what is sound


def test_a_fault_of_the_table_itself_leaves_it_as_it_was(tmp_path):
    old = tmp_path / "all.csv"
    old.write_text(OLD + "南乐县,2021-05,,濮阳市,约10,,\n", encoding="utf-8")
    assert "约10" in refused(tmp_path, old)
    old.write_text("我的列," + OLD.replace("\n", "\n记,", 1), encoding="utf-8")
    assert "我的列" in refused(tmp_path, old)


def test_a_file_that_cannot_be_read_leaves_the_table_as_it_was(old, tmp_path):
    (tmp_path / "late.xlsx").write_text("坏")
    assert "late.xlsx" in refused(tmp_path, old, tmp_path / "late.xlsx")
    assert "nowhere.csv" in refused(tmp_path, old, tmp_path / "nowhere.csv")
    assert "已损坏" in refused(tmp_path, tmp_path / "late.xlsx", old)


def test_a_form_is_not_made_a_table_in_its_own_place(tmp_path):
    form = write_form(
        tmp_path / "a.xlsx", {"uscc_total": 5}, notes=[("uscc_total", "市场监管局", "含个体")]
    )
    assert "填报表" in refused(tmp_path, form)


def with_sheet(book):
    book.create_sheet("我的记录")["A1"] = "范县"


def with_second_table(book):
    for line in (["县区", "期间", "uscc_total"], ["台前县", "2021-05", 1]):
        sheet = book["另一张"] if "另一张" in book.sheetnames else book.create_sheet("另一张")
        sheet.append(line)


def with_formula(book):
    book.active["C2"] = "=99+1"


def with_comment(book):
    book.active["C2"].comment = openpyxl.comments.Comment("问过统计局", "甲")


def with_chart(book):
    book.active.add_chart(openpyxl.chart.BarChart(), "H2")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_sheet, "我的记录"),
        (with_second_table, "另一张"),
        (with_formula, "公式"),
        (with_comment, "批注，结果里没有（值：C2）"),
        (with_chart, "图片、图表"),
    ],
)
def test_what_a_workbook_holds_beside_its_table_is_not_lost(tmp_path, change, said):
    book = openpyxl.Workbook()
    for line in (["县区", "期间", "uscc_total"], ["范县", "2021-05", 100]):
        book.active.append(line)
    book.create_sheet("空")
    book.save(tmp_path / "all.xlsx")
    assert call("merge", tmp_path / "all.xlsx", "--out", tmp_path / "all.xlsx").exit_code == 0
    change(book)
    book.save(tmp_path / "all.xlsx")
    assert said in refused(tmp_path, tmp_path / "all.xlsx")


def test_a_row_a_column_or_a_cell_that_the_result_lacks_is_named(old):
    before = merge_inputs([old], BOOK).table
    assert not [*lost(before, before, "a.csv")]
    for after, said in (
        (before.iloc[:0], "没有这一行（值：范县 2021-05）"),
        (before.drop(columns="uscc_total"), "a.csv，列 uscc_total：合并的结果里没有这一列"),
        (
            before.assign(uscc_total=None),
            "列 uscc_total：合并的结果里 范县 2021-05 的这一格变了（值：100.0）",
        ),
        (before.assign(uscc_total=100.5), "列 uscc_total"),
        (before.assign(city="鹤壁市"), "列 city"),
        (before.assign(remark="先报了"), "列 remark"),
    ):
        (problem,) = lost(before, after, "a.csv")
        assert said in str(problem)
    others = before.assign(city="", remark="")
    assert not [*lost(others, before.assign(remark="市里补记"), "a.csv")]
    assert not [*lost(before, before.assign(remark="再报；先报；三报"), "a.csv")]
