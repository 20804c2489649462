"""State that expires: on a real Flink whose state lives for a moment, late rows add, and both sides of the horizon."""

import json
from datetime import timedelta
from time import monotonic, sleep

import pytest

from pipeline.statements import inserts, template_values
from tests.pipeline.expected_tables import LogRecord
from tests.pipeline.test_sql_rows import at, define, event, ms, write_log

pytestmark = pytest.mark.flink

TTL_SECONDS = 3
APPENDED = "16:02:00"
NEXT_DATE = 8 * 3_600_000
WAIT_SECONDS = 90
EMPTY = (
    "TRUNCATE tally.sales_10s, tally.stock_flow_1m, tally.day_buyers, tally.orders_1s, tally.order_ticker, "
    "tally.rejected_records, tally.event_counts_1h"
)
COUNTED = "SELECT coalesce(sum(records), 0), coalesce(sum(counted), 0) FROM tally.event_counts_1h"
SOLD = "SELECT sum(gross_amount), sum(lines) FROM tally.sales_by_minute"


class GrowingLog:
    """A log that a running job reads: each call of `append` adds one file, which appears complete."""

    def __init__(self, folder) -> None:
        self.folder, self.offset = folder, 0

    def append(self, *events: dict, later_ms: int = 0) -> None:
        """Append events at APPENDED plus `later_ms`."""
        records = []
        for one in events:
            records.append(LogRecord(0, self.offset, ms(APPENDED) + later_ms, json.dumps(one).encode()))
            self.offset += 1
        hidden = self.folder / f".{self.offset}.json"
        write_log(hidden, records)
        hidden.rename(self.folder / f"{self.offset}.json")


@pytest.fixture
def log(flink_session, job_settings, tmp_path, tables):
    """A job that reads `log` for ever and forgets state after TTL_SECONDS; its tables are empty at first."""
    tables.execute(EMPTY)
    tables.connection.commit()
    tables.connection.autocommit = True
    options = flink_session.get_config()
    usual = options.get("table.exec.state.ttl", "")
    options.set("table.exec.state.ttl", f"{TTL_SECONDS} s")
    flink_session.execute_sql("CREATE DATABASE expiring")
    flink_session.execute_sql("USE expiring")
    values = template_values(job_settings)
    define(flink_session, values, tmp_path, **{"source.monitor-interval": "100 ms"})
    statement_set = flink_session.create_statement_set()
    for statement in inserts(values):
        statement_set.add_insert_sql(statement.text)
    client = statement_set.execute().get_job_client()
    try:
        yield GrowingLog(tmp_path)
    finally:
        client.cancel().result()
        options.set("table.exec.state.ttl", usual)
        tables.execute(EMPTY)


def until(what: str, tables, sql: str, is_so) -> tuple:
    """Return the first row that is as wanted; fail with the last one."""
    deadline = monotonic() + WAIT_SECONDS
    while True:
        tables.execute(sql)
        row = tables.fetchone()
        if is_so(row):
            return row
        assert monotonic() < deadline, f"{what}: still {row}"
        sleep(0.05)


def until_read(tables, records: int) -> tuple:
    """Return how many records are read and how many are counted once `records` are read."""
    return until(f"{records} are read", tables, COUNTED, lambda row: row[0] == records)


def test_late_rows_add_after_their_group_has_expired_and_repeats_count_beyond_the_horizon_only(log, tables):
    probe = event("probe", "09:00:00", "restock")
    log.append(probe, event("e1", "10:00:00"), event("e2", "10:00:05"))
    until("three are counted", tables, COUNTED, lambda row: row == (3, 3))
    # within the horizon: the same id again is read and not counted
    log.append(event("e1", "10:00:00"))
    assert until_read(tables, 4) == (4, 3)
    # a repeat does not prolong it, so one of them counts once the state has expired
    records = 4
    while until_read(tables, records)[1] == 3:
        log.append(probe)
        records += 1
    # beyond the horizon
    assert until("the probe counts again", tables, COUNTED, lambda row: row[1] == 4) == (records, 4)
    # the group of 10:00:00 was written before the probe and has expired with it; a record of the next UTC date adds
    log.append(event("late", "10:00:03"), later_ms=NEXT_DATE)
    assert until("the late row", tables, SOLD, lambda row: row[1] == 3) == (6_000, 3)
    # what the append date in the key prevents: a record of the old date would begin its group at zero; it is refused
    log.append(event("old", "10:00:03"))
    until("the old row is read", tables, COUNTED, lambda row: row[1] == 6)
    tables.execute("SELECT gross_amount, lines, log_date FROM tally.sales_10s ORDER BY log_date")
    rows = tables.fetchall()
    assert rows == [(4_000, 2, at(APPENDED).date()), (2_000, 1, at(APPENDED).date() + timedelta(days=1))]
