"""The job's command line.

`python -m pipeline` runs the job until SIGTERM, with `--until 0:12,1:7` up to those offsets (partition:first offset not
read) and into the shadow tables only; `--explain` prints its plan. With TALLY_FLINK it runs on that cluster.
"""

import argparse
import json
import os
import sys

from pipeline.checkpoints import UNFIT, CheckpointUnfit
from pipeline.settings import ConfigurationError, PipelineSettings

FAULTY_SETTINGS, JOB_FAILED = 2, 1


def explain(settings: PipelineSettings) -> str:
    """Return Flink's plan of all inserts."""
    from pipeline import plan, session
    from pipeline.statements import template_values

    folders = session.Folders.of(settings, os.getpid())
    folders.make()
    session.prepare_environment(settings, folders, os.environ)
    options = session.flink_options(settings, folders, session.free_port())
    opened, values = session.open_session(options), template_values(settings)
    plan.define_tables(opened, values)
    return plan.statement_set(opened, values, settings.dedup).explain()


def ends_from(text: str) -> dict[int, int]:
    """Return partition → first offset not to read; raise ValueError for another form than 0:12,1:7."""
    return {int(partition): int(end) for partition, _, end in (one.partition(":") for one in text.split(","))}


def run(settings: PipelineSettings, choice: argparse.Namespace) -> int:
    """Run what was chosen, in this process or on a cluster; return the exit code."""
    from pipeline import bounded, remote, runner

    if choice.submit is not None:
        return remote.submit_and_print(settings, choice.submit)
    if choice.hand_in:
        return remote.hand_in(settings)
    if choice.until is None:
        return remote.run_on_cluster(settings) if settings.flink else runner.run_job(settings)
    bounded.refuse_live(settings)
    return (remote.run_until_on_cluster if settings.flink else bounded.run_until)(settings, choice.until)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    0 stopped as asked with everything read written, 1 failed, 2 faulty settings, 3 newest checkpoint too old, 4 stopped
    as asked without a last checkpoint.
    """
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    parser.add_argument("--explain", action="store_true", help="print the plan of all inserts and end")
    parser.add_argument("--until", metavar="P:N,…", type=ends_from, help="end at those offsets; needs TALLY_SHADOW=on")
    parser.add_argument("--submit", metavar="JSON", type=json.loads, help="used by a run on a cluster for its client")
    parser.add_argument("--hand-in", action="store_true", help="submit to TALLY_FLINK, print the job's id, and end")
    choice = parser.parse_args(arguments)
    from pipeline.flink_rest import FlinkUnreachable
    from pipeline.runner import JobEnded, say

    try:
        settings = PipelineSettings.from_env()
        if choice.explain:
            print(explain(settings))
            return 0
        return run(settings, choice)
    except ConfigurationError as fault:
        say(str(fault))
        return FAULTY_SETTINGS
    except CheckpointUnfit as fault:
        say(str(fault))
        return UNFIT
    except (JobEnded, FlinkUnreachable) as end:
        say(str(end))
        return JOB_FAILED


if __name__ == "__main__":
    sys.exit(main())
