"""Scenarios do what their sentence says."""

import numpy as np
import pytest

from generator.curves import Curves
from generator.rows import COPY, FORM, QUANTITY, SENT, SKU, TIME, TO_STOCK, TYPE, WAREHOUSE
from generator.scenarios import SCENARIOS, ScenarioError, Timeline, find_scenario, scenario_help
from generator.shop import load_shop
from tests.generator.shops import DAY, HOUR, START, make

MINUTE = 60_000


def first_good(made) -> np.ndarray:
    return made.rows[(made.rows[:, COPY] == 0) & (made.rows[:, FORM] < 100)]


def test_help_lists_every_scenario_with_a_sentence():
    lines = scenario_help().splitlines()
    assert [line.split()[0] for line in lines] == ["normal", "double11", "oversell", "refund_wave", "messy", "outage"]
    assert all(len(line.split()) > 6 for line in lines)


def test_an_unknown_scenario_lists_those_that_exist():
    message = "unknown scenario 'xmas'; choose one of: normal, double11, oversell, refund_wave, messy, outage"
    with pytest.raises(ScenarioError, match=message):
        find_scenario("xmas")


def test_double11_bursts_thirtyfold_at_the_stores_midnight_and_decays_over_two_hours():
    midnight = START + DAY  # 00:00 in Shanghai
    curves = Curves(load_shop("china")[0], 1)
    timeline = Timeline("double11", START, START + 3 * DAY)
    at = np.array([midnight - 1, midnight, midnight + HOUR, midnight + 2 * HOUR - 1, midnight + 2 * HOUR])
    factors = [float(timeline.burst(at[i : i + 1], curves)[0]) for i in range(len(at))]
    assert factors == pytest.approx([1, 30, 30**0.5, 1, 1], rel=1e-3)


def test_double11_is_seen_in_the_orders():
    calm, burst = (
        first_good(make(scenario=s, shop_rate=0.5, span_ms=8 * HOUR, start=START - 4 * HOUR))
        for s in ("normal", "double11")
    )

    def orders(rows, first, last):
        times = rows[(rows[:, TYPE] == 0) & (rows[:, 8] == 1), TIME]
        return ((times >= START + first) & (times < START + last)).sum()

    assert 20 < orders(burst, 0, 10 * MINUTE) / orders(calm, 0, 10 * MINUTE) < 40
    assert 1 < orders(burst, 110 * MINUTE, 120 * MINUTE) / orders(calm, 110 * MINUTE, 120 * MINUTE) < 2
    assert 0.7 < orders(burst, -60 * MINUTE, 0) / orders(calm, -60 * MINUTE, 0) < 1.4


def test_oversell_sells_a_dozen_products_below_zero_and_normal_none():
    def below_zero(scenario):
        made = make(scenario=scenario, products=300, shop_rate=2.0, span_ms=3 * HOUR)
        levels = made.plant.simulation.stock.levels.available.reshape(300, -1)
        return {int(sku) for sku in np.nonzero(levels < 0)[0]}, set(made.plant.simulation.flash.tolist())

    oversold, flash = below_zero("oversell")
    assert oversold and oversold <= flash and len(flash) == 12
    assert below_zero("normal")[0] == set()


def test_the_flash_sale_is_a_window_of_its_products():
    made = make(scenario="oversell", products=300, shop_rate=2.0, span_ms=3 * HOUR)
    rows = first_good(made)
    on = (rows[:, TYPE] == 0) & np.isin(rows[:, SKU], made.plant.simulation.flash)
    begin, end = made.plant.simulation.settings.timeline.window(START)
    inside = (rows[:, TIME] >= begin) & (rows[:, TIME] < end)
    assert (on & inside).sum() > 30 * (on & ~inside).sum()


def test_refund_wave_brings_many_lines_back_in_its_window():
    made = make(scenario="refund_wave", shop_rate=0.5, span_ms=2 * DAY)
    rows = first_good(made)
    begin, end = made.plant.simulation.settings.timeline.window(START)
    refunds = rows[rows[:, TYPE] == 1]
    inside = refunds[(refunds[:, TIME] >= begin) & (refunds[:, TIME] < end)]
    sold_before = rows[(rows[:, TYPE] == 0) & (rows[:, TIME] < begin), 7:9]
    back = {tuple(line) for line in inside[:, 7:9].tolist()} & {tuple(line) for line in sold_before.tolist()}
    assert 0.25 < len(back) / len(sold_before) < 0.4
    assert len(inside) > 3 * (len(refunds) - len(inside))
    assert 0 < inside[:, TO_STOCK].mean() < 1


def test_outage_is_silence_and_then_the_backlog():
    made = make(scenario="outage", shop_rate=1.0, span_ms=6 * HOUR)
    begin, end = made.plant.simulation.settings.timeline.window(START)
    sent, happened = made.rows[:, SENT], made.rows[:, TIME]
    first = made.rows[:, COPY] == 0
    assert not ((sent >= begin) & (sent < end) & first).any()
    assert ((happened >= begin) & (happened < end)).sum() > 500, "the shop went on selling"
    soon = (sent >= end) & (sent < end + (end - begin) // 10) & (happened < end)
    assert soon.sum() > 500
    assert (sent[soon] - happened[soon] > MINUTE).mean() > 0.95, "the backlog is late"


def test_messy_is_messier_than_normal():
    def shares(scenario):
        rows = make(scenario=scenario, shop_rate=0.3, span_ms=DAY).rows
        return (
            (rows[:, COPY] == 1).mean(),
            (rows[:, FORM] >= 100).mean(),
            (rows[:, SENT] - rows[:, TIME] > MINUTE).mean(),
        )

    assert all(messy > 5 * normal for messy, normal in zip(shares("messy"), shares("normal"), strict=True))


@pytest.mark.parametrize("scenario", ["oversell", "refund_wave", "outage"])
def test_without_an_end_the_window_comes_a_minute_after_the_start_and_every_hour(scenario):
    timeline = Timeline(scenario, START)
    begin, end = timeline.window(START)
    assert begin == START + MINUTE and end - begin == (3 if scenario == "outage" else 10) * MINUTE
    assert timeline.window(end - 1) == (begin, end)
    assert timeline.window(end) == (begin + HOUR, end + HOUR)


def test_double11_without_an_end_begins_when_the_demo_goes_live_and_at_every_midnight():
    curves = Curves(load_shop("china")[0], 1)
    live = START + 14 * HOUR
    timeline = Timeline("double11", live)
    for moment, factor in ((START - 1, 1), (START, 30), (live - 1, 1), (live, 30), (START + DAY, 30), (START - DAY, 1)):
        assert float(timeline.burst(np.array([moment]), curves)[0]) == pytest.approx(factor)


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_every_scenario_keeps_stock_whole(scenario):
    made = make(scenario=scenario, delivery=SCENARIOS["normal"].rates)
    transit = made.plant.simulation.progress.transit.dump()
    rows = np.concatenate([made.rows, transit])
    rows = rows[(rows[:, COPY] == 0) & (rows[:, FORM] < 100)]
    comes = np.isin(rows[:, TYPE], (2, 3)) | ((rows[:, TYPE] == 1) & (rows[:, TO_STOCK] == 1))
    sign = comes.astype(np.int64) - (rows[:, TYPE] == 0)
    houses = len(made.plant.shop.warehouse)
    stock = np.zeros(made.plant.catalogue.cells, np.int64)
    np.add.at(stock, rows[:, SKU] * houses + rows[:, WAREHOUSE], rows[:, QUANTITY] * sign)
    assert np.array_equal(stock, made.plant.simulation.stock.levels.available)
