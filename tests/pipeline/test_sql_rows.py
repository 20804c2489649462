"""Few records in, all result tables out: the job's own SQL on a real Flink, its sinks in a real Postgres."""

import base64
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from psycopg2 import sql

from pipeline.statements import inserts, tables, template_values, views
from tests.pipeline.conftest import BUYER_KEY
from tests.pipeline.expected_tables import LogRecord, expected_tables

pytestmark = pytest.mark.flink

KEYS = {"sales_10s": 4, "stock_flow_1m": 4, "day_buyers": 3, "orders_1s": 2, "order_ticker": 2, "event_counts_1h": 2}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-04T{text}+00:00")


def ms(text: str) -> int:
    return round(at(text).timestamp() * 1000)


def event(event_id: str, time: str, kind: str = "sale", **fields: object) -> dict:
    """Return an event of 2026-03-04 (UTC); a sale is order `o-<id>`, line 1, 2 × 10.00 in app, 广东."""
    base = {"event_id": event_id, "event_type": kind, "event_time": ms(time), "sku": "A", "warehouse_id": "W"}
    base |= {"quantity": 2, "currency": "CNY"}
    if kind in ("sale", "refund"):
        base |= {"order_id": f"o-{event_id}", "line_no": 1, "channel": "app", "region": "广东", "unit_amount": 1_000}
    return base | fields


#  window 10:00:00 ──────────────────── 10:00:10 ── … ── append 10:02:00      append next day 00:30
#          e1 e2 e3 refund        late e4 ┘                   (all of these)        e5 (10:00:03 again)
FIRST, NEXT_DAY = "10:02:00", "23:59:59.999"
EVENTS = [
    event("e1", "10:00:00.000", customer_id="c-1", discount_amount=150),
    event("e2", "10:00:00.999", order_id="o-z", line_no=1, quantity=1, sku="B", customer_id="c-1"),
    event("e3", "10:00:09.999", order_id="o-z", line_no=2, customer_id="c-2"),
    event("e1", "10:00:00.000", customer_id="c-1", discount_amount=150),  # a duplicate delivery
    event("r1", "10:00:05.000", "refund", quantity=1, discount_amount=100, to_stock=False),
    event("r2", "10:00:05.000", "refund", quantity=1),
    event("m1", "10:00:30.000", "restock", quantity=50),
    event("m2", "10:00:30.000", "adjustment", quantity=-3),
    event("m3", "10:00:30.000", "shipment", quantity=2),
    event("m4", "10:00:30.000", "unmet", quantity=7),
    event("e4", "10:00:10.000", channel="web", sent_at=ms("10:01:10.001")),  # late by a millisecond
    event("e5", "15:59:59.999", customer_id="c-1", channel="') --"),
    # the next day in Shanghai, and the only one that is not late
    event("e6", "16:00:00.000", customer_id="c-1", channel="') --", sent_at=ms("16:01:00")),
]
BAD = [b'{"event_id":"x1"', json.dumps(event("e7", "10:00:00", quantity=0)).encode(), None, b"\xff\x00"]
# a foreign producer's headers may be anything: tests/audit/test_audit_compare.py has the same, for the audit
ORIGINS = [("a.ndjson", "000000000000000004"), ("日\0.ndjson", "-5"), ("b.ndjson", "6\n"), ("c", "9223372036854775807")]


def log_records() -> list[LogRecord]:
    values = [json.dumps(one, ensure_ascii=False).encode() for one in EVENTS]
    append = ms("16:02:00")
    records = [LogRecord(0, 10 + 2 * number, append, value) for number, value in enumerate(values)]
    bad = [LogRecord(1, 7 + number, append, value, *ORIGINS[number]) for number, value in enumerate(BAD)]
    # The same window again, appended on the next UTC date: a group of its own, so that no total is ever overwritten.
    next_day = json.dumps(event("e8", "10:00:03.000")).encode()
    return [*records, *bad, LogRecord(0, 90, append + 8 * 3_600_000, next_day)]


