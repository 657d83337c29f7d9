"""Reads and checks a rulebook file; every fault of it is found in one go.

The fields of a kind's class say which inputs and parameters it takes, so another edition is
another TOML file and no code, and another kind is one class.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from creditcalc.problems import RulebookError
from creditcalc.rules.checks import input_faults, total_faults
from creditcalc.rules.inputs import Input
from creditcalc.rules.rule_reader import RuleReader
from creditcalc.rules.rulebook import Category, Reading, Repair, Rulebook
from creditcalc.rules.schema import (
    HEAD_KEYS,
    INPUT_KEYS,
    INPUT_OPTIONAL,
    SECTIONS,
    SECTIONS_OPTIONAL,
)
from creditcalc.rules.toml_file import NUMBER, read_toml

BUNDLED = Path(__file__).parent / "editions" / "puyang-2021.toml"


def load_rulebook(path: str | Path | None = None) -> Rulebook:
    """The bundled 2021 ledger, or the rulebook at ``path``.

    Raises RulebookError with every fault of the file.

    >>> book = load_rulebook()
    >>> len(book.of_kind("base")), len(book.of_kind("item")), len(book.of_kind("bonus"))
    (12, 41, 3)
    """
    path = BUNDLED if path is None else Path(path)
    raw, digest = read_toml(path)
    return _Reader(path, digest).book(raw)


class _Reader(RuleReader):
    """Builds a Rulebook from a TOML document and collects every fault on the way."""

    def __init__(self, path: Path, digest: str) -> None:
        super().__init__(path)
        self.digest = digest

    def book(self, raw: dict[str, Any]) -> Rulebook:
        raw = self.table(raw, SECTIONS, SECTIONS_OPTIONAL, "")
        head = self.table(raw["rulebook"], HEAD_KEYS, {"county_unit": str}, "rulebook")
        self.sealed = head.pop("sealed_kinds")
        self.readings = {
            name: Reading(
                id=name,
                **self.table(
                    r,
                    {"question": str, "default": str, "reason": str, "options": dict},
                    {},
                    f"readings.{name}",
                ),
            )
            for name, r in raw["readings"].items()
        }
        for r in self.readings.values():
            if r.default not in r.options:
                self.fault(
                    f"readings.{r.id}.default",
                    "默认值不在选项中",
                    r.default,
                    f"可选：{'、'.join(r.options)}",
                )
        for name, i in raw["inputs"].items():
            self.inputs[name] = Input(
                name=name, **self.table(i, INPUT_KEYS, INPUT_OPTIONAL, f"inputs.{name}")
            )
        categories: dict[str, Category] = {}
        for n, c in enumerate(raw["categories"]):
            category = Category(
                **self.table(c, {"id": str, "name": str, "full": NUMBER}, {}, f"categories[{n}]")
            )
            if category.id in categories:
                self.fault(f"categories[{n}]", "类别编号重复", category.id, "每个类别用一个编号")
            categories[category.id] = category
        for section, kind in (("base", "base"), ("items", "item"), ("bonus", "bonus")):
            for n, r in enumerate(raw.get(section, [])):
                self.rule(r, kind, f"{section}[{n}]")
        book = Rulebook(
            **{**head, "bonus_cap": self.value(head["bonus_cap"], NUMBER, "rulebook.bonus_cap")},
            categories=categories,
            repairs=tuple(
                Repair(**self.table(r, {"clause": str, "text": str}, {}, f"repairs[{n}]"))
                for n, r in enumerate(raw.get("repairs", []))
            ),
            readings=self.readings,
            reallocations=tuple(
                self.reallocation(r, n) for n, r in enumerate(raw.get("reallocations", []))
            ),
            rules=self.rules,
            inputs=self.inputs,
            path=self.path,
            digest=self.digest,
        )
        for found in (*input_faults(book), *total_faults(book)):
            self.fault(*found)
        if self.problems:
            raise RulebookError(list(dict.fromkeys(self.problems)))
        return book
