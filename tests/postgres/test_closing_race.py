"""Windows close while writers write: no sum is lost, none is counted twice, nobody waits for ever."""

import contextlib
import random
import threading
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from tally import migrate

START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
SALES = (
    "INSERT INTO tally.sales_10s AS t VALUES (%(at)s, 'app', %(place)s, '2026-11-22', %(n)s, 1, 2, 1, 1, 1, 1, 1, "
    "%(at)s) "
    "ON CONFLICT (window_start, channel, region, log_date) DO UPDATE SET gross_amount = t.gross_amount + %(n)s, "
    "orders = t.orders + 1, event_count = t.event_count + 1"
)
STOCK = (
    "INSERT INTO tally.stock_flow_1m AS t VALUES (%(at)s, %(place)s, 'W1', '2026-11-22', %(n)s, 0, 1, 0, 0, 0, "
    "%(n)s, 0, 0, "
    "1, 0, 1) ON CONFLICT (window_start, sku, warehouse_id, log_date) DO UPDATE SET sold = t.sold + %(n)s, "
    "restocked = t.restocked + 1, gross_amount = t.gross_amount + %(n)s, event_count = t.event_count + 1"
)
ORDERS = (
    "INSERT INTO tally.orders_1s AS t VALUES (%(at)s, '2026-11-22', 1, 1) ON CONFLICT (second, log_date) DO UPDATE SET "
    "orders = t.orders + 1, event_count = t.event_count + 1"
)

PAIRS = (
    (
        "SELECT region, sum(gross_amount), sum(orders) FROM tally.sales_by_day GROUP BY region ORDER BY region",
        "SELECT region, sum(gross_amount), sum(orders) FROM tally.sales_10s GROUP BY region ORDER BY region",
    ),
    (
        "SELECT channel, sum(gross_amount), sum(orders) FROM tally.sales_parts_5m GROUP BY channel",
        "SELECT channel, sum(gross_amount), sum(orders) FROM tally.sales_10s GROUP BY channel",
    ),
    (
        "SELECT sku, available, sold_24h, change_24h FROM tally.stock_positions ORDER BY sku",
        "SELECT sku, sum(restocked - sold), sum(sold), sum(restocked - sold) FROM tally.stock_flow_1m GROUP BY sku "
        "ORDER BY sku",
    ),
)
PEAKS = (
    "SELECT window_start, orders FROM tally.orders_closed_15m ORDER BY window_start",
    "SELECT date_bin('15 minutes', second, '2000-01-01 00:00+00') AS quarter, max(orders) FROM tally.orders_1s "
    "GROUP BY quarter ORDER BY quarter",
)


def write(url, statement, seed, faults):
    """Commit batches of upserts in windows spread over a day."""
    dice = random.Random(seed)
    try:
        with contextlib.closing(psycopg2.connect(url)) as connection:
            for _ in range(60):
                batch = [dice.randrange(0, 24 * 60) for _ in range(15)]
                with connection, connection.cursor() as cursor:
                    # sorted, as rows of one batch must be where two writers may meet in the same rows
                    for minute in sorted(batch):
                        values = {
                            "at": START + timedelta(minutes=minute),
                            "place": f"P{minute % 5}",
                            "n": dice.randrange(1, 99),
                        }
                        cursor.execute(statement, values)
    except psycopg2.Error as error:
        faults.append(error)


def close(url, done, faults):
    """Close further and further while the writers write, and make partitions meanwhile."""
    try:
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            step = 0
            while not done.is_set() or step < 24:
                cursor.execute("SELECT tally.close_windows(%s)", [START + timedelta(hours=min(step, 24))])
                cursor.execute(
                    "SELECT tally.create_partitions('2026-11-21', %s)", [(START + timedelta(days=step % 5)).date()]
                )
                step += 1
    except psycopg2.Error as error:
        faults.append(error)


def ask(url, query):
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        # every window lies in the 24 hours before this
        cursor.execute("SET tally.now = '2026-11-23 00:00:00+00'")
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.parametrize("seed", [1])
def test_closing_beside_writers_is_exact(database, seed):
    migrate.migrate(database)
    faults, done = [], threading.Event()
    jobs = [(statement, seed * 10 + number) for statement in (SALES, STOCK, ORDERS) for number in range(2)]
    writers = [threading.Thread(target=write, args=(database, statement, n, faults)) for statement, n in jobs]
    closer = threading.Thread(target=close, args=(database, done, faults))
    for thread in (*writers, closer):
        thread.start()
    for thread in writers:
        thread.join(120)
    done.set()
    closer.join(120)
    assert faults == []
    assert ask(database, "SELECT count(*) > 0 FROM tally.stock_closed") == [(True,)]
    for view, table in PAIRS:
        assert ask(database, view) == ask(database, table)
    # the peaks of late seconds are closed with the next windows
    ask(database, "SELECT tally.close_windows('2026-11-23 01:00+00')")
    assert ask(database, PEAKS[0]) == ask(database, PEAKS[1])


def test_a_migration_waits_for_its_turn_and_so_do_closing_and_partitions(postgres_server, connect, monkeypatch):
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    holder = connect("owner")
    holder.autocommit = False
    with holder.cursor() as cursor:
        cursor.execute("SELECT tally.take_turn()")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            migrate.migrate(postgres_server.url("owner"))
        with connect("writer").cursor() as writer:
            writer.execute("SET lock_timeout = '100ms'")
            for call in (
                "SELECT tally.close_windows()",
                "SELECT tally.create_partitions('2033-01-01', '2033-01-01')",
            ):
                with pytest.raises(psycopg2.errors.LockNotAvailable):
                    writer.execute(call)
    holder.rollback()
    assert not migrate.migrate(postgres_server.url("owner")).changed
