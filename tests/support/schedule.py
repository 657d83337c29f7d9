"""Which tests are tried on which worker, and which first."""

from xdist.scheduler import LoadFileScheduling

SHARED = ("tests/cluster/",)  # whose files share what takes long to start


class ByFile(LoadFileScheduling):
    """The tests of a file stay together, and those of files that share something."""

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return next((folder for folder in SHARED if file.startswith(folder)), file)


def slow_first(items):
    """Sort the files that have slow tests to the front, so that no worker ends alone with one."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
