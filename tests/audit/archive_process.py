"""The archive as the process it is, for tests, and what the log and the archive really hold."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
from confluent_kafka import Consumer, KafkaError, TopicPartition

from tally.archive_run import Archive
from tally.archive_settings import ArchiveSettings
from tally.errors import TallyError

DEADLINE_SECONDS = 60


def wait_until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Return when a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class ArchiveProcess:
    """`python -m tally.archive` with its environment."""

    def __init__(self, home: Path, bootstrap: str, topic: str, database_url: str, **variables: str):
        self.home = home
        self.log = home / "archive.log"
        self.environment = {
            **os.environ,
            "TALLY_HOME": str(home),
            "TALLY_KAFKA": bootstrap,
            "TALLY_TOPIC": topic,
            "DATABASE_URL": database_url,
            "TALLY_ARCHIVE_ROLL_SECONDS": "1",
            **variables,
        }

    def start(self) -> subprocess.Popen:
        """Start the process; its words go to its log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(self.command(), stdout=log, stderr=log, env=self.environment)

    def command(self) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "tally.archive"]

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen]:
        """Run it while the block does, then end it by SIGTERM with exit code 0."""
        process = self.start()
        try:
            yield process
            process.terminate()
            assert process.wait(20) == 0, self.said()
        finally:
            process.kill()
            process.wait()

    def said(self) -> str:
        """Return what it said so far."""
        return self.log.read_text() if self.log.exists() else ""


@contextmanager
def archiving(home: Path, topic, database_url: str) -> Iterator[threading.Thread]:
    """Archive in a thread while the block runs, as the process does after its start; raise what it ended with."""
    settings, stop, failures = (
        ArchiveSettings(home, topic.bootstrap, topic.name, database_url, 1),
        threading.Event(),
        [],
    )

    settings.folder.mkdir(parents=True, exist_ok=True)

    def run() -> None:
        try:
            Archive(settings, stop.is_set).run()
        except TallyError as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(30)
    if failures:
        raise failures[0]


def archived(folder: Path) -> list[tuple]:
    """Return every record of the archive as (partition, offset, append time, key, value), sorted, repeats included."""
    columns = ["partition", "offset", "append_time_ms", "key", "value"]
    tables = (pq.read_table(path, columns=columns) for path in folder.glob("p*.parquet"))
    return sorted((tuple(row.values()) for table in tables for row in table.to_pylist()), key=lambda row: row[:2])


def in_log(bootstrap: str, topic: str, partitions: int = 2) -> list[tuple]:
    """Return every committed record of the log in the same form, read by a plain consumer."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "oracle", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    rows, ended = [], set()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(ended) < partitions:
        assert time.monotonic() < deadline, f"ends of {topic} not reached: {ended}"
        for message in consumer.consume(1000, 0.1):
            if message.error() is None:
                place = (message.partition(), message.offset(), message.timestamp()[1])
                rows.append((*place, message.key(), message.value()))
            else:
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                ended.add(message.partition())
    consumer.close()
    return sorted(rows, key=lambda row: row[:2])


def counted(cursor) -> list[tuple]:
    """Return log_counts_1h summed by partition: (partition, records, last offset)."""
    cursor.execute(
        "SELECT log_partition, sum(records)::int, max(last_offset)::int FROM tally.log_counts_1h GROUP BY 1 ORDER BY 1"
    )
    return cursor.fetchall()


def count_of(rows: list[tuple]) -> list[tuple]:
    """Return records in the form of `counted`."""
    partitions = sorted({row[0] for row in rows})
    own = {partition: [row[1] for row in rows if row[0] == partition] for partition in partitions}
    return [(partition, len(offsets), max(offsets)) for partition, offsets in own.items()]
