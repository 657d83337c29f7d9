"""Opening a table: read, checked, rolled up under one rulebook and one set of readings."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from creditcalc.bundled import bundled
from creditcalc.evidence.register import check_with_evidence
from creditcalc.pages.study import Study
from creditcalc.problems import Problem, ReadingError, UnknownName, nearest, shown
from creditcalc.rules.load import load_rulebook
from creditcalc.rules.rulebook import Readings
from creditcalc.scoring.notices import differing, roster_notices
from creditcalc.scoring.rollup import roll_up


class OpenData(str):
    """Where data lies, with a study that was opened of it: what a page's own process is given in
    place of the bare path, lest it read all again.
    """

    study: Study
    opened_with: tuple[str, ...]  # the arguments of ``open_study`` after the data

    @classmethod
    def of(cls, study: Study, data: str, *others: str) -> OpenData:
        """A path that is open already."""
        place = cls(data)
        place.study, place.opened_with = study, _texts(*others)
        return place


def _texts(*arguments: object) -> tuple[str, ...]:
    return tuple(str(argument or "") for argument in arguments)


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
    if isinstance(data, OpenData) and data.opened_with == _texts(rulebook, readings, city, as_of):
        return data.study
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
            cure = f"{nearest(city, known)}有：{'、'.join(known)}"
            raise UnknownName([Problem("表中没有这个市", shown(city), cure)])
    rolled = roll_up(checked.table, book, city, checked.roster, checked.short)
    problems = sorted(
        [*roster_notices(rolled), *told, *differing(rolled, book)],
        key=lambda problem: problem.severity != "error",
    )
    return Study(
        book,
        options,
        replace(checked, problems=told),
        rolled,
        tuple(problems),
        given,
        as_of,
    )


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
