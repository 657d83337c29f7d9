"""Makes pages on the workers of a Dask scheduler.

Nothing is asked of a worker but that this package is installed: what a page is made of is sent, and
the page carried back.
"""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from creditcalc.batch.makers import PageCall
from creditcalc.batch.one_page import Job, Shared, make_page
from creditcalc.batch.plan import Options
from creditcalc.batch.record import Key
from creditcalc.batch.workers import PRELOADED, Outcome, each_alone
from creditcalc.cluster.connection import CUT_OFF, NO_WORKERS, Hope, connected, unusable

Files = dict[str, bytes]
KILLED = "做这一页的 worker 一再意外退出，已不再重试；看看 worker 的日志，内存够不够"


@dataclass(frozen=True)
class OnCluster:
    """Makes the pages of a run on the workers of the scheduler at an address."""

    options: Options
    scheduler: str

    def get_ready(self) -> None:
        """Raise ClusterError where pages cannot be made through this scheduler."""
        engine = self.options.engine
        if engine != "warm":
            cure = "其他方式要在 worker 上重新读数据"
            raise unusable("--scheduler 只能与 --engine warm 合用", engine, cure)
        with connected(self.scheduler):
            pass

    def make(self, calls: Mapping[Key, PageCall]) -> Generator[Outcome[Key]]:
        """The end of each page as it comes."""
        preload = PRELOADED[self.options.engine]
        return each_on_cluster(calls, self.scheduler, self.options.timeout, preload)


def each_on_cluster(
    calls: Mapping[Key, PageCall], address: str, limit: float, preload: Iterable[str]
) -> Generator[Outcome[Key]]:
    """What ``each_alone`` does with ``make_page``, on the workers: as many pages at once as they
    have threads.

    A page whose worker died is made again by another. One that was there whenever workers died is
    tried once more when nothing else runs, since it may only have been beside the page at fault.
    """
    if not calls:
        return
    _, shared, folder, _ = next(iter(calls.values()))
    files = {path.name: path.read_bytes() for path in {job.notebook for job, *_ in calls.values()}}
    with connected(address) as client:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            inputs: Any = client.submit(
                _sent, shared, files, pure=False
            )  # scattered, they would be gone with their workers
        executor, suspects = client.get_executor(pure=False), []

        def submit(key: Key) -> Future[Any]:
            job, *_, engine = calls[key]
            future: Future[Any] = executor.submit(
                _make_here, job, inputs, engine, limit, tuple(preload)
            )
            return future

        for outcome in _ends(client, {submit(key): key for key in calls}, folder, calls):
            if outcome.error == KILLED and len(calls) > 1:
                suspects.append(outcome.key)
            else:
                yield outcome
        for key in suspects:
            yield from _ends(client, {submit(key): key}, folder, calls)


def _ends(
    client: Any, futures: dict[Future[Any], Key], folder: Path, calls: Mapping[Key, PageCall]
) -> Iterator[Outcome[Key]]:
    """The end of every page as it comes, what came of it being laid into ``folder``."""
    hope = Hope(client)
    while futures:
        for future in wait(futures, timeout=1, return_when=FIRST_COMPLETED).done:
            key = futures.pop(future)
            yield replace(_settled(future, folder), key=key)
        if hope.in_vain():
            yield from (Outcome(key, None, NO_WORKERS, 0.0) for key in futures.values())
            return


def _settled(future: Future[Any], folder: Path) -> Outcome[Any]:
    """How a page ended, with its files laid into ``folder``."""
    from distributed import KilledWorker

    outcome: Outcome[Any]
    try:
        outcome, files = future.result()
    except KilledWorker:
        return Outcome(None, None, KILLED, 0.0)
    except CancelledError:
        return Outcome(None, None, CUT_OFF, 0.0)
    except (
        Exception
    ) as error:  # what the worker raises that has not this package, or another version
        return Outcome(None, None, f"worker 上出错：{type(error).__name__}: {error}", 0.0)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return outcome


def _sent(shared: Shared, notebooks: Files) -> tuple[Shared, Files]:
    """What all pages need, held by the cluster."""
    return shared, notebooks


def _make_here(
    job: Job, inputs: tuple[Shared, Files], engine: str, limit: float, preload: tuple[str, ...]
) -> tuple[Outcome[str], Files]:
    """What a worker does: make one page from its own warm server; how it ended, and the page or the
    notebook that failed.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:  # not once the run that asked for it was stopped or is gone
        return bool(worker.state.tasks[key].state == "executing")

    # Dask's nanny starts workers as daemonic processes, which multiprocessing forbids to have
    # children lest these outlive them. A page's process ends by itself when its parent is gone, and
    # there is no other way to allow it.
    multiprocessing.current_process().daemon = False
    with TemporaryDirectory(
        dir=worker.local_directory
    ) as temporary:  # which Dask clears after a worker that died
        folder = Path(temporary)
        shared, notebooks = inputs
        for name, content in notebooks.items():
            (folder / name).write_bytes(content)
        made = folder / job.stem
        made.parent.mkdir(exist_ok=True)
        here = replace(job, notebook=folder / job.notebook.name)
        for outcome in each_alone(
            make_page, {job.stem: (here, shared, folder, engine)}, 1, limit, preload, wanted
        ):
            paths = [made.with_name(made.name + ending) for ending in (".html", ".ipynb")]
            return outcome, {
                f"{job.stem}{path.suffix}": path.read_bytes() for path in paths if path.exists()
            }
    raise CancelledError
