"""A real Kafka broker for tests: the embedded one, on ports of the OS, in a folder of its own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tally.home import Home
from tally.jars import ready_jars
from tally.jvm import find_java
from tally.kafka import Broker, is_answering
from tally.ports import free_port

START_SECONDS = 90


@contextmanager
def running_broker(folder: Path) -> Iterator[str]:
    """Give the bootstrap address of a broker that runs while the block does."""
    home = Home(folder)
    home.prepare()
    broker = Broker(home, find_java(), ready_jars()["broker"], free_port(), free_port())
    broker.prepare()
    with (home.logs / "kafka.log").open("wb") as log:
        process = subprocess.Popen(broker.command(), stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until_up(broker, process)
            yield broker.bootstrap
        finally:
            process.terminate()
            process.wait(30)


def wait_until_up(broker: Broker, process: subprocess.Popen) -> None:
    """Return when the broker answers; fail with its log when it ended or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not is_answering(broker.bootstrap, 1):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError((broker.home.logs / "kafka.log").read_text()[-3000:])
