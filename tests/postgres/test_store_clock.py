"""The store's days whatever its clock does, and how far its data goes."""

from datetime import UTC, date, datetime, timedelta

import pytest


def test_an_hour_begins_at_the_half_hour_where_the_zone_does(shop):
    shop.settings(store_zone="Asia/Kolkata")
    shop.sale(datetime(2026, 11, 22, 18, 29, 59, tzinfo=UTC), amount=1)
    shop.sale(datetime(2026, 11, 22, 18, 30, tzinfo=UTC), amount=2)
    assert {row["store_day"]: row["gross_amount"] for row in shop.rows("sales_by_day")} == {
        date(2026, 11, 22): 1,
        date(2026, 11, 23): 2,
    }
    assert [row["window_start"] for row in shop.rows("sales_by_hour", store_day="2026-11-23")] == [
        datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    ]


def test_the_day_the_clock_goes_back_has_25_hours(shop):
    # New York, 1 November 2026: 01:30 comes twice, at 05:30 and 06:30 UTC
    shop.settings(store_zone="America/New_York")
    for hour, amount in ((4, 1), (5, 10), (6, 100), (28, 1000), (29, 10000)):
        shop.sale(datetime(2026, 11, 1 + hour // 24, hour % 24, 30, tzinfo=UTC), amount=amount)
    hours = sorted(shop.rows("sales_by_hour", store_day="2026-11-01"), key=lambda row: row["window_start"])
    assert [row["gross_amount"] for row in hours] == [1, 10, 100, 1000]
    assert [row["window_start"].astimezone(UTC).strftime("%d %H:%M") for row in hours] == [
        "01 04:00", "01 05:00", "01 06:00", "02 04:00",
    ]  # fmt: skip
    day = shop.row("sales_by_day", store_day="2026-11-01")
    assert day["gross_amount"] == 1111
    assert shop.row("sales_by_day", store_day="2026-11-02")["gross_amount"] == 10000


def test_the_day_the_clock_goes_forward_compares_the_same_elapsed_time(shop):
    # New York, 8 March 2026: 02:00 to 03:00 is left out, so 10:00 is nine hours after midnight
    shop.settings(store_zone="America/New_York")
    shop.covered("2026-03-07 00:00:00")
    shop.sale("2026-03-07 08:59:59", amount=1)
    shop.sale("2026-03-07 09:00:00", amount=10)
    shop.sale("2026-03-08 09:30:00", amount=100)
    shop.hold("2026-03-08 10:00:00")
    row = shop.row("sales_today")
    assert (row["elapsed_seconds"], row["gross_amount"], row["gross_amount_yesterday"]) == (9 * 3600, 100, 1)


# {zone: (day that begins twice or without its midnight, its first instant in UTC)}
ODD_MIDNIGHTS = {
    "Atlantic/Azores": ("2026-10-25", "2026-10-25 00:00"),  # 01:00 becomes 00:00
    "America/Havana": ("2026-11-01", "2026-11-01 04:00"),  # 01:00 becomes 00:00
    "Africa/Cairo": ("2026-04-24", "2026-04-23 22:00"),  # 00:00 becomes 01:00
    "America/Santiago": ("2026-09-06", "2026-09-06 04:00"),  # 00:00 becomes 01:00
    "Asia/Beirut": ("2026-10-25", "2026-10-24 22:00"),  # 00:00 becomes 23:00 of the day before
    "America/Nuuk": ("2026-10-25", "2026-10-25 02:00"),  # 00:00 becomes 23:00 of the day before
    "Pacific/Apia": ("2011-12-31", "2011-12-30 10:00"),  # the day before was left out
}


@pytest.mark.parametrize(("zone", "day", "first"), [(zone, *times) for zone, times in ODD_MIDNIGHTS.items()])
def test_a_day_begins_at_its_first_instant_however_the_clock_changes(shop, zone, day, first):
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    shop.settings(store_zone=zone)
    for before_it in (False, True):
        if before_it:
            shop.sale(start - timedelta(seconds=1), amount=9)
        else:
            shop.sale(start + timedelta(minutes=30), amount=700)
        counted = {str(row["store_day"]): row["gross_amount"] for row in shop.rows("sales_by_day")}
        assert counted.pop(day) == 700
        assert list(counted.values()) == [9] * before_it
    shop.hold(start + timedelta(minutes=30))
    clock = shop.row("store_clock")
    assert (str(clock["store_day"]), clock["day_start"], clock["elapsed_seconds"]) == (day, start, 1800)
    assert shop.row("sales_today")["gross_amount"] == 700


def test_days_follow_each_other_without_gap_in_every_odd_zone(db):
    # each quarter of an hour of six years lies in the day that the local date names
    db.execute(
        "SELECT z.name, q.at FROM unnest(%s) AS z (name) CROSS JOIN generate_series("
        "'2022-01-01 00:00Z'::timestamptz, '2028-01-01 00:00Z', '15 minutes') AS q (at) CROSS JOIN LATERAL "
        "(SELECT (q.at AT TIME ZONE z.name)::date AS day) AS d "
        "WHERE q.at < tally.day_start(d.day, z.name) OR q.at >= tally.day_start(d.day + 1, z.name) LIMIT 5",
        [[*ODD_MIDNIGHTS, "Africa/Casablanca", "Australia/Lord_Howe", "America/Scoresbysund", "Antarctica/Troll"]],
    )
    assert db.fetchall() == []


def test_comparisons_end_where_the_visible_data_ends(shop):
    # the job is an hour behind: yesterday counts up to noon too, else today would look like a fall
    shop.covered("2026-11-21 00:00:00")
    shop.sale("2026-11-21 11:59:00", amount=1)
    shop.sale("2026-11-21 12:30:00", amount=10)
    shop.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 3600, 10, 1)", [shop.at("2026-11-22 13:00:00")])
    shop.hold("2026-11-22 13:00:00")
    row = shop.row("sales_today")
    assert row["as_of"] == shop.at("2026-11-22 12:00:00")
    assert row["gross_amount_yesterday"] == 1


def test_a_silent_archive_does_not_stop_the_clock_of_a_living_job(shop):
    shop.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 0, 10, 1)", [shop.at("2026-11-22 12:00:00")])
    shop.cursor.execute(
        "INSERT INTO tally.event_counts_1h VALUES (%s, 0, 1, 1, 0, 0, 9, %s, 2)",
        [shop.at("2026-11-22 12:00:00"), shop.at("2026-11-22 12:44:00")],
    )
    shop.hold("2026-11-22 13:00:00")
    assert shop.row("store_clock")["as_of"] == shop.at("2026-11-22 12:44:00")


