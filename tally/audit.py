"""The audit: `python -m tally.audit [--json] [--fresh] [--background]` recomputes every result row, and compares.

Exit 0: every row equal. 1: rows differ, they are listed. 2: it could not be run.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from datetime import UTC, datetime

import click
import duckdb
import psycopg2
import pyarrow as pa
from confluent_kafka import KafkaException
from rich.console import Console

from tally.audit_report import as_json, new_audit_id, print_report, write_failure, write_report
from tally.audit_run import AuditReport, run_audit
from tally.audit_settings import AuditSettings
from tally.errors import TallyError

# of a table that goes into a file or a pipe
WIDTH = 120
# an audit every hour must not be seen in the freshness of the results
NICENESS = 15
EXITS = {"equal": 0, "differs": 1, "failed": 2}
# from outside of this program, so that no traceback says more
EXPECTED = (OSError, MemoryError, BrokenExecutor, KafkaException, duckdb.Error, psycopg2.Error, pa.ArrowException)


@click.command()
@click.option("--json", "wants_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("--fresh", is_flag=True, help="Check every record again instead of trusting kept verdicts.")
@click.option("--limit", "most_shown", default=10, show_default=True, help="Differing rows shown of each table.")
@click.option("--background", is_flag=True, help="Leave the processors to whatever else wants them.")
def main(wants_json: bool, fresh: bool, most_shown: int, background: bool) -> None:
    """Recompute every result row from the log and compare it with Postgres.

    Exit 0: every row equal; 1: rows differ, they are listed; 2: the audit could not be run.

    \b
    Example:
      tally audit --json
    """
    if background:
        os.nice(NICENESS)
    sys.exit(audit(wants_json, fresh, most_shown))


def audit(wants_json: bool, fresh: bool, most_shown: int) -> int:
    """Run one audit, tell and record its result, and return the exit code."""
    started = datetime.now(UTC)
    audit_id = new_audit_id(started)
    settings, is_recorded = None, False
    progress = Console(stderr=True)
    try:
        settings = AuditSettings.from_env()
        with progress.status("auditing") as status:
            report = run_audit(settings, fresh=fresh, most_shown=most_shown, say=status.update)
        record(progress, lambda: write_report(settings.database_url, audit_id, report))
        is_recorded = True
        tell(audit_id, report, wants_json)
        return EXITS[report.verdict]
    except Exception as error:  # noqa: BLE001  told and recorded; Python's own exit code would say that rows differ
        message = explain(error)
        if settings is not None and not is_recorded:
            url = settings.database_url
            record(progress, lambda: write_failure(url, audit_id, started, datetime.now(UTC), message))
        tell_failure(audit_id, message, wants_json)
        return EXITS["failed"]


def explain(error: Exception) -> str:
    """Say why an audit broke off; where that was a defect, its traceback goes to stderr."""
    if isinstance(error, TallyError):
        return str(error)
    if not isinstance(error, EXPECTED):
        traceback.print_exception(error)
    return f"the audit broke off; found {error!r}; audit again"


def record(progress: Console, write: Callable[[], None]) -> None:
    """Write a result into Postgres; one that can't be written is still told."""
    try:
        write()
    except psycopg2.Error as error:
        found = (str(error).strip().splitlines() or [type(error).__name__])[0]
        progress.print(f"audit: the result is not in audit_runs; found {found}; see that Postgres runs", soft_wrap=True)


def tell(audit_id: str, report: AuditReport, wants_json: bool) -> None:
    """Print what an audit found."""
    if wants_json:
        print(json.dumps(as_json(audit_id, report), ensure_ascii=False))
    else:
        console = Console()
        print_report(console if console.is_terminal else Console(width=WIDTH), report)


def tell_failure(audit_id: str, message: str, wants_json: bool) -> None:
    """Say why an audit could not be run."""
    if wants_json:
        print(json.dumps({"audit_id": audit_id, "verdict": "failed", "message": message}, ensure_ascii=False))
    print(f"audit: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
