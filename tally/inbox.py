"""`python -m tally.inbox`: publish each file renamed into $TALLY_HOME/inbox exactly once, then move it to done/.

Takes TALLY_HOME, TALLY_KAFKA and TALLY_TOPIC from the environment. Ends within seconds of SIGTERM; a file that is being
published then is left where it is, nothing of it counts, and the next start publishes it.
"""

import os
import signal
import stat
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import KafkaException

from tally.errors import TallyError
from tally.inbox_ledger import LedgerEntry
from tally.inbox_lines import UnreadableFile, read_content
from tally.inbox_names import free_name, note_beside
from tally.inbox_publish import FileChanged, Publisher

ENDINGS = (".ndjson", ".jsonl", ".json")
SCAN_SECONDS = 0.25
# a file copied instead of renamed into the inbox is left alone until it has not grown for this long
SETTLED_SECONDS = 1.0
RETRY_SECONDS = 2.0
MOST_ATTEMPTS = 5
CLAIMED = ".claimed"
RESERVED = ("done", "failed", CLAIMED)


@dataclass(frozen=True)
class InboxSettings:
    """Where the inbox is and where it publishes to."""

    home: Path
    kafka: str
    topic: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> "InboxSettings":
        """Read the settings; raise TallyError naming every variable that is missing."""
        missing = [name for name in ("TALLY_HOME", "TALLY_KAFKA", "TALLY_TOPIC") if not environment.get(name)]
        if missing:
            raise TallyError(f"the inbox can't start; {', '.join(missing)} not set; start it through `tally run`")
        return cls(Path(environment["TALLY_HOME"]), environment["TALLY_KAFKA"], environment["TALLY_TOPIC"])


class Refused(TallyError):
    """Something in the inbox that can't be published, whatever is in it."""


class Inbox:
    """Takes files from a folder, one at a time in the order of their names.

    A file is first moved to .claimed/, so that a new file under the same name can't be taken for it.
    """

    def __init__(
        self,
        folder: Path,
        publisher: Publisher,
        say: Callable[[str], None],
        now: Callable[[], float] = time.time,
        at_step: Callable[[str], None] = lambda step: None,
    ):
        self.folder = folder
        self.publisher = publisher
        self.say = say
        self.now = now
        self.at_step = at_step
        self.failures: Counter[str] = Counter()
        self.faults: dict[str, str] = {}
        for name in RESERVED:
            (folder / name).mkdir(mode=0o700, exist_ok=True)

    def scan(self) -> None:
        """Handle everything that waits, what an earlier process had claimed first."""
        earlier, self.faults = self.faults, {}
        for path in claimed(self.folder):
            self.attempt(self.handle, path, earlier)
        for path in waiting(self.folder):
            self.attempt(self.take, path, earlier)

    def attempt(self, step: Callable[[Path], None], path: Path, earlier: Mapping[str, str]) -> None:
        """Do a step for one file; what the file system refuses is said once and tried again at the next scan."""
        try:
            step(path)
        except OSError as error:
            fault = refused_by_disk(path, error)
            self.faults[path.name] = fault
            if earlier.get(path.name) != fault:
                self.say(fault)

    def take(self, path: Path) -> None:
        """Claim a file that waits, and handle it."""
        if (mine := self.claim(path)) is not None:
            self.handle(mine)

    def claim(self, path: Path) -> Path | None:
        """Move a complete file to .claimed/ and return it; refuse what is no file; None while it is being written."""
        try:
            status = check_kind(path)
            if 0 <= self.now() - status.st_mtime < SETTLED_SECONDS:
                return None
            mine = free_name(self.folder / CLAIMED / path.name)
            os.rename(path, mine)
            return mine
        except FileNotFoundError:
            if os.path.lexists(path):
                raise
            # its owner took it back
            return None
        except Refused as error:
            self.fail(path, str(error))
            return None

    def handle(self, path: Path) -> None:
        """Publish a claimed file; one that can't be read goes to failed/, one that still grows waits."""
        try:
            self.publish(path)
        except FileChanged as error:
            self.say(str(error))
        except (Refused, UnreadableFile) as error:
            self.fail(path, str(error))
        except KafkaException:
            self.failures[path.name] += 1
            raise

    def publish(self, path: Path) -> None:
        """Publish a file unless its content was published before, then move it to done/."""
        # again: in the inbox it could be exchanged for a link after the first look, in .claimed/ only by us
        check_kind(path)
        content = read_content(path)
        known = self.publisher.find(content.sha256)
        if known is not None:
            self.finish(path, "" if is_same_file(known, path.stat()) else self.repeated(path, known))
            return
        # only now, when the ledger says that no earlier attempt got through
        if self.failures[path.name] >= MOST_ATTEMPTS:
            self.fail(path, refused_by_kafka(path.name))
            return
        entry = self.publisher.publish(path, content)
        note = f"{path.name} holds no line; nothing was published" if entry.lines == 0 else ""
        self.say(note or f"published {path.name}: {entry.lines} lines")
        self.finish(path, note)

    def repeated(self, path: Path, known: LedgerEntry) -> str:
        """Say that a content is in the log already."""
        when = datetime.fromtimestamp(known.published_at / 1000, UTC).isoformat(timespec="seconds")
        note = (
            f"{path.name} was not published again: the same content is in the log since {when} as {known.name} "
            f"({known.lines} lines)"
        )
        self.say(note)
        return note

    def finish(self, path: Path, note: str) -> None:
        """Move a published file to done/, with a note beside it where there is something to say."""
        self.at_step("before move")
        target = free_name(self.folder / "done" / path.name)
        if note:
            note_beside(target, ".note.txt").write_text(note + "\n", encoding="utf-8", errors="replace")
        os.rename(path, target)
        self.failures.pop(path.name, None)

    def fail(self, path: Path, reason: str) -> None:
        """Move what can't be published to failed/, with the reason beside it."""
        target = free_name(self.folder / "failed" / path.name)
        note_beside(target, ".reason.txt").write_text(reason + "\n", encoding="utf-8", errors="replace")
        os.rename(path, target)
        self.failures.pop(path.name, None)
        self.say(f"{reason}; moved to failed/")


