"""Runs each task in a process of its own, several at once; one that dies or takes too long takes
its task alone with it.

Processes are forked from a server that has imported what they need, or start anew. None outlives
this one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from creditcalc.bundled import PACKAGE

TaskKey = TypeVar("TaskKey")
Context = ForkServerContext | SpawnContext
STARTING = threading.Lock()  # a worker of a cluster has threads, and there is one __main__
# Keep an interpreter from importing what lies in its working folder, and tell it where else to
# look.
SAFE, PLACES = "PYTHONSAFEPATH", "PYTHONPATH"
PRELOADED = {
    "warm": ["creditcalc.batch.warm_server"],
    "kernel": [],
}  # by engine, what the server has imported
LOOKING = 1  # seconds between two looks at whether tasks are still wanted
PATIENCE = 10  # seconds that a process gets to put away what it has started itself


@dataclass(frozen=True)
class Outcome(Generic[TaskKey]):
    """How one task ended: its value, or what went wrong."""

    key: TaskKey
    value: Any
    error: str
    seconds: float


@dataclass(frozen=True)
class Running(Generic[TaskKey]):
    """A task under way."""

    key: TaskKey
    process: BaseProcess
    answer: Connection
    began: float
    limit: float

    @property
    def left(self) -> float:
        """The seconds that it may still take."""
        return max(0.0, self.began + self.limit - time.monotonic())


def each_alone(
    function: Callable[..., Any],
    tasks: Mapping[TaskKey, tuple[Any, ...]],
    jobs: int,
    limit: float,
    preload: Sequence[str],
    wanted: Callable[[], bool] = lambda: True,
) -> Generator[Outcome[TaskKey]]:
    """Call ``function`` for every task in its own process, at most ``jobs`` at once, and tell each
    end as it comes.

    Processes are forked from a server that imports ``preload``; without it each is a new
    interpreter. A task that takes more than ``limit`` seconds is ended, and so is what still runs
    when the caller stops listening or, looked at every second, it is no longer ``wanted``.
    """
    context = start(preload)
    waiting = iter(tasks.items())
    running: dict[Any, Running[TaskKey]] = {}
    try:
        while wanted():
            for key, arguments in islice(waiting, jobs - len(running)):
                task = _started(context, key, function, arguments, limit)
                running[task.process.sentinel] = task
            if not running:
                return
            left = min(task.left for task in running.values())
            for sentinel in connection.wait(list(running), min(left, LOOKING)) or _late(running):
                yield _ended(running.pop(sentinel))
    finally:
        _stop([task.process for task in running.values()])


def start(preload: Sequence[str]) -> Context:
    """How processes start; the server, where there is one, gets ready meanwhile."""
    if not preload:
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    with _apart(), _deaf():
        forkserver.ensure_running()
    return context


def _started(
    context: Context,
    key: TaskKey,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    limit: float,
) -> Running[TaskKey]:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, Path.cwd(), function, arguments))
    try:
        with STARTING, _apart(), _deaf(), _without_main():
            process.start()
    except EOFError:
        raise RuntimeError("派生进程的服务没有起来，原因见上") from None
    sender.close()  # so that the child's end is the only one, and its death the pipe's end
    return Running(key, process, receiver, time.monotonic(), limit)


@contextmanager
def _apart() -> Iterator[None]:
    """What starts here imports no module that lies in the folder where it starts: anybody may have
    laid one there. It imports this very package, also where the caller found that beside itself.
    """
    settings, home = {SAFE: "1"}, PACKAGE.parent.resolve()
    first, *others = [Path(place).resolve() for place in sys.path]
    if first == home and home not in others:
        # A kernel drops the first place where that is the working folder.
        places = [sysconfig.get_path("stdlib"), str(home), os.environ.get(PLACES)]
        settings[PLACES] = os.pathsep.join(filter(None, places))
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _deaf() -> Iterator[None]:
    """What starts here never hears Ctrl-C, and this process later: it ends its children itself."""
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    # when it starts within the next block, it lets Ctrl-C through again
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _without_main() -> Iterator[None]:
    """Without this a process would first run the caller's own script again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _child(
    sender: Connection, folder: Path, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    """What a task's process does: call, answer, end; asked to stop it unwinds, so that its own
    children end too.
    """
    os.chdir(folder)  # multiprocessing goes back to where the program once started
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answer = function(*arguments), ""
    except Exception as error:
        answer = None, str(error) or type(error).__name__
    sender.send(answer)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, kindly first."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os.kill(os.getpid(), signal.SIGKILL)


def _late(running: Mapping[Any, Running[TaskKey]]) -> list[Any]:
    """The tasks whose time is up."""
    return [sentinel for sentinel, task in running.items() if not task.left]


def _ended(task: Running[TaskKey]) -> Outcome[TaskKey]:
    """The answer of a task whose process has ended, or how it died, or that its time is up."""
    late = not task.left and task.process.is_alive()
    if late:
        _stop([task.process])
    task.process.join()
    try:
        value, error = task.answer.recv()
    except EOFError:
        value, error = None, _death(task.process.exitcode)
    if late:
        value, error = None, f"超过时限（{task.limit:g} 秒）没有做完，已停止；可用 --timeout 放宽"
    task.answer.close()
    return Outcome(task.key, value, error, time.monotonic() - task.began)


def _death(code: int | None) -> str:
    return (
        f"进程意外退出（信号 {-code}）" if code and code < 0 else f"进程意外退出（退出码 {code}）"
    )


def _stop(processes: list[BaseProcess]) -> None:
    """End processes, kindly first."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
