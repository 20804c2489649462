"""The supervisor's own statements against a real Postgres."""

from datetime import UTC, date, datetime, timedelta

import psycopg2
import pytest
from psycopg2 import sql

from tally.console import totals_text
from tally.database import DatabaseError, execute, execute_many, has_row, load_urls, save_urls
from tally.drained import has_checkpoint_after, read_reached
from tally.home import Home
from tally.ports import free_port
from tally.postgres import DatabaseUrls
from tally.query import QueryError, run_query
from tally.schedule import history_days

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def urls(postgres_server):
    return postgres_server.urls()


@pytest.fixture(autouse=True)
def empty(urls):
    with psycopg2.connect(urls.owner) as connection, connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE tally.job_runs, tally.lag_samples, tally.log_counts_1h, tally.event_counts_1h, "
            "tally.checkpoint_stats, tally.history_days, tally.sales_10s"
        )
    connection.close()


def insert(urls, table, *rows):
    connection = psycopg2.connect(urls.owner)
    with connection, connection.cursor() as cursor:
        for row in rows:
            columns = sql.SQL(", ").join(map(sql.Identifier, row))
            marks = sql.SQL(", ").join([sql.Placeholder()] * len(row))
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})")
            cursor.execute(statement.format(sql.Identifier("tally", table), columns, marks), list(row.values()))
    connection.close()


@pytest.mark.parametrize(
    ("state", "started", "heartbeat", "is_alive"),
    [
        ("RUNNING", 15, 5, True),
        # found running on its cluster
        ("RUNNING", 180, 5, True),
        ("RUNNING", 120, 45, False),
        ("FAILED", 15, 5, False),
        # what an earlier start has left
        ("RUNNING", 180, 25, False),
    ],
)
def test_the_job_lives_while_its_newest_run_shows_its_heartbeat(urls, state, started, heartbeat, is_alive):
    now = datetime.now(UTC)
    times = {"started_at": now - timedelta(seconds=started), "heartbeat_at": now - timedelta(seconds=heartbeat)}
    insert(urls, "job_runs", {"job_id": "a", "name": "tally", "state": state, **times})
    assert has_row(urls.writer, "job_is_alive", {"since": now - timedelta(seconds=20)}) is is_alive


def test_the_archive_lives_while_it_samples(urls):
    now = datetime.now(UTC)
    assert not has_row(urls.writer, "archive_is_alive", {"since": now})
    insert(urls, "lag_samples", {"sampled_at": now, "lag_seconds": 0, "records": 1, "events_per_second": 2})
    assert has_row(urls.writer, "archive_is_alive", {"since": now})
    assert not has_row(urls.writer, "archive_is_alive", {"since": now + timedelta(seconds=1)})


def test_what_was_reached_is_the_furthest_hour_of_each_partition(urls):
    counts = {"records": 1, "counted": 1, "rejected": 0, "late": 0, "newest_append_time": NOON, "event_count": 2}
    insert(
        urls,
        "log_counts_1h",
        {"log_hour": NOON, "log_partition": 0, "records": 5, "last_offset": 7},
        {"log_hour": NOON + timedelta(hours=1), "log_partition": 0, "records": 5, "last_offset": 12},
        {"log_hour": NOON, "log_partition": 3, "records": 1, "last_offset": 0},
    )
    insert(urls, "event_counts_1h", {"log_hour": NOON, "log_partition": 0, "last_offset": 7, **counts})
    assert read_reached(urls.writer) == {0: (12, 7), 3: (0, -1)}


def test_only_a_checkpoint_triggered_later_and_completed_counts(urls):
    stats = {"job_id": "a", "triggered_at": NOON, "status": "COMPLETED"}
    insert(
        urls,
        "checkpoint_stats",
        {**stats, "checkpoint_id": 1, "completed_at": NOON + timedelta(seconds=9)},
        {**stats, "checkpoint_id": 2, "triggered_at": NOON + timedelta(seconds=3), "status": "IN_PROGRESS"},
    )
    assert has_checkpoint_after(urls.writer, NOON - timedelta(seconds=1))
    assert not has_checkpoint_after(urls.writer, NOON)


