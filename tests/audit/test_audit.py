"""The audit on a real log and a real Postgres: equal where all is right, each kind of error found for what it is."""

import calendar
import csv
import io
import json

import pytest
from psycopg2 import sql

from tally.audit_run import opened, run_audit
from tally.audit_settings import AuditSettings
from tally.audit_tables import statement
from tests.audit.archive_process import in_log
from tests.audit.scenario import COMPARED, E1, ROWS, SOLD_MS, line

pytestmark = pytest.mark.e2e


def settings(log, home, server, **changes):
    values = {"settle_seconds": 0.0, "patience_seconds": 5.0, "rounds": 2, "buyer_key": bytes(range(32)), **changes}
    return AuditSettings(home, log.bootstrap, log.name, server.url("writer"), **values)


def audited(log, home, server, sleep=lambda seconds: None, **changes):
    return run_audit(
        settings(log, home, server, **changes), fresh=False, most_shown=10, say=lambda text: None, sleep=sleep
    )


def found(report):
    """Return what differs as {table: {kind: rows}}."""
    kinds = ("missing", "extra", "wrong", "undecided", "moving")
    counts = {table.table: {kind: n for kind in kinds if (n := getattr(table, kind))} for table in report.tables}
    return {table: kinds for table, kinds in counts.items() if kinds}


def assert_differs(report, differences):
    assert found(report) == differences
    assert report.verdict == "differs"


def test_right_rows_are_equal(log, audit_home, server):
    report = audited(log, audit_home, server)
    assert found(report) == {}
    assert report.verdict == "equal"
    assert {table.table: table.compared for table in report.tables} == COMPARED
    assert (report.totals.records, report.totals.counted, report.totals.duplicates, report.totals.rejected) == (
        12,
        9,
        1,
        2,
    )
    assert report.message == "every row equal: 30 rows in 13 tables, 12 records of the log"


