"""Commands that keep a home in order: audit, doctor, stop, reset, rebuild, version."""

import os
import shutil
import signal
import sys
from importlib.metadata import version

import click
from confluent_kafka import KafkaException
from rich.console import Console

from tally.check_lock import demand_submission, only_one, refuse_beside_a_check
from tally.commands.context import Context, pass_context
from tally.commands.observe import running_state
from tally.database import load_urls
from tally.demo import has_entries
from tally.doctor import examine
from tally.errors import TallyError
from tally.home import FOLDERS
from tally.jvm import find_java
from tally.postgres import EmbeddedPostgres
from tally.processes import wait_gone
from tally.registry import Registry
from tally.schedule import CATALOGUE_FILES
from tally.supervisor import python_command

STOP_SECONDS = 30.0
# of a table that goes into a file or a pipe
CHECK_WIDTH = 120


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.option("--fresh", is_flag=True, help="Check every record again instead of trusting kept verdicts.")
@click.option("--limit", metavar="N", default=10, show_default=True, help="Differing rows shown of each table.")
@pass_context
def audit(context: Context, as_json: bool, fresh: bool, limit: int):
    """Recompute every result row from the archive and compare.

    Exit code 0: all equal; 1: rows differ, they are listed; 2: could not run.

    \b
    Example:
      tally wait && tally audit
    """
    try:
        state, urls = running_state(context), load_urls(context.home)
    except TallyError as error:
        click.echo(f"tally: {error}", err=True)
        sys.exit(2)
    told = {
        "DATABASE_URL": urls.writer,
        "TALLY_KAFKA": state.kafka,
        "TALLY_BUYER_KEY_FILE": os.environ.get("TALLY_BUYER_KEY_FILE") or str(context.home.run / "buyer.key"),
    }
    environment = {**os.environ, **context.settings.child_environment(), **told}
    flags = [*(["--json"] if as_json else []), *(["--fresh"] if fresh else []), "--limit", str(limit)]
    command = python_command("tally.audit", *flags)
    os.execve(command[0], command, environment)


@click.command()
@pass_context
def doctor(context: Context):
    """Check what this machine needs, and say how to mend what is missing.

    Exit code 1 when something is missing.

    \b
    Example:
      tally doctor
    """
    console = Console(highlight=False)
    failed = 0
    for finding in examine(context.home_option):
        mark = "[green]✓[/]" if finding.is_fine else "[bold red]✗[/]"
        console.print(f"{mark} [bold]{finding.name:<15}[/]", end="")
        console.print(finding.found, markup=False, soft_wrap=True)
        if not finding.is_fine:
            failed += 1
            console.print(f"  → {finding.cure}", markup=False, soft_wrap=True)
    if failed:
        console.print(f"{failed} to mend")
        sys.exit(1)
    console.print("everything is there")


@click.command()
@pass_context
def stop(context: Context):
    """Stop what runs in this home, in order, with everything written.

    \b
    Example:
      tally stop
    """
    console = Console(highlight=False)
    stop_supervisor(context, console)


def stop_supervisor(context: Context, console: Console) -> None:
    """Ask the supervisor to end and wait; end what a killed one left. Raise TallyError when it does not end."""
    registry = Registry(context.home)
    supervisor = registry.read().supervisor
    process = supervisor.identity.process() if supervisor else None
    if process is not None:
        with console.status(f"stopping process {process.pid}"):
            process.send_signal(signal.SIGTERM)
            left = wait_gone([process], STOP_SECONDS)
        if left:
            raise TallyError(
                f"process {process.pid} did not end within {STOP_SECONDS:.0f} s; found it still running; see what it "
                f"does: tally logs, or end it: kill -9 {process.pid} (the next start cleans up)"
            )
        console.print("stopped")
        return
    end_what_is_left(context, registry, console)


