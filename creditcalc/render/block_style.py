"""The style of what notebooks show: pages have it once, in JupyterLab and after a plain nbconvert
each block carries it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from creditcalc.render.theme import column_rules, css_variables

TEMPLATES = Path(__file__).parent / "templates"
END = "</div>"
# Nested rules are as strong as an id, which Jupyter's own rules for tables are not.
SCOPE = ".creditcalc:not(#_)"
# What a page need not say: Jupyter stripes and centres tables.
AGAINST_JUPYTER = """
line-height:1.6;font-size:16px;color:var(--ink);background:var(--paper);padding:.25rem .75rem;
table{margin:0;table-layout:auto;border:0}
tr,tbody tr:hover{background:none}
th,td{border:0;border-bottom:1px solid var(--line);line-height:1.5;color:inherit;max-width:none}
a{color:var(--accent)}
"""


def style_sheet(name: str) -> str:
    """A style sheet of the template, without the white space that only its authors need."""
    text = (TEMPLATES / "report" / name).read_text(encoding="utf-8")
    return re.sub(r"\s*\n\s*", "\n", text).strip()


@cache
def _begin() -> str:
    """What stands before a block that is shown by itself."""
    colours = css_variables().replace(":root", "&", 1)
    rules = f"{colours}{column_rules()}{AGAINST_JUPYTER}{style_sheet('blocks.css')}"
    return f'<style>{SCOPE}{{{rules}}}</style><div class="creditcalc">'


def by_itself(block: str) -> str:
    """A block's HTML with the style that it needs outside of a page."""
    return f"{_begin()}{block}{END}"


def in_a_page(html: str) -> str:
    """The same without that style; any other HTML stays as it is.

    >>> in_a_page(by_itself("<p>1</p>")), in_a_page("<p>2</p>")
    ('<p>1</p>', '<p>2</p>')
    """
    mine = html.startswith(_begin()) and html.endswith(END)
    return html.removeprefix(_begin()).removesuffix(END) if mine else html
