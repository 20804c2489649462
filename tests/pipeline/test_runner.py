"""When a run of the job counts as over, what it leaves behind, and what it tells Postgres."""

import os
import re
import signal
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from pipeline.flink_rest import CheckpointStat, FlinkGone, FlinkRest, FlinkUnreachable, JobState
from pipeline.monitor import Monitor, ResultStore
from pipeline.runner import JobEnded, StopRequest, Watch, sweep_scratch, what_java_says, why_not_started
from pipeline.session import Folders, free_port, prepare_environment, write_password_file
from pipeline.settings import Database
from pipeline.statements import inserts, tables, template_values, views
from pipeline.stopping import stop_at_one_cut

STARTED = datetime(2026, 3, 4, 10, tzinfo=UTC)


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def state(name: str = "RUNNING", taskmanagers: int = 1) -> JobState:
    return JobState(name, STARTED, 0, taskmanagers)


@pytest.mark.parametrize("name", ["FAILED", "CANCELED", "FINISHED"])
def test_a_job_that_ended_ends_the_run(name):
    with pytest.raises(JobEnded, match=f"^Flink says {name}$"):
        Watch(Clock()).judge(state(name))


def test_running_without_a_taskmanager_ends_the_run():
    # A Postgres outage leaves this behind: the worker died, the job "runs" for ever.
    clock = Clock()
    watch = Watch(clock)
    watch.judge(state())
    clock.now = 4.9
    watch.judge(state(taskmanagers=0))
    clock.now = 5.1
    with pytest.raises(JobEnded, match=r"^nobody works at the job: the state is RUNNING but no TaskManager is left$"):
        watch.judge(state(taskmanagers=0))


def test_a_start_may_take_its_time_and_a_cluster_that_comes_back_is_forgiven():
    clock = Clock()
    watch = Watch(clock)
    for clock.now, seen in ((100.0, None), (119.0, state("CREATED", 0)), (130.0, None)):
        if clock.now > 120.0:
            with pytest.raises(JobEnded, match="Flink does not answer"):
                watch.judge(seen)
        else:
            watch.judge(seen)
    healthy = Watch(clock)
    for step in range(10):
        clock.now += 4.0
        healthy.judge(state() if step % 2 else None)


def test_a_silent_cluster_is_given_a_minute_since_a_busy_machine_is_no_dead_one():
    clock = Clock()
    watch = Watch(clock)
    watch.judge(state())
    clock.now = 59.0
    watch.judge(None)
    clock.now = 61.0
    with pytest.raises(JobEnded, match=r"^nobody works at the job: Flink does not answer$"):
        watch.judge(None)


def test_a_cluster_that_is_gone_ends_the_run_at_once():
    # What a Postgres outage does to a mini-cluster: the worker's fatal error takes it down, port and all.
    for first in (state(), None):  # also one that is gone before it ever worked
        clock = Clock()
        watch = Watch(clock)
        watch.judge(first)
        clock.now = 0.5
        watch.judge(None, gone=True)
        clock.now = 1.0
        with pytest.raises(JobEnded, match=r"^nobody works at the job: Flink does not answer$"):
            watch.judge(None, gone=True)


def test_an_orphan_asks_itself_to_stop():
    assert StopRequest(parent=os.getppid()).wait(0) is False
    assert StopRequest(parent=1 if os.getppid() != 1 else 2).wait(0) is True


def test_a_signal_says_which_stop_is_wished():
    stop = StopRequest()
    stop.job_runs()
    stop._receive(signal.SIGUSR1, None)
    assert stop.wait(0) and stop.at_one_cut
    # one that is in a hurry is not kept waiting for a cut
    stop._receive(signal.SIGTERM, None)
    assert not stop.at_one_cut


class Cutting:
    """A Flink that is asked to stop with a savepoint."""

    def __init__(self, fault: str | None = None):
        self.fault, self.asked = fault, []

    def stop_with_savepoint(self, job_id: str, folder: str) -> None:
        self.asked.append((job_id, folder))
        if self.fault:
            raise FlinkUnreachable(self.fault)


