"""What is checked after each fault and each input, and the line of the results file that it leaves."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from tests.chaos.load import Sent
from tests.line import RunningLine

ROOT = Path(__file__).resolve().parents[2]
DRAIN_SECONDS = 600
NEWEST = "SELECT newest_at FROM freshness WHERE table_name = 'event_counts'"
LOAD = "SELECT sum(lines), sum(gross_amount), sum(units) FROM product_sales_by_day WHERE sku LIKE 'load-%%'"
BROKEN = 'SELECT count(*) FROM rejected_events WHERE line LIKE \'%%"sku": "load-%%\''
CAUGHT_UP_SECONDS = 2


def prove_exact(line: RunningLine, sent: Sent | None = None) -> dict[str, Any]:
    """Drain the line and demand that every row equals the audit's, that records add up, and the load's own account."""
    line.tally("wait", "--timeout", f"{DRAIN_SECONDS}s", timeout=DRAIN_SECONDS + 60)
    done = line.run("audit", "--json", timeout=DRAIN_SECONDS)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert report["verdict"] == "equal"
    tables = report["tables"]
    assert sum(one["missing"] + one["extra"] + one["wrong"] for one in tables) == 0
    log = report["log"]
    assert log["records"] == log["counted"] + log["duplicates"] + log["rejected"]
    (counts,) = line.query("SELECT records, counted, duplicates, rejected, difference, in_flight FROM event_counts")
    assert counts == (log["records"], log["counted"], log["duplicates"], log["rejected"], 0, 0)
    if sent is not None:
        assert sent.failures == []
        (load,) = line.query(LOAD)
        assert tuple(int(value or 0) for value in load) == (sent.events, sent.gross_amount, sent.units)
        assert line.query(BROKEN) == [(sent.broken,)]
    return {"records": log["records"], "rows": sum(one["compared"] for one in tables)}


def answer(line: RunningLine, query: str) -> Any:
    """Return the first value that a query gives, or None while the database does not answer."""
    try:
        return line.query(query)[0][0]
    except (psycopg2.Error, IndexError):
        return None


def seconds_until(is_so, since: float, what: str, most: float) -> float:
    """Return how long after `since` (epoch seconds) something came true; fail when it takes longer than `most`."""
    while not is_so():
        assert time.time() - since < most, f"{what}: not within {most} s"
        time.sleep(0.1)
    return round(time.time() - since, 1)


def until_first_result(line: RunningLine, since: float, most: float) -> float:
    """Return the seconds from `since` to the first result of a record that was appended after it."""

    def is_there() -> bool:
        newest = answer(line, NEWEST)
        return newest is not None and newest.timestamp() > since

    return seconds_until(is_there, since, "a result of a record appended after the fault", most)


def until_caught_up(line: RunningLine, since: float, most: float) -> float:
    """Return the seconds from `since` to the moment at which no record waits for more than two seconds."""

    def is_caught_up() -> bool:
        lag, newest = answer(line, "SELECT lag_seconds FROM store_clock"), answer(line, NEWEST)
        return lag is not None and lag <= CAUGHT_UP_SECONDS and newest is not None and newest.timestamp() > since

    return seconds_until(is_caught_up, since, "the line is caught up", most)


@contextmanager
def noted(row: str, name: str, seed: int) -> Iterator[dict[str, Any]]:
    """Write what a run found into the results file, also when it fails; the block fills in its figures."""
    with noted_each(row, name, [seed]) as (figures,):
        yield figures


@contextmanager
def noted_each(row: str, name: str, seeds: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
    """Write what several runs found that are proven together: they are exact or have failed together."""
    runs: list[dict[str, Any]] = [{} for _ in seeds]
    result = "failed"
    try:
        yield runs
        result = "exact"
    finally:
        for seed, figures in zip(seeds, runs, strict=True):
            write({"row": row, "name": name, "seed": seed, "result": result, **figures})


def write(found: dict[str, Any]) -> None:
    """Append one line to the results file that TALLY_CHAOS_RESULTS names; without it nothing is kept."""
    if path := os.environ.get("TALLY_CHAOS_RESULTS"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **found}) + "\n")


def machine() -> dict[str, Any]:
    """Return what a run ran on, without names of the machine."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True).stdout.strip()
    return {
        "commit": commit + (" with changes" if changed else ""),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
