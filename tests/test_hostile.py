"""Whatever a county types is text or is refused by name; a rulebook holds no code; what may be
anything may be anything.

The real notebooks make the pages of one county and its city twice: with hostile names and texts,
and with plain ones.
"""

import csv
import io
import re
import resource
import time
from decimal import Decimal
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import unquote

import nbformat
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.places import SAMPLE, TESTS

import creditcalc as cc
from creditcalc.batch.plan import Options
from creditcalc.batch.runner import run
from creditcalc.case_lists import read_ledgers
from creditcalc.cli.main import cli
from creditcalc.evidence.register import check_evidence
from creditcalc.files import safe_names
from creditcalc.intake.checked_table import check_inputs
from creditcalc.intake.merge import as_typed, merge_inputs
from creditcalc.problems import Problem
from creditcalc.render.workbook import write_table, write_workbook
from creditcalc.spreadsheet import computed, marked, unmarked

BOOK = cc.load_rulebook()
TYPED = pd.read_csv(SAMPLE / "indicators.csv", dtype=str)
EVIDENCE = pd.read_csv(SAMPLE / "evidence.csv", dtype=str)
SMALL = (TESTS / "rules" / "rulebooks" / "small.toml").read_text(encoding="utf-8")
PERIOD = "2021-05"
MINE = "<script>'\"&lt;**x**[a](http://x)![](x){{7*7}}{0}"
CITY = "</h1><svg onload=alert(1)>{% x %}]]>-->"
NAMES = [
    '"><img src=x onerror=alert(1)>',
    "../../x",
    "CON",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "{{cycler.__init__.__globals__}}",
    "`rm` <!-- \\frac{1}{0} $",
    "_甲&amp;'乙'$x_1$",
    "javascript:alert(1)",
]
REMARK = (
    '<script>alert(1)</script>\n=HYPERLINK("http://x")\n**x** {{7*7}} \u202e反\u202c\r'
    + "长" * 10_000
)
SAID = [
    "<b onclick=x>办</b>",
    "{{7*7}}{% x %}{0}",
    "**x**[a](http://x)![](x)",
    "\u202e倒着\u202c",
    "两\n行",
    "长" * 10_000,
]
REFUSED = [
    "甲\n县",
    "甲\x00县",
    "\u202e县",
    "甲\u200b县",
    "长" * 10_000,
    '=HYPERLINK("http://x","点")',
    "\x1b[31m红",
]
FOREIGN = {"script", "iframe", "object", "embed", "base", "form", "img", "foreignobject"}
LAID_OUT = {
    ("span", "class"),
    ("td", "class"),
    ("th", "class", "scope"),
}  # as long texts and states need it


# ------------------------------------------------------------------------------------------------
# pages and workbooks


class Structure(HTMLParser):
    """A page's elements with the names of their attributes, all links, and its text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.links, self.parts = set(), [], []
        self.feed(page)
        self.text = " ".join("".join(self.parts).split())

    def handle_starttag(self, tag, attrs):
        self.elements.add((tag, *sorted(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        self.parts.append(data)


def write_data(folder, names, city, said, remark):
    """The sample's last two periods and its evidence under other names and with other remarks."""
    folder.mkdir(parents=True)
    rows = TYPED[TYPED["period"].isin(["2021-04", PERIOD]) & (TYPED["level"] != "direct")]
    places = rows["jurisdiction"].drop_duplicates().tolist()
    counties = [name for name in places if name != "濮阳市"]
    called = dict(zip(counties, names, strict=True)) | {"濮阳市": city}
    table = rows.assign(jurisdiction=rows["jurisdiction"].map(called), city=city, remark=remark)
    table.to_csv(folder / "indicators.csv", index=False)
    given = EVIDENCE[EVIDENCE["县区"].isin(called)].reset_index(drop=True)
    texts = [said[n % len(said)] for n in given.index]
    given.assign(县区=given["县区"].map(called), 报送单位=texts, 备注=texts).to_csv(
        folder / "evidence.csv", index=False
    )
    return folder


