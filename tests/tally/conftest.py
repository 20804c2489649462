"""Fixtures of the supervisor's, inbox's and command line's tests."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tally import migrate
from tally.postgres import EmbeddedPostgres
from tests.tally.broker import running_broker


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory):
    """Give the address of one broker for all tests of the session."""
    with running_broker(tmp_path_factory.mktemp("kafka-home")) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def postgres_server():
    """Give a migrated server in a home that root's server can enter."""
    home = Path(tempfile.mkdtemp(dir="/tmp"))
    server = EmbeddedPostgres(home)
    try:
        server.start()
        migrate.set_up(server)
        yield server
    finally:
        server.stop()
        server.remove()
        shutil.rmtree(home, ignore_errors=True)
