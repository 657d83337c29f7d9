"""What pages are made of: the program, the versions, the notebooks and the data as digests, and the
time of the run.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from importlib import metadata
from pathlib import Path

import pandas as pd

from creditcalc import __version__
from creditcalc.bundled import PACKAGE
from creditcalc.evidence.register import beside
from creditcalc.files import fixed_time, sha256
from creditcalc.intake.checked_table import Checked
from creditcalc.pages.study import Study
from creditcalc.render.dress import Dress
from creditcalc.rules.rulebook import Rulebook
from creditcalc.scoring.rollup import RolledUp

ON_PAGES = (
    "python",
    "creditcalc",
    "numpy",
    "pandas",
    "matplotlib",
    "papermill",
    "nbconvert",
)  # on pages
LIBRARIES = (  # on whose versions pages and workbooks depend
    *ON_PAGES[2:],
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
    dress: Dress


def origin(notebooks: Mapping[str, Path], dress: Dress) -> Origin:
    """The origin of pages that are made now of these notebooks and look so."""
    digests = {path.name: sha256(path) for path in notebooks.values()}
    return Origin(made_at(), program_digest(), versions(), digests, dress)


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


def made_of(study: Study, city: str) -> str:
    """A SHA-256 over all that the pages of a city and its counties are made from, but notebooks and
    program.

    What goes in is hashed, not what is shown: whatever the city's part of the study holds.
    """
    own = study.only(city)
    parts = [city, *(_as_text(getattr(own, part.name)) for part in fields(own) if part.init)]
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


def _as_text(part: object) -> str:
    """A part of a study, whole and in order; TypeError for what has no text."""
    match part:
        case Rulebook():
            return part.digest
        case Checked():
            return "\x1f".join(map(_as_text, (part.table, part.problems, part.roster)))
        case pd.DataFrame():
            return part.to_csv()
        case RolledUp():
            tables = _as_text(part.table), _as_text(part.typed)
            return "\x1f".join([*tables, *sorted(part.short)])
        case Mapping():
            return json.dumps(dict(part), ensure_ascii=False)
    return json.dumps(part, default=asdict, ensure_ascii=False)


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
