"""What run.json tells of a run besides its pages: what ran, of what and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditcalc.batch.plan import Plan
from creditcalc.batch.provenance import combined


@dataclass(frozen=True)
class RunFacts:
    """A run's plan, its data files' digests, and the scheduler that it used, if any."""

    plan: Plan
    files: Mapping[str, str]
    scheduler: str

    def told(
        self, outputs: Mapping[str, str], failed: Mapping[str, str], *, interrupted: bool
    ) -> dict[str, Any]:
        """All facts, with the digests of the other files and of the notebooks that failed."""
        study, origin = self.plan.study, self.plan.origin
        data = {"digest": combined(self.files), "files": self.files, "sample": study.sample}
        return {
            "period": self.plan.period,
            "made_at": origin.made_at,
            "interrupted": interrupted,
            "data": data,
            "rulebook": {"id": study.book.id, "digest": study.book.digest},
            "notebooks": origin.notebooks,
            "program": origin.program,
            "versions": origin.versions,
            "readings": study.readings,
            "options": self._options(),
            "problems": [str(problem) for problem in study.checked.errors],
            "outputs": dict(outputs),
            "failed": dict(failed),
        }

    def _options(self) -> dict[str, Any]:
        options = self.plan.options
        return {
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
            "scheduler": self.scheduler,
        }
