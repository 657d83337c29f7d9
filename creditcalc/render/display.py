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
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree

from creditcalc.render.block_style import by_itself
from creditcalc.render.theme import INK, TEXT_SIZE, TONES, WORDS

if TYPE_CHECKING:
    import matplotlib.figure

# What XML and UTF-8 cannot hold: control characters and lone halves of surrogate pairs.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
XLINK = "{http://www.w3.org/1999/xlink}href"
STYLE = "{http://www.w3.org/2000/svg}style"
REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")  # the id in url(#id) or in the link #id
COMMON = f"font-size:{TEXT_SIZE}px;fill:{INK}"  # what matplotlib says of most texts
PHONE_WIDTH = 480  # pixels: on a narrower screen a figure scrolls instead of becoming unreadable


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
        return f'<p class="note {_known(self.tone)}">{badge(self.word, self.tone)} {escape(self.text)}</p>'


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

    def __post_init__(self) -> None:
        if not self.alt.strip() or not self.caption.strip():
            raise ValueError("图必须有说明结论的替代文字（alt）和标题（caption）")

    def html(self) -> str:
        """The figure as SVG in line, whose text is text in the page's font."""
        svg = self._svg()
        root = _compact(svg)
        _prefix_ids(
            root, "f" + hashlib.sha256(f"{readable(self.caption)}{svg}".encode()).hexdigest()[:8]
        )
        root.attrib |= {"role": "img", "aria-label": readable(self.alt)}
        source = f'<span class="source">来源：{escape(self.source)}</span>' if self.source else ""
        return (
            f'<figure><div class="plot" role="group" tabindex="0" aria-label="图：{escape(self.caption)}">'
            f"{ElementTree.tostring(root, encoding='unicode')}</div>"
            f"<figcaption>{escape(self.caption)}{source}</figcaption></figure>"
        )

    def _svg(self) -> str:
        """What matplotlib writes, without a date, so that equal figures are equal bytes."""
        buffer = io.StringIO()
        with warnings.catch_warnings():
            # The browser takes a rare character from another font; missing_glyphs() names it.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            self.figure.savefig(
                buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
            )
        return readable(buffer.getvalue())


def _compact(svg: str) -> ElementTree.Element:
    """A figure's SVG as an element for HTML: natural size in pixels; no name spaces, fonts, white
    space, or idle groups.

    What most texts have in common is said once, for all.
    """
    root = ElementTree.fromstring(svg)
    for child in list(root):
        if child.tag.endswith("}metadata") or child.find(STYLE) is not None:
            root.remove(child)
    for element in root.iter():
        element.tag = element.tag.partition("}")[2]
        if element.tag not in ("text", "tspan"):
            element.text = None
        element.tail = None
        if XLINK in element.attrib:
            element.set("href", element.attrib.pop(XLINK))
        for name in ("style", "transform", "d", "x", "y"):
            if value := _short(element.attrib.pop(name, ""), element.tag == "text"):
                element.set(name, value)
    width, height = (
        round(float(root.attrib[side].removesuffix("pt")) * 4 / 3) for side in ("width", "height")
    )
    shape = (
        f"min-width:{min(width, PHONE_WIDTH)}px;stroke-linejoin:round;stroke-linecap:butt;{COMMON}"
    )
    root.attrib |= {"width": str(width), "height": str(height), "style": shape}
    root[:] = _merged(_ungrouped(root))
    return root


def _ungrouped(element: ElementTree.Element) -> list[ElementTree.Element]:
    """What an element shows, without groups that say nothing and shapes that cannot be seen."""
    found: list[ElementTree.Element] = []
    for child in element:
        child[:] = _ungrouped(child)
        if child.tag == "g" and not child.attrib.keys() - {"id"}:
            found += child
        elif not (child.tag == "path" and child.get("style") == "fill:none"):
            found.append(child)
    return found


def _merged(elements: list[ElementTree.Element]) -> list[ElementTree.Element]:
    """Lines and bars of one style as one shape, also past texts, which then lie above them."""
    found: list[ElementTree.Element] = []
    last = ElementTree.Element("")
    for element in elements:
        if element.tag == last.tag == "path" and element.attrib | {"d": ""} == last.attrib | {
            "d": ""
        }:
            last.set("d", last.attrib["d"] + element.attrib["d"])
        else:
            found.append(element)
            last = last if element.tag == "text" else element
    return found


def _short(value: str, of_text: bool = False) -> str:
    """An attribute of SVG without fonts, rotations by nothing, idle digits and blanks, and for a
    text what all have in common.

    >>> _short("font-size: 9px; font-family: 'Noto Sans SC'"), _short("rotate(-0 5 5)"), _short("M 0 1.5 \\nL 3 4 z")
    ('font-size:9px', '', 'M0 1.5L3 4z')
    """
    value = re.sub(r"font-family:[^;]*(; )?|rotate\(-?0 [^)]*\)", "", value)
    value = re.sub(
        r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), value
    )
    value = re.sub(
        r"(?<=[;:])\s+|\s*\b([A-Za-z])\b\s+|\s+(?=z)", r"\1", " ".join(value.split())
    ).rstrip(";")
    return (
        ";".join(part for part in value.split(";") if part not in COMMON.split(";"))
        if of_text
        else value
    )


def _prefix_ids(root: ElementTree.Element, prefix: str) -> None:
    """Keep only the ids that something refers to, and make them this figure's own."""
    used = {
        id
        for element in root.iter()
        for value in element.attrib.values()
        for id in REFERENCE.findall(value)
    }
    for element in root.iter():
        if element.get("id") in used:
            element.set("id", f"{prefix}-{element.get('id')}")
        else:
            element.attrib.pop("id", None)
        for name, value in element.attrib.items():
            element.set(name, REFERENCE.sub(rf"{prefix}-\g<0>", value))
