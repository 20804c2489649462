"""The catalogue: real names, price points, Zipf, stock policy by its definition."""

import math
import re
from statistics import NormalDist

import numpy as np
import pytest

from generator.catalogue import build_catalogue, snap_price, stock_policy
from generator.names import capacity
from generator.shop import ShopError, load_shop
from tests.generator.shops import make


@pytest.fixture(scope="module")
def china():
    shop, products = load_shop("china")
    return shop, products, build_catalogue(shop, products, 2000, seed=1)


def test_names_are_unique_in_both_languages(china):
    _, _, catalogue = china
    assert len(set(catalogue.names_en)) == len(set(catalogue.names_zh)) == len(set(catalogue.skus)) == 2000


def test_a_name_is_made_of_its_own_sub_categorys_words(china):
    _, products, catalogue = china
    words = {sub.name: sub for category in products.category for sub in category.sub}
    home = {sub.name: category.name for category in products.category for sub in category.sub}
    for sku in range(0, 2000, 7):
        sub = words[catalogue.subcategory[sku]]
        nouns = [noun.split("|") for noun in re.split(r"\s*;\s*", sub.nouns)]
        assert any(en in catalogue.names_en[sku] and zh in catalogue.names_zh[sku] for en, zh in nouns)
        assert home[sub.name] == catalogue.category_names[catalogue.category[sku]]


def test_chinese_names_hold_chinese_words(china):
    _, _, catalogue = china
    assert all(re.search("[\u4e00-\u9fff]", name) for name in catalogue.names_zh)
    assert not any(re.search("[\u4e00-\u9fff]", name) for name in catalogue.names_en)


def test_prices_are_retail_price_points(china):
    _, _, catalogue = china
    for price in catalogue.price.tolist():
        ending = 90 if price < 2000 else 900
        assert price % (100 if price < 2000 else 1000) == ending, price


@pytest.mark.parametrize(
    ("value", "point"), [(1, 90), (1555.0, 1590), (4711, 4900), (30_001, 34_900), (123_400, 129_900)]
)
def test_a_price_snaps_to_the_next_point(china, value, point):
    shop, _, _ = china
    assert snap_price(value, shop.price_points) == point


def test_prices_of_a_sub_category_spread_about_its_median(china):
    _, products, catalogue = china
    sub = next(s for c in products.category for s in c.sub if s.name == "Outerwear")
    logs = [
        math.log(p / 100) for p, name in zip(catalogue.price, catalogue.subcategory, strict=True) if name == sub.name
    ]
    assert abs(np.mean(logs) - math.log(sub.price[0])) < 0.2
    assert 0.25 < np.std(logs) < 0.7


def test_costs_leave_a_margin(china):
    _, _, catalogue = china
    assert (catalogue.cost > 0).all() and (catalogue.cost < catalogue.price).all()


def test_few_bestsellers_and_a_long_tail(china):
    _, _, catalogue = china
    share = np.sort(catalogue.popularity)[::-1].cumsum()
    assert 0.65 < share[399] < 0.85, "the first fifth of the products makes most of the lines"
    assert share[9] < 0.35 and catalogue.popularity.min() > 0


def test_every_category_sells(china):
    _, _, catalogue = china
    assert np.bincount(catalogue.category).min() >= 20


def test_a_region_is_served_from_where_the_product_lies(china):
    _, _, catalogue = china
    products = np.arange(2000)
    assert all(catalogue.stocked[products, source].all() for source in catalogue.source)


def test_the_stock_policy_follows_its_definition(china):
    _, _, catalogue = china
    demand = np.where(catalogue.stocked.ravel(), 0.5, 0.0)
    policy = stock_policy(catalogue, demand, seed=1)
    cell = int(np.flatnonzero(catalogue.stocked.ravel())[100])
    houses = catalogue.stocked.shape[1]
    lead = int(catalogue.lead_hours[cell // houses])
    units = float(catalogue.mean_units[catalogue.category[cell // houses]])
    sigma_per_hour = math.sqrt(0.5 * units + (0.42 * 0.5) ** 2 * 24)
    safety = math.ceil(NormalDist().inv_cdf(0.99) * sigma_per_hour * math.sqrt(lead))
    assert policy.safety_stock[cell] == safety
    assert policy.reorder_point[cell] == math.ceil(0.5 * lead) + safety
    assert not policy.opening[~catalogue.stocked.ravel()].any()


@pytest.mark.parametrize("count", [1, 14, 60, 25_000])
def test_any_size_of_catalogue_has_unique_names(count):
    shop, products = load_shop("germany")
    catalogue = build_catalogue(shop, products, count, seed=3)
    assert len(set(catalogue.names_en)) == len(set(catalogue.names_zh)) == count


def test_more_products_than_names_is_an_error():
    shop, products = load_shop("china")
    room = min(capacity(products, sub) for category in products.category for sub in category.sub)
    with pytest.raises(ShopError, match=r"products asked, its words give [\d,]+ names; add words"):
        build_catalogue(shop, products, room * 200, seed=1)


def test_the_same_seed_gives_the_same_catalogue_and_another_does_not():
    shop, products = load_shop("china")
    one, same, other = (build_catalogue(shop, products, 300, seed) for seed in (5, 5, 6))
    assert one.names_zh == same.names_zh and (one.price == same.price).all() and (one.source == same.source).all()
    assert one.names_zh != other.names_zh


def test_sold_products_keep_their_price():
    made = make(span_ms=86_400_000)
    catalogue = made.plant.catalogue
    sales = made.rows[made.rows[:, 2] == 0]
    assert (sales[:, 11] == catalogue.price[sales[:, 4]]).all()
