"""What the server from which pages are forked does before the first, so that every page's process
finds it done.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

INLINE = "module://matplotlib_inline.backend_inline"
MODULES = ("creditcalc.batch.engine", "creditcalc.pages.study", "creditcalc.pages.figures")
# Libraries that would start threads when they are imported, which a forked process lacks.
SINGLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


def warm() -> None:
    """Import what pages need and make one, since much is imported and looked up only when it is
    first used.
    """
    gc.disable()  # importing leaves no garbage
    os.environ.update(SINGLE)
    os.environ["MPLBACKEND"] = (
        INLINE  # as in an ordinary kernel, whatever the caller's programs draw on
    )
    import_module("creditcalc.batch.one_page").load_papermill()
    for module in MODULES:
        import_module(module)
    import_module(
        "matplotlib"
    ).rcdefaults()  # a matplotlibrc of the working folder, or the user's, changes no page
    _make_page()
    if (threads := _threads()) > 1:
        sys.exit(f"预热后有 {threads} 个线程，不能由此派生进程；请用 --engine kernel")
    gc.collect()
    gc.enable()
    gc.freeze()  # so that collecting garbage does not copy this memory into every process


def _make_page() -> None:
    """A page with prose, a figure and a table's worth of text."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas
    from nbformat import v4

    from creditcalc.render.display import Figure
    from creditcalc.render.html import PageHead, to_html
    from creditcalc.render.theme import use_figure_style

    make: Any = v4
    with rc_context():  # a page that wants another style must not find this one
        use_figure_style()
        canvas = Canvas()
        canvas.add_subplot().plot([1, 2], label="得分")
        canvas.legend()
        shown = make.new_output(
            "display_data", {"text/html": Figure(canvas, "得分", "得分").html()}
        )
    cells = [make.new_markdown_cell("## 得分"), make.new_code_cell("", outputs=[shown])]
    to_html(make.new_notebook(cells=cells), PageHead("得分", [("期间", "2021-05")]))


def _threads() -> int:
    """The threads of this process, where Linux tells it also those that Python did not start."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()


def _serving() -> bool:
    """Whether this is the server, which runs ``from multiprocessing.forkserver import main``."""
    main: Callable[..., Any] | None = getattr(sys.modules["__main__"], "main", None)
    return getattr(main, "__module__", "") == "multiprocessing.forkserver"


if _serving():
    warm()
