"""A Flink cluster of processes on this machine (`tally run --cluster N`), and what a cluster answers to us."""

import json
import urllib.request
from functools import partial
from typing import TYPE_CHECKING

from tally.child import ChildSpec
from tally.ports import LOOPBACK
from tally.supervisor import python_command

if TYPE_CHECKING:
    from tally.line import Line

ANSWER_SECONDS = 5
START_SECONDS = 180.0
# the live job, and a rebuild's or a check's beside it
JOBS = 2


def slots_of_each(parallelism: int, taskmanagers: int) -> int:
    """Return how many slots a TaskManager needs, so that a rebuild finds room beside the live job."""
    return -(-JOBS * parallelism // taskmanagers)


def cluster_specs(line: "Line") -> list[ChildSpec]:
    """Return how the processes of the cluster are run: one JobManager, and as many TaskManagers as are set."""
    settings, (_, rpc) = line.settings, line.ground.flink_ports
    told = {
        "TALLY_FLINK_RPC": f"{LOOPBACK}:{rpc}",
        "TALLY_SLOTS": str(slots_of_each(settings.parallelism, settings.cluster)),
    }
    jobmanager = ChildSpec(
        "jobmanager",
        python_command("pipeline.cluster", "jobmanager"),
        line.environment(**told),
        partial(answers, line.flink),
        START_SECONDS,
    )
    names = [f"taskmanager-{number}" for number in range(1, settings.cluster + 1)]
    return [jobmanager, *(taskmanager_spec(line, name, told) for name in names)]


def taskmanager_spec(line: "Line", name: str, told: dict[str, str]) -> ChildSpec:
    """Return how one TaskManager is run; it writes the results, so it is told the writer's address."""
    environment = line.environment(**told, TALLY_TASKMANAGER=name, DATABASE_URL=line.urls.writer)
    command = python_command("pipeline.cluster", "taskmanager")
    return ChildSpec(name, command, environment, partial(is_registered, line.flink, name), START_SECONDS)


def ask(address: str, path: str) -> dict:
    """Return what a cluster's REST interface answers. Raise OSError or ValueError."""
    # straight to the cluster, whatever proxy the environment names
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{address}{path}", timeout=ANSWER_SECONDS) as answer:
        return json.load(answer)


def answers(address: str) -> bool:
    """Tell whether a JobManager answers."""
    try:
        return "taskmanagers" in ask(address, "/overview")
    except (OSError, ValueError):
        return False


def is_registered(address: str, name: str) -> bool:
    """Tell whether the JobManager knows a TaskManager."""
    try:
        return any(one["id"] == name for one in ask(address, "/taskmanagers")["taskmanagers"])
    except (OSError, ValueError):
        return False
