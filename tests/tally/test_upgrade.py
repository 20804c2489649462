"""One version takes over from another: what it asks for, and what it says when that is refused."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tally.home import Home
from tally.pause import PauseError
from tally.processes import Identity
from tally.registry import Entry, Registry, RunState
from tally.upgrade import UpgradeError, ask_for_rebuild, start_again, take_over, words_of


@pytest.fixture
def home(tmp_path):
    one = Home(tmp_path / "home")
    one.prepare()
    return one


@pytest.fixture
def supervised(home):
    """A process that stands in the home's state as its supervisor."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    identity = Identity.of(process.pid)
    entry = Entry("supervisor", identity.pid, identity.birth)
    Registry(home).write(RunState(command="tally demo", supervisor=entry))
    yield process
    process.kill()
    process.wait()


def test_where_nothing_runs_there_is_nothing_to_take_over(home):
    with pytest.raises(UpgradeError) as caught:
        take_over(home, print)
    assert str(caught.value) == (
        f"nothing runs in {home.root} that this version could take over from; found no living supervisor; start this "
        "version: tally run"
    )


def test_a_version_that_can_not_pause_is_stopped_as_at_any_stop(home, supervised, monkeypatch):
    def refused(*_):
        raise PauseError("the job did not pause")

    monkeypatch.setattr("tally.upgrade.job_paused", refused)
    said = []
    assert take_over(home, said.append) == ["demo"]
    assert supervised.wait(30) == -signal.SIGTERM
    assert said == ["stopping without a cut; the job did not pause"]


@pytest.mark.parametrize(("code", "is_asked"), [(0, False), (3, True), (1, False)])
def test_a_rebuild_is_asked_for_where_the_state_does_not_fit(home, code, is_asked):
    asked = []

    def run(command, **_):
        asked.append(command)
        return SimpleNamespace(returncode=code)

    assert ask_for_rebuild(home, "python", run) is is_asked
    assert asked == [["python", "-m", "pipeline.checkpoints", str(home.checkpoints)]]
    assert home.rebuild_request.exists() is is_asked


def test_this_version_becomes_the_command_that_ran(home):
    became = []
    start_again(home, ["demo", "--rate", "20"], "python", lambda *arguments: became.append(arguments))
    command = ["python", "-m", "tally", "--home", str(home.root), "demo", "--rate", "20"]
    assert became == [("python", command, dict(os.environ))]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["/venv/bin/python", "/venv/bin/tally", "run", "--cluster", "2"], ["run", "--cluster", "2"]),
        (["python", "-m", "tally", "--home", "shop", "demo", "--host", "::1"], ["demo", "--host", "::1"]),
        (["python", "/venv/bin/tally", "--home=/a b", "run"], ["run"]),
        (["python", "-c", "import time"], []),
        ([], []),
    ],
)
def test_the_options_of_the_command_that_ran_are_kept(line, words):
    assert words_of(line) == words
