"""What Tallystream asks of the Postgres it runs on, looked at before any part starts."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tally.database import execute
from tally.errors import TallyError
from tally.settings import Settings
from tally.sql_files import SQL_FOLDER

SINKS = SQL_FOLDER.parent / "flink" / "sinks"
# a rebuild's job beside the live one
JOBS = 2
# two monitors of jobs, the archive, an audit (two), the supervisor, its chores and its screen
OTHER_CONNECTIONS = 8
YEARS = range(1990, 2038)


class DemandError(TallyError):
    """The server lacks something without which results would be wrong or a rebuild never end."""


def check_server(url: str, settings: Settings) -> None:
    """Check that the server, asked as the writer, fits the settings; raise DemandError where it does not."""
    check_zone(url, settings.store_zone)
    check_connections(url, settings.parallelism)


def check_zone(url: str, zone: str) -> None:
    """Check that Postgres and Python mean the same by a zone's name; raise DemandError where they don't."""
    is_known, abbreviated = execute(url, "zone_as_read", {"zone": zone})[0]
    cure = "give the full name of a zone, such as Asia/Shanghai or Europe/Berlin (TALLY_STORE_ZONE)"
    if not is_known:
        raise DemandError(
            f"store_zone can't be used; found {zone!r}, which this Postgres does not know as a time zone; {cure}"
        )
    if abbreviated is not None and not is_always(zone, abbreviated):
        raise DemandError(
            f"store_zone can't be used; found {zone!r}, which Postgres reads as an abbreviation that stands for "
            f"{abbreviated.total_seconds() / 3600:+g} h in summer and winter; {cure}"
        )


def is_always(zone: str, offset: timedelta) -> bool:
    """Tell whether a zone keeps one offset in winter and summer of every year."""
    known = ZoneInfo(zone)
    return all(known.utcoffset(datetime(year, month, 1)) == offset for year in YEARS for month in (1, 7))


def check_connections(url: str, parallelism: int) -> None:
    """Check that two jobs, as in a rebuild, get their connections; raise DemandError where they don't."""
    sinks = len(list(SINKS.glob("*.sql")))
    needed = sinks * JOBS * parallelism + OTHER_CONNECTIONS
    role, role_limit, server_room = execute(url, "connection_room")[0]
    room = server_room if role_limit is None else min(role_limit, server_room)
    if needed > room:
        most = (room - OTHER_CONNECTIONS) // (sinks * JOBS)
        lower = [f"lower TALLY_PARALLELISM to {most}, or"] if most > 0 else []
        raised = [f"the connection limit of {role} raised to {needed}"] if needed > (role_limit or needed) else []
        raised += [f"max_connections raised by {needed - server_room}"] if needed > server_room else []
        raise DemandError(
            f"a parallelism of {parallelism} needs {needed} connections to Postgres ({sinks} tables × {parallelism}, "
            f"twice during a rebuild, and {OTHER_CONNECTIONS}); found {room}: {role} may have "
            f"{'any number' if role_limit is None else role_limit}, the server has {server_room} for it; "
            f"{' '.join([*lower, 'give it more:'])} {' and '.join(raised)} (docs/settings.md)"
        )
