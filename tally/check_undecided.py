"""Which rows of a check depend on the order of reading: the audit knows it from the copies of events in the log."""

from collections.abc import Callable, Collection, Mapping

from psycopg2.extras import execute_values

from tally.audit_log import AuditError
from tally.audit_run import opened
from tally.audit_settings import AuditSettings
from tally.bounded_job import CheckError
from tally.settings import SettingsError
from tally.shadow import shadow_tables, transaction


def undecided_keys(
    environment: Mapping[str, str], say: Callable[[str], None], tables: Collection[str]
) -> dict[str, list[dict]]:
    """Return {table: keys of rows that depend on which copy of an event was read first}, as the audit knows them.

    Copies in several partitions may be read in another order by a second run, and one beyond the dedup horizon is a
    copy to a run that takes minutes. Raise CheckError.
    """
    try:
        with opened(AuditSettings.from_env(environment), say=say) as audit:
            return audit.undecided_keys(tables)
    except (AuditError, SettingsError) as error:
        raise CheckError(
            f"rows of {', '.join(tables)} differ, and which of them depend on the order of reading can't be told; "
            f"{error}; mend that, and run it again"
        ) from error


def keep_undecided(url: str, found: Mapping[str, list[dict]]) -> None:
    """Note beside the copies which rows are undecided: {table: their keys}. Raise DatabaseError."""
    with transaction(url, "check_undecided_keys") as cursor:
        for table in shadow_tables(cursor):
            if keys := found.get(table.name):
                text = table.compose("check_undecided_keys").as_string(cursor)
                execute_values(cursor, text, [tuple(key[name] for name in table.key) for key in keys])
