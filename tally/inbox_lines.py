"""Read an inbox file as a stream: plain or gzip, lines of any length, memory bounded by one line's limit."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from tally.errors import TallyError
from tally.kafka import MAX_MESSAGE_BYTES

BOM = b"\xef\xbb\xbf"
GZIP_MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1024 * 1024
# room for key, headers and the batch's own bytes
LARGEST_WHOLE_LINE = MAX_MESSAGE_BYTES - 64 * 1024
# one byte more than the contract allows, so what is cut is always rejected for its length
CUT_BYTES = 1024 * 1024 + 1
LARGEST_KEY_CHARACTERS = 128


class UnreadableFile(TallyError):
    """A file's bytes can't be read to their end."""


@dataclass(frozen=True)
class Line:
    """One line: its number in the file (from 1), its bytes as they are sent, and its whole length in bytes."""

    number: int
    value: bytes
    length: int

    @property
    def is_cut(self) -> bool:
        """Tell whether only the beginning is sent, because no Kafka record can hold the line."""
        return self.length > len(self.value)


@dataclass(frozen=True)
class Content:
    """What a first reading finds: the SHA-256 and length of the (unpacked) bytes."""

    sha256: str
    length: int


def read_chunks(path: Path) -> Iterator[bytes]:
    """Give a file's bytes, unpacked where it is gzip; raise UnreadableFile when they can't be read to the end."""
    try:
        with path.open("rb") as file:
            stream = unpacked(file, path)
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableFile(
            f"{path.name} is not a whole gzip file; found: {error}; pack it again and rename it into the inbox, "
            "nothing of it was published"
        ) from error
    except OSError as error:
        raise UnreadableFile(
            f"{path.name} can't be read; found: {error.strerror}; let this user read it and rename it into the inbox "
            "again"
        ) from error


def unpacked(file: BinaryIO, path: Path) -> BinaryIO:
    """Return a stream of the unpacked bytes; gzip is known by its name or its first bytes."""
    magic = file.read(len(GZIP_MAGIC))
    file.seek(0)
    if path.name.endswith(".gz") and not magic:
        raise EOFError("an empty file, not even a gzip header")
    return gzip.GzipFile(fileobj=file) if path.name.endswith(".gz") or magic == GZIP_MAGIC else file


def read_content(path: Path) -> Content:
    """Read a file once to its end; raise UnreadableFile when that fails."""
    digest, length = hashlib.sha256(), 0
    for chunk in read_chunks(path):
        digest.update(chunk)
        length += len(chunk)
    return Content(digest.hexdigest(), length)


class LineReader:
    """Cuts chunks into lines: strips a leading BOM and CRs at line ends, skips blank lines, hashes what it read."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.length = 0
        self.number = 0
        self.buffer = bytearray()
        self.overflow = 0
        self.last_byte = b""

    def read(self, path: Path) -> Iterator[Line]:
        """Give the lines of a file; afterwards `content` tells what was read."""
        for chunk in read_chunks(path):
            self.digest.update(chunk)
            self.length += len(chunk)
            yield from self.feed(chunk)
        if self.buffer or self.overflow:
            yield from self.end_line()

    @property
    def content(self) -> Content:
        """Return what has been read so far."""
        return Content(self.digest.hexdigest(), self.length)

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """Give the lines that a chunk completes."""
        *complete, rest = chunk.split(b"\n")
        for piece in complete:
            self.keep(piece)
            yield from self.end_line()
        self.keep(rest)

    def keep(self, piece: bytes) -> None:
        """Add to the unfinished line, of a giant one only its beginning."""
        room = LARGEST_WHOLE_LINE + 1 + len(BOM) - len(self.buffer)
        self.buffer += piece[: max(room, 0)]
        self.overflow += max(len(piece) - max(room, 0), 0)
        self.last_byte = piece[-1:] or self.last_byte

    def end_line(self) -> Iterator[Line]:
        """Give the finished line, unless it is blank."""
        self.number += 1
        value, overflow = bytes(self.buffer), self.overflow
        self.buffer.clear()
        self.overflow = 0
        if self.number == 1:
            value = value.removeprefix(BOM)
        length = len(value) + overflow - (self.last_byte == b"\r")
        value = value[:length]
        self.last_byte = b""
        if value.strip(b" \t\r") or overflow:
            yield Line(self.number, value if length <= LARGEST_WHOLE_LINE else value[:CUT_BYTES], length)


class Identified(msgspec.Struct):
    """The one field that the inbox looks at."""

    event_id: str


DECODER = msgspec.json.Decoder(Identified)


def event_key(value: bytes) -> bytes | None:
    """Return the event_id as the record's key, None where the line has none that can be read."""
    try:
        event_id = DECODER.decode(value).event_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return event_id.encode() if 1 <= len(event_id) <= LARGEST_KEY_CHARACTERS else None
