"""Which checkpoint a start resumes from."""

import os
from pathlib import Path

import pytest

from pipeline.checkpoints import CheckpointTooOld, choose_checkpoint, clear_other_runs

NOW = 1_763_835_840.0


def checkpoint(home: Path, name: str, age_seconds: float, complete: bool = True) -> Path:
    folder = home / name
    folder.mkdir(parents=True)
    if complete:
        (folder / "_metadata").write_bytes(b"state")
        os.utime(folder / "_metadata", (NOW - age_seconds, NOW - age_seconds))
    return folder


def test_without_a_checkpoint_the_job_begins_with_the_log(tmp_path):
    assert choose_checkpoint(tmp_path, NOW, 72) is None
    assert choose_checkpoint(tmp_path / "missing", NOW, 72) is None


def test_the_newest_complete_checkpoint_of_any_run_is_chosen(tmp_path):
    checkpoint(tmp_path, "aaaa/chk-9", 20)
    newest = checkpoint(tmp_path, "bbbb/chk-2", 10)
    checkpoint(tmp_path, "bbbb/chk-3", 5, complete=False)
    assert choose_checkpoint(tmp_path, NOW, 72).path == newest


def test_a_checkpoint_older_than_the_state_lives_is_refused(tmp_path):
    old = checkpoint(tmp_path, "aaaa/chk-9", 73 * 3600)
    with pytest.raises(CheckpointTooOld) as caught:
        choose_checkpoint(tmp_path, NOW, 72)
    assert str(caught.value) == (
        f"the newest checkpoint is older than the job's state lives; found {old}, 3 days, 1:00:00 old, "
        "while state lives 72 hours; run `tally rebuild` to compute the results again from the log"
    )
    assert choose_checkpoint(tmp_path, NOW, 96).path == old


def test_only_the_present_runs_checkpoints_are_kept(tmp_path):
    checkpoint(tmp_path, "aaaa/chk-9", 20)
    checkpoint(tmp_path, "bbbb/chk-1", 10)
    clear_other_runs(tmp_path, "bbbb")
    assert [folder.name for folder in tmp_path.iterdir()] == ["bbbb"]
