"""Faults of the embedded Postgres; one of your own is in tests/chaos/test_outside_postgres.py."""

import signal
import time
from contextlib import closing

import psycopg2

from tally.postgres import EmbeddedPostgres
from tests.chaos.faults.scene import (
    Scene,
    ask_to_end,
    at_once,
    complete_checkpoints,
    fault,
    has_another,
    kill,
    pause,
    send,
)
from tests.line import RunningLine, wait_until

LOCK_SECONDS = 30


def superuser(line: RunningLine) -> psycopg2.extensions.connection:
    """Open a connection to the embedded Postgres that may do anything."""
    connection = psycopg2.connect(EmbeddedPostgres(line.home).url("postgres"), connect_timeout=10)
    connection.autocommit = True
    return connection


@fault("R6")
def postgres_killed(scene: Scene) -> None:
    """Kill Postgres with SIGKILL, all its backends with it."""
    kill(scene, "postgres")


@fault("R6")
def postgres_killed_after_a_checkpoint(scene: Scene) -> None:
    """Kill Postgres the moment a checkpoint of the job is complete, which promises that its results are kept."""
    processes = scene.line.processes("postgres")
    folder = scene.line.home / "checkpoints"
    known = complete_checkpoints(folder)
    at_once("a checkpoint is complete", lambda: complete_checkpoints(folder) - known)
    send(processes, signal.SIGKILL)
    scene.now()
    wait_until("Postgres runs again", lambda: has_another(scene, "postgres", processes[0].pid))


@fault("R6")
def postgres_stopped_fast(scene: Scene) -> None:
    """Stop Postgres as `pg_ctl stop -m fast` does: SIGINT."""
    ask_to_end(scene, "postgres", signal.SIGINT)


@fault("R6")
def postgres_stopped_immediately(scene: Scene) -> None:
    """Stop Postgres as `pg_ctl stop -m immediate` does: SIGQUIT."""
    ask_to_end(scene, "postgres", signal.SIGQUIT)


@fault("R6")
def postgres_asked_to_end(scene: Scene) -> None:
    """Ask Postgres to end when its clients are gone: SIGTERM, which lets nobody new in."""
    ask_to_end(scene, "postgres", signal.SIGTERM)


@fault("R6")
def postgres_away(scene: Scene) -> None:
    """Let Postgres answer nothing for 5 to 60 seconds."""
    pause(scene, ["postgres"], scene.dice.uniform(5, 60))


@fault("R6")
def connections_cut(scene: Scene) -> None:
    """Cut every connection to the results three times, a moment apart."""
    for _ in range(3):
        with closing(superuser(scene.line)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'tally'")
        scene.now()
        time.sleep(scene.dice.uniform(0.2, 3))


@fault("R8")
def table_locked(scene: Scene) -> None:
    """Hold a lock on a result table for 30 seconds."""
    dsn = EmbeddedPostgres(scene.line.home).url("owner")
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE tally.sales_10s IN ACCESS EXCLUSIVE MODE")
        time.sleep(LOCK_SECONDS)
    scene.now()
