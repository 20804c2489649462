"""What every fault is made of: the scene, the list of faults, and signals to a line's processes."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from tests.chaos.load import Load
from tests.line import RunningLine, wait_until

CHILDREN = ("kafka", "postgres", "job", "archive", "inbox", "dashboard")
# notes/reliability.md: processes are paused for 15 to 30 seconds
SHORTEST_PAUSE, LONGEST_PAUSE = 15, 30
WAIT_SECONDS = 60


@dataclass
class Scene:
    """What a fault may touch, the dice that its moments and lengths come from, and when it struck or was over."""

    line: RunningLine
    dice: Random
    load: Load
    struck_at: float = field(default_factory=time.time)

    def now(self) -> None:
        """Take this moment for the one from which recovery is measured."""
        self.struck_at = time.time()

    def a_pause(self) -> float:
        """Return for how many seconds to pause a process."""
        return self.dice.uniform(SHORTEST_PAUSE, LONGEST_PAUSE)


@dataclass(frozen=True)
class Fault:
    """One action and the rows of notes/reliability.md that it belongs to."""

    name: str
    rows: tuple[str, ...]
    act: Callable[[Scene], None]


FAULTS: dict[str, Fault] = {}


def fault(*rows: str, name: str = "") -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    """Register an action under its function's name, or under one of its own."""

    def register(act: Callable[[Scene], None]) -> Callable[[Scene], None]:
        known = name or act.__name__
        FAULTS[known] = Fault(known, rows, act)
        return act

    return register


def send(processes: Iterable[psutil.Process], number: int) -> None:
    """Send a signal to processes that still are there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def kill(scene: Scene, *names: str) -> None:
    """Kill children with SIGKILL, all at once, and see that the supervisor puts others in their places."""
    before = {name: scene.line.processes(name) for name in names}
    for processes in before.values():
        send(processes, signal.SIGKILL)
    scene.now()
    for name, processes in before.items():
        wait_until(f"{name} runs again", lambda name=name, old=processes[0].pid: has_another(scene, name, old))


def ask_to_end(scene: Scene, name: str, number: int) -> None:
    """Send a child a signal that it ends in order on, and see that the supervisor puts another in its place."""
    old = scene.line.processes(name)[0]
    send([old], number)
    scene.now()
    wait_until(f"{name} runs again", lambda: has_another(scene, name, old.pid))


def has_another(scene: Scene, name: str, old: int) -> bool:
    """Say whether a child has another process than before."""
    found = next(one for one in scene.line.status()["processes"] if one["name"] == name)
    return found["pid"] != old and found["state"] == "running"


def pause(scene: Scene, names: Iterable[str], seconds: float) -> None:
    """Stop children and what they started with SIGSTOP for a time, as a debugger or a full machine does."""
    processes = [process for name in names for process in scene.line.processes(name)]
    send(processes, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        send(reversed(processes), signal.SIGCONT)
        scene.now()


def at_once(what: str, is_so: Callable[[], object]) -> None:
    """Wait without a rest: what is waited for lasts milliseconds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not within {WAIT_SECONDS} s"


def checkpoint_folders(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield the path of each checkpoint and whether it is complete, however fast they come and go."""
    for run in os.scandir(folder):
        with suppress(FileNotFoundError, NotADirectoryError):
            for path in [one.path for one in os.scandir(run.path) if one.name.startswith("chk-")]:
                yield path, "_metadata" in os.listdir(path)


def complete_checkpoints(folder: Path) -> set[str]:
    """Return the paths of the complete checkpoints."""
    return {path for path, is_complete in checkpoint_folders(folder) if is_complete}


def unfinished_checkpoints(folder: Path) -> set[str]:
    """Return the paths of the checkpoints that have begun."""
    return {path for path, is_complete in checkpoint_folders(folder) if not is_complete}
