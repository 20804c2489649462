"""What the health views say about a few rows, worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from tally.sql_files import SQL_FOLDER


@pytest.fixture
def held(shop):
    shop.hold("2026-11-22 14:00:00")
    return shop


def count(shop, hour, partition, archive, job):
    """Write what archive (records, last offset) and job counted in one hour of one partition."""
    if archive:
        shop.cursor.execute(
            "INSERT INTO tally.log_counts_1h VALUES (%s, %s, %s, %s)", [shop.at(hour), partition, *archive]
        )
    if job:
        records, counted, rejected, late, last_offset = job
        shop.cursor.execute(
            "INSERT INTO tally.event_counts_1h VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [shop.at(hour), partition, records, counted, rejected, late, last_offset, shop.at(hour), records + counted],
        )


def test_every_record_goes_somewhere(held):
    count(held, "2026-11-22 12:00", 0, archive=(100, 99), job=(100, 90, 3, 5, 99))
    count(held, "2026-11-22 12:00", 1, archive=(50, 60), job=(50, 50, 0, 1, 60))
    row = held.row("event_counts")
    del row["read_records"]
    assert row == {
        "records": 150, "counted": 140, "duplicates": 7, "rejected": 3, "late": 6, "difference": 0, "in_flight": 0
    }  # fmt: skip
    assert row["records"] == row["counted"] + row["duplicates"] + row["rejected"]


def test_a_lost_record_is_a_difference_and_a_waiting_one_is_in_flight(held):
    count(held, "2026-11-22 12:00", 0, archive=(100, 99), job=(98, 98, 0, 0, 99))  # both at offset 99, two are lost
    count(held, "2026-11-22 13:00", 0, archive=(30, 129), job=(20, 20, 0, 0, 119))  # the job is behind
    count(held, "2026-11-22 13:00", 1, archive=(5, 4), job=None)
    row = held.row("event_counts")
    assert (row["difference"], row["in_flight"]) == (2, 15)


@pytest.mark.parametrize("name", ["queries/event_account", "upkeep/status_counts"])
def test_people_see_an_account_that_adds_up_while_the_job_is_ahead_of_the_archives_count(held, name):
    count(held, "2026-11-22 12:00", 0, archive=(90, 89), job=(100, 95, 2, 0, 99))
    held.cursor.execute("SET LOCAL search_path TO tally")
    held.cursor.execute((SQL_FOLDER / f"{name}.sql").read_text())
    row = dict(zip([column.name for column in held.cursor.description], held.cursor.fetchone(), strict=True))
    in_log = row.get("in_log", row.get("records"))
    assert in_log == row["counted"] + row["duplicates"] + row["rejected"] == 100
    assert row.get("transit", 0) == 0


def test_days_are_the_store_s(held):
    count(held, "2026-11-21 23:00", 0, archive=(10, 9), job=(10, 10, 0, 0, 9))
    count(held, "2026-11-22 00:00", 0, archive=(7, 16), job=(7, 6, 1, 0, 16))
    days = {
        row["store_day"]: (row["records"], row["counted"], row["rejected"]) for row in held.rows("event_counts_by_day")
    }
    assert days == {date(2026, 11, 21): (10, 10, 0), date(2026, 11, 22): (7, 6, 1)}


def test_a_rejected_record_names_its_origin(held):
    insert = "INSERT INTO tally.rejected_records VALUES (%s, %s, %s, %s, %s, %s, %s, 'sales-events')"
    held.cursor.execute(insert, [2, 41, held.at("2026-11-22 09:00"), "currency is not CNY", "{…}", "shop.ndjson", 17])
    held.cursor.execute(insert, [0, 5, held.at("2026-11-22 09:01"), "currency is not CNY", None, None, None])
    held.cursor.execute(insert, [0, 4, held.at("2026-11-21 23:59:59"), "no event_id", None, None, None])
    today = held.at("2026-11-22 00:00")
    origins = {row["origin"] for row in held.rows("rejected_events") if row["append_time"] >= today}
    assert origins == {"sales-events/2/41 shop.ndjson:17", "sales-events/0/5"}
    assert [(row["reason"], row["records"]) for row in held.rows("rejected_reasons_today")] == [
        ("currency is not CNY", 2)
    ]


def test_lag_has_percentiles_by_minute(held):
    for second in range(60):
        held.cursor.execute(
            "INSERT INTO tally.lag_samples VALUES (%s, %s, 100, 26)",
            [held.at(f"2026-11-22 13:58:{second:02}"), second / 10],
        )
    held.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 1.5, 120, 30)", [held.at("2026-11-22 13:59:59")])
    held.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 99, 1, 1)", [held.at("2026-11-22 11:00:59")])
    rows = {row["minute_start"]: row for row in held.rows("lag_by_minute")}
    assert rows.keys() == {held.at("2026-11-22 13:58"), held.at("2026-11-22 13:59")}
    minute = rows[held.at("2026-11-22 13:58")]
    assert (minute["samples"], minute["p50_lag_seconds"], minute["max_lag_seconds"]) == (
        60,
        Decimal("2.95"),
        Decimal("5.9"),
    )
    now = held.row("lag_now")
    assert (now["lag_seconds"], now["sample_age_seconds"], now["records"]) == (Decimal("1.5"), 1, 120)


def test_a_quiet_shop_is_not_late(held):
    held.sale("2026-11-22 10:00:00")
    held.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 0, 1, 0)", [held.at("2026-11-22 13:59:59")])
    held.cursor.execute(
        "INSERT INTO tally.job_runs VALUES ('j', 'tally', 'RUNNING', now(), %s, 0, NULL, 2)",
        [held.at("2026-11-22 13:59:50")],
    )
    rows = {row["table_name"]: row for row in held.rows("freshness")}
    assert (rows["sales_10s"]["age_seconds"], rows["sales_10s"]["is_late"]) == (4 * 3600, False)
    assert (rows["job_heartbeat"]["age_seconds"], rows["job_heartbeat"]["is_late"]) == (10, False)


def test_waiting_records_and_a_silent_job_are_late(held):
    held.sale("2026-11-22 13:50:00")
    held.cursor.execute("INSERT INTO tally.lag_samples VALUES (%s, 300, 9, 1)", [held.at("2026-11-22 13:59:59")])
    held.cursor.execute(
        "INSERT INTO tally.job_runs VALUES ('j', 'tally', 'RUNNING', now(), %s, 0, NULL, 2)",
        [held.at("2026-11-22 13:59:44")],
    )
    late = {row["table_name"] for row in held.rows("freshness", is_late=True)}
    assert late == {"sales_10s", "stock_flow_1m", "order_ticker", "job_heartbeat"}
    assert held.row("job_status")["is_alive"] is False


def test_the_job_s_newest_run_is_shown(held):
    insert = "INSERT INTO tally.job_runs VALUES (%s, 'tally', %s, %s, %s, 1, %s, 2)"
    held.cursor.execute(insert, ["old", "FAILED", held.at("2026-11-22 08:00"), held.at("2026-11-22 09:00"), None])
    held.cursor.execute(
        insert, ["new", "RUNNING", held.at("2026-11-22 09:01"), held.at("2026-11-22 13:59:58"), "chk-7"]
    )
    row = held.row("job_status")
    assert (row["job_id"], row["runs"], row["heartbeat_age_seconds"], row["is_alive"]) == ("new", 2, 2, True)


def test_checkpoints_have_seconds(held):
    held.cursor.execute(
        "INSERT INTO tally.checkpoint_stats VALUES ('j', 7, %s, %s, 1250, 84000000, 'COMPLETED', 'chk-7')",
        [held.at("2026-11-22 13:59:46"), held.at("2026-11-22 13:59:48")],
    )
    row = held.row("checkpoints")
    assert (row["duration_seconds"], row["age_seconds"]) == (Decimal("1.25"), 12)


def test_the_last_audit_shows_each_table(held):
    held.cursor.execute(
        "INSERT INTO tally.audit_runs VALUES ('a1', %s, %s, 'equal', 'every row equal'), ('a2', %s, %s, 'differs', "
        "'3 rows differ'), "
        "('a3', %s, NULL, NULL, NULL)",
        [held.at(f"2026-11-22 {at}") for at in ("12:00", "12:01", "13:00", "13:01", "14:00")],
    )
    held.cursor.execute("INSERT INTO tally.audit_results VALUES ('a2', 'sales_10s', 900, 1, 0, 2, 0, '[{\"sku\": 1}]')")
    row = held.row("last_audit")
    assert (row["audit_id"], row["table_name"], row["wrong"], row["age_seconds"]) == ("a2", "sales_10s", 2, 59 * 60)
    ticks = {row["audit_id"]: (row["verdict"], row["differing"]) for row in held.rows("audits_24h")}
    assert ticks == {"a1": ("equal", 0), "a2": ("differs", 3)}


def test_sizes_sum_partitions(held):
    held.sale("2026-11-21 12:00")
    rows = {row["table_name"]: row for row in held.rows("table_sizes")}
    assert rows["sales_10s"]["size_bytes"] > rows["warehouses"]["size_bytes"] > 0
    assert "sales_10s_default" not in rows


def test_no_table_says_that_its_rows_go_while_nothing_drops_them(held):
    held.settings(retention_days=400)
    assert {row["kept_days"] for row in held.rows("table_sizes")} == {None}


def test_a_table_without_rows_has_no_newest_one(shop):
    shop.hold("2026-11-22 12:00:00")
    newest = {row["table_name"]: row["newest_at"] for row in shop.rows("freshness")}
    assert newest["sales_10s"] is newest["stock_flow_1m"] is newest["order_ticker"] is None


def test_a_partition_is_behind_by_what_the_log_has_and_the_results_lack(held):
    count(held, "2026-11-22 12:00", 0, archive=(100, 99), job=(100, 90, 3, 5, 99))
    count(held, "2026-11-22 13:00", 0, archive=(10, 109), job=(7, 7, 0, 0, 106))
    count(held, "2026-11-22 12:00", 1, archive=(50, 60), job=(50, 50, 0, 1, 60))
    count(held, "2026-11-22 13:00", 2, archive=(5, 4), job=None)
    # the archive counts once a second: the job may be ahead of it
    count(held, "2026-11-22 13:00", 3, archive=(5, 4), job=(9, 9, 0, 0, 8))
    rows = held.rows("log_partitions")
    assert {row["log_partition"]: row["consumer_lag"] for row in rows} == {0: 3, 1: 0, 2: 5, 3: 0}
    assert {row["log_partition"]: (row["archived_offset"], row["counted_offset"]) for row in rows} == {
        0: (109, 106), 1: (60, 60), 2: (4, None), 3: (4, 8),
    }  # fmt: skip
