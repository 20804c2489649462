"""Migrations run once, all or nothing, and notice when someone changes their files."""

import contextlib
import shutil
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from psycopg2 import sql

from tally import migrate
from tally.migrate_steps import MigrationError
from tally.postgres import EmbeddedPostgres
from tally.roles import with_user
from tally.sql_files import SQL_FOLDER, SqlFileError
from tests.postgres.conftest import temporary_home

HEADER = "-- One row is one number. | 一行是一个数字。\n-- grain: n\n-- n: A number. | 数字。 | number; key\n"
LOWER = "CREATE VIEW tally.lower AS SELECT 1 AS n;\n"


@pytest.fixture
def folder(tmp_path):
    """A copy of sql/postgres that a test may change."""
    return shutil.copytree(SQL_FOLDER, tmp_path / "postgres")


def put_view(folder, name, statement):
    """Put a view's file into the folder, its columns' header above the statement."""
    (folder / "views" / f"{name}.sql").write_text(HEADER + statement)


def ask(url, query):
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall() if cursor.description else []


def test_a_second_run_changes_nothing(database):
    first = migrate.migrate(database)
    assert first.migrations[0] == "tables"
    assert "sales_today" in first.objects
    before = ask(database, "SELECT oid FROM pg_class WHERE relnamespace = 'tally'::regnamespace ORDER BY oid")
    second = migrate.migrate(database)
    assert not second.changed
    assert ask(database, "SELECT oid FROM pg_class WHERE relnamespace = 'tally'::regnamespace ORDER BY oid") == before


def test_two_at_once_take_turns(database):
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(migrate.migrate, [database, database]))
    assert sorted(report.changed for report in reports) == [False, True]


def test_a_changed_migration_is_noticed(database, folder):
    migrate.migrate(database, folder)
    path = folder / "migrations" / "0001_tables" / "warehouses.sql"
    path.write_text(path.read_text().replace("name_zh text NOT NULL", "name_zh text"))
    with pytest.raises(
        MigrationError, match=r"migration 0001 \(tables\) was changed after it was applied; found checksum"
    ) as refused:
        migrate.migrate(database, folder)
    assert str(refused.value).endswith("restore the files, and put the change into a new migration")


def test_a_reworded_header_is_no_changed_migration(database, folder):
    migrate.migrate(database, folder)
    path = folder / "migrations" / "0001_tables" / "warehouses.sql"
    path.write_text(path.read_text().replace("One row is one warehouse.", "One row is one place that holds goods."))
    assert not migrate.migrate(database, folder).changed
    assert ask(
        database,
        "SELECT definition_en FROM tally.data_dictionary WHERE object_name = 'warehouses' AND column_name IS NULL",
    ) == [("One row is one place that holds goods.",)]


def test_a_newer_database_is_refused(database):
    migrate.migrate(database)
    newest = ask(database, "SELECT max(version) FROM tally.schema_migrations")[0][0]
    ask(database, "INSERT INTO tally.schema_migrations VALUES (900, 'from_the_future', 'x')")
    with pytest.raises(MigrationError) as refused:
        migrate.migrate(database)
    assert str(refused.value) == (
        "the database is newer than this Tallystream; found migration 900 (from_the_future) in it, the newest known "
        "here is "
        f"{newest}; update Tallystream, or use another database"
    )


def test_a_failing_statement_names_its_file_and_changes_nothing(database, folder):
    broken = folder / "migrations" / "0001_tables" / "warehouses.sql"
    broken.write_text(broken.read_text().replace("name_zh text", "name_zh nonsense"))
    with pytest.raises(MigrationError) as refused:
        migrate.migrate(database, folder)
    assert str(refused.value) == (
        'migrations/0001_tables/warehouses.sql failed; the server said: type "nonsense" does not exist; nothing was '
        "changed, mend the cause and start again"
    )
    assert ask(database, "SELECT to_regnamespace('tally')") == [(None,)]


def test_a_new_migration_keeps_rows_and_views(database, folder):
    migrate.migrate(database, folder)
    ask(database, "INSERT INTO tally.warehouses VALUES ('W1', 'Shanghai', '上海')")
    number = len(list((folder / "migrations").iterdir())) + 1
    new = folder / "migrations" / f"{number:04}_wider"
    new.mkdir()
    (new / "warehouses_opened.sql").write_text(
        "-- When it opened. | 开仓日期。\n-- grain: warehouse_id\nALTER TABLE tally.warehouses ADD COLUMN opened_at "
        "timestamptz;\n"
    )
    glossary = folder / "glossary.txt"
    glossary.write_text(
        glossary.read_text() + "opened_at: When it opened. | 开仓时间。 | time, UTC instant; attribute\n"
    )
    report = migrate.migrate(database, folder)
    assert report.migrations == ["wider"]
    assert ask(database, "SELECT warehouse_id, opened_at FROM tally.warehouses") == [("W1", None)]
    assert ask(database, "SELECT count(*) FROM tally.stock_cover") == [(0,)]


