"""Case ledgers → inputs: what a case adds to which input, what is a bad case, what is nothing and
what is not known.
"""

import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

import creditcalc as cc
from creditcalc.case_lists import read_ledgers
from creditcalc.case_lists.counts import COUNT_OF_KIND
from creditcalc.case_lists.kinds import JURISDICTIONS, kinds
from creditcalc.cli.main import cli
from creditcalc.intake.cells import CELL_READERS
from creditcalc.problems import InputError

GOOD, OTHER = "91110000600037341L", "91370200163562681G"
OBJECTIONS = (
    "县区,受理日期,办结日期\n甲县,2021-04-30,2021-05-06\n甲县,2021-05-10,2021-05-14\n"
    "乙县,2021-05-10,\n丙县,,\n"
)


@pytest.fixture
def read(tmp_path):
    """Reads ledgers given as name=text."""

    def read(period="2021-05", **ledgers):
        options = {
            key: ledgers.pop(key)
            for key in ("as_of", "jurisdictions", "report_days")
            if key in ledgers
        }
        for name, text in ledgers.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return read_ledgers(tmp_path, period=period, **options)

    return read


def value(ledgers, jurisdiction, name):
    """An input of a jurisdiction; None where it is blank."""
    found = ledgers.table.set_index("jurisdiction").loc[jurisdiction, name]
    return None if pd.isna(found) else float(found)


def said(ledgers, severity="error"):
    return [(p.row, p.column, p.what) for p in ledgers.problems if p.severity == severity]


def test_every_kind_is_described_and_counted():
    inputs = cc.load_rulebook().inputs
    assert set(kinds()) == {*COUNT_OF_KIND, JURISDICTIONS}
    for kind in kinds().values():
        names = [column.name for column in kind.columns]
        assert len(set(names)) == len(names)
        assert all(column.type in CELL_READERS for column in kind.columns)
        assert {*kind.key, kind.label} <= {*names} or kind.name == JURISDICTIONS
        assert kind.title not in [input.label for input in inputs.values()]


def test_the_table_is_in_the_form_of_the_inputs(read, tmp_path):
    found = read(objections=OBJECTIONS)
    assert [*found.table][:5] == ["jurisdiction", "period", "level", "city", "remark"]
    found.table.to_csv(tmp_path / "inputs.csv", index=False)
    table = cc.read_inputs(tmp_path / "inputs.csv")
    assert table["objection_workdays"].tolist() == [5, 0, 0]


def test_additive_inputs_are_the_sums_of_their_cases(read):
    found = read(objections=OBJECTIONS)
    sums = found.cases.groupby(["jurisdiction", "input"])["value"].sum()
    assert sums.to_dict() == {("甲县", "objections_handled"): 2, ("甲县", "objection_workdays"): 5}
    assert found.cases[["file", "row", "note"]].drop_duplicates().to_numpy().tolist() == [
        ["objections.csv", 2, "用 1 个工作日"],
        ["objections.csv", 3, "用 4 个工作日"],
    ]


# --- nothing, not known, later, bad ---


def test_a_line_with_a_jurisdiction_alone_reports_nothing_and_no_line_is_not_known(read):
    found = read(
        objections=OBJECTIONS, questionnaires="县区,回收日期,是否有效\n丁县,2021-05-01,是\n"
    )
    assert value(found, "丙县", "objections_handled") == 0
    assert value(found, "丁县", "objections_handled") is None
    assert value(found, "丙县", "questionnaires") is None
    assert found.errors == []


def test_cases_after_the_day_asked_for_are_listed_and_not_counted(read):
    found = read(objections=OBJECTIONS, as_of="2021-05-09")
    assert (
        value(found, "甲县", "objections_handled"),
        value(found, "乙县", "objections_handled"),
    ) == (1, 0)
    assert found.later[["jurisdiction", "row"]].to_numpy().tolist() == [["甲县", 3], ["乙县", 4]]


def test_what_closes_after_the_period_is_open_at_its_end(read):
    assert (
        value(
            read(objections="县区,受理日期,办结日期\n甲县,2021-05-31,2021-06-01\n"),
            "甲县",
            "objections_handled",
        )
        == 0
    )


def test_the_period_is_the_last_month_of_the_cases(read):
    assert read(period="", objections=OBJECTIONS).period == "2021-05"
    assert read(period="", objections=OBJECTIONS, as_of="2021-07-02").period == "2021-07"


