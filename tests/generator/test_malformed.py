"""Each way to break the contract breaks it in exactly the place that the answer key says."""

import json
import random

import pytest

from generator.encode import readable_id
from generator.malformed import KINDS, UNUSUAL, compact
from tests.generator.contract_checker import FIELDS, broken_rule, normal

APPENDED = 1_794_758_500_000
SALE = {
    "event_id": "abc123-7", "event_type": "sale", "event_time": 1_794_758_400_123, "sku": "SKU-1",
    "warehouse_id": "PVG1",
    "quantity": 3, "currency": "CNY", "order_id": "abc1230000000001", "line_no": 1, "channel": "app", "region": "GD",
    "unit_amount": 12_345, "discount_amount": 0, "customer_id": "C1", "recipient": "王芳", "sent_at": 1_794_758_400_456,
}  # fmt: skip
SHIPMENT = {
    name: SALE[name] for name in ("event_id", "event_time", "sku", "warehouse_id", "quantity", "currency", "sent_at")
}
SHIPMENT = {**SHIPMENT, "event_type": "shipment"}


def test_the_examples_are_good():
    assert broken_rule(compact(SALE), "CNY", APPENDED) is None
    assert broken_rule(compact(SHIPMENT), "CNY", APPENDED) is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_malformed_line_breaks_its_rule_first(kind):
    for turn in range(20):
        line = kind.make(dict(SALE), random.Random(turn))
        assert broken_rule(line, "CNY", APPENDED) == kind.rule, line
        assert line is None or (b"\n" not in line and len(line) < 2 * 1024 * 1024)


@pytest.mark.parametrize("event", [SALE, SHIPMENT], ids=["sale", "shipment"])
@pytest.mark.parametrize("spell", UNUSUAL, ids=lambda spell: spell.__name__)
def test_an_unusual_spelling_says_the_same(spell, event):
    for turn in range(20):
        line = spell(dict(event), random.Random(turn))
        assert broken_rule(line, "CNY", APPENDED) is None, line
        said = normal(line)
        assert {name: said.get(name) for name in event if name in FIELDS} == {
            n: v for n, v in event.items() if n in FIELDS
        }


def test_every_rule_is_broken_by_some_kind():
    assert {kind.rule for kind in KINDS} == {"json", *FIELDS}
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 80


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"event_id":"a-1","x":1}', b"a-1"),
        (b'{"event_id":7}', None),
        (b'[{"event_id":"a-1"}]', None),
        (b'{"event_id":"a-1"', None),
        (b'{"event_id":""}', None),
        (b'{"event_id":"a\\u0000b"}', None),
        (b"null", None),
        (None, None),
    ],
)
def test_a_records_key_is_its_event_id_where_one_can_be_read(line, key):
    assert readable_id(line) == key


def test_lines_with_a_persons_data_exist_so_that_masking_can_be_seen():
    from tests.generator.shops import make

    made = make(rates={"malformed": 0.4})
    with_phone = [line for line in made.lines if b'"phone"' in line]
    assert len(with_phone) > 20
    phones = [
        json.loads(line)["phone"] for line in with_phone if broken_rule(line, "CNY", APPENDED * 2) not in ("json",)
    ]
    assert all(phone.isdigit() and len(phone) == 11 for phone in phones)
