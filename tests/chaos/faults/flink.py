"""Faults of the job: TaskManager and JobManager are one JVM here, below a Python process."""

import signal
import time
from contextlib import closing

from tests.chaos.faults.postgres import superuser
from tests.chaos.faults.scene import (
    Scene,
    ask_to_end,
    at_once,
    fault,
    has_another,
    kill,
    pause,
    send,
    unfinished_checkpoints,
)
from tests.line import wait_until

BACKLOG_SECONDS = 600
UPSERTS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tally-job' AND state = 'active' "
    "AND query ILIKE 'INSERT%'"
)


@fault("R4")
def job_killed(scene: Scene) -> None:
    """Kill Flink and its Python process at a random moment."""
    time.sleep(scene.dice.uniform(0, 6))
    kill(scene, "job")


@fault("R4")
def jvm_killed(scene: Scene) -> None:
    """Kill the JVM alone; its Python process has to notice."""
    child, *below = scene.line.processes("job")
    send([one for one in below if one.name() == "java"], signal.SIGKILL)
    scene.now()
    wait_until("the job runs again", lambda: has_another(scene, "job", child.pid))


@fault("R4")
def job_killed_during_a_checkpoint(scene: Scene) -> None:
    """Kill Flink while a checkpoint's folder is there and its _metadata is not."""
    folder = scene.line.home / "checkpoints"
    left_behind = unfinished_checkpoints(folder)
    processes = scene.line.processes("job")
    at_once("a checkpoint begins", lambda: unfinished_checkpoints(folder) - left_behind)
    send(processes, signal.SIGKILL)
    scene.now()
    wait_until("the job runs again", lambda: has_another(scene, "job", processes[0].pid))


@fault("R4")
def job_killed_during_an_upsert(scene: Scene) -> None:
    """Kill Flink while Postgres works at one of its upserts."""
    processes = scene.line.processes("job")
    with closing(superuser(scene.line)) as connection, connection.cursor() as cursor:

        def is_upserting() -> bool:
            cursor.execute(UPSERTS)
            return cursor.fetchone()[0] > 0

        at_once("an upsert begins", is_upserting)
        send(processes, signal.SIGKILL)
    scene.now()
    wait_until("the job runs again", lambda: has_another(scene, "job", processes[0].pid))


@fault("R4", "R21")
def job_ended(scene: Scene) -> None:
    """Ask the job to end (SIGTERM): it takes a last checkpoint, and is started again from it."""
    ask_to_end(scene, "job", signal.SIGTERM)


@fault("R4")
def job_paused(scene: Scene) -> None:
    """Stop Flink for 15 to 30 seconds."""
    pause(scene, ["job"], scene.a_pause())


@fault("R3")
def job_killed_with_ten_minutes_of_backlog(scene: Scene) -> None:
    """Stop Flink, let ten minutes of the load pile up in the log, and kill it."""
    processes = scene.line.processes("job")
    send(processes, signal.SIGSTOP)
    scene.load.burst(BACKLOG_SECONDS * scene.load.rate)
    send(processes, signal.SIGKILL)
    scene.now()
    wait_until("the job runs again", lambda: has_another(scene, "job", processes[0].pid))


@fault("R18")
def parallelism_1_2_1(scene: Scene) -> None:
    """Stop the line, go on from its checkpoint with two slots, then with one again."""
    line = scene.line
    for slots in ("2", "1"):
        assert line.stop() == 0
        line.environment["TALLY_PARALLELISM"] = slots
        line.start()
        scene.now()
