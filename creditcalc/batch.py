"""Makes the pages of a period: each in a process of its own, only where something changed, and writes down how all stand.

A page in the folder is always one that run.json records: the file of a page that failed, that its data no longer
supports, or whose jurisdiction is gone is removed, so that it cannot pass for a new one.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from creditcalc import record
from creditcalc.bundle import bundled
from creditcalc.files import replacing
from creditcalc.html import render_page
from creditcalc.pages import HEAVY, check_parameters, make_page
from creditcalc.plan import Options, Plan, dated, make_plan, page_head
from creditcalc.problems import InputError, Problem
from creditcalc.provenance import combined, file_digests
from creditcalc.record import Key, Page
from creditcalc.study import open_study
from creditcalc.summary import index_body, sheets
from creditcalc.workbook import write_workbook
from creditcalc.workers import Outcome, each_alone

INTERRUPTED = "运行被中断，没有做完"
REFUSED = "数据有错误"


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
        return not (faults or self.interrupted or any(page.status in ("failed", "refused") for page in self.pages))


def run(options: Options, progress: bool | None = None) -> Run:
    """Make the pages of a period, its index, its summary and the record of the run.

    ``progress`` shows a bar on stderr, by default where that is a terminal. Raises a ProblemError, before anything runs,
    for data without a row, an unknown name, and a notebook that does not take its parameters.
    """
    study = open_study(options.data, options.rulebook, options.readings, options.city or None)
    if study.table.empty:
        raise InputError(study.checked.errors or [Problem("表中没有数据行", file=str(options.data))])
    plan = make_plan(study, options)
    for notebook, parameters in {task.job.notebook: task.job.parameters for task in plan.tasks.values()}.items():
        check_parameters(notebook, parameters)
    plan.folder.mkdir(parents=True, exist_ok=True)
    recorded = record.load_pages(plan.folder)
    earlier = {page.key: page for page in recorded if page.intact(plan.folder)}
    due = [key for key, task in plan.tasks.items() if options.force or key not in earlier or earlier[key].digest != task.digest]
    fresh, interrupted = _execute(plan, due, progress)
    pages = [fresh.get(key) or _standing(plan, key, earlier.get(key), key in due) for key in plan.stems]
    _remove_outdated(plan, pages, recorded)
    _write(plan, pages, interrupted)
    return Run(plan.folder, pages, study.problems, interrupted)


def _execute(plan: Plan, due: list[Key], progress: bool | None) -> tuple[dict[Key, Page], bool]:
    """Make the pages that are due; those that ended, and whether Ctrl-C stopped the rest."""
    work = plan.folder / ".work"
    for folder in (work, plan.folder / "failed"):  # of an earlier run
        shutil.rmtree(folder, ignore_errors=True)
    work.mkdir()
    calls = {key: (plan.tasks[key].job, work) for key in due}
    hidden = None if progress is None else not progress
    fresh: dict[Key, Page] = {}
    try:
        with (
            tqdm(total=len(due), unit="页", disable=hidden, file=sys.stderr) as bar,
            closing(each_alone(make_page, calls, plan.options.jobs, HEAVY)) as outcomes,
        ):
            for outcome in outcomes:
                fresh[outcome.key] = _settled(plan, work, outcome)
                bar.update()
    except KeyboardInterrupt:
        return fresh, True
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return fresh, False


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


def _remove_outdated(plan: Plan, pages: list[Page], recorded: list[Page]) -> None:
    """Remove every file that is or was a page's and no longer is what the record says."""
    known = {f"{stem}.html" for stem in plan.stems.values()} | {page.file for page in recorded if page.file}
    for name in known - {page.file for page in pages}:
        (plan.folder / name).unlink(missing_ok=True)


def _write(plan: Plan, pages: list[Page], interrupted: bool) -> None:
    """Write the record first, then what people read."""
    files = file_digests(plan.options.data or bundled("data/sample"))
    record.save(plan.folder, _facts(plan, files, interrupted), pages)
    head = page_head(
        plan, f"{plan.study.book.title} {plan.period} 目录", combined(files), [("汇总表（Excel）", "summary.xlsx")]
    )
    page = render_page(dated(head, plan.origin), index_body(plan, pages))
    with replacing(plan.folder / "index.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    write_workbook(plan.folder / "summary.xlsx", sheets(plan))


def _facts(plan: Plan, files: Mapping[str, str], interrupted: bool) -> dict[str, Any]:
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
            "force": options.force,
        },
        "problems": [str(problem) for problem in study.checked.errors],
    }
