"""The checkpoints in the home folder: which one to resume from, and which ones to clear away."""

import shutil
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

# A rebuild's job keeps its checkpoints in this folder beside the runs of the live one. Flink writes whole paths into
# them, so they can't be moved: once its results have become the live ones, the mark lets the live job resume from it.
SHADOW = "shadow"
ADOPTED = "adopted"


# What the job's state is made of: its groupings, aggregates and the dedup's key. It goes up with a change of the SQL
# after which an older state does not fit; a test pins what it stands for.
STATE_VERSION = 1
STATE_FILE = "state-version"
# 0.1.0 wrote no file
FIRST_STATE = "1"
UNFIT = 3


class CheckpointUnfit(RuntimeError):
    """The newest checkpoint may not be gone on from: the results have to be made again from the log."""


class CheckpointTooOld(CheckpointUnfit):
    """The newest checkpoint is so old that its state may expire; its groups would then begin at zero."""


class StateChanged(CheckpointUnfit):
    """The newest checkpoint holds another state than this version's SQL."""


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
    if newest is not None:
        check_state(folder, newest)
    # what is written from here on is ours
    note_state(folder)
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


def note_state(folder: Path) -> None:
    """Write down which state the checkpoints of the job that starts now will hold; a disk that is full is told."""
    path, text = folder / STATE_FILE, f"{STATE_VERSION}\n"
    if not folder.is_dir() or (path.exists() and path.read_text("ascii", "replace") == text):
        return
    beside = path.with_suffix(".new")
    try:
        beside.write_text(text, "ascii")
        beside.replace(path)
    except OSError as fault:
        print(f"job: {path} is not written; {fault.strerror}; the next start writes it", file=sys.stderr)


def check_state(folder: Path, newest: Checkpoint) -> None:
    """Raise StateChanged where a folder's checkpoints were written by a version with another state."""
    adopted = folder / SHADOW if (folder / SHADOW) in newest.path.parents else folder
    try:
        found = (adopted / STATE_FILE).read_text("ascii", "replace").strip()
    except FileNotFoundError:
        found = FIRST_STATE
    if found != str(STATE_VERSION):
        raise StateChanged(
            f"the newest checkpoint holds another state than this version's SQL; found version {found or 'unknown'} in "
            f"{newest.path}, this job goes on from {STATE_VERSION}; run `tally rebuild`: it makes every result again "
            "from the log, and readers see the old numbers until then"
        )


def clear_other_runs(folder: Path, job_id: str) -> None:
    """Delete the checkpoints of earlier runs; call it once the run `job_id` has a complete one of its own.

    Those of a rebuild that goes on beside it stay.
    """
    kept = {job_id} if (folder / SHADOW / ADOPTED).exists() else {job_id, SHADOW}
    for run in folder.iterdir():
        if run.is_dir() and run.name not in kept:
            shutil.rmtree(run, ignore_errors=True)


def main() -> int:
    """Tell by the exit code whether this version goes on from the checkpoints of a folder: 0 yes, 3 no, and say why."""
    folder = Path(sys.argv[1])
    newest = next(iter(complete_checkpoints(folder)), None)
    try:
        if newest is not None:
            check_state(folder, newest)
    except StateChanged as fault:
        print(fault, file=sys.stderr)
        return UNFIT
    return 0


if __name__ == "__main__":
    sys.exit(main())
