"""Bring a database to the state of sql/postgres: migrations, functions, views, comments, roles, grants.

All of it happens in one transaction under an advisory lock: a database is at the old state or at the new one.
"""

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extensions import encrypt_password

from tally.errors import TallyError
from tally.postgres import DATABASE, ROLES, SUPERUSER, DatabaseUrls, EmbeddedPostgres, kept_password
from tally.sql_files import SQL_FOLDER, SqlFile, SqlFileError, in_order, read_folder, read_glossary

LOCK = 0x7A11_57EA  # any number that nobody else in this database uses
PARTITIONS_BEFORE, PARTITIONS_AFTER = 9, 3
LOCK_TIMEOUT = "30s"


class MigrationError(TallyError):
    """The database can't be brought to the state of sql/postgres; it is as it was before."""


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
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLES["owner"]))
                )
            close_databases(cursor)
    return migrate(server.url("owner"))


def close_databases(cursor: Cursor) -> None:
    """Let only our roles connect, and only to our database."""
    names = [sql.Identifier(ROLES[short]) for short in ("owner", "writer", "reader", "dashboard")]
    for database in (DATABASE, "postgres", "template1"):
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    cursor.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), sql.SQL(", ").join(names))
    )


def set_up_outside(url: str, home: Path) -> tuple[DatabaseUrls, MigrationReport]:
    """Migrate a database of the user's and return the address of each role.

    Where the given user may create roles, writer, reader and dashboard get roles of their own, with passwords kept below
    `home`; else everything runs as the given user, and a note of the report says so. Raises MigrationError.
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


def why_no_roles(cursor: Cursor, names: list[str], passwords: Path) -> str | None:
    """Return why the roles can't be ours on this server, None when they can."""
    cursor.execute("SELECT rolname, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    user, may_create = cursor.fetchone()
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [names])
    strangers = sorted(name for (name,) in cursor.fetchall() if not (passwords / name).exists())
    if strangers:
        return (
            f"everything runs as {user}: the server has a role {strangers[0]} whose password is not in {passwords}; "
            "drop that role, or copy the password files of the home folder that made it"
        )
    if not may_create:
        return (
            f"everything runs as {user}, who may not create roles; for separate rights let an administrator run: "
            f"ALTER ROLE {user} CREATEROLE"
        )
    return None


def with_user(url: str, user: str, password: str) -> str:
    """Return an address with another user and password."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))


def create_roles(connection: Connection, names: list[str], password: Callable[[str], str]) -> None:
    """Create the missing ones of our roles with their passwords, and set every role's limits.

    The server gets the SCRAM verifier, never the password, so no log of statements can hold it.
    """
    statements = {one.name: one.statement for one in read_folder(SQL_FOLDER / "roles")}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(statements[name])
            verifier = encrypt_password(password(name), name, connection, "scram-sha-256")
            cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(name)), [verifier])
        for one in read_folder(SQL_FOLDER / "role_settings"):
            cursor.execute(one.statement)


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
        views = make_views(cursor, folder, made, fingerprints, pending)
        report.migrations = [one.name for one in pending]
        report.objects = [one.name for one in [*functions, *views]]
        record_objects(cursor, folder, fingerprints)
        make_partitions(cursor)
        comment_all(cursor, folder)
        grant_all(cursor, folder)
    return report


def execute(cursor: Cursor, one: SqlFile) -> None:
    """Run a file's statement; raise MigrationError naming the file and what the server said."""
    try:
        cursor.execute(one.statement)
    except psycopg2.Error as error:
        said = error.diag.message_primary or str(error).strip()
        detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
        raise MigrationError(
            f"{one.path.relative_to(one.path.parents[2])} failed; the server said: {said}{detail}; nothing was changed, "
            "mend the cause and start again"
        ) from error


