"""The archive's own Kafka consumer: offsets come from the files on disk, never from the consumer group."""

import logging
import time
from collections.abc import Callable, Iterable

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from tally.archive_files import ArchiveError
from tally.kafka_access import client_options

LOG = logging.getLogger("archive")
BATCH_RECORDS = 10_000
BATCH_SECONDS = 0.1
ANSWER_SECONDS = 5.0
RETRY_SECONDS = 0.5
PASSING = {
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TRANSPORT,
    KafkaError._TIMED_OUT,
    KafkaError._RESOLVE,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.BROKER_NOT_AVAILABLE,
}
OUT_OF_RANGE = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}


class LogReader:
    """Reads committed records of the topic from given offsets; `stopping` is asked while it waits."""

    def __init__(self, bootstrap: str, topic: str, stopping: Callable[[], bool]):
        self.bootstrap = bootstrap
        self.topic = topic
        self.stopping = stopping
        self.said = ""
        self.consumer = Consumer(
            {
                **client_options(bootstrap),
                "group.id": "tally-archive",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "isolation.level": "read_committed",
                "check.crcs": True,
                "queued.max.messages.kbytes": 32 * 1024,
                "logger": LOG,
                "error_cb": lambda error: self.say_once(f"Kafka at {bootstrap}: {error.str()}; trying again"),
            }
        )

    def say_once(self, text: str) -> None:
        """Log a text unless it was the last one logged."""
        if text != self.said:
            self.said = text
            LOG.warning("%s", text)

    def patiently(self, ask: Callable, what: str):
        """Return what `ask` gives, asked again while Kafka does not answer; None when the process is to end."""
        while not self.stopping():
            try:
                answer = ask()
            except KafkaException as error:
                answer = None
                self.say_once(f"waiting for {what} at {self.bootstrap}; found: {error.args[0].str()}")
            if answer is not None:
                return answer
            self.consumer.poll(0)
            time.sleep(RETRY_SECONDS)
        return None

    def partitions(self) -> list[int] | None:
        """Return the topic's partitions, waiting until there are any; None when the process is to end."""
        return self.patiently(self.known_partitions, f"topic {self.topic}")

    def known_partitions(self) -> list[int] | None:
        """Return the topic's partitions as of now, None for an unknown topic; raise KafkaException for no answer."""
        found = self.consumer.list_topics(self.topic, timeout=ANSWER_SECONDS).topics[self.topic]
        if found.error is not None:
            self.say_once(f"waiting for topic {self.topic} at {self.bootstrap}; found: {found.error.str()}")
            return None
        return sorted(found.partitions) or None

    def partitions_now(self) -> list[int]:
        """Return the topic's partitions, none while Kafka does not answer at once."""
        try:
            return self.known_partitions() or []
        except KafkaException as error:
            self.say_once(f"Kafka at {self.bootstrap} does not answer; found: {error.args[0].str()}; trying again")
            return []

    def topic_id(self) -> str | None:
        """Return the id that Kafka gave this topic when it was created; None when the process is to end."""
        # the client has to outlive its answers
        admin = AdminClient({**client_options(self.bootstrap), "logger": LOG})

        def ask() -> str:
            asked = admin.describe_topics(TopicCollection([self.topic]), request_timeout=ANSWER_SECONDS)
            return str(asked[self.topic].result().topic_id)

        return self.patiently(ask, f"topic {self.topic}")

    def bounds(self, partition: int) -> tuple[int, int] | None:
        """Return (first offset, offset after the last) of a partition; None when the process is to end."""
        place = TopicPartition(self.topic, partition)
        return self.patiently(
            lambda: self.consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS), f"partition {partition}"
        )

    def assign(self, positions: dict[int, int]) -> None:
        """Read from these offsets on, {partition: offset}."""
        self.consumer.assign([TopicPartition(self.topic, partition, at) for partition, at in positions.items()])

    def read(self) -> Iterable:
        """Return the next messages: records, and for a partition read to its end one whose error is _PARTITION_EOF.

        Raise ArchiveError when the log can't be read any further.
        """
        messages = self.consumer.consume(BATCH_RECORDS, BATCH_SECONDS)
        return [message for message in messages if message.error() is None or self.is_end(message)]

    def is_end(self, message) -> bool:
        """Tell an end of partition from a passing error; raise ArchiveError for any other."""
        error = message.error()
        if error.code() == KafkaError._PARTITION_EOF:
            return True
        if error.code() in OUT_OF_RANGE:
            raise ArchiveError(
                f"partition {message.partition()} of {self.topic} can't be read on; found: {error.str()}; the log lost "
                "records that are not in the archive: its retention has to be without end (retention.ms=-1)"
            )
        if error.code() not in PASSING and not error.retriable():
            raise ArchiveError(
                f"{self.topic} can't be read; found: {error.str()}; see that the topic and Kafka are well"
            )
        self.say_once(f"{self.topic}: {error.str()}; trying again")
        return False

    def close(self) -> None:
        """Leave Kafka."""
        self.consumer.close()


def starting_offset(topic: str, partition: int, on_disk: int | None, low: int, high: int) -> int:
    """Return where reading goes on: behind the last file, or at the log's beginning for a new archive.

    Raise ArchiveError when the log no longer has that place, or ends before it.
    """
    if on_disk is None:
        return low
    if on_disk > high:
        raise ArchiveError(
            f"the log ends before the archive; found partition {partition} of {topic} ending at offset {high} and the "
            f"archive at {on_disk}; bring that log back, or move the archive's folder away to begin a new one"
        )
    if on_disk < low:
        raise ArchiveError(
            f"the log lost records that are not in the archive; found partition {partition} of {topic} beginning at "
            f"offset {low} and the archive ending at {on_disk}; give the topic retention without end, and move the "
            "archive's folder away to go on without those records"
        )
    return on_disk
