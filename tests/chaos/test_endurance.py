"""Twice of what the line can take for minutes (R20), and half of it for an hour (R19, `make soak`)."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from random import Random
from statistics import mean, median

import psutil
import pytest

from tests.chaos.account import noted, prove_exact
from tests.chaos.faults.scene import CHILDREN
from tests.line import RunningLine, running_line

FULL = bool(os.environ.get("TALLY_CHAOS_FULL"))
# records a second that this machine's line takes for long; measured by `make bench`, given by who knows better
SUSTAINED = int(os.environ.get("TALLY_SUSTAINED_RATE") or 8_000)
OVERLOAD_SECONDS = 300 if FULL else 30
# Caches have a size, and at an even load they fill for hours: Postgres's buffers, RocksDB's blocks. With a SKU for each
# record they are full before the hour begins, and what grows then is something else.
FILL_SECONDS, FILL_SKUS = 300, 10**9
SOAK_SECONDS = 60 * float(os.environ.get("TALLY_SOAK_MINUTES") or 60)
# Then the soak's own load, since a JVM goes on compiling for long. What grows for ever shows in the hour that follows.
WARM_UP_SECONDS = SOAK_SECONDS * 2 / 3
# on average: never in step with the sinks, which write every so often
LOOK_SECONDS, MEMORY_SECONDS = 1.0, 15.0
AGES = """\
SELECT f.age_seconds, l.lag_seconds FROM freshness AS f CROSS JOIN lag_now AS l WHERE f.table_name = 'event_counts'
"""
LAG = "SELECT lag_seconds, is_late FROM lag_now CROSS JOIN (SELECT bool_or(is_late) AS is_late FROM freshness) AS f"
# notes/reliability.md R19
MOST_SLOPE, MOST_SLOWER, WINDOW_SECONDS = 0.01, 1.2, 600


def flooding(line: RunningLine, rate: int, seconds: float, prefix: str, *more: str) -> subprocess.Popen:
    """Start a process that publishes in bulk; `more` are further arguments of it."""
    state = line.status()
    command = [sys.executable, "-m", "tests.chaos.flood", "--kafka", state["kafka"], "--topic", state["topic"]]
    command += ["--rate", str(rate), "--seconds", str(seconds), "--prefix", prefix, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def published(producer: subprocess.Popen) -> int:
    """Return how many records a producer has published, once it has ended."""
    out, _ = producer.communicate(timeout=900)
    assert producer.returncode == 0
    return int(out)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_twice_of_what_can_be_taken_is_shown_drained_and_exact(seed):
    with running_line("overload") as line, noted("R20", "overload_2x", seed) as figures:
        producer, late_shown, most_lag = flooding(line, 2 * SUSTAINED, OVERLOAD_SECONDS, f"over{seed}"), False, 0.0
        while producer.poll() is None:
            lag, is_late = line.query(LAG)[0]
            most_lag, late_shown = max(most_lag, float(lag or 0)), late_shown or is_late
            time.sleep(1)
        figures |= {"published": published(producer), "most_lag_s": round(most_lag, 1), "shown_late": late_shown}
        ended = time.monotonic()
        figures |= prove_exact(line)
        figures["drained_s"] = round(time.monotonic() - ended, 1)
        assert figures["records"] == figures["published"]


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_an_hour_at_half_of_it_takes_no_more_memory_and_grows_no_older(seed):
    with running_line("soak") as line, noted("R19", "soak_half_load", seed) as figures:
        filled = published(flooding(line, SUSTAINED // 2, FILL_SECONDS, f"fill{seed}", "--skus", str(FILL_SKUS)))
        line.tally("wait", "--timeout", "600s", timeout=700)
        producer = flooding(line, SUSTAINED // 2, WARM_UP_SECONDS + SOAK_SECONDS, f"soak{seed}")
        with pytest.raises(subprocess.TimeoutExpired):
            producer.wait(WARM_UP_SECONDS)
        watched = watch(producer, line, Random(seed))
        figures |= {"published": filled + published(producer), **freshness(watched), **growth(watched.held)}
        figures |= prove_exact(line)
        assert figures["records"] == figures["published"]
        figures["in_time"] = figures["memory_per_hour"] < MOST_SLOPE and figures["last_to_first"] <= MOST_SLOWER
        assert figures["in_time"], figures


@dataclass
class Watched:
    """What was seen of a line under load, each with the seconds since the start: the age of the newest visible record
    and the lag, that is the age of the oldest one that is not visible (seconds), and {child: bytes of PSS}.
    """

    ages: list[tuple[float, float, float]] = field(default_factory=list)
    held: list[tuple[float, dict[str, int]]] = field(default_factory=list)


def watch(producer: subprocess.Popen, line: RunningLine, dice: Random) -> Watched:
    """Look at a line until its producer has ended; cheaply, since it is the line that is measured."""
    seen, begun = Watched(), time.monotonic()
    children = {name: line.processes(name) for name in CHILDREN}
    while producer.poll() is None:
        at = time.monotonic() - begun
        seen.ages += [(at, float(age or 0), float(lag)) for age, lag in line.query(AGES)]
        if not seen.held or at >= seen.held[-1][0] + MEMORY_SECONDS:
            seen.held.append((at, {name: memory(processes) for name, processes in children.items()}))
        time.sleep(dice.uniform(0, 2 * LOOK_SECONDS))
    return seen


def memory(processes: list[psutil.Process]) -> int:
    """Return the bytes that a child and what it started hold (PSS); a child that was started anew fails the soak."""
    assert processes[0].is_running()
    # Postgres has processes that come and go
    family = {processes[0], *processes[0].children(recursive=True)}
    return sum(held_by(process) for process in family)


def held_by(process: psutil.Process) -> int:
    """Return a process's bytes (PSS), none when it has just ended."""
    try:
        return process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return 0


