"""Records into the log of a running line."""

from confluent_kafka import Producer

from tests.chaos.inputs import Record
from tests.line import RunningLine


def publish(line: RunningLine, records: list[Record]) -> None:
    """Publish records and their copies in order; fail when the log did not acknowledge each."""
    state = line.status()
    # lines of more than the contract's 1 MiB have to get into the log, to be rejected with their origin
    settings = {"enable.idempotence": True, "linger.ms": 5, "message.max.bytes": 2_000_000}
    # as the inbox and Java's clients choose it: a copy from elsewhere then follows its original on one partition
    settings["partitioner"] = "murmur2_random"
    producer = Producer({"bootstrap.servers": state["kafka"], **settings})
    failures = []

    def answered(error, _message) -> None:
        if error is not None:
            failures.append(error)

    for record in records:
        for _ in range(record.copies):
            producer.produce(state["topic"], record.value, record.key, on_delivery=answered)
    assert producer.flush(60) == 0 and failures == []
