"""`tally rebuild --check`: every result made again beside the live ones, up to one cut of the log, and compared.

    job has caught up ──► it pauses at one cut ──► snapshot begun, job started again ──► live rows copied from it
    ──► a bounded job fills the shadow tables up to the cut ──► each shadow row compared with its copy ──► all dropped

Nothing live is changed. A copy, not the snapshot itself, is compared: an old snapshot would not see the shadow's rows.
Rows that depend on which copy of an event was read first are told apart: between partitions a second run may read in
another order.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
from confluent_kafka import Consumer, TopicPartition

from tally.audit_compare import Difference
from tally.bounded_job import CheckError, end_left_job, run_bounded_job
from tally.check_undecided import keep_undecided, undecided_keys
from tally.child import State
from tally.database import DatabaseError
from tally.drained import has_checkpoint_after, log_end
from tally.home import Home
from tally.kafka_access import client_options
from tally.pause import job_paused
from tally.registry import RunState
from tally.shadow import ShadowTable, drop_shadow, jobs_write, make_shadow, shadow_tables, transaction
from tally.sql_files import statement

CAUGHT_UP_SECONDS = 120.0
WRITTEN_SECONDS = 10.0
STARTED_SECONDS = 120.0
LOOK_SECONDS = 0.5
KAFKA_SECONDS = 20.0
# the consumer group of the live job, as pipeline/statements.py names it
JOB_GROUP = "tally-job-{}"
AGAIN = "run it again"


@dataclass(frozen=True)
class TableCheck:
    """What came out for one table: rows compared, how many differ in which way, and some of those."""

    table: str
    compared: int
    missing: int
    extra: int
    wrong: int
    undecided: int = 0
    sample: tuple[Difference, ...] = ()

    @property
    def differing(self) -> int:
        """Return how many rows are not alike, and have to be."""
        return self.missing + self.extra + self.wrong


@dataclass(frozen=True)
class Line:
    """The running line as a check needs it; `check_running` raises when nothing runs any more."""

    home: Home
    state: RunState
    url: str
    check_running: Callable[[], RunState]
    say: Callable[[str], None] = lambda text: None


def check(line: Line, limit: int) -> list[TableCheck]:
    """Compare every result row with what a bounded run of the same SQL makes of the log.

    Raise CheckError, PauseError or KafkaException when it can't be told; nothing live is changed.
    """
    environment = job_environment(line.state)
    with contextlib.ExitStack() as at_the_end, database_needed():
        end_left_job(line.home)
        make_shadow(line.url)
        at_the_end.callback(throw_away, line)
        line.say("waiting until the job has caught up")
        await_caught_up(line)
        line.say("the job pauses for a copy of its results")
        ends = copy_live(line)
        line.say("waiting until the job runs again")
        await_live_job(line)
        line.say("making every result again")
        run_bounded_job(line.home, environment, ends, line.check_running)
        line.say("comparing")
        tables = compare(line.url, limit)
        if not any(one.differing for one in tables):
            return tables
        line.say("looking for what depends on the order of reading")
        keep_undecided(line.url, undecided_keys(environment, line.say, [one.table for one in tables if one.differing]))
        return compare(line.url, limit)


@contextlib.contextmanager
def database_needed() -> Iterator[None]:
    """Turn a DatabaseError into a CheckError: what was copied and made may be gone with a restart."""
    try:
        yield
    except DatabaseError as error:
        raise CheckError(f"the check was given up, and nothing live was changed; {error}; {AGAIN}") from error


def throw_away(line: Line) -> None:
    """Drop the shadow; where the database is away, the next start does."""
    with contextlib.suppress(DatabaseError):
        drop_shadow(line.url)


def job_environment(state: RunState) -> dict[str, str]:
    """Return what the live job was told, so that the bounded one reads the log alike. Raise CheckError."""
    try:
        pid = next(entry.pid for entry in state.processes if entry.name == "job")
        return psutil.Process(pid).environ()
    except (StopIteration, psutil.Error):
        raise CheckError("the job does not run; found no process of it; see `tally status`, and run it again") from None


def await_caught_up(line: Line, clock: Callable[[], float] = time.monotonic, sleep=time.sleep) -> None:
    """Return when the job's present start has read what was in the log at the call. Raise CheckError after a while.

    An earlier start that was killed may have written rows that the present one has not come to yet; they are not of the
    cut then.
    """
    moment, end = datetime.now(UTC), log_end(line.state.kafka, line.state.topic)
    deadline = clock() + CAUGHT_UP_SECONDS
    while fault := lag_fault(line, moment, end):
        line.check_running()
        if clock() >= deadline:
            raise CheckError(
                f"the job has not caught up with the log within {CAUGHT_UP_SECONDS:.0f} s; found {fault}; wait until "
                "the lag that `tally status` shows is small, and run it again"
            )
        sleep(LOOK_SECONDS)


def lag_fault(line: Line, moment: datetime, end: dict[int, int]) -> str:
    """Say what the job has not read of the log as it was at a moment, going by its newest checkpoint."""
    if not has_checkpoint_after(line.url, moment):
        return "no checkpoint since"
    reached = committed_offsets(line.state, list(end))
    behind = [p for p, offset in sorted(end.items()) if reached[p] <= offset and offset >= 0]
    return "; ".join(f"it is at offset {reached[p]} of {end[p] + 1} in partition {p}" for p in behind)


def committed_offsets(state: RunState, partitions: list[int]) -> dict[int, int]:
    """Return how far the job's newest checkpoint has come: partition → first offset not read."""
    consumer = Consumer({**client_options(state.kafka), "group.id": JOB_GROUP.format(state.topic), "log_level": 0})
    try:
        asked = [TopicPartition(state.topic, partition) for partition in partitions]
        return {one.partition: one.offset for one in consumer.committed(asked, KAFKA_SECONDS)}
    finally:
        consumer.close()


