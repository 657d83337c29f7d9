"""How each page of a plan stands while its run goes on, and what of earlier runs is to go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from creditcalc.batch.plan import Plan
from creditcalc.batch.publish import Publisher
from creditcalc.batch.record import Key, Page, Record
from creditcalc.batch.workers import Outcome

INTERRUPTED = "运行被中断，没有做完"
UNSOUND = "数据有错误"


@dataclass(frozen=True)
class Standing:
    """How the pages of a plan stand: those that ended in this run, the others as recorded.

    ``earlier`` are the recorded pages whose files are still what the record says, ``failed`` the
    digests of the notebooks that failed in this run.
    """

    plan: Plan
    recorded: Record
    earlier: Mapping[Key, Page]
    ended: dict[Key, Page] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @cached_property
    def known(self) -> dict[Key, Page]:
        """The recorded pages by whose they are."""
        return {page.key: page for page in self.recorded.pages}

    @cached_property
    def due(self) -> list[Key]:
        """The pages to make: all that were asked for, or those of which something changed."""
        tasks, earlier = self.plan.tasks, self.earlier
        if self.plan.options.force:
            return list(tasks)
        return [k for k, t in tasks.items() if k not in earlier or earlier[k].digest != t.digest]

    def pages(self) -> list[Page]:
        """Every page; of offices those that were ever asked for."""
        due = {*self.due}
        pages = [self.ended.get(key) or self._not_ended(key, key in due) for key in self.plan.stems]
        return [p for p in pages if p.kind != "office" or p.status != "left" or p.file or p.error]

    def _before(self, key: Key) -> Page:
        """A page as it is recorded, or one of which nothing is known."""
        return self.known.get(key) or Page(*key, status="")

    def _not_ended(self, key: Key, due: bool) -> Page:
        """A page that did not end in this run; one that it was not asked for as it stood."""
        page = replace(self._before(key), seconds=0.0)
        if key in self.plan.refused:
            return replace(page, status="refused", error=self._with_earlier(UNSOUND, page))
        if key not in self.plan.tasks and page.status in ("failed", "refused"):
            return page
        status = "unchanged" if key in self.plan.tasks and not due else "left"
        return replace(page, status=status, error=INTERRUPTED if due else "")

    def settle(self, outcome: Outcome[Key], work: Path, publisher: Publisher) -> None:
        """Put a page that was made in its place, or the notebook that failed among the failed."""
        key, stem = outcome.key, self.plan.stems[outcome.key]
        before = self._before(key)
        page = replace(before, seconds=round(outcome.seconds, 2), error="")
        if outcome.error:
            draft = work / f"{stem}.ipynb"
            if draft.exists():
                self.failed[_draft(stem)] = publisher.put(_draft(stem), draft.read_bytes())
            error = self._with_earlier(outcome.error, before)
            self.ended[key] = replace(page, status="failed", error=error)
            return
        name = f"{stem}.html"
        digest = publisher.put(name, (work / name).read_bytes())
        if before.file != name:
            page = replace(page, pdf="", pdf_of="")
        made_of = self.plan.tasks[key].digest
        self.ended[key] = replace(page, status="made", file=name, digest=made_of, sha256=digest)

    def _with_earlier(self, error: str, page: Page) -> str:
        """What went wrong, and whether the page of an earlier run is still there."""
        there = page.key in self.earlier
        return f"{error}；{page.file} 是上次生成的，没有更新" if there else error

    def clear(self, publisher: Publisher) -> None:
        """Remove what earlier runs left and this one has replaced."""
        self._remove_gone(publisher)
        self._remove_settled_drafts(publisher)

    def _remove_gone(self, publisher: Publisher) -> None:
        """Remove pages of whom the data no longer has, and those made anew under another name."""
        now = {page.key: page.digests for page in self.pages()}
        used = {name for names in now.values() for name in names}
        for page in self.recorded.pages:
            if page.key not in self.plan.stems:
                why = f"{self.plan.period} 的数据中已没有{page.name}"
            elif now.get(page.key, page.digests).keys() != page.digests.keys():
                why = "文件名已变"
            else:
                continue
            for name in page.digests:
                if name not in used:
                    publisher.remove(name, why)

    def _remove_settled_drafts(self, publisher: Publisher) -> None:
        """Remove the notebooks that failed in earlier runs and whose pages this run settled; keep
        the others among the failed.
        """
        plan = self.plan
        undone = {*self.due} - {*self.ended}
        settled = {_draft(plan.stems[key]) for key in plan.tasks if key not in undone}
        asked_later = {_draft(stem) for stem in plan.stems.values()} - settled
        now = set(self.failed)
        for name, digest in self.recorded.failed.items():
            if name in asked_later:
                self.failed[name] = digest
            elif name not in now:
                publisher.remove(name, "上次失败的笔记本")


def _draft(stem: str) -> str:
    """Where the notebook of a page that failed is kept."""
    return f"failed/{stem.replace('/', '-')}.ipynb"
