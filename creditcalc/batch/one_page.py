"""One notebook with its parameters becomes one page: what a page's own process does, and the check
before it starts.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from creditcalc.bundled import PACKAGE, bundled
from creditcalc.files import sha256
from creditcalc.pages.opening import OpenData
from creditcalc.pages.study import Study
from creditcalc.problems import Problem, ProblemError, nearest
from creditcalc.render.fonts import drawn, use_drawn
from creditcalc.render.html import PageHead, to_html

PAPERMILL_ENGINES = {
    "warm": "creditcalc-warm",
    "kernel": "nbclient",
}  # as a caller and as papermill names them
# A kernel chats on stderr; that it died is told by the exception. It imports nothing that lies in
# the working folder, where anybody may have laid a module.
PLAIN = "creditcalc.render.plain_outputs"  # by which plain frames and figures become page content
KERNEL = [
    "--log-level=CRITICAL",
    "--IPKernelApp.ignore_cwd=True",
    f"--IPKernelApp.extensions={PLAIN}",
]
# The parameters with which a notebook opens its study of the data.
OPENED_WITH = ("rulebook", "readings", "city", "as_of")


class NotebookError(ProblemError):
    """A notebook that cannot take the parameters that it would be given."""


class PageError(RuntimeError):
    """A notebook that failed while it ran."""


@dataclass(frozen=True)
class Job:
    """A page to make: the notebook, its parameters, what stands above its text, the name of its
    file without ending.
    """

    notebook: Path
    parameters: Mapping[str, str]
    head: PageHead
    stem: str


@dataclass(frozen=True)
class Shared:
    """What the pages of a run have in common, pickled: the study, and most characters' outlines.

    It goes to a page's process through its pipe or the scheduler's channel, never through a file:
    whoever may write where pages are made could put another in its place, and have it run.
    """

    study: bytes
    outlines: bytes


def check_parameters(notebook: Path, given: Mapping[str, str]) -> None:
    """Raise NotebookError for what is given and not declared, and for what is declared as None and
    not given.
    """
    declared = load_papermill().inspect_notebook(_literal(notebook))
    unknown = [name for name in given if name not in declared]
    lacking = [
        name
        for name, parameter in declared.items()
        if parameter["default"] == "None" and name not in given
    ]
    there = f"笔记本声明的有：{'、'.join(declared)}"
    problems = [
        Problem(
            "笔记本没有声明这个参数", name, nearest(name, declared) or there, file=str(notebook)
        )
        for name in unknown
    ]
    cure = f"给出的有：{'、'.join(given)}"
    problems += [
        Problem("笔记本要的参数没有给", name, cure, file=str(notebook)) for name in lacking
    ]
    if problems:
        raise NotebookError(problems)


def make_page(job: Job, shared: Shared, folder: Path, engine: str) -> str:
    """Execute a job's notebook, write its page into ``folder`` and give the page's digest.

    ``warm`` runs the notebook in this process, which must have nothing else to do, and spares it
    reading the data; ``kernel`` runs it in a process of its own. A notebook that fails stays there,
    executed up to the failing cell.
    """
    papermill = load_papermill()
    use_drawn(pickle.loads(shared.outlines))
    extra: dict[str, Any] = {}
    if engine == "warm":
        import_module("creditcalc.batch.engine")  # papermill knows the engine from there
        extra = {"given": {"data": open_data(job, pickle.loads(shared.study))}}
    from nbclient.exceptions import DeadKernelError

    draft, page = folder / f"{job.stem}.ipynb", folder / f"{job.stem}.html"
    try:
        notebook = papermill.execute_notebook(
            _literal(job.notebook),
            _literal(draft),
            dict(job.parameters),
            engine_name=PAPERMILL_ENGINES[engine],
            request_save_on_cell_execute=False,
            progress_bar=False,
            extra_arguments=KERNEL,
            **extra,
        )
    except DeadKernelError:
        raise PageError("运行笔记本的内核意外退出，多半是内存不够") from None
    except papermill.PapermillExecutionError as error:
        raise PageError(
            f"单元格 [{error.exec_count}] 出错：{error.ename}: {error.evalue}"
        ) from None
    page.write_text(to_html(notebook, job.head), encoding="utf-8")
    draft.unlink()
    return sha256(page)


def open_data(job: Job, study: Study) -> OpenData:
    """The parameter ``data`` of a job, which carries what concerns the job's city."""
    own = study.only(job.parameters["city"]) if "city" in job.parameters else study
    data, *others = (job.parameters.get(name, "") for name in ("data", *OPENED_WITH))
    return OpenData.of(own, data, *others)


def share_study(study: Study) -> Shared:
    """What the pages of a study have in common."""
    return Shared(pickle.dumps(replace(study)), pickle.dumps(drawn(_own_text())))


def _own_text() -> str:
    """The texts of this package, whose characters are most of those that a page can hold."""
    files = [
        *PACKAGE.rglob("*.py"),
        *PACKAGE.rglob("*.toml"),
        *PACKAGE.rglob("*.j2"),
        *bundled("notebooks").glob("*.ipynb"),
    ]
    return "".join(path.read_text(encoding="utf-8") for path in files)


def load_papermill() -> Any:
    """Papermill, without a grammar that takes a second to import, and by which nothing but some web
    addresses is checked.
    """
    cast(dict[str, Any], sys.modules).setdefault("rfc3987_syntax", None)
    import papermill

    return papermill


def _literal(path: Path) -> str:
    """A path in which papermill finds nothing to fill in."""
    return os.fspath(path).replace("{", "{{").replace("}", "}}")
