"""A shop as its settings file describes it: channels, regions, warehouses, campaigns, curves and the name tables."""

import tomllib
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta, Struct

SHOPS = Path(__file__).parent / "shops"
MAX_LINES = 6
Share = Annotated[float, Meta(gt=0)]
Chance = Annotated[float, Meta(ge=0, le=1)]
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class ShopError(ValueError):
    """A shop file that can't be used; the message lists every fault."""


class _Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Channel(_Part):
    """One way to buy: share of the orders, chance of 1 to 6 lines, share of guests, mix by category, hours."""

    code: Code
    share: Share
    lines: Annotated[list[Chance], Meta(min_length=1, max_length=MAX_LINES)]
    guest: Chance
    delay: str
    mix: dict[str, Annotated[float, Meta(ge=0)]] = {}
    open: tuple[int, int] = (0, 24)
    closed: tuple[int, ...] = ()
    recipient: bool = False


class Warehouse(_Part):
    """One warehouse with its id and names."""

    id: Code
    name_en: str
    name_zh: str


class Region(_Part):
    """One region: its share of the customers and the warehouses that serve it, nearest first."""

    share: Share
    sources: Annotated[list[str], Meta(min_length=1)] = msgspec.field(name="from")


class Campaign(_Part):
    """One campaign: when it runs, what it covers, per cent off, share of orders that use it, lift of demand."""

    name: Code
    weekdays: list[Annotated[int, Meta(ge=0, le=6)]]
    hours: tuple[int, int]
    percent_off: Annotated[int, Meta(ge=1, le=90)]
    uptake: Chance
    lift: Share
    categories: list[str] = []
    channels: list[str] = []


class PricePoint(_Part):
    """Below `to` minor units prices end `minus` under a multiple of `step`."""

    to: int
    step: Annotated[int, Meta(ge=1)]
    minus: Annotated[int, Meta(ge=0)]


class SubCategory(_Part):
    """Words and prices of one sub-category; `price` is the median in major units and the sigma of its logarithm."""

    name: str
    price: tuple[Share, Share]
    variants: str
    attributes: str
    nouns: str


class Category(_Part):
    """One category: share of order lines, share of lines refunded, class of units, margin."""

    name: str
    share: Share
    refund: Chance
    units: str
    margin: Chance
    sub: Annotated[list[SubCategory], Meta(min_length=1)]


class Variants(_Part):
    """A list of variants and how it joins a name."""

    join: str
    items: str


class Products(_Part):
    """The name tables."""

    variants: dict[str, Variants]
    units: dict[str, list[Chance]]
    category: Annotated[list[Category], Meta(min_length=1)]


class Shop(_Part):
    """All of a shop file."""

    name: Code
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    zone: str
    locale: str
    products_file: str
    price_level: Share
    price_points: Annotated[list[PricePoint], Meta(min_length=1)]
    day_curve: Annotated[list[Share], Meta(min_length=24, max_length=24)]
    week_curve: Annotated[list[Share], Meta(min_length=7, max_length=7)]
    channel: Annotated[list[Channel], Meta(min_length=1)]
    warehouse: Annotated[list[Warehouse], Meta(min_length=1)]
    regions: Annotated[dict[Code, Region], Meta(min_length=1)]
    new_customer_share: Chance
    customers_per_daily_order: Share
    shipments: bool = True
    campaign: list[Campaign] = []


DELAYS = ("online", "batch", "till")


def shop_path(name: str) -> Path:
    """Resolve a bundled shop's name or a path. Raise ShopError for neither."""
    bundled = SHOPS / f"{name}.toml"
    path = bundled if bundled.is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in SHOPS.glob("*.toml") if p.stem != "products"))
        raise ShopError(f"no shop file {name!r}; give a path or one of: {known}")
    return path


