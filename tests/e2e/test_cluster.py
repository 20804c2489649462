"""`tally run --cluster N`: Flink as processes, killed one by one under load, rescaled, rebuilt; every row exact."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.chaos.account import prove_exact, until_first_result
from tests.chaos.load import Load, Reader, Sent
from tests.line import RunningLine, running_line, wait_until

pytestmark = pytest.mark.e2e
WAIT_SECONDS = 300
JOB = "SELECT job_id FROM job_status WHERE is_alive"


@contextmanager
def loaded(line: RunningLine, seed: int, rate: int = 50) -> Iterator[Sent]:
    """Publish at a rate while the block runs, with a reader who must see no total fall; all of it is exact after."""
    sent, state = Sent(), line.status()
    with (
        Reader(state["database_url"]) as reader,
        Load(state["kafka"], state["topic"], seed, rate, sent, prefix=f"cluster-{seed}-{time.time_ns()}"),
    ):
        until_first_result(line, time.time(), WAIT_SECONDS)
        yield sent
    assert reader.reads and reader.falls == []


def job_of(line: RunningLine) -> str:
    """Return the id of the job that works, waiting until there is one."""
    return wait_until("a job works", lambda: line.query(JOB), WAIT_SECONDS)[0][0]


def kill(line: RunningLine, name: str) -> None:
    """Kill one process, and wait until its results go on."""
    before, at = line.pid(name), time.time()
    os.kill(before, signal.SIGKILL)
    wait_until(f"{name} runs again", lambda: line.pid(name) != before, WAIT_SECONDS)
    until_first_result(line, at, WAIT_SECONDS)


def prove(line: RunningLine, *loads: Sent) -> None:
    """Demand every row exact, and the sums of what each load has sent."""
    total = Sent()
    for one in loads:
        assert one.failures == []
        total.events, total.gross_amount = total.events + one.events, total.gross_amount + one.gross_amount
        total.units, total.broken = total.units + one.units, total.broken + one.broken
    prove_exact(line, total)


def test_a_job_that_its_jobmanager_forgot_is_submitted_again_and_nothing_is_lost():
    with running_line("cluster", TALLY_CLUSTER="1") as line:
        first = job_of(line)
        with loaded(line, seed=1) as sent:
            kill(line, "jobmanager")
        # until they miss it the TaskManagers go on; only the new job can complete the checkpoint that this waits for
        prove(line, sent)
        assert job_of(line) != first
        started = [psutil.Process(line.pid(name)) for name in ("jobmanager", "taskmanager-1")]
        assert line.stop() == 0
        assert [process.is_running() for process in started] == [False, False]


@pytest.fixture(scope="module")
def two():
    """A line on two TaskManagers with one slot of the job in each."""
    with running_line("cluster-two", TALLY_CLUSTER="2", TALLY_PARALLELISM="2") as line:
        line.loads = []
        yield line


@pytest.mark.cluster
def test_a_job_outlives_the_process_that_watches_it(two):
    before = job_of(two)
    with loaded(two, seed=2) as sent:
        kill(two, "job")
    two.loads.append(sent)
    assert job_of(two) == before
    prove(two, *two.loads)


@pytest.mark.cluster
def test_a_lost_taskmanager_is_replaced_and_the_job_goes_on(two):
    before = job_of(two)
    with loaded(two, seed=3) as sent:
        kill(two, "taskmanager-2")
    two.loads.append(sent)
    assert job_of(two) == before
    prove(two, *two.loads)


@pytest.mark.cluster
def test_a_lost_jobmanager_is_replaced_and_the_job_submitted_again(two):
    with loaded(two, seed=4) as sent:
        kill(two, "jobmanager")
    two.loads.append(sent)
    prove(two, *two.loads)


@pytest.mark.cluster
def test_results_are_rebuilt_beside_the_live_ones_on_the_same_cluster(two):
    before = job_of(two)
    with loaded(two, seed=5) as sent:
        two.tally("rebuild")
        wait_until("the rebuild is done", lambda: not (two.home / "run" / "rebuild.request").exists(), WAIT_SECONDS)
    two.loads.append(sent)
    assert job_of(two) != before
    prove(two, *two.loads)


@pytest.mark.cluster
def test_a_check_finds_every_row_of_a_second_run_on_the_same_cluster_equal(two):
    assert "every row" in two.tally("rebuild", "--check", timeout=600)


@pytest.mark.cluster
@pytest.mark.parametrize("taskmanagers", [1, 2, 4])
def test_another_number_of_taskmanagers_goes_on_from_a_savepoint(two, taskmanagers):
    with loaded(two, seed=6 + taskmanagers) as sent:
        two.environment |= {"TALLY_CLUSTER": str(taskmanagers), "TALLY_PARALLELISM": str(taskmanagers)}
        # what is sent meanwhile waits with its producer: Kafka is down with the rest
        two.take_over(WAIT_SECONDS)
        until_first_result(two, time.time(), WAIT_SECONDS)
    assert "savepoint-" in two.query("SELECT resumed_from FROM job_status")[0][0]
    two.loads.append(sent)
    running = [one["name"] for one in two.status()["processes"] if one["name"].startswith("taskmanager")]
    assert len(running) == taskmanagers
    assert two.query("SELECT parallelism FROM job_status") == [(taskmanagers,)]
    prove(two, *two.loads)