def test_without_any_date_the_period_has_to_be_said(read):
    with pytest.raises(InputError, match="写明期间"):
        read(period="", codes=f"县区,代码\n甲县,{GOOD}\n")


@pytest.mark.parametrize("wrong", [{"period": "2021-5"}, {"as_of": "5月"}])
def test_a_period_or_day_that_is_none_is_refused(read, wrong):
    with pytest.raises(InputError, match="写成 2021-05"):
        read(objections=OBJECTIONS, **wrong)


@pytest.mark.parametrize(
    ("line", "row", "column", "what"),
    [
        ("甲县,,2021-05-06", 6, "受理日期", "没有填受理日期"),
        ("甲县,2021-05-06,2021-05-05", 6, "办结日期", "办结早于受理"),
        ("甲县,昨天,2021-05-05", 6, "受理日期", "不是日期"),
        ("甲县,44347,2021-05-05", 6, "受理日期", "是数，不是日期"),
        ("甲县,2021-02-30,", 6, "受理日期", "不是日期"),
        ("甲县,2003-12-31,2021-05-05", 6, "受理日期", "不在工作日历的年份里"),
        (",2021-05-06,2021-05-07", 6, "县区", "没有填县区"),
        ("甲乙县,2021-05-06,2021-05-07", 6, "县区", "名单里没有这个县区"),
    ],
)
def test_a_bad_case_is_named_and_leaves_its_jurisdiction_without_a_number(
    read, line, row, column, what
):
    found = read(objections=OBJECTIONS + line + "\n", jurisdictions=["甲县", "乙县", "丙县"])
    assert said(found) == [(row, column, what)]
    assert found.errors[0].cure
    assert found.counts["bad"].sum() == (not line.startswith(","))
    assert value(found, "甲县", "objections_handled") == (None if line.startswith("甲县") else 2)
    assert value(found, "乙县", "objections_handled") == 0
    assert len(found.cases.query("input == 'objections_handled'")) == 2


def test_every_bad_case_is_listed_at_once(read):
    found = read(objections=OBJECTIONS + "甲县,坏,坏\n乙县,2021-05-06,2021-05-05\n")
    assert sorted(said(found)) == [
        (6, "办结日期", "不是日期"),
        (6, "受理日期", "不是日期"),
        (7, "办结日期", "办结早于受理"),
    ]
    assert found.counts.set_index("jurisdiction")[["lines", "bad"]].to_numpy().tolist() == [
        [3, 1],
        [2, 1],
        [0, 0],
    ]


def test_a_column_that_is_missing_costs_its_jurisdictions_the_ledger_and_no_one_else(read):
    found = read(
        objections="县区,受理日期\n甲县,2021-05-06\n",
        异议处理乙县="县区,受理日期,办结日期\n乙县,2021-05-06,2021-05-07\n",
    )
    assert said(found) == [(1, "", "没有“办结日期”列")]
    assert value(found, "甲县", "objections_handled") is None
    assert value(found, "乙县", "objections_handled") == 1


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ("受理日期,办结日期\n2021-05-06,2021-05-07\n", "没有“县区”列"),
        ("县区,县区,受理日期,办结日期\n甲县,乙县,2021-05-06,2021-05-07\n", "同一列出现 2 次"),
    ],
    ids=["no column", "two columns"],
)
def test_a_table_that_does_not_say_whose_it_is_leaves_its_ledger_open_everywhere(read, lines, what):
    other = "县区,回收日期,是否有效\n甲县,2021-05-06,是\n"
    found = read(objections=OBJECTIONS, 异议处理二=lines, questionnaires=other)
    assert [problem.what for problem in found.errors] == [what]
    assert value(found, "甲县", "objections_handled") is None
    assert value(found, "乙县", "objections_handled") is None
    assert value(found, "甲县", "questionnaires") == 1
    assert [p.what for p in found.problems if "台账有的表" in p.what] == [
        "异议处理台账有的表看不出是哪个县区的，由它统计的数各县区都留空"
    ]


def test_an_unknown_column_is_a_notice_with_the_nearest_name(read):
    found = read(questionnaires="县区,回收日期,是否有效,是否有效吗\n甲县,2021-05-06,是,\n")
    assert [(p.column, p.cure) for p in found.problems] == [("是否有效吗", "是否指 是否有效？")]


