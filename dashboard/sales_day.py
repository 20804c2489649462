"""Today as one viewer asked for it: the readings that the panels of sales share."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from dashboard import markup
from dashboard.shaping import sales as shape
from dashboard.shaping.health import seal_time
from dashboard.shaping.sales import Curve, whole
from dashboard.store import Reading
from dashboard.viewer import Viewer

BASES = ("yesterday", "lastweek")
PERIODS = {"yesterday": "yesterday", "lastweek": "last_week"}


def basis_name(viewer: Viewer, basis: str) -> str:
    """Return yesterday or last Sunday."""
    last_week = viewer.now.date() - timedelta(days=7)
    return viewer.locale.t(basis, weekday=viewer.locale.weekday(last_week))


def channels_seen(viewer: Viewer) -> list[str]:
    """Return the channels that sold something in the last days."""
    return [row["channel"] for row in viewer.read("channels").value or []]


@dataclass(frozen=True)
class Day:
    """Today as one viewer asked for it: compared with `basis`, in one channel or in `all`."""

    viewer: Viewer
    basis: str
    channel: str

    @property
    def filter(self) -> str | None:
        """Return the channel to ask for; none for all of them."""
        return None if self.channel == "all" else self.channel

    @property
    def revision(self) -> str:
        """Return what resets a chart's zoom when it changes."""
        return f"{self.basis}-{self.channel}-{self.viewer.now.date()}"

    @cached_property
    def totals_reading(self) -> Reading:
        """Return the reading of today's totals."""
        if self.filter is None:
            return self.viewer.read("sales_today")
        return self.viewer.read("sales_today_by_channel", channel=self.filter)

    @cached_property
    def totals(self) -> dict[str, Any] | None:
        """Return today's totals; none before the day's first event or the first answer."""
        row = (self.totals_reading.value or [None])[0]
        return row if row and row["has_events"] else None

    @property
    def gmv(self) -> int:
        """Return today's GMV in minor units."""
        return whole(self.totals["gross_amount"]) if self.totals else 0

    @property
    def as_of(self) -> datetime:
        """Return up to when the totals are visible: where today's line ends and comparisons are cut."""
        return self.totals["as_of"] if self.totals else self.viewer.now

    def past(self, column: str, basis: str) -> int | None:
        """Return a past day's figure at the same elapsed time; none where it is not loaded."""
        return whole(self.totals[f"{column}_{PERIODS[basis]}"])

    @property
    def ordered_bases(self) -> tuple[str, ...]:
        """Return the chosen comparison, then the other one."""
        return BASES if self.basis == BASES[0] else BASES[::-1]

    @property
    def empty(self) -> tuple[str, str] | None:
        """Return the words for nothing to show: with a filter they name it."""
        t = self.viewer.locale.t
        if self.filter is None:
            return None
        chosen = t("filter", name=t("channel"), value=self.viewer.locale.channel(self.filter))
        return t("nomatch_t"), t("nomatch_b", filters=chosen)

    @cached_property
    def past_reading(self) -> Reading:
        """Return the reading of the past days' curves."""
        return self.viewer.read("sales_curve_past", channel=self.filter)

    @cached_property
    def curve_reading(self) -> Reading:
        """Return the reading of today's curve."""
        return self.viewer.read("sales_curve_today", channel=self.filter)

    def past_curve(self, basis: str) -> Curve:
        """Return a whole past day's curve."""
        return shape.past_curve(self.past_reading.value or [], PERIODS[basis], self.as_of, self.viewer.locale.zone)

    def today_curve(self) -> Curve:
        """Return today's curve up to now."""
        return shape.today_curve(self.curve_reading.value or [], self.gmv, self.as_of, self.viewer.locale.zone)


def seal(viewer: Viewer) -> str:
    """Return the seal of the newest audit; nothing unless every row was equal less than two hours ago."""
    row = (viewer.read("audit_newest").value or [None])[0]
    finished = row and seal_time(row["verdict"], row["finished_at"], viewer.now)
    if not finished or viewer.status.tag:
        return ""
    text = viewer.locale.t("reconciled", t=viewer.locale.clock(finished, "%H:%M"))
    address = f"/health?lang={viewer.locale.language}"
    return f'<a class="ts-seal" href="{address}" target="_self"><i aria-hidden="true">{markup.CHECK}</i>{text}</a>'
