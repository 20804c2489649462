"""Accept an event in its usual form in one pass of msgspec: the quick way of nearly every line.

It answers None for whatever it is not sure of (an unknown field, a number as a string, an escape that may hide U+0000,
any fault), and the strict rules then decide. Two facts make it exact for what it accepts: msgspec refuses unknown
fields here, and the number of quotes in the line is that of an object where no name occurs twice.
"""

from typing import Annotated

import msgspec

from pipeline.event_rules import (
    EARLIEST_MS,
    FUTURE_MS,
    INT64_MAX,
    INT64_MIN,
    MAX_AMOUNT,
    MAX_CHARACTERS,
    MAX_QUANTITY,
    EventFields,
)
from pipeline.strict_json import MAX_BYTES

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CHARACTERS)]
_Amount = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT)]
_Int64 = Annotated[int, msgspec.Meta(ge=INT64_MIN, le=INT64_MAX)]


class _Movement(msgspec.Struct, gc=False, forbid_unknown_fields=True, tag_field="event_type"):
    event_id: _Text
    event_time: _Int64
    sku: _Text
    warehouse_id: _Text
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]
    currency: str
    sent_at: _Int64 | None = None


class _Restock(_Movement, tag="restock"): ...


class _Shipment(_Movement, tag="shipment"):
    # which order it ships: many feeds say so, the contract ignores it
    order_id: _Text | None = None
    line_no: _Int64 | None = None


class _Unmet(_Movement, tag="unmet"): ...


class _Adjustment(_Movement, tag="adjustment"):
    quantity: Annotated[int, msgspec.Meta(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]


class _Sale(_Movement, tag="sale", kw_only=True):
    order_id: _Text
    line_no: Annotated[int, msgspec.Meta(ge=1, le=INT64_MAX)]
    channel: _Text
    region: _Text
    unit_amount: _Amount
    discount_amount: _Amount | None = None
    customer_id: _Text | None = None


class _Refund(_Sale, tag="refund", kw_only=True):
    to_stock: bool | None = None


_TYPES = {_Sale: "sale", _Refund: "refund", _Restock: "restock", _Adjustment: "adjustment", _Shipment: "shipment",
          _Unmet: "unmet"}  # fmt: skip
_decode = msgspec.json.Decoder(_Sale | _Refund | _Restock | _Adjustment | _Shipment | _Unmet).decode


def _names_are_unique(raw: bytes, names: int, strings: int) -> bool:
    # Without a backslash each quote begins or ends a string, so a name read twice shows in their count.
    if b"\\" not in raw:
        return raw.count(b'"') == 2 * (names + strings)
    return raw.count(b":") == names and b"\\u0000" not in raw


def read_event(raw: bytes, append_ms: int, currency: str) -> EventFields | None:
    """Return the fields of a line in the usual form that keeps every rule, None for any other line."""
    try:
        event = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    time = event.event_time
    if not EARLIEST_MS <= time <= append_ms + FUTURE_MS or event.currency != currency or len(raw) > MAX_BYTES:
        return None
    kind = type(event)
    if kind is _Sale or kind is _Refund:
        return _order_line(raw, event, kind)
    quantity = event.quantity
    names, strings = 7 + (event.sent_at is not None), 5
    if kind is _Shipment:
        has_order = event.order_id is not None
        names, strings = names + has_order + (event.line_no is not None), strings + has_order
    if quantity == 0 or not _names_are_unique(raw, names, strings):
        return None
    return EventFields(
        event.event_id, _TYPES[kind], time, event.sku, event.warehouse_id, quantity,
        None, None, None, None, None, None, None, None, event.sent_at,
    )  # fmt: skip


def _order_line(raw: bytes, event: _Sale, kind: type) -> EventFields | None:
    discount, customer_id, sent_at = event.discount_amount, event.customer_id, event.sent_at
    to_stock = event.to_stock if kind is _Refund else None
    with_customer = customer_id is not None
    names = 12 + with_customer + (discount is not None) + (to_stock is not None) + (sent_at is not None)
    gross = event.quantity * event.unit_amount
    discount = discount or 0
    if gross > MAX_AMOUNT or discount > gross or not _names_are_unique(raw, names, 8 + with_customer):
        return None
    if kind is _Refund and to_stock is None:
        to_stock = True
    return EventFields(
        event.event_id, _TYPES[kind], event.event_time, event.sku, event.warehouse_id, event.quantity, event.order_id,
        event.line_no, event.channel, event.region, gross, discount, customer_id, to_stock, sent_at,
    )  # fmt: skip
