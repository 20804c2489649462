"""The job's plan, compiled once and kept: a start after the first spends no time on what the SQL means.

The optimizer's work is a third of a start, and the totals stand still for it (docs/decisions/0002). A plan names its
tables only; where they lie comes from the statements that define them, which run at each start.
"""

import hashlib
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.settings import PipelineSettings
from pipeline.statements import VALUES, access, inserts, tables, template_values, views
from pipeline.stopping import say

if TYPE_CHECKING:
    from pyflink.table import CompiledPlan, StatementSet, TableEnvironment


class PlanFile:
    """The file of the one plan that fits the SQL, the settings and the version of Flink."""

    def __init__(self, folder: Path, dedup: bool, options: Mapping[str, str]) -> None:
        self._folder = folder
        self.path = folder / f"plan-{_digest(dedup, options)}.json"

    def load(self, session: "TableEnvironment") -> "CompiledPlan | None":
        """Return the kept plan for a session that has its tables; None where there is none that can be read."""
        from py4j.protocol import Py4JError
        from pyflink.table import CompiledPlan, PlanReference
        from pyflink.util.exceptions import JavaException

        if not self.path.exists():
            return None
        try:
            loaded = session.load_plan(PlanReference.from_file(self.path))
        except (JavaException, Py4JError) as fault:
            say(f"the kept plan {self.path} can't be read; {str(fault).splitlines()[0]}; it is made anew")
            return None
        # what PyFlink 2.2.1 has loaded knows no session and can't be executed (FLINK-39384, mended in 2.2.2)
        return CompiledPlan(loaded._j_compiled_plan, session)

    def keep(self, plan: "CompiledPlan") -> None:
        """Keep `plan` instead of all others, whole or not at all; a full disk keeps no job from running."""
        written = self.path.with_suffix(".new")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.drop()
            written.write_text(plan.as_json_string(), "utf-8")
            os.replace(written, self.path)
        except OSError as fault:
            say(f"the plan can't be kept; found {written}: {fault.strerror}; the next start makes it anew")

    def drop(self) -> None:
        """Keep no plan: the next start makes one."""
        for kept in self._folder.glob("plan-*"):
            kept.unlink(missing_ok=True)


def planned(
    session: "TableEnvironment", settings: PipelineSettings, file: PlanFile, ends: Mapping[int, int] | None = None
) -> "CompiledPlan":
    """Define the job's tables in `session` and return the plan of its inserts: the kept one, or a new one to keep.

    With `ends` (partition → first offset not to read) the job ends there by itself.
    """
    values = template_values(settings, ends=ends)
    define_tables(session, values, settings.access.statements)
    if plan := file.load(session):
        return plan
    plan = statement_set(session, values, settings.dedup).compile_plan()
    file.keep(plan)
    return plan


def define_tables(session: "TableEnvironment", values: dict[str, str], allowed_by: tuple[str, ...] = ()) -> None:
    """Run the statements that define functions, source and sinks: what a plan needs in order to be loaded.

    `allowed_by` names what the source needs to be let into its Kafka (sql/flink/access).
    """
    for statement in (*tables(values), *access(values, allowed_by)):
        session.execute_sql(statement.text)


def statement_set(session: "TableEnvironment", values: dict[str, str], dedup: bool = True) -> "StatementSet":
    """Run the definitions of the views and return the one statement set of all inserts, not yet submitted."""
    for statement in views(values, dedup):
        session.execute_sql(statement.text)
    inserted = session.create_statement_set()
    for statement in inserts(values):
        inserted.add_insert_sql(statement.text)
    return inserted


def _digest(dedup: bool, options: Mapping[str, str]) -> str:
    """Name what a plan depends on: the statements without their addresses, table options, Flink, the parsed record."""
    from pipeline.parse_event import RESULT_TYPE

    anywhere = dict.fromkeys(VALUES, "anywhere")
    statements = [one.text for one in (*tables(anywhere), *views(anywhere, dedup), *inserts(anywhere))]
    told = sorted(f"{name}={value}" for name, value in options.items() if name.startswith("table."))
    parts = [version("apache-flink"), str(RESULT_TYPE), *told, *statements]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
