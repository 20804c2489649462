"""Campaigns: which run now, what they take off, and how they shift demand."""

from dataclasses import dataclass

import numpy as np

from generator.catalogue import Catalogue
from generator.draws import SCALE, cumulative
from generator.shop import Campaign, Shop


@dataclass(frozen=True, eq=False)
class Offer:
    """What holds during one hour: product tables by channel, the factor on demand, discounts by channel × category."""

    products: list[np.ndarray]  # by channel: cumulative weights in the order of `Offers.order`
    lift: float
    running: list[tuple[Campaign, np.ndarray]]  # campaign, (channels, categories) bool


class Offers:
    """The offers of every weekday and hour, computed once each."""

    def __init__(self, shop: Shop, catalogue: Catalogue):
        self.shop, self.catalogue = shop, catalogue
        # products sorted by category, so that one category is one range of the cumulative table
        self.order = np.argsort(catalogue.category, kind="stable")
        sizes = np.bincount(catalogue.category, minlength=len(catalogue.category_names))
        self.last = np.cumsum(sizes)
        self.first = self.last - sizes
        shares = np.array([channel.share for channel in shop.channel])
        self.channel_share = shares / shares.sum()
        mixes = [[channel.mix.get(name, 1.0) for name in catalogue.category_names] for channel in shop.channel]
        self.weights = catalogue.popularity[None, :] * np.array(mixes)[:, catalogue.category]
        self.weights /= self.weights.sum(axis=1, keepdims=True)
        self._cache: dict[tuple[str, ...], Offer] = {}

    def at(self, weekday: int, hour: int) -> Offer:
        """Return the offer of a weekday (Monday = 0) and hour of the store's day."""
        running = [c for c in self.shop.campaign if weekday in c.weekdays and c.hours[0] <= hour < c.hours[1]]
        key = tuple(c.name for c in running)
        if key not in self._cache:
            self._cache[key] = self._build(running)
        return self._cache[key]

    def _build(self, campaigns: list[Campaign]) -> Offer:
        weights, running = self.weights.copy(), []
        for campaign in campaigns:
            covers = self._covers(campaign)
            weights *= np.where(covers[:, self.catalogue.category], campaign.lift, 1.0)
            running.append((campaign, covers))
        lift = float((weights.sum(axis=1) * self.channel_share).sum())
        return Offer([cumulative(row[self.order]) for row in weights], lift, running)

    def _covers(self, campaign: Campaign) -> np.ndarray:
        channels = [not campaign.channels or c.code in campaign.channels for c in self.shop.channel]
        names = self.catalogue.category_names
        categories = [not campaign.categories or name in campaign.categories for name in names]
        return np.outer(channels, categories)


def discounts(
    offer: Offer, rng: np.random.Generator, order: np.ndarray, orders: int, channel: np.ndarray, category: np.ndarray
) -> np.ndarray:
    """Return percent off by line: the best running campaign that covers it and that its order uses."""
    percent = np.zeros(len(order), np.int64)
    for campaign, covers in offer.running:
        uses = rng.integers(0, SCALE, orders) < round(campaign.uptake * SCALE)
        hit = covers[channel, category] & uses[order]
        percent = np.where(hit, np.maximum(percent, campaign.percent_off), percent)
    return percent
