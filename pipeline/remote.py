"""One run of the job on a Flink cluster, known by its REST address: the job found there, or one submitted to it.

A cluster that keeps no jobs elsewhere forgets them with its JobManager. So this process stays: it writes the heartbeat,
and ends with an error when the job is gone; its next start submits it again from the newest checkpoint. It holds no
JVM: a submission is a process of its own, which ends.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.bounded import CHECKPOINTS
from pipeline.checkpoints import choose_checkpoint
from pipeline.flink_rest import ENDED, FlinkGone, FlinkRest, FlinkUnreachable, JobUnknown
from pipeline.monitor import Monitor
from pipeline.runner import (
    LOOK_SECONDS,
    NOT_FLUSHED,
    JobEnded,
    Patience,
    StoppedEarly,
    StopRequest,
    Watch,
    cause,
    submit,
    sweep_scratch,
)
from pipeline.session import Folders, cluster_options, prepare_environment
from pipeline.settings import RESUME_HOURS, PipelineSettings
from pipeline.stopping import runs, say, stop_job

# Its processes may be starting anew, one after the other.
CLUSTER_PATIENCE = Patience(start=180.0, lost=120.0, gone=120.0, silent=120.0)
CLUSTER_SECONDS = 90.0
SLOTS_SECONDS = 60.0
CANCEL_SECONDS = 10.0
# The client's: it plans, and hands over.
CLIENT_HEAP = "192m"


@dataclass(frozen=True)
class Submitted:
    """A job on the cluster, and the checkpoint that it was resumed from where that is known."""

    job_id: str
    resumed_from: Path | None = None


def run_on_cluster(settings: PipelineSettings) -> int:
    """Keep to the job on the cluster until asked to stop; return the exit code.

    Raise JobEnded when the cluster does not answer or the job is over, CheckpointUnfit when it may not be resumed.
    """
    stop, folders, rest = StopRequest(), Folders.of(settings, os.getpid()), FlinkRest(settings.flink)
    try:
        stop.catch_signals()
        sweep_scratch(folders.scratch.parent)
        folders.make()
        job = found_or_submitted(settings, rest, folders)
        stop.job_runs()
        return _watch(settings, rest, job, stop, folders)
    except StoppedEarly:
        # a submission that was cut short may have reached the cluster
        with contextlib.suppress(FlinkUnreachable):
            for left in rest.jobs(settings.job_name):
                if left.name == settings.job_name:
                    cancel(rest, left.job_id)
        say("stopped before it ran")
        return NOT_FLUSHED
    finally:
        shutil.rmtree(folders.scratch, ignore_errors=True)


def hand_in(settings: PipelineSettings) -> int:
    """Find the job on the cluster or submit it, print its id, leave it to itself, and return the exit code.

    Raise JobEnded when the cluster does not answer, has no room or refuses it, CheckpointUnfit.
    """
    folders = Folders.of(settings, os.getpid())
    folders.make()
    try:
        print(found_or_submitted(settings, FlinkRest(settings.flink), folders).job_id, flush=True)
        return 0
    finally:
        shutil.rmtree(folders.scratch, ignore_errors=True)


def found_or_submitted(settings: PipelineSettings, rest: FlinkRest, folders: Folders) -> Submitted:
    """Return the job of our name that works on the cluster, or submit one from the newest checkpoint.

    Raise JobEnded when the cluster has no room for it or refuses it, CheckpointUnfit.
    """
    await_cluster(rest, settings)
    if settings.shadow:
        end_left(rest, settings, settings.job_name)
    if running := await_found(rest, settings.job_name, is_due=not settings.submits):
        say(f"found running as {running} on {settings.flink}; goes on with it")
        return Submitted(running)
    if not settings.submits:
        raise JobEnded(
            f"no job {settings.job_name} runs on {settings.flink}, and none is submitted (TALLY_SUBMIT=off); start the "
            "cluster's own program, or set TALLY_SUBMIT=on"
        )
    checkpoint = choose_checkpoint(folders.checkpoints, time.time(), RESUME_HOURS)
    await_slots(rest, settings)
    return submitted(settings, folders, checkpoint.path if checkpoint else None)


def await_found(rest: FlinkRest, name: str, is_due: bool = False, clock=time.monotonic, sleep=time.sleep) -> str | None:
    """Return the id of the job of this name, None where there is none; one that is ending is waited for.

    One that is due, since the cluster itself begins it, is waited for, too.
    """
    deadline = clock() + CLUSTER_SECONDS
    while True:
        found = [job for job in rest.jobs(name) if job.name == name]
        is_settled = not found[0].is_ending if found else not is_due
        if is_settled or clock() >= deadline:
            return found[0].job_id if found else None
        sleep(LOOK_SECONDS)


def end_left(rest: FlinkRest, settings: PipelineSettings, own: str | None = None) -> None:
    """End what an earlier rebuild or check has left on the cluster: it would write into the same shadow tables."""
    for left in rest.jobs(settings.shadow_name):
        if left.name != own:
            say(f"ends {left.name}, left by an earlier rebuild or check")
            cancel(rest, left.job_id)


def await_cluster(rest: FlinkRest, settings: PipelineSettings, clock=time.monotonic, sleep=time.sleep) -> None:
    """Return when Flink answers. Raise JobEnded when it does not."""
    deadline = clock() + CLUSTER_SECONDS
    while True:
        try:
            rest.slots()
            return
        except FlinkUnreachable as fault:
            if clock() >= deadline:
                raise JobEnded(
                    f"no Flink to run on; {fault}, asked {settings.flink} (TALLY_FLINK) for {CLUSTER_SECONDS:.0f} s; "
                    "start the cluster, or correct the address of its REST interface"
                ) from None
        sleep(LOOK_SECONDS)


def await_slots(rest: FlinkRest, settings: PipelineSettings, clock=time.monotonic, sleep=time.sleep) -> None:
    """Return when the cluster has room for the job. Raise JobEnded when it has not: Flink would only wait for it."""
    deadline = clock() + SLOTS_SECONDS
    while (found := rest.slots())[1] < settings.parallelism:
        if clock() >= deadline:
            raise JobEnded(
                f"the cluster has no room for the job; found {found[1]} of {found[0]} slots free at {settings.flink}, "
                f"needed {settings.parallelism} (TALLY_PARALLELISM); start more TaskManagers, give them more slots, "
                "or lower the parallelism"
            )
        sleep(LOOK_SECONDS)


def submitted(
    settings: PipelineSettings, folders: Folders, resume_from: Path | None, ends: Mapping[int, int] | None = None
) -> Submitted:
    """Submit the job in a process of its own, which needs a JVM for as long as it lasts. Raise JobEnded."""
    say(f"submits to {settings.flink}; {'resumes from ' + str(resume_from) if resume_from else 'reads the whole log'}")
    told = {"resume_from": str(resume_from) if resume_from else None, "ends": dict(ends) if ends else None}
    command = [sys.executable, "-m", "pipeline", "--submit", json.dumps(told)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise JobEnded(f"the job was not submitted; the submission ended with code {done.returncode}, see above")
    job_id = done.stdout.splitlines()[-1]
    say(f"runs as {job_id}; Flink's own pages: http://{settings.flink}")
    return Submitted(job_id, resume_from)


def submit_and_print(settings: PipelineSettings, told: Mapping) -> int:
    """Submit the job, print its id, and return the exit code. Raise JobEnded."""
    folders = Folders.of(settings, os.getpid())
    resume_from = Path(told["resume_from"]) if told["resume_from"] else None
    ends = {int(partition): end for partition, end in told["ends"].items()} if told["ends"] else None
    stop = StopRequest()
    try:
        stop.catch_signals()
        folders.make()
        prepare_environment(settings, folders, os.environ, CLIENT_HEAP)
        options = cluster_options(settings, folders, resume_from)
        print(submit(settings, bounded(options) if ends else options, stop, folders, ends).get_job_id(), flush=True)
        return 0
    except StoppedEarly:
        return NOT_FLUSHED
    finally:
        shutil.rmtree(folders.scratch, ignore_errors=True)


def bounded(options: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a run that ends by itself: without checkpoints, since one that fails is not resumed."""
    kept = {name: value for name, value in options.items() if not name.startswith((CHECKPOINTS, "restart-strategy"))}
    return {**kept, "restart-strategy.type": "none"}


