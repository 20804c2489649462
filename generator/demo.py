"""The demo: history in slices while live events flow; the same shop on every start, nothing lost or sent twice."""

import ctypes
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generator.catalogue_files import is_ours, mark_as_ours, write_catalogue
from generator.chain import SAVE_WITHIN_MS
from generator.home import DemoHome, Ledger
from generator.kafka_sink import KafkaSettings, KafkaSink, digest, published_since, refuse_another_log
from generator.pace import Pace
from generator.rows import COPY, DUE, FORM, SEQ, empty
from generator.scenarios import DeliveryRates
from generator.state import only_one, take_snapshot

TICK_SECONDS = 0.04
SAVE_SECONDS = 5.0
PROGRESS_SECONDS = 1.0
SNAPSHOT_SECONDS = 60.0
SLEPT_SECONDS = 60.0
FLUSH_SECONDS, STOP_SECONDS = 45.0, 6.0
SIMULATE_SECONDS = 0.03
COMPLETE_SECONDS = 240.0  # history is through in this time, unless the line lags behind
QUEUE = 20_000
log = logging.getLogger("generator")


@dataclass(frozen=True)
class DemoSettings:
    """What the demo was asked for; `seconds` ends it, `history_rate` is in events per second."""

    home: Path
    seed: int
    scenario: str
    delivery: DeliveryRates
    rate: float
    progress: Path
    catalogue: Path
    shop: str = "china"
    products: int = 2_000
    shipments: bool | None = None
    seconds: float | None = None
    history_days: int = 8
    history_rate: float = 6_000
    lag_file: Path | None = None