def counts(shop, partition, newest, job_offset, log_offset=None):
    """Say how far job and archive are in a partition."""
    shop.cursor.execute(
        "INSERT INTO tally.event_counts_1h VALUES (%s, %s, 1, 1, 0, 0, %s, %s, 2)",
        [shop.at("2026-11-22 12:00:00"), partition, job_offset, shop.at(newest)],
    )
    if log_offset is not None:
        shop.cursor.execute(
            "INSERT INTO tally.log_counts_1h VALUES (%s, %s, 9, %s)",
            [shop.at("2026-11-22 12:00:00"), partition, log_offset],
        )


def test_a_fast_partition_does_not_hide_a_slow_one(shop):
    shop.covered("2026-11-21 00:00:00")
    shop.sale("2026-11-21 12:49:00", amount=1)
    shop.sale("2026-11-21 12:55:00", amount=10)
    shop.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 600, 10, 1)", [shop.at("2026-11-22 13:00:00")])
    counts(shop, 0, "2026-11-22 12:59:59", 9, 9)
    counts(shop, 1, "2026-11-22 12:50:00", 9, 12)
    shop.hold("2026-11-22 13:00:00")
    assert shop.row("sales_today")["as_of"] == shop.at("2026-11-22 12:50:00")
    assert shop.row("sales_today")["gross_amount_yesterday"] == 1
    assert shop.row("freshness", table_name="event_counts")["is_late"] is False  # its newest is a second old
    assert shop.row("freshness", table_name="sales_10s")["is_late"] is True


@pytest.mark.parametrize(
    ("slow", "as_of"),
    [
        (("12:50:00", 9, 12), "12:50:00"),  # the archive has seen more of it than the job
        (("12:50:00", 9, 7), "12:50:00"),  # the job is ahead of the silent archive: nobody knows what is left
        (("12:50:00", 9, 9), "12:44:00"),  # read to its end: idle, and holds nothing back
        (("11:50:00", 9, 12), "12:00:00"),  # what was visible at the measurement stays certain
    ],
)
def test_without_a_fresh_measurement_the_partition_furthest_behind_says_how_far_it_is(shop, slow, as_of):
    shop.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 0, 10, 1)", [shop.at("2026-11-22 12:00:00")])
    newest, job_offset, log_offset = slow
    counts(shop, 0, "2026-11-22 12:44:00" if as_of == "12:44:00" else "2026-11-22 12:59:59", 9, 5)
    counts(shop, 1, f"2026-11-22 {newest}", job_offset, log_offset)
    shop.hold("2026-11-22 13:00:00")
    assert shop.row("store_clock")["as_of"] == shop.at(f"2026-11-22 {as_of}")


def test_a_partition_of_which_nothing_is_shown_yet_stops_the_clock_at_the_measurement(shop):
    shop.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 0, 10, 1)", [shop.at("2026-11-22 12:00:00")])
    counts(shop, 0, "2026-11-22 12:59:59", 9, 9)
    shop.cursor.execute("INSERT INTO tally.log_counts_1h VALUES ('2026-11-22 12:00+08', 1, 3, 2)")
    shop.hold("2026-11-22 13:00:00")
    assert shop.row("store_clock")["as_of"] == shop.at("2026-11-22 12:00:00")
