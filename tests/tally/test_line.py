"""The line on services of your own, and what its processes are told."""

import contextlib
import uuid

import psycopg2
import pytest
from psycopg2 import sql

from tally.buyer_key import make_buyer_key
from tally.jars import jar_sets
from tally.jvm import find_java
from tally.kafka import KafkaError
from tally.ports import free_port
from tally.processes import MARK
from tally.query import run_query
from tally.registry import Registry
from tally.server_demands import DemandError


@pytest.fixture
def shop_database(postgres_server):
    """The address of an empty database of the user's own."""
    name = f"shop_{uuid.uuid4().hex[:8]}"
    superuser = postgres_server.url("postgres")
    with contextlib.closing(psycopg2.connect(superuser)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return superuser.rpartition("/")[0] + "/" + name


def test_a_kafka_and_a_postgres_of_your_own_are_prepared_and_none_is_started(make_line, kafka_bootstrap, shop_database):
    topic = f"own-{uuid.uuid4().hex[:8]}"
    line = make_line(kafka=kafka_bootstrap, database_url=shop_database, topic=topic)
    steps = []
    line.start_services(steps.append)
    assert line.children == {}
    assert steps == ["preparing topics and tables"]
    known = Registry(line.home).read()
    assert (known.kafka, known.topic, known.database_url) == (kafka_bootstrap, topic, line.urls.reader)
    assert run_query(line.urls.reader, "SELECT currency FROM tally.store_clock")[1] == [("CNY",)]


def test_a_kafka_of_your_own_that_does_not_answer_is_told(make_line, shop_database, monkeypatch):
    monkeypatch.setattr("tally.preparing.OUTSIDE_KAFKA_SECONDS", 1.0)
    address = f"127.0.0.1:{free_port()}"
    line = make_line(kafka=address, database_url=shop_database)
    with pytest.raises(KafkaError) as caught:
        line.start_services(lambda text: None)
    assert str(caught.value) == (
        f"Kafka does not answer; asked {address} (TALLY_KAFKA) for 1 s; start it, correct the address, or unset "
        "TALLY_KAFKA to use the embedded one"
    )


def test_children_get_the_database_of_their_role_and_no_other(make_line, postgres_server, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://admin:secret@elsewhere/x")
    monkeypatch.setenv("DATABASE_URL_FILE", "/elsewhere/url")
    line = make_line()
    line.urls = postgres_server.urls()
    assert [spec.name for spec in line.part_specs() if "DATABASE_URL_FILE" in spec.environment] == []
    given = {spec.name: spec.environment.get("DATABASE_URL") for spec in line.part_specs()}
    assert given == {
        "job": line.urls.writer,
        "archive": line.urls.writer,
        "inbox": None,
        "dashboard": line.urls.dashboard,
    }


def test_children_are_told_home_java_jars_and_the_mark_of_their_home(make_line):
    line = make_line(currency="EUR")
    line.kafka = "127.0.0.1:1234"
    told = line.environment()
    assert told["TALLY_HOME"] == told[MARK] == str(line.home.root)
    assert told["TALLY_CURRENCY"] == "EUR"
    assert told["TALLY_KAFKA"] == "127.0.0.1:1234"
    assert told["JAVA_HOME"] == str(find_java().home)
    assert told["TALLY_JAR_DIR"] == str(jar_sets()["connectors"].folder)
    assert told["TALLY_BUYER_KEY_FILE"] == str(line.home.run / "buyer.key")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8600"),
        ("0.0.0.0", "http://127.0.0.1:8600"),
        ("::1", "http://[::1]:8600"),
        ("wall.example", "http://wall.example:8600"),
    ],
)
def test_the_one_address_can_be_opened(make_line, host, address):
    assert make_line(host=host).dashboard_url == address


def test_the_buyer_key_is_made_once_and_for_this_user_only(tmp_path):
    path = tmp_path / "buyer.key"
    make_buyer_key(path)
    key = path.read_text()
    make_buyer_key(path)
    assert path.read_text() == key
    assert len(bytes.fromhex(key)) == 32
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_empty_buyer_key_that_a_full_disk_has_left_is_made_anew(tmp_path):
    path = tmp_path / "buyer.key"
    path.touch()
    make_buyer_key(path)
    assert len(bytes.fromhex(path.read_text())) == 32
    assert [one.name for one in tmp_path.iterdir()] == ["buyer.key"]


def test_a_line_whose_database_does_not_fit_its_settings_does_not_start(make_line, kafka_bootstrap, shop_database):
    line = make_line(kafka=kafka_bootstrap, database_url=shop_database, store_zone="CET")
    with pytest.raises(DemandError, match="found 'CET', which Postgres reads as an abbreviation"):
        line.start_services(lambda text: None)
