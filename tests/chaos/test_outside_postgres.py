"""A Postgres of your own, behind a network: away for 5 to 60 seconds, and 200 ms away."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import psutil
import pytest

from tally.postgres import EmbeddedPostgres
from tests.chaos.account import noted, prove_exact, until_caught_up, until_first_result
from tests.chaos.conftest import Stage
from tests.chaos.load import Reader
from tests.chaos.proxy import Proxy
from tests.line import home_of_its_own, running_line

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]
OUTAGES = 20 if os.environ.get("TALLY_CHAOS_FULL") else 1
SHORTEST, LONGEST = 5, 60
CAUGHT_UP_SECONDS, ANY_SECONDS = 60, 300
LATENCY_SECONDS, SLOW_SECONDS = 0.2, 60
# back-pressure holds records back in the log, not in memory: what the job's processes may grow by meanwhile
GROWTH = 1.15


@dataclass
class Outside:
    """A line whose results go to a server of its own, through a proxy."""

    stage: Stage
    proxy: Proxy


@pytest.fixture(scope="module")
def outside(seed) -> Iterator[Outside]:
    with home_of_its_own("outside") as home:
        server = EmbeddedPostgres(home)
        server.start()
        try:
            with Proxy(server.port) as proxy:
                address = f"postgresql://postgres:{server.password('postgres')}@127.0.0.1:{proxy.port}/postgres"
                with running_line("chaos-outside", DATABASE_URL=address) as line:
                    yield Outside(Stage(line), proxy)
        finally:
            server.stop()
            server.remove()


@pytest.mark.parametrize("number", range(OUTAGES))
def test_an_outage_of_your_own_postgres_leaves_every_row_exact(outside, seed, number):
    stage, own_seed = outside.stage, seed + number
    with noted("R6", "outside_postgres_away", own_seed) as figures:
        with Reader(stage.line.status()["database_url"]) as reader, stage.load(own_seed):
            until_first_result(stage.line, time.time(), ANY_SECONDS)
            outside.proxy.go_away()
            time.sleep(Random(own_seed).uniform(SHORTEST, LONGEST))
            outside.proxy.listen()
            back_at = time.time()
            figures["first_result_s"] = until_first_result(stage.line, back_at, ANY_SECONDS)
            figures["caught_up_s"] = until_caught_up(stage.line, back_at, ANY_SECONDS)
        figures |= prove_exact(stage.line, stage.sent) | {"reads": reader.reads, "falls": len(reader.falls)}
        assert reader.falls == []
        figures["in_time"] = figures["caught_up_s"] <= CAUGHT_UP_SECONDS
    assert figures["in_time"], f"exact, but it took longer than {CAUGHT_UP_SECONDS} s: {figures}"


def job_memory(line) -> int:
    """Return the bytes that the job's processes hold (PSS: what they share is counted once)."""
    return sum(process.memory_full_info().pss for process in line.processes("job"))


def test_a_slow_postgres_holds_records_back_in_the_log_and_not_in_memory(outside, seed):
    stage, line = outside.stage, outside.stage.line
    with noted("R8", "postgres_200_ms_away", seed) as figures:
        with stage.load(seed):
            until_first_result(line, time.time(), ANY_SECONDS)
            before = job_memory(line)
            outside.proxy.latency = LATENCY_SECONDS
            time.sleep(SLOW_SECONDS)
            after = job_memory(line)
            outside.proxy.latency = 0.0
            back_at = time.time()
            figures["caught_up_s"] = until_caught_up(line, back_at, ANY_SECONDS)
        figures |= prove_exact(line, stage.sent) | {"memory_growth": round(after / before, 3)}
        assert psutil.pid_exists(line.pid("job"))
        assert after < before * GROWTH
