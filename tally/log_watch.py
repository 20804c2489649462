"""Look now and then whether the log is whole: its settings, and every record that is not yet counted."""

from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from tally.errors import TallyError
from tally.kafka import KafkaError, admin_client, check_topic
from tally.kafka_access import client_options

ANSWER_SECONDS = 10.0


class LogLost(TallyError):
    """Records went that were never counted, or the log is another one; the text says which and what to do."""


def look_at_log(bootstrap: str, topic: str, counted: Mapping[int, int | None]) -> None:
    """Return when the topic is as it has to be; `counted` is partition → offset of the newest record in the results.

    Raise KafkaError when its settings would make totals wrong, LogLost when records are gone, and nothing while Kafka
    does not answer: its own health says so.
    """
    try:
        faults = offset_faults(bounds_of_all(bootstrap, topic), counted)
        check_topic(admin_client(bootstrap), topic)
    except (KafkaException, TimeoutError):
        return
    if faults:
        raise LogLost("; ".join([f"the log {topic} is not whole", *faults, CURE]))


CURE = (
    "what is gone can't be counted: `tally audit` still holds what the archive has read; to go on with the log as it "
    "is, run `tally rebuild`, and see that nothing deletes records (retention.ms=-1) or topics"
)


def bounds_of_all(bootstrap: str, topic: str) -> dict[int, tuple[int, int]]:
    """Return partition → (its first offset, the one behind its last). Raise KafkaException or KafkaError."""
    options = {"group.id": "tally-watch", "enable.auto.commit": False, "log_level": 0}
    consumer = Consumer({**client_options(bootstrap), **options})
    try:
        known = consumer.list_topics(topic, ANSWER_SECONDS).topics[topic]
        if known.error is not None:
            raise KafkaError(
                f"the topic {topic} is gone; found {known.error.str()} at {bootstrap}; restore it, or start again: "
                "`tally stop`, and `tally run` makes a new one"
            )
        places = [TopicPartition(topic, partition) for partition in sorted(known.partitions)]
        return {one.partition: consumer.get_watermark_offsets(one, ANSWER_SECONDS) for one in places}
    finally:
        consumer.close()


def offset_faults(bounds: Mapping[int, tuple[int, int]], counted: Mapping[int, int | None]) -> list[str]:
    """Say of each partition whether records went before they were counted, or it begins anew."""
    faults = []
    for partition, (first, behind) in sorted(bounds.items()):
        newest = counted.get(partition)
        reached = -1 if newest is None else newest
        if behind <= reached:
            faults.append(
                f"partition {partition} was made anew: found it to end before offset {behind}, and the results go to "
                f"{reached}"
            )
        elif first > reached + 1:
            faults.append(
                f"partition {partition} lost records that were not counted: found its first offset {first}, and the "
                f"results go to {reached}"
            )
    return faults
