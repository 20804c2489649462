"""A simulation that goes on over several runs: the same shop, other options from one slice boundary on."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from generator.catalogue import Catalogue
from generator.customers import Customers
from generator.rows import DUE, SENT, TIME
from generator.scenarios import DeliveryRates, Timeline
from generator.shop import Shop
from generator.simulation import Simulation, SimulationSettings, slice_length
from generator.state import Snapshot, shifted, take_snapshot
from generator.stock import Levels

# Records that leave this long after the last save are never sent before the next save.
SAVE_WITHIN_MS = 120_000


@dataclass(frozen=True)
class Segment:
    """Options that hold from a slice boundary on; `skip_to` closes the shop until then."""

    begin: int
    rate: float
    scenario: str
    anchor: int
    delivery: DeliveryRates
    shipments: bool
    skip_to: int | None = None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Segment":
        """Read what `asdict` wrote."""
        return cls(**{**value, "delivery": DeliveryRates(**value["delivery"])})


class Chain:
    """Steps through segments; the same segments from the same snapshot give the same records byte for byte."""

    def __init__(self, shop: Shop, catalogue: Catalogue, seed: int, start: int, segments: list[Segment]):
        self.shop, self.catalogue, self.seed = shop, catalogue, seed
        self.segments = segments
        self._current = 0
        self.simulation = self._build(segments[0], start)

    @classmethod
    def resume(
        cls, shop: Shop, catalogue: Catalogue, seed: int, segments: list[Segment], snapshot: Snapshot
    ) -> "Chain":
        """Return a chain that goes on from a snapshot."""
        # a segment that begins right here is switched to by the first step, with its closed time
        past = [i for i, segment in enumerate(segments) if segment.begin < snapshot.now or i == 0]
        chain = cls(shop, catalogue, seed, snapshot.now, segments[past[-1] :])
        chain._restore(snapshot)
        return chain

    @property
    def now(self) -> int:
        """Return where the next slice begins."""
        return self.simulation.progress.now

    @property
    def next_boundary(self) -> int:
        """Return where the next slice ends."""
        return (self.now // self.simulation.slice_ms + 1) * self.simulation.slice_ms

    def step(self) -> np.ndarray:
        """Simulate the next slice, under the segment that holds there."""
        following = self.segments[self._current + 1 :]
        if following and following[0].begin <= self.now:
            self._current += 1
            snapshot = take_snapshot(self.simulation)
            segment = following[0]
            if segment.skip_to is not None and segment.skip_to > snapshot.now:
                snapshot = shifted(snapshot, segment.skip_to)
            self.simulation = self._build(segment, snapshot.now)
            self._restore(snapshot)
        return self.simulation.step()

    def _build(self, segment: Segment, now: int) -> Simulation:
        settings = SimulationSettings(
            seed=self.seed,
            start=now,
            rate=segment.rate,
            timeline=Timeline(segment.scenario, segment.anchor),
            delivery=segment.delivery,
            shipments=segment.shipments,
            null_values=True,
        )
        return Simulation(self.shop, self.catalogue, settings)

    def _restore(self, snapshot: Snapshot) -> None:
        simulation, arrays = self.simulation, snapshot.arrays
        progress = simulation.progress
        progress.now, progress.seq, progress.orders = snapshot.now, snapshot.seq, snapshot.orders
        progress.coming.push(arrays["coming"])
        progress.transit.push(arrays["transit"])
        simulation.stock.levels = Levels(*(arrays[name].copy() for name in ("available", "on_order", "opens_at")))
        simulation.customers = Customers(self.shop, arrays["homes"].copy())


def switch_boundary(segment: Segment, published_until: int) -> int:
    """Return the first slice boundary of a segment that no record already sent can lie behind."""
    length = slice_length(segment.rate)
    return ((published_until + SAVE_WITHIN_MS) // length + 1) * length


def segments_json(segments: list[Segment]) -> list[dict[str, Any]]:
    """Return segments as plain values."""
    return [asdict(segment) for segment in segments]


def pack(rows: np.ndarray, base: int) -> np.ndarray:
    """Return rows with times relative to `base`, in half the memory where they fit 32 bits (24 days)."""
    small = rows.copy()
    small[:, (DUE, TIME, SENT)] -= base
    fits = not len(small) or np.abs(small).max() < 1 << 31
    return small.astype(np.int32) if fits else small


def unpack(rows: np.ndarray, base: int) -> np.ndarray:
    """Return packed rows as they were."""
    full = rows.astype(np.int64)
    full[:, (DUE, TIME, SENT)] += base
    return full
