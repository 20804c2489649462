"""The embedded Postgres: its data directory, its process, its addresses.

`python -m tally.postgres --home DIR` prepares the data directory and becomes the server (the same process id), so that
a supervisor can watch, stop (SIGINT: fast shutdown) and restart it. `EmbeddedPostgres` is the same for Python.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2

from tally.errors import TallyError
from tally.home import write_atomically
from tally.ports import KeptPorts, holder, is_free
from tally.postgres_binaries import Account, Binaries, can_enter, find_binaries, runnable_for, server_account
from tally.postgres_files import (
    QUOTED_LINES,
    PostgresError,
    clear_leftovers,
    kept_password,
    last_lines,
    running_server,
    write_private,
)

LOOPBACK = "127.0.0.1"
DATABASE = "tally"
SUPERUSER = "postgres"
ROLES = {"owner": "tally_owner", "writer": "tally_writer", "reader": "tally_reader", "dashboard": "tally_dashboard"}
FAR_HOME = Path("/var/lib/tallystream")
STOP_SECONDS = 10.0
# What a server says to a new client once it was asked to end and waits for the others to leave; its locale is C.
SHUTTING_DOWN = "the database system is shutting down"

CONFIGURATION = """\
# Written by tally at every start. Your own settings: ALTER SYSTEM SET … (they win).
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%a '
log_min_error_statement = panic
log_checkpoints = off
# a checkpoint of the job promises that what it has written is kept: a commit waits for the disk
synchronous_commit = on
wal_level = minimal
max_wal_senders = 0
max_wal_size = '2GB'
checkpoint_timeout = '15min'
shared_buffers = '192MB'
effective_cache_size = '1GB'
work_mem = '16MB'
maintenance_work_mem = '96MB'
random_page_cost = 1.1
jit = off
# many short queries on few cores: workers cost more than they bring
max_parallel_workers_per_gather = 0
# rows of the hot tables are updated every few seconds
autovacuum_naptime = '15s'
autovacuum_vacuum_cost_limit = 1000
autovacuum_analyze_scale_factor = 0.05
idle_in_transaction_session_timeout = '5min'
"""
ACCESS_RULES = "# Passwords only, and only from this machine.\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class DatabaseUrls:
    """Connection addresses with passwords, by role; never print them, `tally status` shows the reader's only."""

    owner: str = field(repr=False)
    writer: str = field(repr=False)
    reader: str = field(repr=False)
    dashboard: str = field(repr=False)


