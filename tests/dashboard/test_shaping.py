"""Rows → curves, minutes, course, grids. Expected values are worked out by hand from few rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from dashboard.currency import Currency
from dashboard.locales import Locale
from dashboard.shaping import health, sales, stock

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
EN = Locale("en", Currency("CNY"), SHANGHAI)
MIDNIGHT = datetime(2026, 11, 21, 16, tzinfo=UTC)  # 00:00 on the 22nd in Shanghai


def after(**elapsed) -> datetime:
    return MIDNIGHT + timedelta(**elapsed)


def step(minutes: int, total: int, **more) -> dict:
    return {"axis_at": after(minutes=minutes), "cumulative_gross_amount": Decimal(total), **more}


def test_todays_curve_starts_at_nothing_and_ends_at_the_heros_amount():
    # steps   00:05    00:10 (running)      now 00:07:30
    #  total   100      130                 hero 140
    curve = sales.today_curve([step(5, 100), step(10, 130)], 140, after(minutes=7, seconds=30), SHANGHAI)
    assert curve.times == ["2026-11-22T00:00:00", "2026-11-22T00:05:00", "2026-11-22T00:07:30"]
    assert curve.amounts == [0, 100, 140]
    assert (curve.start, curve.end) == ("2026-11-22T00:00:00", "2026-11-23T00:00:00")


def test_todays_curve_never_falls_towards_now():
    curve = sales.today_curve([step(5, 100)], 90, after(minutes=6), SHANGHAI)
    assert curve.amounts == [0, 90, 90]


def test_a_past_curve_spans_the_whole_day_on_todays_axis():
    rows = [step(5, 7, period="yesterday"), step(1440, 50, period="yesterday"), step(5, 1, period="last_week")]
    curve = sales.past_curve(rows, "yesterday", after(hours=3), SHANGHAI)
    assert curve.times == ["2026-11-22T00:00:00", "2026-11-22T00:05:00", "2026-11-23T00:00:00"]
    assert curve.amounts == [0, 7, 50]


def test_a_day_that_is_not_loaded_has_no_curve():
    assert sales.past_curve([], "yesterday", after(hours=3), SHANGHAI).amounts == []


def test_a_day_of_25_hours_keeps_its_line_straight():
    # Berlin, 25 October 2026: at 03:00 the clock goes back to 02:00
    start = sales.store_midnight(datetime(2026, 10, 25, 12, tzinfo=UTC), BERLIN)
    assert start == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert sales.next_midnight(start, BERLIN) - start == timedelta(hours=25)
    places = [sales.axis_text(start, start + timedelta(hours=h), BERLIN) for h in (1, 2, 3, 4)]
    assert places == sorted(places) and len(set(places)) == 4


def minute(n: int, amount: int, mean: str | None, running: bool = False) -> dict:
    return {
        "minute_start": after(hours=14, minutes=n),
        "is_partial": running,
        "seconds_elapsed": 7 if running else 60,
        "gross_amount": Decimal(amount),
        "mean_gross_amount_yesterday": None if mean is None else Decimal(mean),
    }


def test_the_running_minute_is_kept_apart():
    found = sales.last_minutes([minute(1, 10, "8.4"), minute(2, 20, "9.6"), minute(3, 3, "9", running=True)], SHANGHAI)
    assert (found.amounts, found.yesterday, found.partial) == ([10, 20], [8, 10], 3)
    assert (found.newest_name, found.running_name, found.running_seconds) == ("14:02", "14:03", 7)
    assert found.has_yesterday and not found.is_empty


def test_minutes_without_yesterday_have_no_line():
    found = sales.last_minutes([minute(1, 10, None), minute(2, 0, None, running=True)], SHANGHAI)
    assert not found.has_yesterday
    assert sales.last_minutes([], SHANGHAI) is None


def test_the_day_is_on_course_by_the_share_of_the_past_day_that_had_passed():
    # half of yesterday's 1,000 had passed at this time; today has 600 so far
    course = sales.course(600, 1500, 500, 1000)
    assert (course.done, course.due, course.by_midnight, course.of_target) == (
        Fraction(2, 5),
        Fraction(1, 2),
        1200,
        Fraction(4, 5),
    )


def test_without_a_past_day_there_is_no_course():
    course = sales.course(600, 1500, None, None)
    assert (course.done, course.due, course.by_midnight) == (Fraction(2, 5), None, None)


def spark(**values) -> dict:
    columns = ("net_amount", "orders", "units", "aov_amount", "new_buyers", "refund_rate", "peak_orders")
    return {**dict.fromkeys(columns), **values}


def test_a_sparkline_carries_a_mean_over_a_step_without_orders():
    rows = [spark(orders=0), spark(orders=2, aov_amount=Decimal(30)), spark(orders=0)]
    lines = sales.sparklines(rows)
    assert lines["orders"] == [0.0, 2.0, 0.0]
    assert lines["aov"] == [30.0, 30.0, 30.0]
    assert lines["buyers"] is None


def test_the_cover_grid_leaves_a_hole_where_nothing_sells():
    rows = [
        {
            "warehouse_id": "A",
            "name_en": "Alpha",
            "name_zh": None,
            "category": "Pet",
            "median_hours_of_cover": Decimal("14.2"),
        },
        {"warehouse_id": "B", "name_en": "Beta", "name_zh": None, "category": "Home", "median_hours_of_cover": None},
    ]
    grid = stock.cover_grid(rows, EN)
    assert (grid.warehouses, grid.categories) == (["Alpha", "Beta"], ["Home", "Pet"])
    assert grid.hours == [[None, 14.2], [None, None]]


def test_warehouses_of_one_name_are_told_apart():
    assert stock.distinct({"A1": "North", "A2": "North", "B": "South"}) == ["North A1", "North A2", "South"]


def test_the_ledger_adds_up():
    lines, total = stock.ledger({"opening": 100, "restocked": 20, "refunded": 3, "adjusted": -4, "sold": 50})
    assert [(line.word, line.units) for line in lines][-2:] == [("adjusted", -4), ("sold", -50)]
    assert total == 100 + 20 + 3 - 4 - 50


def test_cover_at_zero_velocity_is_empty_and_not_zero():
    row = {
        "state": "below_safety",
        "sku": "S",
        "name_en": "Nuts",
        "name_zh": None,
        "warehouse_id": "W",
        "warehouse_name_en": None,
        "warehouse_name_zh": None,
        "available": 3,
        "hours_of_cover": None,
        "stock_out_at": None,
        "reorder_quantity": 5,
        "units_per_hour": Decimal(0),
        "on_hand": 3,
        "history": [4, 3],
    }
    (shown,) = stock.action_table([row], EN)
    assert (shown["cover"], shown["eta"], shown["warehouse"], shown["history"]) == (None, None, "W", [4, 3])


def test_a_stock_out_is_told_in_the_stores_time():
    row = {
        "state": "cover_below_lead",
        "sku": "S",
        "name_en": None,
        "name_zh": None,
        "warehouse_id": "W",
        "warehouse_name_en": "West",
        "warehouse_name_zh": None,
        "available": 3,
        "hours_of_cover": Decimal("1.25"),
        "stock_out_at": after(hours=15),
        "reorder_quantity": 5,
        "units_per_hour": Decimal("2.4"),
        "on_hand": 3,
        "history": None,
    }
    (shown,) = stock.action_table([row], EN)
    assert shown["eta"] == datetime(2026, 11, 22, 15)
    assert shown["product"] == "S"


NOW = after(hours=14, minutes=3)


def test_the_seal_needs_an_equal_audit_of_less_than_two_hours():
    recent, old = NOW - timedelta(minutes=3), NOW - timedelta(hours=2)
    assert health.seal_time("equal", recent, NOW) == recent
    assert health.seal_time("differs", recent, NOW) is None
    assert health.seal_time("failed", recent, NOW) is None
    assert health.seal_time("equal", old, NOW) is None
    assert health.seal_time(None, None, NOW) is None


def audited(verdict: str, hour: int, minute: int = 0, second: int = 31) -> dict:
    return {"started_at": after(hours=hour, minutes=minute, seconds=second), "verdict": verdict}


def test_an_audit_is_the_tick_of_the_hour_in_which_it_began():
    # now 14:03; each audit begins a little after the full hour, one by hand; that of 15:00 yesterday is the oldest tick
    rows = [audited("equal", 12), audited("differs", 13, 2), audited("equal", 14), audited("failed", -9)]
    ticks = health.audit_ticks([*rows, audited("equal", -10)], NOW, SHANGHAI)
    assert len(ticks) == 24
    assert (ticks[0], ticks[-3:], set(ticks[1:-3])) == ("failed", ["equal", "differs", "equal"], {None})


def test_the_worst_verdict_of_an_hour_is_its_tick_whatever_came_after():
    rows = [audited("failed", 14), audited("differs", 14, 1), audited("equal", 14, 2)]
    assert health.audit_ticks(rows, NOW, SHANGHAI)[-1] == "differs"


def test_hours_are_the_stores_also_where_its_zone_is_half_an_hour_off():
    india, now = ZoneInfo("Asia/Kolkata"), datetime(2026, 11, 22, 6, 40, tzinfo=UTC)  # 12:10
    rows = [{"started_at": datetime(2026, 11, 22, 6, 20, tzinfo=UTC), "verdict": "failed"}]  # 11:50
    assert health.audit_ticks(rows, now, india)[-2:] == ["failed", None]
