"""Names of files in the inbox's folders: free ones, and those of the notes beside them, within 255 bytes."""

import hashlib
import os
import re
from pathlib import Path

# what most file systems allow
LONGEST_NAME_BYTES = 255
ENDINGS = re.compile(r"(\.[A-Za-z0-9]{1,8}){0,2}$")


def free_name(path: Path) -> Path:
    """Return the path, or with -2, -3 … before its endings when that name is taken."""
    endings = ENDINGS.search(path.name).group()
    stem = path.name.removesuffix(endings)
    free, number = path, 1
    while os.path.lexists(free):
        number += 1
        tail = f"-{number}{endings}"
        free = path.with_name(cut(stem, LONGEST_NAME_BYTES - length(tail)) + tail)
    return free


def note_beside(path: Path, ending: str) -> Path:
    """Return where a note on a file is kept; a long name is cut and told from others by its hash."""
    room = LONGEST_NAME_BYTES - length(ending)
    if length(path.name) <= room:
        return path.with_name(path.name + ending)
    mark = "~" + hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]
    return path.with_name(cut(path.name, room - len(mark)) + mark + ending)


def length(name: str) -> int:
    """Return how many bytes a name has on disk."""
    return len(os.fsencode(name))


def cut(name: str, room: int) -> str:
    """Return as many of a name's first characters as fit into some bytes."""
    while length(name) > room:
        name = name[:-1]
    return name