class EmbeddedPostgres:
    """One Postgres server below $TALLY_HOME/postgres; port 0 takes a free one and keeps it over restarts."""

    def __init__(self, home: Path, port: int = 0, binaries: Binaries | None = None):
        self.home = Path(home)
        self.folder = self.home / "postgres"
        self.log_file = self.home / "logs" / "postgres.log"
        self.wanted_port = port
        self.found_binaries = binaries
        self.process: subprocess.Popen | None = None

    # ---- what it is -------------------------------------------------------------------------------------------

    @property
    def data(self) -> Path:
        """Return the data directory (a link when the server's account can't enter the home folder)."""
        return self.folder / "data"

    @property
    def port(self) -> int:
        """Return the port of the newest start; raise PostgresError before the first."""
        try:
            return int((self.folder / "port").read_text())
        except (OSError, ValueError):
            raise PostgresError(
                f"the embedded Postgres has no port yet; found no number in {self.folder / 'port'}; start it first: "
                "tally run"
            ) from None

    def url(self, role: str) -> str:
        """Return the address for `owner`, `writer`, `reader`, `dashboard` (or `postgres`, the superuser)."""
        name = ROLES.get(role, role)
        database = "postgres" if name == SUPERUSER else DATABASE
        return f"postgresql://{name}:{self.password(name)}@{LOOPBACK}:{self.port}/{database}"

    def urls(self) -> DatabaseUrls:
        """Return the addresses of all roles."""
        return DatabaseUrls(**{short: self.url(short) for short in ROLES})

    def password(self, role: str) -> str:
        """Return a role's password, made at random and kept in a file of mode 0600 when it is first asked for."""
        return kept_password(self.folder / "passwords", role)

    def command(self) -> tuple[str, ...]:
        """Return what a supervisor runs: it prepares the data directory and then is the server itself."""
        return (sys.executable, "-m", "tally.postgres", "--home", str(self.home), "--port", str(self.wanted_port))

    # ---- preparing --------------------------------------------------------------------------------------------

    def prepare(self) -> tuple[list[str], Account]:
        """Make the data directory ready and return the server's arguments and account.

        Idempotent. Waits for a killed server's last processes, removes its postmaster.pid, refuses a data directory of
        another major version and a port that is taken (PostgresError).
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = server_account(self.data)
        place = self.choose_place(account)
        binaries = runnable_for(self.found_binaries or find_binaries(), account, place)
        data = place / "data"
        clear_leftovers(data)
        port = self.choose_port()
        if not (data / "PG_VERSION").exists():
            self.initialise(binaries, account, data)
        check_version(data, binaries)
        for name, text in (("tally.conf", CONFIGURATION.format(port=port)), ("pg_hba.conf", ACCESS_RULES)):
            replace_file(data / name, text, account)
        # others ask for it at any moment, the waiting parent 20 times a second
        write_atomically(self.folder / "port", f"{port}\n")
        return [str(binaries.postgres), "-D", str(data)], account

    def choose_place(self, account: Account) -> Path:
        """Return the folder that holds the data directory: ours, or one that the server's account can enter."""
        if self.data.is_symlink():
            return self.data.resolve().parent
        if os.geteuid() == account.uid:
            return self.folder
        # as root: let the server's group, and nobody else, pass through the two folders that are ours
        for folder in (self.home, self.folder):
            os.chown(folder, -1, account.gid)
            folder.chmod(folder.stat().st_mode | 0o710)
        if can_enter(self.folder, account):
            return self.folder
        place = FAR_HOME / hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:16]
        try:
            for folder in (FAR_HOME, place):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o711)
        except OSError as error:
            raise PostgresError(
                f"the account {account.name} can't enter {self.home}, and {place} can't be made: {error.strerror}; "
                "set TALLY_HOME to a folder that other users may pass through"
            ) from error
        self.data.symlink_to(place / "data")
        return place

    def initialise(self, binaries: Binaries, account: Account, data: Path) -> None:
        """Run initdb: UTF-8, byte order by code point, SCRAM, a random password for the superuser."""
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        password_file = data.with_name("initdb.password")
        try:
            write_private(password_file, self.password(SUPERUSER))
            for path in (data, password_file):
                os.chown(path, account.uid, account.gid)
            done = subprocess.run(
                initdb_arguments(binaries, data, password_file),
                capture_output=True,
                text=True,
                cwd="/",
                check=False,
                **account.popen_arguments(),
            )
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode:
            shutil.rmtree(data, ignore_errors=True)
            raise PostgresError(
                f"initdb can't make the data directory {data}; it said: {last_lines(done.stderr or done.stdout)}; "
                "mend that (disk space, permissions, locale) and start again"
            )
        with (data / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'tally.conf'\n")

    def choose_port(self) -> int:
        """Return the wanted port, or the kept one while it is free, or a free one."""
        if self.wanted_port and not is_free(self.wanted_port):
            raise PostgresError(
                f"port {self.wanted_port} for Postgres is taken; found {holder(self.wanted_port)} on it; stop that, "
                "or choose "
                "another: TALLY_POSTGRES_PORT=0 takes any free one"
            )
        if self.wanted_port:
            return self.wanted_port
        return KeptPorts(self.folder / "ports.json").choose("postgres", 0, "Postgres", "TALLY_POSTGRES_PORT")

    # ---- running ----------------------------------------------------------------------------------------------

    def start(self, timeout: float = 60.0) -> None:
        """Start the server as our child, or adopt it when it runs already, and wait until it answers."""
        if self.adopt() is None:
            self.log_file.parent.mkdir(parents=True, exist_ok=True)
            with self.log_file.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
        self.wait_ready(timeout)

    def adopt(self) -> int | None:
        """Return the process id of this data directory's running server, None when there is none."""
        process = running_server(self.data.resolve())
        return process.pid if process else None

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until the server answers; raise PostgresError with the log's last lines when it ends or does not."""
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                what = (
                    f"ended with code {self.process.returncode}" if ended else f"did not answer within {timeout:.0f} s"
                )
                raise PostgresError(
                    f"the embedded Postgres {what}; the last lines of {self.log_file}:\n{self.log_tail()}\n"
                    "mend that and start again"
                )
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Tell whether the server answers a query; one that lets nobody in because it was asked to end is ended."""
        if not (self.folder / "port").exists() or not (self.folder / "passwords" / SUPERUSER).exists():
            return False
        try:
            connection = psycopg2.connect(self.url(SUPERUSER), connect_timeout=5, application_name="tally health")
        except psycopg2.Error as error:
            if SHUTTING_DOWN in str(error):
                self.end_fast()
            return False
        with contextlib.closing(connection), connection.cursor() as cursor:
            try:
                cursor.execute("SELECT 1")
            except psycopg2.Error:
                return False
        return True

    def end_fast(self) -> None:
        """End a server that somebody has asked to end: until its clients have left, it would let nobody in."""
        process = running_server(self.data.resolve())
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Stop the server: connections are cut, data is written; after the timeout it is stopped at once."""
        process = running_server(self.data.resolve())
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if process is None or not process.is_running():
                break
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
            psutil.wait_procs([process], timeout=timeout)
        if self.process is not None:
            self.process.wait(timeout)
            self.process = None

    def remove(self) -> None:
        """Delete the stopped server's files, wherever they lie."""
        if self.adopt() is not None:
            raise PostgresError(
                f"the embedded Postgres of {self.home} runs; found process {self.adopt()}; stop it first"
            )
        if self.data.is_symlink():
            shutil.rmtree(self.data.resolve().parent, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self, lines: int = QUOTED_LINES) -> str:
        """Return the last lines of the server's log."""
        try:
            return last_lines(self.log_file.read_text(errors="replace"), lines)
        except OSError:
            return "(there is no log)"


def replace_file(path: Path, text: str, account: Account) -> None:
    """Put a file of the server's account in place; written beside the data directory, where only we may write.

    The account owns that directory: writing into it as root would follow whatever link it has laid there.
    """
    ready = path.parent.with_name(f".{path.name}.{os.getpid()}.tmp")
    ready.write_text(text)
    os.chown(ready, account.uid, account.gid)
    os.replace(ready, path)


def initdb_arguments(binaries: Binaries, data: Path, password_file: Path) -> list[str]:
    """Return the initdb command line; the builtin provider exists from version 17 on."""
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []
    return [
        str(binaries.initdb),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--encoding=UTF8",
        "--locale=C",
        *builtin,
        "--auth=scram-sha-256",
        "--no-instructions",
    ]


def check_version(data: Path, binaries: Binaries) -> None:
    """Raise PostgresError when the data directory was made by another major version."""
    found = (data / "PG_VERSION").read_text().strip()
    if found != str(binaries.major):
        raise PostgresError(
            f"the data directory {data} is of Postgres {found}, but {binaries.source} is {binaries.version}; start "
            "it with "
            f"Postgres {found} (TALLY_POSTGRES_BIN=/path/to/{found}/bin), or move the folder away and let the "
            "results be "
            "made again from the log: tally rebuild"
        )


def serve(home: Path, port: int) -> None:
    """Prepare the data directory and become the server."""
    arguments, account = EmbeddedPostgres(home, port).prepare()
    os.chdir("/")
    if os.geteuid() != account.uid:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    # the server needs nothing of ours, and PGDATA or PGPORT of the shell would mislead it
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DATABASE_"))}
    os.execve(arguments[0], arguments, kept)


def main(arguments: list[str] | None = None) -> int:
    """Run the embedded Postgres in the foreground."""
    parser = argparse.ArgumentParser(prog="python -m tally.postgres", description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        serve(given.home, given.port)
    except TallyError as error:
        print(f"postgres: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
