"""Tell whether everything published so far is visible (`tally wait`): docs/architecture.md, "Drained"."""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from tally.database import DatabaseError, execute
from tally.errors import TallyError
from tally.home import Home
from tally.inbox import claimed, waiting
from tally.kafka_access import client_options

FIRST_WINDOW = 64
WINDOW_GROWTH = 16
READ_SECONDS = 20.0
MARKERS_SECONDS = 3.0
MARKERS_LOOK_SECONDS = 0.05
PASSING = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
LOOK_SECONDS = 0.25


class NotDrained(TallyError):
    """Time ran out; the text says what is missing."""


def log_end(bootstrap: str, topic: str) -> dict[int, int]:
    """Return the offset of each partition's last committed record as of now, -1 where there is none.

    Offsets have gaps (transaction markers), so the record itself is looked for, from the end backwards. Raise
    KafkaException when the broker does not answer.
    """
    with reader_of(bootstrap, "read_uncommitted") as everything, reader_of(bootstrap, "read_committed") as committed:
        partitions = sorted(everything.list_topics(topic, READ_SECONDS).topics[topic].partitions)
        bounds = {partition: bounds_of(everything, TopicPartition(topic, partition)) for partition in partitions}
        deadline = time.monotonic() + MARKERS_SECONDS
        for partition, (_, high) in bounds.items():
            await_markers(committed, TopicPartition(topic, partition), high, deadline)
        return last_records(committed, topic, bounds)


