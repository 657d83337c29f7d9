"""One run's data, rules and readings together, from which each page gets its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from creditcalc.evidence.worklog import units
from creditcalc.intake.checked_table import Checked
from creditcalc.pages.group import Group
from creditcalc.pages.office_data import OfficeData
from creditcalc.pages.page_data import PageData
from creditcalc.problems import Problem, UnknownName, nearest, shown
from creditcalc.rules.rulebook import Readings, Rulebook
from creditcalc.scoring.rollup import RolledUp
from creditcalc.scoring.scorecard import Scorecard, score

SAMPLE_REMARK = "示例数据"


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
    _cities: dict[str, Study] = field(default_factory=dict, init=False, repr=False)
    _groups: dict[tuple[str, str], Group] = field(default_factory=dict, init=False, repr=False)
    _city_pages: dict[tuple[str, str], PageData] = field(
        default_factory=dict, init=False, repr=False
    )

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
        return self.only(city).card if city else self.card

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
            cure = f"用 --city 指明：{'、'.join(owners)}"
            raise UnknownName([Problem("几个市都有这个县（区）", shown(name), cure)])
        return self._page(name, "county", owners[0], period)

    def city(self, name: str = "", period: str = "") -> PageData:
        """The data of a city's page; by default of the first city, in the latest period."""
        period = period or self.latest
        name = name or self._first(self.cities(period))
        self.expect("市", name, self.cities(period))
        return self._page(name, "city", name, period)

    def only(self, city: str) -> Study:
        """What concerns one city, of which alone its pages are made: its rows of every period, its
        evidence and its problems, and what may be anybody's; numbered as if there were no others.
        """
        if city not in self._cities:
            rows = self.checked.table[self.rolled.typed["city"] == city].reset_index(drop=True)
            told = [problem for problem in self.checked.problems if problem.city in ("", city)]
            problems = tuple(p for p in self.problems if p.city in ("", city))
            given = self.given
            if given is not None:
                given = given[given["city"].isin([city, ""])].reset_index(drop=True)
            own = replace(
                self,
                checked=replace(self.checked, table=rows, problems=told),
                rolled=self.rolled.of_city(city),
                problems=problems,
                given=given,
            )
            self._cities[city] = own._cities[city] = own
        return self._cities[city]

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
        own = self.only(city)
        rows = own._rows(name, level, period, city)
        problems = own._problems(name, level, city, period)
        return PageData(name, level, rows, own.group(city, period), problems, own.sample)

    def _problems(self, name: str, level: str, city: str, period: str) -> tuple[Problem, ...]:
        """The problems that are no jurisdiction's, and the period's own; a city's are those of all
        its jurisdictions.
        """
        everywhere = [p for p in self.problems if not p.jurisdiction]
        current = [
            p
            for p in self.problems
            if p.jurisdiction and p.city == city and p.period in ("", period)
        ]
        return (*everywhere, *(p for p in current if level == "city" or p.jurisdiction == name))
