"""Reads CSV, Excel and Parquet files, or a folder of them, into grids of cells that know where they
stand.

A grid whose header names jurisdiction and period becomes a block: its records' cells by input name.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from creditcalc.intake.number_format import as_seen
from creditcalc.problems import InputError, Problem, nearest
from creditcalc.rules.rulebook import Rulebook
from creditcalc.spreadsheet import unmarked

KEYS = {
    "jurisdiction": ("县区", "县（区）"),
    "period": ("期间", "月份"),
    "level": ("级别",),
    "city": ("所属市", "所属城市"),
    "remark": ("备注",),
}
REQUIRED = ["jurisdiction", "period"]
REFUSED = {
    *(".xls", ".xlsm", ".xlsb", ".xltx", ".xltm", ".ods", ".et", ".ett", ".numbers", ".tsv"),
    *(".gz", ".bz2", ".xz", ".zst", ".zip", ".rar", ".7z"),
}
NOT_DATA = {".txt", ".md", ".toml", ".json"}
HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
EXCEL_ROWS = 1_048_576
LARGEST_FILE, LARGEST_UNPACKED = (
    256 << 20,
    192 << 20,
)  # bytes: no year's data of a province comes near
PIECE = 1 << 20  # bytes
# Of a worksheet, which takes a minute to read; a larger table is better a CSV or Parquet file.
MOST_ROWS, MOST_CELLS = 200_000, 2_000_000
MOST_FIELDS = 20_000_000  # of a CSV file, which take a gigabyte or two
FORMATTED = "多半是整行整列设了格式：把数据复制到新的工作簿；真有这么多数据就存成 CSV 再读"
SURE = 4  # Chinese characters of UTF-8 in one line, which GB18030 would hardly make by chance
TAGS = re.compile(rb"<(?:\w+:)?(row|c)[\s/>]")
THOUSANDS = re.compile(r"(?<![^,])[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![^,])")
ROW = re.compile(rb'<(?:\w+:)?row\s[^<>]*?\br="([0-9]+)"')
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^<>]*\bref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
SAVE_AS = "另存为 .xlsx 或 .csv（UTF-8）再读"

Row = Sequence[object]


@dataclass(frozen=True)
class Merged:
    """A cell that a merged range hides, by the range's name."""

    name: str

    def __str__(self) -> str:
        return f"合并单元格 {self.name}"


class Uncomputed(str):
    """A formula in a workbook whose value was never computed; elsewhere a text that begins with =
    is only a text.
    """


@dataclass(frozen=True)
class Grid:
    """The cells of one file or sheet; ``first`` is the number that the user sees on its first row."""

    file: str
    sheet: str
    rows: list[Row]
    first: int = 1

    def problem(
        self,
        what: str,
        value: object = "",
        cure: str = "",
        *,
        row: int | None = None,
        column: str = "",
    ) -> Problem:
        """A fault of this grid, at the index ``row`` of its rows."""
        number = None if row is None else row + self.first
        return Problem(
            what, str(value), cure, file=self.file, sheet=self.sheet, row=number, column=column
        )


@dataclass(frozen=True)
class Block:
    """The records of a grid: cells by input name, columns as they are written, and the rows where
    they stand.

    A form is one record whose cells stand in ``lines`` of their own, with ``notes`` (source and
    remark) beside them, and whose problems are its jurisdiction's.
    """

    grid: Grid
    cells: Mapping[str, Row]
    written: Mapping[str, str]
    rows: Sequence[int]
    problems: list[Problem]
    lines: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def place(self, record: int, name: str) -> dict[str, Any]:
        """Where a record's cell stands, in the words of a Problem."""
        row = self.lines.get(name, self.rows[record]) + self.grid.first
        return {
            "file": self.grid.file,
            "sheet": self.grid.sheet,
            "row": row,
            "column": self.written.get(name, ""),
        }


def plain(text: str) -> str:
    """Text without blanks around it, and with the full-width forms of ASCII as ASCII.

    Unicode's own folding (NFKC) goes too far: it makes 102 of 10².

    >>> plain("　县（区） "), plain("１，２３４")
    ('县(区)', '1,234')
    """
    return text.translate(HALF_WIDTH).strip()


def blank(cell: object) -> bool:
    """Whether a cell says nothing: empty, white space or not a number.

    >>> blank(None), blank("　"), blank(float("nan")), blank(0)
    (True, True, True, False)
    """
    return not cell.strip() if isinstance(cell, str) else cell is None or cell != cell


