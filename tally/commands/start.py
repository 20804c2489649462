"""Commands that start something: demo, run, generate."""

import os
import sys
from importlib.metadata import version

import click
from rich.console import Console

from tally.commands.context import DURATION, Context, pass_context
from tally.console import Screen
from tally.demo import (
    DEFAULT_SCENARIO,
    check_scenario,
    demo_settings,
    generator_arguments,
    has_entries,
    list_scenarios,
)
from tally.kubernetes import manifest
from tally.preparing import prepare_services
from tally.session import Plan, run_session
from tally.settings import PARTS, Settings
from tally.submit import become_application, submit_to_session
from tally.supervisor import python_command
from tally.upgrade import ask_for_rebuild, start_again, take_over


@click.command()
@click.option(
    "--scenario",
    metavar="S",
    default=DEFAULT_SCENARIO,
    show_default=True,
    help="What happens in the shop; `help` lists.",
)
@click.option("--seed", metavar="N", type=int, help="Seed of the shop; the same seed is the same shop.")
@click.option("--rate", metavar="N", type=click.FloatRange(0.01, 100_000), help="Mean events a second; default 2.")
@click.option(
    "--for", "seconds", metavar="TIME", type=DURATION, help="Stop after this time, such as 10m; default: never."
)
@click.option("--host", metavar="H", help="Address the dashboard listens on; default 127.0.0.1.")
@pass_context
def demo(
    context: Context, scenario: str, seed: int | None, rate: float | None, seconds: float | None, host: str | None
):
    """Run a simulated shop on the whole line and show it.

    Starts generator, Kafka, Postgres, Flink job, archive and dashboard on this machine and prints one address. Ctrl-C
    ends all of it. A later demo goes on where the last one stopped.

    \b
    Example:
      tally demo --scenario double11 --rate 20 --for 10m
    """
    if scenario == "help":
        click.echo(list_scenarios(), nl=False)
        return
    settings = demo_settings(context.home_option, rate, host)
    check_scenario(scenario)
    arguments = generator_arguments(settings, scenario, seed, rate)
    run_session(settings, Plan("tally demo", arguments, seconds), Screen())


@click.command()
@click.option("--host", metavar="H", help="Address the dashboard listens on; default 127.0.0.1.")
@click.option(
    "--for", "seconds", metavar="TIME", type=DURATION, help="Stop after this time, such as 8h; default: never."
)
@click.option(
    "--cluster",
    metavar="N",
    type=click.IntRange(1, 64),
    help="Run Flink as a JobManager and N TaskManagers; default: in one process.",
)
@pass_context
def run(context: Context, host: str | None, seconds: float | None, cluster: int | None):
    """Run the line for your own shop.

    The same as `tally demo` without the simulated shop. Rename a file of events (NDJSON, also .gz) into the home's
    inbox/ folder: it is published once and moved to inbox/done/.

    \b
    Example:
      tally run &
      mv sales.ndjson ~/.tallystream/inbox/
    """
    settings, screen = with_options(context, TALLY_HOST=host, TALLY_CLUSTER=cluster and str(cluster)), Screen()
    if has_entries(context.home.generator) and settings.parts == PARTS:
        screen.say("this home holds the simulated shop of a demo; keep your own apart: tally --home DIR run")
    run_session(settings, Plan("tally run", None, seconds), screen)


def with_options(context: Context, **variables: str | None) -> Settings:
    """Return the settings with the given options on top."""
    given = {name: value for name, value in variables.items() if value}
    return Settings.load(context.home_option, {**os.environ, **given})


@click.command()
@pass_context
def upgrade(context: Context):
    """Take over a home from the version that runs in it.

    Called from the new version: it lets the other one stop with every table at one cut, brings tables and views to its
    own version, and goes on from there in this terminal. Where the job's state does not fit any more, readers see the
    old numbers until every result is made again from the log. docs/upgrade.md says what may change between versions.

    \b
    Example:
      tally upgrade
    """
    screen = Screen()
    words = take_over(context.home, screen.say)
    # refused with it off: the start says of the state that it does not fit
    if context.settings.submit and ask_for_rebuild(context.home, sys.executable):
        screen.say("the job's state does not fit this version: every result is made again from the log")
    start_again(context.home, words, sys.executable)


@click.command()
@pass_context
def prepare(context: Context):
    """Make topics, roles, tables and views on your own Kafka and Postgres, and end.

    `tally run` does the same at its start; a deployment in containers does it once, before the others start. What is
    there already stays.

    \b
    Example:
      TALLY_KAFKA=kafka:9092 DATABASE_URL=postgresql://owner:password@db/shop tally prepare
    """
    prepare_services(context.settings, Screen().say)


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@pass_context
def generate(context: Context, arguments: tuple[str, ...]):
    """Write events only: to a folder, to stdout (-), or to Kafka.

    Takes the arguments of the generator: --to DIR|-|kafka, --events N or --for 60s, --rate N|max, --seed N,
    --scenario S, --start TIME, --answer-key FILE. `tally generate --help` lists them all.

    \b
    Example:
      tally generate --to - --events 1000 --seed 7
    """
    environment = {**os.environ, **context.settings.child_environment(), **running_kafka(context)}
    command = python_command("generator", *arguments)
    sys.stdout.flush()
    os.execve(command[0], command, environment)


def running_kafka(context: Context) -> dict[str, str]:
    """Return the address of the log, where a supervisor of this home runs."""
    from tally.registry import Registry

    state = Registry(context.home).read()
    return {"TALLY_KAFKA": state.kafka} if state.is_running and state.kafka else {}


@click.command()
@click.option(
    "--target",
    type=click.Choice(["session", "application", "kubernetes"]),
    metavar="KIND",
    required=True,
    help="session: a cluster by its REST address; application: this process; kubernetes: a manifest on stdout.",
)
@click.option(
    "--image",
    metavar="NAME",
    default=f"tallystream:{version('tallystream')}",
    show_default=True,
    help="kubernetes: the image that was built of Dockerfile.",
)
@click.option(
    "--taskmanagers",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="kubernetes: how many TaskManagers.",
)
@pass_context
def submit(context: Context, target: str, image: str, taskmanagers: int):
    """Put the job on a Flink that is there already.

    session: prepares your Kafka and Postgres, then hands the job to the cluster at TALLY_FLINK, from its newest
    checkpoint; one that runs there is left as it is. application: the same, but this process becomes the JobManager.
    kubernetes: prints a manifest for the Flink Kubernetes Operator. To watch such a job, audit and show it: tally run
    with the same TALLY_FLINK and TALLY_SUBMIT=off, or its end would end the job (docs/architecture.md).

    \b
    Example:
      TALLY_FLINK=flink:8081 TALLY_KAFKA=kafka:9092 DATABASE_URL_FILE=owner tally submit --target session
    """
    # only the answer goes to standard output
    settings, say = context.settings, Screen(Console(stderr=True, highlight=False)).say
    if target == "kubernetes":
        click.echo(manifest(settings, image, taskmanagers), nl=False)
    elif target == "application":
        become_application(settings, say)
    else:
        click.echo(submit_to_session(settings, say))
