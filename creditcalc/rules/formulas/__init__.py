"""The formula kinds of the ledger, by the names that a rulebook gives them, and the tests of base
indicators.

Each file holds a family of kinds, a kind all that is known of it. Importing the files registers
them.
"""

from creditcalc.rules.formulas import awards, counts, lines, steps, thresholds
from creditcalc.rules.formulas.base import FORMULAS, Formula
from creditcalc.rules.formulas.thresholds import TESTS, Test

__all__ = [
    "FORMULAS",
    "TESTS",
    "Formula",
    "Test",
    "awards",
    "counts",
    "lines",
    "steps",
    "thresholds",
]
