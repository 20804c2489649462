"""The whole line on real parts: messy events, a killed job, and then every view against the generator's answer key."""

import json
import os
import re
import signal
import subprocess
import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg2 import sql

from tests.line import TALLY, wait_until

pytestmark = pytest.mark.e2e

SPAN_DAYS = 2
CHINA = Path(__file__).parents[2] / "generator" / "shops" / "china.toml"
SHOP_RATE = "0.12"
SALES = ("gross_amount", "discount_amount", "refund_amount", "net_amount", "orders", "lines", "units", "refunded_units")
PRODUCT_SALES = tuple(name for name in SALES if name != "orders")
FLOW = ("sold", "refunded", "restocked", "adjusted", "shipped", "unmet")
VIEWS = {
    "sales_by_minute": ("window_start", "channel", "region", *SALES),
    "sales_by_hour": ("window_start", "channel", "region", *SALES),
    "sales_by_day": ("store_day", "channel", "region", *SALES),
    "product_sales_by_hour": ("window_start", "sku", *PRODUCT_SALES),
    "product_sales_by_day": ("store_day", "sku", *PRODUCT_SALES),
    "category_sales_by_day": ("store_day", "category", *PRODUCT_SALES),
    "stock_flow_by_minute": ("window_start", "sku", "warehouse_id", *FLOW),
    "stock_flow_by_day": ("store_day", "sku", "warehouse_id", *FLOW),
    "stock_on_hand": ("sku", "warehouse_id", "available", "committed", "on_hand"),
}


def plain(value):
    """Write a value of Postgres as the answer key writes it: epoch ms, ISO dates, whole numbers."""
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        assert value == value.to_integral_value()
        return int(value)
    return value


def shop_in(zone: str, path: Path) -> Path:
    """Write the bundled shop with its store in a zone, which the line's is by the hour of the day (conftest.py)."""
    text, changed = re.subn("^zone = .*$", f'zone = "{zone}"', CHINA.read_text(), flags=re.MULTILINE)
    assert changed == 1
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def answer_key(line):
    """Publish a messy shop's events, kill the job with SIGKILL in the middle, and return the totals once drained."""
    file = line.home / "answer-key.json"
    start_ms = round((time.time() - SPAN_DAYS * 86_400) * 1000)
    before = line.pid("job")
    arguments = ("--to", "kafka", "--for", f"{SPAN_DAYS}d", "--shop-rate", SHOP_RATE, "--rate", "max", "--seed", "11")
    shop = shop_in(line.environment["TALLY_STORE_ZONE"], line.home / "shop.toml")
    arguments += ("--shop", str(shop), "--scenario", "messy", "--start", str(start_ms), "--answer-key", str(file))
    line.tally("generate", *arguments)
    wait_until("the job has counted something", lambda: line.query("SELECT records > 0 FROM event_counts")[0][0])
    os.kill(before, signal.SIGKILL)
    wait_until("the job runs again", lambda: line.pid("job") != before)
    line.tally("wait", "--timeout", "180s")
    # the second start took the plan of the first one, and needed no third
    assert "can't" not in (line.home / "logs" / "job.log").read_text()
    return json.loads(file.read_text())


def test_every_record_of_the_log_is_counted_a_duplicate_or_rejected(line, answer_key):
    expected = answer_key["event_counts"]
    found = line.query("SELECT records, counted, duplicates, rejected, late FROM event_counts")[0]
    names = ("records", "counted", "duplicates", "rejected", "late")
    assert dict(zip(names, map(plain, found), strict=True)) == {name: expected[name] for name in names}
    assert expected["records"] == expected["counted"] + expected["duplicates"] + expected["rejected"]
    assert min(expected[name] for name in names) > 0, "the scenario has some of each"


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_equals_the_answer_key(line, answer_key, view):
    table = answer_key[view]
    picked = [table["columns"].index(name) for name in VIEWS[view]]
    expected = {tuple(row[i] for i in picked) for row in table["rows"]}
    columns = sql.SQL(", ").join(map(sql.Identifier, VIEWS[view]))
    found = line.query(sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(view)))
    assert len(found) == len(set(found)), "one row per key"
    found_rows = {tuple(map(plain, row)) for row in found}
    assert expected - found_rows == set(), "missing or wrong"
    assert found_rows - expected == set(), "extra or wrong"


