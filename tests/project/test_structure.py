"""Facts about the tree itself: who imports whom, one statement a file, nothing of one machine in it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("generator", "pipeline", "dashboard")
SQL_FILES = sorted((ROOT / "sql").rglob("*.sql"))


def imported(path: Path) -> set[str]:
    """Return the top-level names that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names


def tracked_texts() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_neither_another_part_nor_tally(part):
    strangers = set(PARTS) - {part} | {"tally"}
    crossing = {str(p): imported(p) & strangers for p in (ROOT / part).rglob("*.py") if imported(p) & strangers}
    assert crossing == {}


def test_tally_starts_the_parts_and_never_imports_them():
    crossing = {str(p): imported(p) & set(PARTS) for p in (ROOT / "tally").rglob("*.py") if imported(p) & set(PARTS)}
    assert crossing == {}


def test_the_audit_shares_no_module_with_the_job():
    audit = [p for p in (ROOT / "tally").rglob("*.py") if p.stem.startswith(("audit", "archive"))]
    assert audit and not any("pipeline" in imported(p) for p in audit)
    assert not {p.read_bytes() for p in (ROOT / "sql/audit").glob("*.sql")} & {
        p.read_bytes() for p in (ROOT / "sql/flink").rglob("*.sql")
    }


def statements_in(path: Path) -> list[str]:
    """Return the statements that a module holds as text; sql.SQL("…").format(…), for names of objects, is left out."""
    tree = ast.parse(path.read_text())
    composed = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "SQL"
        for argument in node.args
    }
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    words = r"\s*(SELECT\b.*\bFROM|INSERT INTO|UPDATE\b.*\bSET|DELETE FROM|CREATE|ALTER|DROP|TRUNCATE)\s"
    begins = re.compile(words, re.S)
    return [text.value for text in texts if id(text) not in composed and begins.match(text.value)]


def test_statements_live_in_sql_and_not_in_python():
    modules = [path for part in (*PARTS, "tally") for path in (ROOT / part).rglob("*.py")]
    assert {str(path): statements_in(path) for path in modules if statements_in(path)} == {}


def test_no_python_lives_in_sql():
    assert list((ROOT / "sql").rglob("*.py")) == []


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_sql_file_opens_with_what_it_is(path):
    assert path.read_text().startswith(("--", "/*")), "the first lines say what one row is, and its grain"


def test_modules_stay_readable():
    modules = [path for path in ROOT.glob("*/**/*.py") if ".venv" not in path.parts]
    assert {str(path) for path in modules if len(path.read_text().splitlines()) > 400} == set()


def test_no_path_of_one_machine_is_committed():
    machine = re.compile(r"(^|[\s\"'=(:])/(work|farm|root|home/[a-z]+)/")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_texts()
        if path.suffix in {".py", ".sql", ".toml", ".md", ".sh", ".yml", ""} and path.stat().st_size < 400_000
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if machine.search(line) and path != Path(__file__)
    ]
    assert found == []


def test_lock_files_name_no_host():
    for name in ("requirements.lock", "requirements-run.lock", "requirements-uv.lock", "tally/jars.lock"):
        assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("fact", ["2048006122", r'"before": 9|BEFORE.*= 9'])
def test_a_fact_stands_in_one_place(fact):
    product = [*SQL_FILES, *(ROOT / "tally").rglob("*.py")]
    assert len([p for p in product if re.search(fact, p.read_text())]) == 1
