"""One running line for all faults, under a load and under the eyes of a reader."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.chaos.account import machine, write
from tests.chaos.load import Load, Sent
from tests.line import RunningLine, running_line

RATE = 150


@dataclass
class Stage:
    """The line, the load's account of all runs so far, and how many loads there were."""

    line: RunningLine
    sent: Sent = field(default_factory=Sent)
    loads: int = 0

    def load(self, seed: int, rate: int = RATE) -> Load:
        """Return a load that adds to the account."""
        self.loads += 1
        state = self.line.status()
        return Load(state["kafka"], state["topic"], seed, rate, self.sent, f"load{self.loads}")


@pytest.fixture(scope="session")
def seed() -> int:
    """The run's seed: SEED of `make chaos`, which repeats a run, or a new one; it is printed."""
    found = int(os.environ.get("TALLY_CHAOS_SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"\nchaos: SEED={found}")
    write({"row": "run", "seed": found, **machine()})
    return found


@pytest.fixture(scope="session")
def stage(seed: int) -> Iterator[Stage]:
    """A line that runs for all faults."""
    with running_line("chaos") as line:
        yield Stage(line)