def test_progress_of_the_history_is_written_and_rewritten(urls):
    progress = {
        "days": [
            {"store_day": "2026-11-20", "events": 10, "published_at": 1763800000000},
            {"store_day": "2026-11-21", "events": 12, "published_at": None},
        ]
    }
    for _ in range(2):
        execute_many(urls.writer, "save_history_day", history_days(progress))
    progress["days"][1]["published_at"] = 1763800001000
    execute_many(urls.writer, "save_history_day", history_days(progress))
    connection = psycopg2.connect(urls.owner)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT store_day, events, published_at FROM tally.history_days ORDER BY store_day")
        rows = cursor.fetchall()
    connection.close()
    assert [row[:2] for row in rows] == [(date(2026, 11, 20), 10), (date(2026, 11, 21), 12)]
    assert [row[2].timestamp() for row in rows] == [1763800000, 1763800001]


def test_the_live_line_tells_records_rate_lag_and_history(urls):
    assert totals_text(urls.writer) == "no records yet"
    sample = {"sampled_at": NOON, "lag_seconds": "0.44", "records": 1234, "events_per_second": "12.6"}
    insert(urls, "lag_samples", sample, {**sample, "sampled_at": NOON - timedelta(seconds=1), "records": 1})
    assert totals_text(urls.writer) == "1,234 records · 13 a second · lag 0.4 s"
    days = [{"store_day": date(2026, 11, 20), "events": 42, "published_at": NOON}]
    insert(urls, "history_days", *days, {"store_day": date(2026, 11, 21), "events": 58})
    assert totals_text(urls.writer) == "1,234 records · 13 a second · lag 0.4 s · history 42%"


@pytest.mark.parametrize("name", ["trim_lag_samples", "trim_checkpoint_stats", "running_totals"])
def test_the_writer_may_run_the_supervisors_chores(urls, name):
    execute(urls.writer, name)


def test_the_reader_sees_views_and_changes_nothing(urls):
    columns, rows = run_query(urls.reader, "SELECT currency, store_zone FROM store_clock")
    assert (columns, rows) == (["currency", "store_zone"], [("CNY", "Asia/Shanghai")])
    for query in ("SELECT * FROM tally.sales_10s", "DROP VIEW store_clock", "CREATE TABLE x (y int)"):
        with pytest.raises(QueryError, match=r"the query can't be run; the server said: "):
            run_query(urls.reader, query)


def test_a_query_that_is_none_is_told_in_the_servers_words(urls):
    with pytest.raises(QueryError) as caught:
        run_query(urls.reader, "SELEC 1")
    assert str(caught.value).startswith(
        'the query can\'t be run; the server said: syntax error at or near "SELEC"\nLINE 1: SELEC 1'
    )
    assert str(caught.value).endswith("\nmend it and try again")


def test_a_database_that_does_not_answer_is_told_without_its_password():
    url = f"postgresql://tally_writer:secret@127.0.0.1:{free_port()}/tally"
    with pytest.raises(DatabaseError) as caught:
        execute(url, "running_totals")
    assert "Connection refused" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert not has_row(url, "running_totals")


def test_addresses_are_kept_for_this_user_only(tmp_path):
    home = Home(tmp_path)
    home.prepare()
    urls = DatabaseUrls("postgresql://o", "postgresql://w", "postgresql://r", "postgresql://d")
    with pytest.raises(DatabaseError, match=f"there is no database yet in {tmp_path}; found no address of one"):
        load_urls(home)
    save_urls(home, urls)
    assert load_urls(home) == urls
    assert (home.run / "database.json").stat().st_mode & 0o777 == 0o600
