"""Folders of ledgers as offices send them: copies, corrected copies, slips of the year, files in
folders, odd tables.

Whatever the folder holds, every line is counted, comes later, repeats another or is bad.
"""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from creditcalc.case_lists import read_ledgers
from creditcalc.cli.main import cli
from creditcalc.problems import InputError

HEAD = "县区,编号,事项,受理日期,办结日期\n"
NAMELESS = "县区,受理日期,办结日期\n"
ONE, TWO, THREE = (
    "甲县,1,一,2021-04-30,2021-05-06\n",
    "甲县,2,二,2021-05-10,2021-05-14\n",
    "甲县,3,三,2021-05-11,2021-05-17\n",
)
DUAL = "县区,决定文书号,决定日期,上报日期,是否合规\n"


@pytest.fixture
def read(tmp_path):
    """Reads ledgers given by their paths in the folder, text as CSV and frames as a workbook."""

    def read(files, **options):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, pd.DataFrame):
                content.to_excel(path, index=False)
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content, encoding="utf-8")
        found = read_ledgers(tmp_path, **options)
        counts = found.counts
        parts = counts[["counted", "later", "repeated", "bad"]].sum(axis=1)
        assert (parts == counts["lines"]).all(), "a line is neither counted nor listed"
        assert (len(found.later), len(found.repeated)) == (
            counts["later"].sum(),
            counts["repeated"].sum(),
        )
        return found

    return read


def handled(found, county="甲县", name="objections_handled"):
    """An input of a jurisdiction, None where it is blank."""
    number = found.table.set_index("jurisdiction").loc[county, name]
    return None if pd.isna(number) else number


def told(found, severity):
    return [str(problem) for problem in found.problems if problem.severity == severity]


def frame(text):
    """A CSV text's table."""
    header, *lines = (line.split(",") for line in text.strip().splitlines())
    return pd.DataFrame(lines, columns=header)


# --- one case, two lines ---


@pytest.mark.parametrize(
    "head", [HEAD, HEAD.replace("编号", "序号"), HEAD.replace("编号", "x").replace("事项", "y")]
)
def test_the_same_list_as_csv_and_as_a_workbook_counts_once_and_is_told(read, head):
    text = head + ONE + TWO + "乙县,1,一,2021-05-10,\n"
    found = read({"异议处理.csv": text, "异议处理.xlsx": frame(text)})
    assert (handled(found), handled(found, "乙县"), found.errors) == (2, 0, [])
    (notice,) = [line for line in told(found, "notice") if "乙县" not in line and "共 2 行" in line]
    assert "异议处理.xlsx，工作表 Sheet1，第 2 行" in notice and "异议处理.csv，第 2 行" in notice
    assert found.repeated[["file", "row", "same_as"]].to_numpy().tolist() == [
        ["异议处理.xlsx", row, f"异议处理.csv，第 {row} 行"] for row in (2, 3, 4)
    ]


def test_a_corrected_copy_is_an_error_that_names_both_places(read):
    corrected = TWO.replace("05-14", "05-18")
    other = "乙县,1,一,2021-05-10,2021-05-11\n"
    found = read(
        {"异议处理.csv": HEAD + ONE + TWO + other, "异议处理（修改）.csv": HEAD + ONE + corrected}
    )
    (error,) = told(found, "error")
    assert (
        "异议处理（修改）.csv，第 3 行" in error
        and "异议处理.csv，第 3 行 编号相同，办结日期不同" in error
    )
    assert (handled(found), handled(found, "乙县")) == (None, 1)


def test_a_corrected_copy_without_numbers_is_known_by_the_lines_that_are_equal(read):
    lines = [f"甲县,事{n},2021-05-{n:02},2021-05-{n + 1:02}\n" for n in range(6, 14)]
    corrected = [*lines[:-1], lines[-1].replace("05-14", "05-20")]
    head = "县区,事项,受理日期,办结日期\n"
    found = read(
        {"异议处理.csv": head + "".join(lines), "异议处理-改.csv": head + "".join(corrected)}
    )
    (error,) = told(found, "error")
    assert "异议处理.csv，第 9 行" in error or "第 9 行" in error.partition("大半相同")[2]
    assert "异议处理-改.csv" in error and "异议处理.csv" in error and "只留对的那一份" in error
    assert handled(found) is None


