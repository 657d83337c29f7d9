"""How far a total moves under the other readings, and what each missing input is worth."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from creditcalc.analysis.ranking import ranks_by_city
from creditcalc.exact import TOLERANCE, Array
from creditcalc.rules.inputs import Input
from creditcalc.rules.rulebook import Choice, Readings, Rule, Rulebook, chosen
from creditcalc.scoring.rollup import RolledUp
from creditcalc.scoring.scorecard import KEYS, Scorecard, score

Gap = tuple[int, str]  # a row's position and an input that it lacks
ONE = [*KEYS, "reading", "option", "score", "total", "change", "eligible", "rank", "rank_before"]


@dataclass(frozen=True)
class Sensitivity:
    """What the readings and the missing inputs leave open, per jurisdiction and period.

    ``one``: the total under each alternative option, the others kept. ``extremes``: the lowest and
    the highest total over all combinations, with the readings that give them; as in every total,
    what a reading leaves undecided gives nothing. ``missing``: how much of the items' intervals
    (before a cap on the bonus) closes for certain (``closes``) and at most (``closes_at_most``) if
    that input alone were known, its even ``share`` where an item waits for several inputs (the
    shares add up to the open intervals of the items that any input can close), and the items and
    base indicators that wait for it.
    """

    one: pd.DataFrame
    extremes: pd.DataFrame
    missing: pd.DataFrame


def sensitivity(
    table: pd.DataFrame | RolledUp,
    book: Rulebook,
    readings: Readings | None = None,
    rows: Sequence[Hashable] | None = None,
) -> Sensitivity:
    """The sensitivity of every row of a table (or of the index labels ``rows``; ranks are among all
    of the table).

    >>> from creditcalc import load_rulebook
    >>> values = {"loans_xyd": [450], "loans_credit": [10000]}
    >>> table = pd.DataFrame({"jurisdiction": ["范县"], "period": ["2021-05"], **values})
    >>> s = sensitivity(table, load_rulebook())
    >>> s.extremes[["lowest", "highest", "combinations"]].round(6).to_dict("records")
    [{'lowest': 1.5, 'highest': 2.25, 'combinations': 1152}]
    >>> s.missing.set_index("input").loc["budget", ["closes", "closes_at_most"]].tolist()
    [2.0, 2.0]
    """
    card = score(table, book, readings)
    own = card
    if rows is not None:
        own = card.only(card.table.index.get_indexer(pd.Index(rows)).tolist())
    return Sensitivity(alternatives(card, own.table.index), extremes(own), worth_knowing(own))


def alternatives(card: Scorecard, rows: pd.Index | None = None) -> pd.DataFrame:
    """One row per alternative option and jurisdiction."""
    before = card.totals()
    place = ranks_by_city(card.table, before)
    frames = []
    for reading in card.book.readings.values():
        for option in reading.options:
            if option == card.readings[reading.id]:
                continue
            after = card.under({reading.id: option}).totals()
            frame = after[[*KEYS, "score", "total", "eligible"]].assign(
                reading=reading.id,
                option=option,
                change=after["total"] - before["total"],
                eligible_before=before["eligible"],
                rank=ranks_by_city(card.table, after),
                rank_before=place,
            )
            frames.append(
                frame.loc[slice(None) if rows is None else rows, [*ONE, "eligible_before"]]
            )
    return pd.concat(frames, ignore_index=True)


def extremes(card: Scorecard) -> pd.DataFrame:
    """The lowest and the highest total over every combination of options.

    Each rule is scored once under each combination of the few readings it depends on; a total is
    then a sum.
    """
    table, book, options = card.table, card.book, card.readings
    order = {
        r.id: [options[r.id], *(o for o in r.options if o != options[r.id])]
        for r in book.readings.values()
    }
    scored = [rule for rule in book.rules.values() if rule.kind != "base"]
    fixed = [
        _confirmed(card, rule.id, {})
        for rule in scored
        if not rule.readings and rule.kind == "item"
    ]
    moving = [rule for rule in scored if rule.readings and rule.kind == "item"]
    bonus = np.sum(
        [_confirmed(card, rule.id, {}) for rule in scored if rule.kind == "bonus"],
        axis=0,
    )
    caps = [book.bonus_cap.by] if isinstance(book.bonus_cap, Choice) else []
    capped = _over(order, caps, lambda given: np.minimum(bonus, chosen(book.bonus_cap, given)))
    moved = sum(_over(order, rule.readings, partial(_confirmed, card, rule.id)) for rule in moving)
    combinations = list(itertools.product(*order.values()))
    totals = np.broadcast_to(
        np.sum(fixed, axis=0) + moved + capped, (*map(len, order.values()), len(table))
    )
    totals = totals.reshape(len(combinations), len(table))
    least, most = totals.argmin(axis=0), totals.argmax(axis=0)
    at = np.arange(len(table))
    changed = {
        n: {r: o for r, o in zip(order, combinations[n], strict=True) if o != options[r]}
        for n in {*least.tolist(), *most.tolist()}
    }
    return pd.DataFrame(
        {key: table[key].to_numpy() for key in KEYS}
        | {
            "total": totals[0],
            "lowest": totals[least, at],
            "highest": totals[most, at],
            "lowest_readings": [changed[n] for n in least],
            "highest_readings": [changed[n] for n in most],
            "combinations": len(combinations),
        }
    )


def _confirmed(card: Scorecard, id: str, options: Readings) -> Array:
    """A rule's points under other readings, 0 where they are not decided."""
    return np.nan_to_num(card.points_under(id, options))


