"""One running line for all end-to-end tests."""

from collections.abc import Iterator

import pytest

from tests.line import RunningLine, running_line


@pytest.fixture(scope="session")
def line() -> Iterator[RunningLine]:
    """A line that runs for all end-to-end tests."""
    with running_line("e2e") as running:
        yield running
