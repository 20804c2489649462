"""The audit's own reading of docs/event-contract.md: one case a rule, with the part that has to be named first."""

import hashlib
import hmac
import json

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tally.audit_contract import DEEPEST, LONGEST_VALUE, Broken, Contract, depth, parse_object

APPENDED = 1_700_000_000_000
KEY = bytes(range(32))
CONTRACT = Contract("CNY", KEY)
SALE = {
    "event_id": "e1",
    "event_type": "sale",
    "event_time": APPENDED - 1000,
    "sku": "S1",
    "warehouse_id": "W1",
    "quantity": 2,
    "currency": "CNY",
    "order_id": "o1",
    "line_no": 1,
    "channel": "app",
    "region": "Beijing",
    "unit_amount": 500,
}
RESTOCK = {name: SALE[name] for name in list(SALE)[:7]} | {"event_type": "restock"}
ADJUSTMENT = RESTOCK | {"event_type": "adjustment"}
REFUND = SALE | {"event_type": "refund"}
ABSENT = object()


def line(base=SALE, **changes):
    """Write an event with fields changed, or left out where ABSENT."""
    record = {name: value for name, value in {**base, **changes}.items() if value is not ABSENT}
    return json.dumps(record, ensure_ascii=False).encode()


def raw(name, literal, base=SALE):
    """Write an event whose field holds this literal."""
    return line(base, **{name: "@@"}).replace(b'"@@"', literal.encode())


def broken_part(value):
    with pytest.raises(Broken) as error:
        CONTRACT.read(value, APPENDED)
    return error.value.part


def read(value):
    return CONTRACT.read(value, APPENDED)


BODY = line()[1:-1]
REJECTED_AS_JSON = {
    "null value": None,
    "empty": b"",
    "only white space": b" \n",
    "truncated": line()[:-1],
    "array": b"[" + line() + b"]",
    "empty array": b"[]",
    "string": b'"x"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "trailing text": line() + b" x",
    "trailing comma": line() + b",",
    "two objects": line() + line(),
    "two objects on two lines": line() + b"\n" + line(),
    "duplicate name": b'{"sku":"S1",' + BODY + b"}",
    "duplicate name by an escape": b'{"\\u0073ku":"S1",' + BODY + b"}",
    "duplicate name inside an extra field": b'{"x":{"a":1,"a":1},' + BODY + b"}",
    "duplicate name inside an array": b'{"x":[{"a":1,"a":1}],' + BODY + b"}",
    "duplicate extra name": b'{"x":1,"x":1,' + BODY + b"}",
    "invalid UTF-8": line(sku="@").replace(b"@", b"\xff"),
    "overlong UTF-8": line(sku="@").replace(b"@", b"\xc0\xaf"),
    "surrogate in UTF-8": line(sku="@").replace(b"@", b"\xed\xa0\x80"),
    "truncated UTF-8": line(sku="@").replace(b"@", b"\xe4\xb8"),
    "UTF-16": line().decode().encode("utf-16"),
    "BOM": b"\xef\xbb\xbf" + line(),
    "NaN": raw("quantity", "NaN"),
    "NaN in an extra field": b'{"x":NaN,' + BODY + b"}",
    "Infinity": b'{"x":Infinity,' + BODY + b"}",
    "-Infinity": b'{"x":-Infinity,' + BODY + b"}",
    "control character in a string": line(sku="@").replace(b"@", b"\x01"),
    "NUL byte in a string": line(sku="@").replace(b"@", b"\x00"),
    "line feed in a string": line(sku="@").replace(b"@", b"\n"),
    "NUL byte after the object": line() + b"\x00",
    "form feed around": b"\x0c" + line(),
    "no-break space around": b"\xc2\xa0" + line(),
    "single quotes": line().replace(b'"', b"'"),
    "name without quotes": b"{a:1}",
    "leading zero": raw("quantity", "02"),
    "plus sign": raw("quantity", "+2"),
    "bare fraction": raw("quantity", ".5"),
    "fraction without digits": raw("quantity", "2."),
    "hexadecimal": raw("quantity", "0x2"),
    "digits of another script": raw("quantity", "２"),
    "bad escape": line(sku="@").replace(b"@", b"\\x41"),
    "short unicode escape": line(sku="@").replace(b"@", b"\\u12"),
    "comment": b"/**/" + line(),
    "too long by one byte": line() + b" " * (LONGEST_VALUE + 1 - len(line())),
    "33 levels of arrays": b'{"x":' + b"[" * 32 + b"]" * 32 + b"," + BODY + b"}",
    "33 levels of objects": b'{"x":' + b'{"a":' * 32 + b"1" + b"}" * 32 + b"," + BODY + b"}",
    "100,000 levels": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"," + BODY + b"}",
}


