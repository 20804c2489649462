"""Kafka: an idempotent producer that ends with an error when a record was not taken, and reading a topic's tail."""

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from generator.sinks import SinkError

MAX_MESSAGE_BYTES = 2 * 1024 * 1024
ANSWER_SECONDS = 8.0
READ_BATCH = 10_000


class SettingsError(ValueError):
    """Settings that can't be used; the message lists every fault."""


@dataclass(frozen=True)
class KafkaSettings:
    """The log to write to."""

    servers: str
    topic: str
    access: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def client(self) -> dict[str, str]:
        """Return a client's first options: the servers, and how they let us in."""
        return {"bootstrap.servers": self.servers, **dict(self.access)}

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "KafkaSettings":
        """Read TALLY_KAFKA and TALLY_TOPIC. Raise SettingsError that names every fault."""
        servers, topic = env.get("TALLY_KAFKA", "").strip(), env.get("TALLY_TOPIC", "sales-events").strip()
        faults = []
        if not servers:
            faults.append("TALLY_KAFKA is not set; set it to the log's address, such as 127.0.0.1:9092, or start "
                          "the log with `tally run`")  # fmt: skip
        if not topic or len(topic) > 249 or not all((c.isalnum() and c.isascii()) or c in "._-" for c in topic):
            faults.append(f"TALLY_TOPIC {topic!r} is no topic name; use letters, digits, dot, dash and underscore")
        access = access_options(env, faults)
        if faults:
            raise SettingsError("\n".join(faults))
        return cls(servers, topic, tuple(access.items()))