def test_a_file_whose_name_says_no_ledger_or_two_is_named(read):
    found = read(objections=OBJECTIONS, 其他="县区\n甲县\n", 双公示异议处理="县区\n甲县\n")
    assert sorted(p.what for p in found.errors) == [
        "文件名或工作表名同时像几本台账",
        "看不出是哪本台账",
    ]


def test_a_folder_without_a_ledger_is_refused(read, tmp_path):
    with pytest.raises(InputError, match="没有数据表"):
        read()
    (tmp_path / "jurisdictions.csv").write_text("县区\n甲县\n", encoding="utf-8")
    with pytest.raises(InputError, match="没有可以读的台账"):
        read()


def test_excel_parquet_and_csv_say_the_same(read, tmp_path):
    frame = pd.DataFrame(
        {"县区": ["甲县"] * 2, "受理日期": pd.to_datetime(["2021-04-30", "2021-05-10"])}
    )
    frame["办结日期"] = [pd.Timestamp("2021-05-06"), pd.NaT]
    frame.to_parquet(tmp_path / "异议处理1.parquet")
    with pd.ExcelWriter(tmp_path / "各种台账.xlsx") as writer:
        frame.to_excel(writer, sheet_name="异议处理", index=False)
        pd.DataFrame({"说明": ["随便写"]}).to_excel(writer, sheet_name="填写说明", index=False)
    found = read(objections="县区,受理日期,办结日期\n甲县,2021年4月30日,2021/5/6\n甲县,20210510,\n")
    assert found.errors == []
    assert (
        value(found, "甲县", "objections_handled"),
        value(found, "甲县", "objection_workdays"),
    ) == (1, 1)
    assert found.counts[["lines", "counted", "repeated"]].to_numpy().tolist() == [[6, 2, 4]]
    assert found.repeated["file"].nunique() == 2


def test_remarks_pass_to_the_table_where_all_lines_bear_them(read):
    found = read(
        questionnaires="县区,回收日期,是否有效,备注\n甲县,2021-05-01,是,示例\n"
        "甲县,2021-05-02,是,示例\n乙县,2021-05-02,是,补\n乙县,2021-05-03,是,\n"
    )
    assert found.table["remark"].tolist() == ["示例", ""]


# --- codes ---


def test_wrong_codes_count_one_each_and_a_code_on_n_subjects_n_less_1(read):
    wrong = GOOD[:-1] + "M"
    lines = [
        f"甲县,{GOOD},a",
        f"甲县,{GOOD},b",
        f"乙县,{GOOD},c",
        f"乙县,{wrong},d",
        f"乙县,{wrong},e",
        f"丙县,{OTHER},f",
    ]
    found = read(codes="县区,统一社会信用代码,主体\n" + "\n".join(lines) + "\n")
    assert [value(found, name, "uscc_total") for name in ("甲县", "乙县", "丙县")] == [2, 3, 1]
    assert [value(found, name, "uscc_errors") for name in ("甲县", "乙县", "丙县")] == [1, 3, 0]
    errors = found.cases.query("input == 'uscc_errors'")
    assert errors[["row", "note"]].to_numpy().tolist() == [
        [3, "与前面的主体重码"],
        [4, "与前面的主体重码"],
        [5, "校验码不对"],
        [6, "校验码不对"],
    ]
    assert found.errors == []


def test_a_subject_that_two_counties_list_is_one_subject_and_said(read):
    lines = [f"甲县,{GOOD},a", f"乙县,{GOOD},a", f"乙县,{GOOD},b"]
    found = read(codes="县区,统一社会信用代码,主体\n" + "\n".join(lines) + "\n")
    assert [value(found, name, "uscc_total") for name in ("甲县", "乙县")] == [1, 2]
    assert [value(found, name, "uscc_errors") for name in ("甲县", "乙县")] == [0, 1]
    assert [line[0] for line in said(found, "notice")] == [3] and found.errors == []


def test_lines_that_are_the_same_throughout_count_once_and_are_said(read):
    text = (
        "县区,事项,受理日期,办结日期\n"
        + "甲县,一,2021-05-06,2021-05-07\n" * 2
        + "甲县,,2021-05-06,2021-05-07\n" * 2
    )
    found = read(objections=text + "乙县,一,2021-05-06,2021-05-07\n甲县,一,2021-05-06,2021-05-08\n")
    assert value(found, "甲县", "objections_handled") == 3
    assert said(found, "notice") == [
        (3, "", "与第 2 行是同一件，只计一次"),
        (5, "", "与第 4 行是同一件，只计一次"),
        (6, "", "与第 2 行是同一件，两个县区各计一次"),
    ]


