"""Fetch the Kafka broker's and the connectors' jars by Maven coordinates, once, each checked by SHA-256.

`python -m tally.jars` is what `make setup` calls; `python -m tally.jars connectors` fetches that group only. With all
of it present and unchanged nothing touches the network.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tally.errors import TallyError

LOCK = Path(__file__).with_name("jars.lock")
GROUPS = ("broker", "connectors")
TIMEOUT_SECONDS = 60
PARALLEL = 6
LISTED_FAULTS = 3


class JarError(TallyError):
    """A jar can't be fetched, or is not the one that jars.lock names."""


@dataclass(frozen=True)
class Jar:
    """One line of jars.lock."""

    group_id: str
    artifact_id: str
    version: str
    sha256: str

    @property
    def coordinates(self) -> str:
        """Return group:artifact:version."""
        return f"{self.group_id}:{self.artifact_id}:{self.version}"

    @property
    def filename(self) -> str:
        """Return the name that Maven gives the file."""
        return f"{self.artifact_id}-{self.version}.jar"


def read_lock(path: Path = LOCK) -> dict[str, list[Jar]]:
    """Read jars.lock into its groups; raise JarError for a line that is none."""
    groups: dict[str, list[Jar]] = {}
    current: list[Jar] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            current = groups.setdefault(text.strip("[]"), [])
        elif text:
            current.append(parse_line(text, f"{path}, line {number}"))
    return groups


def parse_line(text: str, origin: str) -> Jar:
    """Parse `group:artifact:version sha256`."""
    coordinates, _, sha256 = text.partition(" ")
    parts = coordinates.split(":")
    if len(parts) != 3 or len(sha256) != 64:
        raise JarError(f"{origin}: no jar; found {text!r}; write group:artifact:version and its SHA-256")
    return Jar(*parts, sha256)


def cache_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the jars: $TALLY_CACHE/jars, else below the user's cache folder."""
    named = environment.get("TALLY_CACHE")
    root = Path(named).expanduser() if named else platformdirs.user_cache_path("tallystream", appauthor=False)
    return root / "jars"


