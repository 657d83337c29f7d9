"""What a rulebook holds: rules, inputs, readings, clauses, evidence and units of one edition of the
ledger.

Rules are data, kinds are code: a rule names a kind of ``measures`` and one of ``formulas``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from creditcalc.problems import Problem, ReadingError, nearest, shown
from creditcalc.rules.formulas import Formula, Test
from creditcalc.rules.inputs import Input
from creditcalc.rules.kinds import parameters
from creditcalc.rules.measures import Measure, Terms

Readings = Mapping[str, str]
Kind = TypeVar("Kind", bound=Measure | Formula)


@dataclass(frozen=True)
class Choice:
    """A parameter that a reading decides: ``options`` maps each option of reading ``by`` to a
    value.
    """

    by: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Call(Generic[Kind]):
    """A measure or formula kind with its parameters, some of which a reading may decide."""

    kind: type[Kind]
    params: Mapping[str, Any]

    def bind(self, readings: Readings) -> Kind:
        """The kind with its parameters under ``readings`` (complete, as ``Rulebook.resolve`` gives
        them).
        """
        given = {key: chosen(value, readings) for key, value in self.params.items()}
        inputs = {key: tuple(input_names(given[key], None)) for key in self._roles}
        return self.kind(**{**given, **inputs})

    def inputs(self, readings: Readings | None = None) -> list[str]:
        """The inputs under ``readings``, or (without) under any."""
        return [name for key in self._roles for name in input_names(self.params[key], readings)]

    def decided(self, readings: Readings) -> dict[str, str]:
        """The parameters that a reading decides, each with reading=option."""
        return {
            key: f"{value.by}={readings[value.by]}"
            for key, value in self.params.items()
            if isinstance(value, Choice)
        }

    @property
    def _roles(self) -> list[str]:
        taken = parameters(self.kind)
        return [key for key, p in taken.items() if p.is_input and key in self.params]


@dataclass(frozen=True)
class Condition:
    """One part of a base indicator: a measure and its test, for one level or some classes only
    where it says so.
    """

    measure: Call[Measure]
    test: Test
    level: str = ""
    class_input: str = ""
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """One material that the ledger asks for; explanations and screenshots need a seal (盖公章).

    Of a rule's materials with ``any`` one is enough.
    """

    kind: str
    text: str
    sealed: bool
    any: bool = False


@dataclass(frozen=True)
class Reading:
    """A question that the ledger leaves open, with the default answer, its reason and the
    alternatives.
    """

    id: str
    question: str
    default: str
    reason: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Category:
    """One of the parts of the scored items, with its full marks."""

    id: str
    name: str
    full: float


@dataclass(frozen=True)
class Repair:
    """A certain repair of the ledger's damaged text."""

    clause: str
    text: str


@dataclass(frozen=True)
class Reallocation:
    """Items that do not apply where a share reaches ``at_least``, and the items whose marks are
    multiplied instead.
    """

    id: str
    clause: str
    rule: str
    measure: Call[Measure]
    at_least: float
    drop: tuple[str, ...]
    scale: tuple[str, ...]
    factor: float


@dataclass(frozen=True)
class Rule:
    """One base indicator (``conditions``), scored or bonus item (``measure`` and ``formula``)."""

    id: str
    kind: str
    name: str
    scope: str
    clause: str
    rule: str
    evidence: tuple[Evidence, ...]
    lead: tuple[str, ...]
    units: tuple[str, ...]
    category: str = ""
    full: float = 0
    conditions: tuple[Condition, ...] = ()
    measure: Call[Measure] | None = None
    formula: Call[Formula] | None = None
    note: str = ""
    value_unit: str = ""
    city_threshold: bool = False
    window: Mapping[str, str] = field(default_factory=dict)
    closed_by: str = ""

    @property
    def measures(self) -> Iterator[Call[Measure]]:
        """Every measure of the rule."""
        yield from (condition.measure for condition in self.conditions)
        if self.measure:
            yield self.measure

    @cached_property
    def readings(self) -> list[str]:
        """The readings that this rule depends on."""
        calls: list[Call[Any]] = [*self.measures, *([self.formula] if self.formula else [])]
        by = [v.by for call in calls for v in call.params.values() if isinstance(v, Choice)]
        return list(dict.fromkeys(by))

    def inputs(self, readings: Readings | None = None) -> list[str]:
        """The inputs that the rule uses, under ``readings`` or (without) under any."""
        names = [name for call in self.measures for name in call.inputs(readings)]
        names += [condition.class_input for condition in self.conditions if condition.class_input]
        return list(dict.fromkeys(names))


@dataclass(frozen=True)
class Rulebook:
    """One edition of the ledger, checked."""

    id: str
    edition: str
    title: str
    document: str
    issued: str
    full: float
    bonus: float
    bonus_cap: float | Choice
    materials_due: str
    unstated: str
    categories: Mapping[str, Category]
    repairs: tuple[Repair, ...]
    readings: Mapping[str, Reading]
    reallocations: tuple[Reallocation, ...]
    rules: Mapping[str, Rule]
    inputs: Mapping[str, Input]
    path: Path
    digest: str
    county_unit: str = ""

    def of_kind(self, kind: str) -> list[Rule]:
        """The rules of a kind (base, item, bonus), in the ledger's order."""
        return [rule for rule in self.rules.values() if rule.kind == kind]

    @cached_property
    def columns(self) -> dict[str, str]:
        """Input names by name and by Chinese label."""
        return {name: i.name for i in self.inputs.values() for name in (i.name, i.label)}

    def users(self, name: str) -> list[Rule]:
        """The rules that use an input."""
        return [rule for rule in self.rules.values() if name in self._used[rule.id]]

    def terms(self, rule: Rule, call: Call[Measure], readings: Readings) -> Terms:
        """What a measure of a rule needs in order to speak."""
        return Terms(self.inputs, rule.value_unit, call.decided(readings))

    @cached_property
    def _used(self) -> dict[str, set[str]]:
        """The inputs that each rule uses under any readings."""
        return {id: set(rule.inputs()) for id, rule in self.rules.items()}

    def resolve(self, readings: Readings | None = None) -> dict[str, str]:
        """Every reading's option: the defaults with ``readings`` over them.

        Raises ReadingError that lists every unknown reading or option.

        >>> from creditcalc import load_rulebook
        >>> load_rulebook().resolve({"proportional": "of_full"})["proportional"]
        'of_full'
        """
        problems = []
        for name, option in (readings or {}).items():
            if name not in self.readings:
                cure = nearest(name, self.readings) or f"可用的读法：{'、'.join(self.readings)}"
                problems.append(Problem("没有这种读法", shown(name), cure))
            elif option not in self.readings[name].options:
                problems.append(
                    Problem(
                        f"读法 {name} 没有这个选项",
                        shown(option),
                        f"可选：{'、'.join(self.readings[name].options)}",
                    )
                )
        if problems:
            raise ReadingError(problems)
        return {r.id: (readings or {}).get(r.id, r.default) for r in self.readings.values()}


def chosen(value: Any, readings: Readings) -> Any:
    """A parameter's value under ``readings``."""
    return value.options[readings[value.by]] if isinstance(value, Choice) else value


def input_names(value: Any, readings: Readings | None) -> list[str]:
    """The input names in a role's value."""
    if isinstance(value, Choice):
        options = (
            value.options.values() if readings is None else [value.options[readings[value.by]]]
        )
        return [name for option in options for name in input_names(option, readings)]
    return list(value) if isinstance(value, (list, tuple)) else [value]
