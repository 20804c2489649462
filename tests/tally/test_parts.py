"""A home that runs some of the parts, and what the others are handed and asked."""

import json
import os
import stat
from dataclasses import replace

import pytest

from tally.catalogue import Catalogue
from tally.child import ChildSpec
from tally.compose import demo, healthy
from tally.compose.secrets import make_secrets
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


def test_a_projects_password_is_made_once(tmp_path):
    for name in ("postgres", "owner"):
        (tmp_path / name).mkdir()
    assert make_secrets(tmp_path, lambda length: "drawn")
    assert not make_secrets(tmp_path, lambda length: "another")
    assert (tmp_path / "postgres" / "password").read_text() == "drawn"
    assert (tmp_path / "owner" / "url").read_text() == "postgresql://tally_owner:drawn@postgres:5432/tally\n"
    assert stat.S_IMODE((tmp_path / "owner" / "url").stat().st_mode) == 0o600


def test_a_catalogue_of_a_generator_elsewhere_is_found_and_the_users_own_comes_first(tmp_path):
    catalogue = Catalogue(tmp_path, "")
    assert catalogue.folder() == tmp_path / "generator"
    (tmp_path / "products.ndjson").touch()
    assert catalogue.folder() == tmp_path


def test_a_container_is_healthy_while_its_part_gives_signs_of_life(tmp_path, capsys):
    told = {"TALLY_HOME": str(tmp_path), "TALLY_LAG_FILE": str(tmp_path / "lag.json")}
    assert healthy.main("archive", healthy.Asked(told, 1000.0, 900.0)) == 1
    assert "archive is not healthy; found: FileNotFoundError" in capsys.readouterr().err
    (tmp_path / "lag.json").write_text(json.dumps({"lag_seconds": 0.2, "sampled_at": 1000.0}))
    assert healthy.main("archive", healthy.Asked(told, 1029.0, 900.0)) == 0
    assert healthy.main("archive", healthy.Asked(told, 1031.0, 900.0)) == 1
    assert healthy.main("archive", healthy.Asked(told, 1005.0, 1001.0)) == 1, "what an earlier start has left"
    progress = tmp_path / "generator" / "progress.json"
    progress.parent.mkdir()
    progress.touch()
    at = progress.stat().st_mtime
    assert healthy.main("generator", healthy.Asked(told, at + 5, at - 5)) == 0
    assert healthy.main("generator", healthy.Asked(told, at + 60, at - 5)) == 1


@pytest.mark.parametrize(
    ("is_ready", "states", "age", "code"),
    [
        (True, ("running", "stopped", "ended"), 5, 0),
        # one that ends soon after each of its starts is never well
        (True, ("running", "starting"), 5, 1),
        (True, ("running", "waiting to restart"), 5, 1),
        (False, ("running",), 5, 1),
        (True, ("running",), -5, 1),
    ],
)
def test_the_jobs_container_is_healthy_when_all_of_it_runs(tmp_path, is_ready, states, age, code):
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "state.json"
    path.write_text(json.dumps({"is_ready": is_ready, "processes": [{"name": "job", "state": one} for one in states]}))
    begun = path.stat().st_mtime - age
    assert healthy.main("job", healthy.Asked({"TALLY_HOME": str(tmp_path)}, begun + 600, begun)) == code


def test_a_container_begins_with_its_first_process(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "stat").write_text("1 (tini (x)) S " + " ".join(["0"] * 18) + " 50000 0 0\n")
    (tmp_path / "uptime").write_text("2000.00 3000.00\n")
    seconds = 50_000 / os.sysconf("SC_CLK_TCK")
    assert healthy.container_begun(10_000.0, tmp_path) == 10_000.0 - 2000.0 + seconds


def test_a_demo_is_followed_until_its_history_is_in_and_visible(monkeypatch):
    told = iter([[], [(90, 500, 6000, 0.4)], [(12, 1000, 40, 1)], [(0.2, 1100, 2, 1)]])
    monkeypatch.setattr(demo, "execute", lambda url, name: next(told))
    said = []
    assert demo.follow("url", said.append, sleep=lambda seconds: None)
    assert said == [
        "500 records · 6,000 a second · lag 90.0 s · history 40%",
        "1,000 records · 40 a second · lag 12.0 s",
        "1,100 records · 2 a second · lag 0.2 s",
    ]
    assert not demo.follow("url", said.append, clock=iter([0.0, 2000.0]).__next__)
