"""Merge small files of the archive, so that a week of one file a minute and partition does not stay 40,000 files.

Files of one level that lie side by side become one of the next level, FAN_IN at a time: each record is rewritten at
most three times in its life. The audit holds a shared lock while it reads, so that no file vanishes under it.
"""

import logging
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tally.archive_files import Segment, locked, merge_hours, write_segment
from tally.archive_store import ArchiveStore

LOG = logging.getLogger("archive")
FAN_IN = 32
FEWEST = 4
TARGET_BYTES = 256 * 1024 * 1024
GROUP_BYTES = 16 * 1024 * 1024
READERS_LOCK = ".readers.lock"


class Stopped(Exception):
    """The process ends; a merge that has begun leaves no trace."""


def mergeable(segments: list[Segment], fan_in: int = FAN_IN, target_bytes: int = TARGET_BYTES) -> list[Segment]:
    """Return the first run of files worth merging, empty when there is none; `segments` are sorted."""
    for _, group in groupby(tiled(segments), key=lambda pair: (pair[1].partition, pair[0], pair[1].level)):
        run, size = [], 0
        for _, one in group:
            size += one.path.stat().st_size
            if size > target_bytes:
                if len(run) >= FEWEST:
                    return run
                run, size = [], one.path.stat().st_size
            run.append(one)
            if len(run) == fan_in:
                return run
    return []


def tiled(segments: list[Segment]) -> Iterator[tuple[int, Segment]]:
    """Give each file with the number of its stretch without holes."""
    stretch, before = 0, None
    for one in segments:
        if before is not None and (before.partition, before.last + 1) != (one.partition, one.first):
            stretch += 1
        before = one
        yield stretch, one


def merge(folder: Path, run: list[Segment], stop: threading.Event) -> Segment:
    """Write one file with the records of all; raise Stopped when the process is to end."""
    level = max(one.level for one in run) + 1
    first, last = run[0].first, run[-1].last
    return write_segment(folder, first, last, run[0].partition, row_groups(run, stop), level, merge_hours(run))


def row_groups(run: list[Segment], stop: threading.Event) -> Iterator[pa.Table]:
    """Give the files' rows in order, in groups of about GROUP_BYTES."""
    waiting: list[pa.Table] = []
    for one in run:
        with pq.ParquetFile(one.path) as file:
            for number in range(file.num_row_groups):
                if stop.is_set():
                    raise Stopped
                waiting.append(file.read_row_group(number))
                if sum(part.nbytes for part in waiting) >= GROUP_BYTES:
                    yield joined(waiting)
                    waiting = []
    if waiting:
        yield joined(waiting)


def joined(parts: list[pa.Table]) -> pa.Table:
    """Return the parts as one table of one chunk, without the files' notes."""
    return pa.concat_tables(parts).replace_schema_metadata(None).unify_dictionaries().combine_chunks()


class Compactor:
    """Merges in a thread of its own, one run after the other, until none is left."""

    def __init__(self, store: ArchiveStore, fan_in: int = FAN_IN):
        self.store = store
        self.fan_in = fan_in
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin a pass unless one is running."""
        if self.thread is None or not self.thread.is_alive():
            self.thread = threading.Thread(target=self.run, name="compaction", daemon=True)
            self.thread.start()

    def run(self) -> None:
        """Merge until nothing is left to merge, an audit reads, or the process ends."""
        try:
            while not self.stopping.is_set() and self.merge_one():
                pass
        except Stopped:
            return
        except (OSError, pa.ArrowException) as error:
            LOG.error("small files of the archive could not be merged; found: %s; it is tried again in a minute", error)

    def merge_one(self) -> bool:
        """Merge one run; return whether there was one and nobody was reading."""
        with locked(self.store.folder, READERS_LOCK) as free:
            run = mergeable(list(self.store.segments), self.fan_in) if free else []
            if run:
                self.store.replace(merge(self.store.folder, run, self.stopping), run)
            return bool(run)

    def stop(self, seconds: float = 3.0) -> None:
        """Give up a merge that runs."""
        self.stopping.set()
        if self.thread is not None:
            self.thread.join(seconds)
