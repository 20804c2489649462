"""The database's roles: created with their limits, and given their rights."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extensions import encrypt_password

from tally.migrate_steps import execute
from tally.postgres import DATABASE, ROLES
from tally.sql_files import SQL_FOLDER, read_folder, statement


def close_databases(cursor: Cursor) -> None:
    """Let only our roles connect, and only to our database."""
    names = [sql.Identifier(ROLES[short]) for short in ("owner", "writer", "reader", "dashboard")]
    for database in (DATABASE, "postgres", "template1"):
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    cursor.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), sql.SQL(", ").join(names))
    )


def why_no_roles(cursor: Cursor, names: list[str], passwords: Path) -> str | None:
    """Return why the roles can't be ours on this server, None when they can."""
    cursor.execute(statement("role_of_this_session"))
    user, may_create = cursor.fetchone()
    cursor.execute(statement("existing_roles"), {"names": names})
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
            cursor.execute(statement("existing_roles"), {"names": [name]})
            if cursor.fetchone() is None:
                cursor.execute(statements[name])
            verifier = encrypt_password(password(name), name, connection, "scram-sha-256")
            cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(name)), [verifier])
        for one in read_folder(SQL_FOLDER / "role_settings"):
            cursor.execute(one.statement)


def grant_all(cursor: Cursor, folder: Path) -> None:
    """Take every right from PUBLIC; where our roles exist, give the writer the tables and the readers the views."""
    for one in read_folder(folder / "grants" / "public"):
        execute(cursor, one)
    readers = [ROLES["reader"], ROLES["dashboard"]]
    cursor.execute(statement("existing_roles"), {"names": [ROLES["writer"], *readers]})
    if len(cursor.fetchall()) < 3:
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
