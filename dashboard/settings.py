"""The dashboard's settings, read from the environment once and checked as a whole."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

LARGEST_PORT = 65_535
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SettingsError(ValueError):
    """One or more settings are wrong; the text names every one of them."""


@dataclass(frozen=True)
class DashboardSettings:
    """What `python -m dashboard` needs to know; `connection` is for psycopg2.connect."""

    host: str
    port: int
    connection: tuple[tuple[str, str], ...]
    pool_size: int
    statement_seconds: int
    stale_seconds: int = 10
    names: frozenset[str] = frozenset()

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "DashboardSettings":
        """Read the settings from the environment; raise SettingsError with all faults at once."""
        faults: list[str] = []
        env = with_database(os.environ if env is None else env, faults)

        def take(name: str, default: str, parse: Callable[[str], object]):
            text = env.get(name, "").strip() or default
            try:
                return parse(text)
            except ValueError as fault:
                faults.append(f"{name}: {fault}")
                return None

        host = take("TALLY_HOST", "127.0.0.1", host_name)
        values = cls(
            host=host,
            names=take("TALLY_DASHBOARD_NAMES", ",".join(LOOPBACK) if host in LOOPBACK else "", known_names),
            port=take("TALLY_PORT", "8600", whole_number(0, LARGEST_PORT)),
            connection=take("DATABASE_URL", "", connection_parts),
            pool_size=take("TALLY_DASHBOARD_CONNECTIONS", "4", whole_number(1, 32)),
            stale_seconds=take("TALLY_STALE_SECONDS", "10", whole_number(2, 3600)),
            statement_seconds=take("TALLY_DASHBOARD_TIMEOUT", "10", whole_number(1, 300)),
        )
        if faults:
            raise SettingsError(
                "the dashboard can't start; these settings are wrong:\n" + "\n".join(f"  {f}" for f in faults)
            )
        return values


def with_database(env: Mapping[str, str], faults: list[str]) -> Mapping[str, str]:
    """Return the environment with the address that DATABASE_URL_FILE holds, where it names a file."""
    if not (path := env.get("DATABASE_URL_FILE")):
        return env
    try:
        return {**env, "DATABASE_URL": Path(path).read_text("utf-8").strip()}
    except OSError as fault:
        faults.append(f"DATABASE_URL_FILE: can't be read; found {path}: {fault.strerror}; name a file that we may read")
        return env


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Make a parser of a whole number within bounds; it raises ValueError."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise ValueError(
                f"not a whole number from {least} to {most}; found {text!r}; change it or unset it for the default"
            )
        return value

    return parse


def host_name(text: str) -> str:
    """Return the address to listen on; raise ValueError on one that can't be one."""
    if any(c.isspace() or c in "/?#" for c in text) or "://" in text:
        raise ValueError(
            f"not a host name or address; found {text!r}; use 127.0.0.1, or 0.0.0.0 to be seen by other machines"
        )
    return text


def known_names(text: str) -> frozenset[str]:
    """Return the names by which browsers may reach the pages; none: any. Raise ValueError on one that can't be one."""
    return frozenset(host_name(name.strip()).lower() for name in text.split(",") if name.strip())


def connection_parts(text: str) -> tuple[tuple[str, str], ...]:
    """Split a postgresql:// URL into keywords of psycopg2.connect; raise ValueError without showing the password."""
    example = "postgresql://tally_dashboard:PASSWORD@127.0.0.1:5432/tally"
    if not text:
        raise ValueError(f"missing; the environment has none; set it to {example} (see .env.example)")
    url = urlsplit(text)
    if url.scheme not in ("postgresql", "postgres"):
        raise ValueError(f"not a Postgres URL; it begins with {url.scheme or text[:12]!r}; use {example}")
    try:
        port = url.port
    except ValueError:
        raise ValueError(f"the port is not a number from 1 to {LARGEST_PORT}; use {example}") from None
    if not url.path.strip("/"):
        raise ValueError(f"names no database; nothing follows the host; use {example}")
    parts = {
        "host": url.hostname,
        "port": port and str(port),
        "dbname": unquote(url.path[1:]),
        "user": url.username and unquote(url.username),
    }
    parts["password"] = url.password and unquote(url.password)
    return tuple((k, v) for k, v in {**parts, **dict(parse_qsl(url.query))}.items() if v)
