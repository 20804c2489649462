"""A dashboard process for tests, as the supervisor starts it."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 90
ROOT = Path(__file__).parents[2]


@contextmanager
def running(log: Path, **environment: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """Run `python -m dashboard` on a free port; yields the process and its URL, and ends it."""
    env = {**os.environ, "TALLY_PORT": "0", **environment}
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "dashboard"], env=env, cwd=ROOT, stdout=out, stderr=out)
    try:
        yield process, wait_for_url(process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_url(process: subprocess.Popen, log: Path) -> str:
    """Return the URL that the process prints once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"serving on (http://[\d.:]+)", log.read_text())
        if found and status_of(f"{found[1]}/_stcore/health") == 200:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the dashboard did not start:\n{log.read_text()}")


def status_of(url: str) -> int | None:
    """Return the HTTP status of an address; none while nothing listens."""
    try:
        return urllib.request.urlopen(url, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
