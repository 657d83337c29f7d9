"""Where tests find the checkout and the tables that lie beside them."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
SAMPLE = ROOT / "data" / "sample"
