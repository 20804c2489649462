"""One real broker and one real Postgres for the tests of archive and audit; a topic and empty tables for each test."""

import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest
from confluent_kafka import Producer

from tally import migrate
from tally.kafka import KafkaError, ensure_topics
from tally.postgres import EmbeddedPostgres
from tests.audit.archive_process import archived, archiving, in_log, wait_until
from tests.audit.scenario import RECORDS, fill, in_one_hour
from tests.tally.broker import running_broker

EMPTY = (
    "TRUNCATE sales_10s, stock_flow_1m, day_buyers, orders_1s, order_ticker, rejected_records, event_counts_1h, "
    "log_counts_1h, lag_samples, audit_log, audit_results"
)


@dataclass
class Topic:
    """A topic of its own, and a way to put records into it."""

    bootstrap: str
    name: str
    undelivered: list = field(default_factory=list)

    def send(self, records: list[dict], **settings) -> None:
        """Put records (value, key, partition, headers) into the log and return when the broker has them."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, **settings})
        for record in records:
            producer.produce(self.name, on_delivery=self.note, **record)
            producer.poll(0)
        assert producer.flush(30) == 0 and self.undelivered == []

    def note(self, error, message) -> None:
        """Remember a record that did not get through."""
        if error is not None:
            self.undelivered.append(error)


def new_topic(bootstrap: str, name: str) -> Topic:
    """Create a log with two partitions; a broker that has just created a topic may not know it for a moment."""
    deadline = time.monotonic() + 30
    while True:
        try:
            ensure_topics(bootstrap, name, 2)
            return Topic(bootstrap, name)
        except KafkaError:
            if time.monotonic() > deadline:
                raise


@pytest.fixture(scope="session")
def bootstrap(tmp_path_factory) -> Iterator[str]:
    """The address of a broker that runs as long as the tests."""
    with running_broker(tmp_path_factory.mktemp("kafka-home")) as address:
        yield address


@pytest.fixture
def topic(bootstrap) -> Topic:
    """An empty log with two partitions."""
    return new_topic(bootstrap, f"events-{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """A migrated Postgres; its home's parents are open, so that root's server can enter it."""
    home = Path(tempfile.mkdtemp(prefix="tally-audit-", dir="/tmp"))
    postgres = EmbeddedPostgres(home)
    try:
        postgres.start()
        migrate.set_up(postgres)
        yield postgres
    finally:
        postgres.stop()
        postgres.remove()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database(server) -> Iterator:
    """A connection as owner to empty result tables; each statement is committed."""
    with closing(psycopg2.connect(server.url("owner"), options="-c search_path=tally -c timezone=UTC")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(EMPTY)
            # tests plant smaller totals, which the guard would skip
            cursor.execute("SET tally.rebuild = 'on'")
            yield cursor


@pytest.fixture
def home(tmp_path) -> Path:
    """A home folder with an empty archive and a key for the customers' hash."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "buyer.key").write_text(bytes(range(32)).hex())
    return tmp_path


def scenario_log(bootstrap, home, server):
    """Put the scenario's records into a log: the first half also into the archive, the rest only into Kafka."""
    while True:
        topic = new_topic(bootstrap, f"audit-{uuid.uuid4().hex[:8]}")
        topic.send(RECORDS[:7])
        with archiving(home, topic, server.url("writer")):
            wait_until(lambda: len(archived(home / "archive")) == 7, "the first records archived")
        topic.send(RECORDS[7:])
        if in_one_hour(in_log(bootstrap, topic.name)):
            return topic
        shutil.rmtree(home / "archive")


@pytest.fixture(scope="session")
def shared(bootstrap, server, tmp_path_factory):
    """The scenario's log and home, for tests that add nothing to them."""
    home = tmp_path_factory.mktemp("home")
    return scenario_log(bootstrap, home, server), home


@pytest.fixture
def log(shared, database):
    """The scenario's log, which nobody may add to, and rows as they have to be."""
    fill(database, shared[0].name, in_log(shared[0].bootstrap, shared[0].name))
    return shared[0]


@pytest.fixture
def audit_home(shared):
    """The home whose archive holds the first half of the log."""
    (shared[1] / "run").mkdir(exist_ok=True)
    (shared[1] / "run" / "buyer.key").write_text(bytes(range(32)).hex())
    return shared[1]


@pytest.fixture
def growing(bootstrap, tmp_path, server, database):
    """A log of its own and its home, for tests that add to them, and rows as they have to be."""
    # counters are per hour of the log, and what a test adds has to fall into the scenario's hour
    wait_until(lambda: time.time() % 3600 < 3540, "an hour with a minute left", 90)
    log = scenario_log(bootstrap, tmp_path, server)
    database.execute("TRUNCATE tally.log_counts_1h")
    fill(database, log.name, in_log(bootstrap, log.name))
    return log, tmp_path
