"""How a failing input is made small: part of `make test`, no line is needed for it."""

from random import Random

import pytest

from tests.chaos.inputs import Record
from tests.chaos.shrinking import keep, kept, smallest


@pytest.mark.parametrize("needed", [{5}, {0, 99}, {3, 40, 41, 77}, set(range(0, 100, 20))], ids=len)
def test_what_makes_it_fail_is_what_is_left(needed):
    assert smallest(range(100), lambda some: needed <= set(some), 10_000) == sorted(needed)


def test_it_stops_after_so_many_tries_with_what_still_fails():
    tried = []

    def fails(some):
        tried.append(some)
        return {7, 70} <= set(some)

    left = smallest(range(100), fails, 6)
    assert len(tried) == 6
    assert {7, 70} <= set(left) and len(left) < 100


def test_any_failing_half_is_smaller_in_few_tries():
    tries = [0]

    def fails(some):
        tries[0] += 1
        return 4_321 in some

    assert smallest(range(6_000), fails, 100) == [4_321]
    assert tries[0] < 40


def test_records_come_back_as_they_were_written(tmp_path):
    dice = Random(1)
    records = [Record(b"k", dice.randbytes(30), 2), Record(None, b'{"a": "\xff"}'), Record(b"", None)]
    keep(records, tmp_path / "build" / "records.ndjson")
    assert kept(tmp_path / "build" / "records.ndjson") == records
