"""Merging small files changes neither records nor counts, and never while somebody reads."""

import threading

import pyarrow.dataset as ds
import pytest

from tally.archive_compaction import READERS_LOCK, Compactor, Stopped, merge, mergeable
from tally.archive_files import locked
from tally.archive_store import ArchiveStore
from tests.audit.test_archive_files import write


def filled(folder, ranges, partition=0):
    for first, last in ranges:
        write(folder, first, last, partition)
    store = ArchiveStore(folder)
    store.recover()
    return store


def contents(folder):
    table = ds.dataset(sorted(folder.glob("p*.parquet"))).to_table(columns=["partition", "offset", "value"])
    return sorted((row["partition"], row["offset"], row["value"]) for row in table.to_pylist())


def test_as_many_neighbours_as_the_fan_in_become_one_file_with_the_same_records_and_counts(tmp_path):
    store = filled(tmp_path, [(0, 4), (5, 9), (10, 14), (15, 19), (20, 24)])
    before = contents(tmp_path)
    assert Compactor(store, fan_in=4).merge_one()
    assert [(one.first, one.last, one.level, one.hours) for one in store.segments] == [
        (0, 19, 1, {0: (20, 19)}),
        (20, 24, 0, {0: (5, 24)}),
    ]
    assert contents(tmp_path) == before
    again = ArchiveStore(tmp_path)
    again.recover()
    assert again.segments == store.segments and again.holes(0) == []


def test_every_level_is_merged_until_nothing_is_left_to_merge(tmp_path):
    store = filled(tmp_path, [(at, at) for at in range(16)])
    before = contents(tmp_path)
    Compactor(store, fan_in=4).run()
    assert [(one.first, one.last, one.level) for one in store.segments] == [(0, 15, 2)]
    assert contents(tmp_path) == before


def test_files_on_both_sides_of_a_hole_or_of_two_partitions_are_not_merged(tmp_path):
    filled(tmp_path, [(0, 4), (10, 14)])
    store = filled(tmp_path, [(0, 4), (5, 9)], partition=1)
    assert mergeable(store.segments, fan_in=3) == []
    assert [one.partition for one in mergeable(store.segments, fan_in=2)] == [1, 1]


def test_a_file_does_not_grow_beyond_the_target(tmp_path):
    store = filled(tmp_path, [(at, at) for at in range(10)])
    size = store.segments[0].path.stat().st_size
    assert len(mergeable(store.segments, fan_in=32, target_bytes=5 * size + 1)) == 5


def test_nothing_is_merged_while_an_audit_reads(tmp_path):
    store = filled(tmp_path, [(0, 4), (5, 9)])
    with locked(tmp_path, READERS_LOCK, shared=True):
        assert not Compactor(store, fan_in=2).merge_one()
    assert Compactor(store, fan_in=2).merge_one()


def test_a_merge_that_is_stopped_leaves_the_parts(tmp_path):
    store = filled(tmp_path, [(0, 4), (5, 9)])
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        merge(tmp_path, store.segments, stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == [one.path.name for one in store.segments]
