"""What the server must offer: a zone that it reads as Python does, and connections for two jobs at once."""

import contextlib
import json
import subprocess
import sys
from zoneinfo import available_timezones

import psycopg2
import pytest

from tally.postgres_binaries import Binaries, zone_folder
from tally.server_demands import DemandError, check_connections, check_server, check_zone
from tally.settings import Settings

READ_OFFSETS = (
    "import datetime, json, sys, zoneinfo\n"
    "at = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)\n"
    "zones = json.loads(sys.argv[1])\n"
    "seconds = {z: at.astimezone(zoneinfo.ZoneInfo(z)).utcoffset().total_seconds() for z in zones}\n"
    "print(json.dumps(seconds))"
)


@pytest.fixture
def superuser(postgres_server):
    """A cursor that may change roles; what it changes of the writer is undone."""
    with contextlib.closing(psycopg2.connect(postgres_server.url("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
            cursor.execute("ALTER ROLE tally_writer CONNECTION LIMIT 50")


@pytest.mark.parametrize(("zone", "hours"), [("CET", "+1"), ("EET", "+2"), ("MET", "+1"), ("WET", "+0")])
def test_an_abbreviation_without_summer_time_is_refused(postgres_server, zone, hours):
    with pytest.raises(DemandError) as refused:
        check_zone(postgres_server.url("writer"), zone)
    assert str(refused.value) == (
        f"store_zone can't be used; found {zone!r}, which Postgres reads as an abbreviation that stands for "
        f"{hours} h in summer and winter; give the full name of a zone, such as Asia/Shanghai or Europe/Berlin "
        "(TALLY_STORE_ZONE)"
    )


def test_a_zone_that_postgres_does_not_know_is_refused(postgres_server):
    with pytest.raises(DemandError) as refused:
        check_zone(postgres_server.url("writer"), "localtime")
    assert str(refused.value) == (
        "store_zone can't be used; found 'localtime', which this Postgres does not know as a time zone; give the full "
        "name of a zone, such as Asia/Shanghai or Europe/Berlin (TALLY_STORE_ZONE)"
    )


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Atlantic/Azores", "UTC", "GMT", "Etc/GMT+5", "PRC", "EST"])
def test_full_names_and_abbreviations_that_say_the_same_are_taken(postgres_server, zone):
    check_zone(postgres_server.url("writer"), zone)


def test_children_read_the_zone_files_of_the_embedded_postgres(make_line, postgres_server):
    with contextlib.closing(psycopg2.connect(postgres_server.url("owner"))) as connection, connection.cursor() as asked:
        asked.execute(
            "SELECT name, extract(epoch FROM ('2026-11-22 12:00Z' AT TIME ZONE name) - timestamp '2026-11-22 12:00') "
            "FROM pg_timezone_names WHERE name = ANY (%s) AND upper(name) NOT IN (SELECT abbrev FROM "
            "pg_timezone_abbrevs)",
            [sorted(available_timezones())],
        )
        by_postgres = {name: float(seconds) for name, seconds in asked.fetchall()}
    command = [sys.executable, "-c", READ_OFFSETS, json.dumps(sorted(by_postgres))]
    said = subprocess.run(command, env=make_line().environment(), capture_output=True, text=True, check=True)
    assert len(by_postgres) > 400 and json.loads(said.stdout) == by_postgres


def test_beside_a_postgres_of_your_own_children_read_the_system_s_zone_files(make_line, monkeypatch):
    monkeypatch.delenv("PYTHONTZPATH", raising=False)
    assert "PYTHONTZPATH" not in make_line(database_url="postgresql://u@h/d").environment()


def test_programs_without_zone_files_of_their_own_name_none(tmp_path):
    (tmp_path / "bin").mkdir()
    binaries = Binaries(tmp_path / "bin", "18.6", "the system")
    assert zone_folder(binaries) is None
    for folder in (tmp_path / "share" / "postgresql" / "timezone", tmp_path / "share" / "timezone"):
        (folder / "Asia").mkdir(parents=True)
        (folder / "Asia" / "Shanghai").touch()
        assert zone_folder(binaries) == folder


@pytest.mark.parametrize("parallelism", [1, 4, 8])
def test_a_parallelism_with_room_for_a_rebuild_is_taken(postgres_server, parallelism):
    check_connections(postgres_server.url("writer"), parallelism)


def test_a_parallelism_whose_rebuild_would_never_get_its_connections_is_refused(postgres_server):
    with pytest.raises(DemandError) as refused:
        check_server(postgres_server.url("writer"), Settings(parallelism=11))
    assert str(refused.value) == (
        "a parallelism of 11 needs 162 connections to Postgres (7 tables × 11, twice during a rebuild, and 8); found "
        "130: tally_writer may have 130, the server has 161 for it; lower TALLY_PARALLELISM to 8, or give it more: the "
        "connection limit of tally_writer raised to 162 and max_connections raised by 1 (docs/settings.md)"
    )


def test_only_what_is_too_small_is_named(postgres_server, superuser):
    superuser.execute("ALTER ROLE tally_writer CONNECTION LIMIT -1")
    with pytest.raises(DemandError, match=r"any number, .* give it more: max_connections raised by 1 \(docs"):
        check_connections(postgres_server.url("writer"), 11)
    superuser.execute("ALTER ROLE tally_writer CONNECTION LIMIT 20")
    more = r"needs 22 .* found 20: .*; give it more: the connection limit of tally_writer raised to 22 \("
    with pytest.raises(DemandError, match=more):
        check_connections(postgres_server.url("writer"), 1)
