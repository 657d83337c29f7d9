import os
import signal
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from creditcalc.workers import each_alone

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="no signals")


def work(number, folder):
    (folder / f"{number}.began").write_text(str(os.getpid()))
    match number:
        case "raises":
            raise ValueError("不行")
        case "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exits":
            os._exit(3)
        case "sleeps":
            time.sleep(60)
        case "where":
            return Path.cwd()
    return number * 2


def ends(tasks, folder, jobs=2):
    outcomes = each_alone(work, {task: (task, folder) for task in tasks}, jobs, [])
    return {outcome.key: (outcome.value, outcome.error) for outcome in outcomes}


def test_every_task_has_a_process_of_its_own(tmp_path):
    assert ends([1, 2, 3], tmp_path) == {1: (2, ""), 2: (4, ""), 3: (6, "")}
    pids = {path.read_text() for path in tmp_path.iterdir()}
    assert len(pids) == 3 and str(os.getpid()) not in pids


@POSIX
def test_what_fails_fails_alone(tmp_path):
    outcomes = ends([1, "raises", "dies", "exits", 2], tmp_path)
    assert outcomes == {
        1: (2, ""),
        "raises": (None, "不行"),
        "dies": (None, "进程意外退出（信号 9）"),
        "exits": (None, "进程意外退出（退出码 3）"),
        2: (4, ""),
    }


def test_nothing_to_do(tmp_path):
    assert ends([], tmp_path) == {}


def test_works_in_the_folder_of_the_caller(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ends(["where"], tmp_path)["where"] == (tmp_path, "")


@POSIX
def test_what_runs_is_ended_when_nobody_listens(tmp_path):
    with closing(each_alone(work, {task: (task, tmp_path) for task in [1, "sleeps", 2]}, 2, [])) as outcomes:
        assert next(outcomes).key == 1
        while not (tmp_path / "sleeps.began").exists():
            time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "sleeps.began").read_text()), 0)