def freshness(seen: Watched) -> dict[str, float]:
    """Return the medians of both ages in the first and the last ten minutes (a sixth of a shorter run), and the greater
    of the two ratios.
    """
    end = seen.ages[-1][0]
    window = min(WINDOW_SECONDS, end / 6)
    first = [(age, lag) for at, age, lag in seen.ages if at <= window]
    last = [(age, lag) for at, age, lag in seen.ages if at >= end - window]
    (first_age, first_lag), (last_age, last_lag) = (map(median, zip(*part, strict=True)) for part in (first, last))
    # a lag is sampled in step with the second, so that a tenth of one is chance; the age is not
    ratio = max(last_age / first_age, max(last_lag, 0.1) / max(first_lag, 0.1))
    ages = {"first_age_s": first_age, "last_age_s": last_age, "first_lag_s": first_lag, "last_lag_s": last_lag}
    return {**{name: round(value, 3) for name, value in ages.items()}, "last_to_first": round(ratio, 2)}


def growth(held: list[tuple[float, dict[str, int]]]) -> dict[str, float]:
    """Return by which share the memory grows an hour, in all and, in MB an hour, by child."""
    totals = [(at, sum(by_child.values())) for at, by_child in held]
    by_child = {name: slope([(at, one[name]) for at, one in held]) for name in held[0][1]}
    return {
        "memory_mb": round(totals[-1][1] / 1e6),
        "memory_per_hour": round(slope(totals) / mean(total for _, total in totals), 4),
        **{f"{name}_mb_per_hour": round(rise / 1e6, 1) for name, rise in by_child.items()},
    }


def slope(points: list[tuple[float, int]]) -> float:
    """Return the rise an hour of (seconds, value), by least squares."""
    mean_at, mean_value = mean(at for at, _ in points), mean(value for _, value in points)
    rise = sum((at - mean_at) * (value - mean_value) for at, value in points)
    return 3600 * rise / sum((at - mean_at) ** 2 for at, _ in points)
