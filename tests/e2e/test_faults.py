"""The fast share of `make chaos`: one outage of Postgres under load, and random inputs; runs after test_exact."""

import time
from random import Random

import pytest

from tests.chaos.account import prove_exact, until_first_result
from tests.chaos.faults import FAULTS, Scene
from tests.chaos.inputs import records_of
from tests.chaos.load import Load, Reader, Sent
from tests.chaos.publishing import publish

pytestmark = pytest.mark.e2e
SEEDS = range(20)
WAIT_SECONDS = 300


def test_an_outage_of_postgres_loses_nothing_and_lowers_no_total(line):
    sent, state = Sent(), line.status()
    with (
        Reader(state["database_url"]) as reader,
        Load(state["kafka"], state["topic"], seed=1, rate=50, sent=sent, prefix="outage") as load,
    ):
        until_first_result(line, time.time(), WAIT_SECONDS)
        scene = Scene(line, Random(1), load)
        FAULTS["postgres_stopped_fast"].act(scene)
        until_first_result(line, scene.struck_at, WAIT_SECONDS)
    prove_exact(line, sent)
    assert reader.reads and reader.falls == []


def test_every_row_of_twenty_random_inputs_is_exact(line):
    now_ms = int(time.time() * 1000)
    publish(line, [record for seed in SEEDS for record in records_of(seed, now_ms)])
    prove_exact(line)
