"""Load in bulk: a process of its own that publishes sales as fast as asked, with keys that come and go."""

import argparse
import json
import time
from random import Random

from confluent_kafka import Producer

SLICE_SECONDS = 0.05
# as long is a SKU sold before another takes its place
CHURN_SECONDS = 60
SKUS_AT_A_TIME = 500


def sale(dice: Random, number: int, prefix: str, skus: int) -> bytes:
    """Return one sale line of one of this minute's SKUs."""
    now = time.time()
    sku = f"{prefix}-{int(now) // CHURN_SECONDS}-{dice.randrange(skus)}"
    event_id = f"{prefix}-{number}"
    return json.dumps({
        "event_id": event_id, "event_type": "sale", "event_time": int(now * 1000), "sku": sku, "warehouse_id": "W1",
        "quantity": 1, "currency": "CNY", "order_id": event_id, "line_no": 1, "channel": "app", "region": "SH",
        "unit_amount": 100,
    }).encode()  # fmt: skip


def flood(kafka: str, topic: str, rate: int, seconds: float, prefix: str, skus: int) -> int:
    """Publish at a rate (records a second) for a time; return how many the log has taken. Raise RuntimeError."""
    failures: list[str] = []
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True, "linger.ms": 20,
                         "queue.buffering.max.messages": 1_000_000})  # fmt: skip
    dice, number, begun = Random(prefix), 0, time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        while number < passed * rate:
            number += 1
            producer.produce(topic, sale(dice, number, prefix, skus), f"{prefix}-{number}".encode(),
                             on_delivery=lambda error, _: failures.append(str(error)) if error else None)  # fmt: skip
        producer.poll(SLICE_SECONDS)
    if producer.flush(600) or failures:
        raise RuntimeError(f"the log has not taken all of {number} records: {failures[:3]}")
    return number


def main() -> None:
    """Run `python -m tests.chaos.flood`."""
    parser = argparse.ArgumentParser()
    for name, kind in (("kafka", str), ("topic", str), ("rate", int), ("seconds", float), ("prefix", str)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--skus", type=int, default=SKUS_AT_A_TIME)
    print(flood(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
