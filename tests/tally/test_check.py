"""`tally rebuild --check`: what is compared against a real Postgres, the job's pause, and what each fault says."""

import contextlib
import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, timedelta
from types import SimpleNamespace

import psycopg2
import pytest
from rich.console import Console

from tally import check, pause, shadow
from tally.bounded_job import CheckError, end_left_job, run_bounded_job
from tally.check_lock import CheckBusy, only_one, refuse_beside_a_check
from tally.check_report import print_check
from tally.child import State
from tally.home import Home
from tally.pause import Pause, PauseError, job_paused
from tally.processes import Identity
from tally.registry import Entry, RunState
from tests.tally.result_rows import DAY, NOON, TABLES, insert, sales

MODE = "a second run of the same SQL, bounded at one cut of the log, in streaming execution"


def counted(partition: int, offset: int, hours: int = 0) -> dict:
    """Return a row of event_counts_1h."""
    moment = NOON + timedelta(hours=hours)
    counts = dict.fromkeys(("records", "counted", "rejected", "late", "event_count"), 1)
    return {
        "log_hour": moment, "log_partition": partition, "last_offset": offset, "newest_append_time": moment, **counts
    }  # fmt: skip


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path)
    home.prepare()
    return home


@pytest.fixture
def line(home, urls, monkeypatch):
    """A running line whose job stands whenever asked, with a log of three partitions, the last one empty."""
    monkeypatch.setattr(check, "log_end", lambda kafka, topic: {0: 12, 1: 4, 2: -1})
    monkeypatch.setattr(check, "job_paused", lambda home, check_running: contextlib.nullcontext())
    state = RunState(kafka="127.0.0.1:9", topic="sales-events")
    return check.Line(home, state, urls.owner, lambda: None)


def printed(tables: list[check.TableCheck]) -> tuple[bool, list[str]]:
    """Return whether all is equal, and the lines of the report below its table."""
    console = Console(width=500, file=io.StringIO())
    is_equal = print_check(console, tables)
    lines = console.file.getvalue().splitlines()
    return is_equal, [line for line in lines[lines.index(next(x for x in lines if x.startswith("└"))) + 1 :] if line]


def test_the_copy_is_of_the_cut_and_what_the_job_writes_later_is_not_in_it(owner, line):
    insert(owner, "tally", "sales_10s", sales("app", 10))
    insert(owner, "tally", "event_counts_1h", counted(0, 7), counted(0, 12, hours=1), counted(1, 4))
    shadow.make_shadow(line.url)
    assert check.copy_live(line) == {0: 13, 1: 5, 2: 0}
    owner.execute("UPDATE tally.sales_10s SET gross_amount = 11, event_count = 2")
    owner.execute("SELECT gross_amount FROM tally_shadow.sales_10s_copy")
    assert owner.fetchall() == [(10,)]


def test_rows_that_are_alike_are_equal(owner, line):
    for schema in ("tally", "tally_shadow"):
        if schema == "tally_shadow":
            shadow.make_shadow(line.url)
        insert(owner, schema, "sales_10s", sales("app", 10), sales("web", 20))
        insert(owner, schema, "event_counts_1h", counted(0, 7))
        # columns that may be null
        insert(owner, schema, "rejected_records", {
            "log_partition": 0, "log_offset": 3, "append_time": NOON, "reason": "r", "line": None, "topic": "t"
        })  # fmt: skip
    check.copy_live(line)
    tables = check.compare(line.url, 10)
    assert [one.table for one in tables] == sorted(TABLES)
    assert printed(tables) == (True, [f"every row is equal: 4 rows of 7 tables against {MODE}"])


def test_each_row_that_differs_is_named_and_nothing_live_is_changed(owner, line):
    insert(owner, "tally", "sales_10s", sales("app", 10), sales("web", 999), sales("gone", 7))
    shadow.make_shadow(line.url)
    insert(owner, "tally_shadow", "sales_10s", sales("app", 10), sales("web", 20), sales("new", 30))
    check.copy_live(line)
    tables = {one.table: one for one in check.compare(line.url, 10)}
    found = tables["sales_10s"]
    assert (found.compared, found.missing, found.extra, found.wrong) == (4, 1, 1, 1)
    assert {one.table for one in tables.values() if one.differing} == {"sales_10s"}
    is_equal, told = printed([found])
    key = "window_start 2026-11-22T12:00:00+00:00, channel {}, region CN-BJ, log_date 2026-11-22"
    assert not is_equal
    assert told[0].startswith(f"sales_10s extra: {key.format('gone')}; expected no such row; found gross_amount 7, ")
    assert told[1].startswith(f"sales_10s missing: {key.format('new')}; expected gross_amount 30, ")
    assert told[2] == f"sales_10s wrong: {key.format('web')}; expected gross_amount 20; found gross_amount 999"
    assert told[3] == (
        f"rows differ from {MODE}; found 3 of sales_10s; `tally audit` names the records behind them, `tally rebuild` "
        "makes every result again"
    )
    owner.execute("SELECT channel, gross_amount FROM tally.sales_10s ORDER BY 1")
    assert owner.fetchall() == [("app", 10), ("gone", 7), ("web", 999)]


