"""The rules of the event contract, field by field in its table's order; the first one broken gives the reason."""

import re
from typing import NamedTuple

from pipeline.strict_json import LongInteger, NotAnEvent, read_object, shown

EVENT_TYPES = ("sale", "refund", "restock", "adjustment", "shipment", "unmet")
MAX_CHARACTERS = 128
MAX_QUANTITY = 1_000_000
MAX_AMOUNT = 10**12
EARLIEST_MS = 631_152_000_000  # 1990-01-01T00:00:00Z
FUTURE_MS = 5 * 60_000
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class EventFields(NamedTuple):
    """The fields of an accepted event; None where its type has none. Times are epoch ms UTC, amounts minor units."""

    event_id: str
    event_type: str
    event_time: int
    sku: str
    warehouse_id: str
    quantity: int
    order_id: str | None
    line_no: int | None
    channel: str | None
    region: str | None
    gross_amount: int | None
    discount_amount: int | None
    customer_id: str | None
    to_stock: bool | None
    sent_at: int | None


class _Record:
    """One JSON object, asked for its fields by name and form."""

    def __init__(self, members: dict) -> None:
        self._members = members

    def _required(self, name: str) -> object:
        value = self._members.get(name)
        if value is None:
            raise NotAnEvent(f"{name} is missing")
        return value

    def text(self, name: str) -> str:
        value = self._required(name)
        if type(value) is not str:
            raise NotAnEvent(f"{name} is not a string: {shown(value)}")
        return _checked_text(name, value)

    def optional_text(self, name: str) -> str | None:
        return None if self._members.get(name) is None else self.text(name)

    def integer(self, name: str) -> int:
        value = self._required(name)
        if type(value) is str and len(value) <= 21 and _INTEGER.fullmatch(value):
            value = int(value)
        elif type(value) is str and _INTEGER.fullmatch(value):
            value = LongInteger(value)
        if type(value) is LongInteger or (type(value) is int and not INT64_MIN <= value <= INT64_MAX):
            raise NotAnEvent(f"{name} does not fit 64 bits: {shown(value)}")
        if type(value) is not int:
            raise NotAnEvent(f"{name} is not an integer: {shown(value)}")
        return value

    def optional_integer(self, name: str) -> int | None:
        return None if self._members.get(name) is None else self.integer(name)

    def integer_in(self, name: str, low: int, high: int) -> int:
        value = self.integer(name)
        if not low <= value <= high:
            raise NotAnEvent(f"{name} is not within {low:,} to {high:,}: {value}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._members.get(name)
        if value is None:
            return default
        if type(value) is not bool:
            raise NotAnEvent(f"{name} is neither true nor false: {shown(value)}")
        return value


def _checked_text(name: str, value: str) -> str:
    if not value:
        raise NotAnEvent(f"{name} is empty")
    if len(value) > MAX_CHARACTERS:
        raise NotAnEvent(f"{name} is longer than {MAX_CHARACTERS} characters: {len(value)} characters")
    if "\0" in value:
        raise NotAnEvent(f"{name} holds U+0000")
    if _LONE_SURROGATE.search(value):
        raise NotAnEvent(f"{name} holds a lone surrogate")
    return value


def _event_type(record: _Record) -> str:
    value = record.text("event_type")
    if value not in EVENT_TYPES:
        raise NotAnEvent(f"event_type is unknown: {shown(value)}; the types are {', '.join(EVENT_TYPES)}")
    return value


def _event_time(record: _Record, append_ms: int) -> int:
    value = record.integer("event_time")
    if EARLIEST_MS <= value <= append_ms + FUTURE_MS:
        return value
    if EARLIEST_MS <= value * 1000 <= append_ms + FUTURE_MS:
        raise NotAnEvent(f"event_time is before 1990: {value} is a time in seconds; send epoch milliseconds")
    if value < EARLIEST_MS:
        raise NotAnEvent(f"event_time is before 1990: {value}")
    raise NotAnEvent(f"event_time is more than 5 minutes after the append time {append_ms}: {value}")


def _quantity(record: _Record, event_type: str) -> int:
    if event_type != "adjustment":
        return record.integer_in("quantity", 1, MAX_QUANTITY)
    value = record.integer_in("quantity", -MAX_QUANTITY, MAX_QUANTITY)
    if value == 0:
        raise NotAnEvent("quantity of an adjustment is 0")
    return value


def _currency(record: _Record, currency: str) -> None:
    value = record.text("currency")
    if value != currency:
        raise NotAnEvent(f"currency is not {currency}, the one of this deployment: {shown(value)}")


def _order_line(record: _Record, event_type: str, quantity: int) -> dict:
    line = {
        "order_id": record.text("order_id"),
        "line_no": record.integer_in("line_no", 1, INT64_MAX),
        "channel": record.text("channel"),
        "region": record.text("region"),
        "gross_amount": quantity * record.integer_in("unit_amount", 0, MAX_AMOUNT),
    }
    if line["gross_amount"] > MAX_AMOUNT:
        raise NotAnEvent(f"quantity × unit_amount is more than {MAX_AMOUNT:,}: {line['gross_amount']}")
    discount = record.optional_integer("discount_amount") or 0
    if not 0 <= discount <= line["gross_amount"]:
        raise NotAnEvent(
            f"discount_amount is not within 0 to quantity × unit_amount: {discount} of {line['gross_amount']}"
        )
    line["discount_amount"] = discount
    line["customer_id"] = _customer_id(record)
    line["to_stock"] = record.flag("to_stock", default=True) if event_type == "refund" else None
    return line


def _customer_id(record: _Record) -> str | None:
    try:
        return record.optional_text("customer_id")
    except NotAnEvent as fault:
        # The value may name a person, so the reason keeps only what is wrong with it.
        raise NotAnEvent(str(fault).partition(":")[0]) from None


_NO_ORDER_LINE = dict.fromkeys(
    ("order_id", "line_no", "channel", "region", "gross_amount", "discount_amount", "customer_id", "to_stock")
)


def event_fields(raw: bytes, append_ms: int, currency: str) -> EventFields:
    """Return the fields of the event in `raw`; raise NotAnEvent naming the first rule that it breaks."""
    return checked_fields(read_object(raw), append_ms, currency)


def checked_fields(members: dict, append_ms: int, currency: str) -> EventFields:
    """Return the fields of the JSON object `members`; raise NotAnEvent naming the first rule that it breaks."""
    record = _Record(members)
    event_id, event_type = record.text("event_id"), _event_type(record)
    event_time = _event_time(record, append_ms)
    sku, warehouse_id = record.text("sku"), record.text("warehouse_id")
    quantity = _quantity(record, event_type)
    _currency(record, currency)
    sold = event_type in ("sale", "refund")
    line = _order_line(record, event_type, quantity) if sold else _NO_ORDER_LINE
    sent_at = record.optional_integer("sent_at")
    return EventFields(event_id, event_type, event_time, sku, warehouse_id, quantity, **line, sent_at=sent_at)