def end_what_is_left(context: Context, registry: Registry, console: Console) -> None:
    """End the children of a killed supervisor, where there are any."""
    if not context.home.run.is_dir():
        console.print(f"nothing runs in {context.home.root}", markup=False, soft_wrap=True)
        return
    said: list[str] = []
    registry.acquire()
    try:
        registry.end_leftovers(said.append)
    finally:
        registry.release()
    for text in said or [f"nothing runs in {context.home.root}"]:
        console.print(text, markup=False, soft_wrap=True)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def reset(context: Context, yes: bool):
    """Delete everything that this home holds: log, results, archive, shop.

    Asks first. The inbox/ folder with your files, published or not, and tally.toml stay.

    \b
    Example:
      tally reset --yes
    """
    if Registry(context.home).read().is_running:
        raise TallyError(f"Tallystream runs in {context.home.root}; found its supervisor; stop it first: tally stop")
    if context.settings.kafka or context.settings.database_url:
        click.echo("Your own Kafka and Postgres are not touched; delete the topic and the schema tally there yourself.")
    if not yes:
        click.confirm(f"Delete all state in {context.home.root}? It can't be made again", abort=True)
    end_what_is_left(context, Registry(context.home), Console(quiet=True))
    # products and stock policy are the generator's only where there is a generated shop
    demo_made_catalogue = has_entries(context.home.generator)
    EmbeddedPostgres(context.home.root).remove()
    for folder in (context.home.root / name for name in FOLDERS if name != "inbox"):
        if folder.exists():
            shutil.rmtree(folder)
    if demo_made_catalogue:
        for name in CATALOGUE_FILES:
            (context.home.root / name).unlink(missing_ok=True)
    click.echo(f"deleted the state in {context.home.root}")


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Change nothing: make the results beside and compare.")
@click.option(
    "--limit",
    metavar="N",
    default=10,
    show_default=True,
    type=click.IntRange(0),
    help="Differing rows shown of each table (--check).",
)
@pass_context
def rebuild(context: Context, only_check: bool, limit: int):
    """Make every result again from the log.

    A second job fills tables beside the live ones, which stay as they are and go on. Once it has caught up, its results
    replace them in one transaction: readers see the old numbers until then. When nothing runs, it is done at the next
    start. It needs the memory of a second job while it lasts.

    With --check nothing live is changed: a second run of the same SQL, bounded at one cut of the log, fills tables of
    its own, and each row is compared. The live job pauses for moments when it begins, and is behind until it has
    started again. Exit code 0: all equal; 1: rows differ, some are listed; 2: could not run.

    \b
    Example:
      tally rebuild && tally wait --timeout 10m
      tally rebuild --check
    """
    demand_submission(context.settings)
    if only_check:
        sys.exit(run_check(context, limit))
    context.home.prepare()
    refuse_beside_a_check(context.home)
    context.home.rebuild_request.touch()
    if Registry(context.home).read().is_running:
        click.echo("the running line rebuilds its results; `tally wait` returns when they are complete")
    else:
        click.echo("the results are rebuilt at the next start: tally demo, or tally run")


def run_check(context: Context, limit: int) -> int:
    """Run a check and return its exit code."""
    # a second of imports that no other command needs
    from tally.check import Line, check
    from tally.check_report import print_check

    progress = Console(stderr=True, highlight=False)
    try:
        state, urls = running_state(context), load_urls(context.home)
        with only_one(context.home), progress.status("checking") as status:
            line = Line(context.home, state, urls.owner, lambda: running_state(context), status.update)
            tables = check(line, limit)
    except (TallyError, KafkaException, OSError) as error:
        text = str(error) if isinstance(error, TallyError) else f"the check broke off; found {error!r}; run it again"
        click.echo(f"tally: {text}", err=True)
        return 2
    except KeyboardInterrupt:
        # 1 would mean that rows differ
        click.echo("tally: the check was stopped; nothing live was changed", err=True)
        return 2
    console = Console()
    return 0 if print_check(console if console.is_terminal else Console(width=CHECK_WIDTH), tables) else 1


@click.command("version")
@pass_context
def version_command(context: Context):
    """Show the versions of Tallystream and of what it stands on.

    \b
    Example:
      tally version
    """
    java = find_java()
    click.echo(f"tally {version('tallystream')}")
    click.echo(f"Python {sys.version.split()[0]}, Java {java.version} ({java.source})")
    for name in ("apache-flink", "confluent-kafka", "duckdb", "streamlit"):
        click.echo(f"{name} {version(name)}")
