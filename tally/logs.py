"""One log file per process in $TALLY_HOME/logs: open, rotate, read the end."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

KEPT = 3
CHUNK_BYTES = 64 * 1024


class LogFiles:
    """The log files of one home.

    Children write to their file themselves, not through a pipe of ours: so they outlive a killed supervisor unharmed.
    """

    def __init__(self, folder: Path, largest_bytes: int):
        self.folder = folder
        self.largest_bytes = largest_bytes

    def path(self, name: str) -> Path:
        """Return the log of a process."""
        return self.folder / f"{name}.log"

    def open(self, name: str):
        """Open a log for a child's output."""
        return self.path(name).open("ab", buffering=0)

    def names(self) -> list[str]:
        """Return the names of the processes that have a log."""
        return sorted(path.stem for path in self.folder.glob("*.log"))

    def rotate(self) -> None:
        """Rotate every log that has grown too large: NAME.log.1 is the newest old one."""
        for path in self.folder.glob("*.log"):
            if path.stat().st_size > self.largest_bytes:
                rotate(path)

    def tail(self, name: str, lines: int) -> list[str]:
        """Return the last lines of a log; an absent one has none."""
        path = self.path(name)
        return tail(path, lines) if path.exists() else []


def without_stack(lines: list[str]) -> list[str]:
    """Drop blank lines and the frames of Java stack traces: what is left says what happened."""
    return [line for line in lines if line.strip() and not re.match(r"\s*(at [\w.$<>]+[/(.]|\.\.\. \d+ more)", line)]


def rotate(path: Path) -> None:
    """Copy a log away and empty it in place, since its writer keeps it open (and appends)."""
    for number in range(KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            os.replace(older, path.with_name(f"{path.name}.{number + 1}"))
    with path.open("rb") as source, path.with_name(f"{path.name}.1").open("wb") as copy:
        shutil.copyfileobj(source, copy)
    os.truncate(path, 0)


def tail(path: Path, lines: int) -> list[str]:
    """Return the last lines of a file, read from its end."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        block = b""
        while position > 0 and block.count(b"\n") <= lines:
            step = min(CHUNK_BYTES, position)
            position = file.seek(position - step)
            block = file.read(step) + block
            file.seek(position)
    return block.decode("utf-8", "replace").splitlines()[-lines:]


def follow(path: Path, position: int) -> Iterator[tuple[str, int]]:
    """Give what was appended since a position, and the new position; starts over after a rotation."""
    size = path.stat().st_size if path.exists() else 0
    position = 0 if size < position else position
    while position < size:
        with path.open("rb") as file:
            file.seek(position)
            chunk = file.read(CHUNK_BYTES)
        position += len(chunk)
        yield chunk.decode("utf-8", "replace"), position
