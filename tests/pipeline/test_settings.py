"""The job's settings: every fault at once, secrets never repeated."""

import pytest

from pipeline.__main__ import ends_from
from pipeline.bounded import bounded_options, run_until
from pipeline.session import Folders
from pipeline.settings import RESUME_HOURS, ConfigurationError, PipelineSettings, contract_from_env, parse_database_url
from pipeline.statements import StatementError, jdbc_url, render, template_values


@pytest.fixture
def environ(tmp_path) -> dict[str, str]:
    """An environment that describes a job which can run."""
    key, jars = tmp_path / "buyer.key", tmp_path / "jars"
    key.write_text("ab" * 32)
    jars.mkdir()
    for name in ("flink-sql-connector-kafka-5", "flink-connector-jdbc-core-4", "flink-connector-jdbc-postgres-4"):
        (jars / f"{name}.jar").touch()
    (jars / "postgresql-42.jar").touch()
    return {
        "TALLY_HOME": str(tmp_path / "home"),
        "TALLY_KAFKA": "127.0.0.1:9092,[::1]:9093",
        "TALLY_JAR_DIR": str(jars),
        "TALLY_BUYER_KEY_FILE": str(key),
        "DATABASE_URL": "postgresql://tally_writer:p%40ss%3Aword@127.0.0.1:5433/tally?sslmode=require",
    }


def test_the_defaults_are_those_of_the_documentation(environ):
    settings = PipelineSettings.from_env(environ)
    assert (settings.currency, settings.store_zone, settings.topic) == ("CNY", "Asia/Shanghai", "sales-events")
    assert (settings.dedup, settings.dedup_hours, settings.checkpoint_seconds) == (True, 72, 5)
    assert len(settings.jars) == 4


def test_all_faults_are_reported_at_once(environ, tmp_path):
    environ |= {
        "TALLY_CURRENCY": "yuan",
        "TALLY_STORE_ZONE": "Asia/Shangai",
        "TALLY_KAFKA": "kafka",
        "TALLY_TOPIC": "sales'events",
        "TALLY_DEDUP": "maybe",
        "TALLY_DEDUP_HOURS": "24",
        "TALLY_PARALLELISM": "0",
        "TALLY_CHECKPOINT_SECONDS": "5s",
        "TALLY_BUYER_KEY_FILE": str(tmp_path / "none.key"),
        "TALLY_JAR_DIR": str(tmp_path / "home"),
        "TALLY_JOB_HEAP": "big",
        "DATABASE_URL": "mysql://u:secret@h/d",
    }
    with pytest.raises(ConfigurationError) as caught:
        PipelineSettings.from_env(environ)
    text = str(caught.value)
    for name in environ.keys() - {"TALLY_HOME"}:
        assert f"\n  {name}: " in text
    assert text.startswith("the job's settings have 15 faults:\n")
    assert "\n  TALLY_DEDUP_HOURS: '24' is not valid; give a whole number from 48 to 2160\n" in text
    assert "secret" not in text


def test_a_missing_variable_is_named_with_its_cure():
    with pytest.raises(ConfigurationError) as caught:
        PipelineSettings.from_env({})
    cure = "is not set; `tally run` sets it for its job; set it yourself for a job of your own"
    for name in ("TALLY_KAFKA", "DATABASE_URL", "TALLY_JAR_DIR"):
        assert f"\n  {name}: {cure}" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("postgresql://127.0.0.1/tally", "has no user"),
        ("postgresql:///tally", "has no host and no user"),
        ("postgresql://u:p@h:99999/d", "has a port that is not one"),
        ("postgresql://u'x:p@h/d", "has a user with a character that SQL would have to quote"),
    ],
)
def test_a_faulty_database_url_is_explained_without_repeating_it(url, fault):
    with pytest.raises(ValueError, match=f"^{fault}$"):
        parse_database_url(url)


def test_the_password_is_in_no_text_that_flink_gets(environ):
    settings = PipelineSettings.from_env(environ)
    assert settings.database.password == "p@ss:word"
    assert "p@ss" not in repr(settings)
    url = jdbc_url(settings.database)
    assert url.startswith("jdbc:postgresql://127.0.0.1:5433/tally?user=tally_writer&currentSchema=tally&")
    assert "sslmode=require" in url and "word" not in url


