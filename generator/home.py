"""The demo's folder: which shop lives there, its ledger of what is published, and its unfinished history."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.catalogue import Catalogue, build_catalogue
from generator.chain import SAVE_WITHIN_MS, Chain, Segment, segments_json, switch_boundary
from generator.contacts import contacts
from generator.curves import Curves, day_name
from generator.encode import Encoder
from generator.history import HistoryJob, JobPlan
from generator.run import id_prefix
from generator.shop import Shop, load_shop
from generator.state import (
    VERSION,
    Snapshot,
    StateError,
    fingerprint,
    load_snapshot,
    read_json,
    save_snapshot,
    take_snapshot,
    write_json,
)

if TYPE_CHECKING:
    from generator.demo import DemoSettings
    from generator.kafka_sink import KafkaSink

log = logging.getLogger("generator")
NO_END = 1 << 62
DAYS_KEPT = 40


@dataclass
class Ledger:
    """How far publishing has come: live records up to `published_until`, and where the log ended at that moment."""

    live_snapshot: str
    published_until: int
    segments: list[Segment]
    offsets: dict[int, int]
    clean: bool = True
    published: int = 0
    days: dict[str, dict[str, int | None]] = field(default_factory=dict)
    sent_until: int = 0
    wants_snapshot: bool = False
    next_snapshot: str | None = None


class DemoHome:
    """The shop of one home folder and everything of it that is on disk."""

    def __init__(self, folder: Path, identity: dict[str, Any]):
        self.folder, self.identity = folder, identity
        self.shop: Shop
        self.shop, tables = load_shop(identity["shop"])
        self.seed = identity["seed"]
        self.catalogue: Catalogue = build_catalogue(self.shop, tables, identity["products"], self.seed)
        self.curves = Curves(self.shop, self.seed)
        people = contacts(self.shop.locale, self.seed)
        self.encoder = Encoder(self.shop, self.catalogue, identity["prefix"], people, self.seed)
        self.jobs: list[HistoryJob] = []
        self.ledger: Ledger

    @classmethod
    def open(cls, settings: "DemoSettings", sink: "KafkaSink", now: int) -> "DemoHome":
        """Open the shop of a home, or found one. Raise StateError for a state that can't be gone on with."""
        folder = settings.home / "generator"
        identity = read_json(folder / "shop.json")
        ledger = read_json(folder / "ledger.json")
        # nothing was ever sent before the ledger has moved past the shop's first moment
        if identity is None or ledger is None or ledger["published_until"] < identity["opened_at"]:
            return cls._found(folder, settings, sink, now)
        home = cls(folder, identity)
        if (identity["version"], identity["fingerprint"]) != (VERSION, fingerprint(home.catalogue)):
            raise StateError(
                f"the shop in {folder} was made by another version of the generator or of its shop file; run `tally "
                "reset` to begin with a new shop, or go back to that version"
            )
        wanted = {"seed": settings.seed, "shop": settings.shop, "products": settings.products}
        other = [f"{name} {identity[name]}" for name, value in wanted.items() if identity[name] != value]
        if other:
            log.info("going on with the shop of this home: %s", ", ".join(other))
        home._read(ledger)
        return home

    @classmethod
    def _found(cls, folder: Path, settings: "DemoSettings", sink: "KafkaSink", now: int) -> "DemoHome":
        identity = {"version": VERSION, "seed": settings.seed, "shop": settings.shop, "products": settings.products}
        identity["prefix"] = id_prefix(settings.seed, settings.shop, settings.products, now)
        home = cls(folder, identity)
        identity["fingerprint"] = fingerprint(home.catalogue)
        start = home.curves.midnight(home.curves.local(now)[0] - settings.history_days)
        identity["opened_at"] = start
        segment = home._segment(settings, start, now)
        chain = Chain(home.shop, home.catalogue, home.seed, start, [segment])
        name = home.save_snapshot(take_snapshot(chain.simulation))
        home.ledger = Ledger(name, start - 1, [segment], sink.ends())
        write_json(folder / "shop.json", identity)
        home.save()
        return home

    def _segment(self, settings: "DemoSettings", begin: int, now: int, skip_to: int | None = None) -> Segment:
        shipments = self.shop.shipments if settings.shipments is None else settings.shipments
        anchor = max(now, begin)
        return Segment(begin, settings.rate, settings.scenario, anchor, settings.delivery, shipments, skip_to)

    def open_stretch(self, settings: "DemoSettings", now: int) -> tuple[HistoryJob, Chain]:
        """Return the stretch of history from the last published record to now, and the chain that simulates it."""
        ledger = self.ledger
        snapshot = self.load_snapshot(ledger.live_snapshot)
        opened_at = self.identity["opened_at"]
        is_first = ledger.published_until < opened_at
        if not is_first:
            ledger.segments = self._next_segments(settings, now)
        plan = JobPlan(
            snapshot=ledger.live_snapshot,
            after=ledger.published_until,
            until=NO_END,
            today=self.curves.local(now)[0],
            segments=ledger.segments,
            opened_at=opened_at if is_first else None,
        )
        chain = Chain.resume(self.shop, self.catalogue, self.seed, plan.segments, snapshot)
        return HistoryJob(plan, chain, self.curves), chain

    def _next_segments(self, settings: "DemoSettings", now: int) -> list[Segment]:
        """The segments that records may have been sent under, then one of this start's options."""
        ledger = self.ledger
        kept = [
            s for i, s in enumerate(ledger.segments) if i == 0 or s.begin <= ledger.published_until + SAVE_WITHIN_MS
        ]
        begin = switch_boundary(kept[-1], max(ledger.published_until, kept[-1].begin))
        earliest = self.curves.midnight(self.curves.local(now)[0] - settings.history_days)
        skip_to = earliest if begin < earliest else None
        if skip_to:
            log.info("the shop was closed from %s on; filling the last %s days only", day_name(
                self.curves.local(begin)[0]), settings.history_days)  # fmt: skip
        return [*kept, self._segment(settings, begin, now, skip_to)]

    def add(self, job: HistoryJob) -> None:
        """Take a new stretch of history into the books."""
        for part, count in job.plan.counts.items():
            day = self.ledger.days.setdefault(day_name(job.plan.day_of(part, self.curves)), {"events": 0})
            day["events"] += count
            day["published_at"] = None
        if job.plan.counts:
            self.jobs.insert(0, job)
        for name in sorted(self.ledger.days)[:-DAYS_KEPT]:
            del self.ledger.days[name]

    def note_complete(self, now: int) -> None:
        """Write down which store days are wholly in the log, and let go of stretches that are through."""
        self.jobs = [job for job in self.jobs if job.plan.remaining()]
        open_days = {day_name(job.plan.day_of(part, self.curves)) for job in self.jobs for part in job.plan.remaining()}
        for name, day in self.ledger.days.items():
            if name not in open_days and day["published_at"] is None:
                day["published_at"] = now

    def save_snapshot(self, snapshot: Snapshot) -> str:
        """Write a snapshot and return its name."""
        name = f"snapshot-{snapshot.now}.npz"
        save_snapshot(self.folder / name, snapshot)
        return name

    def load_snapshot(self, name: str) -> Snapshot:
        """Read a snapshot by name."""
        return load_snapshot(self.folder / name)

    def save(self) -> None:
        """Write the ledger, then remove snapshots that nothing refers to."""
        ledger = self.ledger
        write_json(self.folder / "ledger.json", {
            "version": VERSION,
            "live_snapshot": ledger.live_snapshot,
            "published_until": ledger.published_until,
            "segments": segments_json(ledger.segments),
            "offsets": ledger.offsets,
            "clean": ledger.clean,
            "published": ledger.published,
            "days": ledger.days,
            "jobs": [job.plan.to_json() for job in self.jobs if job.plan.remaining()],
        })  # fmt: skip
        used = {ledger.live_snapshot, ledger.next_snapshot, *(job.plan.snapshot for job in self.jobs)}
        for path in self.folder.glob("snapshot-*.npz"):
            if path.name not in used:
                path.unlink()

    def _read(self, value: dict[str, Any]) -> None:
        self.ledger = Ledger(
            live_snapshot=value["live_snapshot"],
            published_until=value["published_until"],
            segments=[Segment.from_json(segment) for segment in value["segments"]],
            offsets={int(partition): offset for partition, offset in value["offsets"].items()},
            clean=value["clean"],
            published=value["published"],
            days=value["days"],
        )
        for stored in value["jobs"]:
            plan = JobPlan.from_json(stored)
            snapshot = self.load_snapshot(plan.snapshot)
            chain = Chain.resume(self.shop, self.catalogue, self.seed, plan.segments, snapshot)
            self.jobs.append(HistoryJob(plan, chain, self.curves))

    def report(self, path: Path, progress: dict[str, Any]) -> None:
        """Write the progress file of the demo."""
        days = [{"store_day": name, **self.ledger.days[name]} for name in sorted(self.ledger.days)]
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {**progress, "days": days}, durable=False)
