"""CSV of what a panel shows, from the shared store."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.queries import Queries, shared_queries
from dashboard.settings import DashboardSettings

# What a statement may be asked for, by the name in the address.
PARAMETERS = {
    "sales_curve_today": ("channel",),
    "sales_minutes": ("channel",),
    "latest_orders": (),
    "top_products_today": (),
    "regions_today": ("channel",),
    "channels_today": (),
    "stock_exceptions": ("state", "warehouse"),
    "cover_by_category": ("warehouse",),
    "stock_ledger_today": ("warehouse",),
    "reject_reasons": (),
    "lag_minutes": (),
    "checkpoints": (),
    "table_sizes": (),
}
# The wide forms too: a spreadsheet in Chinese or Japanese takes them for the narrow ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LARGEST_VALUE = 128
OLD = (
    "no new data; {reason}; the last answer came at {at} and is not sent, as it may be old; "
    "try again in a few seconds\n"
)


def address(name: str, **parameters: str | None) -> str:
    """Return where a panel's CSV is."""
    given = {key: value for key, value in parameters.items() if value is not None}
    return f"/csv/{name}.csv" + (f"?{urlencode(given)}" if given else "")


def cell(value: Any, zone: ZoneInfo) -> Any:
    """Return a value as a cell: times in the store's zone; a text that a spreadsheet would run is quoted."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def as_csv(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> str:
    """Return rows as CSV with the columns' names on top; empty without rows."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: cell(value, zone) for name, value in row.items()} for row in rows)
    return text.getvalue()


def send_csv(request: Request) -> Response:
    """Answer with a statement's CSV; a plain function, so that it runs in a thread of its own."""
    return answer(shared_queries(DashboardSettings.from_env()), request.path_params["name"], request.query_params)


def answer(queries: Queries, name: str, asked: Mapping[str, str]) -> Response:
    """Return the CSV, 404 for a name that has none, 503 while Postgres does not answer."""
    if name not in PARAMETERS:
        return PlainTextResponse(
            f"no such download; found {name!r}; there are {', '.join(PARAMETERS)}\n", status_code=404
        )
    parameters = {key: asked.get(key, "")[:LARGEST_VALUE] or None for key in PARAMETERS[name]}
    reading, store = queries.read(name, **parameters), queries.read("store")
    if reading.value is None or store.value is None:
        reason = reading.error or store.error or "the first answer is on its way"
        return PlainTextResponse(f"no data yet; {reason}; try again in a few seconds\n", status_code=503)
    zone = ZoneInfo(store.value[0]["store_zone"])
    if reading.error is not None:
        # A file does not say how old it is, as a panel does.
        at = f"{datetime.fromtimestamp(reading.read_at, tz=zone):%H:%M:%S}"
        return PlainTextResponse(OLD.format(reason=reading.error, at=at), status_code=503)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    # The mark tells spreadsheets that this is UTF-8.
    return Response("\ufeff" + as_csv(reading.value, zone), media_type="text/csv; charset=utf-8", headers=headers)


def routes() -> list[Route]:
    """Return the routes of the downloads."""
    return [Route("/csv/{name}.csv", send_csv)]