def test_state_lives_at_least_three_days(environ):
    for hours in (48, 72, 96):
        state_hours = PipelineSettings.from_env(environ | {"TALLY_DEDUP_HOURS": str(hours)}).state_hours
        # an id or a group written just before the job went away is still there when it is back
        assert state_hours == hours + RESUME_HOURS
        # a group grows during one UTC date, and its last record may wait as long as the job was away
        assert state_hours >= 24 + RESUME_HOURS


def test_a_statement_with_an_unknown_name_is_refused(tmp_path, environ):
    path = tmp_path / "sales.sql"
    path.write_text("SELECT '${topik}'")
    with pytest.raises(StatementError, match=r"sales.sql: 'topik' has no value; the job renders bounded_mode, "):
        render(path, template_values(PipelineSettings.from_env(environ)))


def test_a_value_that_would_end_its_quotes_is_refused(tmp_path):
    path = tmp_path / "sales.sql"
    path.write_text("SELECT '${topic}'")
    with pytest.raises(StatementError, match=r"sales.sql: \$\{topic\} has a character that SQL would quote"):
        render(path, {"topic": "x' OR 'y"})


def test_the_contract_needs_its_three_settings_only(environ):
    assert contract_from_env({"TALLY_BUYER_KEY_FILE": environ["TALLY_BUYER_KEY_FILE"]})
    with pytest.raises(ConfigurationError, match="TALLY_CURRENCY"):
        contract_from_env(environ | {"TALLY_CURRENCY": "¥"})


def test_a_rebuilds_job_has_a_schema_checkpoints_logs_and_a_name_of_its_own(environ, tmp_path):
    live, shadow = (PipelineSettings.from_env(environ | {"TALLY_SHADOW": switch}) for switch in ("off", "on"))
    assert (live.schema, shadow.schema) == ("tally", "tally_shadow")
    live_values, shadow_values = template_values(live), template_values(shadow)
    assert "currentSchema=tally&" in live_values["jdbc_url"] and "ApplicationName=tally-job&" in live_values["jdbc_url"]
    # a checkpoint promises that what it has flushed outlives a crash of the server
    assert "options=-c+synchronous_commit%3Don" in live_values["jdbc_url"]
    assert "currentSchema=tally_shadow&" in shadow_values["jdbc_url"]
    assert "ApplicationName=tally-rebuild&" in shadow_values["jdbc_url"]
    assert (live_values["group_id"], shadow_values["group_id"]) == (
        "tally-job-sales-events",
        "tally-rebuild-sales-events",
    )
    live_folders, shadow_folders = Folders.of(live, 1), Folders.of(shadow, 1)
    assert shadow_folders.checkpoints == live_folders.checkpoints / "shadow"
    assert shadow_folders.logs != live_folders.logs
    assert shadow_folders.password_file != live_folders.password_file


def test_a_run_up_to_offsets_reads_just_those(environ):
    settings = PipelineSettings.from_env(environ)
    unbounded, bounded = template_values(settings), template_values(settings, ends=ends_from("1:7,0:12"))
    assert (unbounded["bounded_mode"], unbounded["bounded_offsets"]) == ("unbounded", "")
    assert (bounded["bounded_mode"], bounded["bounded_offsets"]) == (
        "specific-offsets",
        "partition:0,offset:12;partition:1,offset:7",
    )


def test_a_run_up_to_offsets_leaves_every_checkpoint_alone(environ):
    settings = PipelineSettings.from_env(environ | {"TALLY_SHADOW": "on"})
    options = bounded_options(settings, Folders.of(settings, 1), 8081)
    assert [name for name in options if "checkpoint" in name] == []


def test_a_run_up_to_offsets_never_writes_live_tables(environ):
    with pytest.raises(ConfigurationError) as refused:
        run_until(PipelineSettings.from_env(environ), {0: 1})
    assert refused.value.faults == ("TALLY_SHADOW: is off; --until would write into the live tables; set it to on",)
