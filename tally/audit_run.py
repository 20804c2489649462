"""One audit from start to end: the log's end, a snapshot of the results, the log's end again; moving rows are retried.

The log is the archive's files and, behind them, what the audit reads from Kafka itself: so the archive is audited as
well, and an archive that lags or is down delays nothing.
"""

import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from tally.archive_compaction import READERS_LOCK
from tally.archive_files import ArchiveError, Segment, holes, list_files, locked, read_identity, without_merged
from tally.audit_compare import Comparison, Room, Settled, TableResult, Totals, UnsureId
from tally.audit_log import AuditError, LogTail
from tally.audit_settings import AuditSettings
from tally.audit_snapshot import connected, read_shipments, read_store_days, read_visible, take_snapshot
from tally.audit_tables import LAWS
from tally.audit_verdicts import FOLDER, judge, verdicts_of, write_verdicts

AUDIT_LOCK = ".audit.lock"
SCRATCH = ".audit-"
POLL_SECONDS = 0.5
# larger than any offset
EVERYTHING = 2**62


@dataclass(frozen=True)
class AuditReport:
    """What an audit found; `behind` is how many records the job's results lack while they do not advance."""

    started_at: datetime
    finished_at: datetime
    tables: tuple[TableResult, ...]
    totals: Totals
    unsure_ids: tuple[UnsureId, ...] = ()
    behind: int = 0
    rounds: int = 1

    @property
    def verdict(self) -> str:
        """Return equal or differs."""
        return "differs" if any(table.differs for table in self.tables) else "equal"

    @property
    def message(self) -> str:
        """Return the verdict as one line for people."""
        real = [table for table in self.tables if table.table not in LAWS]
        scope = (
            f"{sum(table.compared for table in real):,} rows in {len(real)} tables, "
            f"{self.totals.records:,} records of the log"
        )
        restless = [f"{n:,} rows {what}" for what in ("moving", "undecided") if (n := self.count(what))]
        if self.verdict == "differs":
            kinds = [
                (table.table, kind, getattr(table, kind))
                for table in self.tables
                for kind in ("missing", "extra", "wrong")
            ]
            listed = ", ".join(f"{table} {count:,} {kind}" for table, kind, count in kinds if count)
            text = f"{sum(count for *_, count in kinds):,} rows differ ({listed}) of {scope}"
        else:
            text = f"every {'settled ' if restless else ''}row equal: {scope}"
        if self.behind:
            restless.append(f"the job's results lack the log's last {self.behind:,} records and do not advance")
        return "; ".join([text, *restless])

    def count(self, kind: str) -> int:
        """Return how many rows of all tables are of a kind."""
        return sum(getattr(table, kind) for table in self.tables)


@dataclass
class Audit:
    """The parts of a running audit."""

    settings: AuditSettings
    connection: object
    tail: LogTail
    comparison: Comparison
    scratch: Path
    files: list[Path]
    say: Callable[[str], None]
    sleep: Callable[[float], None]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def read_log(self) -> None:
        """Read the log to its end as of now."""
        path = self.scratch / f"tail-{next(self.numbers)}.parquet"
        contract = self.settings.contract
        self.files.append(write_verdicts(path, (judge(batch, contract) for batch in self.tail.read_to_end())))

    def wait_for_results(self) -> int:
        """Wait until the job's results reach what is read of the log; return how many they lack without advancing."""
        deadline = time.monotonic() + self.settings.patience_seconds
        before, since = read_visible(self.connection), time.monotonic()
        while lacking := self.lacking(before):
            self.say(f"waiting for the job: its results lack {lacking:,} offsets of the log")
            self.sleep(POLL_SECONDS)
            now = read_visible(self.connection)
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > self.settings.settle_seconds:
                return lacking
            if time.monotonic() > deadline:
                break
        return 0

    def lacking(self, visible: dict[int, int]) -> int:
        """Return how many offsets of the log the results lack."""
        return sum(max(0, last - visible.get(partition, -1)) for partition, last in self.tail.last_record.items())

    def load_log(self) -> None:
        """Take into the comparison what is read of the log."""
        self.comparison.load_log(self.files)
        self.comparison.load_store_days(read_store_days(self.connection, self.comparison.quarter_hours()))

    def undecided_keys(self, tables: Iterable[str]) -> dict[str, list[dict]]:
        """Return {table: keys of its rows in which a second run may count another copy of an event}."""
        self.read_log()
        self.load_log()
        self.comparison.run("forget_ordered_ids")
        return {name: self.comparison.undecided(name) for name in tables}

    def compare(self, types: dict, behind: int) -> list[TableResult]:
        """Compare every table; look again at tables in which rows move, a few times."""
        results: dict[str, TableResult] = {}
        pause = self.settings.settle_seconds / max(1, self.settings.rounds - 1)
        for number in range(self.settings.rounds):
            moving = [name for name in types if name not in results or results[name].moving]
            if not moving:
                break
            if number:
                self.say(f"{sum(results[name].moving for name in moving):,} rows still move; looking again")
                self.sleep(pause)
            results |= self.compare_once(moving, types, behind)
        return [results[name] for name in types]

    def compare_once(self, names: list[str], types: dict, behind: int) -> dict[str, TableResult]:
        """Take the log's end, a snapshot and the log's end again, and compare these tables."""
        visible = read_visible(self.connection)
        self.read_log()
        self.say("copying the result tables")
        snapshot = take_snapshot(self.connection, {name: types[name] for name in names}, self.scratch)
        self.read_log()
        if behind:
            # they do not come any more: what they lack is missing
            visible = dict.fromkeys(self.tail.last_record, EVERYTHING)
        self.load_log()
        self.comparison.settle(Settled(int(snapshot.taken_ms - self.settings.settle_seconds * 1000), visible))
        results = {}
        for name, path in snapshot.tables.items():
            self.say(f"comparing {name}: {pq.read_metadata(path).num_rows:,} rows")
            results[name] = self.comparison.compare_table(name, path)
        return results


