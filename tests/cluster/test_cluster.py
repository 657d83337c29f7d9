import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import distributed
import pytest
from click.testing import CliRunner
from support.batches import PARAMETERS, notebook, statuses, write_data
from support.processes import POSIX

from creditcalc.batch.runner import run
from creditcalc.batch.workers import _death
from creditcalc.cli.main import cli
from creditcalc.cluster.connection import ClusterError
from creditcalc.cluster.pages import KILLED, OnCluster

pytestmark = [POSIX, pytest.mark.slow]
MANY = [f"第{n}县" for n in range(12)]
SLOW = "import time; time.sleep(1); print(county, period)"
ENDLESS = """
import os
from pathlib import Path

Path({began!r}).write_text(str(os.getpid()))
while True:
    pass
"""
RUN = """
import signal, sys
from pathlib import Path
from creditcalc.batch.runner import run
from creditcalc.batch.plan import Options
from creditcalc.cluster.pages import OnCluster

signal.signal(signal.SIGINT, signal.default_int_handler)
data, out, notebooks = map(Path, sys.argv[1:4])
options = Options(data=data, out=out, notebooks=notebooks, units=False, counties=("久县",))
run(options, maker=OnCluster(options, sys.argv[4]))
"""
FATAL = """
import os, signal
from pathlib import Path

def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

if county == "死县":
    os.kill(parent(os.getppid()), signal.SIGKILL)  # the page's server was started by the worker
import time; time.sleep(0.5)
print(county, period)
"""


@contextmanager
def separate(folder, workers, *choices):
    """A scheduler and workers as processes of their own, on loopback; the address and the workers'
    processes.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"
    folder.mkdir()
    dask = [sys.executable, "-m", "dask"]
    listen = [
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        address.split(":")[1],
        "--no-dashboard",
        "--no-show",
    ]
    serve = [
        "worker",
        address,
        "--host",
        "127.0.0.1",
        "--nthreads",
        "1",
        "--no-dashboard",
        "--local-directory",
        str(folder),
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    processes = [subprocess.Popen([*dask, *listen], **quiet)]
    processes += [subprocess.Popen([*dask, *serve, *choices], **quiet) for _ in range(workers)]
    try:
        with distributed.Client(address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=30)
        yield address, processes[1:]
    finally:
        for process in reversed(
            processes
        ):  # a worker takes its time to leave a scheduler that is gone
            process.terminate()
            process.wait(30)


def run_on(address, options):
    """A run whose pages the workers of a scheduler make."""
    return run(options, maker=OnCluster(options, address))


def pages(folder):
    return {path.stem: path.read_bytes() for path in folder.glob("*.html") if path.stem != "index"}


def test_pages_made_on_workers_are_those_made_here_and_what_fails_fails_alone(
    options, light, cluster, monkeypatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1622073600")
    here = run(replace(options, out=options.out / "here"))
    there = run_on(cluster, replace(options, out=options.out / "there"))
    assert (
        statuses(there)
        == statuses(here)
        == {"某市": "made", "好县": "made", "坏县": "failed", "死县": "failed"}
    )
    assert pages(there.folder) == pages(here.folder) and len(pages(there.folder)) == 2
    assert [page.error for page in there.pages] == [page.error for page in here.pages]
    assert _death(-9) in {page.error for page in there.pages}
    failed = [sorted((run.folder / "failed").iterdir()) for run in (here, there)]
    assert [[path.name for path in paths] for paths in failed] == [["坏县.ipynb"]] * 2
    assert not (there.folder / ".work").exists()


def test_a_page_that_takes_too_long_on_a_worker_is_ended(
    options, light, cluster, monkeypatch, tmp_path
):
    write_data(options.data, ["久县", "好县"])
    outcome = run_on(cluster, replace(options, timeout=8))
    assert statuses(outcome) == {"某市": "made", "久县": "failed", "好县": "made"}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_page_that_nobody_waits_for_any_more_is_ended_on_its_worker(
    options, cluster, tmp_path, ending
):
    write_data(options.data, ["久县"])
    began = tmp_path / "began"
    notebook(tmp_path / "county_report.ipynb", PARAMETERS, ENDLESS.format(began=str(began)))
    notebook(
        tmp_path / "city_overview.ipynb", PARAMETERS.replace("county = None\n", ""), "print(city)"
    )
    call = [sys.executable, "-c", RUN, str(options.data), str(options.out), str(tmp_path), cluster]
    with subprocess.Popen(call, stderr=subprocess.PIPE, text=True) as process:
        while not (began.exists() and began.read_text()):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(ending)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{began.read_text()}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_that_is_killed_costs_no_page_and_none_is_made_twice(options, light, tmp_path):
    write_data(options.data, MANY)
    notebook(tmp_path / "county_report.ipynb", PARAMETERS, SLOW)
    notebook(
        tmp_path / "city_overview.ipynb", PARAMETERS.replace("county = None\n", ""), "print(city)"
    )
    with separate(tmp_path / "dask", 2, "--no-nanny") as (address, workers):
        killed = []

        def kill():
            work = options.out / "2021-05"
            while not list(work.glob("第*.html")):
                time.sleep(0.05)
            killed.append(len(list(work.glob("*.html"))))
            os.kill(workers[0].pid, signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        outcome = run_on(address, replace(options, notebooks=tmp_path))
        thread.join()
        assert workers[0].wait(10) == -signal.SIGKILL and workers[1].poll() is None
    assert 0 < killed[0] < len(MANY) + 1  # in the middle
    assert statuses(outcome) == dict.fromkeys(["某市", *MANY], "made") and outcome.complete
    recorded = [
        page["name"] for page in json.loads((outcome.folder / "run.json").read_bytes())["pages"]
    ]
    assert sorted(recorded) == sorted(pages(outcome.folder)) == sorted(["某市", *MANY])


def test_a_page_that_kills_its_workers_again_and_again_fails_alone(options, light, tmp_path):
    write_data(options.data, ["死县", *MANY[:4]])
    notebook(tmp_path / "county_report.ipynb", PARAMETERS, FATAL)
    notebook(
        tmp_path / "city_overview.ipynb", PARAMETERS.replace("county = None\n", ""), "print(city)"
    )
    with separate(tmp_path / "dask", 2) as (address, _):
        outcome = run_on(address, replace(options, notebooks=tmp_path))
    assert statuses(outcome) == dict.fromkeys(["某市", *MANY[:4]], "made") | {"死县": "failed"}
    assert [page.error for page in outcome.pages if page.error] == [KILLED]


def test_no_scheduler_is_told_before_anything_runs(options):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        began = time.monotonic()
        call = ["report", str(options.data), "--out", str(options.out), "--scheduler", address]
        result = CliRunner().invoke(cli, call)
        assert time.monotonic() - began < 20
    assert result.exit_code == 2 and "连不上这个调度器" in result.stderr
    assert not options.out.exists()


@pytest.mark.parametrize("address", ["nowhere://x", "没有", "127.0.0.1"])
def test_what_is_no_address_is_told(options, address):
    with pytest.raises(ClusterError, match="连不上这个调度器"):
        run_on(address, options)


def test_pages_of_ordinary_kernels_are_refused(options, cluster):
    with pytest.raises(ClusterError, match="warm"):
        run_on(cluster, replace(options, engine="kernel"))
