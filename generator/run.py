"""One run of `generate`: settings to records in a sink, as fast as asked, with the answer key."""

import hashlib
import json
import time
from base64 import b32encode
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from generator.answer_key import AnswerKey, write_answer_key
from generator.catalogue import Catalogue, build_catalogue
from generator.contacts import contacts
from generator.curves import Curves
from generator.encode import Encoder
from generator.rows import DUE
from generator.scenarios import DeliveryRates, Timeline
from generator.shop import Products, Shop, load_shop
from generator.simulation import Simulation, SimulationSettings
from generator.sinks import FolderSink, Sink

SHOP_RATE = 2.0  # mean events per second of shop time where --rate is max
CHUNK = 20_000
TICK_SECONDS = 0.05
FILE_SECONDS = 5.0
MINUTE = 60_000


@dataclass(frozen=True)
class RunSettings:
    """What `generate` was asked for; times in ms, rates in events per second (inf = as fast as possible)."""

    seed: int
    scenario: str
    delivery: DeliveryRates
    rate: float
    shop: str = "china"
    products: int = 2_000
    shop_rate: float = SHOP_RATE
    events: int | None = None
    span_ms: int | None = None
    start: int | None = None
    shipments: bool | None = None

    @property
    def mean_rate(self) -> float:
        """Return the mean rate in shop time."""
        return self.shop_rate if self.rate == float("inf") else self.rate

    @property
    def horizon_ms(self) -> int | None:
        """Return how much shop time the run is expected to take, None without end."""
        by_events = None if self.events is None else max(round(self.events / self.mean_rate * 1000), 1000)
        return by_events if self.span_ms is None else self.span_ms


@dataclass(frozen=True, eq=False)
class Plant:
    """Everything that a run needs, built from its settings."""

    shop: Shop
    catalogue: Catalogue
    simulation: Simulation
    encoder: Encoder
    prefix: str


def default_start(settings: RunSettings, curves: Curves, now_ms: int) -> int:
    """Return the start of a run that names none: now, or early enough that nothing lies in the future.

    double11 begins shortly before the latest midnight of the store that lets the whole run lie in the past.
    """
    span = settings.horizon_ms or 0
    if settings.scenario == "double11":
        lead = min(10 * MINUTE, span // 5) if span else MINUTE
        day = curves.local(now_ms + lead - span)[0]
        return curves.midnight(day) - lead
    if settings.rate != float("inf"):
        return now_ms
    # a number of events takes about its time, not exactly
    return now_ms - MINUTE - (span if settings.span_ms else span * 5 // 4)


def id_prefix(*parts: object) -> str:
    """Return eight letters and digits that stand for the settings of a run: other settings, other ids."""
    text = json.dumps(parts, sort_keys=True, default=str).encode()
    return b32encode(hashlib.blake2b(text, digest_size=5).digest()).decode().lower()


def build_plant(settings: RunSettings, now_ms: int, null_values: bool = False) -> Plant:
    """Build shop, catalogue, simulation and encoder. Raise ShopError for a shop file that can't be used."""
    shop, tables = load_shop(settings.shop)
    curves = Curves(shop, settings.seed)
    start = settings.start if settings.start is not None else default_start(settings, curves, now_ms)
    end = None if settings.horizon_ms is None else start + settings.horizon_ms
    simulated = SimulationSettings(
        seed=settings.seed,
        start=start,
        rate=settings.mean_rate,
        timeline=Timeline(settings.scenario, start, end),
        delivery=settings.delivery,
        end=end,
        shipments=shop.shipments if settings.shipments is None else settings.shipments,
        null_values=null_values,
        level_to_run=True,
    )
    prefix = id_prefix(asdict(simulated), shop.name, settings.products)
    return assemble(shop, tables, settings.products, simulated, prefix)


def assemble(shop: Shop, tables: Products, products: int, simulated: SimulationSettings, prefix: str) -> Plant:
    """Build the parts for known simulation settings."""
    catalogue = build_catalogue(shop, tables, products, simulated.seed)
    people = contacts(shop.locale, simulated.seed)
    encoder = Encoder(shop, catalogue, prefix, people, simulated.seed)
    return Plant(shop, catalogue, Simulation(shop, catalogue, simulated), encoder, prefix)


def records(simulation: Simulation, events: int | None, until: int | None) -> Iterator[np.ndarray]:
    """Yield chunks of records in the order in which they leave, up to a number of records and a moment."""
    left = events
    while (left is None or left > 0) and (until is None or simulation.progress.now < until):
        rows = simulation.step()
        rows = rows if until is None else rows[rows[:, DUE] < until]
        rows = rows if left is None else rows[:left]
        left = None if left is None else left - len(rows)
        for first in range(0, len(rows), CHUNK):
            yield rows[first : first + CHUNK]


class Run:
    """Sends the records of a plant to a sink and keeps the answer key."""

    def __init__(
        self, plant: Plant, sink: Sink, key: AnswerKey | None = None,
        clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep,
    ):  # fmt: skip
        self.plant, self.sink, self.key, self.clock, self.sleep = plant, sink, key, clock, sleep
        self.sent = 0
        self.stopped = False

    def stop(self) -> None:
        """Ask the run to end after the records that are being written."""
        self.stopped = True

    def at_full_speed(self, settings: RunSettings) -> None:
        """Send everything as fast as the sink takes it."""
        until = None if settings.span_ms is None else self.plant.simulation.settings.start + settings.span_ms
        for rows in records(self.plant.simulation, settings.events, until):
            if self.stopped:
                break
            self.send(rows)

    def paced(self, settings: RunSettings) -> None:
        """Send each record when it is due, the shop's clock running as fast as the real one."""
        start = self.plant.simulation.settings.start
        until = None if settings.span_ms is None else start + settings.span_ms
        ahead, published = self.clock() - start / 1000, self.clock()
        for rows in records(self.plant.simulation, settings.events, until):
            while len(rows) and not self.stopped:
                now = round((self.clock() - ahead) * 1000)
                due = int(np.searchsorted(rows[:, DUE], now, side="right"))
                self.send(rows[:due])
                rows = rows[due:]
                if isinstance(self.sink, FolderSink) and self.clock() - published > FILE_SECONDS:
                    self.sink.publish()
                    published = self.clock()
                if len(rows):
                    self.sleep(min(max((int(rows[0, DUE]) - now) / 1000, 0.001), TICK_SECONDS))
            if self.stopped:
                break

    def send(self, rows: np.ndarray) -> None:
        """Write records and count them."""
        if not len(rows):
            return
        lines = self.plant.encoder.lines(rows)
        keys = self.plant.encoder.keys(rows, lines) if self.sink.needs_keys else None
        self.sink.write(lines, keys)
        self.sent += len(rows)
        if self.key:
            self.key.add(rows)


def execute(run: Run, settings: RunSettings, answer_key: Path | None) -> None:
    """Run to the end or to a stop, complete the sink, and only then write the answer key."""
    if settings.rate == float("inf"):
        run.at_full_speed(settings)
    else:
        run.paced(settings)
    run.sink.close()
    if answer_key and run.key:
        simulated = run.plant.simulation.settings
        about = {"scenario": settings.scenario, "seed": settings.seed, "start": simulated.start, "rate": simulated.rate}
        write_answer_key(answer_key, run.key.result(run.plant.prefix, about))
