"""The answer key equals what DuckDB counts in the written lines by the contract's and the glossary's own words."""

import json

import duckdb
import pytest

from generator.answer_key import AnswerKey
from tests.generator.contract_checker import broken_rule, normal
from tests.generator.shops import DAY, START, run, settings

FAR = START + 400 * DAY
COLUMNS = {
    "event_id": "VARCHAR", "event_type": "VARCHAR", "event_time": "BIGINT", "sku": "VARCHAR", "warehouse_id": "VARCHAR",
    "quantity": "BIGINT", "order_id": "VARCHAR", "line_no": "BIGINT", "channel": "VARCHAR", "region": "VARCHAR",
    "unit_amount": "BIGINT", "discount_amount": "BIGINT", "customer_id": "VARCHAR", "to_stock": "BOOLEAN",
    "sent_at": "BIGINT",
}  # fmt: skip

# both shops lie whole hours from UTC; the hour that a change of clocks repeats is two hours
EVENTS = """
    CREATE TABLE events AS
    SELECT *, event_time // 1000 * 1000 AS second, event_time // 60000 * 60000 AS minute,
        event_time // 3600000 * 3600000 AS hour,
        strftime(make_timestamptz(event_time * 1000) AT TIME ZONE $zone, '%Y-%m-%d') AS store_day
    FROM read_json($file, format = 'newline_delimited', columns = $columns)"""
# what each event adds to sales and to stock; COLUMNS gives columns in the order of the view, which is the answer key's
SOLD = """
    CREATE VIEW sold AS
    SELECT second, minute, hour, store_day, channel, region, sku, category, customer_id, event_type,
        CASE event_type WHEN 'sale' THEN quantity * unit_amount ELSE 0 END AS gross,
        CASE event_type WHEN 'sale' THEN discount_amount ELSE 0 END AS discount,
        CASE event_type WHEN 'refund' THEN quantity * unit_amount - discount_amount ELSE 0 END AS refund,
        CASE event_type WHEN 'sale' THEN quantity * unit_amount - discount_amount
            ELSE discount_amount - quantity * unit_amount END AS net,
        (event_type = 'sale' AND line_no = 1)::BIGINT AS orders,
        (event_type = 'sale')::BIGINT AS lines,
        CASE event_type WHEN 'sale' THEN quantity ELSE 0 END AS units,
        CASE event_type WHEN 'refund' THEN quantity ELSE 0 END AS refunded_units
    FROM events LEFT JOIN products USING (sku) WHERE event_type IN ('sale', 'refund')"""
MOVED = """
    CREATE VIEW moved AS
    SELECT minute, store_day, sku, warehouse_id,
        CASE event_type WHEN 'sale' THEN quantity ELSE 0 END AS sold,
        CASE WHEN event_type = 'refund' AND to_stock THEN quantity ELSE 0 END AS refunded,
        CASE event_type WHEN 'restock' THEN quantity ELSE 0 END AS restocked,
        CASE event_type WHEN 'adjustment' THEN quantity ELSE 0 END AS adjusted,
        CASE event_type WHEN 'shipment' THEN quantity ELSE 0 END AS shipped,
        CASE event_type WHEN 'unmet' THEN quantity ELSE 0 END AS unmet
    FROM events"""
MEASURES = ["gross", "discount", "refund", "net", "orders", "lines", "units", "refunded_units"]
PRODUCT_MEASURES = [name for name in MEASURES if name != "orders"]
FLOW = ["sold", "refunded", "restocked", "adjusted", "shipped", "unmet"]
SALES_BY = "SELECT COLUMNS($keys), sum(COLUMNS($measures))::BIGINT FROM sold GROUP BY ALL"
FLOW_BY = "SELECT COLUMNS($keys), sum(COLUMNS($measures))::BIGINT FROM moved GROUP BY ALL"


def database_of(file, events, plant) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB with the shop's products and the counted events."""
    file.write_text("\n".join(json.dumps({name: event.get(name) for name in COLUMNS}) for event in events))
    names, skus, numbers = plant.catalogue.category_names, plant.catalogue.skus, plant.catalogue.category
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.execute("CREATE TABLE products (sku VARCHAR, category VARCHAR)")
    db.executemany("INSERT INTO products VALUES (?, ?)", [[s, names[n]] for s, n in zip(skus, numbers, strict=True)])
    db.execute(EVENTS, {"file": str(file), "columns": COLUMNS, "zone": plant.shop.zone})
    db.execute(SOLD)
    db.execute(MOVED)
    return db


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
        self.db = database_of(folder / "counted.ndjson", counted.values(), made.plant)

    def query(self, statement: str, **values: list[str]) -> list[list]:
        return sorted(list(row) for row in self.db.execute(statement, values or None).fetchall())


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
    ("table", "window"), [("sales_by_minute", "minute"), ("sales_by_hour", "hour"), ("sales_by_day", "store_day")]
)
def test_sales_by_window_channel_and_region(books, table, window):
    expected = books.query(SALES_BY, keys=[window, "channel", "region"], measures=MEASURES)
    assert sorted(books.key[table]["rows"]) == expected and len(expected) > 50


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("product_sales_by_hour", ["hour", "sku"]),
        ("product_sales_by_day", ["store_day", "sku"]),
        ("category_sales_by_day", ["store_day", "category"]),
    ],
)
def test_sales_by_product_and_category(books, table, keys):
    expected = books.query(SALES_BY, keys=keys, measures=PRODUCT_MEASURES)
    assert sorted(books.key[table]["rows"]) == expected


@pytest.mark.parametrize(("table", "window"), [("stock_flow_by_minute", "minute"), ("stock_flow_by_day", "store_day")])
def test_stock_flow(books, table, window):
    expected = books.query(FLOW_BY, keys=[window, "sku", "warehouse_id"], measures=FLOW)
    assert sorted(books.key[table]["rows"]) == expected


def test_stock_on_hand(books):
    expected = books.query(
        """
        WITH balances AS (
            SELECT sku, warehouse_id, sum(restocked + adjusted + refunded - sold)::BIGINT AS available,
                sum(sold - shipped)::BIGINT AS committed
            FROM moved GROUP BY ALL)
        SELECT sku, warehouse_id, available, committed, available + committed FROM balances"""
    )
    assert sorted(books.key["stock_on_hand"]["rows"]) == expected


def test_store_days_with_buyers_and_peak(books):
    expected = books.query(
        """
        WITH seconds AS (SELECT store_day, second, count(*) AS placed FROM sold WHERE orders = 1 GROUP BY ALL),
        peaks AS (SELECT store_day, max(placed) AS peak, arg_min(second, (-placed, second)) AS peak_second
                  FROM seconds GROUP BY ALL)
        SELECT store_day, sum(COLUMNS($measures))::BIGINT, count(DISTINCT customer_id) FILTER (event_type = 'sale'),
            any_value(peak), any_value(peak_second)
        FROM sold JOIN peaks USING (store_day) GROUP BY store_day""",
        measures=MEASURES,
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
