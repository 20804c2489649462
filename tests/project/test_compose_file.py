"""docker-compose.yml as it is written: what S8 demands of each service, and what every engine can read."""

import re
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
FILE = YAML(typ="safe").load(TEXT)
SERVICES = FILE["services"]
ONE_SHOTS = {"secrets", "prepare", "demo"}
LASTING = sorted(SERVICES.keys() - ONE_SHOTS)
MOST_MEMORY = 3584
# a second TaskManager is asked for by its profile
BY_DEFAULT = sorted(SERVICES.keys() - {"taskmanager-2"})


def megabytes(limit: str) -> int:
    # as it comes, where it can be set
    limit = re.sub(r"^\$\{\w+:-(.+)\}$", r"\1", limit)
    assert re.fullmatch(r"\d+m", limit), limit
    return int(limit[:-1])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name):
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), "not root"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert service["pids_limit"] > 0
    assert megabytes(service["mem_limit"]) > 0


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_service_is_looked_after(name):
    assert SERVICES[name]["restart"] == "unless-stopped"
    health = SERVICES[name]["healthcheck"]
    assert health["test"][0] == "CMD"
    assert "start_interval" not in health, "older engines refuse it"


def test_all_limits_together_leave_room_on_a_laptop_of_8_gb():
    # the one-shots of the start have ended before the largest begin; the demo's runs beside all of them
    together = [name for name in BY_DEFAULT if name not in ONE_SHOTS - {"demo"}]
    assert sum(megabytes(SERVICES[name]["mem_limit"]) for name in together) <= MOST_MEMORY


def test_nothing_but_the_pages_and_postgres_is_published_and_those_on_loopback():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "dashboard": ["127.0.0.1:${TALLY_PORT:-8600}:8600"],
        "postgres": ["127.0.0.1:${TALLY_POSTGRES_PORT:-15432}:5432"],
    }


def test_every_volume_is_named_and_no_folder_of_the_machine_is_mounted():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    sources = {mount.split(":")[0] for mount in mounts}
    assert sources == FILE["volumes"].keys()
    assert "docker.sock" not in TEXT


def test_images_have_exact_tags_and_ours_is_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    images = {service["image"] for service in SERVICES.values()}
    assert f"tallystream:{version}" in images
    assert [image for image in images if not re.fullmatch(r"[\w./-]+:\d+\.\d+(\.\d+)?(-\w+)?", image)] == []
    assert [name for name, service in SERVICES.items() if "build" in service] == ["secrets"]


def test_a_one_shot_has_someone_who_waits_for_it_or_a_profile():
    # else `up --wait` ends with an error when it has done its work
    for name in ONE_SHOTS:
        waiting = [
            other
            for other, service in SERVICES.items()
            if (service.get("depends_on") or {}).get(name, {}).get("condition") == "service_completed_successfully"
        ]
        assert waiting or SERVICES[name].get("profiles"), name


def test_no_secret_has_a_default():
    assert re.findall(r"(?i)(password|secret|key)\w*:\s*[\"']?\$\{[^}]*:-", TEXT) == []
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"] == "/secrets/postgres/password"
    assert "POSTGRES_PASSWORD" not in SERVICES["postgres"]["environment"]


def test_each_part_is_given_the_secrets_of_its_role_only():
    held = {
        name: {mount.split(":")[0] for mount in service.get("volumes", []) if mount.startswith(("secret-", "handed-"))}
        for name, service in SERVICES.items()
    }
    assert {name: volumes for name, volumes in held.items() if volumes} == {
        "secrets": {"secret-postgres", "secret-owner"},
        "postgres": {"secret-postgres"},
        "prepare": {"secret-owner", "handed-writer", "handed-dashboard"},
        "job": {"secret-owner", "handed-writer", "handed-dashboard"},
        "taskmanager": {"handed-writer"},
        "taskmanager-2": {"handed-writer"},
        "archive": {"handed-writer"},
        "dashboard": {"handed-dashboard"},
        "demo": {"handed-dashboard"},
    }


def test_the_example_of_settings_names_each_that_there_is_and_sets_none():
    named = set(re.findall(r"\$\{(\w+)", TEXT))
    example = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in example if line and not line.startswith("#")] == []
    told = {match[1] for line in example if (match := re.fullmatch(r"#(\w+)=.*", line))}
    assert told == named


def test_what_browsers_reach_does_not_reach_flink_or_kafka():
    joined = {name: set(service.get("networks", [])) for name, service in SERVICES.items()}
    assert FILE["networks"]["line"] == {"internal": True}
    assert {name for name, networks in joined.items() if "pages" in networks} == {"postgres", "dashboard", "demo"}
    assert {name for name, networks in joined.items() if "line" not in networks} == {"secrets", "dashboard", "demo"}
    assert SERVICES["secrets"]["network_mode"] == "none"


def test_no_volume_is_filled_from_a_folder_of_the_image_by_two_containers_at_once():
    # the engine copies what lies below the place of a new volume: two that do so together end with "file exists"
    folders = re.findall(r"/[a-z/-]+", DOCKERFILE.partition("install -d")[2].partition("&&")[0])
    assert "/data/archive" in folders
    filled = {
        (source, name)
        for name, service in SERVICES.items()
        for source, place in (mount.split(":")[:2] for mount in service.get("volumes", []))
        if any(folder.startswith(place + "/") for folder in folders)
    }
    # these begin one after the other
    assert filled == {("home", "prepare"), ("home", "job"), ("home-of-archive", "archive")}
    assert "prepare" in SERVICES["job"]["depends_on"]