def column_names(book: Rulebook) -> dict[str, str]:
    """The name of an input or key by everything that a header may call it."""
    keys = {alias: key for key, aliases in KEYS.items() for alias in (key, *aliases)}
    return {plain(text): name for text, name in (keys | book.columns).items()}


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
    tables = [path for path in files if path.suffix.lower() in READERS.keys() | REFUSED]
    ignored = [path for path in files if path not in tables]
    problems = [
        Problem("不是数据文件，没有读", file=str(path), severity="notice") for path in ignored
    ]
    if not tables:
        problems.append(
            Problem("文件夹里没有数据表", cure=f"放入 {'、'.join(READERS)} 文件", file=str(folder))
        )
    return tables, problems


def _skipped(path: Path) -> bool:
    """Whether a file of a folder is known to hold no indicators: hidden, a lock of Excel, evidence,
    a read-me.
    """
    stem = path.name.split(".")[0].casefold()
    return (
        path.name.startswith((".", "~$"))
        or stem in ("evidence", "readme")
        or path.suffix.lower() in NOT_DATA
    )


def _read(path: Path) -> list[Grid]:
    """The grids of one file; InputError where it cannot be read or holds nothing."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise _refusal(path, "不读这种格式的文件", path.suffix)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _refusal(
                path, f"文件超过 {LARGEST_FILE >> 20} MB", cure="分成几个文件，或删去不是数据的内容"
            )
        content = path.read_bytes()
    except OSError as error:
        raise _refusal(path, "读不到文件", error.strerror or "", "检查路径和权限") from None
    try:
        grids = [grid for grid in reader(path, content) if any(map(_filled, grid.rows))]
    except InputError:
        raise
    except Exception as error:  # openpyxl and pyarrow raise whatever a damaged file makes of them
        raise _refusal(
            path, "文件已损坏、已加密，或者不是扩展名所说的格式", type(error).__name__
        ) from None
    if not grids:
        raise _refusal(path, "文件是空的", cure="填入数据，或移走这个文件")
    return grids


def _refusal(
    path: Path, what: str, value: str = "", cure: str = SAVE_AS, row: int | None = None
) -> InputError:
    """The error of a file that gives nothing at all."""
    return InputError([Problem(what, value, cure, file=str(path), row=row, unplaced=True)])


def _filled(row: Row) -> bool:
    """Whether any cell of a row says something."""
    return not all(map(blank, row))


def _csv(path: Path, content: bytes) -> Iterator[Grid]:
    """A CSV file's records, numbered as a spreadsheet shows them."""
    if content.count(b",") + content.count(b"\n") + content.count(b"\r") > MOST_FIELDS:
        raise _refusal(
            path, f"超过 {MOST_FIELDS:,} 格", cure="分成几个文件，或存成 Parquet；空行和空列请删去"
        )
    rows: list[Row] = []
    try:
        rows += csv.reader(io.StringIO(_decoded(path, content), newline=""), strict=True)
    except csv.Error as error:
        raise _refusal(
            path,
            "引号不成对，或单元格过长，后面读不下去",
            str(error),
            "检查这一行的引号",
            len(rows) + 1,
        ) from None
    if b"'" in content:  # what may be marked
        rows = [[unmarked(str(cell)) for cell in row] for row in rows]
    filled = [n for n, row in enumerate(rows) if _filled(row)]
    header = rows[filled[0]] if filled else []
    if sum(not blank(cell) for cell in header) > 1:  # a title alone on its line heads nothing
        problems = [*_uneven(path, rows, filled), *_swallowed(path, rows, filled)]
        if problems:
            raise InputError(problems)
    yield Grid(str(path), "", rows)


def _uneven(path: Path, rows: list[Row], filled: list[int]) -> Iterator[Problem]:
    """A problem for each line of more or fewer fields than the header: they may be in wrong
    columns.
    """
    breadth = len(rows[filled[0]])
    for n in filled:
        fields = len(rows[n])
        if fields == breadth:
            continue
        cause = "可能少了逗号，或引号里多了逗号"
        cure, value = "补齐缺少的逗号，空着的格子也要有逗号", ""
        if fields > breadth:
            value = "、".join(THOUSANDS.findall(",".join(map(str, rows[n]))))
            cause = "多半是数里的千位分隔逗号没有用引号括住，后面的格子都错了位"
            cure = '数里不写逗号（写 15758，不写 15,758），或用引号括住（"15,758"）；多余的逗号删去'
        what = f"这一行有 {fields} 列，表头有 {breadth} 列：{cause}"
        yield _refusal(path, what, value, cure, n + 1).problems[0]


