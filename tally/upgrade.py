"""`tally upgrade`: the version that is called takes over a home from the one that runs in it.

    pause at one cut (a savepoint) ──► the other version stopped ──► this one started: tables and views migrated,
    the job resumed from the savepoint, or its results made again from the log where the state does not fit

Whatever breaks off on the way leaves a home that either version starts from; a migrated database refuses the older.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from tally.errors import TallyError
from tally.home import Home
from tally.pause import PauseError, job_paused
from tally.processes import wait_gone
from tally.registry import Registry, RunState

STOP_SECONDS = 30.0
# pipeline/checkpoints.py
STATE_UNFIT = 3


class UpgradeError(TallyError):
    """The version that runs did not make way; it goes on."""


def take_over(home: Home, say: Callable[[str], None]) -> list[str]:
    """Stop what runs in a home, every table at one cut where that is possible; return the command that ran, in words.

    Raise UpgradeError when nothing runs, or it does not stop.
    """
    state = Registry(home).read()
    if not state.is_running:
        raise UpgradeError(
            f"nothing runs in {home.root} that this version could take over from; found no living supervisor; start "
            "this version: tally run"
        )
    words = words_of(command_line(state)) or state.command.split()[1:] or ["run"]
    try:
        with job_paused(home, lambda: running(home)):
            say("the job stands at one cut; stopping the version that ran it")
            stop(state)
    except PauseError as error:
        # a checkpoint at the end and a cancel, as at any stop: nothing is lost, some records are read twice
        say(f"stopping without a cut; {error}")
        stop(state)
    return words


def command_line(state: RunState) -> list[str]:
    """Return the command line of a supervisor, empty where it has ended."""
    process = state.supervisor.identity.process()
    try:
        return process.cmdline() if process else []
    except psutil.Error:
        return []


def words_of(line: Sequence[str]) -> list[str]:
    """Return the command and its options behind `tally`, without the home, which is known; empty for another line."""
    at = next((number for number, word in enumerate(line, 1) if Path(word).name == "tally"), len(line))
    words = list(line[at:])
    while words and words[0].startswith("--home"):
        del words[: 1 if "=" in words[0] else 2]
    return words


def running(home: Home) -> RunState:
    """Return what runs; raise UpgradeError when it has ended by itself meanwhile."""
    state = Registry(home).read()
    if not state.is_running:
        raise UpgradeError("what ran has ended by itself; found no living supervisor; start this version: tally run")
    return state


def stop(state: RunState) -> None:
    """Ask a supervisor to end, and wait; raise UpgradeError when it goes on."""
    process = state.supervisor.identity.process()
    if process is None:
        return
    process.send_signal(signal.SIGTERM)
    if wait_gone([process], STOP_SECONDS):
        raise UpgradeError(
            f"process {process.pid} did not end within {STOP_SECONDS:.0f} s; found it still running; see what it does: "
            f"tally logs, or end it: kill -9 {process.pid}, and call this again"
        )


def ask_for_rebuild(home: Home, python: str, run: Callable = subprocess.run) -> bool:
    """Let the start make every result again where this version's job can't go on from the state; return whether so."""
    asked = run([python, "-m", "pipeline.checkpoints", str(home.checkpoints)], capture_output=True)
    if asked.returncode != STATE_UNFIT:
        return False
    home.rebuild_request.touch()
    return True


def start_again(home: Home, words: Sequence[str], python: str, execute: Callable = os.execve) -> None:
    """Become the same command of this version, with its options."""
    execute(python, [python, "-m", "tally", "--home", str(home.root), *words], dict(os.environ))
