"""The event contract v1 (docs/event-contract.md) once more, written for the audit alone.

It shares nothing with the job's checker: two readings of the same text that disagree show up as differing rows. Where
several rules are broken the first one counts: the JSON itself, then the fields in the contract's order.
"""

import hmac
import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

LONGEST_VALUE = 1024 * 1024
DEEPEST = 32
LONGEST_TEXT = 128
TYPES = frozenset({"sale", "refund", "restock", "adjustment", "shipment", "unmet"})
MONEY_TYPES = frozenset({"sale", "refund"})
EARLIEST_MS = 631_152_000_000
FUTURE_MS = 5 * 60 * 1000
LATE_MS = 60 * 1000
MOST_UNITS = 1_000_000
LARGEST_AMOUNT = 10**12
SMALLEST_64, LARGEST_64 = -(2**63), 2**63 - 1
BUYER_DIGITS = 32

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
# a lone surrogate can only come from an escape, U+0000 too: the bytes are checked UTF-8 without control characters
UNFIT = re.compile("[\x00\ud800-\udfff]")
STRING_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Broken(Exception):
    """A rule is broken: `part` is `json` or the field's name, `why` says how."""

    def __init__(self, part: str, why: str):
        super().__init__(f"{part}: {why}")
        self.part = part
        self.why = why


class NotWhole:
    """A number that is no integer, or one with more digits than any field can hold."""

    __slots__ = ("literal",)

    def __init__(self, literal: str):
        self.literal = literal


class Event(NamedTuple):
    """A record that keeps the contract; amounts in minor units, times epoch ms, None where a type has no such field."""

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
    unit_amount: int | None
    discount_amount: int | None
    buyer: str | None
    to_stock: bool | None
    is_late: bool


@dataclass(frozen=True)
class Contract:
    """What the contract leaves to the deployment: its currency, and the key under which customers are hashed."""

    currency: str
    buyer_key: bytes

    def read(self, value: bytes | None, append_time_ms: int) -> Event:
        """Return the event of a Kafka value; raise Broken with the first rule that it breaks."""
        record = parse_object(value)
        event_id = text(record, "event_id")
        event_type = text(record, "event_type")
        if event_type not in TYPES:
            raise Broken("event_type", "is none of the six types")
        event_time = integer(record, "event_time")
        if not EARLIEST_MS <= event_time <= append_time_ms + FUTURE_MS:
            raise Broken("event_time", "is before 1990 or more than 5 minutes after the append time")
        sku, warehouse_id = text(record, "sku"), text(record, "warehouse_id")
        units = quantity(record, event_type)
        if text(record, "currency") != self.currency:
            raise Broken("currency", f"is not {self.currency}")
        money = self.money(record, event_type, units) if event_type in MONEY_TYPES else NO_MONEY
        to_stock = boolean(record, "to_stock") if event_type == "refund" else None
        late = is_late(record, event_time, append_time_ms)
        return Event(event_id, event_type, event_time, sku, warehouse_id, units, *money, to_stock, late)

    def money(self, record: dict[str, Any], event_type: str, units: int) -> tuple:
        """Return order_id, line_no, channel, region, unit_amount, discount_amount and buyer of a sale or refund."""
        order_id = text(record, "order_id")
        line_no = integer(record, "line_no")
        if line_no < 1:
            raise Broken("line_no", "is below 1")
        channel, region = text(record, "channel"), text(record, "region")
        unit_amount = integer(record, "unit_amount")
        if not 0 <= unit_amount <= LARGEST_AMOUNT or units * unit_amount > LARGEST_AMOUNT:
            raise Broken("unit_amount", "is negative, or too large alone or times quantity")
        discount = 0 if record.get("discount_amount") is None else integer(record, "discount_amount")
        if not 0 <= discount <= units * unit_amount:
            raise Broken("discount_amount", "is negative or more than quantity times unit_amount")
        customer = None if record.get("customer_id") is None else text(record, "customer_id")
        buyer = self.buyer(customer) if customer is not None and event_type == "sale" else None
        return order_id, line_no, channel, region, unit_amount, discount, buyer

    def buyer(self, customer_id: str) -> str:
        """Return the keyed hash under which a customer is counted: the first 32 hex digits of HMAC-SHA-256."""
        return hmac.digest(self.buyer_key, customer_id.encode(), "sha256").hex()[:BUYER_DIGITS]


