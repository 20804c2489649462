"""Which result tables the audit recomputes, and the SQL of sql/audit/."""

from functools import cache
from pathlib import Path

SQL = Path(__file__).resolve().parent.parent / "sql" / "audit"

# {table, or what views make of tables and closed sums: columns of its key}; every other column is compared
KEYS: dict[str, tuple[str, ...]] = {
    "sales_10s": ("window_start", "channel", "region", "log_date"),
    "stock_flow_1m": ("window_start", "sku", "warehouse_id", "log_date"),
    "sales_by_day": ("store_day", "channel", "region"),
    "sales_parts_5m": ("window_start", "channel"),
    "product_sales_by_day": ("store_day", "sku"),
    "stock_on_hand": ("sku", "warehouse_id"),
    "day_buyers": ("store_day", "buyer", "log_date"),
    "orders_1s": ("second", "log_date"),
    "peak_orders_15m": ("window_start",),
    "order_ticker": ("second", "log_date"),
    "rejected_records": ("log_partition", "log_offset"),
    "event_counts_1h": ("log_hour", "log_partition"),
    "log_counts_1h": ("log_hour", "log_partition"),
    "conservation": ("law",),
}
# a law over all tables, no table itself
LAWS = frozenset({"conservation"})


@cache
def statement(name: str) -> str:
    """Return the text of sql/audit/<name>.sql."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
