"""`tally wait`: the log's true end, and what is still missing."""

import uuid
from datetime import datetime

import pytest
from confluent_kafka import Producer

from tally import drained
from tally.drained import Drain, NotDrained, log_end, missing_parts
from tally.errors import TallyError
from tally.home import Home
from tally.kafka import ensure_topics


@pytest.fixture
def topic(kafka_bootstrap):
    name = f"events-{uuid.uuid4().hex[:8]}"
    ensure_topics(kafka_bootstrap, name, 2)
    return name


@pytest.fixture
def producer(kafka_bootstrap):
    one = Producer({"bootstrap.servers": kafka_bootstrap, "transactional.id": uuid.uuid4().hex, "linger.ms": 0})
    one.init_transactions(30)
    return one


def transaction(producer, topic, partition, records, commit=True):
    producer.begin_transaction()
    for number in range(records):
        producer.produce(topic, str(number).encode(), partition=partition)
    producer.flush(30)
    producer.commit_transaction(30) if commit else producer.abort_transaction(30)


def test_an_empty_log_ends_before_its_first_record(kafka_bootstrap, topic):
    assert log_end(kafka_bootstrap, topic) == {0: -1, 1: -1}


def test_the_end_is_the_last_record_and_not_a_transactions_marker(kafka_bootstrap, topic, producer):
    transaction(producer, topic, 0, 3)
    # offsets 0 1 2, then the marker at 3
    assert log_end(kafka_bootstrap, topic) == {0: 2, 1: -1}
    transaction(producer, topic, 0, 1)
    assert log_end(kafka_bootstrap, topic) == {0: 4, 1: -1}


def test_aborted_records_are_not_the_end_however_many(kafka_bootstrap, topic, producer):
    transaction(producer, topic, 1, 2)
    transaction(producer, topic, 1, 3000, commit=False)
    assert log_end(kafka_bootstrap, topic) == {0: -1, 1: 1}


def test_an_open_transaction_is_not_published_yet(kafka_bootstrap, topic, producer):
    transaction(producer, topic, 0, 1)
    producer.begin_transaction()
    producer.produce(topic, b"open", partition=0)
    producer.flush(30)
    assert log_end(kafka_bootstrap, topic) == {0: 0, 1: -1}
    producer.abort_transaction(30)


def test_what_archive_and_job_have_not_read_is_named():
    assert missing_parts({0: 5, 1: -1}, {0: (5, 5)}) == []
    assert missing_parts({0: 5, 1: 2}, {0: (5, 4)}) == [
        "the job is at offset 4 of 5 in partition 0",
        "the archive is at offset -1 of 2 in partition 1",
        "the job is at offset -1 of 2 in partition 1",
    ]


class Results:
    """What the results have reached, and when checkpoints were triggered."""

    def __init__(self):
        self.reached = {}
        self.checkpoints = []
        self.asked_after = None

    def has_checkpoint_after(self, moment):
        self.asked_after = moment
        return any(one > moment for one in self.checkpoints)


@pytest.fixture
def results():
    return Results()


@pytest.fixture
def home(tmp_path):
    one = Home(tmp_path)
    one.prepare()
    (one.inbox / ".claimed").mkdir()
    return one


def drain(home, end, results, clock, sleep):
    return Drain(
        home, lambda: end, lambda: results.reached, results.has_checkpoint_after, clock=lambda: clock[0], sleep=sleep
    )


def test_waiting_goes_from_the_inbox_over_the_log_to_a_later_checkpoint(results, home):
    clock, shown = [0.0], []
    (home.inbox / "a.ndjson").write_text("")
    results.checkpoints = [datetime.fromisoformat("2001-01-01T00:00:00+00:00")]

    def sleep(seconds):
        clock[0] += seconds
        match len(shown):
            case 1:
                (home.inbox / "a.ndjson").rename(home.inbox / ".claimed" / "a.ndjson")
            case 2:
                (home.inbox / ".claimed" / "a.ndjson").unlink()
            case 3:
                results.reached = {0: (9, 8)}
            case 4:
                results.reached = {0: (9, 9)}
            case 5:
                results.checkpoints = [datetime.fromisoformat("2999-01-01T00:00:00+00:00")]

    drain(home, {0: 9}, results, clock, sleep).wait(60, shown.append)
    assert shown == [
        "1 in the inbox, next a.ndjson",
        "1 in the inbox, next a.ndjson",
        "the archive is at offset -1 of 9 in partition 0",
        "the job is at offset 8 of 9 in partition 0",
        f"no checkpoint triggered after {results.asked_after:%H:%M:%S} UTC has completed",
    ]


@pytest.mark.parametrize("first", ["waiting", "claimed"])
def test_a_file_that_is_claimed_while_the_inbox_is_looked_at_is_waited_for(results, home, monkeypatch, first):
    (home.inbox / "a.ndjson").write_text("")
    look = getattr(drained, first)

    def look_and_claim(folder):
        found = look(folder)
        if (home.inbox / "a.ndjson").exists():
            (home.inbox / "a.ndjson").rename(home.inbox / ".claimed" / "a.ndjson")
        return found

    monkeypatch.setattr(drained, first, look_and_claim)
    assert drain(home, {}, results, [0.0], None).pending_faults()[0].endswith("in the inbox, next a.ndjson")


def test_a_rebuild_that_is_not_done_is_waited_for(results, home):
    home.rebuild_request.touch()
    results.reached = {0: (9, 9)}
    results.checkpoints = [datetime.fromisoformat("2999-01-01T00:00:00+00:00")]
    clock, shown = [0.0], []
    drain(home, {0: 9}, results, clock, lambda seconds: home.rebuild_request.unlink()).wait(60, shown.append)
    assert shown == ["the rebuild is not done"]


def test_when_time_runs_out_the_text_says_what_is_missing(results, home):
    clock = [0.0]
    results.reached = {0: (9, 3)}

    def sleep(seconds):
        clock[0] += 10

    with pytest.raises(NotDrained) as caught:
        drain(home, {0: 9}, results, clock, sleep).wait(30)
    assert str(caught.value) == (
        "not everything is visible after 30 s; found: the job is at offset 3 of 9 in partition 0; wait longer "
        "(--timeout), or see `tally status` and `tally logs job`"
    )


def test_waiting_ends_when_nothing_runs_any_more(results, home):
    def stopped():
        raise TallyError("Tallystream does not run")

    one = Drain(home, dict, dict, results.has_checkpoint_after, stopped)
    with pytest.raises(TallyError, match="does not run"):
        one.wait(30)
