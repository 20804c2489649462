"""Customers: a home region each, new ones joining, some who buy more often than others."""

import numpy as np

from generator.draws import chance, cumulative, pick
from generator.shop import Shop

REGULARS = 0.2  # a fifth of the customers …
REGULAR_ORDERS = 0.45  # … places near half of the returning customers' orders


class Customers:
    """The home region (index) of every customer; the customer's number is the place in the array."""

    def __init__(self, shop: Shop, homes: np.ndarray):
        self.count, self._homes = len(homes), homes
        self._regions = cumulative([region.share for region in shop.regions.values()])
        self._new = shop.new_customer_share

    @classmethod
    def settle(cls, shop: Shop, count: int, rng: np.random.Generator) -> "Customers":
        """Return the shop's first customers."""
        table = cumulative([region.share for region in shop.regions.values()])
        return cls(shop, pick(rng, table, count).astype(np.int16))

    @property
    def homes(self) -> np.ndarray:
        """Return the regions of all customers so far."""
        return self._homes[: self.count]

    def draw(self, rng: np.random.Generator, guest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Draw customer (−1 for a guest) and region of each order."""
        size, known = len(guest), self.count
        new = chance(rng, self._new, size) & ~guest
        regular = chance(rng, REGULAR_ORDERS, size)
        reach = np.where(regular, max(int(known * REGULARS), 1), known)
        customer = rng.integers(0, reach)
        region = pick(rng, self._regions, size)
        joined = int(new.sum())
        customer[new] = known + np.arange(joined)
        self._join(region[new])
        region = np.where(guest, region, self._homes[customer])
        return np.where(guest, -1, customer), region

    def _join(self, regions: np.ndarray) -> None:
        if self.count + len(regions) > len(self._homes):
            grown = np.zeros((self.count + len(regions)) * 3 // 2 + 1024, np.int16)
            grown[: self.count] = self.homes
            self._homes = grown
        self._homes[self.count : self.count + len(regions)] = regions
        self.count += len(regions)
