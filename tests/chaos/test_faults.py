"""Every fault of the list: afterwards every row is exact, no total has fallen, and it took no hand."""

import os
import time
from random import Random

import pytest

from tests.chaos.account import noted_each, prove_exact, until_caught_up, until_first_result
from tests.chaos.faults import FAULTS, Fault, Scene
from tests.chaos.load import Reader
from tests.line import RunningLine

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]
FULL = bool(os.environ.get("TALLY_CHAOS_FULL"))
# notes/reliability.md: R4 first new result within 30 s, R6 caught up within 60 s; the others have no bound of their own
FIRST_RESULT_SECONDS, CAUGHT_UP_SECONDS, ANY_SECONDS = 30, 60, 300
# (in `make chaos`, with FULL=1); what is not named is run with FULL=1 only
TIMES = {
    "job_killed": (4, 60), "jvm_killed": (2, 20),
    "job_killed_during_a_checkpoint": (1, 10), "job_killed_during_an_upsert": (1, 10),
    "job_ended": (1, 3), "job_paused": (1, 3),
    "postgres_killed_after_a_checkpoint": (1, 8), "postgres_stopped_fast": (1, 3), "postgres_away": (1, 3),
    "supervisor_killed": (1, 3), "archive_killed": (1, 3), "job_and_postgres_killed": (1, 3),
    "table_locked": (1, 3), "kafka_killed": (1, 3), "supervisor_ended": (1, 3),
    "job_killed_with_ten_minutes_of_backlog": (1, 3),
}  # fmt: skip
ONLY_WITH_FULL = (0, 2)
TO_A_PROOF = 5
KILLS_OF_FLINK = ("job_killed", "jvm_killed", "job_killed_during_a_checkpoint", "job_killed_during_an_upsert")


def runs() -> list:
    """Return (fault, numbers) for every proof: few runs of each, or the whole list with FULL=1, five to a proof."""
    found = []
    for name in FAULTS:
        numbers = range(TIMES.get(name, ONLY_WITH_FULL)[FULL])
        found += [(name, numbers[first : first + TO_A_PROOF]) for first in numbers[::TO_A_PROOF]]
    return found


@pytest.mark.parametrize(("name", "numbers"), runs(), ids=lambda part: part if isinstance(part, str) else f"{part[0]}")
def test_a_fault_leaves_every_row_exact(stage, seed, name, numbers):
    fault, seeds = FAULTS[name], [seed + number for number in numbers]
    with noted_each(fault.rows[0], name, seeds) as runs:
        with Reader(stage.line.status()["database_url"]) as reader, stage.load(seeds[0]) as load:
            for own_seed, figures in zip(seeds, runs, strict=True):
                strike(stage.line, fault, Scene(stage.line, Random(f"{own_seed} {name}"), load), figures)
        # what was read and proven is told once
        runs[-1] |= prove_exact(stage.line, stage.sent) | {"reads": reader.reads, "falls": len(reader.falls)}
        assert reader.falls == []
        assert reader.reads > 0
    slow = [figures for figures in runs if not figures["in_time"]]
    assert slow == [], f"exact, but it took longer than {bounds(name)}"


def strike(line: RunningLine, fault: Fault, scene: Scene, figures: dict) -> None:
    """Let a fault happen to a line that works, and note how long it took to recover."""
    until_first_result(line, time.time(), ANY_SECONDS)
    scene.now()
    fault.act(scene)
    figures["first_result_s"] = until_first_result(line, scene.struck_at, ANY_SECONDS)
    figures["caught_up_s"] = until_caught_up(line, scene.struck_at, ANY_SECONDS)
    figures["in_time"] = all(figures[figure] <= most for figure, most in bounds(fault.name).items())


def bounds(name: str) -> dict[str, float]:
    """Return how many seconds a figure may take after this fault."""
    first = {"first_result_s": FIRST_RESULT_SECONDS} if name in KILLS_OF_FLINK else {}
    return first | ({"caught_up_s": CAUGHT_UP_SECONDS} if FAULTS[name].rows[0] == "R6" else {})
