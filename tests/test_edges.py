"""Tables and environments at the edge of what is allowed: pages, explanations and scores come all
the same.
"""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from support.editions import OFFICES, few_offices

import creditcalc as cc
from creditcalc.analysis.targets import targets
from creditcalc.rules.measures.moves import UNITS
from creditcalc.scoring.scorecard import score

BOOK = cc.load_rulebook()
LONG = "一二三四五六七八九十" * 5


def call(*arguments, **environment):
    command = [
        sys.executable,
        "-c",
        "from creditcalc.cli.main import main; main()",
        *map(str, arguments),
    ]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment
    )


def table(tmp_path, *rows):
    head = (
        "jurisdiction,period,level,city,"
        "households_total,rural_system_local,rural_system_province,commitments,enterprises"
    )
    (tmp_path / "数据.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return tmp_path / "数据.csv"


TABLES = {
    "a city's row in a month without counties": [
        "濮阳市,2021-05,city,濮阳市,,,,10,20",
        "范县,2021-04,county,濮阳市,,,,10,20",
    ],
    "a city's row alone": ["濮阳市,2021-05,city,濮阳市,,,,10,20"],
    "households without a system and without coverage": [
        "范县,2021-05,county,濮阳市,100,否,否,10,20"
    ],
    "names of 50 characters": [f"{LONG[:-1]}{n},2021-05,county,濮阳市,,,,10,20" for n in "甲乙丙"],
    "nothing but names": ["范县,2021-05,county,濮阳市,,,,,", "台前县,2021-05,county,濮阳市,,,,,"],
}


@pytest.mark.slow
@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES)
def test_pages_of_tables_at_the_edge(tmp_path, rows):
    done = call(
        "report",
        table(tmp_path, *rows),
        "--period",
        "2021-05",
        "--out",
        tmp_path / "报告",
        "--jobs",
        2,
        "--rulebook",
        few_offices(tmp_path / "edition.toml"),
    )
    assert (done.returncode, done.stderr.count("出错")) == (0, 0), done.stderr
    folder = tmp_path / "报告" / "2021-05"
    assert len(list(folder.glob("*.html"))) == 2 + sum("2021-05,county" in row for row in rows)
    assert len(list(folder.glob("units/*.html"))) == len(OFFICES)


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES)
def test_every_rule_is_explained_at_the_edge(tmp_path, rows):
    study = cc.open_study(table(tmp_path, *rows))
    for name, period in study.table[["jurisdiction", "period"]].to_numpy():
        assert all(str(cc.explain(study.card, name, period, id)) for id in BOOK.rules)


@pytest.mark.slow
def test_the_time_of_the_environment(tmp_path):
    data = table(tmp_path, "范县,2021-05,county,濮阳市,,,,10,20")
    commands = (
        ["score", data, "--out", tmp_path / "得分.xlsx"],
        ["report", data, "--no-units", "--out", tmp_path / "报告"],
    )
    for command in commands:
        wrong = call(*command, SOURCE_DATE_EPOCH="abc")
        assert wrong.returncode == 2 and wrong.stderr.splitlines() == [
            "环境变量 SOURCE_DATE_EPOCH 不是时间（值：abc）。"
            "写 1970 年以来的秒数，或去掉这个环境变量"
        ]
        empty = call(*command, SOURCE_DATE_EPOCH="")
        assert (empty.returncode, empty.stderr) == (0, ""), "one that says nothing is none"


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["warm", "kernel"])
def test_what_other_programs_draw_on_does_not_matter(tmp_path, engine):
    data = table(tmp_path, "范县,2021-05,county,濮阳市,,,,10,20")
    command = [
        "report",
        data,
        "--no-units",
        "--engine",
        engine,
        "--out",
        tmp_path / "报告",
        "--county",
        "范县",
    ]
    done = call(*command, MPLBACKEND="garbage")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


# ------------------------------------------------------------ the least change, and no further


