"""What `tally status` tells: processes, addresses, inbox, job, lag and counts."""

import contextlib
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tally.home import Home
from tally.inbox import claimed, waiting
from tally.query import QueryError, run_query
from tally.registry import Entry, Registry, RunState
from tally.sql_files import statement


def read_status(home: Home) -> dict[str, Any]:
    """Return the state of a home; parts that can't be read are None and named in `faults`."""
    state = Registry(home).read()
    faults: list[str] = []
    running = state.is_running
    url = state.database_url if running else ""
    answers = {name: first_row(url, statement(f"status_{name}"), faults) for name in ("counts", "job", "lag")}
    return {
        "running": running,
        "ready": running and state.is_ready,
        "command": state.command if running else None,
        "home": str(home.root),
        "processes": process_rows(state) if running else [],
        "database_url": state.database_url if running else None,
        "dashboard_url": state.dashboard_url if running else None,
        "kafka": state.kafka if running else None,
        "topic": state.topic if running else None,
        "inbox": inbox_counts(home),
        "job": answers["job"],
        "lag_seconds": (answers["lag"] or {}).get("lag_seconds"),
        "consumer_lag": (answers["lag"] or {}).get("consumer_lag"),
        "partitions": all_rows(url, statement("status_partitions"), faults),
        "counts": answers["counts"],
        "faults": faults,
    }


def first_row(url: str, query: str, faults: list[str]) -> dict[str, Any] | None:
    """Return a query's first row by column, None without one; note what went wrong."""
    return next(iter(all_rows(url, query, faults)), None)


def all_rows(url: str, query: str, faults: list[str]) -> list[dict[str, Any]]:
    """Return a query's rows by column, none where there is no address yet; note what went wrong."""
    if not url:
        return []
    try:
        columns, rows = run_query(url, query)
    except QueryError as error:
        faults.append(str(error))
        return []
    return [dict(zip(columns, row, strict=True)) for row in rows]


def process_rows(state: RunState) -> list[dict[str, Any]]:
    """Describe the supervisor alone and each child with what it started."""
    return [process_row(state.supervisor, below=False), *(process_row(one, below=True) for one in state.processes)]


def process_row(entry: Entry, below: bool) -> dict[str, Any]:
    """Describe one process; its memory counts what it started where `below` says so."""
    process = entry.identity.process()
    return {
        "name": entry.name,
        "pid": entry.pid,
        "state": (entry.state or "running") if process else "not running",
        "restarts": entry.restarts,
        "memory_mb": memory_of(process, below) if process else None,
    }


def memory_of(process: psutil.Process, below: bool) -> int:
    """Return the memory of a process in MB, with everything it started or alone; what several share is split."""
    total = 0
    with contextlib.suppress(psutil.Error):
        for one in [process, *(process.children(recursive=True) if below else [])]:
            info = one.memory_full_info()
            total += getattr(info, "pss", info.uss)
    return round(total / 1_000_000)


def inbox_counts(home: Home) -> dict[str, Any]:
    """Count what waits, was published, and was refused."""
    if not home.inbox.is_dir():
        return {"folder": str(home.inbox), "waiting": 0, "done": 0, "failed": 0}
    counted = {name: count_files(home.inbox / name) for name in ("done", "failed")}
    return {"folder": str(home.inbox), "waiting": len(claimed(home.inbox)) + len(waiting(home.inbox)), **counted}


def count_files(folder) -> int:
    """Count published or refused files, the notes beside them left out."""
    if not folder.is_dir():
        return 0
    return sum(1 for path in folder.iterdir() if not path.name.endswith((".note.txt", ".reason.txt")))


def show_status(found: dict[str, Any], console: Console) -> None:
    """Print the state for people."""
    if not found["running"]:
        console.print(
            f"Tallystream does not run in {found['home']}; start it: tally demo, or tally run",
            markup=False,
            soft_wrap=True,
        )
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("process", "pid", "state", "restarts", "memory"):
        table.add_column(name, justify="left" if name in ("process", "state") else "right")
    for one in found["processes"]:
        memory = "" if one["memory_mb"] is None else f"{one['memory_mb']} MB"
        table.add_row(one["name"], str(one["pid"]), one["state"], str(one["restarts"]), memory)
    console.print(table)
    for label, value in summary(found):
        console.print(f"{label:<10} {value}", markup=False, soft_wrap=True)


def summary(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the labelled lines below the table of processes."""
    counts, inbox = found["counts"], found["inbox"]
    lag = found["lag_seconds"]
    return [
        # a home that is ready without it leaves the pages to another, as in compose
        ("Dashboard", found["dashboard_url"] or ("not run by this home" if found["ready"] else "not up yet")),
        ("Kafka", f"{found['kafka']}, topic {found['topic']}" if found["kafka"] else "not up yet"),
        ("Database", found["database_url"] or "not up yet"),
        ("Inbox", f"{inbox['folder']}: {inbox['waiting']} waiting, {inbox['done']} done, {inbox['failed']} failed"),
        ("Lag", "unknown" if lag is None else f"{lag} s, {found['consumer_lag']:,} offsets behind"),
        ("Counts", ", ".join(f"{value:,} {name}" for name, value in counts.items()) if counts else "unknown"),
        *(("Fault", fault) for fault in found["faults"]),
    ]
