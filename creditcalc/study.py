"""One run's data, rules and readings together, and the briefs: exactly what one page shows.

A page draws on its brief alone, so the brief's digest tells whether the page would come out different.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from creditcalc.bundle import bundled
from creditcalc.compare import ranks
from creditcalc.contribution import Contribution, contribution, moves
from creditcalc.inputs import Checked, check_inputs
from creditcalc.loading import load_rulebook
from creditcalc.problems import Problem, ReadingError, UnknownName, nearest, shown
from creditcalc.rollup import notices, roll_up
from creditcalc.rulebook import Readings, Rulebook
from creditcalc.scoring import Scorecard, score
from creditcalc.sensitivity import Sensitivity, sensitivity
from creditcalc.targets import Targets, targets

SAMPLE_REMARK = "示例数据"


@dataclass(frozen=True)
class Brief:
    """What one page shows: the jurisdiction's own rows up to the period, and what it takes from others.

    ``card`` scores ``rows``. Of its peers (the city's counties) a county has the place, medians and ``city_inputs`` (the city's
    values of inputs whose threshold is the city's), a city has them all in ``counties``, with what each contributes.
    """

    name: str
    level: str
    city: str
    period: str
    book: Rulebook
    readings: Readings
    rows: pd.DataFrame
    place: dict[str, int]
    medians: pd.Series
    city_inputs: dict[str, float]
    targets: Targets
    sensitivity: Sensitivity
    problems: tuple[Problem, ...]
    sample: bool
    counties: Scorecard | None = None
    contribution: Contribution | None = None
    moves: pd.DataFrame | None = None

    @cached_property
    def card(self) -> Scorecard:
        """The score of every row, the period's own being the last."""
        return score(self.rows, self.book, self.readings)

    @cached_property
    def now(self) -> int:
        """The index label of the period's own row."""
        return int(self.rows.index[self.rows["period"] == self.period][0])

    @property
    def changed_readings(self) -> dict[str, str]:
        """The readings in force that are not the default."""
        return {id: option for id, option in self.readings.items() if option != self.book.readings[id].default}

    @cached_property
    def digest(self) -> str:
        """A SHA-256 over all that the page shows."""
        tables = [self.rows] + ([self.counties.table] if self.counties else [])
        sources = [t.attrs["source"].table for t in tables if "source" in t.attrs and self.level == "city"]
        found = [self.medians.to_frame(), self.targets, self.targets.unreachable]
        found += [self.sensitivity.one, self.sensitivity.extremes, self.sensitivity.missing]
        facts = [self.name, self.level, self.city, self.period, dict(self.readings), self.place, self.sample, self.city_inputs]
        parts = [
            self.book.digest,
            json.dumps(facts),
            json.dumps([asdict(p) for p in self.problems], ensure_ascii=False),
            *(frame.to_csv() for frame in [*tables, *sources, *found]),
        ]
        return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Study:
    """A checked table rolled up and scored under one rulebook and one set of readings."""

    book: Rulebook
    readings: Readings
    checked: Checked
    table: pd.DataFrame
    problems: tuple[Problem, ...]

    @cached_property
    def card(self) -> Scorecard:
        """Every row of the rolled-up table scored."""
        return score(self.table, self.book, self.readings)

    def of_city(self, city: str) -> Scorecard:
        """The rows of one city scored, or of all where none is named."""
        return score(self.table[self.table["city"] == city], self.book, self.readings) if city else self.card

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Every row's totals, with its city."""
        return self.card.totals().assign(city=self.table["city"])

    @property
    def sample(self) -> bool:
        """Whether any row says that it is invented."""
        remarks = self.table["remark"].dropna().astype(str) if "remark" in self.table else pd.Series(dtype=str)
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
        known = table.loc[(table["level"] == "county") & (table["city"] == city), "jurisdiction"].unique()
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
            raise UnknownName([Problem(f"没有这个{what}", shown(name), f"{nearest(name, known)}{there}")])

    def county(self, name: str, period: str, city: str = "") -> Brief:
        """The brief of a county's page."""
        self.expect("县（区）", name, self.counties(period, city))
        owners = self._rows(name, "county", period, city)["city"].unique()
        if len(owners) > 1:
            raise UnknownName([Problem("几个市都有这个县（区）", shown(name), f"用 --city 指明：{'、'.join(owners)}")])
        return self._brief(name, "county", owners[0], period)

    def city(self, name: str, period: str) -> Brief:
        """The brief of a city's page."""
        self.expect("市", name, self.cities(period))
        return self._brief(name, "city", name, period)

    def _rows(self, name: str, level: str, period: str, city: str) -> pd.DataFrame:
        """A jurisdiction's rows up to the period, in order."""
        t = self.table
        mine = (t["jurisdiction"] == name) & (t["level"] == level) & (t["period"] <= period)
        return t[mine & (t["city"] == city) if city else mine].sort_values("period")

    def _brief(self, name: str, level: str, city: str, period: str) -> Brief:
        rows = self._rows(name, level, period, city)
        group = self.table[(self.table["city"] == city) & (self.table["period"] == period)]
        peers = group[group["level"] == "county"]
        town = group[group["level"] == "city"]
        card = score(group, self.book, self.readings)
        reported = [rows.index[-1]] if level == "county" else list(group.index)
        found = targets(card, reported)
        items = [rule.id for rule in self.book.of_kind("item")]
        shared = [i for r in self.book.rules.values() if r.city_threshold for i in r.inputs(self.readings) if i in town]
        contributed = contribution(card, city, period) if level == "city" else None
        return Brief(
            name,
            level,
            city,
            period,
            self.book,
            self.readings,
            rows,
            self._place(peers, rows.index[-1]) if level == "county" else {},
            card.points.loc[peers.index, items].median(),
            {i: float(town[i].iloc[0]) for i in shared if len(town)} if level == "county" else {},
            found,
            sensitivity(group, self.book, self.readings, reported),
            self._problems(name, level, city, period),
            self.sample,
            score(peers, self.book, self.readings) if level == "city" else None,
            contributed,
            moves(card, city, period, found) if level == "city" else None,
        )

    def _place(self, peers: pd.DataFrame, row: Hashable) -> dict[str, int]:
        """A county's rank among its peers, with the ranks that are open, and how many they are."""
        places = ranks(self.totals.loc[peers.index])
        mine: dict[Hashable, int] = places.astype(int).loc[[row]].to_dict("records")[0]
        return {str(key): n for key, n in mine.items()} | {"of": len(peers)}

    def _problems(self, name: str, level: str, city: str, period: str) -> tuple[Problem, ...]:
        """The problems of the whole table, and the period's own; a city's are those of all its jurisdictions."""
        everywhere = [p for p in self.problems if not p.jurisdiction]
        current = [p for p in self.problems if p.jurisdiction and p.city == city and p.period in ("", period)]
        return (*everywhere, *(p for p in current if level == "city" or p.jurisdiction == name))


def open_study(
    data: str | Path | None = None,
    rulebook: str | Path | None = None,
    readings: Readings | str | None = None,
    city: str | None = None,
) -> Study:
    """Read, check, roll up and score a table (the bundled sample by default); ``readings`` may be written ``k=v,k=v``.

    Raises InputError where the table cannot be used at all; problems of single rows are in ``checked`` and ``problems``.
    """
    book = load_rulebook(rulebook or None)
    options = book.resolve(parse_readings(readings) if isinstance(readings, str) else readings)
    source = Path(data) if data else bundled("data/sample")
    checked = check_inputs(source, book)
    told = [replace(p, file=os.path.relpath(p.file, source.parent)) if p.file else p for p in checked.problems]
    if city:
        rows = checked.table
        known = list(dict.fromkeys([*rows.loc[rows["level"] == "city", "jurisdiction"], *(c for c in rows["city"] if c)]))
        if known and city not in known:
            raise UnknownName([Problem("表中没有这个市", shown(city), f"{nearest(city, known)}有：{'、'.join(known)}")])
    table = roll_up(checked.table, book, city)
    return Study(book, options, Checked(checked.table, told), table, (*told, *notices(checked.table, book, city)))


def parse_readings(text: str) -> dict[str, str]:
    """Readings written as text.

    >>> parse_readings("proportional=of_full, bonus_cap=ten")
    {'proportional': 'of_full', 'bonus_cap': 'ten'}
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in parts if "=" not in part]
    if wrong:
        raise ReadingError([Problem("读法应写成 名称=选项", shown(part), "如 proportional=of_full") for part in wrong])
    pairs = (part.split("=", 1) for part in parts)
    return {name.strip(): option.strip() for name, option in pairs}