CLOSE = "SELECT tally.close_windows('2024-05-06 08:00+00')"
PLANTED = {
    "a missing row": (
        "DELETE FROM sales_10s WHERE channel = 'web'",
        {"sales_10s": {"missing": 1}, "sales_by_day": {"missing": 1}, "sales_parts_5m": {"missing": 1}},
    ),
    "an extra row": (
        "INSERT INTO sales_10s SELECT window_start, channel, 'Tibet', log_date, gross_amount, discount_amount, "
        "refund_amount, orders, lines, units, refunded_units, event_count, newest_event_time FROM sales_10s "
        "WHERE channel = 'web'",
        {"sales_10s": {"extra": 1}, "sales_by_day": {"extra": 1}, "sales_parts_5m": {"wrong": 1}},
    ),
    "one fen too much": (
        "UPDATE sales_10s SET gross_amount = gross_amount + 1 WHERE channel = 'web'",
        {"sales_10s": {"wrong": 1}, "sales_by_day": {"wrong": 1}, "sales_parts_5m": {"wrong": 1}},
    ),
    "one fen too little": (
        "UPDATE sales_10s SET gross_amount = gross_amount - 1 WHERE channel = 'web'",
        {"sales_10s": {"wrong": 1}, "sales_by_day": {"wrong": 1}, "sales_parts_5m": {"wrong": 1}},
    ),
    "an order too many": (
        "UPDATE orders_1s SET orders = 3",
        {"orders_1s": {"wrong": 1}, "peak_orders_15m": {"wrong": 1}},
    ),
    "another second": (
        "UPDATE orders_1s SET second = second + interval '1 s'",
        {"orders_1s": {"missing": 1, "extra": 1}, "peak_orders_15m": {"wrong": 1}},
    ),
    "a refund to stock that was money only": (
        "UPDATE stock_flow_1m SET refunded = refunded + 1 WHERE sku = 'A' AND sold = 2",
        {"stock_flow_1m": {"wrong": 1}, "stock_on_hand": {"wrong": 1}},
    ),
    "a balance that is not its movements": (
        "INSERT INTO stock_late SELECT window_start, sku, warehouse_id, 1, 0, 0, 0, 0, 0, 0, 0, 0 FROM stock_flow_1m "
        "WHERE sku = 'B' AND sold = 1",
        {"stock_on_hand": {"wrong": 1}},
    ),
    "a rejected line that is counted": (
        "DELETE FROM rejected_records WHERE log_partition = 0; "
        "UPDATE event_counts_1h SET counted = 4, rejected = 0, event_count = 9 WHERE log_partition = 0",
        {"rejected_records": {"missing": 1}, "event_counts_1h": {"wrong": 1}, "conservation": {"wrong": 1}},
    ),
    "a good line that is rejected": (
        "INSERT INTO rejected_records "
        "SELECT 0, 1, append_time, 'x', 'x', NULL, NULL, topic FROM rejected_records LIMIT 1",
        {"rejected_records": {"extra": 1}, "conservation": {"wrong": 1}},
    ),
    "a rejected line of another origin": (
        "UPDATE rejected_records SET file = 'a.ndjson', file_line = 3 WHERE log_partition = 0",
        {"rejected_records": {"wrong": 1}},
    ),
    "a reason that names another field": (
        "UPDATE rejected_records SET reason = 'sku is missing' WHERE log_partition = 0",
        {"rejected_records": {"wrong": 1}},
    ),
    "a duplicate that is counted twice": (
        "UPDATE sales_10s "
        "SET gross_amount = 2000, discount_amount = 200, orders = 2, lines = 2, units = 4, event_count = 2 "
        "WHERE gross_amount = 1000; UPDATE event_counts_1h SET counted = 4, event_count = 9 WHERE log_partition = 0",
        {
            "sales_10s": {"wrong": 1},
            "sales_by_day": {"wrong": 1},
            "sales_parts_5m": {"wrong": 1},
            "event_counts_1h": {"wrong": 1},
            "conservation": {"wrong": 1},
        },
    ),
    "a buyer in the day before": (
        "UPDATE day_buyers SET store_day = store_day - 1",
        {"day_buyers": {"missing": 1, "extra": 1}},
    ),
    "a first purchase a millisecond late": (
        "UPDATE day_buyers SET first_purchase_at = first_purchase_at + interval '1 ms'",
        {"day_buyers": {"wrong": 1}},
    ),
    "another order in the ticker": (
        "UPDATE order_ticker SET order_id = 'o1', sku = 'A', quantity = 2, channel = 'app', amount = 900",
        {"order_ticker": {"wrong": 1}},
    ),
    "a late one not marked": (
        "UPDATE event_counts_1h SET late = 5 WHERE log_partition = 1",
        {"event_counts_1h": {"wrong": 1}},
    ),
    "a newest time half a second off": (
        "UPDATE event_counts_1h SET newest_append_time = newest_append_time + interval '0.5 s' WHERE log_partition = 1",
        {"event_counts_1h": {"wrong": 1}},
    ),
    "a record the archive did not count": (
        "UPDATE log_counts_1h SET records = 4 WHERE log_partition = 0",
        {"log_counts_1h": {"wrong": 1}, "conservation": {"wrong": 1}},
    ),
    "rows of another append date": (
        "UPDATE stock_flow_1m SET log_date = log_date - 1 WHERE sku = 'C'",
        {"stock_flow_1m": {"missing": 1, "extra": 1}},
    ),
}
PLANTED_WHEN_CLOSED = {
    "a fen too much in the closed five minutes": (
        "UPDATE sales_closed_5m SET gross_amount = gross_amount + 1 WHERE channel = 'web'",
        {"sales_parts_5m": {"wrong": 1}},
    ),
    "closed five minutes that are lost": (
        "DELETE FROM sales_closed_5m WHERE channel = 'web'",
        {"sales_parts_5m": {"missing": 1}},
    ),
    "closed five minutes of a channel that sold nothing": (
        "UPDATE sales_closed_5m SET channel = 'store' WHERE channel = 'web'",
        {"sales_parts_5m": {"missing": 1, "extra": 1}},
    ),
    "windows that are closed and still open": (
        "UPDATE closing SET closed_until = '2024-05-06 07:00+00'",
        {"sales_parts_5m": {"wrong": 2}, "sales_by_day": {"wrong": 2}, "stock_on_hand": {"wrong": 3}},
    ),
    "a late change that the sums hold already": (
        "INSERT INTO sales_late SELECT window_start, channel, region, 600, 0, 0, 1, 1, 3, 0 FROM sales_10s "
        "WHERE channel = 'web'",
        {"sales_parts_5m": {"wrong": 1}, "sales_by_day": {"wrong": 1}},
    ),
    "a fen too little in a closed quarter": (
        "UPDATE sales_closed_15m SET gross_amount = gross_amount - 1 WHERE channel = 'web'",
        {"sales_by_day": {"wrong": 1}},
    ),
    "an order too many in a closed peak": (
        "UPDATE orders_closed_15m SET orders = orders + 1",
        {"peak_orders_15m": {"wrong": 1}},
    ),
    "a closed peak a second late": (
        "UPDATE orders_closed_15m SET second = second + interval '1 s'",
        {"peak_orders_15m": {"wrong": 1}},
    ),
    "a closed peak that is lost": ("DELETE FROM orders_closed_15m", {"peak_orders_15m": {"missing": 1}}),
    "a unit too few in closed stock": (
        "UPDATE stock_closed SET restocked = restocked - 1 WHERE restocked = 10",
        {"stock_on_hand": {"wrong": 1}},
    ),
}


