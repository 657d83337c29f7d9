"""One jurisdiction's inputs and readings as widgets; after every change its row alone is scored and
the answer shown anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import ipywidgets as w
import numpy as np
import pandas as pd

from creditcalc.pages.study import Study
from creditcalc.rules.inputs import Input
from creditcalc.rules.rulebook import Rulebook
from creditcalc.scoring.scorecard import score
from creditcalc.widgets.contrast import Side, contrast


class Entry(NamedTuple):
    """An input's widgets: whether it is known, and its value."""

    known: Any
    editor: Any

    @property
    def value(self) -> Any:
        """The value as a table holds it: NaN, a number, or a class's name."""
        value = self.editor.value if self.known.value else np.nan
        return value if isinstance(value, str) else float(value)

    def put(self, value: Any, end: float) -> None:
        """Show a value (NaN or None is missing) in a range that ends at ``end`` or, where it is
        more, at the value.
        """
        self.known.value = not pd.isna(value)
        if hasattr(self.editor, "max"):
            number = self.editor.min if pd.isna(value) else value
            with self.editor.hold_trait_notifications():  # else the old end would cut the new value
                self.editor.value, self.editor.max = number, max(end, number)
        else:
            self.editor.value = (
                value if self.known.value else self.editor.options[-1][1]
            )  # no, for a flag


