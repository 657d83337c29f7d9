"""Pages as PDF, printed by the Chromium or Chrome that is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from creditcalc.problems import Problem, ProblemError

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
LIMIT = 120  # seconds that one page may take
MOMENT = re.compile(
    rb"/(?:CreationDate|ModDate) \(D:[^)]*\)"
)  # by which alone two prints of a page differ


class NoBrowser(ProblemError):
    """There is nothing that could print."""


def find_browser() -> str:
    """The first browser that is installed; NoBrowser where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise NoBrowser(
            [
                Problem(
                    "没有可以打印的浏览器",
                    cure="安装 Chromium 或 Chrome，或在浏览器里打开页面自己打印",
                )
            ]
        )
    return found


def print_pages(pages: Iterable[Path], jobs: int) -> Iterator[tuple[Path, bytes, str]]:
    """Print HTML pages, ``jobs`` at once; give each as it is done with its PDF, or with what went
    wrong.

    A page's PDF is the same to the byte whenever it is printed by the same browser.
    """
    browser = find_browser()
    with ThreadPoolExecutor(jobs) as pool:
        tasks = {pool.submit(_print, browser, page): page for page in pages}
        for task in as_completed(tasks):
            yield (tasks[task], *task.result())


def _print(browser: str, page: Path) -> tuple[bytes, str]:
    """Print one page: its PDF, or what went wrong."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        pdf = Path(folder, "page.pdf")
        command = [
            *(
                browser,
                "--headless",
                "--disable-gpu",
                "--no-first-run",
                "--disable-extensions",
                f"--user-data-dir={folder}/profile",
            ),
            *(
                ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
            ),  # the superuser has no sandbox
            *("--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.absolute().as_uri()),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return b"", f"打印超过 {LIMIT} 秒"
        if not pdf.exists():
            return b"", f"浏览器没有印出来（退出码 {done.returncode}）"
        return _undated(pdf.read_bytes()), ""


def _undated(pdf: bytes) -> bytes:
    """A PDF without the moment of printing, of the same length, so that its table of places still
    holds.
    """
    return MOMENT.sub(lambda found: b" " * len(found[0]), pdf)
