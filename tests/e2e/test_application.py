"""Application mode: a JobManager that runs the job's program by itself, watched by a line that submits nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tally.flink_cluster import ask
from tally.ports import free_port
from tests.chaos.account import prove_exact, until_first_result
from tests.chaos.load import Load, Reader, Sent
from tests.line import RunningLine, home_of_its_own, line_environment, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.cluster]
WAIT_SECONDS = 300
ALIVE = "SELECT job_id FROM job_status WHERE is_alive"


class Application:
    """A JobManager with the job's program and one TaskManager, as another machine would run them."""

    def __init__(self, line: RunningLine, told: dict[str, str]):
        self.line, self.told, self.processes = line, told, {}

    def start(self, role: str) -> None:
        """Start one of the two, once the line has prepared what they need."""
        home, state = self.line.home, self.line.status()
        urls = json.loads((home / "run" / "database.json").read_text())
        environment = {
            **self.line.environment, **self.told, "DATABASE_URL": urls["writer"], "TALLY_KAFKA": state["kafka"],
            "TALLY_JAR_DIR": self.told["TALLY_JAR_DIR"], "TALLY_BUYER_KEY_FILE": str(home / "run" / "buyer.key"),
        }  # fmt: skip
        with (home / "logs" / f"own-{role}.log").open("ab") as log:
            self.processes[role] = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cluster", role], env=environment, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """End both."""
        for process in self.processes.values():
            process.kill()
            process.wait()


@contextmanager
def line_on_an_application():
    """Give a line that watches the job of an application, and the application."""
    from tally.jars import ready_jars

    ports = {"TALLY_FLINK": f"127.0.0.1:{free_port()}", "TALLY_FLINK_RPC": f"127.0.0.1:{free_port()}"}
    told = {**ports, "TALLY_JAR_DIR": str(ready_jars()["connectors"].folder)}
    with home_of_its_own("application") as home:
        line = RunningLine(home, {**line_environment(home), "TALLY_FLINK": ports["TALLY_FLINK"], "TALLY_SUBMIT": "off"})
        application = Application(line, told)
        try:
            with (home / "run.log").open("ab") as log:
                line.process = subprocess.Popen(
                    [sys.executable, "-m", "tally", "run"], env=line.environment, stdout=log, stderr=log
                )
            wait_until("the line is prepared", lambda: line.status()["kafka"] and key_of(line).exists(), WAIT_SECONDS)
            application.start("application")
            application.start("taskmanager")
            wait_until("the line is ready", line.is_ready, WAIT_SECONDS)
            yield line, application
        finally:
            line.end()
            application.stop()


def key_of(line: RunningLine):
    return line.home / "run" / "buyer.key"


def test_a_jobmanager_with_its_own_program_is_watched_and_resumes_by_itself():
    with line_on_an_application() as (line, application):
        sent, state = Sent(), line.status()
        with (
            Reader(state["database_url"]) as reader,
            Load(state["kafka"], state["topic"], seed=1, rate=50, sent=sent, prefix="application"),
        ):
            until_first_result(line, time.time(), WAIT_SECONDS)
            wait_until(
                "a checkpoint", lambda: list((line.home / "checkpoints").glob("*/chk-*/_metadata")), WAIT_SECONDS
            )
            before = line.query(ALIVE)
            os.kill(application.processes["application"].pid, signal.SIGKILL)
            application.processes["application"].wait()
            application.start("application")
            wait_until(
                "the new job runs",
                lambda: line.query(ALIVE) not in ([], before),
                WAIT_SECONDS,
            )
            until_first_result(line, time.time(), WAIT_SECONDS)
        prove_exact(line, sent)
        assert "found TALLY_SUBMIT=off" in line.run("rebuild").stderr
        assert reader.reads and reader.falls == []
        assert "resumes from" in (line.home / "logs" / "own-application.log").read_text()
        [[watched]] = line.query(ALIVE)
        assert line.stop() == 0
        # without its watcher; with Kafka and Postgres gone it may be about to be started again
        left = {one["jid"]: one["state"] for one in ask(application.told["TALLY_FLINK"], "/jobs/overview")["jobs"]}
        assert left[watched] in ("RUNNING", "RESTARTING", "FAILING")
