"""Case ledgers → inputs: what a county's lists of cases make of the counts, and which cases are
behind each.
"""

from creditcalc.case_lists.gathering import Ledgers, read_ledgers

__all__ = ["Ledgers", "read_ledgers"]
