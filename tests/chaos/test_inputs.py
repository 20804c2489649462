"""The input rows of the list on a running line: repeats, late rows, skewed clocks, malformed lines, limits."""

import json
import os
import time
from random import Random

import pytest
from confluent_kafka import Producer

from tests.chaos.account import noted, prove_exact
from tests.chaos.events import counts, drop_file, grown, now_ms, record, sale
from tests.chaos.faults.scene import Scene, kill
from tests.chaos.publishing import publish
from tests.line import wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]
FULL = bool(os.environ.get("TALLY_CHAOS_FULL"))
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
SILENT_SECONDS = 300 if FULL else 30
IN_A_ROUND = 200
LARGEST = 1_000_000


@pytest.fixture
def prefix(seed) -> str:
    """Ids and SKUs of a test's own, also when it is run again on the same line."""
    return f"in{seed}-{time.monotonic_ns()}"


def test_repeats_within_and_across_files_and_a_restart_count_once(stage, seed, prefix):
    line = stage.line
    events = [sale(f"{prefix}-{n}") for n in range(1_000)]
    with noted("R11", "repeated_ids", seed) as figures:
        before = counts(line)
        publish(line, [record(one) for one in [*events[:600], *events[:50]]])
        line.tally("wait", "--timeout", "120s")
        kill(Scene(line, Random(seed), None), "job")
        publish(line, [record(one) for one in [*events[600:], *events[:30]]])
        drop_file(line, f"{prefix}.ndjson", events[580:600])
        figures |= prove_exact(line)
        assert grown(line, before) == {"records": 1_100, "counted": 1_000, "duplicates": 100, "rejected": 0, "late": 0}