@pytest.mark.parametrize("value", REJECTED_AS_JSON.values(), ids=REJECTED_AS_JSON.keys())
def test_what_is_not_one_strict_json_object_is_rejected_whole(value):
    assert broken_part(value) == "json"


TEXTS = ("event_id", "event_type", "sku", "warehouse_id", "currency", "order_id", "channel", "region")
UNFIT_TEXTS = {
    "absent": ABSENT,
    "null": None,
    "number": 7,
    "boolean": True,
    "object": {"a": 1},
    "array": ["a"],
    "empty": "",
    "129 characters": "x" * 129,
    "U+0000": "a\u0000",
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", UNFIT_TEXTS.values(), ids=UNFIT_TEXTS.keys())
def test_a_text_field_is_a_string_of_1_to_128_characters(name, value):
    assert broken_part(line(**{name: value})) == name


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00", "a\\ud83d", "\\ude00\\ud83d"])
def test_a_lone_surrogate_in_a_text_field_is_rejected(name, escape):
    assert broken_part(raw(name, f'"{escape}"')) == name


INTEGERS = ("event_time", "quantity", "line_no", "unit_amount", "discount_amount", "sent_at")
NO_INTEGERS = {
    "2.9": "2.9",
    "3.0": "3.0",
    "1e3": "1e3",
    "1E3": "1E3",
    "-0.0": "-0.0",
    "string 1.50": '"1.50"',
    "string 1e3": '"1e3"',
    "string with a plus": '"+3"',
    "string with a leading zero": '"03"',
    "string with a space": '" 3"',
    "string with a line feed": '"3\\n"',
    "string of a word": '"three"',
    "string of digits of another script": '"３"',
    "string with an underscore": '"1_000"',
    "empty string": '""',
    "minus alone": '"-"',
    "boolean": "true",
    "object": "{}",
    "array": "[3]",
    "beyond 64 bits": "9223372036854775808",
    "beyond 64 bits, negative": "-9223372036854775809",
    "beyond 64 bits as a string": '"9223372036854775808"',
    "5,000 digits": "9" * 5000,
    "5,000 digits as a string": f'"{"9" * 5000}"',
}


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("literal", NO_INTEGERS.values(), ids=NO_INTEGERS.keys())
def test_an_integer_field_takes_no_other_form(name, literal):
    assert broken_part(raw(name, literal)) == name


@pytest.mark.parametrize("name", ["event_time", "quantity", "line_no", "unit_amount"])
@pytest.mark.parametrize("value", [ABSENT, None], ids=["absent", "null"])
def test_a_required_integer_has_to_be_there(name, value):
    assert broken_part(line(**{name: value})) == name


OUT_OF_BOUNDS = {
    "unknown type": (line(event_type="sales"), "event_type"),
    "type in capitals": (line(event_type="SALE"), "event_type"),
    "last millisecond of 1989": (line(event_time=631_151_999_999), "event_time"),
    "seconds instead of milliseconds": (line(event_time=1_700_000_000), "event_time"),
    "negative time": (line(event_time=-1), "event_time"),
    "more than 5 minutes ahead": (line(event_time=APPENDED + 300_001), "event_time"),
    "quantity 0": (line(quantity=0), "quantity"),
    "quantity -0": (raw("quantity", "-0"), "quantity"),
    "negative quantity": (line(quantity=-1), "quantity"),
    "quantity above a million": (line(quantity=1_000_001), "quantity"),
    "negative restock": (line(RESTOCK, quantity=-1), "quantity"),
    "adjustment of 0": (line(ADJUSTMENT, quantity=0), "quantity"),
    "adjustment below a million": (line(ADJUSTMENT, quantity=-1_000_001), "quantity"),
    "adjustment above a million": (line(ADJUSTMENT, quantity=1_000_001), "quantity"),
    "another currency": (line(currency="USD"), "currency"),
    "currency in small letters": (line(currency="cny"), "currency"),
    "line 0": (line(line_no=0), "line_no"),
    "negative price": (line(unit_amount=-1), "unit_amount"),
    "price above 10^12": (line(quantity=1, unit_amount=10**12 + 1), "unit_amount"),
    "line above 10^12": (line(quantity=2, unit_amount=500_000_000_001), "unit_amount"),
    "negative discount": (line(discount_amount=-1), "discount_amount"),
    "discount above the line": (line(discount_amount=1001), "discount_amount"),
    "customer as a number": (line(customer_id=7), "customer_id"),
    "empty customer": (line(customer_id=""), "customer_id"),
    "customer of 129 characters": (line(customer_id="x" * 129), "customer_id"),
    "customer of a refund as a number": (line(REFUND, customer_id=7), "customer_id"),
    "to_stock as a string": (line(REFUND, to_stock="true"), "to_stock"),
    "to_stock as a number": (line(REFUND, to_stock=1), "to_stock"),
    "sent_at as a word": (line(sent_at="now"), "sent_at"),
    "sent_at of a restock as a fraction": (line(RESTOCK, sent_at=1.5), "sent_at"),
}


@pytest.mark.parametrize(("value", "part"), OUT_OF_BOUNDS.values(), ids=OUT_OF_BOUNDS.keys())
def test_a_value_outside_its_bounds_is_rejected(value, part):
    assert broken_part(value) == part


ACCEPTED = {
    "a sale": line(),
    "quantity as a string": line(quantity="2"),
    "64-bit limits in sent_at": line(sent_at=-(2**63)),
    "the smallest time": line(event_time=631_152_000_000),
    "exactly 5 minutes ahead": line(event_time=APPENDED + 300_000),
    "a million": line(quantity=1_000_000, unit_amount=1_000_000),
    "exactly 10^12": line(quantity=1, unit_amount=10**12),
    "free of charge": line(unit_amount=0),
    "price -0": raw("unit_amount", "-0"),
    "price -0 as a string": line(unit_amount="-0"),
    "discount of the whole line": line(discount_amount=1000),
    "null discount, customer and sent_at": line(discount_amount=None, customer_id=None, sent_at=None),
    "null to_stock": line(REFUND, to_stock=None),
    "128 characters": line(sku="x" * 128),
    "128 characters beyond the BMP": line(sku="😀" * 128),
    "an escaped surrogate pair": raw("sku", '"\\ud83d\\ude00"'),
    "quotes, escapes and another script": line(sku='a"\\/\t中'),
    "DEL and U+2028": line(sku="\x7f\u2028"),
    "white space around": b" \t\r\n" + line() + b" \t\r\n",
    "extra fields": line(note="x", nested={"a": [1, {"b": None}]}),
    "U+0000 and a lone surrogate in an extra field": b'{"x":"\\u0000\\ud800",' + BODY + b"}",
    "a huge number in an extra field": b'{"x":1e400,"y":' + b"9" * 5000 + b"," + BODY + b"}",
    "32 levels": b'{"x":' + b"[" * 31 + b"]" * 31 + b"," + BODY + b"}",
    "brackets inside strings": line(note="[" * 100),
    "exactly 1 MiB": line() + b" " * (LONGEST_VALUE - len(line())),
    "money of any kind on a restock": line(
        RESTOCK, unit_amount="x", discount_amount=-5, order_id=7, line_no=0, channel=1
    ),
    "customer of any kind on a restock": line(RESTOCK, customer_id=7, region=None),
    "to_stock of any kind on a sale": line(to_stock="maybe"),
    "a negative adjustment": line(ADJUSTMENT, quantity=-1_000_000),
    "unmet demand": line(RESTOCK, event_type="unmet"),
    "a shipment": line(RESTOCK, event_type="shipment"),
}


@pytest.mark.parametrize("value", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_keeps_every_rule_is_accepted(value):
    assert read(value).event_id == "e1"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"event_id": 1, "sku": 1}, "event_id"),
        ({"event_type": "x", "event_time": "x"}, "event_type"),
        ({"sku": 1, "warehouse_id": 1, "quantity": 0}, "sku"),
        ({"quantity": 0, "currency": "USD"}, "quantity"),
        ({"currency": "USD", "order_id": 1}, "currency"),
        ({"line_no": 0, "channel": 1}, "line_no"),
        ({"unit_amount": -1, "discount_amount": -1}, "unit_amount"),
        ({"customer_id": 1, "sent_at": "x"}, "customer_id"),
        ({"discount_amount": -1, "customer_id": 1}, "discount_amount"),
    ],
)
def test_of_several_faults_the_first_in_the_contracts_order_is_named(changes, part):
    assert broken_part(line(**changes)) == part


