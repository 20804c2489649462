"""Lines that break the contract, each in one known way, and valid lines in an unusual spelling."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]
MAX_BYTES = 1_048_576
FAR_FUTURE = 4_102_444_800_000  # the year 2100
BEFORE_1990 = 600_000_000_000  # in 1989


@dataclass(frozen=True)
class Kind:
    """One way to break the contract; `rule` is "json" or the first field whose rule is broken."""

    name: str
    rule: str
    make: Callable[[Fields, random.Random], bytes | None]
    weight: int = 100
    kafka_only: bool = False


def compact(fields: Fields) -> bytes:
    """Encode fields as one line without white space."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _with(field: str, value: Any, **more: Any) -> Callable[[Fields, random.Random], bytes]:
    return lambda fields, _: compact({**fields, **more, field: value})


def _without(field: str) -> Callable[[Fields, random.Random], bytes]:
    return lambda fields, _: compact({name: value for name, value in fields.items() if name != field})


def _raw(field: str, literal: str, **more: Any) -> Callable[[Fields, random.Random], bytes]:
    """Write a literal that no JSON library would write for the field."""
    mark = "\u2426raw\u2426"
    return lambda fields, _: compact({**fields, **more, field: mark}).replace(f'"{mark}"'.encode(), literal.encode())


def _text(change: Callable[[bytes, random.Random], bytes]) -> Callable[[Fields, random.Random], bytes]:
    return lambda fields, rng: change(compact(fields), rng)


def _truncated(line: bytes, rng: random.Random) -> bytes:
    return line[: rng.randrange(2, len(line) - 1)].decode("utf-8", "ignore").encode()


def _csv(fields: Fields, rng: random.Random) -> bytes:
    return ";".join(str(value) for value in fields.values()).encode()


def _pad_to_limit(fields: Fields, rng: random.Random) -> bytes:
    return compact({**fields, "note": "x" * (MAX_BYTES - len(compact(fields)) + rng.randrange(1, 5_000))})


def _deep(levels: int) -> Callable[[bytes], bytes]:
    nest = b"[" * (levels - 1) + b"]" * (levels - 1)
    return lambda line: line[:-1] + b',"extra":' + nest + b"}"


def _first_name_again(line: bytes, escaped: bool) -> bytes:
    name = b'"event\\u005fid"' if escaped else b'"event_id"'
    return line[:-1] + b"," + name + b':"again"}'


