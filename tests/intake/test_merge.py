"""Forms of many hands: what is filled in arrives, nothing is overwritten, and what is late is
named.
"""

import subprocess

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from support.filled import BOOK, MAY, VALUE, row_of, write_form

import creditcalc as cc
from creditcalc.cli.main import cli
from creditcalc.intake.merge import as_typed, merge_inputs, not_come_in, with_expected


def errors(merged):
    return [problem for problem in merged.problems if problem.severity == "error"]


# ------------------------------------------------------------------------------------------------
# LibreOffice


@pytest.fixture(scope="module")
def by_libreoffice(tmp_path_factory, soffice):
    """A form with something of every type, opened and saved by LibreOffice."""
    folder = tmp_path_factory.mktemp("office")
    values = {
        "uscc_total": 12431,
        "small_loans_curr": 9910.57,
        "budget": "是",
        "campaign_score": 2.25,
        "city_class": "地级市",
        "commitments": "=1500+87",
        "monitor_rank_mean": 87.25,
    }
    path = write_form(
        folder / "form.xlsx", values, notes=[("uscc_total", "市场监管局", "含个体工商户")]
    )
    saved = folder / "saved"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [
            soffice,
            profile,
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(saved),
            str(path),
        ],
        check=True,
        timeout=300,
    )
    return saved / "form.xlsx"


def test_a_form_saved_by_libreoffice_reads_without_loss(by_libreoffice):
    merged = merge_inputs([by_libreoffice], BOOK)
    assert merged.problems == []
    assert merged.table.iloc[0].dropna().to_dict() == {
        **{"jurisdiction": "范县", "period": MAY, "level": "county", "city": "濮阳市"},
        **{
            "uscc_total": 12431,
            "small_loans_curr": 9910.57,
            "budget": 1,
            "campaign_score": 2.25,
            "city_class": "prefecture",
        },
        **{
            "commitments": 1587,
            "monitor_rank_mean": 87.25,
        },  # the formula's value, worked out by LibreOffice
    }
    assert merged.notes.to_dict("records") == [
        {
            "jurisdiction": "范县",
            "period": MAY,
            "input": "uscc_total",
            "label": "统一社会信用代码总数",
            "value": 12431,
            "source": "市场监管局",
            "remark": "含个体工商户",
        }
    ]


def test_libreoffice_keeps_what_guides_the_clerk(by_libreoffice):
    sheet = openpyxl.load_workbook(by_libreoffice).active
    assert sheet.protection.sheet
    assert not sheet.cell(row_of(sheet, "budget"), VALUE).protection.locked
    assert sheet.cell(row_of(sheet, "budget"), 1).protection.locked
    checks = {
        kind: [c for c in sheet.data_validations.dataValidation if c.type == kind]
        for kind in ("list", "whole", "decimal")
    }
    cell = {
        name: sheet.cell(row_of(sheet, name), VALUE).coordinate
        for name in ("budget", "uscc_total", "campaign_score")
    }
    assert any(cell["budget"] in c.sqref and c.formula1 == '"是,否"' for c in checks["list"])
    assert any(cell["uscc_total"] in c.sqref and c.formula1 == "0" for c in checks["whole"])
    assert any(cell["campaign_score"] in c.sqref and c.formula2 == "3" for c in checks["decimal"])


# ------------------------------------------------------------------------------------------------
# forms that were changed


def test_a_merged_cell_is_named_and_hides_nothing(tmp_path):
    def merge(sheet):
        row = row_of(sheet, "default_gov_bonds")
        sheet.merge_cells(start_row=row, end_row=row + 1, start_column=VALUE, end_column=VALUE)

    path = write_form(tmp_path / "a.xlsx", {"default_gov_bonds": 0}, change=merge)
    sheet = openpyxl.load_workbook(path).active
    (problem,) = errors(merge_inputs([path], BOOK))
    row = row_of(sheet, "default_hidden_debt")
    assert (problem.sheet, problem.row, problem.column, problem.jurisdiction) == (
        "范县",
        row,
        "填报值",
        "范县",
    )
    assert "合并单元格" in problem.what and problem.value == f"合并单元格 E{row - 1}:E{row}"


def test_merged_cells_that_say_nothing_are_blank(tmp_path):
    def merge(sheet):
        row = row_of(sheet, "default_gov_bonds")
        sheet.merge_cells(start_row=row, end_row=row + 1, start_column=VALUE, end_column=VALUE)

    assert (
        merge_inputs(
            [write_form(tmp_path / "a.xlsx", {"budget": "是"}, change=merge)], BOOK
        ).problems
        == []
    )


def test_a_county_merged_over_its_rows_in_a_table_is_named(tmp_path):
    workbook = openpyxl.Workbook()
    for line in (["县区", "期间", "budget"], ["范县", "2021-04", "是"], [None, MAY, "是"]):
        workbook.active.append(line)
    workbook.active.merge_cells("A2:A3")
    workbook.save(tmp_path / "a.xlsx")
    found = errors(merge_inputs([tmp_path / "a.xlsx"], BOOK))
    assert [(problem.row, problem.column, problem.value) for problem in found] == [
        (3, "县区", "合并单元格 A2:A3")
    ]


# ------------------------------------------------------------------------------------------------
# merging


