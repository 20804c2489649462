"""Tell a container engine whether this part works: `python -m tally.compose.healthy PART`, exit code 0 or 1.

It is asked every few seconds in every container, so it loads the standard library only.
"""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

ANSWER_SECONDS = 5
FRESH_SECONDS = 30.0


def ask(url: str) -> dict:
    """Return what an address answers in JSON. Raise OSError or ValueError."""
    # never through a proxy of the environment: it is this container or the one beside it
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=ANSWER_SECONDS) as answer:
        return json.load(answer)


def jobmanager(environment: Mapping[str, str], now: float) -> bool:
    """Tell whether Flink's REST interface answers."""
    return "taskmanagers" in ask(f"http://{environment['TALLY_FLINK']}/overview")


def taskmanager(environment: Mapping[str, str], now: float) -> bool:
    """Tell whether the JobManager knows this TaskManager."""
    known = ask(f"http://{environment['TALLY_FLINK']}/taskmanagers")["taskmanagers"]
    return any(one["id"] == environment["TALLY_TASKMANAGER"] for one in known)


def job(environment: Mapping[str, str], now: float) -> bool:
    """Tell whether the supervisor has brought everything up and each of its children runs."""
    state = json.loads((Path(environment["TALLY_HOME"]) / "run" / "state.json").read_text())
    return state["is_ready"] and all(one["state"] in ("running", "ended") for one in state["processes"])


def archive(environment: Mapping[str, str], now: float) -> bool:
    """Tell whether the archive has measured the lag within the last seconds."""
    sample = json.loads(Path(environment["TALLY_LAG_FILE"]).read_text())
    return now - sample["sampled_at"] < FRESH_SECONDS


def generator(environment: Mapping[str, str], now: float) -> bool:
    """Tell whether the generator has written its progress within the last seconds."""
    progress = Path(environment["TALLY_HOME"]) / "generator" / "progress.json"
    return now - progress.stat().st_mtime < FRESH_SECONDS


def dashboard(environment: Mapping[str, str], now: float) -> bool:
    """Tell whether the pages are served, and Postgres answers them."""
    return ask(f"http://127.0.0.1:{environment['TALLY_PORT']}/readyz")["ready"]


CHECKS: dict[str, Callable[[Mapping[str, str], float], bool]] = {
    check.__name__: check for check in (jobmanager, taskmanager, job, archive, generator, dashboard)
}


def main(part: str, environment: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.time) -> int:
    """Check a part, say why it is not healthy, and return the exit code."""
    try:
        is_healthy, why = CHECKS[part](environment, clock()), "it answers, and is not ready"
    except (OSError, ValueError, KeyError, TypeError) as error:
        is_healthy, why = False, repr(error)
    if not is_healthy:
        print(f"{part} is not healthy; found: {why}", file=sys.stderr)
    return 0 if is_healthy else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
