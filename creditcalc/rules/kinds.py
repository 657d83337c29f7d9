"""How a kind says which inputs and parameters it takes: by the fields of its class."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import Any, NamedTuple, get_type_hints

Names = tuple[str, ...]
"""The type of a field that takes inputs: the name of one, or of several."""


class Parameter(NamedTuple):
    """A field of a kind: inputs by name, or a value that ``hint`` describes."""

    hint: Any
    required: bool
    is_input: bool


def parameters(kind: Any) -> dict[str, Parameter]:
    """The parameters that a kind takes, in its order.

    >>> from creditcalc.rules.measures import MEASURES
    >>> [name for name, p in parameters(MEASURES["ratio"]).items() if p.is_input]
    ['part', 'whole']
    """
    return _parameters(kind)


@cache
def _parameters(kind: Any) -> dict[str, Parameter]:
    hints = get_type_hints(kind)
    return {
        f.name: Parameter(
            hints[f.name],
            f.default is MISSING and f.default_factory is MISSING,
            hints[f.name] == Names,
        )
        for f in fields(kind)
    }
