"""Computes, checks, explains and reports a city's standing in the 社会信用体系建设示范城市 ledger."""

from creditcalc.contribution import Contribution, contribution
from creditcalc.explain import Explanation, explain
from creditcalc.inputs import Checked, check_inputs, read_inputs
from creditcalc.loading import load_rulebook
from creditcalc.problems import InputError, Problem, ReadingError, RulebookError, UnknownName
from creditcalc.rollup import roll_up
from creditcalc.rulebook import Rulebook
from creditcalc.scoring import Scorecard, score
from creditcalc.sensitivity import Sensitivity, sensitivity
from creditcalc.study import Study, open_study
from creditcalc.targets import Targets, targets
from creditcalc.whatif import WhatIf, what_if

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
