"""What a start shows in the terminal: steps, the one address, a live line; plain lines where there is no terminal."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from tally.database import DatabaseError, execute

LIVE_SECONDS = 2.0


class Screen:
    """Prints for people; `say` is safe to call at any time, also while something live is shown."""

    def __init__(self, console: Console | None = None):
        self.console = console or Console(highlight=False)
        self.started = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line with the time since the start."""
        seconds = time.monotonic() - self.started
        # a closed terminal must not keep the supervisor from stopping its children
        with contextlib.suppress(OSError, ValueError):
            self.console.print(Text.assemble((f"{seconds:7.1f} s  ", "dim"), text), soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str], None]]:
        """Show what is being waited for."""
        with self.console.status("starting") as status:

            def show(text: str) -> None:
                status.update(text)
                if not self.console.is_terminal:
                    self.say(text)

            yield show

    def address(self, url: str, home: Path) -> None:
        """Print the one address."""
        with contextlib.suppress(OSError, ValueError):
            self.console.print()
            self.console.print(Text.assemble("  Dashboard  ", (url, "bold cyan underline")), soft_wrap=True)
            self.console.print(Text.assemble("  Home       ", str(home)), soft_wrap=True)
            self.console.print(Text("  Stop       Ctrl-C"))
            self.console.print()

    @contextmanager
    def live(self, url: str) -> Iterator[None]:
        """Keep one line of totals up to date; without a terminal there is none."""
        if not self.console.is_terminal:
            yield
            return
        spinner = Spinner("dots", "")
        ended = threading.Event()

        def read_totals() -> None:
            while not ended.is_set():
                spinner.update(text=totals_text(url))
                ended.wait(LIVE_SECONDS)

        # a thread of its own: a database that hangs must not hold up the supervision
        threading.Thread(target=read_totals, daemon=True).start()
        with Live(spinner, console=self.console, transient=True, refresh_per_second=4):
            try:
                yield
            finally:
                ended.set()


def totals_text(url: str) -> str:
    """Return the live line: records, rate, lag, and the share of history while it is being published."""
    try:
        rows = execute(url, "running_totals")
    except DatabaseError:
        return "the database does not answer"
    if not rows:
        return "no records yet"
    lag, records, rate, history = rows[0]
    parts = [f"{records:,} records", f"{rate:,.0f} a second", f"lag {lag:.1f} s"]
    if history is not None and history < 1:
        parts.append(f"history {history:.0%}")
    return " · ".join(parts)