class Demo:
    """One stretch of live operation: from a start, or the machine's waking, to a stop or its sleeping."""

    def __init__(self, settings: DemoSettings, home: DemoHome, sink: KafkaSink, clock: Callable[[], float] = time.time):
        self.settings, self.home, self.sink, self.clock = settings, home, sink, clock
        self.ledger: Ledger = home.ledger
        self.queue = empty()
        self.stopped = self.slept = False
        self.live_events = 0
        self.total = 0
        self._parent = os.getppid()

    def now(self) -> int:
        """Return the clock in epoch ms."""
        return int(self.clock() * 1000)

    def begin(self) -> bool:
        """Simulate from the saved state to now; what lies behind is history, what is ahead waits in the queue.

        Return False when it was stopped before anything was decided; nothing is sent or saved then.
        """
        self.report("simulating")
        ledger, home = self.ledger, self.home
        offsets = ledger.offsets if not ledger.clean else None
        refuse_another_log(self.sink.settings, ledger.offsets, self.sink.ends())
        job, chain = home.open_stretch(self.settings, self.now())
        while chain.next_boundary <= self.now():
            job.collect(chain.step())
            if self.stopped:
                return False
        until = self.now()
        job.plan.until = until
        name = home.save_snapshot(take_snapshot(chain.simulation))
        rows = chain.step()
        job.collect(rows)
        job.is_simulated = True
        self.queue = rows[rows[:, DUE] > until]
        self.chain = chain
        if offsets:
            self._settle(job, offsets)
        home.add(job)
        ledger.live_snapshot, ledger.published_until, ledger.segments = name, until, chain.segments
        ledger.offsets, ledger.clean = self.sink.ends(), False
        home.save()
        self.total = sum(sum(j.plan.counts.values()) - sum(j.plan.done.values()) for j in home.jobs)
        most = max(self.settings.history_rate, self.total / COMPLETE_SECONDS)
        self.pace = Pace(most, self.settings.lag_file, self.clock)
        self._write_catalogue()
        log.info("live; %s events of history to publish at %s/s", f"{self.total:,}", f"{most:,.0f}")
        return True

    def _write_catalogue(self) -> None:
        folder = self.settings.catalogue
        if not is_ours(folder):
            log.info("left products.ndjson in %s as it is, it is not the generator's", folder)
            return
        write_catalogue(folder, self.home.shop, self.home.catalogue, self.chain.simulation.policy)
        mark_as_ours(folder)

    def _settle(self, job, offsets: dict[int, int]) -> None:
        """After a crash: read what got into the log since the last save, and never send that again."""
        found = published_since(self.sink.settings, offsets)
        if not found:
            return
        log.info("the last run did not end in order; %s records in the log since its last save", f"{found.total():,}")
        window = found.total() + QUEUE
        after = job.plan.after
        for stretch in (job, *self.home.jobs):
            stretch.simulate()
            published = []
            for rows in stretch.upcoming(1 << 40 if stretch is job else window):
                rows = rows[rows[:, DUE] <= after + SAVE_WITHIN_MS] if stretch is job else rows
                for row, line in zip(rows.tolist(), self.home.encoder.lines(rows), strict=True):
                    key = digest(line)
                    if found[key] > 0:
                        found[key] -= 1
                        published.append((row[SEQ], row[COPY], row[FORM]))
            if published:
                stretch.forget(published)
                self.ledger.published += len(published)
            log.info("%s of them are known and not sent again", f"{len(published):,}")

    def run(self) -> None:
        """Send live events when they are due and history between them, until stopped."""
        begun = last = self.clock()
        saved = reported = snapped = begun
        while not self.stopped:
            now = self.clock()
            if now - last > SLEPT_SECONDS:
                self.slept = True
                break
            self._send_live(self.now())
            self._send_history(now - last)
            last = now
            if now - saved > SAVE_SECONDS:
                self.save()
                saved = self.clock()
            if now - reported > PROGRESS_SECONDS:
                self.report()
                reported = now
                self._check_end(begun)
            if now - snapped > SNAPSHOT_SECONDS:
                self.ledger.wants_snapshot, snapped = True, now
            time.sleep(max(TICK_SECONDS - (self.clock() - now), 0.001))
        self.save(clean=True)
        self.report()

    def _check_end(self, begun: float) -> None:
        if self.settings.seconds is not None and self.clock() - begun >= self.settings.seconds:
            self.stopped = True
        if os.getppid() != self._parent:
            log.info("the process that started this one is gone; stopping")
            self.stopped = True

    def _send_live(self, now: int) -> None:
        while self.chain.now <= now:
            self._send(self.queue)
            self.live_events += len(self.queue)
            if self.ledger.wants_snapshot:
                self.ledger.next_snapshot = self.home.save_snapshot(take_snapshot(self.chain.simulation))
                self.ledger.wants_snapshot = False
            self.queue = self.chain.step()
        due = int(np.searchsorted(self.queue[:, DUE], now, side="right"))
        self._send(self.queue[:due])
        self.live_events += due
        self.queue = self.queue[due:]
        self.ledger.sent_until = now

    def _send_history(self, seconds: float) -> None:
        job = next((j for j in self.home.jobs if j.plan.remaining()), None)
        if job is None:
            return
        if not job.simulate(SIMULATE_SECONDS):
            return
        taken = job.take(max(round(self.pace.rate() * min(seconds, 0.25)), 1))
        if taken is None:
            return
        part, rows = taken
        self._send(rows)
        if job.plan.done[part] == job.plan.counts[part]:
            self.save()
            self.home.note_complete(self.now())
            self.report()
            if not self.home.jobs:
                _give_memory_back()

    def _send(self, rows: np.ndarray) -> None:
        lines = self.home.encoder.lines(rows)
        self.sink.write(lines, self.home.encoder.keys(rows, lines))
        self.ledger.published += len(rows)

    def save(self, clean: bool = False) -> None:
        """Wait until all that was sent is acknowledged, then write down how far that is."""
        # a stop may not wait long for a broker that is gone; the next start then looks into the log
        self.sink.flush(STOP_SECONDS if clean else FLUSH_SECONDS)
        ledger = self.ledger
        ledger.published_until = max(ledger.sent_until, ledger.published_until)
        if ledger.next_snapshot:
            ledger.live_snapshot, ledger.next_snapshot = ledger.next_snapshot, None
        ledger.offsets, ledger.clean = self.sink.ends(), clean
        self.home.save()

    def _percent(self, left: int) -> int:
        return 100 * (self.total - left) // self.total if self.total else 100

    def report(self, phase: str | None = None) -> None:
        """Write the progress file."""
        left = sum(sum(j.plan.counts.values()) - sum(j.plan.done.values()) for j in self.home.jobs)
        self.home.report(self.settings.progress, {
            "phase": phase or ("history" if left else "live"),
            "percent": 0 if phase else self._percent(left),
            "live_events": self.live_events,
            "published": self.ledger.published,
        })  # fmt: skip


def _give_memory_back() -> None:
    """Let glibc return what history took; it keeps 200 MB of small arrays otherwise."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def run_live(settings: DemoSettings, kafka: KafkaSettings) -> None:
    """Run the demo until SIGTERM, Ctrl-C, its time is over or its parent has gone. Raise StateError, SinkError."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    stop = {"asked": False, "demo": None}

    def _stop(*_):
        stop["asked"] = True
        if stop["demo"]:
            stop["demo"].stopped = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    with only_one(settings.home / "generator"):
        sink = KafkaSink(kafka, QUEUE)
        while not stop["asked"]:
            home = DemoHome.open(settings, sink, int(time.time() * 1000))
            demo = stop["demo"] = Demo(settings, home, sink)
            if not demo.begin():
                break
            demo.run()
            if not demo.slept:
                break
            log.info("the machine slept; going on from where it fell asleep")
        sink.close()