def test_rows_that_depend_on_the_order_of_reading_are_told_apart(owner, line):
    insert(owner, "tally", "event_counts_1h", counted(0, 7), counted(1, 4), counted(2, 9))
    insert(owner, "tally", "sales_10s", sales("app", 10), sales("web", 999))
    shadow.make_shadow(line.url)
    other = [counted(0, 7) | {"counted": 2}, counted(1, 4) | {"counted": 2}, counted(2, 9)]
    insert(owner, "tally_shadow", "event_counts_1h", *other)
    insert(owner, "tally_shadow", "sales_10s", sales("app", 10), sales("web", 999))
    check.copy_live(line)
    assert {one.table: one.wrong for one in check.compare(line.url, 10) if one.differing} == {"event_counts_1h": 2}
    hour = NOON.astimezone(UTC).replace(tzinfo=None)  # as DuckDB tells times
    check.keep_undecided(line.url, {"event_counts_1h": [{"log_partition": 0, "log_hour": hour}]})
    tables = {one.table: one for one in check.compare(line.url, 10)}
    found = tables["event_counts_1h"]
    assert (found.compared, found.wrong, found.undecided, found.sample[0].key["log_partition"]) == (3, 1, 1, 1)
    assert not printed(list(tables.values()))[0]
    check.keep_undecided(line.url, {"event_counts_1h": [{"log_partition": 1, "log_hour": hour}]})
    assert printed(check.compare(line.url, 10)) == (True, [
        f"every row that has to be is equal: 5 rows of 7 tables against {MODE}; 2 differ by which copy of an event "
        "counted: copies lie in several partitions (let every producer key records by event_id, with one partitioner) "
        "or beyond the dedup horizon"
    ])  # fmt: skip


def test_without_an_archive_it_is_not_told_which_rows_depend_on_the_order_of_reading(line, urls):
    environment = {"TALLY_HOME": str(line.home.root), "TALLY_KAFKA": "127.0.0.1:9", "DATABASE_URL": urls.writer}
    (line.home.run / "buyer.key").write_text("00" * 32)
    line.home.archive.rmdir()
    with pytest.raises(CheckError) as error:
        check.undecided_keys(environment, line.say, ["sales_10s", "orders_1s"])
    assert str(error.value) == (
        "rows of sales_10s, orders_1s differ, and which of them depend on the order of reading can't be told; there is "
        f"no archive; found no folder {line.home.archive}; start Tallystream with this home first; mend that, and run "
        "it again"
    )


def test_only_so_many_rows_are_shown_as_asked_for(owner, line):
    insert(owner, "tally", "orders_1s", *(
        {"second": NOON + timedelta(seconds=n), "log_date": DAY, "orders": 1, "event_count": 1} for n in range(5)
    ))  # fmt: skip
    shadow.make_shadow(line.url)
    check.copy_live(line)
    found = next(one for one in check.compare(line.url, 2) if one.table == "orders_1s")
    assert (found.extra, len(found.sample)) == (5, 2)


def test_a_job_that_still_writes_is_not_copied(owner, urls):
    ticks = iter(range(100))
    with closing(psycopg2.connect(urls.writer, application_name="tally-job")), pytest.raises(CheckError) as error:
        check.await_written(urls.owner, clock=lambda: next(ticks), sleep=lambda seconds: None)
    assert str(error.value) == "a job still writes although it was stopped; found its connection; run it again"


@pytest.mark.parametrize(
    ("has_checkpoint", "reached", "fault"),
    [
        (False, {}, "no checkpoint since"),
        (True, {0: 12, 1: -1001, 2: -1001}, "it is at offset 12 of 13 in partition 0; it is at offset -1001 of 5 in "
         "partition 1"),
        (True, {0: 13, 1: 9, 2: -1001}, ""),
    ],
)  # fmt: skip
def test_the_job_has_caught_up_when_its_checkpoint_is_behind_the_logs_end(
    line, monkeypatch, has_checkpoint, reached, fault
):
    monkeypatch.setattr(check, "has_checkpoint_after", lambda url, moment: has_checkpoint)
    monkeypatch.setattr(check, "committed_offsets", lambda state, partitions: reached)
    assert check.lag_fault(line, NOON, {0: 12, 1: 4, 2: -1}) == fault


