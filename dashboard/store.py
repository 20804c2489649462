"""One store of query results for all viewers, so that the load on Postgres does not follow their number."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

LOG = logging.getLogger("dashboard.store")
RETRY_SECONDS = 2.0
PATIENCE_SECONDS = 1.0
HURRIED_SECONDS = 0.1
MOST_KEYS = 256
MOST_LOST = 8
TROUBLE = "can't read %s; %s; its last good value stays on the pages, next try in %.0f s"


class State(Enum):
    """What a reader may do with a reading."""

    LOADING = "loading"
    OK = "ok"
    STALE = "stale"
    ERROR = "error"


@dataclass(frozen=True)
class Reading:
    """A value, the wall-clock time at which it was read, and the error that stopped a newer one."""

    value: Any = None
    read_at: float | None = None
    error: str | None = None

    @property
    def state(self) -> State:
        """Say whether the value is good, old, missing or on its way."""
        if self.error is None:
            return State.LOADING if self.read_at is None else State.OK
        return State.ERROR if self.read_at is None else State.STALE


@dataclass
class Entry:
    """The newest reading of one key and the read that is under way."""

    reading: Reading = field(default_factory=Reading)
    asked_at: float = float("-inf")
    landed: threading.Event | None = None


class Store:
    """Key → newest good value. One read per key at a time; nothing is read unless somebody looks.

    `ticks` are seconds of a clock that nobody sets: ages are measured by it. `clock` is the wall's, for what is shown.
    A read without an answer after `overdue_seconds` counts as an error and is begun anew, by a few threads at most.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        overdue_seconds: float = 12.0,
    ):
        self._clock, self._ticks = clock, ticks
        self._overdue = overdue_seconds
        self._lock = threading.Lock()
        self._entries: dict[Hashable, Entry] = {}
        self._lost: set[threading.Event] = set()
        self._slow = False
        self._failing: dict[Hashable, str] = {}

    def read(
        self, key: Hashable, fetch: Callable[[], Any], refresh_seconds: float, patience: float = PATIENCE_SECONDS
    ) -> Reading:
        """Return the value of `key`, read again when it is older than `refresh_seconds`.

        Waits up to `patience` seconds for a read under way; hardly any while reads are slow.
        """
        with self._lock:
            if key not in self._entries:
                self._make_room()
            entry = self._entries.setdefault(key, Entry())
            if self._is_due(entry, refresh_seconds):
                self._begin(key, entry, fetch)
            landed = entry.landed
            hurried = self._slow
        if landed is not None and not landed.wait(min(patience, HURRIED_SECONDS) if hurried else patience):
            self._slow = True
        return self._seen(entry)

    def _make_room(self) -> None:
        """Forget the key asked for longest ago when there are many: a filter in an address may be anything."""
        idle = [key for key, entry in self._entries.items() if entry.landed is None]
        if idle and len(self._entries) >= MOST_KEYS:
            oldest = min(idle, key=lambda key: self._entries[key].asked_at)
            del self._entries[oldest]
            self._failing.pop(oldest, None)

    def _is_due(self, entry: Entry, refresh_seconds: float) -> bool:
        if entry.landed is not None:
            return self._is_overdue(entry) and len(self._lost) < MOST_LOST
        wait_for = refresh_seconds if entry.reading.error is None else min(refresh_seconds, RETRY_SECONDS)
        # A little early, since the pages tick at the same pace and would else miss every second one.
        return self._ticks() - entry.asked_at >= wait_for * 0.9

    def _is_overdue(self, entry: Entry) -> bool:
        return entry.landed is not None and self._ticks() - entry.asked_at > self._overdue

    def _begin(self, key: Hashable, entry: Entry, fetch: Callable[[], Any]) -> None:
        """Start a read; one that is still under way is given up, and what it brings later is dropped."""
        if entry.landed is not None:
            self._lost.add(entry.landed)
            entry.reading = self._unanswered(entry)
        entry.asked_at, entry.landed = self._ticks(), threading.Event()
        # A daemon, so that a server that never answers can't keep this process from ending.
        thread = threading.Thread(
            target=self._fly, args=(key, entry, fetch, entry.landed), daemon=True, name="store-read"
        )
        try:
            thread.start()
        except RuntimeError as error:  # this process may have no more threads
            self._land(key, entry, None, first_line(error))

    def _fly(self, key: Hashable, entry: Entry, fetch: Callable[[], Any], landed: threading.Event) -> None:
        try:
            value, error = fetch(), None
        except Exception as fault:  # noqa: BLE001  kept and shown; the last good value stays
            value, error = None, first_line(fault)
        with self._lock:
            if landed in self._lost:
                self._lost.remove(landed)
            else:
                self._land(key, entry, value, error)
        landed.set()

    def _land(self, key: Hashable, entry: Entry, value: Any, error: str | None) -> None:
        before = entry.reading
        entry.landed = None
        entry.reading = replace(before, error=error) if error is not None else Reading(value, self._clock())
        self._slow = error is not None
        self._tell(key, error)

    def _tell(self, key: Hashable, error: str | None) -> None:
        """Log a fault once for all keys that have it, and when the last of them is gone."""
        if error is None:
            if self._failing.pop(key, None) is not None and not self._failing:
                LOG.warning("reads work again")
            return
        if error not in self._failing.values():
            LOG.warning(TROUBLE, key, error, RETRY_SECONDS)
        self._failing[key] = error

    def _seen(self, entry: Entry) -> Reading:
        """Return the entry's reading; a read that never came back is an error too."""
        with self._lock:
            return self._unanswered(entry) if self._is_overdue(entry) else entry.reading

    def _unanswered(self, entry: Entry) -> Reading:
        return replace(entry.reading, error=f"no answer for {self._ticks() - entry.asked_at:.0f} s")


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text; psycopg2's texts are many lines long."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
