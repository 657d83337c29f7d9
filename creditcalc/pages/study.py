"""One run's data, rules and readings together, from which each page gets its data."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from creditcalc.bundled import bundled
from creditcalc.evidence.register import check_with_evidence
from creditcalc.evidence.worklog import units
from creditcalc.intake.checked_table import Checked
from creditcalc.pages.group import Group
from creditcalc.pages.office_data import OfficeData
from creditcalc.pages.page_data import PageData
from creditcalc.problems import Problem, ReadingError, UnknownName, nearest, shown
from creditcalc.rules.load import load_rulebook
from creditcalc.rules.rulebook import Readings, Rulebook
from creditcalc.scoring.rollup import RolledUp, notices, roll_up
from creditcalc.scoring.scorecard import Scorecard, score

SAMPLE_REMARK = "示例数据"
Call = tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """A checked table rolled up and scored under one rulebook and one set of readings.

    ``given`` is the evidence that was handed in, None where there is no table of it; ``as_of`` the
    day that counts as today, by default the last of a period.
    """

    book: Rulebook
    readings: Readings
    checked: Checked
    rolled: RolledUp
    problems: tuple[Problem, ...]
    given: pd.DataFrame | None = None
    as_of: str = ""
    _groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    _city_pages: dict[tuple[str, str], PageData] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """Every row, its cities completed."""
        return self.rolled.table

    @cached_property
    def card(self) -> Scorecard:
        """Every row of the rolled-up table scored."""
        return score(self.rolled, self.book, self.readings)

    def of_city(self, city: str) -> Scorecard:
        """The rows of one city scored, or of all where none is named."""
        if not city:
            return self.card
        return score(self.rolled.only(self.table["city"] == city), self.book, self.readings)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Every row's totals, with its city."""
        return self.card.totals().assign(city=self.table["city"])

    @property
    def sample(self) -> bool:
        """Whether any row says that it is invented."""
        remarks = (
            self.table["remark"].dropna().astype(str)
            if "remark" in self.table
            else pd.Series(dtype=str)
        )
        return bool(remarks.str.contains(SAMPLE_REMARK).any())

    @cached_property
    def periods(self) -> list[str]:
        """The periods of the table, in order."""
        return sorted(self.table["period"].unique())

    @property
    def latest(self) -> str:
        """The last period."""
        return self.periods[-1]

    def cities(self, period: str) -> list[str]:
        """The cities with a row in the period."""
        return self._names(period, "city")

    def counties(self, period: str, city: str = "") -> list[str]:
        """The counties (of a city) with a row in the period."""
        return self._names(period, "county", city)

    def absent(self, period: str, city: str) -> list[str]:
        """The city's counties that have no row in the period."""
        table = self.table
        known = table.loc[
            (table["level"] == "county") & (table["city"] == city), "jurisdiction"
        ].unique()
        return [name for name in known if name not in self.counties(period, city)]

    def _names(self, period: str, level: str, city: str = "") -> list[str]:
        self.expect("期间", period, self.periods)
        rows = (self.table["period"] == period) & (self.table["level"] == level)
        if city:
            rows &= self.table["city"] == city
        return list(self.table.loc[rows, "jurisdiction"])

    def expect(self, what: str, name: str, known: Sequence[str]) -> None:
        """Raise UnknownName, with what there is instead, where ``name`` is not known."""
        if name not in known:
            there = f"有：{'、'.join(known[:30])}" if known else "表中一个也没有"
            raise UnknownName(
                [Problem(f"没有这个{what}", shown(name), f"{nearest(name, known)}{there}")]
            )

    def county(self, name: str = "", period: str = "", city: str = "") -> PageData:
        """The data of a county's page; by default of the first county, in the latest period."""
        period = period or self.latest
        name = name or self._first(self.counties(period, city))
        self.expect("县（区）", name, self.counties(period, city))
        owners = self._rows(name, "county", period, city)["city"].unique()
        if len(owners) > 1:
            raise UnknownName(
                [
                    Problem(
                        "几个市都有这个县（区）",
                        shown(name),
                        f"用 --city 指明：{'、'.join(owners)}",
                    )
                ]
            )
        return self._page(name, "county", owners[0], period)

    def city(self, name: str = "", period: str = "") -> PageData:
        """The data of a city's page; by default of the first city, in the latest period."""
        period = period or self.latest
        name = name or self._first(self.cities(period))
        self.expect("市", name, self.cities(period))
        return self._page(name, "city", name, period)

    def made_of(self, city: str) -> str:
        """A SHA-256 over all that the pages of a city and its counties are made from, but notebooks
        and program.

        What goes in is hashed, not what is shown: its rows of every period as they were typed and
        in their order, what was handed in, what is wrong or odd, rules, readings, the day.
        """
        typed = self.rolled.typed
        handed = pd.DataFrame() if self.given is None else self.given
        if "city" in handed:
            handed = handed[handed["city"].isin([city, ""]) | handed["city"].isna()]
        problems = [asdict(problem) for problem in self.problems if problem.city in ("", city)]
        facts = [
            city,
            self.book.digest,
            dict(self.readings),
            self.as_of,
            self.sample,
            self.given is None,
            problems,
        ]
        parts = [
            json.dumps([*facts, sorted(self.checked.short)], ensure_ascii=False),
            *(frame.to_csv(index=False) for frame in (typed[typed["city"] == city], handed)),
        ]
        return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()

    def office(self, name: str = "", city: str = "", period: str = "") -> OfficeData:
        """The data of a responsible office's page; by default of the first office and city, in the
        latest period.
        """
        period = period or self.latest
        name = name or self._first(units(self.book))
        self.expect("责任单位", name, units(self.book))
        city = city or self._first(self.cities(period))
        if (city, period) not in self._city_pages:
            self._city_pages[city, period] = self.city(city, period)
        return OfficeData(name, self._city_pages[city, period])

    @staticmethod
    def _first(names: Sequence[str]) -> str:
        """The first of several names, or one that nobody has."""
        return names[0] if names else ""

    def _rows(self, name: str, level: str, period: str, city: str) -> pd.DataFrame:
        """A jurisdiction's rows up to the period, in order."""
        t = self.table
        mine = (t["jurisdiction"] == name) & (t["level"] == level) & (t["period"] <= period)
        return t[mine & (t["city"] == city) if city else mine].sort_values("period")

    def group(self, city: str, period: str) -> Group:
        """A city and its counties in one period."""
        if (city, period) not in self._groups:
            rows = (self.table["city"] == city) & (self.table["period"] == period)
            day = self.as_of or str(pd.Period(period, "M").end_time.date())
            self._groups[city, period] = Group(
                score(self.rolled.only(rows), self.book, self.readings),
                city,
                period,
                self.given,
                day,
            )
        return self._groups[city, period]

    def _page(self, name: str, level: str, city: str, period: str) -> PageData:
        rows = self._rows(name, level, period, city)
        problems = self._problems(name, level, city, period)
        return PageData(name, level, rows, self.group(city, period), problems, self.sample)

    def _problems(self, name: str, level: str, city: str, period: str) -> tuple[Problem, ...]:
        """The problems of the whole table, and the period's own; a city's are those of all its
        jurisdictions.
        """
        everywhere = [p for p in self.problems if not p.jurisdiction]
        current = [
            p
            for p in self.problems
            if p.jurisdiction and p.city == city and p.period in ("", period)
        ]
        return (*everywhere, *(p for p in current if level == "city" or p.jurisdiction == name))


