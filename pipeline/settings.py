"""Settings of the job, from the environment. All faults are reported at once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.contract import EventContract
from pipeline.kafka_access import KafkaAccess

JARS = (
    "flink-sql-connector-kafka-*.jar",
    "flink-connector-jdbc-core-*.jar",
    "flink-connector-jdbc-postgres-*.jar",
    "postgresql-*.jar",
)
# What may stand between the quotes of a rendered statement, for every value that goes there.
SAFE_VALUE = re.compile(r"[\w.,:;/@%&?=+~ \[\]-]*", re.ASCII)
SERVER = r"[\w.\-\[\]:]+:\d+"
_BROKERS = rf"{SERVER}(,{SERVER})*"
SIZES = r"[1-9]\d{0,5}[mg]"
JOB_NAMES = r"[\w.-]{1,80}"
MIN_DEDUP_HOURS = 48
# How long the job may have been away, so how late it may read what was appended meanwhile.
RESUME_HOURS = 72


class ConfigurationError(ValueError):
    """The environment does not describe a job that can run; the text lists every fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(
            f"the job's settings have {len(faults)} {noun}:\n" + "\n".join(f"  {fault}" for fault in faults)
        )


@dataclass(frozen=True)
class Database:
    """Where the results go: the parts of DATABASE_URL, its password kept out of every text."""

    host: str
    port: int
    name: str
    user: str
    password: str | None = field(repr=False)
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PipelineSettings:
    """What the job needs to know, checked. Durations carry their unit in the name."""

    home: Path
    currency: str
    store_zone: str
    kafka: str
    topic: str
    database: Database
    dedup: bool
    dedup_hours: int
    parallelism: int
    checkpoint_seconds: int
    buyer_key_file: Path
    jars: tuple[Path, ...]
    heap: str
    state_memory: str = "192m"
    shadow: bool = False
    shadow_run: str = ""
    access: KafkaAccess = field(default_factory=KafkaAccess)
    flink: str = ""
    name: str = "tallystream"

    @property
    def job_name(self) -> str:
        """The job's name on its cluster, where a rebuild's job may run beside the live one: each has one of its own."""
        return f"{self.shadow_name}{self.shadow_run}" if self.shadow else self.name

    @property
    def shadow_name(self) -> str:
        """How the names of all jobs begin that fill the shadow tables."""
        return f"{self.name}-rebuild"

    @property
    def state_hours(self) -> int:
        """How long state lives since it was written, by the job's clock.

        The dedup horizon (longer than the day in which a group can grow), and the time that a record may wait for the
        job on top: an id or a group written before the job went away must still be there when it is back.
        """
        return self.dedup_hours + RESUME_HOURS

    @property
    def schema(self) -> str:
        """The database schema of the results; a rebuild's job writes beside the live ones."""
        return "tally_shadow" if self.shadow else "tally"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "PipelineSettings":
        """Return the settings found in `environ` (the process's by default).

        Raise ConfigurationError naming every fault: what is wrong, what was found, what to do.
        """
        read = Reader(os.environ if environ is None else environ)
        home = Path(read.text("TALLY_HOME", "~/.tallystream")).expanduser()
        settings = cls(
            home=home,
            currency=read.matching("TALLY_CURRENCY", "CNY", r"[A-Z]{3}", "a three-letter ISO 4217 code such as CNY"),
            store_zone=read.zone("TALLY_STORE_ZONE", "Asia/Shanghai"),
            kafka=read.matching("TALLY_KAFKA", None, _BROKERS, "host:port[,host:port]"),
            topic=read.matching("TALLY_TOPIC", "sales-events", r"[\w.-]{1,249}", "a Kafka topic name"),
            database=read.database("DATABASE_URL"),
            dedup=read.switch("TALLY_DEDUP", "on"),
            dedup_hours=read.whole("TALLY_DEDUP_HOURS", "72", MIN_DEDUP_HOURS, 24 * 90),
            parallelism=read.whole("TALLY_PARALLELISM", "1", 1, 128),
            checkpoint_seconds=read.whole("TALLY_CHECKPOINT_SECONDS", "5", 1, 3600),
            buyer_key_file=read.key_file("TALLY_BUYER_KEY_FILE", home / "run" / "buyer.key"),
            jars=read.jars("TALLY_JAR_DIR"),
            state_memory=read.matching("TALLY_STATE_MEMORY", "192m", SIZES, "a size such as 192m or 1g"),
            shadow=read.switch("TALLY_SHADOW", "off"),
            shadow_run=read.matching("TALLY_SHADOW_RUN", "", r"[\w-]{1,40}", "letters, digits, dash, underscore"),
            access=KafkaAccess.read(read),
            flink=read.matching("TALLY_FLINK", "", SERVER, "host:port of a cluster's REST interface"),
            name=read.matching("TALLY_JOB_NAME", "tallystream", JOB_NAMES, "letters, digits, dot, dash, underscore"),
            heap=read.matching("TALLY_JOB_HEAP", "512m", SIZES, "a JVM heap size such as 1500m or 2g"),
        )
        if read.faults:
            raise ConfigurationError(read.faults)
        return settings


