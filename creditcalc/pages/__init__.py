"""What a page shows."""

from creditcalc.pages.showing import show

__all__ = ["show"]
