"""The demo on a real log: history in its order, the same shop after every stop, nothing lost or twice after kill -9."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from generator.demo import Demo, DemoSettings
from generator.home import DemoHome
from generator.kafka_sink import KafkaSink
from generator.rows import QUANTITY, SKU, TO_STOCK, TYPE, WAREHOUSE
from generator.scenarios import DeliveryRates
from generator.state import StateError, only_one
from tests.generator.test_cli import CLEAN, fails_with, generator, wait_until

pytestmark = pytest.mark.e2e
SHANGHAI = ZoneInfo("Asia/Shanghai")
SMALL = ("--rate", "0.35", "--products", "60", "--history-days", "1", "--late", "0", "--duplicates", "0")
DAY = 86_400


@contextmanager
def running(home: Path, log, *arguments):
    """A demo as a process that the block may end; it does not outlive the block."""
    command = [sys.executable, "-m", "generator", "--live", "--home", str(home), *arguments]
    with (home / "generator.log").open("ab") as out:
        process = subprocess.Popen(command, env={**CLEAN, **log.env}, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def progress(home: Path) -> dict:
    path = home / "generator" / "progress.json"
    return json.loads(path.read_text()) if path.exists() else {"phase": "", "published": 0, "live_events": 0}


def said(home: Path) -> str:
    return (home / "generator.log").read_text()


def ids(records) -> Counter:
    return Counter(int(key.split(b"-")[1]) for key, _ in records if key and b"-x" not in key)


def assert_exactly_once(records, published_until: int) -> None:
    """Every value stands in the log once, and no event is missing but those that were still on their way."""
    # some malformed lines, such as an error page, hold nothing that tells them apart
    values = Counter(value for key, value in records if key)
    assert not [value for value, count in values.items() if count > 1]
    times = {}
    for _, value in records:
        if value and (match := re.match(rb'\{"event_id":"\w+-(\d+)".*"event_time":(\d+),', value)):
            times[int(match[1])] = int(match[2])
    missing = set(range(max(times))) - times.keys()
    # a till hands over within ten minutes
    youngest = min((number for number, at in times.items() if at > published_until - 600_000), default=max(times))
    assert all(number >= youngest for number in missing), sorted(missing)[:20]
    assert len(times) > 20_000


def killed_with_records_unsaved(process: subprocess.Popen, home: Path, log) -> bool:
    """Kill a demo and say whether the log has records that its newest save does not know of."""
    process.kill()
    process.wait()
    return log.ends() != json.loads((home / "generator" / "ledger.json").read_text())["offsets"]


def test_after_kill_minus_9_nothing_is_lost_and_nothing_sent_twice(make_log, tmp_path):
    log = make_log()
    rates = (*SMALL, "--malformed", "0.01", "--history-rate", "3000")
    unsaved = 0
    for start in (1, 2, 3):
        with running(tmp_path, log, *rates) as process:
            # the progress file may still be the last process's until this one says that it is live
            wait_until(lambda nth=start: said(tmp_path).count("live; ") == nth, "this process publishes")
            least = progress(tmp_path)["published"] + 2_000
            wait_until(lambda least=least: progress(tmp_path)["published"] >= least, "history is being published")
            unsaved += killed_with_records_unsaved(process, tmp_path, log)
    with running(tmp_path, log, *rates, "--history-rate", "50000") as process:
        wait_until(lambda: progress(tmp_path)["phase"] == "live" and progress(tmp_path)["live_events"] >= 3, "live")
        unsaved += killed_with_records_unsaved(process, tmp_path, log)
    with running(tmp_path, log, *rates) as process:
        wait_until(lambda: said(tmp_path).count("live; ") == 5, "live again")
        wait_until(lambda: progress(tmp_path)["phase"] == "live" and progress(tmp_path)["live_events"] >= 2, "live")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, said(tmp_path)
    ledger = json.loads((tmp_path / "generator" / "ledger.json").read_text())
    assert ledger["clean"] and ledger["jobs"] == []
    records = log.read()
    assert_exactly_once(records, ledger["published_until"])
    assert any(value is None for _, value in records) or sum(value.count(b"-x") for _, value in records if value)
    # a kill right after a save leaves nothing to settle, and nothing to say
    assert unsaved and said(tmp_path).count("did not end in order") == unsaved


def test_stopping_in_the_middle_of_history_goes_on_at_once_and_loses_nothing(make_log, tmp_path):
    log = make_log()
    with running(tmp_path, log, *SMALL, "--history-rate", "3000") as process:
        wait_until(lambda: progress(tmp_path)["published"] >= 5_000, "history is being published")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    ledger = json.loads((tmp_path / "generator" / "ledger.json").read_text())
    assert ledger["clean"] and sum(ledger["jobs"][0]["done"].values()) < sum(ledger["jobs"][0]["counts"].values())
    with running(tmp_path, log, *SMALL, "--seed", "99", "--history-rate", "50000") as process:
        wait_until(lambda: progress(tmp_path)["phase"] == "live", "history is complete")
        days = progress(tmp_path)["days"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert all(day["published_at"] for day in days) and len(days) == 2
    assert "going on with the shop of this home: seed 1" in said(tmp_path)
    records = log.read()
    assert_exactly_once(records, json.loads((tmp_path / "generator" / "ledger.json").read_text())["published_until"])
    live = json.loads((tmp_path / "generator" / "ledger.json").read_text())["published"]
    assert live == len(records)


def test_history_goes_out_today_first_while_live_events_flow(make_log, tmp_path):
    log = make_log(partitions=1)
    arguments = ("--rate", "1", "--products", "20", "--history-rate", "50000", "--late", "0", "--malformed", "0")
    with running(tmp_path, log, *arguments) as process:
        wait_until(lambda: progress(tmp_path)["phase"] == "live", "live")
        # at night a shop of this rate sells something a few times a minute only, so one more is waited for
        before = progress(tmp_path)["live_events"]
        wait_until(lambda: progress(tmp_path)["live_events"] > before, "a live event")
        report = progress(tmp_path)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    today = datetime.now(SHANGHAI).date()
    days = [datetime.fromtimestamp(json.loads(value)["event_time"] / 1000, SHANGHAI).date() for _, value in log.read()]
    opening = days.index(today)
    assert set(days[:opening]) == {today - timedelta(8)}, "the opening counts go first"
    firsts = {day: opening + days[opening:].index(day) for day in set(days[opening:])}
    order = [(today - day).days for day in sorted(firsts, key=firsts.get)]
    assert order == [0, 1, 7, 2, 3, 4, 5, 6, 8]
    assert today in days[firsts[today - timedelta(1)] :], "live events flow between the slices"
    assert report["percent"] == 100
    assert [day["store_day"] for day in report["days"]] == [str(today - timedelta(n)) for n in range(8, -1, -1)]
    counted = Counter(map(str, days))
    assert all(0 < day["events"] <= counted[day["store_day"]] for day in report["days"])
    files = {"products.ndjson", "stock_policy.ndjson", "warehouses.ndjson"}
    assert files <= {path.name for path in tmp_path.iterdir()}


def settings(home: Path, **given) -> DemoSettings:
    rates = DeliveryRates(duplicates=0, malformed=0, late=0.01)
    defaults = {"seed": 4, "scenario": "normal", "delivery": rates, "rate": 0.1, "products": 40}
    defaults |= {"home": home, "progress": home / "generator" / "progress.json", "catalogue": home}
    return DemoSettings(**{**defaults, "history_days": 2, "history_rate": 100_000, **given})


def run_for_a_moment(home: Path, log, days_ago: float, **given) -> Demo:
    """Run the demo as if it were some days ago, until its history is out."""
    demos = []

    def clock() -> float:
        for demo in demos:
            demo.stopped = not any(job.plan.remaining() for job in demo.home.jobs)
        return time.time() - days_ago * DAY

    wanted = settings(home, **given)
    sink = KafkaSink(log.settings)
    (home / "generator").mkdir(exist_ok=True)
    demo = Demo(wanted, DemoHome.open(wanted, sink, int(clock() * 1000)), sink, clock)
    demo.begin()
    demos.append(demo)
    demo.run()
    assert demo.home.jobs == []
    return demo


def stock_of(rows: np.ndarray, houses: int, cells: int) -> np.ndarray:
    kind = rows[:, TYPE]
    comes = (kind == 2) | (kind == 3) | ((kind == 1) & (rows[:, TO_STOCK] == 1))
    stock = np.zeros(cells, np.int64)
    np.add.at(stock, rows[:, SKU] * houses + rows[:, WAREHOUSE], rows[:, QUANTITY] * (comes.astype(int) - (kind == 0)))
    return stock


def stock_in_log(records, demo: Demo) -> np.ndarray:
    catalogue, houses = demo.home.catalogue, [w.id for w in demo.home.shop.warehouse]
    stock = np.zeros(catalogue.cells, np.int64)
    skus = {sku: i for i, sku in enumerate(catalogue.skus)}
    for _, value in records:
        event = json.loads(value)
        comes = event["event_type"] in ("restock", "adjustment") or event.get("to_stock") is True
        sign = comes - (event["event_type"] == "sale")
        cell = skus[event["sku"]] * len(houses) + houses.index(event["warehouse_id"])
        stock[cell] += sign * event["quantity"]
    on_the_way = np.concatenate([demo.queue, demo.chain.simulation.progress.transit.dump()])
    return stock + stock_of(on_the_way, len(houses), catalogue.cells)


@pytest.mark.parametrize("gaps", [(3.0, 2.98, 1.5, 0.0), (30.0, 0.0)], ids=str)
def test_a_later_demo_fills_the_gap_with_the_same_shop_and_stock_adds_up(make_log, tmp_path, caplog, gaps):
    log = make_log()
    caplog.set_level("INFO", "generator")
    for number, days_ago in enumerate(gaps):
        demo = run_for_a_moment(tmp_path, log, days_ago, seed=4 + number, rate=0.1 + 0.05 * number)
    records = log.read()
    assert set(ids(records).values()) == {1}
    assert np.array_equal(stock_in_log(records, demo), demo.chain.simulation.stock.levels.available)
    hours = {json.loads(value)["event_time"] // 3_600_000 for _, value in records}
    now = int(time.time()) // 3600
    assert all(now - hour in hours for hour in range(1, 48)), "the last two days have no hole"
    closed = {hour for hour in hours if 4 * 24 < now - hour < 29 * 24}
    assert not closed or gaps[0] < 30, "more than the days of history are not filled"
    assert ("filling the last 2 days only" in caplog.text) == (gaps[0] == 30.0)


def test_a_machine_that_slept_goes_on(make_log, tmp_path):
    log = make_log()
    run_for_a_moment(tmp_path, log, 1.0)
    slept_for = [DAY]
    sink = KafkaSink(log.settings)
    home = DemoHome.open(settings(tmp_path), sink, int((time.time() - DAY) * 1000))
    demo = Demo(settings(tmp_path), home, sink, lambda: time.time() - slept_for[0])
    demo.begin()
    send = sink.write

    def fall_asleep(lines, keys):
        send(lines, keys)
        slept_for[0] = 0

    sink.write = fall_asleep
    demo.run()
    assert demo.slept and demo.ledger.clean
    run_for_a_moment(tmp_path, log, 0.0)
    assert set(ids(log.read()).values()) == {1}


def test_the_generator_ends_when_its_parent_is_gone(make_log, tmp_path):
    log = make_log()
    command = f"{sys.executable} -m generator --live --home {tmp_path} {' '.join(SMALL)} & echo $!; wait"
    with subprocess.Popen(
        ["bash", "-c", command], env={**CLEAN, **log.env}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        pid = int(parent.stdout.readline())
        wait_until(lambda: progress(tmp_path)["published"] > 0, "it publishes")
        parent.kill()
        wait_until(lambda: not alive(pid), "it ends by itself", 15)
    assert json.loads((tmp_path / "generator" / "ledger.json").read_text())["clean"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True


def test_two_generators_on_one_home_are_refused(tmp_path):
    with only_one(tmp_path / "generator"):
        done = generator("--live", "--home", tmp_path, env={"TALLY_KAFKA": "127.0.0.1:1"})
    fails_with(done, f"another generator (pid {os.getpid()}) works in {tmp_path / 'generator'}; stop it first")


def test_another_log_than_the_homes_is_refused(make_log, tmp_path):
    run_for_a_moment(tmp_path, make_log(), 0.0)
    done = generator("--live", "--home", tmp_path, env=make_log().env)
    fails_with(done, "before offset", "this is another log; run `tally reset`, or use the log of this home")


def test_a_shop_of_another_version_is_refused(make_log, tmp_path):
    log = make_log()
    run_for_a_moment(tmp_path, log, 0.0)
    path = tmp_path / "generator" / "shop.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "fingerprint": "other"}))
    wanted = settings(tmp_path)
    with pytest.raises(
        StateError, match="made by another version of the generator or of its shop file; run `tally reset`"
    ):
        DemoHome.open(wanted, KafkaSink(log.settings), int(time.time() * 1000))


def test_a_missing_topic_is_an_error(broker):
    done = generator("--to", "kafka", "--events", "5", env={"TALLY_KAFKA": broker, "TALLY_TOPIC": "no-such-topic"})
    fails_with(done, f"topic 'no-such-topic' does not exist on {broker}; start the log with `tally run`")


def test_keys_are_event_ids_and_null_where_there_is_none(make_log):
    log = make_log()
    arguments = ("--events", "3000", "--scenario", "messy", "--malformed", "0.4", "--products", "40")
    done = generator("--to", "kafka", *arguments, env=log.env)
    assert done.returncode == 0, done.stderr
    records = log.read()
    assert len(records) == 3000
    assert sum(value is None for _, value in records) > 0
    for key, value in records:
        try:
            event = json.loads(value) if value else None
        except ValueError:
            event = None
        found = event.get("event_id") if isinstance(event, dict) else None
        wanted = found.encode() if isinstance(found, str) and found.isprintable() and 1 <= len(found) <= 128 else None
        assert key == wanted


def test_a_record_that_kafka_refuses_ends_it_with_an_error(broker, make_log):
    from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

    log = make_log(partitions=1)
    entry = ConfigEntry("max.message.bytes", "200", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, log.topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": broker})
    admin.incremental_alter_configs([resource])[resource].result(10)
    done = generator("--to", "kafka", "--events", "50", "--products", "40", env=log.env)
    fails_with(done, "Kafka did not take a record: ", "check the broker (`tally logs kafka`) and start again")


def test_replay_to_kafka_sends_every_line_with_its_key(make_log, tmp_path):
    generator("--to", tmp_path / "out", "--events", "3000", "--products", "40", "--duplicates", "0.02")
    # the generator draws lines broken in this way now and then
    (tmp_path / "out" / "events-broken.ndjson").write_bytes(b'{"event_id":"broken-1" "sku":"A"}\n')
    log = make_log()
    done = generator("--replay", tmp_path / "out", "--to", "kafka", env=log.env)
    assert done.returncode == 0, done.stderr
    lines = [line for path in (tmp_path / "out").glob("events-*") for line in path.read_bytes().splitlines()]
    records = log.read()
    assert Counter(value for _, value in records) == Counter(lines)
    assert [value for key, value in records if key is not None and not is_key_of(key, value)] == []


def is_key_of(key: bytes, value: bytes) -> bool:
    """Tell whether a record's key is the id in its line, which may be broken behind it (a comma missing, say)."""
    try:
        return json.loads(value)["event_id"].encode() == key
    except ValueError:
        return value.startswith(b'{"event_id":"' + key + b'"')


def test_a_stop_while_history_is_simulated_ends_at_once_and_sends_nothing(make_log, tmp_path):
    log = make_log()
    with running(tmp_path, log, "--rate", "20", "--history-days", "8") as process:
        wait_until(lambda: progress(tmp_path)["phase"] == "simulating", "it simulates")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, said(tmp_path)
    assert log.read() == []
    with running(tmp_path, log, *SMALL, "--history-rate", "50000") as process:
        wait_until(lambda: progress(tmp_path)["phase"] == "live", "the next start begins anew")
