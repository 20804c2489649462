"""The shop, slice of time by slice of time. The same settings give the same events; no clock is read here."""

from dataclasses import dataclass, field

import numpy as np

from generator.after_sale import AfterSale, refunded_within, shipped_within
from generator.baskets import Baskets
from generator.campaigns import Offers
from generator.catalogue import Catalogue, StockPolicy, stock_policy
from generator.curves import DAY, HOUR, Curves
from generator.customers import Customers
from generator.delivery import Delivery, in_order
from generator.draws import seed_key, stream
from generator.rows import (
    ADJUSTMENT,
    DISCOUNT,
    DUE,
    LINE,
    ORDER,
    QUANTITY,
    REFUND,
    RESTOCK,
    SEQ,
    TIME,
    TO_STOCK,
    TYPE,
    UNMET,
    Pool,
)
from generator.scenarios import DeliveryRates, Timeline
from generator.shop import Shop
from generator.stock import OPENING_MS, Stock

SLICES = (900, 300, 100, 60, 30, 20, 10, 5, 2, 1)  # seconds; parts of a quarter of an hour: midnights are boundaries
SLICE_EVENTS = 6_000
RECOUNT_SHARE = 0.002  # adjustments among the events
FLASH_PRODUCTS, FLASH_TIMES = 12, 8.0
SETTLE, SLICE, FLASH = 10, 11, 12  # purposes of random streams


@dataclass(frozen=True)
class SimulationSettings:
    """What a simulation depends on, times in epoch ms; `end` is None for a run without end."""

    seed: int
    start: int
    rate: float
    timeline: Timeline
    delivery: DeliveryRates
    end: int | None = None
    shipments: bool = True
    null_values: bool = False
    level_to_run: bool = False  # the rate is the mean of this run rather than of a week


@dataclass(eq=False)
class Progress:
    """What goes on from slice to slice, beside stock and customers."""

    now: int
    seq: int = 0
    orders: int = 0
    coming: Pool = field(default_factory=lambda: Pool(TIME, HOUR))
    transit: Pool = field(default_factory=lambda: Pool(DUE, HOUR))