@dataclass(frozen=True)
class JarSet:
    """One group of jars.lock in its own folder; another lock gets another folder, so no old jar is ever picked up."""

    name: str
    jars: tuple[Jar, ...]
    folder: Path

    @classmethod
    def of(cls, name: str, jars: Iterable[Jar], cache: Path) -> "JarSet":
        """Return the set whose folder is named by its content."""
        ordered = tuple(jars)
        digest = hashlib.sha256("\n".join(jar.coordinates + jar.sha256 for jar in ordered).encode())
        return cls(name, ordered, cache / f"{name}-{digest.hexdigest()[:12]}")

    def path(self, jar: Jar) -> Path:
        """Return where a jar of the set lies."""
        return self.folder / jar.filename

    def missing(self) -> list[Jar]:
        """Return the jars that are not there yet."""
        return [jar for jar in self.jars if not self.path(jar).is_file()]

    def classpath(self) -> str:
        """Return all jars of the set, joined for `java -cp`."""
        return os.pathsep.join(str(self.path(jar)) for jar in self.jars)

    def check(self) -> None:
        """Raise JarError when a jar is not byte for byte the one that jars.lock names."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            digests = list(pool.map(lambda jar: file_sha256(self.path(jar)), self.jars))
        for jar, digest in zip(self.jars, digests, strict=True):
            if digest != jar.sha256:
                raise changed_jar(jar, self.path(jar), digest)


def changed_jar(jar: Jar, path: Path, digest: str) -> JarError:
    """Return the error for a jar in the cache that is not the locked one."""
    return JarError(
        f"{path} is not the jar that tally/jars.lock names; found SHA-256 {digest} instead of {jar.sha256} for "
        f"{jar.coordinates}; delete the file and run `make setup` to fetch it again"
    )


def file_sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def jar_sets(environment: Mapping[str, str] = os.environ, lock: Path = LOCK) -> dict[str, JarSet]:
    """Return the groups of jars.lock with their folders in the cache; nothing is fetched or checked."""
    cache = cache_dir(environment)
    return {name: JarSet.of(name, jars, cache) for name, jars in read_lock(lock).items()}


def ready_jars(
    environment: Mapping[str, str] = os.environ, lock: Path = LOCK, names: Collection[str] = GROUPS
) -> dict[str, JarSet]:
    """Return the jar sets of these names, complete and checked; fetch what is missing.

    Raise JarError when a jar can't be fetched or was changed.
    """
    sets = {name: one for name, one in jar_sets(environment, lock).items() if name in names}
    wanted = [(one, jar) for one in sets.values() for jar in one.missing()]
    if wanted:
        fetch_all(wanted, environment)
    for one in sets.values():
        one.check()
    return sets


def fetch_all(wanted: list[tuple[JarSet, Jar]], environment: Mapping[str, str]) -> None:
    """Fetch jars in parallel with a progress bar; raise one JarError that lists what failed."""
    from rich.progress import Progress

    where = f" from {environment['MAVEN_REPO_URL']}" if environment.get("MAVEN_REPO_URL") else ""
    with Progress(transient=False) as progress, ThreadPoolExecutor(PARALLEL) as pool, scratch_folder(wanted) as scratch:
        task = progress.add_task(f"{len(wanted)} jars{where}", total=len(wanted))

        def fetch_one(one: JarSet, jar: Jar) -> str | None:
            try:
                fetch(one, jar, scratch, environment)
            except JarError as error:
                return str(error)
            progress.advance(task)
            return None

        faults = [fault for fault in pool.map(lambda pair: fetch_one(*pair), wanted) if fault]
    if faults:
        more = [f"… and {len(faults) - LISTED_FAULTS} more"] if len(faults) > LISTED_FAULTS else []
        raise JarError("\n".join(faults[:LISTED_FAULTS] + more))


@contextmanager
def scratch_folder(wanted: list[tuple[JarSet, Jar]]):
    """Give a folder in the cache's filesystem where half a download may lie; removed afterwards."""
    cache = wanted[0][0].folder.parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".fetch-", dir=cache))
    except OSError as error:
        raise JarError(
            f"the jar cache can't be written; found {cache}: {error.strerror}; make it writable or name another "
            "folder: TALLY_CACHE=/path"
        ) from error
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def fetch(one: JarSet, jar: Jar, scratch: Path, environment: Mapping[str, str]) -> None:
    """Fetch one jar through jgo, check it, and only then put it in its place."""
    from jgo.maven import MavenContext

    mirror = environment.get("MAVEN_REPO_URL", "").rstrip("/")
    remotes = {"mirror": mirror} if mirror else None
    context = MavenContext(repo_cache=scratch, local_repos=[], remote_repos=remotes, timeout=TIMEOUT_SECONDS)
    asked = next(iter(context.remote_repos.values()))
    try:
        fetched = context.project(jar.group_id, jar.artifact_id).at_version(jar.version).artifact().resolve()
    # jgo says RuntimeError for "not there"; what requests raises is an OSError
    except (OSError, RuntimeError) as error:
        raise failed_fetch(jar, asked, error) from error
    digest = file_sha256(fetched)
    if digest != jar.sha256:
        raise JarError(
            f"{jar.coordinates} is refused; found SHA-256 {digest} from {asked} instead of {jar.sha256} of "
            "tally/jars.lock; name a repository that serves the original: MAVEN_REPO_URL=…"
        )
    one.folder.mkdir(parents=True, exist_ok=True)
    os.replace(fetched, one.path(jar))


def failed_fetch(jar: Jar, asked: str, error: Exception) -> JarError:
    """Return the error that names what could not be fetched, from where, and the cure."""
    return JarError(
        f"{jar.coordinates} could not be fetched; asked {asked}: {error}; check the network or proxy, or name a "
        "mirror (MAVEN_REPO_URL=…), and run `make setup` again: what was fetched is kept"
    )


def main(names: Sequence[str] = ()) -> int:
    """Make every jar ready, or those of the groups that are named; return the exit code."""
    try:
        if unknown := set(names) - set(GROUPS):
            known = ", ".join(GROUPS)
            raise JarError(f"no group of jars is called {', '.join(sorted(unknown))}; found {known}; name one of those")
        ready_jars(names=names or GROUPS)
    except JarError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
