"""One start of a line: from the home's lock to the last process gone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tally.catalogue import Catalogue, write_store_settings
from tally.chores import Chores
from tally.console import Screen
from tally.home import Home
from tally.line import Line, prepare_ground
from tally.logs import LogFiles
from tally.pause import Pause, forget_pause
from tally.rebuild import Rebuild
from tally.registry import Registry, RunState
from tally.schedule import HourlyAudit, chores_of
from tally.settings import Settings
from tally.supervisor import TICK_SECONDS, StopRequested, Supervisor

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Plan:
    """What to run: the command's name, the generator's arguments where there is one, and for how long (seconds)."""

    command: str
    generator: Sequence[str] | None = None
    seconds: float | None = None


def run_session(settings: Settings, plan: Plan, screen: Screen) -> None:
    """Run a line until Ctrl-C, SIGTERM or the end of its time, and leave no process behind.

    Raise a TallyError when it can't start; nothing runs then.
    """
    settings.tell_own_clients()
    home = Home(settings.home)
    home.prepare()
    registry = Registry(home)
    registry.acquire()
    try:
        registry.end_leftovers(screen.say)
        ground = prepare_ground(settings, home)
        logs = LogFiles(home.logs, settings.log_megabytes * MEGABYTE)
        supervisor = Supervisor(registry, logs, RunState(command=plan.command), screen.say)
        supervise(Line(settings, home, ground, supervisor), plan, screen)
    finally:
        registry.release()


def supervise(line: Line, plan: Plan, screen: Screen, clock: Callable[[], float] = time.monotonic) -> None:
    """Start everything, watch it, and stop it in order whatever happens."""
    supervisor = line.supervisor
    supervisor.catch_signals()
    try:
        with screen.progress() as progress:
            start(line, plan, progress, screen)
        screen.say("ready")
        watch(line, plan, screen, clock)
    except StopRequested:
        pass
    finally:
        screen.say("stopping; Ctrl-C again ends everything at once")
        supervisor.stop_all()
        screen.say("stopped")


def start(line: Line, plan: Plan, progress: Callable[[str], None], screen: Screen) -> None:
    """Bring every process up, each with what it stands on before it; tell the address as soon as it answers."""
    line.start_services(progress)
    rebuild = Rebuild(line)
    if line.has("job"):
        write_store_settings(line.urls.writer, line.settings)
        rebuild.finish_interrupted()
        forget_pause(line.home)
    line.start_parts()
    wait_for("dashboard", line, progress)
    if line.has("dashboard"):
        screen.address(line.dashboard_url, line.home.root)
    wait_for("archive", line, progress)
    if not rebuild.is_asked:
        # the one that a rebuild shall replace may have nothing to go on from
        wait_for("job", line, progress)
    if plan.generator is not None:
        # not before the job runs: its start would find a backlog, and two cores are few
        line.start_generator(plan.generator)
        wait_for("generator", line, progress)
    line.supervisor.describe(is_ready=True)


def wait_for(name: str, line: Line, progress: Callable[[str], None]) -> None:
    """Wait until a child answers, and show so; one that runs elsewhere is not waited for."""
    if name not in line.children:
        return
    progress(f"starting the {name}")
    line.supervisor.wait_up(line.children[name])


def watch(line: Line, plan: Plan, screen: Screen, clock: Callable[[], float]) -> None:
    """Keep the line running; raise StopRequested when it shall end."""
    chores = Chores(chores_of(line, Catalogue(line.home.root, line.urls.writer)))
    beside = [Rebuild(line), Pause(line)] if line.has("job") else []
    beside += [HourlyAudit(line)] if line.settings.audit and line.has("audit") else []
    deadline = None if plan.seconds is None else clock() + plan.seconds
    try:
        with screen.live(line.urls.writer):
            while deadline is None or clock() < deadline:
                line.supervisor.tick()
                for text in chores.tick():
                    line.supervisor.say(text)
                for one in beside:
                    one.tick()
                line.supervisor.sleep(TICK_SECONDS)
    finally:
        chores.close()
