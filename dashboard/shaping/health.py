"""Health rows → the lag's lines, the account of events, the audit's verdict and ticks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.formats import ratio
from dashboard.shaping.sales import local_text

Rows = Sequence[Mapping[str, Any]]

SEAL_HOURS = 2
TICKS = 24
VERDICTS = ("equal", "failed", "differs")  # the worst one last


@dataclass(frozen=True)
class Lag:
    """p50, p95 and p99 of the lag in seconds per minute."""

    times: list[str]
    p50: list[float]
    p95: list[float]
    p99: list[float]
    range_start: str


def lag_series(rows: Rows, now: datetime, zone: ZoneInfo) -> Lag:
    """Return the lines of the last two hours. rows: minute_start, p50_, p95_ and p99_lag_seconds, in order of time."""
    columns = {name: [float(row[f"{name}_lag_seconds"]) for row in rows] for name in ("p50", "p95", "p99")}
    times = [local_text(row["minute_start"], zone) for row in rows]
    earliest = local_text(now - timedelta(hours=2), zone)
    return Lag(times, **columns, range_start=max(earliest, times[0]) if times else earliest)


@dataclass(frozen=True)
class Account:
    """Where every event went. `difference` is what the archive found in the log and the job never read.

    `transit` is what is on its way between the two.
    """

    in_log: int
    counted: int
    duplicates: int
    rejected: int
    late: int
    difference: int
    transit: int

    @property
    def small(self) -> int:
        """Return what was read but not counted."""
        return self.duplicates + self.rejected

    def share(self, part: int) -> Fraction | None:
        """Return a part's share of the log."""
        return ratio(part, self.in_log)


def seal_time(verdict: str | None, finished_at: datetime | None, now: datetime) -> datetime | None:
    """Return the time for the seal; none unless the newest audit found every row equal less than two hours ago."""
    if verdict != "equal" or finished_at is None or now - finished_at >= timedelta(hours=SEAL_HOURS):
        return None
    return finished_at


def audit_ticks(rows: Rows, now: datetime, zone: ZoneInfo) -> list[str | None]:
    """Return the worst verdict of each of the last 24 hours of the store's clock, oldest first; none without an audit.

    An audit belongs to the hour in which it began. rows: started_at, verdict.
    """
    ticks: list[str | None] = [None] * TICKS
    for row in sorted(rows, key=lambda row: VERDICTS.index(row["verdict"])):
        hours_ago = round((hour_of(now, zone) - hour_of(row["started_at"], zone)) / timedelta(hours=1))
        if 0 <= hours_ago < TICKS:
            ticks[TICKS - 1 - hours_ago] = row["verdict"]
    return ticks


def hour_of(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the beginning of a moment's hour on the store's clock, as UTC: between two of them lies elapsed time."""
    return moment.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
