"""Random inputs: whatever a seed draws, every row equals the independent recomputation."""

import os
import time

import pytest

from tests.chaos.account import noted, prove_exact
from tests.chaos.inputs import records_of
from tests.chaos.publishing import publish

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]
SEEDS = int(os.environ.get("TALLY_CHAOS_SEEDS") or 50)
TOGETHER = 25


def blamed(line, seeds: list[int], now_ms: int) -> list[int]:
    """Return which of the seeds, published alone and anew, make a row differ."""
    found = []
    for seed in seeds:
        publish(line, records_of(seed, now_ms, f"-again{time.monotonic_ns()}"))
        try:
            prove_exact(line)
        except AssertionError:
            found.append(seed)
    return found


@pytest.mark.parametrize("number", range(0, SEEDS, TOGETHER))
def test_every_row_of_a_random_input_is_exact(stage, seed, number):
    seeds = list(range(seed + number, seed + min(number + TOGETHER, SEEDS)))
    now_ms = int(time.time() * 1000)
    with noted("R1", "random_inputs", seeds[0]) as figures:
        made = [record for one in seeds for record in records_of(one, now_ms)]
        publish(stage.line, made)
        figures |= {"seeds": len(seeds), "published": sum(record.copies for record in made)}
        try:
            figures |= prove_exact(stage.line)
        except AssertionError as wrong:
            raise AssertionError(
                f"SEEDS among {seeds}, at {now_ms}; alone: {blamed(stage.line, seeds, now_ms)}"
            ) from wrong
