"""Makes the pages of a period: each in a process of its own, only where something changed, and
writes down how all stand.

A choice of pages makes those and touches no other. A page that cannot be made anew stays as it was,
and run.json and the index say so; only the page of a jurisdiction that the data no longer has is
removed, and told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from filelock import FileLock, Timeout
from tqdm import tqdm

from creditcalc.batch import record
from creditcalc.batch.index import SCRIPT, index_body
from creditcalc.batch.one_page import Shared, check_parameters, make_page, share
from creditcalc.batch.plan import Options, Plan, dated, make_plan, page_head
from creditcalc.batch.provenance import combined, file_digests
from creditcalc.batch.publish import Publisher
from creditcalc.batch.record import Key, Page, Record
from creditcalc.batch.summary import sheets
from creditcalc.batch.workers import PRELOADED, Outcome, each_alone, start
from creditcalc.bundled import bundled
from creditcalc.cluster.pages import PageCall, check_scheduler, each_on_cluster
from creditcalc.files import expect_own
from creditcalc.pages.study import open_study
from creditcalc.problems import InputError, Problem, ProblemError
from creditcalc.render.html import render_page
from creditcalc.render.pdf import find_browser, print_pages
from creditcalc.render.workbook import workbook

INTERRUPTED = "运行被中断，没有做完"
REFUSED = "数据有错误"
# times as long as noting took goes by until the next page is noted: a run of thousands would write
# all day
NOTING = 20
tqdm.monitor_interval = (
    0  # its thread, and a warning where there is no memory for one, are for faster bars
)


class Busy(ProblemError):
    """A folder that another run is writing into."""


@dataclass(frozen=True)
class Run:
    """What came of a run: the folder of its period, how every page stands, the problems of the
    data, what was moved.
    """

    folder: Path
    pages: list[Page]
    problems: tuple[Problem, ...]
    interrupted: bool
    told: tuple[str, ...] = ()
    asked: frozenset[Key] | None = None

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is there."""
        faults = any(problem.severity == "error" for problem in self.problems)
        return not (faults or self.interrupted or self.undone)

    @property
    def undone(self) -> list[Page]:
        """The pages that were asked for and could not be made; others keep what an earlier run said
        of them.
        """
        return [p for p in self.pages if p.error and (self.asked is None or p.key in self.asked)]


def run(options: Options, progress: bool | None = None) -> Run:
    """Make the pages of a period, its index, its summary and the record of the run.

    ``progress`` shows a bar on stderr, by default where that is a terminal. Raises a ProblemError,
    before anything runs, for data without a row, an unknown name, and a notebook that does not take
    its parameters.
    """
    if options.scheduler:
        check_scheduler(options.scheduler, options.engine)
    else:
        start(PRELOADED[options.engine])  # it gets ready while this process reads
    study = open_study(
        options.data, options.rulebook, options.readings, options.city or None, options.as_of
    )
    if study.table.empty:
        raise InputError(
            study.checked.errors or [Problem("表中没有数据行", file=str(options.data))]
        )
    folder = options.out / (options.period or study.latest)
    expect_own(folder)
    recorded = record.load(folder) or Record()
    plan = make_plan(study, options, _intact(recorded, folder).values())
    for notebook, parameters in {
        task.job.notebook: task.job.parameters for task in plan.tasks.values()
    }.items():
        check_parameters(notebook, parameters)
    if options.pdf:
        find_browser()
    plan.folder.mkdir(parents=True, exist_ok=True)
    with _alone(plan):
        before, recorded = recorded, record.load(folder) or Record()
        earlier = _intact(recorded, folder)
        if recorded != before:  # another run came to its end in between
            plan = make_plan(study, options, earlier.values())
        return _make(plan, recorded, earlier, progress)


def _intact(recorded: Record, folder: Path) -> dict[Key, Page]:
    """The recorded pages whose files are still what the record says."""
    return {page.key: page for page in recorded.pages if page.intact(folder)}


@contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """Hold the period's folder; Busy where another run does, which ends with that run however it
    ends.
    """
    path = plan.options.out / f".{plan.period}.lock"
    expect_own(path, "文件")
    lock = FileLock(path, blocking=False)
    try:
        with lock:
            yield
    except Timeout:
        raise Busy(
            [
                Problem(
                    "另一个 report 正在往这个文件夹里写",
                    cure="等它做完，或换一个 --out",
                    file=str(plan.folder),
                )
            ]
        ) from None


