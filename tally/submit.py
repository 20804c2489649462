"""`tally submit`: the job on a Flink that is there already, and left to it."""

import os
import subprocess
from collections.abc import Callable

from tally.catalogue import write_store_settings
from tally.child_environment import child_environment
from tally.errors import TallyError
from tally.home import Home
from tally.jars import ready_jars
from tally.jvm import find_java
from tally.preparing import prepare_services
from tally.settings import Settings, SettingsError
from tally.supervisor import python_command


class SubmitError(TallyError):
    """The cluster did not take the job; the lines before say why."""


def submit_to_session(settings: Settings, say: Callable[[str], None], run: Callable = subprocess.run) -> str:
    """Hand the job to the cluster at TALLY_FLINK and return its id; one that runs there already is left as it is.

    Raise a TallyError when a service does not answer or fit, or the cluster does not take it.
    """
    if not settings.flink:
        raise SettingsError(
            ["there is no cluster to submit to; found no TALLY_FLINK; set it to host:port of its REST interface"]
        )
    command = python_command("pipeline", "--hand-in")
    done = run(command, env=job_environment(settings, say), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SubmitError(
            f"the job was not handed in; the submission ended with code {done.returncode}; its lines above say why"
        )
    return done.stdout.split()[-1]


def become_application(settings: Settings, say: Callable[[str], None], execute: Callable = os.execve) -> None:
    """Become the JobManager that runs the job by itself. Raise a TallyError when a service does not answer or fit."""
    if not settings.flink:
        raise SettingsError(
            ["the JobManager has no address; found no TALLY_FLINK; set it to host:port of its REST interface"]
        )
    command = python_command("pipeline.cluster", "application")
    execute(command[0], command, job_environment(settings, say))


def job_environment(settings: Settings, say: Callable[[str], None]) -> dict[str, str]:
    """Bring Kafka and Postgres to where the job can begin, and return what its processes are told."""
    urls = prepare_services(settings, say)
    # the views' currency and store day
    write_store_settings(urls.writer, settings)
    common = child_environment(settings, Home(settings.home), find_java(), ready_jars(names=("connectors",)))
    return {**common, "DATABASE_URL": urls.writer}
