"""A small desk on which every input of a run can be edited, and pages that tell all they see."""

import io
import pickle
import re
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import nbformat
import pandas as pd
from support.batches import PARAMETERS, notebook
from support.places import SAMPLE

import creditcalc as cc
from creditcalc.batch.one_page import open_data
from creditcalc.batch.plan import Options
from creditcalc.batch.workers import Outcome
from creditcalc.bundled import PACKAGE
from creditcalc.files import sha256

BUNDLED = PACKAGE / "rules/editions/puyang-2021.toml"
BOOK = cc.load_rulebook()
KEYS = ["jurisdiction", "period", "level", "city", "remark"]
COLUMNS = [*KEYS, *list(BOOK.inputs)[::3]]
CITIES = {"甲市": ["东县", "西县", "南县"], "乙市": ["北县", "中县"]}
MONTHS = ("2021-03", "2021-04", "2021-05")
TELL = """
import pandas as pd
from creditcalc.pages.opening import open_study

study = open_study(data, rulebook, readings, city, as_of)
page = {}
group = page.group
print(page.rows.to_csv(), [str(p) for p in page.problems], page.sample)
print(group.places.to_csv(), group.medians.to_csv(), group.typed.to_csv(), group.city_inputs)
for part in ("points", "low", "high", "full", "status"):
    print(getattr(group.card, part).to_csv())
if group.worklog is not None:
    print(group.worklog.materials.to_csv())
print(study.table.to_csv(), study.checked.table.to_csv(), [str(p) for p in study.problems])
print(None if study.given is None else study.given.to_csv(), study.sample, study.as_of)
print(dict(study.readings), study.book.digest, study.totals.to_csv())
print(study.absent(period, city), study.counties(period, city), study.cities(period), study.periods)
"""
PAGES = {
    "county_report": ("county", TELL.format("study.county(county, period, city)")),
    "city_overview": ("city", TELL.format("study.city(city, period)")),
}


@dataclass
class Desk:
    """All that goes into a run; ``lay`` writes it down and gives the run's options."""

    folder: Path
    rows: list[dict[str, str]]
    evidence: list[dict[str, str]] | None
    rulebook: str
    readings: dict[str, str] = field(default_factory=dict)
    as_of: str = ""
    cells: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in PAGES})

    def copy(self):
        return replace(self, **{name: deepcopy(part) for name, part in vars(self).items()})

    def lay(self):
        data, notebooks = self.folder / "data", self.folder / "notebooks"
        data.mkdir(exist_ok=True)
        notebooks.mkdir(exist_ok=True)
        pd.DataFrame(self.rows, columns=COLUMNS).to_csv(data / "table.csv", index=False)
        (data / "evidence.csv").unlink(missing_ok=True)
        if self.evidence is not None:
            pd.DataFrame(self.evidence).to_csv(data / "evidence.csv", index=False)
        (self.folder / "rules.toml").write_text(self.rulebook, encoding="utf-8")
        for name, (kind, tell) in PAGES.items():
            given = PARAMETERS if kind == "county" else PARAMETERS.replace("county = None\n", "")
            notebook(notebooks / f"{name}.ipynb", given, tell, *self.cells[name])
        return Options(
            data=data,
            rulebook=self.folder / "rules.toml",
            readings=self.readings,
            as_of=self.as_of,
            notebooks=notebooks,
            units=False,
            jobs=2,
        )


def small_desk(folder):
    """Two cities with few counties and months, cut from the sample, and a few lines of evidence."""
    sample = pd.read_csv(SAMPLE / "indicators.csv", dtype=str, keep_default_na=False)
    months = sample[sample["level"] != "city"].groupby("jurisdiction", sort=False)
    sources = [rows.tail(3).to_dict("records") for _, rows in months]
    rows = []
    counties = [(city, county) for city, names in CITIES.items() for county in names]
    for (city, county), source in zip(counties, sources, strict=False):
        for month, values in zip(MONTHS, source, strict=True):
            own = {"jurisdiction": county, "period": month, "level": "county", "city": city}
            rows.append({name: values.get(name, "") for name in COLUMNS} | own | {"remark": ""})
    lines = pd.read_csv(SAMPLE / "evidence.csv", dtype=str, keep_default_na=False)
    lines = lines.drop_duplicates(["编号", "佐证材料"]).head(6).assign(所属市="", 备注="")
    evidence = [line | {"县区": city} for city in CITIES for line in lines.to_dict("records")]
    return Desk(folder, rows, evidence, BUNDLED.read_text(encoding="utf-8"))


class AtHand:
    """Makes pages in this very process, as text: their head and what their cells print.

    Each page gets its study as a page's own process does.
    """

    scheduler = ""

    def __init__(self, options):
        pass

    def get_ready(self):
        pass

    def make(self, calls):
        study = None
        for key, (job, shared, folder, _) in calls.items():
            study = study or pickle.loads(shared.study)
            page = folder / f"{job.stem}.html"
            page.write_text(f"{job.head}\n{printed(job, study)}", encoding="utf-8")
            yield Outcome(key, sha256(page), "", 0.1)


def printed(job, study):
    """What the cells of a job's notebook print."""
    first, *others = nbformat.read(job.notebook, 4).cells
    names = {}
    exec(compiled(first.source), names)
    names |= dict(job.parameters) | {"data": open_data(job, study)}
    with redirect_stdout(io.StringIO()) as out:
        for cell in others:
            exec(compiled(cell.source), names)
    return out.getvalue()


