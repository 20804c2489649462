"""`tally submit`: what it asks for, what it starts, and the manifest against the operator's own schema."""

import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tally.buyer_key import BuyerKeyError, keep_buyer_key
from tally.cli import main
from tally.home import Home
from tally.jars import ready_jars
from tally.kubernetes import ManifestError, manifest
from tally.postgres import DatabaseUrls
from tally.settings import Settings, SettingsError
from tally.submit import SubmitError, become_application, submit_to_session

LOCK = Path(__file__).with_name("operator.lock")
SCHEMA = "META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"
KINDS = ["ConfigMap", "PersistentVolumeClaim", "FlinkDeployment", "Deployment", "Service"]
URLS = DatabaseUrls("owner", "postgresql://writer@h/d", "reader", "dashboard")


def settings_of(tmp_path, **more: str) -> Settings:
    return Settings.load(tmp_path, {"TALLY_KAFKA": "broker.shop:9092", **more})


def documents(text: str) -> list[dict]:
    return list(YAML(typ="safe", pure=True).load_all(text))


def closed(schema):
    """Return a schema that takes no field which it does not name: Kubernetes would drop it in silence."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(one) for name, one in schema.items()}
    if isinstance(found.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        found["additionalProperties"] = False
    return found


@pytest.fixture(scope="module")
def schema():
    """The operator's schema of a FlinkDeployment, out of its own jar."""
    jars = ready_jars(lock=LOCK, names=("operator",))["operator"]
    with zipfile.ZipFile(jars.path(jars.jars[0])) as jar:
        definition = YAML(typ="safe", pure=True).load(jar.read(SCHEMA))
    return definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def faults_of(deployment: dict, schema: dict) -> list[str]:
    told = {name: value for name, value in deployment.items() if name == "spec"}
    return sorted(error.message for error in Draft202012Validator(closed(schema)).iter_errors(told))


def test_the_operator_takes_every_field_of_the_manifest(tmp_path, schema):
    found = documents(manifest(settings_of(tmp_path, TALLY_PARALLELISM="3"), "registry.shop/tallystream:1", 2))
    assert [one["kind"] for one in found] == KINDS
    deployment = found[2]
    assert deployment["apiVersion"] == "flink.apache.org/v1beta1"
    # this schema is older than Flink 2.2, which the operator knows since its 1.14
    assert [fault[:20] for fault in faults_of(deployment, schema)] == ["'v2_2' is not one of"]
    deployment["spec"]["flinkVersion"] = "v1_20"
    assert faults_of(deployment, schema) == []
    deployment["spec"]["taskManager"]["replica"] = 2
    assert "replica" in faults_of(deployment, schema)[0], "a field that nobody knows is found"


def test_each_process_is_told_what_it_has_to_know(tmp_path):
    told = settings_of(tmp_path, TALLY_PARALLELISM="3", TALLY_CURRENCY="EUR", TALLY_JOB_NAME="shop-2")
    variables, claim, flink, line, service = documents(manifest(told, "registry.shop/tallystream:1", 2))
    assert variables["data"] == {
        "TALLY_CURRENCY": "EUR", "TALLY_JOB_NAME": "shop-2", "TALLY_KAFKA": "broker.shop:9092", "TALLY_PARALLELISM": "3"
    }  # fmt: skip
    spec = flink["spec"]
    pods = [spec["jobManager"]["podTemplate"]["spec"], spec["taskManager"]["podTemplate"]["spec"]]
    jobmanager, taskmanager = ({one["name"]: one.get("value") for one in pod["containers"][0]["env"]} for pod in pods)
    assert jobmanager["TALLY_FLINK"] == taskmanager["TALLY_FLINK"] == "shop-2-flink-rest:8081"
    assert jobmanager["TALLY_FLINK_RPC"] == taskmanager["TALLY_FLINK_RPC"] == "shop-2-flink:6123"
    # three of the job's parts, and as many of a rebuild's beside it, on two TaskManagers
    assert (taskmanager["TALLY_SLOTS"], spec["taskManager"]["replicas"]) == ("3", 2)
    assert {spec["image"], *(one["image"] for pod in pods for one in pod["initContainers"])} == {
        "registry.shop/tallystream:1"
    }
    container = line["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["tally", "run"]
    assert {"name": "TALLY_FLINK", "value": "shop-2-flink-rest:8081"} in container["env"]
    assert service["spec"]["selector"] == line["spec"]["template"]["metadata"]["labels"] == {"app": "shop-2"}
    assert claim["metadata"]["name"] == pods[0]["volumes"][2]["persistentVolumeClaim"]["claimName"] == "shop-2"


def test_no_container_of_the_manifest_may_more_than_it_needs(tmp_path):
    found = documents(manifest(settings_of(tmp_path), "tallystream:1", 1))
    flink = found[2]["spec"]
    pods = [
        flink["jobManager"]["podTemplate"]["spec"], flink["taskManager"]["podTemplate"]["spec"],
        found[3]["spec"]["template"]["spec"],
    ]  # fmt: skip
    assert all(pod["securityContext"]["runAsNonRoot"] and pod["enableServiceLinks"] is False for pod in pods)
    for one in (container for pod in pods for container in (*pod["initContainers"], *pod["containers"])):
        assert one["securityContext"] == {
            "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}
        }  # fmt: skip


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (
            {"TALLY_JOB_NAME": "Shop_2"},
            "the job's name is none for Kubernetes; found 'Shop_2'; set TALLY_JOB_NAME to lower-case letters, digits "
            "and dashes, 39 at most",
        ),
        (
            {"TALLY_KAFKA": ""},
            "the manifest has no Kafka of its own; found no TALLY_KAFKA; set it to the brokers as the pods reach them",
        ),
        (
            {"TALLY_KAFKA_SECURITY": "SSL", "TALLY_KAFKA_CA_FILE": __file__},
            "the manifest mounts no certificates or passwords of Kafka; found kafka_security SSL; make it with "
            "PLAINTEXT, then add a Secret with the files and the variables of docs/settings.md to its pods",
        ),
    ],
)
def test_settings_that_do_not_do_on_kubernetes_are_told(tmp_path, told, text):
    with pytest.raises(ManifestError) as caught:
        manifest(settings_of(tmp_path, **told), "tallystream:1", 1)
    assert str(caught.value) == text