def test_a_copy_with_more_lines_is_no_contradiction(read):
    found = read({"异议处理.csv": HEAD + ONE + TWO, "异议处理6月.csv": HEAD + ONE + TWO + THREE})
    assert (handled(found), found.errors) == (3, [])
    nameless = [f"甲县,2021-05-{n:02},2021-05-{n + 1:02}\n" for n in range(6, 12)]
    files = {
        "异议处理.csv": NAMELESS + "".join(nameless[:4]),
        "异议处理6月.csv": NAMELESS + "".join(nameless),
    }
    assert handled(read(files)) == 6


def test_months_that_share_a_line_or_none_add_up(read):
    lines = [f"甲县,2021-05-{n:02},2021-05-{n + 1:02}\n" for n in range(1, 13)]
    files = {
        "异议处理4.csv": NAMELESS + "".join(lines[:6]),
        "异议处理5.csv": NAMELESS + "".join(lines[5:]),
    }
    found = read(files)
    assert (handled(found), len(found.repeated), found.errors) == (12, 1, [])


def test_numbers_are_the_same_however_they_are_typed(read):
    table = frame(HEAD + TWO).assign(编号=[2])
    names = ("002", "２", "2 ", " 2", "02")
    files = {
        f"异议处理{n}.csv": HEAD + TWO.replace(",2,", f",{text},") for n, text in enumerate(names)
    }
    found = read(
        {
            **files,
            "异议处理.xlsx": table,
            "异议处理-2.xlsx": pd.concat([table, table.assign(编号=[None])]),
        }
    )
    assert (handled(found), found.errors) == (1, [])
    assert found.counts["repeated"].sum() == len(names) + 2


def test_a_copy_that_was_given_numbers_is_the_same_list(read):
    found = read(
        {
            "异议处理.csv": HEAD + ONE.replace(",1,", ",,") + TWO.replace(",2,", ",,"),
            "异议处理2.csv": HEAD + ONE + TWO,
        }
    )
    assert (handled(found), found.counts["repeated"].sum(), found.errors) == (2, 2, [])
    changed = read({"异议处理2.csv": HEAD + ONE + TWO.replace("05-14", "05-18")})
    assert handled(changed) is None and "大半相同" in told(changed, "error")[0]


def test_one_number_in_two_counties_is_told_where_all_agrees_and_else_is_two_cases(read):
    record = "{},濮决字〔2021〕1号,2021-05-06,{},是\n"
    lines = (
        record.format("甲县", "2021-05-07")
        + record.format("乙县", "2021-05-07")
        + record.format("丙县", "2021-05-08")
    )
    found = read({"双公示.csv": DUAL + lines})
    assert [handled(found, name, "dual_due") for name in ("甲县", "乙县", "丙县")] == [1, 1, 1]
    (notice,) = told(found, "notice")
    assert "第 3 行：与第 2 行是同一件，两个县区各计一次" in notice


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        (
            "问卷",
            "县区,回收日期,是否有效\n甲县,2021-05-06,是\n甲县,2021-05-06,是\n",
            "questionnaires",
        ),
        (
            "双公示",
            "县区,决定日期,上报日期,是否合规\n" + "甲县,2021-05-06,2021-05-07,是\n" * 2,
            "dual_due",
        ),
    ],
)
def test_slips_that_nobody_signs_are_counted_each_but_not_in_two_copies(read, name, text, count):
    found = read({f"{name}.csv": text, f"{name}.xlsx": frame(text)})
    assert (handled(found, name=count), found.counts["repeated"].sum()) == (2, 2)


def test_slips_of_two_tables_that_are_equal_by_chance_are_counted_each(read):
    head = "县区,回收日期,是否有效\n"
    one = [f"甲县,2021-05-{n:02},是\n" for n in range(1, 8)]
    other = [f"甲县,2021-05-{n:02},是\n" for n in range(7, 14)]
    found = read({"问卷甲局.csv": head + "".join(one), "问卷乙局.csv": head + "".join(other)})
    assert (handled(found, name="questionnaires"), found.errors) == (14, [])