def test_a_file_that_cannot_be_read_leaves_its_ledger_open_everywhere(read, tmp_path):
    (tmp_path / "objections-2.xlsx").write_bytes(b"torn")
    found = read(
        objections=OBJECTIONS, repairs="县区,受理日期,办结日期\n甲县,2021-05-06,2021-05-11\n"
    )
    assert [value(found, name, "objections_handled") for name in ("甲县", "乙县")] == [None, None]
    assert value(found, "甲县", "repairs_overdue") == 1
    assert [problem.what for problem in found.problems if problem.severity == "notice"] == [
        "异议处理台账有文件没有读成，由它统计的数各县区都留空"
    ]
    (tmp_path / "objections-2.xlsx").rename(tmp_path / "五月.xlsx")
    assert value(read(), "甲县", "repairs_overdue") is None


def test_codes_that_are_given_later_are_not_counted_yet(read):
    found = read(
        codes=f"县区,代码,登记日期\n甲县,{GOOD},2021-06-01\n甲县,{GOOD},2021-05-01\n甲县,{OTHER},\n"
    )
    assert (value(found, "甲县", "uscc_total"), value(found, "甲县", "uscc_errors")) == (2, 0)
    assert found.later["case"].tolist() == [GOOD]


def test_subjects_without_a_name_are_different_subjects(read):
    found = read(codes=f"县区,代码,主体\n甲县,{GOOD},\n甲县,{GOOD},\n")
    assert (found.errors, value(found, "甲县", "uscc_errors")) == ([], 1)


def test_a_code_stored_as_a_number_and_a_subject_listed_twice_are_bad_cases(read, tmp_path):
    table = pd.DataFrame(
        {"县区": ["甲县"] * 3, "代码": [GOOD, GOOD, 911100006000373410], "主体": ["a", "a", "b"]},
        dtype=object,
    )
    table["登记日期"] = ["2020-01-01", "2020-01-02", ""]
    table.to_excel(tmp_path / "codes.xlsx", index=False)
    assert said(read()) == [
        (4, "统一社会信用代码", "代码存成了数，后几位可能已经丢失"),
        (3, "统一社会信用代码、主体", "与第 2 行统一社会信用代码、主体相同，登记日期不同"),
    ]


# --- objections, repairs, 双公示 ---


def test_repairs_are_overdue_over_three_working_days_open_ones_as_of_the_day(read):
    lines = (
        "甲县,2021-05-06,2021-05-10,是\n甲县,2021-05-06,2021-05-11,否\n"
        "乙县,2021-05-27,,\n乙县,2021-05-25,,\n"
    )
    text = "县区,受理日期,办结日期,是否合规\n" + lines
    found = read(repairs=text)
    assert [value(found, "甲县", name) for name in ("repairs_overdue", "repairs_noncompliant")] == [
        1,
        1,
    ]
    assert [value(found, "乙县", name) for name in ("repairs_overdue", "repairs_noncompliant")] == [
        1,
        0,
    ]
    assert value(read(repairs=text, as_of="2021-06-02"), "乙县", "repairs_overdue") == 2
    assert found.cases.query("input == 'repairs_overdue'")["note"].tolist() == [
        "用 4 个工作日",
        "未办结，已 4 个工作日",
    ]


def test_a_blank_that_decides_leaves_the_input_open_and_says_so(read):
    found = read(
        repairs="县区,受理日期,办结日期,是否合规\n甲县,2021-05-06,2021-05-07,\n乙县,2021-05-06,,\n"
    )
    assert (
        value(found, "甲县", "repairs_overdue"),
        value(found, "甲县", "repairs_noncompliant"),
    ) == (0, None)
    assert value(found, "乙县", "repairs_noncompliant") == 0
    assert [(p.jurisdiction, p.severity) for p in found.problems] == [("甲县", "notice")]
    assert "不合规信用修复条数" in found.problems[0].what
    left_open = found.cases[found.cases["value"].isna()]
    assert left_open[["input", "row"]].to_numpy().tolist() == [["repairs_noncompliant", 2]]


