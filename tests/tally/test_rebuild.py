"""The shadow of a rebuild against a real Postgres: what a swap changes, and what a crash leaves to the next start."""

import os
from contextlib import closing
from datetime import timedelta
from types import SimpleNamespace

import psycopg2
import pytest

from tally import shadow
from tally.child import State
from tally.database import DatabaseError
from tally.home import Home
from tally.rebuild import Rebuild, finish_swap, has_checkpoint
from tests.tally.result_rows import DAY, NOON, TABLES, insert, sales


def amounts(cursor) -> list[tuple]:
    cursor.execute("SELECT channel, gross_amount, event_count FROM tally.sales_10s ORDER BY channel")
    return cursor.fetchall()


def test_a_shadow_has_each_result_table_and_only_the_writer_may_fill_it(owner, urls):
    shadow.make_shadow(urls.owner)
    owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'tally_shadow'")
    assert {name for (name,) in owner.fetchall()} == set(TABLES)
    with closing(psycopg2.connect(urls.writer)) as writer:
        insert(writer.cursor(), "tally_shadow", "sales_10s", sales("app", 5))
    with closing(psycopg2.connect(urls.reader)) as reader, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        reader.cursor().execute("SELECT * FROM tally_shadow.sales_10s")


def test_a_swap_makes_live_rows_those_of_the_shadow_and_counts_what_it_changed(owner, urls):
    right, too_much = sales("app", 10), sales("web", 999, count=50)
    insert(owner, "tally", "sales_10s", right, too_much, sales("gone", 7))
    shadow.make_shadow(urls.owner)
    # smaller than the live row in every number: the guard of live upserts has to let it in
    insert(owner, "tally_shadow", "sales_10s", right, sales("web", 20, count=2), sales("new", 30))
    insert(owner, "tally_shadow", "day_buyers", {
        "store_day": DAY, "buyer": "b", "log_date": DAY, "first_purchase_at": NOON, "event_count": 1
    })  # fmt: skip
    changed = shadow.swap(urls.owner)
    assert changed == {**dict.fromkeys(TABLES, 0), "sales_10s": 3, "day_buyers": 1}
    assert amounts(owner) == [("app", 10, 1), ("new", 30, 1), ("web", 20, 2)]
    assert not shadow.has_shadow(urls.owner)


def test_closed_windows_are_right_after_a_swap(owner, urls):
    insert(owner, "tally", "sales_10s", sales("app", 10), sales("web", 999), sales("gone", 7))
    owner.execute("SELECT tally.close_windows(%s)", [NOON + timedelta(days=1)])
    shadow.make_shadow(urls.owner)
    insert(owner, "tally_shadow", "sales_10s", sales("app", 10), sales("web", 20), sales("new", 30))
    shadow.swap(urls.owner)
    sums = "SELECT channel, gross_amount, lines FROM tally.sales_by_day WHERE gross_amount <> 0 ORDER BY channel"
    owner.execute(sums)
    expected = [("app", 10, 1), ("new", 30, 1), ("web", 20, 1)]
    assert owner.fetchall() == expected
    owner.execute("SELECT tally.close_windows(%s)", [NOON + timedelta(days=2)])
    owner.execute(sums)
    assert owner.fetchall() == expected


def test_readers_see_the_old_rows_until_the_swap_commits_and_do_not_wait(owner, urls, monkeypatch):
    insert(owner, "tally", "sales_10s", sales("app", 10))
    shadow.make_shadow(urls.owner)
    insert(owner, "tally_shadow", "sales_10s", sales("web", 20))
    seen, take_over = [], shadow.take_over

    def look_after(cursor, table):
        rows = take_over(cursor, table)
        with closing(psycopg2.connect(urls.reader)) as reader, reader.cursor() as looking:
            looking.execute("SELECT channel, gross_amount FROM sales_by_minute")
            seen.append(looking.fetchall())
        return rows

    monkeypatch.setattr(shadow, "take_over", look_after)
    shadow.swap(urls.owner)
    assert seen == [[("app", 10)]] * len(TABLES)
    assert amounts(owner) == [("web", 20, 1)]


def test_a_swap_that_fails_changes_nothing(owner, urls):
    insert(owner, "tally", "sales_10s", sales("app", 10))
    insert(owner, "tally", "orders_1s", {"second": NOON, "log_date": DAY, "orders": 1, "event_count": 1})
    shadow.make_shadow(urls.owner)
    # tables are taken in the order of their names: sales_10s comes last but one
    owner.execute("ALTER TABLE tally_shadow.sales_10s DROP COLUMN units")
    with pytest.raises(DatabaseError, match=r"^the database did not run swap; it said: "):
        shadow.swap(urls.owner)
    assert amounts(owner) == [("app", 10, 1)]
    owner.execute("SELECT count(*) FROM tally.orders_1s")
    assert owner.fetchone() == (1,)
    assert shadow.has_shadow(urls.owner)


def test_how_far_the_shadow_has_come_is_told_by_partition(owner, urls):
    shadow.make_shadow(urls.owner)
    counts = dict.fromkeys(("records", "counted", "rejected", "late", "event_count"), 1)
    for hour, partition, offset in ((0, 0, 7), (1, 0, 12), (0, 3, 4)):
        moment = NOON + timedelta(hours=hour)
        row = {"log_hour": moment, "log_partition": partition, "last_offset": offset, "newest_append_time": moment}
        insert(owner, "tally_shadow", "event_counts_1h", {**row, **counts})
    assert shadow.shadow_offsets(urls.owner) == {0: 12, 3: 4}


