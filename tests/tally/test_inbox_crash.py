"""Kill the inbox between its steps: the next start publishes the file exactly once."""

import json
import os
import signal
import subprocess
import sys
import uuid

import pytest

from tally.errors import TallyError
from tally.inbox import Inbox
from tally.inbox_publish import Fenced, Publisher, transactional_id
from tally.kafka import ensure_topics
from tests.tally.log_reader import origin, read_topic

LINES = 500

# an inbox that kills itself at the step named on its command line
VICTIM = """
import os, signal, sys
from pathlib import Path
from tally.inbox import Inbox
from tally.inbox_publish import Publisher

home, bootstrap, topic, fatal = Path(sys.argv[1]), *sys.argv[2:]

def die(step):
    if step == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

inbox = Inbox(home / "inbox", Publisher(bootstrap, topic, home, die), print, now=lambda: 1e10, at_step=die)
inbox.scan()
"""


@pytest.fixture
def topic(kafka_bootstrap):
    name = f"events-{uuid.uuid4().hex[:8]}"
    ensure_topics(kafka_bootstrap, name, 2)
    return name


@pytest.fixture
def home(tmp_path):
    (tmp_path / "inbox").mkdir()
    lines = [json.dumps({"event_id": f"{uuid.uuid4()}"}).encode() for _ in range(LINES)]
    (tmp_path / "inbox" / "sales.ndjson").write_bytes(b"\n".join(lines))
    return tmp_path


@pytest.mark.parametrize("step", ["begun", "first line", "before commit", "committed", "before move"])
def test_a_crash_at_any_step_publishes_the_file_exactly_once(home, kafka_bootstrap, topic, step):
    victim = [sys.executable, "-c", VICTIM, str(home), kafka_bootstrap, topic, step]
    assert subprocess.run(victim, timeout=60, check=False).returncode == -signal.SIGKILL
    assert os.listdir(home / "inbox" / "done") == []

    said = []
    inbox = Inbox(home / "inbox", Publisher(kafka_bootstrap, topic, home), said.append, now=lambda: 1e10)
    inbox.scan()

    origins = sorted(origin(record) for record in read_topic(kafka_bootstrap, topic))
    assert origins == [("sales.ndjson", number) for number in range(1, LINES + 1)]
    # finishing what a crash interrupted is no repetition, so there is no note
    assert os.listdir(home / "inbox" / "done") == ["sales.ndjson"]
    assert os.listdir(home / "inbox" / ".claimed") == []


def test_a_later_inbox_of_the_same_home_fences_an_earlier_one(home, kafka_bootstrap, topic):
    earlier = Inbox(home / "inbox", Publisher(kafka_bootstrap, topic, home), print, now=lambda: 1e10)
    later = Inbox(home / "inbox", Publisher(kafka_bootstrap, topic, home), print, now=lambda: 1e10)
    with pytest.raises(Fenced, match=r"this inbox can't publish any more; found: .+; it is started again"):
        earlier.scan()
    later.scan()
    assert len(read_topic(kafka_bootstrap, topic)) == LINES


def test_another_home_or_log_fences_nobody(home, kafka_bootstrap, topic, tmp_path_factory):
    other = f"other-{uuid.uuid4().hex[:8]}"
    ensure_topics(kafka_bootstrap, other, 1)
    inbox = Inbox(home / "inbox", Publisher(kafka_bootstrap, topic, home), print, now=lambda: 1e10)
    # two containers have their homes below the same path: what differs is only what lies in them
    elsewhere = home.rename(tmp_path_factory.mktemp("container") / "home")
    home.mkdir()
    Publisher(kafka_bootstrap, topic, home)
    Publisher(kafka_bootstrap, other, elsewhere)
    inbox.folder = elsewhere / "inbox"
    inbox.scan()
    assert len(read_topic(kafka_bootstrap, topic)) == LINES


def test_a_homes_id_is_kept_and_a_damaged_one_refused(tmp_path):
    first = transactional_id(tmp_path, "t")
    assert first.startswith("tally-inbox-t-") and transactional_id(tmp_path, "t") == first
    path = tmp_path / "run" / "inbox.id"
    path.write_text("")
    with pytest.raises(TallyError) as caught:
        transactional_id(tmp_path, "t")
    assert str(caught.value) == (
        f"{path} does not hold this home's id; found ''; remove the file, a new id is made at the next start"
    )
