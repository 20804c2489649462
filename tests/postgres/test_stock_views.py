"""What the stock views say about a few movements, worked out by hand."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

LEDGER_CHECK = Path(__file__).parents[2] / "sql" / "postgres" / "queries" / "stock_ledger_check.sql"


@pytest.fixture
def stocked(shop):
    """A shop that began two days ago with 100 pieces of A."""
    shop.covered("2026-11-19 00:00:00")
    shop.move("adjusted", "2026-11-20 00:00:00", 100)
    shop.policy("A", "W1", safety=5, lead=24)
    shop.product("A", category="Home", cost=250)
    return shop


def on_hand(shop, sku="A", warehouse="W1"):
    return shop.row("stock_on_hand", sku=sku, warehouse_id=warehouse)


def test_available_is_everything_since_the_log_began(stocked):
    stocked.move("restocked", "2026-11-21 10:00", 20)
    stocked.move("adjusted", "2026-11-21 11:00", -3)
    stocked.move("unmet", "2026-11-21 11:00", 7)
    stocked.sale("2026-11-21 12:00", quantity=30)
    stocked.refund("2026-11-21 13:00", quantity=2)
    stocked.refund("2026-11-21 13:00", quantity=4, to_stock=False)
    stocked.hold("2026-11-22 00:30:00")
    row = on_hand(stocked)
    assert row["available"] == 100 + 20 - 3 - 30 + 2
    assert (row["committed"], row["on_hand"], row["opening"]) == (0, row["available"], row["available"])
    assert (row["stock_value_amount"], row["stock_value"]) == (89 * 250, Decimal("222.50"))


def test_committed_counts_only_where_shipments_are_recorded(stocked):
    stocked.sale("2026-11-21 12:00", quantity=30)
    stocked.move("shipped", "2026-11-21 15:00", 10)
    stocked.hold("2026-11-22 00:30:00")
    assert (on_hand(stocked)["committed"], on_hand(stocked)["on_hand"]) == (0, 70)
    stocked.settings(shipments=True)
    assert (on_hand(stocked)["committed"], on_hand(stocked)["on_hand"]) == (20, 90)
    assert stocked.row("stock_ledger_today", warehouse_id="W1")["on_hand"] == 90
    assert stocked.row("inventory_counts")["stock_value_amount"] == 90 * 250


def test_a_product_never_sold_has_a_stock_row(stocked):
    stocked.policy("B", "W2")
    stocked.hold("2026-11-22 12:00:00")
    row = on_hand(stocked, "B", "W2")
    assert (row["available"], row["state"], row["hours_of_cover"]) == (0, "out_of_stock", None)
    assert row["category"] == "unknown"


def test_cover_counts_hours_without_sales_and_is_null_at_zero_velocity(stocked):
    stocked.sale("2026-11-21 13:00", quantity=48)
    stocked.hold("2026-11-22 12:00:00")
    row = on_hand(stocked)
    # 48 pieces in 24 hours are 2 an hour; 52 left last 26 hours
    assert (row["units_sold_24h"], row["units_per_hour"], row["hours_of_cover"]) == (48, 2, 26)
    assert row["stock_out_at"] == stocked.at("2026-11-23 14:00:00")
    stocked.hold("2026-11-22 13:01:00")
    row = on_hand(stocked)
    assert (row["units_sold_24h"], row["units_per_hour"], row["hours_of_cover"], row["stock_out_at"]) == (
        0,
        0,
        None,
        None,
    )
    assert row["state"] == "ok"


def test_a_young_shop_divides_by_its_own_age_and_says_so(shop):
    shop.covered("2026-11-22 08:00:00")
    shop.move("adjusted", "2026-11-22 08:00:00", 100)
    shop.sale("2026-11-22 09:00", quantity=20)
    shop.hold("2026-11-22 12:00:00")
    assert (on_hand(shop)["units_per_hour"], on_hand(shop)["has_full_window"]) == (5, False)
    shop.hold("2026-11-22 08:59:00")
    assert (on_hand(shop)["units_per_hour"], on_hand(shop)["hours_of_cover"]) == (None, None)


@pytest.mark.parametrize(
    ("sold_before", "sold_today", "state", "reorder"),
    [
        (101, 0, "oversold", 5 + 1),  # nothing sold within 24 hours: safety stock and what is owed
        (100, 0, "out_of_stock", 5),
        (0, 76, "cover_below_lead", 76 + 5 - 24),  # 24 left at 76 a day
        (96, 0, "below_safety", 1),
        (10, 0, "ok", 0),
    ],
)
def test_each_state_has_its_reorder_quantity(stocked, sold_before, sold_today, state, reorder):
    if sold_before:
        stocked.sale("2026-11-20 12:00", quantity=sold_before)
    if sold_today:
        stocked.sale("2026-11-22 11:00", quantity=sold_today)
    stocked.hold("2026-11-22 12:00:00")
    row = on_hand(stocked)
    assert (row["state"], row["reorder_quantity"]) == (state, reorder)


def test_exceptions_come_in_the_order_of_urgency(stocked):
    for sku, stock, sold in (
        ("OVER", 5, 9),
        ("OUT-SLOW", 2, 2),
        ("OUT-FAST", 40, 40),
        ("COVER-10H", 34, 24),
        ("COVER-5H", 29, 24),
    ):
        stocked.policy(sku, "W1", safety=1, lead=24)
        stocked.move("adjusted", "2026-11-20 12:00", stock, sku=sku)
        stocked.sale("2026-11-22 11:00", quantity=sold, sku=sku)
    stocked.policy("SAFE", "W1", safety=7, lead=1)
    stocked.move("adjusted", "2026-11-20 12:00", 6, sku="SAFE")
    stocked.cursor.execute("INSERT INTO tally.warehouses VALUES ('W1', 'Shanghai', '上海')")
    stocked.hold("2026-11-22 12:00:00")
    rows = stocked.rows("stock_exceptions")
    assert [(row["urgency"], row["sku"], row["state"]) for row in rows] == [
        (1, "OVER", "oversold"),
        (2, "OUT-FAST", "out_of_stock"),
        (3, "OUT-SLOW", "out_of_stock"),
        (4, "COVER-5H", "cover_below_lead"),
        (5, "COVER-10H", "cover_below_lead"),
        (6, "SAFE", "below_safety"),
    ]
    assert rows[0]["warehouse_name_zh"] == "上海"
    assert stocked.row("inventory_counts") | {
        "oversold": 1, "out_of_stock": 2, "cover_below_lead": 2, "below_safety": 1
    } == stocked.row("inventory_counts")  # fmt: skip


def test_an_exception_shows_its_last_24_hours(stocked):
    stocked.policy("B", "W1", safety=1000)
    stocked.move("adjusted", "2026-11-20 12:00", 50, sku="B")
    stocked.sale("2026-11-21 12:30", quantity=1, sku="B")  # in the oldest of the 24 hours
    stocked.sale("2026-11-22 09:59", quantity=10, sku="B")
    stocked.move("restocked", "2026-11-22 10:01", 4, sku="B")
    stocked.hold("2026-11-22 12:00:00")
    history = stocked.row("stock_exceptions", sku="B")["history"]
    assert history == [49] * 21 + [39, 43, 43]


def test_counts_know_the_same_time_yesterday(stocked):
    stocked.move("adjusted", "2026-11-20 12:00", 10, sku="B")
    stocked.policy("B", "W1", safety=0, lead=24)
    stocked.product("B", cost=100)
    stocked.sale("2026-11-21 11:00", quantity=9, sku="B")  # a day ago: 1 left at 9 a day
    stocked.sale("2026-11-22 11:00", quantity=2, sku="B")
    stocked.hold("2026-11-22 12:00:00")
    row = stocked.row("inventory_counts")
    assert (row["oversold"], row["oversold_yesterday"]) == (1, 0)
    assert (row["cover_below_lead"], row["cover_below_lead_yesterday"]) == (0, 1)
    assert (row["stock_value_amount"], row["stock_value_amount_yesterday"]) == (100 * 250, 100 * 250 + 1 * 100)


def test_counts_of_yesterday_are_null_without_its_data(shop):
    shop.move("adjusted", "2026-11-22 10:00", 10)
    shop.hold("2026-11-22 12:00:00")
    assert shop.row("inventory_counts")["oversold_yesterday"] is None


def test_the_ledger_adds_up_with_a_till_whose_clock_is_minutes_fast(stocked):
    stocked.sale("2026-11-22 10:00:00", quantity=20)
    stocked.sale("2026-11-23 00:01:00", quantity=3)
    stocked.hold("2026-11-22 23:57:00")
    ledger = stocked.row("stock_ledger_today", warehouse_id="W1")
    assert (ledger["opening"], ledger["sold"], ledger["available"]) == (100, 23, 77)
    stocked.cursor.execute(LEDGER_CHECK.read_text(), {"warehouse": None})
    compared, unequal, available = stocked.cursor.fetchone()
    assert (compared, unequal, available) == (1, 0, 77)


def test_the_ledger_of_a_day_adds_up(stocked):
    stocked.sale("2026-11-21 23:59:59", quantity=10)
    stocked.sale("2026-11-22 00:00:00", quantity=20)
    stocked.move("restocked", "2026-11-22 10:00", 7)
    stocked.refund("2026-11-22 10:00", quantity=3)
    stocked.refund("2026-11-22 10:00", quantity=5, to_stock=False)
    stocked.move("adjusted", "2026-11-22 10:00", -1)
    stocked.move("unmet", "2026-11-22 10:00", 2)
    stocked.move("adjusted", "2026-11-22 10:00", 60, warehouse="W2", sku="Z")
    stocked.hold("2026-11-22 12:00:00")
    whole = stocked.row("stock_ledger_today", warehouse_id=None)
    expected = {"opening": 90, "restocked": 7, "refunded": 3, "adjusted": 59, "sold": 20, "available": 139, "unmet": 2}
    assert {name: whole[name] for name in expected} == expected
    first = stocked.row("stock_ledger_today", warehouse_id="W1")
    assert (
        first["opening"] + first["restocked"] + first["refunded"] + first["adjusted"] - first["sold"]
        == first["available"]
        == 79
    )
    assert on_hand(stocked)["opening"] == 90


def test_cover_of_a_category_is_the_median_of_its_selling_skus(stocked):
    for sku, stock in (("B", 34), ("C", 48), ("D", 124), ("IDLE", 500)):
        stocked.product(sku, category="Toys")
        stocked.move("adjusted", "2026-11-20 12:00", stock, sku=sku)
        if sku != "IDLE":
            stocked.sale("2026-11-22 11:00", quantity=24, sku=sku)
    stocked.hold("2026-11-22 12:00:00")
    row = stocked.row("stock_cover", category="Toys")
    assert (row["median_hours_of_cover"], row["skus"], row["selling_skus"]) == (24, 4, 3)
    assert stocked.row("stock_cover", category="Home")["median_hours_of_cover"] is None


def test_flows_keep_their_windows(stocked):
    stocked.sale("2026-11-22 10:00:59", quantity=1)
    stocked.sale("2026-11-22 10:00:01", quantity=2, log_date=date(2026, 11, 30))
    stocked.sale("2026-11-22 10:01:00", quantity=4)
    flow = sorted((row["window_start"], row["sold"]) for row in stocked.rows("stock_flow_by_minute") if row["sold"] > 0)
    assert flow == [
        (stocked.at("2026-11-22 10:00"), 3),
        (stocked.at("2026-11-22 10:01"), 4),
    ]
    assert stocked.row("stock_flow_by_day", store_day="2026-11-22")["sold"] == 7
