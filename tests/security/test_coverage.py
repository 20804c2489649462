"""The table S1 to S10 → tests: whole, and true about which tests there are."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = tomllib.loads(Path(__file__).with_name("coverage.toml").read_text("utf-8"))["entry"]


@cache
def names_of_tests(path: Path) -> set[str]:
    """Return the names of a module's test functions; none of a module that is not there."""
    nodes = ast.parse(path.read_text("utf-8")).body if path.is_file() else []
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_each_of_the_ten_is_there_once_and_in_order():
    assert [entry["id"] for entry in ENTRIES] == [f"S{number}" for number in range(1, 11)]
    assert all(set(entry) == {"id", "what", "tests", "not_covered"} and entry["what"] for entry in ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_what_is_named_exists_and_what_has_no_test_says_so(entry):
    named = [name.partition("::")[::2] for name in entry["tests"]]
    assert [(path, test) for path, test in named if test not in names_of_tests(ROOT / path)] == []
    assert len(set(entry["tests"])) == len(entry["tests"])
    assert entry["tests"] or entry["not_covered"]
