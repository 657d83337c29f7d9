"""run.json: what a run made, of what, and how each page stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from creditcalc.files import replacing, sha256

RECORD = "run.json"
OWN = re.compile(r"((units/)?[^/\\]*[^/\\.][^/\\]*)?")  # a record leads to no other folder


class Key(NamedTuple):
    """Whose page it is; a city's page has the city's name twice."""

    kind: str
    city: str
    name: str


@dataclass(frozen=True)
class Page:
    """How one page stands.

    ``status`` is made, unchanged, failed, refused (its data has errors) or left (not this run's task, or interrupted).
    ``digest`` says what the file was made of, ``sha256`` what it holds and ``pdf`` what the PDF holds that was printed of it;
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
    pdf: str = ""

    @property
    def key(self) -> Key:
        """Whose page it is."""
        return Key(self.kind, self.city, self.name)

    @property
    def pdf_file(self) -> str:
        """The name of the PDF."""
        return self.file.removesuffix(".html") + ".pdf"

    @property
    def digests(self) -> dict[str, str]:
        """What each of its files holds."""
        return ({self.file: self.sha256} if self.file else {}) | ({self.pdf_file: self.pdf} if self.pdf else {})

    def intact(self, folder: Path) -> bool:
        """Whether the file is there and holds what it was given."""
        return bool(self.file) and sha256(folder / self.file) == self.sha256


@dataclass(frozen=True)
class Record:
    """What an earlier run left: its pages, the digests of its other files, whether it came to its end."""

    pages: tuple[Page, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False


def load(folder: Path) -> Record | None:
    """The record in a folder; None where it is missing or not one of ours."""
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        facts = json.loads((folder / RECORD).read_bytes())
        pages, outputs = tuple(Page(**page) for page in facts["pages"]), {**facts["outputs"]}
        texts = [text for page in pages for name, text in asdict(page).items() if name != "seconds"]
        files = [*(page.file for page in pages), *outputs]
        if all(isinstance(text, str) for text in [*texts, *outputs.values()]) and all(map(OWN.fullmatch, files)):
            return Record(pages, outputs, bool(facts["interrupted"]))
    return None


def save(folder: Path, facts: Mapping[str, Any], pages: list[Page]) -> None:
    """Write the record, whole or not at all."""
    content = json.dumps({**facts, "pages": [asdict(page) for page in pages]}, ensure_ascii=False, indent=1)
    with replacing(folder / RECORD) as temporary:
        temporary.write_text(content + "\n", encoding="utf-8")
