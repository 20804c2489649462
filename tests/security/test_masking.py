"""S10: however a line is broken, a customer's id is neither in its reason nor in what is kept of it."""

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract import EventContract

NOW = 1_763_835_840_000  # 2025-11-22T18:24:00Z
CANARY = "Qzjxwv"
PIECES = [CANARY[start : start + 3] for start in range(len(CANARY) - 2)]
OTHERS = {
    "event_id": "e-1", "event_type": "sale", "event_time": NOW - 1_000, "sku": "SKU-1", "warehouse_id": "WH-1",
    "quantity": 2, "currency": "CNY", "order_id": "o-1", "line_no": 1, "channel": "app", "region": "x",
    "unit_amount": 1_250,
}  # fmt: skip
CONTRACT = EventContract("CNY", ZoneInfo("Asia/Shanghai"), b"k" * 32)
SPELLING = st.lists(st.booleans(), min_size=11, max_size=11)
PUNCTUATION = st.sampled_from("\"{}[]:,\\' \t\0")


def leaks(line: bytes) -> list[str]:
    """Return the pieces of the canary in what is kept of a line; an accepted one keeps only the hash."""
    parsed = CONTRACT.parse(line, NOW)
    shown = " ".join(str(value) for value in parsed if value is not None)
    return [piece for piece in PIECES if piece in shown]


@st.composite
def broken_lines(draw) -> bytes:
    """Draw an event in any order of names, its customer's name spelt with escapes, and punctuation put in or left out.

    The name's own characters and the value stay whole: a field of another name is another field.
    """
    spelt = zip("customer_id", draw(SPELLING), strict=True)
    name = "".join(f"\\u{ord(letter):04x}" if escaped else letter for letter, escaped in spelt)
    members = [f'"{key}":{json.dumps(value)}' for key, value in OTHERS.items()]
    draw(st.randoms(use_true_random=False)).shuffle(members)
    at = draw(st.integers(0, len(members)))
    before, after = ",".join(members[:at]), ",".join(members[at:])
    separators = ['"', '"', ":", '"', '"']
    for _ in range(draw(st.integers(0, 3))):
        separators[draw(st.integers(0, 4))] += draw(PUNCTUATION)
    for _ in range(draw(st.integers(0, 2))):
        separators[draw(st.integers(0, 4))] = ""
    opening, closing, colon, quote, end = separators
    comma, last = "," if before else "", "," if after else ""
    member = f"{opening}{name}{closing}{colon}{quote}{CANARY}{end}"
    return f"{{{before}{comma}{member}{last}{after}}}".encode()


@settings(max_examples=1_500, deadline=None)
@given(broken_lines())
def test_no_broken_line_shows_a_piece_of_the_customer(line):
    assert leaks(line) == []


@pytest.mark.parametrize(
    "line",
    [
        b'{"\\u0063us\\u0074omer_id:"Qzjxwv","unit_amount":1}',
        b'{"custom\\u0065r_id"  "Qzjxwv","event_id":1}',
        b'{"\\u0063ust\\u006f\\u006d\\u0065\\u0072_i\\u0064"}:"Qzjxwv"}',
        b"{'customer\\u005Fid': 'Qzjxwv'}",
        b'{"""customer_id:Qzjxwv":,"event_id":"e-1"}',
        b'{"customer_id":""}Qzjxwv","event_id":"e-1"}',
        b'{"customer_id":""{Qzjxwv","event_id":"e-1"}',
    ],
)
def test_a_name_in_text_that_is_not_json_hides_its_value_too(line):
    parsed = CONTRACT.parse(line, NOW)
    assert parsed.reason.startswith("not JSON: ")
    assert leaks(line) == [] and parsed.line.endswith("***")


def test_the_canary_would_be_seen():
    assert leaks(json.dumps(OTHERS | {"sku": CANARY}).encode()) == PIECES
    assert leaks(json.dumps(OTHERS | {"customer_id": CANARY, "quantity": 0}).encode()) == []
    assert leaks(json.dumps(OTHERS | {"customer_id": CANARY}).encode()) == []


@pytest.mark.parametrize(
    "name",
    ["name", "recipient", "buyer_name", "phone", "mobileNo", "e-mail", "Email", "address2", "user_id", "member_id",
     "wechat", "收货人", "手机号", "\\u624b\\u673a"],
)  # fmt: skip
def test_members_that_speak_of_a_person_are_shown_without_their_values(name):
    line = f'{{"event_id":"e-1","{name}":"Qzjxwv","quantity":2.9}}'.encode()
    parsed = CONTRACT.parse(line, NOW)
    assert parsed.reason == "event_type is missing"
    assert parsed.line == f'{{"event_id":"e-1","{name}":"***","quantity":2.9}}'


def test_members_of_the_contract_are_shown_with_their_values():
    line = json.dumps({**OTHERS, "quantity": "2.9"})
    assert CONTRACT.parse(line.encode(), NOW).line == line
