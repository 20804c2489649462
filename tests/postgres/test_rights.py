"""Who may do what: the reader reads views, the writer writes results, nobody else gets in."""

import psycopg2
import pytest
from psycopg2 import errors, sql

from tally.postgres import DATABASE

DENIED = (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)
FIRST_ROW = sql.SQL("SELECT * FROM {} LIMIT 1")


@pytest.fixture
def views(connect):
    with connect("owner").cursor() as cursor:
        cursor.execute("SELECT viewname FROM pg_views WHERE schemaname = 'tally' ORDER BY viewname")
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture
def tables(connect):
    with connect("owner").cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'tally' ORDER BY tablename")
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize("role", ["reader", "dashboard"])
def test_readers_see_every_view_and_no_table(connect, views, tables, role):
    with connect(role).cursor() as cursor:
        for view in views:
            cursor.execute(FIRST_ROW.format(sql.Identifier(view)))  # the schema may be left out
        for table in tables:
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(FIRST_ROW.format(sql.Identifier("tally", table)))


@pytest.mark.parametrize("role", ["reader", "dashboard"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tally.audit_runs VALUES ('x', now())",
        "UPDATE tally.store_settings SET currency = 'EUR'",
        "DELETE FROM tally.sales_10s",
        "CREATE TABLE tally.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "SELECT tally.close_windows()",
        "SELECT tally.create_partitions('2026-01-01', '2026-01-02')",
        "SELECT pg_read_file('postgresql.conf')",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SELECT rolpassword FROM pg_authid",
    ],
)
def test_readers_change_nothing_even_when_they_ask_for_a_writing_transaction(connect, role, statement):
    with connect(role).cursor() as cursor:
        with pytest.raises(DENIED):
            cursor.execute(statement)
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("role", "timeout", "limit"),
    [("reader", "30s", 20), ("dashboard", "10s", 16), ("writer", "0", 130), ("owner", "0", 10)],
)
def test_roles_have_their_limits(connect, role, timeout, limit):
    with connect(role).cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == (timeout,)
        cursor.execute(
            "SELECT rolconnlimit, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (limit, False, False, False)
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone() == ("on" if role in ("reader", "dashboard") else "off",)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE tally.mine (x int)",
        "ALTER TABLE tally.sales_10s ADD COLUMN x int",
        "DROP VIEW tally.sales_today",
        "TRUNCATE tally.sales_10s",
        "DELETE FROM tally.sales_10s",
        "DELETE FROM tally.rejected_records",
        "DELETE FROM tally.order_ticker",
        "DELETE FROM tally.store_settings",
        "UPDATE tally.schema_migrations SET checksum = ''",
        "INSERT INTO tally.stock_closed (sku, warehouse_id) VALUES ('a', 'b')",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
    ],
)
def test_the_writer_makes_no_objects_and_deletes_no_results(connect, statement):
    with connect("writer").cursor() as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(statement)


def test_the_writer_upserts_results_and_audits(connect):
    connection = connect("writer")
    connection.autocommit = False
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(
                "INSERT INTO sales_10s VALUES ('2026-11-22 10:00+00', 'a', 'r', '2026-11-22', 1, 0, 0, 1, 1, 1, 0, "
                "1, now()) "
                "ON CONFLICT (window_start, channel, region, log_date) DO UPDATE SET event_count = excluded.event_count"
            )
            cursor.execute(
                "INSERT INTO tally.audit_runs (audit_id, started_at) VALUES ('a', now()) "
                "ON CONFLICT (audit_id) DO UPDATE SET verdict = 'equal', finished_at = now()"
            )
        cursor.execute("DELETE FROM tally.lag_samples WHERE sampled_at < now() - interval '30 days'")
        cursor.execute("SELECT verdict FROM tally.audit_runs WHERE audit_id = 'a'")
        assert cursor.fetchone() == ("equal",)
    connection.rollback()


def test_the_writer_closes_windows_and_makes_partitions(connect):
    connection = connect("writer")
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("SELECT tally.create_partitions('2032-01-01', '2032-01-01')")
        cursor.execute("INSERT INTO tally.orders_1s VALUES ('2032-01-01', '2032-01-01', 1, 1)")
        cursor.execute("SELECT tally.close_windows('2032-01-01 01:00+00')")
        cursor.execute(
            "INSERT INTO tally.sales_10s VALUES ('2032-01-01', 'a', 'r', '2032-01-01', 1, 0, 0, 1, 1, 1, 0, 1, now())"
        )
    connection.rollback()


def test_a_wrong_password_and_a_stranger_stay_out(postgres_server, connect):
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(postgres_server.url("reader").replace(postgres_server.password("tally_reader"), "guess"))
    with connect("postgres").cursor() as cursor:
        cursor.execute("CREATE ROLE stranger LOGIN PASSWORD 'known'")
        try:
            for database in (DATABASE, "postgres", "template1"):
                with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
                    psycopg2.connect(
                        host="127.0.0.1", port=postgres_server.port, user="stranger", password="known", dbname=database
                    )
        finally:
            cursor.execute("DROP ROLE stranger")


def test_no_password_is_in_a_log_or_a_process_s_arguments(postgres_server):
    import psutil

    secrets = [path.read_text().strip() for path in (postgres_server.folder / "passwords").iterdir()]
    assert len(secrets) == 5
    log = postgres_server.log_file.read_text()
    arguments = " ".join(psutil.Process(postgres_server.adopt()).cmdline())
    assert not [secret for secret in secrets if secret in log or secret in arguments]
