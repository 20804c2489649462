"""One migrated Postgres and one Flink session for all tests of the job that need them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest

from pipeline import session as flink
from pipeline.settings import PipelineSettings
from tally import jars, migrate
from tally.postgres import EmbeddedPostgres

if TYPE_CHECKING:
    from pyflink.table import TableEnvironment

BUYER_KEY = bytes(range(32))


@pytest.fixture(scope="session")
def job_postgres() -> Iterator[EmbeddedPostgres]:
    """A started server with the newest schema."""
    home = Path(tempfile.mkdtemp(prefix="tally-job-pg-", dir="/tmp"))
    server = EmbeddedPostgres(home)
    try:
        server.start()
        migrate.set_up(server)
        yield server
    finally:
        server.stop()
        server.remove()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def job_settings(job_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> PipelineSettings:
    """Settings of a job that writes into `job_postgres`; its Kafka is never reached."""
    home = tmp_path_factory.mktemp("job-home")
    key = home / "buyer.key"
    key.write_text(BUYER_KEY.hex())
    return PipelineSettings.from_env(
        {
            "TALLY_HOME": str(home),
            "TALLY_KAFKA": "127.0.0.1:9",
            "TALLY_JAR_DIR": str(jars.ready_jars()["connectors"].folder),
            "TALLY_BUYER_KEY_FILE": str(key),
            "TALLY_PARALLELISM": "1",
            "TALLY_JOB_HEAP": "700m",
            "DATABASE_URL": job_postgres.url("tally_writer"),
        }
    )


@pytest.fixture(scope="session")
def flink_session(job_settings: PipelineSettings) -> Iterator["TableEnvironment"]:
    """A Flink session with the job's own configuration."""
    folders = flink.Folders.of(job_settings, os.getpid())
    folders.make()
    flink.write_password_file(folders.password_file, job_settings.database)
    with pytest.MonkeyPatch.context() as patch:
        environ = dict(os.environ)
        flink.prepare_environment(job_settings, folders, environ)
        environ["TALLY_BUYER_KEY_FILE"] = str(job_settings.buyer_key_file)
        for name, value in environ.items():
            patch.setenv(name, value)
        yield flink.open_session(flink.flink_options(job_settings, folders, flink.free_port()))
    shutil.rmtree(folders.scratch, ignore_errors=True)


@pytest.fixture
def tables(job_postgres: EmbeddedPostgres) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor of the owner, to look into the tables."""
    with closing(psycopg2.connect(job_postgres.url("tally_owner"))) as connection, connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        yield cursor
