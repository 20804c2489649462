"""A small shop, drawn event by event: its catalogue, its orders of several days and their refunds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np

CHANNELS = {"app": 46, "mini_program": 27, "web": 13, "marketplace": 9, "store": 5}
REGIONS = dict(
    item.split(":")
    for item in [
        "HL:14",
        "XJ:9",
        "NM:9",
        "BJ:62",
        "LN:24",
        "JL:11",
        "GS:8",
        "NX:4",
        "SN:23",
        "SX:17",
        "HE:34",
        "TJ:21",
        "XZ:2",
        "QH:3",
        "SC:51",
        "CQ:28",
        "HA:45",
        "SD:60",
        "YN:18",
        "GZ:14",
        "HB:42",
        "AH:37",
        "JS:92",
        "SH:88",
        "GX:20",
        "HN:36",
        "JX:22",
        "ZJ:96",
        "GD:128",
        "FJ:40",
        "TW:6",
        "HI:6",
        "MO:2",
        "HK:8",
    ]
)
WAREHOUSES = (
    ("PVG1", "Shanghai", "上海"),
    ("CAN1", "Guangzhou", "广州"),
    ("PEK1", "Beijing", "北京"),
    ("CTU1", "Chengdu", "成都"),
    ("WUH1", "Wuhan", "武汉"),
    ("HGH1", "Hangzhou", "杭州"),
)
NAMES = (
    ("Light down jacket", "轻薄羽绒服", "Apparel", 49900),
    ("Robot vacuum", "扫地机器人", "Appliances", 219900),
    ("Noise-cancelling earbuds", "主动降噪耳机", "Electronics", 89900),
    ("Daily face serum", "日常精华液", "Beauty", 32900),
    ("Infant formula", "婴儿奶粉", "Baby", 29800),
    ("Air fryer", "空气炸锅", "Appliances", 39900),
    ("Running shoes", "跑鞋", "Footwear", 59900),
    ("Mixed nuts gift box", "坚果礼盒", "Grocery", 12900),
    ("65 W fast charger", "65 W 快充头", "Electronics", 9900),
    ("Wool scarf", "羊毛围巾", "Apparel", 25900),
    ("Cat litter", "猫砂", "Pet", 7900),
    ("Thermos bottle", "保温杯", "Home", 11900),
    ("Laundry pods", "洗衣凝珠", "Home", 5900),
    ("Yoga mat", "瑜伽垫", "Sports", 13900),
    ("Vitamin C tablets", "维生素 C 片", "Health", 8900),
    ("Building blocks", "积木", "Toys", 19900),
    ("Gel pens", "中性笔", "Stationery", 2900),
    ("Cordless drill", "无线电钻", "Tools and garden", 45900),
)
VARIANTS = (
    ("navy", "藏青"),
    ("S5", "S5"),
    ("ivory", "米白"),
    ("50 ml", "50 ml"),
    ("900 g", "900 g"),
    ("5 L", "5 L"),
    ("olive", "橄榄绿"),
    ("grey", "灰色"),
    ("camel", "驼色"),
    ("10 kg", "10 kg"),
    ("500 ml", "500 ml"),
    ("60", "60 颗"),
)
HOURS = np.array(
    [
        0.34,
        0.18,
        0.11,
        0.08,
        0.08,
        0.12,
        0.24,
        0.48,
        0.86,
        1.22,
        1.38,
        1.26,
        1.08,
        1.02,
        1.08,
        1.14,
        1.12,
        1.02,
        1.06,
        1.32,
        1.68,
        1.78,
        1.42,
        0.84,
    ]
)
LIFT_BY_DAYS_AGO = {0: 1.12, 1: 1.0, 7: 0.86}
LINES_PER_ORDER = 1.6


@dataclass(frozen=True)
class Shape:
    """How large the shop is: `now` is its last moment, `rate` its mean events a second."""

    now: datetime
    zone: str = "Asia/Shanghai"
    days: int = 8
    rate: float = 2.0
    products: int = 200
    seed: int = 7


@dataclass(frozen=True)
class Lines:
    """Sale lines, or refunds of them, as parallel arrays; times are epoch ms."""

    at: np.ndarray
    order: np.ndarray
    line: np.ndarray
    channel: np.ndarray
    region: np.ndarray
    sku: np.ndarray
    warehouse: np.ndarray
    quantity: np.ndarray
    amount: np.ndarray
    discount: np.ndarray
    customer: np.ndarray

    def take(self, index: np.ndarray) -> "Lines":
        """Return some of the lines."""
        return Lines(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def midnight_ms(moment: datetime, zone: str) -> int:
    """Return the store midnight before a moment as epoch ms."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return int(datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def prices(shape: Shape) -> np.ndarray:
    """Return each product's price in minor units."""
    rng = np.random.default_rng(shape.seed)
    base = np.array([NAMES[i % len(NAMES)][3] for i in range(shape.products)])
    return (base * rng.uniform(0.8, 1.3, shape.products) // 100 * 100 - 100).astype(np.int64)


def draw_sales(shape: Shape, rng: np.random.Generator) -> Lines:
    """Draw the orders of all days and split them into lines."""
    now_ms, today = int(shape.now.timestamp() * 1000), midnight_ms(shape.now, shape.zone)
    orders_per_day = shape.rate * 86_400 * 0.85 / LINES_PER_ORDER
    starts = []
    for ago in range(shape.days, -1, -1):
        lift = LIFT_BY_DAYS_AGO.get(ago, 0.95)
        per_hour = rng.poisson(orders_per_day * lift * HOURS / HOURS.sum())
        hours = np.repeat(np.arange(24), per_hour)
        starts.append(today - ago * 86_400_000 + ((hours + rng.random(hours.size)) * 3_600_000).astype(np.int64))
    at = np.sort(np.concatenate(starts))
    at = at[at <= now_ms]
    lines = rng.choice([1, 2, 3, 4], at.size, p=[0.62, 0.23, 0.1, 0.05])
    order = np.repeat(np.arange(at.size), lines)
    first = np.concatenate([[0], np.cumsum(lines)[:-1]])
    n = order.size
    popularity = 1 / np.arange(1, shape.products + 1) ** 0.9
    sku = rng.choice(shape.products, n, p=popularity / popularity.sum())
    quantity = rng.choice([1, 2, 3], n, p=[0.78, 0.16, 0.06])
    amount = quantity * prices(shape)[sku]
    region = rng.choice(len(REGIONS), at.size, p=weights(REGIONS.values()))[order]
    discount = np.where(rng.random(n) < 0.4, amount * rng.integers(5, 30, n) // 100, 0)
    buyers = max(50, at.size // 3)
    return Lines(
        at=at[order],
        order=order,
        line=np.arange(n) - first[order] + 1,
        channel=rng.choice(5, at.size, p=weights(CHANNELS.values()))[order],
        region=region,
        sku=sku,
        warehouse=(region + sku) % len(WAREHOUSES),
        quantity=quantity,
        amount=amount,
        discount=discount,
        customer=rng.integers(0, buyers, at.size)[order],
    )


def weights(values: Iterable) -> np.ndarray:
    """Return weights that add up to one."""
    array = np.array([float(v) for v in values])
    return array / array.sum()


def sums(keys: Sequence[np.ndarray], columns: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Group by several integer keys: return the distinct keys and the sum of each column per key."""
    stacked = np.stack(keys)
    distinct, place = np.unique(stacked, axis=1, return_inverse=True)
    place = place.reshape(-1)
    totals = []
    for column in columns:
        total = np.zeros(distinct.shape[1], dtype=np.int64)
        np.add.at(total, place, column)
        totals.append(total)
    return list(distinct), totals
