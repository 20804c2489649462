"""How an audit's result is told: to people, to programs, and in audit_runs and audit_results for the dashboard."""

import dataclasses
import json
import uuid
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2.extras import Json, execute_values
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tally.audit_compare import KINDS, Difference, TableResult
from tally.audit_run import AuditReport
from tally.audit_tables import statement

# of one row; the sample in audit_results and in --json has more
ORIGINS_TOLD = 5


def new_audit_id(started_at: datetime) -> str:
    """Return an id that sorts by time."""
    return f"{started_at:%Y-%m-%dT%H:%M:%SZ}-{uuid.uuid4().hex[:8]}"


def as_json(audit_id: str, report: AuditReport) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "audit_id": audit_id,
        "verdict": report.verdict,
        "message": report.message,
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "log": dataclasses.asdict(report.totals),
        "tables": [dataclasses.asdict(table) for table in report.tables],
        "undecided_ids": [dataclasses.asdict(one) for one in report.unsure_ids],
    }


def print_report(console: Console, report: AuditReport) -> None:
    """Print the table of tables, each differing row, and the verdict."""
    table = Table("table", *({"header": head, "justify": "right"}["header"] for head in ("rows", *KINDS)))
    for column in table.columns[1:]:
        column.justify = "right"
    for one in report.tables:
        table.add_row(one.table, f"{one.compared:,}", *(f"{getattr(one, kind):,}" for kind in KINDS))
    console.print(table)
    for one in report.tables:
        for difference in one.sample:
            console.print(escape(describe(one.table, difference)), soft_wrap=True)
    for unsure in report.unsure_ids:
        origins = ", ".join(unsure.origins)
        console.print(
            escape(f"event_id {unsure.event_id}: {unsure.why} ({unsure.copy_count}: {origins})"), soft_wrap=True
        )
    totals = report.totals
    console.print(
        f"{totals.records:,} records = {totals.counted:,} counted + {totals.duplicates:,} duplicates + "
        f"{totals.rejected:,} rejected"
    )
    console.print(report.message, style="green" if report.verdict == "equal" else "red", soft_wrap=True)


def describe(table: str, difference: Difference) -> str:
    """Say in one line what a row should be and is, and where it comes from."""
    shown = difference.origins[:ORIGINS_TOLD]
    more = f", … ({difference.record_count:,} in all)" if difference.record_count > len(shown) else ""
    origins = ", ".join(shown) + more if shown else "none"
    return f"{describe_values(table, difference)}; records {origins}"


def describe_values(table: str, difference: Difference) -> str:
    """Say in one line what a row should be and is."""
    key = ", ".join(f"{name} {value}" for name, value in difference.key.items())
    expected, found = difference.expected or {}, difference.found or {}
    if difference.expected and difference.found:
        names = [name for name in expected if expected[name] != found[name]]
    else:
        names = list(expected or found)
    told = "; ".join(
        f"{word} " + (", ".join(f"{name} {values[name]}" for name in names) if values else "no such row")
        for word, values in (("expected", expected), ("found", found))
    )
    return f"{table} {difference.kind}: {key}; {told}"


def write_report(database_url: str, audit_id: str, report: AuditReport) -> None:
    """Write the audit into audit_runs and audit_results; raise psycopg2.Error when that is not possible."""
    run = (audit_id, report.started_at, report.finished_at, report.verdict, report.message)
    rows = [as_row(audit_id, table) for table in report.tables]
    write(database_url, run, rows)


def write_failure(database_url: str, audit_id: str, started_at: datetime, finished_at: datetime, message: str) -> None:
    """Write an audit that could not be run into audit_runs; raise psycopg2.Error when that is not possible."""
    write(database_url, (audit_id, started_at, finished_at, "failed", message), [])


def as_row(audit_id: str, table: TableResult) -> tuple:
    """Return a table's result as the row of audit_results."""
    sample = [dataclasses.asdict(one) for one in table.sample]
    counts = (table.compared, table.missing, table.extra, table.wrong, table.undecided)
    return audit_id, table.table, *counts, Json(sample, dumps=lambda value: json.dumps(value, ensure_ascii=False))


def write(database_url: str, run: tuple, results: list[tuple]) -> None:
    """Write one audit in one transaction."""
    connection = psycopg2.connect(database_url, connect_timeout=10, application_name="tally-audit")
    try:
        with connection, connection.cursor() as cursor:
            execute_values(cursor, statement("postgres/audit_runs"), [run])
            if results:
                execute_values(cursor, statement("postgres/audit_results"), results)
    finally:
        connection.close()
