"""A papermill engine that runs a notebook's cells on an IPython shell in this very process: no
kernel to start, none to end.

It is meant for a process that has one notebook to run and ends afterwards. What a cell shows is
what an ordinary kernel would send; widgets, and what other programs write to the terminal by
themselves, have no place here.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from types import MappingProxyType
from typing import Any

import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config

from creditcalc.render.plain_outputs import load_ipython_extension

WARM = "creditcalc-warm"
WITHOUT_HISTORY = Config(
    HistoryManager={"enabled": False}
)  # which would be a database and a thread


class Sink:
    """The outputs of the cell that runs, and those that a later ``update_display`` changes."""

    def __init__(self) -> None:
        self.outputs: list[NotebookNode] = []
        self.displayed: dict[str, list[NotebookNode]] = {}
        self.stale = False
        self.streams = Stream(self, "stdout"), Stream(self, "stderr")

    def add(self, kind: str, **content: Any) -> NotebookNode:
        """One more output."""
        make: Callable[..., NotebookNode] = new_output
        if self.stale:
            self.outputs.clear()
            self.stale = False
        self.outputs.append(make(kind, **content))
        return self.outputs[-1]

    def show(self, kind: str, **content: Any) -> NotebookNode:
        """One more output, after what was printed before it."""
        self.flush()
        return self.add(kind, **content)

    def flush(self) -> None:
        """Make outputs of what was printed."""
        for stream in self.streams:
            stream.flush()


class Stream(io.StringIO):
    """Standard output or error: what is printed is held until somebody flushes, as in an ordinary
    kernel.
    """

    encoding = "utf-8"

    def __init__(self, sink: Sink, name: str) -> None:
        super().__init__()
        self._sink, self._name = sink, name

    def flush(self) -> None:
        """Make an output of what was printed."""
        if text := self.getvalue():
            self.seek(0)
            self.truncate()
            self._sink.add("stream", name=self._name, text=text)


class ShellHook(DisplayHook):
    """Takes the value of a cell's last expression."""

    shell: Any

    def write_output_prompt(self) -> None:
        """Nothing: there is no terminal."""

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        """Make an output of it."""
        count = self.prompt_count
        self.shell.sink.show(
            "execute_result", data=format_dict, metadata=md_dict or {}, execution_count=count
        )

    def finish_displayhook(self) -> None:
        """Nothing that a terminal would need."""
        self._is_active = False


class ShellPublisher(DisplayPublisher):
    """Takes what ``display`` is given."""

    shell: Any

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        *_: Any,
        transient: Any = None,
        update: bool = False,
        **__: Any,
    ) -> None:
        """Make an output of it, or bring those of the same ``display_id`` up to date."""
        id = (transient or {}).get("display_id")
        same = self.shell.sink.displayed.setdefault(id, []) if id else []
        if update:
            for output in same:
                output.update(data=data, metadata=metadata or {})
        else:
            same.append(self.shell.sink.show("display_data", data=data, metadata=metadata or {}))

    def clear_output(self, wait: bool = False) -> None:
        """Take back the cell's outputs, at once or when the next one comes."""
        self.shell.sink.flush()
        self.shell.sink.stale = True
        if not wait:
            self.shell.sink.outputs.clear()


class Shell(InteractiveShell):
    """IPython without a terminal."""

    displayhook_class = ShellHook
    display_pub_class = ShellPublisher
    sink: Sink

    def enable_gui(self, gui: str | None = None) -> None:
        """Nothing: ``%matplotlib inline`` wants no window."""

    def _showtraceback(
        self, etype: type[BaseException], evalue: BaseException | None, stb: list[str]
    ) -> None:
        self.sink.show("error", ename=etype.__name__, evalue=str(evalue), traceback=stb)


def _run(shell: Shell, cell: NotebookNode) -> bool:
    """Run one cell; whether it came to its end."""
    if cell.cell_type != "code" or not cell.source.strip():
        return True
    run: Callable[..., ExecutionResult] = shell.run_cell
    sink = shell.sink
    sink.outputs, sink.stale = cell.outputs, False
    with redirect_stdout(sink.streams[0]), redirect_stderr(sink.streams[1]):
        result = run(cell.source, store_history=True)
    sink.flush()
    cell.execution_count = result.execution_count
    return bool(result.success)


def _run_all(
    manager: Any, *_: Any, given: Mapping[str, Any] = MappingProxyType({}), **__: Any
) -> None:
    """Run a notebook's cells up to the first that fails.

    ``given`` are parameters that carry more than the cell in which papermill writes them can say.
    """
    np.random.seed()  # a forked process would otherwise draw the same numbers as its siblings
    shell = Shell.instance(config=WITHOUT_HISTORY)
    shell.sink = Sink()
    load_ipython_extension(shell)
    for index, cell in enumerate(manager.nb.cells):
        manager.cell_start(cell, index)
        done = _run(shell, cell)
        if not done:
            manager.cell_exception(cell, index)
        manager.cell_complete(cell, index)
        if not done:
            return
        if "injected-parameters" in cell.metadata.get("tags", []):
            shell.user_ns.update(given)


papermill_engines.register(
    WARM, type("WarmEngine", (Engine,), {"execute_managed_notebook": staticmethod(_run_all)})
)
