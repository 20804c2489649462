"""Each folder's tests stay in one process, so that they share its Postgres, its broker or its Flink session."""

from xdist.scheduler import LoadScopeScheduling


class ByFolder(LoadScopeScheduling):
    """Hands a worker all tests of a folder; `--dist loadgroup`, which is meant for that, needs an older pytest."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.rsplit("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config, log):
    """Use it where `make test` asks for two workers."""
    return ByFolder(config, log)
