"""`tally rebuild`: a second job makes every result again beside the live ones, which it then replaces as a whole.

    request ──► shadow tables made, second job reads the log ──► it has caught up ──► both jobs stopped ──► it has all
    ──► swap.marker ──► one transaction: live rows = shadow rows, shadow dropped ──► the live job's checkpoints are the
    second one's ──► marker and request removed, live job started

A crash before the marker: the next start throws the shadow away and begins anew. After it: the next start finishes.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from confluent_kafka import KafkaException

from tally.bounded_job import end_left_job
from tally.child import Child, ChildSpec, State
from tally.database import DatabaseError
from tally.drained import log_end
from tally.home import Home, write_atomically
from tally.line import Line
from tally.shadow import drop_shadow, has_shadow, jobs_write, make_shadow, shadow_offsets, swap
from tally.supervisor import python_command

# a checkpoint and, on a cluster, the end of what writes
JOB_STOP_SECONDS = 20.0
LOOK_SECONDS = 1.0
# So near to the log's end, the live job is stopped: what is left to read takes moments.
CLOSE_SECONDS = 10.0
CHECKPOINT_TOO_OLD = 3
Answer = TypeVar("Answer")
Steps = Generator[None, None, Answer]


class Rebuild:
    """Does what `tally rebuild` has asked for, one small step at each tick; blocking work is done in a thread."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.time):
        self.line = line
        self.clock = clock
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="rebuild")
        self.steps: Steps[None] | None = None

    @property
    def is_asked(self) -> bool:
        """Tell whether a rebuild was asked for and is not done."""
        return self.line.home.rebuild_request.exists()

    def finish_interrupted(self) -> None:
        """Finish a swap that a crash has interrupted, before any job runs; throw away what else is left of a rebuild.

        Raise DatabaseError when the database does not answer.
        """
        home, url = self.line.home, self.line.urls.owner
        if home.rebuild_swap.exists():
            try:
                self.say(finish_swap(home, url))
            except DatabaseError as error:
                self.say(f"the rebuild can't be finished and begins anew; {error}")
                home.rebuild_swap.unlink()
        # what was adopted is what the live job goes on from
        if not home.rebuild_swap.exists() and not home.adopted_mark.exists():
            throw_away(home, url)

    def tick(self) -> None:
        """Begin when asked to, or take the next step."""
        if self.steps is None and self.is_asked:
            self.steps = self.rebuild()
        if self.steps is not None and next(self.steps, self) is self:
            self.steps = None

    def rebuild(self) -> Steps[None]:
        """Make the results again and swap."""
        line, url = self.line, self.line.urls.owner
        self.say("rebuilding every result from the log beside the live ones; readers see the old numbers meanwhile")
        yield from self.done(lambda: throw_away(line.home, url))
        yield from self.done(lambda: make_shadow(url))
        shadow = self.start_shadow()
        yield from self.caught_up(shadow)
        while not (yield from self.both_stopped(shadow)):
            shadow.start()
            line.children["job"].start()
            yield from self.caught_up(shadow)
        while (yield from self.done(lambda: jobs_write(url))):
            yield
        write_atomically(line.home.rebuild_swap, "the shadow results are complete\n")
        self.say((yield from self.done(lambda: finish_swap(line.home, url))))
        line.supervisor.children.remove(line.children.pop("rebuild"))
        line.children["job"].start()

    def start_shadow(self) -> Child:
        """Start the job that fills the shadow tables."""
        line = self.line
        # one that an earlier rebuild has left on a cluster must not be taken for this one's
        run = f"-{int(self.clock())}"
        environment = line.environment(DATABASE_URL=line.urls.writer, TALLY_SHADOW="on", TALLY_SHADOW_RUN=run)
        line.start(ChildSpec("rebuild", python_command("pipeline"), environment))
        return line.children["rebuild"]

    def caught_up(self, shadow: Child) -> Steps[None]:
        """Return when the shadow has come to a log's end that was the end a moment ago."""
        asked_at = -CLOSE_SECONDS
        while self.clock() - asked_at >= CLOSE_SECONDS:
            asked_at = self.clock()
            yield from self.at_the_end(shadow)

    def at_the_end(self, shadow: Child) -> Steps[None]:
        """Return when the shadow has come to the log's end as it is now, and has a checkpoint of its present start."""
        end = yield from self.done(self.log_end)
        while True:
            reached = yield from self.done(lambda: shadow_offsets(self.line.urls.owner))
            missing = [partition for partition, offset in end.items() if reached.get(partition, -1) < offset]
            if not missing and has_checkpoint(self.line.home, shadow):
                return
            self.let_a_refused_job_rest()
            yield from self.pause()

    def both_stopped(self, shadow: Child) -> Steps[bool]:
        """Stop the live job, let the shadow read what is left, and stop it; return whether all of it is written."""
        line = self.line
        self.say("the rebuild has caught up; the job pauses for the swap")
        self.stop(line.children["job"])
        yield from self.at_the_end(shadow)
        self.stop(shadow)
        return shadow.process.returncode == 0

    def let_a_refused_job_rest(self) -> None:
        """Don't start a job again and again that may not go on from its old checkpoint: the rebuild replaces it."""
        job = self.line.children["job"]
        if job.state == State.WAITING and job.process.returncode == CHECKPOINT_TOO_OLD:
            job.ask_to_stop()
            self.say("the job may not go on from its old checkpoint; it starts again with the rebuilt results")

    def stop(self, child: Child) -> None:
        """Stop a child with everything that it has read written."""
        self.line.supervisor.stop_stage([child], self.line.supervisor.clock() + JOB_STOP_SECONDS)

    def log_end(self) -> dict[int, int]:
        """Return the offset of each partition's last record."""
        return log_end(self.line.kafka, self.line.settings.topic)

    def say(self, text: str) -> None:
        """Tell the user."""
        self.line.supervisor.say(text)

    def pause(self) -> Steps[None]:
        """Let other things be done for a moment."""
        until = self.line.supervisor.clock() + LOOK_SECONDS
        while self.line.supervisor.clock() < until:
            yield

    def done(self, do: Callable[[], Answer]) -> Steps[Answer]:
        """Return what `do` returns, done in the thread; while Postgres or Kafka is away it is tried again."""
        fault = ""
        while True:
            future = self.pool.submit(do)
            while not future.done():
                yield
            try:
                return future.result()
            except (DatabaseError, KafkaException, OSError) as error:
                if str(error) != fault:
                    fault = str(error)
                    self.say(f"the rebuild waits; {fault}")
            yield from self.pause()


