"""The demo's own settings: a tally.toml on the first start, and what the generator is told."""

import os
import subprocess
from pathlib import Path

from tally.errors import TallyError
from tally.home import Home, write_atomically
from tally.settings import Settings
from tally.supervisor import python_command

DEFAULT_RATE = 2.0
DEFAULT_SCENARIO = "normal"
TRIAL_SECONDS = 60
SECONDS_A_DAY = 86_400
# mean gross sales per event of the normal scenario, in minor units (measured over 7 whole days of seed 1)
GROSS_PER_EVENT = 11_100

TOML = """\
# Settings of this home; docs/settings.md lists all of them. Written by the first `tally demo`, yours to change.
shipments = true
# gross sales aimed at per store day, in minor units
target = {target}
"""


class DemoError(TallyError):
    """A demo can't run in this home."""


def demo_settings(home: str | None, rate: float | None, host: str | None) -> Settings:
    """Return the settings of a demo; write its tally.toml when the home is new.

    Raise DemoError when the home holds a shop of the user's.
    """
    environment = {**os.environ, **({"TALLY_HOST": host} if host else {})}
    settings = Settings.load(home, environment)
    paths = Home(settings.home)
    refuse_real_shop(paths)
    paths.prepare()
    toml = settings.home / "tally.toml"
    if toml.exists():
        return settings
    write_atomically(toml, TOML.format(target=fitting_target(rate or DEFAULT_RATE)), 0o644)
    return Settings.load(home, environment)


def refuse_real_shop(home: Home) -> None:
    """Raise DemoError when a log exists here that no demo has filled."""
    if (home.kafka / "data").exists() and not has_entries(home.generator):
        raise DemoError(
            f"a demo would mix simulated events with yours; found the log of a `tally run` in {home.root}; give the "
            "demo a folder of its own: tally --home DIR demo"
        )


def has_entries(folder: Path) -> bool:
    """Tell whether a folder holds anything."""
    return folder.is_dir() and any(folder.iterdir())


def fitting_target(rate: float) -> int:
    """Return a round target that a shop of this mean rate reaches on its better days, in minor units."""
    expected = int(rate * SECONDS_A_DAY * GROSS_PER_EVENT)
    step = 10 ** (len(str(expected)) - 2)
    return -(-expected // step) * step


def check_scenario(scenario: str) -> None:
    """Let the generator try a scenario on one event; raise DemoError with its words, which list those that exist."""
    if scenario == DEFAULT_SCENARIO:
        return
    trial = python_command("generator", "--scenario", scenario, "--to", "-", "--events", "1")
    done = subprocess.run(trial, capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False)
    if done.returncode:
        raise DemoError(done.stderr.strip().removeprefix("generator: "))


def list_scenarios() -> str:
    """Return the generator's list of scenarios."""
    return subprocess.run(
        python_command("generator", "--scenario", "help"), capture_output=True, text=True, check=True
    ).stdout


def generator_arguments(settings: Settings, scenario: str, seed: int | None, rate: float | None) -> list[str]:
    """Return the command line of the demo's generator."""
    given = ["--live", "--shipments" if settings.shipments else "--no-shipments", "--scenario", scenario]
    if seed is not None:
        given += ["--seed", str(seed)]
    if rate is not None:
        given += ["--rate", f"{rate:g}"]
    return given