def test_a_column_that_the_ledger_may_lack_gives_no_input(read):
    assert (
        "repairs_noncompliant"
        not in read(repairs="县区,受理日期,办结日期\n甲县,2021-05-06,2021-05-07\n").table
    )


DUAL = "县区,决定日期,上报日期,是否合规,公示日期,有效异议认定日期\n"


def test_dual_records(read):
    lines = [
        "甲县,2021-05-06,2021-05-14,是,2021-05-14,",  # the seventh working day
        "甲县,2021-05-06,2021-05-17,否,2021-05-17,2021-05-20",  # the eighth
        "甲县,2021-05-19,,,,",  # eight days without a report
        "甲县,2021-05-20,,,,",  # seven: it may yet be in time
        "甲县,2021-05-27,2021-06-01,是,2021-06-01,",
    ]
    found = read(dual=DUAL + "\n".join(lines) + "\n")
    names = ["due", "reported", "compliant", "timely", "published", "valid_objections"]
    assert [value(found, "甲县", f"dual_{name}") for name in names] == [3, 2, 1, 1, 2, 1]
    assert (
        value(read(dual=DUAL + "\n".join(lines) + "\n", report_days=8), "甲县", "dual_timely") == 2
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("甲县,2021-05-06,2021-05-05,是,,", "上报早于决定"),
        ("甲县,2021-05-06,2021-05-06,是,,2021-05-20", "有效异议没有公示在先"),
    ],
)
def test_dual_records_that_cannot_be(read, line, what):
    assert [problem.what for problem in read(dual=DUAL + line).errors] == [what]


# --- loans, recommended enterprises, checks, ranks ---

LOANS = "县区,银行,期间,无抵押无担保贷款余额,小微企业信用贷款余额,企业信用贷款规模\n"


def test_loans_at_the_year_ends_of_the_rules(read):
    lines = [
        "a,2019-12,0.1,1,",
        "b,2019-12,0.2,2,",
        'a,2020-12,"1,000",3,7',
        "b,2020-12,1,,8",
        "a,2020-06,9,9,9",
    ]
    found = read(loans=LOANS + "".join(f"甲县,{line}\n" for line in lines))
    assert [value(found, "甲县", f"unsecured_loans_{end}") for end in ("prev", "curr")] == [
        0.3,
        1001,
    ]
    assert [value(found, "甲县", f"small_loans_{end}") for end in ("prev", "curr")] == [3, None]
    assert value(found, "甲县", "loans_credit") == 15
    assert "loans_xyd" not in found.table
    assert said(found, "notice")[0] == (6, "期间", "不是规则比较的年末，没有用到")


def test_no_balance_is_no_value(read):
    found = read(loans=LOANS + "甲县,a,2019-12,1,1,\n乙县,,,,,\n")
    assert value(found, "甲县", "unsecured_loans_curr") is None
    assert value(found, "乙县", "unsecured_loans_prev") is None


def test_a_bank_twice_and_a_negative_balance_are_bad_cases(read):
    found = read(loans=LOANS + "甲县,a,2019-12,1,1,\n甲县,a,2019-12,1,2,\n甲县,b,2019-12,-1,1,\n")
    assert sorted(problem.what for problem in found.errors) == [
        "与第 2 行银行、期间相同，小微企业信用贷款余额不同",
        "是负数",
    ]


def test_a_ledger_of_the_city_as_a_whole_is_the_city_s_but_not_beside_its_counties(read):
    places = "县区,级别,所属市\n甲县,县区,某市\n某市,市,某市\n"
    whole = read(县区名单=places, loans=LOANS + "某市,a,2019-12,1,1,\n")
    assert whole.table[["jurisdiction", "level", "city"]].to_numpy().tolist() == [
        ["某市", "city", "某市"]
    ]
    assert value(whole, "某市", "unsecured_loans_prev") == 1
    mixed = read(loans=LOANS + "某市,a,2019-12,1,1,\n甲县,a,2019-12,1,1,\n")
    assert said(mixed) == [(2, "县区", "台账已按县区记，又有全市的一行")]
    assert value(mixed, "某市", "unsecured_loans_prev") is None
    assert value(mixed, "甲县", "unsecured_loans_prev") == 1


