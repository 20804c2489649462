"""Invariants of the shop: the ledger adds up, refunds refer to real lines, money and stock stay within their bounds."""

import json
from collections import Counter, defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from generator.scenarios import SCENARIOS
from tests.generator.contract_checker import broken_rule
from tests.generator.shops import CLEAN, DAY, HOUR, START, Made, make

FAR = START + 400 * DAY
few = hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
runs = given(
    seed=st.integers(0, 2**31),
    scenario=st.sampled_from(sorted(SCENARIOS)),
    products=st.sampled_from([1, 5, 40, 200]),
    shop_rate=st.sampled_from([0.01, 0.04]),
    shop=st.sampled_from(["china", "germany"]),
    span_ms=st.sampled_from([6 * HOUR, 2 * DAY, 5 * DAY]),
)


def events(made: Made) -> list[dict]:
    """All events of a run without copies and malformed lines, also those on their way, by event time."""
    lines = [*made.lines, *made.plant.encoder.lines(made.plant.simulation.progress.transit.dump())]
    out = [{"discount_amount": 0, "to_stock": True, **json.loads(line)} for line in lines]
    # opening counts come before what is sold in the same millisecond
    return sorted(
        out, key=lambda e: (e["event_time"], e["event_type"] != "adjustment", int(e["event_id"].split("-")[1]))
    )


def change(event: dict) -> int:
    """What an event does to available stock."""
    kind, quantity = event["event_type"], event["quantity"]
    if kind == "sale":
        return -quantity
    if kind in ("restock", "adjustment") or (kind == "refund" and event["to_stock"]):
        return quantity
    return 0


@few
@runs
def test_the_ledger_adds_up_for_every_sku_and_warehouse(**wanted):
    made = make(delivery=CLEAN, **wanted)
    stock = Counter()
    for event in events(made):
        stock[event["sku"], event["warehouse_id"]] += change(event)
    houses = [w.id for w in made.plant.shop.warehouse]
    held = made.plant.simulation.stock.levels.available.reshape(-1, len(houses))
    skus = made.plant.catalogue.skus
    kept = {(skus[s], houses[w]): int(held[s, w]) for s, w in zip(*np.nonzero(held), strict=True)}
    assert {cell: units for cell, units in stock.items() if units} == kept


@few
@runs
def test_stock_never_falls_below_zero_outside_the_flash_sale(**wanted):
    made = make(delivery=CLEAN, **wanted)
    stock, low = Counter(), set()
    for event in events(made):
        cell = (event["sku"], event["warehouse_id"])
        stock[cell] += change(event)
        if stock[cell] < 0:
            low.add(event["sku"])
    flash = {made.plant.catalogue.skus[i] for i in made.plant.simulation.flash}
    assert low <= (flash if wanted["scenario"] == "oversell" else set())


@few
@runs
def test_refunds_refer_to_earlier_lines_and_never_exceed_them(**wanted):
    made = make(delivery=CLEAN, **wanted)
    sold, returned, paid_back = {}, Counter(), Counter()
    for event in events(made):
        key = (event.get("order_id"), event.get("line_no"))
        if event["event_type"] == "sale":
            assert key not in sold, "an order's line is sold once"
            sold[key] = event
        if event["event_type"] == "refund":
            line = sold[key]
            same = ("sku", "warehouse_id", "unit_amount", "channel", "region")
            assert [event[name] for name in same] == [line[name] for name in same]
            assert event.get("customer_id") == line.get("customer_id")
            returned[key] += event["quantity"]
            paid_back[key] += event["quantity"] * event["unit_amount"] - event["discount_amount"]
            assert returned[key] <= line["quantity"]
            assert paid_back[key] <= line["quantity"] * line["unit_amount"] - line["discount_amount"]


