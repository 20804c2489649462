"""The Flink SQL of the job: read from `sql/flink/`, one statement per file, rendered with the settings' values."""

import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import quote, urlencode

from pipeline.settings import SAFE_VALUE, Database, PipelineSettings

_CHECKOUT = Path(__file__).resolve().parent.parent / "sql" / "flink"
SQL_DIR = _CHECKOUT if _CHECKOUT.is_dir() else Path(sysconfig.get_path("purelib")) / "sql" / "flink"

# Sends a sink's rows together; more than that or older than the interval is flushed at once.
FLUSH_ROWS = "5000"
FLUSH_INTERVAL = "200 ms"
# The name of a job by the schema that it fills: to Postgres, and to Kafka as its consumer group.
APPLICATIONS = {"tally": "tally-job", "tally_shadow": "tally-rebuild"}
# What the statements are rendered with.
VALUES = (
    *("topic", "kafka", "group_id", "bounded_mode", "bounded_offsets", "jdbc_url", "flush_rows", "flush_interval"),
    *("kafka_security", "kafka_mechanism", "kafka_ca_file", "kafka_key_file"),
)
# The one call of the contract; Kafka's append time as epoch milliseconds UTC.
PARSED = "parse_event(`value`, EXTRACT(EPOCH FROM append_time) * 1000 + EXTRACT(MILLISECOND FROM append_time))"


class StatementError(ValueError):
    """A statement can't be rendered; the text names its file."""


@dataclass(frozen=True)
class Statement:
    """One rendered statement and the name of the object it makes or fills."""

    name: str
    text: str


def jdbc_url(database: Database, schema: str = "tally") -> str:
    """Return the JDBC address without the password (see `session.write_password_file`)."""
    options = {
        "user": database.user,
        "currentSchema": schema,
        "reWriteBatchedInserts": "true",
        "ApplicationName": APPLICATIONS[schema],
        "connectTimeout": "10",
        "socketTimeout": "30",
        "tcpKeepAlive": "true",
        # A checkpoint promises that what it has flushed is kept, whatever the server's own default is.
        "options": "-c synchronous_commit=on",
    }
    options |= {name: value for name, value in database.options if name == "sslmode"}
    host = f"[{database.host}]" if ":" in database.host else database.host
    return f"jdbc:postgresql://{host}:{database.port}/{quote(database.name)}?{urlencode(options)}"


def template_values(
    settings: PipelineSettings, bounded: bool = False, ends: Mapping[int, int] | None = None
) -> dict[str, str]:
    """Return the value of every `${name}` of sql/flink.

    `bounded` ends the job at the log's present end, `ends` (partition → first offset not to read) at those.
    """
    offsets = ";".join(f"partition:{partition},offset:{offset}" for partition, offset in sorted((ends or {}).items()))
    return {
        "topic": settings.topic,
        "kafka": settings.kafka,
        "group_id": f"{APPLICATIONS[settings.schema]}-{settings.topic}",
        "bounded_mode": "specific-offsets" if ends else "latest-offset" if bounded else "unbounded",
        "bounded_offsets": offsets,
        "jdbc_url": jdbc_url(settings.database, settings.schema),
        "flush_rows": FLUSH_ROWS,
        "flush_interval": FLUSH_INTERVAL,
        **settings.access.values,
    }


def render(path: Path, values: dict[str, str]) -> Statement:
    """Return the statement of one file.

    Raise StatementError for a name without a value, or a value that SQL would have to quote.
    """
    if unsafe := [name for name, value in values.items() if not SAFE_VALUE.fullmatch(value)]:
        raise StatementError(f"{path.name}: ${{{unsafe[0]}}} has a character that SQL would quote; change the setting")
    try:
        text = Template(path.read_text("utf-8")).substitute(values, parsed=PARSED)
    except (KeyError, ValueError) as fault:
        raise StatementError(f"{path}: {fault} has no value; the job renders {', '.join(sorted(values))}") from None
    return Statement(path.stem, text.strip())


def tables(values: dict[str, str]) -> list[Statement]:
    """Return the statements that define functions, source and sinks, in the order to run them."""
    return _rendered(values, "functions", "sources", "sinks")


def access(values: dict[str, str], names: tuple[str, ...]) -> list[Statement]:
    """Return the statements by which the source is let into a Kafka that asks for more than its address."""
    return [render(SQL_DIR / "access" / f"{name}.sql", values) for name in names]


def views(values: dict[str, str], dedup: bool = True) -> list[Statement]:
    """Return the statements that define the views between source and sinks, in the order to run them."""
    return _rendered(values, "views/dedup_on" if dedup else "views/dedup_off", "views")


def inserts(values: dict[str, str]) -> list[Statement]:
    """Return the statements of the one STATEMENT SET, named after their sinks."""
    return _rendered(values, "inserts")


def _rendered(values: dict[str, str], *folders: str) -> list[Statement]:
    return [render(path, values) for folder in folders for path in sorted((SQL_DIR / folder).glob("*.sql"))]
