"""The command line: `tally COMMAND`. Each command says what it does and ends with an example."""

from importlib.metadata import version

import click
from rich.console import Console

from tally.commands.context import Context
from tally.commands.observe import logs, sql, status, wait
from tally.commands.start import demo, generate, prepare, run, submit, upgrade
from tally.commands.upkeep import audit, doctor, rebuild, reset, stop, version_command
from tally.errors import TallyError


class TallyGroup(click.Group):
    """A group whose commands end with one clear text instead of a traceback where the user can mend something."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; print a TallyError to stderr and exit with 1."""
        try:
            return super().invoke(ctx)
        except TallyError as error:
            console = Console(stderr=True, highlight=False)
            console.print("tally:", style="bold red", end=" ")
            console.print(str(error), markup=False, soft_wrap=True)
            ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which they are met."""
        return list(self.commands)


@click.group(cls=TallyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--home",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Folder of all state; default $TALLY_HOME, else ~/.tallystream.",
)
@click.version_option(version("tallystream"), prog_name="tally")
@click.pass_context
def main(ctx: click.Context, home: str | None) -> None:
    """Tallystream: real-time inventory and sales totals that reconcile to the cent.

    \b
    Example:
      tally demo
    """
    ctx.obj = Context(home)


for command in (
    demo,
    run,
    prepare,
    submit,
    generate,
    wait,
    status,
    sql,
    audit,
    doctor,
    logs,
    stop,
    reset,
    rebuild,
    upgrade,
    version_command,
):
    main.add_command(command)
