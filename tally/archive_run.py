"""Reading the log into the archive's files, and what is kept in step with it: counts, backlog, merging."""

import json
import logging
import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow.parquet as pq

from tally.archive_buffer import PartitionBuffer
from tally.archive_compaction import READERS_LOCK, Compactor
from tally.archive_counts import LogCounts
from tally.archive_files import ArchiveError, locked
from tally.archive_lag import Backlog
from tally.archive_reader import LogReader, starting_offset
from tally.archive_report import Reporter
from tally.archive_settings import ArchiveSettings
from tally.archive_store import ArchiveStore
from tally.home import write_atomically

LOG = logging.getLogger("archive")
HOUSEKEEPING_SECONDS = 30.0
REPORT_END_SECONDS = 3.0


class Archive:
    """Reads, buffers and writes; the folder's lock must be held."""

    def __init__(
        self, settings: ArchiveSettings, stopping: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ):
        self.settings = settings
        self.stopping = stopping
        self.clock = clock
        self.store = ArchiveStore(settings.folder)
        self.store.recover()
        self.reader = LogReader(settings.kafka, settings.topic, stopping)
        self.backlog = Backlog()
        self.compactor = Compactor(self.store)
        self.buffers: dict[int, PartitionBuffer] = {}
        self.first_read: dict[int, int] = {}

    def run(self) -> None:
        """Archive until asked to stop, then write out everything that was read."""
        topic_id, partitions = self.reader.topic_id(), self.reader.partitions()
        if topic_id is None or partitions is None:
            return
        self.store.check_identity(self.settings.topic, topic_id)
        for partition in partitions:
            self.fill_holes(partition)
        self.counts = LogCounts(self.store.segments)
        if not self.open_partitions(partitions):
            return
        reporter = Reporter(
            self.settings.database_url, self.counts, self.backlog, self.load_waiting, tell_lag=self.write_lag
        )
        reporter.thread.start()
        try:
            self.read_on(reporter)
        finally:
            self.write_where(lambda buffer: True)
            self.compactor.stop()
            reporter.stop(REPORT_END_SECONDS)
            self.reader.close()

    def write_lag(self, sampled_at: float, lag_seconds: float) -> None:
        """Leave the newest lag where a producer that can wait finds it: the demo's history gives way to live events."""
        told = {"lag_seconds": lag_seconds, "sampled_at": sampled_at}
        write_atomically(self.settings.lag_file, json.dumps(told))

    def read_on(self, reporter: Reporter) -> None:
        """Read and write until asked to stop."""
        housekeeping = self.clock()
        while not self.stopping():
            if not reporter.thread.is_alive():
                raise ArchiveError(
                    "the archive's reports to Postgres ended; found the error above; it has to be started again"
                )
            self.take_in(self.reader.read())
            self.write_due()
            if reporter.were_emptied.is_set():
                self.load_again(reporter)
            if self.clock() >= housekeeping:
                housekeeping = self.clock() + HOUSEKEEPING_SECONDS
                self.compactor.start()
                self.look_for_partitions()

    def open_partitions(self, partitions: list[int]) -> bool:
        """Begin to read partitions, besides those that are read already; return False when the process is to end."""
        for partition in partitions:
            bounds = self.reader.bounds(partition)
            if bounds is None:
                return False
            first = starting_offset(self.settings.topic, partition, self.store.end(partition), *bounds)
            self.buffers[partition] = PartitionBuffer(self.settings.topic, partition, first)
            self.first_read[partition] = first
            self.store.begin(partition, first)
            self.backlog.begin(partition)
        self.reader.assign({partition: buffer.next for partition, buffer in self.buffers.items()})
        LOG.info("reading %s: %s", self.settings.topic, {one: buffer.next for one, buffer in self.buffers.items()})
        return True

    def look_for_partitions(self) -> None:
        """Read partitions that were added to the topic."""
        added = sorted(set(self.reader.partitions_now()) - self.buffers.keys())
        if added:
            self.open_partitions(added)

    def take_in(self, messages) -> None:
        """Put messages into the buffers of their partitions and count them."""
        ended = []
        for message in messages:
            if message.error() is None:
                self.buffers[message.partition()].append(message)
            else:
                ended.append(message.partition())
        for partition, buffer in self.buffers.items():
            new = buffer.take_new(self.clock())
            if new is not None:
                buffer.note_hours(self.counts.add(partition, *new))
                self.backlog.add(partition, *new)
                buffer.freeze_if_big()
        for partition in ended:
            self.backlog.reached_end(partition)

    def write_due(self) -> None:
        """Write buffers that are old enough, and the largest ones while all together are too big."""
        oldest = self.clock() - self.settings.roll_seconds
        self.write_where(lambda buffer: buffer.since is not None and buffer.since <= oldest)
        while sum(buffer.size for buffer in self.buffers.values()) > self.settings.buffer_bytes:
            largest = max(self.buffers.values(), key=lambda buffer: buffer.size)
            self.write_where(lambda buffer, largest=largest: buffer is largest)

    def write_where(self, is_due: Callable[[PartitionBuffer], bool]) -> None:
        """Write the buffers that are due and hold something."""
        for buffer in self.buffers.values():
            if buffer.since is not None and is_due(buffer):
                table, hours, last = buffer.take_table(), buffer.hours, buffer.next - 1
                self.store.add(buffer.first, last, buffer.partition, [table], hours)
                buffer.begin(last + 1)

    def fill_holes(self, partition: int) -> None:
        """Read again what lost or damaged files held."""
        for first, last in self.store.holes(partition):
            LOG.warning(
                "partition %d: offsets %d to %d are missing in the archive; reading them again", partition, first, last
            )
            self.fill_hole(partition, first, last)

    def fill_hole(self, partition: int, first: int, last: int) -> None:
        """Read one range of offsets into one file; raise ArchiveError when the log no longer has it."""
        buffer, counts = PartitionBuffer(self.settings.topic, partition, first), LogCounts([])
        self.reader.assign({partition: first})
        while buffer.next <= last and not self.stopping():
            for message in self.reader.read():
                if message.error() is None and message.offset() <= last:
                    buffer.append(message)
            new = buffer.take_new(self.clock())
            if new is not None:
                buffer.note_hours(counts.add(partition, *new))
                buffer.freeze_if_big()
        if buffer.next > last:
            self.store.add(first, last, partition, [buffer.take_table()], buffer.hours)

    def load_again(self, reporter: Reporter) -> None:
        """Begin the backlog anew with everything on disk: the results were emptied to be made again from the log."""
        LOG.info("the results were emptied; the lag begins again with the log")
        self.write_where(lambda buffer: True)
        self.first_read = {partition: buffer.next for partition, buffer in self.buffers.items()}
        self.backlog.clear()
        reporter.were_emptied.clear()

    def load_waiting(self, visible: dict[int, int]) -> None:
        """Put records that are on disk from earlier runs and not yet visible into the backlog."""
        with locked(self.store.folder, READERS_LOCK, shared=True, wait=True):
            for partition, end in self.first_read.items():
                self.backlog.put_first(partition, self.appended(partition, visible.get(partition, -1), end))

    def appended(self, partition: int, after: int, end: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give (offsets, append times) of the records on disk after one offset and before another."""
        for segment in self.store.of_partition(partition):
            if segment.last > after and segment.first < end:
                with pq.ParquetFile(segment.path) as file:
                    for batch in file.iter_batches(columns=["offset", "append_time_ms"]):
                        offsets, times = (column.to_numpy() for column in batch.columns)
                        wanted = (offsets > after) & (offsets < end)
                        yield offsets[wanted], times[wanted]