def made_of(folder, names, city, said, remark):
    """The pages of one county and its city, with the folder of the data."""
    data = write_data(folder, names, city, said, remark)
    options = Options(
        data=data,
        counties=(names[0],),
        out=folder.parent / "报告",
        jobs=2,
        units=False,
        period=PERIOD,
    )
    outcome = run(options, progress=False)
    assert outcome.complete, [page.error for page in outcome.pages]
    pages = {page.kind: outcome.folder / page.file for page in outcome.pages if page.file}
    pages["index"] = outcome.folder / "index.html"
    shown = {kind: Structure(path.read_text(encoding="utf-8")) for kind, path in pages.items()}
    return SimpleNamespace(data=data, folder=outcome.folder, pages=shown, run=outcome)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    count = TYPED[TYPED["level"] == "county"]["jurisdiction"].nunique()
    names = [MINE, *NAMES, *(f"县{n}" for n in range(count))][:count]
    return made_of(
        tmp_path_factory.mktemp("外") / "{{7*7}}<b>'\"{0} 数据", names, CITY, SAID, REMARK
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    count = TYPED[TYPED["level"] == "county"]["jurisdiction"].nunique()
    return made_of(
        tmp_path_factory.mktemp("里") / "数据",
        [f"第{n}县" for n in range(count)],
        "某市",
        ["某局"],
        "记",
    )


@pytest.mark.parametrize("kind", ["county", "city", "index"])
def test_no_element_attribute_or_link_of_a_page_comes_from_data(hostile, plain, kind):
    page, other = hostile.pages[kind], plain.pages[kind]
    assert page.elements - other.elements <= LAID_OUT
    assert {tag for tag, *_ in page.elements} & FOREIGN == (
        {"script"} if kind == "index" else set()
    )
    assert [
        link for link in page.links if not link.startswith(("#", "./")) and link not in other.links
    ] == []
    stems = {f"./{name}" for page in hostile.run.pages for name in safe(page)} | {
        "./index.html",
        "./summary.xlsx",
    }
    assert {
        unquote(link).partition("#")[0] for link in page.links if link.startswith("./")
    } <= stems


def safe(page):
    """The files that a page may have."""
    return (
        [page.file]
        if page.file
        else [f"{name}.html" for name in safe_names({1: page.name}).values()]
    )


@pytest.mark.parametrize("kind", ["county", "city", "index"])
def test_names_are_on_the_pages_as_they_were_typed(hostile, kind):
    expected = {
        "county": [MINE, CITY],
        "city": [CITY, MINE, *NAMES[:4]],
        "index": [CITY, MINE, *NAMES[:4]],
    }[kind]
    assert [name for name in expected if name not in hostile.pages[kind].text] == []


def test_a_remark_of_any_length_is_on_the_page_as_text(hostile):
    assert " ".join(REMARK.split()) in hostile.pages["county"].text


def test_pages_lie_in_the_period_s_folder_alone(hostile):
    inside = {
        path.relative_to(hostile.folder.parent).parts[0]
        for path in hostile.folder.parent.rglob("*")
    }
    assert inside <= {PERIOD, f".{PERIOD}.lock"}
    assert {path.name for path in hostile.folder.parents[1].iterdir()} == {
        hostile.data.name,
        "报告",
    }
    assert all(
        re.fullmatch(r"[^/\\<>:\"|?*]+\.html", page.file) for page in hostile.run.pages if page.file
    )


def texts_of(path):
    """Every cell of a workbook that holds something but a number."""
    cells = [
        cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row
    ]
    return [cell for cell in cells if cell.value is not None and cell.data_type not in ("n", "b")]


def assert_all_text(path, names):
    cells = texts_of(path)
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells if computed(cell.value) and not cell.quotePrefix] == []
    assert [name for name in names if not any(cell.value == name for cell in cells)] == []


