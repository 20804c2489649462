"""A log that loses what was not counted, becomes another one, or could lose something, on a real broker."""

import uuid

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from tally.kafka import KafkaError, admin_client, ensure_topics
from tally.log_watch import LogLost, LogWatch, look_at_log, offset_faults
from tally.ports import free_port
from tests.line import wait_until


@pytest.fixture
def log(kafka_bootstrap):
    """A log of one partition with ten records, offsets 0 to 9."""
    name = f"watched-{uuid.uuid4().hex[:8]}"
    ensure_topics(kafka_bootstrap, name, 1)
    publish(kafka_bootstrap, name, 10)
    return kafka_bootstrap, name


def publish(bootstrap, topic, records):
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(records):
        producer.produce(topic, str(number))
    assert producer.flush(30) == 0


def delete_before(bootstrap, topic, offset):
    admin = admin_client(bootstrap)
    for future in admin.delete_records([TopicPartition(topic, 0, offset)]).values():
        future.result(30)


@pytest.mark.parametrize("reached", [{}, {0: (-1, -1)}, {0: (9, 4)}, {0: (9, 9)}])
def test_a_whole_log_is_fine_however_far_the_results_are(log, reached):
    look_at_log(*log, reached)


def test_records_deleted_after_they_were_counted_are_nobodys_loss(log):
    delete_before(*log, 5)
    look_at_log(*log, {0: (9, 4)})
    delete_before(*log, 10)
    look_at_log(*log, {0: (9, 9)})


def test_a_marker_behind_the_last_record_is_nobodys_loss():
    assert offset_faults({0: (11, 11)}, {0: (9, 9)}) == []
    assert len(offset_faults({0: (11, 11)}, {0: (10, 9)})) == 1


@pytest.mark.parametrize(("reached", "counted"), [({0: (9, 2)}, 2), ({}, -1)])
def test_records_deleted_before_they_were_counted_are_told(log, reached, counted):
    delete_before(*log, 5)
    with pytest.raises(LogLost) as caught:
        look_at_log(*log, reached)
    assert str(caught.value) == (
        f"the log {log[1]} is not whole; partition 0 may have lost records that were not counted: found its first "
        f"offset 5, and the results went to {counted}; what is gone can't be counted: `tally audit` still holds what "
        "the archive has read; to go on with the log as it is, run `tally rebuild`, and see that nothing deletes "
        "records (retention.ms=-1) or topics"
    )


def test_a_loss_is_told_once_also_when_the_job_has_stepped_over_it(log):
    reached = iter([{0: (4, 2)}, {0: (9, 9)}, {0: (9, 9)}])
    watch = LogWatch(*log, lambda: next(reached))
    assert watch.look() == []
    delete_before(*log, 5)
    assert [text.partition(":")[0] for text in watch.look()] == [
        f"the log {log[1]} is not whole; partition 0 may have lost records that were not counted"
    ]
    assert watch.look() == []


def test_a_topic_made_anew_is_told(log):
    bootstrap, topic = log
    admin = admin_client(bootstrap)
    for future in admin.delete_topics([topic]).values():
        future.result(30)
    wait_until("the topic is gone", lambda: topic not in admin.list_topics(timeout=10).topics, 30)
    ensure_topics(bootstrap, topic, 1)
    publish(bootstrap, topic, 3)
    with pytest.raises(
        LogLost, match="partition 0 was made anew: found it to end before offset 3, and the results went"
    ):
        look_at_log(bootstrap, topic, {0: (9, 9)})


def test_a_topic_that_is_gone_is_told(log):
    name = f"never-{uuid.uuid4().hex[:8]}"
    with pytest.raises(KafkaError, match=f"^the topic {name} is gone; found Broker: Unknown topic or partition at "):
        look_at_log(log[0], name, {})


def test_a_log_that_was_compacted_by_mistake_is_told(log):
    bootstrap, topic = log
    entry = ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    admin = admin_client(bootstrap)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(30)
    with pytest.raises(KafkaError, match=r"cleanup\.policy holds compact and must be delete"):
        look_at_log(bootstrap, topic, {0: (9, 9)})


def test_a_broker_that_does_not_answer_is_told_elsewhere(monkeypatch):
    monkeypatch.setattr("tally.log_watch.ANSWER_SECONDS", 1.0)
    look_at_log(f"127.0.0.1:{free_port()}", "any", {})
