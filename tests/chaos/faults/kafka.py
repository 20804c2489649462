"""Faults of the broker."""

import signal

from tests.chaos.faults.scene import Scene, ask_to_end, fault, kill, pause

PAUSE_SECONDS = 30


@fault("R10")
def kafka_killed(scene: Scene) -> None:
    """Kill Kafka."""
    kill(scene, "kafka")


@fault("R10")
def kafka_ended(scene: Scene) -> None:
    """Ask Kafka to end: a controlled shutdown, and a start."""
    ask_to_end(scene, "kafka", signal.SIGTERM)


@fault("R10")
def kafka_paused(scene: Scene) -> None:
    """Stop Kafka for 30 seconds."""
    pause(scene, ["kafka"], PAUSE_SECONDS)
