"""What one viewer's run of a page needs: how they read, the shared queries, and the state of the data."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.currency import Currency
from dashboard.locales import LANGUAGES, Locale
from dashboard.queries import Queries, shared_queries
from dashboard.settings import DashboardSettings
from dashboard.shaping.status import Status, judge
from dashboard.store import Reading

TICK_SECONDS = 2


@dataclass(frozen=True)
class Viewer:
    """One run for one viewer; made anew for each, so that its status is read once and is the same for all panels."""

    locale: Locale
    queries: Queries
    paused: bool
    stale_seconds: float = 10.0
    clock: Callable[[], float] = field(default=time.time)

    def read(self, name: str, **parameters: Any) -> Reading:
        """Return the newest reading of a statement."""
        return self.queries.read(name, **parameters)

    @cached_property
    def status(self) -> Status:
        """Return the state of the data as a whole."""
        return judge(self.read("status"), self.paused, self.clock(), self.stale_seconds, self.locale)

    @cached_property
    def now(self) -> datetime:
        """Return the store's time: the database's clock, carried on since it was read, so that both agree."""
        reading = self.read("status")
        moment = datetime.fromtimestamp(self.clock(), tz=self.locale.zone)
        if not reading.value:
            return moment
        return (
            reading.value[0]["now_at"] + (moment - datetime.fromtimestamp(reading.read_at, tz=self.locale.zone))
        ).astimezone(self.locale.zone)

    @cached_property
    def definitions(self) -> dict[tuple[str, str], str]:
        """Return the views' comments in the viewer's language by (view, column)."""
        column = "definition_zh" if self.locale.language == "zh" else "definition_en"
        rows = self.read("definitions").value or []
        return {(row["object_name"], row["column_name"]): row[column] for row in rows}

    def definition(self, view: str, column: str) -> str | None:
        """Return what a column means, or nothing where it has no comment."""
        return self.definitions.get((view, column)) or None


def browser_language() -> str:
    """Return zh for a browser that asks for Chinese, else en."""
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def current_viewer() -> Viewer:
    """Return the viewer of this run from the session's widgets and the deployment's settings."""
    settings = DashboardSettings.from_env()
    queries = shared_queries(settings)
    row = (queries.read("store").value or [{}])[0]
    language = st.session_state.get("lang") or browser_language()
    locale = Locale(
        language if language in LANGUAGES else "en",
        # Before the first answer nothing but the title line is drawn with these.
        Currency(row.get("currency", "CNY")),
        ZoneInfo(row.get("store_zone", "Asia/Shanghai")),
    )
    return Viewer(locale, queries, bool(st.session_state.get("paused")), settings.stale_seconds)


def tick(viewer_paused: bool) -> int | None:
    """Return how often a fragment runs again, in seconds; none while paused."""
    return None if viewer_paused else TICK_SECONDS
