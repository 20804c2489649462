"""`tally rebuild`: made again under readers' eyes; and its `--check` of live rows against a bounded run."""

import json
import time
from contextlib import closing
from datetime import UTC

import psycopg2
import pytest
from confluent_kafka import Producer

from tally.database import load_urls
from tally.home import Home
from tests.chaos.account import noted, prove_exact, until_caught_up, until_first_result
from tests.chaos.load import Reader
from tests.line import wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

HOUR_MS = 3_600_000
SKU = "checked"
COPIES = 3
IDS = 400
REBUILD_SECONDS, ANY_SECONDS = 600, 300


def sale(number: int, copy: int, now_ms: int) -> bytes:
    """Return one of the copies of an event: each has another quantity and another time, up to a month late."""
    event = {
        "event_id": f"check-{number}", "event_type": "sale", "sku": SKU, "warehouse_id": "W1",
        "event_time": now_ms - (number % 30) * 24 * HOUR_MS - number * 61_000 - copy * HOUR_MS,
        "quantity": copy + 1, "currency": "CNY",
        "order_id": f"check-o-{number}", "line_no": 1, "channel": "app", "region": "SH", "unit_amount": 1_000 + number,
        "customer_id": f"c-{number % 50}",
    }  # fmt: skip
    return json.dumps(event).encode()


@pytest.fixture(scope="module")
def line(stage):
    return stage.line


@pytest.fixture(scope="module")
def published(line):
    """Publish late rows, copies of one id with different content close together, and malformed lines."""
    status, now_ms = line.status(), round(time.time() * 1000)
    producer, topic = Producer({"bootstrap.servers": status["kafka"]}), status["topic"]
    for number in range(IDS):
        for copy in range(COPIES):
            producer.produce(topic, sale(number, copy, now_ms), key=f"check-{number}")
        if number % 10 == 0:
            producer.produce(topic, b'{"event_id": "check-broken', key=f"check-{number}")
    assert producer.flush(30) == 0
    line.tally("wait", "--timeout", "180s")
    units = line.query("SELECT sum(units), sum(lines) FROM product_sales_by_day WHERE sku = %s", (SKU,))
    assert units == [(IDS, IDS)], "the first copy of each counts"


@pytest.fixture
def owner(line):
    """A connection that may plant what the guard would skip."""
    url = load_urls(Home(line.home)).owner
    with closing(psycopg2.connect(url, options="-c tally.rebuild=on")) as connection:
        connection.autocommit = True
        yield connection.cursor()


def has_shadow(owner) -> bool:
    owner.execute("SELECT FROM pg_namespace WHERE nspname = 'tally_shadow'")
    return bool(owner.fetchall())


def test_every_row_equals_a_bounded_run_of_the_same_sql(line, published, owner, seed):
    before = line.query("SELECT records, counted, duplicates, rejected FROM event_counts")
    with noted("R2", "bounded_run_of_the_same_sql", seed):
        told = line.tally("rebuild", "--check", timeout=600)
        assert "every row is equal: " in told
        assert not has_shadow(owner)
        line.tally("wait", "--timeout", "180s")
        assert line.query("SELECT records, counted, duplicates, rejected FROM event_counts") == before


def test_a_planted_wrong_row_is_named_until_it_is_mended(line, published, owner):
    owner.execute("SELECT window_start, sku FROM tally.stock_flow_1m WHERE sku = %s ORDER BY 1 LIMIT 1", [SKU])
    key = owner.fetchone()
    change = "UPDATE tally.stock_flow_1m SET sold = sold + %s WHERE (window_start, sku) = (%s, %s)"
    owner.execute(change, [1, *key])
    try:
        told = line.tally("rebuild", "--check", code=1, timeout=600)
    finally:
        owner.execute(change, [-1, *key])
    assert f"stock_flow_1m wrong: window_start {key[0].astimezone(UTC).isoformat()}, sku {SKU}" in told
    assert "expected sold 1; found sold 2" in told
    assert "found 1 of stock_flow_1m" in told
    assert json.loads(line.tally("audit", "--json"))["verdict"] == "equal"


def test_copies_in_several_partitions_are_no_difference(line, published):
    status, now_ms = line.status(), round(time.time() * 1000)
    producer = Producer({"bootstrap.servers": status["kafka"]})
    for number in range(IDS):
        for copy in range(2):
            event = sale(IDS + number, 0, now_ms)
            producer.produce(status["topic"], event, key=f"check-{IDS + number}", partition=(number + copy) % 4)
    assert producer.flush(30) == 0
    line.tally("wait", "--timeout", "180s")
    told = line.tally("rebuild", "--check", timeout=600)
    undecided = {cells[1].strip(): cells[6].strip() for row in told.splitlines() if len(cells := row.split("│")) == 8}
    assert len(undecided) == 7
    # which of two equal copies counts shows in the counters of their partitions alone
    assert {name for name, rows in undecided.items() if rows != "0"} <= {"event_counts_1h"}


def test_readers_see_no_total_fall_while_results_are_made_again(stage, seed):
    line = stage.line
    with noted("R18", "rebuild_under_load", seed) as figures:
        with Reader(line.status()["database_url"]) as reader, stage.load(seed):
            until_first_result(line, time.time(), ANY_SECONDS)
            told = (line.home / "run.log").stat().st_size
            line.tally("rebuild")
            wait_until("the rebuild is done", lambda: b"the rebuild is done" in said(line, told), REBUILD_SECONDS)
            swapped_at = time.time()
            figures["first_result_s"] = until_first_result(line, swapped_at, ANY_SECONDS)
            figures["caught_up_s"] = until_caught_up(line, swapped_at, ANY_SECONDS)
        figures |= prove_exact(line, stage.sent)
        figures |= {"reads": reader.reads, "falls": len(reader.falls)}
        assert reader.falls == []
        assert reader.reads > 0


def said(line, since: int) -> bytes:
    """Return what the line has printed from byte `since` on."""
    return (line.home / "run.log").read_bytes()[since:]
