"""Know a process again by its id and birth, find what it started, and end it; never by name."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

# in each child's environment, so that what it started is found even when nothing was written down
MARK = "TALLY_SUPERVISED_HOME"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# counted from behind the name: field 3 of the file is the first
START_TICKS = 19
POLL_SECONDS = 0.05
KILLED_SECONDS = 5.0


def birth(pid: int) -> str:
    """Return when a process was born, in a form that a step of the clock does not change.

    Raise psutil.NoSuchProcess. Linux: this boot and the ticks since it (proc_pid_stat(5), field 22); psutil adds the
    boot time to them, which moves with the clock. Elsewhere the kernel keeps the time of birth itself.
    """
    if not psutil.LINUX:
        return str(psutil.Process(pid).create_time())
    try:
        behind_the_name = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    return f"{BOOT_ID.read_text().strip()}/{behind_the_name[START_TICKS]}"


@dataclass(frozen=True)
class Identity:
    """A process id with its birth: a later process under the same id is another one."""

    pid: int
    birth: str

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """Return the identity of a running process, None when there is none."""
        try:
            return cls(pid, birth(pid))
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """Return the process while it lives (a zombie does not)."""
        try:
            process = psutil.Process(self.pid)
            return process if birth(self.pid) == self.birth and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def session_members(leader: Identity) -> list[psutil.Process]:
    """Return the living processes of the session that a child led, itself included, also after its own end."""
    # the id was given away again: so the whole session is gone, for it would have kept the id
    if Identity.of(leader.pid) not in (None, leader):
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