def _watch(settings: PipelineSettings, rest: FlinkRest, job: Submitted, stop: StopRequest, folders: Folders) -> int:
    monitor = Monitor(settings, rest, job.job_id, job.resumed_from)
    watch, last_state = Watch(patience=CLUSTER_PATIENCE), None
    monitor.start()
    try:
        while not stop.wait(LOOK_SECONDS):
            watch.judge(*look_at(rest, job.job_id))
        if not settings.submits and not stop.at_one_cut:
            say("stopped; the job goes on: it is its own JobManager's")
            return 0
        complete = stop_job(rest, job.job_id, lambda: cancel(rest, job.job_id), folders.checkpoints, stop)
        say("stopped; everything read is written" if complete else "stopped without a last checkpoint")
        last_state = "CANCELED"
        return 0 if complete else NOT_FLUSHED
    except JobEnded as end:
        last_state = "FAILED"
        raise JobEnded(f"{end}; {cause(rest, job.job_id)}") from None
    finally:
        monitor.stop(last_state)


def look_at(rest: FlinkRest, job_id: str):
    """Return the job's state and whether the cluster's port is gone. Raise JobEnded when it was forgotten."""
    try:
        return rest.job_state(job_id), False
    except JobUnknown:
        raise JobEnded(f"the cluster knows no job {job_id} any more: its JobManager was started anew") from None
    except FlinkUnreachable as fault:
        return None, isinstance(fault, FlinkGone)


