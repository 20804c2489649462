"""The steps of a migration, each within the one transaction of its caller."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from tally.closing import PARTITION_DAYS
from tally.errors import TallyError
from tally.sql_files import SqlFile, SqlFileError, in_order, read_folder, statement


class MigrationError(TallyError):
    """The database can't be brought to the state of sql/postgres; it is as it was before."""


def execute(cursor: Cursor, one: SqlFile) -> None:
    """Run a file's statement; raise MigrationError naming the file and what the server said."""
    try:
        cursor.execute(one.statement)
    except psycopg2.Error as error:
        said = error.diag.message_primary or str(error).strip()
        detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
        raise MigrationError(
            f"{one.path.relative_to(one.path.parents[2])} failed; the server said: {said}{detail}; nothing was "
            "changed, "
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
    cursor.execute(statement("applied_migrations"))
    recorded = {version: (name, checksum) for version, name, checksum in cursor.fetchall()}
    newer = sorted(recorded.keys() - known.keys())
    if newer:
        raise MigrationError(
            f"the database is newer than this Tallystream; found migration {newer[-1]} ({recorded[newer[-1]][0]}) "
            "in it, "
            f"the newest known here is {max(known)}; update Tallystream, or use another database"
        )
    for version, (_, checksum) in recorded.items():
        if known[version].checksum != checksum:
            raise MigrationError(
                f"migration {version:04} ({known[version].name}) was changed after it was applied; found checksum "
                f"{known[version].checksum[:12]} in the files and {checksum[:12]} in the database; restore the "
                "files, and put "
                "the change into a new migration"
            )
    return [one for version, one in sorted(known.items()) if version not in recorded]


def apply_migration(cursor: Cursor, migration: Migration) -> None:
    """Run a migration's statements and record it."""
    for one in migration.files:
        execute(cursor, one)
    recorded = {"version": migration.version, "name": migration.name, "checksum": migration.checksum}
    cursor.execute(statement("save_migration"), recorded)


def fingerprint_all(folder: Path) -> dict[str, str]:
    """Return name → fingerprint of each function and view; a view's covers the views and functions it stands on."""
    fingerprints = {one.name: one.checksum for one in read_folder(folder / "functions")}
    for one in in_order(read_folder(folder / "views")):
        below = [fingerprints[name] for name in sorted(one.references()) if name in fingerprints]
        fingerprints[one.name] = hashlib.sha256("\n".join([one.checksum, *below]).encode()).hexdigest()
    return fingerprints


def made_objects(cursor: Cursor) -> dict[str, str]:
    """Return name → fingerprint of what the newest run made."""
    cursor.execute(statement("schema_objects"))
    return {name: fingerprint for name, _, fingerprint in cursor.fetchall()}


def make_views(
    cursor: Cursor, folder: Path, made: dict[str, str], fingerprints: dict[str, str], pending: list[Migration]
) -> list[SqlFile]:
    """Drop the views that changed, vanished or stand on a changed one, apply migrations, make the missing views."""
    views = in_order(read_folder(folder / "views"))
    cursor.execute(statement("schema_objects"))
    existing = [name for name, kind, _ in cursor.fetchall() if kind == "view"]
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
            f"a view that changes is used by something of yours; the server said: {error.diag.message_detail}; drop "
            "that, "
            "start again, and create it anew"
        ) from error


def record_objects(cursor: Cursor, folder: Path, fingerprints: dict[str, str]) -> None:
    """Write down what exists now."""
    kinds = {one.name: "function" for one in read_folder(folder / "functions")}
    cursor.execute(statement("forget_schema_objects"))
    cursor.executemany(
        statement("save_schema_object"),
        [
            {"name": name, "kind": kinds.get(name, "view"), "fingerprint": fingerprint}
            for name, fingerprint in sorted(fingerprints.items())
        ],
    )


def make_partitions(cursor: Cursor) -> None:
    """Make the partitions around today."""
    cursor.execute(statement("create_partitions"), PARTITION_DAYS)
