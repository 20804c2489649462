"""Inventory adds up per SKU and warehouse, line by line, also when the job is killed amid the movements (R23)."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import pytest

from tests.chaos.account import noted, prove_exact
from tests.chaos.faults import FAULTS, Scene
from tests.chaos.inputs import Record
from tests.chaos.publishing import publish

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]
SKUS, WAREHOUSES, MOVEMENTS = 20, ("W1", "W2", "W3"), 40
OPENING, MINUTE_MS, DAY_MS = 50, 60_000, 86_400_000
FOUND = (
    "SELECT sku, warehouse_id, available, committed, on_hand, state = 'oversold' FROM stock_on_hand "
    "WHERE sku LIKE %s ORDER BY 1, 2"
)
# every row of the line so far, whatever made it: the balance against the movements of all its days
BROKEN_LEDGERS = """
    SELECT sku, warehouse_id FROM stock_on_hand AS s
    FULL JOIN (
        SELECT sku, warehouse_id, sum(restocked + refunded + adjusted - sold) AS available
        FROM stock_flow_by_day GROUP BY 1, 2
    ) AS m USING (sku, warehouse_id)
    WHERE s.available IS DISTINCT FROM coalesce(m.available, 0)
"""


@dataclass
class Book:
    """A shop's own book of two thousand movements: what is available and committed at each place."""

    name: str
    dice: Random
    available: dict[tuple[str, str], int] = field(default_factory=dict)
    committed: dict[tuple[str, str], int] = field(default_factory=dict)
    number: int = 0

    def record(self, kind: str, place: tuple[str, str], quantity: int, **more) -> Record:
        """Write one movement as a record, some of them days late."""
        self.number += 1
        event_id = f"{self.name}-{self.number}"
        ago = self.dice.choice((0, MINUTE_MS, 3 * DAY_MS))
        event = {
            "event_id": event_id, "event_type": kind, "event_time": int(time.time() * 1000) - ago, "sku": place[0],
            "warehouse_id": place[1], "quantity": quantity, "currency": "CNY", **more,
        }  # fmt: skip
        if kind in ("sale", "refund"):
            event |= {"order_id": event_id, "line_no": 1, "channel": "app", "region": "SH", "unit_amount": 100}
        return Record(event_id.encode(), json.dumps(event).encode(), self.dice.choice((1, 1, 1, 2)))

    def move(self, place: tuple[str, str]) -> Record:
        """Make one movement of any kind and write it into the book."""
        kind = self.dice.choice(("sale", "sale", "sale", "refund", "restock", "adjustment", "shipment", "unmet"))
        quantity, to_stock = self.dice.randint(1, 9), self.dice.random() < 0.5
        if kind == "adjustment":
            quantity *= self.dice.choice((1, -1))
        into = {"sale": -quantity, "restock": quantity, "adjustment": quantity, "refund": quantity if to_stock else 0}
        self.available[place] += into.get(kind, 0)
        self.committed[place] += {"sale": quantity, "shipment": -quantity}.get(kind, 0)
        return self.record(kind, place, quantity, **({"to_stock": to_stock} if kind == "refund" else {}))

    def records(self) -> Iterator[Record]:
        """Yield the opening stock of every place, then its movements, all places mixed."""
        places = [(f"{self.name}-{sku}", warehouse) for sku in range(SKUS) for warehouse in WAREHOUSES]
        for place in places:
            self.available[place], self.committed[place] = OPENING, 0
            yield self.record("adjustment", place, OPENING)
        moves = places * MOVEMENTS
        self.dice.shuffle(moves)
        yield from map(self.move, moves)

    def rows(self) -> list[tuple]:
        """Return the rows that `stock_on_hand` must show."""
        return [
            (*place, available, self.committed[place], available + self.committed[place], available < 0)
            for place, available in sorted(self.available.items())
        ]


def test_every_place_has_what_its_movements_add_up_to(stage, seed):
    book = Book(f"ledger{seed}", Random(seed))
    records = list(book.records())
    half = len(records) // 2
    with noted("R23", "movements_and_a_kill", seed) as figures:
        with stage.load(seed) as load:
            publish(stage.line, records[:half])
            FAULTS["job_killed"].act(Scene(stage.line, Random(seed), load))
            publish(stage.line, records[half:])
        figures |= prove_exact(stage.line, stage.sent)
        assert stage.line.query(FOUND, (f"{book.name}-%",)) == book.rows()
        assert any(row[-1] for row in book.rows()), "some places are oversold, and flagged"
        assert stage.line.query(BROKEN_LEDGERS) == []
