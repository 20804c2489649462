"""`python -m tally.audit`: exit codes, what it prints, what it leaves in audit_runs and audit_results."""

import json
import subprocess
import sys

import pytest

from tests.audit.archive_process import in_log
from tests.audit.scenario import COMPARED

pytestmark = pytest.mark.e2e


def command(log, home, server, *options, python=("-m", "tally.audit"), **variables):
    environment = {
        "TALLY_HOME": str(home),
        "TALLY_KAFKA": log.bootstrap,
        "TALLY_TOPIC": log.name,
        "DATABASE_URL": server.url("writer"),
        **variables,
    }
    return subprocess.run(
        [sys.executable, *python, *options], env=environment, capture_output=True, text=True, check=False
    )


def test_exit_0_and_one_line_when_every_row_is_equal(log, audit_home, server, database):
    result = command(log, audit_home, server)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[-2:] == [
        "12 records = 9 counted + 1 duplicates + 2 rejected",
        "every row equal: 30 rows in 13 tables, 12 records of the log",
    ]
    assert [cell.strip() for cell in lines[3].split("│")[1:-1]] == ["sales_10s", "4", "0", "0", "0", "0", "0"]
    database.execute("SELECT verdict, message, finished_at > started_at FROM audit_runs")
    assert database.fetchall() == [("equal", lines[-1], True)]
    database.execute("SELECT table_name, compared::int, missing + extra + wrong + undecided, sample FROM audit_results")
    assert sorted(database.fetchall()) == sorted((table, rows, 0, []) for table, rows in COMPARED.items())


def test_exit_1_and_every_difference_when_rows_differ(log, audit_home, server, database):
    database.execute("UPDATE sales_10s SET gross_amount = 601 WHERE channel = 'web'")
    result = command(log, audit_home, server, TALLY_CHECKPOINT_SECONDS="1")
    assert result.returncode == 1
    log_date = str(in_log(log.bootstrap, log.name)[0][2] // 86_400_000)
    database.execute("SELECT (DATE '1970-01-01' + %s::int)::text", [log_date])
    assert (
        "sales_10s wrong: window_start 2024-05-06 07:08:00, channel web, region Beijing, "
        f"log_date {database.fetchone()[0]}; expected gross_amount 600; found gross_amount 601; records 1:2"
    ) in result.stdout.splitlines()
    message = (
        "3 rows differ (sales_10s 1 wrong, sales_by_day 1 wrong, sales_parts_5m 1 wrong) of 30 rows in 13 tables, "
        "12 records of the log"
    )
    assert result.stdout.splitlines()[-1] == message
    as_json = command(log, audit_home, server, "--json", "--fresh", TALLY_CHECKPOINT_SECONDS="1")
    report = json.loads(as_json.stdout)
    assert as_json.returncode == 1
    assert (report["verdict"], report["message"]) == ("differs", message)
    assert report["log"] == {"records": 12, "counted": 9, "duplicates": 1, "rejected": 2}
    database.execute("SELECT wrong::int, sample FROM audit_results WHERE table_name = 'sales_10s'")
    (wrong, sample), *_ = database.fetchall()
    assert wrong == 1 and sample == report["tables"][0]["sample"] and sample[0]["origins"] == ["1:2"]


def test_exit_2_and_why_when_it_could_not_run(log, audit_home, server, database, tmp_path):
    away = "postgresql://tally_writer:x@127.0.0.1:9/tally"
    result = command(log, audit_home, server, DATABASE_URL=away)
    assert result.returncode == 2
    assert "audit: Postgres can't be read; found connection to server at" in result.stderr
    key = str(audit_home / "run" / "buyer.key")
    result = command(log, tmp_path, server, "--json", TALLY_BUYER_KEY_FILE=key)
    told = f"there is no archive; found no folder {tmp_path / 'archive'}; start Tallystream with this home first"
    assert (result.returncode, json.loads(result.stdout)["verdict"]) == (2, "failed")
    assert result.stderr == f"audit: {told}\n"
    database.execute("SELECT verdict, message FROM audit_runs")
    assert database.fetchall() == [("failed", told)]


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ('KeyError("partition")', "KeyError('partition')"),
        ("MemoryError()", "MemoryError()"),
        ('BrokenProcessPool("a process was killed")', "BrokenProcessPool('a process was killed')"),
    ],
)
def test_exit_2_and_a_failed_audit_when_it_breaks_unexpectedly(log, audit_home, server, database, fault, found):
    breaking = (
        "from concurrent.futures.process import BrokenProcessPool\n"
        "from tally import audit\n"
        f"def broken(*_, **__): raise {fault}\n"
        "audit.run_audit = broken\n"
        "audit.main()"
    )
    result = command(log, audit_home, server, "--json", python=("-c", breaking))
    told = f"the audit broke off; found {found}; audit again"
    assert (result.returncode, json.loads(result.stdout)["message"]) == (2, told)
    assert result.stderr.splitlines()[-1] == f"audit: {told}"
    assert ("Traceback" in result.stderr) == fault.startswith("KeyError")
    database.execute("SELECT verdict, message FROM audit_runs")
    assert database.fetchall() == [("failed", told)]


def test_exit_2_when_the_result_can_not_be_told(log, audit_home, server, database):
    breaking = (
        "from tally import audit\ndef broken(*_): raise KeyError('origins')\naudit.print_report = broken\naudit.main()"
    )
    result = command(log, audit_home, server, python=("-c", breaking))
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == "audit: the audit broke off; found KeyError('origins'); audit again"
    database.execute("SELECT verdict FROM audit_runs")
    assert database.fetchall() == [("equal",)]


def test_all_faults_of_the_settings_are_told_at_once(log, audit_home, server, tmp_path):
    (tmp_path / "key").write_text("secret")
    result = command(
        log,
        audit_home,
        server,
        TALLY_DEDUP_HOURS="1",
        TALLY_CURRENCY="yuan",
        TALLY_KAFKA="",
        TALLY_BUYER_KEY_FILE=str(tmp_path / "key"),
    )
    assert result.returncode == 2
    assert result.stderr == (
        "audit: 4 settings are wrong; docs/settings.md lists them all:\n"
        "  TALLY_KAFKA is missing; `tally run` sets it for its children, set it yourself to run this part alone\n"
        "  TALLY_CURRENCY: must be an ISO 4217 code such as CNY; found 'yuan'\n"
        "  TALLY_DEDUP_HOURS: must be a whole number from 48 to 2160; found '1'\n"
        f"  TALLY_BUYER_KEY_FILE: {tmp_path}/key must hold 32 bytes as hex digits; restore it, or rebuild\n"
    )
