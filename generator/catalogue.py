"""The products of a shop: names, price points, cost, demand, where they are stocked, and the stock policy."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from generator.draws import SCALE, pick, seed_key, stream
from generator.draws import cumulative as cumulative_table
from generator.names import draw_names
from generator.shop import PricePoint, Products, Shop

ZIPF = 0.92
SERVICE = NormalDist().inv_cdf(0.99)  # z of the safety stock: 99 % of the cycles without a stock-out
DAILY_VARIATION = 0.42  # standard deviation of a day's demand around its mean, beyond chance
LEAD_HOURS, LEAD_SHARES = (12, 24, 36, 48), (0.30, 0.40, 0.20, 0.10)
ORDER_HOURS = 240  # a restock order covers ten days
PURPOSE = 1


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Arrays by product (P) or product × warehouse (P, W); money in minor units, times in hours."""

    skus: list[str]
    names_en: list[str]
    names_zh: list[str]
    category: np.ndarray  # P, index into category_names
    subcategory: list[str]
    category_names: list[str]
    price: np.ndarray
    cost: np.ndarray
    popularity: np.ndarray  # P, share of order lines
    units: list[np.ndarray]  # by class: cumulative table of 1, 2, 3 … units
    units_class: np.ndarray  # by category
    mean_units: np.ndarray  # by category
    refund: np.ndarray  # by category, share of lines
    stocked: np.ndarray  # (P, W) bool
    source: np.ndarray  # (regions, P): the warehouse that serves a product there
    lead_hours: np.ndarray  # P

    @property
    def cells(self) -> int:
        """Return the number of SKU × warehouse pairs, stocked or not."""
        return self.stocked.size


@dataclass(frozen=True, eq=False)
class StockPolicy:
    """Reorder point, safety stock, order size and opening stock by SKU × warehouse (flat), in units."""

    reorder_point: np.ndarray
    safety_stock: np.ndarray
    order_quantity: np.ndarray
    opening: np.ndarray


def build_catalogue(shop: Shop, products: Products, count: int, seed: int) -> Catalogue:
    """Build `count` products from the name tables. Raise ShopError when the tables can't name that many."""
    rng = stream(seed_key(seed), PURPOSE)
    places = _places(products, count)
    names, price, cost = {}, np.zeros(count, np.int64), np.zeros(count, np.int64)
    for key in sorted(set(places)):
        where = [i for i, place in enumerate(places) if place == key]
        category = products.category[key[0]]
        sub = category.sub[key[1]]
        names.update(zip(where, draw_names(products, sub, len(where), rng), strict=True))
        price[where] = _prices(shop, sub.price, len(where), rng)
        margins = category.margin + (rng.random(len(where)) - 0.5) * 0.12
        cost[where] = np.maximum(np.rint(price[where] * (1 - margins)), 1).astype(np.int64)
    category = np.array([place[0] for place in places])
    popularity = _popularity(products, category, price, rng)
    stocked, source = _stocking(shop, popularity, rng)
    return Catalogue(
        skus=[f"SKU-{10_000 + number}" for number in _sku_numbers(count, rng)],
        names_en=[names[i].en for i in range(count)],
        names_zh=[names[i].zh for i in range(count)],
        category=category,
        subcategory=[products.category[c].sub[s].name for c, s in places],
        category_names=[c.name for c in products.category],
        price=price,
        cost=cost,
        popularity=popularity,
        units=[cumulative_table(chances) for chances in products.units.values()],
        units_class=np.array([list(products.units).index(c.units) for c in products.category]),
        mean_units=np.array([_mean_units(products.units[c.units]) for c in products.category]),
        refund=np.array([c.refund for c in products.category]),
        stocked=stocked,
        source=source,
        lead_hours=np.array(LEAD_HOURS)[pick(rng, cumulative_table(LEAD_SHARES), count)],
    )


def _places(products: Products, count: int) -> list[tuple[int, int]]:
    """Deal the products to sub-categories, in proportion to their category's share, each at least once if possible."""
    weights = [
        ((c, s), cat.share / len(cat.sub)) for c, cat in enumerate(products.category) for s in range(len(cat.sub))
    ]
    total = math.fsum(weight for _, weight in weights)
    exact = [(place, count * weight / total) for place, weight in weights]
    dealt = {place: int(value) for place, value in exact}
    rest = sorted(exact, key=lambda item: (dealt[item[0]] - item[1], item[0]))
    for place, _ in rest[: count - sum(dealt.values())]:
        dealt[place] += 1
    return [place for place, _ in weights for _ in range(dealt[place])]