@few
@runs
def test_shipments_follow_their_sale_and_cover_it_once(**wanted):
    sold, shipped = {}, Counter()
    for event in events(make(delivery=CLEAN, **wanted)):
        key = (event.get("order_id"), event.get("line_no"))
        if event["event_type"] == "sale":
            sold[key] = (event["quantity"], event["sku"], event["warehouse_id"])
        elif event["event_type"] == "shipment":
            shipped[key] += 1
            assert sold[key] == (event["quantity"], event["sku"], event["warehouse_id"])
        elif event["event_type"] == "refund" and event["to_stock"]:
            assert shipped[key] == 1, "goods come back after they have left"
    assert set(shipped.values()) <= {1}


@few
@runs
def test_every_line_meets_the_contract_or_breaks_the_rule_it_means_to_break(**wanted):
    from generator.malformed import KINDS

    made = make(rates={"malformed": 0.1, "unusual": 0.1, "duplicates": 0.05, "late": 0.05}, **wanted)
    currency = made.plant.shop.currency
    for row, line in zip(made.rows.tolist(), made.lines, strict=True):
        expected = KINDS[row[17] - 100].rule if row[17] >= 100 else None
        assert broken_rule(line, currency, FAR) == expected, line[:300]
        assert b"\n" not in line


@few
@runs
def test_orders_have_lines_one_to_six_and_one_time(**wanted):
    orders = defaultdict(list)
    for event in events(make(delivery=CLEAN, **wanted)):
        if event["event_type"] == "sale":
            assert 0 <= event["discount_amount"] <= event["quantity"] * event["unit_amount"]
            orders[event["order_id"]].append(event)
    for lines in orders.values():
        head = ("event_time", "channel", "region")
        assert len({tuple(line[name] for name in head) for line in lines}) == 1
        assert len({line["sku"] for line in lines}) == len(lines) <= 6
        assert sorted(line["line_no"] for line in lines) == list(range(1, len(lines) + 1))


@pytest.fixture(scope="module")
def week() -> Made:
    """Nine days of a shop of some size."""
    return make(products=150, shop_rate=0.2, span_ms=9 * DAY, delivery=CLEAN)


@pytest.fixture(scope="module")
def happened(week) -> list[dict]:
    """The events of the nine days."""
    return events(week)


def test_all_six_types_happen(week, happened):
    kinds = Counter(event["event_type"] for event in happened)
    assert set(kinds) == {"sale", "refund", "restock", "adjustment", "shipment", "unmet"}
    assert 0.9 < kinds["shipment"] / kinds["sale"] <= 1
    assert 0.01 < kinds["refund"] / kinds["sale"] < 0.06
    assert 0 < kinds["unmet"] < 0.02 * kinds["sale"]


def test_the_mean_rate_is_the_one_asked_for(week):
    assert 0.85 < len(week.rows) / (9 * DAY / 1000 * 0.2) < 1.15


def test_opening_stock_is_an_adjustment_before_anything_is_sold(week, happened):
    first = {}
    for event in happened:
        first.setdefault((event["sku"], event["warehouse_id"]), event["event_type"])
    assert set(first.values()) == {"adjustment"}
    assert len(first) == int(week.plant.catalogue.stocked.sum())


def test_refunds_come_days_later_and_some_are_money_only(week, happened):
    sold, waits, kept = {}, [], []
    for event in happened:
        if event["event_type"] == "sale":
            sold[event["order_id"], event["line_no"]] = event["event_time"]
        elif event["event_type"] == "refund":
            waits.append((event["event_time"] - sold[event["order_id"], event["line_no"]]) / DAY)
            kept.append(not event["to_stock"])
    assert 1 < np.median(waits) < 4
    assert 0.1 < np.mean(kept) < 0.4


