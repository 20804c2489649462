"""What a running line does beside its children: chores, the hourly audit, the demo's settings."""

import dataclasses
import os
import sys
import tomllib
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tally.child import State
from tally.chores import Chore, Chores
from tally.demo import DemoError, check_scenario, demo_settings, fitting_target, generator_arguments
from tally.errors import TallyError
from tally.home import Home
from tally.logs import LogFiles
from tally.registry import Registry, RunState
from tally.schedule import HourlyAudit, RefusedFiles
from tally.settings import Settings
from tally.supervisor import Supervisor


def run_chores(chores, ticks=1):
    lines = []
    for _ in range(ticks):
        chores.tick()
        if chores.running is not None:
            chores.running[1].exception(10)
        lines += chores.tick()
    return lines


def test_a_chore_is_done_when_it_is_due_and_what_it_says_is_passed_on():
    clock, done = [0.0], []
    chores = Chores([Chore("catalogue", 10, lambda: done.append(clock[0]) or ["loaded"])], clock=lambda: clock[0])
    assert run_chores(chores) == ["loaded"]
    clock[0] = 9.9
    assert run_chores(chores) == []
    clock[0] = 10
    assert run_chores(chores) == ["loaded"]
    assert done == [0, 10]


def test_a_fault_is_said_once_and_the_recovery_too():
    clock, faults = [0.0], ["no space", "no space", "no network", ""]

    def do():
        fault = faults.pop(0)
        if fault:
            raise TallyError(fault)
        return []

    chores = Chores([Chore("partitions", 1, do)], clock=lambda: clock[0])
    said = []
    for second in range(4):
        clock[0] = float(second)
        said.append(run_chores(chores))
    assert said == [["partitions: no space"], [], ["partitions: no network"], ["partitions: works again"]]


def test_a_defect_in_a_chore_is_said_and_stops_nothing():
    chores = Chores([Chore("history", 1, lambda: [{}["days"]]), Chore("other", 1, lambda: ["done"])])
    assert sorted(run_chores(chores, ticks=2)) == ["done", "history: KeyError('days')"]


def test_a_refused_file_is_told_once_and_those_of_earlier_days_are_not(tmp_path):
    (tmp_path / "old.csv.reason.txt").write_text("old\n")
    refused = RefusedFiles(tmp_path)
    assert refused.look() == []
    (tmp_path / "new.csv.reason.txt").write_text("new.csv has no name of the inbox\n")
    assert refused.look() == ["inbox: new.csv has no name of the inbox"]
    assert refused.look() == []


@pytest.fixture
def audited(tmp_path):
    """A line whose audit is a process that ends at once, and the clock it is started by."""
    home = Home(tmp_path)
    home.prepare()
    supervisor = Supervisor(Registry(home), LogFiles(home.logs, 10**6), RunState(), lambda text: None)
    starts = []

    def start(spec):
        starts.append(spec)
        code = (sys.executable, "-c", line.audit)
        return Supervisor.start(supervisor, dataclasses.replace(spec, command=code, environment={**os.environ}))

    line = SimpleNamespace(
        settings=Settings(home=tmp_path, store_zone="Asia/Kathmandu"),
        urls=SimpleNamespace(writer="postgresql://w"),
        home=home,
        children={},
        environment=lambda **more: more,
        supervisor=SimpleNamespace(start=start),
        audit="pass",
    )
    yield line, starts
    supervisor.stop_all()


