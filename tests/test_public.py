"""The public surface is pinned, and what needs little starts with little."""

import subprocess
import sys
from pathlib import Path

import pytest

import creditcalc as cc

PUBLIC = [
    "Checked",
    "Contribution",
    "Explanation",
    "InputError",
    "Problem",
    "ReadingError",
    "Rulebook",
    "RulebookError",
    "Scorecard",
    "Sensitivity",
    "Study",
    "Targets",
    "UnknownName",
    "WhatIf",
    "check_inputs",
    "contribution",
    "explain",
    "load_rulebook",
    "open_study",
    "read_inputs",
    "roll_up",
    "score",
    "sensitivity",
    "targets",
    "what_if",
]
PACKAGE = Path(cc.__file__).parent
HEAVY = {"matplotlib", "papermill", "nbconvert"}


def test_public_names():
    assert sorted(cc.__all__) == sorted(PUBLIC)
    assert all(hasattr(cc, name) for name in PUBLIC)


def fresh(code):
    """What a new interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    ).stdout


def test_all_names_can_be_imported_at_once_and_no_others():
    code = (
        "from creditcalc import *; import creditcalc; print({*creditcalc.__all__} <= {*globals()})"
    )
    assert fresh(code) == "True\n"
    with pytest.raises(AttributeError, match="nothing"):
        _ = cc.nothing


def test_the_package_and_its_help_start_without_a_library():
    loaded = "print('pandas' in sys.modules, 'numpy' in sys.modules)"
    assert fresh(f"import sys, creditcalc, creditcalc.cli.main; {loaded}") == "False False\n"


def test_using_the_package_starts_without_what_only_reports_need():
    used = "[getattr(cc, name) for name in cc.__all__]"
    code = f"import creditcalc as cc, sys; {used}; print(*sorted({HEAVY} & set(sys.modules)))"
    assert fresh(code).split() == []