@contextlib.contextmanager
def reader_of(bootstrap: str, isolation: str) -> Iterator[Consumer]:
    """Give a consumer that keeps no offsets."""
    consumer = Consumer(
        {
            **client_options(bootstrap),
            "group.id": "tally-wait",
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
            "log_level": 0,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def bounds_of(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """Return the first offset of a partition and the one behind its last; a leader may be about to change."""
    deadline = time.monotonic() + READ_SECONDS
    while True:
        try:
            return consumer.get_watermark_offsets(partition, READ_SECONDS)
        except KafkaException as error:
            if error.args[0].code() not in PASSING or time.monotonic() > deadline:
                raise
        time.sleep(MARKERS_LOOK_SECONDS)


def await_markers(consumer: Consumer, partition: TopicPartition, high: int, deadline: float) -> None:
    """Wait until what was sent before is committed or aborted: the broker writes the markers after its answer.

    A transaction that stays open is not published; that is known when the deadline has passed.
    """
    while bounds_of(consumer, partition)[1] < high and time.monotonic() < deadline:
        time.sleep(MARKERS_LOOK_SECONDS)


def last_records(consumer: Consumer, topic: str, bounds: dict[int, tuple[int, int]]) -> dict[int, int]:
    """Look for each partition's last record below its end, in windows that grow towards its beginning."""
    found = dict.fromkeys(bounds, -1)
    searched = {partition: high for partition, (low, high) in bounds.items() if low < high}
    window = FIRST_WINDOW
    while searched:
        begins = {partition: max(bounds[partition][0], high - window) for partition, high in searched.items()}
        newest = newest_offsets(consumer, topic, begins, searched)
        found |= newest
        searched = {
            partition: high
            for partition, high in searched.items()
            if partition not in newest and begins[partition] > bounds[partition][0]
        }
        window *= WINDOW_GROWTH
    return found


def newest_offsets(consumer: Consumer, topic: str, begins: dict[int, int], ends: dict[int, int]) -> dict[int, int]:
    """Read each partition from a place up to an end; return the newest offset of those that hold a record there."""
    consumer.assign([TopicPartition(topic, partition, offset) for partition, offset in begins.items()])
    newest: dict[int, int] = {}
    unread = set(begins)
    while unread:
        message = consumer.poll(READ_SECONDS)
        if message is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        partition, fault = message.partition(), message.error()
        if fault is not None and fault.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(fault)
        # records that came after the call are none of its business, and chasing them might never end
        if fault is None and message.offset() < ends[partition]:
            newest[partition] = message.offset()
        if fault is not None or message.offset() >= ends[partition] - 1:
            unread.discard(partition)
    return newest


def missing_parts(end: dict[int, int], reached: dict[int, tuple[int, int]]) -> list[str]:
    """Say which partitions the archive or the job has not read to the end; `reached` is (archived, counted)."""
    faults = []
    for partition, offset in sorted(end.items()):
        for who, seen in zip(("the archive", "the job"), reached.get(partition, (-1, -1)), strict=True):
            if seen < offset:
                faults.append(f"{who} is at offset {seen} of {offset} in partition {partition}")
    return faults


def read_reached(url: str) -> dict[int, tuple[int, int]]:
    """Return partition → (offset the archive has reached, offset the job's results have reached)."""
    return {row[0]: tuple(-1 if one is None else one for one in row[1:]) for row in execute(url, "reached_offsets")}


def has_checkpoint_after(url: str, moment: datetime) -> bool:
    """Tell whether a checkpoint that was triggered after a moment has completed."""
    return bool(execute(url, "checkpoint_after", {"moment": moment}))


class Drain:
    """Waits in three steps: the inbox is empty, archive and job reach the log's end, a later checkpoint completes."""

    def __init__(
        self,
        home: Home,
        read_log_end: Callable[[], dict[int, int]],
        read_reached: Callable[[], dict[int, tuple[int, int]]],
        has_checkpoint_after: Callable[[datetime], bool],
        check_running: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.home = home
        self.read_log_end = read_log_end
        self.read_reached = read_reached
        self.has_checkpoint_after = has_checkpoint_after
        self.check_running = check_running
        self.clock = clock
        self.sleep = sleep

    def wait(self, seconds: float, show: Callable[[str], None] = lambda text: None) -> None:
        """Return when drained; raise NotDrained naming what is missing when the time is over."""
        deadline = self.clock() + seconds
        self.wait_for(self.pending_faults, deadline, seconds, show)
        end = self.read_log_end()
        self.wait_for(lambda: missing_parts(end, self.read_reached()), deadline, seconds, show)
        moment = datetime.now(UTC)
        self.wait_for(lambda: self.checkpoint_faults(moment), deadline, seconds, show)

    def wait_for(
        self, find_faults: Callable[[], list[str]], deadline: float, seconds: float, show: Callable[[str], None]
    ) -> None:
        """Return when there are no faults; raise NotDrained with those of the last look."""
        while faults := self.look(find_faults):
            show(faults[0])
            if self.clock() >= deadline:
                raise NotDrained(
                    f"not everything is visible after {seconds:g} s; found: {'; '.join(faults)}; wait longer "
                    "(--timeout), or see `tally status` and `tally logs job`"
                )
            self.sleep(LOOK_SECONDS)

    def look(self, find_faults: Callable[[], list[str]]) -> list[str]:
        """Look once; a database that does not answer is something missing too. Raise when nothing runs any more."""
        self.check_running()
        try:
            return find_faults()
        except DatabaseError as error:
            return [str(error)]

    def pending_faults(self) -> list[str]:
        """Say which files still wait in the inbox, and whether a rebuild goes on."""
        # in this order: a file that is claimed between the two looks is seen twice; in the other it would be missed
        waits = waiting(self.home.inbox)
        names = [path.name for path in (*claimed(self.home.inbox), *waits)]
        files = [f"{len(names)} in the inbox, next {names[0]}"] if names else []
        return files + (["the rebuild is not done"] if self.home.rebuild_request.exists() else [])

    def checkpoint_faults(self, moment: datetime) -> list[str]:
        """Say whether buffers may still hold rows: they are flushed at each checkpoint."""
        return (
            []
            if self.has_checkpoint_after(moment)
            else [f"no checkpoint triggered after {moment:%H:%M:%S} UTC has completed"]
        )