@pytest.mark.parametrize(("plant", "differences"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_error_is_found(log, audit_home, server, database, plant, differences):
    database.execute(plant)
    assert_differs(audited(log, audit_home, server), differences)


@pytest.mark.parametrize(("plant", "differences"), PLANTED_WHEN_CLOSED.values(), ids=PLANTED_WHEN_CLOSED.keys())
def test_a_planted_error_in_closed_windows_is_found(log, audit_home, server, database, plant, differences):
    database.execute(CLOSE)
    database.execute(plant)
    assert_differs(audited(log, audit_home, server), differences)


# as if one row had come after its window was closed
COMES_AGAIN = {
    "DELETE FROM sales_10s WHERE channel = 'web' RETURNING *": "INSERT INTO sales_10s VALUES %s",
    "DELETE FROM orders_1s RETURNING *": "INSERT INTO orders_1s VALUES %s",
    "DELETE FROM stock_flow_1m WHERE sku = 'C' RETURNING *": "INSERT INTO stock_flow_1m VALUES %s",
}


def test_closed_windows_with_and_without_late_changes_are_equal(log, audit_home, server, database):
    database.execute(CLOSE)
    assert found(audited(log, audit_home, server)) == {}
    for take, put in COMES_AGAIN.items():
        database.execute(take)
        database.execute(put, database.fetchall())
    assert found(audited(log, audit_home, server)) == {}


def test_a_difference_names_key_expected_found_and_the_records_behind_it(log, audit_home, server, database):
    database.execute("UPDATE sales_10s SET gross_amount = 601 WHERE channel = 'web'")
    (difference,) = next(
        table.sample for table in audited(log, audit_home, server).tables if table.table == "sales_10s"
    )
    assert difference.key["window_start"] == "2024-05-06 07:08:00" and difference.key["channel"] == "web"
    assert (difference.expected["gross_amount"], difference.found["gross_amount"]) == (600, 601)
    assert (difference.kind, difference.origins, difference.record_count) == ("wrong", ["1:2"], 1)


def another_sale(log, event_id="e10", partition=1):
    sale = {**json.loads(E1), "event_id": event_id, "event_time": SOLD_MS, **line("o9", 2, 10)}
    log.send([{"value": json.dumps(sale).encode(), "partition": partition}])


# the rows that another_sale makes of the scenario's: of its own counts first, of the other tables later
SEEN_BY_COUNTS = (
    "UPDATE event_counts_1h SET records = 8, counted = 7, late = 7, last_offset = 7, event_count = 15, "
    "newest_append_time = to_timestamp(%(ms)s / 1000.0) WHERE log_partition = 1; "
    "UPDATE log_counts_1h SET records = 8, last_offset = 7 WHERE log_partition = 1"
)
SEEN_BY_ALL = (
    "UPDATE sales_10s SET gross_amount = 1020, discount_amount = 100, lines = 2, units = 4, event_count = 2 "
    "WHERE gross_amount = 1000; "
    "UPDATE stock_flow_1m SET sold = 4, gross_amount = 1020, lines = 2, event_count = 5 WHERE sku = 'A' AND sold = 2; "
    "UPDATE day_buyers SET event_count = 3"
)


def see_counts(log, database):
    ms = in_log(log.bootstrap, log.name)[-1][2]
    database.execute(SEEN_BY_COUNTS, {"ms": ms})


def test_rows_that_move_are_looked_at_again(growing, server, database):
    log, home = growing
    another_sale(log)
    see_counts(log, database)
    report = audited(log, home, server, sleep=lambda seconds: database.execute(SEEN_BY_ALL), settle_seconds=3600.0)
    assert found(report) == {}
    assert report.verdict == "equal" and report.totals.records == 13


def test_what_keeps_moving_is_named_as_moving_and_not_as_wrong(growing, server, database):
    log, home = growing
    another_sale(log)
    see_counts(log, database)
    report = audited(log, home, server, settle_seconds=3600.0)
    assert found(report) == {
        "sales_10s": {"moving": 1},
        "sales_by_day": {"moving": 1},
        "sales_parts_5m": {"moving": 1},
        "product_sales_by_day": {"moving": 1},
        "stock_flow_1m": {"moving": 1},
        "stock_on_hand": {"moving": 1},
        "day_buyers": {"moving": 1},
        "conservation": {"moving": 1},
    }
    assert report.verdict == "equal"
    assert report.message == "every settled row equal: 30 rows in 13 tables, 13 records of the log; 8 rows moving"


def test_what_no_fresh_record_explains_is_wrong_although_its_row_moves(growing, server, database):
    log, home = growing
    another_sale(log)
    see_counts(log, database)
    database.execute(SEEN_BY_ALL)
    database.execute("UPDATE sales_10s SET event_count = 3 WHERE gross_amount = 1020")
    assert found(audited(log, home, server, settle_seconds=3600.0)) == {"sales_10s": {"wrong": 1}}


def test_results_that_stopped_short_of_the_log_are_missing_and_said(growing, server, database):
    log, home = growing
    another_sale(log)
    report = audited(log, home, server)
    assert found(report) == {
        "sales_10s": {"wrong": 1},
        "sales_by_day": {"wrong": 1},
        "sales_parts_5m": {"wrong": 1},
        "product_sales_by_day": {"wrong": 1},
        "stock_flow_1m": {"wrong": 1},
        "stock_on_hand": {"wrong": 1},
        "day_buyers": {"wrong": 1},
        "event_counts_1h": {"wrong": 1},
        "log_counts_1h": {"wrong": 1},
        "conservation": {"wrong": 1},
    }
    assert report.message.endswith("; the job's results lack the log's last 1 records and do not advance")


def test_ids_whose_copies_differ_make_their_rows_undecided_and_are_listed(growing, server, database):
    log, home = growing
    other = {**json.loads(E1), "quantity": 1}
    log.send([{"value": json.dumps(other).encode(), "partition": 0}])
    ms = max(row[2] for row in in_log(log.bootstrap, log.name))
    database.execute(
        "UPDATE event_counts_1h SET records = 6, last_offset = 5, event_count = 9, "
        "newest_append_time = to_timestamp(%(ms)s / 1000.0) WHERE log_partition = 0; "
        "UPDATE log_counts_1h SET records = 6, last_offset = 5 WHERE log_partition = 0",
        {"ms": ms},
    )
    assert found(audited(log, home, server)) == {}
    # as if the last copy had been counted
    database.execute(
        "UPDATE sales_10s SET gross_amount = 500, units = 1 WHERE gross_amount = 1000; "
        "UPDATE stock_flow_1m SET gross_amount = 500, sold = 1 WHERE sku = 'A' AND sold = 2"
    )
    report = audited(log, home, server)
    assert found(report) == {
        "sales_10s": {"undecided": 1},
        "sales_by_day": {"undecided": 1},
        "sales_parts_5m": {"undecided": 1},
        "product_sales_by_day": {"undecided": 1},
        "stock_flow_1m": {"undecided": 1},
        "stock_on_hand": {"undecided": 1},
    }
    assert report.verdict == "equal"
    assert [(one.event_id, one.why, one.origins) for one in report.unsure_ids] == [
        ("e1", "copies differ", ["0:0", "0:2", "0:5"])
    ]


def test_copies_in_several_partitions_leave_only_the_counters_of_these_undecided(growing, server):
    log, home = growing
    # e2's copies differ, and every run reads the first of them first
    other = {**json.loads(E1), "event_id": "e2", "quantity": 7}
    log.send([{"value": E1, "partition": 1}, {"value": json.dumps(other).encode(), "partition": 0}])
    rows = in_log(log.bootstrap, log.name)
    newest = max(offset for partition, offset, *_ in rows if partition == 1)
    copies = {(0, 0), (0, 2), (1, newest)}
    hours = {(ms // 3_600_000, partition) for partition, offset, ms, *_ in rows if (partition, offset) in copies}
    with opened(settings(log, home, server), say=lambda text: None) as audit:
        undecided = audit.undecided_keys(["event_counts_1h", "sales_10s"])
    assert undecided["sales_10s"] == []
    told = {(calendar.timegm(key["log_hour"].timetuple()) // 3600, key["log_partition"])
            for key in undecided["event_counts_1h"]}  # fmt: skip
    assert told == hours


def test_a_lost_file_of_the_archive_is_said_and_not_audited_around(growing, server):
    log, home = growing
    sorted((home / "archive").glob("p0000*.parquet"))[0].rename(home / "lost.parquet")
    sorted((home / "archive").glob("p0001*.parquet"))[0].unlink()
    assert audited(log, home, server).verdict == "equal"  # all of it is still in Kafka
    (home / "lost.parquet").rename(home / "archive" / "p0000.00000000000000000003-00000000000000000004.parquet")
    with pytest.raises(
        Exception, match=r"lacks records; found these offsets missing by partition: \{0: \[\(0, 2\)\]\}"
    ):
        audited(log, home, server)


def test_the_scenario_fills_every_table(log, database):
    for table in ROWS:
        database.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("tally", table)))
        assert database.fetchone()[0] == COMPARED[table]


def test_a_run_of_replaced_bytes_in_a_files_name_is_read_as_one(log, database):
    database.execute(
        "UPDATE rejected_records SET file = U&'\\FFFDa\\FFFD\\FFFD\\FFFDb\\005Cu0000' WHERE log_partition = 0"
    )
    copied = io.StringIO()
    database.copy_expert(statement("postgres/rejected_records"), copied)
    files = [row["file"] for row in csv.DictReader(copied.getvalue().splitlines()) if row["log_partition"] == "0"]
    assert files == ["\ufffda\ufffdb\\u0000"]
