"""The same settings give the same bytes, wherever a run stops and goes on."""

import os
import subprocess
import sys

import numpy as np
import pytest

from generator.chain import Chain, Segment, switch_boundary
from generator.encode import Encoder
from generator.rows import COPY, DUE, FORM, SEQ
from generator.scenarios import SCENARIOS, DeliveryRates
from generator.state import StateError, load_snapshot, save_snapshot, shifted, take_snapshot
from tests.generator.shops import DAY, HOUR, START, make

MESSY = SCENARIOS["messy"].rates


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_a_seed_gives_the_same_bytes(scenario):
    one, two = (make(scenario=scenario, rates={"malformed": 0.01}, seed=77, span_ms=DAY) for _ in range(2))
    assert one.lines == two.lines and len(one.lines) > 1000


def test_another_process_gives_the_same_bytes():
    command = [sys.executable, "-m", "generator", "--to", "-", "--events", "3000", "--seed", "5", "--scenario", "messy"]
    command += ["--products", "80", "--start", "2026-11-01T00:00"]
    outputs = [
        subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": hashed}).stdout
        for hashed in ("1", "2")
    ]
    assert outputs[0] == outputs[1] and outputs[0].count(b"\n") == 3000


def test_another_seed_gives_other_events_with_other_ids():
    one, two = (make(seed=seed, span_ms=DAY) for seed in (1, 2))
    assert one.plant.prefix != two.plant.prefix
    assert not set(one.lines) & set(two.lines)


def test_settings_and_start_are_part_of_the_ids():
    others = (
        {"start": START + 1},
        {"scenario": "double11"},
        {"shop_rate": 0.06},
        {"products": 61},
        {"shop": "germany"},
    )
    prefixes = {make(span_ms=HOUR, **given).plant.prefix for given in ({}, *others)}
    assert len(prefixes) == 6


def test_a_run_that_stops_in_the_middle_sent_the_beginning_of_the_whole():
    whole = make(scenario="messy", span_ms=2 * DAY, shop_rate=0.05)
    part = make(scenario="messy", span_ms=2 * DAY, shop_rate=0.05, events=1234)
    assert len(part.lines) == 1234
    assert part.lines == whole.lines[:1234]


def chain_of(plant, segments) -> Chain:
    return Chain(plant.shop, plant.catalogue, 1, START, segments)


def rows_until(chain: Chain, until: int) -> list[np.ndarray]:
    rows = []
    while chain.now < until:
        rows.append(chain.step())
    return rows


@pytest.fixture(scope="module")
def plant():
    return make(span_ms=HOUR).plant


@pytest.mark.parametrize("hours", [1, 7, 30])
def test_a_snapshot_goes_on_as_if_nothing_had_been(plant, tmp_path, hours):
    segment = Segment(START, 0.2, "messy", START, MESSY, True)
    straight = np.concatenate(rows_until(chain_of(plant, [segment]), START + 40 * HOUR))
    chain = chain_of(plant, [segment])
    first = rows_until(chain, START + hours * HOUR)
    save_snapshot(tmp_path / "s.npz", take_snapshot(chain.simulation))
    resumed = Chain.resume(plant.shop, plant.catalogue, 1, [segment], load_snapshot(tmp_path / "s.npz"))
    rest = rows_until(resumed, START + 40 * HOUR)
    assert np.array_equal(np.concatenate(first + rest), straight)


def test_a_snapshot_at_a_switch_of_options_goes_on_the_same(plant, tmp_path):
    segments = [
        Segment(START, 0.2, "normal", START, DeliveryRates(), True),
        Segment(START + 5 * HOUR, 0.5, "double11", START + 5 * HOUR, MESSY, False, skip_to=START + 50 * HOUR),
    ]
    straight = np.concatenate(rows_until(chain_of(plant, segments), START + 54 * HOUR))
    for hours in (4, 5, 51):
        chain = chain_of(plant, segments)
        first = rows_until(chain, START + hours * HOUR)
        snapshot = take_snapshot(chain.simulation)
        rest = rows_until(Chain.resume(plant.shop, plant.catalogue, 1, segments, snapshot), START + 54 * HOUR)
        assert np.array_equal(np.concatenate(first + rest), straight), hours
    assert len({tuple(row) for row in straight[:, (SEQ, COPY, FORM)].tolist()}) == len(straight)
    gap = (straight[:, DUE] > START + 6 * HOUR) & (straight[:, DUE] < START + 50 * HOUR)
    assert not gap.any(), "the shop was closed"


def test_a_closed_shop_goes_on_with_its_stock_and_what_is_on_its_way(plant):
    chain = chain_of(plant, [Segment(START, 0.2, "normal", START, DeliveryRates(), True)])
    rows_until(chain, START + 30 * HOUR)
    before = take_snapshot(chain.simulation)
    after = shifted(before, before.now + 20 * DAY)
    assert np.array_equal(before.arrays["available"], after.arrays["available"])
    assert len(before.arrays["coming"]) == len(after.arrays["coming"]) > 100
    assert (after.arrays["coming"][:, 3] >= after.now).all()


def test_the_switch_lies_behind_all_that_can_have_been_sent():
    segment = Segment(START, 2.0, "normal", START, DeliveryRates(), True)
    for until in (START, START + 1, START + 899_999, START + 900_000):
        boundary = switch_boundary(segment, until)
        assert boundary % 900_000 == 0 and 120_000 < boundary - until <= 120_000 + 900_000


def test_a_damaged_snapshot_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "s.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(StateError, match=r"can't read the shop's state .*; run `tally reset` to begin with a new shop"):
        load_snapshot(tmp_path / "s.npz")


def test_encoding_needs_no_neighbours(plant):
    rows = make(scenario="messy", span_ms=DAY).rows
    encoder: Encoder = make(scenario="messy", span_ms=DAY).plant.encoder
    together = encoder.lines(rows)
    assert together == [encoder.lines(rows[i : i + 1])[0] for i in range(len(rows))]
