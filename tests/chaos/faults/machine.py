"""Faults of the supervisor and of the whole machine."""

import os
import signal
from contextlib import suppress

import psutil

from tests.chaos.faults.scene import CHILDREN, Scene, fault, pause

ASLEEP_SECONDS = 60


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run; one that has ended and was not yet waited for does not."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@fault("R5")
def supervisor_killed(scene: Scene) -> None:
    """Kill the supervisor, then start the line again: it ends what was left, and resumes."""
    line = scene.line
    left = [process for name in CHILDREN for process in line.processes(name)]
    os.kill(line.pid("supervisor"), signal.SIGKILL)
    scene.now()
    line.process.wait(30)
    line.start()
    assert alive(left) == [], "children of the killed supervisor outlived the next start"


@fault("R5")
def supervisor_paused(scene: Scene) -> None:
    """Stop the supervisor for 15 to 30 seconds."""
    pause(scene, ["supervisor"], scene.a_pause())


@fault("R21")
def supervisor_ended(scene: Scene) -> None:
    """Ask everything to end under load, see that nothing is left, and start again."""
    line = scene.line
    left = [process for name in CHILDREN for process in line.processes(name)]
    assert line.stop() == 0
    scene.now()
    assert alive(left) == [], "children outlived an orderly end"
    line.start()


@fault("R5")
def machine_asleep(scene: Scene) -> None:
    """Stop everything for a minute at once, as a closed laptop does."""
    pause(scene, ["supervisor", *CHILDREN], ASLEEP_SECONDS)
