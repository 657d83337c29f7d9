"""An executed notebook as one page that needs nothing else: no network, no script, no font of the
reader's computer.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any

from creditcalc.render.block_style import TEMPLATES, in_a_page, style_sheet
from creditcalc.render.display import escape, readable, safe_href
from creditcalc.render.dress import UNDRESSED, Dress
from creditcalc.render.fonts import woff2_subset
from creditcalc.render.theme import column_rules, css_variables

if TYPE_CHECKING:
    import jinja2
    from nbconvert import HTMLExporter
    from nbformat import NotebookNode

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
HEADING = re.compile(r"<h2[^>]*>(.*?)</h2>", re.DOTALL)
PAGE_TITLE = re.compile(r"<h1[^>]*>.*?</h1>", re.DOTALL)
OUTSIDE = re.compile(
    r"<img\b[^>]*>|<[^>]*\b(?:href|src)\s*=\s*[\"']?\s*(?:[a-z]+:|//)[^>]*>", re.IGNORECASE
)
END_TAG = re.compile("</t[dhr]>")
TAG = re.compile("<t[^<>]*>")
QUOTED = re.compile(r'\b(class|scope)="([\w-]+)"')
# What calls of matplotlib give back, which stands under a cell that does not end with a semicolon.
ECHO = re.compile(
    r"[\[({]*(<matplotlib\.|<Axes|<BarContainer|Text\(|array\(.*<(BarContainer|Axes))", re.DOTALL
)
SCRIPT_TAG = re.compile("</?script", re.IGNORECASE)


@dataclass(frozen=True)
class PageHead:
    """What stands above a page's text: facts as (label, value), links as (text, target), whether
    the data is invented, and what an office adds to the look.
    """

    title: str
    facts: Sequence[tuple[str, str]] = ()
    links: Sequence[tuple[str, str]] = ()
    sample: bool = False
    dress: Dress = UNDRESSED


def to_html(notebook: NotebookNode, head: PageHead) -> str:
    """A notebook's prose and outputs as one self-contained page; equal notebooks and heads give
    equal bytes.

    The notebook's own ``#`` title is left out, since the head has one. ValueError if a cell failed,
    wrote to stderr, or shows what needs a script, a link outside, or a picture without words for
    it.
    """
    for number, cell in enumerate(notebook.cells, 1):
        for fault in _faults(cell):
            raise ValueError(f"第 {number} 个单元格{fault}")
    prose, _ = _exporter().from_notebook_node(notebook)
    if outside := OUTSIDE.search(prose):
        raise ValueError(f"页面不得有外部链接或图片：{outside[0]}")
    body = re.sub(
        r"<!--cell (\d+)-->",
        lambda mark: _outputs(notebook.cells[int(mark[1])]),
        PAGE_TITLE.sub("", prose),
    )
    return render_page(head, body)


def render_page(head: PageHead, body: str, script: str = "") -> str:
    """A page of the same make from HTML that needs no notebook; ``script`` is the one inline script
    that it may run.
    """
    from markupsafe import Markup

    if SCRIPT_TAG.search(body) or SCRIPT_TAG.search(script):
        raise ValueError("页面正文不得含有脚本，脚本不得含有脚本标签")
    contents, body = _with_contents(_light(body))
    parts = {
        "head": head,
        "own_style": Markup(head.dress.css),
        "policy": POLICY + (f"; script-src 'sha256-{_digest(script)}'" if script else ""),
        "colours": Markup(css_variables() + column_rules()),
        "style": Markup(_style()),
        "contents": contents,
        "body": Markup(body),
        "script": Markup(script),
    }
    page = _shell()
    font = woff2_subset(unescape(page.render(**parts, font="")))
    return page.render(**parts, font=base64.b64encode(font).decode())


@cache
def _exporter() -> HTMLExporter:
    """nbconvert's exporter with this package's template, made once in a process."""
    from nbconvert import HTMLExporter

    make: Callable[..., HTMLExporter] = HTMLExporter
    settings = {
        "template_name": "report",
        "extra_template_basedirs": [str(TEMPLATES)],
        "exclude_anchor_links": True,
    }
    return make(
        **settings, default_preprocessors=[]
    )  # which change nothing here, and after each a notebook is validated


@cache
def _shell() -> jinja2.Template:
    """The page around the body; whatever it is given is text unless it is Markup."""
    import jinja2

    folder = jinja2.FileSystemLoader(TEMPLATES / "report")
    environment = jinja2.Environment(
        loader=folder, autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"readable": readable, "safe_href": safe_href, "css_string": _css_string}
    return environment.get_template("page.html.j2")


@cache
def _style() -> str:
    """The style of a page: its own, that of notebooks, then what widths and paper change."""
    return "\n".join(map(style_sheet, ("page.css", "blocks.css", "media.css")))


def _faults(cell: NotebookNode) -> Iterator[str]:
    """What must not be on a page, in one cell's outputs."""
    for output in cell.get("outputs", ()):
        kind = output["output_type"]
        if kind == "error":
            yield f"出错：{output['ename']}: {output['evalue']}"
        elif kind == "stream" and output["name"] == "stderr":
            yield f"有警告或错误输出：{output['text'].strip()}"
        elif kind != "stream" and not {"text/html", "text/plain"} >= set(output["data"]):
            yield f"的输出不是文字或 HTML：{'、'.join(output['data'])}（图请用 matplotlib 画）"


def _outputs(cell: NotebookNode) -> str:
    """A code cell's outputs as HTML."""
    return "\n".join(map(_output, cell["outputs"]))


def _output(output: Any) -> str:
    """One output: what display made as it is, everything else as plain text."""
    if output["output_type"] == "stream":
        return f"<pre>{escape(output['text'])}</pre>"
    data = output["data"]
    if output["output_type"] == "execute_result" and ECHO.match(data.get("text/plain", "")):
        return ""
    return (
        in_a_page(str(data["text/html"]))
        if "text/html" in data
        else f"<pre>{escape(data['text/plain'])}</pre>"
    )


def _light(body: str) -> str:
    """The same HTML without what every browser adds by itself: the ends of cells and rows, the
    quotes of simple names.

    >>> _light('<tr><th scope="row" class="num">1</th><td class="a b">"2"</td></tr>')
    '<tr><th scope=row class=num>1<td class="a b">"2"'
    """
    return TAG.sub(lambda tag: QUOTED.sub(r"\1=\2", tag[0]), END_TAG.sub("", body))


def _with_contents(body: str) -> tuple[list[tuple[str, str]], str]:
    """The second-level headings as (id, text), and the body with these ids.

    >>> _with_contents("<h2>甲 &amp; <em>乙</em></h2>")
    ([('s1', '甲 & 乙')], '<h2 id="s1">甲 &amp; <em>乙</em></h2>')
    """
    contents: list[tuple[str, str]] = []

    def numbered(heading: re.Match[str]) -> str:
        contents.append(
            (f"s{len(contents) + 1}", unescape(re.sub(r"<[^>]*>", "", heading[1])).strip())
        )
        return f'<h2 id="{contents[-1][0]}">{heading[1]}</h2>'

    body = HEADING.sub(numbered, body)
    return contents, body


def _digest(script: str) -> str:
    """A script's digest as a Content-Security-Policy names it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _css_string(text: str) -> Any:
    """A text as a string of CSS, of which no character can end it.

    >>> _css_string('a"')
    Markup('"\\\\61 \\\\22 "')
    """
    from markupsafe import Markup

    return Markup('"' + "".join(f"\\{ord(char):x} " for char in readable(text)) + '"')
