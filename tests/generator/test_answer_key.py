"""The answer key equals what DuckDB counts in the written lines by the contract's and the glossary's own words."""

import json

import duckdb
import pytest

from generator.answer_key import AnswerKey
from tests.generator.contract_checker import broken_rule, normal
from tests.generator.shops import DAY, START, run, settings

FAR = START + 400 * DAY
MEASURES = """
    sum(CASE WHEN event_type = 'sale' THEN quantity * unit_amount ELSE 0 END)::BIGINT,
    sum(CASE WHEN event_type = 'sale' THEN discount_amount ELSE 0 END)::BIGINT,
    sum(CASE WHEN event_type = 'refund' THEN quantity * unit_amount - discount_amount ELSE 0 END)::BIGINT,
    sum(CASE event_type WHEN 'sale' THEN quantity * unit_amount - discount_amount
        ELSE discount_amount - quantity * unit_amount END)::BIGINT"""
COUNTS = """
    count(*) FILTER (event_type = 'sale'),
    coalesce(sum(quantity) FILTER (event_type = 'sale'), 0)::BIGINT,
    coalesce(sum(quantity) FILTER (event_type = 'refund'), 0)::BIGINT"""
ORDERS = "count(*) FILTER (event_type = 'sale' AND line_no = 1)"
FLOW = """
    coalesce(sum(quantity) FILTER (event_type = 'sale'), 0)::BIGINT,
    coalesce(sum(quantity) FILTER (event_type = 'refund' AND to_stock), 0)::BIGINT,
    coalesce(sum(quantity) FILTER (event_type = 'restock'), 0)::BIGINT,
    coalesce(sum(quantity) FILTER (event_type = 'adjustment'), 0)::BIGINT,
    coalesce(sum(quantity) FILTER (event_type = 'shipment'), 0)::BIGINT,
    coalesce(sum(quantity) FILTER (event_type = 'unmet'), 0)::BIGINT"""
COLUMNS = {
    "event_id": "VARCHAR", "event_type": "VARCHAR", "event_time": "BIGINT", "sku": "VARCHAR", "warehouse_id": "VARCHAR",
    "quantity": "BIGINT", "order_id": "VARCHAR", "line_no": "BIGINT", "channel": "VARCHAR", "region": "VARCHAR",
    "unit_amount": "BIGINT", "discount_amount": "BIGINT", "customer_id": "VARCHAR", "to_stock": "BOOLEAN",
    "sent_at": "BIGINT",
}  # fmt: skip


class Books:
    """A run's answer key beside a DuckDB table of its counted events."""

    def __init__(self, folder, **wanted):
        keys = []

        def key_of(plant):
            keys.append(AnswerKey(plant.shop, plant.catalogue, plant.simulation.curves))
            return keys[0]

        made = run(settings(**wanted), key_of)
        self.key = json.loads(json.dumps(keys[0].result(made.plant.prefix, {"seed": 1})))
        self.lines, self.plant = made.lines, made.plant
        currency = made.plant.shop.currency
        counted, self.rejected, self.duplicates = {}, [], 0
        for line in made.lines:
            rule = broken_rule(line, currency, FAR)
            if rule:
                self.rejected.append(rule)
                continue
            event = normal(line)
            self.duplicates += event["event_id"] in counted
            counted.setdefault(event["event_id"], event)
        rows = [{name: event.get(name) for name in COLUMNS} for event in counted.values()]
        (folder / "counted.ndjson").write_text("\n".join(json.dumps(row) for row in rows))
        self.db = duckdb.connect()
        self.db.execute("SET TimeZone = 'UTC'")
        self.db.execute(
            "CREATE TABLE events AS SELECT *, make_timestamptz(event_time * 1000) AS happened_at "
            "FROM read_json(?, format = 'newline_delimited', columns = ?)",
            [str(folder / "counted.ndjson"), COLUMNS],
        )
        self.zone = made.plant.shop.zone

    def query(self, sql: str) -> list[list]:
        return sorted(list(row) for row in self.db.execute(sql.replace("$zone", f"'{self.zone}'")).fetchall())


# both shops lie whole hours from UTC; the hour that a change of clocks repeats is two hours
HOUR = "event_time // 3600000 * 3600000"
STORE_DAY = "strftime(happened_at AT TIME ZONE $zone, '%Y-%m-%d')"
SOLD = "FROM events WHERE event_type IN ('sale', 'refund')"


@pytest.fixture(
    scope="module",
    params=[
        {"scenario": "messy", "shop_rate": 0.03},
        {"scenario": "messy", "shop_rate": 0.03, "events": 5_531},
        {
            "scenario": "oversell",
            "shop_rate": 0.02,
            "shop": "germany",
            "rates": {"duplicates": 0.1},
            "start": START - 26 * DAY,
        },
    ],
    ids=["messy", "stopped-in-the-middle", "germany-over-the-change-of-clocks"],
)
def books(request, tmp_path_factory) -> Books:
    return Books(tmp_path_factory.mktemp("books"), **request.param)


