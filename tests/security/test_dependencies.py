"""S2, S7: what comes from elsewhere is the locked one, byte for byte, and none with a hole that we know of."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.version import Version

from tally import bootstrap
from tally.jars import jar_sets, read_lock
from tests.line import TALLY, home_of_its_own, line_environment

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-run.lock", "requirements-uv.lock")
REQUIREMENT = re.compile(r"([a-z0-9-]+)==([^ ;]+)( ; [^\\]+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

# The first version without the hole. Not an audit: what was known when a line was written.
FIXED_PACKAGES = {
    "h11": ("0.16.0", "CVE-2025-43859"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "pillow": ("10.3.0", "CVE-2024-28219"),
    "protobuf": ("5.29.5", "CVE-2025-4565"),
    "pyarrow": ("14.0.1", "CVE-2023-47248"),
    "python-multipart": ("0.0.18", "CVE-2024-53981"),
    "requests": ("2.32.4", "CVE-2024-47081"),
    "starlette": ("0.49.1", "CVE-2025-62727"),
    "streamlit": ("1.37.0", "CVE-2024-42474"),
    "urllib3": ("2.6.0", "CVE-2025-66418"),
}
FIXED_JARS = {
    "at.yawk.lz4:lz4-java": ("1.10.1", "CVE-2025-66566"),
    "com.fasterxml.jackson.core:jackson-core": ("2.15.0", "CVE-2025-52999"),
    "commons-beanutils:commons-beanutils": ("1.11.0", "CVE-2025-48734"),
    "commons-collections:commons-collections": ("3.2.2", "CVE-2015-6420"),
    "org.apache.kafka:kafka-clients": ("4.0.0", "CVE-2025-27817"),
    "org.apache.logging.log4j:log4j-core": ("2.17.1", "CVE-2021-44228"),
    "org.bitbucket.b_c:jose4j": ("0.9.6", "CVE-2024-29371"),
    "org.postgresql:postgresql": ("42.7.7", "CVE-2025-49146"),
    "org.xerial.snappy:snappy-java": ("1.1.10.4", "CVE-2023-43642"),
    "org.yaml:snakeyaml": ("2.0", "CVE-2022-1471"),
}


def requirements(lock: str) -> dict[str, tuple[str, list[str]]]:
    """Return name → (version, hashes); fail at a line that is neither requirement, hash nor comment."""
    found: dict[str, tuple[str, list[str]]] = {}
    for number, line in enumerate((ROOT / lock).read_text().splitlines(), 1):
        text = line.strip().removesuffix("\\").strip()
        if named := REQUIREMENT.fullmatch(text):
            name = named[1]
            found[name] = (named[2], [])
        elif HASH.fullmatch(text):
            found[name][1].append(text)
        else:
            assert not text or text.startswith("#"), f"{lock}, line {number}: {text!r} is no exact pin"
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_to_one_version_and_its_hashes(lock):
    found = requirements(lock)
    assert found and [name for name, (_, hashes) in found.items() if not hashes] == []


def test_every_dependency_of_the_project_is_locked():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.match(r"[A-Za-z0-9-]+", one)[0] for one in wanted}
    assert names - requirements("requirements.lock").keys() == set()


def test_every_jar_is_named_by_one_version_and_one_sha256():
    jars = [jar for group in read_lock().values() for jar in group]
    assert jars and [jar.coordinates for jar in jars if not re.fullmatch(r"[0-9a-f]{64}", jar.sha256)] == []
    assert [jar.coordinates for jar in jars if re.search(r"[\[(,*+]|SNAPSHOT|LATEST", jar.coordinates)] == []


def installer_commands(monkeypatch, tmp_path) -> list[list[str]]:
    """Return the commands of `make setup`, none of them run."""
    commands: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(bootstrap, "run", lambda what, *command: commands.append([str(part) for part in command]))
    bootstrap.build()
    return commands


def test_set_up_installs_nothing_without_its_hash(monkeypatch, tmp_path):
    installs = [one for one in installer_commands(monkeypatch, tmp_path) if {"install", "sync"} & set(one)]
    assert [one[-1] for one in installs] == ["requirements-uv.lock", "requirements.lock", "."]
    assert all("--require-hashes" in one for one in installs[:2])
    assert {"--no-deps", "--offline"} <= set(installs[2]), "the project itself, from this folder"


def make_wheel(folder: Path, content: str) -> Path:
    """Write a small wheel by hand."""
    files = {
        "shopping.py": content,
        "shopping-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shopping\nVersion: 1.0\n",
        "shopping-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {name: hashlib.sha256(text.encode()).digest() for name, text in files.items()}
    record = [
        f"{name},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},\n" for name, digest in digests.items()
    ]
    files["shopping-1.0.dist-info/RECORD"] = "".join(record)
    path = folder / "shopping-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return path


def test_a_changed_package_is_refused_by_the_installer_as_set_up_calls_it(monkeypatch, tmp_path):
    (command,) = [one for one in installer_commands(monkeypatch, tmp_path) if one[-1] == "requirements.lock"]
    wheel = make_wheel(tmp_path, "honest = True\n")
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"shopping==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    from_here = ["--no-index", "--no-cache", "--find-links", str(tmp_path), "--target", str(tmp_path / "into")]

    def install() -> subprocess.CompletedProcess:
        uv = Path(sys.executable).with_name("uv")
        return subprocess.run([uv, *command[1:-1], str(lock), *from_here], capture_output=True, text=True, timeout=60)

    done = install()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "into" / "shopping.py").exists()
    shutil.rmtree(tmp_path / "into")
    make_wheel(tmp_path, "honest = False\n")
    refused = install()
    assert refused.returncode != 0 and "Hash mismatch" in refused.stderr
    assert not (tmp_path / "into" / "shopping.py").exists()


def cache_with_a_changed_jar(cache: Path) -> Path:
    """Fill a cache with links to the real jars and one that has a byte more; return that one."""
    changed = None
    for jar_set in jar_sets().values():
        folder = cache / "jars" / jar_set.folder.name
        folder.mkdir(parents=True, exist_ok=True)
        for jar in jar_set.jars:
            path = folder / jar_set.path(jar).relative_to(jar_set.folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            if jar.artifact_id == "postgresql":
                changed = path
                path.write_bytes(jar_set.path(jar).read_bytes() + b"\0")
            else:
                path.symlink_to(jar_set.path(jar))
    return changed


def test_the_line_does_not_start_on_a_changed_jar(tmp_path):
    changed = cache_with_a_changed_jar(tmp_path)
    wanted = next(jar.sha256 for jar in read_lock()["connectors"] if jar.artifact_id == "postgresql")
    with home_of_its_own("jar") as home:
        environment = {**line_environment(home), "TALLY_CACHE": str(tmp_path)}
        done = subprocess.run([TALLY, "run"], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 1
        assert (
            f"{changed} is not the jar that tally/jars.lock names; found SHA-256 "
            f"{hashlib.sha256(changed.read_bytes()).hexdigest()} instead of {wanted} for "
        ) in done.stderr
        assert "delete the file and run `make setup` to fetch it again" in done.stderr
        assert os.listdir(home / "kafka") == [] and not (home / "postgres" / "data").exists(), "nothing was started"


@pytest.mark.parametrize("name", FIXED_PACKAGES)
def test_a_locked_package_is_newer_than_its_known_hole(name):
    fixed, hole = FIXED_PACKAGES[name]
    assert Version(requirements("requirements.lock")[name][0]) >= Version(fixed), hole


@pytest.mark.parametrize("name", FIXED_JARS)
def test_a_locked_jar_is_newer_than_its_known_hole(name):
    fixed, hole = FIXED_JARS[name]
    versions = [jar.coordinates.split(":")[2] for group in read_lock().values() for jar in group
                if jar.coordinates.startswith(name + ":")]  # fmt: skip
    assert versions and all(Version(version) >= Version(fixed) for version in versions), hole


def test_the_log4j_that_comes_with_flink_is_newer_than_its_known_hole():
    libraries = Path(find_spec("pyflink").origin).with_name("lib")
    (core,) = libraries.glob("log4j-core-*.jar")
    assert Version(core.stem.removeprefix("log4j-core-")) >= Version(
        FIXED_JARS["org.apache.logging.log4j:log4j-core"][0]
    )