def test_the_audit_runs_soon_after_the_start_and_then_on_the_stores_full_hours(audited):
    line, starts = audited
    # Kathmandu is 5:45 ahead, so its hours begin at a quarter past the hour of UTC
    clock = [datetime(2026, 11, 22, 10, 20, tzinfo=UTC).timestamp()]
    audit = HourlyAudit(line, clock=lambda: clock[0])
    begun = []
    for _ in range(180):
        before = audit.child.process.pid if audit.child else None
        audit.tick()
        if audit.child and audit.child.process.pid != before:
            begun.append(datetime.fromtimestamp(clock[0], UTC).strftime("%H:%M"))
            audit.child.process.wait(10)
        clock[0] += 60
    assert begun == ["10:25", "11:15", "12:15", "13:15"]
    assert starts[0].command[-3:] == ("-m", "tally.audit", "--background")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("raise SystemExit(3)", "code 3"),
    ],
    ids=["killed", "an unknown code"],
)
def test_an_audit_that_breaks_off_is_said_and_waits_for_the_next_hour(audited, code, said):
    line, _ = audited
    line.audit = code
    clock = [datetime(2026, 11, 22, 10, 20, tzinfo=UTC).timestamp()]
    audit = HourlyAudit(line, clock=lambda: clock[0])
    clock[0] += 300
    audit.tick()
    first = audit.child.process
    first.wait(10)
    audit.child.clock = lambda: clock[0]
    assert audit.child.tick() == [f"audit broke off ({said}); it is started again when it is next due"]
    for _ in range(49):
        clock[0] += 60
        assert audit.child.tick() == [] and audit.child.state == State.ENDED
        audit.tick()
    assert audit.child.process is first
    clock[0] += 60
    audit.tick()
    assert audit.child.process is not first
    audit.child.process.wait(10)


@pytest.mark.parametrize("minutes", [10, 40], ids=["the first", "the next full hour"])
def test_an_audit_waits_for_the_demos_history(audited, minutes):
    line, starts = audited
    line.children["generator"] = object()
    progress = line.home.generator / "progress.json"
    clock = [datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp()]
    audit = HourlyAudit(line, clock=lambda: clock[0])
    clock[0] += minutes * 60
    for phase in ("simulating", "history"):
        progress.write_text(f'{{"phase": "{phase}"}}')
        audit.tick()
        assert starts == []
    progress.write_text('{"phase": "live"}')
    audit.tick()
    assert len(starts) == 1


def test_the_target_of_a_demo_fits_its_rate():
    # fen, so 20,000,000 yuan
    assert fitting_target(2) == 2_000_000_000
    for rate in (0.01, 1, 2, 33, 5000):
        text = str(fitting_target(rate))
        assert set(text[2:]) <= {"0"}
    # about what such a shop sells in a day: within 10 %
    assert abs(fitting_target(20) / (20 * 86_400 * 11_102) - 1) < 0.15


def test_the_first_demo_writes_its_settings_and_a_later_one_keeps_yours(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("TALLY_")]:
        monkeypatch.delenv(name)
    settings = demo_settings(str(tmp_path / "home"), None, None)
    toml = settings.home / "tally.toml"
    assert tomllib.loads(toml.read_text()) == {"shipments": True, "target": fitting_target(2)}
    assert (settings.shipments, settings.target) == (True, fitting_target(2))
    toml.write_text("shipments = false\n")
    assert demo_settings(str(tmp_path / "home"), 50, "0.0.0.0").target == 0
    assert demo_settings(str(tmp_path / "home"), 50, "0.0.0.0").host == "0.0.0.0"


def test_a_demo_refuses_the_home_of_a_real_shop(tmp_path):
    (tmp_path / "kafka" / "data").mkdir(parents=True)
    with pytest.raises(DemoError, match="a demo would mix simulated events with yours"):
        demo_settings(str(tmp_path), None, None)
    (tmp_path / "generator").mkdir()
    (tmp_path / "generator" / "state").write_text("")
    demo_settings(str(tmp_path), None, None)


def test_the_generator_is_told_what_was_asked_for(tmp_path):
    settings = Settings(home=tmp_path)
    assert generator_arguments(settings, "double11", 7, 2.5) == [
        *("--live", "--no-shipments", "--scenario", "double11", "--seed", "7", "--rate", "2.5")
    ]
    assert generator_arguments(Settings(home=tmp_path, shipments=True), "normal", None, None) == [
        *("--live", "--shipments", "--scenario", "normal")
    ]


def test_an_unknown_scenario_lists_those_that_exist():
    with pytest.raises(DemoError) as caught:
        check_scenario("nonsense")
    assert str(caught.value) == (
        "unknown scenario 'nonsense'; choose one of: normal, double11, oversell, refund_wave, messy, outage"
    )