def test_late_rows_count_in_their_own_window(stage, seed, prefix):
    line = stage.line
    delays = {"1s": SECOND, "1h": HOUR, "1d": DAY, "30d": 30 * DAY}
    events = [sale(f"{prefix}-{name}", sku=f"{prefix}-{name}", event_time=now_ms() - ms) for name, ms in delays.items()]
    with noted("R12", "late_rows", seed) as figures:
        before = counts(line)
        publish(line, [record(one) for one in events])
        figures |= prove_exact(line)
        assert grown(line, before) == {"records": 4, "counted": 4, "duplicates": 0, "rejected": 0, "late": 3}
        found = line.query(
            "SELECT sku, extract(epoch FROM window_start)::bigint, sold FROM stock_flow_by_minute WHERE sku LIKE %s",
            (f"{prefix}-%",),
        )
        assert sorted(found) == sorted((one["sku"], one["event_time"] // 60_000 * 60, 1) for one in events)


def test_a_silent_partition_holds_nothing_up(stage, seed, prefix):
    line, state, sent, longest = stage.line, stage.line.status(), 0, 0.0
    producer = Producer({"bootstrap.servers": state["kafka"], "enable.idempotence": True})
    with noted("R13", "one_partition_only", seed) as figures:
        until = time.monotonic() + SILENT_SECONDS
        while time.monotonic() < until:
            for _ in range(IN_A_ROUND):
                sent += 1
                event = sale(f"{prefix}-{sent}", sku=prefix)
                producer.produce(state["topic"], json.dumps(event).encode(), event["event_id"].encode(), partition=0)
            assert producer.flush(60) == 0
            begun = time.monotonic()
            wait_until("the round is counted", lambda sent=sent: units(line, prefix) == sent, 60)
            longest = max(longest, time.monotonic() - begun)
        figures |= prove_exact(line) | {"longest_wait_s": round(longest, 1)}


def units(line, sku: str) -> int:
    """Return the units sold of a SKU."""
    return int(line.query("SELECT coalesce(sum(units), 0) FROM product_sales_by_day WHERE sku = %s", (sku,))[0][0])


def rejects(stage, seed, row: str, name: str, prefix: str, broken: dict[str, dict | bytes], kept: list[dict]) -> None:
    """Publish broken records among kept ones: each is rejected with a reason and its origin, its neighbours count."""
    line = stage.line
    mixed = [record(one, f"{prefix}-{what}") for what, one in broken.items()] + [record(one) for one in kept]
    Random(seed).shuffle(mixed)
    with noted(row, name, seed) as figures:
        before, newest = counts(line), newest_rejected(line)
        publish(line, mixed)
        figures |= prove_exact(line)
        found = grown(line, before)
        assert (found["records"], found["counted"], found["rejected"]) == (len(mixed), len(kept), len(broken))
        rows = line.query("SELECT reason, origin FROM rejected_events WHERE append_time > %s", (newest,))
        assert len(rows) == len(broken)
        assert all(reason and origin.startswith("sales-events/") for reason, origin in rows)


def newest_rejected(line):
    """Return when the newest rejected record was appended."""
    return line.query("SELECT coalesce(max(append_time), 'epoch') FROM rejected_events")[0][0]


def test_a_clock_that_is_wrong_moves_no_other_event(stage, seed, prefix):
    times = {"tomorrow": now_ms() + DAY, "1970": 0, "9999": 253_402_300_799_000, "in_seconds": 1_700_000_000}
    broken = {name: sale(f"{prefix}-{name}", event_time=ms) for name, ms in times.items()}
    rejects(stage, seed, "R14", "skewed_clocks", prefix, broken, [sale(f"{prefix}-{n}") for n in range(20)])


def test_malformed_lines_are_kept_with_reason_and_origin(stage, seed, prefix):
    whole = json.dumps(sale(f"{prefix}-x")).encode()
    broken = {
        "truncated": whole[:-9],
        "too long": whole[:-1] + b',"note":"' + b"x" * 1_100_000 + b'"}',
        "nul": sale(f"{prefix}-nul", sku="a\0b"),
        "not utf-8": whole.replace(b"input-1", b"\xff\xfe"),
        "nan": whole.replace(b'"quantity": 1', b'"quantity": NaN'),
        "1e400": whole.replace(b'"quantity": 1', b'"quantity": 1e400'),
        "deep": whole[:-1] + b',"note":' + b"[" * 40 + b"]" * 40 + b"}",
        "wrong type": sale(f"{prefix}-type", sku=7),
        "missing": {name: value for name, value in sale(f"{prefix}-missing").items() if name != "sku"},
        "bom": b"\xef\xbb\xbf" + whole,
        "empty": b"",
        "array": b"[" + whole + b"]",
        "twice": whole + whole,
    }
    rejects(stage, seed, "R15", "malformed_lines", prefix, broken, [sale(f"{prefix}-{n}") for n in range(20)])


def test_added_fields_pass_and_breaking_changes_are_rejected(stage, seed, prefix):
    renamed = {("qty" if name == "quantity" else name): v for name, v in sale(f"{prefix}-renamed").items()}
    broken = {"renamed": renamed, "decimal": sale(f"{prefix}-decimal", quantity="1.5")}
    kept = [
        sale(f"{prefix}-v1"),
        sale(f"{prefix}-v2", schema_version=2, loyalty={"points": [1, 2.5]}),
        sale(f"{prefix}-text", quantity="3", event_time=str(now_ms())),
    ]
    rejects(stage, seed, "R16", "schema_changes", prefix, broken, kept)


def test_the_greatest_quantities_and_prices_are_exact_or_rejected(stage, seed, prefix):
    most = {"quantity": LARGEST, "unit_amount": LARGEST, "sku": prefix}
    kept = [sale(f"{prefix}-{n}", **most) for n in range(500)]
    broken = {
        "quantity": sale(f"{prefix}-q", quantity=LARGEST + 1),
        "price": sale(f"{prefix}-p", unit_amount=10**12 + 1),
        "product": sale(f"{prefix}-qp", quantity=LARGEST, unit_amount=LARGEST + 1),
        "64 bits": sale(f"{prefix}-64", unit_amount=2**63),
    }
    rejects(stage, seed, "R17", "limits", prefix, broken, kept)
    sums = "SELECT sum(gross_amount), sum(units) FROM product_sales_by_day WHERE sku = %s"
    assert tuple(map(int, stage.line.query(sums, (prefix,))[0])) == (500 * 10**12, 500 * LARGEST)


def test_twenty_files_that_wait_at_the_start_count_once(stage, seed, prefix):
    line = stage.line
    events = [sale(f"{prefix}-{n}", sku=prefix) for n in range(4_000)]
    with noted("R3", "twenty_files_at_the_start", seed) as figures:
        assert line.stop() == 0
        for n in range(20):
            drop_file(line, f"{prefix}-{n}.ndjson", events[n::20])
        line.start()
        figures |= prove_exact(line)
        assert units(line, prefix) == 4_000