def write_log(path: Path, records: list[LogRecord]) -> None:
    lines = []
    for record in records:
        headers = {"file": record.file, "line": record.file_line} if record.file else {}
        lines.append(
            {
                "value": None if record.value is None else base64.b64encode(record.value).decode(),
                "log_partition": record.partition,
                "log_offset": record.offset,
                "append_time": datetime.fromtimestamp(record.append_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "headers": {name: base64.b64encode(text.encode()).decode() for name, text in headers.items()},
            }
        )
    path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")


FROM_FILE = {"format": "json", "json.timestamp-format.standard": "ISO-8601"}


def read_from_file(session, source: str, folder: Path, **options: str) -> None:
    """Define the source over files: its metadata columns become plain ones, nothing else of its columns changes."""
    from pyflink.table import TableDescriptor
    from pyflink.table.catalog import ObjectPath

    session.execute_sql(re.sub(r" METADATA(?: FROM '\w+')? VIRTUAL", "", source))
    catalog = session.get_catalog(session.get_current_catalog())
    defined = catalog.get_table(ObjectPath(session.get_current_database(), "sales_events"))
    table = TableDescriptor.for_connector("filesystem").schema(defined.get_unresolved_schema())
    for name, value in {**FROM_FILE, "path": folder.as_uri(), **options}.items():
        table.option(name, value)
    # a temporary table is read instead of the one of the same name, which is Kafka's
    session.create_temporary_table("sales_events", table.build())


def define(session, values: dict[str, str], folder: Path, **options: str) -> None:
    """Define all that the job does, its source over the files of a folder."""
    for statement in (*tables(values), *views(values)):
        if statement.name == "sales_events":
            read_from_file(session, statement.text, folder, **options)
        else:
            session.execute_sql(statement.text)


@pytest.fixture(scope="module")
def written_tables(flink_session, job_settings, tmp_path_factory):
    """Run the job once over the records."""
    folder = tmp_path_factory.mktemp("log")
    write_log(folder / "log.json", log_records())
    flink_session.execute_sql("CREATE DATABASE rows_in_rows_out")
    flink_session.execute_sql("USE rows_in_rows_out")
    values = template_values(job_settings, bounded=True)
    define(flink_session, values, folder)
    statement_set = flink_session.create_statement_set()
    for statement in inserts(values):
        statement_set.add_insert_sql(statement.text)
    statement_set.execute().wait()


def stored(tables, name: str) -> dict:
    tables.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier("tally", name)))
    return {row[: KEYS[name]]: row[KEYS[name] :] for row in tables.fetchall()}


@pytest.mark.parametrize("name", KEYS)
def test_every_table_equals_the_recomputation(written_tables, tables, name):
    expected = expected_tables(log_records(), "CNY", "Asia/Shanghai", BUYER_KEY)
    assert stored(tables, name) == expected[name]


def test_sales_are_summed_by_window_and_append_date(written_tables, tables):
    rows = stored(tables, "sales_10s")
    # e1 2000-150, e2 1000, e3 2000; r1 1000-100, r2 1000
    key = (at("10:00:00"), "app", "广东")
    assert rows[(*key, date(2026, 3, 4))] == (5_000, 150, 1_900, 2, 3, 5, 2, 5, at("10:00:09.999"))
    assert rows[(*key, date(2026, 3, 5))] == (2_000, 0, 0, 1, 1, 2, 0, 1, at("10:00:03"))
    assert rows[at("10:00:10"), "web", "广东", date(2026, 3, 4)][0] == 2_000


def test_movements_are_summed_by_sku_and_warehouse(written_tables, tables):
    row = stored(tables, "stock_flow_1m")[at("10:00:00"), "A", "W", date(2026, 3, 4)]
    # e1 2, e3 2, e4 2 sold; r2 back to stock, r1 money only
    assert row == (6, 1, 50, -3, 2, 7, 6_000, 150, 1_900, 3, 2, 9)


def test_buyers_are_counted_by_the_stores_day(written_tables, tables):
    days = sorted((day, first) for (day, _, _), (first, _) in stored(tables, "day_buyers").items())
    assert days == [
        (date(2026, 3, 4), at("10:00:00")),
        (date(2026, 3, 4), at("10:00:09.999")),
        (date(2026, 3, 5), at("16:00:00")),
    ]


def test_the_ticker_shows_one_whole_order(written_tables, tables):
    # o-z beats o-e1 in the second 10:00:00; all of its columns come from the same line
    row = stored(tables, "order_ticker")[at("10:00:00"), date(2026, 3, 4)]
    assert row == (at("10:00:00.999"), "o-z", "B", 1, "app", "广东", 1_000, 2)


def test_records_are_counted_rejected_or_duplicates(written_tables, tables):
    rows = stored(tables, "event_counts_1h")
    records, counted, rejected, late = (sum(row[place] for row in rows.values()) for place in range(4))
    # 13 lines and one of the next day, one of them a duplicate; 4 bad ones
    assert (records, counted, rejected, late) == (18, 13, 4, 12)
    assert rows[at("16:00:00"), 0][4] == 10 + 2 * (len(EVENTS) - 1)


def test_rejected_records_keep_reason_origin_and_line(written_tables, tables):
    tables.execute(
        "SELECT log_offset, reason, line, file, file_line, append_time FROM tally.rejected_records ORDER BY 1"
    )
    rows = tables.fetchall()
    assert [(offset, file, line) for offset, _, _, file, line, _ in rows] == [
        (7, "a.ndjson", 4),
        (8, "日\\u0000.ndjson", None),
        (9, "b.ndjson", None),
        (10, "c", None),
    ]
    assert [reason for _, reason, *_ in rows] == [
        "not JSON: Expecting ',' delimiter at character 17",
        "quantity is not within 1 to 1,000,000: 0",
        "the record has no value (null)",
        "not valid UTF-8: byte 0xff at position 0",
    ]
    assert [rows[0][2], rows[2][2], rows[3][2]] == ['{"event_id":"x1"', None, "\ufffd\\u0000"]
    assert {row[5] for row in rows} == {at("16:02:00")}
