"""The archive: `python -m tally.archive` writes every record of the log to Parquet, once per offset, and counts it.

It takes its settings from the environment (docs/architecture.md), ends within seconds of SIGTERM, or when its parent
has gone, with everything it read on disk. Killed at any moment it goes on behind the last whole file.
"""

import logging
import os
import signal
import sys
import threading

from tally.archive_files import ArchiveError, locked
from tally.archive_run import Archive
from tally.archive_settings import ArchiveSettings
from tally.errors import TallyError

OWNER_LOCK = ".owner.lock"


def main() -> int:
    """Archive until SIGTERM; return 0, or 1 after one line that says what is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop, parent = threading.Event(), os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        archive(ArchiveSettings.from_env(), lambda: stop.is_set() or os.getppid() != parent)
    except TallyError as error:
        print(f"archive: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"archive: the disk can't be used; found: {error}; see that it has room and is writable", file=sys.stderr)
        return 1
    return 0


def archive(settings: ArchiveSettings, stopping) -> None:
    """Archive until `stopping` says so; raise ArchiveError when another process archives to the same folder."""
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(settings.folder, OWNER_LOCK) as is_owner:
        if not is_owner:
            raise ArchiveError(
                f"another process archives to {settings.folder}; found its lock {OWNER_LOCK} held; end that one, or "
                "set TALLY_HOME to another folder"
            )
        Archive(settings, stopping).run()


if __name__ == "__main__":
    sys.exit(main())
