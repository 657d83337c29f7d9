"""Makes pages and scores partitions on the workers of a Dask scheduler.

Nothing is asked of a worker but that this package is installed: what a page is made of is sent, and
the page carried back.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
import warnings
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from uuid import uuid4

import pandas as pd

from creditcalc.batch.one_page import Job, Shared, make_page
from creditcalc.batch.workers import Key, Outcome, each_alone
from creditcalc.problems import Problem, ProblemError

T = TypeVar("T")
Files = dict[str, bytes]
PageCall = tuple[Job, Shared, Path, str]  # the arguments of ``make_page``
PATIENCE = 10  # seconds for a scheduler to answer, and for a first worker to be there
# seconds without any worker, after which nothing more is hoped for: one that is started anew takes
# two
ABANDONED = 30
KILLED = "做这一页的 worker 一再意外退出，已不再重试；看看 worker 的日志，内存够不够"
NO_WORKERS = f"调度器那里已有 {ABANDONED} 秒没有 worker，没有做完"
CUT_OFF = "与调度器的连接断了，没有做完"


class ClusterError(ProblemError):
    """A scheduler that cannot be used."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at an address; ClusterError where there is none or it has no
    workers.
    """
    try:
        import distributed
    except ImportError:
        raise _refusal("没有装 distributed", address, "pip install 'creditcalc[cluster]'") from None
    try:
        start: Any = distributed.Client
        client = start(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError):
        raise _refusal(
            "连不上这个调度器", address, "核对地址，如 tcp://127.0.0.1:8786；先运行 dask scheduler"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise _refusal(
                "这个调度器没有 worker", address, f"先运行 dask worker {address}"
            ) from None
        yield client


def check_scheduler(address: str, engine: str) -> None:
    """Raise ClusterError where pages cannot be made through this scheduler."""
    if engine != "warm":
        raise _refusal(
            "--scheduler 只能与 --engine warm 合用", engine, "其他方式要在 worker 上重新读数据"
        )
    with connected(address):
        pass


def _refusal(what: str, value: str, cure: str) -> ClusterError:
    return ClusterError([Problem(what, value, cure)])


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


class Waiting:
    """Tells whether it is in vain: for so long has there been no worker."""

    def __init__(self, client: Any) -> None:
        self._client, self._seen = client, time.monotonic()

    def in_vain(self) -> bool:
        """Look again."""
        if self._client.scheduler_info(n_workers=-1)["workers"]:
            self._seen = time.monotonic()
        return time.monotonic() > self._seen + ABANDONED


def _ends(
    client: Any, futures: dict[Future[Any], Key], folder: Path, calls: Mapping[Key, PageCall]
) -> Iterator[Outcome[Key]]:
    """The end of every page as it comes, what came of it being laid into ``folder``."""
    waiting = Waiting(client)
    while futures:
        for future in wait(futures, timeout=1, return_when=FIRST_COMPLETED).done:
            key = futures.pop(future)
            yield replace(_settled(future, folder), key=key)
        if waiting.in_vain():
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


@contextmanager
def mapping(
    address: str,
) -> Iterator[Callable[[Callable[[T], pd.DataFrame], list[T]], Iterator[pd.DataFrame]]]:
    """Something like ``map`` whose tables are partitions of Dask tables; few more are asked for
    than workers make at once.
    """
    with connected(address) as client:
        from dask import config, dataframe

        from_map: Any = dataframe.from_map
        width = 1 + sum(client.nthreads().values())

        def mapped(function: Callable[[T], pd.DataFrame], items: list[T]) -> Iterator[pd.DataFrame]:
            # What is sent for a partition is its whole table's description, and a scheduler keeps
            # the last thousand of these: the function is packed, and a table has few partitions. A
            # name of its own, since Dask takes calls of equal arguments for one, and a file may
            # have changed.
            call = partial(_called, zlib.compress(pickle.dumps(function)), uuid4().hex)
            under_way: deque[Any] = deque()
            for start in range(0, len(items), width):
                with config.set(
                    {"dataframe.convert-string": False}
                ):  # what is no text would become one
                    table = from_map(
                        call,
                        items[start : start + width],
                        meta=pd.DataFrame(),
                        enforce_metadata=False,
                    )
                for part in table.partitions:
                    if len(under_way) == width:
                        yield _answer(client, under_way.popleft())
                    under_way.append(client.compute(part))
            while under_way:
                yield _answer(client, under_way.popleft())

        yield mapped


def _called(function: bytes, name: str, item: Any) -> Any:
    """What a packed function makes of an item."""
    return pickle.loads(zlib.decompress(function))(item)


def _answer(client: Any, future: Any) -> pd.DataFrame:
    """A partition; ClusterError where no worker could make it."""
    from distributed import CancelledError, KilledWorker

    settled, waiting = threading.Event(), Waiting(client)
    future.add_done_callback(lambda _: settled.set())
    while not settled.wait(1):
        if waiting.in_vain():
            raise _refusal(NO_WORKERS, "", "看看 worker 还在不在")
    try:
        table: pd.DataFrame = future.result()
    except KilledWorker:
        raise _refusal("worker 一再意外退出", "", "看看 worker 的日志，内存够不够") from None
    except CancelledError:
        raise _refusal(CUT_OFF, "", "看看调度器还在不在") from None
    return table
