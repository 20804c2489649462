"""What the inbox makes of a file's bytes, before Kafka comes in."""

import gzip
import hashlib

import pytest

from tally.inbox_lines import CUT_BYTES, LARGEST_WHOLE_LINE, LineReader, UnreadableFile, event_key, read_content


def lines_of(path):
    return [(line.number, line.value) for line in LineReader().read(path)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a\nb\n", [(1, b"a"), (2, b"b")]),
        (b"a\nb", [(1, b"a"), (2, b"b")]),
        (b"a\r\nb\r\n", [(1, b"a"), (2, b"b")]),
        (b"\xef\xbb\xbfa\nb\n", [(1, b"a"), (2, b"b")]),
        (b"\xef\xbb\xbf", []),
        (b"a\n\xef\xbb\xbfb\n", [(1, b"a"), (2, b"\xef\xbb\xbfb")]),
        (b"a\n\n \t\r\n\nb\n", [(1, b"a"), (5, b"b")]),
        (b"a\rb\n", [(1, b"a\rb")]),
        (b"a\r\r\n", [(1, b"a\r")]),
        (b"\x00\n\xff\xfe\n", [(1, b"\x00"), (2, b"\xff\xfe")]),
        (b" {} \n", [(1, b" {} ")]),
    ],
)
def test_lines_are_cut_as_the_contract_says(tmp_path, data, expected):
    path = tmp_path / "sales.ndjson"
    path.write_bytes(data)
    assert lines_of(path) == expected


def test_a_line_may_lie_across_the_chunks_in_which_a_file_is_read(tmp_path):
    path = tmp_path / "sales.ndjson"
    values = [b"x" * length for length in (1024 * 1024 - 1, 1, 1024 * 1024, 3)]
    path.write_bytes(b"\r\n".join(values))
    assert lines_of(path) == list(enumerate(values, 1))


@pytest.mark.parametrize(
    ("length", "sent"),
    [
        (1024 * 1024 + 1, 1024 * 1024 + 1),
        (LARGEST_WHOLE_LINE, LARGEST_WHOLE_LINE),
        (LARGEST_WHOLE_LINE + 1, CUT_BYTES),
        (9_000_000, CUT_BYTES),
    ],
)
def test_a_line_that_no_record_can_hold_is_cut_to_what_the_contract_rejects_for_its_length(tmp_path, length, sent):
    path = tmp_path / "sales.ndjson"
    path.write_bytes(b"\xef\xbb\xbf" + b"y" * length + b"\r\nnext\n")
    giant, following = LineReader().read(path)
    assert (giant.number, len(giant.value), giant.length) == (1, sent, length)
    assert giant.is_cut == (sent != length)
    assert sent > 1_048_576
    assert (following.number, following.value) == (2, b"next")


def test_gzip_is_unpacked_by_name_or_by_its_first_bytes(tmp_path):
    packed = gzip.compress(b"a\nb\n") + gzip.compress(b"c\n")
    for name in ("sales.ndjson.gz", "sales.ndjson"):
        (tmp_path / name).write_bytes(packed)
        assert lines_of(tmp_path / name) == [(1, b"a"), (2, b"b"), (3, b"c")]


def test_plain_and_packed_content_have_the_same_digest(tmp_path):
    (tmp_path / "a.ndjson").write_bytes(b"a\n")
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(b"a\n"))
    expected = hashlib.sha256(b"a\n").hexdigest()
    assert read_content(tmp_path / "a.ndjson").sha256 == expected
    assert read_content(tmp_path / "a.ndjson.gz").sha256 == expected


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-5],
        lambda packed: packed[:40] + b"\x00\xff\x00\xff" + packed[44:],
        lambda packed: packed + b"trailing",
        lambda packed: b"no gzip at all",
        lambda packed: b"",
    ],
)
def test_a_corrupt_gzip_file_says_so(tmp_path, damage):
    path = tmp_path / "sales.ndjson.gz"
    path.write_bytes(damage(gzip.compress(bytes(range(256)) * 40)))
    with pytest.raises(UnreadableFile, match=r"^sales.ndjson.gz is not a whole gzip file; found: .+; pack it again"):
        read_content(path)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b'{"event_id":"e1","sku":"s"}', b"e1"),
        ('{"event_id":"商品"}'.encode(), "商品".encode()),
        (b'{"event_id":"' + b"i" * 128 + b'"}', b"i" * 128),
        (b'{"event_id":"' + b"i" * 129 + b'"}', None),
        (b'{"event_id":""}', None),
        (b'{"event_id":7}', None),
        (b'{"sku":"s"}', None),
        (b'["e1"]', None),
        (b'{"event_id":"e1"', None),
        (b'{"event_id":"\\ud800"}', None),
        (b'{"event_id":"\xff"}', None),
        (b"\x00", None),
    ],
)
def test_the_key_is_the_event_id_where_there_is_one(value, key):
    assert event_key(value) == key
