import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from support.places import TESTS
from support.processes import LINUX, POSIX, assert_all_gone, running_in

from creditcalc.batch import workers
from creditcalc.batch.workers import each_alone


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
        case "deaf":
            while True:
                with suppress(BaseException):
                    time.sleep(60)
        case "where":
            return Path.cwd()
    return number * 2


@pytest.fixture(
    params=[[], pytest.param(["creditcalc.batch.warm_server"], marks=POSIX)], ids=["anew", "forked"]
)
def preload(request):
    return request.param


@pytest.fixture
def ends(preload):
    def ends(tasks, folder, jobs=2, limit=60):
        outcomes = each_alone(work, {task: (task, folder) for task in tasks}, jobs, limit, preload)
        return {outcome.key: (outcome.value, outcome.error) for outcome in outcomes}

    return ends


@pytest.mark.slow
def test_every_task_has_a_process_of_its_own(tmp_path, ends):
    assert ends([1, 2, 3], tmp_path) == {1: (2, ""), 2: (4, ""), 3: (6, "")}
    pids = {path.read_text() for path in tmp_path.iterdir()}
    assert len(pids) == 3 and str(os.getpid()) not in pids


@POSIX
def test_what_fails_fails_alone(tmp_path, ends):
    outcomes = ends([1, "raises", "dies", "exits", 2], tmp_path)
    assert outcomes == {
        1: (2, ""),
        "raises": (None, "不行"),
        "dies": (None, "进程意外退出（信号 9）"),
        "exits": (None, "进程意外退出（退出码 3）"),
        2: (4, ""),
    }


def test_nothing_to_do(tmp_path, ends):
    assert ends([], tmp_path) == {}


def test_works_in_the_folder_of_the_caller(tmp_path, ends, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ends(["where"], tmp_path)["where"] == (tmp_path, "")


@POSIX
def test_what_runs_is_ended_when_nobody_listens(tmp_path, preload):
    with closing(
        each_alone(work, {task: (task, tmp_path) for task in [1, "sleeps", 2]}, 2, 60, preload)
    ) as outcomes:
        assert next(outcomes).key == 1
        while not (tmp_path / "sleeps.began").exists():
            time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "sleeps.began").read_text()), 0)


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("endless", ["sleeps", "deaf"])
def test_what_takes_too_long_is_ended_alone(tmp_path, ends, monkeypatch, endless):
    monkeypatch.setattr(workers, "PATIENCE", 1)
    outcomes = ends([1, endless, 2], tmp_path, limit=3)
    assert outcomes == {
        1: (2, ""),
        2: (4, ""),
        endless: (None, "超过时限（3 秒）没有做完，已停止；可用 --timeout 放宽"),
    }
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / f"{endless}.began").read_text()), 0)


SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/batch"]
import test_workers
from creditcalc.batch.workers import each_alone
Path("ran").open("a").write("x")
tasks = {task: (task, Path.cwd()) for task in ["sleeps", "deaf"]}
for outcome in each_alone(test_workers.work, tasks, 2, 60, sys.argv[2:]):
    pass
"""


@pytest.mark.slow
@LINUX
def test_killing_the_parent_leaves_no_process_behind(tmp_path, preload):
    (tmp_path / "go.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "go.py", str(TESTS), *preload]
    process = subprocess.Popen(command, cwd=tmp_path, start_new_session=True)
    while not ((tmp_path / "sleeps.began").exists() and (tmp_path / "deaf.began").exists()):
        assert process.poll() is None
        time.sleep(0.05)
    assert len(running_in(tmp_path)) > 3, "the script, two tasks and what they were forked from"
    process.kill()
    process.wait()
    assert_all_gone(tmp_path)
    assert (tmp_path / "ran").read_text() == "x", "no process ran the caller's script again"
