"""A client of a Dask scheduler, and how long one hopes for its workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from creditcalc.problems import Problem, ProblemError

ANSWERING = 10  # seconds for a scheduler to answer, and for a first worker to be there
# seconds without any worker, after which nothing more is hoped for: one that is started anew takes
# two
ABANDONED = 30
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
        raise unusable("没有装 distributed", address, "pip install 'creditcalc[cluster]'") from None
    try:
        start: Any = distributed.Client
        client = start(address, timeout=ANSWERING, set_as_default=False)
    except (OSError, ValueError, TypeError):
        raise unusable(
            "连不上这个调度器", address, "核对地址，如 tcp://127.0.0.1:8786；先运行 dask scheduler"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=ANSWERING)
        except TimeoutError:
            raise unusable(
                "这个调度器没有 worker", address, f"先运行 dask worker {address}"
            ) from None
        yield client


def unusable(what: str, value: str, cure: str) -> ClusterError:
    """The error of a scheduler that cannot be used."""
    return ClusterError([Problem(what, value, cure)])


class Hope:
    """Tells whether it is in vain: for so long has there been no worker."""

    def __init__(self, client: Any) -> None:
        self._client, self._seen = client, time.monotonic()

    def in_vain(self) -> bool:
        """Look again."""
        if self._client.scheduler_info(n_workers=-1)["workers"]:
            self._seen = time.monotonic()
        return time.monotonic() > self._seen + ABANDONED
