"""What a notebook shows: paragraphs, notes, key figures, figures; each is HTML in a notebook and on
a page.

Whatever comes from data is text: every class here escapes what it is given, and none takes HTML.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape as escape_html
from typing import TYPE_CHECKING, ClassVar, Literal
from urllib.parse import quote
from xml.etree import ElementTree

from creditcalc.render.block_style import by_itself
from creditcalc.render.svg import compact, prefix_ids
from creditcalc.render.theme import TONES, WORDS

if TYPE_CHECKING:
    import matplotlib.figure

# What XML and UTF-8 cannot hold: control characters and lone halves of surrogate pairs.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def readable(value: object) -> str:
    """A value as text that a page can hold; an unwritable character becomes �.

    >>> readable("范县\\x00")
    '范县�'
    """
    return UNWRITABLE.sub("\ufffd", str(value))


def escape(value: object) -> str:
    """A value as text inside HTML, in an element or in an attribute's quotes.

    >>> escape('<b a="1">')
    '&lt;b a=&quot;1&quot;&gt;'
    """
    return escape_html(readable(value))


def safe_href(target: str) -> str:
    """A link to a place in this page or to a neighbouring file, and never anything else.

    >>> safe_href("#S6.1.3a"), safe_href("范县.html#a"), safe_href("javascript:alert(1)")
    ('#S6.1.3a', './%E8%8C%83%E5%8E%BF.html#a', './javascript%3Aalert%281%29')
    """
    path, mark, fragment = readable(target).partition("#")
    return ("./" + quote(path) if path else "") + mark + quote(fragment)


class Shown:
    """Something that a notebook shows as HTML; its plain text is one short line."""

    def html(self) -> str:
        """The HTML of this object, without style and script."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return by_itself(self.html())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def badge(word: str, tone: str = "") -> str:
    """A word of status with its colour, as HTML.

    >>> badge("通过"), badge("其他")
    ('<span class="badge good">通过</span>', '其他')
    """
    tone = tone or WORDS.get(word, "")
    return f'<span class="badge {_known(tone)}">{escape(word)}</span>' if tone else escape(word)


def _known(tone: str) -> str:
    """A tone's name, if it is one."""
    if tone not in TONES:
        raise ValueError(f"没有这种状态颜色：{tone}（可选：{'、'.join(TONES)}）")
    return tone


@dataclass(frozen=True, repr=False)
class Prose(Shown):
    """Paragraphs under an optional heading, to which other places may link by ``id``."""

    paragraphs: Sequence[str]
    heading: str = ""
    id: str = ""

    def html(self) -> str:
        """A section with its heading and paragraphs."""
        mark = f' id="{escape(self.id)}"' if self.id else ""
        heading = f"<h3>{escape(self.heading)}</h3>" if self.heading else ""
        text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in self.paragraphs)
        return f'<section class="prose"{mark}>{heading}{text}</section>'


@dataclass(frozen=True, repr=False)
class Together(Shown):
    """Several things that one cell shows."""

    parts: Sequence[Shown]

    def html(self) -> str:
        """One after the other."""
        return "".join(part.html() for part in self.parts)


@dataclass(frozen=True, repr=False)
class Note(Shown):
    """One remark that must not be overlooked, opened by a word and marked by a colour."""

    text: str
    word: str = "提示"
    tone: str = "warn"

    def html(self) -> str:
        """A paragraph with its badge."""
        mark = badge(self.word, self.tone)
        return f'<p class="note {_known(self.tone)}">{mark} {escape(self.text)}</p>'


@dataclass(frozen=True)
class Fact:
    """One key figure: what it is, how much, and a remark below it."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, repr=False)
class Facts(Shown):
    """A row of key figures that a reader takes in at one look."""

    facts: Sequence[Fact]

    def html(self) -> str:
        """A card for each, of paragraphs: Jupyter tears lists of terms and values apart."""
        return f'<div class="facts">{"".join(map(self._card, self.facts))}</div>'

    @staticmethod
    def _card(fact: Fact) -> str:
        tone = f' class="{_known(fact.tone)}"' if fact.tone else ""
        note = f"<p>{escape(fact.note)}</p>" if fact.note else ""
        label, value = escape(fact.label), escape(fact.value)
        return f'<div{tone}><p class="label">{label}</p><p class="value">{value}</p>{note}</div>'


@dataclass(frozen=True, repr=False)
class Figure(Shown):
    """A matplotlib figure with the finding in words (``alt``) for those who cannot see it, and a
    caption.
    """

    figure: matplotlib.figure.Figure
    alt: str
    caption: str
    source: str = ""
    extent: ClassVar[Literal["tight"] | None] = None  # what is drawn: the canvas, or all there is

    def __post_init__(self) -> None:
        if not self.alt.strip() or not self.caption.strip():
            raise ValueError("图必须有说明结论的替代文字（alt）和标题（caption）")

    def html(self) -> str:
        """The figure as SVG in line, whose text is text in the page's font."""
        svg = self._svg()
        root = compact(svg)
        prefix_ids(
            root, "f" + hashlib.sha256(f"{readable(self.caption)}{svg}".encode()).hexdigest()[:8]
        )
        root.attrib |= {"role": "img", "aria-label": readable(self.alt)}
        return (
            '<figure><div class="plot" role="group" tabindex="0" '
            f'aria-label="图：{escape(self.caption or self.alt)}">'
            f"{ElementTree.tostring(root, encoding='unicode')}</div>{self._below()}</figure>"
        )

    def _below(self) -> str:
        """The caption and the source."""
        source = f'<span class="source">来源：{escape(self.source)}</span>' if self.source else ""
        return f"<figcaption>{escape(self.caption)}{source}</figcaption>"

    def _svg(self) -> str:
        """What matplotlib writes, without a date, so that equal figures are equal bytes."""
        buffer = io.StringIO()
        with warnings.catch_warnings():
            # The browser takes a rare character from another font; missing_glyphs() names it.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            undated = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            self.figure.savefig(buffer, format="svg", metadata=undated, bbox_inches=self.extent)
        return readable(buffer.getvalue())
