"""File names made of names that people typed, and files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TextIO, TypeVar

from creditcalc.problems import InputError, Problem, ProblemError

Named = TypeVar("Named", bound=Hashable)

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
NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # a pipe that somebody laid there is no endless wait
# Opens a folder, though it may not be listed.
HELD = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
BY_FOLDER = (
    os.open in os.supports_dir_fd
)  # whether a folder that was opened can be worked in, whatever becomes of its name


class LinkedElsewhere(ProblemError):
    """A folder or a file that should be a run's own and is a link to another."""


def safe_names(labels: Mapping[Named, str]) -> dict[Named, str]:
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
def replacing(path: Path, *, below: Path | None = None) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` at the end, or goes away when something fails.

    Its name is random and nobody's before, so nothing is written through a link that somebody laid
    there. No folder under ``below`` may be a link either: LinkedElsewhere. An OSError names
    ``path``, also one of no path: a disk that is full does not say which.
    """
    name = f".{secrets.token_hex(8)}-{path.name}"
    with _naming(path, name), _working_in(path.parent, below) as (folder, place):
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
            with suppress(OSError):  # where nothing can be written nothing can be removed either
                os.unlink(place(name), dir_fd=folder)
            raise


@contextmanager
def _naming(path: Path, name: str) -> Iterator[None]:
    """Let an OSError of a file ``name`` beside ``path``, of a folder above it or of none name
    ``path``.
    """
    ours = {None, name, str(path.with_name(name)), *path.parts, *map(str, path.parents)}
    try:
        yield
    except OSError as error:
        if error.filename not in ours:
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


@contextmanager
def _working_in(
    folder: Path, below: Path | None
) -> Iterator[tuple[int | None, Callable[[str], str]]]:
    """A folder held open, and how its files are named to the system; by their paths where it cannot
    be held.

    It is reached from ``below`` through no link, and stays the same whatever becomes of its name.
    """
    base = below or folder
    parts = folder.relative_to(base).parts
    for number in range(len(parts)):
        expect_own(base.joinpath(*parts[: number + 1]))
    if not BY_FOLDER:
        yield None, lambda name: os.fspath(folder / name)
        return
    with ExitStack() as stack:
        held = os.open(below or folder, HELD)
        stack.callback(os.close, held)
        for part in parts:
            held = os.open(part, HELD | NOFOLLOW, dir_fd=held)
            stack.callback(os.close, held)
        yield held, lambda name: name


def expect_own(path: Path, kind: str = "文件夹") -> None:
    """Raise LinkedElsewhere where a folder or file of a run's own is a link to another."""
    if path.is_symlink():
        what = f"这里应是 report 自己的{kind}，却是通往别处的链接"
        cure = f"移走这个链接，让 report 自己建{kind}，或换一个 --out"
        raise LinkedElsewhere([Problem(what, cure=cure, file=str(path))])


def make_own(folder: Path) -> None:
    """Make a folder into which a run writes; LinkedElsewhere where a link stands in its place."""
    expect_own(folder)
    folder.mkdir(parents=True, exist_ok=True)


def inside(folder: Path, name: str) -> Path | None:
    """The file of a record's ``name`` in a folder or a folder within it; None where a link or no
    file is there.
    """
    path = folder / name
    between = [path, *path.parents[: len(Path(name).parts) - 1]]
    return path if path.is_file() and not any(part.is_symlink() for part in between) else None


def appending(path: Path, below: Path) -> TextIO:
    """A file of a run's own, opened at its end; it is no link, nor is a folder under ``below``."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | NOFOLLOW | NONBLOCK
    with _naming(path, path.name), _working_in(path.parent, below) as (folder, place):
        file = os.open(place(path.name), flags, 0o666, dir_fd=folder)
        if os.fstat(file).st_nlink != 1:
            os.close(file)
            what = "这个文件另有别的名字，不往里写"
            raise LinkedElsewhere([Problem(what, cure="移走它再运行", file=str(path))])
        return os.fdopen(file, "a", encoding="utf-8")


def remove_own(path: Path, below: Path) -> None:
    """Remove a file, if it is there; no folder under ``below`` may be a link."""
    with (
        _naming(path, path.name),
        _working_in(path.parent, below) as (folder, place),
        suppress(FileNotFoundError),
    ):
        os.unlink(place(path.name), dir_fd=folder)


def move_aside(path: Path, below: Path) -> Path:
    """Give a file that is not ours another name beside it, so that ours can take its place; the new
    path.

    No folder under ``below`` may be a link.
    ``范县.html`` becomes ``范县（原有）.html``, or ``范县（原有2）.html`` where that is taken.
    """
    other, number = path.with_name(f"{path.stem}（原有）{path.suffix}"), 1
    while os.path.lexists(other):
        number += 1
        other = path.with_name(f"{path.stem}（原有{number}）{path.suffix}")
    with _naming(path, path.name), _working_in(path.parent, below) as (folder, place):
        os.rename(place(path.name), place(other.name), src_dir_fd=folder, dst_dir_fd=folder)
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
