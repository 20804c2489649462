"""S9: hostile lines and files cost bounded memory, end in a reason, and never lead out of the inbox."""

import gzip
import json
import time
import tracemalloc
import uuid
from zoneinfo import ZoneInfo

import pytest

from pipeline.contract import EventContract
from tally.inbox import Inbox
from tally.inbox_lines import CUT_BYTES, LineReader
from tally.inbox_publish import Publisher
from tally.kafka import ensure_topics
from tests.tally.broker import running_broker
from tests.tally.log_reader import read_topic

MEBIBYTE = 1024 * 1024
CONTRACT = EventContract("CNY", ZoneInfo("Asia/Shanghai"), b"k" * 32)
# as many short names as fit, the last one twice
MANY_NAMES = b"{" + b"".join(b'"%x":0,' % n for n in range(90_000)) + b'"last":0,"last":0}'
TEN_SECONDS_OF_CPU = 10


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[" * MEBIBYTE, "nested deeper than 32 levels: 1048576 levels"),
        (b'{"a":' * 200_000, "nested deeper than 32 levels: 200000 levels"),
        (b'{"a":"' + b"\\" * (MEBIBYTE - 6), "not JSON: Unterminated string starting at character 6"),
        (b'{"quantity":' + b"9" * (MEBIBYTE - 13) + b"}", "event_id is missing"),
        (MANY_NAMES, 'the name "last" is there twice in one object'),
        (b'{"customer_id":' * 60_000 + b'"x"', "nested deeper than 32 levels: 60000 levels"),
    ],
    ids=["brackets", "objects", "backslashes", "digits", "many names", "names"],
)
def test_a_line_made_to_exhaust_the_parser_is_rejected_with_its_reason(line, reason):
    assert len(line) <= MEBIBYTE
    begun = time.process_time()
    parsed = CONTRACT.parse(line, 1_763_835_840_000)
    # no bound on speed, but on growth: what grows with the square of a line's length takes minutes here
    assert time.process_time() - begun < TEN_SECONDS_OF_CPU
    assert parsed.reason == reason
    assert len(parsed.line) <= 4_096


def test_a_packed_file_that_unpacks_to_one_line_of_256_mib_is_read_in_bounded_memory(tmp_path):
    path = tmp_path / "bomb.ndjson.gz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        for _ in range(256):
            packed.write(b"0" * MEBIBYTE)
    assert path.stat().st_size < 4 * MEBIBYTE
    tracemalloc.start()
    try:
        (line,) = LineReader().read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (line.length, len(line.value)) == (256 * MEBIBYTE, CUT_BYTES)
    assert peak < 16 * MEBIBYTE


def test_a_file_exchanged_for_a_link_after_the_first_look_is_not_followed(tmp_path):
    secret = tmp_path / "secret.ndjson"
    secret.write_text(json.dumps({"event_id": uuid.uuid4().hex}))
    folder = tmp_path / "inbox"
    folder.mkdir()
    with running_broker(tmp_path / "broker") as bootstrap:
        ensure_topics(bootstrap, "events", 1)
        bait, said = folder / "sales.ndjson", []
        bait.write_text(json.dumps({"event_id": uuid.uuid4().hex}))

        def exchange() -> float:
            # the inbox asks for the time between its look at the file and taking it
            bait.unlink(missing_ok=True)
            bait.symlink_to(secret)
            return time.time() + 3600

        Inbox(folder, Publisher(bootstrap, "events", tmp_path), said.append, now=exchange).scan()
        assert read_topic(bootstrap, "events") == []
    reason = f"sales.ndjson is a link; found one to {secret}; rename the file itself into the inbox"
    assert (folder / "failed" / "sales.ndjson.reason.txt").read_text() == reason + "\n"
    assert said == [f"{reason}; moved to failed/"] and secret.exists()