def test_a_bank_s_balance_is_the_same_or_a_contradiction(read):
    head = "县区,银行,期间,小微企业信用贷款余额\n"
    same = read(
        {
            "贷款.csv": head + "甲县,a,2020-12,1\n甲县,a,2019-12,2\n",
            "贷款2.csv": head + "甲县,ａ,2020-12,1.0\n",
        }
    )
    assert (handled(same, name="small_loans_curr"), same.errors) == (1, [])
    other = read({"贷款2.csv": head + "甲县,a,2020-12,3\n"})
    assert handled(other, name="small_loans_curr") is None
    assert "贷款.csv，第 2 行 银行、期间相同，小微企业信用贷款余额不同" in told(other, "error")[0]


def test_a_list_of_counties_that_puts_one_into_two_cities_is_refused_for_that_county(read):
    places = "县区,级别,所属市\n范县,,甲市\n范县,,乙市\n清丰县,,甲市\n"
    text = NAMELESS + "范县,2021-05-06,2021-05-07\n清丰县,2021-05-06,2021-05-07\n"
    found = read({"县区名单.csv": places, "异议处理.csv": text})
    assert "第 3 行" in told(found, "error")[0] and "所属市不同" in told(found, "error")[0]
    assert found.table["jurisdiction"].tolist() == ["清丰县"]


def test_one_case_in_two_counties_is_told_without_a_number_where_it_has_a_name(read):
    named = (
        "县区,事项,受理日期,办结日期\n甲县,一,2021-05-06,\n乙县,一,2021-05-06,\n"
        "乙县,,2021-05-07,\n甲县,,2021-05-07,\n"
    )
    (notice,) = told(read({"异议处理.csv": named}), "notice")
    assert "第 3 行：与第 2 行是同一件，两个县区各计一次" in notice


def test_a_line_with_the_name_and_date_of_another_table_s_is_told(read):
    head = "县区,事项,受理日期,办结日期\n"
    found = read(
        {
            "异议处理.csv": head + "甲县,一,2021-05-06,\n",
            "异议处理2.csv": head + "甲县,一,2021-05-06,2021-05-07\n",
        }
    )
    (notice,) = told(found, "notice")
    assert "异议处理.csv，第 2 行 的异议事项、受理日期相同，其余不同，各计一次" in notice
    assert (handled(found), found.counts["counted"].sum()) == (1, 2)


def test_the_time_of_day_makes_no_second_case_but_a_second_check(read):
    early, late = (
        "县区,受理日期,办结日期\n甲县,2021-05-06,2021-05-06\n",
        "县区,受理日期,办结日期\n甲县,2021-05-06 08:00,2021-05-06\n",
    )
    found = read({"异议处理.csv": early, "异议处理2.csv": late})
    assert (handled(found), len(found.repeated), found.errors) == (1, 1, [])
    checks = "县区,监测时间,能否访问\n" + "".join(
        f"甲县,2021-05-06 0{hour}:00,{up}\n" for hour, up in enumerate("否是否")
    )
    assert handled(read({"网站监测.csv": checks}), name="site_outages") == 2


