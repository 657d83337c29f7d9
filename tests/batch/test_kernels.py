"""The warm engine shows what an ordinary kernel shows, and pages come out the same both ways."""

import re
from importlib import import_module

import nbformat
import pytest
from nbformat import v4
from support.processes import LINUX

from creditcalc.batch.one_page import (
    KERNEL,
    PAPERMILL_ENGINES,
    Job,
    load_papermill,
    make_page,
    share_study,
)
from creditcalc.batch.workers import each_alone
from creditcalc.bundled import bundled
from creditcalc.pages.opening import open_study
from creditcalc.render.html import PageHead

CELLS = [
    "import sys; print('甲'); print('乙', file=sys.stderr); print('丙')",
    "print('先', flush=True); print('后')",
    "1 + 1",
    "_ + Out[4]",
    "2;",
    "",
    "import pandas as pd; pd.DataFrame({'a': [1, '甲']})",
    "from IPython.display import *\ndisplay(HTML('<b>x</b>'), display_id='q'); display(3)",
    "print('去'); clear_output(); print('留')",
    "print('去'); clear_output(wait=True); display('留')",
    "update_display(HTML('<i>y</i>'), display_id='q')",
    "from matplotlib.figure import Figure; Figure()",
    "import matplotlib; matplotlib.get_backend()",
    "import matplotlib.pyplot as plt; plt.plot([1, 2]); print('图')",
    "import warnings; warnings.warn('小心')",
    "!echo 外",
    "%%capture held\nprint('收')",
    "held.stdout",
    "import asyncio; await asyncio.sleep(0); __name__",
    "import pickle\nclass Own: pass\npickle.loads(pickle.dumps(Own())).__class__ is Own",
    "def divide(): 1 / 0",
    "print('前')\ndivide()",
    "'不到这里'",
]
ANSI = re.compile(r"\x1b\[[0-9;]*m")
FILE = re.compile(r"<ipython-input-[^>]*>|/\S+/ipykernel_\S+?\.py")  # what a cell is called


def write(path, *cells):
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(notebook, path)
    return path


def execute(notebook, target, engine):
    if engine == "warm":
        import_module("creditcalc.batch.engine")  # papermill knows the engine from there
    papermill = load_papermill()
    with pytest.raises(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            notebook,
            target,
            engine_name=PAPERMILL_ENGINES[engine],
            progress_bar=False,
            extra_arguments=KERNEL,
        )


def both(function, *arguments):
    """What a function gives with each engine, each in a process of its own."""
    outcomes = each_alone(
        function,
        {engine: (*arguments, engine) for engine in PAPERMILL_ENGINES},
        2,
        60,
        ["creditcalc.batch.warm_server"],
    )
    return {outcome.key: (outcome.value, outcome.error) for outcome in outcomes}


def shown(output):
    """An output as plain data, without the colours of a traceback and the name of a cell's file."""
    return {
        name: [ANSI.sub("", line) for line in value]
        if name == "traceback"
        else FILE.sub("cell", value)
        if name == "text"
        else value
        for name, value in output.items()
    }


def executed(notebook, target, engine):
    execute(notebook, f"{target}-{engine}.ipynb", engine)


@pytest.mark.slow
def test_every_cell_shows_what_an_ordinary_kernel_shows(tmp_path):
    source = write(tmp_path / "in.ipynb", PARAMETERS, *CELLS)
    assert both(executed, str(source), str(tmp_path / "out")) == {
        "warm": (None, ""),
        "kernel": (None, ""),
    }
    cells = {
        engine: nbformat.read(tmp_path / f"out-{engine}.ipynb", 4).cells
        for engine in PAPERMILL_ENGINES
    }
    assert [cell.source for cell in cells["warm"]] == [cell.source for cell in cells["kernel"]]
    pairs = [
        pair
        for pair in zip(cells["warm"], cells["kernel"], strict=True)
        if pair[0].cell_type == "code"
    ]
    for warm, ordinary in pairs:
        assert [shown(o) for o in warm.outputs] == [shown(o) for o in ordinary.outputs], warm.source
        assert warm.execution_count == ordinary.execution_count, warm.source
    assert sum(bool(warm.outputs) for warm, _ in pairs) > len(CELLS) / 2


PARAMETERS = 'data = ""\nrulebook = ""\nreadings = ""\ncity = ""'
GIVEN = {"data": "", "rulebook": "", "readings": "", "city": ""}


