"""What may happen to a log with several partitions while the line reads it; each with its message, every row exact."""

import time
from contextlib import closing

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import NewPartitions

from tally.kafka import admin_client
from tests.chaos.account import prove_exact
from tests.chaos.events import now_ms, record, sale
from tests.chaos.publishing import publish
from tests.line import wait_until

pytestmark = pytest.mark.e2e
# other tests of this line look for the newest order of a second of theirs
EARLIER_MS = 120_000


def test_a_record_without_a_value_is_rejected_with_its_reason_and_counted(line):
    state, told = line.status(), []
    producer = Producer({"bootstrap.servers": state["kafka"]})
    before = line.query("SELECT count(*) FROM rejected_events WHERE reason = 'the record has no value (null)'")[0][0]
    for key in (b"with-a-key", None):
        producer.produce(state["topic"], None, key, on_delivery=lambda error, _: told.append(error))
    assert producer.flush(30) == 0 and told == [None, None]
    prove_exact(line)
    after = line.query("SELECT count(*) FROM rejected_events WHERE reason = 'the record has no value (null)'")[0][0]
    assert after == before + 2


@pytest.mark.parametrize("group", ["tally-job-sales-events", "tally-archive"])
def test_a_stranger_in_our_consumer_group_takes_nothing_from_us(line, group):
    state, name = line.status(), f"stranger-{group}-{time.time_ns()}"
    options = {"bootstrap.servers": state["kafka"], "group.id": group, "auto.offset.reset": "latest"}
    with closing(Consumer(options)) as stranger:
        stranger.subscribe([state["topic"]])
        wait_until("the stranger has partitions", lambda: stranger.poll(0.2) is None and stranger.assignment(), 60)
        publish(line, [record(sale(f"{name}-{n}", event_time=now_ms() - EARLIER_MS)) for n in range(50)])
        prove_exact(line)


def test_a_partition_that_is_added_is_read_by_everyone(line):
    state = line.status()
    admin = admin_client(state["kafka"])
    present = len(admin.list_topics(state["topic"], 10).topics[state["topic"]].partitions)
    for done in admin.create_partitions([NewPartitions(state["topic"], present + 1)]).values():
        done.result(30)
    publish(line, [record(sale(f"added-{time.time_ns()}-{n}", event_time=now_ms() - EARLIER_MS)) for n in range(200)])
    prove_exact(line)
    assert present in {one["log_partition"] for one in line.status()["partitions"]}


def test_how_far_the_job_is_behind_is_told_by_partition(line):
    publish(line, [record(sale(f"behind-{time.time_ns()}-{n}", event_time=now_ms() - EARLIER_MS)) for n in range(50)])
    prove_exact(line)
    status = line.status()
    assert int(status["consumer_lag"]) == 0
    assert {one["archived_offset"] == one["counted_offset"] for one in status["partitions"]} == {True}
    assert "0 offsets behind" in line.tally("status")