def any_rows(seed, rows):
    """A table of random rows, large numbers among them, since the tolerance of a comparison is many
    of their units wide.
    """
    rng = np.random.default_rng(seed)
    columns = {}
    for i in BOOK.inputs.values():
        if i.type == "flag":
            columns[i.name] = rng.integers(0, 2, rows).astype(float)
        elif i.type == "class":
            columns[i.name] = rng.choice(list(i.classes), rows)
        elif i.type in ("score", "rank"):
            columns[i.name] = np.round(rng.uniform(1, i.max or 200, rows), 2)
        elif i.type == "amount":
            columns[i.name] = np.round(10 ** rng.uniform(1, 8, rows), 2)
        else:
            columns[i.name] = np.floor(10 ** rng.uniform(0, rng.choice([2, 4, 7, 9]), rows)) - 1
    for i in BOOK.inputs.values():
        if i.part_of:
            part = columns[i.part_of] * i.times * rng.uniform(0, 1, rows)
            columns[i.name] = np.round(part, 2) if i.type == "amount" else np.floor(part)
    names = [f"县{n}" for n in range(rows)]
    return pd.DataFrame({"jurisdiction": names, "period": "2021-05", "level": "county", **columns})


OTHER = {
    "proportional": "of_full",
    "partial_step": "started_steps",
    "inclusive": "no",
    "objection_scale": "per_10k",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "readings", [{}, OTHER, {"partial_step": "whole_steps", "graded_domain": "awarded"}]
)
def test_no_target_goes_a_unit_too_far(readings):
    """A unit less never earns what the target promises, and nothing that can be reached is called
    out of reach.
    """
    rows = any_rows(0, 400)
    card = score(rows, BOOK, readings)
    found = targets(card)
    assert len(found) > 20_000
    lesser = []
    for n, (name, changes) in enumerate(found[["jurisdiction", "changes"]].to_numpy()):
        key = next(iter(changes))
        unit, now = UNITS.get(BOOK.inputs[key].type), rows[key][int(name[1:])]
        if len(changes) == 1 and unit:
            less = round(changes[key] - (unit if changes[key] > now else -unit), 2)
            if less >= 0 and abs(less - now) > 1e-9:
                lesser.append((n, int(name[1:]), key, less))
    assert len(lesser) > 8_000
    places = [row for _, row, _, _ in lesser]
    changed = rows.iloc[places].reset_index(drop=True)
    for at, (_, _, key, less) in enumerate(lesser):
        changed.loc[at, key] = less
    after = score(changed, BOOK, readings)
    points, status = after.points.to_numpy(), after.status
    order = {id: n for n, id in enumerate(BOOK.rules)}
    before, full = card.points.to_numpy(), card.full.to_numpy()
    too_far = []
    for at, (n, row, key, less) in enumerate(lesser):
        id, goal = found["id"][n], found["goal"][n]
        column = order[id]
        earns = {
            "pass": str(status[id].iloc[at]) == "pass",
            "next": points[at, column] - before[row, column] > 1e-9,
            "full": points[at, column] >= full[row, column] - 1e-9,
        }
        if earns[goal]:
            too_far.append((id, goal, key, less))
    assert too_far == []
    reasons = set(found.unreachable["reason"])
    assert "改变自身数值达不到" not in reasons


def test_a_step_within_a_millionth_of_full_marks_is_within_reach():
    whole = 10_000_000_000.0
    row = {
        "jurisdiction": ["范县"],
        "period": ["2021-05"],
        "commitments": [whole - 1],
        "enterprises": [whole],
    }
    found = targets(score(pd.DataFrame(row), BOOK))
    own = found[found["id"] == "S7.1"]
    assert own["changes"].tolist() in ([{"commitments": whole}], []) and "S7.1" not in set(
        found.unreachable["id"]
    )
    row["enterprises"], row["commitments"] = [100_000_000.0], [99_999_990.0]
    own = targets(score(pd.DataFrame(row), BOOK)).query("id == 'S7.1'")
    assert own.set_index("goal")["changes"].to_dict() == {
        "full": {"commitments": 100_000_000.0},
        "next": {"commitments": 99_999_991.0},
    }


def test_the_far_limit_of_objections_is_zero_and_not_less():
    row = {
        "jurisdiction": ["范县"],
        "period": ["2021-05"],
        "dual_published": [10],
        "dual_valid_objections": [5],
    }
    card = score(pd.DataFrame(row), BOOK)
    assert str(card.points["S5.2.1"].iloc[0]) == "0.0"
    assert not np.signbit(card.points.to_numpy()[card.points.to_numpy() == 0]).any()
