"""A whole running line (Kafka, Flink, Postgres, archive, inbox, dashboard) as its user starts it, for tests."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2
from psycopg2.sql import Composable

TALLY = Path(sys.executable).with_name("tally")
START_SECONDS = 240


def wait_until(what: str, is_so: Callable[[], object], seconds: float = 120) -> object:
    """Return the first true answer; fail naming what did not come true."""
    deadline = time.monotonic() + seconds
    while not (answer := is_so()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return answer


@dataclass
class RunningLine:
    """One home with `tally run` on it."""

    home: Path
    environment: dict[str, str]
    process: subprocess.Popen | None = None
    # of the reader; asking `tally status` for it takes half a second of a core, which a measurement would see
    address: str = ""

    def start(self) -> None:
        with (self.home / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                [TALLY, "run"], env=self.environment, stdout=log, stderr=subprocess.STDOUT, cwd=self.home
            )
        wait_until("the line is ready", self.is_ready, START_SECONDS)

    def take_over(self, seconds: float = START_SECONDS) -> None:
        """Let another start of the product take over the home, at one cut: `tally upgrade`."""
        before = self.process
        with (self.home / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                [TALLY, "upgrade"], env=self.environment, stdout=log, stderr=subprocess.STDOUT, cwd=self.home
            )
        wait_until("the new start has taken over", lambda: self.is_supervisor() and self.is_ready(), seconds)
        assert before.wait(seconds) == 0

    def is_supervisor(self) -> bool:
        """Tell whether the process that was started last looks after the home; the one before it may end meanwhile."""
        return ("supervisor", self.process.pid) in [(one["name"], one["pid"]) for one in self.status()["processes"]]

    def is_ready(self) -> bool:
        log = self.home / "run.log"
        assert self.process.poll() is None, log.read_text()
        return self.status()["ready"]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)

    def end(self) -> None:
        """Stop it where it runs, in order where it can."""
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def run(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess:
        """Run a command of the product on this home."""
        command = [TALLY, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=timeout)

    def tally(self, *arguments: str, code: int = 0, timeout: float = 300) -> str:
        """Run a command of the product on this home and return what it printed; fail when it exits otherwise."""
        done = self.run(*arguments, timeout=timeout)
        assert done.returncode == code, f"tally {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def status(self) -> dict:
        """Return what `tally status` tells; its exit code is 1 while nothing runs."""
        command = [TALLY, "status", "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def pid(self, name: str) -> int:
        return next(one["pid"] for one in self.status()["processes"] if one["name"] == name)

    def query(self, statement: str | Composable, values: tuple = ()) -> list[tuple]:
        """Read as the reader's role, at the address as it was last known to answer."""
        address, self.address = self.address or self.status()["database_url"], ""
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall()
        self.address = address
        return rows

    def processes(self, name: str) -> list[psutil.Process]:
        """Return a child (or the supervisor) and everything that it started, the child first."""
        child = psutil.Process(self.pid(name))
        return [child, *(child.children(recursive=True) if name != "supervisor" else [])]


def line_environment(home: Path) -> dict[str, str]:
    """Return the variables of a home of its own, every port chosen by the operating system."""
    ports = dict.fromkeys(("TALLY_PORT", "TALLY_POSTGRES_PORT", "TALLY_KAFKA_PORT"), "0")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TALLY_", "DATABASE_"))}
    return {**inherited, **ports, "TALLY_HOME": str(home), "TALLY_SHIPMENTS": "on", "TALLY_AUDIT": "off"}


@contextmanager
def home_of_its_own(prefix: str) -> Iterator[Path]:
    """Give a folder that Postgres, which runs as another account when started as root, can reach."""
    home = Path(tempfile.mkdtemp(prefix=f"tally-{prefix}-", dir="/tmp"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running_line(prefix: str, **settings: str) -> Iterator[RunningLine]:
    """Give a line with a home of its own, started; it does not outlive the block."""
    with home_of_its_own(prefix) as home:
        line = RunningLine(home, {**line_environment(home), **settings})
        try:
            line.start()
            yield line
        finally:
            line.end()
