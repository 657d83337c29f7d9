"""Pages as PDF, printed by the Chromium or Chrome that is installed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
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
# To another file. On paper it leads nowhere, and it would name the folder of what is printed.
OUTWARD = re.compile(rb'<a href="(?!#)[^"]*"')


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


def print_pages(pages: Mapping[Path, str], jobs: int) -> Iterator[tuple[Path, bytes, str]]:
    """Print HTML pages, ``jobs`` at once; give each as it is done with its PDF, or with what went
    wrong.

    ``pages`` tells each page's SHA-256: one that holds something else, which others may have laid
    there to have the browser show what they cannot read, is not printed. A page's PDF is the same
    to the byte whenever and wherever it is printed by the same browser.
    """
    browser = find_browser()
    with ThreadPoolExecutor(jobs) as pool:
        tasks = {pool.submit(_print, browser, page, digest): page for page, digest in pages.items()}
        for task in as_completed(tasks):
            yield (tasks[task], *task.result())


def _print(browser: str, page: Path, digest: str) -> tuple[bytes, str]:
    """Print one page from a private copy: its PDF, or what went wrong."""
    content = page.read_bytes() if page.is_file() else b""
    if hashlib.sha256(content).hexdigest() != digest:
        return b"", "页面在打印前不见了或被改动，没有印"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy, pdf = Path(folder, "page.html"), Path(folder, "page.pdf")
        copy.write_bytes(OUTWARD.sub(b"<a", content))
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
            *("--no-pdf-header-footer", f"--print-to-pdf={pdf}", copy.as_uri()),
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