def load_shop(name: str) -> tuple[Shop, Products]:
    """Load a shop and its name tables. Raise ShopError that lists every fault found."""
    path = shop_path(name)
    faults: list[str] = []
    shop = _read(path, Shop, faults)
    products = None
    if shop:
        beside = path.parent / shop.products_file
        tables = beside if beside.is_file() else SHOPS / shop.products_file
        products = _read(tables, Products, faults)
        faults += _shop_faults(shop, products)
    if faults or not shop or not products:
        raise ShopError(f"{path}: {len(faults)} fault(s):\n  " + "\n  ".join(faults))
    return shop, products


def _read(path: Path, kind: type, faults: list[str]) -> Any:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.append(f"{path.name}: can't be read as TOML: {error}")
        return None
    found = list(_type_faults(data, kind))
    faults += [f"{path.name}: {fault}" for fault in found]
    return None if found else msgspec.convert(data, kind)


def _type_faults(data: dict[str, Any], kind: type):
    """Yield a line for every field of the wrong type, where msgspec alone stops at the first."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in data.keys() - fields.keys():
        yield f"unknown setting {key!r}; the settings are {', '.join(fields)}"
    for key, field in fields.items():
        if key not in data:
            if field.required:
                yield f"{key!r} is missing"
            continue
        try:
            msgspec.convert(data[key], field.type)
        except msgspec.ValidationError as error:
            yield f"{key}: {error}"


def _shop_faults(shop: Shop, products: Products | None):
    if shop.zone not in available_timezones():
        yield f"zone: {shop.zone!r} is not an IANA time zone, such as Europe/Berlin"
    codes = [channel.code for channel in shop.channel]
    ids = [warehouse.id for warehouse in shop.warehouse]
    categories = {category.name for category in products.category} if products else set()
    yield from (f"channel {c!r} is there twice" for c in sorted(set(codes)) if codes.count(c) > 1)
    yield from (f"warehouse {w!r} is there twice" for w in sorted(set(ids)) if ids.count(w) > 1)
    for code, region in shop.regions.items():
        for source in set(region.sources) - set(ids):
            yield f"region {code}: no warehouse {source!r}; there are {', '.join(ids)}"
    for channel in shop.channel:
        yield from _channel_faults(channel, categories)
    for campaign in shop.campaign:
        for name in set(campaign.categories) - categories:
            yield f"campaign {campaign.name}: no category {name!r}"
        for name in set(campaign.channels) - set(codes):
            yield f"campaign {campaign.name}: no channel {name!r}; there are {', '.join(codes)}"
    if products:
        yield from _table_faults(products)


def _channel_faults(channel: Channel, categories: set[str]):
    if channel.delay not in DELAYS:
        yield f"channel {channel.code}: delay {channel.delay!r} is not one of {', '.join(DELAYS)}"
    for name in set(channel.mix) - categories:
        yield f"channel {channel.code}: mix names no category {name!r}"
    if not 0 <= channel.open[0] < channel.open[1] <= 24:
        yield f"channel {channel.code}: open {list(channel.open)} is not two hours in order"
    if sum(channel.lines) <= 0:
        yield f"channel {channel.code}: lines has no chance above 0"


def _table_faults(products: Products):
    for category in products.category:
        if category.units not in products.units:
            yield f"category {category.name}: no units {category.units!r}; there are {', '.join(products.units)}"
        for sub in category.sub:
            if sub.variants not in products.variants:
                yield f"sub-category {sub.name}: no variants {sub.variants!r}"
            for text in (sub.attributes, sub.nouns):
                yield from (f"sub-category {sub.name}: {w!r} is not 'English|Chinese'" for w in _unpaired(text))


def _unpaired(text: str) -> list[str]:
    return [word for word in text.split(";") if word.count("|") != 1]


def pairs(text: str) -> list[tuple[str, str]]:
    """Split 'English|Chinese; English|Chinese' into pairs."""
    return [tuple(part.strip() for part in word.split("|")) for word in text.split(";")]


def zone_of(shop: Shop) -> ZoneInfo:
    """Return the shop's time zone."""
    return ZoneInfo(shop.zone)