def test_a_sale_is_read_into_its_fields():
    event = read(line(customer_id="c1", discount_amount="100", quantity="3"))
    buyer = hmac.new(KEY, b"c1", hashlib.sha256).hexdigest()[:32]
    assert event == (
        "e1", "sale", APPENDED - 1000, "S1", "W1", 3, "o1", 1, "app", "Beijing", 500, 100, buyer, None, False
    )  # fmt: skip


def test_a_refund_goes_to_stock_unless_it_says_otherwise_and_has_no_buyer():
    assert read(line(REFUND, customer_id="c1"))[12:14] == (None, True)
    assert read(line(REFUND, to_stock=False)).to_stock is False


def test_a_movement_has_no_money():
    assert read(line(RESTOCK, unit_amount=5, channel="app"))[6:14] == (None,) * 8


@pytest.mark.parametrize(
    ("changes", "late"),
    [
        ({"event_time": APPENDED - 60_000}, False),
        ({"event_time": APPENDED - 60_001}, True),
        ({"event_time": APPENDED - 600_000, "sent_at": APPENDED - 540_000}, False),
        ({"event_time": APPENDED - 600_001, "sent_at": APPENDED - 540_000}, True),
        ({"event_time": APPENDED - 600_001, "sent_at": str(APPENDED - 540_000)}, True),
    ],
)
def test_late_is_more_than_a_minute_before_its_sending(changes, late):
    assert read(line(**changes)).is_late is late