def test_buyers_and_peaks_of_each_store_day_equal_the_answer_key(line, answer_key):
    table = answer_key["store_days"]
    expected = {row["store_day"]: row for row in (dict(zip(table["columns"], r, strict=True)) for r in table["rows"])}
    today = line.query("SELECT store_day, buyers, peak_orders, gross_amount, net_amount FROM sales_today")[0]
    key = expected[today[0].isoformat()]
    assert tuple(map(plain, today[1:])) == (
        key["buyers"],
        key["peak_orders_per_second"],
        key["gross_amount"],
        key["net_amount"],
    )


def test_each_rejected_record_is_kept_with_its_reason(line, answer_key):
    rows = line.query("SELECT reason, count(*) FROM rejected_events GROUP BY reason")
    assert sum(count for _, count in rows) == answer_key["event_counts"]["rejected"]
    assert all(reason for reason, _ in rows)


def test_the_audit_says_every_row_is_equal(line, answer_key):
    report = json.loads(line.tally("audit", "--json"))
    assert report["verdict"] == "equal"


def test_a_file_in_the_inbox_is_counted_once_and_its_bad_line_named(line, answer_key):
    now_ms = round(time.time() * 1000)
    event = {
        "event_id": "inbox-1", "event_type": "sale", "event_time": now_ms, "sku": "own-1", "warehouse_id": "W1",
        "quantity": 3, "currency": "CNY", "order_id": "own-order", "line_no": 1, "channel": "app", "region": "SH",
        "unit_amount": 12_900, "discount_amount": 500,
    }  # fmt: skip
    hidden = line.home / "inbox" / ".first.tmp"
    hidden.write_text(
        json.dumps(event) + "\r\n\r\n" + json.dumps({**event, "quantity": 2.9}) + "\n" + json.dumps(event)
    )
    hidden.rename(line.home / "inbox" / "first.ndjson")
    line.tally("wait", "--timeout", "120s")
    amounts = line.query("SELECT sum(gross_amount), sum(units) FROM product_sales_by_day WHERE sku = 'own-1'")[0]
    assert tuple(map(plain, amounts)) == (38_700, 3)
    rejected = line.query("SELECT file, file_line, reason FROM rejected_events WHERE file = 'first.ndjson'")
    assert [row[:2] for row in rejected] == [("first.ndjson", 3)]
    assert "quantity" in rejected[0][2] and "2.9" in rejected[0][2]


def test_a_restart_of_everything_changes_no_total(line, answer_key):
    before = line.query("SELECT * FROM event_counts"), line.query("SELECT * FROM stock_on_hand ORDER BY 1, 2")
    assert line.stop() == 0
    line.start()
    line.tally("wait", "--timeout", "120s")
    counts = line.query("SELECT * FROM event_counts")
    assert counts == before[0]
    balance = "SELECT sku, warehouse_id, available, on_hand FROM stock_on_hand ORDER BY 1, 2"
    assert [row[:2] for row in line.query(balance)] == [row[:2] for row in before[1]]
    assert json.loads(line.tally("audit", "--json"))["verdict"] == "equal"


def test_rocksdb_keeps_its_logs_with_its_files(line):
    # beside Flink's log they are named after the whole path of a state folder: below a home whose path is neither short
    # nor long enough, longer than a file's name may be once ".old.…" is added, and no restore ever works
    assert [path.name for path in (line.home / "logs").iterdir() if "_LOG" in path.name] == []
    assert list((line.home / "run" / "job-tmp").rglob("LOG"))


def test_a_second_start_on_the_same_home_says_so(line):
    refused = subprocess.run([TALLY, "run"], env=line.environment, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert f"Tallystream runs already in {line.home}; found process {line.process.pid}" in refused.stderr
