"""The house: folders in layers, each using only those above it and the ground."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import creditcalc

PACKAGE = Path(creditcalc.__file__).parent
ROOT = PACKAGE.parent
LAYERS = [
    *("ground", "rules", "intake", "case_lists", "scoring", "evidence", "analysis"),
    *("render", "pages", "widgets", "batch", "cluster", "cli"),
]
CORE = LAYERS[: LAYERS.index("render")]
HEAVY = {"matplotlib", "papermill", "nbconvert"}
FACE = {"creditcalc", "creditcalc.__main__"}  # the public names and the command stand above all


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def layer(module):
    """The folder of a module; what lies in the package itself is the ground."""
    first = module.split(".")[1]
    return first if first in LAYERS else "ground"


def imported(module):
    """Every module that a module imports anywhere in it, others than ours by their first name."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{name.name}" for name in node.names}
            found |= {name if name in MODULES else node.module for name in inner}
    return {name if name.startswith("creditcalc.") else name.split(".")[0] for name in found}


def own(module):
    return {name for name in imported(module) & set(MODULES) if name not in FACE}


@pytest.mark.parametrize("module", sorted(set(MODULES) - FACE))
def test_a_folder_uses_only_those_above_it(module):
    here = layer(module)
    allowed = (
        {"ground", here} if here in ("rules", "render") else set(LAYERS[: LAYERS.index(here) + 1])
    )
    strange = {name for name in own(module) if layer(name) not in allowed}
    assert strange == set()


def test_every_folder_has_its_place():
    folders = {path.parent.relative_to(PACKAGE).parts[:1] for path in MODULES.values()}
    assert {folder[0] for folder in folders if folder} == set(LAYERS) - {"ground"}
    told = creditcalc.__doc__
    assert all(f"``{folder}``" in told for folder in LAYERS[1:])


def test_no_module_imports_itself_through_others():
    graph = {module: own(module) for module in MODULES if module not in FACE}
    order = list(TopologicalSorter(graph).static_order())  # CycleError otherwise
    assert order.index("creditcalc.rules.rulebook") < order.index("creditcalc.scoring.scorecard")


def test_formulas_import_numpy_alone():
    formulas = [name for name in MODULES if name.startswith("creditcalc.rules.formulas.")]
    foreign = set().union(*(imported(name) for name in formulas)) - sys.stdlib_module_names
    assert len(formulas) > 3 and {name for name in foreign if name not in MODULES} == {"numpy"}


@pytest.mark.parametrize(
    "module", [name for name in MODULES if name not in FACE and layer(name) in CORE]
)
def test_what_scores_needs_nothing_that_only_reports_need(module):
    assert imported(module) & HEAVY == set()


def test_nothing_is_kept_from_the_formatter():
    mark = "# fmt" + ": skip"
    files = [path for path in ROOT.rglob("*.py") if ".venv" not in path.parts]
    assert [path.name for path in files if mark in path.read_text(encoding="utf-8")] == []
