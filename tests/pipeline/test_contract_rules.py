"""One case for each rule of docs/event-contract.md, with the reason's text."""

import json
from zoneinfo import ZoneInfo

import pytest

from pipeline.contract import EventContract

NOW = 1_763_835_840_000  # 2025-11-22T18:24:00Z
SALE = {
    "event_id": "e-1",
    "event_type": "sale",
    "event_time": NOW - 1_000,
    "sku": "SKU-1",
    "warehouse_id": "WH-1",
    "quantity": 2,
    "currency": "CNY",
    "order_id": "o-1",
    "line_no": 1,
    "channel": "app",
    "region": "广东",
    "unit_amount": 1_250,
    "customer_id": "c-77",
}
MOVEMENT = {name: SALE[name] for name in ("event_id", "event_time", "sku", "warehouse_id", "quantity", "currency")}
REFUND = SALE | {"event_type": "refund"}
ADJUSTMENT = MOVEMENT | {"event_type": "adjustment"}


@pytest.fixture(scope="module")
def contract() -> EventContract:
    return EventContract("CNY", ZoneInfo("Asia/Shanghai"), b"k" * 32)


def raw(event: dict, **changes: object) -> bytes:
    return json.dumps(event | changes, ensure_ascii=False).encode("utf-8", "surrogatepass")


def without(event: dict, name: str) -> bytes:
    return raw({field: value for field, value in event.items() if field != name})


def token(name: str, text: bytes, event: dict = SALE) -> bytes:
    return raw(event | {name: "@"}).replace(b'"@"', text)


