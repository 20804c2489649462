"""Look now and then whether the log is whole: its settings, and every record that is not yet counted."""

from collections.abc import Callable, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import KafkaError as Code

from tally.errors import TallyError
from tally.kafka import KafkaError, admin_client, check_topic
from tally.kafka_access import client_options

ANSWER_SECONDS = 10.0
CURE = (
    "what is gone can't be counted: `tally audit` still holds what the archive has read; to go on with the log as it "
    "is, run `tally rebuild`, and see that nothing deletes records (retention.ms=-1) or topics"
)
# partition → (offset that the archive has reached, offset that the results have reached); -1 before the first record
Reached = Mapping[int, tuple[int, int]]


class LogLost(TallyError):
    """Records may have gone that were never counted, or the log is another one; the text says which and what to do."""


class LogWatch:
    """Looks again and again, and tells each loss once: a job that runs steps over it, so that it shows in one look."""

    def __init__(self, bootstrap: str, topic: str, read_reached: Callable[[], Reached]):
        self.bootstrap = bootstrap
        self.topic = topic
        self.read_reached = read_reached
        self.before: Reached | None = None
        self.told = ""

    def look(self) -> list[str]:
        """Return what is lost, where it was not told before; raise KafkaError while settings are wrong."""
        now = self.read_reached()
        before, self.before = self.before or now, now
        try:
            look_at_log(self.bootstrap, self.topic, before)
        except LogLost as loss:
            news = [] if str(loss) == self.told else [str(loss)]
            self.told = str(loss)
            return news
        return []


def look_at_log(bootstrap: str, topic: str, reached: Reached) -> None:
    """Return when the topic is as it has to be, going by how far archive and results were.

    Raise KafkaError when its settings would make totals wrong, LogLost when records are gone, and nothing while Kafka
    does not answer: its own health says so.
    """
    try:
        faults = offset_faults(bounds_of_all(bootstrap, topic), reached)
        check_topic(admin_client(bootstrap), topic)
    except (KafkaException, TimeoutError):
        return
    if faults:
        raise LogLost("; ".join([f"the log {topic} is not whole", *faults, CURE]))


def bounds_of_all(bootstrap: str, topic: str) -> dict[int, tuple[int, int]]:
    """Return partition → (its first offset, the one behind its last). Raise KafkaException or KafkaError."""
    options = {"group.id": "tally-watch", "enable.auto.commit": False, "log_level": 0}
    consumer = Consumer({**client_options(bootstrap), **options})
    try:
        known = consumer.list_topics(topic, ANSWER_SECONDS).topics[topic]
        if known.error is not None and known.error.code() != Code.UNKNOWN_TOPIC_OR_PART:
            raise KafkaException(known.error)
        if known.error is not None:
            raise KafkaError(
                f"the topic {topic} is gone; found {known.error.str()} at {bootstrap}; restore it, or start again: "
                "`tally stop`, and `tally run` makes a new one"
            )
        places = [TopicPartition(topic, partition) for partition in sorted(known.partitions)]
        return {one.partition: consumer.get_watermark_offsets(one, ANSWER_SECONDS) for one in places}
    finally:
        consumer.close()


def offset_faults(bounds: Mapping[int, tuple[int, int]], reached: Reached) -> list[str]:
    """Say of each partition whether records may have gone before they were counted, or it begins anew."""
    faults = []
    for partition, (first, behind) in sorted(bounds.items()):
        archived, counted = reached.get(partition, (-1, -1))
        # behind the newest record may lie a transaction's marker, which nobody counts
        is_uncounted = first < behind or archived > counted
        if behind <= counted:
            faults.append(
                f"partition {partition} was made anew: found it to end before offset {behind}, and the results went to "
                f"{counted}"
            )
        elif first > counted + 1 and is_uncounted:
            faults.append(
                f"partition {partition} may have lost records that were not counted: found its first offset {first}, "
                f"and the results went to {counted}"
            )
    return faults
