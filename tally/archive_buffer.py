"""Records of one partition on their way into a file."""

import itertools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tally.archive_files import SCHEMA

FREEZE_RECORDS = 4096
FREEZE_BYTES = 4 * 1024 * 1024


class PartitionBuffer:
    """What has been read of one partition since its last file; `first` is where that reading began."""

    def __init__(self, topic: str, partition: int, first: int):
        self.topic = topic
        self.partition = partition
        self.begin(first)

    def begin(self, first: int) -> None:
        """Be empty, at an offset."""
        self.first = self.next = first
        self.since: float | None = None
        self.frozen: list[pa.RecordBatch] = []
        self.frozen_bytes = 0
        self.hours: dict[int, tuple[int, int]] = {}
        self.clear_lists()

    def clear_lists(self) -> None:
        """Forget the records that are not frozen."""
        self.offsets: list[int] = []
        self.times: list[int] = []
        self.keys: list[bytes | None] = []
        self.values: list[bytes | None] = []
        self.headers: list[list[tuple[str, bytes]] | None] = []
        self.loose_bytes = 0
        self.noted = 0

    @property
    def size(self) -> int:
        """Return about how many bytes are held."""
        return self.frozen_bytes + self.loose_bytes

    def append(self, message) -> None:
        """Take in one Kafka message."""
        value = message.value()
        self.offsets.append(message.offset())
        self.times.append(message.timestamp()[1])
        self.keys.append(message.key())
        self.values.append(value)
        self.headers.append(message.headers())
        if value is not None:
            self.loose_bytes += len(value)

    def take_new(self, now: float) -> tuple[np.ndarray, np.ndarray] | None:
        """Return offsets and append times that came since the last call, None when there are none."""
        if self.noted == len(self.offsets):
            return None
        self.since = now if self.since is None else self.since
        offsets = np.array(self.offsets[self.noted :], dtype=np.int64)
        times = np.array(self.times[self.noted :], dtype=np.int64)
        self.noted = len(self.offsets)
        self.next = int(offsets[-1]) + 1
        return offsets, times

    def note_hours(self, by_hour: dict[int, tuple[int, int]]) -> None:
        """Add counts per hour to those of the coming file."""
        for hour, (records, last) in by_hour.items():
            self.hours[hour] = (self.hours.get(hour, (0, 0))[0] + records, last)

    def freeze_if_big(self) -> None:
        """Turn Python objects into Arrow memory, a third of the size, once they are worth it."""
        if len(self.offsets) >= FREEZE_RECORDS or self.loose_bytes >= FREEZE_BYTES:
            self.freeze()

    def freeze(self) -> None:
        """Turn what is loose into an Arrow batch."""
        if self.offsets:
            batch = to_batch(self.topic, self.partition, self.offsets, self.times, self.keys, self.values, self.headers)
            self.frozen.append(batch)
            self.frozen_bytes += batch.nbytes
            self.clear_lists()

    def take_table(self) -> pa.Table:
        """Return everything held as one table of one chunk."""
        self.freeze()
        return pa.Table.from_batches(self.frozen).combine_chunks()


def to_batch(
    topic: str,
    partition: int,
    offsets: Sequence[int],
    times: Sequence[int],
    keys: Sequence[bytes | None],
    values: Sequence[bytes | None],
    headers: Sequence[list[tuple[str, bytes]] | None],
) -> pa.RecordBatch:
    """Return records of one partition in the archive's columns."""
    count = len(offsets)
    origins = [inbox_origin(one) if one else (None, None) for one in headers]
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([topic])),
        pa.array(np.full(count, partition, np.int32)),
        pa.array(offsets, pa.int64()),
        pa.array(times, pa.int64()),
        pa.array(keys, pa.binary()),
        pa.array(values, pa.binary()),
        pa.array([file for file, _ in origins], pa.string()),
        pa.array([line for _, line in origins], pa.int64()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def inbox_origin(headers: list[tuple[str, bytes]]) -> tuple[str | None, int | None]:
    """Return (file, line) of the inbox's headers; None for what is absent or, as a line, not 1 to 18 ASCII digits."""
    found = dict(itertools.chain((("file", None), ("line", None)), headers))
    file, line = found["file"], found["line"]
    is_number = line is not None and line.isdigit() and len(line) <= 18
    return (None if file is None else file.decode("utf-8", "replace"), int(line) if is_number else None)
