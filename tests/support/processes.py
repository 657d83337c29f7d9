"""The processes of this computer, for tests that leave none behind."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

POSIX = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signals; ordinary kernels make its pages"
)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

ROOT_ONLY = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can act as another user"
)
OTHER = 12345  # a user who is nobody here


def running_in(folder):
    """The command lines of the processes that work in a folder."""
    found = []
    for path in Path("/proc").iterdir():
        with suppress(OSError):  # not a process, not ours, or gone meanwhile
            if (path / "cwd").readlink() == folder:
                found.append((path / "cmdline").read_text().split("\0"))
    return found


def assert_all_gone(folder, within=20):
    """Wait until no process works in a folder."""
    deadline = time.monotonic() + within
    while left := running_in(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