# from here on: arbitrary bytes, against msgspec's parser, which shares nothing with Python's
NAMES = st.sampled_from(["a", "b", "sku", "\\u0061", "é"])
JSON_TEXTS = st.recursive(
    st.sampled_from(["1", "-0", "1.5", "1e400", '"x"', '"\\ud800"', "null", "true", "01", "NaN", '"\t"', "", "[", "}"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: f"[{','.join(parts)}]")
        | st.lists(st.tuples(NAMES, inner), max_size=4).map(
            lambda pairs: "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"
        )
    ),
    max_leaves=20,
)


def accepted_by_msgspec(value: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(value), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


@given(JSON_TEXTS.map(str.encode) | st.binary(max_size=40))
@example(b'{"a":1e400}')
@settings(max_examples=500, deadline=None)
def test_nothing_is_accepted_that_another_strict_parser_rejects_and_little_is_rejected_that_it_accepts(value):
    try:
        parse_object(value)
    except Broken as broken:
        # surrogates: msgspec refuses lone ones everywhere, the contract only in its fields
        assert not accepted_by_msgspec(value) or "twice" in broken.why
    else:
        assert accepted_by_msgspec(value) or b"\\ud800" in value or b"1e400" in value


@given(st.integers(0, 60), st.booleans())
def test_depth_counts_levels_and_not_brackets_in_strings(levels, objects):
    opened, closed = ('{"a":', "}") if objects else ("[", "]")
    document = opened * levels + '"[{\\"["' + closed * levels
    assert depth(document) == levels
    wrapped = f'{{"x":{document}}}'.encode()
    assert (levels + 1 <= DEEPEST) == (not isinstance(outcome(wrapped), Broken))


def outcome(value):
    try:
        return parse_object(value)
    except Broken as broken:
        return broken
