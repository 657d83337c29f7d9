"""Which pages a run is asked for, what each is made of, and what stands above it."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from creditcalc.batch.one_page import Job, NotebookError
from creditcalc.batch.provenance import ON_PAGES, Origin, made_of, origin
from creditcalc.batch.record import Key, Page
from creditcalc.bundled import bundled
from creditcalc.evidence.worklog import units
from creditcalc.files import safe_names
from creditcalc.intake.checked_table import is_unsound
from creditcalc.pages.study import Study
from creditcalc.problems import Problem
from creditcalc.render.dress import read_dress
from creditcalc.render.html import PageHead

NOTEBOOKS = {
    "county": "county_report.ipynb",
    "city": "city_overview.ipynb",
    "office": "office_report.ipynb",
}
UNIT_FOLDER = "units"  # the folder of their pages
PATHS = ("data", "rulebook")  # parameters that say where something lies, not what it is
SHORT_DIGEST = 12  # characters of a digest that a reader compares


@dataclass(frozen=True)
class Options:
    """What a call of ``report`` asks for; without data the bundled sample, without a period the
    latest.
    """

    data: Path | None = None
    period: str = ""
    counties: tuple[str, ...] = ()
    city: str = ""
    units: bool = True
    readings: Mapping[str, str] = field(default_factory=dict)
    rulebook: Path | None = None
    as_of: str = ""
    out: Path = Path("reports")
    jobs: int = os.cpu_count() or 1
    engine: str = "warm" if hasattr(os, "fork") else "kernel"
    timeout: int = 300  # seconds that a page may take
    force: bool = False
    pdf: bool = False
    notebooks: Path | None = None  # a folder with some notebooks of one's own
    css: Path | None = None
    logo: Path | None = None


@dataclass(frozen=True)
class Task:
    """A page to make, and the digest of all that it is made of."""

    job: Job
    digest: str


@dataclass(frozen=True)
class Plan:
    """The jurisdictions and offices of a period with their file names, those whose data has errors,
    and the pages asked for.

    ``stems`` has every page that the data supports, whatever was asked for.
    """

    study: Study
    options: Options
    period: str
    origin: Origin
    stems: Mapping[Key, str]
    refused: frozenset[Key]
    tasks: Mapping[Key, Task]

    @property
    def folder(self) -> Path:
        """Where the period's pages lie."""
        return self.options.out / self.period


def make_plan(study: Study, options: Options, earlier: Iterable[Page] = ()) -> Plan:
    """Decide what to make; UnknownName for a period, county or city that the data does not have.

    ``earlier`` are pages of other runs that are still there: what is made now may lead to them.
    """
    period = options.period or study.latest
    keys = list(_jurisdictions(study, period))
    offices = [
        Key("office", city, name) for city in study.cities(period) for name in units(study.book)
    ]
    chosen = _chosen(study, keys, options)
    if options.units and not options.counties:
        chosen += [key for key in offices if Key("city", key.city, key.city) in chosen]
    kinds = {key.kind for key in chosen}
    needed = {kind: name for kind, name in NOTEBOOKS.items() if kind != "office" or kind in kinds}
    notebooks = {kind: _notebook(options.notebooks, name) for kind, name in needed.items()}
    refused = frozenset(
        key for key in keys if is_unsound(study.checked.unsound, key.city, key.name)
    )
    refused |= {key for key in offices if Key("city", key.city, key.city) in refused}
    stems = safe_names(_labels(keys)) | {
        key: f"{UNIT_FOLDER}/{stem}" for key, stem in safe_names(_labels(offices)).items()
    }
    plan = Plan(
        study,
        options,
        period,
        origin(notebooks, read_dress(options.css, options.logo)),
        stems,
        refused,
        {},
    )
    chosen = [key for key in chosen if key not in refused]
    there = set(chosen) | {
        page.key for page in earlier if page.file == f"{stems.get(page.key)}.html"
    }
    digests = {city: made_of(study, city) for city in {key.city for key in chosen}}
    tasks = {key: _task(plan, key, notebooks[key.kind], digests[key.city], there) for key in chosen}
    return replace(plan, tasks=tasks)


