"""A steady load of sales on a running line, and someone who reads the totals all the while."""

import json
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from random import Random

import psycopg2
from confluent_kafka import Producer

from tests.line import wait_until

LOOK_SECONDS = 0.05
BROKEN_EVERY = 10
BURST_SECONDS = 300
TOTALS = "SELECT sum(gross_amount), sum(units), sum(lines), (SELECT counted FROM event_counts) FROM sales_by_day"


@dataclass
class Sent:
    """What the load has sent and the log has acknowledged: its own account, kept without the line."""

    events: int = 0
    gross_amount: int = 0
    units: int = 0
    broken: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Return how many records the log has taken."""
        return self.events + self.broken

    def add(self, event: dict, is_broken: bool) -> None:
        """Take one acknowledged record into the account."""
        if is_broken:
            self.broken += 1
            return
        self.events += 1
        self.gross_amount += event["quantity"] * event["unit_amount"]
        self.units += event["quantity"]


class Load:
    """Publishes sales at a rate from a thread until stopped; nothing that was acknowledged is sent again."""

    def __init__(self, kafka: str, topic: str, seed: int, rate: int, sent: Sent, prefix: str):
        self.dice, self.rate, self.topic, self.sent, self.prefix = Random(seed), rate, topic, sent, prefix
        # a broker that is away for minutes is what this is for
        self.producer = Producer(
            {"bootstrap.servers": kafka, "enable.idempotence": True, "message.timeout.ms": 600_000, "log_level": 0}
        )
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.number = self.owed = 0

    def __enter__(self) -> "Load":
        self.thread.start()
        return self

    def __exit__(self, fault: type | None, *_) -> None:
        self.stopped.set()
        self.thread.join()
        # a run that has failed may have left no broker to wait for
        self.producer.flush(600 if fault is None else 5)

    def _run(self) -> None:
        begun = time.monotonic()
        while not self.stopped.wait(LOOK_SECONDS):
            while self.number < (time.monotonic() - begun) * self.rate + self.owed:
                self.send_one()
                self.producer.poll(0)
            self.producer.poll(0)

    def burst(self, events: int) -> None:
        """Send so many events as fast as they go, beside the rate; return when the log has them."""
        before = self.sent.records
        self.owed += events
        wait_until("the burst is in the log", lambda: self.sent.records >= before + events, BURST_SECONDS)

    def send_one(self) -> None:
        """Send one sale line; of each ten one is broken: the row that it leaves is written once and never again."""
        self.number += 1
        event = self.event(f"{self.prefix}-{self.number}")
        if is_broken := self.number % BROKEN_EVERY == 0:
            event["line_no"] = 0

        def answered(error, _message) -> None:
            if error is not None:
                self.sent.failures.append(str(error))
            else:
                self.sent.add(event, is_broken)

        self.producer.produce(self.topic, json.dumps(event).encode(), event["event_id"].encode(), on_delivery=answered)

    def event(self, name: str) -> dict:
        """Return a sale line; every second one has a customer of its own."""
        customer = {"customer_id": name} if self.number % 2 else {}
        return {
            "event_id": name, "event_type": "sale", "event_time": int(time.time() * 1000),
            "sku": f"load-{self.dice.randrange(200)}", "warehouse_id": f"W{self.dice.randrange(4)}", "currency": "CNY",
            "quantity": self.dice.randint(1, 4), "unit_amount": self.dice.randrange(1, 90_000), "order_id": name,
            "line_no": 1, "channel": self.dice.choice(("app", "web")), "region": self.dice.choice(("GD", "SH", "SC")),
            **customer,
        }  # fmt: skip


class Reader:
    """Reads the totals every 50 ms as a reader does; a total of an append-only input that falls is noted."""

    def __init__(self, address: str):
        self.address = address
        self.reads, self.unanswered = 0, 0
        self.falls: list[str] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Reader":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopped.set()
        self.thread.join()

    def _run(self) -> None:
        highest: tuple | None = None
        while not self.stopped.wait(LOOK_SECONDS):
            try:
                with closing(psycopg2.connect(self.address, connect_timeout=2)) as connection:
                    connection.autocommit = True
                    highest = self._poll(connection, highest)
            except psycopg2.Error:
                # an outage is part of the run; what is read after it is compared with what was read before
                self.unanswered += 1

    def _poll(self, connection: psycopg2.extensions.connection, highest: tuple | None) -> tuple | None:
        with connection.cursor() as cursor:
            while not self.stopped.wait(LOOK_SECONDS):
                cursor.execute(TOTALS)
                found = tuple(value or 0 for value in cursor.fetchone())
                if highest and any(now < before for now, before in zip(found, highest, strict=True)):
                    self.falls.append(f"{highest} fell to {found}")
                highest, self.reads = found, self.reads + 1
        return highest
