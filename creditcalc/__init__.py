"""Computes, checks, explains and reports a city's standing in the 社会信用体系建设示范城市 ledger.

Each public name is imported from its module when it is first asked for, so that what needs little starts at once.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from creditcalc.analysis.contribution import Contribution, contribution
    from creditcalc.analysis.explanation import Explanation, explain
    from creditcalc.intake.checked_table import Checked, check_inputs, read_inputs
    from creditcalc.rules.load import load_rulebook
    from creditcalc.problems import InputError, Problem, ReadingError, RulebookError, UnknownName
    from creditcalc.scoring.rollup import roll_up
    from creditcalc.rules.rulebook import Rulebook
    from creditcalc.scoring.scorecard import Scorecard, score
    from creditcalc.analysis.sensitivity import Sensitivity, sensitivity
    from creditcalc.pages.study import Study, open_study
    from creditcalc.analysis.targets import Targets, targets
    from creditcalc.analysis.what_if import WhatIf, what_if

__all__ = [
    "Checked",
    "Contribution",
    "Explanation",
    "InputError",
    "Problem",
    "ReadingError",
    "Rulebook",
    "RulebookError",
    "Scorecard",
    "Sensitivity",
    "Study",
    "Targets",
    "UnknownName",
    "WhatIf",
    "check_inputs",
    "contribution",
    "explain",
    "load_rulebook",
    "open_study",
    "read_inputs",
    "roll_up",
    "score",
    "sensitivity",
    "targets",
    "what_if",
]

_HOMES = {
    "contribution": ("Contribution", "contribution"),
    "explain": ("Explanation", "explain"),
    "inputs": ("Checked", "check_inputs", "read_inputs"),
    "loading": ("load_rulebook",),
    "problems": ("InputError", "Problem", "ReadingError", "RulebookError", "UnknownName"),
    "rollup": ("roll_up",),
    "rulebook": ("Rulebook",),
    "scoring": ("Scorecard", "score"),
    "sensitivity": ("Sensitivity", "sensitivity"),
    "study": ("Study", "open_study"),
    "targets": ("Targets", "targets"),
    "whatif": ("WhatIf", "what_if"),
}


class _Package(ModuleType):
    """This package: some public functions share their name with a module, which must not take their place."""

    def __getattr__(self, name: str) -> Any:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{home}"), name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing a module ends with its being made an attribute of its package.
        shadow = isinstance(value, ModuleType) and name in _HOMES.get(name, ())
        super().__setattr__(name, getattr(value, name) if shadow else value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
