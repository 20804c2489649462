"""The archive's Parquet files: names, what they cover, and how one is written so that a crash leaves all or nothing.

A file `p0003.00000000000000000000-00000000000000004711.parquet` holds every record of partition 3 from offset 0 to
4711. `first` is where reading began (the last file's end + 1), not the first record's offset, so the files of a
partition tile its offsets although those have gaps (transaction markers): a lost file shows as a hole, two writers as
an overlap.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tally.errors import TallyError

SCHEMA = pa.schema(
    [
        pa.field("topic", pa.dictionary(pa.int32(), pa.string())),
        pa.field("partition", pa.int32()),
        pa.field("offset", pa.int64()),
        pa.field("append_time_ms", pa.int64()),
        pa.field("key", pa.binary()),
        pa.field("value", pa.binary()),
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
    ]
)
NAME = re.compile(r"p(\d{4,})\.(\d{20})-(\d{20})\.parquet")
HOUR_MS = 3_600_000
IDENTITY_FILE = "log.json"
HOURS_KEY, LEVEL_KEY = b"tally.hours", b"tally.level"
TEMPORARY = ".part"
# values differ, so a dictionary of them would only be tried and dropped
WRITE_OPTIONS = {"compression": "zstd", "compression_level": 1, "use_dictionary": ["topic", "file"]}


class ArchiveError(TallyError):
    """The archive can't go on; the text says what is wrong, what was found and what to do."""


@dataclass(frozen=True, order=True)
class Segment:
    """One file: offsets first..last of a partition; `hours` maps an hour (epoch ms) to (records, last offset)."""

    partition: int
    first: int
    last: int
    path: Path = field(compare=False)
    level: int = field(default=0, compare=False)
    hours: dict[int, tuple[int, int]] = field(default_factory=dict, compare=False)

    @property
    def records(self) -> int:
        """Return how many records the file holds."""
        return sum(records for records, _ in self.hours.values())

    def covers(self, other: "Segment") -> bool:
        """Tell whether every offset of another file is in this one."""
        return self.partition == other.partition and self.first <= other.first and other.last <= self.last


def segment_path(folder: Path, partition: int, first: int, last: int) -> Path:
    """Return the file's path by what it covers."""
    return folder / f"p{partition:04d}.{first:020d}-{last:020d}.parquet"


def list_files(folder: Path) -> list[Segment]:
    """Return every file of the archive by partition and offset, a larger one first, without reading any."""
    names = (NAME.fullmatch(path.name) for path in folder.glob("p*.parquet"))
    found = (Segment(int(m[1]), int(m[2]), int(m[3]), folder / m[0]) for m in names if m)
    return sorted(found, key=lambda one: (one.partition, one.first, -one.last))


def without_merged(files: list[Segment]) -> list[Segment]:
    """Return the files, as `list_files` orders them, without those that a merged file covers.

    Raise ArchiveError when two files overlap in part: then nobody knows which of them to believe.
    """
    kept: list[Segment] = []
    for one in files:
        if kept and kept[-1].covers(one):
            continue
        if kept and kept[-1].partition == one.partition and one.first <= kept[-1].last:
            raise ArchiveError(
                f"two files of the archive overlap; found {kept[-1].path.name} and {one.path.name} in "
                f"{one.path.parent}; move the newer one away and start again: what is missing is read from the log"
            )
        kept.append(one)
    return kept


def read_footer(segment: Segment) -> Segment:
    """Return the segment with what its file says of itself; raise OSError or ValueError when the file is not whole."""
    metadata = pq.read_metadata(segment.path)
    notes = metadata.metadata or {}
    try:
        hours = {int(hour): tuple(counts) for hour, counts in json.loads(notes[HOURS_KEY]).items()}
        read = Segment(segment.partition, segment.first, segment.last, segment.path, int(notes[LEVEL_KEY]), hours)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a file of this archive: {error!r}") from error
    if read.records != metadata.num_rows:
        raise ValueError(f"{metadata.num_rows} rows where the footer speaks of {read.records}")
    return read


def holes(segments: Iterable[Segment], partition: int, beginning: int | None) -> list[tuple[int, int]]:
    """Return the (first, last) ranges of offsets that are missing before and between a partition's files.

    `beginning` is the offset at which the partition's archive began, None where that is not known.
    """
    own = [one for one in segments if one.partition == partition]
    ends = [one.last + 1 for one in own]
    starts = [ends[0] if beginning is None else beginning, *ends] if own else []
    return [(start, one.first - 1) for start, one in zip(starts, own, strict=False) if one.first > start]


def read_identity(folder: Path) -> dict | None:
    """Return which log an archive belongs to and where it began: topic, topic_id, beginnings; None for a new one.

    Raise ArchiveError when the file that says so can't be read.
    """
    path = folder / IDENTITY_FILE
    if not path.exists():
        return None
    try:
        identity = json.loads(path.read_text())
        return {name: identity[name] for name in ("topic", "topic_id", "beginnings")}
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(
            f"{path} does not say which log was archived; found {error!r}; move the archive's folder away to begin a "
            "new one"
        ) from error


def write_segment(
    folder: Path, first: int, last: int, partition: int, batches: Iterable[pa.RecordBatch], level: int, hours: dict
) -> Segment:
    """Write one file: to a temporary name, synced, renamed, folder synced."""
    path = segment_path(folder, partition, first, last)
    temporary = path.with_suffix(TEMPORARY)
    notes = {HOURS_KEY: json.dumps(hours).encode(), LEVEL_KEY: str(level).encode()}
    try:
        with pq.ParquetWriter(temporary, SCHEMA.with_metadata(notes), **WRITE_OPTIONS) as writer:
            for batch in batches:
                writer.write(batch)
        sync(temporary)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(folder)
    return Segment(partition, first, last, path, level, hours)


def sync(path: Path) -> None:
    """Make a file or a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def merge_hours(segments: Iterable[Segment]) -> dict[int, tuple[int, int]]:
    """Return the segments' counts per hour added up."""
    merged: dict[int, tuple[int, int]] = {}
    for one in segments:
        for hour, (records, last) in one.hours.items():
            before = merged.get(hour, (0, last))
            merged[hour] = (before[0] + records, max(before[1], last))
    return merged


@contextmanager
def locked(folder: Path, name: str, *, shared: bool = False, wait: bool = False) -> Iterator[bool]:
    """Hold a lock of the folder while the block runs, which is told whether it has it; it ends with the process."""
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    with (folder / name).open("a") as file:
        try:
            fcntl.flock(file, mode)
        except BlockingIOError:
            yield False
            return
        yield True
