"""docs/reliability.md is what its data say, and nobody's hand."""

import json
from pathlib import Path

import pytest

from tests.chaos.matrix import render

ROOT = Path(__file__).resolve().parents[2]
RUN = {
    "at": "2026-11-22T10:00:00+00:00", "row": "run", "seed": 7, "commit": "abc", "cores": 2, "memory_gb": 8,
    "system": "Linux x86_64", "python": "3.11.7",
}  # fmt: skip
SHOWN = "| R5 | archive killed | 4 | all | 1.9 / 3.4 | 4.2 / 5.3 | 290, 0 |  |"
KEPT = {"row": "R5", "name": "archive_killed", "shown": SHOWN}


def test_the_document_is_made_of_its_data():
    data = "docs/reliability.jsonl"
    lines = [json.loads(line) for line in (ROOT / data).read_text().splitlines()]
    assert (ROOT / "docs" / "reliability.md").read_text() == render(lines, data), (
        "run `make chaos`, or its matrix again"
    )


def one_run(result: str, seconds: float) -> dict:
    return {"row": "R5", "name": "archive_killed", "seed": 7, "result": result, "first_result_s": seconds}


def line_of(lines: list[dict], row: str) -> list[str]:
    return [line for line in render(lines, "data").splitlines() if line.startswith(f"| {row} ")]


def test_runs_of_one_fault_are_one_line_and_a_failure_is_not_hidden():
    assert line_of([RUN, one_run("exact", 2.0), one_run("exact", 4.0)], "R5") == [
        "| R5 | archive killed | 2 | all | 3.0 / 4.0 |  |  |  |"
    ]
    assert "**1 of 2**" in line_of([RUN, one_run("exact", 2.0), one_run("failed", 4.0)], "R5")[0]


def test_a_line_of_an_earlier_document_stands_until_the_fault_is_run_again():
    assert line_of([KEPT, RUN], "R5") == [SHOWN]
    assert "Of R5 the data holds what an earlier document showed" in render([KEPT, RUN], "data")
    again = [KEPT, RUN, one_run("exact", 2.0)]
    assert line_of(again, "R5") == ["| R5 | archive killed | 1 | all | 2.0 / 2.0 |  |  |  |"]
    assert "an earlier document" not in render(again, "data")


@pytest.mark.parametrize("row", ["R1", "R23"])
def test_a_row_without_a_run_is_shown_as_not_covered(row):
    below = render([RUN], "data").partition("## Not covered by this run")[2]
    assert f"| {row} |" in below
