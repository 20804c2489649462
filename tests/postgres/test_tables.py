"""Partitions, the guard against smaller totals, and the columns that others rely on."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

NOW = datetime.now(UTC)
ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
UPSERT = (
    "INSERT INTO tally.sales_10s VALUES (%s, 'app', 'GD', '2026-11-22', %s, 0, 0, 1, 1, 1, 0, %s, %s) "
    "ON CONFLICT (window_start, channel, region, log_date) DO UPDATE SET gross_amount = excluded.gross_amount, "
    "event_count = excluded.event_count"
)


def upsert(cursor, at, gross, event_count):
    cursor.execute(UPSERT, [at, gross, event_count, at])


def home_of(cursor, start, end):
    """Return the partitions that hold the sales of the windows from start to before end."""
    cursor.execute(
        "SELECT DISTINCT tableoid::regclass::text FROM tally.sales_10s WHERE window_start >= %s AND window_start < %s",
        [start, end],
    )
    return {name for (name,) in cursor.fetchall()}


def test_an_event_of_1997_lands_in_the_default_partition_and_moves_when_its_day_gets_one(db):
    at = datetime(1997, 7, 1, 12, 0, 3, tzinfo=UTC)
    upsert(db, at, 77, 1)
    assert home_of(db, "-infinity", "1998-01-01") == {"tally.sales_10s_default"}
    db.execute("SELECT tally.create_partitions('1997-07-01', '1997-07-02')")
    assert db.fetchone() == (2 * 3,)
    assert home_of(db, "-infinity", "1998-01-01") == {"tally.sales_10s_19970701"}
    upsert(db, at, 78, 2)
    db.execute("SELECT gross_amount, event_count FROM tally.sales_10s WHERE window_start = %s", [at])
    assert db.fetchall() == [(78, 2)]


def test_partitions_are_made_once(db):
    db.execute("SELECT tally.create_partitions('2031-01-01', '2031-01-03')")
    assert db.fetchone() == (9,)
    db.execute("SELECT tally.create_partitions('2031-01-02', '2031-01-04')")
    assert db.fetchone() == (3,)


def test_a_day_s_bounds_are_utc_whatever_the_session_s_zone(db):
    db.execute("SET LOCAL timezone = 'Asia/Shanghai'")
    db.execute("SELECT tally.create_partitions('2031-01-01', '2031-01-01')")
    for at in ("2031-01-01 00:00:00+00", "2031-01-01 23:59:50+00"):
        upsert(db, at, 1, 1)
    assert home_of(db, "2031-01-01 00:00+00", "infinity") == {"tally.sales_10s_20310101"}


def test_partitions_are_packed_for_updates_and_watched_by_the_guard(db):
    db.execute("SELECT tally.create_partitions('2031-01-01', '2031-01-01')")
    db.execute("SELECT reloptions FROM pg_class WHERE relname = 'stock_flow_1m_20310101'")
    assert "fillfactor=70" in db.fetchone()[0]
    upsert(db, "2031-01-01 10:00+00", 10, 5)
    upsert(db, "2031-01-01 10:00+00", 1, 4)
    db.execute("SELECT gross_amount FROM tally.sales_10s WHERE window_start = '2031-01-01 10:00+00'")
    assert db.fetchone() == (10,)


# A replay after a restore may read the partitions in another order: a row may then hold more events than before and yet
# lack some that it had, until it has them all.
BEFORE = {
    "sales_10s": ("2031-01-01", "a", "r", "2026-11-22", 9, 8, 7, 6, 5, 4, 3, 5, "2031-01-01 00:00:09"),
    "stock_flow_1m": ("2031-01-01", "s", "w", "2026-11-22", 9, 8, 7, -6, 5, 4, 9, 9, 9, 9, 3, 5),
    "day_buyers": ("2031-01-01", "b", "2026-11-22", "2031-01-01 09:00", 5),
    "orders_1s": ("2031-01-01", "2026-11-22", 9, 5),
    "order_ticker": ("2031-01-01", "2026-11-22", "2031-01-01", "o-7", "s", 1, "a", "r", 9, 5),
    "event_counts_1h": ("2031-01-01", 0, 9, 8, 7, 6, 5, "2031-01-01", 5),
}
FALLING = [
    *(("sales_10s", name) for name in ("gross_amount", "discount_amount", "refund_amount", "orders", "lines", "units")),
    ("sales_10s", "refunded_units"), ("sales_10s", "newest_event_time"),
    *(("stock_flow_1m", name) for name in ("sold", "refunded", "restocked", "shipped", "unmet", "gross_amount")),
    *(("stock_flow_1m", name) for name in ("discount_amount", "refund_amount", "lines", "refunded_units")),
    ("orders_1s", "orders"), ("order_ticker", "order_id"),
    *(("event_counts_1h", name) for name in ("records", "counted", "rejected", "late", "last_offset")),
    ("event_counts_1h", "newest_append_time"),
]  # fmt: skip
LESS = {"newest_event_time": "2031-01-01 00:00:08", "newest_append_time": "2030-12-31", "order_id": "o-6"}
INSERT = sql.SQL("INSERT INTO {} VALUES %s")
CHANGED = sql.SQL("UPDATE {} SET event_count = 6, {} = %s")
UNCHANGED = sql.SQL("UPDATE {0} SET event_count = 6, {1} = {1}")


def names(table, column):
    return sql.Identifier("tally", table), sql.Identifier(column)


def keeps_its_row(db, table, update, *values):
    """Write the row, update it as an upsert would, and tell whether it is as it was before."""
    rows = sql.SQL("SELECT * FROM {}").format(sql.Identifier("tally", table))
    db.execute(INSERT.format(sql.Identifier("tally", table)), [BEFORE[table]])
    db.execute(rows)
    before = db.fetchall()
    db.execute(update, values)
    db.execute(rows)
    return db.fetchall() == before


@pytest.mark.parametrize(("table", "column"), FALLING)
def test_a_row_with_more_events_but_less_of_one_total_waits_until_it_has_them_all(db, table, column):
    assert keeps_its_row(db, table, CHANGED.format(*names(table, column)), LESS.get(column, 1))


def test_a_first_purchase_does_not_move_to_later(db):
    update = CHANGED.format(*names("day_buyers", "first_purchase_at"))
    assert keeps_its_row(db, "day_buyers", update, "2031-01-01 10:00")


@pytest.mark.parametrize(
    ("table", "update", "values"),
    [
        *((table, UNCHANGED.format(*names(table, column)), []) for table, column in FALLING),
        ("stock_flow_1m", CHANGED.format(*names("stock_flow_1m", "adjusted")), [-60]),
        ("day_buyers", CHANGED.format(*names("day_buyers", "first_purchase_at")), ["2031-01-01 08:00"]),
    ],
)
def test_a_row_with_more_events_and_no_less_of_any_total_is_taken(db, table, update, values):
    assert not keeps_its_row(db, table, update, *values)


def test_a_backwards_range_is_refused_in_words(db):
    with pytest.raises(
        psycopg2.errors.RaiseException, match="is not a range of 1 to 3661 days; give the earlier date first"
    ):
        db.execute("SELECT tally.create_partitions('2031-01-02', '2031-01-01')")


@pytest.mark.parametrize(
    ("table", "row", "column", "value"),
    [
        ("sales_10s", (NOW, "a", "r", "2026-11-22", 9, 0, 0, 1, 1, 1, 0, 5, NOW), "gross_amount", 1),
        ("stock_flow_1m", (NOW, "s", "w", "2026-11-22", 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 5), "sold", 1),
        ("day_buyers", ("2026-11-22", "b", "2026-11-22", NOW, 5), "first_purchase_at", "2000-01-01"),
        ("orders_1s", (NOW, "2026-11-22", 9, 5), "orders", 1),
        ("order_ticker", (NOW, "2026-11-22", NOW, "o", "s", 1, "c", "r", 9, 5), "amount", 1),
        ("event_counts_1h", (NOW, 0, 9, 9, 0, 0, 9, NOW, 5), "records", 1),
    ],
)
def test_a_total_never_goes_back_unless_a_rebuild_says_so(db, table, row, column, value):
    place, total = names(table, column)

    def stored():
        db.execute(sql.SQL("SELECT {}, event_count FROM {}").format(total, place))
        return db.fetchone()

    def after(count):
        db.execute(sql.SQL("UPDATE {} SET {} = %s, event_count = %s").format(place, total), [value, count])
        return stored()

    db.execute(INSERT.format(place), [row])
    first = stored()
    assert after(4) == first
    db.execute("SET LOCAL tally.rebuild = 'on'")
    assert after(3)[1] == 3


def test_tables_have_the_columns_of_the_architecture(db):
    documented = documented_tables()
    assert {"sales_10s", "stock_flow_1m", "order_ticker", "job_runs", "lag_samples"} <= documented.keys()
    for table, columns in documented.items():
        db.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'tally' AND table_name = %s",
            [table],
        )
        missing = columns - {name for (name,) in db.fetchall()}
        assert not missing, (table, missing)


def documented_tables():
    """Return the tables of docs/architecture.md with the column names that it gives them."""
    section = ARCHITECTURE.read_text().split("## Tables")[1].split("\n## ")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`([a-z_0-9]+)`", cells[0]) if line.startswith("| `") else []
        if len(names) == 1:
            text = re.sub(r"\([^)]*\)|`[^`]*`", "", f"{cells[1]}, {cells[2]}")
            words = [part.strip().split(" ")[0] for part in text.split(",")]
            found[names[0]] = {word for word in words if re.fullmatch(r"[a-z][a-z_0-9]+", word)} - {"the", "one"}
    return found


def test_views_have_the_columns_of_the_design(db):
    money = "gross_amount discount_amount refund_amount net_amount"
    sums = f"{money} orders lines units refunded_units"
    product = f"{money} lines units refunded_units name_en name_zh category"
    flow = "sku warehouse_id sold refunded restocked adjusted shipped unmet"
    expected = {
        "sales_by_minute": f"window_start channel region {sums}",
        "sales_by_hour": f"window_start channel region {sums}",
        "sales_by_day": f"store_day channel region {sums}",
        "product_sales_by_hour": f"window_start sku {product}",
        "product_sales_by_day": f"store_day sku {product}",
        "category_sales_by_day": f"store_day category {money} lines units refunded_units",
        "sales_today": f"{sums} aov_amount units_per_order buyers refund_rate peak_orders peak_at "
        "gross_amount_yesterday gross_amount_last_week orders_yesterday orders_last_week",
        "top_products_today": "sku rank rank_hour_ago gross_amount net_amount units",
        "milestones_today": "milestone_amount reached_at",
        "latest_orders": "ordered_at sku quantity region channel amount",
        "stock_flow_by_minute": f"window_start {flow}",
        "stock_flow_by_day": f"store_day {flow}",
        "stock_on_hand": "sku warehouse_id available committed on_hand opening reorder_point safety_stock "
        "lead_time_hours units_per_hour hours_of_cover stock_out_at reorder_quantity stock_value_amount",
        "event_counts": "records counted duplicates rejected late",
        "event_counts_by_day": "store_day records counted duplicates rejected late",
        "rejected_events": "reason origin line append_time",
        "freshness": "table_name newest_at age_seconds limit_seconds",
        "job_status": "job_id state heartbeat_at restarts",
        "checkpoints": "job_id checkpoint_id triggered_at completed_at duration_seconds size_bytes status",
        "lag_by_minute": "minute_start p50_lag_seconds p95_lag_seconds p99_lag_seconds",
        "table_sizes": "table_name size_bytes",
        "audit_runs": "audit_id started_at finished_at verdict message",
    }
    db.execute("SELECT table_name, array_agg(column_name::text) FROM information_schema.columns GROUP BY table_name")
    found = {table: set(columns) for table, columns in db.fetchall()}
    assert {view: set(columns.split()) - found.get(view, set()) for view, columns in expected.items()} == {
        view: set() for view in expected
    }


def test_money_is_whole_and_time_has_a_zone(db):
    db.execute(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'tally' AND "
        "(data_type IN ('real', 'double precision', 'timestamp without time zone', 'money') "
        "OR column_name LIKE '%%\\_amount%%' AND data_type NOT IN ('bigint', 'numeric'))"
    )
    assert db.fetchall() == []


def test_every_view_answers_an_empty_shop(db):
    db.execute("SELECT viewname FROM pg_views WHERE schemaname = 'tally' ORDER BY viewname")
    views = [name for (name,) in db.fetchall()]
    assert len(views) > 35
    for view in views:
        db.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier("tally", view)))
        if view in ("sales_today", "event_counts", "store_clock", "history_covered", "inventory_counts"):
            assert db.rowcount == 1, view


def test_the_window_views_read_only_the_partitions_they_need(db):
    db.execute("EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM tally.sales_by_minute WHERE store_day = '2026-11-22'")
    day = date(2026, 11, 22)
    db.execute("SELECT tally.create_partitions(%s, %s)", [date(2026, 11, 10), day])
    for number in (12, 22):
        upsert(db, datetime(2026, 11, number, 3, tzinfo=UTC), 1, 1)
    db.execute("EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM tally.sales_by_minute WHERE store_day = '2026-11-22'")
    scans = [node for node in nodes(db.fetchone()[0][0]["Plan"]) if node.get("Alias", "").startswith("s_")]
    read = {node["Relation Name"] for node in scans if node["Actual Loops"] and "Index Only" not in node["Node Type"]}
    # the store's day of Shanghai lies in two UTC days
    assert read <= {"sales_10s_20261121", "sales_10s_20261122"}
    assert "sales_10s_20261122" in read


def nodes(plan):
    """Yield a plan's nodes."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)
