"""Closed windows change how a view counts, never what it says: also late, with another zone, and after a reset."""

import random
from datetime import UTC, date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

# every view whose numbers may come from closed sums
VIEWS = (
    "sales_by_hour", "sales_by_day", "sales_same_time", "sales_same_time_by_channel", "orders_same_time", "sales_today",
    "channels_today", "regions_today", "gmv_curve", "kpi_sparklines", "milestones_today", "top_products_today",
    "stock_on_hand", "stock_exceptions", "stock_ledger_today", "inventory_counts", "stock_cover", "history_covered",
)  # fmt: skip


def say(shop, with_zeros=True):
    """Return what all the views say, rows in a stable order; a row whose windows were deleted may be left as zeros."""
    rows = {view: shop.rows(view) for view in VIEWS}
    return {
        view: sorted(as_text(row) for row in found if with_zeros or row.get("lines", 1) or row.get("refunded_units", 1))
        for view, found in rows.items()
    }


def as_text(row):
    return repr({name: value.normalize() if isinstance(value, Decimal) else value for name, value in row.items()})


def fill(shop, dice, count, since, until):
    """Write random events of a small shop."""
    span = (shop.at(until) - shop.at(since)).total_seconds()
    for _ in range(count):
        at = shop.at(since) + timedelta(seconds=dice.randrange(int(span)))
        place = {"sku": dice.choice("ABC"), "warehouse": dice.choice(("W1", "W2"))}
        ahead = at.astimezone(UTC).date() + timedelta(days=dice.choice((0, 0, 0, 1, 5)))
        kind = dice.random()
        if kind < 0.6:
            shop.sale(
                at, amount=dice.randrange(1, 999), quantity=dice.randrange(1, 5), line_no=dice.choice((1, 1, 2)),
                discount=dice.randrange(3), channel=dice.choice(("app", "web")), region=dice.choice(("GD", "BJ")),
                customer=f"c{dice.randrange(30)}", log_date=ahead, **place,
            )  # fmt: skip
        elif kind < 0.75:
            shop.refund(at, amount=dice.randrange(1, 99), to_stock=dice.random() < 0.5, log_date=ahead, **place)
        else:
            name = dice.choice(("restocked", "adjusted", "shipped", "unmet"))
            shop.move(name, at, dice.randrange(1, 60), log_date=ahead, **place)


@pytest.fixture
def busy(shop):
    """A shop with ten days of random events, held at a Sunday noon."""
    shop.settings(shipments=True, target_amount=50_000)
    for sku in "ABC":
        shop.product(sku, category=f"category {sku}")
        shop.policy(sku, "W1", safety=20, lead=12)
    shop.covered("2026-11-12 00:00:00")
    fill(shop, random.Random(7), 400, "2026-11-12 00:00:00", "2026-11-22 14:03:00")
    shop.hold("2026-11-22 14:03:07")
    return shop


@pytest.mark.parametrize(
    "closings",
    [
        ["2026-11-22 13:00"],
        ["2026-11-13 10:00", "2026-11-21 23:45", "2026-11-22 00:00", "2026-11-22 14:00"],
        ["2026-11-21 14:00", "2026-11-22 12:00", "2026-11-22 13:00", "2026-11-22 13:45"],
        ["2026-11-22 14:03"],
    ],
)
def test_closing_changes_no_number(busy, closings):
    open_numbers = say(busy)
    for until in closings:
        busy.close(until)
        assert say(busy) == open_numbers


@pytest.mark.parametrize("seed", range(3))
def test_late_rows_count_in_closed_windows(busy, seed):
    busy.close("2026-11-20 06:00")
    busy.close("2026-11-22 13:00")
    fill(busy, random.Random(seed), 120, "2026-11-12 00:00:00", "2026-11-22 14:03:00")
    with_late = say(busy)
    busy.close("2026-11-22 13:15")
    assert say(busy) == with_late
    reopen(busy)
    assert say(busy) == with_late


def test_the_next_day_goes_on_from_closed_sums(busy):
    busy.close("2026-11-22 13:00")
    for now, until in (
        ("2026-11-23 00:00:05", None),
        ("2026-11-23 00:40:00", "2026-11-23 00:30"),
        ("2026-11-24 09:00:00", None),
    ):
        busy.hold(now)
        if until:
            busy.close(until)
        closed = say(busy)
        busy.cursor.execute("SAVEPOINT before_reset")
        reopen(busy)
        assert say(busy) == closed
        busy.cursor.execute("ROLLBACK TO before_reset")


def test_another_store_zone_moves_the_closed_day(busy):
    busy.close("2026-11-22 14:00")
    busy.settings(store_zone="America/New_York")
    closed = say(busy)
    reopen(busy)
    assert say(busy) == closed


def test_a_clock_held_in_the_past_is_answered_from_the_windows(busy):
    busy.close("2026-11-22 14:00")
    busy.hold("2026-11-21 09:00:00")
    closed = {view: rows for view, rows in say(busy).items() if view not in CLOSED_AHEAD}
    reopen(busy)
    assert {view: rows for view, rows in say(busy).items() if view not in CLOSED_AHEAD} == closed


# the trailing 24 hours of stock end with the newest closing at the earliest
CLOSED_AHEAD = {"stock_on_hand", "stock_exceptions", "inventory_counts", "stock_cover"}


