"""Checks a folder of pages against the record of the run that made them."""

from __future__ import annotations

from pathlib import Path

from creditcalc.batch import record
from creditcalc.batch.plan import UNIT_FOLDER
from creditcalc.files import inside, sha256
from creditcalc.problems import Problem, ProblemError

PAGES = {".html", ".htm", ".pdf"}


class NoRecord(ProblemError):
    """A folder without the record of a run."""


def verify_pages(folder: Path) -> list[Problem]:
    """Every file of the run that is missing or altered, every page that is not the run's, and that
    it did not come to its end.

    Raises NoRecord where there is no record that can be read.
    """
    run = record.load(folder)
    if run is None:
        cure = "指到 report 写出的文件夹，如 reports/2021-05"
        raise NoRecord([Problem("没有可读的运行记录", record.RECORD, cure, file=str(folder))])
    digests = run.files
    found = []
    if run.interrupted:
        found.append(
            Problem("这次运行没有做完", cure="重新运行 report，只做余下的页", file=record.RECORD)
        )
    for page in run.pages:
        if page.outdated:
            cure = "改正后重新运行 report"
            found.append(
                Problem("是上次生成的页面，这次没有做成", page.error, cure, file=page.file)
            )
        elif page.pdf and not page.printed:
            found.append(
                Problem("是旧页面印的", cure="用 --pdf 重新运行 report", file=page.pdf_file)
            )
    for name, digest in digests.items():
        if inside(folder, name) is None:
            found.append(Problem("文件不见了", cure="重新运行 report", file=name))
        elif sha256(folder / name) != digest:
            found.append(
                Problem("内容与生成时不一致", cure="可能被改动；重新运行 report 会重做", file=name)
            )
    folders = [
        part for part in (folder, folder / UNIT_FOLDER) if part.is_dir() and not part.is_symlink()
    ]
    there = [path for part in folders for path in sorted(part.iterdir())]
    names = [path.relative_to(folder).as_posix() for path in there if path.suffix.lower() in PAGES]
    found += [
        Problem("不是这次运行生成的页面", cure="核对来历，或移走", file=name)
        for name in names
        if name not in digests
    ]
    return found
