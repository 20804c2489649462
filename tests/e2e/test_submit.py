"""`tally submit --target session`: a job handed to a cluster of the user's, found there again, lost and resumed."""

import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.chaos.account import prove_exact, until_first_result
from tests.chaos.faults.postgres import superuser
from tests.chaos.load import Load, Reader, Sent
from tests.e2e.own_flink import ALIVE, WAIT_SECONDS, OwnFlink, watched_line
from tests.line import RunningLine, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.cluster]


def submit(line: RunningLine, own: OwnFlink, home) -> str:
    """Hand the job in from a home of its own, and return its id: all that is on standard output."""
    told = {
        **line.environment, "TALLY_HOME": str(home), "TALLY_SUBMIT": "on", "TALLY_KAFKA": line.status()["kafka"],
        "DATABASE_URL": own.urls()["owner"], "TALLY_BUYER_KEY_FILE": str(own.key),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tally", "submit", "--target", "session"], env=told, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    [job_id] = done.stdout.split()
    return job_id


def let_the_owner_write(line: RunningLine) -> None:
    """Let the embedded server's owner be what a user's own server has: one role for everything."""
    with closing(superuser(line)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("ALTER ROLE tally_owner CONNECTION LIMIT 40")


def test_a_job_is_handed_in_once_and_resumes_when_it_is_handed_in_again(tmp_path):
    with watched_line("submit") as (line, own):
        own.role = "owner"
        own.start("jobmanager")
        own.start("taskmanager")
        let_the_owner_write(line)
        first = submit(line, own, tmp_path)
        wait_until("the line is ready", line.is_ready, WAIT_SECONDS)
        assert line.query(ALIVE) == [(first,)]
        assert submit(line, own, tmp_path) == first, "it runs, and is left as it is"
        sent, state = Sent(), line.status()
        with (
            Reader(state["database_url"]) as reader,
            Load(state["kafka"], state["topic"], seed=1, rate=50, sent=sent, prefix="submit"),
        ):
            until_first_result(line, time.time(), WAIT_SECONDS)
            wait_until("a checkpoint", lambda: list(tmp_path.glob("checkpoints/*/chk-*/_metadata")), WAIT_SECONDS)
            own.kill("jobmanager")
            own.start("jobmanager")
            second = submit(line, own, tmp_path)
            assert second != first
            wait_until("the new job is watched", lambda: line.query(ALIVE) == [(second,)], WAIT_SECONDS)
            until_first_result(line, time.time(), WAIT_SECONDS)
        prove_exact(line, sent)
        assert reader.reads and reader.falls == []
