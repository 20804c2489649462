"""How fast history is published: as fast as allowed, and slower while the line lags behind its live events."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 0.5
EASY_SECONDS, HARD_SECONDS = 0.8, 1.5
FASTER, SLOWER = 1.15, 0.6
LEAST_SHARE = 0.02
# a job that has just started is slow for some seconds
FIRST_SHARE = 0.2
TRUSTED_SECONDS = 10.0


class Pace:
    """Events of history per second: a share of `most` that rises to all of it, and falls while the line lags.

    `lag_file` is JSON, {"lag_seconds": number, "sampled_at": epoch seconds}; without one, or with an old one, nobody
    is measuring: `most` from the beginning, or the pace stays as it is.
    """

    def __init__(self, most: float, lag_file: Path | None, clock: Callable[[], float] = time.time):
        self.most, self.lag_file, self.clock = most, lag_file, clock
        self.share = 1.0
        self._looked = self._sampled = -math.inf

    def rate(self) -> float:
        """Return the events per second for now."""
        now = self.clock()
        if self.lag_file is not None and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._adjust(now)
        return self.most * self.share

    def _adjust(self, now: float) -> None:
        try:
            told = json.loads(self.lag_file.read_text())
        except FileNotFoundError:
            return
        if told["sampled_at"] <= self._sampled or now - told["sampled_at"] > TRUSTED_SECONDS:
            return
        if self._sampled == -math.inf:
            self.share = FIRST_SHARE
        self._sampled = told["sampled_at"]
        if told["lag_seconds"] > HARD_SECONDS:
            self.share = max(self.share * SLOWER, LEAST_SHARE)
        elif told["lag_seconds"] < EASY_SECONDS:
            self.share = min(self.share * FASTER, 1.0)
