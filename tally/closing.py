"""Keep the views fast: close windows of the past, and make the partitions of the days to come."""

import contextlib
from datetime import datetime

import psycopg2

from tally.sql_files import statement

# partitions there are from so many days before today to so many after
PARTITION_DAYS = {"before": 9, "after": 3}


def close_windows(url: str, most_calls: int = 400) -> datetime | None:
    """Close windows up to the newest full hour, a day of data at a time; return up to when, None when none is closed.

    Each call is a transaction of its own, so that writers wait for one day's sums at most. To be called every hour as
    the writer. Raises psycopg2.Error.
    """
    with contextlib.closing(psycopg2.connect(url, connect_timeout=10)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        before = None
        for _ in range(most_calls):
            cursor.execute(statement("close_windows"))
            closed = cursor.fetchone()[0]
            if closed == before:
                break
            before = closed
        return before


def create_partitions(url: str) -> int:
    """Make the daily partitions around today where missing; return how many. Raises psycopg2.Error."""
    with contextlib.closing(psycopg2.connect(url, connect_timeout=10)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(statement("create_partitions"), PARTITION_DAYS)
        return cursor.fetchone()[0]
