"""The log's end as the audit reads it, by a consumer of its own: what no file of the archive holds yet."""

import time
from collections.abc import Iterator

import pyarrow as pa
from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from tally.archive_buffer import PartitionBuffer
from tally.archive_files import Segment
from tally.errors import TallyError
from tally.kafka_access import client_options

ANSWER_SECONDS = 10.0
SILENCE_SECONDS = 30.0
BATCH_RECORDS = 10_000


class AuditError(TallyError):
    """The audit can't be run; the text says what is wrong, what was found and what to do."""


class LogTail:
    """Reads committed records behind the archive's files, each once, up to ends that are asked for again and again."""

    def __init__(self, bootstrap: str, topic: str, segments: list[Segment]):
        self.bootstrap = bootstrap
        self.topic = topic
        self.admin = AdminClient(client_options(bootstrap))
        self.consumer = Consumer(
            {
                **client_options(bootstrap),
                "group.id": "tally-audit",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "isolation.level": "read_committed",
            }
        )
        lows = self.offsets(OffsetSpec.earliest())
        on_disk = {partition: ends_at(segments, partition, low) for partition, low in lows.items()}
        self.position = on_disk
        self.last_record = {partition: end - 1 for partition, end in on_disk.items()}
        self.consumer.assign([TopicPartition(topic, partition, at) for partition, at in on_disk.items()])

    def offsets(self, which: OffsetSpec) -> dict[int, int]:
        """Return {partition: offset} of the log's beginning or of its end for readers of committed records."""
        try:
            known = self.consumer.list_topics(self.topic, timeout=ANSWER_SECONDS).topics[self.topic]
            if known.error is not None:
                raise KafkaException(known.error)
            asked = {TopicPartition(self.topic, partition): which for partition in known.partitions}
            answers = self.admin.list_offsets(
                asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER_SECONDS
            )
            return {place.partition: answer.result().offset for place, answer in answers.items()}
        except KafkaException as error:
            raise AuditError(
                f"the log {self.topic} can't be asked for its end; found {error.args[0].str()} at {self.bootstrap}; "
                "see that Kafka runs (`tally status`)"
            ) from error

    def read_to_end(self) -> Iterator[pa.RecordBatch]:
        """Give the records up to the log's end as of this call; raise AuditError when they don't come."""
        ends = self.offsets(OffsetSpec.latest())
        self.check_known(ends)
        heard = time.monotonic()
        while any(self.position[partition] < end for partition, end in ends.items()):
            messages = self.consumer.consume(BATCH_RECORDS, 0.2)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_SECONDS:
                raise AuditError(
                    f"the log {self.topic} gave nothing for {SILENCE_SECONDS:.0f} s; found offsets {self.position} "
                    f"read of {ends}; see that Kafka runs (`tally status`)"
                )
            yield from self.batches(messages)

    def check_known(self, ends: dict[int, int]) -> None:
        """Raise AuditError when the log ends before the archive, or has partitions that it had not at the start."""
        short = {one: end for one, end in ends.items() if end < self.position.get(one, end)}
        if short or ends.keys() - self.position.keys():
            raise AuditError(
                f"the log {self.topic} is not the one that was archived, or just got new partitions; found it to end "
                f"at {ends} with the archive at {self.position}; audit again, and if that repeats see the archive's log"
            )

    def batches(self, messages) -> Iterator[pa.RecordBatch]:
        """Give messages by partition in the archive's columns."""
        buffers: dict[int, PartitionBuffer] = {}
        for message in messages:
            partition = message.partition()
            if message.error() is None:
                buffer = buffers.setdefault(partition, PartitionBuffer(self.topic, partition, self.position[partition]))
                buffer.append(message)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                # behind the last record may come markers of transactions, which are never given
                self.position[partition] = max(self.position[partition], message.offset())
            elif not message.error().retriable():
                raise AuditError(
                    f"the log {self.topic} can't be read; found {message.error().str()}; see that Kafka runs "
                    "(`tally status`)"
                )
        for partition, buffer in buffers.items():
            self.last_record[partition] = buffer.offsets[-1]
            self.position[partition] = max(self.position[partition], buffer.offsets[-1] + 1)
            yield from buffer.take_table().to_batches()

    def close(self) -> None:
        """Leave Kafka."""
        self.consumer.close()


def ends_at(segments: list[Segment], partition: int, low: int) -> int:
    """Return the offset after a partition's last file, or the log's beginning when there is none."""
    return max((one.last + 1 for one in segments if one.partition == partition), default=low)