def _swallowed(path: Path, rows: list[Row], filled: list[int]) -> Iterator[Problem]:
    """A problem for each cell that holds whole lines: a quote that is not closed ends at the next."""
    breadth = len(rows[filled[0]])
    for n in filled if breadth > 2 else []:  # one comma makes no line
        broken = [cell for cell in map(str, rows[n]) if "\n" in cell or "\r" in cell]
        lines = [line for cell in broken for line in cell.splitlines()[1:]]
        if any(line.count(",") == breadth - 1 for line in lines):
            what = "引号里有换行，后面的整行数据都在这一格里"
            yield _refusal(path, what, lines[0], "检查这一行的引号是否成对", n + 1).problems[0]


def _decoded(path: Path, content: bytes) -> str:
    """A CSV file's text, in the first of its encodings that fits without a doubt."""
    encodings = ["utf-8-sig"] if content.startswith(codecs.BOM_UTF8) else ["utf-8", "gb18030"]
    read = 0  # bytes, by the encoding that comes furthest
    for encoding in (
        [] if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else encodings
    ):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            read = max(read, error.start)
            continue
        if "\0" in text:
            cure = "多半是文件损坏：在 Excel 中打开核对这一行，另存为“CSV UTF-8”"
            raise _refusal(
                path, "有空字符（NUL）", cure=cure, row=_line(content, content.index(b"\0"))
            )
        if encoding == "gb18030" and (line := _other_encoding(content)):
            cure = "在同一个程序里打开，另存为“CSV UTF-8”"
            raise _refusal(path, "文件里混有 UTF-8 和 GB18030 两种编码", cure=cure, row=line)
        return text
    cure = "在 Excel 中另存为“CSV UTF-8”"
    what, row = ("，或者从这一行起换了编码", _line(content, read)) if read else ("", None)
    raise _refusal(path, f"文件编码既不是 UTF-8 也不是 GB18030{what}", cure=cure, row=row)


def _line(content: bytes, at: int) -> int:
    """The number of the line in which a byte stands."""
    return len(content[: at + 1].splitlines())


def _other_encoding(content: bytes) -> int:
    """The number of the first line that is UTF-8 for certain, in a file that is not: 0 where there
    is none.
    """
    for number, line in enumerate(content.splitlines(), 1):
        with suppress(UnicodeDecodeError):
            if sum(ord(ch) > 0x7FF for ch in line.decode("utf-8")) >= SURE:
                return number
    return 0


