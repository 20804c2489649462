"""A process of a Flink cluster: its settings, its configuration, and what of it others on the machine could read."""

import json
import stat
from pathlib import Path

import pytest

from pipeline.cluster import (
    ClusterSettings,
    flink_home,
    java_command,
    java_environment,
    main,
    megabytes,
    with_database,
    write_configuration,
)
from pipeline.remote import bounded
from pipeline.session import Folders, cluster_options, job_options
from pipeline.settings import ConfigurationError

SECRET = "p4ss:word"


def told(tmp_path, **more: str) -> dict[str, str]:
    return {
        "TALLY_HOME": str(tmp_path),
        "TALLY_FLINK": "127.0.0.1:8081",
        "TALLY_FLINK_RPC": "127.0.0.1:6123",
        "DATABASE_URL": f"postgresql://tally_writer:{SECRET.replace(':', '%3A')}@db/tally",
        **more,
    }


def options_of(folder: Path) -> dict[str, object]:
    """Read a configuration as YAML would: each line is a name and a value in JSON."""
    lines = (folder / "config.yaml").read_text().splitlines()
    return {json.loads(name): json.loads(value) for name, _, value in (line.partition(": ") for line in lines)}


def test_every_fault_of_the_settings_is_told_at_once(tmp_path):
    environ = told(tmp_path, TALLY_FLINK="8081", TALLY_SLOTS="0", TALLY_JOB_HEAP="lots", DATABASE_URL="mysql://x")
    del environ["TALLY_FLINK_RPC"]
    with pytest.raises(ConfigurationError) as caught:
        ClusterSettings.from_env("taskmanager", environ)
    assert str(caught.value).splitlines() == [
        "the job's settings have 5 faults:",
        "  TALLY_FLINK: '8081' is not valid; give host:port of the JobManager's REST interface",
        "  TALLY_FLINK_RPC: is not set; `tally run` sets it for its job; set it yourself for a job of your own",
        "  TALLY_SLOTS: '0' is not valid; give a whole number from 1 to 256",
        "  TALLY_JOB_HEAP: 'lots' is not valid; give a JVM heap size such as 512m or 2g",
        "  DATABASE_URL: does not begin with postgresql://; give postgresql://user:password@host:port/database",
    ]


def test_a_kind_of_process_that_there_is_not_is_told(capsys):
    assert main(["zookeeper"]) == 2
    assert capsys.readouterr().err == (
        "cluster: give the process's kind: jobmanager, taskmanager, application; found ['zookeeper']\n"
    )


def test_a_file_of_the_address_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="DATABASE_URL_FILE: /nowhere: No such file or directory; name a file"):
        with_database({"DATABASE_URL_FILE": "/nowhere"})
    (tmp_path / "url").write_text("postgresql://u@h/d\n")
    assert with_database({"DATABASE_URL_FILE": str(tmp_path / "url")})["DATABASE_URL"] == "postgresql://u@h/d"


def test_a_taskmanager_is_told_every_part_of_its_memory(tmp_path):
    settings = ClusterSettings.from_env("taskmanager", told(tmp_path, TALLY_JOB_HEAP="1g", TALLY_SLOTS="3"))
    found = options_of(write_configuration(settings))
    assert found["taskmanager.memory.framework.heap.size"] == "128m"
    assert found["taskmanager.memory.task.heap.size"] == "896m"
    assert found["taskmanager.memory.managed.size"] == "192m"
    assert found["taskmanager.numberOfTaskSlots"] == 3
    assert found["taskmanager.resource-id"] == "taskmanager-1"
    assert (found["jobmanager.rpc.address"], found["jobmanager.rpc.port"]) == ("127.0.0.1", 6123)


@pytest.mark.parametrize("role", ["jobmanager", "taskmanager", "application"])
def test_a_process_listens_on_loopback_and_takes_no_code_of_strangers(tmp_path, role):
    found = options_of(write_configuration(ClusterSettings.from_env(role, told(tmp_path))))
    assert {value for name, value in found.items() if name.endswith("bind-host")} == {"127.0.0.1"}
    if role != "taskmanager":
        assert found["rest.bind-address"] == "127.0.0.1"
        assert found["web.submit.enable"] is False


def test_an_application_is_a_jobmanager_with_our_program(tmp_path):
    settings = ClusterSettings.from_env("application", told(tmp_path))
    command = java_command(settings, flink_home(), Path("/java"), tmp_path)
    assert command[-7:] == [
        "org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint",
        "--configDir", str(tmp_path),
        "--job-classname", "org.apache.flink.client.python.PythonDriver", "-pym", "pipeline.application",
    ]  # fmt: skip


def test_the_password_is_in_a_file_of_ours_and_nowhere_else(tmp_path):
    environ = told(tmp_path)
    settings = ClusterSettings.from_env("taskmanager", environ)
    folder = write_configuration(settings)
    command = java_command(settings, flink_home(), Path("/java"), folder)
    environment = java_environment(folder, environ)
    assert SECRET not in " ".join(command) + (folder / "config.yaml").read_text() + " ".join(environment.values())
    assert environment["DATABASE_URL"] == "postgresql://tally_writer@db/tally"
    kept = Path(environment["PGPASSFILE"])
    assert kept.read_text() == "*:*:*:tally_writer:p4ss\\:word\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_start_reads_nothing_of_the_one_before(tmp_path):
    settings = ClusterSettings.from_env("jobmanager", told(tmp_path))
    left = write_configuration(settings) / "tmp" / "left"
    left.touch()
    assert not (write_configuration(settings) / "tmp" / "left").exists()


def test_java_is_given_flink_with_its_python_functions_and_no_package_that_it_lacks(tmp_path):
    settings = ClusterSettings.from_env("taskmanager", told(tmp_path))
    command = java_command(settings, flink_home(), Path("/java"), tmp_path)
    jars = [Path(jar).name for jar in command[command.index("-classpath") + 1].split(":")]
    assert any(jar.startswith("flink-dist-") for jar in jars)
    assert [jar for jar in jars if jar.startswith("flink-python-")] != []
    assert any(one.startswith("--add-opens=java.base/") for one in command)
    assert [one for one in command if "jdk.compiler" in one] == []
    assert command[-3:] == ["org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "--configDir", str(tmp_path)]


@pytest.mark.parametrize(("size", "expected"), [("512m", 512), ("2g", 2048)])
def test_sizes_are_read_as_java_reads_them(size, expected):
    assert megabytes(size) == expected


def test_a_job_on_a_cluster_is_the_same_job_and_waits_for_its_workers(job_settings):
    from dataclasses import replace

    settings = replace(job_settings, flink="[::1]:8081", parallelism=2)
    folders = Folders.of(settings, 1)
    found, same = cluster_options(settings, folders), job_options(settings, folders)
    assert {name: found[name] for name in same} == same
    assert (found["execution.target"], found["rest.address"], found["rest.port"]) == ("remote", "::1", "8081")
    assert found["restart-strategy.type"] == "exponential-delay"


def test_a_run_that_ends_by_itself_is_neither_kept_nor_repeated(job_settings):
    from dataclasses import replace

    found = bounded(cluster_options(replace(job_settings, flink="h:1"), Folders.of(job_settings, 1)))
    assert [name for name in found if name.startswith("execution.checkpointing.")] == []
    assert {name: value for name, value in found.items() if name.startswith("restart")} == {
        "restart-strategy.type": "none"
    }
