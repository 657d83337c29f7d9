"""The Chinese font: for matplotlib, and the few characters of it that a page carries.

The font is Noto Sans SC (SIL Open Font License 1.1), which a dependency brings. fontTools' own
subsetter takes more than a second for each page; here most characters' outlines are drawn once in a
run, and a page's font is put together from them.
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fontTools.misc.psCharStrings import T2CharString
    from fontTools.ttLib import TTFont

FAMILY = "Noto Sans SC"
# Outlines on a tenth of the font's grid: 1/100 em is below a printer's dot at 10 points and 600
# dpi. The 731 characters of a city's page take 81 kB in base64, on a quarter of the grid 101. A
# compression of the best quality, 11, instead of 9 would take 0.5 s instead of 0.04 and save 6 kB.
SCALE = 0.1
EM = 100
BROTLI_QUALITY = 9
OS2_LENGTHS = (
    "sTypoAscender",
    "sTypoDescender",
    "sTypoLineGap",
    "usWinAscent",
    "usWinDescent",
    "sxHeight",
    "sCapHeight",
)
LICENCE = "SIL Open Font License, Version 1.1"
_DRAWN: dict[str, bytes] = {}  # outlines by glyph name


@cache
def font_path() -> Path:
    """Where the OpenType file of Noto Sans SC lies."""
    with as_file(files("pylopdf_fonts_zh_cn")) as folder:
        found = sorted(folder.rglob("NotoSansSC-Regular.otf"))
    if not found:
        raise FileNotFoundError(
            "pylopdf-fonts-zh-cn 中没有 NotoSansSC-Regular.otf：请重新安装 pylopdf-fonts-zh-cn"
        )
    return found[0]


def use_chinese_font() -> None:
    """Make matplotlib write Chinese, and SVG whose text stays text and whose bytes repeat."""
    from matplotlib import rcParams

    _add_to_matplotlib()
    # The font has one weight; a browser makes the bold one, so that matplotlib need not complain on
    # a report's stderr.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    rcParams.update(
        {
            "font.family": [FAMILY],
            "axes.unicode_minus": False,
            # a county's name with two dollar signs is a name, not a formula
            "text.parse_math": False,
            "svg.fonttype": "none",
            "svg.hashsalt": "creditcalc",
        }
    )


@cache
def _add_to_matplotlib() -> None:
    from matplotlib import font_manager

    font_manager.fontManager.addfont(font_path())


def missing_glyphs(text: str) -> set[str]:
    """The characters of a text that the font cannot show.

    >>> missing_glyphs("濮阳市 😀")
    {'😀'}
    """
    return {char for char in text if char.isprintable() and ord(char) not in _characters()}


def woff2_subset(text: str) -> bytes:
    """The font with the characters of a text and no others, as WOFF2; equal sets of characters give
    equal bytes.

    >>> woff2_subset("范县")[:4], woff2_subset("范县") == woff2_subset("县范县")
    (b'wOF2', True)
    """
    return _subset(_shown(text))


def drawn(text: str) -> dict[str, bytes]:
    """The outlines of a text's characters and of all drawn before, for ``use_drawn`` in the
    processes of one run.
    """
    for char in _shown(text):
        _outline(_characters()[ord(char)])
    return dict(_DRAWN)


def use_drawn(outlines: Mapping[str, bytes]) -> None:
    """Take over outlines that another process has drawn."""
    _DRAWN.update(outlines)


def _shown(text: str) -> frozenset[str]:
    """The characters of a text that the font has."""
    return frozenset(char for char in set(text) if ord(char) in _characters())


@lru_cache(maxsize=64)
def _subset(chars: frozenset[str]) -> bytes:
    glyphs = {ord(char): _characters()[ord(char)] for char in sorted(chars)}
    return _woff2(_opentype(glyphs))


@cache
def _source() -> TTFont:
    """The whole font, read as far as it is needed."""
    from fontTools.ttLib import TTFont

    return TTFont(font_path(), lazy=True)


@cache
def _characters() -> dict[int, str]:
    """Code point → glyph name, of the whole font."""
    return dict(_source().getBestCmap())


def _outline(glyph: str) -> T2CharString:
    """One glyph's outline on the coarser grid, without hints and subroutines."""
    from fontTools.misc.psCharStrings import T2CharString

    if glyph not in _DRAWN:
        _DRAWN[glyph] = _draw(glyph)
    return T2CharString(bytecode=_DRAWN[glyph])


