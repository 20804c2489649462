"""The archive as a process on a real broker and Postgres: once per offset, counted, whatever ends it."""

import contextlib
import random
import subprocess
import sys
import threading
import time
from contextlib import closing

import psycopg2
import pyarrow as pa
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from tally import archive_run
from tally.archive_files import ArchiveError
from tally.home import Home
from tally.jars import ready_jars
from tally.jvm import find_java
from tally.kafka import Broker, is_answering
from tally.ports import free_port
from tests.audit.archive_process import ArchiveProcess, archived, archiving, count_of, counted, in_log, wait_until
from tests.audit.conftest import new_topic

pytestmark = pytest.mark.e2e
FOREVER = "3600"


def records(count, start=0):
    return [
        {"key": f"k{at}".encode(), "value": f"v{at}".encode(), "partition": at % 2}
        for at in range(start, start + count)
    ]


@pytest.fixture
def process(home, topic, server, database):
    return ArchiveProcess(home, topic.bootstrap, topic.name, server.url("writer"))


class Feed(threading.Thread):
    """Writes into the log until told to stop: plain records, null values, committed and aborted transactions."""

    def __init__(self, topic, seed):
        super().__init__(daemon=True)
        self.topic, self.random, self.stopping = topic, random.Random(seed), threading.Event()
        self.batches = 0
        self.committed = []

    def run(self):
        common = {"bootstrap.servers": self.topic.bootstrap, "linger.ms": 1}
        plain, transactional = Producer(common), Producer({**common, "transactional.id": f"feed-{self.topic.name}"})
        transactional.init_transactions(30)
        while not self.stopping.is_set():
            self.batches += 1
            values = [self.value(at) for at in range(self.random.randrange(1, 400))]
            kind = self.random.choice(["plain", "commit", "abort"])
            producer = plain if kind == "plain" else transactional
            if kind != "plain":
                producer.begin_transaction()
            for at, value in enumerate(values):
                producer.produce(self.topic.name, value, key=b"k", partition=at % 2)
            if kind == "commit":
                producer.commit_transaction(30)
            elif kind == "abort":
                producer.flush(30)
                producer.abort_transaction(30)
            self.committed += [] if kind == "abort" else values
        assert plain.flush(30) == 0

    def value(self, at):
        return None if at % 50 == 49 else f"{self.batches}-{at}-".encode() * self.random.randrange(1, 20)

    def stop(self):
        self.stopping.set()
        self.join(60)
        assert not self.is_alive()


def test_every_offset_is_archived_once_however_often_the_process_is_killed(process, topic, database):
    seed = time.time_ns()
    print("seed", seed)
    moments = random.Random(seed)
    feed = Feed(topic, seed)
    feed.start()
    process.environment["TALLY_ARCHIVE_BUFFER_MIB"] = "1"
    archive = process.home / "archive"
    for _ in range(4):
        running = process.start()
        files, batches = len(list(archive.glob("p*.parquet"))), feed.batches
        kill_when = moments.choice(
            [
                lambda: any(archive.glob("*.part")),
                lambda files=files: len(list(archive.glob("p*.parquet"))) > files + moments.randrange(3),
                lambda batches=batches: feed.batches > batches + moments.randrange(400),
            ]
        )
        wait_until(kill_when, "a moment to kill the archive")
        running.kill()
        running.wait()
    feed.stop()
    truth = in_log(topic.bootstrap, topic.name)
    with process.running():
        wait_until(lambda: counted(database) == count_of(truth), f"all of {len(truth)} records counted")
    assert archived(archive) == truth
    assert counted(database) == count_of(truth)
    assert sorted(map(str, (row[4] for row in truth))) == sorted(map(str, feed.committed))
    # transactions leave offsets that no record has: the files tile the log all the same
    for partition, records_there, last_offset in count_of(truth):
        assert last_offset + 1 > records_there, f"partition {partition} has no gap"


def test_records_that_were_counted_but_not_on_disk_are_not_counted_twice(process, topic, database):
    process.environment["TALLY_ARCHIVE_ROLL_SECONDS"] = FOREVER
    topic.send(records(100))
    running = process.start()
    wait_until(lambda: counted(database) == [(0, 50, 49), (1, 50, 49)], "100 records counted")
    running.kill()
    running.wait()
    assert archived(process.home / "archive") == []
    topic.send(records(10, 100))
    with process.running():
        wait_until(lambda: counted(database) == [(0, 55, 54), (1, 55, 54)], "110 records counted")
    assert counted(database) == [(0, 55, 54), (1, 55, 54)]


