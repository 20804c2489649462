"""One supervised process: start, health, restart with back-off."""

import enum
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from tally.logs import LogFiles, without_stack
from tally.processes import Identity, end_session

BACK_OFF_SECONDS = (0, 1, 2, 4, 8, 16, 30)
# who has worked for so long is started again at once; who has not waits longer each time
SETTLED_SECONDS = 10.0
CHECK_SECONDS = 5.0
STARTING_CHECK_SECONDS = 0.25
HANG_SECONDS = 120.0
QUOTED_CHARACTERS = 300
LOOKED_AT_LINES = 100


class State(enum.StrEnum):
    """What a child is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    FAILING = "not answering"
    WAITING = "waiting to restart"
    ENDED = "ended"


@dataclass(frozen=True)
class ChildSpec:
    """How to run one process, how to know that it works, and how long its start and stop may take (seconds)."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_healthy: Callable[[], bool] | None = None
    start_seconds: float = 120.0
    stop_signal: int = signal.SIGTERM
    # exit codes after which it is not restarted, and what to say then
    endings: Mapping[int, str] = field(default_factory=dict)
    # after any other end it is not restarted either: its owner starts it when it is next due
    is_one_shot: bool = False
    # what to do when it does not start, where that is more than mending what its log says
    cure: str = ""


class Child:
    """A process that is kept running; `tick` moves it on and returns what is worth saying."""

    def __init__(
        self, spec: ChildSpec, logs: LogFiles, pool: ThreadPoolExecutor, clock: Callable[[], float] = time.monotonic
    ):
        self.spec = spec
        self.logs = logs
        self.pool = pool
        self.clock = clock
        self.state = State.STOPPED
        self.process: subprocess.Popen | None = None
        self.identity: Identity | None = None
        self.started_at = 0.0
        self.restarts = 0
        self.failed_starts = 0
        self.healthy_since: float | None = None
        self.unhealthy_since = 0.0
        self.resume_at = 0.0
        self.next_check = 0.0
        self.check: Future | None = None

    @property
    def name(self) -> str:
        """Return the process's name."""
        return self.spec.name

    @property
    def is_up(self) -> bool:
        """Tell whether the process runs and has passed its newest check."""
        return self.state in (State.RUNNING, State.ENDED)

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C in the terminal reaches the supervisor only."""
        with self.logs.open(self.name) as log:
            self.process = subprocess.Popen(
                self.spec.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.spec.environment) or None,
                start_new_session=True,
            )
        self.identity = Identity.of(self.process.pid)
        self.started_at = time.time()
        self.state = State.STARTING
        self.healthy_since = None
        self.unhealthy_since = self.next_check = self.clock()
        self.check = None

    def tick(self) -> list[str]:
        """Look at the process and its health; restart it where needed. Return lines for the user."""
        now = self.clock()
        if self.state == State.WAITING:
            return self.start_again(now) if now >= self.resume_at else []
        if self.process is None or self.state in (State.STOPPED, State.ENDED):
            return []
        if self.process.poll() is not None:
            return self.ended(now)
        return self.look(now)

    def start_again(self, now: float) -> list[str]:
        """Start the process once more; where the system has no room for it, plan the next try."""
        self.restarts += 1
        try:
            self.start()
        except OSError as error:
            return [f"{self.name} can't be started: {error.strerror}; trying again in {self.back_off(now)} s"]
        return []

    def back_off(self, now: float) -> int:
        """Plan the next start after one more that failed; return in how many seconds."""
        self.failed_starts += 1
        delay = BACK_OFF_SECONDS[min(self.failed_starts, len(BACK_OFF_SECONDS) - 1)]
        self.state, self.resume_at = State.WAITING, now + delay
        return delay

    def ended(self, now: float) -> list[str]:
        """Note the end of the process and plan its restart."""
        code = self.process.returncode
        self.kill()
        if code in self.spec.endings:
            self.state = State.ENDED
            return [self.spec.endings[code]]
        if self.spec.is_one_shot:
            self.state = State.ENDED
            return [f"{self.name} broke off ({describe_end(code)}); it is started again when it is next due"]
        if self.healthy_since is not None and now - self.healthy_since >= SETTLED_SECONDS:
            self.failed_starts = -1
        delay = self.back_off(now)
        return [f"{self.name} ended ({describe_end(code)}){self.last_words()}; starting it again in {delay} s"]

    def last_words(self) -> str:
        """Return the last line of the log, to be quoted."""
        lines = without_stack(self.logs.tail(self.name, LOOKED_AT_LINES))
        return f": {lines[-1].strip()[:QUOTED_CHARACTERS]}" if lines else ""

    def look(self, now: float) -> list[str]:
        """Take the result of the newest health check and plan the next one."""
        if self.spec.is_healthy is None:
            return self.answered(now, True)
        if self.check is not None and self.check.done():
            done, self.check = self.check, None
            if error := done.exception():
                return [f"the check of {self.name} failed: {error!r}", *self.answered(now, False)]
            return self.answered(now, done.result())
        if self.check is None and now >= self.next_check:
            self.next_check = now + (STARTING_CHECK_SECONDS if self.state == State.STARTING else CHECK_SECONDS)
            self.check = self.pool.submit(self.spec.is_healthy)
        return []

    def answered(self, now: float, healthy: bool) -> list[str]:
        """Move on by the result of a check; end a process that has not answered for too long."""
        if healthy:
            recovered = self.state == State.FAILING
            self.healthy_since = now if self.healthy_since is None else self.healthy_since
            self.state = State.RUNNING
            return [f"{self.name} answers again"] if recovered else []
        if self.state == State.RUNNING:
            self.state, self.unhealthy_since = State.FAILING, now
            return [f"{self.name} does not answer"]
        patience = self.spec.start_seconds if self.state == State.STARTING else HANG_SECONDS
        if now - self.unhealthy_since < patience:
            return []
        self.kill()
        return [f"{self.name} has not answered for {patience:.0f} s; ending it"]

    def shift(self, seconds: float) -> None:
        """Forget time that passed while this machine slept."""
        self.unhealthy_since += seconds
        self.resume_at += seconds
        self.next_check += seconds

    def ask_to_stop(self, number: int | None = None) -> None:
        """Ask the process to end, by another signal than usual where one is given; it is not restarted."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.spec.stop_signal if number is None else number)
        self.state = State.STOPPED

    @property
    def has_ended(self) -> bool:
        """Tell whether no process of this child runs."""
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """Kill the process with everything it started."""
        if self.identity is not None:
            end_session(self.identity)


def describe_end(code: int) -> str:
    """Say how a process ended."""
    if code >= 0:
        return f"code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