def _make(plan: Plan, recorded: Record, earlier: Mapping[Key, Page], progress: bool | None) -> Run:
    """Make what is due, write down how each page stands as soon as it does, then what people read."""
    options, files = plan.options, file_digests(plan.options.data or bundled("data/sample"))
    due = [
        key
        for key, task in plan.tasks.items()
        if options.force or key not in earlier or earlier[key].digest != task.digest
    ]
    known = {page.key: page for page in recorded.pages}
    failed: dict[str, str] = {}

    def standing(fresh: Mapping[Key, Page]) -> list[Page]:
        pages = [
            fresh.get(key) or _standing(plan, key, known.get(key), key in earlier, key in due)
            for key in plan.stems
        ]
        return [
            page
            for page in pages
            if page.kind != "office" or page.status != "left" or page.file or page.error
        ]

    def note(pages: list[Page]) -> None:
        facts = _facts(
            plan, files, recorded.outputs, {**recorded.failed, **failed}, interrupted=True
        )
        record.save(plan.folder, facts, pages)

    with (
        Publisher(plan.folder, recorded.files, force=options.force).open() as publisher,
        TemporaryDirectory(prefix="creditcalc-") as private,  # nobody else may write there
        ThreadPoolExecutor(1) as aside,  # in this order, while this process only waits
    ):
        if recorded == Record():
            publisher.set_aside(record.RECORD)
        work = _workplace(plan, Path(private))
        shared = aside.submit(share, plan.study) if due else None
        summary = aside.submit(lambda: workbook(sheets(plan), f"{plan.period} 汇总"))
        settle = partial(_settled, plan, work, publisher, known, earlier, failed)
        fresh, interrupted = _execute(
            plan, work, due, shared, progress, settle, lambda fresh: note(standing(fresh))
        )
        pages = standing(fresh)
        _remove_gone(plan, pages, recorded, publisher)
        failed |= _failed_before(plan, recorded, {*due} - {*fresh}, failed, publisher)
        if options.pdf and not interrupted:
            pages = _print(plan, pages, publisher, note)
        outputs = _write(plan, pages, files, summary.result(), publisher)
        record.save(plan.folder, _facts(plan, files, outputs, failed, interrupted), pages)
        publisher.record(Record(tuple(pages), outputs, failed).files)
    asked = frozenset(plan.tasks) | plan.refused
    return Run(plan.folder, pages, plan.study.problems, interrupted, tuple(publisher.told), asked)


def _workplace(plan: Plan, private: Path) -> Path:
    """A private folder in which pages are made, with a place for each kind."""
    for part in {Path(task.job.stem).parent for task in plan.tasks.values()}:
        (private / part).mkdir(exist_ok=True)
    return private


def _execute(
    plan: Plan,
    work: Path,
    due: list[Key],
    shared: Future[Shared] | None,
    progress: bool | None,
    settle: Callable[[Outcome[Key]], Page],
    note: Callable[[Mapping[Key, Page]], None],
) -> tuple[dict[Key, Page], bool]:
    """Make the pages that are due; those that ended, noted as they end, and whether Ctrl-C stopped
    the rest.
    """
    options = plan.options
    calls: dict[Key, PageCall] = {}
    hidden = None if progress is None else not progress
    fresh: dict[Key, Page] = {}
    due_again = 0.0
    try:
        if shared:
            ready = shared.result()
            calls = {key: (plan.tasks[key].job, ready, work, options.engine) for key in due}
        with (
            tqdm(total=len(due), unit="页", disable=hidden, file=sys.stderr) as bar,
            closing(_outcomes(options, calls)) as outcomes,
        ):
            for outcome in outcomes:
                fresh[outcome.key] = settle(outcome)
                if (began := time.monotonic()) > due_again:
                    note(fresh)
                    due_again = time.monotonic() + NOTING * (time.monotonic() - began)
                bar.update()
    except KeyboardInterrupt:
        return fresh, True
    finally:
        note(fresh)
    return fresh, False


def _outcomes(options: Options, calls: Mapping[Key, PageCall]) -> Generator[Outcome[Key]]:
    """The end of each page, made in processes here or on the workers of a cluster."""
    preload = PRELOADED[options.engine]
    if options.scheduler:
        return each_on_cluster(calls, options.scheduler, options.timeout, preload)
    return each_alone(make_page, calls, options.jobs, options.timeout, preload)


