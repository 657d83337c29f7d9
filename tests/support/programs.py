"""Programs that some tests need beside Python."""

import os
import shutil

import pytest

from creditcalc.render.pdf import BROWSERS

NEEDED = {  # what a program may be called, and Debian's package of it
    "chromium": (BROWSERS, "chromium"),
    "soffice": (("soffice",), "libreoffice-calc-nogui"),
    "pdftotext": (("pdftotext",), "poppler-utils"),
}
ABSENT = "absent program "  # how the reason of such a skip begins


def needed(program):
    """The path of a program; where it is absent the test is skipped, where CI is set it fails."""
    names, package = NEEDED[program]
    if path := next(filter(None, map(shutil.which, names)), None):
        return path
    reason = f"{ABSENT}{program}: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def told(reasons):
    """What is said of the skips that were for want of a program, or nothing."""
    cures = [reason.partition(ABSENT)[2] for reason in reasons if ABSENT in reason]
    each = "; ".join(sorted(set(cures)))
    return f"{len(cures)} tests were skipped for want of a program. {each}" if cures else ""
