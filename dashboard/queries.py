"""The statements of sql/postgres/queries, asked through the shared store."""

import re
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dashboard.pool import Pool
from dashboard.settings import DashboardSettings
from dashboard.store import Reading, Store

FOLDER = Path(__file__).resolve().parents[1] / "sql" / "postgres" / "queries"
MAKING = threading.Lock()
REFRESH = re.compile(r"^-- refresh: (\d+) s$", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """One statement of the dashboard: its text, and how old its result may be."""

    name: str
    text: str
    refresh_seconds: int


@cache
def statements() -> dict[str, Statement]:
    """Return the dashboard's statements by file stem; others in the folder are documentation and name no refresh."""
    found = {}
    for path in sorted(FOLDER.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        if refresh := REFRESH.search(text):
            found[path.stem] = Statement(path.stem, text, int(refresh[1]))
    return found


class Queries:
    """Reads of statements by name; one read serves all viewers."""

    def __init__(self, pool: Pool, store: Store):
        self._pool = pool
        self._store = store

    def read(self, name: str, **parameters: Any) -> Reading:
        """Return the newest rows of a statement, a list of dicts; raise KeyError on an unknown name."""
        statement = statements()[name]
        key = (name, *sorted(parameters.items()))
        return self._store.read(key, lambda: self._pool.rows(statement.text, parameters), statement.refresh_seconds)


@cache
def made_queries(settings: DashboardSettings) -> Queries:
    """Make a Queries object; call shared_queries, which makes one only."""
    return Queries(Pool(settings), Store(overdue_seconds=settings.statement_seconds + 2))


def shared_queries(settings: DashboardSettings) -> Queries:
    """Return the one Queries object of this process for these settings."""
    # functools.cache alone would make two of them for two viewers who come first at the same time.
    with MAKING:
        return made_queries(settings)
