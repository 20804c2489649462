"""What the sales views say about a few events, worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

TODAY = date(2026, 11, 22)


def test_a_day_counts_by_the_store_s_midnight(shop):
    #        UTC 16:00 = midnight in Shanghai
    #  21 Nov 23:59:59 |  22 Nov 00:00:00
    shop.sale("2026-11-21 23:59:59", amount=700)
    shop.sale("2026-11-22 00:00:00", amount=900, quantity=2, discount=30)
    shop.sale("2026-11-22 00:00:09", amount=100, line_no=2)
    days = {row["store_day"]: row for row in shop.rows("sales_by_day")}
    assert days.keys() == {date(2026, 11, 21), TODAY}
    assert days[TODAY]["gross_amount"] == 1900
    assert days[TODAY]["net_amount"] == 1870
    assert days[TODAY]["gross_sales"] == Decimal("19.00")
    assert (days[TODAY]["orders"], days[TODAY]["lines"], days[TODAY]["units"]) == (1, 2, 3)


def test_hours_and_minutes_keep_their_windows(shop):
    shop.sale("2026-11-22 10:59:59", amount=1)
    shop.sale("2026-11-22 11:00:00", amount=2)
    hours = {row["window_start"]: row["gross_amount"] for row in shop.rows("sales_by_hour")}
    assert hours == {shop.at("2026-11-22 10:00"): 1, shop.at("2026-11-22 11:00"): 2}
    minutes = {row["window_start"]: row["gross_amount"] for row in shop.rows("sales_by_minute")}
    assert minutes == {shop.at("2026-11-22 10:59"): 1, shop.at("2026-11-22 11:00"): 2}


def test_late_rows_of_another_log_date_are_the_same_window(shop):
    shop.sale("2026-11-22 10:00:03", amount=5)
    shop.sale("2026-11-22 10:00:04", amount=7, log_date=date(2026, 11, 25))
    assert shop.row("sales_by_minute")["gross_amount"] == 12
    assert shop.row("sales_by_day")["orders"] == 2
    assert shop.row("product_sales_by_day")["gross_amount"] == 12


def test_a_refund_is_booked_at_its_own_time(shop):
    shop.sale("2026-11-20 10:00", amount=500, quantity=2, discount=100)
    shop.refund("2026-11-22 09:00", amount=500, quantity=1, discount=50)
    days = {row["store_day"].day: row for row in shop.rows("sales_by_day")}
    assert (days[20]["net_amount"], days[20]["refund_amount"]) == (900, 0)
    assert (days[22]["gross_amount"], days[22]["refund_amount"], days[22]["net_amount"]) == (0, 450, -450)
    assert days[22]["refunded_units"] == 1


def test_a_sku_that_is_not_in_the_catalogue_counts_as_unknown(shop):
    shop.product("A", category="Toys")
    shop.sale("2026-11-22 10:00", sku="A", amount=100)
    shop.sale("2026-11-22 10:00", sku="'); DROP TABLE tally.products; --", amount=11)
    assert {row["category"]: row["gross_amount"] for row in shop.rows("category_sales_by_day")} == {
        "Toys": 100,
        "unknown": 11,
    }
    unknown = shop.row("product_sales_by_hour", category="unknown")
    assert unknown["sku"] == "'); DROP TABLE tally.products; --"
    assert unknown["name_en"] is None


def test_stock_movements_are_no_product_sales(shop):
    shop.move("restocked", "2026-11-22 10:00", 50)
    assert shop.rows("product_sales_by_day") == []
    assert shop.rows("category_sales_by_day") == []


def test_today_compares_at_the_same_elapsed_time_of_ten_seconds(shop):
    shop.covered("2026-11-15 00:00:00")
    for day, amount in ((15, 1), (21, 10), (22, 100)):
        shop.sale(f"2026-11-{day} 14:03:09", amount=amount)  # in the window that starts at 14:03:00
        shop.sale(f"2026-11-{day} 14:03:10", amount=amount * 1000)  # in the next, still running at 14:03:17
        shop.sale(f"2026-11-{day} 20:00:00", amount=amount * 100_000) if day != 22 else None
    shop.hold("2026-11-22 14:03:17")
    row = shop.row("sales_today")
    assert row["elapsed_seconds"] == 14 * 3600 + 3 * 60 + 10
    assert row["gross_amount"] == 100_100
    assert row["gross_amount_yesterday"] == 10
    assert row["gross_amount_last_week"] == 1
    assert row["whole_day_gross_amount_yesterday"] == 1_010_010
    assert row["due_share"] == pytest.approx(Decimal(10) / 1_010_010)


def test_ratios_are_those_of_the_definitions(shop):
    shop.sale("2026-11-22 10:00:00", amount=1000, quantity=3, discount=600, customer="c1")
    shop.sale("2026-11-22 10:00:00", amount=500, quantity=1, line_no=2, customer="c1")
    shop.sale("2026-11-22 11:00:00", amount=700, quantity=1, customer="c2")
    shop.refund("2026-11-22 12:00:00", amount=420)
    shop.hold("2026-11-22 13:00:00")
    row = shop.row("sales_today")
    assert row["gross_amount"] == 4200
    assert row["aov_amount"] == (4200 - 600) / Decimal(2)
    assert row["units_per_order"] == Decimal(5) / 2
    assert row["refund_rate"] == Decimal("0.1")
    assert row["net_amount"] == 4200 - 600 - 420
    assert row["buyers"] == 2
    assert row["net_sales"] == Decimal("31.80")


def test_a_shop_without_sales_today_has_zeros_and_no_ratios(shop):
    shop.hold("2026-11-22 13:00:00")
    row = shop.row("sales_today")
    assert (row["gross_amount"], row["orders"], row["buyers"], row["peak_orders"]) == (0, 0, 0, 0)
    assert (row["aov_amount"], row["refund_rate"], row["units_per_order"], row["peak_at"]) == (None,) * 4
    assert row["gross_amount_yesterday"] is None


def test_a_comparison_without_its_window_s_data_is_null(shop):
    shop.sale("2026-11-21 00:00:10", amount=10)  # the data begins ten seconds after yesterday did
    shop.sale("2026-11-22 09:00:00", amount=100)
    shop.hold("2026-11-22 13:00:00")
    assert shop.row("history_covered")["has_yesterday"] is False
    row = shop.row("sales_today")
    assert (row["gross_amount_yesterday"], row["orders_yesterday"], row["buyers_yesterday"]) == (None, None, None)
    assert row["projected_gross_amount"] is None
    assert {one["period"] for one in shop.rows("gmv_curve")} == {"today"}
    assert shop.row("channels_today")["points_yesterday"] is None


def test_a_covered_day_without_sales_is_zero(shop):
    shop.covered("2026-11-20 12:00:00")
    shop.sale("2026-11-22 09:00:00", amount=100)
    shop.hold("2026-11-22 13:00:00")
    row = shop.row("sales_today")
    assert (row["gross_amount_yesterday"], row["gross_amount_last_week"]) == (0, None)


@pytest.mark.parametrize(
    ("published", "has"), [(None, False), ("2026-11-22 12:59:59", True), ("2026-11-22 13:00:01", False)]
)
def test_a_history_day_counts_once_all_of_it_is_visible(shop, published, has):
    shop.covered("2026-11-15 00:00:00")
    shop.cursor.execute(
        "INSERT INTO tally.history_days VALUES ('2026-11-21', 1000, %s), ('2026-11-15', 500, '2026-11-22 10:00+08')",
        [published and shop.at(published)],
    )
    shop.hold("2026-11-22 13:00:00")
    row = shop.row("history_covered")
    assert (row["has_yesterday"], row["has_last_week"]) == (has, True)
    assert (row["history_events"], row["history_published_events"]) == (1500, 1500 if has else 500)


def test_buyers_are_counted_at_their_first_purchase(shop):
    shop.covered("2026-11-21 00:00:00")
    shop.sale("2026-11-21 09:00:00", customer="early")
    shop.sale("2026-11-21 18:00:00", customer="late")
    # the same person, first read from a log of another date
    shop.sale("2026-11-21 19:00:00", customer="both", log_date=date(2026, 11, 22))
    shop.sale("2026-11-21 08:00:00", customer="both")
    shop.sale("2026-11-22 09:00:00", customer="early")
    shop.sale("2026-11-22 10:00:00", customer="early")
    shop.hold("2026-11-22 12:00:00")
    row = shop.row("sales_today")
    assert (row["buyers"], row["buyers_yesterday"]) == (1, 2)


def test_the_peak_is_the_first_of_the_busiest_seconds(shop):
    for second in ("10:00:05", "10:00:05", "11:30:00", "11:30:00", "12:00:00"):
        shop.sale(f"2026-11-22 {second}")
    # a second whose orders were appended on two dates is one second
    shop.sale("2026-11-22 11:30:00", log_date=date(2026, 11, 24))
    shop.hold("2026-11-22 13:00:00")
    row = shop.row("sales_today")
    assert (row["peak_orders"], row["peak_at"]) == (3, shop.at("2026-11-22 11:30:00"))


def test_shares_change_in_points(shop):
    shop.covered("2026-11-21 00:00:00")
    for day, app, web in ((21, 50, 50), (22, 75, 25)):
        shop.sale(f"2026-11-{day} 10:00", amount=app, channel="app", region="GD")
        shop.sale(f"2026-11-{day} 10:00", amount=web, channel="web", region="BJ")
    shop.hold("2026-11-22 12:00:00")
    channels = {row["channel"]: row for row in shop.rows("channels_today")}
    assert (channels["app"]["share"], channels["app"]["points_yesterday"]) == (Decimal("0.75"), 25)
    assert (channels["web"]["share"], channels["web"]["points_yesterday"]) == (Decimal("0.25"), -25)
    assert channels["app"]["points_last_week"] is None
    regions = {row["region"]: row["points_yesterday"] for row in shop.rows("regions_today")}
    assert regions == {"GD": 25, "BJ": -25}


def test_the_curve_has_every_step_up_to_now_and_whole_past_days(shop):
    shop.covered("2026-11-21 00:00:00")
    shop.sale("2026-11-21 23:59:59", amount=5)
    shop.sale("2026-11-22 00:00:00", amount=1)
    shop.sale("2026-11-22 00:07:00", amount=10, channel="web")
    shop.hold("2026-11-22 00:17:30")
    today = sorted(shop.rows("gmv_curve", period="today", channel=None), key=lambda row: row["step_start"])
    assert [row["cumulative_gross_amount"] for row in today] == [1, 11, 11, 11]
    assert [row["elapsed_seconds"] for row in today] == [300, 600, 900, 1200]
    assert today[-1]["axis_at"] == shop.at("2026-11-22 00:17:30")
    assert [row["gross_amount"] for row in shop.rows("gmv_curve", period="today", channel="web")] == [
        0,
        10,
        0,
        0,
    ]
    yesterday = sorted(shop.rows("gmv_curve", period="yesterday", channel=None), key=lambda row: row["step_start"])
    assert len(yesterday) == 288
    assert yesterday[-1]["cumulative_gross_amount"] == 5
    assert yesterday[-1]["axis_at"] == shop.at("2026-11-23 00:00:00")


def test_minutes_name_the_running_one_and_yesterday_s_mean(shop):
    shop.covered("2026-11-21 00:00:00")
    for minute, amount in ((1, 5), (2, 10), (3, 15), (4, 20), (5, 50)):
        shop.sale(f"2026-11-21 14:0{minute}:30", amount=amount)
    shop.sale("2026-11-22 14:03:05", amount=7)
    shop.sale("2026-11-22 14:02:59", amount=3)
    shop.hold("2026-11-22 14:03:07")
    rows = {row["minute_start"]: row for row in shop.rows("gmv_by_minute", channel=None)}
    assert len(rows) == 120
    running, whole = rows[shop.at("2026-11-22 14:03")], rows[shop.at("2026-11-22 14:02")]
    assert (running["is_partial"], running["seconds_elapsed"], running["gross_amount"]) == (True, 7, 7)
    assert (whole["is_partial"], whole["seconds_elapsed"], whole["gross_amount"]) == (False, 60, 3)
    assert running["gross_amount_yesterday"] == 15
    assert running["mean_gross_amount_yesterday"] == (5 + 10 + 15 + 20 + 50) / Decimal(5)


def test_sparklines_are_the_last_24_whole_steps(shop):
    shop.sale("2026-11-22 12:00:00", amount=1, customer="c1")  # first of the 24 steps
    shop.sale("2026-11-22 13:59:59", amount=30, discount=10, customer="c1")
    shop.sale("2026-11-22 14:00:01", amount=500)  # the running step is not shown
    shop.hold("2026-11-22 14:03:07")
    rows = sorted(shop.rows("kpi_sparklines", channel=None), key=lambda row: row["step_start"])
    assert len(rows) == 24
    assert [row["gross_amount"] for row in rows] == [1, *[0] * 22, 30]
    assert [row["new_buyers"] for row in rows] == [1, *[0] * 23]
    assert (rows[-1]["aov_amount"], rows[1]["aov_amount"], rows[-1]["peak_orders"]) == (20, None, 1)


def test_top_products_know_their_rank_an_hour_ago(shop):
    shop.product("A", name="Kettle")
    shop.sale("2026-11-22 10:00:00", sku="A", amount=100)
    shop.sale("2026-11-22 10:00:00", sku="B", amount=300)
    shop.sale("2026-11-22 13:30:00", sku="A", amount=250)
    shop.sale("2026-11-22 13:30:00", sku="C", amount=20, quantity=2, discount=5)
    shop.move("restocked", "2026-11-22 10:00:00", 9, sku="D")
    shop.hold("2026-11-22 14:00:00")
    rows = shop.rows("top_products_today")
    assert [(row["sku"], row["rank"], row["rank_hour_ago"], row["is_new"]) for row in rows] == [
        ("A", 1, 2, False),
        ("B", 2, 1, False),
        ("C", 3, None, True),
    ]
    assert (rows[0]["name_en"], rows[1]["name_en"], rows[1]["category"]) == ("Kettle", None, "unknown")
    assert (rows[2]["units"], rows[2]["net_amount"]) == (2, 35)


def test_in_the_day_s_first_hour_nothing_is_new(shop):
    shop.sale("2026-11-22 00:10:00")
    shop.hold("2026-11-22 00:40:00")
    assert shop.row("top_products_today")["is_new"] is False


def test_latest_orders_show_one_order_of_a_second(shop):
    shop.product("A", name="Kettle")
    shop.sale("2026-11-22 10:00:00.1", sku="B")
    shop.sale("2026-11-22 10:00:00.2", sku="A", amount=1497, quantity=2, discount=94, log_date=date(2026, 11, 23))
    shop.sale("2026-11-22 09:59:00", sku="C")
    rows = shop.rows("latest_orders")
    assert [row["order_id"] for row in rows] == ["O000002", "O000003"]
    assert (rows[0]["name_en"], rows[0]["amount"], rows[0]["amount_major"]) == ("Kettle", 2900, Decimal("29.00"))


def test_amounts_follow_the_currency_s_digits(shop):
    shop.settings(currency="JPY", minor_digits=0)
    shop.sale("2026-11-22 10:00", amount=1497)
    assert shop.row("sales_by_day")["gross_sales"] == Decimal("1497")


@pytest.mark.parametrize(
    ("amount", "digits", "major"),
    [
        (12345, 0, "12345"),
        (12345, 2, "123.45"),
        (-5, 3, "-0.005"),
        (1, 4, "0.0001"),
        (10**30 + 1, 2, f"1{'0' * 28}.01"),
    ],
)
def test_major_units_are_exact(shop, amount, digits, major):
    shop.cursor.execute("SELECT tally.major_units(%s, %s)::text", [amount, digits])
    assert shop.cursor.fetchone() == (major,)


def test_sums_beyond_64_bits_stay_exact(shop):
    for second in range(12):
        shop.add_sales(
            shop.at(f"2026-11-22 10:00:{second:02}"),
            "app",
            f"R{second}",
            TODAY,
            gross=2**63 - 1,
            orders=1,
            lines=1,
            units=1,
        )
    shop.hold("2026-11-22 12:00:00")
    assert shop.row("sales_today")["gross_amount"] == 12 * (2**63 - 1)
    assert sum(row["gross_amount"] for row in shop.rows("sales_by_day")) == 12 * (2**63 - 1)