def _notebook(own: Path | None, name: str) -> Path:
    """The notebook of one kind of page: the one in a folder of one's own, or the package's."""
    if own and not any((own / other).is_file() for other in NOTEBOOKS.values()):
        what, cure = "文件夹里没有报告的笔记本", f"文件名应为 {'、'.join(NOTEBOOKS.values())}"
        raise NotebookError([Problem(what, cure=cure, file=str(own))])
    mine = own / name if own else None
    return (mine if mine and mine.is_file() else bundled("notebooks") / name).absolute()


def _jurisdictions(study: Study, period: str) -> Iterator[Key]:
    """Each city of the period, followed by its counties."""
    for city in study.cities(period):
        yield Key("city", city, city)
        for county in study.counties(period, city):
            yield Key("county", city, county)


def _chosen(study: Study, keys: list[Key], options: Options) -> list[Key]:
    """The counties that are named, or all, and their cities; of one city where that is named."""
    keys = [key for key in keys if options.city in ("", key.city)]
    if not options.counties:
        return keys
    for name in options.counties:
        study.expect("县（区）", name, [key.name for key in keys if key.kind == "county"])
    counties = [key for key in keys if key.kind == "county" and key.name in options.counties]
    cities = {key.city for key in counties}
    return [key for key in keys if key in counties or (key.kind == "city" and key.city in cities)]


def _labels(keys: list[Key]) -> dict[Key, str]:
    """The name of each jurisdiction or office, after its city's where several have the same."""
    number = Counter(key.name for key in keys if key.kind != "city")
    return {
        key: key.city + key.name if key.kind != "city" and number[key.name] > 1 else key.name
        for key in keys
    }


def _task(plan: Plan, key: Key, notebook: Path, data: str, there: Collection[Key]) -> Task:
    """A page to make: what it is made of is hashed as it goes in, with its own name and the names
    of the files it leads to.
    """
    study, options = plan.study, plan.options
    parameters = {
        key.kind: key.name,
        "city": key.city,
        "period": plan.period,
        "data": str(options.data or ""),
        "rulebook": str(options.rulebook or ""),
        "readings": ",".join(_changed_readings(study)),
    }
    if options.as_of:  # without it a notebook takes the last day of the period
        parameters["as_of"] = options.as_of
    head = page_head(
        plan, f"{key.name} {plan.period} {study.book.title}", data, _links(plan, key, there)
    )
    parts = [
        data,
        plan.stems[key],
        plan.origin.notebooks[notebook.name],
        plan.origin.program,
        plan.origin.versions,
        asdict(head),
        {name: value for name, value in parameters.items() if name not in PATHS},
    ]
    digest = hashlib.sha256(
        json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()
    return Task(Job(notebook, parameters, dated(head, plan.origin), plan.stems[key]), digest)


def _links(plan: Plan, key: Key, there: Collection[Key]) -> list[tuple[str, str]]:
    """Links from a county's or an office's page to its city's, from a city's to its counties', and
    to the index.

    None leads to a page that is neither made now nor there already.
    """
    up = "../" if key.kind == "office" else ""
    others = [
        o
        for o in plan.stems
        if o.city == key.city and o.kind not in (key.kind, "office") and o in there
    ]
    if key.kind == "office":
        others = [other for other in others if other.kind == "city"]
    return [
        ("目录", f"{up}index.html"),
        *((other.name, f"{up}{plan.stems[other]}.html") for other in others),
    ]


def page_head(plan: Plan, title: str, digest: str, links: list[tuple[str, str]]) -> PageHead:
    """What stands above a page, except for the time."""
    book = plan.study.book
    facts = {
        "期间": plan.period,
        "台账": f"{book.document}，{book.edition}",
        "读法": "、".join(_changed_readings(plan.study)) or "均取默认",
        "截至": plan.options.as_of,
        "数据指纹": digest[:SHORT_DIGEST],
        "规则指纹": book.digest[:SHORT_DIGEST],
        "版本": "，".join(f"{library} {plan.origin.versions[library]}" for library in ON_PAGES),
    }
    said = [(label, value) for label, value in facts.items() if value]
    return PageHead(title, said, links, plan.study.sample, plan.origin.dress)


def _changed_readings(study: Study) -> list[str]:
    """The readings in force that are not the default, as they are written."""
    return [
        f"{id}={option}"
        for id, option in study.readings.items()
        if option != study.book.readings[id].default
    ]


def dated(head: PageHead, origin: Origin) -> PageHead:
    """A head with the time of the run."""
    return replace(head, facts=[*head.facts, ("生成时间", origin.made_at)])
