"""Records into the log of a running line."""

from confluent_kafka import Producer

from tests.chaos.inputs import Record
from tests.line import RunningLine


def publish(line: RunningLine, records: list[Record]) -> None:
    """Publish records and their copies in order; fail when the log did not acknowledge each."""
    state = line.status()
    producer = Producer({"bootstrap.servers": state["kafka"], "enable.idempotence": True, "linger.ms": 5})
    failures = []

    def answered(error, _message) -> None:
        if error is not None:
            failures.append(error)

    for record in records:
        for _ in range(record.copies):
            producer.produce(state["topic"], record.value, record.key, on_delivery=answered)
    assert producer.flush(60) == 0 and failures == []
