"""One running line for all end-to-end tests."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.line import RunningLine, running_line


def zone_by_day() -> str:
    """Return a store zone whose day does not end while the tests run: what they publish is looked for in today."""
    return next(zone for zone in ("Asia/Shanghai", "America/New_York") if 1 <= datetime.now(ZoneInfo(zone)).hour < 23)


@pytest.fixture(scope="session")
def line() -> Iterator[RunningLine]:
    """A line that runs for all end-to-end tests."""
    with running_line("e2e", TALLY_STORE_ZONE=zone_by_day()) as running:
        yield running
