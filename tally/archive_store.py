"""The archive's folder as one process owns it: what is in it after a crash, and which files it has now."""

import json
import logging
import threading
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from tally.archive_files import (
    IDENTITY_FILE,
    TEMPORARY,
    ArchiveError,
    Segment,
    holes,
    list_files,
    read_footer,
    read_identity,
    without_merged,
    write_segment,
)
from tally.home import write_atomically

LOG = logging.getLogger("archive")


class ArchiveStore:
    """The files of the archive; safe to use from the threads of one process, which must hold the folder's lock."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.lock = threading.Lock()
        self.segments: list[Segment] = []
        self.identity: dict = {"beginnings": {}}

    def recover(self) -> None:
        """Remove what a crash left, set damaged files aside, learn what is there; raise ArchiveError on overlaps."""
        for leftover in self.folder.glob(f"*{TEMPORARY}"):
            leftover.unlink()
        while True:
            files = list_files(self.folder)
            whole = [self.read_or_set_aside(one) for one in without_merged(files)]
            if None not in whole:
                break
        self.segments = whole
        # only now that the merged files are known to be whole
        for path in {one.path for one in files} - {one.path for one in whole}:
            path.unlink()

    def read_or_set_aside(self, segment: Segment) -> Segment | None:
        """Return the segment with its footer's counts; one that is not whole is renamed, so that it is read again."""
        try:
            return read_footer(segment)
        except (OSError, ValueError, pa.ArrowException) as error:
            aside = segment.path.with_name(segment.path.name + ".damaged")
            segment.path.rename(aside)
            LOG.error(
                "%s is not whole; found: %s; kept as %s and read from the log again", segment.path, error, aside.name
            )
            return None

    def check_identity(self, topic: str, topic_id: str) -> None:
        """Bind a new archive to its log; raise ArchiveError when the files are those of another topic or log."""
        then = read_identity(self.folder) or {"topic": topic, "topic_id": topic_id, "beginnings": {}}
        self.identity = then
        if (then["topic"], then["topic_id"]) != (topic, topic_id):
            raise ArchiveError(
                f"the archive in {self.folder} is another log's; found topic {then['topic']} ({then['topic_id']}), "
                f"the broker has {topic} ({topic_id}); bring that log back, or move the folder away to begin a new one"
            )

    def begin(self, partition: int, offset: int) -> None:
        """Remember where the archive of a partition begins, the first time that it is opened."""
        if str(partition) not in self.identity["beginnings"]:
            self.identity["beginnings"][str(partition)] = offset
            write_atomically(self.folder / IDENTITY_FILE, json.dumps(self.identity))

    def end(self, partition: int) -> int | None:
        """Return the offset after the last one on disk, None for a partition that has no file."""
        with self.lock:
            return max((one.last + 1 for one in self.segments if one.partition == partition), default=None)

    def holes(self, partition: int) -> list[tuple[int, int]]:
        """Return the ranges of offsets that lost files leave."""
        with self.lock:
            return holes(self.segments, partition, self.identity["beginnings"].get(str(partition)))

    def of_partition(self, partition: int) -> list[Segment]:
        """Return a partition's files by offset."""
        with self.lock:
            return [one for one in self.segments if one.partition == partition]

    def add(self, first: int, last: int, partition: int, batches: Iterable[pa.RecordBatch], hours: dict) -> Segment:
        """Write a file and know it from now on."""
        segment = write_segment(self.folder, first, last, partition, batches, 0, hours)
        with self.lock:
            self.segments = sorted([*self.segments, segment])
        return segment

    def replace(self, merged: Segment, parts: list[Segment]) -> None:
        """Know a merged file instead of its parts, and remove those."""
        gone = {one.path for one in parts}
        with self.lock:
            self.segments = sorted([*(one for one in self.segments if one.path not in gone), merged])
        for path in gone:
            path.unlink()