def test_a_stop_at_one_cut_is_done_when_its_savepoint_is_complete(tmp_path):
    flink, looks, folder = Cutting(), iter([True, True, False]), tmp_path / "stop-j"

    def goes_on() -> bool:
        (folder / "savepoint-j-1").mkdir(parents=True, exist_ok=True)
        if not (more := next(looks)):
            (folder / "savepoint-j-1" / "_metadata").touch()
        return more

    assert stop_at_one_cut(flink, "j", folder, goes_on)
    assert flink.asked == [("j", folder.resolve().as_uri())]


def test_a_stop_without_a_complete_savepoint_is_not_at_one_cut(tmp_path, capsys):
    (tmp_path / "savepoint-j-1").mkdir()
    assert not stop_at_one_cut(Cutting(), "j", tmp_path, lambda: False)
    assert not stop_at_one_cut(Cutting(), "j", tmp_path, lambda: True, clock=iter([0.0, 61.0]).__next__)
    assert not stop_at_one_cut(Cutting("Flink answered 409"), "j", tmp_path, lambda: False)
    assert capsys.readouterr().err == "job: no stop at one cut; Flink answered 409\n"


def test_scratch_folders_of_dead_processes_are_swept(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in (str(dead.pid), str(os.getppid()), "notes"):
        (tmp_path / name).mkdir()
    sweep_scratch(tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == sorted([str(os.getppid()), "notes"])


def test_the_password_file_is_ours_alone_and_quoted(tmp_path):
    path = tmp_path / "job.pgpass"
    write_password_file(path, Database("h", 5432, "tally", "tally_writer", r"a:b\c"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "*:*:*:tally_writer:a\\:b\\\\c\n"


def test_no_statement_and_no_jvm_flag_carries_a_secret(job_settings, tmp_path):
    canary = "canary-5f1d"
    settings = replace(job_settings, database=replace(job_settings.database, password=canary))
    values = template_values(settings)
    environ: dict[str, str] = {}
    prepare_environment(settings, Folders.of(settings, 1), environ)
    statements = (*tables(values), *views(values), *inserts(values))
    texts = [statement.text for statement in statements] + list(environ.values())
    key = settings.buyer_key_file.read_text()
    assert not [text for text in texts if canary in text or key in text]


def test_the_jvm_has_its_whole_heap_from_the_start_and_gives_freed_memory_back(job_settings):
    environ: dict[str, str] = {}
    prepare_environment(replace(job_settings, heap="96m"), Folders.of(job_settings, 1), environ)
    flags = environ["JVM_ARGS"].split()
    # Java 17.0.9 does not start with the last one before the first one (seen)
    assert flags.index("-XX:+UnlockExperimentalVMOptions") < flags.index("-XX:TrimNativeHeapInterval=15000")
    # an older one knows it as little as this
    java = [f"{environ['JAVA_HOME']}/bin/java", *flags, "-XX:OfNoVersion=1", "-XX:+PrintFlagsFinal", "-version"]
    told = subprocess.run(java, capture_output=True, text=True, check=True).stdout
    flags = dict(re.findall(r"(\w+) += (\w+)", told))
    found = {name: flags[name] for name in ("InitialHeapSize", "MaxHeapSize", "TrimNativeHeapInterval")}
    assert found == {"InitialHeapSize": "100663296", "MaxHeapSize": "100663296", "TrimNativeHeapInterval": "15000"}
    assert flags["AlwaysPreTouch"] == "true"
    assert environ["MALLOC_ARENA_MAX"] == "2"


def test_a_jvm_that_does_not_start_is_quoted(job_settings, tmp_path, monkeypatch):
    environ = {"PATH": os.environ["PATH"]}
    prepare_environment(replace(job_settings, heap="1x"), Folders.of(job_settings, 1), environ)
    assert what_java_says(environ) == (
        "found: Invalid initial heap size: -Xms1x Error: Could not create the Java Virtual Machine. "
        "Error: A fatal exception has occurred. Program will exit."
    )
    monkeypatch.setattr(os, "environ", environ)
    assert why_not_started("RuntimeError: Java gateway process exited before sending its port number.", {}).startswith(
        "its JVM ended at once; found: "
    )


def test_a_jvm_that_starts_alone_is_said_so(job_settings):
    environ = {"PATH": os.environ["PATH"]}
    prepare_environment(job_settings, Folders.of(job_settings, 1), environ)
    assert what_java_says(environ) == "alone it starts: look for too little memory, or who ends processes"


def test_flink_that_does_not_answer_is_said_so():
    with pytest.raises(FlinkGone, match=r"^Flink did not answer to /jobs/x: "):
        FlinkRest(f"127.0.0.1:{free_port()}", timeout=1).job_state("x")


def checkpoint(completed_at, duration_ms, size_bytes, status, path) -> dict:
    """Return the first checkpoint of job-1 as the monitor saves it."""
    row = {"job_id": "job-1", "checkpoint_id": 1, "triggered_at": STARTED, "completed_at": completed_at}
    return row | {"duration_ms": duration_ms, "size_bytes": size_bytes, "status": status, "path": path}


def test_the_heartbeat_and_the_checkpoints_are_upserted(job_settings, tables):
    store = ResultStore(job_settings)
    run = {"job_id": "job-1", "name": "tallystream", "state": "RUNNING", "started_at": STARTED, "restarts": 0}
    run |= {"heartbeat_at": STARTED, "resumed_from": None, "parallelism": 2}
    done = STARTED + timedelta(seconds=1)
    with closing(store):
        store.save(run, [checkpoint(None, None, 10, "IN_PROGRESS", None)])
        store.save({**run, "heartbeat_at": done}, [checkpoint(done, 1_000, 12, "COMPLETED", "file:/chk-1")])
    tables.execute("SELECT state, heartbeat_at FROM tally.job_runs WHERE job_id = 'job-1'")
    assert tables.fetchall() == [("RUNNING", done)]
    tables.execute("SELECT completed_at, duration_ms, size_bytes, status, path FROM tally.checkpoint_stats")
    assert tables.fetchall() == [(done, 1_000, 12, "COMPLETED", "file:/chk-1")]


def test_the_heartbeat_goes_on_over_a_new_connection(job_settings, job_postgres, tables):
    store = ResultStore(job_settings)
    run = {"job_id": "job-2", "name": "tallystream", "state": "RUNNING", "started_at": STARTED, "restarts": 0}
    run |= {"heartbeat_at": STARTED, "resumed_from": None, "parallelism": 2}
    with closing(store):
        store.save(run, [])
        with closing(psycopg2.connect(job_postgres.url("postgres"))) as superuser:
            superuser.autocommit = True
            superuser.cursor().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tally-job-monitor'"
            )
        with pytest.raises(psycopg2.Error):
            store.save(run, [])
        store.save({**run, "state": "CANCELED"}, [])
    tables.execute("SELECT state FROM tally.job_runs WHERE job_id = 'job-2'")
    assert tables.fetchall() == [("CANCELED",)]


class Checkpoints:
    """Flink's checkpoints as the monitor reads them; a failed one was declined for a full disk."""

    def __init__(self) -> None:
        self.history: list[CheckpointStat] = []

    def end_next(self, status: str) -> None:
        number = len(self.history) + 1
        self.history.insert(0, CheckpointStat(number, status, STARTED, None, None, None, None, False))

    def job_state(self, job_id: str) -> JobState:
        return state()

    def checkpoints(self, job_id: str) -> list[CheckpointStat]:
        return self.history

    def checkpoint_failure(self, job_id: str, number: int) -> str:
        return "CheckpointException: declined\nCaused by: java.io.IOException: No space left on device"


def test_checkpoints_that_fail_are_said_once_and_their_recovery_too(job_settings, tables):
    rest, said = Checkpoints(), []
    (job_settings.home / "checkpoints").mkdir(exist_ok=True)
    monitor = Monitor(job_settings, rest, "job-3", None, clock=lambda: STARTED, say=said.append)
    for status in ("COMPLETED", "FAILED", "FAILED", "IN_PROGRESS", "COMPLETED", "COMPLETED", "FAILED"):
        rest.end_next(status)
        monitor.observe()
    monitor.stop()
    declined = "java.io.IOException: No space left on device; results go on, a restart repeats what came since"
    assert said == [
        f"job: checkpoint 2 failed; {declined}",
        "job: checkpoint 5 is complete; they work again",
        f"job: checkpoint 7 failed; {declined}",
    ]


def test_faulty_settings_end_the_process_with_every_fault(tmp_path):
    environ = {"PATH": os.environ["PATH"], "TALLY_HOME": str(tmp_path), "TALLY_CURRENCY": "yuan"}
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith(
        "job: the job's settings have 5 faults:\n  TALLY_CURRENCY: 'yuan' is not valid; give"
    )