def _draw(glyph: str) -> bytes:
    from fontTools.pens.t2CharStringPen import T2CharStringPen
    from fontTools.pens.transformPen import TransformPen

    glyphs = _source().getGlyphSet()
    width, _ = _metrics(glyph)
    pen = T2CharStringPen(None if width == EM else width, None)
    glyphs[glyph].draw(TransformPen(pen, (SCALE, 0, 0, SCALE, 0, 0)))
    outline = pen.getCharString()
    outline.compile()
    return bytes(outline.bytecode)


def _metrics(glyph: str) -> tuple[int, int]:
    """Advance width and left side bearing of a glyph on the coarser grid."""
    width, bearing = _source()["hmtx"][glyph]
    return round(width * SCALE), round(bearing * SCALE)


def _opentype(glyphs: dict[int, str]) -> bytes:
    """An OpenType font of these glyphs, by code point, with the whole font's line metrics."""
    from fontTools.fontBuilder import FontBuilder

    # Short names, since the file holds every glyph's name.
    names = {".notdef": ".notdef"} | {
        glyph: str(n) for n, glyph in enumerate(sorted(set(glyphs.values())))
    }
    built = FontBuilder(EM, isTTF=False)
    built.setupGlyphOrder(list(names.values()))
    built.setupCharacterMap({code: names[glyph] for code, glyph in glyphs.items()})
    built.setupCFF(
        "ReportSans",
        {},
        {name: _outline(glyph) for glyph, name in names.items()},
        {"defaultWidthX": EM},
    )
    built.setupHorizontalMetrics({name: _metrics(glyph) for glyph, name in names.items()})
    built.setupHorizontalHeader(**_scaled("hhea", "ascent", "descent", "lineGap"))
    built.setupOS2(fsType=0, **_scaled("OS/2", *OS2_LENGTHS))
    built.setupNameTable(
        {"familyName": "Report Sans", "copyright": _copyright(), "licenseDescription": LICENCE},
        mac=False,
    )
    built.setupPost(keepGlyphNames=False)
    # Bit 11 of the flags: the outlines were changed on the way into WOFF2. The whole font's box
    # holds each of its glyphs.
    made = dict.fromkeys(("created", "modified"), _source()["head"].modified)
    built.updateHead(flags=0x0803, **made, **_scaled("head", "xMin", "yMin", "xMax", "yMax"))
    built.font.recalcBBoxes = built.font.recalcTimestamp = False
    return _saved(built.font)


def _scaled(table: str, *names: str) -> dict[str, int]:
    """Lengths from one table of the whole font, on the coarser grid."""
    source = _source()[table]
    return {name: round(getattr(source, name) * SCALE) for name in names}


def _copyright() -> str:
    """The font's own copyright line, which its licence asks to keep."""
    return str(_source()["name"].getDebugName(0))


def _saved(font: Any) -> bytes:
    """The bytes of a font as OpenType."""
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def _woff2(opentype: bytes) -> bytes:
    """An OpenType (CFF) font in the WOFF2 container; fontTools' own writer leaves no choice of the
    compression's quality.
    """
    from fontTools.ttLib.sfnt import SFNTReader
    from fontTools.ttLib.woff2 import brotli, getKnownTagIndex, packBase128

    reader = SFNTReader(io.BytesIO(opentype))
    tables = {tag: reader[tag] for tag in sorted(reader.keys())}
    directory = b"".join(
        bytes([getKnownTagIndex(tag)]) + packBase128(len(data)) for tag, data in tables.items()
    )
    body: bytes = brotli.compress(
        b"".join(tables.values()), mode=brotli.MODE_FONT, quality=BROTLI_QUALITY
    )
    length = _padded(48 + len(directory) + len(body))
    sizes = (length, len(tables), 0, len(opentype), len(body))
    header = struct.pack(">4s4sLHHLLHHLLLLL", b"wOF2", b"OTTO", *sizes, 1, 0, 0, 0, 0, 0, 0)
    return (header + directory + body).ljust(length, b"\0")


def _padded(length: int) -> int:
    """A length rounded up to the next multiple of four."""
    return -(-length // 4) * 4