def test_a_job_that_lags_is_told_with_what_to_do(line, monkeypatch):
    monkeypatch.setattr(check, "lag_fault", lambda *arguments: "it is at offset 3 of 5 in partition 1")
    ticks = iter(range(0, 1000, 50))
    with pytest.raises(CheckError) as error:
        check.await_caught_up(line, clock=lambda: next(ticks), sleep=lambda seconds: None)
    assert str(error.value) == (
        "the job has not caught up with the log within 120 s; found it is at offset 3 of 5 in partition 1; wait until "
        "the lag that `tally status` shows is small, and run it again"
    )


def test_a_database_that_goes_away_is_told_with_what_to_do(line, monkeypatch):
    monkeypatch.setattr(check, "job_environment", lambda state: {})
    gone = dataclasses.replace(line, url="postgresql://nobody@127.0.0.1:9/tally")
    with pytest.raises(CheckError) as error:
        check.check(gone, 10)
    assert str(error.value).startswith(
        "the check was given up, and nothing live was changed; the database did not run shadow_make; it said: "
    )
    assert str(error.value).endswith("; `tally status` shows whether it runs; run it again")


def test_the_second_job_waits_until_the_live_one_runs_again_but_not_for_ever(line):
    states = iter(["stopped", "starting", "running"])
    looks = []

    def look() -> RunState:
        looks.append(next(states))
        return RunState(processes=(Entry("job", 1, 1.0, looks[-1]),))

    check.await_live_job(dataclasses.replace(line, check_running=look), sleep=lambda seconds: None)
    assert looks == ["stopped", "starting", "running"]
    ticks = iter([0, 60, 121])
    check.await_live_job(
        dataclasses.replace(line, check_running=RunState), clock=lambda: next(ticks), sleep=lambda seconds: None
    )
    assert list(ticks) == []


def test_a_line_without_a_job_is_told():
    with pytest.raises(CheckError) as error:
        check.job_environment(RunState())
    assert str(error.value) == ("the job does not run; found no process of it; see `tally status`, and run it again")


def test_a_second_job_that_fails_is_told_with_its_last_words(home, monkeypatch):
    code = "print('job: the disk is full'); raise SystemExit(1)"
    monkeypatch.setattr("tally.bounded_job.python_command", lambda *arguments: (sys.executable, "-c", code))
    with pytest.raises(CheckError) as error:
        run_bounded_job(home, dict(os.environ), {0: 1}, lambda: None)
    assert str(error.value) == (
        "the second job did not come to the end of what it had to read; found it ended (code 1): job: the disk is "
        "full; see `tally logs check`, and run it again"
    )


def test_a_second_job_does_not_outlive_the_line(home, monkeypatch):
    started = []
    start = check.run_bounded_job.__globals__["start"]
    monkeypatch.setattr("tally.bounded_job.start", lambda *arguments: started.append(start(*arguments)) or started[0])
    sleeper = (sys.executable, "-c", "import signal; signal.pause()")
    monkeypatch.setattr("tally.bounded_job.python_command", lambda *arguments: sleeper)

    def gone() -> None:
        raise CheckError("nothing runs")

    with pytest.raises(CheckError, match=r"^nothing runs$"):
        run_bounded_job(home, dict(os.environ), {0: 1}, gone)
    assert started[0].returncode == -signal.SIGKILL


def test_the_second_job_of_a_killed_check_is_ended_before_the_tables_are_used_again(home):
    sleeper = (sys.executable, "-c", "import signal; signal.pause()")
    left = subprocess.Popen(sleeper, start_new_session=True)
    home.check_job.write_text(json.dumps(dataclasses.asdict(Identity.of(left.pid))))
    end_left_job(home)
    assert left.wait(10) == -signal.SIGKILL
    assert not home.check_job.exists()
    end_left_job(home)


class Job:
    """A job that ends with a code once it is asked to."""

    def __init__(self, code: int | None = 0, state: State = State.RUNNING):
        self.code, self.state, self.asked, self.starts = code, state, [], 0
        self.process = SimpleNamespace(wait=lambda: code if code is not None else -9)

    @property
    def has_ended(self) -> bool:
        return bool(self.asked) and self.code is not None

    def ask_to_stop(self, number: int) -> None:
        self.asked.append(number)
        self.state = State.STOPPED

    def kill(self) -> None:
        pass

    def start(self) -> None:
        self.starts += 1
        self.state = State.STARTING


