"""How fast pages are made: ``python tests/benchmarks/batch.py`` prints the batch beside the ways
that a user would write.

The loop, papermill's own API and the limit (the same cells as a function in a warm process) make a
few counties' pages in every round, between the batches, and are scaled to the number of pages.
Seconds of the clock, and of all processors together.
"""

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

import pandas as pd

ROOT = Path(__file__).parents[2]
CITY, PERIOD = "濮阳市", "2021-05"
NOTEBOOKS = {
    "county": ROOT / "notebooks" / "county_report.ipynb",
    "city": ROOT / "notebooks" / "city_overview.ipynb",
}
BIN = Path(sys.executable).parent
SUBREAPER = (
    36  # of prctl: processes whose parent is gone become ours, so that their time is counted
)


def spent(*commands):
    """The seconds that commands take, one after the other: of the clock and of all processors."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for command in commands:
        subprocess.run(
            list(map(str, command)),
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    clock = time.monotonic() - began
    while True:
        try:
            os.wait()  # what a command has left to end by itself
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_data(path, pages, changed=False):
    """The sample with as many counties as make so many pages with their city's; one of them may be
    changed by itself.
    """
    table = pd.read_csv(
        ROOT / "data" / "sample" / "indicators.csv", dtype=str, keep_default_na=False
    )
    names = [name for name in table["jurisdiction"].unique() if name != CITY]
    copies = [(name, f"{name}{n}" if n else name) for n in range(pages) for name in names][
        : pages - 1
    ]
    rows = [table[table["jurisdiction"] == name].assign(jurisdiction=new) for name, new in copies]
    table = pd.concat([*rows, table[table["jurisdiction"] == CITY]])
    if changed:
        one = (table["jurisdiction"] == names[0]) & (table["period"] == PERIOD)
        table.loc[one, "remark"] = table.loc[one, "remark"] + "（改）"
    table.to_csv(path, index=False, encoding="utf-8-sig")
    return [new for _, new in copies]


def parameters(kind, name, data):
    return {kind: name, "city": CITY, "period": PERIOD, "data": str(data)}


def loop(kind, name, data, folder):
    """What a user would write for one page."""
    given = [part for item in parameters(kind, name, data).items() for part in ("-r", *item)]
    draft = folder / "loop.ipynb"
    return spent(
        [BIN / "papermill", NOTEBOOKS[kind], draft, *given, "--no-progress-bar"],
        [BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", draft],
    )


API = """
import papermill
from nbconvert import HTMLExporter
exporter = HTMLExporter(exclude_input=True)
def page(kind, name):
    draft, given = str(folder / "api.ipynb"), parameters(kind, name, data)
    executed = papermill.execute_notebook(NOTEBOOKS[kind], draft, given, progress_bar=False)
    (folder / "api.html").write_text(exporter.from_notebook_node(executed)[0], encoding="utf-8")