def copy_live(line: Line) -> dict[int, int]:
    """Copy the live rows as they are at one cut, and return the cut: partition → first offset behind it.

    The snapshot is begun while the job stands; the copying goes on after its new start.
    Raise PauseError, CheckError or DatabaseError.
    """
    partitions = log_end(line.state.kafka, line.state.topic)
    with transaction(line.url, "check_copy") as cursor:
        with job_paused(line.home, line.check_running):
            await_written(line.url)
            cursor.connection.set_session(isolation_level="REPEATABLE READ")
            cursor.execute(statement("reached_offsets"))
            reached = {partition: counted for partition, _, counted in cursor.fetchall()}
        line.say("copying the results")
        for table in shadow_tables(cursor):
            cursor.execute(table.compose("check_copy"))
            cursor.execute(table.compose("check_undecided"))
    return {p: 0 if reached.get(p) is None else reached[p] + 1 for p in partitions}


def await_live_job(line: Line, clock: Callable[[], float] = time.monotonic, sleep=time.sleep) -> None:
    """Return when the live job runs again, or does not for long: two starts at once would take twice as long."""
    deadline = clock() + STARTED_SECONDS
    while not any(one.name == "job" and one.state == State.RUNNING for one in line.check_running().processes):
        if clock() >= deadline:
            return
        sleep(LOOK_SECONDS)


def await_written(url: str, clock: Callable[[], float] = time.monotonic, sleep=time.sleep) -> None:
    """Return when no job writes any more. Raise CheckError."""
    deadline = clock() + WRITTEN_SECONDS
    while jobs_write(url):
        if clock() >= deadline:
            raise CheckError(f"a job still writes although it was stopped; found its connection; {AGAIN}")
        sleep(LOOK_SECONDS)


def compare(url: str, limit: int) -> list[TableCheck]:
    """Compare each shadow table with the copy of the live one; name `limit` rows of each that differ."""
    with transaction(url, "check_compare") as cursor:
        return [compare_table(cursor, table, limit) for table in shadow_tables(cursor)]


def compare_table(cursor, table: ShadowTable, limit: int) -> TableCheck:
    """Compare one shadow table with its copy."""
    cursor.execute(table.compose("check_counts"))
    counts = cursor.fetchone()
    if not any(counts[1:4]):
        return TableCheck(table.name, *counts)
    cursor.execute(table.compose("check_sample"), {"limit": limit})
    return TableCheck(table.name, *counts, tuple(as_differences(table, cursor.fetchall())))


def as_differences(table: ShadowTable, rows: list[tuple]) -> Iterator[Difference]:
    """Give the rows of check_sample.sql, key and values apart."""
    for kind, expected, found in rows:
        key = {name: (expected or found)[name] for name in table.key}
        values = ({name: row[name] for name in table.others} if row else None for row in (expected, found))
        yield Difference(kind, key, *values, 0, [])
