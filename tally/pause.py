"""A pause of the live job that another process asks for, so that every table holds the records before one cut.

    asker: request ──► supervisor: job stopped at one cut ──► answer ──► asker: looks, takes the request away
    ──► supervisor: answer taken away, job started again

The job also starts again when the asker ends or takes too long; an asker sees that its answer is gone then.
"""

import contextlib
import dataclasses
import json
import os
import signal
import time
from collections.abc import Callable, Iterator

from tally.child import State
from tally.errors import TallyError
from tally.home import Home, write_atomically
from tally.line import Line
from tally.processes import Identity

# the job gives itself 60 to write a state of millions of ids
STOP_SECONDS = 75.0
LONGEST_SECONDS = 60.0
ANSWER_SECONDS = 120.0
LOOK_SECONDS = 0.1


class PauseError(TallyError):
    """The job did not pause; what was asked for can be asked for again."""


class Pause:
    """Pauses the job when asked to, a small step at each tick."""

    def __init__(self, line: Line):
        self.line = line
        self.clock = line.supervisor.clock
        self.steps: Iterator[None] | None = None

    def tick(self) -> None:
        """Begin when asked to, or take the next step."""
        if self.steps is None and self.line.home.pause_request.exists():
            self.steps = self.pause()
        if self.steps is not None and next(self.steps, self) is self:
            self.steps = None

    def pause(self) -> Iterator[None]:
        """Stop the job at one cut, answer, and start it again when the asker has done."""
        home, job = self.line.home, self.line.children["job"]
        if job.state != State.RUNNING:
            write_atomically(home.pause_answer, f"the job does not run; found it {job.state}")
        else:
            yield from self.stopped_at_one_cut()
        until = self.clock() + LONGEST_SECONDS
        while home.pause_request.exists() and asker_lives(home) and self.clock() < until:
            yield
        forget_pause(home)
        if job.state == State.STOPPED:
            job.start()

    def stopped_at_one_cut(self) -> Iterator[None]:
        """Stop the job and answer how that went."""
        job = self.line.children["job"]
        self.line.supervisor.say("the job pauses for moments; a check looks at the results")
        job.ask_to_stop(signal.SIGUSR1)
        until = self.clock() + STOP_SECONDS
        while not job.has_ended and self.clock() < until:
            yield
        in_time = job.has_ended
        job.kill()
        code = job.process.wait()
        fault = f"the job did not stop at one cut; found {f'code {code}' if in_time else 'it still running'}"
        write_atomically(self.line.home.pause_answer, "" if in_time and code == 0 else fault)


def asker_lives(home: Home) -> bool:
    """Tell whether the process that asked for the pause is there."""
    try:
        return Identity(**json.loads(home.pause_request.read_text())).process() is not None
    except (OSError, ValueError, TypeError):
        return False


def forget_pause(home: Home) -> None:
    """Take request and answer away, the answer first: without it nobody trusts that the job stands."""
    home.pause_answer.unlink(missing_ok=True)
    home.pause_request.unlink(missing_ok=True)


@contextlib.contextmanager
def job_paused(
    home: Home,
    check_running: Callable[[], object],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Let the block run while the live job stands, all that it has read written.

    Raise PauseError when it did not stop so, or did not stand to the block's end; what `check_running` raises when
    nothing runs any more.
    """
    home.pause_answer.unlink(missing_ok=True)
    write_atomically(home.pause_request, json.dumps(dataclasses.asdict(Identity.of(os.getpid()))))
    try:
        await_answer(home, check_running, clock, sleep)
        yield
        if not home.pause_answer.exists():
            raise pause_error("the job was started again while it was looked at; found the pause over")
    finally:
        home.pause_request.unlink(missing_ok=True)


def await_answer(
    home: Home, check_running: Callable[[], object], clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    """Return when the job stands. Raise PauseError when it does not."""
    deadline = clock() + ANSWER_SECONDS
    while not home.pause_answer.exists():
        check_running()
        if clock() >= deadline:
            raise pause_error(f"the job did not pause; found no answer of the supervisor after {ANSWER_SECONDS:.0f} s")
        sleep(LOOK_SECONDS)
    if fault := home.pause_answer.read_text():
        raise pause_error(fault)


def pause_error(fault: str) -> PauseError:
    """Return the error with what to do."""
    return PauseError(f"{fault}; see `tally status` and `tally logs job`, and run it again")
