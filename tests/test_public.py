"""The public surface is pinned, and imports point one way."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
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
MODULES = {path.stem: path for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
CORE = [
    "problems",
    "formulas",
    "measures",
    "rulebook",
    "toml",
    "loading",
    "columns",
    "scoring",
    "rollup",
    "compare",
    "wording",
]
HEAVY = {"matplotlib", "papermill", "nbconvert"}


def imported(module):
    """What a module imports anywhere in it: ``creditcalc.x`` as such, anything else by its first
    name.
    """
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= (
                {f"creditcalc.{n.name}" for n in node.names}
                if node.module == "creditcalc"
                else {node.module}
            )
    return {name if name.startswith("creditcalc.") else name.split(".")[0] for name in found}


def own(module):
    return {
        name.removeprefix("creditcalc.")
        for name in imported(module)
        if name.startswith("creditcalc.")
    } & set(MODULES)


def test_public_names():
    assert sorted(cc.__all__) == sorted(PUBLIC)
    assert all(hasattr(cc, name) for name in PUBLIC)


def test_no_module_imports_itself_through_others():
    order = list(
        TopologicalSorter({module: own(module) for module in MODULES}).static_order()
    )  # CycleError otherwise
    assert order.index("formulas") < order.index("rulebook") < order.index("scoring")


def test_formulas_import_numpy_alone():
    assert imported("formulas") - sys.stdlib_module_names == {"numpy"}


@pytest.mark.parametrize("module", CORE)
def test_the_core_imports_the_core(module):
    assert own(module) <= set(CORE)
    assert imported(module) & HEAVY == set()


def test_nothing_imports_the_command_line():
    assert [module for module in MODULES if "cli" in own(module) and module != "__main__"] == []


def fresh(code):
    """What a new interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("name", sorted({*PUBLIC} & {*MODULES}))
def test_a_module_does_not_take_the_place_of_the_function_of_its_name(name):
    there = f"cc.{name} is sys.modules['creditcalc.{name}'].{name}"
    assert fresh(f"import sys, creditcalc as cc; cc.{name}; print({there})").strip() == "True"
    assert (
        fresh(
            f"import sys, creditcalc as cc; from creditcalc.{name} import {name}; print({there})"
        ).strip()
        == "True"
    )


def test_all_names_can_be_imported_at_once_and_no_others():
    assert (
        fresh(
            "from creditcalc import *; import creditcalc; print(all(n in globals() for n in creditcalc.__all__))"
        )
        == "True\n"
    )
    with pytest.raises(AttributeError, match="nothing"):
        _ = cc.nothing


def test_the_package_and_its_help_start_without_a_library():
    loaded = "print('pandas' in sys.modules, 'numpy' in sys.modules)"
    assert fresh(f"import sys, creditcalc, creditcalc.cli.main; {loaded}") == "False False\n"


def test_using_the_package_starts_without_what_only_reports_need():
    code = f"import creditcalc as cc, sys; [getattr(cc, name) for name in cc.__all__]; print(*sorted({HEAVY} & set(sys.modules)))"
    assert fresh(code).split() == []
