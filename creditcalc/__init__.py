"""Computes, checks, explains and reports a city's standing in the 社会信用体系建设示范城市 ledger."""

from creditcalc.loading import load_rulebook
from creditcalc.problems import InputError, Problem, ReadingError, RulebookError
from creditcalc.rollup import roll_up
from creditcalc.rulebook import Rulebook
from creditcalc.scoring import Scorecard, score

__all__ = [
    "InputError",
    "Problem",
    "ReadingError",
    "Rulebook",
    "RulebookError",
    "Scorecard",
    "load_rulebook",
    "roll_up",
    "score",
]
