"""The command line, as a process: what it writes, where, and what it says when something is wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from generator.cli import main
from tests.generator.contract_checker import broken_rule

SMALL = ("--products", "40", "--start", "2026-11-01T00:00")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("TALLY_")}


def generator(*arguments, env=None, **more) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "generator", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=120, env={**CLEAN, **(env or {})}, **more)


def complaint(*arguments, env=None) -> tuple[int, str]:
    """Run in this process, for uses that end before anything begins."""
    unset = {name: None for name in os.environ if name.startswith("TALLY_")}
    done = CliRunner().invoke(main, list(map(str, arguments)), env={**unset, **(env or {})})
    return done.exit_code, done.stderr


def fails_with(done: subprocess.CompletedProcess | tuple[int, str], *parts: str, code: int = 1) -> None:
    ended, said = done if isinstance(done, tuple) else (done.returncode, done.stderr.decode())
    assert ended == code, said
    assert all(part in said for part in parts), said
    assert "Traceback" not in said


def wait_until(is_so, what: str, seconds: float = 60):
    deadline = time.monotonic() + seconds
    while not (answer := is_so()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return answer


def test_scenario_help_lists_the_scenarios():
    done = CliRunner().invoke(main, ["--scenario", "help"])
    assert done.exit_code == 0 and done.output.count("\n") == 6


def test_an_unknown_scenario_lists_those_that_exist():
    fails_with(
        complaint("--to", "-", "--events", "5", "--scenario", "nope"),
        "unknown scenario 'nope'; choose one of: normal, double11, oversell, refund_wave, messy, outage",
    )


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("--events", "5"), "no target; give --to DIR for files, --to - for stdout, or --to kafka", 1),
        (("--to", "-"), "--rate max has no end; give --events N or --for DURATION", 1),
        (("--to", "-", "--for", "5 weeks"), "'5 weeks' is no duration; write a number above 0 with s, m, h or d", 2),
        (("--to", "-", "--rate", "fast"), "'fast' is no rate; write events per second above 0, such as 500, or max", 2),
        (
            ("--to", "-", "--start", "noon"),
            "'noon' is no time; write ISO 8601 from 1990 on such as 2026-11-11T00:00+08:00",
            2,
        ),
        (
            ("--to", "-", "--events", "5", "--shop", "mars"),
            "no shop file 'mars'; give a path or one of: china, germany",
            1,
        ),
        (("--to", "kafka", "--events", "5"), "TALLY_KAFKA is not set; set it to the log's address", 1),
        (("--to", "-", "--start", "1989-01-01"), "'1989-01-01' is no time; write ISO 8601 from 1990 on", 2),
        (("--live",), "no home for the demo; set TALLY_HOME or give --home DIR", 1),
    ],
)
def test_wrong_use_says_what_is_wrong_and_what_to_do(arguments, said, code):
    fails_with(complaint(*arguments), said, code=code)


def test_all_faults_of_the_kafka_settings_are_reported_at_once():
    done = complaint("--to", "kafka", "--events", "5", env={"TALLY_TOPIC": "sales events"})
    fails_with(done, "TALLY_KAFKA is not set", "TALLY_TOPIC 'sales events' is no topic name")


def test_a_shop_of_another_currency_or_zone_than_the_deployments_is_refused():
    env = {"TALLY_KAFKA": "127.0.0.1:1", "TALLY_CURRENCY": "EUR", "TALLY_STORE_ZONE": "Europe/Berlin"}
    done = complaint("--to", "kafka", "--events", "5", env=env)
    fails_with(
        done,
        "shop 'china' has CNY, but TALLY_CURRENCY is EUR; set TALLY_CURRENCY=CNY or give another --shop",
        "shop 'china' has Asia/Shanghai, but TALLY_STORE_ZONE is Europe/Berlin",
    )


def test_a_broker_that_does_not_answer_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = complaint("--to", "kafka", "--events", "5", *SMALL, env={"TALLY_KAFKA": address})
    fails_with(done, f"Kafka does not answer; tried {address}", "check TALLY_KAFKA and that the broker runs")


def test_a_folder_that_cant_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    done = complaint("--to", tmp_path / "file" / "out", "--events", "5", *SMALL)
    fails_with(done, f"can't write to {tmp_path / 'file' / 'out'}: Not a directory; choose another folder for --to")


def test_stdout_holds_records_only_and_exactly_as_many_as_asked():
    done = generator("--to", "-", "--events", "777", *SMALL)
    lines = done.stdout.splitlines()
    assert len(lines) == 777 and done.stdout.endswith(b"\n")
    assert sum(broken_rule(line, "CNY", 1 << 41) is None for line in lines) > 760
    assert b"777 records to stdout" in done.stderr


def test_a_reader_that_leaves_early_is_no_error():
    command = (
        f"{sys.executable} -m generator --to - --events 200000 {' '.join(SMALL)} | head -1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, env=CLEAN, check=True)
    assert done.stdout.split(b"\n")[1] == b"0" and done.stderr == b""


def test_a_folder_gets_whole_files_and_the_catalogue(tmp_path):
    done = generator("--to", tmp_path / "out", "--events", "120000", *SMALL, "--answer-key", tmp_path / "key.json")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names[2:] == ["products.ndjson", "stock_policy.ndjson", "warehouses.ndjson"]
    assert all(name.startswith("events-") and name.endswith(".ndjson") for name in names[:2])
    sizes = [len((tmp_path / "out" / name).read_bytes().splitlines()) for name in names[:2]]
    assert sizes == [100_000, 20_000]
    assert json.loads((tmp_path / "key.json").read_text())["event_counts"]["records"] == 120_000
    products = [json.loads(line) for line in (tmp_path / "out" / "products.ndjson").read_text().splitlines()]
    columns = {"sku", "name_en", "name_zh", "category", "subcategory", "cost_amount"}
    assert len(products) == 40 and all(set(product) == columns for product in products)
    policy = [json.loads(line) for line in (tmp_path / "out" / "stock_policy.ndjson").read_text().splitlines()]
    assert all(
        set(p) == {"sku", "warehouse_id", "reorder_point", "safety_stock", "lead_time_hours"}
        and p["reorder_point"] >= 1
        for p in policy
    )


def test_an_inbox_gets_no_catalogue(tmp_path):
    generator("--to", tmp_path / "inbox", "--events", "500", *SMALL)
    assert [path.name[:7] for path in (tmp_path / "inbox").iterdir()] == ["events-"]
    assert (tmp_path / "products.ndjson").exists()


def test_a_catalogue_of_someone_elses_is_left_alone(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "products.ndjson").write_text('{"sku":"mine"}\n')
    done = generator("--to", tmp_path / "inbox", "--events", "500", *SMALL)
    assert (tmp_path / "products.ndjson").read_text() == '{"sku":"mine"}\n'
    assert b"it is not the generator's; --catalogue DIR writes the generated one elsewhere" in done.stderr


def test_max_rate_ends_before_now_so_that_nothing_lies_in_the_future():
    # without malformed lines, whose times may be anything and whose text may not be JSON
    done = generator("--to", "-", "--events", "3000", "--products", "40", "--malformed", "0")
    times = [json.loads(line)["event_time"] for line in done.stdout.splitlines() if b'"sale"' in line]
    assert max(times) < time.time() * 1000


def test_double11_without_a_start_shows_the_midnight_burst():
    done = generator("--to", "-", "--for", "2h", "--scenario", "double11", "--products", "40", "--malformed", "0")
    sales = [json.loads(line)["event_time"] for line in done.stdout.splitlines() if b'"event_type":"sale"' in line]
    minutes = [time // 60_000 % 1440 for time in sales]  # midnight in Shanghai is 16:00 UTC
    assert minutes.count(16 * 60 + 1) > 8 * max(minutes.count(15 * 60 + 51), 1)
    assert max(sales) < time.time() * 1000


def test_a_rate_is_kept_in_real_time_and_sigterm_ends_it_in_order(tmp_path):
    command = [sys.executable, "-m", "generator", "--to", str(tmp_path / "out"), "--rate", "400", "--products", "40",
               "--answer-key", str(tmp_path / "key.json"), "--scenario", "messy"]  # fmt: skip
    begun = time.time()
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=CLEAN) as process:
        wait_until(lambda: list((tmp_path / "out").glob("events-*.ndjson*")), "a file is begun")
        wait_until(lambda: list((tmp_path / "out").glob("events-*.ndjson")), "a file is complete")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 0, said
    lines = [line for path in sorted((tmp_path / "out").glob("events-*")) for line in path.read_bytes().splitlines()]
    assert not list((tmp_path / "out").glob("*.tmp"))
    assert json.loads((tmp_path / "key.json").read_text())["event_counts"]["records"] == len(lines)
    good = [json.loads(line) for line in lines if broken_rule(line, "CNY", 1 << 41) is None]
    sent = [int(event["sent_at"]) for event in good]
    assert begun * 1000 - 2_000 < min(sent) <= max(sent) < time.time() * 1000, "nothing is sent before its time"


def test_replay_sends_the_same_lines_without_the_catalogue(tmp_path):
    generator("--to", tmp_path / "out", "--events", "5000", *SMALL, "--scenario", "messy")
    corpus = b"".join(path.read_bytes() for path in sorted((tmp_path / "out").glob("events-*")))
    assert generator("--replay", tmp_path / "out", "--to", "-").stdout == corpus
    first = generator("--replay", tmp_path / "out", "--to", "-", "--events", "10").stdout
    assert first == b"".join(corpus.splitlines(keepends=True)[:10])


def test_replay_refuses_what_it_cant_do(tmp_path):
    (tmp_path / "a.ndjson").write_text('{"event_id":"1"}\n')
    done = complaint("--replay", tmp_path / "a.ndjson", "--to", "-", "--seed", "3", "--for", "10s")
    fails_with(done, "--replay sends a file as it is, at full speed; leave out --seed, --for")
    (tmp_path / "empty").mkdir()
    done = complaint("--replay", tmp_path / "empty", "--to", "-")
    fails_with(done, f"nothing to replay in {tmp_path / 'empty'}; found no .ndjson or .ndjson.gz file")


def test_help_names_every_option():
    text = CliRunner().invoke(main, ["--help"]).output
    for option in ("--to", "--events", "--for", "--rate", "--seed", "--scenario", "--start", "--answer-key", "--shop",
                   "--products", "--replay", "--demo", "--history-rate", "--progress"):  # fmt: skip
        assert option in text