@dataclass(frozen=True)
class Migration:
    """One numbered folder of statements."""

    version: int
    name: str
    files: list[SqlFile]

    @property
    def checksum(self) -> str:
        """Return the SHA-256 over the names and statements of its files."""
        lines = "".join(f"{one.path.name} {one.checksum}\n" for one in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()


def read_migrations(folder: Path) -> list[Migration]:
    """Return the migrations in order; raise SqlFileError when their numbers have a gap or a repetition."""
    found = []
    for path in sorted(one for one in folder.iterdir() if one.is_dir()):
        number, _, name = path.name.partition("_")
        found.append(Migration(int(number), name, read_folder(path)))
    numbers = [one.version for one in found]
    if numbers != list(range(1, len(found) + 1)):
        raise SqlFileError(f"{folder}: migrations must be numbered 1, 2, 3, …; found {numbers}; rename the folders")
    return found


def pending_migrations(cursor: Cursor, folder: Path) -> list[Migration]:
    """Return the migrations that the database has not had; raise MigrationError when the two don't fit."""
    known = {one.version: one for one in read_migrations(folder)}
    cursor.execute("SELECT version, name, checksum FROM tally.schema_migrations ORDER BY version")
    recorded = {version: (name, checksum) for version, name, checksum in cursor.fetchall()}
    newer = sorted(recorded.keys() - known.keys())
    if newer:
        raise MigrationError(
            f"the database is newer than this Tallystream; found migration {newer[-1]} ({recorded[newer[-1]][0]}) in it, "
            f"the newest known here is {max(known)}; update Tallystream, or use another database"
        )
    for version, (_, checksum) in recorded.items():
        if known[version].checksum != checksum:
            raise MigrationError(
                f"migration {version:04} ({known[version].name}) was changed after it was applied; found checksum "
                f"{known[version].checksum[:12]} in the files and {checksum[:12]} in the database; restore the files, and put "
                "the change into a new migration"
            )
    return [one for version, one in sorted(known.items()) if version not in recorded]


def apply_migration(cursor: Cursor, migration: Migration) -> None:
    """Run a migration's statements and record it."""
    for one in migration.files:
        execute(cursor, one)
    cursor.execute(
        "INSERT INTO tally.schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
        [migration.version, migration.name, migration.checksum],
    )


def fingerprint_all(folder: Path) -> dict[str, str]:
    """Return name → fingerprint of each function and view; a view's covers the views and functions it stands on."""
    fingerprints = {one.name: one.checksum for one in read_folder(folder / "functions")}
    for one in in_order(read_folder(folder / "views")):
        below = [fingerprints[name] for name in sorted(one.references()) if name in fingerprints]
        fingerprints[one.name] = hashlib.sha256("\n".join([one.checksum, *below]).encode()).hexdigest()
    return fingerprints


def made_objects(cursor: Cursor) -> dict[str, str]:
    """Return name → fingerprint of what the newest run made."""
    cursor.execute("SELECT name, fingerprint FROM tally.schema_objects")
    return dict(cursor.fetchall())


def make_views(
    cursor: Cursor, folder: Path, made: dict[str, str], fingerprints: dict[str, str], pending: list[Migration]
) -> list[SqlFile]:
    """Drop the views that changed, vanished or stand on a changed one, apply migrations, make the missing views."""
    views = in_order(read_folder(folder / "views"))
    cursor.execute("SELECT name FROM tally.schema_objects WHERE kind = 'view'")
    existing = [name for (name,) in cursor.fetchall()]
    known = {one.name for one in views}
    # a migration may change what any view stands on
    outdated = {name for name in existing if pending or name not in known or made[name] != fingerprints[name]}
    drop_views(cursor, outdated)
    for migration in pending:
        apply_migration(cursor, migration)
    missing = [one for one in views if one.name not in existing or one.name in outdated]
    for one in missing:
        execute(cursor, one)
    return missing


def drop_views(cursor: Cursor, names: set[str]) -> None:
    """Drop views together; raise MigrationError when a view of the user's stands on one of them."""
    if not names:
        return
    identifiers = sql.SQL(", ").join(sql.Identifier("tally", name) for name in sorted(names))
    try:
        cursor.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(identifiers))
    except psycopg2.errors.DependentObjectsStillExist as error:
        raise MigrationError(
            f"a view that changes is used by something of yours; the server said: {error.diag.message_detail}; drop that, "
            "start again, and create it anew"
        ) from error