def _over(
    order: Mapping[str, list[str]], depends: Collection[str], points: Callable[[Readings], Array]
) -> Array:
    """Points under each combination of the readings they depend on: an axis for every reading, the
    last for the rows.
    """
    choices = [options if reading in depends else options[:1] for reading, options in order.items()]
    found = np.array(
        [points(dict(zip(order, c, strict=True))) for c in itertools.product(*choices)]
    )
    return found.reshape(*map(len, choices), -1)


def worth_knowing(card: Scorecard) -> pd.DataFrame:
    """What closes if one missing input were known, by scoring its row with each answer it could
    have.
    """
    table, book, options = card.table, card.book, card.readings
    waits = _waits(card)
    lacking = list(waits)
    columns = [*KEYS, "input", "label", "closes", "closes_at_most", "share", "items", "gates"]
    if not lacking:
        return pd.DataFrame(columns=columns)
    tried = [(row, name, answer) for row, name in lacking for answer in _answers(book.inputs[name])]
    closed = pd.DataFrame(tried, columns=["row", "input", "answer"])
    closed["closed"] = _width(card)[closed["row"]] - _width(
        score(_answered(table, tried), book, options)
    )
    found = closed.groupby(["row", "input"], sort=False)["closed"].agg(["min", "max"]).reset_index()
    shares = _shares(card, waits)
    frame = pd.DataFrame(
        {key: table[key].to_numpy()[found["row"]] for key in KEYS}
        | {
            "input": found["input"],
            "label": [book.inputs[name].label for name in found["input"]],
            "closes": found["min"].clip(lower=0).where(found["min"] > TOLERANCE, 0.0),
            "closes_at_most": found["max"].where(found["max"] > TOLERANCE, 0.0),
            "share": [shares[key] for key in lacking],
            "items": [[rule.id for rule in waits[key] if rule.kind != "base"] for key in lacking],
            "gates": [[rule.id for rule in waits[key] if rule.kind == "base"] for key in lacking],
        }
    )
    by = [*KEYS, "closes_at_most", "share"]
    return frame.sort_values(by, ascending=[True, True, False, False], kind="stable")[columns]


