"""Faults as actions with a name: what breaks, and for how long; each is over when it returns."""

from tests.chaos.faults import flink, kafka, machine, parts, postgres
from tests.chaos.faults.scene import FAULTS, Fault, Scene

__all__ = ["FAULTS", "Fault", "Scene", "flink", "kafka", "machine", "parts", "postgres"]