NO_MONEY = (None,) * 7


def parse_object(value: bytes | None) -> dict[str, Any]:
    """Return the one JSON object of a value, numbers that are no integers as NotWhole; raise Broken for all else."""
    if value is None:
        raise Broken("json", "the value is null")
    if len(value) > LONGEST_VALUE:
        raise Broken("json", f"longer than {LONGEST_VALUE} bytes")
    try:
        # decode, not loads: that one guesses the encoding and accepts a BOM
        record = DECODER.decode(value.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Broken("json", "not UTF-8") from error
    except RecursionError as error:
        raise Broken("json", f"deeper than {DEEPEST} levels") from error
    except ValueError as error:
        raise Broken("json", f"not one JSON value: {error}") from error
    if type(record) is not dict:
        raise Broken("json", "not an object")
    # brackets inside strings count too here, so only a suspicion
    if value.count(b"{") + value.count(b"[") > DEEPEST and depth(value.decode("utf-8")) > DEEPEST:
        raise Broken("json", f"deeper than {DEEPEST} levels")
    return record


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object from its members; raise Broken when a name comes twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Broken("json", "a name comes twice in one object")
    return members


def whole_number(literal: str) -> int | NotWhole:
    """Read an integer literal; one with too many digits for 64 bits is not even converted."""
    return int(literal) if len(literal) <= 20 else NotWhole(literal)


def refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python would take."""
    raise Broken("json", f"{name} is not JSON")


DECODER = json.JSONDecoder(
    object_pairs_hook=unique_names, parse_int=whole_number, parse_float=NotWhole, parse_constant=refuse_constant
)


def depth(document: str) -> int:
    """Return how deep objects and arrays nest in a valid JSON text."""
    deepest = level = 0
    for character in STRING_LITERAL.sub("", document):
        if character in "{[":
            level += 1
            deepest = max(deepest, level)
        elif character in "}]":
            level -= 1
    return deepest


def text(record: dict[str, Any], name: str) -> str:
    """Return a required string field; raise Broken when it is none, or its length or characters are unfit."""
    value = record.get(name)
    if type(value) is not str:
        raise Broken(name, "is missing" if value is None else "is not a string")
    if not 1 <= len(value) <= LONGEST_TEXT:
        raise Broken(name, f"has not 1 to {LONGEST_TEXT} characters")
    if UNFIT.search(value):
        raise Broken(name, "holds U+0000 or a lone surrogate")
    return value


def integer(record: dict[str, Any], name: str) -> int:
    """Return a required integer field, written as a number or a string; raise Broken when it is not exactly one."""
    value = record.get(name)
    if type(value) is str and INTEGER.fullmatch(value) and len(value) <= 20:
        value = int(value)
    if type(value) is not int:
        raise Broken(name, "is missing" if value is None else "is not an integer")
    if not SMALLEST_64 <= value <= LARGEST_64:
        raise Broken(name, "does not fit 64 bits")
    return value


def quantity(record: dict[str, Any], event_type: str) -> int:
    """Return the quantity within its type's bounds; raise Broken otherwise."""
    units = integer(record, "quantity")
    smallest = -MOST_UNITS if event_type == "adjustment" else 1
    if not smallest <= units <= MOST_UNITS or units == 0:
        raise Broken("quantity", "is out of bounds")
    return units


def boolean(record: dict[str, Any], name: str) -> bool:
    """Return an optional boolean field, true by default; raise Broken for any other type."""
    value = record.get(name)
    if value is not None and type(value) is not bool:
        raise Broken(name, "is not a boolean")
    return value is not False


def is_late(record: dict[str, Any], event_time: int, append_time_ms: int) -> bool:
    """Tell whether the event is more than a minute older than its sending, or its append where that is not told."""
    sent_at = append_time_ms if record.get("sent_at") is None else integer(record, "sent_at")
    return event_time < sent_at - LATE_MS
