"""How a run of the job is ended: in order, with everything written, or at one cut through all tables."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.flink_rest import (
    ENDED,
    FlinkGone,
    FlinkRest,
    FlinkUnreachable,
    JobState,
    JobUnknown,
    innermost_cause,
)

if TYPE_CHECKING:
    from pyflink.common import JobClient

STOP_SECONDS = 8.0
# A state of millions of ids is copied meanwhile.
CUT_SECONDS = 60.0


class Wish(Protocol):
    """What the one who asks for the stop wants; it may change while the stop goes on."""

    at_one_cut: bool


def say(text: str) -> None:
    """Tell the supervisor's log."""
    print(f"job: {text}", file=sys.stderr, flush=True)


def stop_job(rest: FlinkRest, job_id: str, cancel: Callable[[], None], checkpoints: Path, wish: Wish) -> bool:
    """End the job as wished, at last by `cancel`; return whether that was done."""
    if not wish.at_one_cut:
        return stop_gracefully(rest, job_id, cancel)
    if stop_at_one_cut(rest, job_id, checkpoints / f"stop-{job_id}", lambda: wish.at_one_cut and runs(rest, job_id)):
        return True
    stop_gracefully(rest, job_id, cancel)
    return False


def stop_gracefully(rest: FlinkRest, job_id: str, cancel: Callable[[], None], clock=time.monotonic) -> bool:
    """Write everything read so far (a checkpoint flushes all sinks), then cancel; return whether all is written."""
    deadline, complete = clock() + STOP_SECONDS, False
    try:
        request = rest.trigger_checkpoint(job_id)
        while not (complete := rest.checkpoint_is_done(job_id, request)) and clock() < deadline:
            time.sleep(0.1)
    except FlinkUnreachable as fault:
        say(f"no checkpoint at the end; {fault}; the next start resumes from the one before")
    cancel()
    return complete


def stop_at_one_cut(
    rest: FlinkRest, job_id: str, folder: Path, goes_on: Callable[[], bool], clock=time.monotonic
) -> bool:
    """End the job so that every table holds the same records, those before one cut; return whether it did.

    A last checkpoint and then a cancel would not do: what is read between the two reaches some tables and not others.
    The job's own checkpoints go with its end, so the next start resumes from the savepoint in `folder`. It waits while
    `goes_on`.
    """
    deadline = clock() + CUT_SECONDS
    try:
        rest.stop_with_savepoint(job_id, folder.resolve().as_uri())
    except FlinkUnreachable as fault:
        say(f"no stop at one cut; {fault}")
        return False
    while goes_on() and clock() < deadline:
        time.sleep(0.1)
    return any(folder.glob("savepoint-*/_metadata"))


def runs(rest: FlinkRest, job_id: str) -> bool:
    """Tell whether the job has not ended, as far as Flink answers; one that it does not know has."""
    try:
        return rest.job_state(job_id).state not in ENDED
    except (FlinkGone, JobUnknown):
        return False
    except FlinkUnreachable:
        return True


def cancel_by(client: "JobClient") -> None:
    """End the job of this process as it is."""
    from py4j.protocol import Py4JError
    from pyflink.util.exceptions import JavaException

    try:
        client.cancel().result()
    except (JavaException, Py4JError) as fault:
        say(f"Flink did not confirm the end: {innermost_cause(str(fault))}")


def look(rest: FlinkRest, job_id: str) -> tuple[JobState | None, bool]:
    """Return the job's state, None where Flink does not answer, and whether its port is gone."""
    try:
        return rest.job_state(job_id), False
    except FlinkUnreachable as fault:
        return None, isinstance(fault, FlinkGone)
