"""Send a saved corpus again, faster than it can be simulated."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from generator.encode import readable_id
from generator.sinks import Sink, SinkError

LINES = 10_000
CATALOGUE_FILES = {"products.ndjson", "stock_policy.ndjson", "warehouses.ndjson"}
START, MARK = b'{"event_id":"', b'"'


def corpus_files(path: Path) -> list[Path]:
    """Return the NDJSON files of a corpus by name. Raise SinkError when there are none."""
    files = [path] if path.is_file() else sorted(
        p for p in path.glob("*") if p.name.endswith((".ndjson", ".ndjson.gz")) and p.name not in CATALOGUE_FILES
    )  # fmt: skip
    if not files:
        raise SinkError(f"nothing to replay in {path}; found no .ndjson or .ndjson.gz file; write one with --to DIR")
    return files


def read_lines(files: list[Path]) -> Iterator[list[bytes]]:
    """Yield the lines of files in batches, byte for byte without the line feed; blank lines are not lines."""
    batch: list[bytes] = []
    for path in files:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as stream:
            for number, line in enumerate(stream):
                line = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
                line = line.removesuffix(b"\n")
                if line.strip():
                    batch.append(line)
                if len(batch) >= LINES:
                    yield batch
                    batch = []
    if batch:
        yield batch


def key_of(line: bytes) -> bytes | None:
    """Return a line's event_id: by its place in our own lines, by parsing in others."""
    if line.startswith(START) and line.endswith(b"}"):
        end = line.find(MARK, len(START))
        key = line[len(START) : end]
        # a second object, an array or a break in the line sends the record the slow way
        if 0 < len(key) <= 128 and key.isascii() and b"\\" not in key and line.count(b'"event_id"') == 1:
            return key
    return readable_id(line)


def replay(path: Path, sink: Sink, events: int | None = None) -> int:
    """Send a corpus to a sink and return the number of records. Raise SinkError for a corpus without files."""
    sent = 0
    for lines in read_lines(corpus_files(path)):
        lines = lines if events is None else lines[: events - sent]
        sink.write(lines, [key_of(line) for line in lines] if sink.needs_keys else None)
        sent += len(lines)
        if events is not None and sent >= events:
            break
    sink.close()
    return sent