"""
LIMIT = """
import ast, nbformat
class Show(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.Expr(ast.Call(ast.Name("show", ast.Load()), [node.value], []))
def compiled(path):
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    tree = Show().visit(ast.parse("\\n".join(cell.source for cell in cells[1:])))
    return cells[0].source, compile(ast.fix_missing_locations(tree), str(path), "exec")
codes = {kind: compiled(path) for kind, path in NOTEBOOKS.items()}
def page(kind, name):
    shown, (defaults, code) = [], codes[kind]
    space = {"show": lambda value: value is None or shown.append(value._repr_html_())}
    exec(defaults, space)
    exec(code, space | parameters(kind, name, data))
    html = "<!DOCTYPE html><meta charset=utf-8>" + "".join(shown)
    (folder / "limit.html").write_text(html, encoding="utf-8")
"""
WARM = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from batch import CITY, NOTEBOOKS, parameters
data, folder = Path({data!r}), Path({folder!r})
{way}
def spent(kind, name):
    import resource
    def processors():
        whose = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
        return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))
    before, began = processors(), time.monotonic()
    page(kind, name)
    return time.monotonic() - began, processors() - before
spent("county", {names!r}[-1])
spent("city", CITY)
print([[spent("county", name) for name in {names!r}], spent("city", CITY)])
"""


def in_one_process(way, names, data, folder):
    """The second and later pages that one process makes: those of counties, and the city's."""
    script = WARM.format(
        here=str(Path(__file__).parent), data=str(data), folder=str(folder), way=way, names=names
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    counties, city = eval(done.stdout)
    return [*map(median, zip(*counties, strict=True))], city


def report(data, out):
    return spent([BIN / "creditcalc", "report", data, "--out", out, "--no-units"])


def descendants():
    """The processes that come from this one."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone meanwhile
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def memory():
    """Megabytes of the processes that come from this one, what several share counted once; and of
    the largest alone.
    """
    each = [0.0]
    for pid in descendants():
        with suppress(OSError, ValueError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            each.append(int(text.split("Pss:")[1].split()[0]) / 1024)
    return sum(each), max(each)


@contextmanager
def watched(every=0.25):
    """The peaks of ``memory`` meanwhile."""
    peaks, over = [0.0, 0.0], threading.Event()

    def watch():
        while not over.wait(every):
            peaks[:] = map(max, peaks, memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def grown(sizes, folder):
    """Time and memory over the number of pages, one run each; looking at memory takes a little of
    the time.
    """
    print(
        "\n| pages | s | s/page | processor s/page "
        "| peak MB of all processes | of the largest, shared memory divided |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for pages in sizes:
        data = folder / "growth.csv"
        write_data(data, pages)
        with watched() as peaks:
            clock, processors = report(data, folder / f"growth-{pages}")
        cells = [
            f"{clock:.1f}",
            f"{clock / pages:.2f}",
            f"{processors / pages:.2f}",
            *(f"{peak:.0f}" for peak in peaks),
        ]
        print("|", pages, "|", " | ".join(cells), "|", flush=True)


def scaled(county, city, pages):
    """The time of so many pages, one of them the city's."""
    return [(pages - 1) * one + other for one, other in zip(county, city, strict=True)]


def measure(sizes, rounds, few, folder):
    """All ways in every round: {way: [(clock, processors) per page kind or batch]}."""
    found = {}
    for _ in range(rounds):
        for pages in sizes:
            data, out = folder / f"{pages}.csv", folder / f"out-{pages}"
            names = write_data(data, pages)[:few]
            shutil.rmtree(out, ignore_errors=True)
            found.setdefault(("batch", pages), []).append(report(data, out))
            found.setdefault(("unchanged", pages), []).append(report(data, out))
            write_data(data, pages, changed=True)
            found.setdefault(("changed", pages), []).append(report(data, out))
            write_data(data, pages)
            each = [loop("county", name, data, folder) for name in names]
            ways = {
                "loop": ([*map(median, zip(*each, strict=True))], loop("city", CITY, data, folder))
            }
            ways |= {
                name: in_one_process(way, names, data, folder)
                for name, way in (("api", API), ("limit", LIMIT))
            }
            for name, (county, city) in ways.items():
                found.setdefault((name, pages), []).append(scaled(county, city, pages))
    return {
        key: [median(column) for column in zip(*values, strict=True)]
        for key, values in found.items()
    }


def tell(found, given):
    """Print what was measured of all ways."""
    names = {
        "loop": "papermill + jupyter nbconvert, a command each per page",
        "api": "papermill's API in one process",
        "limit": "the cells as a function, warm, no notebook",
        "batch": "creditcalc report, from the shell",
        "unchanged": "creditcalc report again, nothing changed",
        "changed": "creditcalc report again, one county changed (2 pages)",
    }
    for pages in given.sizes:
        print(f"\n{pages} pages, {os.cpu_count()} processors, medians of {given.rounds} rounds\n")
        print(
            "| way | s | s/page | processor s/page | × loop |\n| --- | ---: | ---: | ---: | ---: |"
        )
        for key, name in names.items():
            clock, processors = found[key, pages]
            faster = found["loop", pages][0] / clock
            per_page = f"{clock / pages:.2f} | {processors / pages:.2f}"
            print(f"| {name} | {clock:.1f} | {per_page} | {faster:.1f} |")
        batch, limit, again, changed = (
            found[key, pages] for key in ("batch", "limit", "unchanged", "changed")
        )
        page = (batch[0] - again[0]) / pages
        times = f"{batch[1] / limit[1]:.2f} × the limit"
        print(f"\nprocessor time of a page: {times}, start and summary included")
        print(f"one county changed: {changed[0] / (again[0] + page):.2f} × one page and the start")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[9, 60], help="pages of a batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--few", type=int, default=2, help="counties that the other ways make in a round"
    )
    parser.add_argument(
        "--growth",
        type=int,
        nargs="+",
        default=[9, 30, 60, 120],
        help="pages of single batches, with memory",
    )
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(given.sizes, given.rounds, given.few, Path(folder))
        tell(found, given)
        grown(given.growth, Path(folder))


if __name__ == "__main__":
    main()
