"""Scenarios: what is out of the ordinary, and when."""

from dataclasses import dataclass, field, replace

import numpy as np

from generator.curves import HOUR, Curves

BURST = 30
BURST_MS = 2 * HOUR
REPEAT_MS = HOUR
SECOND = 1000


@dataclass(frozen=True)
class DeliveryRates:
    """Shares of the records: sent again, malformed beside, late, oddly spelled, held back by up to half a minute."""

    duplicates: float = 0.0018
    malformed: float = 0.0002
    late: float = 0.006
    unusual: float = 0.0
    disorder: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """One scenario: its name, its sentence for the help, its delivery."""

    name: str
    sentence: str
    rates: DeliveryRates = field(default_factory=DeliveryRates)


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("normal", "an ordinary week: day and week curves, campaigns, few duplicates and malformed lines"),
        Scenario("double11", "a midnight burst: 30 × the rate at the store's midnight, decaying over two hours"),
        Scenario("oversell", "a flash sale beyond stock: a dozen products sell on below zero"),
        Scenario("refund_wave", "a recall: many of the products sold before come back within minutes"),
        Scenario(
            "messy",
            "late, repeated, out of order, malformed and oddly spelled lines at high rates",
            DeliveryRates(duplicates=0.05, malformed=0.02, late=0.10, unusual=0.05, disorder=0.30),
        ),
        Scenario("outage", "the producer falls silent, then sends its backlog"),
    )
}


class ScenarioError(ValueError):
    """The name of a scenario that doesn't exist."""


def find_scenario(name: str) -> Scenario:
    """Return a scenario by name. Raise ScenarioError that lists those that exist."""
    if name not in SCENARIOS:
        raise ScenarioError(f"unknown scenario {name!r}; choose one of: {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def scenario_help() -> str:
    """Return one line per scenario."""
    return "\n".join(f"{s.name:12} {s.sentence}" for s in SCENARIOS.values())


@dataclass(frozen=True)
class Timeline:
    """When the scenario happens: from `anchor` (ms) on, once in the run if its end is known, else again every hour."""

    scenario: str
    anchor: int
    end: int | None = None

    def window(self, time_ms: int) -> tuple[int, int]:
        """Return the scenario's window that contains or follows a moment."""
        if self.end is not None:
            span = self.end - self.anchor
            return self.anchor + span * 4 // 10, self.anchor + span * 7 // 10
        length = (3 if self.scenario == "outage" else 10) * 60 * SECOND
        first = self.anchor + 60 * SECOND
        turn = max((time_ms - first - length) // REPEAT_MS + 1, 0)
        return first + turn * REPEAT_MS, first + turn * REPEAT_MS + length

    def burst(self, times: np.ndarray, curves: Curves) -> np.ndarray:
        """Return the factor on the rate: 30 at the store's midnight, 1 two hours later (double11; else 1)."""
        factor = np.ones(len(times))
        if self.scenario != "double11":
            return factor
        for start in self._bursts(int(times[0]), curves):
            age = times - start
            on = (age >= 0) & (age < BURST_MS)
            factor[on] = np.maximum(factor[on], np.array([BURST ** (1 - a / BURST_MS) for a in age[on].tolist()]))
        return factor

    def _bursts(self, time_ms: int, curves: Curves) -> list[int]:
        """The midnights about a moment, from the anchor's own store day on; without an end also the anchor itself."""
        first = curves.local(self.anchor)[0]
        days = (curves.local(time_ms)[0], curves.local(time_ms)[0] + 1)
        opening = [self.anchor] if self.end is None else []
        return [curves.midnight(day) for day in days if day >= first] + opening

    def sent_after_outage(self, sent: np.ndarray) -> np.ndarray:
        """Return when records leave whose moment falls into an outage: after it, ten times as fast."""
        if self.scenario != "outage" or not len(sent):
            return sent
        out, moment, last = sent.copy(), int(sent.min()), int(sent.max())
        while moment <= last:
            begin, end = self.window(moment)
            if begin > last or end <= moment:
                break
            silent = (sent >= begin) & (sent < end)
            out[silent] = end + (sent[silent] - begin) // 10
            moment = end
        return out


def with_rates(rates: DeliveryRates, **given: float | None) -> DeliveryRates:
    """Return rates with those that were given in place of the scenario's."""
    return replace(rates, **{name: value for name, value in given.items() if value is not None})
