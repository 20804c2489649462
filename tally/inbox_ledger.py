"""The inbox's ledger: a compacted topic with one entry per published content, written in the file's own transaction.

Each log has its own: what was published into one says nothing about another.
"""

import dataclasses
import json
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from tally.kafka import ledger_topic
from tally.kafka_access import client_options

READ_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One published content: under which name, how many lines, when (epoch ms), and which file on this disk it was."""

    sha256: str
    name: str
    lines: int
    published_at: int
    device: int
    inode: int
    modified_ns: int

    def to_bytes(self) -> bytes:
        """Write the entry as its topic keeps it."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False).encode("utf-8", "surrogateescape")


def read_ledger(bootstrap: str, topic: str) -> dict[str, LedgerEntry]:
    """Read a log's whole ledger, up to its end as it is now; raise KafkaException when the broker does not answer."""
    consumer = Consumer(
        {
            **client_options(bootstrap),
            "group.id": "tally-inbox-ledger",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        consumer.assign([TopicPartition(ledger_topic(topic), 0, 0)])
        return read_to_end(consumer)
    finally:
        consumer.close()


def read_to_end(consumer: Consumer) -> dict[str, LedgerEntry]:
    """Read entries until the end of the partition is reported."""
    entries: dict[str, LedgerEntry] = {}
    while True:
        message = consumer.poll(READ_SECONDS)
        if message is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        if message.error() is None:
            entry = parse_entry(message.value())
            entries[entry.sha256] = entry
        elif message.error().code() == KafkaError._PARTITION_EOF:
            return entries
        else:
            raise KafkaException(message.error())


def parse_entry(value: bytes) -> LedgerEntry:
    """Read one entry back."""
    return LedgerEntry(**json.loads(value.decode("utf-8", "surrogateescape")))
