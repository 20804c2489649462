"""A full disk under checkpoints, Postgres and the log: said clearly, and exact once there is space again."""

import errno
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.account import noted, prove_exact, until_caught_up, until_first_result
from tests.chaos.conftest import Stage
from tests.line import RunningLine, home_of_its_own, line_environment, wait_until

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting a small tmpfs needs root"),
]
# megabytes of the tmpfs below each folder of the home
PLACES = {"checkpoints": 100, "postgres": 400, "kafka": 200}
FULL_SECONDS, ANY_SECONDS, SAID_SECONDS = 20, 300, 120
SIGN = "disk: no space for "
MEGABYTE = b"\0" * 1_000_000


@contextmanager
def mounted(place: Path, megabytes: int) -> Iterator[None]:
    """Put a small tmpfs in place of a folder."""
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@contextmanager
def filled(place: Path) -> Iterator[None]:
    """Leave no byte free below a folder."""
    ballast = place / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, suppress_full_disk():
            while True:
                file.write(MEGABYTE)
        yield
    finally:
        ballast.unlink()


@contextmanager
def suppress_full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@pytest.fixture(scope="module")
def cramped(seed) -> Iterator[Stage]:
    """A line whose checkpoints, database and log each lie on a small disk of their own."""
    with home_of_its_own("cramped") as home, small_disks(home):
        line = RunningLine(home, line_environment(home))
        try:
            line.start()
            yield Stage(line)
        finally:
            line.end()


@contextmanager
def small_disks(home: Path) -> Iterator[None]:
    """Mount all places below a home."""
    with (
        mounted(home / "checkpoints", PLACES["checkpoints"]),
        mounted(home / "postgres", PLACES["postgres"]),
        mounted(home / "kafka", PLACES["kafka"]),
    ):
        yield


def said(line: RunningLine, since: int) -> str:
    """Return the lines for the user that speak of a full disk, from byte `since` of what the line has printed."""
    text = (line.home / "run.log").read_bytes()[since:].decode()
    return "\n".join(one for one in text.splitlines() if SIGN in one)


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_is_said_and_loses_nothing(cramped, seed, place):
    line = cramped.line
    with noted("R9", f"disk_full_{place}", seed) as figures:
        with cramped.load(seed):
            until_first_result(line, time.time(), ANY_SECONDS)
            printed = (line.home / "run.log").stat().st_size
            with filled(line.home / place):
                wait_until("the full disk is said", lambda: said(line, printed), SAID_SECONDS)
                time.sleep(FULL_SECONDS)
            space_at = time.time()
            figures["first_result_s"] = until_first_result(line, space_at, ANY_SECONDS)
            figures["caught_up_s"] = until_caught_up(line, space_at, ANY_SECONDS)
        figures |= prove_exact(line, cramped.sent)
