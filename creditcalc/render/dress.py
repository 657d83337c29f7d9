"""An office's own style sheet and logo for its pages, which carry them in themselves."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from creditcalc.problems import Problem, ProblemError

HEAVIEST = 300  # kB of a file that every page carries
# What would end the style element, and what would be fetched from elsewhere.
MARKUP = re.compile("</|<!--")
FETCHED = re.compile(r"@import[^;]*|url\(\s*[\"']?(?!data:|#)[^)]*\)?", re.IGNORECASE)
PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
SVG_BEGIN = re.compile(rb"\s*(<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>\[]*>|\s)*<svg[\s>]", re.DOTALL)


class DressError(ProblemError):
    """A style sheet or a logo that a page cannot carry."""


@dataclass(frozen=True)
class Dress:
    """What an office adds to the look of its pages: a style sheet below the pages' own, and a logo
    as a ``data:`` address with the words that stand for it.
    """

    css: str = ""
    logo: str = ""
    logo_words: str = ""


UNDRESSED = Dress()


def read_dress(css: Path | None = None, logo: Path | None = None) -> Dress:
    """The dress that these files make; the logo's file name says whose it is. DressError where a
    page cannot carry one of them.
    """
    return Dress(_css(css) if css else "", _logo(logo) if logo else "", logo.stem if logo else "")


def _css(path: Path) -> str:
    """A style sheet that neither ends the page's style nor fetches anything."""
    try:
        css = _read(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal(path, "样式表不是 UTF-8 编码", "", "另存为 UTF-8") from None
    if found := MARKUP.search(css):
        raise _refusal(path, "样式表里不能有 HTML 标签", found[0], "只写 CSS")
    if found := FETCHED.search(css):
        raise _refusal(
            path, "页面要能离线打开，样式表不能引用别的文件", found[0], "改用 data: 网址或去掉"
        )
    return css.strip()


def _logo(path: Path) -> str:
    """A PNG, JPEG, GIF or SVG as a ``data:`` address; as an image an SVG runs no script."""
    content = _read(path)
    kind = next((kind for mark, kind in PICTURES.items() if content.startswith(mark)), "")
    if not kind and SVG_BEGIN.match(content.removeprefix(b"\xef\xbb\xbf")):
        kind = "image/svg+xml"
    if not kind:
        raise _refusal(path, "标志不是 PNG、JPEG、GIF 或 SVG 图片", "", "换成这几种格式")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _read(path: Path) -> bytes:
    """A file's content, if it is not too large for every page to carry."""
    content = path.read_bytes()
    if len(content) > HEAVIEST * 1000:
        size = f"{len(content) / 1000:,.0f} kB"
        raise _refusal(path, f"每页都要带上它，不能超过 {HEAVIEST} kB", size, "换一个小的")
    return content


def _refusal(path: Path, what: str, value: str, cure: str) -> DressError:
    return DressError([Problem(what, value, cure, file=str(path))])