JSON_KINDS = (
    Kind("truncated", "json", _text(_truncated), 300),
    Kind("plain_text", "json", lambda f, r: f"ERROR 50{r.randrange(5)} upstream timed out".encode(), 150),
    Kind("html_page", "json", lambda f, r: b"<html><body>Bad Gateway</body></html>", 50),
    Kind("csv_line", "json", _csv, 150),
    Kind("array", "json", _text(lambda line, _: b"[" + line + b"]")),
    Kind("scalar_number", "json", lambda f, r: str(r.randrange(1000)).encode(), 50),
    Kind("scalar_string", "json", _text(lambda line, _: json.dumps(line.decode()).encode()), 50),
    Kind("scalar_null", "json", lambda f, r: b"null", 50),
    Kind("trailing_text", "json", _text(lambda line, _: line + b" OK")),
    Kind("two_objects", "json", _text(lambda line, _: line + line)),
    Kind("duplicate_name", "json", _text(lambda line, _: _first_name_again(line, False))),
    Kind("duplicate_name_escaped", "json", _text(lambda line, _: _first_name_again(line, True)), 50),
    Kind("duplicate_name_nested", "json", _text(lambda line, _: line[:-1] + b',"meta":{"a":1,"a":2}}'), 50),
    Kind("not_a_number", "json", _raw("extra", "NaN"), 50),
    Kind("infinity", "json", _raw("extra", "-Infinity"), 50),
    Kind("single_quotes", "json", _text(lambda line, _: line.replace(b'"', b"'"))),
    Kind("trailing_comma", "json", _text(lambda line, _: line[:-1] + b",}")),
    Kind("unquoted_name", "json", _text(lambda line, _: line.replace(b'"sku"', b"sku")), 50),
    Kind("comment", "json", _text(lambda line, _: line[:-1] + b"/* test */}"), 50),
    Kind("leading_zero", "json", _raw("quantity", "02"), 50),
    Kind("plus_sign", "json", _raw("quantity", "+2"), 50),
    Kind("raw_control_character", "json", _raw("note", '"a\tb"')),
    Kind("invalid_utf8", "json", _text(lambda line, _: line.replace(b'"sku":"', b'"sku":"\xff\xfe')), 150),
    Kind("overlong_utf8", "json", _text(lambda line, _: line.replace(b'"sku":"', b'"sku":"\xc0\xaf')), 50),
    # a NUL after each ASCII byte: what UTF-16 looks like, without a byte that would end the line
    Kind(
        "utf16",
        "json",
        _text(lambda line, _: line.decode().encode("ascii", "replace").decode().encode("utf-16-le")),
        50,
    ),
    # after a space, since the inbox may strip a mark at a file's first byte
    Kind("byte_order_mark", "json", _text(lambda line, _: b" \xef\xbb\xbf" + line)),
    Kind("too_deep", "json", _text(lambda line, _: _deep(33)(line)), 50),
    Kind("too_long", "json", _pad_to_limit, 4),
    Kind("null_value", "json", lambda f, r: None, 100, kafka_only=True),
)
FIELD_KINDS = (
    Kind("event_id_missing", "event_id", _without("event_id")),
    Kind("event_id_null", "event_id", _with("event_id", None), 50),
    Kind("event_id_number", "event_id", _with("event_id", 4711), 50),
    Kind("event_id_empty", "event_id", _with("event_id", ""), 50),
    Kind("event_id_too_long", "event_id", _with("event_id", "é" * 129), 50),
    Kind("event_id_nul", "event_id", _raw("event_id", '"a\\u0000b"'), 50),
    Kind("event_id_lone_surrogate", "event_id", _raw("event_id", '"a\\ud800b"'), 50),
    Kind("event_type_missing", "event_type", _without("event_type"), 50),
    Kind("event_type_unknown", "event_type", _with("event_type", "exchange")),
    Kind("event_type_upper_case", "event_type", _with("event_type", "SALE"), 50),
    Kind("event_time_missing", "event_time", _without("event_time")),
    Kind("event_time_seconds", "event_time", lambda f, r: compact({**f, "event_time": f["event_time"] // 1000}), 150),
    Kind("event_time_future", "event_time", _with("event_time", FAR_FUTURE), 150),
    Kind("event_time_before_1990", "event_time", _with("event_time", BEFORE_1990), 50),
    Kind("event_time_iso", "event_time", _with("event_time", "2026-11-22T14:03:07+08:00"), 150),
    Kind("event_time_fraction", "event_time", lambda f, r: compact({**f, "event_time": f["event_time"] + 0.5}), 50),
    Kind("event_time_over_64_bits", "event_time", _with("event_time", 10**19), 50),
    Kind("sku_missing", "sku", _without("sku")),
    Kind("sku_number", "sku", _with("sku", 10314), 50),
    Kind("sku_object", "sku", _with("sku", {"code": "SKU-1"}), 50),
    Kind("sku_empty", "sku", _with("sku", "")),
    Kind("warehouse_missing", "warehouse_id", _without("warehouse_id")),
    Kind("warehouse_null", "warehouse_id", _with("warehouse_id", None)),
    Kind("quantity_missing", "quantity", _without("quantity")),
    Kind("quantity_zero", "quantity", _with("quantity", 0)),
    Kind("quantity_negative", "quantity", _with("quantity", -2)),
    Kind("quantity_fraction", "quantity", _with("quantity", 2.9)),
    Kind("quantity_decimal_point", "quantity", _with("quantity", 3.0), 50),
    Kind("quantity_exponent", "quantity", _raw("quantity", "1e3"), 50),
    Kind("quantity_text_decimal", "quantity", _with("quantity", "1.50"), 50),
    Kind("quantity_boolean", "quantity", _with("quantity", True), 50),
    Kind("quantity_too_large", "quantity", _with("quantity", 1_000_001), 50),
    Kind("adjustment_zero", "quantity", _with("quantity", 0, event_type="adjustment"), 50),
    Kind("currency_other", "currency", lambda f, r: compact({**f, "currency": _other(f["currency"])}), 200),
    Kind("currency_lower_case", "currency", lambda f, r: compact({**f, "currency": f["currency"].lower()}), 50),
    Kind("currency_missing", "currency", _without("currency")),
    Kind("order_id_missing", "order_id", _without("order_id")),
    Kind("order_id_number", "order_id", _with("order_id", 20261122), 50),
    Kind("line_no_missing", "line_no", _without("line_no"), 50),
    Kind("line_no_zero", "line_no", _with("line_no", 0)),
    Kind("channel_missing", "channel", _without("channel"), 50),
    Kind("channel_null", "channel", _with("channel", None), 50),
    Kind("region_missing", "region", _without("region")),
    Kind("region_number", "region", _with("region", 31), 50),
    Kind("unit_amount_missing", "unit_amount", _without("unit_amount"), 50),
    Kind("unit_amount_negative", "unit_amount", _with("unit_amount", -100)),
    Kind(
        "unit_amount_decimal", "unit_amount", lambda f, r: compact({**f, "unit_amount": f["unit_amount"] / 100 + 0.005})
    ),
    Kind("unit_amount_text", "unit_amount", _with("unit_amount", "1,299"), 50),
    Kind("unit_amount_too_large", "unit_amount", _with("unit_amount", 10**12 + 1), 50),
    Kind("line_amount_too_large", "unit_amount", _with("unit_amount", 2 * 10**6, quantity=1_000_000), 50),
    Kind("discount_negative", "discount_amount", _with("discount_amount", -1)),
    Kind("discount_over_gross", "discount_amount", lambda f, r: compact({**f, "discount_amount": _gross(f) + 1})),
    Kind("discount_decimal", "discount_amount", _with("discount_amount", 0.5), 50),
    Kind("customer_number", "customer_id", _with("customer_id", 88123), 50),
    Kind("customer_empty", "customer_id", _with("customer_id", "")),
    Kind("to_stock_text", "to_stock", _with("to_stock", "yes", event_type="refund"), 50),
    Kind("to_stock_number", "to_stock", _with("to_stock", 1, event_type="refund"), 50),
    Kind("sent_at_text", "sent_at", _with("sent_at", "just now"), 50),
    Kind("sent_at_fraction", "sent_at", lambda f, r: compact({**f, "sent_at": f["sent_at"] + 0.25}), 50),
)
KINDS = JSON_KINDS + FIELD_KINDS


def _other(currency: str) -> str:
    return "USD" if currency != "USD" else "EUR"


def _gross(fields: Fields) -> int:
    return fields["quantity"] * fields["unit_amount"]


def _as_text(fields: Fields, rng: random.Random) -> bytes:
    return compact({k: str(v) if type(v) is int and rng.random() < 0.7 else v for k, v in fields.items()})


def _extra_fields(fields: Fields, rng: random.Random) -> bytes:
    extra = {"till": rng.randrange(40), "notes": ["gift", "礼物", "a\u0000b"], "device": {"os": "Harmony", "v": 4.2}}
    return compact({"schema": 1, **fields, **extra})


def _spaced(fields: Fields, rng: random.Random) -> bytes:
    names = list(fields)
    rng.shuffle(names)
    return (
        " " + json.dumps({n: fields[n] for n in names}, ensure_ascii=False, separators=(" , ", "\t: ")) + " "
    ).encode()


def _escaped(fields: Fields, rng: random.Random) -> bytes:
    line = compact(fields).decode()
    return line.replace('"s', '"\\u0073').replace('"event_i', '"event\\u005fi').encode()


def _null_optionals(fields: Fields, rng: random.Random) -> bytes:
    nulls = {"customer_id": None, "discount_amount": None, "to_stock": None}
    known = {k: v for k, v in fields.items() if not (k == "discount_amount" and v == 0)}
    return compact({**nulls, **known})


def _absent_optionals(fields: Fields, rng: random.Random) -> bytes:
    return compact({k: v for k, v in fields.items() if not (k == "discount_amount" and v == 0)})


def _minus_zero(fields: Fields, rng: random.Random) -> bytes:
    mark = "\u2426raw\u2426"
    zero = fields.get("discount_amount") == 0
    return compact({**fields, **({"discount_amount": mark} if zero else {})}).replace(f'"{mark}"'.encode(), b"-0")


def _foreign_fields(fields: Fields, rng: random.Random) -> bytes:
    """Fields that the contract doesn't name for the type may hold anything."""
    if fields["event_type"] == "sale":
        return compact({**fields, "to_stock": "maybe"})
    return compact({**{"unit_amount": -1.5, "channel": 7, "line_no": "x"}, **fields}) if "channel" not in fields else (
        compact({**fields, "reason_code": {"a": [None]}}))  # fmt: skip


UNUSUAL: tuple[Callable[[Fields, random.Random], bytes], ...] = (
    _as_text,
    _extra_fields,
    _spaced,
    _escaped,
    _null_optionals,
    _absent_optionals,
    _minus_zero,
    _foreign_fields,
    lambda fields, rng: _deep(32)(compact(fields)),
    lambda fields, rng: compact(fields) + b"\r",
)
