"""Evidence and tasks: how each material stands, what that puts at stake, and the workbook that is
handed in.
"""

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

import creditcalc as cc
from creditcalc.batch.provenance import file_digests, made_of
from creditcalc.cli.main import cli
from creditcalc.evidence.register import DONE, SPARED, UNSTATED, asked, check_evidence
from creditcalc.evidence.worklog import units

BOOK = cc.load_rulebook()
MAY = "2021-05"
HEAD = "县区,编号,佐证材料,已交,已盖章,材料日期,报送单位,截止日期"
PLACES = [("甲市", "甲市"), ("甲市", "甲县")]


def study(folder, lines, as_of=""):
    """A city with one county that has 3 of 7 for its classes and full marks for its domains, and
    these lines of evidence.
    """
    classes = [name for name in BOOK.inputs if name.startswith("share_")]
    flags = ["是"] * 3 + ["否"] * (len(classes) - 3)
    header = ["jurisdiction", "period", "level", "joint_domains", *classes]
    rows = [["甲市", MAY, "city", "", *[""] * len(classes)], ["甲县", MAY, "county", "9", *flags]]
    (folder / "data.csv").write_text(
        "\n".join(",".join(row) for row in [header, *rows]), encoding="utf-8"
    )
    (folder / "evidence.csv").write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    return cc.open_study(folder / "data.csv", as_of=as_of)


def states(page, id):
    frame = page.materials
    return frame[(frame["jurisdiction"] == page.name) & (frame["id"] == id)]["state"].tolist()


CASES = {
    "nothing": ([], "S7.3", ["未交", "未交"]),
    "not yet": (["甲县,S7.3,1,否,,,,"], "S7.3", ["未交", "未交"]),
    "a text or a number": (
        [
            "甲县,S7.3,1,是,,,,",
            "甲县,S7.3,按规定格式写明时间、部门、文件、对象、措施、效果的典型案例,是,是,,,",
        ],
        "S7.3",
        [DONE, DONE],
    ),
    "no seal": (["甲县,S7.3,2,是,,,,"], "S7.3", ["未交", "未盖章"]),
    "no date": (
        ["甲县,S2.1,1,是,,,,", "甲县,S2.1,2,是,,2018-05-31,,"],
        "S2.1",
        ["没有材料日期", "材料日期不在期限内"],
    ),
    "on the window's ends": (
        ["甲县,S2.1,1,是,,2018-06-01,,", "甲县,S2.1,2,是,,2021-06-30,,"],
        "S2.1",
        [DONE, DONE],
    ),
    "one is enough": (["甲县,S5.3,2,是,,,,"], "S5.3", [SPARED, DONE, SPARED]),
    "one that is not sealed is none": (
        ["甲县,S5.3,1,是,否,,,"],
        "S5.3",
        ["未盖章", "未交", "未交"],
    ),
}


@pytest.mark.parametrize(("lines", "id", "expected"), CASES.values(), ids=CASES)
def test_how_a_material_stands(tmp_path, lines, id, expected):
    assert states(study(tmp_path, lines).county("甲县", MAY), id) == expected


def test_what_the_ledger_does_not_state_is_not_asked_for(tmp_path):
    city = study(tmp_path, []).city("甲市", MAY)
    assert states(city, "S5.2.1") == [UNSTATED]
    assert city.evidence_word("S5.2.1") == "已佐证"


def test_a_score_is_evidenced_when_all_its_materials_are(tmp_path):
    lines = ["甲县,S7.3,1,是,,,,", "甲县,S5.3,2,是,,,,"]
    page = study(tmp_path, lines).county("甲县", MAY)
    assert (page.evidence_word("S5.3"), page.evidence_word("S7.3")) == ("已佐证", "未佐证")
    totals = page.group.worklog.totals.set_index("jurisdiction").loc["甲县"]
    assert (totals["score"], totals["evidenced"]) == (3 + 7, 3)
    stake = page.materials.set_index(["id", "number"])["stake"]
    assert (stake["S7.3", 1], stake["S7.3", 2], stake["S5.3", 1]) == (0, 7, 0)


def test_a_countys_share_of_what_is_the_citys_to_prove_is_proved_by_the_city(tmp_path):
    for lines, word in (([], "未佐证"), (["甲市,B09,1,是,,2021-06-30,,"], "已佐证")):
        assert study(tmp_path, lines).county("甲县", MAY).evidence_word("B09") == word


