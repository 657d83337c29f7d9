"""Kinds that this file alone defines go through all that is done with a rule: load, score, explain,
targets, what-if, contribution, sensitivity, a page. Nothing else has to know them.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import creditcalc as cc
from creditcalc import words
from creditcalc.bundled import bundled
from creditcalc.rules import phrases
from creditcalc.rules.formulas import FORMULAS, Formula
from creditcalc.rules.formulas.counts import not_above_zero
from creditcalc.rules.kinds import Names
from creditcalc.rules.measures import MEASURES
from creditcalc.rules.measures.base import Quantity

HERE = Path(__file__).parent
RULEBOOK = HERE / "rulebooks" / "own_kind.toml"
MAY = "2025-05"
FILE = f"""jurisdiction,level,period,visits,late,lost,practices
东县,county,{MAY},16,是,,1
西县,county,{MAY},9,否,否,0
甲市,city,{MAY},,,,
"""


@dataclass(frozen=True)
class Root(Quantity, kind="root"):
    """The square root of an input."""

    input: Names

    def value(self, number):
        return np.sqrt(number(self.input[0]))

    def lever(self, values, wanted):
        return self.input[0], wanted**2

    def subject(self, labels):
        return labels[0] + "的平方根"

    def arithmetic(self, value, values, terms):
        return f"√{words.precise(values.get(self.input[0]))} = {self.exact(value, terms)}"


@dataclass(frozen=True)
class Capped(Formula, kind="capped"):
    """In proportion up to a cap."""

    cap: float

    def points(self, x, full):
        return full * np.minimum(x / self.cap, 1.0)

    def reach(self, points, full):
        return points / full * self.cap

    def goal(self, full, said):
        return "封顶 " + said.text(self.cap)

    def arithmetic(self, value, earned, full, said):
        share = f"{said.digits(value)} ÷ {said.digits(self.cap)}"
        return f"{share} × {words.number(full)} = {words.points(earned)}"

    def faults(self, full):
        yield from not_above_zero("cap", self.cap)


# entered again only for the time of a test here: other files count the ledger's own kinds
OWN = [(FORMULAS, "capped", FORMULAS.pop("capped")), (MEASURES, "root", MEASURES.pop("root"))]


@pytest.fixture(autouse=True)
def known(monkeypatch):
    for kinds, name, kind in OWN:
        monkeypatch.setitem(kinds, name, kind)


@pytest.fixture
def book():
    return cc.load_rulebook(RULEBOOK)


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def typed(data, book):
    return cc.read_inputs(data, book)


@pytest.fixture
def card(typed, book):
    return cc.score(cc.roll_up(typed, book), book)


def of(card, name):
    """The row of a jurisdiction."""
    return card.table.index[card.table["jurisdiction"] == name].item()


def faults(tmp_path, old, new):
    """What is said of the rulebook with one change."""
    text = RULEBOOK.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "bad.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(cc.RulebookError) as caught:
        cc.load_rulebook(tmp_path / "bad.toml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("cap = 2 }", "cap = 0 }", ["R1.formula.cap", "应大于 0"]),
        ("ten = 10, twenty = 20", "ten = 10, twenty = -1", ["P1.formula.cap", "应大于 0", "-1"]),
        ("cap = 2 }", "free = 2 }", ["R1.formula.free", "未知的键", "cap"]),
        ('"capped", cap = 2 }', '"capped" }', ["R1.formula.cap", "缺少这个键"]),
        ('{ kind = "root", input = "visits" }', '{ kind = "root" }', ["P1.measure.input", "缺少"]),
        (
            '{ kind = "root", input = "visits" }',
            '{ kind = "root", input = "visit" }',
            ["P1.measure.input", "输入没有声明", "visits"],
        ),
    ],
)
def test_loading_checks_their_fields_and_asks_them_for_faults(tmp_path, old, new, expected):
    said = faults(tmp_path, old, new)
    assert any(all(part in problem for part in expected) for problem in said), said


def test_without_the_kind_loading_says_which_kinds_there_are(tmp_path, monkeypatch):
    monkeypatch.delitem(FORMULAS, "capped")
    with pytest.raises(cc.RulebookError, match=r"未知的种类(?s:.*)capped"):
        cc.load_rulebook(RULEBOOK)


def test_they_score(card):
    assert card.points["P1"].to_dict() == pytest.approx(
        {of(card, "东县"): 0.8, of(card, "西县"): 0.6, of(card, "甲市"): 1.0}
    )
    assert card.status["Q1"].astype(str)[of(card, "甲市")] == "pass"
    assert card.status["Q1"].astype(str)[of(card, "东县")] == "fail"


def test_a_missing_input_leaves_everything_open(book):
    blank = pd.DataFrame({"jurisdiction": ["东县"], "period": [MAY]})
    card = cc.score(blank, book)
    assert (card.low.loc[0, "P1"], card.high.loc[0, "P1"]) == (0, 2)
    assert cc.explain(card, "东县", MAY, "P1").arithmetic == ("√缺 = 缺",)


def test_bounds_of_a_measure_are_turned_round_by_a_formula_that_falls(card):
    """东县 has one kind of breach and does not know the other: 0 or 1 of 2 points are left."""
    at = of(card, "东县")
    assert np.isnan(card.points.loc[at, "P2"])
    assert (card.low.loc[at, "P2"], card.high.loc[at, "P2"]) == (0, 1)
    assert card.points.loc[of(card, "西县"), "P2"] == 2


def test_they_speak(card, book):
    readings = book.resolve()
    assert phrases.goal(book.rules["P1"], book, readings) == "封顶 10 次"
    assert phrases.goal(book.rules["Q1"], book, readings) == "走访量的平方根不低于 5 次"
    assert phrases.measure_value(book.rules["P1"], book, readings, 2.5) == "2.5 次"


def test_they_explain(card):
    said = cc.explain(card, "东县", MAY, "P1")
    assert said.arithmetic == ("√16 = 4 次", "4 ÷ 10 × 2 = 0.80")
    assert said.readings[0].scores == {"ten": "0.80 分", "twenty": "0.40 分"}
    assert cc.explain(card, "甲市", MAY, "Q1").arithmetic == ("√25 = 5 次；要求不低于 5 次 → 通过",)


def test_they_are_turned_round_into_targets(card, typed, book):
    found = cc.targets(card).set_index(["jurisdiction", "id", "goal"])
    assert found.loc[("东县", "P1", "full"), "changes"] == {"visits": 100}
    assert found.loc[("东县", "P1", "next"), "changes"] == {"visits": 17}
    assert found.loc[("东县", "Q1", "pass"), "changes"] == {"visits": 25}
    moved = cc.what_if(typed, book, {("东县", MAY): {"visits": 100}})
    mine = moved.items.query("jurisdiction == '东县' and id == 'P1'")
    assert mine["change"].item() == pytest.approx(1.2)
    assert mine["change"].item() == pytest.approx(found.loc[("东县", "P1", "full"), "points"])


def test_they_are_shared_among_counties(card):
    found = cc.contribution(card, "甲市", MAY)
    mine = found.items.query("id == 'P1'").set_index("county")
    assert mine["lost"].tolist() == pytest.approx([1, 1])
    assert mine["share"].sum() + found.residual["P1"] == pytest.approx(1)
    assert (mine["share"] > 0).all()


def test_they_are_sensitive(typed, book):
    rolled = cc.roll_up(typed, book)
    one = cc.sensitivity(rolled, book).one.query("jurisdiction == '甲市'")
    assert one["change"].tolist() == pytest.approx([-0.5])
    lacking = cc.sensitivity(rolled.table.assign(visits=np.nan), book).missing
    mine = lacking.query("jurisdiction == '东县' and input == 'visits'")
    assert mine[["items", "gates"]].to_numpy().tolist() == [[["P1"], ["Q1"]]]
    assert mine["closes"].item() == 2


def make(level, name, data, folder):
    """A page as a process of its own makes it; it runs with this file's kinds."""
    from creditcalc.batch.one_page import Job, make_page, share_study
    from creditcalc.render.html import PageHead

    for kinds, kind, it in OWN:
        kinds[kind] = it
    shared = share_study(cc.open_study(data, RULEBOOK))
    notebook = bundled("notebooks") / {"county": "county_report", "city": "city_overview"}[level]
    given = {level: name, "period": MAY, "data": data, "rulebook": str(RULEBOOK)}
    job = Job(notebook.with_suffix(".ipynb"), given, PageHead(name, [("期间", MAY)]), level)
    make_page(job, shared, Path(folder), "warm")


@pytest.mark.slow
@pytest.mark.parametrize(("level", "name"), [("county", "东县"), ("city", "甲市")])
def test_they_stand_on_a_page(tmp_path, data, level, name):
    call = f"import test_own_kind as own; own.make({level!r}, {name!r}, {str(data)!r}, '.')"
    paths = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [sys.executable, "-c", call],
        cwd=tmp_path,
        check=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    page = (tmp_path / f"{level}.html").read_text(encoding="utf-8")
    assert "走访力度" in page and "封顶 10 次" in page and "走访量的平方根不低于 5 次" in page
    assert ("16 → 100" if level == "county" else "25 → 100") in page
