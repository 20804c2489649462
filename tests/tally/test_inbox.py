"""The inbox against a real broker: every kind of file, each published exactly once or refused with a reason."""

import gzip
import json
import os
import time
import uuid

import pytest

from tally.inbox import Inbox
from tally.inbox_publish import Publisher
from tally.kafka import MAX_MESSAGE_BYTES, ensure_topics
from tests.tally.log_reader import origin, read_topic


@pytest.fixture
def topic(kafka_bootstrap):
    name = f"events-{uuid.uuid4().hex[:8]}"
    ensure_topics(kafka_bootstrap, name, 3)
    return name


@pytest.fixture
def shop(tmp_path, kafka_bootstrap, topic):
    """An inbox whose clock is far ahead, so that no file counts as still being written."""
    (tmp_path / "inbox").mkdir()
    said = []
    inbox = Inbox(
        tmp_path / "inbox", Publisher(kafka_bootstrap, topic, tmp_path), said.append, now=lambda: time.time() + 3600
    )
    inbox.said = said
    return inbox


def event(event_id):
    # the number makes each file's content its own
    return json.dumps({"event_id": event_id, "run": uuid.uuid4().hex}).encode()


def published(kafka_bootstrap, topic):
    return {origin(record): record for record in read_topic(kafka_bootstrap, topic)}


def drop(shop, name, data):
    scratch = shop.folder / f".{name}.tmp"
    scratch.write_bytes(data)
    scratch.rename(shop.folder / name)


def test_each_line_is_published_with_its_key_and_origin_and_the_file_is_done(shop, kafka_bootstrap, topic):
    lines = [event("a"), b"not json", event("商")]
    drop(shop, "sales.ndjson", b"\n".join(lines) + b"\n")
    shop.scan()
    records = published(kafka_bootstrap, topic)
    assert {place: record.value() for place, record in records.items()} == {
        ("sales.ndjson", 1): lines[0],
        ("sales.ndjson", 2): lines[1],
        ("sales.ndjson", 3): lines[2],
    }
    assert [records["sales.ndjson", number].key() for number in (1, 2, 3)] == [b"a", None, "商".encode()]
    assert os.listdir(shop.folder / "done") == ["sales.ndjson"]
    assert not (shop.folder / "sales.ndjson").exists()
    assert shop.said == ["published sales.ndjson: 3 lines"]


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("newline.ndjson", lambda a, b: a + b"\n" + b),
        ("crlf.ndjson", lambda a, b: a + b"\r\n" + b + b"\r\n"),
        ("bom.jsonl", lambda a, b: b"\xef\xbb\xbf" + a + b"\n" + b + b"\n"),
        ("packed.ndjson.gz", lambda a, b: gzip.compress(a + b"\n" + b)),
    ],
)
def test_a_file_may_lack_its_last_newline_have_crlf_a_bom_or_be_packed(shop, kafka_bootstrap, topic, name, wrap):
    first, second = event("a"), event("b")
    drop(shop, name, wrap(first, second))
    shop.scan()
    records = published(kafka_bootstrap, topic)
    assert {place: record.value() for place, record in records.items()} == {(name, 1): first, (name, 2): second}


def test_bytes_that_no_contract_allows_get_into_the_log_as_they_are(shop, kafka_bootstrap, topic):
    bad = [b'{"event_id":"\x00' + uuid.uuid4().bytes.replace(b"\n", b"") + b'"}', b"\xff\xfe\xfd"]
    drop(shop, "bad.ndjson", b"\n".join(bad))
    shop.scan()
    records = published(kafka_bootstrap, topic)
    assert [records["bad.ndjson", number].value() for number in (1, 2)] == bad


def test_a_line_of_two_million_bytes_is_whole_and_a_longer_one_is_cut_and_says_so(shop, kafka_bootstrap, topic):
    long, giant = b"l" * 2_000_000, b"g" * 3_000_000
    drop(shop, "long.ndjson", long + b"\n" + giant + b"\n" + event("after") + b"\n")
    shop.scan()
    records = published(kafka_bootstrap, topic)
    assert records["long.ndjson", 1].value() == long
    # 1 MiB and one byte: the contract rejects it for its length
    assert records["long.ndjson", 2].value() == b"g" * 1_048_577
    assert dict(records["long.ndjson", 2].headers())["cut_from_bytes"] == b"3000000"
    assert records["long.ndjson", 3].key() == b"after"
    assert MAX_MESSAGE_BYTES == 2_097_152


def test_an_empty_file_publishes_nothing_and_says_so(shop, kafka_bootstrap, topic):
    drop(shop, "empty.ndjson", b"")
    drop(shop, "blank.ndjson", b"\n\r\n  \n" + b"\n" * int(time.time() % 1000))
    shop.scan()
    assert published(kafka_bootstrap, topic) == {}
    assert (shop.folder / "done" / "empty.ndjson").exists()
    assert (shop.folder / "done" / "blank.ndjson").exists()
    assert "blank.ndjson holds no line; nothing was published" in shop.said


def test_the_same_content_is_published_once_whatever_its_name_and_packing(shop, kafka_bootstrap, topic):
    data = event("once") + b"\n"
    for name, content in (
        ("a.ndjson", data),
        ("a.ndjson", data),
        ("b.ndjson", data),
        ("c.ndjson.gz", gzip.compress(data)),
    ):
        drop(shop, name, content)
        shop.scan()
    assert list(published(kafka_bootstrap, topic)) == [("a.ndjson", 1)]
    done = sorted(os.listdir(shop.folder / "done"))
    assert done == [
        "a-2.ndjson",
        "a-2.ndjson.note.txt",
        "a.ndjson",
        "b.ndjson",
        "b.ndjson.note.txt",
        "c.ndjson.gz",
        "c.ndjson.gz.note.txt",
    ]
    note = (shop.folder / "done" / "b.ndjson.note.txt").read_text()
    assert note.startswith("b.ndjson was not published again: the same content is in the log since 20")
    assert note.endswith(" as a.ndjson (1 lines)\n")


