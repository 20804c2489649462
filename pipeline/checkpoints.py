"""The checkpoints in the home folder: which one to resume from, and which ones to clear away."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

# A rebuild's job keeps its checkpoints in this folder beside the runs of the live one. Flink writes whole paths into
# them, so they can't be moved: once its results have become the live ones, the mark lets the live job resume from it.
SHADOW = "shadow"
ADOPTED = "adopted"


class CheckpointTooOld(RuntimeError):
    """The newest checkpoint is so old that its state may expire; its groups would then begin at zero."""


@dataclass(frozen=True)
class Checkpoint:
    """One complete checkpoint: its folder and when it was completed (epoch seconds UTC)."""

    path: Path
    completed_at: float


def complete_checkpoints(folder: Path) -> list[Checkpoint]:
    """Return the complete checkpoints below `folder`, newest first; one without `_metadata` was never finished.

    A stop at one cut leaves a savepoint, which is as good.
    """
    found = []
    adopted = (folder / SHADOW).glob("*/chk-*/_metadata") if (folder / SHADOW / ADOPTED).exists() else ()
    for metadata in (*folder.glob("*/chk-*/_metadata"), *folder.glob("*/savepoint-*/_metadata"), *adopted):
        try:
            found.append(Checkpoint(metadata.parent, metadata.stat().st_mtime))
        except FileNotFoundError:
            continue  # cleared away between the two looks
    return sorted(found, key=lambda checkpoint: (checkpoint.completed_at, checkpoint.path), reverse=True)


def choose_checkpoint(folder: Path, now: float, resume_hours: int) -> Checkpoint | None:
    """Return the checkpoint to resume from, or None to begin with the log's first record.

    `now` is in epoch seconds. Raise CheckpointTooOld where state of the newest one may expire before the records are
    read that were appended since: groups would begin at zero and overwrite totals, and repeats would count again.
    """
    newest = next(iter(complete_checkpoints(folder)), None)
    if newest is None:
        return None
    age = timedelta(seconds=int(now - newest.completed_at))
    if age > timedelta(hours=resume_hours):
        raise CheckpointTooOld(
            f"the newest checkpoint is too old to go on from: what it remembers may expire before the records that "
            f"came since are counted; found {newest.path}, {age} old, at most {resume_hours} hours are safe; run "
            "`tally rebuild`: it makes every result again from the log, and readers see the old numbers until then"
        )
    return newest


def clear_other_runs(folder: Path, job_id: str) -> None:
    """Delete the checkpoints of earlier runs; call it once the run `job_id` has a complete one of its own.

    Those of a rebuild that goes on beside it stay.
    """
    kept = {job_id} if (folder / SHADOW / ADOPTED).exists() else {job_id, SHADOW}
    for run in folder.iterdir():
        if run.is_dir() and run.name not in kept:
            shutil.rmtree(run, ignore_errors=True)
