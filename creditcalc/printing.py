"""Pages as PDF, printed by the Chromium or Chrome that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from creditcalc.files import replacing
from creditcalc.problems import Problem, ProblemError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
LIMIT = 120  # seconds that one page may take


class NoBrowser(ProblemError):
    """There is nothing that could print."""


def find_browser() -> str:
    """The first browser that is installed; NoBrowser where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise NoBrowser([Problem("没有可以打印的浏览器", cure="安装 Chromium 或 Chrome，或在浏览器里打开页面自己打印")])
    return found


def print_pages(pages: Iterable[Path], jobs: int) -> Iterator[tuple[Path, str]]:
    """Print each HTML page to a PDF beside it, ``jobs`` at once; give each page with what went wrong, or nothing."""
    browser = find_browser()
    with ThreadPoolExecutor(jobs) as pool:
        tasks = {pool.submit(_print, browser, page): page for page in pages}
        for task in as_completed(tasks):
            yield tasks[task], task.result()


def _print(browser: str, page: Path) -> str:
    """Print one page; what went wrong, or nothing."""
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
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),  # the superuser has no sandbox
            *("--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.absolute().as_uri()),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return f"打印超过 {LIMIT} 秒"
        if not pdf.exists():
            return f"浏览器没有印出来（退出码 {done.returncode}）"
        with replacing(page.with_suffix(".pdf")) as temporary:
            shutil.copyfile(pdf, temporary)
    return ""
