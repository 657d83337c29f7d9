"""Who makes the pages of a run: a caller may choose, by default this computer's processes do."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from creditcalc.batch.one_page import Job, Shared, make_page
from creditcalc.batch.plan import Options
from creditcalc.batch.record import Key
from creditcalc.batch.workers import PRELOADED, Outcome, each_alone, start

PageCall = tuple[Job, Shared, Path, str]  # the arguments of ``make_page``


class Maker(Protocol):
    """Makes the pages that a run asks for, wherever it likes, and lays them where ``make_page``
    would.

    ``scheduler`` is the address that run.json names, empty where there is none.
    """

    @property
    def scheduler(self) -> str:
        """The address of a cluster's scheduler."""

    def get_ready(self) -> None:
        """Begin what takes time; a ProblemError where no page could be made."""

    def make(self, calls: Mapping[Key, PageCall]) -> Generator[Outcome[Key]]:
        """The end of each page as it comes."""


@dataclass(frozen=True)
class OwnProcesses:
    """Makes each page in a process of its own on this computer."""

    options: Options
    scheduler: str = ""

    def get_ready(self) -> None:
        """Start the server from which processes are forked."""
        start(PRELOADED[self.options.engine])

    def make(self, calls: Mapping[Key, PageCall]) -> Generator[Outcome[Key]]:
        """The end of each page as it comes."""
        o = self.options
        return each_alone(make_page, calls, o.jobs, o.timeout, PRELOADED[o.engine])
