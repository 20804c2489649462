"""One run of the job, from the choice of a checkpoint to the last flush."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.checkpoints import Checkpoint, choose_checkpoint
from pipeline.flink_rest import ENDED, FlinkRest, FlinkUnreachable, JobState, innermost_cause
from pipeline.monitor import Monitor
from pipeline.plan import PlanFile, planned
from pipeline.session import Folders, flink_options, free_port, open_session, prepare_environment
from pipeline.session import write_password_file as keep_password
from pipeline.settings import RESUME_HOURS, PipelineSettings
from pipeline.stopping import cancel_by, look, say, stop_job

if TYPE_CHECKING:
    from pyflink.common import JobClient

LOOK_SECONDS = 0.5
# What PyFlink says when the JVM has ended before it could listen.
NO_JVM = "Java gateway process exited"
# The exit code of a stop without a last checkpoint: the next start repeats some of what was done.
NOT_FLUSHED = 4


class JobEnded(RuntimeError):
    """The job is over without having been asked to end; the text says why."""


class StoppedEarly(BaseException):
    """Asked to stop before the job runs: nothing is buffered, so nothing has to be waited for."""


class StopRequest:
    """Set by SIGTERM or SIGINT, or when the process that started us is gone; SIGUSR1 asks for a stop at one cut."""

    def __init__(self, parent: int | None = None) -> None:
        self._event = threading.Event()
        self._parent = os.getppid() if parent is None else parent
        self._job_runs = False
        self.at_one_cut = False

    def catch_signals(self) -> None:
        """Listen to SIGTERM, SIGINT and SIGUSR1; until `job_runs` is called they raise StoppedEarly."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, self._receive)

    def job_runs(self) -> None:
        """From now on a signal is a request that the main loop answers."""
        self._job_runs = True

    def _receive(self, number: int, _: object) -> None:
        # one that is in a hurry is not kept waiting for a cut
        self.at_one_cut = number == signal.SIGUSR1
        self._event.set()
        if not self._job_runs:
            raise StoppedEarly

    def wait(self, seconds: float) -> bool:
        """Wait, and tell whether to stop: an orphan must not go on writing beside the next start's job."""
        return self._event.wait(seconds) or os.getppid() != self._parent


