"""Faults as actions with a name: what breaks, and for how long; each is over when it returns."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from random import Random

import psutil
import psycopg2

from tally.postgres import EmbeddedPostgres
from tests.line import RunningLine, wait_until

CHILDREN = ("kafka", "postgres", "job", "archive", "inbox", "dashboard")


@dataclass
class Scene:
    """What a fault may touch, the dice that its moments and lengths come from, and when it struck or was over."""

    line: RunningLine
    dice: Random
    struck_at: float = field(default_factory=time.time)

    def now(self) -> None:
        """Take this moment for the one from which recovery is measured."""
        self.struck_at = time.time()


@dataclass(frozen=True)
class Fault:
    """One action and the rows of notes/reliability.md that it belongs to."""

    name: str
    rows: tuple[str, ...]
    act: Callable[[Scene], None]


FAULTS: dict[str, Fault] = {}


def fault(*rows: str) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    """Register an action under its function's name."""

    def register(act: Callable[[Scene], None]) -> Callable[[Scene], None]:
        FAULTS[act.__name__] = Fault(act.__name__, rows, act)
        return act

    return register


def send(processes: Iterable[psutil.Process], number: int) -> None:
    """Send a signal to processes that still are there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def kill(scene: Scene, *names: str) -> None:
    """Kill children with SIGKILL, all at once, and see that the supervisor puts others in their places."""
    before = {name: scene.line.processes(name) for name in names}
    for processes in before.values():
        send(processes, signal.SIGKILL)
    scene.now()
    for name, processes in before.items():
        wait_until(f"{name} runs again", lambda name=name, old=processes[0].pid: has_another(scene, name, old))


def ask_to_end(scene: Scene, name: str, number: int) -> None:
    """Send a child a signal that it ends in order on, and see that the supervisor puts another in its place."""
    old = scene.line.processes(name)[0]
    send([old], number)
    scene.now()
    wait_until(f"{name} runs again", lambda: has_another(scene, name, old.pid))


def has_another(scene: Scene, name: str, old: int) -> bool:
    """Say whether a child has another process than before."""
    found = next(one for one in scene.line.status()["processes"] if one["name"] == name)
    return found["pid"] != old and found["state"] == "running"


def pause(scene: Scene, names: Iterable[str], seconds: float) -> None:
    """Stop children and what they started with SIGSTOP for a time, as a debugger or a full machine does."""
    processes = [process for name in names for process in scene.line.processes(name)]
    send(processes, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        send(reversed(processes), signal.SIGCONT)
        scene.now()


def superuser(line: RunningLine) -> psycopg2.extensions.connection:
    """Open a connection to the embedded Postgres that may do anything."""
    connection = psycopg2.connect(EmbeddedPostgres(line.home).url("postgres"), connect_timeout=10)
    connection.autocommit = True
    return connection


@fault("R4")
def job_killed(scene: Scene) -> None:
    """Kill Flink (TaskManager and JobManager are one JVM here) and its Python process at a random moment."""
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
    folders = scene.line.home / "checkpoints"
    known = set(folders.glob("*/chk-*"))
    deadline = time.monotonic() + 60
    while not [new for new in folders.glob("*/chk-*") if new not in known and not (new / "_metadata").exists()]:
        assert time.monotonic() < deadline, "no checkpoint began"
    kill(scene, "job")


@fault("R4", "R21")
def job_ended(scene: Scene) -> None:
    """Ask the job to end (SIGTERM): it takes a last checkpoint, and is started again."""
    ask_to_end(scene, "job", signal.SIGTERM)


@fault("R4")
def job_paused(scene: Scene) -> None:
    """Stop Flink for 15 to 30 seconds."""
    pause(scene, ["job"], scene.dice.uniform(15, 30))


@fault("R5")
def archive_killed(scene: Scene) -> None:
    """Kill the archive."""
    kill(scene, "archive")


@fault("R5")
def inbox_and_dashboard_killed(scene: Scene) -> None:
    """Kill two children at once that the results do not pass through."""
    kill(scene, "inbox", "dashboard")


@fault("R5")
def job_and_postgres_killed(scene: Scene) -> None:
    """Kill Flink and Postgres at the same moment."""
    kill(scene, "job", "postgres")


@fault("R5")
def supervisor_killed(scene: Scene) -> None:
    """Kill the supervisor, then start the line again: it ends what was left, and resumes."""
    line = scene.line
    left = [process for name in CHILDREN for process in line.processes(name)]
    os.kill(line.pid("supervisor"), signal.SIGKILL)
    scene.now()
    line.process.wait(30)
    line.start()
    orphans = [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert orphans == [], "children of the killed supervisor outlived the next start"


@fault("R21")
def supervisor_ended(scene: Scene) -> None:
    """Ask everything to end under load, see that nothing is left, and start again."""
    line = scene.line
    left = [process for name in CHILDREN for process in line.processes(name)]
    assert line.stop() == 0
    scene.now()
    assert [process for process in left if process.is_running()] == []
    line.start()


@fault("R5")
def machine_asleep(scene: Scene) -> None:
    """Stop everything for a minute at once, as a closed laptop does."""
    pause(scene, ["supervisor", *CHILDREN], 60)


@fault("R6")
def postgres_killed(scene: Scene) -> None:
    """Kill Postgres with SIGKILL, all its backends with it."""
    kill(scene, "postgres")


@fault("R6")
def postgres_stopped_fast(scene: Scene) -> None:
    """Stop Postgres as `pg_ctl stop -m fast` does: SIGINT."""
    ask_to_end(scene, "postgres", signal.SIGINT)


@fault("R6")
def postgres_stopped_immediately(scene: Scene) -> None:
    """Stop Postgres as `pg_ctl stop -m immediate` does: SIGQUIT."""
    ask_to_end(scene, "postgres", signal.SIGQUIT)


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
        time.sleep(30)
    scene.now()


@fault("R10")
def kafka_killed(scene: Scene) -> None:
    """Kill Kafka."""
    kill(scene, "kafka")


@fault("R10")
def kafka_paused(scene: Scene) -> None:
    """Stop Kafka for 30 seconds."""
    pause(scene, ["kafka"], 30)
