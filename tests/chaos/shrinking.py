"""Find a small input that still fails, so that a person can read it."""

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.chaos.account import prove_exact
from tests.chaos.inputs import Record
from tests.chaos.publishing import publish
from tests.line import running_line

T = TypeVar("T")


def smallest(items: Sequence[T], fails: Callable[[Sequence[T]], bool], most_tries: int) -> list[T]:
    """Return a part of the items, in their order, that still fails, as small as so many tries can find.

    Delta debugging (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002): leave out ever
    smaller pieces as long as what is left still fails. All items are taken to fail.
    """
    kept, pieces = list(items), 2
    while len(kept) > 1:
        size = -(-len(kept) // pieces)
        for start in range(0, len(kept), size):
            if most_tries == 0:
                return kept
            most_tries -= 1
            rest = kept[:start] + kept[start + size :]
            if fails(rest):
                kept, pieces = rest, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                return kept
            pieces = min(pieces * 2, len(kept))
    return kept


def is_wrong(records: Sequence[Record]) -> bool:
    """Tell whether a new line makes a wrong row of some records: a wrong row of an old one would stay."""
    with running_line("shrinking") as line:
        publish(line, list(records))
        try:
            prove_exact(line)
        except AssertionError:
            return True
        return False


def keep(records: Sequence[Record], path: Path) -> None:
    """Write records as lines of JSON, key and value in Base64 (values may be no text at all)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for one in records:
            line = {"key": coded(one.key), "value": coded(one.value), "copies": one.copies}
            file.write(json.dumps(line) + "\n")


def kept(path: Path) -> list[Record]:
    """Return the records of such a file."""
    lines = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return [Record(decoded(one["key"]), decoded(one["value"]), one["copies"]) for one in lines]


def coded(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
