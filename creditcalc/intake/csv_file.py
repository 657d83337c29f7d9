"""A CSV file → a grid: encodings, quotes, and lines that lost a comma or won one."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from creditcalc.intake.grid import Grid, Row, blank, is_filled, refusal
from creditcalc.problems import InputError, Problem
from creditcalc.spreadsheet import unmarked

MOST_FIELDS = 20_000_000  # of a file, which take a gigabyte or two
SURE = 4  # Chinese characters of UTF-8 in one line, which GB18030 would hardly make by chance
THOUSANDS = re.compile(r"(?<![^,])[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![^,])")


def read_csv(path: Path, content: bytes) -> Iterator[Grid]:
    """A CSV file's records, numbered as a spreadsheet shows them."""
    if content.count(b",") + content.count(b"\n") + content.count(b"\r") > MOST_FIELDS:
        raise refusal(
            path, f"超过 {MOST_FIELDS:,} 格", cure="分成几个文件，或存成 Parquet；空行和空列请删去"
        )
    rows: list[Row] = []
    try:
        rows += csv.reader(io.StringIO(_decoded(path, content), newline=""), strict=True)
    except csv.Error as error:
        raise refusal(
            path,
            "引号不成对，或单元格过长，后面读不下去",
            str(error),
            "检查这一行的引号",
            len(rows) + 1,
        ) from None
    if b"'" in content:  # what may be marked
        rows = [[unmarked(str(cell)) for cell in row] for row in rows]
    filled = [n for n, row in enumerate(rows) if is_filled(row)]
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
        yield refusal(path, what, value, cure, n + 1).problems[0]


def _swallowed(path: Path, rows: list[Row], filled: list[int]) -> Iterator[Problem]:
    """A problem for each cell that holds whole lines: a quote left open ends at the next one."""
    breadth = len(rows[filled[0]])
    for n in filled if breadth > 2 else []:  # one comma makes no line
        broken = [cell for cell in map(str, rows[n]) if "\n" in cell or "\r" in cell]
        lines = [line for cell in broken for line in cell.splitlines()[1:]]
        if any(line.count(",") == breadth - 1 for line in lines):
            what = "引号里有换行，后面的整行数据都在这一格里"
            yield refusal(path, what, lines[0], "检查这一行的引号是否成对", n + 1).problems[0]


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
            raise refusal(
                path, "有空字符（NUL）", cure=cure, row=_line(content, content.index(b"\0"))
            )
        if encoding == "gb18030" and (line := _other_encoding(content)):
            cure = "在同一个程序里打开，另存为“CSV UTF-8”"
            raise refusal(path, "文件里混有 UTF-8 和 GB18030 两种编码", cure=cure, row=line)
        return text
    cure = "在 Excel 中另存为“CSV UTF-8”"
    what, row = ("，或者从这一行起换了编码", _line(content, read)) if read else ("", None)
    raise refusal(path, f"文件编码既不是 UTF-8 也不是 GB18030{what}", cure=cure, row=row)


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