def _xlsx(path: Path, content: bytes) -> Iterator[Grid]:
    """Every sheet's cells: formulas beside their computed values, since neither reading of openpyxl
    shows both.
    """
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
            raise _refusal(path, f"解压后超过 {LARGEST_UNPACKED >> 20} MB", cure=FORMATTED)
        for part in archive.namelist():
            tags, last = Counter[bytes](), 0
            for piece in _pieces(archive, part):
                tags.update(TAGS.findall(piece))
                last = max(last, *map(int, ROW.findall(piece)), 0)
            if last > EXCEL_ROWS:
                raise _refusal(
                    path,
                    "有一行的行号超过 Excel 的最后一行",
                    f"{last:,}",
                    "在 Excel 中打开，另存一次",
                )
            if (many := tags[b"row"]) > MOST_ROWS:
                raise _refusal(path, f"一张工作表超过 {MOST_ROWS:,} 行", f"{many:,} 行", FORMATTED)
            if (many := tags[b"c"]) > MOST_CELLS:
                raise _refusal(path, f"一张工作表超过 {MOST_CELLS:,} 格", f"{many:,} 格", FORMATTED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that are not read
        books = [
            load_workbook(io.BytesIO(content), read_only=True, data_only=computed)
            for computed in (True, False)
        ]
        for sheets in zip(*(book.worksheets for book in books), strict=True):
            for sheet in sheets:
                sheet.reset_dimensions()  # other programs write them wrong
            pairs = zip(*(sheet.iter_rows(max_row=EXCEL_ROWS) for sheet in sheets), strict=True)
            rows: list[Row] = [
                [_shown(*cells) for cells in zip(*rows, strict=True)] for rows in pairs
            ]
            _mark_merged(sheets[0], rows)
            yield Grid(str(path), sheets[0].title, rows)


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A part's content, never more of it in memory than a piece: a part that is larger than it says
    ends in an error.
    """
    rest = b""  # a tag that the end of a piece would cut in two
    with archive.open(part) as content:
        while piece := content.read(PIECE):
            piece = rest + piece
            cut = max(piece.rfind(b"<"), len(piece) - PIECE)  # no tag of ours is so long
            yield piece[:cut]
            rest = piece[cut:]
    yield rest


def _mark_merged(sheet: Any, rows: list[Any]) -> None:
    """Put a Merged where a merged range hides a cell: blank, it would pass for one that nobody
    filled in.
    """
    from openpyxl.utils import range_boundaries

    with sheet.parent._archive.open(
        sheet._worksheet_path
    ) as part:  # openpyxl does not tell of them when it streams
        ranges = MERGED.findall(part.read())
    for name in map(bytes.decode, ranges):
        left, top, right, bottom = range_boundaries(name)
        for n in range(top - 1, min(bottom, len(rows))):
            for j in range(left - 1, min(right, len(rows[n]))):
                if (n, j) != (top - 1, left - 1) and not blank(rows[top - 1][left - 1]):
                    rows[n][j] = Merged(name)


def _shown(computed: Any, typed: Any) -> object:
    """An Excel cell's value as its user sees it, a formula that was never computed as its text."""
    value = computed.value
    if (
        value is None and typed.data_type == "f" and computed.data_type != "str"
    ):  # "str" is a computed empty text
        return Uncomputed(getattr(typed.value, "text", typed.value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return as_seen(value, computed.number_format)
    return value


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


READERS: dict[str, Callable[[Path, bytes], Iterable[Grid]]] = {
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
}


def read_table(grid: Grid, book: Rulebook) -> Block:
    """The records of a grid whose first filled row is a header; without jurisdiction and period
    there are none.
    """
    top = next(n for n, row in enumerate(grid.rows) if _filled(row))
    header = ["" if blank(cell) else str(cell).strip() for cell in grid.rows[top]]
    columns, problems = _columns(grid, header, top, book)
    lacking = [name for name in REQUIRED if name not in columns]
    if lacking == REQUIRED:
        cure = "第一行写列名（县区、期间和各项输入，CSV 用逗号分隔），或用填报表；不是数据的工作表请移走"
        what = "既不是数据表，也不是填报表：没有“县区”和“期间”列"
        problems = [
            replace(grid.problem(what, "、".join(filter(None, header)), cure), unplaced=True)
        ]
    elif lacking:
        problems.append(
            replace(
                grid.problem(f"没有“{KEYS[lacking[0]][0]}”列", cure="补上这一列", row=top),
                unplaced=True,
            )
        )
    rows = [n for n, row in enumerate(grid.rows) if n > top and _filled(row)]
    if not lacking:
        problems += (
            _unnamed(grid, header, rows)
            if rows
            else [grid.problem("表中没有数据行", cure="填入数据", row=top)]
        )
    once = {name: places[0] for name, places in columns.items() if len(places) == 1}
    if not once.keys() >= set(REQUIRED):
        rows = []
    cells = {
        name: [grid.rows[n][j] if j < len(grid.rows[n]) else None for n in rows]
        for name, j in once.items()
    }
    return Block(grid, cells, {name: header[j] for name, j in once.items()}, rows, problems)


def _columns(
    grid: Grid, header: list[str], top: int, book: Rulebook
) -> tuple[dict[str, list[int]], list[Problem]]:
    """Where each known column stands, and the problems of columns that are unknown or repeated."""
    names = column_names(book)
    places: dict[str, list[int]] = defaultdict(list)
    problems = []
    for j, text in enumerate(header):
        if plain(text) in names:
            places[names[plain(text)]].append(j)
        elif text:
            cure = nearest(plain(text), names) or "删去这一列，或改为规则中的输入名"
            problems.append(grid.problem("未知的列", text, cure, row=top, column=text))
    for columns in places.values():
        if len(columns) > 1:
            twice = "、".join(header[j] for j in columns)
            problems.append(
                grid.problem(
                    f"同一列出现 {len(columns)} 次", cure="只留一列", row=top, column=twice
                )
            )
    return places, problems


def _unnamed(grid: Grid, header: list[str], rows: list[int]) -> list[Problem]:
    """A problem for each column without a name that holds something."""
    named = {j for j, text in enumerate(header) if text}
    first: dict[int, int] = {}
    for n in rows:
        for j, cell in enumerate(grid.rows[n]):
            if j not in named and j not in first and not blank(cell):
                first[j] = n
    return [
        grid.problem(
            "这一列没有列名，却有内容",
            grid.rows[n][j],
            "补上列名，或清空这一列",
            row=n,
            column=f"第 {j + 1} 列",
        )
        for j, n in first.items()
    ]
