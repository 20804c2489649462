"""Sales rows → curves, minutes, the course of the day, and sparklines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.formats import ratio

Rows = Sequence[Mapping[str, Any]]


def whole(value: Any) -> int | None:
    """Return a count or an amount of minor units as an integer; Postgres sends sums as numeric."""
    return None if value is None else int(value)


def store_midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the store day of a moment began."""
    day = moment.astimezone(zone).date()
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def next_midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the store day of a moment ends; a day may have 23 or 25 hours."""
    day = moment.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def axis_text(midnight: datetime, moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment's place on a day's axis: midnight plus the time elapsed, as naive text (Plotly has no zones).

    Counted as elapsed time, so that the line neither turns back nor jumps where the clocks are changed.
    """
    start = midnight.astimezone(zone).replace(tzinfo=None)
    return (start + (moment - midnight)).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Curve:
    """GMV since midnight: places on the axis, minor units so far, the axis's ends, and the share of the day elapsed."""

    times: list[str]
    amounts: list[int]
    start: str
    end: str
    elapsed_share: float = 1.0


def today_curve(rows: Rows, gmv: int, as_of: datetime, zone: ZoneInfo) -> Curve:
    """Return today's curve up to now, where it ends at the hero's own amount.

    rows: axis_at (end of a step), cumulative_gross_amount, in order of time; the last step is the running one.
    """
    midnight, end = store_midnight(as_of, zone), next_midnight(as_of, zone)
    steps = [
        (row["axis_at"], whole(row["cumulative_gross_amount"])) for row in rows if midnight < row["axis_at"] < as_of
    ]
    # A step that the curve read later than the hero may be ahead of it; the line never falls towards now.
    points = [(midnight, 0), *((at, min(amount, gmv)) for at, amount in steps), (as_of, gmv)]
    places = [axis_text(midnight, at, zone) for at, _ in points]
    share = (as_of - midnight) / (end - midnight)
    return Curve(places, [amount for _, amount in points], places[0], axis_text(midnight, end, zone), share)


def past_curve(rows: Rows, period: str, as_of: datetime, zone: ZoneInfo) -> Curve:
    """Return a whole past day on today's axis; without amounts where the day is not loaded.

    rows: period (yesterday, last_week), axis_at, cumulative_gross_amount, in order of time.
    """
    midnight, end = store_midnight(as_of, zone), next_midnight(as_of, zone)
    steps = [(row["axis_at"], whole(row["cumulative_gross_amount"])) for row in rows if row["period"] == period]
    points = [(midnight, 0), *steps] if steps else []
    places = [axis_text(midnight, at, zone) for at, _ in points]
    return Curve(
        places, [amount for _, amount in points], axis_text(midnight, midnight, zone), axis_text(midnight, end, zone)
    )


@dataclass(frozen=True)
class Minutes:
    """Whole minutes of the last two hours, the running one, and yesterday's five-minute mean at the same time."""

    times: list[str]
    amounts: list[int]
    yesterday: list[int | None]
    running: str
    running_name: str
    running_seconds: int
    partial: int
    newest_name: str
    range_start: str
    range_end: str

    @property
    def has_yesterday(self) -> bool:
        """Say whether yesterday is loaded."""
        return any(value is not None for value in self.yesterday)

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was sold."""
        return not (self.partial or any(self.amounts))


def last_minutes(rows: Rows, zone: ZoneInfo) -> Minutes | None:
    """Return the bars of the last two hours; none without rows.

    rows: minute_start, is_partial, seconds_elapsed, gross_amount, mean_gross_amount_yesterday; the running one is last.
    """
    if len(rows) < 2 or not rows[-1]["is_partial"]:
        return None
    *done, running = rows
    edge = timedelta(seconds=40)
    return Minutes(
        times=[local_text(row["minute_start"], zone) for row in done],
        amounts=[whole(row["gross_amount"]) for row in done],
        yesterday=[
            None if row["mean_gross_amount_yesterday"] is None else round(row["mean_gross_amount_yesterday"])
            for row in done
        ],
        running=local_text(running["minute_start"], zone),
        running_name=f"{running['minute_start'].astimezone(zone):%H:%M}",
        running_seconds=running["seconds_elapsed"],
        partial=whole(running["gross_amount"]),
        newest_name=f"{done[-1]['minute_start'].astimezone(zone):%H:%M}",
        range_start=local_text(done[0]["minute_start"] - edge, zone),
        range_end=local_text(running["minute_start"] + edge, zone),
    )


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as naive store-local text."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Course:
    """Where the day stands against its target, and where it ends if it goes on like the day it is compared with."""

    done: Fraction | None
    due: Fraction | None
    by_midnight: int | None
    of_target: Fraction | None


def course(gmv: int, target: int | None, past_so_far: int | None, past_whole: int | None) -> Course:
    """Return the course of the day: today so far scaled by what share of the past day had passed at this time."""
    due = ratio(past_so_far, past_whole)
    by_midnight = round(gmv / due) if due and gmv else None
    return Course(ratio(gmv, target), due, by_midnight, ratio(by_midnight, target))


def exact(value: Any) -> Fraction | None:
    """Return a figure as an exact fraction; Postgres sends rates and means as numeric."""
    return None if value is None else Fraction(value)


SPARKS = {
    "net": "net_amount",
    "orders": "orders",
    "units": "units",
    "aov": "aov_amount",
    "buyers": "new_buyers",
    "refund": "refund_rate",
    "peak": "peak_orders",
}


def sparklines(rows: Rows) -> dict[str, list[float] | None]:
    """Return the last two hours in steps of five minutes by figure; for drawing only, so floats do.

    A step without orders has no mean and no rate: it repeats the one before. A figure without any value has no line.
    """
    lines: dict[str, list[float] | None] = {}
    for key, column in SPARKS.items():
        values, last = [], None
        for row in rows:
            last = last if row[column] is None else float(row[column])
            values.append(last)
        known = [value for value in values if value is not None]
        lines[key] = [known[0] if value is None else value for value in values] if len(known) > 1 else None
    return lines
