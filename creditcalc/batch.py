"""Makes the pages of a period: each in a process of its own, only where something changed, and writes down how all stand.

A page in the folder is always one that run.json records: the file of a page that failed, that its data no longer
supports, or whose jurisdiction is gone is removed, so that it cannot pass for a new one.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from tqdm import tqdm

from creditcalc import record
from creditcalc.bundle import bundled
from creditcalc.cluster import check_scheduler, each_on_cluster
from creditcalc.files import replacing, sha256
from creditcalc.html import render_page
from creditcalc.index import SCRIPT, index_body
from creditcalc.pages import Job, check_parameters, make_page, share
from creditcalc.plan import Options, Plan, dated, make_plan, page_head
from creditcalc.printing import find_browser, print_pages
from creditcalc.problems import InputError, Problem, ProblemError
from creditcalc.provenance import combined, file_digests
from creditcalc.record import Key, Page
from creditcalc.study import open_study
from creditcalc.summary import sheets
from creditcalc.workbook import workbook
from creditcalc.workers import PRELOADED, Outcome, each_alone, start

INTERRUPTED = "运行被中断，没有做完"
REFUSED = "数据有错误"
NOTING = 20  # times as long as noting took goes by until the next page is noted: a run of thousands would write all day
tqdm.monitor_interval = 0  # its thread, and a warning where there is no memory for one, are for faster bars


class Busy(ProblemError):
    """A folder that another run is writing into."""


@dataclass(frozen=True)
class Run:
    """What came of a run: the folder of its period, how every page stands, the problems of the data."""

    folder: Path
    pages: list[Page]
    problems: tuple[Problem, ...]
    interrupted: bool

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is there."""
        faults = any(problem.severity == "error" for problem in self.problems)
        return not (faults or self.interrupted or any(page.error for page in self.pages))


def run(options: Options, progress: bool | None = None) -> Run:
    """Make the pages of a period, its index, its summary and the record of the run.

    ``progress`` shows a bar on stderr, by default where that is a terminal. Raises a ProblemError, before anything runs,
    for data without a row, an unknown name, and a notebook that does not take its parameters.
    """
    if options.scheduler:
        check_scheduler(options.scheduler, options.engine)
    else:
        start(PRELOADED[options.engine])  # it gets ready while this process reads
    study = open_study(options.data, options.rulebook, options.readings, options.city or None, options.as_of)
    if study.table.empty:
        raise InputError(study.checked.errors or [Problem("表中没有数据行", file=str(options.data))])
    plan = make_plan(study, options)
    for notebook, parameters in {task.job.notebook: task.job.parameters for task in plan.tasks.values()}.items():
        check_parameters(notebook, parameters)
    if options.pdf:
        find_browser()
    plan.folder.mkdir(parents=True, exist_ok=True)
    with _alone(plan):
        return _make(plan, progress)


@contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """Hold the period's folder; Busy where another run does, which ends with that run however it ends."""
    lock = FileLock(plan.options.out / f".{plan.period}.lock", blocking=False)
    try:
        with lock:
            yield
    except Timeout:
        raise Busy(
            [Problem("另一个 report 正在往这个文件夹里写", cure="等它做完，或换一个 --out", file=str(plan.folder))]
        ) from None


def _make(plan: Plan, progress: bool | None) -> Run:
    """Make what is due, write down how each page stands as soon as it does, then what people read."""
    options, files = plan.options, file_digests(plan.options.data or bundled("data/sample"))
    recorded = record.load(plan.folder) or record.Record()
    earlier = {page.key: page for page in recorded.pages if page.intact(plan.folder)}
    due = [key for key, task in plan.tasks.items() if options.force or key not in earlier or earlier[key].digest != task.digest]

    def standing(fresh: Mapping[Key, Page]) -> list[Page]:
        pages = [fresh.get(key) or _standing(plan, key, earlier.get(key), key in due) for key in plan.stems]
        return [page for page in pages if page.kind != "unit" or page.status != "left" or page.file or page.error]

    def note(fresh: Mapping[Key, Page]) -> None:
        record.save(plan.folder, _facts(plan, files, recorded.outputs, interrupted=True), standing(fresh))

    with _workplace(plan) as work, ThreadPoolExecutor(1) as aside:  # in this order, while this process only waits
        shared = aside.submit(share, plan.study, work) if due else None
        summary = aside.submit(lambda: workbook(sheets(plan), f"{plan.period} 汇总"))
        fresh, interrupted = _execute(plan, work, due, shared, progress, note)
    pages = standing(fresh)
    _remove_outdated(plan, pages, recorded.pages)
    if options.pdf and not interrupted:
        pages = _print(plan, pages)
    outputs = _write(plan, pages, files, summary.result())
    record.save(plan.folder, _facts(plan, files, outputs, interrupted), pages)
    return Run(plan.folder, pages, plan.study.problems, interrupted)


