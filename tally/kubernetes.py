"""The manifest of a deployment on Kubernetes (tally/kubernetes.yaml), filled in from the settings."""

import json
import re
from dataclasses import MISSING
from dataclasses import fields as dataclass_fields
from pathlib import Path
from string import Template

from tally.errors import TallyError
from tally.flink_cluster import slots_of_each
from tally.settings import Settings, as_text, variable

TEMPLATE = Path(__file__).with_name("kubernetes.yaml")
# a DNS label that leaves room for what is added to it; the operator takes 45 characters at most
NAME = re.compile(r"[a-z]([a-z0-9-]{0,37}[a-z0-9])?")
STORAGE = "50Gi"
# The manifest says these itself, or they are of one machine.
OWN = frozenset({"home", "database_url", "flink", "cluster", "parts", "host", "port", "postgres_port", "kafka_port",
                 "submit", "kafka_password_file", "kafka_ca_file", "kafka_key_file"})  # fmt: skip


class ManifestError(TallyError):
    """The settings can't be written as a manifest."""


def manifest(settings: Settings, image: str, taskmanagers: int) -> str:
    """Return the YAML of everything that runs on Kubernetes but Kafka and Postgres; raise ManifestError."""
    demand(settings)
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        name=settings.job_name,
        image=json.dumps(image),
        storage=STORAGE,
        taskmanagers=taskmanagers,
        slots=slots_of_each(settings.parallelism, taskmanagers),
        # JSON is YAML: no text can be read as another kind of value
        variables=json.dumps(variables(settings)),
    )


def variables(settings: Settings) -> dict[str, str]:
    """Return the settings that are not as they come, by the names of their variables."""
    told = {}
    for field in dataclass_fields(settings):
        value, usual = getattr(settings, field.name), field.default
        if field.name not in OWN and usual is not MISSING and value != usual:
            told[variable(field.name)] = as_text(value)
    return told


def demand(settings: Settings) -> None:
    """Raise ManifestError where the settings do not do for a deployment on Kubernetes."""
    if not NAME.fullmatch(settings.job_name):
        raise ManifestError(
            f"the job's name is none for Kubernetes; found {settings.job_name!r}; set TALLY_JOB_NAME to lower-case "
            "letters, digits and dashes, 39 at most"
        )
    if not settings.kafka:
        raise ManifestError(
            "the manifest has no Kafka of its own; found no TALLY_KAFKA; set it to the brokers as the pods reach them"
        )
    if settings.kafka_security != "PLAINTEXT":
        raise ManifestError(
            f"the manifest mounts no certificates or passwords of Kafka; found kafka_security "
            f"{settings.kafka_security}; make it with PLAINTEXT, then add a Secret with the files and the variables of "
            "docs/settings.md to its pods"
        )
