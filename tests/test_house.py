"""The house: folders in layers, small files, one meaning for a name, lines that fit."""

import ast
import sys
from collections import Counter
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
SOURCES = [
    path
    for path in sorted(ROOT.rglob("*.py"))
    if path.relative_to(ROOT).parts[0] not in (".venv", "reports")
]
FACE = {"creditcalc", "creditcalc.__main__"}  # the public names and the command stand above all


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


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


def test_no_module_is_long_and_no_folder_full():
    modules = {name: path for name, path in MODULES.items() if path.name != "__init__.py"}
    full = Counter(path.parent.name for path in modules.values())
    assert [name for name, path in MODULES.items() if len(lines(path)) > 300] == []
    assert [folder for folder, files in full.items() if files > 16] == []


def public_names(path):
    """The names that a module gives a meaning to, without those for itself alone."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Tuple(elts=names)]) | ast.Assign(targets=names):
                found |= {name.id for name in names if isinstance(name, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return {name for name in found if not name.startswith("_")}


def test_a_public_name_has_one_meaning():
    said = Counter(name for path in MODULES.values() for name in public_names(path))
    assert [name for name, times in said.items() if times > 1] == []


def test_every_line_is_short_and_left_to_the_formatter():
    mark = "# fmt" + ": skip"
    everything = {path: lines(path) for path in SOURCES}
    long = [path.name for path, text in everything.items() if max(map(len, text), default=0) > 100]
    assert long == []
    assert [path.name for path, text in everything.items() if any(mark in x for x in text)] == []
