"""Faults of the parts that the results do not pass through, each killed, asked to end and paused; and of producers."""

import signal
import subprocess
import time

from tests.chaos.faults.scene import Scene, ask_to_end, fault, kill, pause
from tests.line import TALLY

PARTS = ("archive", "inbox", "dashboard")
PRODUCER_SECONDS = 8


def for_each_part(name: str) -> None:
    """Register the three faults of one part."""

    @fault("R5", name=f"{name}_killed")
    def killed(scene: Scene) -> None:
        kill(scene, name)

    @fault("R5", name=f"{name}_ended")
    def ended(scene: Scene) -> None:
        ask_to_end(scene, name, signal.SIGTERM)

    @fault("R5", name=f"{name}_paused")
    def paused(scene: Scene) -> None:
        pause(scene, [name], scene.a_pause())


for part in PARTS:
    for_each_part(part)


@fault("R5")
def inbox_and_dashboard_killed(scene: Scene) -> None:
    """Kill two children at once that the results do not pass through."""
    kill(scene, "inbox", "dashboard")


@fault("R5")
def job_and_postgres_killed(scene: Scene) -> None:
    """Kill Flink and Postgres at the same moment."""
    kill(scene, "job", "postgres")


@fault("R5")
def archive_and_kafka_killed(scene: Scene) -> None:
    """Kill the archive and the broker that it reads at the same moment."""
    kill(scene, "archive", "kafka")


@fault("R5")
def producer_killed(scene: Scene) -> None:
    """Kill a generator that publishes 200 events a second."""
    command = [TALLY, "generate", "--to", "kafka", "--rate", "200", "--products", "50"]
    with subprocess.Popen(command, env=scene.line.environment, stderr=subprocess.DEVNULL) as producer:
        time.sleep(PRODUCER_SECONDS)
        assert producer.poll() is None, "the generator ended by itself"
        producer.kill()
    scene.now()
