"""Something like ``map`` whose tables are made on the workers of a Dask scheduler."""

from __future__ import annotations

import pickle
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import pandas as pd

from creditcalc.cluster.connection import CUT_OFF, NO_WORKERS, Hope, connected, unusable

Sent = TypeVar("Sent")


@contextmanager
def mapping(
    address: str,
) -> Iterator[Callable[[Callable[[Sent], pd.DataFrame], list[Sent]], Iterator[pd.DataFrame]]]:
    """Something like ``map`` whose tables are partitions of Dask tables; few more are asked for
    than workers make at once.
    """
    with connected(address) as client:
        from dask import config, dataframe

        from_map: Any = dataframe.from_map
        width = 1 + sum(client.nthreads().values())

        def mapped(
            function: Callable[[Sent], pd.DataFrame], items: list[Sent]
        ) -> Iterator[pd.DataFrame]:
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

    settled, hope = threading.Event(), Hope(client)
    future.add_done_callback(lambda _: settled.set())
    while not settled.wait(1):
        if hope.in_vain():
            raise unusable(NO_WORKERS, "", "看看 worker 还在不在")
    try:
        table: pd.DataFrame = future.result()
    except KilledWorker:
        raise unusable("worker 一再意外退出", "", "看看 worker 的日志，内存够不够") from None
    except CancelledError:
        raise unusable(CUT_OFF, "", "看看调度器还在不在") from None
    return table
