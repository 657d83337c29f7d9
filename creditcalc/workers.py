"""Runs each task in a process of its own, several at once; a process that dies takes its task alone with it.

Processes are forked from a server that has imported what they need, where the system can fork.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Context = ForkServerContext | SpawnContext
PATIENCE = 10  # seconds that a process gets to put away what it has started itself


@dataclass(frozen=True)
class Outcome(Generic[Key]):
    """How one task ended: its value, or what went wrong."""

    key: Key
    value: Any
    error: str
    seconds: float


@dataclass(frozen=True)
class Running(Generic[Key]):
    """A task under way."""

    key: Key
    process: BaseProcess
    answer: Connection
    began: float


def each_alone(
    function: Callable[..., Any], tasks: Mapping[Key, tuple[Any, ...]], jobs: int, preload: Sequence[str]
) -> Generator[Outcome[Key]]:
    """Call ``function`` for every task in its own process, at most ``jobs`` at once, and tell each end as it comes.

    What still runs when the caller stops listening is ended.
    """
    context = _context(preload)
    waiting = iter(tasks.items())
    running: dict[Any, Running[Key]] = {}
    try:
        while True:
            for key, arguments in islice(waiting, jobs - len(running)):
                task = _started(context, key, function, arguments)
                running[task.process.sentinel] = task
            if not running:
                return
            for sentinel in connection.wait(list(running)):
                yield _ended(running.pop(sentinel))
    finally:
        _stop([task.process for task in running.values()])


def _context(preload: Sequence[str]) -> Context:
    """How processes start; the server never hears Ctrl-C, since this process ends its children itself."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver, resource_tracker

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    resource_tracker.ensure_running()  # when it starts within the next block, it lets Ctrl-C through again
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return context


def _started(context: Context, key: Key, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Running[Key]:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, Path.cwd(), function, arguments))
    process.start()
    sender.close()  # so that the child's end is the only one, and its death the pipe's end
    return Running(key, process, receiver, time.monotonic())


def _child(sender: Connection, folder: Path, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """What a task's process does: call, answer, end; asked to stop it unwinds, so that its own children end too."""
    os.chdir(folder)  # multiprocessing goes back to where the program once started
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        answer = function(*arguments), ""
    except Exception as error:
        answer = None, str(error) or type(error).__name__
    sender.send(answer)


def _ended(task: Running[Key]) -> Outcome[Key]:
    """The answer of a task whose process has ended, or how it died."""
    task.process.join()
    try:
        value, error = task.answer.recv()
    except EOFError:
        value, error = None, _death(task.process.exitcode)
    task.answer.close()
    return Outcome(task.key, value, error, time.monotonic() - task.began)


def _death(code: int | None) -> str:
    return f"进程意外退出（信号 {-code}）" if code and code < 0 else f"进程意外退出（退出码 {code}）"


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