def test_what_is_in_one_log_is_published_into_another_too(shop, kafka_bootstrap, topic):
    data = event("twice") + b"\n"
    drop(shop, "a.ndjson", data)
    shop.scan()
    other = f"other-{uuid.uuid4().hex[:8]}"
    ensure_topics(kafka_bootstrap, other, 1)
    shop.publisher = Publisher(kafka_bootstrap, other, shop.folder.parent)
    drop(shop, "b.ndjson", data)
    shop.scan()
    assert list(published(kafka_bootstrap, topic)) == [("a.ndjson", 1)]
    assert list(published(kafka_bootstrap, other)) == [("b.ndjson", 1)]


def test_what_changed_is_published_under_the_same_name(shop, kafka_bootstrap, topic):
    first, second = event("a"), event("b")
    for content in (first, second):
        drop(shop, "sales.ndjson", content)
        shop.scan()
    assert sorted(record.value() for record in read_topic(kafka_bootstrap, topic)) == sorted([first, second])
    assert sorted(os.listdir(shop.folder / "done")) == ["sales-2.ndjson", "sales.ndjson"]


def test_a_corrupt_gzip_file_fails_whole_with_its_reason(shop, kafka_bootstrap, topic):
    packed = gzip.compress(b"\n".join(event(str(number)) for number in range(5000)))
    drop(shop, "sales.ndjson.gz", packed[:-9])
    shop.scan()
    assert published(kafka_bootstrap, topic) == {}
    assert (shop.folder / "failed" / "sales.ndjson.gz").read_bytes() == packed[:-9]
    reason = (shop.folder / "failed" / "sales.ndjson.gz.reason.txt").read_text()
    assert reason == (
        "sales.ndjson.gz is not a whole gzip file; found: Compressed file ended before the end-of-stream marker was "
        "reached; pack it again and rename it into the inbox, nothing of it was published\n"
    )


def test_folders_links_pipes_and_strange_names_are_refused_with_a_reason(shop, kafka_bootstrap, topic, tmp_path):
    secret = tmp_path / "secret.ndjson"
    secret.write_bytes(event("secret"))
    (shop.folder / "folder.ndjson").mkdir()
    (shop.folder / "link.ndjson").symlink_to(secret)
    os.mkfifo(shop.folder / "pipe.ndjson")
    drop(shop, "sales.csv", b"a,b\n")
    shop.scan()
    assert published(kafka_bootstrap, topic) == {}
    assert secret.exists()
    failed = shop.folder / "failed"
    reasons = {path.name.split(".")[0]: path.read_text().strip() for path in failed.glob("*.reason.txt")}
    assert reasons == {
        "folder": "folder.ndjson is a folder; the inbox takes files only; rename each file of it into the inbox",
        "link": f"link.ndjson is a link; found one to {secret}; rename the file itself into the inbox",
        "pipe": "pipe.ndjson is no regular file; the inbox takes files of lines; write them to a file",
        "sales": "sales.csv has no name of the inbox; found no ending .ndjson, .jsonl or .json (each also with .gz); "
        "write one JSON object a line and name the file so",
    }
    assert (failed / "link.ndjson").is_symlink()


def test_names_that_say_not_ready_are_left_alone(shop, kafka_bootstrap, topic):
    for name in (".hidden.ndjson", "_part.ndjson", "sales.ndjson.tmp", "sales.ndjson.part"):
        (shop.folder / name).write_bytes(event("x"))
    shop.scan()
    assert published(kafka_bootstrap, topic) == {}
    assert sorted(path.name for path in shop.folder.iterdir() if path.is_file()) == [
        ".hidden.ndjson",
        "_part.ndjson",
        "sales.ndjson.part",
        "sales.ndjson.tmp",
    ]


def test_a_file_that_was_just_written_waits_until_it_is_quiet(shop, kafka_bootstrap, topic):
    path = shop.folder / "copied.ndjson"
    path.write_bytes(event("a"))
    shop.now = lambda: path.stat().st_mtime + 0.9
    shop.scan()
    assert path.exists()
    shop.now = lambda: path.stat().st_mtime + 1.0
    shop.scan()
    assert list(published(kafka_bootstrap, topic)) == [("copied.ndjson", 1)]


def test_a_file_that_grows_while_it_is_published_counts_only_when_it_is_complete(shop, kafka_bootstrap, topic):
    first, second = event("a"), event("b")
    drop(shop, "growing.ndjson", first + b"\n")

    def append(step):
        if step == "first line":
            shop.publisher.at_step = lambda step: None
            with (shop.folder / ".claimed" / "growing.ndjson").open("ab") as file:
                file.write(second + b"\n")

    shop.publisher.at_step = append
    shop.scan()
    assert published(kafka_bootstrap, topic) == {}
    assert shop.said == ["growing.ndjson was written to while it was being published; waiting until it is complete"]
    shop.scan()
    assert [record.value() for record in read_topic(kafka_bootstrap, topic)] in ([first, second], [second, first])


def test_files_are_taken_in_the_order_of_their_names(shop, kafka_bootstrap, topic):
    for name in ("2026-02.ndjson", "2026-10.ndjson", "2026-01.ndjson"):
        drop(shop, name, event(name))
    shop.scan()
    assert [text.split()[1] for text in shop.said] == ["2026-01.ndjson:", "2026-02.ndjson:", "2026-10.ndjson:"]
