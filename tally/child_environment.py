"""What a process that this package starts is told."""

import os
from collections.abc import Mapping

from tally.buyer_key import VARIABLE, buyer_key_file
from tally.home import Home
from tally.jars import JarSet
from tally.jvm import Java
from tally.settings import Settings

ADDRESSES = ("DATABASE_URL", "DATABASE_URL_FILE")


def child_environment(settings: Settings, home: Home, java: Java, jars: Mapping[str, JarSet]) -> dict[str, str]:
    """Return our environment without any database's address, and the settings on top."""
    inherited = {name: value for name, value in os.environ.items() if name not in ADDRESSES}
    own = {
        "JAVA_HOME": str(java.home),
        "TALLY_JAR_DIR": str(jars["connectors"].folder),
        VARIABLE: str(buyer_key_file(home)),
        "PYTHONUNBUFFERED": "1",
    }
    return {**inherited, **settings.child_environment(), **own}