def test_deleted_and_lowered_rows_count_too(busy):
    busy.close("2026-11-22 13:00")
    busy.cursor.execute("SET LOCAL tally.rebuild = 'on'")
    busy.cursor.execute("UPDATE tally.orders_1s SET orders = 0, event_count = 0 WHERE second < '2026-11-22 00:00+08'")
    busy.cursor.execute("DELETE FROM tally.sales_10s WHERE channel = 'web' AND window_start < '2026-11-21 00:00+08'")
    busy.cursor.execute("DELETE FROM tally.stock_flow_1m WHERE sku = 'B' AND window_start < '2026-11-20 00:00+08'")
    changed = say(busy, with_zeros=False)
    reopen(busy)
    assert say(busy, with_zeros=False) == changed


def test_emptied_tables_leave_no_closed_sum(busy):
    busy.close("2026-11-22 13:00")
    busy.cursor.execute("TRUNCATE tally.sales_10s, tally.stock_flow_1m, tally.orders_1s")
    assert busy.row("sales_today")["gross_amount"] == 0
    assert {row["available"] for row in busy.rows("stock_on_hand")} == {0}
    assert busy.rows("sales_by_day") == []


def test_tables_emptied_and_filled_again_are_counted_once(busy):
    # a rebuild: the triggers of the closed windows are still there when the job writes its rows anew
    before = {view: sorted(map(as_text, busy.rows(view))) for view in ("sales_by_day", "stock_on_hand")}
    busy.close("2026-11-22 13:00")
    busy.cursor.execute("TRUNCATE tally.sales_10s, tally.stock_flow_1m, tally.orders_1s, tally.day_buyers")
    fill(busy, random.Random(7), 400, "2026-11-12 00:00:00", "2026-11-22 14:03:00")
    assert {view: sorted(map(as_text, busy.rows(view))) for view in before} == before


def test_without_a_time_it_closes_to_the_full_hour_a_day_at_a_time(busy):
    closed = []
    while len(closed) < 2 or closed[-1] != closed[-2]:
        busy.cursor.execute("SELECT tally.close_windows()")
        closed += busy.cursor.fetchone()
        assert len(closed) < 100
    assert closed[0] == busy.at("2026-11-12 08:00")  # the UTC day of the first event
    assert max(after - before for before, after in pairwise(closed)) <= timedelta(days=1)
    assert closed[-1] == busy.at("2026-11-22 13:00")


def test_nothing_closes_while_history_is_published(busy):
    busy.cursor.execute("INSERT INTO tally.history_days VALUES ('2026-11-20', 10, NULL)")
    busy.cursor.execute("SELECT tally.close_windows()::text")
    assert busy.cursor.fetchone() == ("-infinity",)


def test_nothing_closes_before_the_first_row(shop):
    # else all that comes first, such as eight days of history, would be a late change that every view adds up again
    shop.hold("2026-11-22 14:03:07")
    shop.close()
    shop.cursor.execute("SELECT closed_until::text FROM tally.closing")
    assert shop.cursor.fetchone() == ("-infinity",)


def test_many_late_changes_go_into_the_sums_without_waiting_for_the_next_hour(busy):
    busy.close("2026-11-22 13:00")
    for name, late in (("few", 40), ("many", 5_100)):
        busy.cursor.execute(
            "INSERT INTO tally.stock_flow_1m "
            "SELECT '2026-11-20 00:00Z', %s || n, 'W1', date '2026-11-22', 1, 0, 0, 0, 0, 0, 7, 0, 0, 1, 0, 1 "
            "FROM generate_series(1, %s) AS n",
            [name, late],
        )
        with_late = say(busy)
        busy.close()
        busy.cursor.execute("SELECT count(*) FROM tally.stock_late")
        assert busy.cursor.fetchone() == (40 if name == "few" else 0,)
        assert say(busy) == with_late


def test_closed_time_never_goes_back(busy):
    busy.close("2026-11-22 13:00")
    busy.close("2026-11-20 13:00")
    busy.cursor.execute("SELECT closed_until FROM tally.closing")
    assert busy.cursor.fetchone() == (busy.at("2026-11-22 13:00"),)


def test_rows_that_move_out_of_the_default_partition_are_counted_once(busy):
    busy.sale("1997-07-01 12:00:00", amount=77)
    busy.close("2026-11-22 13:00")
    before = say(busy)
    busy.cursor.execute("SELECT tally.create_partitions(%s, %s)", [date(1997, 7, 1), date(1997, 7, 1)])
    assert say(busy) == before
    busy.sale("1997-07-01 12:00:00", amount=3)
    assert busy.row("sales_by_day", store_day="1997-07-01")["gross_amount"] == 80


def reopen(shop):
    """Forget every closed sum."""
    shop.cursor.execute(
        "DELETE FROM tally.sales_closed_5m; DELETE FROM tally.sales_closed_15m; DELETE FROM tally.sales_late"
    )
    shop.cursor.execute("DELETE FROM tally.orders_closed_15m; DELETE FROM tally.orders_late")
    shop.cursor.execute("DELETE FROM tally.stock_closed; DELETE FROM tally.stock_late")
    shop.cursor.execute(
        "UPDATE tally.closing SET closed_until = '-infinity', orders_closed_until = '-infinity', day_start = "
        "'-infinity'"
    )
