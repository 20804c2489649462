"""The contract's verdict on every record: Parquet files beside the archive's, made once for each and kept.

A kept file is believed when it was made from the very bytes that the archive's file has now, under the same contract,
by the same checker; otherwise it is made again.
"""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tally import audit_contract
from tally.archive_files import Segment
from tally.audit_contract import Broken, Contract, Event

EVENT_FIELDS = [
    pa.field("event_id", pa.string()),
    pa.field("event_type", pa.string()),
    pa.field("event_time", pa.int64()),
    pa.field("sku", pa.string()),
    pa.field("warehouse_id", pa.string()),
    pa.field("quantity", pa.int64()),
    pa.field("order_id", pa.string()),
    pa.field("line_no", pa.int64()),
    pa.field("channel", pa.string()),
    pa.field("region", pa.string()),
    pa.field("unit_amount", pa.int64()),
    pa.field("discount_amount", pa.int64()),
    pa.field("buyer", pa.string()),
    pa.field("to_stock", pa.bool_()),
    pa.field("is_late", pa.bool_()),
]
ORIGIN_NAMES = ("topic", "partition", "offset", "append_time_ms", "file", "line")
ORIGIN_FIELDS = [
    pa.field("topic", pa.string()),
    pa.field("partition", pa.int32()),
    pa.field("offset", pa.int64()),
    pa.field("append_time_ms", pa.int64()),
    pa.field("file", pa.string()),
    pa.field("line", pa.int64()),
]
SCHEMA = pa.schema(
    [*ORIGIN_FIELDS, pa.field("broken_part", pa.string()), pa.field("broken_why", pa.string()), *EVENT_FIELDS]
)
NO_EVENT = (None,) * len(Event._fields)
MADE_FROM = b"tally.made_from"
FOLDER = "verdicts"
BATCH_RECORDS = 10_000
WORTH_PROCESSES = 200_000


@dataclass(frozen=True)
class Verdicts:
    """The files to read, and how many records had to be judged for them."""

    files: tuple[Path, ...]
    judged: int


def judge(batch: pa.RecordBatch | pa.Table, contract: Contract) -> pa.Table:
    """Return the verdict on each record of the archive's columns, in the columns of SCHEMA."""
    rows, parts, reasons = [], [], []
    for value, appended in zip(batch["value"].to_pylist(), batch["append_time_ms"].to_pylist(), strict=True):
        try:
            rows.append(contract.read(value, appended))
            parts.append(None)
            reasons.append(None)
        except Broken as broken:
            rows.append(NO_EVENT)
            parts.append(broken.part)
            reasons.append(broken.why)
    columns = zip(*rows, strict=True) if rows else [()] * len(EVENT_FIELDS)
    events = [pa.array(column, field.type) for column, field in zip(columns, EVENT_FIELDS, strict=True)]
    origins = [batch[name].cast(field.type) for name, field in zip(ORIGIN_NAMES, ORIGIN_FIELDS, strict=True)]
    return pa.table([*origins, pa.array(parts, pa.string()), pa.array(reasons, pa.string()), *events], schema=SCHEMA)


def write_verdicts(path: Path, tables: Iterable[pa.Table], made_from: str = "") -> Path:
    """Write verdicts so that the file is whole or absent."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with pq.ParquetWriter(scratch, SCHEMA.with_metadata({MADE_FROM: made_from}), compression="zstd") as writer:
            for table in tables:
                writer.write_table(table)
        scratch.rename(path)
    finally:
        scratch.unlink(missing_ok=True)
    return path


def judge_segment(source: Path, target: Path, contract: Contract, made_from: str) -> Path:
    """Judge every record of one file of the archive."""
    with pq.ParquetFile(source) as file:
        return write_verdicts(target, judged_batches(file, contract), made_from)


def judged_batches(file: pq.ParquetFile, contract: Contract) -> Iterator[pa.Table]:
    """Give the verdicts of a file in pieces that fit into memory."""
    for batch in file.iter_batches(BATCH_RECORDS):
        yield judge(batch, contract)


def fingerprint(source: Path, contract: Contract) -> str:
    """Return what a verdict depends on: the file's bytes, the deployment's contract, the checker's own text."""
    with source.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    rules = hashlib.sha256(contract.buyer_key + Path(audit_contract.__file__).read_bytes() + str(SCHEMA).encode())
    return json.dumps({"content": content, "currency": contract.currency, "rules": rules.hexdigest()})


def made_from(target: Path) -> str | None:
    """Return what a kept file was made from, None when there is none or it can't be read."""
    try:
        return (pq.read_metadata(target).metadata or {}).get(MADE_FROM, b"").decode()
    except (OSError, pa.ArrowException):
        return None


def verdicts_of(
    segments: list[Segment],
    folder: Path,
    contract: Contract,
    *,
    fresh: bool,
    say: Callable[[str], None],
    workers: int = 0,
) -> Verdicts:
    """Return the verdict files of the archive's files, making those that are not there; `fresh` makes all again.

    `workers` is in how many processes at most; 0: one for each core.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    targets = [folder / one.path.name for one in segments]
    remove_strangers(folder, {path.name for path in targets})
    wanted = [
        (one.path, target, contract, fingerprint(one.path, contract))
        for one, target in zip(segments, targets, strict=True)
    ]
    missing = [task for task in wanted if fresh or made_from(task[1]) != task[3]]
    judged = sum(pq.read_metadata(source).num_rows for source, *_ in missing)
    if judged:
        say(f"checking {judged:,} records that no audit has seen")
    run_tasks(missing, judged, workers or os.cpu_count() or 1)
    return Verdicts(tuple(targets), judged)


def run_tasks(tasks: list[tuple], records: int, most_workers: int) -> None:
    """Judge files, in several processes when there is enough to do."""
    workers = min(len(tasks), most_workers)
    if records < WORTH_PROCESSES or workers < 2:
        for task in tasks:
            judge_segment(*task)
        return
    # spawn: this process has threads of Kafka and Arrow, which a fork would copy in any state
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for done in [pool.submit(judge_segment, *task) for task in tasks]:
            done.result()


def remove_strangers(folder: Path, known: set[str]) -> None:
    """Remove verdicts on files that were merged since, and halves that killed audits left; the audit's lock is held."""
    for path in (*folder.glob("*.parquet"), *folder.glob(".*.part")):
        if path.name not in known:
            path.unlink()
