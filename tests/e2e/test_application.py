"""Application mode: a JobManager that runs the job's program by itself, watched by a line that submits nothing."""

import time

import pytest

from tally.flink_cluster import ask
from tests.chaos.account import prove_exact, until_first_result
from tests.chaos.load import Load, Reader, Sent
from tests.e2e.own_flink import ALIVE, WAIT_SECONDS, watched_line
from tests.line import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.cluster]


def test_a_jobmanager_with_its_own_program_is_watched_and_resumes_by_itself():
    with watched_line("application") as (line, own):
        own.start("application")
        own.start("taskmanager")
        wait_until("the line is ready", line.is_ready, WAIT_SECONDS)
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
            own.kill("application")
            own.start("application")
            wait_until("the new job runs", lambda: line.query(ALIVE) not in ([], before), WAIT_SECONDS)
            until_first_result(line, time.time(), WAIT_SECONDS)
        prove_exact(line, sent)
        assert "found TALLY_SUBMIT=off" in line.run("rebuild").stderr
        assert reader.reads and reader.falls == []
        assert "resumes from" in (line.home / "logs" / "own-application.log").read_text()
        [[watched]] = line.query(ALIVE)
        assert line.stop() == 0
        # without its watcher; with Kafka and Postgres gone it may be about to be started again
        left = {one["jid"]: one["state"] for one in ask(own.told["TALLY_FLINK"], "/jobs/overview")["jobs"]}
        assert left[watched] in ("RUNNING", "RESTARTING", "FAILING")