def test_a_job_that_is_still_connected_is_seen(owner, urls):
    assert not shadow.jobs_write(urls.owner)
    with closing(psycopg2.connect(urls.writer, application_name="tally-job")):
        assert shadow.jobs_write(urls.owner)


@pytest.fixture
def interrupted(tmp_path, urls):
    """A home in which a rebuild was asked for, with checkpoints of the live job and of the rebuild's."""
    home = Home(tmp_path)
    home.prepare()
    home.rebuild_request.touch()
    for run in (home.checkpoints / "live", home.shadow_checkpoints / "new"):
        (run / "chk-1").mkdir(parents=True)
        (run / "chk-1" / "_metadata").touch()
    said = []
    line = SimpleNamespace(home=home, urls=urls, supervisor=SimpleNamespace(say=said.append))
    return SimpleNamespace(home=home, line=line, said=said)


def files(home: Home) -> set[str]:
    """Return the runs below checkpoints/ and the marks of a rebuild."""
    runs = {str(path.relative_to(home.checkpoints).parent.parent) for path in home.checkpoints.rglob("_metadata")}
    marks = {path.name for path in (home.rebuild_request, home.rebuild_swap, home.adopted_mark)}
    here = {path.name for path in (*home.run.iterdir(), *home.shadow_checkpoints.glob("*"))}
    return runs | (marks & here)


def test_a_rebuild_that_was_not_complete_is_thrown_away_and_asked_for_again(owner, urls, interrupted):
    insert(owner, "tally", "sales_10s", sales("app", 10))
    shadow.make_shadow(urls.owner)
    Rebuild(interrupted.line).finish_interrupted()
    assert files(interrupted.home) == {"live", "rebuild.request"}
    assert amounts(owner) == [("app", 10, 1)]
    assert not shadow.has_shadow(urls.owner)
    assert Rebuild(interrupted.line).is_asked


def test_a_start_after_a_rebuild_keeps_the_only_checkpoint_that_fits(owner, urls, interrupted):
    home = interrupted.home
    home.rebuild_request.unlink()
    home.adopted_mark.touch()
    Rebuild(interrupted.line).finish_interrupted()
    assert files(home) == {"live", "shadow/new", "adopted"}


@pytest.mark.parametrize("crash", ["before the commit", "after the commit", "after the live checkpoints went"])
def test_a_complete_rebuild_is_finished_by_the_next_start(owner, urls, interrupted, crash):
    home = interrupted.home
    insert(owner, "tally", "sales_10s", sales("app", 10))
    shadow.make_shadow(urls.owner)
    insert(owner, "tally_shadow", "sales_10s", sales("web", 20))
    home.rebuild_swap.touch()
    if crash != "before the commit":
        shadow.swap(urls.owner)
    if crash == "after the live checkpoints went":
        (home.checkpoints / "live" / "chk-1" / "_metadata").unlink()
    Rebuild(interrupted.line).finish_interrupted()
    assert files(home) == {"shadow/new", "adopted"}
    assert amounts(owner) == [("web", 20, 1)]
    assert interrupted.said == [
        "the rebuild is done; changed 2 rows of sales_10s" if crash == "before the commit" else "the rebuild is done"
    ]


def test_a_rebuild_that_finds_every_row_right_says_so(owner, urls, interrupted):
    insert(owner, "tally", "sales_10s", sales("app", 10))
    shadow.make_shadow(urls.owner)
    insert(owner, "tally_shadow", "sales_10s", sales("app", 10))
    interrupted.home.rebuild_swap.touch()
    assert finish_swap(interrupted.home, urls.owner) == "the rebuild is done; every row was right"


def test_a_shadow_that_no_longer_fits_the_tables_is_thrown_away(owner, urls, interrupted):
    shadow.make_shadow(urls.owner)
    owner.execute("ALTER TABLE tally_shadow.sales_10s DROP COLUMN units")
    interrupted.home.rebuild_swap.touch()
    Rebuild(interrupted.line).finish_interrupted()
    assert files(interrupted.home) == {"live", "rebuild.request"}
    assert interrupted.said[0].startswith(
        "the rebuild can't be finished and begins anew; the database did not run swap"
    )


def test_only_a_checkpoint_of_the_jobs_present_start_counts(interrupted):
    metadata = interrupted.home.shadow_checkpoints / "new" / "chk-1" / "_metadata"
    os.utime(metadata, (1000, 1000))
    job = SimpleNamespace(has_ended=False, started_at=999.0)
    assert has_checkpoint(interrupted.home, job)
    job.started_at = 1001.0
    assert not has_checkpoint(interrupted.home, job)
    job.started_at, job.has_ended = 999.0, True
    assert not has_checkpoint(interrupted.home, job)


@pytest.mark.parametrize(("code", "rests"), [(3, True), (1, False)])
def test_a_job_with_too_old_a_checkpoint_rests_until_the_swap(interrupted, code, rests):
    asked = []
    job = SimpleNamespace(
        state=State.WAITING, process=SimpleNamespace(returncode=code), ask_to_stop=lambda: asked.append(1)
    )
    interrupted.line.children = {"job": job}
    Rebuild(interrupted.line).let_a_refused_job_rest()
    assert bool(asked) is rests
    rests_text = "the job may not go on from its old checkpoint; it starts again with the rebuilt results"
    assert interrupted.said == ([rests_text] if rests else [])
