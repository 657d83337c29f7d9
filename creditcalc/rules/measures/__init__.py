"""The measure kinds of the ledger, by the names that a rulebook gives them: how a rule's inputs
become the one value that a formula scores.

Each file holds a family of kinds, a kind all that is known of it. Importing the files registers
them.
"""

from creditcalc.rules.measures import amounts, answers, coverage
from creditcalc.rules.measures.base import MEASURES, Measure, Terms
from creditcalc.rules.measures.moves import Unreachable

__all__ = [
    "MEASURES",
    "Measure",
    "Terms",
    "Unreachable",
    "amounts",
    "answers",
    "coverage",
]
