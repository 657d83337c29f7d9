"""run.json: what a run made, of what, and how each page stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from creditcalc.files import inside, replacing, sha256

RECORD = "run.json"
OWN_NAME = re.compile(
    r"(((units|failed)/)?[^/\\]*[^/\\.][^/\\]*)?"
)  # a record leads to no other folder


class Key(NamedTuple):
    """Whose page it is; a city's page has the city's name twice."""

    kind: str
    city: str
    name: str


@dataclass(frozen=True)
class Page:
    """How one page stands.

    ``status`` is made, unchanged, failed, refused (its data has errors) or left (not this run's
    task, or interrupted). A page that failed or is refused keeps the file of an earlier run.
    ``digest`` says what the file was made of, ``sha256`` what it holds, ``pdf`` what its PDF holds
    and ``pdf_of`` what the file held of which that was printed; where there is no file they are
    empty.
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
    pdf_of: str = ""

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
        return ({self.file: self.sha256} if self.file else {}) | (
            {self.pdf_file: self.pdf} if self.pdf else {}
        )

    @property
    def outdated(self) -> bool:
        """Whether the file is that of an earlier run, which this one could not make anew."""
        return bool(self.file and self.status in ("failed", "refused"))

    @property
    def printed(self) -> bool:
        """Whether the PDF shows what the file shows."""
        return bool(self.pdf) and self.pdf_of == self.sha256

    def intact(self, folder: Path) -> bool:
        """Whether the file is there and holds what it was given."""
        there = inside(folder, self.file) if self.file else None
        return there is not None and sha256(there) == self.sha256


@dataclass(frozen=True)
class Record:
    """What an earlier run left: its pages, the digests of its other files and of the notebooks that
    failed.
    """

    pages: tuple[Page, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def files(self) -> dict[str, str]:
        """The digest of every file that the runs of this folder wrote and that they still know."""
        known = {**self.outputs, **self.failed}
        for page in self.pages:
            known |= page.digests
        return known

    def intact(self, folder: Path) -> dict[Key, Page]:
        """The pages whose files are still what this record says."""
        return {page.key: page for page in self.pages if page.intact(folder)}


def load(folder: Path) -> Record | None:
    """The record in a folder; None where it is missing or not one of ours."""
    path = inside(folder, RECORD)
    if path is None:
        return None
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        facts = json.loads(path.read_bytes())
        pages = tuple(Page(**page) for page in facts["pages"])
        outputs, failed = {**facts["outputs"]}, {**facts["failed"]}
        texts = [text for page in pages for name, text in asdict(page).items() if name != "seconds"]
        files = [*(page.file for page in pages), *outputs, *failed]
        texts += [*outputs.values(), *failed.values()]
        if all(isinstance(text, str) for text in texts) and all(map(OWN_NAME.fullmatch, files)):
            return Record(pages, outputs, failed, bool(facts["interrupted"]))
    return None


def save(folder: Path, facts: Mapping[str, Any], pages: list[Page]) -> None:
    """Write the record, whole or not at all."""
    content = json.dumps(
        {**facts, "pages": [asdict(page) for page in pages]}, ensure_ascii=False, indent=1
    )
    with replacing(folder / RECORD, below=folder.parent) as file:
        file.write(f"{content}\n".encode())
