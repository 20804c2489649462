"""Write the job's heartbeat and its checkpoints into Postgres, and go on when the database is away."""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from psycopg2.extras import execute_batch

from pipeline.checkpoints import clear_other_runs
from pipeline.flink_rest import CheckpointStat, FlinkRest, FlinkUnreachable, JobState, innermost_cause
from pipeline.session import Folders
from pipeline.settings import PipelineSettings
from pipeline.statements import SQL_DIR

INTERVAL_SECONDS = 1.0
CONNECT_SECONDS = 3
STATEMENT_MS = 5_000

_UPKEEP = SQL_DIR.parent / "postgres" / "upkeep"


class ResultStore:
    """The two tables that the job fills beside its results, over one connection that is opened again when it breaks."""

    def __init__(self, settings: PipelineSettings) -> None:
        self._settings = settings
        self._connection: psycopg2.extensions.connection | None = None

    def _connect(self) -> psycopg2.extensions.connection:
        if self._connection is None or self._connection.closed:
            database = self._settings.database
            self._connection = psycopg2.connect(
                host=database.host,
                port=database.port,
                dbname=database.name,
                user=database.user,
                password=database.password,
                connect_timeout=CONNECT_SECONDS,
                options=f"-c statement_timeout={STATEMENT_MS}",
                application_name="tally-job-monitor",
                **{name: value for name, value in database.options if name == "sslmode"},
            )
            self._connection.autocommit = True
        return self._connection

    def save(self, run: dict, checkpoints: list[dict]) -> None:
        """Upsert one row of job_runs and the rows of checkpoint_stats. Raise psycopg2.Error."""
        try:
            with self._connect().cursor() as cursor:
                cursor.execute((_UPKEEP / "save_job_run.sql").read_text("utf-8"), run)
                if checkpoints:
                    execute_batch(cursor, (_UPKEEP / "save_checkpoint_stat.sql").read_text("utf-8"), checkpoints)
        except psycopg2.Error:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
        self._connection = None


class Monitor:
    """Watch one run of the job about once a second in a thread of its own."""

    def __init__(
        self,
        settings: PipelineSettings,
        rest: FlinkRest,
        job_id: str,
        resumed_from: Path | None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
    ) -> None:
        self._rest, self._job_id, self._clock, self._say = rest, job_id, clock, say
        self._checkpoint_dir = Folders.of(settings, os.getpid()).checkpoints
        self._writes = not settings.shadow
        self._run = {
            "job_id": job_id,
            "name": settings.job_name,
            "resumed_from": str(resumed_from) if resumed_from else None,
            "parallelism": settings.parallelism,
        }
        self._store = ResultStore(settings)
        self._settled: set[int] = set()
        self._last_end = (0, "COMPLETED")
        self._database_away = self._cleared = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="monitor", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self, final_state: str | None = None, timeout: float = CONNECT_SECONDS) -> None:
        """End the thread and, where the job's end is known, write it as the run's last state."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        if final_state and not self._thread.is_alive() and "started_at" in self._run:
            self._save({**self._run, "state": final_state, "heartbeat_at": self._clock()}, [])
        self._store.close()

    def _watch(self) -> None:
        while not self._stopped.is_set():
            # A cluster that does not answer is the main loop's business: it ends the process.
            with suppress(FlinkUnreachable):
                self.observe()
            self._stopped.wait(INTERVAL_SECONDS)

    def observe(self) -> None:
        """Ask Flink once and write what is new. Raise FlinkUnreachable."""
        state, checkpoints = self._rest.job_state(self._job_id), self._rest.checkpoints(self._job_id)
        if not self._cleared and any(checkpoint.status == "COMPLETED" for checkpoint in checkpoints):
            clear_other_runs(self._checkpoint_dir, self._job_id)
            self._cleared = True
        for ended in sorted(one.end for one in checkpoints if one.end > self._last_end and one.status != "IN_PROGRESS"):
            self._tell(ended)
        news = [checkpoint for checkpoint in checkpoints if checkpoint.checkpoint_id not in self._settled]
        if self._save(self._heartbeat(state), [self._row(checkpoint) for checkpoint in news]):
            self._settled |= {news_item.checkpoint_id for news_item in news if news_item.status != "IN_PROGRESS"}

    def _tell(self, end: tuple[int, str]) -> None:
        """Say once that checkpoints fail, and once that they are complete again."""
        (number, status), before = end, self._last_end[1]
        if status == "FAILED" and before != status:
            why = innermost_cause(self._rest.checkpoint_failure(self._job_id, number))
            self._say(f"job: checkpoint {number} failed; {why}; results go on, a restart repeats what came since")
        elif before == "FAILED" and status == "COMPLETED":
            self._say(f"job: checkpoint {number} is complete; they work again")
        self._last_end = end

    def _heartbeat(self, state: JobState) -> dict:
        self._run |= {"started_at": state.started_at, "restarts": state.restarts}
        return {**self._run, "state": state.state, "heartbeat_at": self._clock()}

    def _row(self, stat: CheckpointStat) -> dict:
        return {"job_id": self._job_id, **asdict(stat)}

    def _save(self, run: dict, checkpoints: list[dict]) -> bool:
        # The pages and `tally wait` ask these tables about the live job.
        if not self._writes:
            return True
        try:
            self._store.save(run, checkpoints)
        except psycopg2.Error as fault:
            if not self._database_away:
                self._say(f"job: no heartbeat written; Postgres says: {str(fault).strip()}; trying again each second")
            self._database_away = True
            return False
        self._database_away = False
        return True
