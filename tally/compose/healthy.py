"""Tell a container engine whether this part works: `python -m tally.compose.healthy PART`, exit code 0 or 1.

It is asked every few seconds in every container, so it loads the standard library only. What an earlier start of the
container has left is no sign of life: it lies in volumes, which outlive it.
"""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ANSWER_SECONDS = 5
FRESH_SECONDS = 30.0
# counted from behind the name: field 3 of the file is the first (proc_pid_stat(5), field 22)
START_TICKS = 19
WORKING = ("running", "stopped", "ended")


@dataclass(frozen=True)
class Asked:
    """The container that is asked about: its environment, the time, and when it began (epoch seconds)."""

    environment: Mapping[str, str]
    now: float
    begun: float

    def is_sign(self, at: float) -> bool:
        """Tell whether something that happened at a time is a sign of life of this start."""
        return at >= self.begun and self.now - at < FRESH_SECONDS


def container_begun(now: float, proc: Path = Path("/proc")) -> float:
    """Return when process 1 began, in epoch seconds."""
    ticks = int((proc / "1" / "stat").read_text().rpartition(")")[2].split()[START_TICKS])
    uptime = float((proc / "uptime").read_text().split()[0])
    return now - uptime + ticks / os.sysconf("SC_CLK_TCK")


def ask(url: str) -> dict:
    """Return what an address answers in JSON. Raise OSError or ValueError."""
    # never through a proxy of the environment: it is this container or the one beside it
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=ANSWER_SECONDS) as answer:
        return json.load(answer)


def jobmanager(asked: Asked) -> bool:
    """Tell whether Flink's REST interface answers."""
    return "taskmanagers" in ask(f"http://{asked.environment['TALLY_FLINK']}/overview")


def taskmanager(asked: Asked) -> bool:
    """Tell whether the JobManager has heard of this TaskManager."""
    known = ask(f"http://{asked.environment['TALLY_FLINK']}/taskmanagers")["taskmanagers"]
    own = [one for one in known if one["id"] == asked.environment["TALLY_TASKMANAGER"]]
    return any(asked.is_sign(one["timeSinceLastHeartbeat"] / 1000) for one in own)


def job(asked: Asked) -> bool:
    """Tell whether this start of the supervisor has brought everything up and looks after it."""
    path = Path(asked.environment["TALLY_HOME"]) / "run" / "state.json"
    state = json.loads(path.read_text())
    # it is written at each change, not every few seconds
    is_of_this_start = path.stat().st_mtime >= asked.begun
    return is_of_this_start and state["is_ready"] and all(one["state"] in WORKING for one in state["processes"])


def archive(asked: Asked) -> bool:
    """Tell whether the archive has measured the lag within the last seconds."""
    return asked.is_sign(json.loads(Path(asked.environment["TALLY_LAG_FILE"]).read_text())["sampled_at"])


def generator(asked: Asked) -> bool:
    """Tell whether the generator has written its progress within the last seconds."""
    progress = Path(asked.environment["TALLY_HOME"]) / "generator" / "progress.json"
    return asked.is_sign(progress.stat().st_mtime)


def dashboard(asked: Asked) -> bool:
    """Tell whether the pages are served, and Postgres answers them."""
    return ask(f"http://127.0.0.1:{asked.environment['TALLY_PORT']}/readyz")["ready"]


CHECKS: dict[str, Callable[[Asked], bool]] = {
    check.__name__: check for check in (jobmanager, taskmanager, job, archive, generator, dashboard)
}


def main(part: str, asked: Asked) -> int:
    """Check a part, say why it is not healthy, and return the exit code."""
    try:
        is_healthy, why = CHECKS[part](asked), "it gives no sign of life, or is not ready"
    except (OSError, ValueError, KeyError, TypeError) as error:
        is_healthy, why = False, repr(error)
    if not is_healthy:
        print(f"{part} is not healthy; found: {why}", file=sys.stderr)
    return 0 if is_healthy else 1


if __name__ == "__main__":
    moment = time.time()
    sys.exit(main(sys.argv[1], Asked(os.environ, moment, container_begun(moment))))