class Reader:
    """Read variables one by one and collect what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def _fault(self, name: str, found: str, cure: str) -> None:
        self.faults.append(f"{name}: {found}; {cure}")

    def text(self, name: str, default: str | None) -> str:
        value = self._environ.get(name) or default
        if value is None:
            self._fault(name, "is not set", "`tally run` sets it for its job; set it yourself for a job of your own")
            return ""
        return value

    def matching(self, name: str, default: str | None, pattern: str, form: str) -> str:
        value = self.text(name, default)
        if value and not re.fullmatch(pattern, value, re.ASCII):
            self._fault(name, f"{value!r} is not valid", f"give {form}")
        return value

    def whole(self, name: str, default: str, low: int, high: int) -> int:
        value = self.text(name, default)
        if re.fullmatch(r"[0-9]{1,9}", value) and low <= int(value) <= high:
            return int(value)
        self._fault(name, f"{value!r} is not valid", f"give a whole number from {low} to {high}")
        return low

    def switch(self, name: str, default: str) -> bool:
        value = self.text(name, default).lower()
        if value not in ("on", "off"):
            self._fault(name, f"{value!r} is not valid", "give on or off")
        return value == "on"

    def zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._fault(name, f"{value!r} is not a time zone", "give one of the IANA database such as Asia/Shanghai")
        return value

    def key_file(self, name: str, default: Path) -> Path:
        path = Path(self.text(name, str(default))).expanduser()
        try:
            read_buyer_key(path)
        except (OSError, ValueError) as fault:
            self._fault(name, f"{path}: {fault}", "`tally run` writes it; it holds 32 random bytes as 64 hex digits")
        return path

    def jars(self, name: str) -> tuple[Path, ...]:
        folder = Path(self.text(name, None)).expanduser()
        found = []
        for pattern in JARS if str(folder) != "." else ():
            newest = sorted(folder.rglob(pattern))
            if not newest:
                self._fault(name, f"no {pattern} below {folder}", "run `make setup`, which fetches the jars")
            found += newest[-1:]
        return tuple(found)

    def database(self, name: str) -> Database:
        value = self.text(name, None)
        try:
            return parse_database_url(value)
        except ValueError as fault:
            if value:
                self._fault(name, str(fault), "give postgresql://user:password@host:port/database")
            return Database("", 0, "", "", None)


def parse_database_url(url: str) -> Database:
    """Return the parts of a libpq URL; raise ValueError saying what is missing, without repeating the URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("does not begin with postgresql://")
    if missing := [part for part, value in (("host", parts.hostname), ("user", parts.username)) if not value]:
        raise ValueError(f"has no {' and no '.join(missing)}")
    try:
        port = parts.port or 5432
    except ValueError:
        raise ValueError("has a port that is not one") from None
    password = None if parts.password is None else unquote(parts.password)
    options = tuple(parse_qsl(parts.query))
    database = Database(
        parts.hostname, port, unquote(parts.path.lstrip("/")) or "postgres", unquote(parts.username),
        password, options,
    )  # fmt: skip
    if unsafe := [part for part in ("host", "name", "user") if not SAFE_VALUE.fullmatch(getattr(database, part))]:
        raise ValueError(f"has a {unsafe[0]} with a character that SQL would have to quote")
    return database


def read_buyer_key(path: Path) -> bytes:
    """Return the key of the customer hash: 32 bytes, kept as 64 hex digits. Raise OSError or ValueError."""
    text = path.read_text("ascii").strip()
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ValueError(f"holds {len(text)} characters, not 64 hex digits")
    return bytes.fromhex(text)


def contract_from_env(environ: Mapping[str, str] | None = None) -> EventContract:
    """Return the event contract of the deployment that `environ` (the process's by default) describes.

    Raise ConfigurationError naming every fault of the three variables that it reads.
    """
    environ = os.environ if environ is None else environ
    read = Reader(environ)
    home = Path(read.text("TALLY_HOME", "~/.tallystream")).expanduser()
    currency = read.matching("TALLY_CURRENCY", "CNY", r"[A-Z]{3}", "a three-letter ISO 4217 code such as CNY")
    zone = read.zone("TALLY_STORE_ZONE", "Asia/Shanghai")
    key_file = read.key_file("TALLY_BUYER_KEY_FILE", home / "run" / "buyer.key")
    if read.faults:
        raise ConfigurationError(read.faults)
    return EventContract(currency, ZoneInfo(zone), read_buyer_key(key_file))
