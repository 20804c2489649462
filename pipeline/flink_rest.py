"""Ask Flink over its REST interface: the mini-cluster of this process, or a cluster of processes."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime

TIMEOUT_SECONDS = 5.0
NOT_FOUND = 404
ENDED = frozenset({"FAILED", "CANCELED", "FINISHED", "SUSPENDED"})


class FlinkUnreachable(RuntimeError):
    """The cluster did not answer, or answered with an error; the text says to what."""


class FlinkGone(FlinkUnreachable):
    """Nothing listens on the cluster's port any more: it is down, not just busy."""


class JobUnknown(FlinkUnreachable):
    """The cluster answers, and knows no such job: its JobManager was started anew."""


@dataclass(frozen=True)
class JobState:
    """The job as Flink sees it at one moment; `taskmanagers` 0 means that nothing works, whatever `state` says."""

    state: str
    started_at: datetime
    restarts: int
    taskmanagers: int


@dataclass(frozen=True)
class FoundJob:
    """A job that a cluster knows and that has not ended; one that is ending is on its way there."""

    job_id: str
    name: str
    state: str

    @property
    def is_ending(self) -> bool:
        """Tell whether it will end, whoever waits for it."""
        return self.state in ("CANCELLING", "FAILING")


@dataclass(frozen=True)
class CheckpointStat:
    """One checkpoint of the job; times UTC."""

    checkpoint_id: int
    status: str
    triggered_at: datetime
    completed_at: datetime | None
    duration_ms: int | None
    size_bytes: int | None
    path: str | None
    is_savepoint: bool

    @property
    def end(self) -> tuple[int, str]:
        """Return its number and how it ended, or IN_PROGRESS."""
        return self.checkpoint_id, self.status


def _moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def innermost_cause(stacktrace: str) -> str:
    """Return the line of a Java stack trace that says what went wrong first."""
    lines = [line.strip() for line in stacktrace.splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return causes[-1] if causes else next(iter(lines), "")


class FlinkRest:
    """The few calls of Flink's REST interface that the job needs."""

    def __init__(self, address: str, timeout: float = TIMEOUT_SECONDS) -> None:
        """Keep the address, host:port."""
        self.base = f"http://{address}"
        self._timeout = timeout
        # Never through a proxy of the environment: the cluster is on this machine or in this network.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def _call(self, path: str, body: dict | None = None, method: str | None = None) -> dict:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, headers=headers, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as fault:
            kind = JobUnknown if fault.code == NOT_FOUND else FlinkUnreachable
            raise kind(f"Flink answered {fault.code} to {path}: {fault.read(500)!r}") from None
        except (OSError, ValueError) as fault:
            refused = isinstance(getattr(fault, "reason", fault), ConnectionRefusedError)
            raise (FlinkGone if refused else FlinkUnreachable)(f"Flink did not answer to {path}: {fault}") from None

    def slots(self) -> tuple[int, int]:
        """Return how many slots the TaskManagers have, and how many of them are free. Raise FlinkUnreachable."""
        overview = self._call("/overview")
        return overview["slots-total"], overview["slots-available"]

    def jobs(self, prefix: str) -> list[FoundJob]:
        """Return the jobs whose names begin so and which have not ended, newest first. Raise FlinkUnreachable."""
        jobs = self._call("/jobs/overview")["jobs"]
        ours = [job for job in jobs if job["name"].startswith(prefix) and job["state"] not in ENDED]
        ours.sort(key=lambda job: job["start-time"], reverse=True)
        return [FoundJob(job["jid"], job["name"], job["state"]) for job in ours]

    def cancel(self, job_id: str) -> None:
        """Ask for the job's end as it is. Raise FlinkUnreachable."""
        self._call(f"/jobs/{job_id}?mode=cancel", method="PATCH")

    def job_state(self, job_id: str) -> JobState:
        """Return the job's state and the number of TaskManagers. Raise FlinkUnreachable."""
        job = self._call(f"/jobs/{job_id}")
        workers = self._call("/overview")["taskmanagers"]
        restarts = self._restarts(job_id)
        return JobState(job["state"], _moment(job["start-time"]), restarts, workers)

    def _restarts(self, job_id: str) -> int:
        metrics = self._call(f"/jobs/{job_id}/metrics?get=numRestarts")
        return next((int(metric["value"]) for metric in metrics), 0)

    def root_cause(self, job_id: str) -> str | None:
        """Return the innermost line of the exception that ended the job, None where there was none."""
        entries = self._call(f"/jobs/{job_id}/exceptions").get("exceptionHistory", {}).get("entries", [])
        if not entries:
            return None
        return innermost_cause(entries[0]["stacktrace"])

    def checkpoints(self, job_id: str) -> list[CheckpointStat]:
        """Return the latest checkpoints, newest first. Raise FlinkUnreachable."""
        history = self._call(f"/jobs/{job_id}/checkpoints")["history"]
        return [
            CheckpointStat(
                checkpoint_id=entry["id"],
                status=entry["status"],
                triggered_at=_moment(entry["trigger_timestamp"]),
                completed_at=_moment(entry["latest_ack_timestamp"]) if entry["status"] == "COMPLETED" else None,
                duration_ms=entry["end_to_end_duration"] if entry["status"] == "COMPLETED" else None,
                size_bytes=entry.get("checkpointed_size", entry.get("state_size")),
                path=entry.get("external_path"),
                is_savepoint=entry["is_savepoint"],
            )
            for entry in history
        ]

    def checkpoint_failure(self, job_id: str, checkpoint_id: int) -> str:
        """Return why a checkpoint failed, as Flink says it. Raise FlinkUnreachable."""
        details = self._call(f"/jobs/{job_id}/checkpoints/details/{checkpoint_id}")
        return details.get("failure_message") or "no cause is known"

    def trigger_checkpoint(self, job_id: str) -> str:
        """Ask for a checkpoint now; return the request's id."""
        return self._call(f"/jobs/{job_id}/checkpoints", {"checkpointType": "FULL"})["request-id"]

    def stop_with_savepoint(self, job_id: str, folder: str) -> None:
        """Ask that the sources end at one cut and all before it is written and kept below `folder` (a URI)."""
        # native: the state's own files are copied; the canonical form would write each key anew
        self._call(f"/jobs/{job_id}/stop", {"targetDirectory": folder, "drain": False, "formatType": "NATIVE"})

    def checkpoint_is_done(self, job_id: str, request_id: str) -> bool:
        """Tell whether the asked-for checkpoint is complete. Raise FlinkUnreachable where it failed."""
        answer = self._call(f"/jobs/{job_id}/checkpoints/{request_id}")
        if answer["status"]["id"] != "COMPLETED":
            return False
        if failure := answer.get("operation", {}).get("failureCause"):
            raise FlinkUnreachable(f"the checkpoint failed: {failure.get('class')}")
        return True
