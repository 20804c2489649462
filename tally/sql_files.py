"""Read the statements of sql/postgres: one object per file, its meaning in the header.

A header is the comment lines a file begins with:

    -- What one row is. | 一行是什么。
    -- grain: store_day, channel
    -- a_column: English | 中文 | unit; additivity
    --   continued here

`tally.migrate` turns it into COMMENT ON. A column that the header does not name has its entry in glossary.txt, which
has the same form without the dashes, so that a word means the same in every view and is written once.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tally.errors import TallyError

SQL_FOLDER = Path(__file__).resolve().parent.parent / "sql" / "postgres"
SEPARATOR = " | "
ADDITIVITY = ("additive", "not additive", "key", "attribute")
ENTRY = re.compile(r"([a-z][a-z0-9_]*): (.+)")


class SqlFileError(TallyError):
    """A file of sql/postgres is not as its readers expect."""


@dataclass(frozen=True)
class SqlFile:
    """One statement: its object's name, its text, and its header as an object text, a grain and column texts."""

    path: Path
    text: str
    description: str
    grain: str
    columns: dict[str, str]

    @property
    def name(self) -> str:
        """Return the object's name, the file's stem."""
        return self.path.stem

    @property
    def statement(self) -> str:
        """Return the statement without its header and final semicolon."""
        lines = self.text.splitlines()
        while lines and (lines[0].startswith("--") or not lines[0].strip()):
            lines.pop(0)
        return "\n".join(lines).strip().removesuffix(";").rstrip()

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the statement; a header may be reworded later."""
        return hashlib.sha256(self.statement.encode()).hexdigest()

    @property
    def comment(self) -> str:
        """Return the text for COMMENT ON the object: English | 中文 | grain."""
        return SEPARATOR.join([self.description, f"grain: {self.grain}"])

    def references(self) -> set[str]:
        """Return the names of the schema's objects that the statement mentions."""
        return set(re.findall(r"\btally\.([a-z][a-z0-9_]*)", self.statement)) - {self.name}


def read_folder(folder: Path) -> list[SqlFile]:
    """Return the files of a folder in the order of their names."""
    return [read_file(path) for path in sorted(folder.glob("*.sql"))]


def read_file(path: Path) -> SqlFile:
    """Read one file; raise SqlFileError when its header lacks what one row is, in both languages, or the grain."""
    text = path.read_text(encoding="utf-8")
    header = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        header.append(line.removeprefix("--"))
    paragraphs = unfold(header)
    entries = [ENTRY.fullmatch(one) for one in paragraphs]
    grain = next((one[2] for one in entries if one and one[1] == "grain"), None)
    description = paragraphs[0] if paragraphs else ""
    if grain is None or description.count(SEPARATOR) != 1:
        raise SqlFileError(
            f"{path}: the header does not say what one row is; found {description!r}, grain {grain!r}; begin the "
            "file with "
            "`-- What one row is. | 一行是什么。` and `-- grain: its key columns`"
        )
    columns = {one[1]: one[2] for one in entries[1:] if one and one[1] != "grain"}
    check_entries(path, columns)
    return SqlFile(path, text, description, grain, columns)


def statement(name: str) -> str:
    """Return a statement of sql/postgres/upkeep."""
    return (SQL_FOLDER / "upkeep" / f"{name}.sql").read_text(encoding="utf-8")


def read_glossary(path: Path = SQL_FOLDER / "glossary.txt") -> dict[str, str]:
    """Return the shared column texts by column name; raise SqlFileError for an entry without three parts."""
    lines = path.read_text(encoding="utf-8").splitlines()
    matches = [(one, ENTRY.fullmatch(one)) for one in unfold(f" {line}" for line in lines if not line.startswith("#"))]
    broken = [one for one, match in matches if not match]
    if broken:
        raise SqlFileError(
            f"{path}: not an entry; found {broken[0]!r}; write `column: English | 中文 | unit; additivity`"
        )
    entries = {match[1]: match[2] for _, match in matches}
    check_entries(path, entries)
    return entries


def unfold(lines) -> list[str]:
    """Join continued lines (indented by more than one space) with their first line."""
    paragraphs: list[str] = []
    for line in lines:
        if not line.strip():
            continue
        if line.startswith("  ") and paragraphs:
            paragraphs[-1] += f" {line.strip()}"
        else:
            paragraphs.append(line.strip())
    return paragraphs


def check_entries(path: Path, entries: dict[str, str]) -> None:
    """Raise SqlFileError unless each text is English | 中文 | unit; additivity."""
    for name, text in entries.items():
        parts = text.split(SEPARATOR)
        if len(parts) != 3 or parts[2].rpartition("; ")[2] not in ADDITIVITY:
            raise SqlFileError(
                f"{path}: the text of {name} is not `English | 中文 | unit; additivity`; found {text!r}; additivity "
                "is one of "
                f"{', '.join(ADDITIVITY)}"
            )


def in_order(files: list[SqlFile]) -> list[SqlFile]:
    """Return files so that each comes after those it mentions; raise SqlFileError for a circle."""
    by_name = {one.name: one for one in files}
    done: dict[str, SqlFile] = {}

    def add(one: SqlFile, above: tuple[str, ...]) -> None:
        if one.name in above:
            raise SqlFileError(
                f"{one.path}: views need each other in a circle; found {' → '.join([*above, one.name])}; break it"
            )
        for needed in sorted(one.references() & by_name.keys()):
            if needed not in done:
                add(by_name[needed], (*above, one.name))
        done.setdefault(one.name, one)

    for one in files:
        add(one, ())
    return list(done.values())