def access_options(env: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    """Return what TALLY_KAFKA_SECURITY and its companions ask of a client; what is missing goes into faults."""
    found = {name: env.get(f"TALLY_KAFKA_{name}", "") for name in ("MECHANISM", "USER", "CA_FILE", "KEY_FILE")}
    protocol = env.get("TALLY_KAFKA_SECURITY") or "PLAINTEXT"
    options = {"security.protocol": protocol}
    if protocol.startswith("SASL"):
        path = Path(env.get("TALLY_KAFKA_PASSWORD_FILE") or os.devnull)
        try:
            password = path.read_text("utf-8").strip()
        except OSError as error:
            password = ""
            faults.append(
                f"TALLY_KAFKA_PASSWORD_FILE {path} can't be read: {error.strerror}; name one that we may read"
            )
        mechanism = found["MECHANISM"] or "SCRAM-SHA-512"
        options |= {"sasl.mechanism": mechanism, "sasl.username": found["USER"], "sasl.password": password}
    if protocol.endswith("SSL"):
        options["ssl.ca.location"] = found["CA_FILE"]
        own = ("ssl.key.location", "ssl.certificate.location") if found["KEY_FILE"] else ()
        options |= dict.fromkeys(own, found["KEY_FILE"])
    return options


class KafkaSink:
    """Sends records with their event_id as the key, so that copies follow their original on one partition."""

    needs_keys = True

    def __init__(self, settings: KafkaSettings, queue: int = 200_000):
        self.settings = settings
        self._failed: str | None = None
        self._producer = Producer(
            {
                **settings.client,
                "client.id": "tally-generator",
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                "linger.ms": 10,
                "batch.size": 512 * 1024,
                "queue.buffering.max.messages": queue,
                "queue.buffering.max.kbytes": 128 * 1024,
                "message.max.bytes": MAX_MESSAGE_BYTES,
                # as the Java client: copies of an id from any producer meet in one partition
                "partitioner": "murmur2_random",
                "delivery.report.only.error": True,
                "error_cb": self._on_error,
                "log_level": 2,
            }
        )
        self.partitions = self._find_partitions()
        self._reader: Consumer | None = None

    def _find_partitions(self) -> list[int]:
        settings = self.settings
        try:
            found = self._producer.list_topics(settings.topic, timeout=ANSWER_SECONDS).topics[settings.topic]
        except KafkaException as error:
            raise SinkError(
                f"Kafka does not answer; tried {settings.servers} for {ANSWER_SECONDS:.0f} s ({error.args[0].str()}); "
                "check TALLY_KAFKA and that the broker runs (`tally status`)"
            ) from error
        if found.error or not found.partitions:
            raise SinkError(
                f"topic {settings.topic!r} does not exist on {settings.servers}; start the log with `tally run`, "
                "or create the topic and set TALLY_TOPIC"
            )
        return sorted(found.partitions)

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._failed = self._failed or error.str()

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed = self._failed or error.str()

    def write(self, lines: list[bytes | None], keys: list[bytes | None] | None) -> None:
        """Send records. Raise SinkError when an earlier one was not taken."""
        produce, topic, report = self._producer.produce, self.settings.topic, self._on_delivery
        for line, key in zip(lines, keys or [None] * len(lines), strict=True):
            while True:
                try:
                    produce(topic, line, key, on_delivery=report)
                    break
                except BufferError:
                    self._producer.poll(0.05)
                    self._check()
        self._producer.poll(0)
        self._check()

    def _check(self) -> None:
        if self._failed:
            raise SinkError(
                f"Kafka did not take a record: {self._failed} (topic {self.settings.topic}, {self.settings.servers}); "
                "check the broker (`tally logs kafka`) and start again"
            )

    def flush(self, seconds: float = 60.0) -> None:
        """Wait until every record is acknowledged. Raise SinkError when one was not taken."""
        left = self._producer.flush(seconds)
        self._check()
        if left:
            raise SinkError(
                f"Kafka has not acknowledged {left} records after {seconds:.0f} s ({self.settings.servers}); "
                "check the broker (`tally logs kafka`)"
            )

    def close(self) -> None:
        """Flush and let go of the connections. Raise SinkError when a record was not taken."""
        self.flush()
        if self._reader:
            self._reader.close()

    def ends(self) -> dict[int, int]:
        """Return each partition's end offset. Raise SinkError when the broker does not answer."""
        self._reader = self._reader or _consumer(self.settings)
        return {p: _end(self._reader, self.settings, p) for p in self.partitions}


def digest(value: bytes | None) -> bytes:
    """Return a short digest of a record's value; None and empty differ."""
    return b"" if value is None else hashlib.blake2b(value, digest_size=12).digest()


def published_since(settings: KafkaSettings, offsets: dict[int, int]) -> Counter[bytes]:
    """Return the digests of all values from these offsets to the end, however often each is there.

    Raise SinkError when the log no longer holds those offsets.
    """
    consumer = _consumer(settings)
    found: Counter[bytes] = Counter()
    try:
        ends = {p: _end(consumer, settings, p) for p in offsets}
        refuse_another_log(settings, offsets, ends)
        open_partitions = {p for p in offsets if ends[p] > offsets[p]}
        consumer.assign([TopicPartition(settings.topic, p, offsets[p]) for p in open_partitions])
        while open_partitions:
            messages = consumer.consume(READ_BATCH, timeout=1.0)
            for message in messages:
                _raise_on_error(message)
                # a transaction's marker fills the last offset: position tells, not the last message
                found[digest(message.value())] += 1
            for position in consumer.position([TopicPartition(settings.topic, p) for p in open_partitions]):
                if position.offset >= ends[position.partition]:
                    open_partitions.discard(position.partition)
        return found
    finally:
        consumer.close()


def refuse_another_log(settings: KafkaSettings, offsets: dict[int, int], ends: dict[int, int]) -> None:
    """Raise SinkError when a topic ends before offsets that were written down earlier."""
    for partition, offset in offsets.items():
        end = ends.get(partition, 0)
        if end < offset:
            raise SinkError(
                f"partition {partition} of {settings.topic} ends at {end}, before offset {offset} of the generator's "
                "saved state; this is another log; run `tally reset`, or use the log of this home"
            )


def _raise_on_error(message: Message) -> None:
    error = message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        raise SinkError(f"can't read back what was published: {error.str()}; check the broker (`tally logs kafka`)")


def _consumer(settings: KafkaSettings) -> Consumer:
    return Consumer(
        {
            **settings.client,
            "group.id": "tally-generator",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            # the generator's own records are in no transaction; an open one of the inbox must not hide them
            "isolation.level": "read_uncommitted",
            "enable.partition.eof": True,
            "log_level": 2,
        }
    )


def _end(consumer: Consumer, settings: KafkaSettings, partition: int) -> int:
    try:
        return consumer.get_watermark_offsets(TopicPartition(settings.topic, partition), timeout=ANSWER_SECONDS)[1]
    except KafkaException as error:
        raise SinkError(
            f"Kafka does not answer; tried {settings.servers} ({error.args[0].str()}); check TALLY_KAFKA"
        ) from error