TEXT = raw(SALE)
DEEP_31 = b"[" * 31 + b"]" * 31
REJECTED = {
    "null value": (None, "the record has no value (null)"),
    "empty value": (b"", "not JSON: Expecting value at character 1"),
    "longer than 1 MiB": (TEXT.ljust(1_048_577), "longer than 1,048,576 bytes: 1,048,577 bytes"),
    "invalid UTF-8": (b'{"a":"\xff"}', "not valid UTF-8: byte 0xff at position 6"),
    "surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', "not valid UTF-8: byte 0xed at position 6"),
    "BOM": (b"\xef\xbb\xbf" + TEXT, "not JSON: Expecting value at character 1"),
    "array": (b"[" + TEXT + b"]", "not a JSON object: an array"),
    "string": (b'"sale"', "not a JSON object: a string"),
    "number": (b"3", "not a JSON object: a number"),
    "null": (b"null", "not a JSON object: null"),
    "trailing text": (TEXT + b"x", f"not JSON: Extra data at character {len(TEXT.decode()) + 1}"),
    "two objects": (TEXT + TEXT, f"not JSON: Extra data at character {len(TEXT.decode()) + 1}"),
    "NaN": (token("note", b"NaN"), "not JSON: NaN is not a JSON value"),
    "Infinity": (token("note", b"-Infinity"), "not JSON: -Infinity is not a JSON value"),
    "control character": (b'{"a":"a\tb"}', "not JSON: Invalid control character at character 8"),
    "name twice": (TEXT[:-1] + b',"sku":"x"}', 'the name "sku" is there twice in one object'),
    "name twice by escape": (TEXT[:-1] + b',"sk\\u0075":"x"}', 'the name "sku" is there twice in one object'),
    "name twice inside": (token("note", b'{"a":1,"a":1}'), 'the name "a" is there twice in one object'),
    "33 levels": (token("note", b"[" + DEEP_31 + b"]"), "nested deeper than 32 levels: 33 levels"),
    "event_id missing": (without(SALE, "event_id"), "event_id is missing"),
    "event_id null": (raw(SALE, event_id=None), "event_id is missing"),
    "event_id a number": (raw(SALE, event_id=7), "event_id is not a string: 7"),
    "event_id an object": (raw(SALE, event_id={}), "event_id is not a string: an object"),
    "event_id empty": (raw(SALE, event_id=""), "event_id is empty"),
    "event_id too long": (raw(SALE, event_id="x" * 129), "event_id is longer than 128 characters: 129 characters"),
    "U+0000": (raw(SALE, sku="a\0b"), "sku holds U+0000"),
    "lone surrogate": (token("sku", b'"\\ud800"'), "sku holds a lone surrogate"),
    "event_type unknown": (
        raw(SALE, event_type="sold"),
        'event_type is unknown: "sold"; the types are sale, refund, restock, adjustment, shipment, unmet',
    ),
    "event_time real": (raw(SALE, event_time=2.9), "event_time is not an integer: 2.9"),
    "event_time in seconds": (
        raw(SALE, event_time=1_700_000_000),
        "event_time is before 1990: 1700000000 is a time in seconds; send epoch milliseconds",
    ),
    "event_time before 1990": (raw(SALE, event_time=631_151_999_999), "event_time is before 1990: 631151999999"),
    "event_time in the future": (
        raw(SALE, event_time=NOW + 300_001),
        "event_time is more than 5 minutes after the append time 1763835840000: 1763836140001",
    ),
    "event_time beyond 64 bits": (raw(SALE, event_time=2**63), "event_time does not fit 64 bits: 9223372036854775808"),
    "warehouse_id missing": (without(SALE, "warehouse_id"), "warehouse_id is missing"),
    "quantity 0": (raw(SALE, quantity=0), "quantity is not within 1 to 1,000,000: 0"),
    "quantity too large": (raw(SALE, quantity=1_000_001), "quantity is not within 1 to 1,000,000: 1000001"),
    "quantity 3.0": (raw(SALE, quantity=3.0), "quantity is not an integer: 3.0"),
    "quantity 1e3": (token("quantity", b"1e3"), "quantity is not an integer: 1000.0"),
    'quantity "1.50"': (raw(SALE, quantity="1.50"), 'quantity is not an integer: "1.50"'),
    'quantity "03"': (raw(SALE, quantity="03"), 'quantity is not an integer: "03"'),
    'quantity " 3"': (raw(SALE, quantity=" 3"), 'quantity is not an integer: " 3"'),
    "quantity true": (raw(SALE, quantity=True), "quantity is not an integer: true"),
    "quantity of 5,000 digits": (token("quantity", b"9" * 5_000), "quantity does not fit 64 bits: " + "9" * 59 + "…"),
    "adjustment of 0": (raw(ADJUSTMENT, quantity=0), "quantity of an adjustment is 0"),
    "adjustment too small": (
        raw(ADJUSTMENT, quantity=-1_000_001),
        "quantity is not within -1,000,000 to 1,000,000: -1000001",
    ),
    "another currency": (raw(SALE, currency="USD"), 'currency is not CNY, the one of this deployment: "USD"'),
    "order_id missing": (without(SALE, "order_id"), "order_id is missing"),
    "line_no 0": (raw(SALE, line_no=0), "line_no is not within 1 to 9,223,372,036,854,775,807: 0"),
    "channel missing": (without(REFUND, "channel"), "channel is missing"),
    "region not a string": (raw(SALE, region=[]), "region is not a string: an array"),
    "unit_amount negative": (raw(SALE, unit_amount=-1), "unit_amount is not within 0 to 1,000,000,000,000: -1"),
    "amount too large": (
        raw(SALE, quantity=1_000_000, unit_amount=1_000_001),
        "quantity × unit_amount is more than 1,000,000,000,000: 1000001000000",
    ),
    "discount above the line": (
        raw(SALE, discount_amount=2_501),
        "discount_amount is not within 0 to quantity × unit_amount: 2501 of 2500",
    ),
    "discount negative": (
        raw(SALE, discount_amount=-1),
        "discount_amount is not within 0 to quantity × unit_amount: -1 of 2500",
    ),
    "customer_id a number": (raw(SALE, customer_id=13_800_138_000), "customer_id is not a string"),
    "customer_id empty": (raw(SALE, customer_id=""), "customer_id is empty"),
    "to_stock a string": (raw(REFUND, to_stock="true"), 'to_stock is neither true nor false: "true"'),
    "sent_at real": (raw(SALE, sent_at=1.5), "sent_at is not an integer: 1.5"),
    "the first rule is named": (raw(SALE, sku="", quantity=0, sent_at="x"), "sku is empty"),
}


@pytest.mark.parametrize(("value", "reason"), REJECTED.values(), ids=REJECTED)
def test_a_broken_rule_is_named(contract, value, reason):
    parsed = contract.parse(value, NOW)
    assert (parsed.reason, parsed.event_id) == (reason, None)
    assert (parsed.line is None) == (value is None)


ACCEPTED = {
    "plain": TEXT,
    "white space around": b"\t" + TEXT + b" \r\n",
    "exactly 1 MiB": TEXT.ljust(1_048_576),
    "32 levels": token("note", DEEP_31),
    "brackets inside a string": token("note", b'"' + b"[" * 99 + b'"'),
    "128 characters": raw(SALE, sku="😀" * 128),
    "U+0000 in an extra field": raw(SALE, note="a\0b"),
    "lone surrogate in an extra field": token("note", b'"\\ud800"'),
    "a long number in an extra field": token("note", b"9" * 5_000),
    "a repeat in two objects": token("note", b'[{"a":1},{"a":1}]'),
    "null in an optional field": raw(SALE, customer_id=None, discount_amount=None, sent_at=None),
    "to_stock of a sale is ignored": raw(SALE, to_stock="maybe"),
    "money on a movement is ignored": raw(MOVEMENT | {"event_type": "restock", "unit_amount": 2.9, "order_id": 3}),
    "5 minutes ahead": raw(SALE, event_time=NOW + 300_000),
    "1990": raw(SALE, event_time=631_152_000_000),
    "the largest line": raw(SALE, quantity=1_000_000, unit_amount=1_000_000, discount_amount=10**12),
    "colons in values": raw(SALE, sku="a:b", order_id='":'),
}


