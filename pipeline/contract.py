"""The event contract, v1: one record of the log in, one parsed row out. Pure: no clock, no file, no Flink.

A line in the usual form is accepted by msgspec in one pass (`usual_form`). Every other line goes to the strict rules
(`event_rules`), which alone reject; so the quick way has to be right only about what it accepts. A fuzz in
tests/pipeline holds both against a third parser.
"""

import hashlib
from datetime import date, datetime
from functools import lru_cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline import usual_form
from pipeline.event_rules import EventFields, event_fields
from pipeline.masking import masked_line
from pipeline.strict_json import NotAnEvent

LATE_MS = 60_000
BUYER_CACHE = 65_536
DAY_CACHE = 4_096
# Every zone's offset since 1990 is a multiple of 15 minutes, so a store day never begins within a quarter of an hour.
QUARTER_MS = 15 * 60_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class ParsedEvent(NamedTuple):
    """One record: an accepted event (`reason` is None), or a rejected one (only `reason` and `line` are set).

    Times are epoch milliseconds UTC, amounts minor units; `gross_amount` is quantity × unit_amount. A sale line with a
    customer has a `buyer` (keyed hash, 32 hex digits) and its `store_day` (days since 1970-01-01 in the store's zone).
    """

    reason: str | None
    event_id: str | None = None
    event_type: str | None = None
    event_time: int | None = None
    sku: str | None = None
    warehouse_id: str | None = None
    quantity: int | None = None
    order_id: str | None = None
    line_no: int | None = None
    channel: str | None = None
    region: str | None = None
    gross_amount: int | None = None
    discount_amount: int | None = None
    to_stock: bool | None = None
    buyer: str | None = None
    store_day: int | None = None
    late: bool | None = None
    line: str | None = None


def _store_day(zone: ZoneInfo, quarter: int) -> int:
    return datetime.fromtimestamp(quarter * QUARTER_MS // 1000, zone).toordinal() - _EPOCH_ORDINAL


class EventContract:
    """Parse records for one deployment: its currency, its store's zone, and the key that hashes its customers."""

    def __init__(self, currency: str, store_zone: ZoneInfo, buyer_key: bytes) -> None:
        self._currency = currency
        self._day_of_quarter = lru_cache(maxsize=DAY_CACHE)(partial(_store_day, store_zone))
        # The two halves of HMAC-SHA-256 (RFC 2104) prepared once: hmac.digest prepares them for each customer.
        block = buyer_key.ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self.buyer = lru_cache(maxsize=BUYER_CACHE)(self._hashed)

    def _hashed(self, customer_id: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(customer_id.encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:32]

    def parse(self, value: bytes | None, append_ms: int) -> ParsedEvent:
        """Return the parsed row of one record, appended to the log at `append_ms` (epoch milliseconds UTC)."""
        if value is None:
            return ParsedEvent("the record has no value (null)")
        fields = usual_form.read_event(value, append_ms, self._currency)
        if fields is None:
            try:
                fields = event_fields(value, append_ms, self._currency)
            except NotAnEvent as fault:
                return ParsedEvent(str(fault), line=masked_line(value))
        return self._accepted(fields, append_ms)

    def _accepted(self, event: EventFields, append_ms: int) -> ParsedEvent:
        event_type = event.event_type
        buyer = store_day = None
        if event.customer_id is not None and event_type == "sale":
            buyer = self.buyer(event.customer_id)
            store_day = self._day_of_quarter(event.event_time // QUARTER_MS)
        sent_ms = append_ms if event.sent_at is None else event.sent_at
        return ParsedEvent(
            None, event.event_id, event_type, event.event_time, event.sku, event.warehouse_id, event.quantity,
            event.order_id, event.line_no, event.channel, event.region, event.gross_amount, event.discount_amount,
            event.to_stock, buyer, store_day, event.event_time < sent_ms - LATE_MS,
        )  # fmt: skip
