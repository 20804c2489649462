"""Put the headers' texts on what the schema holds."""

from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from tally.sql_files import SqlFile, SqlFileError, read_folder, read_glossary, statement


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
        cursor.execute(
            sql.SQL("COMMENT ON {} {} IS %s").format(sql.SQL(kind), sql.Identifier("tally", name)), [one.comment]
        )
        for column in columns:
            text = one.columns.get(column) or glossary.get(column)
            if text is None:
                wordless.append(f"{name}.{column}")
                continue
            cursor.execute(sql.SQL("COMMENT ON COLUMN {} IS %s").format(sql.Identifier("tally", name, column)), [text])
    comment_functions(cursor, folder)
    if wordless:
        raise SqlFileError(
            f"{len(wordless)} objects have no definition; found {', '.join(sorted(wordless))}; describe each in the "
            "header of its "
            f"file or in {folder / 'glossary.txt'}"
        )


def documented_files(folder: Path) -> dict[str, SqlFile]:
    """Return the file that describes each table and view."""
    paths = [folder / "bootstrap", *sorted((folder / "migrations").iterdir()), folder / "views"]
    return {one.name: one for path in paths for one in read_folder(path)}


def existing_objects(cursor: Cursor) -> list[tuple[str, str, list[str]]]:
    """Return (name, TABLE or VIEW, columns) of what the schema holds, partitions left out."""
    cursor.execute(statement("schema_relations"))
    return cursor.fetchall()


def comment_functions(cursor: Cursor, folder: Path) -> None:
    """Put the headers' texts on the functions."""
    for one in read_folder(folder / "functions"):
        cursor.execute(statement("function_signatures"), {"name": one.name})
        for (signature,) in cursor.fetchall():
            # regprocedure is quoted by the server itself
            cursor.execute(sql.SQL("COMMENT ON FUNCTION {} IS %s").format(sql.SQL(signature)), [one.comment])
