"""Checkpoints replayed and damaged, and a log that has lost what the job had not read."""

import shutil
import signal
import time
from random import Random

import psycopg2
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from psycopg2 import sql

from tally.postgres import EmbeddedPostgres
from tests.chaos.account import noted, prove_exact, until_caught_up, until_first_result
from tests.chaos.events import counts, record, sale
from tests.chaos.faults.scene import Scene, complete_checkpoints, has_another, send
from tests.chaos.inputs import records_of
from tests.chaos.publishing import publish
from tests.line import running_line, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]
TABLES = (
    "sales_10s", "stock_flow_1m", "day_buyers", "orders_1s", "order_ticker", "rejected_records", "event_counts_1h",
)  # fmt: skip
HASH = sql.SQL("SELECT count(*), md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {} AS t")
LOST, ANY_SECONDS = 300, 300


def hashes(line) -> dict[str, tuple]:
    """Return rows and hash of each result table."""
    with psycopg2.connect(EmbeddedPostgres(line.home).url("owner")) as connection, connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(HASH.format(sql.Identifier("tally", table)))
            found[table] = cursor.fetchone()
        return found


def test_the_same_checkpoint_replayed_twice_changes_no_row(stage, seed):
    line, checkpoints, kept = stage.line, stage.line.home / "checkpoints", stage.line.home / "checkpoints-kept"
    with noted("R7", "checkpoint_replayed_twice", seed) as figures:
        assert line.stop() == 0
        shutil.copytree(checkpoints, kept)
        line.start()
        publish(line, [one for n in range(5) for one in records_of(seed + n, int(1000 * line.home.stat().st_mtime))])
        figures |= prove_exact(line)
        before = hashes(line)
        for _ in range(2):
            assert line.stop() == 0
            shutil.rmtree(checkpoints)
            shutil.copytree(kept, checkpoints)
            line.start()
            line.tally("wait", "--timeout", "300s", timeout=360)
            assert hashes(line) == before
        figures |= prove_exact(line)
        shutil.rmtree(kept)


def test_a_damaged_checkpoint_is_refused_and_a_rebuild_heals(stage, seed):
    line = stage.line
    with noted("R18", "newest_checkpoint_damaged", seed) as figures:
        assert line.stop() == 0
        for path in complete_checkpoints(line.home / "checkpoints"):
            damage(line.home / "checkpoints" / path / "_metadata")
        refused = line.run("run", timeout=300)
        told = refused.stdout + refused.stderr
        assert refused.returncode == 1
        assert "job does not start" in told and "tally rebuild" in told and "chk-" in told
        line.tally("rebuild")
        line.start()
        wait_until("the rebuild is done", lambda: not (line.home / "run" / "rebuild.request").exists(), 600)
        figures |= prove_exact(line)


def test_a_stop_at_one_cut_leaves_a_savepoint_from_which_the_next_run_resumes(stage, seed):
    line = stage.line
    with noted("R18", "savepoint_stop_and_resume", seed) as figures:
        with stage.load(seed) as load:
            until_first_result(line, time.time(), ANY_SECONDS)
            scene, before = Scene(line, Random(seed), load), line.processes("job")[0]
            send([before], signal.SIGUSR1)
            scene.now()
            wait_until("the job runs again", lambda: has_another(scene, "job", before.pid))
            figures["first_result_s"] = until_first_result(line, scene.struck_at, ANY_SECONDS)
            assert "/savepoint-" in line.status()["job"]["resumed_from"]
            figures["caught_up_s"] = until_caught_up(line, scene.struck_at, ANY_SECONDS)
        figures |= prove_exact(line, stage.sent)


def damage(path) -> None:
    """Turn every byte of the second half of a file."""
    whole = path.read_bytes()
    half = len(whole) // 2
    path.write_bytes(whole[:half] + bytes(byte ^ 0xFF for byte in whole[half:]))


def test_records_that_the_log_has_lost_are_reported(seed):
    with running_line("chaos-loss") as line, noted("R10", "offset_out_of_range", seed) as figures:
        publish(line, [record(sale(f"kept-{n}")) for n in range(LOST)])
        figures |= prove_exact(line)
        job = line.processes("job")
        send(job, signal.SIGSTOP)
        publish(line, [record(sale(f"lost-{n}")) for n in range(LOST)])
        wait_until("the archive has them", lambda: counts(line)["records"] == 2 * LOST)
        delete_all_records(line)
        send(job, signal.SIGKILL)
        publish(line, [record(sale(f"after-{n}")) for n in range(LOST)])
        wait_until("the job goes on", lambda: counts(line)["counted"] == 2 * LOST, 180)
        wait_until("the loss is shown", lambda: line.query("SELECT difference FROM event_counts") == [(LOST,)])
        done = line.run("audit")
        assert done.returncode == 1
        assert "conservation" in done.stdout


def delete_all_records(line) -> None:
    """Let the broker delete every record, as a retention set too short does."""
    state = line.status()
    admin = AdminClient({"bootstrap.servers": state["kafka"]})
    topic = admin.list_topics(state["topic"]).topics[state["topic"]]
    # -1: up to each partition's end
    asked = admin.delete_records([TopicPartition(state["topic"], partition, -1) for partition in topic.partitions])
    for done in asked.values():
        done.result(30)
