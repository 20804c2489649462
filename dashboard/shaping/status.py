"""The state word of the bar, and whether a panel may draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dashboard.locales import Locale
from dashboard.store import Reading, State

RUNNING = "RUNNING"
MEASURED_EVERY_SECONDS = 5.0  # the archive measures once a second; this much silence is no pause


@dataclass(frozen=True)
class Banner:
    """What is wrong with all numbers of a page: stale or error, and the text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Status:
    """What the bar says. `tag` is what every panel repeats while the numbers are old."""

    word: str
    tone: str
    data_to: datetime | None = None
    lag_seconds: float | None = None
    events_per_second: Decimal | None = None
    history: Fraction | None = None
    banner: Banner | None = None
    tag: str | None = None


def judge(reading: Reading, paused: bool, now: float, stale_seconds: float, locale: Locale) -> Status:
    """Return the bar's state from the reading of the `status` statement; `now` is epoch seconds."""
    if reading.state is State.LOADING:
        return Status("CONNECTING", "idle")
    if reading.state is State.ERROR:
        return Status("OFFLINE", "crit", banner=Banner("error", locale.t("banner_error")))
    row = reading.value[0]
    # Postgres' 0 is false in Python, and is a share all the same: a demo's history begins with it.
    history = None if row["history_share"] is None else Fraction(row["history_share"])
    known = {"data_to": row["data_to"], "history": history}
    if reading.state is State.STALE:
        return unanswered(reading, row, now, locale, known)
    known |= {"lag_seconds": lag_now(row), "events_per_second": row["events_per_second"]}
    if paused:
        return Status("PAUSED", "idle", **known)
    return job_trouble(row, locale, known) or lag_trouble(stale_seconds, locale, known) or quiet_or_live(row, known)


def unanswered(reading: Reading, row: Mapping[str, Any], now: float, locale: Locale, known: dict) -> Status:
    """Return STALE: Postgres no longer answers, the last good numbers stay."""
    age = max(0.0, now - reading.read_at)
    read_at = datetime.fromtimestamp(reading.read_at, tz=locale.zone)
    text = locale.t("banner_stale", age=locale.duration(age, 0), time=locale.clock(read_at))
    lag = age + (as_float(row["lag_seconds"]) or 0.0)
    return Status(
        "STALE",
        "warn",
        **known,
        lag_seconds=lag,
        banner=Banner("stale", text),
        tag=locale.t("old", age=locale.duration(age, 0)),
    )


def job_trouble(row: Mapping[str, Any], locale: Locale, known: dict) -> Status | None:
    """Return OFFLINE when the job is not RUNNING or gives no sign of life, unless there never was any data."""
    time, age = locale.clock(row["data_to"]), as_float(row["heartbeat_age_seconds"])
    if row["job_state"] is None:
        text = locale.t("banner_nojob") if row["data_to"] else None
    elif row["job_state"] != RUNNING:
        text = locale.t("banner_job", state=row["job_state"], time=time)
    elif not row["job_is_alive"]:
        text = locale.t("banner_heartbeat", age=locale.duration(age, 0), time=time)
    else:
        text = None
    if text is None:
        return None
    tag = locale.t("old", age=locale.duration(age, 0)) if age is not None else None
    return Status("OFFLINE", "crit", **known, banner=Banner("error", text), tag=tag)


def lag_trouble(stale_seconds: float, locale: Locale, known: dict) -> Status | None:
    """Return STALE when the oldest record not yet visible is too old."""
    lag = known["lag_seconds"]
    if lag is None or lag < stale_seconds:
        return None
    age = locale.duration(lag, 0)
    return Status(
        "STALE",
        "warn",
        **known,
        banner=Banner("stale", locale.t("banner_lag", age=age)),
        tag=locale.t("behind", age=age),
    )


def quiet_or_live(row: Mapping[str, Any], known: dict) -> Status:
    """Return LIVE, or NO DATA before the store day's first event."""
    return Status("LIVE", "live", **known) if row["has_events_today"] else Status("NODATA", "idle", **known)


def lag_now(row: Mapping[str, Any]) -> float | None:
    """Return the lag; when the archive has stopped measuring it, the age of its last word counts as lag."""
    lag, silent = as_float(row["lag_seconds"]), as_float(row["sample_age_seconds"])
    return lag if lag is None or silent is None or silent <= MEASURED_EVERY_SECONDS else max(lag, silent)


def as_float(value: Decimal | float | None) -> float | None:
    """Return a measured quantity (never money) as a float."""
    return None if value is None else float(value)


@dataclass(frozen=True)
class Standing:
    """What a panel may do: `kind` is loading, ok, stale, empty or error; `tag` says how old its numbers are."""

    kind: str
    tag: str | None = None

    @property
    def draws(self) -> bool:
        """Say whether there is something to draw."""
        return self.kind in ("ok", "stale")


def standing(
    readings: Sequence[Reading], status: Status, now: float, locale: Locale, is_empty: bool = False
) -> Standing:
    """Return a panel's state from the readings that it shows: the worst of them counts."""
    states = {reading.state for reading in readings}
    if State.ERROR in states:
        return Standing("error")
    if State.LOADING in states:
        return Standing("loading")
    if is_empty:
        return Standing("empty")
    if State.STALE in states:
        oldest = min(reading.read_at for reading in readings if reading.state is State.STALE)
        return Standing("stale", locale.t("old", age=locale.duration(max(0.0, now - oldest), 0)))
    return Standing("stale", status.tag) if status.tag else Standing("ok")