def _settled(
    plan: Plan,
    work: Path,
    publisher: Publisher,
    known: Mapping[Key, Page],
    intact: Collection[Key],
    failed: dict[str, str],
    outcome: Outcome[Key],
) -> Page:
    """Put a page that was made in its place, or the notebook that failed among the ``failed`` ones."""
    key, stem = outcome.key, plan.stems[outcome.key]
    before = known.get(key) or Page(*key, status="")
    page = replace(before, seconds=round(outcome.seconds, 2), error="")
    if not outcome.error:
        name, content = f"{stem}.html", (work / f"{stem}.html").read_bytes()
        digest = publisher.put(name, content)
        if before.file != name:
            page = replace(page, pdf="", pdf_of="")
        return replace(page, status="made", file=name, digest=plan.tasks[key].digest, sha256=digest)
    draft = work / f"{stem}.ipynb"
    if draft.exists():
        name = _draft(stem)
        failed[name] = publisher.put(name, draft.read_bytes())
    error = _with_earlier(outcome.error, before, key in intact)
    return replace(page, status="failed", error=error)


def _draft(stem: str) -> str:
    """Where the notebook of a page that failed is kept."""
    return f"failed/{stem.replace('/', '-')}.ipynb"


def _standing(plan: Plan, key: Key, known: Page | None, intact: bool, due: bool) -> Page:
    """How a page stands that did not end in this run; one that it was not asked for as it stood."""
    page = replace(known or Page(*key, status=""), seconds=0.0)
    if key in plan.refused:
        return replace(page, status="refused", error=_with_earlier(REFUSED, page, intact))
    if key not in plan.tasks and page.status in ("failed", "refused"):
        return page
    status = "unchanged" if key in plan.tasks and not due else "left"
    return replace(page, status=status, error=INTERRUPTED if due else "")


def _with_earlier(error: str, earlier: Page, intact: bool) -> str:
    """What went wrong, and whether the page of an earlier run is still there."""
    return f"{error}；{earlier.file} 是上次生成的，没有更新" if intact else error


def _remove_gone(plan: Plan, pages: Iterable[Page], recorded: Record, publisher: Publisher) -> None:
    """Remove pages of whom the data no longer has, and those made anew under another name."""
    now = {page.key: page.digests for page in pages}
    used = {name for names in now.values() for name in names}
    for page in recorded.pages:
        if page.key not in plan.stems:
            why = f"{plan.period} 的数据中已没有{page.name}"
        elif now.get(page.key, page.digests).keys() != page.digests.keys():
            why = "文件名已变"
        else:
            continue
        for name in page.digests:
            if name not in used:
                publisher.remove(name, why)


def _failed_before(
    plan: Plan,
    recorded: Record,
    undone: Collection[Key],
    failed: Mapping[str, str],
    publisher: Publisher,
) -> dict[str, str]:
    """Remove the notebooks that failed in earlier runs and whose pages this run settled; the
    others.
    """
    settled = {_draft(plan.stems[key]) for key in plan.tasks if key not in undone}
    asked_later = {_draft(stem) for stem in plan.stems.values()} - settled
    left = {name: digest for name, digest in recorded.failed.items() if name in asked_later}
    for name in recorded.failed:
        if name not in left and name not in failed:
            publisher.remove(name, "上次失败的笔记本")
    return left


def _print(
    plan: Plan, pages: list[Page], publisher: Publisher, note: Callable[[list[Page]], None]
) -> list[Page]:
    """Print the pages that are there and whose PDF is missing, altered or of an earlier page, each
    noted as it is done.
    """
    of_file = {plan.folder / page.file: page for page in pages if page.file and not page.outdated}

    def standing() -> list[Page]:
        return [of_file.get(plan.folder / page.file, page) if page.file else page for page in pages]

    due = {
        path: page.sha256
        for path, page in of_file.items()
        if not (page.printed and publisher.is_own(page.pdf_file))
    }
    for path, content, error in print_pages(due, plan.options.jobs):
        page = of_file[path]
        if error:
            of_file[path] = replace(page, error=f"打印：{error}")
        else:
            of_file[path] = replace(
                page, pdf=publisher.put(page.pdf_file, content), pdf_of=page.sha256
            )
        note(standing())
    return standing()


def _write(
    plan: Plan, pages: list[Page], files: Mapping[str, str], summary: bytes, publisher: Publisher
) -> dict[str, str]:
    """Write what people read besides the pages; the digest of each file."""
    head = page_head(
        plan,
        f"{plan.study.book.title} {plan.period} 目录",
        combined(files),
        [("汇总表（Excel）", "summary.xlsx")],
    )
    page = render_page(dated(head, plan.origin), index_body(plan, pages), SCRIPT)
    outputs = {"index.html": page.encode(), "summary.xlsx": summary}
    return {name: publisher.put(name, content) for name, content in outputs.items()}


def _facts(
    plan: Plan,
    files: Mapping[str, str],
    outputs: Mapping[str, str],
    failed: Mapping[str, str],
    interrupted: bool,
) -> dict[str, Any]:
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
        "failed": dict(failed),
    }