def test_an_enterprise_recommended_or_funded_twice_counts_once(read):
    lines = [
        "a,2021-03-01,",
        "a,2021-04-01,2021-04-20",
        "a,2021-05-01,2021-05-20",
        "b,2021-05-01,2021-06-20",
    ]
    text = "县区,企业,推荐日期,获贷日期\n" + "".join(f"甲县,{line}\n" for line in lines)
    found = read(recommended=text + "乙县,a,2021-05-01,\n")
    assert [value(found, "甲县", name) for name in ("xyd_recommended", "xyd_funded")] == [2, 1]
    assert [value(found, "乙县", name) for name in ("xyd_recommended", "xyd_funded")] == [1, 0]


def test_consecutive_failed_checks_of_a_site_are_one_outage(read):
    checks = [
        ("a", "1 08:00", "是"),
        ("a", "4 08:00", "否"),
        ("a", "3 08:00", "否"),
        ("b", "3 09:00", "否"),
        ("a", "5 08:00", "是"),
    ]
    checks += [("a", "6 08:00", "否")]
    lines = "".join(f"甲县,{site},2021-05-0{time},{up}\n" for site, time, up in checks)
    found = read(checks="县区,网站,监测时间,能否访问\n" + lines + "乙县,a,2021-05-06,否\n")
    assert (value(found, "甲县", "site_outages"), value(found, "乙县", "site_outages")) == (3, 1)
    assert found.cases["row"].tolist() == [4, 5, 7, 8]


def test_the_last_day_counts_to_its_end(read):
    assert (
        value(
            read(checks="县区,监测时间,能否访问\n甲县,2021-05-31 23:30,否\n"),
            "甲县",
            "site_outages",
        )
        == 1
    )


def ranks(*values, months=None, cities=",100"):
    months = months or [
        str(month) for month in pd.period_range(end="2021-05", periods=len(values), freq="M")
    ]
    return "城市,月份,名次,参评城市数\n" + "".join(
        f"某市,{m},{v}{cities}\n" for m, v in zip(months, values, strict=True)
    )


def test_monthly_ranks(read):
    found = read(ranks=ranks(1, 98, 98, 10, 99, 100, 98, 97, 100, 99, 10, 10, 10))
    assert found.table["level"].tolist() == ["city"]
    assert value(found, "某市", "monitor_rank_mean") == pytest.approx(
        np.mean([98, 98, 10, 99, 100, 98, 97, 100, 99, 10, 10, 10])
    )
    assert value(found, "某市", "monitor_rank_worst") == 100
    assert value(found, "某市", "monitor_bottom3_streak") == 3
    streak = found.cases.query("input == 'monitor_bottom3_streak'")
    assert streak["case"].tolist() == ["2020-09", "2020-10", "2020-11"]


def test_ranks_never_in_the_bottom_three_have_a_streak_of_0_and_without_the_number_of_cities_none(
    read,
):
    assert value(read(ranks=ranks(*range(1, 13))), "某市", "monitor_bottom3_streak") == 0
    assert (
        value(read(ranks=ranks(*range(1, 13), cities=",")), "某市", "monitor_bottom3_streak")
        is None
    )


def test_a_month_that_is_missing_twice_or_of_another_year_leaves_the_ranks_open(read):
    eleven = read(ranks=ranks(*range(1, 12)))
    assert [problem.what for problem in eleven.errors] == [
        "到 2021-05 为止的 12 个月没有记全，名次算不出"
    ]
    assert value(eleven, "某市", "monitor_rank_mean") is None
    twice = read(ranks=ranks(*range(1, 13)) + "某市,2021-05,3,100\n")
    assert [problem.what for problem in twice.errors] == ["与第 13 行期间相同，名次不同"]
    assert value(twice, "某市", "monitor_rank_mean") is None


@pytest.mark.parametrize("rank", ["0", "1.5", "第 3"])
def test_a_rank_that_is_none_is_a_bad_case(read, rank):
    assert said(read(ranks=ranks(*range(1, 12), rank)))[0][:2] == (13, "名次")


# --- commitments, questionnaires, treatment, cases ---


def test_commitments_and_performances(read):
    lines = "甲县,a,2021-05-01,2021-05-20\n甲县,a,2021-05-02,2021-06-20\n甲县,b,2021-05-03,\n"
    found = read(commitments="县区,企业,承诺日期,履约日期\n" + lines)
    assert [value(found, "甲县", name) for name in ("commitments", "performances")] == [3, 1]


