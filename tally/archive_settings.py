"""Settings of the archive process, from the environment."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tally.settings import DEFAULT_HOME, SERVERS, SettingsError, database_url, whole

MIB = 1024 * 1024


@dataclass(frozen=True)
class ArchiveSettings:
    """Where the archive reads and writes, and how much it holds in memory.

    `roll_seconds`: a record is on disk at most so long after it was read. `buffer_bytes`: what all partitions together
    may hold before the largest is written.
    """

    home: Path
    kafka: str
    topic: str
    database_url: str
    roll_seconds: int = 60
    buffer_bytes: int = 64 * MIB
    told_lag_file: Path | None = None

    @property
    def folder(self) -> Path:
        """Return the folder of the Parquet files."""
        return self.home / "archive"

    @property
    def lag_file(self) -> Path:
        """Return the file of the newest lag sample: the one we are told, else the home's, made with its folder."""
        if self.told_lag_file is not None:
            return self.told_lag_file
        (self.home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.home / "run" / "lag.json"

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> "ArchiveSettings":
        """Read the variables of docs/architecture.md; raise SettingsError with every fault."""
        faults: list[str] = []
        settings = cls(
            home=home_folder(environment),
            kafka=required(environment, "TALLY_KAFKA", SERVERS, faults),
            topic=environment.get("TALLY_TOPIC") or "sales-events",
            database_url=required(environment, "DATABASE_URL", database_url, faults),
            told_lag_file=Path(environment["TALLY_LAG_FILE"]) if environment.get("TALLY_LAG_FILE") else None,
            roll_seconds=parsed(environment, "TALLY_ARCHIVE_ROLL_SECONDS", "60", whole(1, 3600), faults),
            buffer_bytes=MIB * (parsed(environment, "TALLY_ARCHIVE_BUFFER_MIB", "64", whole(1, 4096), faults) or 0),
        )
        if faults:
            raise SettingsError(faults)
        return settings


def home_folder(environment: Mapping[str, str]) -> Path:
    """Return the home folder, absolute."""
    return Path(environment.get("TALLY_HOME") or DEFAULT_HOME).expanduser().absolute()


def required(environment: Mapping[str, str], name: str, parse: Callable[[Any], Any], faults: list[str]) -> Any:
    """Parse a variable that has no default; a fault says where it is usually set."""
    if not environment.get(name):
        faults.append(
            f"{name} is missing; `tally run` sets it for its children, set it yourself to run this part alone"
        )
        return ""
    return parsed(environment, name, "", parse, faults)


def parsed(
    environment: Mapping[str, str], name: str, default: str, parse: Callable[[Any], Any], faults: list[str]
) -> Any:
    """Parse a variable or its default; a fault goes into `faults` and gives None."""
    value = environment.get(name) or default
    try:
        return parse(value)
    except ValueError as error:
        faults.append(f"{name}: {error}; found {'***' if name == 'DATABASE_URL' else repr(value)}")
        return None
