"""Computes, checks, explains and reports a city's standing in the 社会信用体系建设示范城市 ledger.

The folders tell the story; each uses only those above it and the modules that lie here:

- ``rules``: what one edition of the ledger says
- ``intake``: files and forms become one checked table
- ``case_lists``: lists of cases become the same table
- ``scoring``: table × rules × readings become points with an interval
- ``evidence``: what must be handed in, by whom, by when, and how it stands
- ``analysis``: why not more, and what would it take
- ``render``: frames and figures become HTML, SVG, Excel and terminal text; knows no rule
- ``pages``: what a page shows
- ``widgets``: one row to play with in JupyterLab
- ``batch``: every page of a period: plan, run, record, publish
- ``cluster``: the same pages and scores on Dask; nothing above knows it
- ``cli``: the commands, a file for each group

Each public name is imported from its module when it is first asked for, so that what needs little
starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from creditcalc.analysis.contribution import Contribution, contribution
    from creditcalc.analysis.explanation import Explanation, explain
    from creditcalc.analysis.sensitivity import Sensitivity, sensitivity
    from creditcalc.analysis.targets import Targets, targets
    from creditcalc.analysis.what_if import WhatIf, what_if
    from creditcalc.intake.checked_table import Checked, check_inputs, read_inputs
    from creditcalc.pages.study import Study, open_study
    from creditcalc.problems import InputError, Problem, ReadingError, RulebookError, UnknownName
    from creditcalc.rules.load import load_rulebook
    from creditcalc.rules.rulebook import Rulebook
    from creditcalc.scoring.rollup import roll_up
    from creditcalc.scoring.scorecard import Scorecard, score

__version__ = "0.1.0"

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
    "creditcalc.analysis.contribution": ("Contribution", "contribution"),
    "creditcalc.analysis.explanation": ("Explanation", "explain"),
    "creditcalc.analysis.sensitivity": ("Sensitivity", "sensitivity"),
    "creditcalc.analysis.targets": ("Targets", "targets"),
    "creditcalc.analysis.what_if": ("WhatIf", "what_if"),
    "creditcalc.intake.checked_table": ("Checked", "check_inputs", "read_inputs"),
    "creditcalc.pages.study": ("Study", "open_study"),
    "creditcalc.problems": (
        "InputError",
        "Problem",
        "ReadingError",
        "RulebookError",
        "UnknownName",
    ),
    "creditcalc.rules.load": ("load_rulebook",),
    "creditcalc.rules.rulebook": ("Rulebook",),
    "creditcalc.scoring.rollup": ("roll_up",),
    "creditcalc.scoring.scorecard": ("Scorecard", "score"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
