"""Fixtures of the supervisor's, inbox's and command line's tests."""

import pytest

from tests.tally.broker import running_broker


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory):
    """Give the address of one broker for all tests of the session."""
    with running_broker(tmp_path_factory.mktemp("kafka-home")) as bootstrap:
        yield bootstrap
