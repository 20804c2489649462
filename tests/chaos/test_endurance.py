"""Twice of what the line can take for minutes (R20), and half of it for an hour (R19, `make soak`)."""

import os
import subprocess
import sys
import time
from statistics import median

import psutil
import pytest

from tests.chaos.account import answer, noted, prove_exact
from tests.chaos.faults.scene import CHILDREN
from tests.line import RunningLine, running_line

FULL = bool(os.environ.get("TALLY_CHAOS_FULL"))
# records a second that this machine's line takes for long; measured by `make bench`, given by who knows better
SUSTAINED = int(os.environ.get("TALLY_SUSTAINED_RATE") or 8_000)
OVERLOAD_SECONDS = 300 if FULL else 30
SOAK_SECONDS = 60 * float(os.environ.get("TALLY_SOAK_MINUTES") or 60)
SAMPLE_SECONDS = 5
LAG = "SELECT lag_seconds, is_late FROM lag_now CROSS JOIN (SELECT bool_or(is_late) AS is_late FROM freshness) AS f"
# notes/reliability.md R19
MOST_SLOPE, MOST_SLOWER, WARM_UP_SHARE, WINDOW_SECONDS = 0.01, 1.2, 0.25, 600


def flooding(line: RunningLine, rate: int, seconds: float, prefix: str) -> subprocess.Popen:
    """Start a process that publishes in bulk."""
    state = line.status()
    command = [sys.executable, "-m", "tests.chaos.flood", "--kafka", state["kafka"], "--topic", state["topic"]]
    command += ["--rate", str(rate), "--seconds", str(seconds), "--prefix", prefix]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def memory(line: RunningLine) -> int:
    """Return the bytes that all children hold (PSS)."""
    processes = [process for name in CHILDREN for process in line.processes(name)]
    return sum(process.memory_full_info().pss for process in processes if psutil.pid_exists(process.pid))


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
        producer = flooding(line, SUSTAINED // 2, SOAK_SECONDS, f"soak{seed}")
        samples, begun = [], time.monotonic()
        while producer.poll() is None:
            lag = answer(line, "SELECT lag_seconds FROM lag_now")
            samples.append((time.monotonic() - begun, float(lag or 0), memory(line)))
            time.sleep(SAMPLE_SECONDS)
        figures |= {"published": published(producer), **ages(samples), "memory_per_hour": slope(samples)}
        figures |= prove_exact(line)
        figures["in_time"] = figures["memory_per_hour"] < MOST_SLOPE and figures["last_to_first"] <= MOST_SLOWER
        assert figures["in_time"], figures


def ages(samples: list[tuple[float, float, int]]) -> dict[str, float]:
    """Return the median lag of the first and the last ten minutes (of a tenth of a shorter run), and their ratio."""
    end = samples[-1][0]
    window = min(WINDOW_SECONDS, end / 6)
    first = median(lag for at, lag, _ in samples if at <= window)
    last = median(lag for at, lag, _ in samples if at >= end - window)
    # a lag below a tenth of a second is measured as none
    return {"first_lag_s": first, "last_lag_s": last, "last_to_first": round(max(last, 0.1) / max(first, 0.1), 2)}


def slope(samples: list[tuple[float, float, int]]) -> float:
    """Return by which share the memory grows an hour, by least squares over what follows the warm-up."""
    kept = [(at, held) for at, _, held in samples if at >= samples[-1][0] * WARM_UP_SHARE]
    mean_at = sum(at for at, _ in kept) / len(kept)
    mean_held = sum(held for _, held in kept) / len(kept)
    rise = sum((at - mean_at) * (held - mean_held) for at, held in kept) / sum((at - mean_at) ** 2 for at, _ in kept)
    return round(rise * 3600 / mean_held, 4)