def test_questionnaires_count_where_they_are_valid(read):
    text = "县区,回收日期,是否有效\n甲县,2021-05-01,是\n甲县,2021-05-01,否\n甲县,2021-05-02,有\n"
    assert value(read(questionnaires=text), "甲县", "questionnaires") == 2


@pytest.mark.parametrize(
    ("name", "listed", "left", "counted"),
    [
        ("gov_defaulters", "gov_defaulters", "gov_defaulters_rectified", 2),
        ("inst_defaulters", "inst_defaulters", "inst_defaulters_rectified", 2),
        ("repeat", "repeat_targets", "repeat_exited", 2),
        ("agency", "agency_targets", "agency_exited", 1),
    ],
)
def test_treatment_lists_with_the_day_by_which_it_has_to_be_closed(
    read, name, listed, left, counted
):
    left_on = {"a": "2021-05-30", "b": "2021-05-31", "c": "2021-06-16"}
    text = "县区,对象,列入日期,退出日期\n" + "".join(
        f"甲县,{who},2021-01-01,{day}\n" for who, day in left_on.items()
    )
    found = read(**{name: text})
    assert (value(found, "甲县", listed), value(found, "甲县", left)) == (3, counted)


CASES = "县区,类型,领域,发布单位,文件,印发日期,实施日期,对象,措施,效果\n"
WHOLE = "甲局,《办法》,2021-03-01,2021-04-01,某企业,减少抽查,省时"


def test_domains_of_a_county_are_distinct_and_the_city_s_are_the_union(read):
    lines = [
        f"甲县,分级分类监管,水利,{WHOLE}",
        f"甲县,分级分类监管,Ａ类　,{WHOLE}",
        f"甲县,联合奖惩,采购,{WHOLE}",
    ]
    lines += [
        f"甲县,分级分类监管,A类,{WHOLE}",
        f"乙县,分级分类监管,水利,{WHOLE}",
        f"乙县,分级分类监管,教育,{WHOLE}",
    ]
    places = "县区,级别,所属市\n甲县,,某市\n乙县,,某市\n某市,市,\n"
    found = read(cases=CASES + "\n".join(lines) + "\n", 县区名单=places)
    assert [value(found, name, "graded_domains") for name in ("甲县", "乙县", "某市")] == [2, 2, 3]
    assert [value(found, name, "joint_domains") for name in ("甲县", "乙县", "某市")] == [1, 0, 1]
    assert found.errors == []


def test_a_union_that_lacks_a_county_is_not_known(read):
    places = "县区,级别,所属市\n甲县,,某市\n乙县,,某市\n"
    found = read(cases=f"{CASES}甲县,联合奖惩,采购,{WHOLE}\n", 县区名单=places)
    assert found.table["jurisdiction"].tolist() == ["甲县"]
    assert "缺 乙县" in found.problems[0].what


def test_a_statement_names_what_is_missing_and_its_domain_counts(read):
    found = read(
        cases=f"{CASES}甲县,分级分类监管,水利,{WHOLE}\n甲县,联合奖惩,采购,甲局,,2021-03-01,2021-04-01,某企业,,省时\n"
    )
    first, second = found.statements.to_dict("records")
    assert first["statement"].startswith("2021年3月1日，甲局印发《办法》，在水利领域")
    assert "2021年4月1日，甲局对某企业依法依规采取减少抽查，效果：省时。" in first["statement"]
    assert (first["missing"], second["missing"]) == ("", "文件、措施")
    assert (
        "按照《〔缺：文件〕》" in second["statement"] and "采取〔缺：措施〕" in second["statement"]
    )
    assert said(found, "notice") == [(3, "文件", "典型案例缺文件"), (3, "措施", "典型案例缺措施")]
    assert value(found, "甲县", "joint_domains") == 1


def test_blanks_inside_a_domain_make_no_second_one_and_what_begins_with_an_equals_sign_is_text(
    read,
):
    lines = [
        f"甲县,联合奖惩,政府采购,{WHOLE}",
        "甲县,联合奖惩,政府 采购,甲局,《办法》,2021-03-01,2021-02-01,=某企业,-减少,@省时",
    ]
    found = read(cases=CASES + "\n".join(lines) + "\n")
    assert value(found, "甲县", "joint_domains") == 1
    assert "对=某企业依法依规采取-减少，效果：@省时。" in found.statements["statement"].iloc[1]
    assert [line for line in said(found, "notice") if line[0]] == [
        (3, "实施日期", "实施早于文件印发")
    ]


