"""The deployment's settings: $TALLY_HOME/tally.toml, each overridden by the variable TALLY_<NAME>.

docs/settings.md lists them; a test compares its table with this class.
"""

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from tally.errors import TallyError
from tally.kafka_access import MECHANISMS, PROTOCOLS, VARIABLES, access_faults

DEFAULT_HOME = "~/.tallystream"
# set by the supervisor for its children or read elsewhere: no settings, but no typing mistakes either
OTHER_VARIABLES = frozenset({"TALLY_HOME", "TALLY_CACHE", "TALLY_JAR_DIR", "TALLY_PORT"})
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MINIMUM_DEDUP_HOURS = 48
LARGEST_AMOUNT = 10**18
ACCESS = tuple(f"TALLY_KAFKA_{name}" for name in VARIABLES)
# what a supervisor runs besides Kafka and Postgres; with the job go topics, tables and the upkeep of both
PARTS = ("job", "archive", "inbox", "dashboard", "audit")


class SettingsError(TallyError):
    """One or more settings are wrong; the text lists every fault."""

    def __init__(self, faults: list[str]):
        self.faults = faults
        count = "1 setting is" if len(faults) == 1 else f"{len(faults)} settings are"
        super().__init__(
            "\n".join([f"{count} wrong; docs/settings.md lists them all:", *(f"  {one}" for one in faults)])
        )


def setting(default: Any, parse: Callable[[Any], Any], meaning: str) -> Any:
    """Declare one setting: its default, its parser (raises ValueError saying what it must be) and one sentence."""
    return dataclasses.field(default=default, metadata={"parse": parse, "meaning": meaning})


def whole(smallest: int, largest: int) -> Callable[[Any], int]:
    """Return a parser of whole numbers within bounds."""

    def parse(value: Any) -> int:
        text = value.strip() if isinstance(value, str) else value
        if isinstance(text, str) and re.fullmatch(r"-?\d{1,20}", text):
            text = int(text)
        if not isinstance(text, int) or isinstance(text, bool) or not smallest <= text <= largest:
            raise ValueError(f"must be a whole number from {smallest} to {largest}")
        return text

    return parse


def switch(value: Any) -> bool:
    """Parse on/off in the usual spellings."""
    if isinstance(value, bool):
        return value
    spelled = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
    if str(value).strip().lower() not in spelled:
        raise ValueError("must be on or off")
    return spelled[str(value).strip().lower()]


def matching(pattern: str, must_be: str) -> Callable[[Any], str]:
    """Return a parser of texts of one form."""

    def parse(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value.strip()):
            raise ValueError(f"must be {must_be}")
        return value.strip()

    return parse


def zone(value: Any) -> str:
    """Parse the name of a time zone."""
    if value not in available_timezones():
        near = difflib.get_close_matches(str(value), available_timezones(), 1)
        raise ValueError(
            "must be an IANA time zone such as Asia/Shanghai" + (f" (did you mean {near[0]}?)" if near else "")
        )
    return value