def test_the_summary_holds_texts_alone(hostile):
    assert_all_text(hostile.folder / "summary.xlsx", [MINE, CITY, *NAMES[:5]])


def called(capsys, *arguments):
    """Exit status, stdout and stderr of a call of the command line."""
    with pytest.raises(SystemExit) as ended:
        cli.main([str(argument) for argument in arguments])
    return ended.value.code, *capsys.readouterr()


def test_the_worklog_holds_texts_alone(hostile, tmp_path, capsys):
    status, _, said = called(capsys, "worklog", hostile.data, "--out", tmp_path / "台账.xlsx")
    assert (status, said) == (0, "")
    assert_all_text(
        tmp_path / "台账.xlsx", [MINE, *NAMES[:5], *(text for text in SAID if "\n" not in text)]
    )


# ------------------------------------------------------------------------------------------------
# files and the log


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_what_score_and_merge_write_is_read_back_as_it_was(hostile, tmp_path, capsys, ending):
    before = check_inputs(hostile.data, BOOK).table
    assert called(capsys, "merge", hostile.data, "--out", tmp_path / f"m.{ending}")[0] == 0
    after = check_inputs(tmp_path / f"m.{ending}", BOOK)
    assert after.errors == []
    if (
        ending == "xlsx"
    ):  # a workbook's XML knows one kind of line end, and a cell 32,767 characters
        before["remark"] = before["remark"].str.replace("\r", "\n")
    pd.testing.assert_frame_equal(after.table[before.columns], before)
    assert called(capsys, "score", hostile.data, "--out", tmp_path / f"s.{ending}")[0] == 0
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "xlsx": pd.read_excel}[ending]
    frame = read(tmp_path / f"s.{ending}")
    names = before["jurisdiction"].unique()
    as_written = [marked(name) for name in names] if ending == "csv" else names.tolist()
    assert frame["jurisdiction"].unique().tolist() == as_written


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(TEXTS | st.sampled_from(["a\rb", '"', "'", "\r\n", "=1", "\ufeff"]), TEXTS),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_in_a_csv_that_is_written_comes_back(tmp_path, rows):
    write_table(tmp_path / "t.csv", pd.DataFrame(rows, columns=["甲", "乙"]))
    text = (tmp_path / "t.csv").read_bytes().decode("utf-8-sig")
    written = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))][1:]
    assert written == [tuple(map(marked, row)) for row in rows]
    assert [tuple(map(unmarked, row)) for row in written] == rows


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_no_name_is_refused_with_its_place_and_shown_on_one_line(tmp_path, name):
    table = pd.DataFrame(
        {"jurisdiction": ["甲县", name], "period": PERIOD, "city": "某市", "loans_xyd": "5"}
    )
    table.to_parquet(tmp_path / "t.parquet")
    checked = check_inputs(tmp_path / "t.parquet", BOOK)
    problem = checked.errors[0]
    assert checked.table["jurisdiction"].tolist() == ["甲县"]
    assert (problem.row, problem.column) == (2, "jurisdiction")
    assert str(problem).isprintable() and len(str(problem)) < 200 + len(str(tmp_path))


@pytest.mark.parametrize("name", REFUSED)
def test_evidence_and_ledgers_refuse_the_same_names(tmp_path, name):
    pd.DataFrame({"县区": [name], "编号": "B01", "佐证材料": "1", "已交": "是"}).to_parquet(
        tmp_path / "e.parquet"
    )
    given = check_evidence([tmp_path / "e.parquet"], BOOK, [("甲市", "甲县")])
    pd.DataFrame({"县区": ["甲县", name], "代码": "1", "主体名称": "x"}).to_parquet(
        tmp_path / "codes.parquet"
    )
    found = read_ledgers(tmp_path / "codes.parquet", period=PERIOD, book=BOOK)
    assert given.table.empty and found.table["jurisdiction"].tolist() == ["甲县"]
    assert all(str(problem).isprintable() for problem in given.problems + found.problems)
    assert any(problem.row == 2 and problem.column == "县区" for problem in found.errors)


