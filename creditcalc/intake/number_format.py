"""What an Excel number format makes of a number: the same, a share, or one of another size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

# A quoted text, an escaped character (by ! in Chinese Excel and WPS), a gap or filler, a bracket, a
# mark.
TOKEN = re.compile(r'"([^"]*)"|[\\!](.)|[_*].|(\[[^\]]*\])|(.)', re.DOTALL)
SECTION = re.compile(r'(?:"[^"]*"|[\\!_*].|\[[^\]]*\]|[^;])*', re.DOTALL)
GENERAL_FORMAT = re.compile(r"General|G/通用格式", re.IGNORECASE)
CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[0-9.]+)\]")
DEFAULTS = {1: (), 2: (">=",), 3: (">", "<")}  # how sections without a condition compare with 0
COMPARISONS = {
    **{"<": float.__lt__, "<=": float.__le__, ">": float.__gt__},
    **{">=": float.__ge__, "=": float.__eq__, "<>": float.__ne__},
}
SIZE = re.compile(r"[十百千万亿元]|[kKmM]$")  # a unit behind a number that makes it another size


@dataclass(frozen=True)
class Formatted:
    """A number that is shown as another one, as nothing, or with a unit that its column may not
    have.

    ``unit`` is that unit where the digits are those of the number that is held.
    """

    held: float
    shown: str
    unit: str = ""

    def __str__(self) -> str:
        return self.shown or "空白"


class Section(NamedTuple):
    """A section of a format: its condition, the texts around its digits, and its marks.

    Of the marks 0 is any digit, G the general format, p a literal point between the digits.
    """

    condition: tuple[str, float] | None = None
    before: str = ""
    marks: str = "G"
    behind: str = ""


def as_seen(value: float, number_format: str) -> object:
    """A number as its user sees it: itself where that is the same, a share as text, else Formatted.

    >>> as_seen(12.5, "#,##0.00"), as_seen(0.35, "0%"), str(as_seen(400000000, '0!.0,"万"'))
    (12.5, '35%', '40000.0万')
    """
    if number_format in ("General", ""):
        return value
    number = float(str(value))  # an int may be beyond what float() takes
    section = _section(number, number_format)
    size, share = scale(section.marks), section.behind[:1]
    if set("@/E") & set(section.marks):  # as text, as a fraction, with an exponent
        return value
    if size == 100 or share in ("%", "‰"):
        return f"{number * size:.12g}{share or '%'}"
    if value == 0:
        return value
    if not set("0G") & set(section.marks):  # no digits
        return Formatted(value, section.before.strip())
    shown = section.before.strip() + _digits(number * size, section.marks) + section.behind
    if size != 1 or section.before[-1:].isdigit() or section.behind[:1].isdigit():
        return Formatted(value, shown)
    return Formatted(value, shown, section.behind) if SIZE.match(section.behind) else value


@lru_cache(maxsize=1024)
def scale(marks: str) -> float:
    """By what the marks of a section multiply a number before it is shown.

    A comma behind the last digit divides by 1,000, a literal point moves the point, % multiplies by
    100.

    >>> scale("0,000.00"), scale("0.0,"), scale("0p0,"), scale("0%")
    (1.0, 0.001, 0.0001, 100.0)
    """
    whole, _, decimals = marks.replace("%", "").partition(".")
    commas = sum(len(part) - len(part.rstrip(",")) for part in (whole, decimals))
    return 100.0 ** marks.count("%") / 1000.0**commas / 10.0 ** _moved(whole)


def _moved(whole: str) -> int:
    """By how many digits a literal point moves the point."""
    front, _, rest = whole.partition("p")
    return rest.count("0") if "0" in front else 0


def _digits(number: float, marks: str) -> str:
    """The digits that marks show of a number that is scaled already."""
    if "0" not in marks:
        return f"{number:.12g}"
    whole, _, decimals = marks.partition(".")
    grouped = "," if re.search("0,+0", whole) else ""
    return f"{number:{grouped}.{_moved(whole) or decimals.count('0')}f}"


def _section(value: float, number_format: str) -> Section:
    """The section of a format that shows this number: the general format where none is for it."""
    sections = _sections(number_format)
    for section, default in zip(sections, DEFAULTS[len(sections)], strict=False):
        test, bound = section.condition or (default, 0.0)
        if COMPARISONS[test](value, bound):
            return section
    test, bound = sections[-1].condition or ("", 0.0)
    return sections[-1] if not test or COMPARISONS[test](value, bound) else Section()


@lru_cache(maxsize=1024)
def _sections(number_format: str) -> tuple[Section, ...]:
    """The sections for numbers; a fourth is for text."""
    texts: list[str] = []
    at = 0
    while at <= len(number_format) and len(texts) < 3:
        found = SECTION.match(number_format, at)
        texts.append(found[0] if found else "")
        at += len(texts[-1]) + 1
    return tuple(map(_parsed, texts))


def _parsed(text: str) -> Section:
    """A section from what is written of it.

    >>> _parsed('[>=10000]0!.0,"万"')
    Section(condition=('>=', 10000.0), before='', marks='0p0,', behind='万')
    """
    condition, marks = CONDITION.search(text), ""
    literals = [""]  # what stands before each digit, and behind the last
    for quoted, escaped, bracket, mark in TOKEN.findall(GENERAL_FORMAT.sub("\0", text)):
        literal = quoted or escaped
        if mark and mark in "0#?\0":
            marks += "G" if mark == "\0" else "0"
            literals.append("")
        elif mark and mark in ",.%/E@":
            marks += mark
        elif literal == ".":
            marks += "p"
        elif not bracket:
            literals[-1] += literal or mark
    limit = (condition[1], float(condition[2])) if condition else None
    return Section(limit, literals[0], marks, literals[-1].strip() if len(literals) > 1 else "")
