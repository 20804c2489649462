"""docs/generator.md says what the code does."""

import re
from pathlib import Path

import pytest

from generator.answer_key import AnswerKey
from generator.cli import main
from generator.malformed import KINDS
from generator.scenarios import SCENARIOS
from tests.generator.shops import HOUR, run, settings

TEXT = (Path(__file__).parents[2] / "docs" / "generator.md").read_text()


@pytest.mark.parametrize("option", [name for p in main.params for name in p.opts if name.startswith("--")])
def test_every_option_is_documented(option):
    assert f"`{option}" in TEXT


def test_every_scenario_is_documented_with_its_rates():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", TEXT, re.MULTILINE))
    assert all(name in rows for name in SCENARIOS)
    normal, messy = SCENARIOS["normal"].rates, SCENARIOS["messy"].rates
    for share, name in ((normal.duplicates, "copies"), (normal.malformed, "malformed"), (normal.late, "late")):
        assert f"{share * 100:g} % {name}" in rows["normal"]
    for share, name in ((messy.duplicates, "copies"), (messy.malformed, "malformed"), (messy.late, "late")):
        assert f"{share * 100:g} % {name}" in rows["messy"]


def test_the_number_of_malformed_kinds_is_right():
    assert f"lists the {len(KINDS)} kinds" in TEXT


def test_every_table_of_the_answer_key_is_documented():
    keys = []
    run(
        settings(span_ms=HOUR),
        lambda plant: keys.append(AnswerKey(plant.shop, plant.catalogue, plant.simulation.curves)) or keys[0],
    )
    section = TEXT.split("## The answer key")[1].split("## The demo")[0]
    assert all(f"`{name}`" in section for name in keys[0].result("x", {}))
