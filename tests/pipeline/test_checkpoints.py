"""Which checkpoint a start resumes from."""

import hashlib
import os
from pathlib import Path

import pytest

from pipeline.checkpoints import (
    STATE_VERSION,
    CheckpointTooOld,
    StateChanged,
    choose_checkpoint,
    clear_other_runs,
    main,
)

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


def test_a_stop_at_one_cut_leaves_what_the_next_start_resumes_from(tmp_path):
    checkpoint(tmp_path, "aaaa/chk-9", 20)
    savepoint = checkpoint(tmp_path, "stop-aaaa/savepoint-aaaa-1f", 10)
    checkpoint(tmp_path, "stop-bbbb/savepoint-bbbb-2f", 5, complete=False)
    assert choose_checkpoint(tmp_path, NOW, 72).path == savepoint
    newer = checkpoint(tmp_path, "cccc/chk-1", 5)
    assert choose_checkpoint(tmp_path, NOW, 72).path == newer
    clear_other_runs(tmp_path, "cccc")
    assert [folder.name for folder in tmp_path.iterdir() if folder.is_dir()] == ["cccc"]


def test_a_checkpoint_older_than_its_state_is_safe_is_refused(tmp_path):
    old = checkpoint(tmp_path, "aaaa/chk-9", 73 * 3600)
    with pytest.raises(CheckpointTooOld) as caught:
        choose_checkpoint(tmp_path, NOW, 72)
    assert str(caught.value) == (
        "the newest checkpoint is too old to go on from: what it remembers may expire before the records that came "
        f"since are counted; found {old}, 3 days, 1:00:00 old, at most 72 hours are safe; run `tally rebuild`: it "
        "makes every result again from the log, and readers see the old numbers until then"
    )
    assert choose_checkpoint(tmp_path, NOW, 96).path == old


def test_only_the_present_runs_checkpoints_are_kept(tmp_path):
    checkpoint(tmp_path, "aaaa/chk-9", 20)
    checkpoint(tmp_path, "bbbb/chk-1", 10)
    clear_other_runs(tmp_path, "bbbb")
    assert [folder.name for folder in tmp_path.iterdir()] == ["bbbb"]


def test_a_rebuilds_checkpoints_are_not_the_live_jobs_until_they_are_adopted(tmp_path):
    live = checkpoint(tmp_path, "aaaa/chk-9", 20)
    rebuilt = checkpoint(tmp_path, "shadow/cccc/chk-4", 10)
    assert choose_checkpoint(tmp_path, NOW, 72).path == live
    clear_other_runs(tmp_path, "bbbb")
    assert not live.exists() and rebuilt.exists()
    (tmp_path / "shadow" / "adopted").touch()
    assert choose_checkpoint(tmp_path, NOW, 72).path == rebuilt
    clear_other_runs(tmp_path, "bbbb")
    assert [folder for folder in tmp_path.iterdir() if folder.is_dir()] == []


def test_a_state_of_another_version_is_refused_and_what_is_written_from_now_on_is_ours(tmp_path):
    found = checkpoint(tmp_path, "aaaa/chk-9", 20)
    # 0.1.0 wrote no number
    assert choose_checkpoint(tmp_path, NOW, 72).path == found
    assert (tmp_path / "state-version").read_text() == f"{STATE_VERSION}\n"
    (tmp_path / "state-version").write_text("99\n")
    with pytest.raises(StateChanged) as caught:
        choose_checkpoint(tmp_path, NOW, 72)
    assert str(caught.value) == (
        f"the newest checkpoint holds another state than this version's SQL; found version 99 in {found}, this job "
        f"goes on from {STATE_VERSION}; run `tally rebuild`: it makes every result again from the log, and readers see "
        "the old numbers until then"
    )
    assert (tmp_path / "state-version").read_text() == "99\n", "a start that was refused changes nothing"


def test_a_number_that_a_full_disk_has_cut_short_is_refused_as_unknown(tmp_path):
    checkpoint(tmp_path, "aaaa/chk-9", 20)
    (tmp_path / "state-version").touch()
    with pytest.raises(StateChanged, match="found version unknown in"):
        choose_checkpoint(tmp_path, NOW, 72)


def test_a_number_that_can_not_be_written_is_told_and_the_job_starts(tmp_path, capsys):
    (tmp_path / "state-version.new").mkdir()
    assert choose_checkpoint(tmp_path, NOW, 72) is None
    assert capsys.readouterr().err == (
        f"job: {tmp_path / 'state-version'} is not written; Is a directory; the next start writes it\n"
    )


def test_a_rebuilds_state_counts_once_its_results_are_the_live_ones(tmp_path):
    (tmp_path / "state-version").write_text("99\n")
    adopted = checkpoint(tmp_path, "shadow/cccc/chk-3", 5)
    (tmp_path / "shadow" / "adopted").touch()
    (tmp_path / "shadow" / "state-version").write_text(f"{STATE_VERSION}\n")
    assert choose_checkpoint(tmp_path, NOW, 72).path == adopted
    assert (tmp_path / "state-version").read_text() == f"{STATE_VERSION}\n"


@pytest.mark.parametrize(("version", "code"), [(STATE_VERSION, 0), (99, 3)])
def test_whoever_upgrades_is_told_whether_the_state_fits(tmp_path, monkeypatch, version, code):
    checkpoint(tmp_path, "aaaa/chk-9", 20)
    (tmp_path / "state-version").write_text(f"{version}\n")
    monkeypatch.setattr("sys.argv", ["pipeline.checkpoints", str(tmp_path)])
    assert main() == code


# What a version's state is made of: change the number with it, where an older state no longer fits (docs/upgrade.md).
STATES = {1: "9402fc8bed9df630"}


def test_the_states_number_stands_for_the_sql_that_makes_it():
    folder = Path(__file__).parents[2] / "sql" / "flink"
    found = hashlib.sha256()
    for path in sorted((*folder.glob("views/**/*.sql"), *folder.glob("inserts/*.sql"))):
        text = " ".join(line.strip() for line in path.read_text("utf-8").splitlines() if not line.startswith("--"))
        found.update(f"{path.stem}\0{text}\0".encode())
    assert STATES[STATE_VERSION] == found.hexdigest()[:16], (
        "the job's SQL has changed: where an older state still fits (docs/upgrade.md), write the new digest here; "
        "where it does not, raise STATE_VERSION"
    )
