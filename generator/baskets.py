"""Orders and their lines: channel, customer, products that go together, units, discounts."""

import numpy as np

from generator.campaigns import Offer, Offers, discounts
from generator.catalogue import Catalogue
from generator.customers import Customers
from generator.draws import chance, cumulative, pick
from generator.rows import (
    CHANNEL,
    CUSTOMER,
    DISCOUNT,
    LINE,
    ORDER,
    QUANTITY,
    REGION,
    SALE,
    SKU,
    TIME,
    TYPE,
    UNIT,
    WAREHOUSE,
    empty,
)
from generator.shop import Shop

SAME_CATEGORY = 0.5  # chance that a further line stays in the first line's category
FLASH_OFF = 40


class Baskets:
    """Draws the sale lines of a slice of time."""

    def __init__(self, shop: Shop, catalogue: Catalogue, offers: Offers):
        self.shop, self.catalogue, self.offers = shop, catalogue, offers
        self.lines = [cumulative(channel.lines) for channel in shop.channel]
        self.guest = np.array([channel.guest for channel in shop.channel])

    def channel_table(self, weekday: int, hour: int) -> np.ndarray:
        """Return the cumulative shares of the channels that are open."""
        is_open = [c.open[0] <= hour < c.open[1] and weekday not in c.closed for c in self.shop.channel]
        shares = [c.share if on else 0.0 for c, on in zip(self.shop.channel, is_open, strict=True)]
        return cumulative(shares if any(shares) else [c.share for c in self.shop.channel])

    def draw(
        self, rng: np.random.Generator, times: np.ndarray, when: tuple[int, int], customers: Customers,
        flash: np.ndarray | None = None, flash_products: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Draw the sale rows of orders at `times` (sorted); `flash` marks the orders of a flash sale.

        ORDER holds the order's place in `times`; stock has not been looked at yet.
        """
        offer = self.offers.at(*when)
        channel = pick(rng, self.channel_table(*when), len(times))
        guest = rng.random(len(times)) < self.guest[channel]
        customer, region = customers.draw(rng, guest)
        count = self._line_counts(rng, channel)
        if flash is not None:
            count[flash] = 1
        order = np.repeat(np.arange(len(times)), count)
        first = np.cumsum(count) - count
        product = self._products(rng, offer, channel, order, first)
        if flash is not None and flash.any():
            hit = flash[order]
            product[hit] = flash_products[rng.integers(0, len(flash_products), int(hit.sum()))]
        keep = _first_of_product(order, product)
        order, product = order[keep], product[keep]
        rows = self._rows(rng, times, order, product, channel, region, customer)
        percent = discounts(offer, rng, order, len(times), rows[:, CHANNEL], self.catalogue.category[product])
        if flash is not None:
            percent = np.where(flash[order], FLASH_OFF, percent)
        rows[:, DISCOUNT] = rows[:, QUANTITY] * rows[:, UNIT] * percent // 100
        return rows

    def _line_counts(self, rng: np.random.Generator, channel: np.ndarray) -> np.ndarray:
        count = np.ones(len(channel), np.int64)
        for index, table in enumerate(self.lines):
            mine = np.flatnonzero(channel == index)
            count[mine] = 1 + pick(rng, table, len(mine))
        return count

    def _products(
        self, rng: np.random.Generator, offer: Offer, channel: np.ndarray, order: np.ndarray, first: np.ndarray
    ) -> np.ndarray:
        place = np.zeros(len(order), np.int64)
        line_channel = channel[order]
        for index, table in enumerate(offer.products):
            mine = np.flatnonzero(line_channel == index)
            place[mine] = pick(rng, table, len(mine))
        stays = chance(rng, SAME_CATEGORY, len(order))
        stays[first] = False
        product = self.offers.order[place]
        again = np.flatnonzero(stays)
        if len(again):
            wanted = self.catalogue.category[product[first[order[again]]]]
            product[again] = self._within(rng, offer, line_channel[again], wanted)
        return product

    def _within(self, rng: np.random.Generator, offer: Offer, channel: np.ndarray, category: np.ndarray) -> np.ndarray:
        place = np.zeros(len(channel), np.int64)
        for index, table in enumerate(offer.products):
            mine = np.flatnonzero(channel == index)
            first, last = self.offers.first[category[mine]], self.offers.last[category[mine]]
            low = np.where(first > 0, table[first - 1], 0)
            high = np.maximum(table[last - 1], low + 1)
            place[mine] = np.minimum(np.searchsorted(table, rng.integers(low, high), side="right"), last - 1)
        return self.offers.order[place]

    def _rows(
        self, rng: np.random.Generator, times: np.ndarray, order: np.ndarray, product: np.ndarray,
        channel: np.ndarray, region: np.ndarray, customer: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        rows = empty(len(order))
        rows[:, TYPE] = SALE
        rows[:, TIME] = times[order]
        rows[:, SKU] = product
        rows[:, ORDER] = order
        rows[:, LINE] = 1
        rows[:, CHANNEL] = channel[order]
        rows[:, REGION] = region[order]
        rows[:, CUSTOMER] = customer[order]
        rows[:, WAREHOUSE] = self.catalogue.source[rows[:, REGION], product]
        rows[:, UNIT] = self.catalogue.price[product]
        rows[:, QUANTITY] = self._quantities(rng, self.catalogue.category[product])
        return rows

    def _quantities(self, rng: np.random.Generator, category: np.ndarray) -> np.ndarray:
        quantity = np.ones(len(category), np.int64)
        draws = rng.random(len(category))
        units_class = self.catalogue.units_class[category]
        for index, table in enumerate(self.catalogue.units):
            mine = np.flatnonzero(units_class == index)
            quantity[mine] = 1 + np.searchsorted(table, (draws[mine] * table[-1]).astype(np.int64), side="right")
        return quantity


def _first_of_product(order: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Return the places of the lines to keep: a product stands once in a basket."""
    key = order * (int(product.max(initial=0)) + 1) + product
    return np.sort(np.unique(key, return_index=True)[1])
