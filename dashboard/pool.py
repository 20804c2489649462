"""A bounded pool of read-only Postgres connections."""

import select
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg2
import psycopg2.extras

from dashboard.settings import DashboardSettings

Row = dict[str, Any]
BUSY = (
    "no Postgres connection came free in {seconds} s; all {size} are busy; "
    "raise TALLY_DASHBOARD_CONNECTIONS, or see what keeps Postgres busy"
)


class PoolBusyError(Exception):
    """No connection came free in time."""


class Pool:
    """Runs one statement at a time on each of a few connections, which it keeps; callers beyond that wait.

    Not psycopg2's own pool: that one connects before anybody asks, or else keeps none, and raises when all are busy.
    """

    def __init__(self, settings: DashboardSettings):
        self._settings = settings
        self._seats = threading.BoundedSemaphore(settings.pool_size)
        self._lock = threading.Lock()
        self._idle: list[Any] = []

    def rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Row]:
        """Return the statement's rows as dicts; raise psycopg2.Error or PoolBusyError."""
        if not self._seats.acquire(timeout=self._settings.statement_seconds):
            raise PoolBusyError(BUSY.format(seconds=self._settings.statement_seconds, size=self._settings.pool_size))
        try:
            connection = self._take() or psycopg2.connect(**connect_options(self._settings))
            try:
                rows = self._run(connection, statement, parameters)
            except BaseException:
                # Whatever the fault was, the state of this connection is unknown.
                connection.close()
                raise
            with self._lock:
                self._idle.append(connection)
            return rows
        finally:
            self._seats.release()

    def _take(self) -> Any | None:
        """Return the kept connection used last that Postgres has not ended meanwhile; none where there is none."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if is_quiet(connection):
                return connection
            connection.close()

    @staticmethod
    def _run(connection, statement: str, parameters: Mapping[str, Any] | None) -> Sequence[Row]:
        connection.autocommit = True
        with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(statement, parameters or {})
            return [dict(row) for row in cursor.fetchall()]

    def close(self) -> None:
        """Close every connection that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def is_quiet(connection: Any) -> bool:
    """Say whether nothing came on an idle connection: Postgres only speaks there, or hangs up, when it ends it."""
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    return not socket.poll(0)


def connect_options(settings: DashboardSettings) -> dict[str, Any]:
    """Return the keywords of psycopg2.connect: read-only, UTC, bounded in time even when the network is gone."""
    milliseconds = settings.statement_seconds * 1000
    given = dict(settings.connection)
    session = f"-c statement_timeout={milliseconds} -c default_transaction_read_only=on -c timezone=UTC"
    return {
        "application_name": "tally dashboard",
        "connect_timeout": 3,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": milliseconds,
        **given,
        "options": f"{session} {given.get('options', '')}".strip(),
    }