def test_the_command_lists_what_repeats(read, tmp_path):
    text = HEAD + TWO + THREE
    read({"in/异议处理.csv": text, "in/甲县/异议处理.csv": text})
    out, cases = tmp_path / "inputs.csv", tmp_path / "cases.xlsx"
    done = CliRunner().invoke(
        cli, ["ledgers", str(tmp_path / "in"), "--out", str(out), "--cases", str(cases)]
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert "案例 4 件" in done.stdout and "重复 2 件" in done.stdout
    rows = pd.read_excel(cases, sheet_name="重复的行")
    assert rows[["文件", "行", "同一件在"]].to_numpy().tolist() == [
        ["甲县/异议处理.csv", row, f"异议处理.csv，第 {row} 行"] for row in (2, 3)
    ]


# --- dates far from all others ---


def test_one_date_of_2201_chooses_no_period_and_is_named(read):
    found = read(
        {
            "异议处理.csv": HEAD + ONE + TWO + "乙县,1,一,2201-04-06,\n",
            "信用修复.csv": NAMELESS + "甲县,2021-05-11,\n",
        }
    )
    assert (found.period, handled(found), handled(found, "乙县")) == ("2021-05", 2, None)
    (error,) = told(found, "error")
    assert error.startswith(
        "异议处理.csv，第 4 行，列 受理日期：比其余案例（到 2021-05）晚两年以上（值：2201-04-06）"
    )
    assert error.endswith("核对年份；没有写错，就写明期间再统计")


@pytest.mark.parametrize("period", ["", "2021-05"])
def test_a_date_far_ahead_in_any_column_is_no_open_case(read, period):
    found = read(
        {"异议处理.csv": HEAD + ONE + TWO.replace("2021-05-14", "2201-05-14")}, period=period
    )
    assert handled(found) is None and "办结日期：比其余案例" in told(found, "error")[0]


def test_a_date_long_before_all_others_is_named_but_old_registrations_are_not(read):
    texts = {
        "屡禁不止.csv": "县区,对象,列入日期,退出日期\n"
        "甲县,a,1021-04-01,\n甲县,b,2021-04-01,\n乙县,c,2021-04-01,\n",
        "统一社会信用代码.csv": "县区,代码,主体,登记日期\n甲县,91110000600037341L,a,1985-05-01\n",
    }
    found = read(texts)
    assert (
        found.period,
        handled(found, name="repeat_targets"),
        handled(found, name="uscc_total"),
    ) == ("2021-04", None, 1)
    assert [problem.row for problem in found.errors] == [2]


def test_a_year_that_follows_and_cases_later_than_a_period_that_is_named_are_no_slips(read):
    lines = "".join(f"甲县,{n},一,20{n},20{n}\n" for n in ("19-05-06", "20-04-07", "21-05-06"))
    assert read({"异议处理.csv": HEAD + lines}).period == "2021-05"
    found = read({}, period="2019-05")
    assert (found.errors, len(found.later), handled(found)) == ([], 2, 1)


def test_a_period_that_stands_alone_is_told(read):
    found = read({"异议处理.csv": HEAD + ONE + TWO + "乙县,1,一,2022-04-06,\n"})
    (notice,) = told(found, "notice")
    assert found.period == "2022-04"
    assert "异议处理.csv，第 4 行：期间 2022-04 取自这里，此前 10 个月各台账都没有案例" in notice


# --- folders ---


def test_folders_are_read_and_files_named_by_their_path(read):
    files = {
        "甲县/异议处理.csv": NAMELESS + "甲县,2021-05-06,2021-05-07\n",
        "异议处理/乙县/五月.csv": NAMELESS + "乙县,2021-05-06,2021-05-05\n",
        ".回收站/异议处理.csv": NAMELESS + "丙县,2021-05-06,2021-05-07\n",
        "丁县/~$异议处理.xlsx": b"locked",
        "丁县/README.txt": "读我",
    }
    found = read(files)
    assert (handled(found), handled(found, "乙县")) == (1, None)
    assert found.table["jurisdiction"].tolist() == ["乙县", "甲县"]
    assert found.cases["file"].unique().tolist() == ["甲县/异议处理.csv"]
    assert told(found, "notice") == []
    assert [problem.file for problem in found.errors] == ["异议处理/乙县/五月.csv"]


def test_what_is_not_read_is_named(read, tmp_path):
    files = {
        "异议处理.csv": NAMELESS + "甲县,2021-05-06,2021-05-07\n",
        "甲县/双公示.docx": b"x",
        "evidence.csv": "县区\n",
        "甲县/信用修复.xls": b"x",
        "甲县/贷款.csv": "",
    }
    found = read(files)
    assert sorted(problem.file for problem in found.problems if problem.severity == "notice") == [
        "evidence.csv",
        "甲县/双公示.docx",
    ]
    assert sorted(problem.file for problem in found.errors) == [
        "甲县/信用修复.xls",
        "甲县/贷款.csv",
    ]
    assert handled(found) == 1


def test_links_are_named_and_never_followed(read, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "信用修复.csv").write_text(
        "县区,受理日期,办结日期\n乙县,2021-05-06,\n", encoding="utf-8"
    )
    (tmp_path / "甲县").mkdir()
    (tmp_path / "甲县" / "loop").symlink_to(tmp_path)
    (tmp_path / "异议处理2.csv").symlink_to(tmp_path / "异议处理.csv")
    files = {"异议处理.csv": NAMELESS + "甲县,2021-05-06,2021-05-07\n"}
    found = read(files)
    assert (handled(found), found.errors) == (1, [])
    assert sorted(p.file for p in found.problems) == ["异议处理2.csv", "甲县/loop"]
    (tmp_path / "信用修复.csv").symlink_to(outside / "信用修复.csv")
    (tmp_path / "贷款.csv").symlink_to(tmp_path / "nowhere")
    found = read({})
    assert [p.file for p in found.errors] == ["信用修复.csv", "贷款.csv"]
    assert (handled(found), "乙县" in found.table["jurisdiction"].tolist()) == (1, False)
    (tmp_path / "别处").symlink_to(outside)
    assert handled(read({})) is None, "nobody knows what the folder would hold"


def test_a_folder_that_cannot_be_read_is_named_and_leaves_all_open(read, tmp_path, monkeypatch):
    (tmp_path / "乙县").mkdir()
    listed = Path.iterdir

    def iterdir(path):
        if path.name == "乙县":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)  # root may read every folder
    found = read({"异议处理.csv": NAMELESS + "甲县,2021-05-06,2021-05-07\n"})
    assert ([p.file for p in found.errors], handled(found)) == (["乙县"], None)


