"""When people buy: the day and week curves in the store's zone, and the store day of a moment."""

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np

from generator.draws import seed_key
from generator.shop import Shop, zone_of

HOUR = 3_600_000
DAY = 24 * HOUR
EPOCH_DAY = date(1970, 1, 1).toordinal()


class Curves:
    """Relative demand of a shop over time; 1.0 is the mean of a week."""

    def __init__(self, shop: Shop, seed: int):
        self.zone, self.seed = zone_of(shop), seed
        self.day = np.array(shop.day_curve) / (math.fsum(shop.day_curve) / 24)
        self.week = [value / (math.fsum(shop.week_curve) / 7) for value in shop.week_curve]
        self._moods: dict[int, float] = {}

    def offset(self, time_ms: int) -> int:
        """Return the zone's offset from UTC in ms at a moment."""
        return round(datetime.fromtimestamp(time_ms / 1000, self.zone).utcoffset().total_seconds() * 1000)

    def local(self, time_ms: int) -> tuple[int, int, int]:
        """Return store day (days since 1970), weekday (Monday = 0) and hour of a moment."""
        shifted = time_ms + self.offset(time_ms)
        day = shifted // DAY
        return day, (day + 3) % 7, shifted % DAY // HOUR

    def midnight(self, day: int) -> int:
        """Return when a store day (days since 1970) begins, in epoch ms."""
        local = datetime.combine(date.fromordinal(EPOCH_DAY + day), datetime.min.time(), self.zone)
        return round(local.astimezone(UTC).timestamp() * 1000)

    def level(self, times: np.ndarray) -> np.ndarray:
        """Return the relative demand at moments that lie within one slice (one offset)."""
        shifted = times + self.offset(int(times[0]))
        days = shifted // DAY
        hours = (shifted % DAY) / HOUR - 0.5
        left = np.floor(hours).astype(np.int64)
        part = hours - left
        values = self.day[left % 24] * (1 - part) + self.day[(left + 1) % 24] * part
        return values * np.array([self.week[(day + 3) % 7] * self.mood(day) for day in days.tolist()])

    def mood(self, day: int) -> float:
        """Return a store day's own level, some percent about 1, from the seed."""
        if day not in self._moods:
            self._moods[day] = 0.94 + 0.12 * (seed_key(f"{self.seed} day {day}") / (1 << 64))
        return self._moods[day]

    def mean(self, begin: int, end: int) -> float:
        """Return the mean level between two moments."""
        step = max((end - begin) // 2000, 1)
        return float(np.mean([self.level(np.array([t]))[0] for t in range(begin, end, step)]))


def day_name(day: int) -> str:
    """Return a store day as ISO text."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