def test_overdue_comes_first_and_counts_from_the_day_that_is_given(tmp_path):
    lines = ["甲县,S7.3,1,否,,,,2021-05-20"]
    for as_of, late in (("2021-05-20", []), ("", [("S7.3", 1)]), ("2021-06-02", "all")):
        tasks = study(tmp_path, lines, as_of).county("甲县", MAY).group.worklog.tasks
        overdue = [(id, n) for id, n in tasks.loc[tasks["overdue"], ["id", "number"]].to_numpy()]
        assert overdue == late if late != "all" else len(overdue) == len(tasks)
        assert tasks["overdue"].is_monotonic_decreasing
    assert tasks["gate"].iloc[0], "what decides eligibility comes before points"


def test_no_table_is_no_evidence_at_all(tmp_path):
    page = study(tmp_path, []).county("甲县", MAY)
    (tmp_path / "evidence.csv").unlink()
    bare = cc.open_study(tmp_path / "data.csv").county("甲县", MAY)
    assert bare.group.worklog is None and bare.evidence_word("S7.3") == "" and bare.materials.empty
    assert page.group.worklog is not None


def test_pages_are_made_of_the_evidence_too(tmp_path):
    given = ([], ["甲市,S8.2,1,是,,,,"], ["甲市,S8.2,1,是,,,,", "甲县,S7.3,1,是,,,,"])
    assert len({made_of(study(tmp_path, lines), "甲市") for lines in given}) == len(given)


FAULTS = [
    ("乙县,S7.3,1,是,,,,", "没有这个县区", "甲县"),
    ("甲县,S7.9,1,是,,,,", "没有这个指标", "S7.3"),
    ("甲县,S7.3,照片,是,,,,", "没有要这份材料", "典型案例"),
    ("甲县,S7.3,1,也许,,,,", "不是“是”或“否”", "是 或 否"),
    ("甲县,S7.3,1,是,,昨天,,", "不是日期", "2021-05-31"),
    (",S7.3,1,是,,,,", "没有填县区", "县区"),
]


def test_every_fault_of_the_table_is_listed_at_once_and_the_rest_counts(tmp_path):
    path = tmp_path / "evidence.csv"
    path.write_text(
        "\n".join([HEAD, *(line for line, _, _ in FAULTS), "甲县,S5.3,2,是,,,,"]), encoding="utf-8"
    )
    given = check_evidence([path], BOOK, PLACES)
    found = {problem.row: problem for problem in given.problems}
    for row, (_, what, cure) in enumerate(FAULTS, 2):
        assert what in found[row].what and cure in found[row].cure and found[row].file == str(path)
    assert given.table["id"].tolist() == ["S5.3"]


def test_a_material_that_stands_there_twice_counts_for_neither_line(tmp_path):
    path = tmp_path / "evidence.csv"
    path.write_text(
        "\n".join([HEAD, "甲县,S7.3,1,是,,,,", "甲县,S7.3,信用查询嵌入办理流程的制度文件,否,,,,"]),
        encoding="utf-8",
    )
    given = check_evidence([path], BOOK, PLACES)
    assert [problem.row for problem in given.problems] == [2, 3] and given.table.empty
    assert [problem.what for problem in given.problems] == [
        f"同一材料不止一行，还有 {path}，第 {row} 行" for row in (3, 2)
    ]


def test_a_fault_of_the_evidence_refuses_no_page(tmp_path):
    found = study(tmp_path, ["甲县,S7.9,1,是,,,,"])
    assert (
        [p.what for p in found.checked.errors] == ["没有这个指标"]
        and not found.checked.unsound
        and not found.checked.short
    )


def test_every_unit_of_the_ledger_has_its_part(tmp_path):
    study = cc.open_study()
    city, offices = study.city("濮阳市", MAY), [study.office(name) for name in units(BOOK)]
    assert {rule.id for office in offices for rule in office.rules} == set(BOOK.rules)
    bureau = study.office("财政局", "濮阳市", MAY)
    assert (
        set(bureau.actions["id"])
        <= set(bureau.items()["id"])
        == {r.id for r in BOOK.rules.values() if "财政局" in r.units}
    )
    counts = city.offices().set_index("office")
    assert counts.loc["财政局", "asked"] == sum(
        "财政局" in (*r.lead, *r.units) for r, _, _ in asked(BOOK, "city")
    )
    assert counts.loc[BOOK.county_unit, "asked"] >= len(city.counties) * len(
        list(asked(BOOK, "county"))
    )


