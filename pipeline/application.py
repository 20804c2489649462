"""The job as the program of a Flink application, which the JobManager runs inside itself (PythonDriver).

`python -m pipeline.cluster application` is such a JobManager, also as a Kubernetes operator starts it. A cluster of one
job needs nobody who submits; `tally run` with TALLY_FLINK finds the job, watches it and keeps its heartbeat.
"""

import os
import shutil
import sys
import time

from pipeline.checkpoints import UNFIT, CheckpointUnfit, choose_checkpoint
from pipeline.plan import PlanFile, planned
from pipeline.session import Folders, job_options, open_session, restart_options
from pipeline.settings import RESUME_HOURS, ConfigurationError, PipelineSettings
from pipeline.stopping import say

FAULTY_SETTINGS = 2


def run_application(settings: PipelineSettings, clock=time.time) -> None:
    """Submit the job to the JobManager that runs this program. Raise CheckpointUnfit when it may not be resumed."""
    folders = Folders.of(settings, os.getpid())
    folders.make()
    checkpoint = choose_checkpoint(folders.checkpoints, clock(), RESUME_HOURS)
    resume_from = checkpoint.path if checkpoint else None
    say(f"starts; {'resumes from ' + str(resume_from) if resume_from else 'reads the log from its beginning'}")
    options = {**job_options(settings, folders, resume_from), **restart_options()}
    file = PlanFile(folders.plans, settings.dedup, options)
    try:
        job = planned(open_session(options), settings, file).execute().get_job_client()
    except Exception:
        # whatever it was: should it be the kept plan, the next start makes one
        file.drop()
        raise
    finally:
        shutil.rmtree(folders.scratch, ignore_errors=True)
    say(f"runs as {job.get_job_id()}")


def main() -> int:
    """Run the program and return its exit code."""
    try:
        run_application(PipelineSettings.from_env())
    except ConfigurationError as fault:
        say(str(fault))
        return FAULTY_SETTINGS
    except CheckpointUnfit as fault:
        say(str(fault))
        return UNFIT
    return 0


if __name__ == "__main__":
    sys.exit(main())
