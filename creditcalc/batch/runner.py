"""Makes the pages of a period, only where something changed, and writes down how all stand.

A choice of pages makes those and touches no other. A page that cannot be made anew stays as it was,
and run.json and the index say so; only the page of a jurisdiction that the data no longer has is
removed, and told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout
from tqdm import tqdm

from creditcalc.batch import record
from creditcalc.batch.facts import RunFacts
from creditcalc.batch.index import FINDING, index_body
from creditcalc.batch.makers import Maker, OwnProcesses, PageCall
from creditcalc.batch.one_page import Shared, check_parameters, share_study
from creditcalc.batch.plan import Options, Plan, dated, make_plan, page_head
from creditcalc.batch.provenance import combined, file_digests
from creditcalc.batch.publish import Publisher
from creditcalc.batch.record import Key, Page, Record
from creditcalc.batch.standing import Standing
from creditcalc.batch.summary import summary_sheets
from creditcalc.bundled import bundled
from creditcalc.files import expect_own
from creditcalc.pages.opening import open_study
from creditcalc.problems import InputError, Problem, ProblemError
from creditcalc.render.html import render_page
from creditcalc.render.pdf import find_browser, print_pages
from creditcalc.render.workbook import workbook

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


def run(options: Options, progress: bool | None = None, maker: Maker | None = None) -> Run:
    """Make the pages of a period, its index, its summary and the record of the run.

    ``progress`` shows a bar on stderr, by default where that is a terminal; ``maker`` makes the
    pages, by default processes of this computer. Raises a ProblemError, before anything runs, for
    data without a row, an unknown name, and a notebook that does not take its parameters.
    """
    maker = maker or OwnProcesses(options)
    maker.get_ready()  # while this process reads
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
    plan = make_plan(study, options, recorded.intact(folder).values())
    for notebook, parameters in {
        task.job.notebook: task.job.parameters for task in plan.tasks.values()
    }.items():
        check_parameters(notebook, parameters)
    if options.pdf:
        find_browser()
    plan.folder.mkdir(parents=True, exist_ok=True)
    with _alone(plan):
        before, recorded = recorded, record.load(folder) or Record()
        earlier = recorded.intact(folder)
        if recorded != before:  # another run came to its end in between
            plan = make_plan(study, options, earlier.values())
        return _make(Standing(plan, recorded, earlier), maker, progress)


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


def _make(standing: Standing, maker: Maker, progress: bool | None) -> Run:
    """Make what is due, record how each page stands as soon as it does, then what people read."""
    plan, recorded, due = standing.plan, standing.recorded, standing.due
    options = plan.options
    facts = RunFacts(plan, file_digests(options.data or bundled("data/sample")), maker.scheduler)

    def note(pages: list[Page]) -> None:
        failed = {**recorded.failed, **standing.failed}
        told = facts.told(recorded.outputs, failed, interrupted=True)
        record.save(plan.folder, told, pages)

    with (
        Publisher(plan.folder, recorded.files, force=options.force).open() as publisher,
        TemporaryDirectory(prefix="creditcalc-") as private,  # nobody else may write there
        ThreadPoolExecutor(1) as aside,  # in this order, while this process only waits
    ):
        if recorded == Record():
            publisher.set_aside(record.RECORD)
        work = _workplace(plan, Path(private))
        shared = aside.submit(share_study, plan.study) if due else None
        summary = aside.submit(lambda: workbook(summary_sheets(plan), f"{plan.period} 汇总"))
        bar = tqdm(
            total=len(due),
            unit="页",
            disable=None if progress is None else not progress,
            file=sys.stderr,
        )
        with bar:
            interrupted = _execute(standing, work, shared, maker, publisher, note, bar)
        pages = standing.pages()
        standing.clear(publisher)
        if options.pdf and not interrupted:
            pages = _print(plan, pages, publisher, note)
        outputs = _write(plan, pages, facts.files, summary.result(), publisher)
        told = facts.told(outputs, standing.failed, interrupted=interrupted)
        record.save(plan.folder, told, pages)
        publisher.record(Record(tuple(pages), outputs, standing.failed).files)
    asked = frozenset(plan.tasks) | plan.refused
    return Run(plan.folder, pages, plan.study.problems, interrupted, tuple(publisher.told), asked)


def _workplace(plan: Plan, private: Path) -> Path:
    """A private folder in which pages are made, with a place for each kind."""
    for part in {Path(task.job.stem).parent for task in plan.tasks.values()}:
        (private / part).mkdir(exist_ok=True)
    return private


def _execute(
    standing: Standing,
    work: Path,
    shared: Future[Shared] | None,
    maker: Maker,
    publisher: Publisher,
    note: Callable[[list[Page]], None],
    bar: tqdm[None],
) -> bool:
    """Make the pages that are due, noted as they end; whether Ctrl-C stopped the rest."""
    plan, due_again = standing.plan, 0.0
    try:
        calls: dict[Key, PageCall] = {}
        if shared:
            ready = shared.result()
            calls = {
                key: (plan.tasks[key].job, ready, work, plan.options.engine) for key in standing.due
            }
        with closing(maker.make(calls)) as outcomes:
            for outcome in outcomes:
                standing.settle(outcome, work, publisher)
                if (began := time.monotonic()) > due_again:
                    note(standing.pages())
                    due_again = time.monotonic() + NOTING * (time.monotonic() - began)
                bar.update()
    except KeyboardInterrupt:
        return True
    finally:
        note(standing.pages())
    return False


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
    page = render_page(dated(head, plan.origin), index_body(plan, pages), FINDING)
    outputs = {"index.html": page.encode(), "summary.xlsx": summary}
    return {name: publisher.put(name, content) for name, content in outputs.items()}
