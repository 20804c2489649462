"""The home folder: every file that a deployment keeps, by name."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tally.errors import TallyError

FOLDERS = ("inbox", "kafka", "postgres", "checkpoints", "plans", "archive", "generator", "logs", "run")


class HomeError(TallyError):
    """The home folder can't be used."""


@dataclass(frozen=True)
class Home:
    """The paths below $TALLY_HOME."""

    root: Path

    @property
    def inbox(self) -> Path:
        """Return the folder into which files are renamed to be published."""
        return self.root / "inbox"

    @property
    def kafka(self) -> Path:
        """Return the embedded broker's folder."""
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        """Return the embedded Postgres's folder."""
        return self.root / "postgres"

    @property
    def checkpoints(self) -> Path:
        """Return the folder of the job's checkpoints."""
        return self.root / "checkpoints"

    @property
    def archive(self) -> Path:
        """Return the folder of the Parquet archive."""
        return self.root / "archive"

    @property
    def generator(self) -> Path:
        """Return the folder of the simulated shop."""
        return self.root / "generator"

    @property
    def logs(self) -> Path:
        """Return the folder with one log per process."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Return the folder of locks, ports and the list of processes."""
        return self.root / "run"

    @property
    def rebuild_request(self) -> Path:
        """Return the file by which `tally rebuild` asks the supervisor; gone once the results are rebuilt."""
        return self.run / "rebuild.request"

    @property
    def rebuild_swap(self) -> Path:
        """Return the file that marks a rebuild as complete: whatever happens, its results become the live ones."""
        return self.run / "rebuild.swap"

    @property
    def pause_request(self) -> Path:
        """Return the file by which `tally rebuild --check` asks the supervisor to pause the job."""
        return self.run / "pause.request"

    @property
    def pause_answer(self) -> Path:
        """Return the supervisor's answer to it; while it is there, the job stands."""
        return self.run / "pause.answer"

    @property
    def check_lock(self) -> Path:
        """Return the file that a `tally rebuild --check` holds locked while it runs."""
        return self.run / "check.lock"

    @property
    def check_job(self) -> Path:
        """Return the file that names a check's second job while it runs."""
        return self.run / "check.job"

    @property
    def shadow_checkpoints(self) -> Path:
        """Return the folder of the checkpoints of a rebuild's job (pipeline/checkpoints.py knows it, too)."""
        return self.checkpoints / "shadow"

    @property
    def adopted_mark(self) -> Path:
        """Return the file by which a rebuild's checkpoints become those that the live job resumes from."""
        return self.shadow_checkpoints / "adopted"

    def prepare(self) -> None:
        """Create the folders, closed to other users; raise HomeError when that is not allowed."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in FOLDERS:
                (self.root / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise unusable(self.root, error) from error
        self.check_writable()

    def check_writable(self) -> None:
        """Raise HomeError unless a file can be made in the home and in each of its folders."""
        for folder in (self.root, *(self.root / name for name in FOLDERS)):
            if folder.is_dir():
                try:
                    with tempfile.NamedTemporaryFile(dir=folder, prefix=".write-test-"):
                        pass
                except OSError as error:
                    raise unusable(folder, error) from error


def unusable(folder: Path, error: OSError) -> HomeError:
    """Return the error for a folder that can't be made or written."""
    return HomeError(
        f"the home folder can't be written; found {error.filename or folder}: {error.strerror} "
        f"(user id {os.geteuid()}); give this user write permission, or name another folder: tally --home DIR "
        "(or TALLY_HOME)"
    )


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file's content so that a reader sees the old or the new text, never half of one."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(scratch, path)
