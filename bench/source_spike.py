"""Measure what each way to read the topic costs: CPU microseconds per record, decision 0001.

Fill a topic first (`tally generate --to kafka --events 600000`), set TALLY_KAFKA, TALLY_TOPIC, TALLY_JAR_DIR,
TALLY_BUYER_KEY_FILE and DATABASE_URL (not reached) as for the job, then, alternating the forms because a shared
machine changes its speed: `python bench/source_spike.py scalar --records 600000 --runs 3`.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[1]
SQL = Path(__file__).with_suffix("")
sys.path[:0] = [str(ROOT), str(SQL)]
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(SQL), os.environ.get("PYTHONPATH", "")])

import psutil  # noqa: E402

from pipeline import session as flink  # noqa: E402
from pipeline.settings import PipelineSettings  # noqa: E402

FUNCTIONS = ("parse_scalar", "parse_rows", "parse_batch", "echo")
TABLES = ("raw_records", "json_records", "text_records", "json_numbers", "parsed_events", "raw_values", "text_values")
FORMS = {
    "raw": (["form_raw"], "thread", ""),
    "echo": (["form_echo"], "thread", ""),
    "scalar": (["form_scalar"], "thread", "parse_scalar"),
    "scalar-process": (["form_scalar"], "process", "parse_scalar"),
    "rows": (["form_rows"], "thread", ""),
    "batch-process": (["form_scalar"], "process", "parse_batch"),
    "json": (["form_json", "form_json_rejects"], "thread", ""),
}


def cpu_seconds() -> float:
    """Return the CPU time of this process and its children, living or waited for."""
    own = psutil.Process().cpu_times()
    children = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return own.user + own.system + sum(times.user + times.system for times in children)


def statement(name: str, values: dict[str, str]) -> str:
    """Return one rendered statement of bench/source_spike/."""
    return Template((SQL / f"{name}.sql").read_text("utf-8")).substitute(values)


def open_bench(settings: PipelineSettings, mode: str, values: dict[str, str]):
    """Return a session with the functions and tables of the bench."""
    folders = flink.Folders.of(settings, os.getpid())
    folders.make()
    flink.prepare_environment(settings, folders, os.environ)
    options = flink.flink_options(settings, folders, flink.free_port()) | {"python.execution-mode": mode}
    opened = flink.open_session(options)
    for name in FUNCTIONS:
        opened.create_temporary_system_function(name, getattr(__import__("functions"), name))
    for name in TABLES:
        opened.execute_sql(statement(name, values))
    return opened


def main() -> None:
    """Print one line per run; the first one also warms the JVM up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("form", choices=FORMS)
    parser.add_argument("--records", type=int, required=True, help="how many records the topic holds")
    parser.add_argument("--runs", type=int, default=3)
    choice = parser.parse_args()
    settings = PipelineSettings.from_env()
    inserts, mode, function = FORMS[choice.form]
    values = {"topic": settings.topic, "kafka": settings.kafka, "function": function}
    opened = open_bench(settings, mode, values)
    for run in range(choice.runs):
        statement_set = opened.create_statement_set()
        for name in inserts:
            statement_set.add_insert_sql(statement(name, values))
        before, started = cpu_seconds(), time.monotonic()
        statement_set.execute().wait()
        cpu, wall = cpu_seconds() - before, time.monotonic() - started
        per_record = 1e6 / choice.records
        print(f"{choice.form} run {run}: {cpu * per_record:.1f} µs CPU, {wall * per_record:.1f} µs wall", flush=True)


if __name__ == "__main__":
    main()