# ------------------------------------------------------------------------------------------------
# the workbook


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    path = tmp_path_factory.mktemp("out") / "台账.xlsx"
    result = CliRunner().invoke(
        cli,
        ["worklog", "data/sample", "--period", MAY, "--as-of", "2021-06-02", "--out", str(path)],
    )
    assert result.exit_code == 0, result.output
    assert "濮阳市" in result.output and "财政局" in result.output
    return openpyxl.load_workbook(path)


def cells(sheet):
    rows = list(sheet.iter_rows(values_only=True))
    return pd.DataFrame(rows[2:], columns=rows[1])


def test_the_ledgers_own_tables_are_there_in_its_form(workbook):
    base, items = cells(workbook["基础指标"]), cells(workbook["评分指标"])
    assert list(base) == ["序号", "指标", "佐证材料", "责任单位", "完成情况"]
    assert list(items) == ["项目", "评估内容", "满分", "得分", "佐证材料", "责任单位", "完成情况"]
    assert (len(base), len(items)) == (12, 44) and items["满分"].iloc[:41].sum() == pytest.approx(
        100
    )
    score = cc.open_study().city("濮阳市", MAY).card.totals()["score"].iloc[-1]
    assert items["得分"].iloc[:41].fillna(0).sum() == pytest.approx(score)
    assert (
        base["完成情况"].str.contains("已过期").any()
        and base["完成情况"].str.contains("已佐证").any()
    )


def test_a_sheet_per_unit_says_what_it_loses_and_owes(workbook):
    assert set(units(BOOK)) <= {sheet.title for sheet in workbook} | {"各县（区）人民政府、管委会"}
    sheet = cells(workbook["金融工作局"])
    assert set(sheet["编号"]) == {
        r.id for r in BOOK.rules.values() if "金融工作局" in (*r.lead, *r.units)
    }
    assert sheet["对策"].str.contains("万元").any()


def test_the_workbook_is_fit_to_hand_in(workbook):
    for sheet in workbook:
        assert sheet["A1"].value.startswith("濮阳市 2021-05") and sheet["A1"].font.bold
        assert sheet.freeze_panes == "A3" and sheet.print_title_rows == "$1:$2"
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (
            9,
            "landscape",
        ) and sheet.sheet_properties.pageSetUpPr.fitToPage
    notes = cells(workbook["说明"]).set_index("项目")["内容"]
    assert (
        len(notes["数据指纹"]) == 64
        and "between" in notes["读法 proportional"]
        and "示例" in notes["数据"]
    )


def test_a_call_that_cannot_be_answered_says_why(tmp_path):
    (tmp_path / "data.csv").write_text(
        f"jurisdiction,period,level\n甲市,{MAY},city\n", encoding="utf-8"
    )
    result = CliRunner().invoke(cli, ["worklog", str(tmp_path / "data.csv")])
    assert result.exit_code == 2 and "evidence" in result.output


def test_what_a_county_hands_in_for_its_city_is_noticed(tmp_path):
    found = study(tmp_path, ["甲县,B08,1,是,,2021-05-01,,"])
    assert [(p.severity, p.row) for p in found.problems if "由市里报送" in p.what] == [
        ("notice", 2)
    ]


def test_a_countys_worklog_says_what_its_city_still_owes(tmp_path):
    study(tmp_path, [])
    result = CliRunner().invoke(
        cli,
        [
            "worklog",
            str(tmp_path / "data.csv"),
            "--county",
            "甲县",
            "--out",
            str(tmp_path / "a.xlsx"),
        ],
    )
    assert result.exit_code == 0, result.output
    rows = cells(openpyxl.load_workbook(tmp_path / "a.xlsx")["评分指标"]).set_index("评估内容")[
        "完成情况"
    ]
    (budget,) = [text for name, text in rows.items() if name.startswith("S8.2")]
    assert "未佐证" in budget and "市里还缺 经费保障证明材料" in budget


def test_the_digest_covers_all_evidence_beside_a_file(tmp_path):
    study(tmp_path, [])
    pd.DataFrame([["甲县"]], columns=["县区"]).to_excel(tmp_path / "evidence.xlsx", index=False)
    assert set(file_digests(tmp_path / "data.csv")) == {"data.csv", "evidence.csv", "evidence.xlsx"}


# ------------------------------------------------------------------------------------------------
# two files, two cities


def as_workbook(path, *lines):
    pd.DataFrame([line.split(",") for line in lines], columns=HEAD.split(",")).to_excel(
        path, index=False
    )