def open_study(
    data: str | Path | None = None,
    rulebook: str | Path | None = None,
    readings: Readings | str | None = None,
    city: str | None = None,
    as_of: str = "",
) -> Study:
    """Read, check, roll up and score a table (the bundled sample by default); ``readings`` may be
    written ``k=v,k=v``.

    The files ``evidence.csv`` and ``evidence.xlsx`` beside the data are read as the evidence that
    was handed in. Raises InputError where the table cannot be used at all; problems of single rows
    are in ``checked`` and ``problems``.
    """
    call = _call(data, rulebook, readings, city, as_of)
    if call in OPEN:
        return OPEN[call]
    book = load_rulebook(rulebook or None)
    options = book.resolve(parse_readings(readings) if isinstance(readings, str) else readings)
    source = Path(data) if data else bundled("data/sample")
    checked, given = check_with_evidence(source, book, city)
    told = [
        replace(p, file=os.path.relpath(p.file, source.parent)) if p.file else p
        for p in checked.problems
    ]
    if city:
        rows = checked.table
        known = list(
            dict.fromkeys(
                [
                    *rows.loc[rows["level"] == "city", "jurisdiction"],
                    *(c for c in rows["city"] if c),
                ]
            )
        )
        if known and city not in known:
            raise UnknownName(
                [
                    Problem(
                        "表中没有这个市",
                        shown(city),
                        f"{nearest(city, known)}有：{'、'.join(known)}",
                    )
                ]
            )
    rolled = roll_up(checked.table, book, city, checked.short)
    noticed = notices(checked.table, book, city, checked.short)
    return Study(
        book, options, Checked(checked.table, told), rolled, (*told, *noticed), given, as_of
    )


OPEN: dict[Call, Study] = {}


def keep_open(study: Study, *arguments: str) -> None:
    """Let this call of ``open_study`` give a study that is open already; for a process that makes
    one page of it.
    """
    OPEN[_call(*arguments)] = study


def _call(*arguments: object) -> Call:
    return tuple(str(argument or "") for argument in arguments)


def parse_readings(text: str) -> dict[str, str]:
    """Readings written as text.

    >>> parse_readings("proportional=of_full, bonus_cap=ten")
    {'proportional': 'of_full', 'bonus_cap': 'ten'}
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in parts if "=" not in part]
    if wrong:
        raise ReadingError(
            [
                Problem("读法应写成 名称=选项", shown(part), "如 proportional=of_full")
                for part in wrong
            ]
        )
    pairs = (part.split("=", 1) for part in parts)
    return {name.strip(): option.strip() for name, option in pairs}
