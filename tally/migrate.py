"""Bring a database to the state of sql/postgres: migrations, functions, views, comments, roles, grants.

All of it happens in one transaction under an advisory lock: a database is at the old state or at the new one.
"""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from tally.migrate_comments import comment_all
from tally.migrate_steps import (
    MigrationError,
    execute,
    fingerprint_all,
    made_objects,
    make_partitions,
    make_views,
    pending_migrations,
    record_objects,
)
from tally.postgres import DATABASE, ROLES, SUPERUSER, DatabaseUrls, EmbeddedPostgres
from tally.postgres_files import kept_password
from tally.roles import close_databases, create_roles, grant_all, why_no_roles, with_user
from tally.sql_files import SQL_FOLDER, read_folder, statement

# one migration at a time, also before there is a schema; whatever else changes all results takes turns by take_turn()
LOCK = 2048006121
LOCK_TIMEOUT = "30s"


@dataclass
class MigrationReport:
    """What a run changed: migrations by name, views and functions made anew, and notes for the user."""

    migrations: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Tell whether anything was changed."""
        return bool(self.migrations or self.objects)


def set_up(server: EmbeddedPostgres) -> MigrationReport:
    """Create the roles and the database on a running embedded server where missing, and migrate it."""
    with contextlib.closing(psycopg2.connect(server.url(SUPERUSER), connect_timeout=10)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            create_roles(connection, list(ROLES.values()), server.password)
            cursor.execute(statement("existing_database"), {"name": DATABASE})
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(ROLES["owner"])
                    )
                )
            close_databases(cursor)
    return migrate(server.url("owner"))


def set_up_outside(url: str, home: Path) -> tuple[DatabaseUrls, MigrationReport]:
    """Migrate a database of the user's and return the address of each role.

    Where the given user may create roles, writer, reader and dashboard get roles of their own, with passwords kept
    below `home`; else everything runs as the given user, and a note of the report says so. Raises MigrationError.
    """
    passwords = home / "postgres" / "outside-passwords"
    names = [ROLES[short] for short in ("writer", "reader", "dashboard")]
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        note = why_no_roles(cursor, names, passwords)
        if note is None:
            create_roles(connection, names, lambda role: kept_password(passwords, role))
            grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
            database = sql.Identifier(connection.info.dbname)
            cursor.execute(grant.format(database, sql.SQL(", ").join(map(sql.Identifier, names))))
    report = migrate(url)
    if note:
        report.notes.append(note)
        return DatabaseUrls(owner=url, writer=url, reader=url, dashboard=url), report
    by_role = {short: with_user(url, ROLES[short], kept_password(passwords, ROLES[short])) for short in list(ROLES)[1:]}
    return DatabaseUrls(owner=url, **by_role), report


def connect(url: str) -> Connection:
    """Open a connection; raise MigrationError naming the host, never the password."""
    try:
        return psycopg2.connect(url, connect_timeout=10, application_name="tally migrate")
    except psycopg2.OperationalError as error:
        place = urlsplit(url).netloc.rpartition("@")[2]
        raise MigrationError(
            f"the database does not answer; found at {place}: {str(error).strip().splitlines()[-1]}; "
            "check DATABASE_URL and that the server runs"
        ) from error


def migrate(url: str, folder: Path = SQL_FOLDER) -> MigrationReport:
    """Apply what is missing and return what was changed; a second run changes nothing.

    Raises MigrationError, with nothing changed, when a recorded migration differs from its files, when the database is
    newer than these files, or when a statement fails (the text names the file).
    """
    report = MigrationReport()
    with contextlib.closing(connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true), pg_advisory_xact_lock(%s)", [LOCK_TIMEOUT, LOCK])
        for one in read_folder(folder / "bootstrap")[::-1]:
            execute(cursor, one)
        pending = pending_migrations(cursor, folder / "migrations")
        fingerprints = fingerprint_all(folder)
        made = made_objects(cursor)
        functions = [one for one in read_folder(folder / "functions") if made.get(one.name) != fingerprints[one.name]]
        for one in functions:
            execute(cursor, one)
        cursor.execute(statement("closing_turn"))
        views = make_views(cursor, folder, made, fingerprints, pending)
        report.migrations = [one.name for one in pending]
        report.objects = [one.name for one in [*functions, *views]]
        record_objects(cursor, folder, fingerprints)
        make_partitions(cursor)
        comment_all(cursor, folder)
        grant_all(cursor, folder)
    return report