def run_audit(
    settings: AuditSettings,
    *,
    fresh: bool,
    most_shown: int,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> AuditReport:
    """Audit every result table; raise AuditError when that can't be done."""
    started = datetime.now(UTC)
    with opened(settings, fresh=fresh, most_shown=most_shown, say=say, sleep=sleep) as audit:
        comparison = audit.comparison
        types = comparison.types(write_verdicts(audit.scratch / "none.parquet", ()))
        audit.read_log()
        behind = audit.wait_for_results()
        results = audit.compare(types, behind)
        return AuditReport(
            started, datetime.now(UTC), tuple(results), comparison.totals(), tuple(comparison.unsure_ids()), behind
        )


@contextmanager
def opened(
    settings: AuditSettings,
    *,
    fresh: bool = False,
    most_shown: int = 0,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Audit]:
    """Give the parts of an audit, with the archive's records judged; raise AuditError when that can't be done."""
    with ExitStack() as stack:
        stack.enter_context(locked_archive(settings.folder))
        connection = stack.enter_context(connected(settings.database_url))
        scratch = stack.enter_context(scratch_folder(settings.folder))
        segments = segments_without_holes(settings.folder)
        tail = LogTail(settings.kafka, settings.topic, segments)
        stack.callback(tail.close)
        verdicts = verdicts_of(
            segments, settings.folder / FOLDER, settings.contract, fresh=fresh, say=say, workers=settings.workers
        )
        comparison = Comparison(
            scratch,
            shipments=read_shipments(connection),
            dedup_ms=settings.dedup_ms,
            most_shown=most_shown,
            room=Room(settings.megabytes, settings.workers),
        )
        stack.callback(comparison.close)
        yield Audit(settings, connection, tail, comparison, scratch, list(verdicts.files), say, sleep)


@contextmanager
def locked_archive(folder: Path) -> Iterator[None]:
    """Keep the archive's files from being merged, and other audits waiting, while the block runs."""
    if not folder.is_dir():
        raise AuditError(f"there is no archive; found no folder {folder}; start Tallystream with this home first")
    with locked(folder, AUDIT_LOCK, wait=True), locked(folder, READERS_LOCK, shared=True, wait=True):
        yield


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Give a folder that is removed afterwards, with those that killed audits left."""
    for leftover in folder.glob(f"{SCRATCH}*/"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as path:
        yield Path(path)


def segments_without_holes(folder: Path) -> list[Segment]:
    """Return the archive's files; raise AuditError when they don't tile the log."""
    try:
        segments = without_merged(list_files(folder))
        identity = read_identity(folder)
    except ArchiveError as error:
        raise AuditError(str(error)) from error
    beginnings = identity["beginnings"] if identity else {}
    partitions = {one.partition for one in segments}
    missing = {one: found for one in partitions if (found := holes(segments, one, beginnings.get(str(one))))}
    if missing:
        raise AuditError(
            f"the archive in {folder} lacks records; found these offsets missing by partition: {missing}; start the "
            "archive again, it reads them from the log"
        )
    return segments
