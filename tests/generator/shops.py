"""Small runs for tests: settings in, records with their lines out."""

from dataclasses import dataclass

import numpy as np

from generator.answer_key import AnswerKey
from generator.run import Plant, RunSettings, build_plant, records
from generator.scenarios import SCENARIOS, DeliveryRates, with_rates

# Monday 16 November 2026, 00:00 in Shanghai
START = 1_794_758_400_000
HOUR, DAY = 3_600_000, 86_400_000
CLEAN = DeliveryRates(duplicates=0, malformed=0, late=0)


@dataclass(frozen=True, eq=False)
class Made:
    """What a run made: rows of integers and, in the same order, lines of bytes."""

    plant: Plant
    rows: np.ndarray
    lines: list[bytes]


def settings(**given) -> RunSettings:
    """Return settings of a small, fast shop; `rates` replaces some of the scenario's rates."""
    scenario = given.pop("scenario", "normal")
    rates = given.pop("rates", {})
    defaults = {"seed": 1, "rate": float("inf"), "products": 60, "start": START, "shop_rate": 0.05, "span_ms": 4 * DAY}
    delivery = given.pop("delivery", with_rates(SCENARIOS[scenario].rates, **rates))
    return RunSettings(**{**defaults, "scenario": scenario, "delivery": delivery, **given})


def make(**given) -> Made:
    """Run the generator and return its records."""
    return run(settings(**given))


def run(wanted: RunSettings, key_of=None) -> Made:
    """Run settings to their end; `key_of` makes an answer key that is fed on the way."""
    plant = build_plant(wanted, now_ms=START)
    until = None if wanted.span_ms is None else wanted.start + wanted.span_ms
    key: AnswerKey | None = key_of(plant) if key_of else None
    rows, lines = [np.zeros((0, 18), np.int64)], []
    for chunk in records(plant.simulation, wanted.events, until):
        rows.append(chunk)
        lines += plant.encoder.lines(chunk)
        if key:
            key.add(chunk)
    return Made(plant, np.concatenate(rows), lines)