def sweep_scratch(folder: Path) -> None:
    """Delete what runs that were killed left in the scratch folder: one folder per process id."""
    for left in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(ValueError):
            if not _is_alive(int(left.name)):
                shutil.rmtree(left, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()


@dataclass(frozen=True)
class Patience:
    """For how many seconds a job may show no work before it counts as over."""

    # A mini-cluster takes some seconds to register its worker; after that none at all means that it died.
    start: float = 120.0
    lost: float = 5.0
    # Nothing listens where Flink did: its JVM is gone. A second look rules out a port that was refused for once.
    gone: float = 0.9
    # A busy machine may keep Flink from answering for a while; its process is alive, so this is no proof of anything.
    silent: float = 60.0


class Watch:
    """Decide from what Flink says whether the job still works."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, patience: Patience | None = None) -> None:
        self._clock, self._patience = clock, patience or Patience()
        self._started = self._healthy_at = clock()
        self._ever_healthy = False

    def judge(self, state: JobState | None, gone: bool = False) -> None:
        """Take one look (None: no answer; `gone`: no port). Raise JobEnded when the job is over or left alone."""
        now = self._clock()
        if state and state.state in ENDED:
            raise JobEnded(f"Flink says {state.state}")
        if state and state.taskmanagers > 0:
            self._healthy_at, self._ever_healthy = now, True
            return
        if now - max(self._healthy_at, self._started) > self._allowed(state, gone):
            found = f"the state is {state.state} but no TaskManager is left" if state else "Flink does not answer"
            raise JobEnded(f"nobody works at the job: {found}")

    def _allowed(self, state: JobState | None, gone: bool) -> float:
        if gone:
            return self._patience.gone
        if not self._ever_healthy:
            return self._patience.start
        return self._patience.lost if state else self._patience.silent


def run_job(settings: PipelineSettings) -> int:
    """Run the job until it is asked to stop; return the exit code. Raise JobEnded or CheckpointTooOld."""
    stop = StopRequest()
    folders = Folders.of(settings, os.getpid())
    try:
        stop.catch_signals()
        sweep_scratch(folders.scratch.parent)
        folders.make()
        checkpoint = choose_checkpoint(folders.checkpoints, time.time(), RESUME_HOURS)
        keep_password(folders.password_file, settings.database)
        prepare_environment(settings, folders, os.environ)
        return _run(settings, folders, checkpoint, stop)
    except StoppedEarly:
        say("stopped before it ran")
        return NOT_FLUSHED
    finally:
        shutil.rmtree(folders.scratch, ignore_errors=True)


def _run(settings: PipelineSettings, folders: Folders, checkpoint: Checkpoint | None, stop: StopRequest) -> int:
    port = free_port()
    resume_from = checkpoint.path if checkpoint else None
    say(f"starts; {'resumes from ' + str(resume_from) if resume_from else 'reads the log from its beginning'}")
    client = submit(settings, flink_options(settings, folders, port, resume_from), stop, folders)
    job_id, rest = str(client.get_job_id()), FlinkRest(f"127.0.0.1:{port}")
    say(f"runs as {job_id}; Flink's own pages: http://127.0.0.1:{port}")
    monitor = Monitor(settings, rest, job_id, resume_from)
    monitor.start()
    watch, last_state = Watch(), None
    try:
        while not stop.wait(LOOK_SECONDS):
            watch.judge(*look(rest, job_id))
        complete = stop_job(rest, job_id, lambda: cancel_by(client), folders.checkpoints, stop)
        say("stopped; everything read is written" if complete else "stopped without a last checkpoint")
        last_state = "CANCELED"
        return 0 if complete else NOT_FLUSHED
    except JobEnded as end:
        last_state = "FAILED"
        raise JobEnded(f"{end}; {cause(rest, job_id)}; see {folders.logs}") from None
    finally:
        monitor.stop(last_state)


def submit(
    settings: PipelineSettings,
    options: dict[str, str],
    stop: StopRequest,
    folders: Folders,
    ends: Mapping[int, int] | None = None,
) -> "JobClient":
    """Start Flink and the job in it, which ends by itself at `ends`. Raise JobEnded when it can't start."""
    from py4j.protocol import Py4JError
    from pyflink.util.exceptions import JavaException

    file = PlanFile(folders.plans, settings.dedup, options)
    try:
        plan = planned(open_session(options), settings, file, ends)
        stop.job_runs()
        return plan.execute().get_job_client()
    except (JavaException, Py4JError, RuntimeError) as fault:
        file.drop()
        raise JobEnded(f"Flink can't start the job; {why_not_started(str(fault), options)}see {folders.logs}") from None


def why_not_started(fault: str, options: Mapping[str, str]) -> str:
    """Return the cause of a start that failed, and what may cure it."""
    if NO_JVM in fault:
        return f"its JVM ended at once; {what_java_says(os.environ)}; "
    resumed = options.get("execution.state-recovery.path")
    cure = f"if the SQL or the settings changed since {resumed}, run `tally rebuild`; " if resumed else ""
    return f"{innermost_cause(fault)}; {cure}"


def what_java_says(environ: Mapping[str, str]) -> str:
    """Return what the JVM says to the options that PyFlink gives it: PyFlink itself throws its words away."""
    command = [Path(environ["JAVA_HOME"]) / "bin" / "java", *environ["JVM_ARGS"].split(), "-version"]
    tried = subprocess.run(command, env=dict(environ), capture_output=True, text=True)
    said = " ".join(line for line in tried.stderr.splitlines() if "Picked up" not in line)
    return (
        f"found: {said}" if tried.returncode else "alone it starts: look for too little memory, or who ends processes"
    )


def cause(rest: FlinkRest, job_id: str) -> str:
    """Return why a job ended, as far as Flink knows."""
    try:
        return rest.root_cause(job_id) or "no cause is known"
    except FlinkUnreachable:
        return "the cause is in Flink's log"