def test_restocks_arrive_after_the_lead_time_of_a_low_stock(week, happened):
    policy, houses = week.plant.simulation.policy, [w.id for w in week.plant.shop.warehouse]
    skus = {sku: i for i, sku in enumerate(week.plant.catalogue.skus)}
    stock, low_since, waited = Counter(), {}, []
    for event in happened:
        cell = skus[event["sku"]] * len(houses) + houses.index(event["warehouse_id"])
        if event["event_type"] == "restock":
            waited.append(
                (event["event_time"] - low_since.pop(cell)) / HOUR / week.plant.simulation.stock.lead[cell] * HOUR
            )
        stock[cell] += change(event)
        if stock[cell] <= policy.reorder_point[cell] and stock[cell] > 0:
            low_since.setdefault(cell, event["event_time"])
    assert len(waited) > 100
    assert min(waited) > 0.55 and 0.9 < np.median(waited) < 1.2 and max(waited) > 1.5, "some suppliers are in trouble"


def test_new_and_returning_customers_buy_in_their_home_region(week, happened):
    homes, orders = defaultdict(set), Counter()
    for event in happened:
        if event["event_type"] == "sale" and event["line_no"] == 1 and event.get("customer_id"):
            homes[event["customer_id"]].add(event["region"])
            orders[event["customer_id"]] += 1
    assert all(len(regions) == 1 for regions in homes.values())
    again = sum(count > 1 for count in orders.values()) / len(orders)
    assert 0.1 < again < 0.9


def test_channels_have_their_own_mix_and_basket(week):
    lines, orders, categories = Counter(), Counter(), defaultdict(Counter)
    names = week.plant.catalogue.category_names
    for row in week.rows[week.rows[:, 2] == 0].tolist():
        channel = week.plant.shop.channel[row[9]].code
        lines[channel] += 1
        orders[channel] += row[8] == 1
        categories[channel][names[week.plant.catalogue.category[row[4]]]] += 1
    assert orders["app"] > orders["mini_program"] > orders["web"] > orders["marketplace"] > orders["store"]
    assert (
        lines["store"] / orders["store"] > lines["app"] / orders["app"] > lines["marketplace"] / orders["marketplace"]
    )
    share = {c: categories[c]["Electronics"] / lines[c] for c in categories}
    assert share["web"] > 1.3 * share["app"]


def test_the_store_is_closed_at_night(week):
    zone = ZoneInfo("Asia/Shanghai")
    store = [c.code for c in week.plant.shop.channel].index("store")
    sales = week.rows[(week.rows[:, 2] == 0) & (week.rows[:, 9] == store)]
    hours = {datetime.fromtimestamp(t / 1000, zone).hour for t in sales[:, 3].tolist()}
    assert hours == set(range(10, 22))


def test_discounts_are_campaigns_not_noise(week):
    wednesday = START + 2 * DAY
    beauty = week.plant.catalogue.category_names.index("Beauty")
    sales = week.rows[week.rows[:, 2] == 0]
    sales = sales[week.plant.catalogue.category[sales[:, 4]] == beauty]
    percent = sales[:, 12] * 100 / (sales[:, 6] * sales[:, 11])
    on_day = (sales[:, 3] >= wednesday) & (sales[:, 3] < wednesday + DAY)
    assert np.mean(percent[on_day] > 14) > 0.8 > 0.05 > np.mean(percent[~on_day] > 14)
    assert set(np.ceil(percent).astype(int).tolist()) <= {0, 8, 15}


def test_baskets_hold_products_that_go_together(week):
    sales = week.rows[week.rows[:, 2] == 0]
    category = week.plant.catalogue.category[sales[:, 4]]
    by_line = defaultdict(dict)
    for order, line, name in zip(sales[:, 7].tolist(), sales[:, 8].tolist(), category.tolist(), strict=True):
        by_line[order][line] = name
    pairs = [lines[1] == lines[2] for lines in by_line.values() if {1, 2} <= lines.keys()]
    assert np.mean(pairs) > 0.45, "two independent lines would share a category one time in ten"


def test_nothing_of_a_person_is_in_a_good_line_but_a_marketplaces_recipient(week):
    for line in week.lines[:3000]:
        event = json.loads(line)
        assert not {"name", "phone", "email"} & event.keys()
        assert "recipient" not in event or event["channel"] == "marketplace"
