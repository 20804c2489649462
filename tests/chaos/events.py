"""Hand-made events for the inputs of the list, and what the line has counted so far."""

import json
import time
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.inputs import Record
from tests.line import RunningLine

COUNTS = "SELECT records, counted, duplicates, rejected, late FROM event_counts"
NAMES = ("records", "counted", "duplicates", "rejected", "late")


def now_ms() -> int:
    """Return this moment in epoch milliseconds."""
    return int(time.time() * 1000)


def sale(event_id: str, **changes: object) -> dict:
    """Return a sale of one unit for 12.34."""
    return {
        "event_id": event_id, "event_type": "sale", "event_time": now_ms(), "sku": "input-1", "warehouse_id": "W1",
        "quantity": 1, "currency": "CNY", "order_id": event_id, "line_no": 1, "channel": "app", "region": "SH",
        "unit_amount": 1234, **changes,
    }  # fmt: skip


def record(event: dict | bytes, event_id: str | None = None) -> Record:
    """Return an event, or bytes that are none, as a record keyed by its id."""
    if isinstance(event, bytes):
        return Record(event_id and event_id.encode(), event)
    return Record(event["event_id"].encode(), json.dumps(event).encode())


def counts(line: RunningLine) -> dict[str, int]:
    """Return the line's account of its records."""
    return dict(zip(NAMES, map(int, line.query(COUNTS)[0]), strict=True))


def grown(line: RunningLine, before: dict[str, int]) -> dict[str, int]:
    """Return by how much each number of the account has grown."""
    return {name: value - before[name] for name, value in counts(line).items()}


def drop_file(line: RunningLine, name: str, events: Iterable[dict]) -> None:
    """Put a file into the inbox as a user does: under a hidden name, then renamed."""
    inbox: Path = line.home / "inbox"
    hidden = inbox / f".{name}.tmp"
    hidden.write_text("".join(json.dumps(event) + "\n" for event in events))
    hidden.rename(inbox / name)
