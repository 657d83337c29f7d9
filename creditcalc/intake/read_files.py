"""Finds the files that hold tables and reads each, whatever its format, into grids of cells that
know where they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from creditcalc.intake.csv_file import read_csv
from creditcalc.intake.excel_file import read_xlsx
from creditcalc.intake.grid import Grid, refusal
from creditcalc.problems import InputError, Problem

UNREAD_ENDINGS = {
    *(".xls", ".xlsm", ".xlsb", ".xltx", ".xltm", ".ods", ".et", ".ett", ".numbers", ".tsv"),
    *(".gz", ".bz2", ".xz", ".zst", ".zip", ".rar", ".7z"),
}
NOT_DATA = {".txt", ".md", ".toml", ".json"}
OF_A_PROGRAM = (".", "~$")  # what it keeps for itself, such as Excel's lock of an open file
READ_ME = "readme"
BESIDE_THE_DATA = {
    "evidence",
    "roster",
    "名册",
}  # what tables are called that lie in its folder and are none of it
LARGEST_FILE = 256 << 20  # bytes: no year's data of a province comes near


def read_grids(path: Path) -> tuple[list[Grid], list[Problem]]:
    """Every grid of a file or folder that is not empty, and what could not be read."""
    try:
        found = path.exists()
        files, problems = data_files(path) if path.is_dir() else ([path], [])
    except OSError as error:
        return [], [
            Problem("读不到这个路径", error.strerror or "", "检查路径和权限", file=str(path))
        ]
    if not found:
        return [], [Problem("没有这个文件或文件夹", cure="检查路径", file=str(path))]
    grids: list[Grid] = []
    for file in files:
        try:
            grids += _read(file)
        except InputError as error:
            problems += error.problems
    return grids, problems


def data_files(folder: Path) -> tuple[list[Path], list[Problem]]:
    """The files of a folder that should hold tables, and a notice for each that looks like none."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not _skipped(path))
    tables = [path for path in files if looks_like_table(path)]
    problems = [not_data(path) for path in files if not looks_like_table(path)]
    if not tables:
        problems.append(no_tables(folder))
    return tables, problems


def tables_beside(data: Path, name: str) -> list[Path]:
    """The files of a table called ``name`` that lie in a data folder or beside a data file."""
    folder = data if data.is_dir() else data.parent
    try:
        files = [path for path in sorted(folder.iterdir()) if path.is_file() and path != data]
    except OSError:  # whoever reads the data says why
        return []
    return [path for path in files if called(path) == name and looks_like_table(path)]


def looks_like_table(path: Path) -> bool:
    """Whether a file's ending is that of a table, also of one that is then named as unreadable."""
    return path.suffix.lower() in FORMATS.keys() | UNREAD_ENDINGS


def called(path: Path) -> str:
    """What a file is called before its first dot, whatever the letters' case."""
    return path.name.split(".")[0].casefold()


def not_data(path: Path, cure: str = "") -> Problem:
    """A notice for a file that looks like no table."""
    return Problem("不是数据文件，没有读", cure=cure, file=str(path), severity="notice")


def no_tables(folder: Path) -> Problem:
    """The error of a folder without a table."""
    return Problem("文件夹里没有数据表", cure=f"放入 {'、'.join(FORMATS)} 文件", file=str(folder))


def _skipped(path: Path) -> bool:
    """Whether a file of a folder is known to hold no data: a program's own, a table beside the
    data, a read-me.
    """
    return (
        path.name.startswith(OF_A_PROGRAM)
        or called(path) in {READ_ME, *BESIDE_THE_DATA}
        or path.suffix.lower() in NOT_DATA
    )


def _read(path: Path) -> list[Grid]:
    """The grids of one file; InputError where it cannot be read or holds nothing."""
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        raise refusal(path, "不读这种格式的文件", path.suffix)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise refusal(
                path, f"文件超过 {LARGEST_FILE >> 20} MB", cure="分成几个文件，或删去不是数据的内容"
            )
        content = path.read_bytes()
    except OSError as error:
        raise refusal(path, "读不到文件", error.strerror or "", "检查路径和权限") from None
    try:
        grids = [grid for grid in reader(path, content) if grid.filled]
    except InputError:
        raise
    except Exception as error:  # openpyxl and pyarrow raise whatever a damaged file makes of them
        raise refusal(
            path, "文件已损坏、已加密，或者不是扩展名所说的格式", type(error).__name__
        ) from None
    if not grids:
        raise refusal(path, "文件是空的", cure="填入数据，或移走这个文件")
    return grids


def _parquet(path: Path, content: bytes) -> Iterator[Grid]:
    """A Parquet file's records, the first being row 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(pa.BufferReader(content)).read()
    columns: list[list[object]] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not name.startswith("__index_level_"):  # a trace of pandas, not the user's
            cells = column.to_pylist()
            columns.append([name, *(map(str, cells) if pa.types.is_nested(column.type) else cells)])
    yield Grid(str(path), "", list(zip(*columns, strict=True)), first=0)


FORMATS: dict[str, Callable[[Path, bytes], Iterable[Grid]]] = {
    ".csv": read_csv,
    ".xlsx": read_xlsx,
    ".parquet": _parquet,
}
