"""What matplotlib writes as SVG, made small and fit to stand inside HTML."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from creditcalc.render.theme import INK, TEXT_SIZE

XLINK = "{http://www.w3.org/1999/xlink}href"
STYLE = "{http://www.w3.org/2000/svg}style"
REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")  # the id in url(#id) or in the link #id
COMMON = f"font-size:{TEXT_SIZE}px;fill:{INK}"  # what matplotlib says of most texts
PHONE_WIDTH = 480  # pixels: on a narrower screen a figure scrolls instead of becoming unreadable


def compact(svg: str) -> ElementTree.Element:
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

    >>> _short("font-size: 9px; font-family: 'Noto Sans SC'"), _short("rotate(-0 5 5)")
    ('font-size:9px', '')
    >>> _short("M 0 1.5 \\nL 3 4 z")
    'M0 1.5L3 4z'
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


def prefix_ids(root: ElementTree.Element, prefix: str) -> None:
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
