"""Choose ports: a fixed one must be free, a 0 gets a free one that is kept over restarts while it stays free."""

import json
import socket
from collections.abc import Collection
from pathlib import Path
from random import Random

import psutil

from tally.errors import TallyError
from tally.home import write_atomically

LOOPBACK = "127.0.0.1"
# Below what systems give to outgoing connections (Linux 32768-60999, macOS and Windows from 49152): a server binds its
# port seconds after it was chosen, and any client could have been given it since.
FIRST_PORT, LAST_PORT = 20_000, 29_999


class PortError(TallyError):
    """A port is taken."""


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen on a port."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        return False
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # as servers do: a port in TIME_WAIT is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(host: str = LOOPBACK, promised: Collection[int] = (), dice: Random | None = None) -> int:
    """Return a port that a server could listen on, none of those promised; raise PortError when there is none."""
    candidates = (dice or Random()).sample(range(FIRST_PORT, LAST_PORT + 1), LAST_PORT + 1 - FIRST_PORT)
    port = next((port for port in candidates if port not in promised and is_free(port, host)), None)
    if port is None:
        raise PortError(
            f"no free port; found every one from {FIRST_PORT} to {LAST_PORT} of {host} taken; "
            "stop what holds them, or name a port instead of 0"
        )
    return port


def holder(port: int) -> str:
    """Name the process that listens on a port, as far as this user may know it."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        connections = []
    listening = [
        one for one in connections if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port
    ]
    for connection in listening:
        if connection.pid:
            try:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.NoSuchProcess:
                continue
    return "a process that this user can't see" if listening else "something that could not be found out"


def require_free(port: int, purpose: str, variable: str, host: str = LOOPBACK) -> int:
    """Return the port; raise PortError naming its holder and the cure when it is taken."""
    if is_free(port, host):
        return port
    raise PortError(
        f"port {port} for {purpose} is taken; found {holder(port)} on it; stop that, or choose another: "
        f"{variable}={free_port()} (0 takes any free one)"
    )


class KeptPorts:
    """The ports that were chosen for this home, so that a restart comes back under the same addresses."""

    def __init__(self, path: Path):
        self.path = path

    def choose(self, name: str, wanted: int, purpose: str, variable: str, host: str = LOOPBACK) -> int:
        """Return the wanted port, or for 0 the kept one while it is free, else a new one, which is kept."""
        if wanted:
            return require_free(wanted, purpose, variable, host)
        kept = self.read()
        port = kept.get(name, 0)
        if not port or not is_free(port, host):
            port = free_port(host, kept.values())
        write_atomically(self.path, json.dumps({**kept, name: port}))
        return port

    def read(self) -> dict[str, int]:
        """Return the kept ports by name; a broken file counts as none."""
        try:
            return {str(name): int(port) for name, port in json.loads(self.path.read_text()).items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}