def made(folder, *cells, engine="warm", pages=1):
    """The pages made of a notebook of these cells, or what went wrong."""
    notebook = write(folder / "in.ipynb", PARAMETERS, *cells)
    shared = share_study(open_study())
    tasks = {
        n: (Job(notebook, GIVEN, PageHead("页"), str(n)), shared, folder, engine)
        for n in range(pages)
    }
    outcomes = each_alone(make_page, tasks, 2, 60, ["creditcalc.batch.warm_server"])
    errors = sorted(outcome.error for outcome in outcomes)
    return (
        errors
        if any(errors)
        else [(folder / f"{n}.html").read_text(encoding="utf-8") for n in range(pages)]
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["county_report", "city_overview"])
def test_the_project_s_pages_are_the_same_to_the_byte(tmp_path, name):
    kind, who = {"county_report": ("county", "范县"), "city_overview": ("city", "濮阳市")}[name]
    job = Job(
        bundled("notebooks") / f"{name}.ipynb",
        GIVEN | {"city": "濮阳市", "period": "2021-05", kind: who},
        PageHead(who),
        who,
    )
    shared = share_study(open_study())
    folders = {engine: tmp_path / engine for engine in PAPERMILL_ENGINES}
    for folder in folders.values():
        folder.mkdir()
    tasks = {engine: (job, shared, folder, engine) for engine, folder in folders.items()}
    assert [
        outcome.error
        for outcome in each_alone(make_page, tasks, 2, 120, ["creditcalc.batch.warm_server"])
    ] == ["", ""]
    warm, ordinary = ((folder / f"{who}.html").read_bytes() for folder in folders.values())
    assert warm == ordinary


def test_the_study_is_at_hand_and_another_one_is_read(tmp_path):
    look = (
        "from creditcalc.pages import opening\n"
        "print(opening.open_study(data, rulebook, readings, city) is {})"
    )
    other = "opening.open_study(data, rulebook, 'proportional=of_full', city)"
    [page] = made(
        tmp_path,
        look.format("data.study"),
        look.format("data.study").replace("readings", "'proportional=of_full'"),
        f"print({other}.readings['proportional'])",
    )
    assert re.findall("<pre>(.*?)\n</pre>", page) == ["True", "False", "of_full"]


def test_every_page_draws_random_numbers_of_its_own(tmp_path):
    pages = made(
        tmp_path, "import random, numpy as np; print(random.random(), np.random.rand())", pages=3
    )
    drawn = [re.search(r"<pre>(\S+) (\S+)", page).groups() for page in pages]
    assert len({first for first, _ in drawn}) == len({second for _, second in drawn}) == 3


def test_a_page_cannot_see_another(tmp_path):
    see = (
        "import builtins, os\nprint(hasattr(builtins, 'left'), 'LEFT' in os.environ)\n"
        "builtins.left = os.environ['LEFT'] = '1'"
    )
    assert all("<pre>False False" in page for page in made(tmp_path, see, pages=3))


@pytest.mark.slow
@pytest.mark.parametrize("engine", PAPERMILL_ENGINES)
def test_the_cell_that_fails_is_named_and_the_draft_stays(tmp_path, engine):
    assert made(tmp_path, "print('好')", "raise SystemExit(3)", "print('不')", engine=engine) == [
        "单元格 [4] 出错：SystemExit: 3"
    ]
    cells = nbformat.read(tmp_path / "0.ipynb", 4).cells
    assert [len(cell.outputs) for cell in cells if cell.cell_type == "code"][-2:] == [2, 0]
    assert not (tmp_path / "0.html").exists()


PROCESS = """
import os, sys
from pathlib import Path
def status(pid):
    process = Path(f"/proc/{pid}")
    return (process / "cmdline").read_text(), len(list((process / "task").iterdir()))
mine, server = status("self"), status(os.getppid())
threads = Path("/proc/self/task").iterdir()
children = [child for thread in threads for child in (thread / "children").read_text().split()]
print(os.getpid(), os.getppid(), mine[0] == server[0], server[1], len(children))
"""


@LINUX
def test_pages_are_forked_from_one_server_without_a_thread_and_start_no_interpreter(tmp_path):
    told = [re.search("<pre>(.*)", page)[1].split() for page in made(tmp_path, PROCESS, pages=4)]
    pids, servers, same, threads, children = map(set, zip(*told, strict=True))
    assert len(pids) == 4 and len(servers) == 1
    assert same == {"True"}, (
        "the command line of a page's process is its server's: it was forked and ran nothing else"
    )
    assert threads == {"1"} and children == {"0"}


def test_the_server_has_done_what_pages_need(tmp_path):
    heavy = "{'matplotlib.figure', 'nbconvert', 'papermill', 'creditcalc.pages.figures'}"
    [page] = made(
        tmp_path, f"import sys; print({heavy} - set(sys.modules), sys.modules['rfc3987_syntax'])"
    )
    assert "<pre>set() None" in page
