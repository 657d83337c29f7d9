"""The tables of a folder of ledgers and of all folders in it; links are named, not followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from creditcalc.intake.grid import SAVE_AS, Grid
from creditcalc.intake.read_files import (
    BESIDE_THE_DATA,
    OF_A_PROGRAM,
    READ_ME,
    called,
    looks_like_table,
    no_tables,
    not_data,
    read_grids,
)
from creditcalc.problems import Problem


def read_folder(path: Path) -> tuple[list[Grid], list[Problem]]:
    """Every grid of a file, or of a folder with its folders, and whatever was not read.

    Grids and problems name a file by its path in the folder.
    """
    try:
        whole = path.is_dir()
    except OSError:  # read_grids says why
        whole = False
    if not whole:
        return _renamed(*read_grids(path), path.parent)
    grids: list[Grid] = []
    files, problems = _sorted_out(path)
    for file in files:
        more, faults = read_grids(file)
        grids += more
        problems += faults
    if not files:
        problems.append(no_tables(path))
    return _renamed(grids, problems, path)


def _renamed(
    grids: list[Grid],
    problems: list[Problem],
    root: Path,
) -> tuple[list[Grid], list[Problem]]:
    """Both with their files' paths in the root; another path stays."""

    def name(file: str) -> str:
        inside = file and Path(file) != root and Path(file).is_relative_to(root)
        return Path(file).relative_to(root).as_posix() if inside else file

    return (
        [replace(grid, file=name(grid.file)) for grid in grids],
        [replace(problem, file=name(problem.file)) for problem in problems],
    )


def _sorted_out(root: Path) -> tuple[list[Path], list[Problem]]:
    """The files that should hold tables; a problem for all else but what is hidden or a read-me."""
    files, problems = [], []
    for path in _entries(root, root):
        if isinstance(path, Problem):
            problems.append(path)
        elif called(path) in BESIDE_THE_DATA:
            what = "是佐证材料表，不是案例台账，没有读"
            problems.append(Problem(what, file=str(path), severity="notice"))
        elif looks_like_table(path):
            files.append(path)
        elif called(path) != READ_ME:
            problems.append(not_data(path, cure=f"里面有案例就{SAVE_AS}"))
    return files, problems


def _entries(folder: Path, root: Path) -> Iterator[Path | Problem]:
    """The files of a folder and of the folders in it, a problem for each that is out of reach."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith(OF_A_PROGRAM))
    except OSError as error:
        yield Problem("读不到这个文件夹", error.strerror or "", "检查权限", file=str(folder))
        return
    for path in paths:
        if path.is_symlink():
            yield _link(path, root)
        elif path.is_dir():
            yield from _entries(path, root)
        elif path.is_file():
            yield path
        else:
            yield Problem("不是普通文件，没有读", cure="移走，或换成文件", file=str(path))


def _link(path: Path, root: Path) -> Problem:
    """A notice for a link to what is read in its own place, an error for any other."""
    try:
        target, home = path.resolve(strict=True), root.resolve()
    except (OSError, RuntimeError):  # broken, or a link to itself
        return Problem("是断开的链接，没有读", cure="把文件本身放进来，或移走链接", file=str(path))
    if target == home:
        return Problem("是指回这个文件夹的链接，没有读", file=str(path), severity="notice")
    inside = target.relative_to(home).parts if target.is_relative_to(home) else ()
    if not inside or any(part.startswith(OF_A_PROGRAM) for part in inside):
        what = "是指到文件夹外面的链接，没有读"
        return Problem(what, str(target), "把文件本身放进来，或移走链接", file=str(path))
    what = "是链接，它指的文件在这个文件夹里已经读了"
    return Problem(what, "/".join(inside), file=str(path), severity="notice")
