"""What the demo keeps on disk: the shop's identity, snapshots of the simulation, and how far publishing has come."""

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from generator.catalogue import Catalogue
from generator.rows import DUE, SENT, TIME
from generator.simulation import Simulation
from generator.stock import NEVER

VERSION = 1
ARRAYS = ("available", "on_order", "opens_at", "homes", "coming", "transit")


class StateError(RuntimeError):
    """A saved state that can't be gone on with; the message says what was found and what to do."""


@dataclass(eq=False)
class Snapshot:
    """A simulation between two slices: arrays and three counters."""

    now: int
    seq: int
    orders: int
    arrays: dict[str, np.ndarray]


def take_snapshot(simulation: Simulation) -> Snapshot:
    """Return a copy of what a simulation goes on from."""
    progress, levels = simulation.progress, simulation.stock.levels
    return Snapshot(
        progress.now,
        progress.seq,
        progress.orders,
        {
            "available": levels.available.copy(),
            "on_order": levels.on_order.copy(),
            "opens_at": levels.opens_at.copy(),
            "homes": simulation.customers.homes.copy(),
            "coming": progress.coming.dump(),
            "transit": progress.transit.dump(),
        },
    )


def shifted(snapshot: Snapshot, to: int) -> Snapshot:
    """Return a snapshot as if the shop had been closed until `to`: what was to come comes that much later."""
    by = to - snapshot.now
    arrays = {name: array.copy() for name, array in snapshot.arrays.items()}
    arrays["coming"][:, TIME] += by
    arrays["transit"][:, (DUE, SENT)] += by
    arrays["opens_at"] = np.where(arrays["opens_at"] == NEVER, NEVER, arrays["opens_at"] + by)
    return Snapshot(to, snapshot.seq, snapshot.orders, arrays)


def save_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot, renamed into place when it is safely on disk."""
    meta = json.dumps({"version": VERSION, "now": snapshot.now, "seq": snapshot.seq, "orders": snapshot.orders})
    part = path.with_name(path.name + ".tmp")
    with part.open("wb") as stream:
        np.savez(stream, meta=np.frombuffer(meta.encode(), np.uint8), **snapshot.arrays)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def load_snapshot(path: Path) -> Snapshot:
    """Read a snapshot. Raise StateError when it can't be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            meta = json.loads(stored["meta"].tobytes())
            return Snapshot(meta["now"], meta["seq"], meta["orders"], {name: stored[name] for name in ARRAYS})
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise StateError(
            f"can't read the shop's state {path}: {error}; run `tally reset` to begin with a new shop"
        ) from error


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """Write JSON, renamed into place when it is complete and, where `durable`, safely on disk."""
    part = path.with_name(path.name + ".tmp")
    with part.open("w", encoding="utf-8") as stream:
        json.dump(value, stream, ensure_ascii=False)
        stream.flush()
        if durable:
            os.fsync(stream.fileno())
    part.replace(path)


def read_json(path: Path) -> Any:
    """Read JSON, None where there is no file. Raise StateError when it can't be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StateError(f"can't read {path}: {error}; run `tally reset` to begin with a new shop") from error


def fingerprint(catalogue: Catalogue) -> str:
    """Return a digest of everything in a catalogue that a saved state refers to by index."""
    digest = hashlib.blake2b(digest_size=12)
    for part in (catalogue.price, catalogue.stocked, catalogue.source, catalogue.category):
        digest.update(np.ascontiguousarray(part).tobytes())
    digest.update(json.dumps([catalogue.skus, catalogue.names_en]).encode())
    return digest.hexdigest()


@contextmanager
def only_one(folder: Path):
    """Hold a folder for this process. Raise StateError when another generator holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise StateError(
                f"another generator (pid {lock.read().strip() or 'unknown'}) works in {folder}; "
                "stop it first, or give another --home"
            ) from error
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
