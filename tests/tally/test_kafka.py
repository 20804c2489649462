"""The log's topics: made with the settings that exactness needs, refused without them."""

import uuid

import pytest
from confluent_kafka.admin import NewTopic

from tally.kafka import KafkaError, admin_client, describe_topic, ensure_topics, is_answering, ledger_topic
from tally.ports import free_port


def settings_of(bootstrap, topic):
    return describe_topic(admin_client(bootstrap), topic)


def make_topic(bootstrap, name=None, partitions=1, **config):
    name = name or f"own-{uuid.uuid4().hex[:8]}"
    admin = admin_client(bootstrap)
    for future in admin.create_topics([NewTopic(name, partitions, config=config)]).values():
        future.result(30)
    return name


def test_the_log_keeps_everything_under_the_time_of_its_append(kafka_bootstrap):
    name = f"log-{uuid.uuid4().hex[:8]}"
    ensure_topics(kafka_bootstrap, name, 3)
    ensure_topics(kafka_bootstrap, name, 5)
    found = settings_of(kafka_bootstrap, name)
    assert found["message.timestamp.type"] == "LogAppendTime"
    assert (found["retention.ms"], found["retention.bytes"], found["cleanup.policy"]) == ("-1", "-1", "delete")
    assert found["max.message.bytes"] == "2097152"
    assert len(admin_client(kafka_bootstrap).list_topics(name, 10).topics[name].partitions) == 3


def test_the_ledger_is_compacted(kafka_bootstrap):
    name = f"log-{uuid.uuid4().hex[:8]}"
    ensure_topics(kafka_bootstrap, name, 1)
    assert ledger_topic(name) == f"{name}-inbox-ledger"
    assert settings_of(kafka_bootstrap, f"{name}-inbox-ledger")["cleanup.policy"] == "compact"


@pytest.mark.parametrize("policy", ["delete", "compact,delete"])
def test_a_ledger_that_could_forget_is_refused_with_every_fault(kafka_bootstrap, policy):
    log = f"log-{uuid.uuid4().hex[:8]}"
    make_topic(kafka_bootstrap, f"{log}-inbox-ledger", partitions=3, **{"cleanup.policy": policy})
    with pytest.raises(KafkaError) as caught:
        ensure_topics(kafka_bootstrap, log, 1)
    assert str(caught.value) == (
        f"the topic {log}-inbox-ledger can't be the inbox's ledger; found cleanup.policy is {policy} and must be "
        "compact; it has 3 partitions and must have 1; alter the topic (kafka-configs.sh --alter), or name another "
        "log: TALLY_TOPIC=…"
    )


def test_a_topic_that_would_make_totals_wrong_is_refused_with_every_fault(kafka_bootstrap):
    name = make_topic(kafka_bootstrap, **{"retention.ms": "604800000", "cleanup.policy": "compact"})
    with pytest.raises(KafkaError) as caught:
        ensure_topics(kafka_bootstrap, name, 1)
    assert str(caught.value) == (
        f"the topic {name} can't be the log; found message.timestamp.type is CreateTime and must be LogAppendTime; "
        "retention.ms is 604800000 and must be -1; cleanup.policy holds compact and must be delete; alter the topic "
        "(kafka-configs.sh --alter), or name another log: TALLY_TOPIC=…"
    )


def test_a_topic_that_takes_too_short_records_is_refused(kafka_bootstrap):
    config = {
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": "1048588",
    }
    name = make_topic(kafka_bootstrap, **config)
    with pytest.raises(KafkaError, match=r"max\.message\.bytes is 1048588 and must be at least 2097152"):
        ensure_topics(kafka_bootstrap, name, 1)


def test_where_nothing_listens_nothing_answers():
    assert not is_answering(f"127.0.0.1:{free_port()}", 0.5)
