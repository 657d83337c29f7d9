"""Whether a command may write to a path: never over what it reads, over others by ``--force``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from creditcalc.files import folded
from creditcalc.problems import OutputError, Problem

EVIDENCE = "evidence"  # the stem of the table that is read beside data
ANOTHER, NEVER = "换一个文件名", "--force 也不行"


def check_outputs(
    outputs: Iterable[Path | None],
    data: Sequence[Path] = (),
    *,
    force: bool,
    rulebook: Path | None = None,
    replaced: Path | None = None,
    deep: bool = False,
    advice: str = "",
) -> None:
    """OutputError, with every reason, where a call that reads ``data`` must not write ``outputs``.

    ``replaced`` is the output that may take the place of its own input, ``deep`` says that
    subfolders are read too, ``advice`` what else one may do where an output is there already.
    """
    problems: list[Problem] = []
    known: dict[str, Path] = {}
    for path in filter(None, outputs):
        others = [other for other in data if path != replaced or place(other) != place(path)]
        read = chain([rulebook] if rulebook else [], *(_files(given, deep) for given in others))
        fault = _unfit(path) or _taken(path, known)
        fault = fault or _read_too(path, read) or _read_next(path, others, deep)
        if not fault and os.path.lexists(path) and not force and path != replaced:
            cure = "；".join(filter(None, [ANOTHER, advice, "确实要覆盖就加 --force"]))
            fault = Problem("已经有了，没有改动", "", cure, file=str(path))
        problems += [fault] if fault else []
        known[folded(str(place(path)))] = path
    if problems:
        raise OutputError(problems)


def place(path: Path) -> Path:
    """Where a file's name stands, by whatever way it is reached; the file may be a link itself."""
    return path.parent.resolve() / path.name


def in_place(path: Path, inputs: Iterable[Path]) -> bool:
    """Whether an output is one of the inputs, by its own name and not by a link."""
    linked = path.is_symlink() or not path.is_file()
    return not linked and place(path) in map(place, inputs)


def _unfit(path: Path) -> Problem | None:
    """Why no file can stand at a path."""
    if path.is_dir():
        return Problem("这是文件夹，不是文件", "", ANOTHER, file=str(path))
    if not path.parent.is_dir():
        return Problem(
            "没有要写入的文件夹", str(path.parent), "先建这个文件夹，或换一个位置", file=str(path)
        )
    return None


def _taken(path: Path, known: dict[str, Path]) -> Problem | None:
    """Where another output of the call is the same file."""
    same = folded(str(place(path))) in known or any(_same(path, other) for other in known.values())
    return Problem("两个输出是同一个文件", "", "各写一个文件名", file=str(path)) if same else None


def _read_too(path: Path, read: Iterable[Path]) -> Problem | None:
    """Where an output is what the call itself reads."""
    other = next((other for other in read if _same(path, other)), None)
    cure = f"{ANOTHER}，不能用要读的文件，也不能用它的链接；{NEVER}"
    return Problem("也是这次要读的文件", str(other), cure, file=str(path)) if other else None


def _read_next(path: Path, data: Sequence[Path], deep: bool) -> Problem | None:
    """Where the next call would take an output for data or evidence."""
    parents = [*place(path).parents]
    for given in data:
        if given.is_dir() and given.resolve() in (parents if deep else parents[:1]):
            cure = f"写到这个文件夹之外；{NEVER}"
            return Problem(
                "在要读的文件夹里，下次会被当作数据来读", str(given), cure, file=str(path)
            )
        if given.parent.resolve() == parents[0] and folded(path.stem) == EVIDENCE:
            cure = f"{ANOTHER}；{NEVER}"
            return Problem(
                "数据旁边叫这个名字的文件会被当作佐证材料表来读", "", cure, file=str(path)
            )
    return None


def _files(given: Path, deep: bool) -> Iterator[Path]:
    """The files that are read where data are given: a folder's, or a file's and its evidence's."""
    if given.is_dir():
        yield from filter(Path.is_file, given.rglob("*") if deep else given.iterdir())
    else:
        yield from (given, *(given.parent / f"{EVIDENCE}{ending}" for ending in (".csv", ".xlsx")))


def _same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file that is there, by a link of any kind or not."""
    return path.exists() and other.exists() and path.samefile(other)
