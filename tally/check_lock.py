"""One `tally rebuild --check` at a time, and none beside a rebuild: both use the shadow tables."""

import contextlib
import fcntl
from collections.abc import Iterator

from tally.errors import TallyError
from tally.home import Home
from tally.settings import Settings


class RebuildRefused(TallyError):
    """The results can't be made again the way that this deployment runs its job."""


class CheckBusy(TallyError):
    """A check or a rebuild goes on in this home."""


@contextlib.contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Keep the home's turn for a check. Raise CheckBusy while another has it, or a rebuild is asked for."""
    if home.rebuild_request.exists():
        raise CheckBusy(
            f"a rebuild is not done, and a check would use its tables; found {home.rebuild_request}; wait for it "
            "(tally wait), and run it again"
        )
    with turn(home):
        yield


def demand_submission(settings: Settings) -> None:
    """Raise RebuildRefused where the cluster takes no second job."""
    if not settings.submit:
        raise RebuildRefused(
            "a rebuild needs a second job, and the cluster runs only its own; found TALLY_SUBMIT=off; stop it, and "
            "rebuild with a cluster that takes jobs (TALLY_SUBMIT=on), or in one process without TALLY_FLINK"
        )


def refuse_beside_a_check(home: Home) -> None:
    """Raise CheckBusy while a check goes on."""
    with turn(home):
        pass


@contextlib.contextmanager
def turn(home: Home) -> Iterator[None]:
    """Hold the lock, which the OS gives back when this process ends in whatever way. Raise CheckBusy."""
    with home.check_lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CheckBusy(
                f"a check goes on in this home; found {home.check_lock} locked; wait until it has ended (minutes), or "
                "end it with Ctrl-C"
            ) from None
        yield