@pytest.fixture
def prepared(monkeypatch):
    """Services that are there already: what is handed in is all that is looked at."""
    told = []
    monkeypatch.setattr("tally.submit.prepare_services", lambda settings, say: URLS)
    monkeypatch.setattr(
        "tally.submit.write_store_settings", lambda url, settings: told.append((url, settings.currency))
    )
    return told


def test_the_job_is_handed_in_as_the_writer_and_its_id_is_returned(tmp_path, prepared):
    asked = []

    def run(command, env, **_):
        asked.append((command[1:], env))
        return SimpleNamespace(returncode=0, stdout="a1b2\n")

    assert submit_to_session(settings_of(tmp_path, TALLY_FLINK="flink:8081"), print, run) == "a1b2"
    [(command, environment)] = asked
    assert command == ("-m", "pipeline", "--hand-in")
    assert environment["DATABASE_URL"] == URLS.writer
    assert environment["TALLY_FLINK"] == "flink:8081"
    assert prepared == [(URLS.writer, "CNY")], "the views know the currency of the job"


def test_a_job_that_is_refused_is_told(tmp_path, prepared):
    with pytest.raises(SubmitError) as caught:
        submit_to_session(
            settings_of(tmp_path, TALLY_FLINK="flink:8081"), print, lambda *_, **__: SimpleNamespace(returncode=1)
        )
    assert str(caught.value) == ("the job was not handed in; the submission ended with code 1; its lines above say why")


def test_without_a_cluster_there_is_nowhere_to_submit_to(tmp_path):
    with pytest.raises(SettingsError, match="there is no cluster to submit to; found no TALLY_FLINK; set it to"):
        submit_to_session(settings_of(tmp_path), print)
    with pytest.raises(SettingsError, match="the JobManager has no address; found no TALLY_FLINK; set it to"):
        become_application(settings_of(tmp_path), print)


def test_the_command_prints_the_manifest_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("TALLY_KAFKA", "broker.shop:9092")
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "submit", "--target", "kubernetes"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert [one["kind"] for one in documents(result.stdout)] == KINDS


def test_a_key_of_another_home_is_used_and_demanded(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    home.prepare()
    monkeypatch.setenv("TALLY_BUYER_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(BuyerKeyError) as caught:
        keep_buyer_key(home)
    assert str(caught.value) == (
        f"the key of the customer hash is missing; found no file {tmp_path / 'key'}; correct TALLY_BUYER_KEY_FILE, or "
        "unset it to use this home's own"
    )
    (tmp_path / "key").write_text("ab" * 32)
    assert keep_buyer_key(home) == tmp_path / "key"
    assert not (home.run / "buyer.key").exists(), "none is made beside it"


def test_an_application_is_this_process_itself(tmp_path, prepared):
    became = []
    become_application(settings_of(tmp_path, TALLY_FLINK="0.0.0.0:8081"), print, lambda *told: became.append(told))
    [(program, command, environment)] = became
    assert list(command)[1:] == ["-m", "pipeline.cluster", "application"] and program == command[0]
    assert environment["DATABASE_URL"] == URLS.writer
