"""Start the children in order, keep them running, and stop them in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tally.child import LOOKED_AT_LINES, Child, ChildSpec, State
from tally.errors import TallyError
from tally.logs import LogFiles, without_stack
from tally.processes import KILLED_SECONDS, Identity
from tally.registry import Entry, Registry, RunState

TICK_SECONDS = 0.1
SLEPT_SECONDS = 10.0
GIVE_UP_STARTS = 3
CHECKERS = 8
QUOTED_LINES = 12
# below the 15 that are promised
STOP_SECONDS = 14.0
# the stop's stages, and the seconds that earlier stages have to leave to each
STOP_STAGES: tuple[tuple[tuple[str, ...], float], ...] = (
    (("generator", "inbox", "audit"), 1.5),
    (("job", "rebuild", "archive", "dashboard"), 5.0),
    (("taskmanager", "jobmanager"), 1.0),
    (("postgres",), 1.5),
    (("kafka",), 2.0),
)


class StartError(TallyError):
    """A child that everything else needs does not come up."""


class StopRequested(Exception):
    """Ctrl-C or SIGTERM came while something was being waited for."""


class Supervisor:
    """The children of one home; `say` gets every line for the user, clock and sleep are passed in for tests."""

    def __init__(
        self,
        registry: Registry,
        logs: LogFiles,
        state: RunState,
        say: Callable[[str], None],
        stages: Sequence[tuple[tuple[str, ...], float]] = STOP_STAGES,
        stop_seconds: float = STOP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.registry = registry
        self.logs = logs
        self.say = say
        self.stages = stages
        self.stop_seconds = stop_seconds
        self.clock = clock
        self.sleep = sleep
        self.children: list[Child] = []
        self.pool = ThreadPoolExecutor(CHECKERS, thread_name_prefix="check")
        self.stop_signals = 0
        self.last_tick = clock()
        own = Identity.of(os.getpid())
        self.state = replace(state, supervisor=Entry("supervisor", own.pid, own.birth))
        self.written: RunState | None = None

    def catch_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal ask for an orderly stop; a second one hurries it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.request_stop)

    def request_stop(self, *_: object) -> None:
        """Ask for the stop; called from a signal handler or a test."""
        self.stop_signals += 1

    def start(self, spec: ChildSpec) -> Child:
        """Start a child and write it down at once."""
        child = Child(spec, self.logs, self.pool, self.clock)
        self.children.append(child)
        child.start()
        self.write_state()
        return child

    def describe(self, **changes: object) -> None:
        """Change what others may know about this supervisor."""
        self.state = replace(self.state, **changes)
        self.write_state()

    def write_state(self) -> None:
        """Write the state file when something in it changed."""
        entries = [entry_of(child) for child in self.children if child.identity and child.state != State.ENDED]
        state = replace(self.state, processes=tuple(entries))
        if state == self.written:
            return
        try:
            self.registry.write(state)
        except OSError as error:
            # a full disk is no reason to let go of the children
            self.say(f"{self.registry.path} can't be written: {error.strerror}; `tally status` is out of date")
        self.written = state

    def tick(self) -> None:
        """Move every child on; raise StopRequested when the user wants to stop."""
        now = self.clock()
        slept = now - self.last_tick
        self.last_tick = now
        if slept > SLEPT_SECONDS:
            self.say(f"this machine or process slept for {slept:.0f} s; going on")
            for child in self.children:
                child.shift(slept)
        for child in self.children:
            for line in child.tick():
                self.say(line)
        self.write_state()
        if self.stop_signals:
            raise StopRequested

    def wait_up(self, child: Child) -> None:
        """Return when a child answers.

        Raise StartError with the end of its log when it keeps ending, StopRequested when the user stops.
        """
        while not child.is_up:
            self.tick()
            if child.failed_starts >= GIVE_UP_STARTS:
                raise self.start_error(child)
            self.sleep(TICK_SECONDS)

    def start_error(self, child: Child) -> StartError:
        """Return the error for a child that does not come up."""
        last = without_stack(self.logs.tail(child.name, LOOKED_AT_LINES))[-QUOTED_LINES:]
        lines = "\n".join(f"  {line}" for line in last)
        cure = child.spec.cure or "mend what they say"
        return StartError(
            f"{child.name} does not start; it ended {child.failed_starts} times, last lines of "
            f"{self.logs.path(child.name)}:\n{lines}\n{cure}; `tally doctor` checks this machine"
        )

    def stop_all(self) -> None:
        """Stop the children stage by stage, kill what takes too long, and leave nothing behind."""
        named = {name for names, _ in self.stages for name in names}
        others = tuple(kind_of(child) for child in self.children if kind_of(child) not in named)
        stages = [(others, 0.5), *self.stages]
        end = self.clock() + self.stop_seconds
        for index, (names, _) in enumerate(stages):
            left_to_later = sum(seconds for _, seconds in stages[index + 1 :])
            self.stop_stage([child for child in self.children if kind_of(child) in names], end - left_to_later)
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.registry.write(RunState())

    def stop_stage(self, children: list[Child], deadline: float) -> None:
        """Ask some children to end and wait until a time of the clock; a second Ctrl-C cuts the wait short."""
        begun = self.clock()
        for child in children:
            child.ask_to_stop()
        while any(not child.has_ended for child in children) and self.clock() < deadline and self.stop_signals < 2:
            self.sleep(TICK_SECONDS / 2)
        for child in children:
            if not child.has_ended:
                self.say(f"{child.name} did not end within {self.clock() - begun:.1f} s and was killed")
            self.end(child)

    def end(self, child: Child) -> None:
        """Kill what is left of a child; say so where even that does not end it."""
        child.kill()
        try:
            if child.process is not None:
                child.process.wait(KILLED_SECONDS)
        except subprocess.TimeoutExpired:
            self.say(f"{child.name} (process {child.process.pid}) can't be killed; the system holds it; look at it")


def kind_of(child: Child) -> str:
    """Return a child's name without its number: taskmanager-2 is a taskmanager."""
    name, _, number = child.name.rpartition("-")
    return name if number.isdigit() else child.name


def entry_of(child: Child) -> Entry:
    """Write a child down."""
    return Entry(
        child.name,
        child.identity.pid,
        child.identity.birth,
        child.state.value,
        child.restarts,
        int(child.spec.stop_signal),
    )


def python_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command line of one of our own parts under this Python."""
    return (sys.executable, "-m", module, *arguments)
