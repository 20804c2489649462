"""Random inputs: whatever a seed draws, every row equals the independent recomputation."""

import os
import time
from pathlib import Path

import pytest

from tests.chaos.account import ROOT, noted, prove_exact
from tests.chaos.inputs import Record, records_of
from tests.chaos.publishing import publish
from tests.chaos.shrinking import is_wrong, keep, kept, smallest

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]
SEEDS = int(os.environ.get("TALLY_CHAOS_SEEDS") or 50)
TOGETHER = 25
# a try is a line of its own: somewhat less than a minute
MOST_TRIES = 40
FAILING = ROOT / "build" / "chaos-failing"


def made_small(made: list[Record], name: str) -> str:
    """Return where a failing input and a small one that fails too are kept."""
    whole, small = (FAILING / f"{name}-{which}.ndjson" for which in ("whole", "smallest"))
    keep(made, whole)
    if not is_wrong(made):
        return f"the input is in {whole}; it is exact on a line of its own, so what was there before takes part in it"
    left = smallest(made, is_wrong, MOST_TRIES)
    keep(left, small)
    return f"{len(left)} of {len(made)} records fail alone: {small}; again with `make chaos-replay RECORDS={small}`"


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
            raise AssertionError(f"SEED={seeds[0]}, drawn at {now_ms}: {made_small(made, str(seeds[0]))}") from wrong


@pytest.mark.skipif("TALLY_CHAOS_RECORDS" not in os.environ, reason="RECORDS names a file that an earlier run left")
def test_the_records_of_an_earlier_run_are_exact(stage):
    publish(stage.line, kept(Path(os.environ["TALLY_CHAOS_RECORDS"])))
    prove_exact(stage.line)
