"""A home that runs some of the parts, and what the others are handed and asked."""

import stat
from dataclasses import replace

import pytest

from tally.catalogue import Catalogue
from tally.child import ChildSpec
from tally.flink_cluster import slots_of_each
from tally.handing_over import hand_over
from tally.postgres import DatabaseUrls
from tally.settings import Settings, SettingsError
from tally.supervisor import STOP_STAGES, kind_of

URLS = DatabaseUrls("owner", "writer", "reader", "dashboard")


def test_parts_are_named_by_their_names_and_none_is_invented(tmp_path):
    assert Settings.load(tmp_path, {"TALLY_PARTS": "inbox, job"}).parts == ("job", "inbox")
    assert len(Settings.load(tmp_path, {}).parts) == 5
    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path, {"TALLY_PARTS": "job,kafka"})
    told = "TALLY_PARTS: must be one or several of job, archive, inbox, dashboard, audit; found 'job,kafka'"
    assert told in str(caught.value)


def test_settings_that_contradict_each_other_are_told(tmp_path):
    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path, {"TALLY_FLINK": "flink:8081", "TALLY_CLUSTER": "2", "TALLY_PARTS": "archive"})
    assert str(caught.value).splitlines()[1:] == [
        "  flink and cluster are both set; found 'flink:8081' and 2; keep one: a cluster of yours (TALLY_FLINK), or "
        "one that is started here (TALLY_CLUSTER)",
        "  parts are without the job; found archive; name the Kafka and the Postgres that the one with the job has "
        "prepared: TALLY_KAFKA and DATABASE_URL",
    ]


def test_the_databases_address_may_lie_in_a_file(tmp_path):
    (tmp_path / "url").write_text("postgresql://u:p@h/d\n")
    told = {"DATABASE_URL_FILE": str(tmp_path / "url")}
    assert Settings.load(tmp_path, told).database_url == "postgresql://u:p@h/d"
    with pytest.raises(SettingsError, match="DATABASE_URL_FILE can't be read; found /nowhere: No such file"):
        Settings.load(tmp_path, {"DATABASE_URL_FILE": "/nowhere"})


def test_a_home_without_the_job_runs_its_parts_as_the_writer_and_prepares_nothing(make_line):
    url = "postgresql://tally_writer:x@127.0.0.1:1/tally"
    line = make_line(parts=("archive", "audit"), kafka="127.0.0.1:9", database_url=url)
    line.start_services(lambda text: None)
    assert line.children == {}
    assert [(spec.name, spec.environment["DATABASE_URL"]) for spec in line.part_specs()] == [("archive", url)]


def test_a_cluster_of_processes_is_started_with_the_job_and_told_where_it_meets(make_line, postgres_server):
    line = make_line(cluster=2, parallelism=3)
    line.ground = replace(line.ground, flink_ports=(1234, 1235))
    line.urls = postgres_server.urls()
    specs = {spec.name: spec for spec in line.part_specs()}
    assert list(specs)[:4] == ["jobmanager", "taskmanager-1", "taskmanager-2", "job"]
    told = specs["taskmanager-2"].environment
    assert (told["TALLY_FLINK"], told["TALLY_FLINK_RPC"]) == ("127.0.0.1:1234", "127.0.0.1:1235")
    assert (told["TALLY_TASKMANAGER"], told["TALLY_SLOTS"]) == ("taskmanager-2", "3")
    assert told["DATABASE_URL"] == line.urls.writer
    assert "DATABASE_URL" not in specs["jobmanager"].environment
    assert specs["job"].environment["TALLY_FLINK"] == "127.0.0.1:1234"


@pytest.mark.parametrize(("parallelism", "taskmanagers", "slots"), [(1, 1, 2), (2, 2, 2), (3, 2, 3), (1, 4, 1)])
def test_a_rebuild_finds_room_beside_the_live_job(parallelism, taskmanagers, slots):
    assert slots_of_each(parallelism, taskmanagers) == slots
    assert slots * taskmanagers >= 2 * parallelism


def test_taskmanagers_stop_after_the_job_and_before_what_they_write_to(supervised):
    stages = [names for names, _ in STOP_STAGES]
    order = [next(i for i, names in enumerate(stages) if kind in names) for kind in ("job", "taskmanager", "postgres")]
    assert order == sorted(set(order))
    assert [kind_of(supervised(name)) for name in ("taskmanager-12", "job", "jobmanager")] == [
        "taskmanager", "job", "jobmanager",
    ]  # fmt: skip


@pytest.fixture
def supervised():
    from tally.child import Child

    return lambda name: Child(ChildSpec(name, ("true",)), None, None)


def test_each_part_is_handed_its_own_address_and_no_other(tmp_path):
    (tmp_path / "key").write_text("ab" * 32)
    for name in ("writer", "dashboard"):
        (tmp_path / name).mkdir()
    hand_over(URLS, tmp_path / "key", {"TALLY_HAND_OVER": str(tmp_path)})
    found = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.glob("*/*")}
    assert found == {"writer/url": "writer\n", "writer/buyer.key": "ab" * 32, "dashboard/url": "dashboard\n"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*/*")} == {0o600}


def test_nothing_is_handed_over_where_nobody_asks(tmp_path):
    hand_over(URLS, tmp_path / "no key", {})
    assert list(tmp_path.iterdir()) == []


def test_a_catalogue_of_a_generator_elsewhere_is_found_and_the_users_own_comes_first(tmp_path):
    catalogue = Catalogue(tmp_path, "")
    assert catalogue.folder() == tmp_path / "generator"
    (tmp_path / "products.ndjson").touch()
    assert catalogue.folder() == tmp_path
