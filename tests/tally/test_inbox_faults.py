"""The inbox when Kafka hesitates, a name is strange or the disk refuses: one file never stops the others."""

import os
import subprocess
import sys
import time

import pytest
from confluent_kafka import KafkaError, KafkaException

from tally import inbox as inbox_module
from tally.inbox import MOST_ATTEMPTS, Inbox
from tally.inbox_ledger import LedgerEntry
from tally.inbox_names import LONGEST_NAME_BYTES, free_name, note_beside


class FakePublisher:
    """Publishes into a list; the next attempts fail as told."""

    def __init__(self):
        self.published = []
        self.hiccups = 0
        self.known = None

    def find(self, sha256):
        return self.known

    def publish(self, path, content):
        if self.hiccups:
            self.hiccups -= 1
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        self.published.append(path.name)
        return LedgerEntry(content.sha256, path.name, 1, 0, 0, 0, 0)


@pytest.fixture
def shop(tmp_path):
    inbox = Inbox(tmp_path, FakePublisher(), [].append, now=lambda: time.time() + 3600)
    inbox.said = []
    inbox.say = inbox.said.append
    return inbox


def hiccup(shop, times):
    shop.publisher.hiccups = times
    for _ in range(times):
        with pytest.raises(KafkaException):
            shop.scan()


def test_hiccups_of_earlier_files_of_a_name_are_forgotten_once_it_is_published(shop):
    for day in range(MOST_ATTEMPTS + 1):
        (shop.folder / "today.ndjson").write_text(f"{day}")
        hiccup(shop, 1)
        shop.scan()
    assert shop.publisher.published == ["today.ndjson"] * (MOST_ATTEMPTS + 1)
    assert os.listdir(shop.folder / "failed") == []


def test_a_file_that_kafka_refuses_five_times_fails_and_the_next_of_its_name_is_tried(shop):
    (shop.folder / "today.ndjson").write_text("1")
    hiccup(shop, MOST_ATTEMPTS)
    shop.scan()
    reason = (
        "today.ndjson could not be published; Kafka refused it 5 times (logs/inbox.log says why); split it into "
        "smaller files and rename them into the inbox, nothing of it was published"
    )
    assert (shop.folder / "failed" / "today.ndjson.reason.txt").read_text() == reason + "\n"
    assert shop.publisher.published == []
    (shop.folder / "today.ndjson").write_text("2")
    shop.scan()
    assert shop.publisher.published == ["today.ndjson"]


def test_names_of_255_bytes_are_refused_and_noted_like_others(shop):
    refused = ["x" * 251 + ".csv", "x" * 250 + "y.csv", "商" * 83 + "ab.csv"]
    for name in refused:
        (shop.folder / name).write_text("a,b\n")
    shop.scan()
    failed = shop.folder / "failed"
    assert set(refused) < set(os.listdir(failed))
    reasons = list(failed.glob("*.reason.txt"))
    assert sorted(path.read_text().split(" ")[0] for path in reasons) == sorted(refused)
    shop.publisher.known = LedgerEntry("", "earlier.ndjson", 1, 0, 0, 0, 0)
    (shop.folder / ("y" * 248 + ".ndjson")).write_text("1")
    shop.scan()
    (note,) = (shop.folder / "done").glob("*.note.txt")
    assert note.read_text().startswith("y" * 248 + ".ndjson was not published again")


def test_a_free_name_keeps_its_endings_and_fits(tmp_path):
    for name in (
        "a.ndjson",
        "a.2026.ndjson.gz",
        "a",
        "b" * 248 + ".ndjson",
        "商" * 81 + "0." + "9" * 8,
        "c." + "d" * 253,
    ):
        taken = tmp_path / name
        taken.touch()
        free = free_name(taken)
        assert free != taken and len(os.fsencode(free.name)) <= LONGEST_NAME_BYTES
        free.touch()
        assert free_name(taken) not in (taken, free)
    assert free_name(tmp_path / "a.2026.ndjson.gz").name == "a.2026-3.ndjson.gz"
    assert free_name(tmp_path / ("b" * 248 + ".ndjson")).name == "b" * 246 + "-3.ndjson"


def test_a_long_names_note_differs_from_that_of_a_name_that_begins_alike(tmp_path):
    assert note_beside(tmp_path / "a.csv", ".reason.txt") == tmp_path / "a.csv.reason.txt"
    notes = {note_beside(tmp_path / ("x" * 250 + last), ".reason.txt").name for last in "ab"}
    assert len(notes) == 2 and {len(name) for name in notes} == {LONGEST_NAME_BYTES}


def test_what_the_disk_refuses_is_said_once_tried_again_and_stops_no_other_file(shop, monkeypatch):
    rename, is_full = os.rename, True

    def refuse(source, target):
        if is_full and source.name == "a.ndjson":
            raise OSError(28, "No space left on device", str(source), None, str(target))
        rename(source, target)

    monkeypatch.setattr(inbox_module.os, "rename", refuse)
    for name in ("a.ndjson", "b.ndjson"):
        (shop.folder / name).write_text(name)
    shop.scan()
    shop.scan()
    assert shop.publisher.published == ["b.ndjson"]
    assert shop.said == [
        f"a.ndjson can't be handled; found: No space left on device ({shop.folder}/.claimed/a.ndjson); see that this "
        "user may write to the inbox's folders and that the disk has room, it is tried again all the time",
        "published b.ndjson: 1 lines",
    ]
    is_full = False
    shop.scan()
    assert shop.publisher.published == ["b.ndjson", "a.ndjson"]
    assert shop.faults == {}


def test_a_missing_claim_folder_is_no_file_that_was_taken_back(shop):
    (shop.folder / "a.ndjson").write_text("1")
    (shop.folder / ".claimed").rmdir()
    shop.scan()
    assert [text.split(";")[0] for text in shop.said] == ["a.ndjson can't be handled"]


# what main() prints goes to an ASCII pipe; Kafka is not there
SPEAKER = """
import sys
from tally import inbox

inbox.run = lambda settings, stop, say: say("published \\udcff商.ndjson: 1 lines")
sys.exit(inbox.main())
"""


def test_a_name_that_is_no_text_can_be_said_on_any_stdout(tmp_path):
    environment = {**os.environ, "TALLY_HOME": str(tmp_path), "TALLY_KAFKA": "k", "TALLY_TOPIC": "t"}
    environment |= {"PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run([sys.executable, "-c", SPEAKER], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"published \\udcff\\u5546.ndjson: 1 lines\n"), done.stderr


def test_a_file_whose_name_is_no_text_is_published(shop):
    name = os.fsdecode(b"\xff.ndjson")
    (shop.folder / name).write_text("1")
    shop.scan()
    assert shop.publisher.published == [name]