def record_objects(cursor: Cursor, folder: Path, fingerprints: dict[str, str]) -> None:
    """Write down what exists now."""
    kinds = {one.name: "function" for one in read_folder(folder / "functions")}
    cursor.execute("DELETE FROM tally.schema_objects")
    cursor.executemany(
        "INSERT INTO tally.schema_objects (name, kind, fingerprint) VALUES (%s, %s, %s)",
        [(name, kinds.get(name, "view"), fingerprint) for name, fingerprint in sorted(fingerprints.items())],
    )


def make_partitions(cursor: Cursor) -> None:
    """Make the partitions around today."""
    cursor.execute(
        "SELECT tally.create_partitions(current_date - %s::int, current_date + %s::int)",
        [PARTITIONS_BEFORE, PARTITIONS_AFTER],
    )


def comment_all(cursor: Cursor, folder: Path) -> None:
    """Put the headers' texts on tables, views, functions and columns; raise SqlFileError for a column without one."""
    files = documented_files(folder)
    glossary = read_glossary(folder / "glossary.txt")
    wordless = []
    for name, kind, columns in existing_objects(cursor):
        one = files.get(name)
        if one is None:
            wordless.append(name)
            continue
        cursor.execute(sql.SQL("COMMENT ON {} {} IS %s").format(sql.SQL(kind), sql.Identifier("tally", name)), [one.comment])
        for column in columns:
            text = one.columns.get(column) or glossary.get(column)
            if text is None:
                wordless.append(f"{name}.{column}")
                continue
            cursor.execute(sql.SQL("COMMENT ON COLUMN {} IS %s").format(sql.Identifier("tally", name, column)), [text])
    comment_functions(cursor, folder)
    if wordless:
        raise SqlFileError(
            f"{len(wordless)} objects have no definition; found {', '.join(sorted(wordless))}; describe each in the header of its "
            f"file or in {folder / 'glossary.txt'}"
        )


def documented_files(folder: Path) -> dict[str, SqlFile]:
    """Return the file that describes each table and view."""
    paths = [folder / "bootstrap", *sorted((folder / "migrations").iterdir()), folder / "views"]
    return {one.name: one for path in paths for one in read_folder(path)}


def existing_objects(cursor: Cursor) -> list[tuple[str, str, list[str]]]:
    """Return (name, TABLE or VIEW, columns) of what the schema holds, partitions left out."""
    cursor.execute(
        "SELECT c.relname, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, array_agg(a.attname::text ORDER BY a.attnum) "
        "FROM pg_class AS c INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "WHERE c.relnamespace = 'tally'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition "
        "GROUP BY c.relname, c.relkind ORDER BY c.relname"
    )
    return cursor.fetchall()


def comment_functions(cursor: Cursor, folder: Path) -> None:
    """Put the headers' texts on the functions."""
    for one in read_folder(folder / "functions"):
        cursor.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'tally'::regnamespace AND proname = %s", [one.name]
        )
        for (signature,) in cursor.fetchall():
            # regprocedure is quoted by the server itself
            cursor.execute(sql.SQL("COMMENT ON FUNCTION {} IS %s").format(sql.SQL(signature)), [one.comment])


def grant_all(cursor: Cursor, folder: Path) -> None:
    """Take every right from PUBLIC; where our roles exist, give the writer the tables and the readers the views."""
    for one in read_folder(folder / "grants" / "public"):
        execute(cursor, one)
    readers = [ROLES["reader"], ROLES["dashboard"]]
    cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [[ROLES["writer"], *readers]])
    if cursor.fetchone()[0] < 3:
        return
    for one in read_folder(folder / "grants" / "roles"):
        execute(cursor, one)
    views = [sql.Identifier("tally", one.name) for one in read_folder(folder / "views")]
    if views:
        cursor.execute(
            sql.SQL("GRANT SELECT ON {} TO {}").format(
                sql.SQL(", ").join(views), sql.SQL(", ").join(map(sql.Identifier, readers))
            )
        )
