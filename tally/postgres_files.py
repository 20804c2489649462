"""Passwords, the processes of a data directory, and the end of a log."""

import contextlib
import os
import secrets
import time
from pathlib import Path

import psutil

from tally.errors import TallyError

LEFTOVER_SECONDS = 15.0
QUOTED_LINES = 15


class PostgresError(TallyError):
    """The embedded server can't be prepared, started or reached."""


def clear_leftovers(data: Path) -> None:
    """Wait until a killed server's processes have gone, then remove its postmaster.pid; raise when it still runs."""
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while processes := processes_in(data):
        if time.monotonic() > deadline:
            ids = ", ".join(str(one.pid) for one in processes)
            raise PostgresError(
                f"the data directory {data} is in use; found process {ids} in it; stop it first: tally stop, or "
                f"kill -INT {ids}"
            )
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)


def running_server(data: Path) -> psutil.Process | None:
    """Return the living postmaster of a data directory, as its postmaster.pid names it."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split("\n")[0]))
        # the id in a stale file may belong to anyone by now
        if process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE:
            return process if Path(process.cwd()) == data else None
    except (OSError, ValueError, psutil.Error):
        pass
    return None


def processes_in(data: Path) -> list[psutil.Process]:
    """Return the living Postgres processes that work in a data directory."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE:
                found += [process] if process.cwd() == str(data) else []
    return found


def kept_password(folder: Path, role: str) -> str:
    """Return a role's password from its 0600 file, making it at random first when there is none."""
    path = folder / role
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner reads, whole or not at all; raise FileExistsError when it exists.

    An empty one is what a full disk has left of an earlier try, and is replaced.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size == 0:
            path.unlink()
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def last_lines(text: str, lines: int = QUOTED_LINES) -> str:
    """Return the last lines of a text."""
    return "\n".join(text.strip().splitlines()[-lines:])