class Simulation:
    """Yields the records of one shop in the order in which they leave it."""

    def __init__(self, shop: Shop, catalogue: Catalogue, settings: SimulationSettings):
        self.shop, self.catalogue, self.settings = shop, catalogue, settings
        self.key = seed_key(settings.seed)
        self.curves = Curves(shop, settings.seed)
        self.offers = Offers(shop, catalogue)
        self.baskets = Baskets(shop, catalogue, self.offers)
        self.after_sale = AfterSale(shop, catalogue, settings.timeline, settings.shipments)
        self.delivery = Delivery(shop, settings.delivery, settings.timeline, settings.null_values)
        self.lines_per_order = self._lines_per_order()
        self.demand = self._demand()
        self.orders_per_ms = self._orders_per_ms()
        usual = self.usual_orders_per_ms = self._usual_orders_per_ms()
        hourly = self.demand * usual * HOUR * self.lines_per_order
        self.policy: StockPolicy = stock_policy(catalogue, hourly, settings.seed)
        self.slice_ms = slice_length(settings.rate)
        self.flash = self._flash_products()
        self.progress = Progress(settings.start)
        rng = stream(self.key, SETTLE)
        self.stock = Stock.unopened(catalogue, self.policy, settings.start, rng)
        count = max(2_000, round(shop.customers_per_daily_order * usual * DAY))
        self.customers = Customers.settle(shop, min(count, 20_000_000), rng)

    def _lines_per_order(self) -> float:
        means = [sum((i + 1) * p for i, p in enumerate(c.lines)) / sum(c.lines) for c in self.shop.channel]
        return float(np.dot(means, self.offers.channel_share)) * 0.985  # a product stands once in a basket

    def _demand(self) -> np.ndarray:
        """Units per sale line by SKU × warehouse (flat): popularity × the regions that each warehouse serves."""
        shares = np.array([region.share for region in self.shop.regions.values()])
        shares = shares / shares.sum()
        popularity = (self.offers.weights * self.offers.channel_share[:, None]).sum(axis=0)
        units = popularity * self.catalogue.mean_units[self.catalogue.category]
        demand = np.zeros(self.catalogue.stocked.shape)
        for region, share in enumerate(shares.tolist()):
            demand[np.arange(len(units)), self.catalogue.source[region]] += units * share
        return demand.ravel()

    def _usual_orders_per_ms(self) -> float:
        """Orders per ms that make the rate over a week, with what follows from each: shipments and refunds."""
        per_line = 1 + self.settings.shipments + self._refund_share() + RECOUNT_SHARE
        return self.settings.rate / 1000 / per_line / self.lines_per_order

    def _refund_share(self) -> float:
        return float((self.catalogue.refund[self.catalogue.category] * self.catalogue.popularity).sum())

    def _orders_per_ms(self) -> float:
        """Orders per ms where the curves are 1; for a run that levels its rate, so that the run itself has it."""
        settings = self.settings
        if not settings.level_to_run or settings.end is None:
            return self._usual_orders_per_ms()
        span = settings.end - settings.start
        ages = [span * (i + 0.5) / 50 for i in range(50)]
        shipped = settings.shipments * sum(map(shipped_within, ages)) / 50
        per_line = 1 + shipped + self._refund_share() * sum(map(refunded_within, ages)) / 50
        wanted = settings.rate * span / 1000
        lines, share = wanted / per_line, self.demand / self.demand.sum()
        for _ in range(30):
            # the opening counts: of each cell that is sold from, and of the others over the first hours
            touched = float((1 - np.exp(-lines * share)).sum()) + len(share) * min(span / OPENING_MS, 1) * 0.1
            lines = max((wanted - min(touched, wanted * 0.8)) / per_line, 1) * 0.5 + lines * 0.5
        return lines / span / self.lines_per_order / self.curves.mean(settings.start, settings.end)

    def _flash_products(self) -> np.ndarray:
        """A dozen products of modest demand: their stock is small enough to be sold out."""
        order = np.argsort(-self.catalogue.popularity, kind="stable")
        middle = order[len(order) // 2 : max(len(order) * 7 // 10, len(order) // 2 + 1)]
        return stream(self.key, FLASH).permutation(middle)[:FLASH_PRODUCTS]

    def step(self) -> np.ndarray:
        """Simulate the next slice and return the records that leave before its end, in order."""
        progress = self.progress
        begin = progress.now
        end = (begin // self.slice_ms + 1) * self.slice_ms
        rng = stream(self.key, SLICE, begin)
        events = self._events(rng, begin, end)
        events[:, SEQ] = progress.seq + np.arange(len(events))
        progress.seq += len(events)
        progress.transit.push(self.delivery.send(rng, events))
        progress.now = end
        return in_order(progress.transit.pop(end))

    def _events(self, rng: np.random.Generator, begin: int, end: int) -> np.ndarray:
        """Return what happens in a slice, sorted by time."""
        sales, flash = self._demanded(rng, begin, end)
        due = self.progress.coming.pop(end)
        restocks = due[due[:, TYPE] == RESTOCK]
        self.stock.arrived(restocks)
        openings = self.stock.open_cells(sales, end)
        expected = RECOUNT_SHARE * self.settings.rate * (end - begin) / 1000
        recounts = self.stock.recounts(rng, expected, begin, end)
        up, down = recounts[recounts[:, QUANTITY] > 0], recounts[recounts[:, QUANTITY] < 0]
        back = due[(due[:, TYPE] == REFUND) & (due[:, TO_STOCK] == 1)]
        demand = np.concatenate([sales, down])
        beyond = np.concatenate([flash, np.zeros(len(down), bool)])
        served = self.stock.serve(np.concatenate([openings, restocks, back, up]), demand, beyond)
        sold, unmet = self._sold(sales, served[: len(sales)])
        down[:, QUANTITY] = -served[len(sales) :]
        self.progress.coming.push(self.after_sale.follow(rng, sold, end))
        self.progress.coming.push(self.stock.reorder(rng, end))
        events = np.concatenate([openings, sold, unmet, due, up, down[down[:, QUANTITY] < 0]])
        return events[np.lexsort((events[:, TYPE] != ADJUSTMENT, events[:, TIME]))]

    def _demanded(self, rng: np.random.Generator, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw the slice's wished-for sale lines, and which of them the flash sale sells even without stock."""
        timeline = self.settings.timeline
        grid = np.linspace(begin, end, 61 if timeline.scenario == "double11" else 7)
        moments = np.minimum(grid.astype(np.int64), end - 1)
        _, weekday, hour = self.curves.local(begin)
        level = self.curves.level(moments) * timeline.burst(moments, self.curves)
        level = level * self.offers.at(weekday, hour).lift * self.orders_per_ms
        times = _arrivals(rng, grid, level)
        first, last = timeline.window(begin)
        extra = np.zeros(0, np.int64)
        if timeline.scenario == "oversell" and first < end and last > begin:
            # at least the usual rate: who waits for a flash sale comes at night, too
            crowd = max(float(level.mean()), self.usual_orders_per_ms)
            expected = FLASH_TIMES * crowd * (min(last, end) - max(first, begin))
            extra = rng.integers(max(first, begin), min(last, end), rng.poisson(expected))
        times = np.concatenate([times, extra])
        order = np.argsort(times, kind="stable")
        flash = order >= len(times) - len(extra)
        sales = self.baskets.draw(rng, times[order], (weekday, hour), self.customers, flash, self.flash)
        return sales, flash[sales[:, ORDER]]

    def _sold(self, sales: np.ndarray, served: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Split wished-for lines into sale rows, numbered within their order, and unmet rows."""
        missing = sales[:, QUANTITY] - served
        unmet = sales[missing > 0]
        unmet[:, TYPE], unmet[:, QUANTITY] = UNMET, missing[missing > 0]
        sold = sales.copy()
        # a line that is served in part keeps the discount of the units it sells
        sold[:, DISCOUNT] = sales[:, DISCOUNT] * served // sales[:, QUANTITY]
        sold[:, QUANTITY] = served
        sold = sold[served > 0]
        fresh = np.diff(sold[:, ORDER], prepend=-1) != 0
        starts = np.flatnonzero(fresh)
        sold[:, LINE] = np.arange(len(sold)) - np.repeat(starts, np.diff([*starts.tolist(), len(sold)])) + 1
        sold[:, ORDER] = self.progress.orders + np.cumsum(fresh)
        self.progress.orders += len(starts)
        return sold, unmet


def _arrivals(rng: np.random.Generator, grid: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Draw sorted arrival times (ms) of a Poisson process whose rate per ms is `level` at the points of `grid`."""
    mass = np.concatenate([[0.0], np.cumsum((level[1:] + level[:-1]) / 2 * np.diff(grid))])
    count = rng.poisson(mass[-1])
    times = np.interp(rng.random(count) * mass[-1], mass, grid).astype(np.int64)
    return np.sort(np.minimum(times, int(grid[-1]) - 1))


def slice_length(rate: float) -> int:
    """Return the length of a slice in ms for a mean rate of events per second."""
    return 1000 * next((s for s in SLICES if s * rate <= SLICE_EVENTS), SLICES[-1])