@cache
def compiled(source):
    return compile(source, "cell", "exec")


class Edits:
    """Random edits; each changes a desk and tells what it did, nothing where it found nothing."""

    def __init__(self, random):
        self.random = random
        self.kinds = [
            getattr(self, name) for name in sorted(vars(Edits)) if name.startswith("edit")
        ]

    def edit(self, desk):
        """One edit of a kind drawn at random."""
        while True:
            if told := self.random.choice([kind for kind in self.kinds if kind != self.edit])(desk):
                return told

    def edit_cell(self, desk):
        row, name = self.random.choice(desk.rows), self.random.choice(COLUMNS[len(KEYS) :])
        others = [other[name] for other in desk.rows]
        new = self.random.choice([*others, "", "0", "1", "7", "0.3", "是", "很多", "-1", "1e6"])
        told = f"{row['jurisdiction']} {row['period']} {name}: {row[name]!r} becomes {new!r}"
        row[name] = new
        return told

    def edit_row(self, desk):
        n = self.random.randrange(len(desk.rows))
        row = desk.rows[n]
        match self.random.choice(["drop", "copy", "move", "city"]):
            case "drop" if len(desk.rows) > 4:
                del desk.rows[n]
                return f"row {n} dropped"
            case "copy":
                name = self.random.choice(["新县", "东县", "北县"])
                desk.rows.insert(n, row | {"jurisdiction": name})
                return f"row {n} copied for {name}"
            case "move":
                to = self.random.randrange(len(desk.rows))
                desk.rows.insert(to, desk.rows.pop(n))
                return f"row {n} moved to {to}"
            case "city":
                desk.rows.append(row | {"jurisdiction": row["city"], "level": "city"})
                return f"row {n} copied for its city"
        return ""

    def edit_month(self, desk):
        row = self.random.choice(desk.rows)
        new = self.random.choice([*MONTHS, "2021-02", "2021-13", ""])
        told = f"{row['jurisdiction']} {row['period']} becomes {new!r}"
        row["period"] = new
        return told

    def edit_name(self, desk):
        old = self.random.choice([row["jurisdiction"] for row in desk.rows])
        new = self.random.choice(["东县", "中县", "改名县", "北区", ""])
        rows = [row for row in desk.rows if row["jurisdiction"] == old]
        rows = self.random.choice([rows, [r for r in rows if r["period"] < MONTHS[-1]], rows[:1]])
        for row in rows:
            row["jurisdiction"] = new
        return f"{old} becomes {new!r} in {len(rows)} rows"

    def edit_city(self, desk):
        row, new = self.random.choice(desk.rows), self.random.choice([*CITIES, "丙市", ""])
        rows = [row]
        if self.random.random() < 0.5:
            rows = [other for other in desk.rows if other["jurisdiction"] == row["jurisdiction"]]
        for other in rows:
            other["city"] = new
        return f"{row['jurisdiction']} belongs to {new!r} in {len(rows)} rows"

    def edit_remark(self, desk):
        row = self.random.choice(desk.rows)
        row["remark"] = self.random.choice(["", "示例数据", "待核", f"注{self.random.random()}"])
        return f"{row['jurisdiction']} {row['period']}: remark {row['remark']!r}"

    def edit_order(self, desk):
        self.random.shuffle(desk.rows)
        return "rows shuffled"

    def edit_evidence(self, desk):
        if not desk.evidence:
            desk.evidence = small_desk(desk.folder).evidence
            return "evidence back"
        line = self.random.choice(desk.evidence)
        match self.random.choice(["line", "line", "line", "drop", "order", "none"]):
            case "line":
                name = self.random.choice(list(line))
                values = [other[name] for other in desk.evidence]
                line[name] = self.random.choice([*values, "", "否", "2021-04-30", "甲市", "乱写"])
                return f"evidence of {line['县区']} {line['编号']}: {name} becomes {line[name]!r}"
            case "drop":
                desk.evidence.remove(line)
                return "a line of evidence dropped"
            case "order":
                self.random.shuffle(desk.evidence)
                return "evidence shuffled"
        desk.evidence = None
        return "no evidence"

    def edit_rulebook(self, desk):
        found = list(
            re.finditer(r"(?:full_at|zero_at|at_least|above|below) = ([\d.]+)", desk.rulebook)
        )
        at = self.random.choice(found)
        new = f"{float(at[1]) * self.random.choice([0.9, 1.1, 2]):g}"
        desk.rulebook = desk.rulebook[: at.start(1)] + new + desk.rulebook[at.end(1) :]
        return f"rulebook: {at[0]} becomes {new}"

    def edit_readings(self, desk):
        id = self.random.choice(list(BOOK.readings))
        desk.readings[id] = self.random.choice(list(BOOK.readings[id].options))
        return f"reading {id}={desk.readings[id]}"

    def edit_as_of(self, desk):
        desk.as_of = self.random.choice(["", "2021-05-01", "2021-06-30", "2022-01-01"])
        return f"as of {desk.as_of!r}"

    def edit_notebook(self, desk):
        name = self.random.choice(list(PAGES))
        desk.cells[name] = [f"print({self.random.random()})"]
        return f"a cell of {name}"
