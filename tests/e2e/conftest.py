"""A whole running line (Kafka, Flink, Postgres, archive, inbox, dashboard) for the end-to-end tests."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

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

    def start(self) -> None:
        with (self.home / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                [TALLY, "run"], env=self.environment, stdout=log, stderr=subprocess.STDOUT, cwd=self.home
            )
        wait_until("the line is ready", self.is_ready, START_SECONDS)

    def is_ready(self) -> bool:
        log = self.home / "run.log"
        assert self.process.poll() is None, log.read_text()
        return self.status()["ready"]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)

    def tally(self, *arguments: str, code: int = 0) -> str:
        """Run a command of the product on this home and return what it printed."""
        done = subprocess.run([TALLY, *arguments], env=self.environment, capture_output=True, text=True, timeout=300)
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

    def query(self, sql: str, values: tuple = ()) -> list[tuple]:
        """Read as the reader's role."""
        connection = psycopg2.connect(self.status()["database_url"])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall()
        finally:
            connection.close()


def line_environment(home: Path) -> dict[str, str]:
    """Return the variables of a home of its own, every port chosen by the operating system."""
    ports = dict.fromkeys(("TALLY_PORT", "TALLY_POSTGRES_PORT", "TALLY_KAFKA_PORT"), "0")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TALLY_", "DATABASE_"))}
    return {**inherited, **ports, "TALLY_HOME": str(home), "TALLY_SHIPMENTS": "on", "TALLY_AUDIT": "off"}


@pytest.fixture(scope="session")
def line() -> Iterator[RunningLine]:
    """A line that runs for all end-to-end tests."""
    # below /tmp itself: Postgres, started as root, runs as another account and must reach the folder
    home = Path(tempfile.mkdtemp(prefix="tally-e2e-", dir="/tmp"))
    home.chmod(0o755)
    running = RunningLine(home, line_environment(home))
    try:
        running.start()
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.stop()
        shutil.rmtree(home, ignore_errors=True)
