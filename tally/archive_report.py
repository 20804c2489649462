"""What the archive tells Postgres each second: counts of the log and lag. An outage never stops the archiving."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from psycopg2.extras import execute_values

from tally.archive_counts import HourCount, LogCounts
from tally.archive_lag import Backlog

LOG = logging.getLogger("archive")
SQL = Path(__file__).resolve().parent.parent / "sql" / "audit"
KEPT_SAMPLES = 3600
ALL_COUNTS_EVERY = 600
SESSION = "-c statement_timeout=10000 -c lock_timeout=5000"

Sample = tuple[datetime, float, int, float]


class Reporter:
    """Writes `lag_samples` and `log_counts_1h` in a thread of its own, over a connection that it opens again as needed.

    `on_visible` is called with {partition: last visible offset} when that is known for the first time, `tell_lag` with
    each sample's time (epoch seconds) and lag (seconds).
    """

    def __init__(
        self,
        database_url: str,
        counts: LogCounts,
        backlog: Backlog,
        on_visible: Callable[[dict[int, int]], None],
        clock: Callable[[], float] = time.time,
        tell_lag: Callable[[float, float], None] = lambda sampled_at, lag_seconds: None,
    ):
        self.tell_lag = tell_lag
        self.database_url = database_url
        self.counts = counts
        self.backlog = backlog
        self.on_visible = on_visible
        self.clock = clock
        self.statements = {
            path.stem: path.read_text(encoding="utf-8")
            for path in (*(SQL / "log").glob("*.sql"), SQL / "postgres" / "visible_offsets.sql")
        }
        self.connection = None
        self.visible: dict[int, int] | None = None
        self.samples: deque[Sample] = deque(maxlen=KEPT_SAMPLES)
        self.outage = ""
        self.rounds = 0
        self.sampled = 0
        self.stopping = threading.Event()
        # set when results were seen to shrink; the reading thread empties the backlog and clears it
        self.were_emptied = threading.Event()
        self.thread = threading.Thread(target=self.run, name="report", daemon=True)

    def run(self) -> None:
        """Report at each second's beginning until asked to stop."""
        while not self.stopping.wait(math.floor(self.clock()) + 1 - self.clock()):
            self.report()

    def report(self) -> None:
        """Take a sample and write what is not yet written; what can't be written now is kept."""
        self.rounds += 1
        if self.rounds % ALL_COUNTS_EVERY == 0:
            self.counts.mark_all()
        changed: list[HourCount] = []
        try:
            self.connect()
            with self.connection, self.connection.cursor() as cursor:
                self.read_visible(cursor)
                self.take_sample()
                changed = self.counts.take_changed()
                written = self.write(cursor, changed)
        except psycopg2.Error as error:
            self.counts.put_back(changed)
            self.take_sample()
            self.lost(error)
        else:
            for _ in range(written):
                self.samples.popleft()
            self.recovered()

    def take_sample(self) -> None:
        """Remember this second's lag, records and rate, once; nothing while it is not known what is visible."""
        now = self.clock()
        lag = None if self.visible is None else self.backlog.lag_ms(int(now * 1000))
        if lag is None or self.sampled == math.floor(now):
            return
        self.sampled = math.floor(now)
        rate = self.backlog.events_per_second(int(now * 1000))
        self.samples.append((datetime.fromtimestamp(self.sampled, UTC), lag / 1000, self.counts.total, rate))
        self.tell_lag(now, lag / 1000)

    def connect(self) -> None:
        """Open a connection when there is none; the database behind a new one may lack anything."""
        if self.connection is None:
            self.connection = psycopg2.connect(
                self.database_url, connect_timeout=3, application_name="tally-archive", options=SESSION
            )
            self.counts.mark_all()

    def read_visible(self, cursor) -> None:
        """Read how far the results are, unless the backlog is just being emptied."""
        if self.were_emptied.is_set():
            return
        cursor.execute(self.statements["visible_offsets"])
        found = dict(cursor.fetchall())
        if self.visible is None:
            self.on_visible(found)
        elif any(found.get(partition, -1) < offset for partition, offset in self.visible.items()):
            # totals never go back but when the results are made again from the log
            self.visible = None
            self.were_emptied.set()
            return
        self.visible = found
        self.backlog.seen(found)

    def write(self, cursor, changed: list[HourCount]) -> int:
        """Write counts and all kept samples; return how many samples those were."""
        samples = list(self.samples)
        execute_values(cursor, self.statements["lag_samples"], samples)
        execute_values(cursor, self.statements["log_counts_1h"], [as_row(one) for one in changed])
        return len(samples)

    def lost(self, error: psycopg2.Error) -> None:
        """Drop the connection and say so once for each kind of trouble."""
        text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if self.outage != text:
            self.outage = text
            LOG.warning("Postgres takes nothing; found: %s; archiving goes on, trying again each second", text)
        self.close()

    def recovered(self) -> None:
        """Say that an outage is over."""
        if self.outage:
            self.outage = ""
            LOG.info("Postgres takes counts and lag again")

    def stop(self, seconds: float) -> None:
        """End the thread, then report a last time: everything read is counted."""
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join(seconds)
        if not self.thread.is_alive():
            self.report()
            self.close()

    def close(self) -> None:
        """Drop the connection."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def as_row(count: HourCount) -> tuple[datetime, int, int, int]:
    """Return a count as the row of `log_counts_1h`."""
    return datetime.fromtimestamp(count.hour_ms / 1000, UTC), count.partition, count.records, count.last_offset
