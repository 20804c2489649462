"""The contract against a second one that shares no code with it: no record may be judged or read differently."""

import json
from random import Random
from zoneinfo import ZoneInfo

import pytest

from pipeline.contract import EventContract, ParsedEvent
from tests.pipeline.mutations import APPEND_MS, mutated, plain_event, written
from tests.pipeline.reference_contract import reference_event

KEY = bytes(range(32))
ZONE = "Asia/Shanghai"
FIELDS = [name for name in ParsedEvent._fields if name not in ("reason", "line")]


@pytest.fixture(scope="module")
def contract() -> EventContract:
    return EventContract("CNY", ZoneInfo(ZONE), KEY)


def assert_same(contract: EventContract, raw: bytes | None, append_ms: int = APPEND_MS) -> bool:
    parsed, expected = contract.parse(raw, append_ms), reference_event(raw, append_ms, "CNY", ZONE, KEY)
    shown = None if raw is None else raw[:400]
    if expected is None:
        assert parsed.reason, f"accepted, but the contract refuses it: {shown!r}"
        assert parsed.event_id is None and "\0" not in (parsed.line or "") and len(parsed.line or "") <= 4096
        (parsed.reason + (parsed.line or "")).encode("utf-8")
        return False
    assert parsed.reason is None, f"rejected ({parsed.reason}), but the contract accepts it: {shown!r}"
    assert {name: getattr(parsed, name) for name in FIELDS} == {name: expected[name] for name in FIELDS}, shown
    return True


@pytest.mark.parametrize("seed", range(6))
def test_no_mutated_record_is_judged_differently(contract, seed):
    random = Random(seed)
    accepted = sum(assert_same(contract, mutated(random, plain_event(random, n))) for n in range(2_000))
    assert 300 < accepted < 1_500


def test_every_plain_event_is_accepted(contract):
    random = Random(99)
    assert all(assert_same(contract, written(random, plain_event(random, n))) for n in range(3_000))


def test_a_null_value_is_rejected(contract):
    assert not assert_same(contract, None)


def test_no_customer_id_is_left_in_a_rejected_line(contract):
    random = Random(5)
    rejected = 0
    for number in range(3_000):
        event = plain_event(random, number) | {"customer_id": "Li-Ming-13800138000"}
        raw = mutated(random, event)
        parsed = contract.parse(raw, APPEND_MS)
        if parsed.reason is None:
            continue
        rejected += 1
        shown = parsed.reason + (parsed.line or "").replace("\\u0000", "")
        assert "13800138000" not in shown or not _names_customer(raw), (raw[:300], shown)
    assert rejected > 500


def _names_customer(raw: bytes) -> bool:
    """Tell whether the field's name is still readable as such; where a mutation hit the name itself nobody can know."""
    text = raw.decode("utf-8", "replace").replace("\0", "")
    return '"customer_id"' in text or json.dumps({"customer_id": 0})[1:14] in text
