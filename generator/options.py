"""Reading the command line's words: durations, rates, times."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

EARLIEST, LATEST = 631_152_000_000 + 86_400_000, 4_102_444_800_000  # 1990 in every zone, 2100
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType):
    """A time span such as 60s, 10m, 8h, 7d; seconds as a float."""

    name = "duration"

    def convert(self, value, param, ctx):
        """Return seconds; fail with the forms that are understood."""
        if isinstance(value, float | int):
            return float(value)
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", value.strip())
        if not match or float(match[1]) == 0:
            self.fail(f"{value!r} is no duration; write a number above 0 with s, m, h or d, such as 60s or 10m", param)
        return float(match[1]) * UNITS[match[2]]


class Rate(click.ParamType):
    """Events per second, or max; None stands for max."""

    name = "rate"

    def convert(self, value, param, ctx):
        """Return events per second, inf for max; fail with the forms that are understood."""
        if isinstance(value, float):
            return value
        if value == "max":
            return float("inf")
        try:
            rate = float(value)
        except ValueError:
            rate = 0.0
        if not 0 < rate <= 10_000_000:
            self.fail(f"{value!r} is no rate; write events per second above 0, such as 500, or max", param)
        return rate


class Moment(click.ParamType):
    """A moment, ISO 8601 or epoch milliseconds; kept as text until the store's zone is known."""

    name = "time"

    def convert(self, value, param, ctx):
        """Return the text when it can be read."""
        try:
            read_moment(value, ZoneInfo("UTC"))
        except ValueError:
            self.fail(
                f"{value!r} is no time; write ISO 8601 from 1990 on such as 2026-11-11T00:00+08:00, or epoch ms", param
            )
        return value


def read_moment(text: str, zone: ZoneInfo) -> int:
    """Return a moment in epoch ms; ISO text without an offset is in `zone`. Raise ValueError."""
    if re.fullmatch(r"\d{12,14}", text):
        found = int(text)
    else:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        found = round(moment.astimezone(UTC).timestamp() * 1000)
    if not EARLIEST <= found < LATEST:
        raise ValueError("the event contract begins with 1990")
    return found