def test_what_no_cell_of_excel_holds_is_refused_and_not_cut(tmp_path, capsys):
    table = pd.DataFrame(
        {
            "jurisdiction": ["甲县"],
            "period": PERIOD,
            "city": "某市",
            "loans_xyd": "5",
            "remark": "长" * 40_000,
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    status, _, said = called(capsys, "merge", tmp_path / "t.csv", "--out", tmp_path / "m.xlsx")
    assert status == 2 and "32,767" in said and not (tmp_path / "m.xlsx").exists()
    write_workbook(tmp_path / "w.xlsx", {"甲": table})
    cut = openpyxl.load_workbook(tmp_path / "w.xlsx")["甲"]["E2"].value
    assert len(cut) == 32_767 and cut.endswith("…")


def test_an_amount_too_small_to_divide_by_is_refused(tmp_path):
    tiny = "0." + "0" * 310 + "1"
    (tmp_path / "t.csv").write_text(
        f"jurisdiction,period,small_loans_prev\n甲县,2021-05,{tiny}\n", encoding="utf-8"
    )
    assert [(p.what, p.column) for p in check_inputs(tmp_path / "t.csv", BOOK).errors] == [
        ("数太小", "small_loans_prev")
    ]


def test_a_file_s_or_sheet_s_name_cannot_forge_a_line_of_the_log(tmp_path, capsys):
    path = tmp_path / "甲\n错误：假\x1b[31m\u202e.csv"
    path.write_text(
        "jurisdiction,period,loans_xyd\n甲县,2021-05,x\n甲县\x1b[31m,2021-05,1\n", encoding="utf-8"
    )
    _, out, err = called(capsys, "check", tmp_path)
    assert len(out.splitlines()) == 3 and err == ""
    assert all(line.isprintable() for line in out.splitlines())
    assert str(Problem("错", file="f", sheet="表\n\x1b")).isprintable()


@pytest.mark.parametrize(
    "text",
    [MINE, CITY, *NAMES, "'''\n1/0\n'''", "\\", "\\'", "a\nb", "\u202e", "长" * 10_000, "\0"],
)
def test_a_notebook_is_given_a_text_as_a_text(text):
    from papermill.parameterize import parameterize_notebook

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("county = None", metadata={"tags": ["parameters"]})]
    )
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    notebook.metadata["papermill"] = {}
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    scope = {}
    for cell in parameterize_notebook(notebook, {"county": text}).cells:
        exec(cell.source, scope)
    assert scope["county"] == text