def _width(card: Scorecard) -> Array:
    """How wide the intervals of each row's items and bonus items are together."""
    return np.asarray(np.nansum(card.high.to_numpy() - card.low.to_numpy(), axis=1))


def _answers(i: Input) -> Sequence[Any]:
    """Answers to try: the two of a flag, either end of a number, every class."""
    return tuple(i.classes) if i.type == "class" else (0.0, 1.0)


def _waits(card: Scorecard) -> dict[Gap, list[Rule]]:
    """The rules that wait for each missing input: those that stay open with every other input
    answered, one way or another.
    """
    table, book = card.table, card.book
    rules, undecided = list(book.rules.values()), card.undecided
    users: dict[str, list[int]] = defaultdict(list)
    for n in np.flatnonzero(undecided.any(axis=0)).tolist():
        for name in rules[n].inputs(card.readings):
            users[name].append(n)
    names = [name for name in book.inputs if name in users]
    known = {
        name: table[name].to_numpy(object) if name in table else np.full(len(table), np.nan, object)
        for name in names
    }
    lacking = [
        (row, name)
        for name in names
        for row in np.flatnonzero(pd.isna(known[name])).tolist()
        if undecided[row, users[name]].any()
    ]
    if not lacking:
        return {}
    rows = [row for row, _ in lacking]
    rest = table.drop(columns=names, errors="ignore").iloc[rows].reset_index(drop=True)
    waiting = np.zeros((len(lacking), len(rules)), bool)
    links = [
        (i.name, i.part_of) for i in book.inputs.values() if i.name in known and i.part_of in known
    ]
    for answer in (
        0,
        -1,
        None,
    ):  # the first, the last, and for parts and wholes the value of one that is known beside it
        given = {name: known[name][rows] for name in names}
        if answer is None:
            for part, whole in (
                links + links[::-1] + links
            ):  # a part of a part may hear of its whole's whole
                for name, other in ((part, whole), (whole, part)):
                    given[name] = np.where(pd.isna(given[name]), given[other], given[name])
        filled = {}
        for name, column in given.items():
            column[pd.isna(column)] = _answers(book.inputs[name])[-1 if answer is None else answer]
            column[[missing == name for _, missing in lacking]] = np.nan
            filled[name] = column if book.inputs[name].type == "class" else column.astype(float)
        waiting |= score(
            pd.concat([rest, pd.DataFrame(filled)], axis=1), book, card.readings
        ).undecided
    waiting &= undecided[rows]
    found = {
        key: [rules[n] for n in users[key[1]] if waiting[at, n]] for at, key in enumerate(lacking)
    }
    return {key: waits for key, waits in found.items() if waits}


def _answered(table: pd.DataFrame, tried: Sequence[tuple[int, str, object]]) -> pd.DataFrame:
    """A row for every input that is missing and answer that it could have."""
    frame = table.iloc[[row for row, _, _ in tried]].reset_index(drop=True)
    answers = pd.DataFrame(tried, columns=["row", "input", "answer"])
    columns = {}
    for name, group in answers.groupby("input"):
        column = (
            frame[name].astype(object)
            if name in frame
            else pd.Series(np.nan, index=frame.index, dtype=object)
        )
        column.loc[group.index] = group["answer"]
        columns[str(name)] = column
    return pd.concat(
        [frame.drop(columns=list(columns), errors="ignore"), pd.DataFrame(columns)], axis=1
    )


def _shares(card: Scorecard, waits: Mapping[Gap, list[Rule]]) -> dict[Gap, float]:
    """Each missing input's even share of the open intervals of the items that wait for it."""
    width = (card.high - card.low).fillna(0.0)
    waiting = Counter((row, rule.id) for (row, _), rules in waits.items() for rule in rules)
    return {
        (row, name): sum(
            float(width[r.id].iloc[row]) / waiting[row, r.id] for r in rules if r.kind != "base"
        )
        for (row, name), rules in waits.items()
    }