def claimed(folder: Path) -> list[Path]:
    """Return the files that are being published, or were when an earlier process ended."""
    return sorted((folder / CLAIMED).iterdir()) if (folder / CLAIMED).is_dir() else []


def waiting(folder: Path) -> list[Path]:
    """Return what waits in the inbox, by name; names that begin with . or _ or end with .tmp are not ready yet."""
    return [folder / name for name in sorted(os.listdir(folder)) if is_ready(name)]


def is_ready(name: str) -> bool:
    """Tell whether a name says that its file is complete."""
    return name not in RESERVED and not name.startswith((".", "_")) and not name.endswith((".tmp", ".part"))


def check_kind(path: Path) -> os.stat_result:
    """Return a file's status; raise Refused unless it is a regular file with a name that the inbox takes."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise Refused(f"{path.name} is a link; found one to {os.readlink(path)}; rename the file itself into the inbox")
    if stat.S_ISDIR(status.st_mode):
        raise Refused(f"{path.name} is a folder; the inbox takes files only; rename each file of it into the inbox")
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{path.name} is no regular file; the inbox takes files of lines; write them to a file")
    if not path.name.lower().removesuffix(".gz").endswith(ENDINGS):
        raise Refused(
            f"{path.name} has no name of the inbox; found no ending .ndjson, .jsonl or .json (each also with .gz); "
            "write one JSON object a line and name the file so"
        )
    return status


def refused_by_kafka(name: str) -> str:
    """Return the reason for a file that must not block all others for ever."""
    return (
        f"{name} could not be published; Kafka refused it {MOST_ATTEMPTS} times (logs/inbox.log says why); split it "
        "into smaller files and rename them into the inbox, nothing of it was published"
    )


def refused_by_disk(path: Path, error: OSError) -> str:
    """Return what to say about a file that the file system does not let the inbox handle."""
    where = f" ({error.filename2 or error.filename})" if error.filename else ""
    return (
        f"{path.name} can't be handled; found: {error.strerror or error}{where}; see that this user may write to the "
        "inbox's folders and that the disk has room, it is tried again all the time"
    )


def is_same_file(known: LedgerEntry, status: os.stat_result) -> bool:
    """Tell whether a file is the very one that a stop kept from being moved after it was published."""
    return (known.device, known.inode, known.modified_ns) == (status.st_dev, status.st_ino, status.st_mtime_ns)


def run(settings: InboxSettings, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Watch the inbox until told to stop; raise Fenced when this process can't go on.

    After an error of Kafka a new publisher asks the ledger what became of the file.
    """
    failures: Counter[str] = Counter()
    while not stop.is_set():
        try:
            inbox = Inbox(settings.home / "inbox", Publisher(settings.kafka, settings.topic, settings.home), say)
            inbox.failures = failures
            say(f"watching {inbox.folder}")
            while not stop.is_set():
                inbox.scan()
                stop.wait(SCAN_SECONDS)
        except KafkaException as error:
            say(f"Kafka does not answer as it should: {error.args[0].str()}; trying again in {RETRY_SECONDS:g} s")
            stop.wait(RETRY_SECONDS)


def main() -> int:
    """Run the inbox process; return the exit code."""
    # a file's name may be any bytes
    sys.stdout.reconfigure(errors="backslashreplace")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop_now(stop))
    signal.signal(signal.SIGINT, lambda *_: stop_now(stop))
    try:
        run(InboxSettings.from_env(), stop, lambda text: print(text, flush=True))
    except StopNow:
        return 0
    except (TallyError, KafkaException, OSError) as error:
        print(f"inbox: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


class StopNow(Exception):
    """SIGTERM came; an open transaction is left to be aborted by the next start."""


def stop_now(stop: threading.Event) -> None:
    """Leave the loop, also in the middle of a file."""
    stop.set()
    raise StopNow


if __name__ == "__main__":
    sys.exit(main())