def test_conservation(books):
    counts = books.key["event_counts"]
    assert counts["records"] == len(books.lines) == counts["counted"] + counts["duplicates"] + counts["rejected"]
    assert (counts["duplicates"], counts["rejected"]) == (books.duplicates, len(books.rejected))
    assert [[counts["counted"]]] == books.query("SELECT count(*) FROM events")
    assert [[counts["late"]]] == books.query("SELECT count(*) FROM events WHERE sent_at - event_time > 60000")
    assert counts["duplicates"] > 100


def test_rejected_records_by_rule(books):
    found = {rule: books.rejected.count(rule) for rule in set(books.rejected)}
    assert books.key["rejected_by_rule"] == found
    assert sum(books.key["rejected"].values()) == len(books.rejected)


@pytest.mark.parametrize(
    ("table", "window"),
    [("sales_by_minute", "event_time // 60000 * 60000"), ("sales_by_hour", HOUR), ("sales_by_day", STORE_DAY)],
)
def test_sales_by_window_channel_and_region(books, table, window):
    expected = books.query(f"SELECT {window}, channel, region, {MEASURES}, {ORDERS}, {COUNTS} {SOLD} GROUP BY 1, 2, 3")
    assert sorted(books.key[table]["rows"]) == expected and len(expected) > 50


@pytest.mark.parametrize(("table", "window"), [("product_sales_by_hour", HOUR), ("product_sales_by_day", STORE_DAY)])
def test_sales_by_product(books, table, window):
    expected = books.query(f"SELECT {window}, sku, {MEASURES}, {COUNTS} {SOLD} GROUP BY 1, 2")
    assert sorted(books.key[table]["rows"]) == expected


def test_sales_by_category(books):
    catalogue = books.plant.catalogue
    pairs = [[sku, catalogue.category_names[c]] for sku, c in zip(catalogue.skus, catalogue.category, strict=True)]
    books.db.execute("CREATE OR REPLACE TABLE products (sku VARCHAR, category VARCHAR)")
    books.db.executemany("INSERT INTO products VALUES (?, ?)", pairs)
    expected = books.query(
        f"SELECT {STORE_DAY}, category, {MEASURES}, {COUNTS} FROM events JOIN products USING (sku) "
        "WHERE event_type IN ('sale', 'refund') GROUP BY 1, 2"
    )
    assert sorted(books.key["category_sales_by_day"]["rows"]) == expected


@pytest.mark.parametrize(
    ("table", "window"), [("stock_flow_by_minute", "event_time // 60000 * 60000"), ("stock_flow_by_day", STORE_DAY)]
)
def test_stock_flow(books, table, window):
    expected = books.query(f"SELECT {window}, sku, warehouse_id, {FLOW} FROM events GROUP BY 1, 2, 3")
    assert sorted(books.key[table]["rows"]) == expected


def test_stock_on_hand(books):
    available = (
        "sum(CASE event_type WHEN 'sale' THEN -quantity WHEN 'restock' THEN quantity WHEN 'adjustment' THEN quantity "
        "WHEN 'refund' THEN CASE WHEN to_stock THEN quantity ELSE 0 END ELSE 0 END)::BIGINT"
    )
    committed = "sum(CASE event_type WHEN 'sale' THEN quantity WHEN 'shipment' THEN -quantity ELSE 0 END)::BIGINT"
    expected = books.query(
        f"SELECT sku, warehouse_id, {available}, {committed}, {available} + {committed} FROM events GROUP BY 1, 2"
    )
    assert sorted(books.key["stock_on_hand"]["rows"]) == expected


def test_store_days_with_buyers_and_peak(books):
    expected = books.query(
        f"""
        WITH seconds AS (SELECT {STORE_DAY} AS day, event_time // 1000 * 1000 AS second, count(*) AS orders FROM events
                         WHERE event_type = 'sale' AND line_no = 1 GROUP BY 1, 2),
        peaks AS (SELECT day, max(orders) AS peak, arg_min(second, (-orders, second)) AS second FROM seconds GROUP BY 1)
        SELECT {STORE_DAY}, {MEASURES}, {ORDERS}, {COUNTS},
            count(DISTINCT customer_id) FILTER (event_type = 'sale'), any_value(peak), any_value(second)
        FROM events JOIN peaks ON day = {STORE_DAY} WHERE event_type IN ('sale', 'refund') GROUP BY 1"""
    )
    assert sorted(books.key["store_days"]["rows"]) == expected


def test_latest_orders_show_the_greatest_order_of_each_second(books):
    expected = books.query(
        "SELECT event_time // 1000 * 1000, max(order_id) FROM events WHERE event_type = 'sale' AND line_no = 1 "
        "GROUP BY 1 ORDER BY 1 DESC LIMIT 50"
    )
    assert sorted(books.key["latest_orders"]["rows"]) == expected


def test_totals_of_days_hours_and_minutes_agree(books):
    totals = {
        name: [sum(row[i] for row in books.key[name]["rows"]) for i in range(3, 11)]
        for name in ("sales_by_minute", "sales_by_hour", "sales_by_day")
    }
    assert totals["sales_by_minute"] == totals["sales_by_hour"] == totals["sales_by_day"]