@contextmanager
def _workplace(plan: Plan) -> Iterator[Path]:
    """The folder in which pages are made, gone at the end; nothing of an earlier run is in it or among the failed ones."""
    work = plan.folder / ".work"
    for folder in (work, plan.folder / "failed"):
        shutil.rmtree(folder, ignore_errors=True)
    for part in {Path(task.job.stem).parent for task in plan.tasks.values()} | {Path()}:
        for folder in (work / part, plan.folder / part):
            folder.mkdir(parents=True, exist_ok=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _execute(
    plan: Plan,
    work: Path,
    due: list[Key],
    shared: Future[None] | None,
    progress: bool | None,
    note: Callable[[Mapping[Key, Page]], None],
) -> tuple[dict[Key, Page], bool]:
    """Make the pages that are due; those that ended, noted as they end, and whether Ctrl-C stopped the rest."""
    options = plan.options
    calls = {key: (plan.tasks[key].job, work, options.engine) for key in due}
    hidden = None if progress is None else not progress
    fresh: dict[Key, Page] = {}
    due_again = 0.0
    try:
        if shared:
            shared.result()
        with (
            tqdm(total=len(due), unit="页", disable=hidden, file=sys.stderr) as bar,
            closing(_outcomes(options, calls)) as outcomes,
        ):
            for outcome in outcomes:
                fresh[outcome.key] = _settled(plan, work, outcome)
                if (began := time.monotonic()) > due_again:
                    note(fresh)
                    due_again = time.monotonic() + NOTING * (time.monotonic() - began)
                bar.update()
    except KeyboardInterrupt:
        return fresh, True
    finally:
        note(fresh)
    return fresh, False


def _outcomes(options: Options, calls: Mapping[Key, tuple[Job, Path, str]]) -> Generator[Outcome[Key]]:
    """The end of each page, made in processes here or on the workers of a cluster."""
    preload = PRELOADED[options.engine]
    if options.scheduler:
        return each_on_cluster(calls, options.scheduler, options.timeout, preload)
    return each_alone(make_page, calls, options.jobs, options.timeout, preload)


def _settled(plan: Plan, work: Path, outcome: Outcome[Key]) -> Page:
    """Put a page that was made in its place, or the notebook that failed among the failed ones."""
    name = f"{plan.stems[outcome.key]}.html"
    page = Page(*outcome.key, status="failed", seconds=round(outcome.seconds, 2), error=outcome.error)
    if not outcome.error:
        (work / name).replace(plan.folder / name)
        return replace(page, status="made", file=name, digest=plan.tasks[outcome.key].digest, sha256=outcome.value)
    draft = (work / name).with_suffix(".ipynb")
    if draft.exists():
        (plan.folder / "failed").mkdir(exist_ok=True)
        draft.replace(plan.folder / "failed" / draft.name)
    return page


def _standing(plan: Plan, key: Key, earlier: Page | None, due: bool) -> Page:
    """How a page stands that did not end in this run."""
    if key in plan.refused:
        return Page(*key, status="refused", error=REFUSED)
    status = "unchanged" if key in plan.tasks and not due else "left"
    return replace(earlier or Page(*key, status), status=status, seconds=0.0, error=INTERRUPTED if due else "")


def _remove_outdated(plan: Plan, pages: Iterable[Page], recorded: Iterable[Page]) -> None:
    """Remove every file that is or was a page's and no longer is what the record says."""
    known = {f"{stem}.html" for stem in plan.stems.values()} | {page.file for page in recorded if page.file}
    for name in known - {page.file for page in pages}:
        (plan.folder / name).unlink(missing_ok=True)
    for name in known - {page.file for page in pages if page.pdf}:
        (plan.folder / name).with_suffix(".pdf").unlink(missing_ok=True)


def _print(plan: Plan, pages: list[Page]) -> list[Page]:
    """Print the pages that are there and whose PDF is missing or altered."""
    of_file = {plan.folder / page.file: page for page in pages if page.file}
    due = [path for path, page in of_file.items() if not page.pdf or sha256(plan.folder / page.pdf_file) != page.pdf]
    for path, error in print_pages(due, plan.options.jobs):
        page = of_file[path]
        pdf = "" if error else sha256(plan.folder / page.pdf_file)
        of_file[path] = replace(page, pdf=pdf, error=error and f"打印：{error}")
    return [of_file[plan.folder / page.file] if page.file else page for page in pages]


def _write(plan: Plan, pages: list[Page], files: Mapping[str, str], summary: bytes) -> dict[str, str]:
    """Write what people read besides the pages; the digest of each file."""
    head = page_head(
        plan, f"{plan.study.book.title} {plan.period} 目录", combined(files), [("汇总表（Excel）", "summary.xlsx")]
    )
    page = render_page(dated(head, plan.origin), index_body(plan, pages), SCRIPT)
    outputs = {"index.html": page.encode(), "summary.xlsx": summary}
    for name, content in outputs.items():
        with replacing(plan.folder / name) as temporary:
            temporary.write_bytes(content)
    return {name: sha256(plan.folder / name) for name in outputs}


def _facts(plan: Plan, files: Mapping[str, str], outputs: Mapping[str, str], interrupted: bool) -> dict[str, Any]:
    """What ran, of what and when."""
    study, options = plan.study, plan.options
    return {
        "period": plan.period,
        "made_at": plan.origin.made_at,
        "interrupted": interrupted,
        "data": {"digest": combined(files), "files": files, "sample": study.sample},
        "rulebook": {"id": study.book.id, "digest": study.book.digest},
        "notebooks": plan.origin.notebooks,
        "program": plan.origin.program,
        "versions": plan.origin.versions,
        "readings": study.readings,
        "options": {
            "data": str(options.data or ""),
            "rulebook": str(options.rulebook or ""),
            "counties": options.counties,
            "city": options.city,
            "as_of": options.as_of,
            "jobs": options.jobs,
            "engine": options.engine,
            "timeout": options.timeout,
            "force": options.force,
            "units": options.units,
            "pdf": options.pdf,
            "scheduler": options.scheduler,
        },
        "problems": [str(problem) for problem in study.checked.errors],
        "outputs": dict(outputs),
    }
