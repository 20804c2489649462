"""A disk that is nearly full, full, and has space again is said once each, in plain words."""

import os

import pytest

from tally.free_space import FULL, LOW, MEGABYTE, OK, FreeSpace, Space, space_of


def watch(tmp_path, *free, total=100_000):
    """Return what is said at each look; `free` and `total` in MB."""
    spaces = [Space(total * MEGABYTE, one * MEGABYTE) for one in free]
    places = {"checkpoints": tmp_path, "the log": tmp_path, "the archive": tmp_path / "missing"}
    watched = FreeSpace(places, lambda _: spaces.pop(0))
    return [watched.look() for _ in free]


def test_each_level_is_said_once_for_all_that_is_on_the_disk(tmp_path):
    assert watch(tmp_path, 50_000, 900, 800, 3, 2, 40_000, 40_000) == [
        [],
        [
            f"disk: little space for checkpoints, the log; found 900 of 100,000 MB free at {tmp_path}; "
            "make room before none is left"
        ],
        [],
        [
            f"disk: no space for checkpoints, the log; found 3 of 100,000 MB free at {tmp_path}; "
            "make room there: what waits is counted then by itself, nothing is lost"
        ],
        [],
        [f"disk: space again for checkpoints, the log; found 40,000 of 100,000 MB free at {tmp_path}"],
        [],
    ]


def test_what_goes_to_and_fro_around_a_limit_is_said_once(tmp_path):
    assert [len(said) for said in watch(tmp_path, 999, 1_001, 999, 1_400, 1_600)] == [1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [(100, 60, OK), (100, 4, LOW), (100, 0, FULL), (400, 3, FULL), (400, 5, LOW), (1_000_000, 63, FULL)],
)
def test_a_small_disk_has_limits_of_its_own(total, free, level):
    assert Space(total * MEGABYTE, free * MEGABYTE).level(OK) == level


def test_the_space_is_that_of_the_folders_disk(tmp_path):
    disk = os.statvfs(tmp_path)
    assert space_of(tmp_path).total == disk.f_blocks * disk.f_frsize
