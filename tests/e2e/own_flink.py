"""A Flink of the user's: processes that a line finds at TALLY_FLINK and does not look after."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tally.jars import ready_jars
from tally.ports import free_port
from tests.line import RunningLine, home_of_its_own, line_environment, wait_until

WAIT_SECONDS = 300
ALIVE = "SELECT job_id FROM job_status WHERE is_alive"


class OwnFlink:
    """A JobManager of one kind or the other and one TaskManager, as another machine would run them."""

    def __init__(self, line: RunningLine, told: dict[str, str]):
        self.line, self.told, self.processes = line, told, {}
        # whose password the TaskManager keeps: that of whom the job writes as
        self.role = "writer"

    @property
    def key(self) -> Path:
        return self.line.home / "run" / "buyer.key"

    def urls(self) -> dict[str, str]:
        """Return the database's addresses by role."""
        return json.loads((self.line.home / "run" / "database.json").read_text())

    def start(self, role: str) -> None:
        """Start one of the two, once the line has prepared what they need."""
        environment = {
            **self.line.environment, **self.told, "DATABASE_URL": self.urls()[self.role],
            "TALLY_KAFKA": self.line.status()["kafka"], "TALLY_BUYER_KEY_FILE": str(self.key),
        }  # fmt: skip
        with (self.line.home / "logs" / f"own-{role}.log").open("ab") as log:
            self.processes[role] = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cluster", role], env=environment, stdout=log, stderr=log
            )

    def kill(self, role: str) -> None:
        """End one of them at once."""
        self.processes[role].kill()
        self.processes[role].wait()

    def stop(self) -> None:
        """End both."""
        for role in self.processes:
            self.kill(role)


@contextmanager
def watched_line(prefix: str) -> Iterator[tuple[RunningLine, OwnFlink]]:
    """Give a line that waits for a job which it does not submit, with its services prepared, and the Flink for it."""
    ports = {"TALLY_FLINK": f"127.0.0.1:{free_port()}", "TALLY_FLINK_RPC": f"127.0.0.1:{free_port()}"}
    told = {**ports, "TALLY_JAR_DIR": str(ready_jars()["connectors"].folder)}
    with home_of_its_own(prefix) as home:
        line = RunningLine(home, {**line_environment(home), "TALLY_FLINK": ports["TALLY_FLINK"], "TALLY_SUBMIT": "off"})
        own = OwnFlink(line, told)
        try:
            with (home / "run.log").open("ab") as log:
                line.process = subprocess.Popen(
                    [sys.executable, "-m", "tally", "run"], env=line.environment, stdout=log, stderr=log
                )
            wait_until("the line is prepared", lambda: line.status()["kafka"] and own.key.exists(), WAIT_SECONDS)
            yield line, own
        finally:
            line.end()
            own.stop()