def test_no_name_of_a_file_leaves_its_folder(tmp_path):
    labels = dict(
        enumerate(
            [
                MINE,
                CITY,
                *NAMES,
                *REFUSED,
                "nul.txt",
                "..",
                ".",
                "~",
                "-rf",
                "a/../b",
                "C:\\x",
                "\\\\x\\y",
            ]
        )
    )
    for name in safe_names(labels).values():
        path = (tmp_path / f"{name}.html").resolve()
        assert path.parent == tmp_path and name.isprintable()
        path.write_text("x", encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == len(labels)


# ------------------------------------------------------------------------------------------------
# rulebooks

DEEP = 10**5
RULEBOOKS = {
    "lists in lists": SMALL + "\nx = " + "[" * DEEP,
    "closed lists": SMALL + "\nx = " + "[" * DEEP + "]" * DEEP,
    "a list as a number": SMALL.replace("full = 10", "full = " + "[" * 200 + "]" * 200, 1),
    "tables in tables": SMALL + "\nx = " + "{a=" * DEEP,
    "a key of many parts": SMALL + "\n" + ".".join("a" * 20_000) + " = 1",
    "lines of keys of many parts": SMALL
    + "".join("\n" + ".".join([f"a{n}", *"a" * 19]) + " = 1" for n in range(10_000)),
    "a name of many parts": SMALL + "\n[" + ".".join("a" * 20_000) + "]",
    "a text of many parts": SMALL.replace(
        "[inputs]", "[inputs.zz]\nlabel" + ".a" * 3000 + " = 1\n[inputs]", 1
    ),
    "unknown keys": SMALL.replace(
        "[rulebook]", "[rulebook]\n" + "\n".join(f"k{n}=1" for n in range(50_000)), 1
    ),
    "unknown tables": SMALL + "".join(f"\n[t{n}]" for n in range(50_000)),
    "empty rules": SMALL + "\n[[items]]" * 50_000,
    "empty inputs": SMALL + "".join(f"\n[inputs.i{n}]" for n in range(25_000)),
    "an integer of 4,000 digits": SMALL.replace("full = 10", "full = " + "9" * 4000, 1),
    "an integer of 100,000 digits": SMALL.replace("full = 10", "full = " + "9" * DEEP, 1),
    "an integer of 400,000 hexadecimal digits": SMALL.replace(
        "full = 10", "full = 0x" + "f" * 400_000, 1
    ),
    "a text of 1 MB": SMALL.replace('id = "X1"', 'id = "' + "x" * 10**6 + '"', 1),
    "a key of 1 MB": SMALL.replace("[rulebook]", "[rulebook]\n" + "k" * 10**6 + "=1", 1),
    "a long name twice": SMALL + ("\n[" + "k" * 200_000 + "]") * 2,
    "a long kind": SMALL.replace('kind = "per_unit"', 'kind = "' + "p" * 400_000 + '"', 1),
    "50 MB": SMALL + "#x\n" * 17_000_000,
    "control characters": SMALL.replace('id = "X1"', 'id = "\x1b[31m"', 1),
}


def refusal(tmp_path, text):
    """What is said of a rulebook, within two seconds and little memory."""
    path = tmp_path / "b.toml"
    path.write_text(text, encoding="utf-8")
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(cc.RulebookError) as refused:
        cc.load_rulebook(path)
    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB
    problems = refused.value.problems
    assert 0 < len(problems) <= 1001 and all(
        str(p).isprintable() and len(str(p)) < 1000 for p in problems
    )
    return problems


@pytest.mark.parametrize("name", RULEBOOKS)
def test_a_monstrous_rulebook_is_refused_at_once(tmp_path, name):
    refusal(tmp_path, RULEBOOKS[name])


@pytest.mark.parametrize(
    "number",
    ["nan", "-nan", "inf", "-inf", "1e999", "9" * 400, "true", '"1"', "[1]", "{}", "2024-01-01"],
)
@pytest.mark.parametrize(
    "place",
    [
        "full = 10",
        "zero = 0.5",
        "full_at = 0.1",
        "each = 1",
        "at_least = 0.8",
        "factor = 2",
        "at_most = 50",
        "free = 3",
    ],
)
def test_a_threshold_is_a_finite_number(tmp_path, place, number):
    assert place in SMALL
    key = place.split(" = ")[0]
    problems = refusal(tmp_path, SMALL.replace(place, f"{key} = {number}", 1))
    assert any(key in f"{p.column}{p.what}" or p.value for p in problems)


@pytest.mark.parametrize("key", ["part_of", "kindred", "expected_within", "by"])
def test_a_reference_that_leads_nowhere_is_named(tmp_path, key):
    old, new = (
        ('by = "', 'by = "nothing_')
        if key == "by"
        else ('part_of = "pop_resident"', f'{key} = "nothing_"')
    )
    assert any("nothing_" in p.value for p in refusal(tmp_path, SMALL.replace(old, new, 1)))


@pytest.mark.parametrize(
    "ring", [{"pop_urban": "pop_urban"}, {"pop_urban": "pop_resident", "pop_resident": "pop_urban"}]
)
def test_a_part_of_itself_is_refused(tmp_path, ring):
    text = SMALL.replace(', part_of = "pop_resident"', "", 1)
    for name, whole in ring.items():
        text = text.replace(f"\n{name} = {{", f'\n{name} = {{ part_of = "{whole}",', 1)
    assert {p.column for p in refusal(tmp_path, text)} == {
        f"inputs.{name}.part_of" for name in ring
    }


@pytest.mark.parametrize(
    "window",
    ["{ from = 2021-01-01 }", '{ to = "2021年" }', '{ since = "2021-01-01" }', "{ from = nan }"],
)
def test_a_window_is_of_dates(tmp_path, window):
    problems = refusal(tmp_path, SMALL.replace('id = "X1"', f'id = "X1"\nwindow = {window}', 1))
    assert any(p.column.startswith("X1.window.") for p in problems)


def test_a_window_that_ends_before_it_begins_is_named(tmp_path):
    window = 'window = { from = "2021-06-01", to = "2021-05-31" }'
    [problem] = refusal(tmp_path, SMALL.replace('id = "X1"', f'id = "X1"\n{window}', 1))
    assert (problem.column, problem.value) == ("X1.window", "2021-06-01 至 2021-05-31")


# ------------------------------------------------------------------------------------------------
# any table, any scores

WORDS = [
    "",
    " ",
    "是",
    "否",
    "无",
    "1",
    "0",
    "-1",
    "1.5",
    "1,234",
    "１２",
    "1e5",
    "nan",
    "inf",
    "=1+1",
    "12%",
    "3家",
    "#N/A",
    "示例数据",
]
CELLS = {
    "text": st.sampled_from(WORDS)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6),
    "int": st.none() | st.integers(-(2**63), 2**63 - 1),
    "float": st.none() | st.floats(),
    "bool": st.none() | st.booleans(),
    "date": st.none() | st.dates(),
    "decimal": st.none() | st.decimals(-(10**9), 10**9, places=2),
}
COLUMNS = [
    "loans_xyd",
    "uscc_total",
    "portal_ideology_ok",
    "monitor_rank_mean",
    "city_class",
    "remark",
]