@pytest.fixture
def supervised(home):
    """A supervisor with a clock that moves by a second a look, and a request of this process."""
    ticks = iter(range(10_000))
    said = []
    supervisor = SimpleNamespace(clock=lambda: next(ticks), say=said.append)
    line = SimpleNamespace(home=home, children={"job": Job()}, supervisor=supervisor)
    home.pause_request.write_text(json.dumps(dataclasses.asdict(Identity.of(os.getpid()))))
    return SimpleNamespace(line=line, pause=Pause(line), said=said)


def ticks_until(pausing: Pause, is_so) -> None:
    for _ in range(500):
        if is_so():
            return
        pausing.tick()
    raise AssertionError("not within 500 ticks")


def test_the_job_stands_until_the_request_is_taken_away(home, supervised):
    job = supervised.line.children["job"]
    ticks_until(supervised.pause, home.pause_answer.exists)
    assert (job.asked, job.starts, home.pause_answer.read_text()) == ([signal.SIGUSR1], 0, "")
    supervised.pause.tick()
    assert job.starts == 0
    home.pause_request.unlink()
    ticks_until(supervised.pause, lambda: job.starts)
    assert not home.pause_answer.exists()
    assert supervised.said == ["the job pauses for moments; a check looks at the results"]
    supervised.pause.tick()
    supervised.pause.tick()
    assert job.starts == 1


@pytest.mark.parametrize("why", ["the asker is gone", "it takes too long"])
def test_the_job_starts_again_whatever_the_asker_does(home, supervised, why):
    job = supervised.line.children["job"]
    ticks_until(supervised.pause, home.pause_answer.exists)
    if why == "the asker is gone":
        home.pause_request.write_text(json.dumps({"pid": os.getpid(), "birth": "another boot/1"}))
    ticks_until(supervised.pause, lambda: job.starts)
    assert not home.pause_answer.exists() and not home.pause_request.exists()


@pytest.mark.parametrize(
    ("job", "fault"),
    [
        (Job(state=State.WAITING), "the job does not run; found it waiting to restart"),
        (Job(code=4), "the job did not stop at one cut; found code 4"),
        (Job(code=None), "the job did not stop at one cut; found it still running"),
    ],
    ids=["not running", "no cut", "hangs"],
)
def test_a_job_that_does_not_stand_is_told_to_the_asker(home, supervised, job, fault):
    supervised.line.children["job"] = job
    ticks_until(supervised.pause, home.pause_answer.exists)
    assert home.pause_answer.read_text() == fault
    home.pause_request.unlink()
    ticks_until(supervised.pause, lambda: not home.pause_answer.exists())
    # one that waits to restart is the supervisor's business
    assert job.starts == (job.state == State.STARTING)


def answering(home: Home, text: str):
    """Return a sleep in which the supervisor answers."""
    return lambda seconds: home.pause_answer.write_text(text)


def test_the_block_runs_while_the_job_stands_and_the_request_is_gone_after_it(home):
    with job_paused(home, lambda: None, sleep=answering(home, "")):
        asker = Identity(**json.loads(home.pause_request.read_text()))
        assert asker.pid == os.getpid()
    assert not home.pause_request.exists()


def test_a_pause_that_was_not_given_or_ended_early_is_told(home):
    cure = "; see `tally status` and `tally logs job`, and run it again"
    with pytest.raises(PauseError) as refused, job_paused(home, lambda: None, sleep=answering(home, "it is so")):
        pass
    assert str(refused.value) == f"it is so{cure}"
    ticks = iter(range(0, 1000, 60))
    with (
        pytest.raises(PauseError) as silent,
        job_paused(home, lambda: None, clock=lambda: next(ticks), sleep=lambda seconds: None),
    ):
        pass
    assert str(silent.value) == f"the job did not pause; found no answer of the supervisor after 120 s{cure}"
    with pytest.raises(PauseError) as over, job_paused(home, lambda: None, sleep=answering(home, "")):
        pause.forget_pause(home)
    assert str(over.value) == f"the job was started again while it was looked at; found the pause over{cure}"
    assert not home.pause_request.exists()


def test_one_check_at_a_time_and_none_beside_a_rebuild(home):
    locked = (
        f"a check goes on in this home; found {home.check_lock} locked; wait until it has ended (minutes), or end it "
        "with Ctrl-C"
    )
    with only_one(home):
        with pytest.raises(CheckBusy) as second, only_one(home):
            pass
        with pytest.raises(CheckBusy) as beside:
            refuse_beside_a_check(home)
    assert str(second.value) == str(beside.value) == locked
    home.rebuild_request.touch()
    refuse_beside_a_check(home)
    with pytest.raises(CheckBusy) as rebuilding, only_one(home):
        pass
    assert str(rebuilding.value) == (
        f"a rebuild is not done, and a check would use its tables; found {home.rebuild_request}; wait for it (tally "
        "wait), and run it again"
    )
