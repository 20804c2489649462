"""Lag: the age of the oldest appended record that is not yet visible in the results, in constant memory.

Of the records that are not visible yet it keeps, per partition, (last offset, first append time) of each short stretch
of append time; when there are too many stretches, they are made wider. A stretch counts from its first record until
its last one is visible, so the lag is never understated, and overstated by less than a stretch: 20 ms, or a two
thousandth of a long backlog.
"""

import threading
from collections import Counter, deque
from collections.abc import Iterable

import numpy as np

STRETCH_MS = 20
MOST_STRETCHES = 4096
RATE_SECONDS = 5


class Backlog:
    """What has been appended and is not visible yet; written by the reading thread, read by the reporting one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: dict[int, Waiting] = {}
        self.newest: dict[int, int] = {}
        self.unread: set[int] = set()
        self.per_second: Counter[int] = Counter()

    def begin(self, partition: int) -> None:
        """Know a partition of which nothing has been read yet."""
        with self.lock:
            self.unread.add(partition)

    def add(self, partition: int, offsets: np.ndarray, append_times: np.ndarray) -> None:
        """Take in a batch of one partition, in the order of its offsets; append times are epoch ms."""
        with self.lock:
            self.waiting.setdefault(partition, Waiting()).extend(offsets, append_times)
            self.newest[partition] = int(append_times[-1])
            self.unread.add(partition)
            self.count_rate(append_times)

    def put_first(self, partition: int, batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
        """Take in (offsets, append times) from before those of `add`: on disk since an earlier run, not visible yet."""
        earlier = Waiting()
        for offsets, append_times in batches:
            earlier.extend(offsets, append_times)
        with self.lock:
            earlier.append_all(self.waiting.get(partition, Waiting()))
            self.waiting[partition] = earlier

    def reached_end(self, partition: int) -> None:
        """Note that everything appended to a partition has been read."""
        with self.lock:
            self.unread.discard(partition)

    def seen(self, visible: dict[int, int]) -> None:
        """Forget records up to the last visible offset of each partition."""
        with self.lock:
            for partition, last_offset in visible.items():
                if partition in self.waiting:
                    self.waiting[partition].forget(last_offset)

    def lag_ms(self, now_ms: int) -> int | None:
        """Return the lag in milliseconds, 0 when drained; None while nothing is known of an unread partition."""
        with self.lock:
            if self.unread - self.newest.keys():
                return None
            waiting = {partition: one.queue[0][1] for partition, one in self.waiting.items() if one.queue}
            # of records that have not even been read, it is known that they came after the newest one read
            oldest = [*waiting.values(), *(self.newest[partition] for partition in self.unread - waiting.keys())]
            return max(0, now_ms - min(oldest)) if oldest else 0

    def clear(self) -> None:
        """Forget what is waiting."""
        with self.lock:
            self.waiting.clear()

    def count_rate(self, append_times: np.ndarray) -> None:
        """Count the batch's newest seconds; older ones can't matter any more."""
        seconds = append_times // 1000
        newest = int(seconds[-1])
        recent, counts = np.unique(seconds[seconds > newest - 2 * RATE_SECONDS], return_counts=True)
        for second, count in zip(recent.tolist(), counts.tolist(), strict=True):
            self.per_second[second] += count
        for second in [one for one in self.per_second if one <= newest - 4 * RATE_SECONDS]:
            del self.per_second[second]

    def events_per_second(self, now_ms: int) -> float:
        """Return the mean rate of appended records over the last whole seconds."""
        second = now_ms // 1000
        with self.lock:
            return sum(self.per_second[second - back] for back in range(1, RATE_SECONDS + 1)) / RATE_SECONDS


class Waiting:
    """Stretches of one partition, oldest first, each (last offset, first append time); they widen to stay few."""

    def __init__(self) -> None:
        self.queue: deque[tuple[int, int]] = deque()
        self.width = STRETCH_MS

    def extend(self, offsets: np.ndarray, append_times: np.ndarray) -> None:
        """Take in a batch in the order of its offsets."""
        self.queue.extend(stretches_of(offsets, append_times, self.width))
        self.shorten()

    def append_all(self, later: "Waiting") -> None:
        """Take in what came later."""
        self.queue.extend(later.queue)
        self.width = max(self.width, later.width)
        self.shorten()

    def shorten(self) -> None:
        """Widen the stretches until they are few enough."""
        while len(self.queue) > MOST_STRETCHES:
            self.width *= 2
            self.queue = joined(self.queue, self.width)

    def forget(self, last_offset: int) -> None:
        """Drop what is visible."""
        while self.queue and self.queue[0][0] <= last_offset:
            self.queue.popleft()
        if not self.queue:
            self.width = STRETCH_MS


def stretches_of(offsets: np.ndarray, append_times: np.ndarray, width: int) -> list[tuple[int, int]]:
    """Return (last offset, first append time) of each stretch of a batch."""
    if not len(offsets):
        return []
    cuts = np.flatnonzero(np.diff(append_times // width)) + 1
    firsts, lasts = np.concatenate(([0], cuts)), np.concatenate((cuts, [len(offsets)])) - 1
    return list(zip(offsets[lasts].tolist(), append_times[firsts].tolist(), strict=True))


def joined(stretches: Iterable[tuple[int, int]], width: int) -> deque[tuple[int, int]]:
    """Return the stretches with neighbours of one width's interval joined."""
    result: deque[tuple[int, int]] = deque()
    for last, first in stretches:
        if result and result[-1][1] // width == first // width:
            first = min(first, result.pop()[1])
        result.append((last, first))
    return result
