"""What every command knows: the home folder, and through it the settings."""

from dataclasses import dataclass
from functools import cached_property

import click

from tally.home import Home
from tally.settings import Settings


@dataclass
class Context:
    """The `--home` option; settings are read when a command first needs them."""

    home_option: str | None

    @cached_property
    def settings(self) -> Settings:
        """Return the deployment's settings; raise SettingsError with every fault."""
        settings = Settings.load(self.home_option)
        settings.tell_own_clients()
        return settings

    @property
    def home(self) -> Home:
        """Return the paths of the home folder."""
        return Home(self.settings.home)


pass_context = click.make_pass_decorator(Context)


class Duration(click.ParamType):
    """A length of time such as 90, 90s, 10m or 2h; the value is in seconds."""

    name = "duration"
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}  # noqa: RUF012

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds; fail with the forms that are understood."""
        if isinstance(value, int | float):
            return float(value)
        text = str(value).strip().lower()
        unit = self.units.get(text[-1:], 1)
        number = text[:-1] if text[-1:] in self.units else text
        try:
            seconds = float(number) * unit
        except ValueError:
            seconds = -1.0
        if not 0 < seconds < float("inf"):
            self.fail(f"no length of time; found {value!r}; write 90s, 10m or 2h", param, ctx)
        return seconds


DURATION = Duration()
