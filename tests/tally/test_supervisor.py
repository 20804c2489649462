"""The supervisor with small real processes: restart, order of the stop, leftovers, a second start."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from tally.child import ChildSpec, State
from tally.home import Home
from tally.logs import LogFiles
from tally.processes import MARK, Identity, end_session, session_members
from tally.registry import AlreadyRunning, Entry, Registry, RunState
from tally.supervisor import STOP_SECONDS, STOP_STAGES, StartError, StopRequested, Supervisor

DEADLINE_SECONDS = 30

# writes its name into a file when it is asked to end
POLITE = """
import signal, sys, time
def end(*_):
    with open(sys.argv[2], "a") as file:
        file.write(sys.argv[1] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
while True:
    time.sleep(0.02)
"""
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
while True:
    time.sleep(0.02)
"""


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(home, said):
    one = Supervisor(
        Registry(home),
        LogFiles(home.logs, 1_000_000),
        RunState(command="tally run"),
        said.append,
        stages=((("first",), 5), (("second",), 5), (("stubborn",), 0.3)),
        stop_seconds=12,
    )
    yield one
    one.stop_all()


def spec(name, code, *arguments, **more):
    return ChildSpec(name, (sys.executable, "-c", code, *arguments), {**os.environ}, **more)


def until(supervisor, condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        supervisor.tick()
        supervisor.sleep(0.02)


def log_of(supervisor, name):
    return supervisor.logs.tail(name, 20)


def test_a_child_that_dies_is_started_again_and_said_so(supervisor, said):
    child = supervisor.start(spec("first", POLITE, "first", os.devnull))
    supervisor.wait_up(child)
    until(supervisor, lambda: log_of(supervisor, "first") == ["up"])
    earlier = child.process.pid
    os.kill(earlier, signal.SIGKILL)
    until(supervisor, lambda: child.restarts == 1 and child.is_up)
    assert said == ["first ended (SIGKILL): up; starting it again in 1 s"]
    assert child.process.pid != earlier
    assert Registry(supervisor.registry.home).read().processes[0].pid == child.process.pid


def test_a_start_for_which_the_system_has_no_room_is_tried_again(supervisor, said):
    child = supervisor.start(spec("first", "raise SystemExit(1)"))
    until(supervisor, lambda: child.state == State.WAITING)
    command, child.spec = child.spec, replace(child.spec, command=("/nonexistent/program",))
    until(supervisor, lambda: child.failed_starts == 2)
    assert said[-1] == "first can't be started: No such file or directory; trying again in 2 s"
    child.spec = command
    until(supervisor, lambda: child.failed_starts == 3)
    assert said[-1] == "first ended (code 1); starting it again in 4 s"


def test_each_failure_in_a_row_waits_longer_up_to_half_a_minute(home, said):
    clock = [0.0]
    supervisor = Supervisor(
        Registry(home), LogFiles(home.logs, 1_000_000), RunState(), said.append, clock=lambda: clock[0]
    )
    child = supervisor.start(spec("first", "raise SystemExit('no such topic')", is_healthy=lambda: False))
    waits = []
    while len(waits) < 8:
        child.process.wait(DEADLINE_SECONDS)
        supervisor.tick()
        assert child.state == State.WAITING
        waits.append(child.resume_at - clock[0])
        clock[0] = child.resume_at
        supervisor.last_tick = clock[0]
        supervisor.tick()
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert said[1] == "first ended (code 1): no such topic; starting it again in 2 s"
    supervisor.stop_all()


def test_a_child_that_ran_well_for_ten_seconds_is_started_again_at_once(home, said):
    clock = [0.0]
    supervisor = Supervisor(
        Registry(home), LogFiles(home.logs, 1_000_000), RunState(), said.append, clock=lambda: clock[0]
    )
    child = supervisor.start(spec("first", POLITE, "first", os.devnull))
    child.failed_starts = 5
    supervisor.tick()
    clock[0] = supervisor.last_tick = 10.0
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait(DEADLINE_SECONDS)
    supervisor.tick()
    assert child.resume_at - clock[0] == 0
    assert said[-1].endswith("starting it again in 0 s")
    supervisor.stop_all()


def test_what_everything_needs_and_does_not_start_ends_the_start_with_its_last_words(supervisor, said, home):
    child = supervisor.start(spec("first", "raise SystemExit('the disk is full')", is_healthy=lambda: False))
    with pytest.raises(StartError) as caught:
        supervisor.wait_up(child)
    assert str(caught.value) == (
        f"first does not start; it ended 3 times, last lines of {home.logs / 'first.log'}:\n"
        "  the disk is full\n  the disk is full\n  the disk is full\n"
        "mend what they say; `tally doctor` checks this machine"
    )


def test_the_stop_goes_stage_by_stage(supervisor, tmp_path):
    order = tmp_path / "order"
    for name in ("second", "first"):
        supervisor.start(spec(name, POLITE, name, str(order)))
    until(supervisor, lambda: log_of(supervisor, "first") == log_of(supervisor, "second") == ["up"])
    supervisor.stop_all()
    assert order.read_text().split() == ["first", "second"]
    assert Registry(supervisor.registry.home).read() == RunState()


def test_what_does_not_end_is_killed_with_what_it_started(supervisor, said):
    supervisor.stop_seconds = 0.3
    supervisor.start(spec("stubborn", STUBBORN))
    until(supervisor, lambda: bool(log_of(supervisor, "stubborn")))
    grandchild = Identity.of(int(log_of(supervisor, "stubborn")[0]))
    supervisor.stop_all()
    assert re.fullmatch(r"stubborn did not end within \d\.\d s and was killed", said[0])
    assert len(said) == 1
    assert grandchild.process() is None


def test_an_early_stage_leaves_the_later_ones_their_time(home):
    clock, deadlines = [100.0], []
    stages = ((("generator",), 1.5), (("job",), 5.0), (("kafka",), 2.0))
    supervisor = Supervisor(
        Registry(home), LogFiles(home.logs, 1), RunState(), print, stages, stop_seconds=14, clock=lambda: clock[0]
    )
    supervisor.stop_stage = lambda children, deadline: deadlines.append(deadline)
    supervisor.stop_all()
    # first those without a stage, then generator, job, kafka
    assert deadlines == [105.5, 107.0, 112.0, 114.0]
    assert sum(seconds for _, seconds in STOP_STAGES) < STOP_SECONDS < 15


def test_what_a_dead_child_had_started_does_not_stay(supervisor):
    child = supervisor.start(spec("first", STUBBORN))
    until(supervisor, lambda: bool(log_of(supervisor, "first")))
    grandchild = Identity.of(int(log_of(supervisor, "first")[0]))
    os.kill(child.process.pid, signal.SIGKILL)
    until(supervisor, lambda: child.state == State.WAITING)
    until(supervisor, lambda: grandchild.process() is None)


def test_an_end_that_was_meant_is_not_restarted(supervisor, said):
    child = supervisor.start(spec("first", "pass", is_healthy=lambda: False, endings={0: "the generator has ended"}))
    until(supervisor, lambda: child.state == State.ENDED)
    assert said == ["the generator has ended"]
    assert Registry(supervisor.registry.home).read().processes == ()


def test_a_failing_check_is_said_and_a_good_one_too(supervisor, said):
    answers = [True]
    child = supervisor.start(spec("first", POLITE, "first", os.devnull, is_healthy=lambda: answers[0]))
    supervisor.wait_up(child)
    answers[0] = False
    child.next_check = 0
    until(supervisor, lambda: child.state == State.FAILING)
    answers[0] = True
    child.next_check = 0
    until(supervisor, lambda: child.state == State.RUNNING)
    assert said == ["first does not answer", "first answers again"]


def test_a_child_that_hangs_is_ended_and_started_again(home, said):
    clock = [0.0]
    supervisor = Supervisor(
        Registry(home), LogFiles(home.logs, 1_000_000), RunState(), said.append, clock=lambda: clock[0]
    )
    answers = [True]
    child = supervisor.start(spec("first", POLITE, "first", os.devnull, is_healthy=lambda: answers[0]))
    until(supervisor, lambda: child.is_up)
    answers[0] = False

    def pass_time():
        clock[0] += 1
        return child.restarts == 1

    until(supervisor, pass_time)
    assert said[:2] == ["first does not answer", "first has not answered for 120 s; ending it"]
    supervisor.stop_all()


def test_time_that_passed_while_the_machine_slept_is_not_held_against_a_child(home, said):
    clock = [0.0]
    supervisor = Supervisor(
        Registry(home), LogFiles(home.logs, 1_000_000), RunState(), said.append, clock=lambda: clock[0]
    )
    child = supervisor.start(spec("first", POLITE, "first", os.devnull, is_healthy=lambda: False))
    earlier = child.process.pid
    clock[0] = 3600.0
    supervisor.tick()
    until(supervisor, lambda: child.check is None)
    assert (child.process.pid, child.state) == (earlier, State.STARTING)
    assert said == ["this machine or process slept for 3600 s; going on"]
    supervisor.stop_all()


def test_a_signal_asks_for_the_stop(supervisor):
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        supervisor.catch_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested):
            supervisor.tick()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# a supervisor that holds the lock, starts two children (one of which starts a third) and waits to be killed
VICTIM = """
import os, sys, time
from pathlib import Path
from tally.child import ChildSpec
from tally.home import Home
from tally.logs import LogFiles
from tally.processes import MARK
from tally.registry import Registry, RunState
from tally.supervisor import Supervisor

home = Home(Path(sys.argv[1]))
registry = Registry(home)
registry.acquire()
state = RunState(command="tally demo", dashboard_url="http://localhost:8600")
supervisor = Supervisor(registry, LogFiles(home.logs, 10**6), state, print)
environment = {**os.environ, MARK: str(home.root)}
for name, code in zip(("postgres", "job"), sys.argv[2:]):
    supervisor.start(ChildSpec(name, (sys.executable, "-c", code, name, str(home.run / "order")), environment))
while len(supervisor.logs.tail("postgres", 1)) + len(supervisor.logs.tail("job", 1)) < 2:
    time.sleep(0.02)
print("started", flush=True)
time.sleep(600)
"""


@pytest.fixture
def killed_supervisor(home):
    victim = subprocess.Popen([sys.executable, "-c", VICTIM, str(home.root), POLITE, STUBBORN], stdout=subprocess.PIPE)
    assert victim.stdout.readline() == b"started\n"
    yield victim
    victim.kill()
    victim.wait()
    registry = Registry(home)
    registry.acquire()
    registry.end_leftovers(lambda text: None)
    registry.release()


def test_a_second_start_names_the_first_and_its_address(home, killed_supervisor):
    with pytest.raises(AlreadyRunning) as caught:
        Registry(home).acquire()
    assert str(caught.value) == (
        f"Tallystream runs already in {home.root}; found process {killed_supervisor.pid} (tally demo) at "
        f"http://localhost:8600; open that address, stop it with `tally --home {home.root} stop`, or start another "
        "with --home DIR"
    )


def test_the_next_start_ends_what_a_killed_supervisor_left(home, killed_supervisor):
    killed_supervisor.kill()
    killed_supervisor.wait()
    registry = Registry(home)
    left = registry.read()
    grandchild = Identity.of(int(LogFiles(home.logs, 1).tail("job", 1)[0]))
    identities = [entry.identity for entry in left.processes] + [grandchild]
    assert all(one.process() is not None for one in identities)
    assert not left.is_running

    said = []
    registry.acquire()
    registry.end_leftovers(said.append)
    registry.release()

    assert [one.process() for one in identities] == [None, None, None]
    # the last started ends first; the polite one was asked before it was killed
    assert [text.split()[1] for text in said] == ["job", "postgres"]
    assert (home.run / "order").read_text() == "postgres "


def test_a_child_that_was_never_written_down_is_found_by_its_mark(home):
    stray = subprocess.Popen(
        [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"],
        env={**os.environ, MARK: str(home.root)},
        stdout=subprocess.PIPE,
    )
    try:
        assert stray.stdout.readline() == b"up\n"
        said = []
        registry = Registry(home)
        registry.acquire()
        registry.end_leftovers(said.append)
        registry.release()
        assert said == [f"ending process {stray.pid}, left by an earlier start"]
        assert stray.wait(DEADLINE_SECONDS) == -signal.SIGTERM
    finally:
        stray.kill()
        stray.wait()
        stray.stdout.close()


def test_a_process_that_got_the_id_of_one_of_ours_is_left_alone(home):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        registry = Registry(home)
        stale = RunState().__class__(processes=(Entry("job", other.pid, "another boot/1"),))
        registry.write(stale)
        registry.acquire()
        registry.end_leftovers(lambda text: pytest.fail(text))
        registry.release()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_step_of_the_clock_makes_no_process_a_stranger(monkeypatch):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        identity = Identity.of(child.pid)
        boot_time = psutil._psplatform.boot_time
        monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: boot_time() + 1)
        assert identity.process().pid == child.pid
        assert [one.pid for one in session_members(identity)] == [child.pid]
        end_session(identity)
        assert child.wait(DEADLINE_SECONDS) == -signal.SIGKILL
    finally:
        child.kill()
        child.wait()


def test_a_broken_state_file_counts_as_none(home):
    registry = Registry(home)
    for text in ("", "{", "[]", '{"supervisor": 3}', '{"processes": [{"x": 1}]}'):
        registry.path.write_text(text)
        assert registry.read() == RunState()
