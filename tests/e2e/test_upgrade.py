"""`tally upgrade`: a running 0.1.0 makes way for this version under load, and every row is exact."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tally.ports import free_port
from tests.chaos.account import prove_exact, until_first_result
from tests.chaos.load import Load, Reader, Sent
from tests.line import RunningLine, home_of_its_own, line_environment, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.cluster]
ROOT = Path(__file__).resolve().parents[2]
RELEASE = "007f49b"  # 0.1.0
WAIT_SECONDS = 300


@pytest.fixture
def released(tmp_path) -> Path:
    """The sources of 0.1.0, out of this repository's history."""
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", RELEASE], capture_output=True)
    if archive.returncode:
        pytest.skip("this clone does not hold the history of 0.1.0")
    subprocess.run(["tar", "-x", "-C", str(tmp_path)], input=archive.stdout, check=True)
    return tmp_path


class Released(RunningLine):
    """A line that the release has started."""

    def start_release(self, sources: Path) -> subprocess.Popen:
        with (self.home / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tally", "run"],
                env={**self.environment, "PYTHONPATH": str(sources)}, stdout=log, stderr=log, cwd=sources,
            )  # fmt: skip
        wait_until("the release is ready", self.is_ready, WAIT_SECONDS)
        return self.process


def test_a_running_release_makes_way_under_load_and_nothing_is_lost(released):
    with home_of_its_own("upgrade") as home:
        # the release would choose free ones anew, and who listened meanwhile would be lost
        ports = {f"TALLY_{name}PORT": str(free_port()) for name in ("", "KAFKA_", "POSTGRES_")}
        line, sent = Released(home, {**line_environment(home), **ports}), Sent()
        old = line.start_release(released)
        try:
            state = line.status()
            with (
                Reader(state["database_url"]) as reader,
                Load(state["kafka"], state["topic"], seed=1, rate=50, sent=sent, prefix="upgrade"),
            ):
                until_first_result(line, time.time(), WAIT_SECONDS)
                line.take_over(WAIT_SECONDS)
                until_first_result(line, time.time(), WAIT_SECONDS)
            prove_exact(line, sent)
            assert reader.reads and reader.falls == []
            assert line.query("SELECT count(*) > 0 FROM log_partitions") == [(True,)], "views of this version"
            assert "stop-" in line.query("SELECT resumed_from FROM job_status")[0][0], "from the savepoint"
        finally:
            line.end()
            # should it not have made way
            old.terminate()
            old.wait(WAIT_SECONDS)
