import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from creditcalc import load_rulebook
from creditcalc.batch import runner
from creditcalc.batch.plan import Options
from creditcalc.batch.record import Page
from creditcalc.bundled import bundled
from creditcalc.cli.main import cli
from creditcalc.problems import Problem

SAMPLE = str(bundled("data/sample"))
ITEMS = ["jurisdiction", "period", "id", "kind", "full", "value", "score", "low", "high", "status"]
TOTALS = [
    *(
        "jurisdiction",
        "period",
        "level",
        "score",
        "low",
        "high",
        "bonus",
        "bonus_low",
        "bonus_high",
    ),
    *("total", "eligible", "county_duty", "county_duty_full"),
]


def call(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def program(*arguments, **settings):
    command = [sys.executable, "-m", "creditcalc", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, **settings)


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "数据.csv"
    path.write_text(
        "jurisdiction,period,city,loans_xyd,loans_credit\n"
        "甲县,2021-05,某市,450,10000\n乙县,2021-05,某市,300,10000\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def faulty(data):
    data.write_text(data.read_text(encoding="utf-8").replace("450", "很多"), encoding="utf-8")
    return data


@pytest.fixture
def asked(monkeypatch):
    """What ``report`` asks of the batch; the batch itself does nothing."""
    calls = []

    def run(options, maker):
        calls.append(options)
        return runner.Run(
            options.out / "2021-05",
            [Page("county", "某市", "甲县", "made", "甲县.html")],
            (),
            False,
        )

    monkeypatch.setattr(runner, "run", run)
    return calls


def test_help_is_chinese():
    for arguments in (
        [],
        ["--help"],
        ["-h"],
        *([name, word] for name in cli.commands for word in ("-h", "--help")),
    ):
        result = call(*arguments)
        assert result.exit_code == 0 and result.stdout.startswith("用法：")
        assert not any(
            word in result.stdout for word in ("Usage", "Options", "Show this", "COMMAND", "TEXT")
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scor"], "没有命令 scor。是否指 score？"),
        (["score"], "缺少 数据"),
        (["score", "a", "b"], "多余的参数：b"),
        (["score", "a", "--ot", "b"], "没有选项 --ot，是否指 --out"),
        (["report", "--out"], "选项 --out"),
        (["report", "--jobs", "0"], "--jobs 的值不对：0，应为大于 0 的整数"),
        (["report", "--as-of", "5月"], "--as-of 的值不对：5月，应写成 2021-05-31"),
        (["report", "--reading", "proportional"], "应写成 读法=选项"),
        (["report", "--reading", "proportional=x"], "可选：between、of_full"),
        (["report", "--period", "2019-01"], "2021-05"),
        (["report", "--county", "范"], "是否指 范县？"),
        (["report", "--city", "他市"], "有：濮阳市"),
        (["score", SAMPLE, "--out", "a.txt"], "文件名应以 .csv、.parquet、.xlsx 结尾"),
        (["score", SAMPLE, "--reading", "x=y"], "没有这种读法"),
        (["score", SAMPLE, "--roll-up", "--city", "他市"], "有：濮阳市"),
        (["score", "没有.csv"], "没有这个文件或文件夹"),
        (["report", "没有"], "没有这个文件或文件夹"),
        (["rules", "--rulebook", "没有.toml"], "读不到规则文件"),
        (["template", "a.csv"], "文件名应以 .xlsx 结尾"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr and result.stdout == ""
    assert "Traceback" not in result.stderr and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["report", "score", "check"])
def test_nothing_to_read_is_a_wrong_call(command, tmp_path):
    (tmp_path / "空.csv").write_text("")
    (tmp_path / "无行.csv").write_text("jurisdiction,period,loans_xyd\n")
    (tmp_path / "夹").mkdir()
    for name in ("空.csv", "无行.csv", "夹"):
        result = call(command, tmp_path / name)
        assert result.exit_code == 2 and name in result.output, result.output


def test_debug_shows_the_calls(tmp_path):
    for arguments in (["--debug", "score", "没有"], ["score", "没有", "--debug"]):
        assert "Traceback" in call(*arguments).stderr


def test_a_fault_of_the_program_is_one_paragraph(monkeypatch):
    def broken(options, maker):
        raise RuntimeError("糟了")

    monkeypatch.setattr(runner, "run", broken)
    result = call("report")
    assert (result.exit_code, result.stderr.count("\n")) == (
        1,
        1,
    ) and "RuntimeError：糟了" in result.stderr


def test_report_asks_for_what_was_called(asked, tmp_path):
    result = call(
        *[
            "report",
            "data.csv",
            "--period",
            "2021-04",
            "--county",
            "甲县",
            "--county",
            "乙县",
            "--city",
            "某市",
            "--force",
        ],
        *[
            "--reading",
            "proportional=of_full",
            "--jobs",
            "3",
            "--out",
            tmp_path,
            "--rulebook",
            "r.toml",
            "--as-of",
            "2021-05-02",
        ],
    )
    assert result.exit_code == 0, result.output
    (options,) = asked
    assert (options.period, options.counties, options.city) == ("2021-04", ("甲县", "乙县"), "某市")
    assert (str(options.data), str(options.rulebook), options.out) == (
        "data.csv",
        "r.toml",
        tmp_path,
    )
    assert (options.readings, options.jobs, options.force) == ({"proportional": "of_full"}, 3, True)
    assert options.as_of == "2021-05-02"
    assert result.stdout == f"生成 1 页：{tmp_path / '2021-05' / 'index.html'}\n"


def test_report_without_arguments_is_the_sample(asked):
    assert call("report").exit_code == 0
    assert asked == [Options()]


def test_report_tells_what_could_not_be_done(monkeypatch):
    pages = [
        Page("county", "某市", "甲县", "failed", error="坏了"),
        Page("county", "某市", "乙县", "refused", error="数据有错误"),
    ]
    problems = (Problem("不是数", "abc"), Problem("有点怪", severity="notice"))
    monkeypatch.setattr(
        runner, "run", lambda options, maker: runner.Run(options.out, pages, problems, False)
    )
    result = call("report")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["不是数（值：abc）", "甲县：坏了", "乙县：数据有错误"]


@pytest.mark.parametrize(
    ("ending", "read"),
    [(".csv", pd.read_csv), (".parquet", pd.read_parquet), (".xlsx", pd.read_excel)],
)
def test_score_writes_items_and_totals(data, tmp_path, ending, read):
    result = call(
        "score", data, "--out", tmp_path / f"逐项{ending}", "--totals", tmp_path / f"总分{ending}"
    )
    assert (result.exit_code, result.output) == (0, "")
    items, totals = read(tmp_path / f"逐项{ending}"), read(tmp_path / f"总分{ending}")
    assert list(items) == ITEMS and len(items) == 2 * len(load_rulebook().rules)
    assert list(totals) == TOTALS and list(totals["jurisdiction"]) == ["甲县", "乙县"]
    mine = items[(items["jurisdiction"] == "甲县") & (items["id"] == "S6.1.3a")].iloc[0]
    assert (mine["full"], mine["value"], mine["status"]) == (3, 0.045, "scored") and mine[
        "score"
    ] == pytest.approx(1.5)


def test_score_prints_totals(data):
    result = call("score", data, "--reading", "proportional=of_full")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0 and len(lines) == 3
    assert lines[0].split()[:3] == ["县（区、市）", "期间", "已确认得分"] and lines[1].split()[
        :3
    ] == [
        "甲县",
        "2021-05",
        "2.25",
    ]


def test_score_rolls_up_when_asked(data, tmp_path):
    assert call("score", data, "--roll-up", "--totals", tmp_path / "t.csv").exit_code == 0
    assert list(pd.read_csv(tmp_path / "t.csv")["jurisdiction"]) == ["甲县", "乙县", "某市"]


def test_score_leaves_out_what_has_errors(faulty, tmp_path):
    result = call("score", faulty, "--totals", tmp_path / "t.csv")
    assert result.exit_code == 1 and "很多" in result.stderr and "第 2 行" in result.stderr
    assert list(pd.read_csv(tmp_path / "t.csv")["jurisdiction"]) == ["乙县"]


def test_check_lists_everything(data, faulty):
    result = call("check", faulty)
    assert result.exit_code == 1 and result.stdout.startswith("错误：") and "很多" in result.stdout
    assert (
        result.stdout.splitlines()[-1] == "共 2 行，2 个县区（市），1 个期间；错误 1 处，提示 0 处"
    )
    result = call("check", SAMPLE)
    assert (
        result.exit_code == 0
        and result.stdout.startswith("提示：")
        and "12 个期间；错误 0 处" in result.stdout
    )


def test_template_writes_forms(tmp_path):
    result = call(
        "template",
        tmp_path / "表.xlsx",
        "--county",
        "范县",
        "--county",
        "台前县",
        "--period",
        "2021-06",
        "--city",
        "濮阳市",
    )
    assert result.exit_code == 0, result.output
    assert openpyxl.load_workbook(tmp_path / "表.xlsx").sheetnames == ["范县", "台前县"]
    result = call("template", tmp_path / "表.xlsx")
    assert result.exit_code == 2 and "已经有了" in result.stderr


def test_rules_prints_every_rule():
    result = call("rules")
    assert result.exit_code == 0
    book = load_rulebook()
    rules, inputs = (part.splitlines()[2:] for part in result.stdout.split("\n\n"))
    assert [line.split()[0] for line in rules] == list(book.rules)
    assert [line.split()[0] for line in inputs] == list(book.inputs)
    assert book.rules["S6.1.3a"].rule in result.stdout


@pytest.mark.parametrize("name", ["=1+1", "县" * 60, "范\n县", "范\u202e县"])
def test_a_name_that_could_not_be_read_back_is_not_written(tmp_path, name):
    for command in (
        ["template", str(tmp_path / "t.xlsx"), "--county", name],
        ["merge", "x.csv", "--out", "y.csv", "--county", name],
    ):
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 2 and len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(tmp_path.iterdir())


def test_check_reads_the_evidence_beside_the_data(tmp_path):
    for name in ("indicators.csv", "evidence.csv"):
        (tmp_path / name).write_bytes(Path("data/sample", name).read_bytes())
    assert CliRunner().invoke(cli, ["check", str(tmp_path)]).exit_code == 0
    with (tmp_path / "evidence.csv").open("a", encoding="utf-8") as file:
        file.write("范县,B99,x" + "," * 5 + "\n")
    done = CliRunner().invoke(cli, ["check", str(tmp_path)])
    assert done.exit_code == 1 and "没有这个指标（值：B99）" in done.output, done.output


def test_check_names_a_line_of_the_evidence_that_is_too_long(tmp_path):
    for name in ("indicators.csv", "evidence.csv"):
        (tmp_path / name).write_bytes(Path("data/sample", name).read_bytes())
    with (tmp_path / "evidence.csv").open("a", encoding="utf-8") as file:
        file.write("范县,B99,x" + "," * 6 + "\n")
    done = call("check", tmp_path)
    assert (
        done.exit_code == 1 and "evidence.csv，第 264 行：这一行有 9 列，表头有 8 列" in done.output
    ), done.output


def test_rules_checks_a_file(tmp_path):
    path = tmp_path / "坏.toml"
    path.write_text("[rulebook]\nid = 3\n")
    result = call("rules", "--rulebook", path)
    assert result.exit_code == 2 and len(result.stderr.splitlines()) > 3


def test_the_program_writes_utf8_in_any_locale(data):
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = program("check", data, env=plain)
    assert result.returncode == 0 and "共 2 行" in result.stdout and result.stderr == ""


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m creditcalc rules | head -1"
    result = subprocess.run(command, shell=True, capture_output=True, encoding="utf-8", timeout=60)
    assert "满分 100" in result.stdout and result.stderr == ""


def test_an_output_that_cannot_be_written_is_told(data, tmp_path):
    (tmp_path / "占").write_text("")
    result = call("report", data, "--out", tmp_path / "占")
    assert (
        result.exit_code == 1
        and "读写文件失败" in result.stderr
        and "Traceback" not in result.stderr
    )


@pytest.mark.slow
def test_pages_made_from_the_shell(tmp_path):
    rows = pd.read_csv(Path(SAMPLE) / "indicators.csv", dtype=str)
    few = rows[
        (rows["period"] == "2021-05") & rows["jurisdiction"].isin(["濮阳市", "范县", "台前县"])
    ]
    few.to_csv(tmp_path / "数据.csv", index=False)
    result = program("report", "数据.csv", "--county", "范县", "--out", "报告", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"生成 2 页，本次未做 1 页：{Path('报告', '2021-05', 'index.html')}\n"
    folder = tmp_path / "报告" / "2021-05"
    assert {path.name for path in folder.iterdir()} == {
        "index.html",
        "summary.xlsx",
        "run.json",
        "范县.html",
        "濮阳市.html",
    }


@pytest.fixture
def city_without_level(tmp_path):
    path = tmp_path / "市.csv"
    path.write_text(
        "县区,期间,所属市,questionnaires\n某市,2021-05,,90\n甲县,2021-05,某市,60\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("command", "rest"),
    [
        ("check", []),
        ("score", []),
        ("score", ["--roll-up"]),
        ("score", ["--roll-up", "--city", "某市"]),
        ("merge", ["--out", "merged.csv"]),
    ],
)
def test_a_citys_row_without_its_level_is_told_by_every_command(
    city_without_level, tmp_path, monkeypatch, command, rest
):
    monkeypatch.chdir(tmp_path)
    done = call(command, city_without_level.name, *rest)
    assert done.exit_code == 1
    assert "第 2 行：“某市”是市，却会算作自己的一个县区。这一行的“级别”写 市" in done.output


def test_a_citys_row_without_its_level_is_told_by_report(city_without_level, tmp_path):
    done = call("report", city_without_level, "--out", tmp_path / "out", "--no-units")
    assert done.exit_code == 1
    assert "“某市”是市，却会算作自己的一个县区" in done.output
