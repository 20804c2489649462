"""`docker compose up` on a real engine: exact from empty volumes, through kills and outages, down and up again."""

import json
import os
import re
import shlex
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.compose.project import BUILD_SECONDS, UP_SECONDS, project
from tests.line import wait_until
from tests.project.test_compose_file import LASTING

pytestmark = [pytest.mark.compose, pytest.mark.timeout(3600)]

KILLED = [name for name in LASTING if name != "taskmanager-2"]
OUTAGE_SECONDS = 30
TOTALS = "SELECT records, counted FROM event_counts"
PARALLELISM = "SELECT parallelism FROM job_status WHERE is_alive"


def note(found: dict) -> None:
    """Append figures to the file that TALLY_COMPOSE_RESULTS names; without it they are printed only."""
    line = json.dumps(found)
    print(line)
    if path := os.environ.get("TALLY_COMPOSE_RESULTS"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def counted(up) -> int:
    """Return how many events the results hold."""
    return int(up.query(TOTALS)[0][1])


@pytest.fixture(scope="module")
def up():
    """A project brought up from nothing, with a day of history: each of the many audits reads all of it."""
    with project("test", TALLY_RATE="2", TALLY_HISTORY_DAYS="1") as one:
        one.compose("build", timeout=BUILD_SECONDS)
        note({"what": "up from empty", "seconds": round(one.up(), 1)})
        yield one


def test_it_comes_up_from_nothing_and_every_row_is_exact(up):
    log = up.prove_exact()
    note({"what": "first audit", **{name: log[name] for name in ("records", "counted", "duplicates", "rejected")}})


def test_the_pages_answer_on_loopback_and_know_no_other_name(up):
    address = f"http://127.0.0.1:{up.environment['TALLY_PORT']}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/readyz", timeout=10) as answer:
        assert json.load(answer) == {"ready": True, "error": None}
    with opener.open(address, timeout=10) as answer:
        assert answer.headers["x-frame-options"] == "DENY"
    stranger = urllib.request.Request(address, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(stranger, timeout=10)
    assert refused.value.code == 421


@pytest.mark.parametrize("service", KILLED)
def test_the_engine_holds_a_container_to_its_limits(up, service):
    host = up.inspect(service)["HostConfig"]
    assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and host["Memory"] > 0
    assert "no-new-privileges:true" in host["SecurityOpt"]
    bound = [one["HostIp"] for ports in (host["PortBindings"] or {}).values() for one in ports]
    assert set(bound) <= {"127.0.0.1"}


def test_no_password_is_in_what_the_engine_tells(up):
    passwords = {
        up.compose("exec", "-T", "job", "sh", "-c", f"cat {path}").strip().split("@")[0].rsplit(":", 1)[-1]
        for path in ("/secrets/owner/url", "/hand-over/writer/url", "/hand-over/dashboard/url")
    }
    assert len(passwords) == 3 and min(map(len, passwords)) >= 20
    told = [json.dumps([up.inspect(service) for service in KILLED]), up.compose("config"), up.look("logs")]
    assert [password for password in passwords if any(password in text for text in told)] == []


def killed_for_memory(up) -> dict[str, list[str]]:
    """Return what the kernel says of containers in which it has ended a process for want of memory."""
    # the engine's own flag tells of the container's first process only
    look = (
        "grep -h '^oom_kill ' /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events 2>/dev/null; true"
    )
    found = {name: up.compose("exec", "-T", name, "sh", "-c", look).split() for name in KILLED}
    return {name: told for name, told in found.items() if told != ["oom_kill", "0"]}


def test_what_each_container_takes(up):
    stats = subprocess.run(
        ["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}"],
        env=up.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line.partition(" ") for line in stats.stdout.splitlines()]
    note({"what": "memory", **{name.removeprefix(f"{up.name}-"): used for name, _, used in lines}})
    assert killed_for_memory(up) == {}


@pytest.mark.parametrize("service", KILLED)
def test_a_killed_part_is_started_again_and_nothing_is_lost(up, service):
    before = counted(up)
    note({"what": "killed", "service": service, "healthy_again_s": round(up.kill(service), 1)})
    up.prove_exact()
    assert counted(up) >= before


@pytest.mark.parametrize("service", ["postgres", "kafka"])
def test_half_a_minute_without_a_server_loses_nothing(up, service):
    up.compose("stop", service)
    time.sleep(OUTAGE_SECONDS)
    begun = time.monotonic()
    up.compose("start", service)
    wait_until(f"{service} is healthy", lambda: up.is_healthy(service), UP_SECONDS)
    up.prove_exact()
    note({"what": "outage", "service": service, "exact_again_s": round(time.monotonic() - begun, 1)})


def test_a_demo_ends_with_the_address_and_a_line_of_sql_that_works(up):
    shown = up.compose("up", "--exit-code-from", "demo", "demo", timeout=2100)
    assert f"http://127.0.0.1:{up.environment['TALLY_PORT']}" in shown
    line = re.search(r"docker compose exec (postgres psql .*)", shown)[1]
    # `--exit-code-from` has stopped nothing but the demo
    assert "gross_amount" in up.compose("exec", "-T", *shlex.split(line))


def test_a_second_up_finds_the_job_running_and_leaves_it(up):
    before = up.query("SELECT job_id FROM job_status")
    up.up()
    assert up.query("SELECT job_id FROM job_status") == before
    up.prove_exact()


def test_results_are_rebuilt_within_the_limits(up):
    up.tally("job", "rebuild")
    wait_until(
        "the rebuild is done",
        lambda: not up.compose("exec", "-T", "job", "find", "/data/run", "-name", "rebuild.request").strip(),
        UP_SECONDS,
    )
    up.prove_exact()


def test_a_second_taskmanager_takes_its_half_of_the_job(up):
    up.environment |= {"TALLY_PARALLELISM": "2"}
    up.compose("--profile", "two", "up", "-d", "--wait", "--wait-timeout", str(UP_SECONDS))
    wait_until("the job has two parts", lambda: up.query(PARALLELISM) == [["2"]], UP_SECONDS)
    up.prove_exact()


def test_no_container_was_short_of_memory_in_all_of_it(up):
    assert killed_for_memory(up) == {}


def test_down_keeps_the_data_and_the_next_up_goes_on_with_it(up):
    before = counted(up)
    up.compose("--profile", "*", "down")
    note({"what": "up again", "seconds": round(up.up(), 1)})
    up.prove_exact()
    assert counted(up) >= before > 0


def test_down_with_volumes_removes_everything(up):
    made = leftovers(up)
    assert any("postgres" in name for name in made)
    up.compose("--profile", "*", "down", "-v")
    assert leftovers(up) == []


def leftovers(up) -> list[str]:
    """Return the names of all containers, volumes and networks of the project."""
    label = f"label=com.docker.compose.project={up.name}"
    found = []
    for listing in (
        ("ps", "-a", "--format", "{{.Names}}"),
        ("volume", "ls", "-q"),
        ("network", "ls", "--format", "{{.Name}}"),
    ):
        command = ["docker", *listing, "--filter", label]
        listed = subprocess.run(command, env=up.environment, capture_output=True, text=True, check=True)
        found += listed.stdout.split()
    return found