def _sku_numbers(count: int, rng: np.random.Generator) -> list[int]:
    """SKU numbers with gaps, in the catalogue's order, as a grown catalogue has them."""
    return np.cumsum(rng.integers(1, 9, count)).tolist()


def _prices(shop: Shop, price: tuple[float, float], count: int, rng: np.random.Generator) -> list[int]:
    median, sigma = price
    level = median * shop.price_level * 100
    return [snap_price(level * math.exp(z * sigma), shop.price_points) for z in rng.standard_normal(count).tolist()]


def snap_price(value: float, points: list[PricePoint]) -> int:
    """Return the retail price point nearest above a price, in minor units."""
    point = next((p for p in points if value < p.to), points[-1])
    return max(math.ceil(value / point.step) * point.step - point.minus, 1)


def _mean_units(chances: list[float]) -> float:
    return math.fsum((i + 1) * chance for i, chance in enumerate(chances)) / math.fsum(chances)


def _popularity(products: Products, category: np.ndarray, price: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Zipf by rank within the shop, dearer goods rarer within their category, categories at their share."""
    rank = rng.permutation(len(category)) + 1
    weight = np.array([r**-ZIPF for r in rank.tolist()])
    shares = np.zeros(len(category))
    for index, part in enumerate(products.category):
        mine = category == index
        if mine.any():
            median = float(np.median(price[mine]))
            tilted = weight[mine] * np.array([(median / p) ** 0.3 for p in price[mine].tolist()])
            # half its fixed share, half what its own bestsellers earn: keeps one Zipf over the whole shop
            shares[mine] = tilted * math.sqrt(part.share / max(tilted.sum(), 1e-12))
    return shares / shares.sum()


def _stocking(shop: Shop, popularity: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Bestsellers lie in every warehouse, the long tail in two; a region is served by its nearest that has it."""
    count, houses = len(popularity), len(shop.warehouse)
    rank = np.empty(count, np.int64)
    rank[np.argsort(-popularity, kind="stable")] = np.arange(count)
    spread = np.where(rank < count * 0.4, houses, np.where(rank < count * 0.7, max(houses // 2, 1), min(2, houses)))
    order = np.argsort(rng.integers(0, SCALE, (count, houses)), axis=1, kind="stable")
    stocked = np.zeros((count, houses), bool)
    for place in range(houses):
        rows = np.flatnonzero(spread > place)
        stocked[rows, order[rows, place]] = True
    index = {warehouse.id: i for i, warehouse in enumerate(shop.warehouse)}
    source = np.repeat(order[:, 0][None, :], len(shop.regions), axis=0)
    for r, region in enumerate(shop.regions.values()):
        for name in reversed(region.sources):
            source[r] = np.where(stocked[:, index[name]], index[name], source[r])
    return stocked, source


def stock_policy(catalogue: Catalogue, demand: np.ndarray, seed: int) -> StockPolicy:
    """Derive reorder points by their definitions from the mean units per hour of each SKU × warehouse (flat array).

    Reorder point = mean demand × lead time + safety stock; safety stock = z × σ(demand) × √lead time.
    """
    rng = stream(seed_key(seed), PURPOSE + 1)
    lead = np.repeat(catalogue.lead_hours, catalogue.stocked.shape[1])
    units = np.repeat(catalogue.mean_units[catalogue.category], catalogue.stocked.shape[1])
    variance_per_hour = demand * units + (DAILY_VARIATION * demand) ** 2 * 24
    safety = np.ceil(SERVICE * np.sqrt(variance_per_hour * lead)).astype(np.int64)
    reorder = np.ceil(demand * lead).astype(np.int64) + safety
    order = np.maximum(np.ceil(demand * ORDER_HOURS / 6) * 6, 6).astype(np.int64)
    stocked = catalogue.stocked.ravel()
    opening = np.where(stocked, reorder + 1 + rng.integers(0, SCALE, len(demand)) % order, 0)
    return StockPolicy(np.where(stocked, reorder, 0), np.where(stocked, safety, 0), order, opening)
