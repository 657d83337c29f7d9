"""File names made of names that people typed, and files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from creditcalc.problems import InputError, Problem

Key = TypeVar("Key", bound=Hashable)

OWN = {"index", "summary", "run", "failed", "units"}  # what a period's folder holds besides pages
WINDOWS = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
FORBIDDEN = frozenset('<>:"/\\|?*.')
LONGEST = 120  # bytes, so that a number, an ending and the mark of a temporary file fit into 255


def safe_names(labels: Mapping[Key, str]) -> dict[Key, str]:
    """A file name without ending for each label, good on every system and each one's own whatever the letter case.

    >>> safe_names({1: "范县", 2: "../x", 3: "范县", 4: "CON", 5: "Index"})
    {1: '范县', 2: '___x', 3: '范县-2', 4: 'CON-2', 5: 'Index-2'}
    """
    taken = OWN | WINDOWS
    names = {}
    for key, label in labels.items():
        stem = name = _cleaned(label)
        number = 1
        while folded(name) in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(folded(name))
        names[key] = name
    return names


def folded(name: str) -> str:
    """What a file system compares that ignores case and the form of a character.

    >>> folded("Ａbc") == folded("aBC")
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _cleaned(label: str) -> str:
    """A label without what a file name must not hold: separators, dots, invisible characters, blanks at its ends."""
    text = unicodedata.normalize("NFC", label)
    text = "".join(ch if ch.isprintable() and ch not in FORBIDDEN else "_" for ch in text)
    return text.encode()[:LONGEST].decode(errors="ignore").strip() or "_"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place at the end, or goes away when something fails.

    An OSError of the temporary path names ``path``, and so does one of no path: a disk that is full does not say which.
    """
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        with suppress(OSError):  # where nothing can be written nothing can be removed either, and that would be told instead
            temporary.unlink(missing_ok=True)


def fixed_time() -> datetime | None:
    """The time that SOURCE_DATE_EPOCH fixes for what is made, None where it is not set; InputError where it is no time."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.fromtimestamp(int(epoch), UTC) if epoch else None
    except (ValueError, OverflowError, OSError):
        cure = "写 1970 年以来的秒数，或去掉这个环境变量"
        raise InputError([Problem("环境变量 SOURCE_DATE_EPOCH 不是时间", epoch or "", cure)]) from None


def sha256(path: Path) -> str:
    """The digest of a file, or of nothing where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