def test_sigterm_leaves_everything_on_disk(process, topic, database):
    process.environment["TALLY_ARCHIVE_ROLL_SECONDS"] = FOREVER
    with process.running():
        topic.send(records(100))
        wait_until(lambda: counted(database) == [(0, 50, 49), (1, 50, 49)], "100 records counted")
        assert archived(process.home / "archive") == []
    assert archived(process.home / "archive") == in_log(topic.bootstrap, topic.name)


def test_it_ends_with_everything_on_disk_when_its_parent_is_gone(process, topic, database):
    process.environment["TALLY_ARCHIVE_ROLL_SECONDS"] = FOREVER
    topic.send(records(10))
    program = f"import subprocess; print(subprocess.Popen({process.command()!r}).pid, flush=True); input()"
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        env=process.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(parent.stdout.readline())
    wait_until(lambda: counted(database) == [(0, 5, 4), (1, 5, 4)], "10 records counted")
    parent.kill()
    parent.communicate()
    wait_until(lambda: not is_running(child), "the archive has ended")
    assert archived(process.home / "archive") == in_log(topic.bootstrap, topic.name)


def is_running(pid):
    """Tell whether a process runs; one that nobody has waited for does not."""
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def test_a_lost_and_a_damaged_file_are_read_from_the_log_again(home, topic, server, database, caplog):
    archive = home / "archive"
    for round_ in range(3):
        with archiving(home, topic, server.url("writer")):
            topic.send(records(20, 20 * round_))
            count = 10 * (round_ + 1)
            expected = [(0, count, count - 1), (1, count, count - 1)]
            wait_until(lambda expected=expected: counted(database) == expected, "the round's records counted")
    sorted(archive.glob("p0000*.parquet"))[0].write_bytes(b"PAR1")
    sorted(archive.glob("p0001*.parquet"))[1].unlink()
    with archiving(home, topic, server.url("writer")):
        wait_until(lambda: archived_count(archive) == 60, "the missing records are back")
    assert archived(archive) == in_log(topic.bootstrap, topic.name)
    assert "partition 0: offsets 0 to 9 are missing in the archive; reading them again" in caplog.messages
    assert "partition 1: offsets 10 to 19 are missing in the archive; reading them again" in caplog.messages


def archived_count(folder):
    """Return how many records are on disk, -1 while a file is damaged or being replaced."""
    with contextlib.suppress(FileNotFoundError, pa.ArrowInvalid):
        return len(archived(folder))
    return -1


def test_a_second_archive_on_the_same_folder_says_so(process, topic, database):
    topic.send(records(2))
    with process.running():
        wait_until(lambda: counted(database) != [], "the first one runs")
        second = process.start()
        assert second.wait(20) == 1
    assert (
        f"archive: another process archives to {process.home / 'archive'}; found its lock .owner.lock held; end that "
        "one, or set TALLY_HOME to another folder"
    ) in process.said()


def test_an_archive_from_before_the_log_was_replaced_says_so(home, topic, server, database):
    topic.send(records(4))
    with archiving(home, topic, server.url("writer")):
        wait_until(lambda: counted(database) == [(0, 2, 1), (1, 2, 1)], "4 records counted")
    admin = AdminClient({"bootstrap.servers": topic.bootstrap})
    admin.delete_topics([topic.name])[topic.name].result()
    wait_until(lambda: topic.name not in admin.list_topics(timeout=5).topics, "the topic is gone")
    new_topic(topic.bootstrap, topic.name)
    told = pytest.raises(ArchiveError, match=f"is another log's; found topic {topic.name}")
    with told, archiving(home, topic, server.url("writer")) as thread:
        wait_until(lambda: not thread.is_alive(), "the archive has ended")
    assert len(archived(home / "archive")) == 4


