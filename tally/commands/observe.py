"""Commands that look: wait, status, sql, logs."""

import json
import sys
import time

import click
from confluent_kafka import KafkaException
from rich.console import Console

from tally.commands.context import DURATION, Context, pass_context
from tally.database import load_urls
from tally.drained import Drain, has_checkpoint_after, log_end, read_reached
from tally.errors import TallyError
from tally.logs import LogFiles, follow
from tally.query import print_table, run_query, write_csv
from tally.registry import Registry, RunState
from tally.status import read_status, show_status

FOLLOW_SECONDS = 0.5
WIDE = 100_000


@click.command()
@click.option("--timeout", metavar="TIME", type=DURATION, default="120s", show_default=True, help="How long to wait.")
@pass_context
def wait(context: Context, timeout: float):
    """Return when everything published so far is visible.

    The inbox is empty, archive and job have read the log to its end as it is now, and their results are written. Exit
    code 1 when that takes longer than the timeout; the text says what is missing.

    \b
    Example:
      tally wait --timeout 120s && tally sql "SELECT * FROM event_counts"
    """
    state = running_state(context)
    urls = load_urls(context.home)
    drain = Drain(
        context.home,
        lambda: read_log_end(state.kafka, context.settings.topic),
        lambda: read_reached(urls.writer),
        lambda moment: has_checkpoint_after(urls.writer, moment),
        check_running=lambda: running_state(context),
    )
    console = Console(stderr=True, highlight=False)
    with console.status("waiting") as status:
        drain.wait(timeout, status.update)


def read_log_end(bootstrap: str, topic: str) -> dict[int, int]:
    """Return the log's end; raise TallyError when Kafka does not answer."""
    try:
        return log_end(bootstrap, topic)
    except KafkaException as error:
        raise TallyError(
            f"the log can't be read; found at {bootstrap}: {error.args[0].str()}; see `tally status` and "
            "`tally logs kafka`"
        ) from error


def running_state(context: Context) -> RunState:
    """Return what the running supervisor wrote down; raise TallyError when none runs."""
    state = Registry(context.home).read()
    if not state.is_running:
        raise TallyError(
            f"Tallystream does not run in {context.home.root}; found no living supervisor; start it: tally demo, or "
            "tally run (another home: tally --home DIR …)"
        )
    return state


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@pass_context
def status(context: Context, as_json: bool):
    """Show what runs, where it answers and how far the results are.

    Exit code 1 when nothing runs. The JSON has processes (name, pid), database_url (reader), dashboard_url, kafka,
    inbox, job, lag_seconds, consumer_lag, partitions and counts.

    \b
    Example:
      tally status --json
    """
    found = read_status(context.home)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    else:
        show_status(found, Console(highlight=False))
    if not found["running"]:
        sys.exit(1)


@click.command()
@click.argument("query", metavar="QUERY")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV with a header line.")
@pass_context
def sql(context: Context, query: str, as_csv: bool):
    """Run a query as the reader: views only, nothing can be changed.

    \b
    Example:
      tally sql "SELECT store_day, net_amount FROM sales_by_day" --csv
    """
    reader = load_urls(context.home).reader
    if not reader:
        raise TallyError(
            f"this home has no reader's address; found parts {', '.join(context.settings.parts)} only; ask where the "
            "job runs"
        )
    columns, rows = run_query(reader, query)
    if as_csv:
        write_csv(columns, rows, sys.stdout)
    else:
        # into a pipe or file every row stays one line
        print_table(columns, rows, Console(highlight=False, width=None if sys.stdout.isatty() else WIDE))


@click.command()
@click.argument("name", metavar="[NAME]", required=False)
@click.option("-f", "--follow", "following", is_flag=True, help="Go on as lines come in; Ctrl-C ends.")
@click.option(
    "-n", "--lines", metavar="N", default=50, show_default=True, type=click.IntRange(0), help="How many last lines."
)
@pass_context
def logs(context: Context, name: str | None, following: bool, lines: int):
    """Show the last lines of a process's log; without a name, of all.

    \b
    Example:
      tally logs job -f
    """
    files = LogFiles(context.home.logs, sys.maxsize)
    names = chosen_logs(files, name)
    for one in names:
        if len(names) > 1:
            click.secho(f"== {one}", bold=True)
        for text in files.tail(one, lines):
            click.echo(text)
    if following:
        follow_logs(files, names)


def chosen_logs(files: LogFiles, name: str | None) -> list[str]:
    """Return the logs to show; raise TallyError for a name that has none."""
    known = files.names()
    if name is not None and name not in known:
        raise TallyError(
            f"there is no log of {name!r}; found {', '.join(known) or 'none'} in {files.folder}; name one of those"
        )
    return [name] if name else known


def follow_logs(files: LogFiles, names: list[str]) -> None:
    """Print what is appended until Ctrl-C."""
    positions = {name: files.path(name).stat().st_size for name in names}
    try:
        while True:
            for name in names:
                for text, position in follow(files.path(name), positions[name]):
                    positions[name] = position
                    click.echo(text if len(names) == 1 else prefixed(name, text), nl=False)
            time.sleep(FOLLOW_SECONDS)
    except KeyboardInterrupt:
        return


def prefixed(name: str, text: str) -> str:
    """Put the process's name before each line."""
    return "".join(f"{name}: {line}" for line in text.splitlines(keepends=True))
