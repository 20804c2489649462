"""Read a topic as a consumer of the log sees it."""

import time

from confluent_kafka import Consumer, KafkaError, TopicPartition

READ_SECONDS = 30


def read_topic(bootstrap: str, topic: str) -> list:
    """Return every committed record of a topic, partition by partition, up to the end as it is now."""
    common = {"bootstrap.servers": bootstrap, "group.id": "tests", "enable.auto.commit": False, "fetch.wait.max.ms": 50}
    everything = Consumer({**common, "isolation.level": "read_uncommitted"})
    committed = Consumer({**common, "isolation.level": "read_committed", "enable.partition.eof": True})
    try:
        partitions = everything.list_topics(topic, 10).topics[topic].partitions
        ends = {one: everything.get_watermark_offsets(TopicPartition(topic, one), 10)[1] for one in partitions}
        await_markers(committed, topic, ends)
        committed.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        return read_to_ends(committed, len(partitions))
    finally:
        everything.close()
        committed.close()


def await_markers(committed: Consumer, topic: str, ends: dict[int, int]) -> None:
    """Wait until every transaction is committed or aborted: the broker writes its markers after its answer."""
    deadline = time.monotonic() + READ_SECONDS
    for partition, end in ends.items():
        while committed.get_watermark_offsets(TopicPartition(topic, partition), 10)[1] < end:
            assert time.monotonic() < deadline, "a transaction stays open"
            time.sleep(0.02)


def read_to_ends(consumer: Consumer, partitions: int) -> list:
    """Read until each partition has reported its end."""
    records, ended, deadline = [], set(), time.monotonic() + READ_SECONDS
    while len(ended) < partitions:
        assert time.monotonic() < deadline, "the topic's end was not reached"
        message = consumer.poll(1)
        if message is not None and message.error() is None:
            records.append(message)
        elif message is not None:
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            ended.add(message.partition())
    return records


def origin(message) -> tuple[str, int]:
    """Return the file and line of a record."""
    headers = dict(message.headers() or ())
    return headers["file"].decode(), int(headers["line"])
