"""The process: starts on its settings, adds headers, serves what pages need from wheels, and ends when it should."""

import signal
import socket
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request

import psutil
import pytest

from dashboard.server import end_with_parent
from tests.dashboard.serving import ROOT, running, status_of, wait_for_url

NOWHERE = "postgresql://tally_dashboard:x@127.0.0.1:1/tally"


@pytest.fixture(scope="module")
def served(shop, tmp_path_factory):
    with running(tmp_path_factory.mktemp("log") / "dashboard.log", DATABASE_URL=shop.url) as (process, url):
        yield process, url


def headers(url: str):
    return urllib.request.urlopen(url, timeout=20).headers


def test_every_answer_carries_the_security_headers(served):
    for path in ("/", "/inventory", "/readyz", "/vendor/inter.ttf"):
        found = headers(served[1] + path)
        assert found["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in found["content-security-policy"]
        assert found["referrer-policy"] == "same-origin"


def test_chart_code_and_font_come_from_the_installed_wheels(served):
    import plotly

    found = headers(f"{served[1]}/vendor/plotly-{plotly.__version__}.js")
    assert "immutable" in found["cache-control"] and int(found["content-length"]) > 1_000_000
    assert headers(f"{served[1]}/vendor/inter.ttf")["content-type"] == "font/ttf"


def test_it_is_ready_while_postgres_answers(served):
    assert status_of(f"{served[1]}/readyz") == 200


def test_a_download_is_a_file(served):
    assert "attachment" in headers(f"{served[1]}/csv/latest_orders.csv")["content-disposition"]


def test_it_listens_on_loopback_only_unless_told(served):
    connections = psutil.Process(served[0].pid).net_connections("tcp")
    assert {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_another_name_gets_no_answer(served):
    request = urllib.request.Request(served[1], headers={"Host": "evil.example:80"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=20)
    assert caught.value.code == 421
    assert (
        caught.value.read()
        .decode()
        .startswith("the dashboard does not know itself by this name; found 'evil.example:80'")
    )


@pytest.mark.parametrize(("origin", "status"), [(None, b"101"), ("same", b"101"), ("http://evil.example", b"403")])
def test_a_web_socket_of_another_site_is_refused(origin, status, served):
    host, port = served[1].removeprefix("http://").split(":")
    lines = [
        "GET /_stcore/stream HTTP/1.1", f"Host: {host}:{port}", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]  # fmt: skip
    if origin:
        lines.append(f"Origin: {served[1] if origin == 'same' else origin}")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert connection.recv(64).split(b" ")[1] == status


def test_the_network_is_served_under_any_name(tmp_path, shop):
    with running(tmp_path / "log", DATABASE_URL=shop.url, TALLY_HOST="0.0.0.0") as (_, url):
        request = urllib.request.Request(url.replace("0.0.0.0", "127.0.0.1"), headers={"Host": "wall.shop:80"})
        assert urllib.request.urlopen(request, timeout=20).status == 200


def test_without_postgres_it_starts_and_is_not_ready_and_ends_on_sigterm(tmp_path):
    with running(tmp_path / "log", DATABASE_URL=NOWHERE) as (process, url):
        assert status_of(f"{url}/readyz") == 503
        assert status_of(f"{url}/") == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) in (0, -signal.SIGTERM)


def run_to_its_end(env: dict[str, str]) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "dashboard"]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_wrong_settings_end_it_at_once_with_all_faults():
    env = {"PATH": "/usr/bin:/bin", "TALLY_PORT": "x", "TALLY_HOST": "a b"}
    done = run_to_its_end(env)
    assert done.returncode == 2
    assert [line.partition(":")[0].strip() for line in done.stderr.splitlines()] == [
        "dashboard",
        "TALLY_HOST",
        "TALLY_PORT",
        "DATABASE_URL",
    ]


def test_a_taken_port_ends_it_with_a_clear_line(served):
    port = served[1].rpartition(":")[2]
    env = {"PATH": "/usr/bin:/bin", "TALLY_PORT": port, "DATABASE_URL": NOWHERE}
    done = run_to_its_end(env)
    assert done.returncode == 1
    assert f"Port {port} is not available" in done.stderr


def test_it_ends_when_its_parent_is_gone(tmp_path):
    # a parent that starts the dashboard, tells its pid, and is then killed
    parent_code = f"""
        import os, subprocess, sys
        env = dict(os.environ, DATABASE_URL={NOWHERE!r}, TALLY_PORT="0")
        log = open({str(tmp_path / "log")!r}, "w")
        command = [sys.executable, "-m", "dashboard"]
        child = subprocess.Popen(command, env=env, cwd={str(ROOT)!r}, stdout=log, stderr=log)
        print(child.pid, flush=True)
        child.wait()
    """
    command = [sys.executable, "-c", textwrap.dedent(parent_code)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    wait_for_url(parent, tmp_path / "log")
    parent.kill()
    parent.wait()
    gone, alive = psutil.wait_procs([child], timeout=20)
    assert not alive and gone


def test_below_init_there_is_no_parent_to_watch():
    ended = []
    end_with_parent(1, lambda: ended.append(True), seconds=0, parent_now=lambda: 2)
    assert ended == []
