"""Notebooks, data and stand-ins with which tests make batches of pages."""

import json

import nbformat

from creditcalc.batch.workers import Outcome
from creditcalc.files import sha256

COUNTIES = ["好县", "坏县", "死县"]
PARAMETERS = (
    'county = None\nperiod = None\ndata = ""\nrulebook = ""\nreadings = ""\ncity = ""\nas_of = ""'
)
CELL = """
import os, signal, sys
if county == "坏县":
    raise ValueError("坏了")
if county == "死县":
    page_process = os.getpid() if "papermill" in sys.modules else os.getppid()
    os.kill(page_process, signal.SIGKILL)
if county == "久县":
    open("began", "w").close()
    while True:
        pass
print(county, period)
"""


def notebook(path, parameters, *cells):
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(cell, id=f"cell-{n}")  # the same file each time
            for n, cell in enumerate((parameters, *cells))
        ]
    )
    book.cells[0].metadata["tags"] = ["parameters"]
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(book, path)


def write_data(path, counties=COUNTIES, loans="450", city="某市", period="2021-05"):
    rows = [
        f"{name},{period},{city},{loans if n == 0 else 300},10000"
        for n, name in enumerate(counties)
    ]
    path.write_text(
        "\n".join(["jurisdiction,period,city,loans_xyd,loans_credit", *rows]) + "\n",
        encoding="utf-8",
    )
    return path


def at_once(function, calls, jobs, limit, preload):
    """What workers do, without processes and kernels: the page shows the job."""
    for key, (job, _, folder, _) in calls.items():
        error, page = "", folder / f"{job.stem}.html"
        match key.name:
            case "坏县":
                (folder / f"{job.stem}.ipynb").write_text("半", encoding="utf-8")
                error = "坏了"
            case "死县":
                error = "进程意外退出（信号 9）"
            case "断县":
                raise KeyboardInterrupt
            case _:
                page.write_text(str(job), encoding="utf-8")
        yield Outcome(key, sha256(page), error, 0.1)


def statuses(outcome):
    """How the pages of jurisdictions stand; those of offices, of which there are many, left out."""
    return {page.name: page.status for page in outcome.pages if page.kind != "office"}


def record(outcome):
    return json.loads((outcome.folder / "run.json").read_bytes())


def names(folder):
    """What lies in a folder, but for that of the offices' pages."""
    return {path.name for path in folder.iterdir()} - {"units"}