@st.composite
def tables(draw):
    """A table whose rows are named and whose other cells hold anything, each column of one type."""
    rows = draw(st.integers(1, 4))
    kinds = {
        name: CELLS["text" if name == "remark" else draw(st.sampled_from(sorted(CELLS)))]
        for name in COLUMNS
    }
    cells = {
        name: draw(st.lists(kind, min_size=rows, max_size=rows)) for name, kind in kinds.items()
    }
    keys = {"jurisdiction": [f"甲{n}县" for n in range(rows)], "period": PERIOD, "city": "某市"}
    return pd.DataFrame(
        keys | {name: pd.Series(values, dtype=object) for name, values in cells.items()}
    )


def said_by(cell, name):
    """What a cell that is neither blank nor wrong says, worked out apart from the library: None
    where it says nothing.
    """
    if cell is None or cell != cell or (isinstance(cell, str) and not cell.strip()):
        return None
    text = str(cell).strip()
    if name == "remark":
        return text
    if name == "city_class":
        return {
            **{i: i for i in BOOK.inputs[name].classes},
            **{v: k for k, v in BOOK.inputs[name].classes.items()},
        }.get(text)
    text = "".join(chr(ord(ch) - 0xFEE0) if "！" <= ch <= "～" else ch for ch in text).strip()
    if name == "portal_ideology_ok" and text.casefold() in (
        "是",
        "有",
        "true",
        "yes",
        "否",
        "无",
        "false",
        "no",
    ):
        return float(text.casefold() in ("是", "有", "true", "yes"))
    return float(Decimal(text.replace(",", "")))


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=tables(), ending=st.sampled_from(["csv", "xlsx", "parquet"]))
def test_no_cell_of_any_type_is_lost_or_changed_without_a_word(tmp_path, table, ending):
    write_table(tmp_path / f"t.{ending}", table)
    checked = check_inputs(tmp_path / f"t.{ending}", BOOK)
    first = 1 if ending == "parquet" else 2
    wrong = {(p.row, p.column) for p in checked.errors if p.row}
    if not wrong:
        assert checked.errors == []
    assert checked.table["jurisdiction"].tolist() == table["jurisdiction"].tolist()
    for n, name in ((n, name) for n in range(len(table)) for name in COLUMNS):
        cell, kept = table[name][n], checked.table[name][n]
        if (n + first, name) in wrong:
            assert pd.isna(kept)
        elif name == "remark":
            assert str(kept).strip() == (said_by(cell, name) or "")
        else:
            said = said_by(cell, name)
            assert pd.isna(kept) if said is None else kept == said


