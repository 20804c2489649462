"""Where records go: NDJSON files, stdout, or Kafka (kafka_sink.py)."""

import io
import sys
from pathlib import Path
from typing import BinaryIO, Protocol

LINES_PER_FILE = 100_000


class SinkError(RuntimeError):
    """Records can't be written; the message says what was found and what to do."""


class Sink(Protocol):
    """Takes encoded records in order; a record is a fact only after `flush`."""

    def write(self, lines: list[bytes | None], keys: list[bytes | None] | None) -> None:
        """Take records; `keys` is None where the sink needs none."""

    def flush(self) -> None:
        """Wait until everything taken is out. Raise SinkError when something could not be written."""

    def close(self) -> None:
        """Flush and let go."""


class StreamSink:
    """Writes lines to a binary stream such as stdout."""

    needs_keys = False

    def __init__(self, stream: BinaryIO | None = None):
        self.stream = stream or sys.stdout.buffer

    def write(self, lines: list[bytes | None], keys: list[bytes | None] | None = None) -> None:
        """Write lines; raise BrokenPipeError when the reader has gone."""
        if lines:
            self.stream.write(b"\n".join([*lines, b""]))

    def flush(self) -> None:
        """Hand buffered bytes to the operating system."""
        self.stream.flush()

    def close(self) -> None:
        """Flush; the stream stays open."""
        self.flush()


class FolderSink:
    """Writes NDJSON files that appear under their name only when complete, as an inbox wants them."""

    needs_keys = False

    def __init__(self, folder: Path, stem: str, lines_per_file: int = LINES_PER_FILE):
        self.folder, self.stem, self.limit = folder, stem, lines_per_file
        self.files: list[Path] = []
        self._part: Path | None = None
        self._stream: io.BufferedWriter | None = None
        self._lines = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".{stem}.tmp"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise SinkError(f"can't write to {folder}: {error.strerror}; choose another folder for --to") from error

    def write(self, lines: list[bytes | None], keys: list[bytes | None] | None = None) -> None:
        """Write lines, into as many files as they need."""
        start = 0
        while start < len(lines):
            if self._stream is None:
                self._begin()
            batch = lines[start : start + self.limit - self._lines]
            self._stream.write(b"\n".join([*batch, b""]))
            self._lines += len(batch)
            start += len(batch)
            if self._lines >= self.limit:
                self.publish()

    def _begin(self) -> None:
        self._part = self.folder / f"{self.stem}-{len(self.files) + 1:06d}.ndjson.tmp"
        self._stream = self._part.open("wb", buffering=1 << 20)
        self._lines = 0

    def publish(self) -> None:
        """Complete the file that is being written, so that it appears under its name."""
        if self._stream is None or self._part is None:
            return
        self._stream.close()
        final = self._part.with_suffix("")
        self._part.replace(final)
        self.files.append(final)
        self._stream = self._part = None
        self._lines = 0

    def flush(self) -> None:
        """Complete the current file."""
        self.publish()

    def close(self) -> None:
        """Complete the last file."""
        self.publish()