def cancel(rest: FlinkRest, job_id: str, clock=time.monotonic, sleep=time.sleep) -> None:
    """End the job as it is, and wait until nothing of it writes any more."""
    deadline = clock() + CANCEL_SECONDS
    try:
        rest.cancel(job_id)
        while runs(rest, job_id) and clock() < deadline:
            sleep(0.1)
    except FlinkUnreachable as fault:
        say(f"Flink did not confirm the end: {fault}")


def run_until_on_cluster(settings: PipelineSettings, ends: Mapping[int, int]) -> int:
    """Fill the shadow tables from the log up to `ends` (partition → first offset not to read); return the exit code.

    Raise JobEnded when the job fails.
    """
    stop, folders, rest = StopRequest(), Folders.of(settings, os.getpid()), FlinkRest(settings.flink)
    job: Submitted | None = None
    try:
        stop.catch_signals()
        folders.make()
        await_cluster(rest, settings)
        end_left(rest, settings)
        await_slots(rest, settings)
        job = submitted(settings, folders, None, ends)
        return _await_end(rest, job.job_id, stop)
    except StoppedEarly:
        return NOT_FLUSHED
    finally:
        if job is not None and runs(rest, job.job_id):
            cancel(rest, job.job_id)
        shutil.rmtree(folders.scratch, ignore_errors=True)


def _await_end(rest: FlinkRest, job_id: str, stop: StopRequest) -> int:
    watch = Watch(patience=CLUSTER_PATIENCE)
    while True:
        state, gone = look_at(rest, job_id)
        if state is not None and state.state == "FINISHED":
            say("ended; everything up to the offsets is written")
            return 0
        if state is not None and state.state in ENDED:
            raise JobEnded(f"Flink says {state.state}; {cause(rest, job_id)}")
        watch.judge(state, gone)
        if stop.wait(LOOK_SECONDS):
            say("stopped before the end")
            return NOT_FLUSHED