@pytest.mark.slow
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=tables(), ending=st.sampled_from(["csv", "xlsx", "parquet"]))
def test_what_is_merged_and_written_is_read_again_as_the_same_table(tmp_path, table, ending):
    write_table(tmp_path / "t.parquet", table)
    merged = merge_inputs([tmp_path / "t.parquet"], BOOK).table
    write_table(tmp_path / f"m.{ending}", as_typed(merged, BOOK))
    again = check_inputs(tmp_path / f"m.{ending}", BOOK)
    assert again.errors == []
    pd.testing.assert_frame_equal(again.table[merged.columns], merged)


NUMBERS = (
    st.sampled_from([None, 0, 1, 2, 3, 0.1, 7.5, 50, 1e-9, 1e15])
    | st.none()
    | st.floats(0, 1e15)
    | st.integers(0, 1000)
)


@st.composite
def numbers(draw):
    """Rows of inputs of their types, any of them missing, parts perhaps above their wholes."""
    rows = draw(st.integers(1, 3))
    kinds = {"flag": st.sampled_from([None, 0, 1]), "rank": st.none() | st.integers(1, 400)}
    frame = {"jurisdiction": [f"甲{n}县" for n in range(rows)], "period": PERIOD, "city": "某市"}
    frame["level"] = draw(
        st.lists(st.sampled_from(["county", "city"]), min_size=rows, max_size=rows)
    )
    for i in BOOK.inputs.values():
        kind = (
            st.none() | st.sampled_from(sorted(i.classes))
            if i.type == "class"
            else kinds.get(i.type, NUMBERS)
        )
        kind = kind if i.max is None else st.none() | st.floats(0, i.max)
        values = draw(st.lists(kind, min_size=rows, max_size=rows))
        frame[i.name] = pd.Series(values, dtype="str" if i.type == "class" else "float64")
    return pd.DataFrame(frame)


READINGS = st.fixed_dictionaries(
    {}, optional={r.id: st.sampled_from(list(r.options)) for r in BOOK.readings.values()}
)


@pytest.mark.slow
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow],
)
@given(table=numbers(), readings=READINGS)
def test_points_and_totals_are_within_their_bounds_and_add_up(table, readings):
    card = cc.score(table, BOOK, readings)
    items, bonus = ([rule.id for rule in BOOK.of_kind(kind)] for kind in ("item", "bonus"))
    full, low, high, points = (
        sheet[items + bonus] for sheet in (card.full, card.low, card.high, card.points)
    )
    assert ((low >= 0) & (low <= high) & (high <= full)).all(axis=None)
    assert (points.isna() | ((low <= points) & (points <= high))).all(axis=None)
    assert np.allclose(full[items].sum(axis=1), 100, rtol=0, atol=1e-9)
    totals = card.totals()
    for name, sheet in (("score", points), ("low", low), ("high", high)):
        assert np.allclose(totals[name], sheet[items].sum(axis=1), rtol=0, atol=1e-9)
    assert (totals["score"] <= totals["low"]).all() and (totals["low"] <= totals["high"]).all()
    assert (totals["high"] <= 100 + 1e-9).all()
    assert np.allclose(totals["total"], totals["score"] + totals["bonus"], rtol=0, atol=1e-9)
    assert (totals["bonus"] <= totals["bonus_low"]).all() and (
        totals["bonus_low"] <= totals["bonus_high"]
    ).all()
