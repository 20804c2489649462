"""Publish one file in one Kafka transaction together with its ledger entry."""

import os
import re
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException, Producer

from tally.errors import TallyError
from tally.home import write_atomically
from tally.inbox_ledger import LedgerEntry, read_ledger
from tally.inbox_lines import Content, Line, LineReader, UnreadableFile, event_key
from tally.kafka import MAX_MESSAGE_BYTES, ledger_topic
from tally.kafka_access import client_options

# a file has this long to be published; the embedded broker allows an hour, Kafka's own default is 15 minutes
TRANSACTION_SECONDS = 900
ANSWER_SECONDS = 60.0
QUEUE_KILOBYTES = 32 * 1024


class FileChanged(TallyError):
    """A file was written to while it was being published; nothing of this attempt counts."""


class Fenced(TallyError):
    """Another inbox of the same home has taken over, or the broker refuses this one for good."""


def transactional_id(home: Path, topic: str) -> str:
    """Return the id under which a home publishes into a log: a later start fences an earlier one that still lingers.

    Two homes never have the same one, not even below the same path in two containers. Raise TallyError when the home's
    own id is damaged.
    """
    return f"tally-inbox-{topic}-{kept_id(home / 'run' / 'inbox.id')}"


def kept_id(path: Path) -> str:
    """Return the random id that a file keeps, made at the first call; raise TallyError when it holds no such id."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, uuid.uuid4().hex + "\n")
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not re.fullmatch("[0-9a-f]{32}", text):
        raise TallyError(
            f"{path} does not hold this home's id; found {text[:40]!r}; remove the file, a new id is made at the "
            "next start"
        )
    return text


class Publisher:
    """A transactional producer with the ledger of what was published.

    `at_step` is called with the name of each step that a crash could separate; tests stop the process there.
    """

    def __init__(self, bootstrap: str, topic: str, home: Path, at_step: Callable[[str], None] = lambda step: None):
        self.topic = topic
        self.at_step = at_step
        self.producer = Producer(
            {
                **client_options(bootstrap),
                "transactional.id": transactional_id(home, topic),
                "transaction.timeout.ms": TRANSACTION_SECONDS * 1000,
                "message.max.bytes": MAX_MESSAGE_BYTES,
                "queue.buffering.max.kbytes": QUEUE_KILOBYTES,
                "compression.type": "lz4",
                # what matters comes as an exception; a lost connection would be told twice a second
                "log_level": 0,
                "linger.ms": 5,
                # as the Java client: copies of an id from any producer meet in one partition
                "partitioner": "murmur2_random",
            }
        )
        self.producer.init_transactions(ANSWER_SECONDS)
        # only now: a transaction that an earlier process left open has been ended by the line above
        self.ledger = read_ledger(bootstrap, topic)

    def publish(self, path: Path, content: Content) -> LedgerEntry:
        """Publish a file's lines and its ledger entry, all or nothing.

        Raise FileChanged when the bytes are not those that were read first, UnreadableFile when they can't be read:
        nothing of it is visible to consumers then. Raise KafkaException when the broker does not answer; whether the
        file is published is then known to the ledger only, so go on with a new Publisher.
        """
        before = path.stat()
        self.producer.begin_transaction()
        self.at_step("begun")
        try:
            entry = self.send_file(path, content, before)
            self.at_step("before commit")
            self.producer.commit_transaction(ANSWER_SECONDS)
        except (UnreadableFile, FileChanged, OSError):
            self.producer.abort_transaction(ANSWER_SECONDS)
            raise
        except KafkaException as error:
            raise_if_fenced(error)
            raise
        self.at_step("committed")
        self.ledger[entry.sha256] = entry
        return entry

    def send_file(self, path: Path, content: Content, before: os.stat_result) -> LedgerEntry:
        """Send every line and the ledger entry into the open transaction."""
        reader, lines = LineReader(), 0
        for line in reader.read(path):
            self.send_line(path.name, line)
            lines += 1
            if lines == 1:
                self.at_step("first line")
        after = path.stat()
        if reader.content != content or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise FileChanged(f"{path.name} was written to while it was being published; waiting until it is complete")
        entry = ledger_entry(path.name, content, lines, after)
        self.send(ledger_topic(self.topic), entry.sha256.encode(), entry.to_bytes(), [])
        return entry

    def send_line(self, name: str, line: Line) -> None:
        """Send one line with its origin in the headers."""
        headers = [("file", os.fsencode(name)), ("line", str(line.number).encode())]
        if line.is_cut:
            headers.append(("cut_from_bytes", str(line.length).encode()))
        self.send(self.topic, event_key(line.value), line.value, headers)

    def send(self, topic: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        """Hand one record to the producer, waiting while its queue is full."""
        while True:
            try:
                self.producer.produce(topic, value=value, key=key, headers=headers)
                self.producer.poll(0)
                return
            except BufferError:
                self.producer.poll(0.1)

    def find(self, sha256: str) -> LedgerEntry | None:
        """Return the ledger's entry of a content that was published before."""
        return self.ledger.get(sha256)


def raise_if_fenced(error: KafkaException) -> None:
    """Raise Fenced for an error that no new attempt of this process can mend."""
    if error.args[0].fatal() or error.args[0].code() == KafkaError._FATAL:
        raise Fenced(
            f"this inbox can't publish any more; found: {error.args[0].str()}; it is started again, and if that "
            "repeats, look for a second Tallystream on the same home or a copy of it"
        ) from error


def ledger_entry(name: str, content: Content, lines: int, status: os.stat_result) -> LedgerEntry:
    """Describe a published file."""
    now = int(time.time() * 1000)
    return LedgerEntry(content.sha256, name, lines, now, status.st_dev, status.st_ino, status.st_mtime_ns)
