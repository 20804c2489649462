"""Make events, and break them in the ways that producers do; every step from one seeded random source."""

import json
from random import Random

APPEND_MS = 1_763_835_840_000
TYPES = ("sale", "refund", "restock", "adjustment", "shipment", "unmet")
TEXTS = [
    "",
    "x",
    "a" * 128,
    "a" * 129,
    "😀" * 128,
    'é:"\\',
    "a\u0000b",
    "\ud800",
    "\udc00\ud800",
    "广东",
    " ",
    "\u007f",
    "\u0001",
    "a:b",
    '":',
    '{"a":1}',
    "\u2028",
    "\ufeff",
]
NUMBERS = [
    0,
    -0.0,
    1,
    -1,
    2.0,
    2.9,
    1e3,
    2**63 - 1,
    2**63,
    -(2**63),
    -(2**63) - 1,
    10**12,
    10**12 + 1,
    10**30,
    1_000_000,
    1_000_001,
    -1_000_000,
    -1_000_001,
    APPEND_MS,
    APPEND_MS + 300_000,
    APPEND_MS + 300_001,
    631_152_000_000,
    631_151_999_999,
    1_700_000_000,
    True,
]
TOKENS = [
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"-0",
    b"01",
    b"+1",
    b"1.",
    b".5",
    b"1e400",
    b"-",
    b"1E5",
    b"0x10",
    b"null",
    b"tru",
    b"true",
    b'"3"',
    b'"-0"',
    b'"03"',
    b'"3.0"',
    b'" 3"',
    b'"+3"',
    b'"1e3"',
    b"'a'",
    b"[]",
    b"{}",
    b'{"a":1,"a":2}',
    b'{"a":{"b":1,"\\u0062":2}}',
    b"[[[]]]",
    b"9" * 5000,
    b'"' + b"9" * 30 + b'"',
    b"1e99999",
    b'"\\ud83d\\ude00"',
    b'"\\ud83d"',
    b'"\\u0000"',
    b'"\\x41"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b'"\xc0\x80"',
    b'"a\tb"',
    b'"\xf4\x90\x80\x80"',
    b"[" * 31 + b"]" * 31,
    b"[" * 32 + b"]" * 32,
    b'"\\u00e9"',
    b'"\\/"',
    b'"\xef\xbb\xbf"',
]
FIELDS = (
    "event_id",
    "event_type",
    "event_time",
    "sku",
    "warehouse_id",
    "quantity",
    "currency",
    "order_id",
    "line_no",
    "channel",
    "region",
    "unit_amount",
    "discount_amount",
    "customer_id",
    "to_stock",
    "sent_at",
    "note",
    "to_stock ",
)


def plain_event(random: Random, number: int, now_ms: int = APPEND_MS) -> dict:
    """Return one event that keeps every rule."""
    kind = random.choices(TYPES, (60, 8, 8, 8, 8, 8))[0]
    event = {
        "event_id": f"e-{number:09d}",
        "event_type": kind,
        "event_time": now_ms - int(random.expovariate(1 / 40_000)),
        "sku": f"SKU-{min(int(random.paretovariate(0.8)), 300):05d}",
        "warehouse_id": f"WH-{random.randrange(4)}",
        "quantity": random.randint(1, 5) * (random.choice((1, -1)) if kind == "adjustment" else 1),
        "currency": "CNY",
    }
    if kind in ("sale", "refund"):
        event |= {
            "order_id": f"o-{number // 3:08d}",
            "line_no": number % 3 + 1,
            "channel": random.choice(("app", "web", "store")),
            "region": random.choice(("广东", "上海", "四川", "新疆")),
            "unit_amount": random.randrange(0, 90_000),
        }
        if random.random() < 0.4:
            event["discount_amount"] = random.randint(0, event["quantity"] * event["unit_amount"])
        if random.random() < 0.8:
            event["customer_id"] = f"c-{random.randrange(500)}"
        if kind == "refund" and random.random() < 0.6:
            event["to_stock"] = random.random() < 0.5
    if random.random() < 0.7:
        event["sent_at"] = event["event_time"] + random.choice((0, 40, 59_999, 60_000, 60_001, 90_000))
    return event


def written(random: Random, event: dict) -> bytes:
    """Return the event as one of the ways to write JSON."""
    items = list(event.items())
    if random.random() < 0.2:
        random.shuffle(items)
    separators = random.choice(((",", ":"), (", ", ": "), (" ,\t", " : ")))
    return json.dumps(dict(items), ensure_ascii=random.random() < 0.2, separators=separators).encode(
        "utf-8", "surrogatepass"
    )


def _with_token(random: Random, event: dict) -> bytes:
    name = random.choice(FIELDS)
    raw = written(random, {**event, name: "@token@"})
    return raw.replace(b'"@token@"', random.choice(TOKENS))


def _with_value(random: Random, event: dict) -> bytes:
    name = random.choice(FIELDS)
    value = random.choice((*TEXTS, *NUMBERS, None, [], {}, [event], str(random.choice(NUMBERS))))
    return written(random, {**event, name: value})


def _without_field(random: Random, event: dict) -> bytes:
    gone = random.choice(list(event))
    return written(random, {name: value for name, value in event.items() if name != gone})


def _name_twice(random: Random, event: dict) -> bytes:
    raw = written(random, event)
    name = random.choice(list(event))
    spelled = name if random.random() < 0.5 else f"\\u{ord(name[0]):04x}{name[1:]}"
    value = random.choice((json.dumps(event[name]), "1", '"x"', "null", "{}"))
    return raw[:-1] + f',"{spelled}":{value}}}'.encode()


def _bytes_changed(random: Random, event: dict) -> bytes:
    raw = bytearray(written(random, event))
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        place = random.randrange(len(raw))
        choice = random.randrange(4)
        if choice == 0:
            raw[place] = random.randrange(256)
        elif choice == 1:
            del raw[place]
        elif choice == 2:
            raw[place:place] = bytes([random.choice(b'"\\:,{}[]0 \n\x00\xff')])
        else:
            raw[place : place + 1] = raw[place : place + 1] * 2
        if not raw:
            return b""
    return bytes(raw)


def _around(random: Random, event: dict) -> bytes:
    raw = written(random, event)
    return random.choice(
        (
            b"\xef\xbb\xbf" + raw,
            raw + b"x",
            raw + raw,
            raw + b"\n" + raw,
            b"[" + raw + b"]",
            raw + b" \r\n",
            b"\t" + raw,
            b"",
            b" ",
            b"null",
            b"3",
            b'"s"',
            raw[: random.randrange(len(raw))],
            raw + b"\x00",
            b"\x0c" + raw,
            raw + "\u00a0".encode(),
            raw.decode("utf-8", "replace").encode("utf-16"),
            raw.decode("utf-8", "replace").encode("utf-16-le"),
            b"{}",
            b"[" * 2000,
            b'{"a":' * 40 + b"1" + b"}" * 40,
            raw[:-1] + b',"x":' + b"[" * 31 + b"]" * 31 + b"}",
            raw[:-1] + b',"x":' + b"[" * 32 + b"]" * 32 + b"}",
            raw[:-1] + b',"x":"' + b"[" * 99 + b'"}',
            raw[:-1] + b",}",
            raw + b" " * (1_048_576 - len(raw)),
            raw + b" " * (1_048_577 - len(raw)),
        )
    )


BREAKERS = (_with_token, _with_value, _without_field, _name_twice, _bytes_changed, _around)


def mutated(random: Random, event: dict) -> bytes:
    """Return the event written with one fault, or what looks like one."""
    return random.choice(BREAKERS)(random, event)
