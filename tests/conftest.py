"""What tests of several folders share: programs, a cluster, batches of pages."""

from contextlib import chdir
from types import SimpleNamespace

import pytest
from support.batches import CELL, PARAMETERS, at_once, notebook, write_data
from support.programs import needed, told
from support.schedule import ByFile, slow_first

from creditcalc.batch import index, makers, provenance
from creditcalc.batch.plan import Options
from creditcalc.pages.study import Study


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker("slow")
    slow_first(items)


def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


def pytest_unconfigure(config):
    """Say in the last line how many tests lacked a program, and the cure."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    skipped = terminal.stats.get("skipped", []) if terminal else []
    if text := told([str(report.longrepr[2]) for report in skipped]):
        terminal.write_line(text)


@pytest.fixture(scope="session")
def chromium():
    return needed("chromium")


@pytest.fixture(scope="session")
def soffice():
    return needed("soffice")


@pytest.fixture(scope="session")
def pdftotext():
    return needed("pdftotext")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """The address of a scheduler with two workers, for all tests that need no more than that."""
    import distributed  # here, since few need it and it takes its time

    folder = tmp_path_factory.mktemp("cluster")
    with chdir(folder):  # where the pages that workers make may write
        local = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", local_directory=folder
        )
    with local:
        yield local.scheduler_address


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("{notebooks}")
    notebook(folder / "county_report.ipynb", PARAMETERS, "print('县')", CELL, "print('完')")
    notebook(
        folder / "city_overview.ipynb", PARAMETERS.replace("county = None\n", ""), "print(city)"
    )
    notebook(
        folder / "office_report.ipynb", PARAMETERS.replace("county", "office"), "print(office)"
    )
    return folder


@pytest.fixture
def units():
    """Whether the pages of offices are made too; tests of a module may ask for both."""
    return False


@pytest.fixture
def options(tmp_path, notebooks, units):
    data = write_data(tmp_path / "数据 {1}.csv")
    return Options(data=data, out=tmp_path / "报告 {1}", notebooks=notebooks, jobs=2, units=units)


@pytest.fixture
def light(monkeypatch):
    monkeypatch.setattr(Study, "city", lambda study, name, period: SimpleNamespace(name=name))
    monkeypatch.setattr(index, "_glance", lambda city: [])


@pytest.fixture
def fake(light, monkeypatch):
    monkeypatch.setattr(makers, "each_alone", at_once)
    monkeypatch.setattr(makers, "start", lambda preload: None)
    monkeypatch.setattr(provenance, "program_digest", lambda: "程序")
