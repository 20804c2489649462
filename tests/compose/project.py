"""A compose project of its own on a real engine: its commands, and what they answer."""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tally.ports import free_port
from tests.line import wait_until

ROOT = Path(__file__).resolve().parents[2]
BUILD_SECONDS, UP_SECONDS, COMMAND_SECONDS = 1800, 420, 600
# by tini, whose child is the part itself; a kill from outside is not followed by a restart
KILL_THE_PART = "kill -9 $(cat /proc/1/task/1/children)"


@dataclass
class Project:
    """One compose project with ports of its own; `notes` is what is written down of it."""

    name: str
    environment: dict[str, str]
    notes: dict[str, object] = field(default_factory=dict)

    def compose(self, *arguments: str, timeout: float = COMMAND_SECONDS, code: int | None = 0) -> str:
        """Run `docker compose` and return what it printed; fail when it exits otherwise than with `code`."""
        # never the .env of whoever runs this
        options = ("--env-file", os.devnull, "--ansi", "never", "--progress", "plain", "-p", self.name)
        command = ["docker", "compose", *options, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=timeout)
        if code is not None and done.returncode != code:
            states, logs = self.look("ps", "-a"), self.look("logs", "--no-color", "--tail", "25")
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{states}\n{logs}")
        return done.stdout

    def look(self, *arguments: str) -> str:
        """Return what a command of compose prints, whatever its exit code."""
        return self.compose(*arguments, code=None)

    def up(self, *services: str) -> float:
        """Bring everything up until it is healthy; return the seconds."""
        begun = time.monotonic()
        self.compose("up", "-d", "--wait", "--wait-timeout", str(UP_SECONDS), *services, timeout=UP_SECONDS + 60)
        return time.monotonic() - begun

    def tally(self, service: str, *arguments: str) -> str:
        """Run a command of the product in a container."""
        return self.compose("exec", "-T", service, "tally", *arguments)

    def inspect(self, service: str) -> dict:
        """Return what the engine knows of a service's container."""
        container = self.compose("ps", "-aq", service).strip()
        shown = subprocess.run(["docker", "inspect", container], env=self.environment, capture_output=True, text=True)
        return json.loads(shown.stdout)[0]

    def is_healthy(self, service: str) -> bool:
        """Tell whether the engine calls a service healthy."""
        state = self.inspect(service)["State"]
        return state["Running"] and state["Health"]["Status"] == "healthy"

    def kill(self, service: str) -> float:
        """Kill a container's part, wait until the engine has started it again and it is healthy; return the seconds."""
        before, begun = self.inspect(service)["State"]["StartedAt"], time.monotonic()
        self.compose("exec", "-T", service, "sh", "-c", KILL_THE_PART, code=None)
        wait_until(
            f"{service} was started again",
            lambda: self.inspect(service)["State"]["StartedAt"] != before and self.is_healthy(service),
            UP_SECONDS,
        )
        return time.monotonic() - begun

    def query(self, statement: str) -> list[list[str]]:
        """Read as the reader, in the server's container."""
        psql = ("psql", "-U", "tally_reader", "-d", "tally", "-AtF", "|", "-c", statement)
        return [line.split("|") for line in self.compose("exec", "-T", "postgres", *psql).splitlines()]

    def prove_exact(self) -> dict:
        """Wait until everything published so far is visible, and demand that the audit finds every row equal."""
        self.tally("job", "wait", "--timeout", "300s")
        report = json.loads(self.tally("archive", "audit", "--json"))
        assert report["verdict"] == "equal", report
        log = report["log"]
        assert log["records"] == log["counted"] + log["duplicates"] + log["rejected"] > 0
        return log


@contextmanager
def project(name: str, **settings: str) -> Iterator[Project]:
    """Give a project without containers and volumes; nothing of it is left."""
    ports = {"TALLY_PORT": str(free_port()), "TALLY_POSTGRES_PORT": str(free_port())}
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("TALLY_", "COMPOSE_"))}
    one = Project(f"tally-{name}-{uuid.uuid4().hex[:6]}", {**inherited, **ports, **settings})
    try:
        yield one
    finally:
        one.look("--profile", "*", "down", "-v", "--remove-orphans", "--timeout", "20")
