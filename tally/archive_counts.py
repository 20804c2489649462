"""How many records each hour of the log holds: absolute counts, right after any restart.

A count is the sum of what the files' footers say and of what was read after them. Reading starts again behind the last
file, so records that were counted but not yet on disk are read again into a count that begins without them.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tally.archive_files import HOUR_MS, Segment


@dataclass(frozen=True)
class HourCount:
    """Records of one append hour (epoch ms) of one partition, and the last offset among them."""

    hour_ms: int
    partition: int
    records: int
    last_offset: int


class LogCounts:
    """Counts per append hour and partition; written by the reading thread, read by the reporting one."""

    def __init__(self, segments: Iterable[Segment]):
        self.lock = threading.Lock()
        self.counts: dict[tuple[int, int], tuple[int, int]] = {}
        self.changed: set[tuple[int, int]] = set()
        for one in segments:
            for hour, (records, last) in one.hours.items():
                self.count(hour, one.partition, records, last)

    @property
    def total(self) -> int:
        """Return the number of records of the log so far."""
        with self.lock:
            return sum(records for records, _ in self.counts.values())

    def count(self, hour_ms: int, partition: int, records: int, last_offset: int) -> None:
        """Add records of one hour."""
        key = (hour_ms, partition)
        with self.lock:
            before, last = self.counts.get(key, (0, last_offset))
            self.counts[key] = (before + records, max(last, last_offset))
            self.changed.add(key)

    def add(self, partition: int, offsets: np.ndarray, append_times: np.ndarray) -> dict[int, tuple[int, int]]:
        """Count a batch and return it by hour as {hour: (records, last offset)}."""
        by_hour = hours_of(offsets, append_times)
        for hour, (records, last) in by_hour.items():
            self.count(hour, partition, records, last)
        return by_hour

    def take_changed(self) -> list[HourCount]:
        """Return what changed since the last call; give it back with `put_back` when it could not be written."""
        with self.lock:
            keys, self.changed = self.changed, set()
            return [HourCount(hour, partition, *self.counts[hour, partition]) for hour, partition in sorted(keys)]

    def put_back(self, counts: Iterable[HourCount]) -> None:
        """Mark counts as not written."""
        with self.lock:
            self.changed |= {(one.hour_ms, one.partition) for one in counts}

    def mark_all(self) -> None:
        """Have every count written again: the database may be another one, or an older copy."""
        with self.lock:
            self.changed = set(self.counts)


def hours_of(offsets: np.ndarray, append_times: np.ndarray) -> dict[int, tuple[int, int]]:
    """Return {hour (epoch ms): (records, last offset)} of a batch of one partition."""
    hours = append_times // HOUR_MS
    if hours[0] == hours.min() == hours.max():
        return {int(hours[0]) * HOUR_MS: (len(offsets), int(offsets.max()))}
    found = ((int(hour), offsets[hours == hour]) for hour in np.unique(hours))
    return {hour * HOUR_MS: (len(own), int(own.max())) for hour, own in found}
