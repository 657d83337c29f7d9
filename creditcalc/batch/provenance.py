"""What pages are made of: the program, the versions, the notebooks and the data as digests, and the
time of the run.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path

from creditcalc import __version__
from creditcalc.bundled import PACKAGE
from creditcalc.evidence.register import beside
from creditcalc.files import fixed_time, sha256

SHOWN = (
    "python",
    "creditcalc",
    "numpy",
    "pandas",
    "matplotlib",
    "papermill",
    "nbconvert",
)  # on pages
LIBRARIES = (  # on whose versions pages and workbooks depend
    *SHOWN[2:],
    *(
        "brotli",
        "chinesecalendar",
        "fonttools",
        "ipykernel",
        "ipython",
        "jinja2",
        "nbclient",
        "nbformat",
    ),
    *("openpyxl", "pyarrow", "pylopdf-fonts-zh-cn"),
)


@dataclass(frozen=True)
class Origin:
    """What every page of a run has in common besides its data."""

    made_at: str
    program: str
    versions: Mapping[str, str]
    notebooks: Mapping[str, str]


def origin(notebooks: Mapping[str, Path]) -> Origin:
    """The origin of pages that are made now of these notebooks."""
    digests = {path.name: sha256(path) for path in notebooks.values()}
    return Origin(made_at(), program_digest(), versions(), digests)


def made_at() -> str:
    """The time of this run, or the one that SOURCE_DATE_EPOCH fixes."""
    return (fixed_time() or datetime.now().astimezone()).isoformat(sep=" ", timespec="seconds")


def versions() -> dict[str, str]:
    """The versions of Python, of this package and of all libraries on which a page depends."""
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), "creditcalc": __version__, **libraries}


def program_digest() -> str:
    """A digest of this package's own files, the same in a checkout and in an installed package."""
    files = [path for path in PACKAGE.rglob("*") if path.is_file()]
    own = [
        path
        for path in files
        if path.suffix != ".pyc" and path.relative_to(PACKAGE).parts[0] != "bundled"
    ]
    return combined({path.relative_to(PACKAGE).as_posix(): sha256(path) for path in own})


def file_digests(path: Path) -> dict[str, str]:
    """The digest of a file and of the evidence beside it, or of each file that lies in a folder."""
    files = (
        [file for file in path.iterdir() if file.is_file()]
        if path.is_dir()
        else [path, *beside(path)]
    )
    return {file.name: sha256(file) for file in sorted(files)}


def combined(digests: Mapping[str, str]) -> str:
    """One digest of many, whatever their order.

    >>> combined({"a": "1", "b": "2"}) == combined({"b": "2", "a": "1"})
    True
    """
    return hashlib.sha256(
        "\n".join(f"{name}\t{digests[name]}" for name in sorted(digests)).encode()
    ).hexdigest()