class Explorer:
    """The widgets of one row of a study: ``row`` as it is set, ``card`` its score, ``before`` what
    was reported.
    """

    def __init__(self, study: Study, name: str = "", period: str = "") -> None:
        self.study, self.book, self._quiet = study, study.book, False
        self.fields = {i.name: _field(i) for i in self.book.inputs.values()}
        options = {
            r.id: [(text, option) for option, text in r.options.items()]
            for r in self.book.readings.values()
        }
        self.readings = {
            id: w.Dropdown(options=pairs, layout={"width": "97%"}) for id, pairs in options.items()
        }
        self.place, self.period = (
            w.Dropdown(description="县（区）"),
            w.Dropdown(options=study.periods, description="期间"),
        )
        self.reset, self.answer = w.Button(description="还原"), w.HTML(layout={"flex": "1 1 340px"})
        self.choose(name, period or study.latest)
        actions: list[tuple[Any, Callable[[], None]]] = [
            (self.place, self.choose),
            (self.period, self.choose),
        ]
        actions += [(dropdown, self._take) for dropdown in self.readings.values()]
        actions += [
            (widget, partial(self._take, n)) for n, field in self.fields.items() for widget in field
        ]
        for widget, action in actions:
            widget.observe(lambda _, action=action: None if self._quiet else action(), "value")
        self.reset.on_click(lambda _: self.choose())
        self.box = _laid_out(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets; where no kernel moves them, the answer as it stands."""
        return {
            **self.box._repr_mimebundle_(**kwargs),
            "text/plain": "<Explorer>",
            "text/html": self.answer.value,
        }

    def choose(self, name: str = "", period: str = "") -> None:
        """Show a row as it was reported; a name or period that is not given stays (or becomes the
        period's first name).
        """
        period, now = period or self.period.value, name or self.place.label
        self.study.expect("期间", period, self.study.periods)
        rows = self.study.table[self.study.table["period"] == period]
        names = (
            rows["jurisdiction"]
            if rows["city"].nunique() == 1
            else rows["city"] + "·" + rows["jurisdiction"]
        )
        there = dict(zip(names, rows.index, strict=True))
        self.study.expect("县（区）或市", name or names.iloc[0], list(there))
        self._quiet = True  # until set() is through
        self.period.value, self.place.options = period, list(there.items())
        self.place.value = there.get(now, rows.index[0])
        self.row = rows.loc[[self.place.value]].reindex(
            columns=rows.columns.union(list(self.fields), sort=False)
        )
        self.peers = rows[rows["level"] == self.row["level"].item()]
        self.before = Side(score(self.row, self.book, self.study.readings))
        self.set(**{name: self.row[name].item() for name in self.fields}, **self.study.readings)

    def set(self, **values: Any) -> None:
        """Set inputs and readings by name, as a person would on their widgets; None takes an input
        back.
        """
        for name in values:
            self.study.expect("输入或读法", name, [*self.fields, *self.readings])
        self._quiet = True
        try:
            for name, value in values.items():
                if name in self.readings:
                    self.readings[name].value = value
                else:
                    self.fields[name].put(
                        value, _end(self.book.inputs[name], value, self.peers.get(name))
                    )
        finally:
            self._quiet = False
        self._take(*(values.keys() & self.fields.keys()))

    @property
    def changes(self) -> dict[str, Any]:
        """The inputs that differ from what was reported, as ``what_if`` takes them."""
        old, new = (table.iloc[0] for table in (self.before.card.table, self.row))
        return {
            n: f.value
            for n, f in self.fields.items()
            if old[n] != new[n] and not pd.isna([old[n], new[n]]).all()
        }

    def _take(self, *names: str) -> None:
        """Read inputs from their widgets, let the ranges of their parts end there, and answer."""
        self.row = self.row.assign(**{name: [self.fields[name].value] for name in names})
        for name in names:
            self.fields[name].editor.layout.visibility = (
                "visible" if self.fields[name].known.value else "hidden"
            )
        for part in self.book.inputs.values():
            if part.part_of in names and self.fields[part.part_of].known.value:
                editor = self.fields[part.name].editor
                editor.max = max(part.times * self.fields[part.part_of].value, editor.value, 1)
        self.card = score(
            self.row, self.book, {id: dropdown.value for id, dropdown in self.readings.items()}
        )
        self.answer.value = contrast(self.before, Side(self.card))


def _field(i: Input) -> Entry:
    """The widgets of one input, the value's by its type; an amount has no slider, which would round
    it to its steps.
    """
    unit = "" if i.type in ("flag", "class") else f"（{i.unit}）"
    known = w.Checkbox(
        description=i.label + unit, tooltip=i.help, indent=False, layout={"flex": "0 0 285px"}
    )
    if i.type == "flag":
        return Entry(
            known,
            w.ToggleButtons(
                options=[("是", 1.0), ("否", 0.0)], value=0.0, style={"button_width": "60px"}
            ),
        )
    if i.type == "class":
        return Entry(
            known, w.Dropdown(options=[(label, name) for name, label in i.classes.items()])
        )
    return Entry(
        known, w.IntSlider() if i.type == "count" else w.BoundedFloatText(min=int(i.type == "rank"))
    )


def _end(i: Input, value: Any, peers: pd.Series | None) -> float:
    """Where a range ends; a count's at about twice the value or, where it is missing, twice the
    largest of its peers.
    """
    if i.type != "count":
        return i.max or 1e15  # as much as the check of a table lets pass
    twice = 2 * max([5.0, *([value] if not pd.isna(value) else [] if peers is None else peers)])
    digit = 10 ** np.floor(np.log10(twice))
    return float(np.ceil(twice / digit) * digit)


def _sections(book: Rulebook) -> dict[str, list[str]]:
    """The inputs by the category of the first item that needs them; those of base indicators and
    bonus items alone apart.
    """
    moved = [
        book.rules[id] for move in book.reallocations for id in move.drop
    ]  # need the inputs that no rule names
    rules = {
        name: min(book.users(name) or moved, key=lambda r: r.kind != "item") for name in book.inputs
    }
    titles = {id: f"{id}　{c.name}（{c.full:g} 分）" for id, c in book.categories.items()}
    titles |= {"base": "基础指标", "bonus": "附加项"}
    return {
        title: [n for n, r in rules.items() if id in (r.category, r.kind)]
        for id, title in titles.items()
    }


def _laid_out(e: Explorer) -> Any:
    """Choices on top, inputs and readings on the left in sections that open one at a time, the
    answer on the right.
    """
    parts = {
        title: [w.HBox(list(e.fields[name])) for name in names]
        for title, names in _sections(e.book).items()
    }
    parts["读法"] = [
        w.VBox([w.Label(e.book.readings[id].question), dropdown])
        for id, dropdown in e.readings.items()
    ]
    left = w.Accordion(
        [w.VBox(rows) for rows in parts.values()], titles=list(parts), selected_index=0
    )
    left.layout = {
        "flex": "0 0 550px",
        "max_height": "680px",
        "overflow": "auto",
        "margin": "0 12px 0 0",
    }
    return w.VBox(
        [
            w.HBox([e.place, e.period, e.reset]),
            w.HBox([left, e.answer], layout={"flex_flow": "row wrap"}),
        ]
    )