def test_a_folder_of_folders_without_a_table_is_refused(read):
    with pytest.raises(InputError, match="没有数据表"):
        read({"甲县/乙/README.md": "x"})


# --- odd tables ---


def test_a_table_with_a_header_alone_is_told(read):
    found = read({"异议处理.csv": NAMELESS + "甲县,2021-05-06,2021-05-07\n", "双公示.csv": DUAL})
    assert [(p.file, p.what) for p in found.problems] == [("双公示.csv", "只有表头，没有一行")]


def test_a_county_in_two_files_and_in_two_encodings_adds_up(read):
    other = (NAMELESS + "甲县,2021-05-08,2021-05-10\n").encode("gb18030")
    found = read(
        {"甲/异议处理.csv": NAMELESS + "甲县,2021-05-06,2021-05-07\n", "乙/异议处理.csv": other}
    )
    assert (handled(found), found.problems) == (2, [])


def test_a_line_that_reports_no_case_beside_cases_is_told(read):
    found = read(
        {
            "甲/异议处理.csv": NAMELESS + "甲县,2021-05-06,2021-05-07\n",
            "乙/异议处理.csv": NAMELESS + "甲县,,\n" * 2,
        }
    )
    assert handled(found) == 1
    assert [(p.file, p.row) for p in found.problems] == [("乙/异议处理.csv", 2)]


def test_a_merged_cell_is_a_bad_case_not_a_name(read, tmp_path):
    import openpyxl

    sheet = (book := openpyxl.Workbook()).active
    for row in (
        ["县区", "事项", "受理日期", "办结日期"],
        *[["甲县", "一", "2021-05-06", "2021-05-07"]] * 2,
    ):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    book.save(tmp_path / "异议处理.xlsx")
    assert [(p.row, p.column, p.what) for p in read({}).errors] == [
        (3, "异议事项", "被合并单元格盖住")
    ]


def test_what_stands_under_no_name_is_told(read):
    text = "县区,受理日期,办结日期,\n甲县,2021-05-06,2021-05-07,还有一件\n"
    (notice,) = told(read({"异议处理.csv": text}), "notice")
    assert "第 2 行，列 第 4 列：这一列没有列名，没有用到（值：还有一件）" in notice


def test_a_sheet_of_explanations_is_named(read, tmp_path):
    with pd.ExcelWriter(tmp_path / "台账.xlsx") as writer:
        for title in ("异议处理", "异议处理说明"):
            frame(NAMELESS + "甲县,2021-05-06,2021-05-07\n").to_excel(
                writer, sheet_name=title, index=False
            )
    found = read({})
    assert (handled(found), [(p.sheet, p.severity) for p in found.problems]) == (
        1,
        [("异议处理说明", "notice")],
    )


def test_a_folder_without_dates_says_what_is_wrong_with_its_tables(read):
    with pytest.raises(InputError, match="没有“县区”列") as caught:
        read({"异议处理.csv": "甲县异议台账,,\n县区,受理日期,办结日期\n"})
    assert "写明期间" in str(caught.value)