def test_a_formula_that_was_never_computed_is_a_bad_case(read, tmp_path):
    table = pd.DataFrame(
        [["甲县", "联合奖惩", "采购", *WHOLE.split(",")[:-1], "=1+1"]],
        columns=CASES.strip().split(","),
    )
    table.to_excel(tmp_path / "cases.xlsx", index=False)
    assert said(read()) == [(2, "效果", "公式没有算出的值")]


def test_a_case_of_another_type_is_a_bad_case(read):
    found = read(cases=f"{CASES}甲县,分级,水利,{WHOLE}\n")
    assert said(found) == [(2, "类型", "没有这个类型")]


# --- the command ---


def call(*arguments):
    return CliRunner().invoke(cli, ["ledgers", *map(str, arguments)])


def test_the_command_writes_inputs_and_cases(read, tmp_path):
    read(objections=OBJECTIONS)
    results = tmp_path.with_name(f"{tmp_path.name}-out")
    out, cases = results / "inputs.csv", results / "cases.xlsx"
    results.mkdir()
    done = call(tmp_path, "--out", out, "--period", "2021-05", "--cases", cases)
    assert (done.exit_code, done.stderr) == (0, "")
    assert (
        "期间 2021-05，按 2021-05-31 的情况：案例 3 件，晚于这一天 0 件，有问题 0 件" in done.stdout
    )
    assert cc.read_inputs(out)["objections_handled"].tolist() == [2, 0, 0]
    book = openpyxl.load_workbook(cases)
    assert book.sheetnames == [
        "输入",
        "件数",
        "有问题的案例",
        "晚于截止日",
        "典型案例说明",
        "案例-异议处理",
    ]
    header, *lines = book["案例-异议处理"].iter_rows(values_only=True)
    assert header == (
        "县区",
        "文件",
        "工作表",
        "行",
        "案例",
        "说明",
        "异议处理工作日合计",
        "已处理异议件数",
    )
    assert [line[-2:] for line in lines] == [(1, 1), (4, 1)]


def test_the_command_takes_the_days_to_report(read, tmp_path):
    read(dual=DUAL + "甲县,2021-05-06,2021-05-17,是,2021-05-17,\n")
    out = tmp_path.with_name(f"{tmp_path.name}-out.parquet")
    for days, timely, more in (("7", 0, []), ("8", 1, ["--force"])):
        done = call(tmp_path, "--out", out, "--period", "2021-05", "--report-days", days, *more)
        assert done.exit_code == 0
        assert pd.read_parquet(out)["dual_timely"].tolist() == [timely]


def test_the_command_lists_bad_cases_and_does_the_rest(read, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "objections.csv").write_text(
        OBJECTIONS + "乙县,2021-05-06,2021-05-05\n", encoding="utf-8"
    )
    done = call(
        tmp_path / "in", "--out", tmp_path / "inputs.csv", "--cases", tmp_path / "cases.xlsx"
    )
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1 and "第 6 行，列 办结日期：办结早于受理" in done.stderr
    assert cc.read_inputs(tmp_path / "inputs.csv")["objections_handled"].fillna(-1).tolist() == [
        2,
        -1,
        0,
    ]
    rows = [
        *openpyxl.load_workbook(tmp_path / "cases.xlsx")["有问题的案例"].iter_rows(values_only=True)
    ]
    assert len(rows) == 2 and dict(zip(*rows, strict=True))["行"] == 6


@pytest.mark.parametrize("wrong", [["nowhere"], [".", "--period", "5"], [".", "--as-of", "5"]])
def test_a_wrong_call_is_2(read, tmp_path, monkeypatch, wrong):
    read(objections=OBJECTIONS)
    monkeypatch.chdir(tmp_path)
    done = call(*wrong, "--out", "out.csv")
    assert done.exit_code == 2 and done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_line_of_another_length_than_its_header_is_named(read):
    found = read(
        objections=OBJECTIONS, questionnaires="县区,回收日期,是否有效\n丁县,2021-05-01,是,\n"
    )
    problems = [p for p in found.problems if p.severity == "error"]
    assert [
        (p.file.rpartition("/")[2], p.row, "这一行有 4 列，表头有 3 列" in p.what) for p in problems
    ] == [("questionnaires.csv", 2, True)]
