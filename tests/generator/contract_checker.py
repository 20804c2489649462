"""The event contract (docs/event-contract.md), written a second time on its own."""

import json
import re

FIELDS = (
    "event_id", "event_type", "event_time", "sku", "warehouse_id", "quantity", "currency", "order_id", "line_no",
    "channel", "region", "unit_amount", "discount_amount", "customer_id", "to_stock", "sent_at",
)  # fmt: skip
SALES_FIELDS = {"order_id", "line_no", "channel", "region", "unit_amount", "discount_amount", "customer_id"}
STOCK_TYPES = {"restock", "adjustment", "shipment", "unmet"}
INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
SINCE, TRILLION = 631_152_000_000, 10**12


class Number(str):
    """A JSON number's own text."""


class Broken(Exception):
    """A rule is broken."""


def parse(line: bytes):
    """Return the object of a line as RFC 8259 has it; raise Broken."""
    if len(line) > 1_048_576:
        raise Broken("json")

    def unique(pairs):
        if len({name for name, _ in pairs}) < len(pairs):
            raise Broken("json")
        return dict(pairs)

    def no_constant(text):
        raise Broken("json")

    try:
        text = line.decode("utf-8")
        value = json.loads(
            text.strip(" \t\r\n"),
            object_pairs_hook=unique,
            parse_constant=no_constant,
            parse_int=Number,
            parse_float=Number,
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Broken("json") from error
    if not isinstance(value, dict) or depth(value) > 32:
        raise Broken("json")
    return value


def depth(value) -> int:
    """Return how deep arrays and objects are nested."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def integer(value, low=-(2**63), high=2**63 - 1) -> int:
    """Return the integer of a number or string of the integer form; raise Broken."""
    if not isinstance(value, str) or not INTEGER.fullmatch(value) or not low <= int(value) <= high:
        raise Broken
    return int(value)


def string(value) -> str:
    """Return a string of 1 to 128 characters; raise Broken."""
    is_text = isinstance(value, str) and not isinstance(value, Number)
    if not is_text or not 1 <= len(value) <= 128 or any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
        raise Broken
    return value


def check(event: dict, name: str, currency: str, appended: int) -> None:
    """Check one field; raise Broken."""
    value, kind = event.get(name), event.get("event_type")
    if name in SALES_FIELDS and kind in STOCK_TYPES:
        return
    if value is None and (name in ("discount_amount", "customer_id", "to_stock", "sent_at")):
        return
    if name == "event_type":
        if value not in STOCK_TYPES | {"sale", "refund"}:
            raise Broken
    elif name == "event_time":
        integer(value, SINCE, appended + 300_000)
    elif name == "quantity":
        low = -1_000_000 if kind == "adjustment" else 1
        if integer(value, low, 1_000_000) == 0:
            raise Broken
    elif name == "currency":
        if string(value) != currency:
            raise Broken
    elif name == "line_no":
        integer(value, 1)
    elif name == "unit_amount":
        if integer(value, 0, TRILLION) * integer(event["quantity"]) > TRILLION:
            raise Broken
    elif name == "discount_amount":
        integer(value, 0, integer(event["unit_amount"]) * integer(event["quantity"]))
    elif name == "to_stock":
        if kind == "refund" and not isinstance(value, bool):
            raise Broken
    elif name == "sent_at":
        integer(value)
    else:
        string(value)


def broken_rule(line: bytes | None, currency: str, appended: int) -> str | None:
    """Return "json" or the first field whose rule a record breaks, None for a good one."""
    if line is None:
        return "json"
    try:
        event = parse(line)
    except Broken:
        return "json"
    for name in FIELDS:
        try:
            check(event, name, currency, appended)
        except Broken:
            return name
    return None


def normal(line: bytes) -> dict:
    """Return a good line's event with integers as int and absent optional fields as the contract reads them."""
    event = parse(line)
    ignored = (SALES_FIELDS if event["event_type"] in STOCK_TYPES else set()) | {"to_stock"}
    ignored -= {"to_stock"} if event["event_type"] == "refund" else set()
    event = {name: value for name, value in event.items() if name not in ignored}
    for name in ("event_time", "quantity", "line_no", "unit_amount", "discount_amount", "sent_at"):
        if isinstance(event.get(name), str) and INTEGER.fullmatch(event[name]):
            event[name] = int(event[name])
    event["discount_amount"] = event.get("discount_amount") or 0
    if event["event_type"] == "refund":
        event["to_stock"] = event.get("to_stock") is not False
    return event
