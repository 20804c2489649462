"""A bounded pool of read-only Postgres connections."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg2
import psycopg2.extras
import psycopg2.pool

from dashboard.settings import DashboardSettings

Row = dict[str, Any]
BUSY = (
    "no Postgres connection came free in {seconds} s; all {size} are busy; "
    "raise TALLY_DASHBOARD_CONNECTIONS, or see what keeps Postgres busy"
)


class PoolBusyError(Exception):
    """No connection came free in time."""


class Pool:
    """Runs one statement at a time on each of a few connections; callers beyond that wait.

    psycopg2's own pool raises when it is exhausted, so a semaphore stands before it.
    """

    def __init__(self, settings: DashboardSettings):
        self._settings = settings
        self._seats = threading.BoundedSemaphore(settings.pool_size)
        self._connections = psycopg2.pool.ThreadedConnectionPool(0, settings.pool_size, **connect_options(settings))

    def rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Row]:
        """Return the statement's rows as dicts; raise psycopg2.Error or PoolBusyError."""
        if not self._seats.acquire(timeout=self._settings.statement_seconds):
            raise PoolBusyError(BUSY.format(seconds=self._settings.statement_seconds, size=self._settings.pool_size))
        try:
            connection = self._connections.getconn()
            try:
                rows = self._run(connection, statement, parameters)
            except BaseException:
                # Whatever the fault was, the state of this connection is unknown.
                self._connections.putconn(connection, close=True)
                raise
            self._connections.putconn(connection)
            return rows
        finally:
            self._seats.release()

    @staticmethod
    def _run(connection, statement: str, parameters: Mapping[str, Any] | None) -> Sequence[Row]:
        connection.autocommit = True
        with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(statement, parameters or {})
            return [dict(row) for row in cursor.fetchall()]

    def close(self) -> None:
        """Close every connection."""
        self._connections.closeall()


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
