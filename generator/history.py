"""One stretch of history: simulated at once or bit by bit, then published by store day, the days that matter first."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from generator.chain import Chain, Segment, pack, segments_json, unpack
from generator.curves import DAY, Curves
from generator.rows import ADJUSTMENT, COPY, DUE, FORM, SEQ, TIME, TYPE
from generator.stock import OPENING_MS

OPENINGS = -1  # the part that goes first, so that stock is not shown below zero while its history loads


@dataclass
class JobPlan:
    """What is kept of a stretch: from which snapshot, records that leave in (after, until], and how far it is."""

    snapshot: str
    after: int
    until: int
    today: int
    segments: list[Segment]
    opened_at: int | None = None  # the shop's first moment, where the stretch holds the opening counts
    counts: dict[int, int] = field(default_factory=dict)  # rows of each part
    done: dict[int, int] = field(default_factory=dict)  # of these, published
    skip: list[tuple[int, int, int]] = field(default_factory=list)  # published before, known by SEQ, COPY, FORM

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "segments": segments_json(self.segments)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "JobPlan":
        """Read what `to_json` gave."""
        numbers = {name: {int(k): v for k, v in value[name].items()} for name in ("counts", "done")}
        segments = [Segment.from_json(segment) for segment in value["segments"]]
        skip = [tuple(row) for row in value["skip"]]
        return cls(**{**value, **numbers, "segments": segments, "skip": skip})

    def order(self) -> list[int]:
        """Return the parts: openings, today, yesterday, the same weekday last week, then the newest first."""
        first = [OPENINGS, self.today, self.today - 1, self.today - 7]
        rest = sorted((part for part in self.counts if part not in first), reverse=True)
        return [part for part in first if part in self.counts] + rest

    def remaining(self) -> list[int]:
        """Return the parts that are not wholly published."""
        return [part for part in self.order() if self.done.get(part, 0) < self.counts[part]]

    def day_of(self, part: int, curves: Curves) -> int:
        """Return the store day that a part belongs to."""
        return curves.local(self.opened_at)[0] if part == OPENINGS else part


class HistoryJob:
    """Rows of one plan, by part; `simulate` collects them, `take` hands them out in order."""

    def __init__(self, plan: JobPlan, chain: Chain, curves: Curves):
        self.plan, self.chain, self.curves = plan, chain, curves
        self.is_simulated = False
        self._parts: dict[int, list[np.ndarray]] = {}
        self._current: tuple[int, np.ndarray] | None = None
        self._skip = {_key(row): True for row in plan.skip}
        self._is_new = not plan.counts

    def collect(self, rows: np.ndarray) -> None:
        """Keep the rows of a step that belong to the stretch and are not published yet."""
        plan = self.plan
        rows = rows[(rows[:, DUE] > plan.after) & (rows[:, DUE] <= plan.until)]
        if self._skip:
            rows = rows[[_key(row) not in self._skip for row in rows[:, (SEQ, COPY, FORM)].tolist()]]
        if not len(rows):
            return
        parts = self._parts_of(rows)
        for part in np.unique(parts).tolist():
            mine = rows[parts == part]
            if self._is_new:
                plan.counts[part] = plan.counts.get(part, 0) + len(mine)
            if self._is_new or plan.done.get(part, 0) < plan.counts[part]:
                self._parts.setdefault(part, []).append(pack(mine, plan.after))

    def _parts_of(self, rows: np.ndarray) -> np.ndarray:
        times = rows[:, TIME]
        quarters, inverse = np.unique(times // (DAY // 96), return_inverse=True)
        offsets = np.array([self.curves.offset(quarter * (DAY // 96)) for quarter in quarters.tolist()])
        parts = (times + offsets[inverse]) // DAY
        if self.plan.opened_at is not None:
            opening = (rows[:, TYPE] == ADJUSTMENT) & (times < self.plan.opened_at + OPENING_MS)
            parts = np.where(opening, OPENINGS, parts)
        return parts

    def simulate(self, seconds: float | None = None) -> bool:
        """Simulate for a while, or to the end; return whether the stretch is complete."""
        begun = time.perf_counter()
        while not self.is_simulated and (seconds is None or time.perf_counter() - begun < seconds):
            self.is_simulated = self.chain.now > self.plan.until
            if not self.is_simulated:
                self.collect(self.chain.step())
        return self.is_simulated

    def take(self, count: int) -> tuple[int, np.ndarray] | None:
        """Return up to `count` next rows with their part, None when all is handed out."""
        if self._current is None:
            part = next(iter(self.plan.remaining()), None)
            if part is None:
                return None
            rows = np.concatenate(self._parts.pop(part))
            self._current = (part, rows[self.plan.done.get(part, 0) :])
        part, rows = self._current
        self._current = (part, rows[count:]) if len(rows) > count else None
        taken = unpack(rows[:count], self.plan.after)
        self.plan.done[part] = self.plan.done.get(part, 0) + len(taken)
        return part, taken

    def upcoming(self, count: int) -> Iterator[np.ndarray]:
        """Yield the next rows, up to `count`, without handing them out."""
        for part in self.plan.remaining():
            rows = np.concatenate(self._parts[part])[self.plan.done.get(part, 0) :][:count]
            count -= len(rows)
            yield unpack(rows, self.plan.after)
            if count <= 0:
                return

    def forget(self, published: list[tuple[int, int, int]]) -> None:
        """Drop rows that turned out to be published, from now on and from every later simulation of the stretch."""
        known = {_key(row): True for row in published}
        self.plan.skip += published
        for part in list(self._parts):
            rows = np.concatenate(self._parts[part])
            keep = [_key(row) not in known for row in rows[:, (SEQ, COPY, FORM)].tolist()]
            self._parts[part] = [rows[keep]]
            self.plan.counts[part] -= len(rows) - sum(keep)
            if not self.plan.counts[part]:
                del self.plan.counts[part], self._parts[part]


def _key(row) -> tuple[int, int, int]:
    return (row[0], row[1], row[2])
