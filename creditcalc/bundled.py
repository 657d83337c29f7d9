"""Where the notebooks and the sample lie: inside an installed package, or at the root of a
checkout.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def bundled(name: str) -> Path:
    """The folder ``name`` (``notebooks`` or ``data/sample``) that comes with the package.

    >>> bundled("data/sample").name
    'sample'
    """
    inside = PACKAGE / "bundled" / name
    return inside if inside.exists() else PACKAGE.parent / name
