"""File names made of names that people typed, and files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

from creditcalc.problems import InputError, Problem, ProblemError

Key = TypeVar("Key", bound=Hashable)

OWN = {"index", "summary", "run", "failed", "units"}  # what a period's folder holds besides pages
WINDOWS = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}
FORBIDDEN = frozenset('<>:"/\\|?*.')
LONGEST = 120  # bytes, so that a number, an ending and the mark of a temporary file fit into 255
NOFOLLOW, BINARY = getattr(os, "O_NOFOLLOW", 0), getattr(os, "O_BINARY", 0)
BY_FOLDER = (
    os.open in os.supports_dir_fd
)  # whether a folder that was opened can be worked in, whatever becomes of its name


class LinkedFolder(ProblemError):
    """A folder that should be the program's own and leads elsewhere."""


def safe_names(labels: Mapping[Key, str]) -> dict[Key, str]:
    """A file name without ending for each label, good on every system and each one's own whatever
    the letter case.

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
    """A label without what a file name must not hold: separators, dots, invisible characters,
    blanks at its ends.
    """
    text = unicodedata.normalize("NFC", label)
    text = "".join(ch if ch.isprintable() and ch not in FORBIDDEN else "_" for ch in text)
    return text.encode()[:LONGEST].decode(errors="ignore").strip() or "_"


@contextmanager
def replacing(path: Path, *, own: bool = False) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` at the end, or goes away when something fails.

    Its name is random and nobody's before, so nothing is written through a link that somebody laid
    there. With ``own`` the folder itself may be no link either: LinkedFolder. An OSError names
    ``path``, also one of no path: a disk that is full does not say which.
    """
    name = f".{secrets.token_hex(8)}-{path.name}"
    try:
        with _working_in(path.parent, own) as (folder, place):
            file = os.open(
                place(name),
                os.O_RDWR | os.O_CREAT | os.O_EXCL | NOFOLLOW | BINARY,
                0o666,
                dir_fd=folder,
            )
            try:
                with os.fdopen(file, "w+b") as stream:
                    yield stream
                os.replace(place(name), place(path.name), src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(
                    OSError
                ):  # where nothing can be written nothing can be removed either
                    os.unlink(place(name), dir_fd=folder)
                raise
    except OSError as error:
        if error.filename not in (None, name, str(path.with_name(name)), str(path.parent)):
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


@contextmanager
def _working_in(folder: Path, own: bool) -> Iterator[tuple[int | None, Callable[[str], str]]]:
    """A folder held open, and how its files are named to the system; by their paths where it cannot
    be held.
    """
    if own:
        expect_own(folder)
    if not BY_FOLDER:
        yield None, lambda name: os.fspath(folder / name)
        return
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | (NOFOLLOW if own else 0))
    try:
        yield held, lambda name: name
    finally:
        os.close(held)


def expect_own(folder: Path) -> None:
    """Raise LinkedFolder where a folder into which a run writes is a link to another."""
    if folder.is_symlink():
        cure = "移走这个链接，让 report 自己建文件夹，或换一个 --out"
        raise LinkedFolder(
            [
                Problem(
                    "这里应是 report 自己的文件夹，却是通往别处的链接", cure=cure, file=str(folder)
                )
            ]
        )


def make_own(folder: Path) -> None:
    """Make a folder into which a run writes; LinkedFolder where a link stands in its place."""
    expect_own(folder)
    folder.mkdir(parents=True, exist_ok=True)


def inside(folder: Path, name: str) -> Path | None:
    """The file of a record's ``name`` in a folder or a folder within it; None where a link or no
    file is there.
    """
    path = folder / name
    between = [path, *path.parents[: len(Path(name).parts) - 1]]
    return path if path.is_file() and not any(part.is_symlink() for part in between) else None


def move_aside(path: Path) -> Path:
    """Give a file that is not ours another name beside it, so that ours can take its place; the new
    path.

    ``范县.html`` becomes ``范县（原有）.html``, or ``范县（原有2）.html`` where that is taken.
    """
    other, number = path.with_name(f"{path.stem}（原有）{path.suffix}"), 1
    while os.path.lexists(other):
        number += 1
        other = path.with_name(f"{path.stem}（原有{number}）{path.suffix}")
    path.rename(other)
    return other


def fixed_time() -> datetime | None:
    """The time that SOURCE_DATE_EPOCH fixes for what is made, None where it says nothing;
    InputError where it is no time.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.fromtimestamp(int(epoch), UTC) if epoch else None
    except (ValueError, OverflowError, OSError):
        cure = "写 1970 年以来的秒数，或去掉这个环境变量"
        raise InputError(
            [Problem("环境变量 SOURCE_DATE_EPOCH 不是时间", epoch or "", cure)]
        ) from None


def sha256(path: Path) -> str:
    """The digest of a file, or of nothing where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
