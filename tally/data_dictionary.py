"""Write docs/data-dictionary.md from the comments of a migrated database: `python -m tally.data_dictionary`."""

import contextlib
import sys
import tempfile
from itertools import groupby
from pathlib import Path

import psycopg2

from tally import migrate
from tally.postgres import EmbeddedPostgres
from tally.sql_files import statement

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "data-dictionary.md"
INTRODUCTION = """\
# Data dictionary

Made from the comments of the database by `python -m tally.data_dictionary`; they are written in the headers of
`sql/postgres` and in `sql/postgres/glossary.txt`. In SQL: `SELECT * FROM tally.data_dictionary`.

**Views are the public contract**; tables are the pipeline's and may change. All is in the schema `tally`. *Additive*
columns may be summed over rows, the others not; a *key* makes a row one, an *attribute* describes it.
"""


def render(url: str) -> str:
    """Return the document for the database at an address. Raises psycopg2.Error."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement("data_dictionary"))
        rows = cursor.fetchall()
    parts = [INTRODUCTION]
    for kind, of_kind in groupby(rows, key=lambda row: row[0]):
        parts.append(f"## {kind.capitalize()}s\n")
        parts += [describe(list(of_object)) for _, of_object in groupby(of_kind, key=lambda row: row[1])]
    return "\n".join(parts)


def describe(rows: list[tuple]) -> str:
    """Return the section of one table or view."""
    _, name, _, _, english, chinese, _, _, grain = rows[0]
    lines = [f"### {name}", "", english, "", chinese, "", f"Grain: {grain}", ""]
    lines += ["| column | type | meaning | 含义 | unit | |", "|---|---|---|---|---|---|"]
    for _, _, column, data_type, meaning, meaning_zh, unit, additivity, _ in rows[1:]:
        cells = (f"`{column}`", data_type, meaning, meaning_zh, unit, additivity)
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def main() -> int:
    """Start a server of its own, migrate it and write the document."""
    with tempfile.TemporaryDirectory(prefix="tally-dictionary-", dir="/tmp") as home:
        server = EmbeddedPostgres(Path(home))
        try:
            server.start()
            migrate.set_up(server)
            DOCUMENT.write_text(render(server.url("reader")), encoding="utf-8")
        finally:
            server.stop()
            server.remove()
    print(f"wrote {DOCUMENT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
