"""Small things done again and again beside the children, in a thread of their own."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from tally.errors import TallyError


@dataclass
class Chore:
    """Something to do every so many seconds; it returns lines for the user, mostly none."""

    name: str
    seconds: float
    do: Callable[[], Iterable[str]]
    due: float = 0.0
    fault: str = ""


class Chores:
    """Runs chores one at a time; a fault is said once and the chore is tried again when it is due."""

    def __init__(self, chores: Iterable[Chore], clock: Callable[[], float] = time.monotonic):
        self.chores = list(chores)
        self.clock = clock
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="chores")
        self.running: tuple[Chore, Future] | None = None

    def tick(self) -> list[str]:
        """Take the result of the chore that has ended and begin the next that is due; return lines for the user."""
        lines: list[str] = []
        if self.running is not None and self.running[1].done():
            lines, self.running = self.finish(*self.running), None
        if self.running is None:
            due = [chore for chore in self.chores if chore.due <= self.clock()]
            if due:
                chore = min(due, key=lambda one: one.due)
                self.running = chore, self.pool.submit(lambda: list(chore.do()))
        return lines

    def finish(self, chore: Chore, done: Future) -> list[str]:
        """Plan the chore's next time and return what it said."""
        chore.due = self.clock() + chore.seconds
        error = done.exception()
        if error is None:
            recovered = [f"{chore.name}: works again"] if chore.fault else []
            chore.fault = ""
            return recovered + done.result()
        before, chore.fault = chore.fault, str(error) if isinstance(error, TallyError) else repr(error)
        return [f"{chore.name}: {chore.fault}"] if chore.fault != before else []

    def close(self) -> None:
        """Begin nothing more."""
        self.pool.shutdown(wait=False, cancel_futures=True)
