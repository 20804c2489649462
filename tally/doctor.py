"""`tally doctor`: check every prerequisite on this machine and say how to mend each."""

import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tally.errors import TallyError
from tally.home import Home
from tally.jars import jar_sets
from tally.jvm import FITTING, ask_version, find_java
from tally.ports import holder, is_free
from tally.postgres_binaries import find_binaries
from tally.registry import Registry
from tally.settings import Settings, SettingsError

PYTHONS = ((3, 11), (3, 13))
DISK_BYTES = 5_000_000_000
MEMORY_BYTES = 4_000_000_000
GIGABYTE = 1_000_000_000
SUPPORTED_SYSTEMS = ("linux", "darwin")


@dataclass(frozen=True)
class Finding:
    """One prerequisite: what was found, and how to mend it where it does not fit."""

    name: str
    found: str
    cure: str = ""

    @property
    def is_fine(self) -> bool:
        """Tell whether nothing has to be done."""
        return not self.cure


def check_system(platform: str = sys.platform) -> Finding:
    """Check the operating system."""
    if platform in SUPPORTED_SYSTEMS:
        return Finding("System", platform)
    return Finding("System", platform, "use Linux or macOS; on Windows run it inside WSL2 (wsl --install)")


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Check the Python that runs this."""
    found = ".".join(map(str, version))
    if PYTHONS[0] <= tuple(version[:2]) < PYTHONS[1]:
        return Finding("Python", found)
    cure = "install Python 3.11 or 3.12 and run `make setup PYTHON=/path/to/python3.12`"
    return Finding("Python", found, cure)


def check_java() -> Finding:
    """Check that the Java that would be used can be run."""
    java = find_java()
    said = ask_version(java.executable)
    if said is None:
        cure = "run `make clean setup` to install the wheel again, or point JAVA_HOME to a Java 17 or 21"
        return Finding("JVM", f"{java.executable} can't be run", cure)
    if java.major not in FITTING:
        return Finding("JVM", f"Java {java.version} ({java.source})", "point JAVA_HOME to a Java 17 or 21, or unset it")
    return Finding("JVM", f"Java {java.version} ({java.source})")


def check_jars(name: str, title: str) -> Finding:
    """Check one group of jars: complete, and byte for byte the locked ones."""
    one = jar_sets()[name]
    missing = one.missing()
    if missing:
        found = f"{len(missing)} of {len(one.jars)} missing in {one.folder}"
        return Finding(title, found, "run `make setup` (python -m tally.jars); behind a mirror set MAVEN_REPO_URL")
    try:
        one.check()
    except TallyError as error:
        return Finding(title, "a jar was changed", str(error))
    return Finding(title, f"{len(one.jars)} jars in {one.folder}")


def check_postgres(settings: Settings) -> Finding:
    """Check that there are server programs, unless your own server is used."""
    if settings.database_url:
        return Finding("Postgres", "your own (DATABASE_URL)")
    try:
        binaries = find_binaries()
    except TallyError as error:
        return Finding("Postgres", "no server programs", str(error))
    return Finding("Postgres", f"{binaries.version} ({binaries.source})")


def check_port(title: str, variable: str, port: int, host: str, is_ours: bool) -> Finding:
    """Check that a port is free, or held by this home's own Tallystream."""
    if port == 0:
        return Finding(title, "any free one")
    if is_free(port, host):
        return Finding(title, f"{port} is free")
    if is_ours:
        return Finding(title, f"{port} is in use by this home's Tallystream")
    return Finding(
        title, f"{port} is taken by {holder(port)}", f"stop that, or choose another: {variable}=0 takes any free one"
    )


def check_disk(folder: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> Finding:
    """Check the space of the filesystem that holds the home."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    found = free(existing)
    shown = f"{found / GIGABYTE:.1f} GB free at {existing}"
    if found >= DISK_BYTES:
        return Finding("Disk", shown)
    return Finding(
        "Disk", shown, f"make room for {DISK_BYTES / GIGABYTE:.0f} GB, or put the home elsewhere: tally --home DIR"
    )


def check_memory(total: int | None = None) -> Finding:
    """Check the machine's memory."""
    found = psutil.virtual_memory().total if total is None else total
    shown = f"{found / GIGABYTE:.1f} GB"
    if found >= MEMORY_BYTES:
        return Finding("Memory", shown)
    cure = (
        f"the whole line needs {MEMORY_BYTES / GIGABYTE:.0f} GB; close other programs or give the virtual machine more"
    )
    return Finding("Memory", shown, cure)


def check_home(home: Home) -> Finding:
    """Check that the home can be written, without making it."""
    existing = next(path for path in (home.root, *home.root.parents) if path.exists())
    try:
        Home(existing).check_writable()
    except TallyError as error:
        return Finding("Home", str(home.root), str(error))
    return Finding("Home", f"{home.root} ({'exists' if home.root.exists() else 'will be made'})")


def examine(home_option: str | None) -> Iterable[Finding]:
    """Check everything, one finding after the other."""
    yield check_system()
    yield check_python()
    yield check_java()
    yield check_jars("broker", "Kafka")
    yield check_jars("connectors", "Connectors")
    try:
        settings = Settings.load(home_option)
    except SettingsError as error:
        yield Finding("Settings", "wrong", str(error))
        return
    yield Finding(
        "Settings", f"{settings.home / 'tally.toml'}" if (settings.home / "tally.toml").exists() else "defaults"
    )
    yield check_postgres(settings)
    is_running = Registry(Home(settings.home)).read().is_running
    yield check_port("Dashboard port", "TALLY_PORT", settings.port, settings.host, is_running)
    if not settings.database_url:
        yield check_port("Postgres port", "TALLY_POSTGRES_PORT", settings.postgres_port, "127.0.0.1", is_running)
    if not settings.kafka:
        yield check_port("Kafka port", "TALLY_KAFKA_PORT", settings.kafka_port, "127.0.0.1", is_running)
    yield check_disk(settings.home)
    yield check_memory()
    yield check_home(Home(settings.home))
