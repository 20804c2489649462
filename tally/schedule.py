"""What a running line does beside keeping its children up: chores and the hourly audit."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tally import closing
from tally.catalogue import Catalogue, CatalogueError
from tally.child import Child, ChildSpec
from tally.chores import Chore
from tally.database import as_database_error, execute, execute_many
from tally.drained import read_reached
from tally.free_space import FreeSpace
from tally.line import Line
from tally.log_watch import LogWatch
from tally.supervisor import python_command

FIRST_AUDIT_SECONDS = 300.0
AUDIT_ENDINGS = {
    0: "audit: every result row is equal",
    1: "audit: rows differ; `tally audit` lists them",
    2: "audit: could not run; `tally logs audit` says why",
}
CATALOGUE_FILES = ("products.ndjson", "stock_policy.ndjson", "warehouses.ndjson")


def chores_of(line: Line, catalogue: Catalogue) -> list[Chore]:
    """Return what is done again and again in the background; the results' upkeep goes with the job."""
    of_every_home = [
        Chore("log rotation", 10, lambda: rotate_logs(line)),
        Chore("free space", 5, FreeSpace(kept_folders(line)).look),
    ]
    return of_every_home + (upkeep_of(line, catalogue) if line.has("job") else [])


def upkeep_of(line: Line, catalogue: Catalogue) -> list[Chore]:
    """Return what keeps the results in order."""
    return [
        Chore("partitions", 6 * 3600, lambda: create_partitions(line)),
        Chore("trimming", 3600, lambda: trim(line)),
        Chore("closing of windows", 60, lambda: close_windows(line)),
        Chore("the log", 60, LogWatch(line.kafka, line.settings.topic, lambda: read_reached(line.urls.writer)).look),
        Chore("catalogue", 2, lambda: load_catalogue(catalogue)),
        Chore("history", 2, HistoryCopy(line).look),
        Chore("inbox", 1, RefusedFiles(line.home.inbox / "failed").look),
    ]


def kept_folders(line: Line) -> dict[str, Path]:
    """Return {what is kept: folder} of everything that this line writes to disks of ours."""
    home = line.home
    servers = {"the database": home.postgres, "the log": home.kafka}
    outside = {"the database": line.settings.database_url, "the log": line.settings.kafka}
    return {
        "checkpoints": home.checkpoints,
        **{name: folder for name, folder in servers.items() if not outside[name]},
        "the archive": home.archive,
        "everything else": home.root,
    }


def rotate_logs(line: Line) -> list[str]:
    """Rotate what has grown too large."""
    line.supervisor.logs.rotate()
    return []


def create_partitions(line: Line) -> list[str]:
    """Make the partitions of the coming days."""
    with as_database_error("create_partitions"):
        closing.create_partitions(line.urls.writer)
    return []


def trim(line: Line) -> list[str]:
    """Forget measurements that nothing shows any more; results are never trimmed here."""
    for name in ("trim_lag_samples", "trim_checkpoint_stats"):
        execute(line.urls.writer, name)
    return []


def close_windows(line: Line) -> list[str]:
    """Sum up old windows, so that views stay fast."""
    with as_database_error("close_windows"):
        closing.close_windows(line.urls.writer)
    return []


def load_catalogue(catalogue: Catalogue) -> list[str]:
    """Load products, stock policy and warehouses where they changed; a bad line leaves the tables as they were."""
    try:
        loaded = catalogue.load_if_changed()
    except CatalogueError as error:
        return [str(error)]
    return [f"loaded {', '.join(f'{rows:,} rows of {table}' for table, rows in loaded.items())}"] if loaded else []


class RefusedFiles:
    """Tells of each file that the inbox has refused since the start."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.told = self.reasons()

    def reasons(self) -> set[Path]:
        """Return the reasons that lie beside refused files."""
        return set(self.folder.glob("*.reason.txt"))

    def look(self) -> list[str]:
        """Return the new reasons, which name their file."""
        new = sorted(self.reasons() - self.told)
        self.told |= set(new)
        return [f"inbox: {path.read_text(encoding='utf-8', errors='replace').strip()}" for path in new]


class HistoryCopy:
    """Copies the generator's progress over its history into the table that the dashboard's bar reads."""

    def __init__(self, line: Line):
        self.line = line
        self.path = line.home.generator / "progress.json"
        self.copied: str | None = None

    def look(self) -> list[str]:
        """Copy the progress when it has changed."""
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            return []
        if text != self.copied:
            execute_many(self.line.urls.writer, "save_history_day", history_days(json.loads(text)))
            self.copied = text
        return []


def history_days(progress: dict) -> list[dict]:
    """Return the rows of history_days that a progress file tells."""
    return [
        {
            "store_day": day["store_day"],
            "events": day["events"],
            "published_at": day["published_at"] and datetime.fromtimestamp(day["published_at"] / 1000, UTC),
        }
        for day in progress["days"]
    ]


def has_history_to_publish(line: Line) -> bool:
    """Tell whether the demo's generator still publishes its history."""
    if "generator" not in line.children:
        return False
    try:
        return json.loads((line.home.generator / "progress.json").read_text()).get("phase") != "live"
    except (OSError, ValueError):
        return True


class HourlyAudit:
    """Runs the audit on each full hour of the store, and once soon after the start."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.time):
        self.line = line
        self.zone = ZoneInfo(line.settings.store_zone)
        self.clock = clock
        self.hour = self.current_hour()
        self.first_at: float | None = clock() + FIRST_AUDIT_SECONDS
        self.child: Child | None = None

    def current_hour(self) -> str:
        """Return the store's hour."""
        return datetime.fromtimestamp(self.clock(), self.zone).strftime("%Y-%m-%d %H %z")

    def tick(self) -> None:
        """Start an audit when one is due and none runs."""
        is_first = self.first_at is not None and self.clock() >= self.first_at
        if not is_first and self.current_hour() == self.hour:
            return
        # two cores are few, and an audit of a log that grows by thousands of records a second proves little
        if has_history_to_publish(self.line):
            return
        self.first_at, self.hour = None, self.current_hour()
        if self.child is not None and not self.child.has_ended:
            return
        if self.child is None:
            environment = self.line.environment(DATABASE_URL=self.line.urls.writer)
            command = python_command("tally.audit", "--background")
            self.child = self.line.supervisor.start(
                ChildSpec("audit", command, environment, endings=AUDIT_ENDINGS, is_one_shot=True)
            )
        else:
            self.child.start()
