"""Build .venv from the locked, hash-checked packages; `make setup` runs it.

It runs under the system's Python, so it uses the standard library only, and isolated (`python3 -I tally/bootstrap.py`):
a module of this folder must not hide one of the standard library.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "tallystream-setup"
INPUTS = ("requirements.lock", "requirements-uv.lock", "pyproject.toml")
FITTING = ((3, 11), (3, 13))


class SetupError(Exception):
    """Set-up can't go on; the text says what is wrong, what was found and what to do."""


def check_python(version: tuple[int, int], has_venv: bool) -> None:
    """Raise SetupError unless this interpreter can hold every dependency."""
    found = ".".join(map(str, version))
    if not FITTING[0] <= version < FITTING[1]:
        raise SetupError(
            f"Tallystream needs Python 3.11 or 3.12; found {found} (streamlit needs 3.11 or later, apache-flink has no "
            "wheel after 3.12); install python3.12, or name one: make setup PYTHON=/path/to/python3.12"
        )
    if not has_venv:
        raise SetupError(
            f"Python {found} has no venv module; found {sys.executable} without ensurepip; "
            f"on Debian and Ubuntu: sudo apt-get install python{found}-venv"
        )


def fingerprint(root: Path = ROOT) -> str:
    """Return a digest of everything the environment is built from, its place and interpreter included."""
    digest = hashlib.sha256(f"{root} {sys.version_info[:2]}".encode())
    for name in INPUTS:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_ready(root: Path = ROOT) -> bool:
    """Tell whether .venv already holds exactly the locked packages."""
    return STAMP.exists() and PYTHON.exists() and STAMP.read_text() == fingerprint(root)


def run(what: str, *command: str | Path) -> None:
    """Run one step with its output shown; raise SetupError naming the step when it fails."""
    print(f"setup: {what}", flush=True)
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=False)
    if done.returncode:
        raise SetupError(
            f"set-up failed; the step '{what}' ended with code {done.returncode}, the lines above name the package and "
            "where it was asked for; check the network or proxy (or name a mirror: PIP_INDEX_URL, UV_INDEX_URL), run "
            "`make setup` again, what was fetched is kept"
        )


def build() -> None:
    """Make .venv, install the locked packages and the project itself."""
    STAMP.unlink(missing_ok=True)
    run(f"virtual environment with Python {sys.version.split()[0]}", sys.executable, "-m", "venv", "--clear", VENV)
    run("installer (uv)", PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements-uv.lock")
    uv = VENV / "bin" / "uv"
    run("locked packages, about 1 GB unpacked", uv, "pip", "sync", "--require-hashes", "requirements.lock")
    run(
        "tally itself",
        uv,
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--offline",
        "--editable",
        ".",
    )
    STAMP.write_text(fingerprint())


def main() -> int:
    """Build the environment unless it is ready; return the exit code."""
    try:
        check_python(sys.version_info[:2], importlib.util.find_spec("ensurepip") is not None)
        if not is_ready():
            build()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