def test_a_csv_and_a_workbook_of_evidence_are_one_table(tmp_path):
    as_workbook(tmp_path / "Evidence.xlsx", "甲县,S7.3,2,是,是,,,")
    found = study(tmp_path, ["甲县,S7.3,1,是,,,,"])
    assert states(found.county("甲县", MAY), "S7.3") == [DONE, DONE]
    assert not found.checked.problems


def test_one_material_in_both_files_names_both_places_and_counts_in_neither(tmp_path):
    as_workbook(tmp_path / "evidence.xlsx", "甲县,S7.3,1,否,,,,", "甲县,S7.3,2,是,是,,,")
    found = study(tmp_path, ["甲县,S7.3,1,是,,,,"])
    places = ["evidence.csv，第 2 行", "evidence.xlsx，工作表 Sheet1，第 2 行"]
    errors = sorted(map(str, found.checked.errors))
    assert len(errors) == 2
    for error, here, there in zip(errors, places, reversed(places), strict=True):
        assert error.startswith(here) and there in error.removeprefix(here)
    assert states(found.county("甲县", MAY), "S7.3") == ["未交", DONE]


def test_evidence_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "evidence.xls").write_bytes(b"x")
    found = study(tmp_path, ["甲县,S7.3,1,是,,,,"])
    assert [(p.file, p.what) for p in found.checked.errors] == [
        ("evidence.xls", "不读这种格式的文件")
    ]


def of_two_cities(folder, header, *lines):
    """Two cities, each with a county named 范县 and one of its own."""
    rows = [f"{name},{MAY},{level},{city},{domains}" for name, level, city, domains in TWO_CITIES]
    text = "\n".join(["jurisdiction,period,level,city,joint_domains", *rows])
    (folder / "data.csv").write_text(text, encoding="utf-8")
    (folder / "evidence.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    return cc.open_study(folder / "data.csv")


TWO_CITIES = [
    *(("甲市", "city", "", ""), ("范县", "county", "甲市", "9"), ("甲县", "county", "甲市", "9")),
    *(("乙市", "city", "", ""), ("范县", "county", "乙市", "9"), ("乙县", "county", "乙市", "9")),
]


def test_evidence_is_one_city_s_county_s(tmp_path):
    both = ["范县,甲市,S7.3,1,是,", "范县,甲市,S7.3,2,是,是"]
    found = of_two_cities(
        tmp_path,
        "县区,所属市,编号,佐证材料,已交,已盖章",
        *both,
        "乙县,,S7.3,1,是,",
        "乙市,,B09,1,否,",
    )
    assert not found.checked.errors
    mine, theirs = (found.county("范县", MAY, city) for city in ("甲市", "乙市"))
    assert (states(mine, "S7.3"), states(theirs, "S7.3")) == ([DONE, DONE], ["未交", "未交"])
    assert (mine.evidence_word("S7.3"), theirs.evidence_word("S7.3")) == ("已佐证", "未佐证")
    assert states(found.county("乙县", MAY), "S7.3") == [DONE, "未交"]
    for city, settled in (("甲市", 2), ("乙市", 1)):
        log = found.city(city, MAY).group.worklog
        materials = log.materials[
            (log.materials["id"] == "S7.3") & (log.materials["level"] == "county")
        ]
        assert materials["settled"].sum() == settled and set(log.materials["city"]) == {city}


@pytest.mark.parametrize(
    ("line", "what", "cure"),
    [
        ("范县,,S7.3,1,是", "几个市都有范县，不知道是哪一个", "加“所属市”一列，写 甲市、乙市 之一"),
        ("甲县,乙市,S7.3,1,是", "数据中这个市没有甲县", "所属市写 甲市"),
        ("丙县,甲市,S7.3,1,是", "数据中没有这个县区", "甲县"),
    ],
)
def test_whose_evidence_a_line_is_has_to_be_clear(tmp_path, line, what, cure):
    found = of_two_cities(tmp_path, "县区,所属市,编号,佐证材料,已交", line)
    (error,) = found.checked.errors
    assert (error.row, error.what) == (2, what) and cure in error.cure
    assert found.given.empty


def test_a_city_without_a_row_of_its_own_hands_in_too(tmp_path):
    (tmp_path / "data.csv").write_text(
        f"jurisdiction,period,city\n甲县,{MAY},甲市\n", encoding="utf-8"
    )
    (tmp_path / "evidence.csv").write_text(f"{HEAD}\n甲市,B09,1,是,,2021-06-30,,", encoding="utf-8")
    found = cc.open_study(tmp_path / "data.csv")
    assert not found.checked.errors and found.city("甲市", MAY).evidence_word("B09") == "已佐证"