@pytest.mark.parametrize("value", ACCEPTED.values(), ids=ACCEPTED)
def test_what_keeps_every_rule_is_accepted(contract, value):
    assert contract.parse(value, NOW).reason is None


@pytest.mark.parametrize(("text", "number"), [(b"-0", 0), (b'"-0"', 0), (b'"2"', 2), (b"2", 2)])
def test_an_integer_may_be_written_as_a_string(contract, text, number):
    parsed = contract.parse(token("unit_amount", text), NOW)
    assert (parsed.reason, parsed.gross_amount) == (None, 2 * number)


def test_a_refund_goes_back_to_stock_unless_it_says_no(contract):
    assert contract.parse(raw(REFUND), NOW).to_stock is True
    assert contract.parse(raw(REFUND, to_stock=None), NOW).to_stock is True
    assert contract.parse(raw(REFUND, to_stock=False), NOW).to_stock is False


def test_late_is_more_than_a_minute_before_the_producers_clock_or_the_append_time(contract):
    at = NOW - 500_000
    assert contract.parse(raw(SALE, event_time=at, sent_at=at + 60_000), NOW).late is False
    assert contract.parse(raw(SALE, event_time=at, sent_at=at + 60_001), NOW).late is True
    assert contract.parse(raw(SALE, event_time=NOW - 60_000), NOW).late is False
    assert contract.parse(raw(SALE, event_time=NOW - 60_001), NOW).late is True


def test_the_buyer_is_a_keyed_hash_and_only_a_sale_has_one(contract):
    # HMAC-SHA-256 of "c-77" under 32 times "k", by `openssl dgst -sha256 -hmac`
    assert contract.parse(raw(SALE), NOW).buyer == "3013b82d6a9732d4e2b2f35253011bbd"
    assert contract.parse(raw(REFUND), NOW).buyer is None
    assert contract.parse(without(SALE, "customer_id"), NOW).buyer is None


def test_the_store_day_begins_at_the_stores_midnight(contract):
    midnight = 1_763_827_200_000  # 2025-11-23T00:00 in Shanghai, 2025-11-22T16:00Z
    before, after = (contract.parse(raw(SALE, event_time=at), NOW).store_day for at in (midnight - 1, midnight))
    assert (before, after) == (20_414, 20_415)  # 2025-11-22 and 2025-11-23


def test_a_rejected_line_is_kept_as_it_came(contract):
    assert contract.parse(b'{"event_id": "e-1" }', NOW).line == '{"event_id": "e-1" }'


def test_a_rejected_line_shows_malformed_bytes_and_nul(contract):
    assert contract.parse(b"a\xffb\x00c", NOW).line == "a\ufffdb\\u0000c"


def test_a_rejected_line_is_cut_at_4096_characters(contract):
    assert contract.parse("é".encode() * 5_000, NOW).line == "é" * 4_096


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b'{"customer_id": "Li Ming", "a": 1}', '{"customer_id": "***", "a": 1}'),
        (b'{"customer_id": 13800138000, "a": 1}', '{"customer_id": "***", "a": 1}'),
        (b'{"customer\\u005fid":"Li Ming"}', '{"customer\\u005fid":"***"}'),
        (b'{"x":{"customerId":{"n":["Li",{"f":"Ming"}]},"b":2}}', '{"x":{"customerId":"***","b":2}}'),
        (b'{"customer_id":"Li Mi', '{"customer_id":"***"'),
        (b'{"customer_id":"Li"Ming","a":1}', '{"customer_id":"***"***'),
        (b"{'customer_id': 'Li Ming'}", "{'customer_id***"),
        (b"customer_id=Li Ming", "customer_id***"),
        ('{"customer_id":"Li"}'.encode("utf-16-le"), None),
    ],
)
def test_a_customer_id_is_masked_in_a_rejected_line(contract, written, shown):
    line = contract.parse(written, NOW).line
    assert "Li" not in line.replace("\\u0000", "") and "Ming" not in line and "138" not in line
    assert shown is None or line == shown
