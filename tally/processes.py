"""Know a process again by its id and birth, find what it started, and end it; never by name."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

# in each child's environment, so that what it started is found even when nothing was written down
MARK = "TALLY_SUPERVISED_HOME"
BIRTH_TOLERANCE_SECONDS = 0.05
POLL_SECONDS = 0.05
KILLED_SECONDS = 5.0


@dataclass(frozen=True)
class Identity:
    """A process id with the time of its birth: a later process under the same id is another one."""

    pid: int
    create_time: float

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """Return the identity of a running process, None when there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """Return the process while it lives (a zombie does not)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < BIRTH_TOLERANCE_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def session_members(leader: Identity) -> list[psutil.Process]:
    """Return the living processes of the session that a child led, itself included, also after its own end."""
    now_under_that_id = Identity.of(leader.pid)
    # the id was given away again: so the whole session is gone, for it would have kept the id
    if now_under_that_id and abs(now_under_that_id.create_time - leader.create_time) >= BIRTH_TOLERANCE_SECONDS:
        return []
    return [process for process in psutil.process_iter() if is_member(process, leader)]


def is_member(process: psutil.Process, leader: Identity) -> bool:
    """Tell whether a process lives in a session."""
    try:
        return os.getsid(process.pid) == leader.pid and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.NoSuchProcess):
        return False


def marked_processes(home: str) -> list[psutil.Process]:
    """Return the living processes that a supervisor of this home started, by the mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == home:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def send(process: psutil.Process, number: int) -> None:
    """Send a signal; a process that has just ended is fine."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def wait_gone(
    processes: Iterable[psutil.Process],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[psutil.Process]:
    """Wait until processes have ended; return those that have not in time."""
    deadline = clock() + seconds
    left = [one for one in processes if lives(one)]
    while left and clock() < deadline:
        sleep(POLL_SECONDS)
        left = [one for one in left if lives(one)]
    return left


def lives(process: psutil.Process) -> bool:
    """Tell whether a process runs; a zombie waits only for its parent."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_session(leader: Identity) -> None:
    """Kill what is left of a child's session and wait until it has gone."""
    members = session_members(leader)
    for process in members:
        send(process, signal.SIGKILL)
    wait_gone(members, KILLED_SECONDS)
