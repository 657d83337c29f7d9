"""One cluster for all tests that need no more of it than that it is there."""

from contextlib import chdir

import distributed
import pytest


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """The address of a scheduler with two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    with chdir(folder):  # where the pages that workers make may write
        local = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", local_directory=folder
        )
    with local:
        yield local.scheduler_address
