"""Delivery as the world does it: delay with a tail, out of order, repeated, malformed, late."""

import numpy as np

from generator.curves import DAY, HOUR
from generator.draws import chance, draw, log_normal, log_uniform
from generator.malformed import KINDS, UNUSUAL
from generator.rows import CHANNEL, COPY, DUE, FORM, MALFORMED, REFUND, SALE, SENT, SEQ, TIME, TYPE, UNMET
from generator.scenarios import DeliveryRates, Timeline
from generator.shop import Shop

DELAYS = {
    "online": log_normal(180, 0.9, 15, 50_000),
    "batch": log_normal(9_000, 0.7, 400, 58_000),  # a marketplace hands its orders over now and then
    "till": log_normal(2_500, 1.1, 120, 10 * 60_000),
}
WAREHOUSE_DELAY = log_normal(900, 0.8, 60, 40_000)
LATE = log_uniform(61_000, 2 * DAY)
AGAIN = log_uniform(150, 6 * HOUR)
HELD_BACK = 30_000


class Delivery:
    """Turns event rows into records: when each leaves, and which leave twice or broken."""

    def __init__(self, shop: Shop, rates: DeliveryRates, timeline: Timeline, null_values: bool):
        self.rates, self.timeline = rates, timeline
        self.tables = [DELAYS[channel.delay] for channel in shop.channel]
        # files and stdout can't carry a record without a value
        self.kinds = [i for i, kind in enumerate(KINDS) if null_values or not kind.kafka_only]
        weights = [KINDS[i].weight for i in self.kinds]
        self.weights = np.cumsum(np.array(weights, np.int64))

    def send(self, rng: np.random.Generator, events: np.ndarray) -> np.ndarray:
        """Return the records of `events`, which carry TIME and SEQ; every DUE is at or after the event's TIME."""
        rows = events
        rows[:, SENT] = self.timeline.sent_after_outage(rows[:, TIME] + self._delays(rng, rows))
        rows[:, DUE] = rows[:, SENT]
        if self.rates.unusual:
            odd = chance(rng, self.rates.unusual, len(rows))
            rows[:, FORM] = np.where(odd, 1 + rng.integers(0, len(UNUSUAL), len(rows)), 0)
        records = np.concatenate([rows, self._malformed(rng, rows)])
        return np.concatenate([records, self._copies(rng, records)])

    def _delays(self, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
        delay = draw(rng, WAREHOUSE_DELAY, len(rows))
        from_channel = np.isin(rows[:, TYPE], (SALE, REFUND, UNMET))
        for index, table in enumerate(self.tables):
            mine = np.flatnonzero(from_channel & (rows[:, CHANNEL] == index))
            delay[mine] = draw(rng, table, len(mine))
        # a restock that is late would show stock below zero that never was: only channels are late
        late = chance(rng, self.rates.late, len(rows)) & from_channel
        delay[late] = draw(rng, LATE, int(late.sum()))
        if self.rates.disorder:
            held = chance(rng, self.rates.disorder, len(rows))
            delay += np.where(held, rng.integers(0, HELD_BACK, len(rows)), 0)
        return delay

    def _copies(self, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
        copies = rows[chance(rng, self.rates.duplicates, len(rows))]
        copies[:, COPY] = 1
        copies[:, DUE] += draw(rng, AGAIN, len(copies))
        return copies

    def _malformed(self, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
        picked = chance(rng, self.rates.malformed, len(rows)) & np.isin(rows[:, TYPE], (SALE, REFUND))
        bad = rows[picked]
        kind = np.searchsorted(self.weights, rng.integers(0, self.weights[-1], len(bad)), side="right")
        bad[:, FORM] = MALFORMED + np.array(self.kinds, np.int64)[kind]
        # before or after the good record: a rejected line must not use up an id
        before = chance(rng, 0.5, len(bad))
        shift = rng.integers(0, 3_000, len(bad))
        bad[:, DUE] = np.where(before, np.maximum(bad[:, DUE] - shift, bad[:, TIME]), bad[:, DUE] + shift)
        return bad


def in_order(rows: np.ndarray) -> np.ndarray:
    """Sort records by the moment they leave; ties by event, the original before its copies."""
    return rows[np.lexsort((rows[:, FORM], rows[:, COPY], rows[:, SEQ], rows[:, DUE]))]
