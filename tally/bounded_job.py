"""The bounded job of a check, as a process: the live job's SQL over the log up to one cut, into the shadow tables."""

import contextlib
import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

import psutil

from tally.child import describe_end
from tally.errors import TallyError
from tally.home import Home, write_atomically
from tally.logs import LogFiles, without_stack
from tally.processes import Identity, end_session
from tally.supervisor import python_command

NAME = "check"
# the live job's records come first
NICENESS = 10
LOOK_SECONDS = 0.2
LOOKED_AT_LINES = 100


class CheckError(TallyError):
    """Nobody can tell whether the results are right; nothing was changed."""


def run_bounded_job(
    home: Home,
    environment: Mapping[str, str],
    ends: Mapping[int, int],
    check_running: Callable[[], object],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Fill the shadow tables from the log up to `ends` (partition → first offset not to read).

    Raise CheckError when the job fails, and what `check_running` raises when the line ends meanwhile; the process does
    not outlive the call.
    """
    until = ",".join(f"{partition}:{end}" for partition, end in sorted(ends.items()))
    process = start(home, {**environment, "TALLY_SHADOW": "on"}, python_command("pipeline", "--until", until))
    identity = Identity.of(process.pid)
    write_atomically(home.check_job, json.dumps(dataclasses.asdict(identity)))
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(process.pid).nice(NICENESS)
    try:
        while process.poll() is None:
            check_running()
            sleep(LOOK_SECONDS)
    finally:
        end_left_job(home)
        process.wait()
    if process.returncode != 0:
        raise failed(home, process.returncode)


def end_left_job(home: Home) -> None:
    """End the second job, also that of a check that was killed: it must not write beside a later one."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        end_session(Identity(**json.loads(home.check_job.read_text())))
    home.check_job.unlink(missing_ok=True)


def start(home: Home, environment: Mapping[str, str], command: tuple[str, ...]) -> subprocess.Popen:
    """Start the process in a session of its own, its output in logs/check.log."""
    with LogFiles(home.logs, sys.maxsize).open(NAME) as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )


def failed(home: Home, code: int) -> CheckError:
    """Return the error for a job that did not come to the end."""
    lines = without_stack(LogFiles(home.logs, sys.maxsize).tail(NAME, LOOKED_AT_LINES))
    last = f": {lines[-1].strip()}" if lines else ""
    return CheckError(
        f"the second job did not come to the end of what it had to read; found it ended ({describe_end(code)}){last}; "
        "see `tally logs check`, and run it again"
    )
