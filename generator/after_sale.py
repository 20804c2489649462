"""What follows a sale: its shipment hours later, and for some lines a refund days later."""

import numpy as np

from generator.catalogue import Catalogue
from generator.curves import DAY, HOUR
from generator.draws import chance, draw, log_normal, share_below
from generator.rows import CHANNEL, DISCOUNT, QUANTITY, REFUND, SHIPMENT, SKU, TIME, TO_STOCK, TYPE, empty
from generator.scenarios import Timeline
from generator.shop import Shop

SHIP = log_normal(7 * HOUR, 0.7, 20 * 60_000, 4 * DAY)
HANDED_OVER = log_normal(40_000, 0.6, 5_000, 10 * 60_000)  # in a store the goods leave with the customer
RETURN = log_normal(2 * DAY, 0.7, 6 * HOUR, 20 * DAY)  # after the shipment
MONEY_ONLY = 0.22
PART_OF_LINE = 0.35
REST_COMES_TOO = 0.25
RECALLED = 0.30
# a store's goods come back as well, but its customers looked at them first
CHANNEL_REFUND = {"till": 0.5, "online": 1.0, "batch": 1.2}


class AfterSale:
    """Schedules shipments and refunds of sale rows."""

    def __init__(self, shop: Shop, catalogue: Catalogue, timeline: Timeline, shipments: bool):
        self.catalogue, self.timeline, self.shipments = catalogue, timeline, shipments
        self.store = np.array([channel.delay == "till" for channel in shop.channel])
        self.factor = np.array([CHANNEL_REFUND[channel.delay] for channel in shop.channel])

    def follow(self, rng: np.random.Generator, sales: np.ndarray, end: int) -> np.ndarray:
        """Return shipment and refund rows of `sales`, all with a TIME at or after `end` of the slice."""
        shipped = self._shipments(rng, sales, end)
        refunds = self._refunds(rng, sales, shipped[:, TIME], end)
        return np.concatenate([shipped, refunds]) if self.shipments else refunds

    def _shipments(self, rng: np.random.Generator, sales: np.ndarray, end: int) -> np.ndarray:
        rows = sales.copy()
        rows[:, TYPE] = SHIPMENT
        delay = np.where(self.store[sales[:, CHANNEL]], draw(rng, HANDED_OVER, len(rows)), draw(rng, SHIP, len(rows)))
        spread = rng.integers(0, 60_000, len(rows))
        rows[:, TIME] += delay
        rows[:, TIME] = np.where(rows[:, TIME] < end, end + spread, rows[:, TIME])
        return rows

    def _refunds(self, rng: np.random.Generator, sales: np.ndarray, shipped: np.ndarray, end: int) -> np.ndarray:
        category = self.catalogue.category[sales[:, SKU]]
        share = self.catalogue.refund[category] * self.factor[sales[:, CHANNEL]]
        back = rng.random(len(sales)) < share
        time = shipped + draw(rng, RETURN, len(sales))
        money_only = chance(rng, MONEY_ONLY, len(sales))
        back, time, money_only = self._recall(rng, back, time, money_only, shipped, end)
        rows = sales[back]
        rows[:, TYPE], rows[:, TIME], rows[:, TO_STOCK] = REFUND, time[back], ~money_only[back]
        return self._partly(rng, rows)

    def _recall(self, rng, back, time, money_only, shipped, end):
        """In the refund wave many lines come back at once; what is not yet shipped is repaid without return."""
        if self.timeline.scenario != "refund_wave" or not len(back):
            return back, time, money_only
        first, last = self.timeline.window(end)
        hit = chance(rng, RECALLED, len(back))
        if end >= last:
            return back, time, money_only
        wave = rng.integers(max(first, end), last, len(back))
        return back | hit, np.where(hit, wave, time), np.where(hit, money_only | (shipped >= wave), money_only)

    def _partly(self, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
        """Give some refunds only a part of the line's units, and a quarter of those the rest later on."""
        size = len(rows)
        part = (rows[:, QUANTITY] > 1) & chance(rng, PART_OF_LINE, size)
        some = 1 + rng.integers(0, np.maximum(rows[:, QUANTITY] - 1, 1))
        later = part & chance(rng, REST_COMES_TOO, size)
        wait = rng.integers(HOUR, 2 * DAY, size)
        rest = rows[later]
        first = rows.copy()
        first[part, QUANTITY] = some[part]
        first[:, DISCOUNT] = rows[:, DISCOUNT] * first[:, QUANTITY] // np.maximum(rows[:, QUANTITY], 1)
        rest[:, QUANTITY] -= first[later, QUANTITY]
        rest[:, DISCOUNT] -= first[later, DISCOUNT]
        rest[:, TIME] += wait[later]
        return np.concatenate([first, rest]) if size else empty()


def shipped_within(span_ms: float) -> float:
    """Return the share of lines that are shipped within a time after the sale."""
    return share_below(SHIP, span_ms)


def refunded_within(span_ms: float) -> float:
    """Return the share of refunds that happen within a time after the sale (shipment taken at its median)."""
    return share_below(RETURN, span_ms - 7 * HOUR)
