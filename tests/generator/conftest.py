"""A broker for the generator's end-to-end tests."""

import uuid
from dataclasses import dataclass

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from generator.kafka_sink import KafkaSettings
from tests.tally.broker import running_broker


@dataclass(frozen=True)
class Log:
    """One topic of its own on the broker."""

    servers: str
    topic: str
    partitions: int

    @property
    def settings(self) -> KafkaSettings:
        return KafkaSettings(self.servers, self.topic)

    @property
    def env(self) -> dict[str, str]:
        return {"TALLY_KAFKA": self.servers, "TALLY_TOPIC": self.topic}

    def ends(self) -> dict[str, int]:
        """Return each partition's end offset, under the partition's number as JSON writes it."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "test"})
        try:
            partitions = [TopicPartition(self.topic, number) for number in range(self.partitions)]
            return {str(one.partition): consumer.get_watermark_offsets(one, timeout=10)[1] for one in partitions}
        finally:
            consumer.close()

    def read(self) -> list[tuple[bytes | None, bytes | None]]:
        """Return (key, value) of every record, partition by partition."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "test", "enable.auto.commit": False})
        try:
            found = []
            for number in range(self.partitions):
                partition = TopicPartition(self.topic, number, 0)
                end = consumer.get_watermark_offsets(partition, timeout=10)[1]
                consumer.assign([partition])
                seen = 0
                while seen < end:
                    for message in consumer.consume(10_000, timeout=1):
                        assert not message.error(), message.error()
                        seen = message.offset() + 1
                        found.append((message.key(), message.value()))
            return found
        finally:
            consumer.close()


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """Give the address of one broker for the generator's tests."""
    with running_broker(tmp_path_factory.mktemp("generator-kafka")) as bootstrap:
        yield bootstrap


@pytest.fixture
def make_log(broker):
    """Give a function that makes an empty topic."""

    def make(partitions: int = 3) -> Log:
        topic = f"events-{uuid.uuid4().hex[:8]}"
        admin = AdminClient({"bootstrap.servers": broker})
        config = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(2 * 1024 * 1024)}
        admin.create_topics([NewTopic(topic, partitions, config=config)])[topic].result(30)
        return Log(broker, topic, partitions)

    return make