def test_a_blank_never_overwrites_a_value_whatever_the_order(tmp_path):
    one = write_form(tmp_path / "1.xlsx", {"uscc_total": 100, "budget": "是"})
    two = write_form(tmp_path / "2.xlsx", {"uscc_errors": 2, "budget": "是"})
    for paths in ([one, two], [two, one]):
        merged = merge_inputs(paths, BOOK)
        assert merged.problems == []
        assert merged.table.loc[0, ["uscc_total", "uscc_errors", "budget"]].tolist() == [100, 2, 1]
        assert len(merged.table) == 1


def test_two_values_that_differ_are_both_refused(tmp_path):
    paths = [
        write_form(tmp_path / f"{n}.xlsx", {"uscc_total": n, "budget": "是"})
        for n in (100, 101, 100)
    ]
    merged = merge_inputs([paths[0], paths[1]], BOOK)
    assert [(problem.value, problem.jurisdiction) for problem in errors(merged)] == [
        ("100", "范县"),
        ("101", "范县"),
    ]
    assert str(paths[1]) in errors(merged)[0].what and str(paths[0]) in errors(merged)[1].what
    assert pd.isna(merged.table["uscc_total"].iloc[0]) and merged.table["budget"].tolist() == [1]


def test_a_part_of_one_form_is_held_against_the_whole_of_another(tmp_path):
    whole = write_form(tmp_path / "1.xlsx", {"uscc_total": 5})
    part = write_form(tmp_path / "2.xlsx", {"uscc_errors": 6})
    (problem,) = errors(merge_inputs([whole, part], BOOK))
    assert problem.file == str(part) and "大于" in problem.what


def test_what_has_not_come_in(tmp_path):
    paths = [
        write_form(tmp_path / "1.xlsx", {"budget": "是"}),
        write_form(tmp_path / "2.xlsx", {}, county="南乐县"),
    ]
    table = merge_inputs(paths, BOOK).table
    waiting = {w.jurisdiction: w for w in not_come_in(with_expected(table, ["台前县"]), BOOK)}
    assert {name: w.late for name, w in waiting.items()} == {
        "台前县": True,
        "范县": True,
        "南乐县": True,
    }
    assert "policy_score" not in waiting["范县"].inputs  # the city's to say
    table.loc[table["jurisdiction"] == "范县", "uscc_total"] = 1
    (fan,) = [w for w in not_come_in(table, BOOK) if w.jurisdiction == "范县"]
    assert not fan.late and "uscc_total" not in fan.inputs and "uscc_errors" in fan.inputs


def test_a_county_that_has_not_come_in_leaves_its_citys_sums_open(tmp_path):
    path = write_form(tmp_path / "1.xlsx", {"uscc_total": 100, "default_gov_bonds": 1})
    out = tmp_path / "all.csv"
    done = CliRunner().invoke(
        cli, ["merge", str(path), "--out", str(out), "--county", "台前县", "--county", "范县"]
    )
    assert done.exit_code == 0, done.output
    table = cc.read_inputs(out)
    assert table[["jurisdiction", "city", "level"]].to_numpy().tolist() == [
        ["范县", "濮阳市", "county"],
        ["台前县", "濮阳市", "county"],
    ]
    city = cc.roll_up(table, BOOK).table.set_index("level").loc["city"]
    assert pd.isna(city["uscc_total"])
    named = with_expected(merge_inputs([path], BOOK).table, ["濮阳市"])
    assert named["level"].tolist() == ["county", "city"]  # the city itself may be late


def test_the_row_of_a_late_county_takes_no_city_by_guess():
    rows = [("范县", "2021-04", "county", "濮阳市"), ("甲县", MAY, "county", "安阳市")]
    table = pd.DataFrame(rows, columns=["jurisdiction", "period", "level", "city"])
    late = with_expected(table, ["范县", "台前县"]).iloc[2:]
    assert late[["jurisdiction", "period", "city"]].to_numpy().tolist() == [
        ["台前县", "2021-04", ""],
        ["范县", MAY, "濮阳市"],
        ["台前县", MAY, ""],
    ]


def test_the_sample_survives_being_typed_again(tmp_path):
    table = cc.read_inputs("data/sample")
    as_typed(table, BOOK).to_csv(tmp_path / "again.csv", index=False)
    pd.testing.assert_frame_equal(cc.read_inputs(tmp_path / "again.csv"), table)


def test_the_command_adds_a_late_form_to_the_table_of_the_others(tmp_path):
    early = write_form(
        tmp_path / "1.xlsx", {"budget": "是", "uscc_total": 12431}, notes=[("budget", "财政局", "")]
    )
    late = write_form(tmp_path / "2.xlsx", {"work_plan": "否"}, county="台前县")
    out, notes = tmp_path / "all.csv", tmp_path / "notes.csv"
    first = CliRunner().invoke(cli, ["merge", str(early), "--out", str(out), "--county", "台前县"])
    assert (
        first.exit_code == 0
        and "台前县 2021-05：还没有报来" in first.output
        and "--notes" in first.output
    )
    refused = CliRunner().invoke(cli, ["merge", str(late), "--out", str(out)])
    assert refused.exit_code == 2 and "已经有了" in refused.output
    second = CliRunner().invoke(
        cli, ["merge", str(late), str(out), "--out", str(out), "--notes", str(notes)]
    )
    assert second.exit_code == 0, second.output
    table = cc.read_inputs(out).set_index("jurisdiction")
    assert ".0" not in out.read_text(encoding="utf-8-sig")
    assert (table.loc["范县", "budget"], table.loc["台前县", "work_plan"]) == (1, 0)
