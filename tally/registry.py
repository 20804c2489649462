"""What a supervisor keeps in $TALLY_HOME/run: its lock and who runs, for `tally status` and for the next start."""

import dataclasses
import fcntl
import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from tally.errors import TallyError
from tally.home import Home, write_atomically
from tally.processes import KILLED_SECONDS, Identity, end_session, marked_processes, send, session_members, wait_gone

LEFTOVER_SECONDS = 4.0


class AlreadyRunning(TallyError):
    """A supervisor holds this home."""


@dataclass(frozen=True)
class Entry:
    """One process as written down: who it is and which signal asks it to end."""

    name: str
    pid: int
    birth: str
    state: str = ""
    restarts: int = 0
    stop_signal: int = signal.SIGTERM

    @property
    def identity(self) -> Identity:
        """Return the process's id and birth."""
        return Identity(self.pid, self.birth)


@dataclass(frozen=True)
class RunState:
    """Everything that others may know about a running supervisor; addresses hold the reader's password only."""

    command: str = ""
    supervisor: Entry | None = None
    processes: tuple[Entry, ...] = ()
    dashboard_url: str = ""
    kafka: str = ""
    topic: str = ""
    database_url: str = ""
    is_ready: bool = False
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Tell whether the supervisor that wrote this lives."""
        return self.supervisor is not None and self.supervisor.identity.process() is not None


class Registry:
    """Reads and writes run/state.json and holds run/supervisor.lock."""

    def __init__(self, home: Home):
        self.home = home
        self.path = home.run / "state.json"
        self.lock_path = home.run / "supervisor.lock"
        self.lock = None

    def acquire(self) -> None:
        """Take the home's lock, which the OS gives back when this process ends in whatever way.

        Raise AlreadyRunning with the holder's id and address.
        """
        self.lock = self.lock_path.open("a+")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.lock.close()
            self.lock = None
            raise already_running(self.home, self.read()) from error

    def release(self) -> None:
        """Give the lock back."""
        if self.lock is not None:
            self.lock.close()
            self.lock = None

    def write(self, state: RunState) -> None:
        """Replace what is written down."""
        write_atomically(self.path, json.dumps(dataclasses.asdict(state), indent=1))

    def read(self) -> RunState:
        """Return what is written down; nothing or a broken file is an empty state."""
        try:
            table = json.loads(self.path.read_text())
            supervisor = Entry(**table.pop("supervisor")) if table.get("supervisor") else None
            table.pop("supervisor", None)
            processes = tuple(Entry(**one) for one in table.pop("processes", ()))
            return RunState(supervisor=supervisor, processes=processes, **table)
        except (OSError, ValueError, TypeError, AttributeError):
            return RunState()

    def end_leftovers(self, say: Callable[[str], None]) -> None:
        """End what a killed supervisor left, in the order of a stop; the lock must be held."""
        for entry in reversed(self.read().processes):
            self.end_leftover(entry, say)
        strays = marked_processes(str(self.home.root))
        for stray in strays:
            say(f"ending process {stray.pid}, left by an earlier start")
            send(stray, signal.SIGTERM)
        for stray in wait_gone(strays, LEFTOVER_SECONDS):
            send(stray, signal.SIGKILL)
        wait_gone(strays, KILLED_SECONDS)

    def end_leftover(self, entry: Entry, say: Callable[[str], None]) -> None:
        """Ask one left process to end, then kill what is left of its session."""
        if not session_members(entry.identity):
            return
        say(f"ending {entry.name} (process {entry.pid}), left by an earlier start")
        leader = entry.identity.process()
        if leader is not None:
            send(leader, entry.stop_signal)
            wait_gone([leader], LEFTOVER_SECONDS)
        end_session(entry.identity)


def already_running(home: Home, state: RunState) -> AlreadyRunning:
    """Return the error for a second start on the same home."""
    who = f"process {state.supervisor.pid} ({state.command})" if state.supervisor else "another process"
    where = f" at {state.dashboard_url}" if state.dashboard_url else ""
    return AlreadyRunning(
        f"Tallystream runs already in {home.root}; found {who}{where}; open that address, stop it with "
        f"`tally --home {home.root} stop`, or start another with --home DIR"
    )
