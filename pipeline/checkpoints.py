"""The checkpoints in the home folder: which one to resume from, and which ones to clear away."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


class CheckpointTooOld(RuntimeError):
    """The newest checkpoint is older than the state lives; resuming from it would overwrite totals with less."""


@dataclass(frozen=True)
class Checkpoint:
    """One complete checkpoint: its folder and when it was completed (epoch seconds UTC)."""

    path: Path
    completed_at: float


def complete_checkpoints(folder: Path) -> list[Checkpoint]:
    """Return the complete checkpoints below `folder`, newest first; one without `_metadata` was never finished."""
    found = []
    for metadata in folder.glob("*/chk-*/_metadata"):
        try:
            found.append(Checkpoint(metadata.parent, metadata.stat().st_mtime))
        except FileNotFoundError:
            continue  # cleared away between the two looks
    return sorted(found, key=lambda checkpoint: (checkpoint.completed_at, checkpoint.path), reverse=True)


def choose_checkpoint(folder: Path, now: float, state_hours: int) -> Checkpoint | None:
    """Return the checkpoint to resume from, or None to begin with the log's first record.

    Raise CheckpointTooOld where state that the newest one holds would already have expired: its groups would start at
    zero and overwrite the totals in Postgres.
    """
    newest = next(iter(complete_checkpoints(folder)), None)
    if newest is None:
        return None
    age = timedelta(seconds=int(now - newest.completed_at))
    if age > timedelta(hours=state_hours):
        raise CheckpointTooOld(
            f"the newest checkpoint is older than the job's state lives; found {newest.path}, {age} old, "
            f"while state lives {state_hours} hours; run `tally rebuild` to compute the results again from the log"
        )
    return newest


def clear_other_runs(folder: Path, job_id: str) -> None:
    """Delete the checkpoints of earlier runs; call it once the run `job_id` has a complete one of its own."""
    for run in folder.iterdir():
        if run.is_dir() and run.name != job_id:
            shutil.rmtree(run, ignore_errors=True)
