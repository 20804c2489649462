"""Settings of the audit, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tally.archive_settings import home_folder, parsed, required
from tally.audit_contract import Contract
from tally.settings import MINIMUM_DEDUP_HOURS, SERVERS, SettingsError, database_url, matching, switch, whole

KEY_BYTES = 32
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class AuditSettings:
    """What the audit compares, and how long it waits.

    `settle_seconds`: a record older than this is expected in every result table that shows it at all.
    `patience_seconds`: how long to wait for the job to reach the log's end. `rounds`: how often rows that move are
    looked at.
    """

    home: Path
    kafka: str
    topic: str
    database_url: str
    currency: str = "CNY"
    dedup: bool = True
    dedup_hours: int = 72
    buyer_key: bytes = field(default=b"", repr=False)
    settle_seconds: float = 15.0
    patience_seconds: float = 60.0
    rounds: int = 5
    megabytes: int = 2000
    workers: int = os.cpu_count() or 1

    @property
    def folder(self) -> Path:
        """Return the folder of the archive."""
        return self.home / "archive"

    @property
    def dedup_ms(self) -> int | None:
        """Return how long an id is remembered, None when repeats are not looked for."""
        return self.dedup_hours * HOUR_MS if self.dedup else None

    @property
    def contract(self) -> Contract:
        """Return the event contract of this deployment."""
        return Contract(self.currency, self.buyer_key)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> "AuditSettings":
        """Read the variables of docs/architecture.md; raise SettingsError with every fault."""
        faults: list[str] = []
        home = home_folder(environment)
        currency = matching(r"[A-Z]{3}", "an ISO 4217 code such as CNY")
        checkpoint = parsed(environment, "TALLY_CHECKPOINT_SECONDS", "5", whole(1, 3600), faults)
        settings = cls(
            home=home,
            kafka=required(environment, "TALLY_KAFKA", SERVERS, faults),
            topic=environment.get("TALLY_TOPIC") or "sales-events",
            database_url=required(environment, "DATABASE_URL", database_url, faults),
            currency=parsed(environment, "TALLY_CURRENCY", "CNY", currency, faults),
            dedup=parsed(environment, "TALLY_DEDUP", "on", switch, faults),
            dedup_hours=parsed(environment, "TALLY_DEDUP_HOURS", "72", whole(MINIMUM_DEDUP_HOURS, 24 * 90), faults),
            buyer_key=read_key(environment, home, faults),
            megabytes=parsed(environment, "TALLY_AUDIT_MEGABYTES", "2000", whole(64, 1_000_000), faults),
            workers=parsed(environment, "TALLY_AUDIT_WORKERS", "0", whole(0, 256), faults) or os.cpu_count() or 1,
            # two checkpoints flush every sink, whatever its buffers hold
            settle_seconds=2.0 * (checkpoint or 0) + 5.0,
        )
        if faults:
            raise SettingsError(faults)
        return settings


def read_key(environment: Mapping[str, str], home: Path, faults: list[str]) -> bytes:
    """Return the key of the customer hash; a fault never shows what the file holds."""
    path = Path(environment.get("TALLY_BUYER_KEY_FILE") or home / "run" / "buyer.key")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        faults.append(f"TALLY_BUYER_KEY_FILE: {path} can't be read; found: {error.strerror}; `tally run` writes it")
        return b""
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        faults.append(f"TALLY_BUYER_KEY_FILE: {path} must hold {KEY_BYTES} bytes as hex digits; restore it, or rebuild")
    return key
