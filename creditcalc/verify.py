"""Checks a folder of pages against the record of the run that made them."""

from __future__ import annotations

from pathlib import Path

from creditcalc import record
from creditcalc.files import sha256
from creditcalc.plan import UNITS
from creditcalc.problems import Problem, ProblemError

PAGES = {".html", ".htm", ".pdf"}


class NoRecord(ProblemError):
    """A folder without the record of a run."""


def verify(folder: Path) -> list[Problem]:
    """Every file of the run that is missing or altered, every page that is not the run's, and that it did not come to its end.

    Raises NoRecord where there is no record that can be read.
    """
    run = record.load(folder)
    if run is None:
        cure = "指到 report 写出的文件夹，如 reports/2021-05"
        raise NoRecord([Problem("没有可读的运行记录", record.RECORD, cure, file=str(folder))])
    digests = dict(run.outputs)
    for page in run.pages:
        digests |= page.digests
    found = []
    if run.interrupted:
        found.append(Problem("这次运行没有做完", cure="重新运行 report，只做余下的页", file=record.RECORD))
    for name, digest in digests.items():
        if not (folder / name).is_file():
            found.append(Problem("文件不见了", cure="重新运行 report", file=name))
        elif sha256(folder / name) != digest:
            found.append(Problem("内容与生成时不一致", cure="可能被改动；重新运行 report 会重做", file=name))
    there = [path for part in (folder, folder / UNITS) if part.is_dir() for path in sorted(part.iterdir())]
    names = [path.relative_to(folder).as_posix() for path in there if path.suffix.lower() in PAGES]
    found += [Problem("不是这次运行生成的页面", cure="核对来历，或移走", file=name) for name in names if name not in digests]
    return found
