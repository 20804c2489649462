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


class Upgraded(RunningLine):
    """A line that begins as the release, and is taken over by this version."""

    def __init__(self, home: Path, environment: dict[str, str]):
        super().__init__(home, environment)
        self.begun: list[subprocess.Popen] = []

    def start_release(self, sources: Path) -> None:
        self.begin("run", {**self.environment, "PYTHONPATH": str(sources)}, sources)

    def upgrade(self) -> None:
        self.begin("upgrade", self.environment, ROOT)

    def begin(self, command: str, environment: dict[str, str], sources: Path) -> None:
        """Run a command of one of the two versions in the foreground of this line."""
        with (self.home / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tally", command], env=environment, stdout=log, stderr=log, cwd=sources
            )
        self.begun.append(self.process)
        wait_until(f"{command}: the line is ready", lambda: self.is_ours() and self.is_ready(), WAIT_SECONDS)

    def end_all(self) -> None:
        """End what was begun, also a release that has not made way."""
        self.end()
        for process in self.begun:
            process.terminate()
            process.wait(WAIT_SECONDS)

    def is_ours(self) -> bool:
        """Tell whether the supervisor is the process that was begun last."""
        # the other one may end between two questions
        return ("supervisor", self.process.pid) in [(one["name"], one["pid"]) for one in self.status()["processes"]]


def test_a_running_release_makes_way_under_load_and_nothing_is_lost(released):
    with home_of_its_own("upgrade") as home:
        # the release would choose free ones anew, and who listened meanwhile would be lost
        ports = {f"TALLY_{name}PORT": str(free_port()) for name in ("", "KAFKA_", "POSTGRES_")}
        line, sent = Upgraded(home, {**line_environment(home), **ports}), Sent()
        try:
            line.start_release(released)
            old, state = line.process, line.status()
            with (
                Reader(state["database_url"]) as reader,
                Load(state["kafka"], state["topic"], seed=1, rate=50, sent=sent, prefix="upgrade"),
            ):
                until_first_result(line, time.time(), WAIT_SECONDS)
                line.upgrade()
                assert old.wait(30) == 0
                until_first_result(line, time.time(), WAIT_SECONDS)
            prove_exact(line, sent)
            assert reader.reads and reader.falls == []
            assert line.query("SELECT count(*) > 0 FROM log_partitions") == [(True,)], "views of this version"
            assert "stop-" in line.query("SELECT resumed_from FROM job_status")[0][0], "from the savepoint"
        finally:
            line.end_all()