def test_a_column_without_a_definition_is_refused(database, folder):
    put_view(folder, "bare", "CREATE VIEW tally.bare AS SELECT 1 AS n, 2 AS undescribed;\n")
    with pytest.raises(
        SqlFileError, match=r"1 objects have no definition; found bare.undescribed; describe each in the header"
    ):
        migrate.migrate(database, folder)
    assert ask(database, "SELECT to_regnamespace('tally')") == [(None,)]


def test_only_a_changed_view_and_those_on_it_are_made_anew(database, folder):
    put_view(folder, "lower", LOWER)
    put_view(folder, "upper", "CREATE VIEW tally.upper AS SELECT lower.n FROM tally.lower;\n")
    migrate.migrate(database, folder)
    put_view(folder, "lower", "CREATE VIEW tally.lower AS SELECT 2::bigint AS n;\n")
    assert migrate.migrate(database, folder).objects == ["lower", "upper"]
    assert ask(database, "SELECT n FROM tally.upper") == [(2,)]
    (folder / "views" / "upper.sql").unlink()
    migrate.migrate(database, folder)
    assert ask(database, "SELECT to_regclass('tally.upper'), to_regclass('tally.lower') IS NOT NULL") == [(None, True)]


def test_a_view_of_the_user_s_is_not_dropped_with_ours(database, folder):
    put_view(folder, "lower", LOWER)
    migrate.migrate(database, folder)
    ask(database, "CREATE VIEW public.mine AS SELECT n FROM tally.lower")
    put_view(folder, "lower", "CREATE VIEW tally.lower AS SELECT 2 AS n;\n")
    with pytest.raises(
        MigrationError, match="a view that changes is used by something of yours; the server said: view mine depends"
    ):
        migrate.migrate(database, folder)
    assert ask(database, "SELECT n FROM public.mine") == [(1,)]


def test_numbers_with_a_gap_are_refused(database, folder):
    (folder / "migrations" / "0002_guards").rename(folder / "migrations" / "0009_guards")
    with pytest.raises(
        SqlFileError, match=r"migrations must be numbered 1, 2, 3, …; found \[1, 3, 4, 9\]; rename the folders"
    ):
        migrate.migrate(database, folder)


def test_a_server_that_does_not_answer_is_named_without_the_password():
    with pytest.raises(MigrationError) as refused:
        migrate.migrate("postgresql://me:secret@127.0.0.1:1/shop")
    assert str(refused.value).startswith("the database does not answer; found at 127.0.0.1:1/shop: ") or str(
        refused.value
    ).startswith("the database does not answer; found at 127.0.0.1:1: ")
    assert "secret" not in str(refused.value)


@pytest.fixture(scope="module")
def bare():
    """A started server that was never set up: somebody else's."""
    with temporary_home() as home:
        server = EmbeddedPostgres(home)
        try:
            server.start()
            yield server
        finally:
            server.stop()
            server.remove()


def create_user(server, user, password, database, may_create_roles=False):
    """Make a user with a database of its own and return its address."""
    names = sql.Identifier(user), sql.Identifier(database)
    with contextlib.closing(psycopg2.connect(server.url("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD %s").format(*names), [password])
            cursor.execute(sql.SQL("CREATE DATABASE {1} OWNER {0}").format(*names))
            if may_create_roles:
                cursor.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(*names))
    return with_user(f"postgresql://127.0.0.1:{server.port}/{database}", user, password)


def test_without_the_right_to_create_roles_everything_runs_as_you(bare, tmp_path):
    given = create_user(bare, "clerk", "pen", "office")
    urls, report = migrate.set_up_outside(given, tmp_path)
    assert {urls.owner, urls.writer, urls.reader, urls.dashboard} == {given}
    assert report.notes == [
        "everything runs as clerk, who may not create roles; for separate rights let an administrator run: "
        "ALTER ROLE clerk CREATEROLE"
    ]
    assert ask(urls.reader, "SELECT gross_amount FROM tally.sales_today") == [(0,)]


def test_a_database_of_yours_gets_our_roles_where_you_may_create_them(bare, tmp_path):
    given = create_user(bare, "shopkeeper", "open sesame/:@", "shop", may_create_roles=True)
    urls, report = migrate.set_up_outside(given, tmp_path)
    assert (urls.owner, report.notes) == (given, [])
    assert ask(urls.reader, "SELECT current_user::text, count(*) FROM tally.sales_today") == [("tally_reader", 1)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(urls.dashboard, "SELECT * FROM tally.sales_10s")
    ask(urls.writer, "INSERT INTO tally.log_counts_1h VALUES (now(), 0, 1, 1)")
    assert migrate.set_up_outside(given, tmp_path)[0] == urls


def test_roles_that_are_somebody_else_s_are_left_alone(bare, tmp_path):
    owner = create_user(bare, "owner_elsewhere", "x", "elsewhere", may_create_roles=True)
    with contextlib.closing(psycopg2.connect(owner)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'tally_reader'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE ROLE tally_reader")
    urls, report = migrate.set_up_outside(owner, tmp_path)
    assert urls.reader == owner
    assert report.notes[0].startswith("everything runs as owner_elsewhere: the server has a role tally_")
    assert report.notes[0].endswith("drop that role, or copy the password files of the home folder that made it")
