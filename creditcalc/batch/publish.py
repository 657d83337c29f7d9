"""The folder of a period: which of its files runs wrote, and how a run puts one there or takes one
away.

A file is a run's own where the record of the folder, or the list that a run keeps while it works,
names it with the very digest that it has. Nothing else is ever overwritten or removed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from creditcalc.files import appending, inside, make_own, move_aside, remove_own, replacing, sha256

WRITTEN = (
    ".written"  # what a run wrote that its record may not name yet, a line each; gone at its end
)


class Publisher:
    """Puts files into a period's folder and removes them, and keeps what it has to tell.

    ``force`` lets it write over files that are not a run's own, which otherwise get another name.
    """

    def __init__(self, folder: Path, known: Mapping[str, str], *, force: bool) -> None:
        self.folder, self.force = folder, force
        self._below = folder.parent  # the user's own, under which no link is followed
        self.told: list[str] = []
        self._known = {name: {digest} for name, digest in known.items()}
        self._written = set[str]()
        self._recorded: Mapping[str, str] = {}
        self._list: TextIO | None = None

    @contextmanager
    def open(self) -> Iterator[Publisher]:
        """Keep the list of what is written, beginning with what a run wrote that did not come to
        its end.
        """
        make_own(self.folder)
        path = self.folder / WRITTEN
        there = inside(self.folder, WRITTEN)
        lines = there.read_text(encoding="utf-8", errors="replace").splitlines() if there else []
        for line in lines:  # the last may be half a line, where a disk was full
            with suppress(ValueError, TypeError, RecursionError):
                name, digest = json.loads(line)
                self._note(str(name), str(digest))
        with appending(path, self._below) as self._list:
            yield self
        self._leave(path)

    def record(self, files: Mapping[str, str]) -> None:
        """Learn what the folder's record names by now."""
        self._recorded = files

    def _leave(self, path: Path) -> None:
        """Keep of the list what a killed run wrote and the record still does not name."""
        left = {name for name in self._written if self.is_own(name)}
        lines = [
            json.dumps([name, digest], ensure_ascii=False)
            for name in sorted(left)
            if (digest := sha256(self.folder / name)) != self._recorded.get(name)
        ]
        if not lines:
            return remove_own(path, self._below)
        with replacing(path, below=self._below) as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
        return None

    def _note(self, name: str, digest: str) -> None:
        """A file that a run wrote, or is about to."""
        self._written.add(name)
        self._known.setdefault(name, set()).add(digest)

    def put(self, name: str, content: bytes) -> str:
        """Write a file, whole or not at all; its digest. What stands there and is not a run's own
        gets another name.
        """
        assert self._list
        path, digest = self.folder / name, hashlib.sha256(content).hexdigest()
        make_own(path.parent)
        if not (self.force or self.is_own(name)):
            self.set_aside(name)
        self._note(name, digest)
        print(json.dumps([name, digest], ensure_ascii=False), file=self._list, flush=True)
        with replacing(path, below=self._below) as file:
            file.write(content)
        return digest

    def set_aside(self, name: str) -> None:
        """Give what stands under a name and is not a run's own another one, and tell it."""
        path = self.folder / name
        if os.path.lexists(path):
            other = move_aside(path, self._below)
            self.told.append(
                f"{name} 不是 report 写的，或在生成后被改动：已改名为 {other.name} 留存"
            )

    def is_own(self, name: str) -> bool:
        """Whether the file of that name is there as a run wrote it."""
        path = inside(self.folder, name)
        return path is not None and sha256(path) in self._known.get(name, ())

    def remove(self, name: str, why: str) -> None:
        """Remove a run's own file and tell why; one that was altered since stays and is told."""
        path = inside(self.folder, name)
        if path is None:
            return
        if not self.is_own(name):
            self.told.append(f"{why}：{name} 在生成后被改动，没有删")
            return
        remove_own(path, self._below)
        self.told.append(f"{why}：删去 {name}")
