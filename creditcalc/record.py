"""run.json: what a run made, of what, and how each page stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from creditcalc.files import replacing, sha256

RECORD = "run.json"
OWN = re.compile(r"((units/)?[^/\\]*[^/\\.][^/\\]*)?")


class Key(NamedTuple):
    """Whose page it is; a city's page has the city's name twice."""

    kind: str
    city: str
    name: str


@dataclass(frozen=True)
class Page:
    """How one page stands.

    ``status`` is made, unchanged, failed, refused (its data has errors) or left (not this run's task, or interrupted).
    ``digest`` says what the file was made of, ``sha256`` what it holds and ``printed`` what it held when its PDF was printed;
    where there is no file they are empty.
    """

    kind: str
    city: str
    name: str
    status: str
    file: str = ""
    seconds: float = 0.0
    error: str = ""
    digest: str = ""
    sha256: str = ""
    printed: str = ""

    @property
    def key(self) -> Key:
        """Whose page it is."""
        return Key(self.kind, self.city, self.name)

    def intact(self, folder: Path) -> bool:
        """Whether the file is there and holds what it was given."""
        return bool(self.file) and sha256(folder / self.file) == self.sha256


def load_pages(folder: Path) -> list[Page]:
    """The pages that an earlier run recorded; none where its record is missing or not one of ours."""
    try:
        pages = [Page(**page) for page in json.loads((folder / RECORD).read_bytes())["pages"]]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    return [page for page in pages if OWN.fullmatch(page.file)]  # a record leads to no other folder


def save(folder: Path, facts: Mapping[str, Any], pages: list[Page]) -> None:
    """Write the record, whole or not at all."""
    content = json.dumps({**facts, "pages": [asdict(page) for page in pages]}, ensure_ascii=False, indent=1)
    with replacing(folder / RECORD) as temporary:
        temporary.write_text(content + "\n", encoding="utf-8")