def test_an_outage_of_postgres_stops_no_archiving_and_is_caught_up(home, topic, server, database, caplog):
    caplog.set_level("INFO")
    with archiving(home, topic, server.url("writer")):
        topic.send(records(10))
        wait_until(lambda: counted(database) == [(0, 5, 4), (1, 5, 4)], "10 records counted")
        server.stop()
        try:
            topic.send(records(10, 10))
            wait_until(lambda: archived_count(home / "archive") == 20, "archiving goes on")
            wait_until(lambda: "Postgres takes nothing; found:" in caplog.text, "the outage is said")
        finally:
            server.start()
        with closing(psycopg2.connect(server.url("owner"))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            wait_until(lambda: counted(cursor) == [(0, 10, 9), (1, 10, 9)], "20 records counted")
            wait_until(lambda: "Postgres takes counts and lag again" in caplog.text, "its end is said")
            # the seconds of the outage are told afterwards: nothing was visible, so the lag only grew
            cursor.execute("SELECT count(*), bool_and(lag_seconds > 0) FROM tally.lag_samples WHERE records = 20")
            samples, lagging = cursor.fetchone()
    assert samples >= 1 and lagging


def test_lag_falls_to_0_when_the_results_reach_the_log(home, topic, server, database):
    topic.send(records(10))
    newest = "SELECT lag_seconds::float, records::int FROM tally.lag_samples ORDER BY sampled_at DESC LIMIT 1"

    def sample():
        database.execute(newest)
        return database.fetchone() or (None, None)

    insert = (
        "INSERT INTO tally.event_counts_1h SELECT date_trunc('hour', now()), %s, 5, 5, 0, 0, 4, now(), 10 "
        "ON CONFLICT DO NOTHING"
    )
    with archiving(home, topic, server.url("writer")):
        wait_until(lambda: sample()[1] == 10 and sample()[0] > 0, "a lag while nothing is visible")
        database.execute(insert, [0])
        database.execute(insert, [1])
        wait_until(lambda: sample() == (0, 10), "no lag when all is visible")
        # a rebuild: the results are emptied and nothing is visible any more
        database.execute("TRUNCATE tally.event_counts_1h")
        wait_until(lambda: (sample()[0] or 0) > 0, "a lag again after the results were emptied")
        database.execute(insert, [0])
        database.execute(insert, [1])
        wait_until(lambda: sample() == (0, 10), "no lag when all is visible again")
    # records on disk from an earlier run that are not visible count after a restart
    database.execute("DELETE FROM tally.event_counts_1h WHERE log_partition = 1")
    with archiving(home, topic, server.url("writer")):
        wait_until(lambda: (sample()[0] or 0) > 0, "a lag again")


def test_partitions_that_are_added_are_archived(home, topic, server, database, monkeypatch):
    monkeypatch.setattr(archive_run, "HOUSEKEEPING_SECONDS", 0.2)
    topic.send(records(4))
    with archiving(home, topic, server.url("writer")):
        wait_until(lambda: counted(database) == [(0, 2, 1), (1, 2, 1)], "4 records counted")
        admin = AdminClient({"bootstrap.servers": topic.bootstrap})
        admin.create_partitions([NewPartitions(topic.name, 3)])[topic.name].result()
        wait_until(lambda: len(admin.list_topics(topic.name, timeout=5).topics[topic.name].partitions) == 3, "three")
        topic.send([{"value": b"new", "partition": 2}])
        wait_until(lambda: counted(database) == [(0, 2, 1), (1, 2, 1), (2, 1, 0)], "the new partition counted")
    assert archived(home / "archive") == in_log(topic.bootstrap, topic.name, 3)


def test_a_killed_broker_is_waited_for(home, tmp_path_factory, server, database):
    folder = Home(tmp_path_factory.mktemp("broker"))
    folder.prepare()
    broker = Broker(folder, find_java(), ready_jars()["broker"], free_port(), free_port())
    broker.prepare()

    def start():
        with (folder.logs / "kafka.log").open("ab") as log:
            started = subprocess.Popen(broker.command(), stdout=log, stderr=log)
        wait_until(lambda: is_answering(broker.bootstrap, 1), "the broker answers")
        return started

    running = start()
    try:
        own = new_topic(broker.bootstrap, "sales-events")
        feed = Feed(own, 1)
        with archiving(home, own, server.url("writer")):
            feed.start()
            wait_until(lambda: feed.batches > 5, "the log fills")
            running.kill()
            running.wait()
            running = start()
            before = feed.batches
            wait_until(lambda: feed.batches > before + 5, "the log fills again")
            feed.stop()
            truth = in_log(own.bootstrap, own.name)
            wait_until(lambda: counted(database) == count_of(truth), "everything is counted")
        assert archived(home / "archive") == truth
    finally:
        running.kill()
        running.wait()


def test_all_faults_of_the_settings_are_told_at_once(tmp_path):
    environment = {
        "TALLY_HOME": str(tmp_path),
        "TALLY_ARCHIVE_ROLL_SECONDS": "0",
        "DATABASE_URL": "mysql://x:secret@y/z",
    }
    result = subprocess.run(
        [sys.executable, "-m", "tally.archive"], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr == (
        "archive: 3 settings are wrong; docs/settings.md lists them all:\n"
        "  TALLY_KAFKA is missing; `tally run` sets it for its children, set it yourself to run this part alone\n"
        "  DATABASE_URL: must look like postgresql://user:password@host:5432/database; found ***\n"
        "  TALLY_ARCHIVE_ROLL_SECONDS: must be a whole number from 1 to 3600; found '0'\n"
    )