def has_checkpoint(home: Home, shadow: Child) -> bool:
    """Tell whether the shadow's job has completed a checkpoint since its newest start."""
    if shadow.has_ended:
        return False
    for metadata in home.shadow_checkpoints.glob("*/chk-*/_metadata"):
        with contextlib.suppress(FileNotFoundError):  # replaced by a newer one between the two looks
            if metadata.stat().st_mtime > shadow.started_at:
                return True
    return False


def throw_away(home: Home, url: str) -> None:
    """Forget an unfinished rebuild. Raise DatabaseError.

    A live job that has come from the newest rebuild and has no checkpoint of its own yet reads the log again should it
    end now: slow, and as exact.
    """
    end_left_job(home)
    drop_shadow(url)
    shutil.rmtree(home.shadow_checkpoints, ignore_errors=True)


def finish_swap(home: Home, url: str) -> str:
    """Do what is left to do once the marker is there, and return what to say. Raise DatabaseError."""
    text = "the rebuild is done"
    if has_shadow(url):
        changed = {table: rows for table, rows in swap(url).items() if rows}
        told = ", ".join(f"{rows:,} rows of {table}" for table, rows in changed.items())
        text += f"; changed {told}" if told else "; every row was right"
    adopt_checkpoints(home)
    home.rebuild_swap.unlink()
    home.rebuild_request.unlink(missing_ok=True)
    return text


def adopt_checkpoints(home: Home) -> None:
    """Let the live job go on from the rebuild's checkpoint, and from no other."""
    for run in home.checkpoints.iterdir():
        if run != home.shadow_checkpoints:
            shutil.rmtree(run)
    home.shadow_checkpoints.mkdir(exist_ok=True)
    home.adopted_mark.touch()