def amounts(value: Any) -> tuple[int, ...]:
    """Parse a list of amounts in minor units, ascending; a variable separates them by commas."""
    parts = [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    try:
        parsed = tuple(whole(1, LARGEST_AMOUNT)(part) for part in parts)
    except (TypeError, ValueError):
        parsed = (0,)
    if 0 in parsed or list(parsed) != sorted(set(parsed)):
        raise ValueError("must be ascending whole amounts in minor units, such as 2500000000,5000000000")
    return parsed


def parts(value: Any) -> tuple[str, ...]:
    """Parse a list of parts; a variable separates them by commas."""
    named = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if not isinstance(named, list | tuple) or not named or not all(part in PARTS for part in named):
        raise ValueError(f"must be one or several of {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in named)


def one_of(*choices: str) -> Callable[[Any], str]:
    """Return a parser of one of a few words."""

    def parse(value: Any) -> str:
        if str(value).upper() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(value).upper()

    return parse


def log_level(value: Any) -> str:
    """Parse the name of a log level."""
    if str(value).upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return str(value).upper()


def database_url(value: Any) -> str:
    """Parse a postgresql:// address; empty stands for the embedded server."""
    if not isinstance(value, str) or (value and not is_database_url(value)):
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    return value


def is_database_url(value: str) -> bool:
    """Tell whether an address names a host and a database."""
    try:
        parts = urlsplit(value)
        return parts.scheme in ("postgresql", "postgres") and bool(parts.path.strip("/")) and parts.port != 0
    except ValueError:
        return False


PATH = matching(r"[^\x00\n'\"]{0,1000}", "a text without quotes")
HOST = matching(r"[A-Za-z0-9_.:%-]{1,253}", "a host name or address such as 127.0.0.1 or 0.0.0.0")
SERVER = matching(r"((\[[0-9a-fA-F:.]+\]|[^\s,:]+):\d{1,5})?", "host:port")
JOB_NAME = matching(r"[A-Za-z0-9._-]{1,80}", "letters, digits, dot, dash, underscore")
SERVERS = matching(r"([^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*)?", "host:port, several separated by commas")


@dataclass(frozen=True)
class Settings:
    """Every setting of a deployment; amounts are minor units of the currency."""

    home: Path = dataclasses.field(default=Path(DEFAULT_HOME))
    currency: str = setting(
        "CNY", matching(r"[A-Z]{3}", "an ISO 4217 code such as CNY"), "the one currency of all events"
    )
    store_zone: str = setting("Asia/Shanghai", zone, "time zone of the store day, midnight to midnight")
    target: int = setting(
        0, whole(0, LARGEST_AMOUNT), "gross sales aimed at per store day, in minor units; 0: no target"
    )
    milestones: tuple[int, ...] = setting(
        (), amounts, "totals of a day worth a mark, in minor units; empty: round totals up to the target"
    )
    shipments: bool = setting(False, switch, "shipments are recorded, so sold and shipped stock are told apart")
    stale_seconds: int = setting(10, whole(2, 3600), "age of the data from which pages say STALE, in seconds")
    dedup: bool = setting(True, switch, "a repeated event_id is counted once")
    dedup_hours: int = setting(72, whole(MINIMUM_DEDUP_HOURS, 24 * 90), "how long an event_id is remembered, in hours")
    retention_days: int = setting(
        400, whole(8, 36500), "how long result rows are kept, in days; this version drops nothing yet"
    )
    audit: bool = setting(True, switch, "recompute and compare every result row, every hour on the hour")
    audit_megabytes: int = setting(
        2000, whole(64, 1_000_000), "memory that an audit's recomputation takes before it spills to disk, in MB"
    )
    audit_workers: int = setting(0, whole(0, 256), "processes and threads of an audit; 0: one for each core")
    host: str = setting("127.0.0.1", HOST, "address the dashboard listens on; 0.0.0.0 for a wall on another machine")
    port: int = setting(8600, whole(0, 65535), "the dashboard's port; 0: any free one, kept")
    postgres_port: int = setting(
        15432, whole(0, 65535), "the embedded Postgres's port on loopback; 0: any free one, kept"
    )
    kafka_port: int = setting(0, whole(0, 65535), "the embedded Kafka's port on loopback; 0: any free one, kept")
    kafka: str = setting("", SERVERS, "bootstrap servers of your own Kafka; empty: the embedded one")
    kafka_security: str = setting("PLAINTEXT", one_of(*PROTOCOLS), "how your own Kafka is spoken to")
    kafka_mechanism: str = setting("SCRAM-SHA-512", one_of(*MECHANISMS), "how its user logs in, with SASL")
    kafka_user: str = setting("", PATH, "its user, with SASL")
    kafka_password_file: str = setting("", PATH, "file that holds the user's password")
    kafka_ca_file: str = setting("", PATH, "PEM file of the authority that signed its certificate, with SSL")
    kafka_key_file: str = setting(
        "", PATH, "PEM file of our own key (PKCS 8) with its certificates, where it asks for one"
    )
    database_url: str = setting(
        "", database_url, "address of your own Postgres (DATABASE_URL); empty: the embedded one"
    )
    flink: str = setting("", SERVER, "REST address of your own Flink cluster, host:port; empty: Flink is embedded")
    cluster: int = setting(
        0, whole(0, 64), "TaskManagers of a Flink cluster of processes on this machine; 0: all of Flink in one process"
    )
    submit: bool = setting(
        True, switch, "submit the job to that cluster; off: its JobManager runs it by itself (application mode)"
    )
    job_name: str = setting("tallystream", JOB_NAME, "the job's name on its cluster, one for each deployment")
    parts: tuple[str, ...] = setting(
        PARTS, parts, "what this home runs, where the rest runs elsewhere, as in compose (docs/compose.md)"
    )
    topic: str = setting(
        "sales-events", matching(r"[A-Za-z0-9._-]{1,200}", "letters, digits, dot, dash, underscore"), "the log"
    )
    partitions: int = setting(4, whole(1, 1000), "partitions of the topic when it is created")
    parallelism: int = setting(1, whole(1, 1000), "how many parts of the job run side by side")
    checkpoint_seconds: int = setting(5, whole(1, 3600), "time between two checkpoints of the job, in seconds")
    log_level: str = setting("INFO", log_level, "DEBUG, INFO, WARNING or ERROR")
    log_megabytes: int = setting(
        20, whole(1, 10_000), "size at which a log file is rotated, in MB; three old ones are kept"
    )

    @classmethod
    def load(cls, home: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read tally.toml and the environment; raise SettingsError with every fault found."""
        folder = Path(home or environment.get("TALLY_HOME") or DEFAULT_HOME).expanduser().absolute()
        faults: list[str] = []
        given = read_file(folder / "tally.toml", faults) | read_environment(environment, faults)
        values = {name: parse_one(name, *origin_and_value, faults) for name, origin_and_value in given.items()}
        faults += [] if faults else contradictions(cls(home=folder, **values))
        if faults:
            raise SettingsError(faults)
        return cls(home=folder, **values)

    def tell_own_clients(self) -> None:
        """Put how Kafka lets us in where this process's clients look for it, as its children's do."""
        os.environ.update({name: text for name, text in self.child_environment().items() if name.startswith(ACCESS)})

    def child_environment(self) -> dict[str, str]:
        """Return what every child process is told, by the names of docs/architecture.md."""
        texts = {variable(field.name): as_text(getattr(self, field.name)) for field in fields()}
        del texts["DATABASE_URL"]
        return {**texts, "TALLY_HOME": str(self.home)}


def contradictions(settings: Settings) -> list[str]:
    """Return what is wrong with settings that are each right."""
    files = {name: getattr(settings, name) for name in ("kafka_password_file", "kafka_ca_file", "kafka_key_file")}
    faults = access_faults(settings.kafka_security, settings.kafka_user, files)
    if settings.kafka_security != "PLAINTEXT" and not settings.kafka:
        faults.append(
            f"kafka_security is for a Kafka of your own; found {settings.kafka_security} and no TALLY_KAFKA; name it, "
            "or leave kafka_security out"
        )
    if settings.flink and settings.cluster:
        faults.append(
            f"flink and cluster are both set; found {settings.flink!r} and {settings.cluster}; keep one: a cluster of "
            "yours (TALLY_FLINK), or one that is started here (TALLY_CLUSTER)"
        )
    if "job" not in settings.parts and not (settings.kafka and settings.database_url):
        faults.append(
            f"parts are without the job; found {', '.join(settings.parts)}; name the Kafka and the Postgres that the "
            "one with the job has prepared: TALLY_KAFKA and DATABASE_URL"
        )
    return faults


def fields() -> list[dataclasses.Field]:
    """Return the fields that tally.toml may hold."""
    return [field for field in dataclasses.fields(Settings) if "parse" in field.metadata]


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return "DATABASE_URL" if name == "database_url" else f"TALLY_{name.upper()}"


def as_text(value: Any) -> str:
    """Write a setting's value as its variable holds it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def read_file(path: Path, faults: list[str]) -> dict[str, tuple[str, Any]]:
    """Return {name: (origin, value)} of tally.toml; an absent file is empty, what is wrong goes into faults."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        # a home that can't be entered is told as such, by whoever needs it
        if not os.access(path.parent, os.X_OK):
            return {}
        faults.append(f"{path} can't be read: {error}; mend it, or delete it to use the defaults")
        return {}
    names = [field.name for field in fields()]
    for name in table.keys() - set(names):
        faults.append(f"{name} in {path} is no setting{suggestion(name, names)}; remove or correct it")
    return {name: (f"{name} in {path}", table[name]) for name in names if name in table}


def read_environment(environment: Mapping[str, str], faults: list[str]) -> dict[str, tuple[str, Any]]:
    """Return {name: (origin, value)} of the variables; one that is nearly the name of a setting goes into faults."""
    environment = with_database(environment, faults)
    names = {variable(field.name): field.name for field in fields()}
    for name in sorted(environment.keys() - names.keys() - OTHER_VARIABLES):
        if name.startswith("TALLY_") and (near := suggestion(name, names, cutoff=0.85)):
            faults.append(f"{name} in the environment is no setting{near}; remove or correct it")
    return {names[name]: (name, environment[name]) for name in sorted(names) if environment.get(name)}


def with_database(environment: Mapping[str, str], faults: list[str]) -> Mapping[str, str]:
    """Return the environment with the address that DATABASE_URL_FILE holds, where it names a file."""
    if not (path := environment.get("DATABASE_URL_FILE")):
        return environment
    try:
        return {**environment, "DATABASE_URL": Path(path).read_text(encoding="utf-8").strip()}
    except OSError as error:
        faults.append(f"DATABASE_URL_FILE can't be read; found {path}: {error.strerror}; name a file that we may read")
        return environment


def suggestion(name: str, known: Any, cutoff: float = 0.7) -> str:
    """Return " (did you mean …?)" where a known name is near, else nothing."""
    near = difflib.get_close_matches(name, list(known), 1, cutoff)
    return f" (did you mean {near[0]}?)" if near else ""


def parse_one(name: str, origin: str, value: Any, faults: list[str]) -> Any:
    """Parse one value; a fault names where the value came from, what it must be and what was found."""
    parse = next(field.metadata["parse"] for field in fields() if field.name == name)
    try:
        return parse(value)
    except ValueError as error:
        shown = "***" if name == "database_url" else repr(value)
        faults.append(f"{origin}: {error}; found {shown}")
        return None
