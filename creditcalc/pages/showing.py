"""A frame as people see it: as a table of a page, and under Chinese headers for Excel and the
terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from creditcalc.pages.fields import FIELDS, Field, label
from creditcalc.render.table import Column, Table, guessed


def show(
    frame: pd.DataFrame,
    title: str,
    *,
    unit: str = "",
    source: str = "",
    row_ids: str = "",
    total: bool = False,
    dense: bool = False,
    others: str = "",
) -> Table:
    """An ordinary frame as a table: its columns in their order, each as ``fields`` knows it.

    A column that is not known stands under its own name and is shown by its type, or as the field
    that ``others`` names. Columns that begin with ``_`` are not shown; they may say of a column (as
    ``_link_name``, ``_tone_name``, ``_word_name``, ``_full_name``) where its cells lead, which tone
    they have, what stands where there is no value, and what fills a bar; ``_full`` says so of all.
    ``row_ids`` names the column by which links find a row, ``total`` sets the last row apart,
    ``dense`` keeps many narrow columns together.
    """
    made = frame.set_axis([str(name) for name in frame.columns], axis=1)
    shown = [name for name in made.columns if not name.startswith("_") and not _idle(made, name)]
    columns = {}
    for name in shown:
        known = FIELDS.get(name) or FIELDS.get(others)
        if made[name].dtype == object:
            made[name] = made[name].map(_one_text)
        linked = len(made) - total if name != row_ids else 0
        columns[name] = _column(made, name, known, linked)
    return Table(made, title, unit, source, columns, row_ids, total, dense)


def headed(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """These columns with their words under the headers that people read."""
    known = {name: FIELDS[name].words for name in names if name in FIELDS}
    words = {name: frame[name].map(_in_words(said)) for name, said in known.items() if said}
    return frame.assign(**words)[list(names)].rename(columns=label)


def _idle(frame: pd.DataFrame, name: str) -> bool:
    """Whether a spare column says nothing."""
    spare = name in FIELDS and FIELDS[name].spare
    return spare and len(frame) > 0 and not frame[name].notna().any()


def _column(frame: pd.DataFrame, name: str, known: Field | None, linked: int) -> Column:
    """How a column is shown; what its field says of its cells is laid beside it in the frame."""
    by_field: dict[str, list[str | None]] = {}
    if known and known.words:
        frame[name] = frame[name].map(_in_words(known.words))
    texts = ["" if pd.isna(value) else str(value) for value in frame[name]]
    if known and known.tone:
        by_field["tone"] = [known.tone(text) for text in texts]
    if known and known.link:
        by_field["link"] = [
            known.link(text) if n < linked else None for n, text in enumerate(texts)
        ]
    for what, cells in by_field.items():
        if f"_{what}_{name}" not in frame:
            frame[f"_{what}_{name}"] = pd.Series(cells, frame.index, dtype=object)
    tone, link, word = (_helper(frame, what, name) for what in ("tone", "link", "word"))
    if known is None:
        how = guessed(frame[name])
        return Column(name, how.kind, how.digits, tone=tone, link=link, word=word)
    candidates = [_helper(frame, "full", name), "_full", *known.full]
    there = [c for c in candidates if c and (not isinstance(c, str) or c in frame)]
    return Column(
        known.label if FIELDS.get(name) is known else name,
        known.kind,
        known.digits,
        tone=tone,
        link=link,
        word=word,
        shade=known.shade,
        full=there[0] if there else None,
    )


def _helper(frame: pd.DataFrame, what: str, name: str) -> str:
    """The hidden column that says something of a column, or nothing."""
    helper = f"_{what}_{name}"
    return helper if helper in frame else ""


def _one_text(value: object) -> object:
    """A cell that holds several things as one text.

    >>> _one_text(["S1.1", "S2.1"]), _one_text({"commitments": 1600.0}), _one_text(0.5)
    ('S1.1、S2.1', 'commitments=1600.0', 0.5)
    """
    if isinstance(value, Mapping):
        return "、".join(f"{key}={one}" for key, one in value.items())
    return "、".join(map(str, value)) if isinstance(value, list | tuple | set) else value


def _in_words(words: Mapping[Any, str]) -> Callable[[object], object]:
    """A value's word, or the value where it has none."""
    return lambda value: words.get(value, value)
