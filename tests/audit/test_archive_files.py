"""What the archive's files promise: each is whole or absent, and together they tile the log, whenever a crash comes."""

import json

import pyarrow.parquet as pq
import pytest

from tally.archive_buffer import to_batch
from tally.archive_files import ArchiveError, list_files, locked, read_footer, without_merged, write_segment
from tally.archive_store import ArchiveStore

HOUR = 3_600_000


def write(folder, first, last, partition=0, level=0, offsets=None):
    """Write a file whose records stand at these offsets, all in the first hour of 1970."""
    offsets = list(range(first, last + 1)) if offsets is None else offsets
    count = len(offsets)
    values = [b"v%d" % at for at in offsets]
    batch = to_batch("t", partition, offsets, [1000 + at for at in offsets], [None] * count, values, [None] * count)
    return write_segment(folder, first, last, partition, [batch], level, {0: (count, last)})


def recovered(folder):
    store = ArchiveStore(folder)
    store.recover()
    return store


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_says_what_it_holds_in_its_name_and_its_footer(tmp_path):
    written = write(tmp_path, 5, 9, partition=3, offsets=[5, 7, 9])
    assert names(tmp_path) == ["p0003.00000000000000000005-00000000000000000009.parquet"]
    read = read_footer(list_files(tmp_path)[0])
    assert (read.partition, read.first, read.last, read.records, read.hours) == (3, 5, 9, 3, {0: (3, 9)})
    assert read.path == written.path


def test_null_values_keys_and_inbox_headers_survive(tmp_path):
    headers = [None, [("file", "日.ndjson".encode()), ("line", b"12")], [("file", b"\xff"), ("line", b"x")]]
    batch = to_batch("t", 0, [0, 1, 2], [1, 2, 3], [None, b"", b"k"], [None, b"", b"\x00\xff"], headers)
    path = write_segment(tmp_path, 0, 2, 0, [batch], 0, {0: (3, 2)}).path
    rows = pq.read_table(path).to_pylist()
    assert [row["value"] for row in rows] == [None, b"", b"\x00\xff"]
    assert [row["key"] for row in rows] == [None, b"", b"k"]
    assert [(row["file"], row["line"]) for row in rows] == [(None, None), ("日.ndjson", 12), ("\ufffd", None)]


def test_files_that_touch_leave_no_hole_and_a_lost_one_shows(tmp_path):
    for first, last in ((0, 4), (5, 9), (10, 14)):
        write(tmp_path, first, last)
    assert recovered(tmp_path).holes(0) == []
    list_files(tmp_path)[1].path.unlink()
    assert recovered(tmp_path).holes(0) == [(5, 9)]


def test_a_lost_first_file_shows_because_the_archive_knows_where_it_began(tmp_path):
    store = recovered(tmp_path)
    store.check_identity("t", "id")
    store.begin(0, 3)
    write(tmp_path, 3, 4)
    write(tmp_path, 5, 9)
    list_files(tmp_path)[0].path.unlink()
    again = recovered(tmp_path)
    again.check_identity("t", "id")
    again.begin(0, 10)
    assert again.holes(0) == [(3, 4)]


def test_a_half_file_of_a_crash_is_removed(tmp_path):
    write(tmp_path, 0, 4)
    (tmp_path / "p0000.00000000000000000005-00000000000000000009.part").write_bytes(b"PAR1 half")
    store = recovered(tmp_path)
    assert store.end(0) == 5
    assert names(tmp_path) == ["p0000.00000000000000000000-00000000000000000004.parquet"]


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: data[:-8] + b"x" * 8]
)
def test_a_damaged_file_is_set_aside_and_its_range_is_missing(tmp_path, damage):
    for first, last in ((0, 4), (5, 9), (10, 14)):
        write(tmp_path, first, last)
    middle = list_files(tmp_path)[1].path
    middle.write_bytes(damage(middle.read_bytes()))
    store = recovered(tmp_path)
    assert store.holes(0) == [(5, 9)] and store.end(0) == 15
    assert f"{middle.name}.damaged" in names(tmp_path)


def test_a_strangers_parquet_file_of_that_name_is_not_believed(tmp_path):
    written = write(tmp_path, 0, 4)
    table = pq.read_table(written.path).replace_schema_metadata(None)
    pq.write_table(table, written.path)
    assert recovered(tmp_path).end(0) is None


def test_parts_of_a_merged_file_are_removed_when_the_crash_came_before_that(tmp_path):
    write(tmp_path, 0, 4)
    write(tmp_path, 5, 9)
    write(tmp_path, 0, 9, level=1)
    assert [(one.first, one.last) for one in without_merged(list_files(tmp_path))] == [(0, 9)]
    store = recovered(tmp_path)
    assert names(tmp_path) == ["p0000.00000000000000000000-00000000000000000009.parquet"]
    assert store.segments[0].records == 10


def test_parts_stay_when_the_file_merged_from_them_is_damaged(tmp_path):
    write(tmp_path, 0, 4)
    write(tmp_path, 5, 9)
    merged = write(tmp_path, 0, 9, level=1)
    merged.path.write_bytes(b"PAR1")
    store = recovered(tmp_path)
    assert [(one.first, one.last) for one in store.segments] == [(0, 4), (5, 9)]


def test_files_that_overlap_in_part_stop_the_archive(tmp_path):
    write(tmp_path, 0, 6)
    write(tmp_path, 5, 9)
    with pytest.raises(ArchiveError) as error:
        recovered(tmp_path)
    assert str(error.value) == (
        "two files of the archive overlap; found p0000.00000000000000000000-00000000000000000006.parquet and "
        f"p0000.00000000000000000005-00000000000000000009.parquet in {tmp_path}; move the newer one away and start "
        "again: what is missing is read from the log"
    )


def test_an_archive_of_another_log_is_not_continued(tmp_path):
    store = recovered(tmp_path)
    store.check_identity("sales-events", "first-id")
    store.begin(0, 0)
    store.check_identity("sales-events", "first-id")
    with pytest.raises(ArchiveError) as error:
        store.check_identity("sales-events", "second-id")
    assert str(error.value) == (
        f"the archive in {tmp_path} is another log's; found topic sales-events (first-id), the broker has sales-events "
        "(second-id); bring that log back, or move the folder away to begin a new one"
    )
    assert json.loads((tmp_path / "log.json").read_text())["topic_id"] == "first-id"


def test_a_lock_is_held_by_one_and_shared_by_readers(tmp_path):
    with locked(tmp_path, "lock") as mine:
        assert mine
        with locked(tmp_path, "lock") as second, locked(tmp_path, "lock", shared=True) as reader:
            assert not second and not reader
    with locked(tmp_path, "lock", shared=True) as one, locked(tmp_path, "lock", shared=True) as other:
        assert one and other
